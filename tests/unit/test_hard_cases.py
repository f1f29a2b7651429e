"""Shapes of real configs that a naive reader gets wrong, in our own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configguard.evaluate.values import UNDEFINED
from support.evaluated import Told

VITEST = "import { defineConfig, mergeConfig } from 'vitest/config';\n"
PLAYWRIGHT = "import { defineConfig, devices } from '@playwright/test';\n"


def told(tmp_path: Path, files: dict[str, str], **variables: str | None) -> Told:
    for file, text in files.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Told({}, tmp_path, variables, next(iter(files)))


def one(tmp_path: Path, text: str, path: str, **variables: str | None) -> Any:
    return told(tmp_path, {"a.config.ts": text}, **variables)[path]


MODES = (
    VITEST + "export default defineConfig((env) => {\n"
    "  const common = { test: { maxWorkers: 0.5, testTimeout: 30_000 } };\n"
    "  if (env?.mode === 'int') return { test: { ...common.test, testTimeout: 100_000 } };\n"
    "  return { test: { ...common.test, hookTimeout: 9 } };\n});"
)


def test_a_mode_that_is_not_run(tmp_path: Path) -> None:
    assert one(tmp_path, MODES, "test") == {
        "maxWorkers": 0.5,
        "testTimeout": 30_000,
        "hookTimeout": 9,
    }


FACTORY = {
    "apps/a/playwright.config.mjs": "import { getConfig } from '@acme/test-utils';\n"
    "const testEnv = process.env.TEST_ENV;\n"
    "if (!testEnv) throw new Error('no TEST_ENV');\n"
    "const config = getConfig({ port: 30 }, { workers: '100%' });\nexport default config;\n",
    "apps/a/package.json": '{"devDependencies": {"@acme/test-utils": "link:../../utils"}}',
    "utils/package.json": '{"name": "@acme/test-utils", "main": "build/cjs/index.js"}',
    "utils/src/index.ts": "export * from './other';\nexport { getConfig } from './config';\n",
    "utils/src/other.ts": "import * as http from 'node:http';\n"
    "export class Proxy { start() { return http.createServer(); } }\n",
    "utils/src/config.ts": "import type { PlaywrightTestConfig } from '@playwright/test';\n"
    "import { devices } from '@playwright/test';\n"
    "export function getConfig(options?: { port: number },"
    " overwrite: Partial<PlaywrightTestConfig> = {}) {\n"
    "  const ci = !!process.env.CI;\n  const timeout = options?.port ? 30_000 : 1;\n"
    "  const config: PlaywrightTestConfig = { timeout, workers: 1, retries: ci ? 2 : 0,\n"
    "    use: { ...devices['Desktop Chrome'] } };\n  return { ...config, ...overwrite };\n}\n",
}


def test_a_factory_of_a_workspace_package(tmp_path: Path) -> None:
    config = told(tmp_path, FACTORY, TEST_ENV="production")
    assert config["workers"] == "100%"
    assert config["retries"] == 0
    assert config["timeout"] == 30_000


def test_it_throws_where_its_variable_is_not_set(tmp_path: Path) -> None:
    assert str(told(tmp_path, FACTORY)["workers"]).startswith("throws: ")


NESTED = {
    "a.config.ts": "import { common } from './common';\n"
    "const workers = process.env.WORKERS ? Number(process.env.WORKERS)"
    " : process.env.CI ? '50%' : '70%';\n"
    "export default { ...common, workers, retries: common.retries };",
    "common.ts": "export const common = { fullyParallel: true, retries: process.env.CI ? 3 : 0,"
    " maxFailures: process.env.CI ? 5 : undefined } as const;\n",
}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"WORKERS": None}, {"fullyParallel": True, "retries": 0, "workers": "70%"}),
        ({"WORKERS": None, "CI": "true"}, {"retries": 3, "maxFailures": 5, "workers": "50%"}),
        ({"WORKERS": "4"}, {"workers": 4, "maxFailures": UNDEFINED}),
    ],
)
def test_nested_conditions(
    variables: dict[str, str | None], expected: dict[str, Any], tmp_path: Path
) -> None:
    config = told(tmp_path, NESTED, **variables)
    assert {key: config[key] for key in expected} == expected


SPREAD = (
    VITEST + "const slow = process.env.SLOW === 'yes';\n"
    "const config = defineConfig({ test: { retry: 1,\n"
    "  ...(slow ? { pool: 'forks' as const, poolOptions: { forks: { maxForks: 2 } } } : {}) } });\n"
    "export default mergeConfig(config, defineConfig({ test: { bail: 1 } }));"
)


@pytest.mark.parametrize(("slow", "pool"), [(None, UNDEFINED), ("no", UNDEFINED), ("yes", "forks")])
def test_a_conditional_spread_below_a_merge(slow: str | None, pool: Any, tmp_path: Path) -> None:
    config = told(tmp_path, {"a.config.ts": SPREAD}, SLOW=slow)
    assert (config["test.retry"], config["test.bail"]) == (1, 1)
    assert config["test.pool"] == pool
    forks = UNDEFINED if slow != "yes" else 2
    assert config["test.poolOptions.forks.maxForks"] == forks


def test_a_file_that_only_exports_another(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        {
            "packages/a/vitest.config.ts": "export { default } from '../../vitest.config';\n",
            "vitest.config.ts": VITEST
            + "import fs from 'node:fs';\nimport path from 'node:path';\n"
            "const aliases: Record<string, string> = {};\n"
            "for (const name of fs.readdirSync(path.join(__dirname, 'packages'))) {\n"
            "  const json = JSON.parse(fs.readFileSync(`packages/${name}/package.json`, 'utf8'));\n"
            "  aliases[json.name] = path.join('packages', name);\n}\n"
            "export default defineConfig({ resolve: { alias: aliases },"
            " test: { retry: 2, testTimeout: 35e3 } });\n",
        },
    )
    assert config["test"] == {"retry": 2, "testTimeout": 35_000}


def test_a_package_is_handed_the_base_that_it_may_override(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        {
            "service.config.ts": PLAYWRIGHT + "import { serviceConfig } from '@acme-cloud/e2e';\n"
            "import config from './base.config';\n"
            "export default defineConfig(config, serviceConfig(config, { connectTimeout: 9 }));",
            "base.config.ts": PLAYWRIGHT
            + "export default defineConfig({ testDir: './e2e', workers: 4, timeout: 7 });",
        },
    )
    assert (config["workers"], config["timeout"]) == (4, 7)
    assert config["connectTimeout"] == "unknown: @acme-cloud/e2e.serviceConfig() may set it"


def test_a_spread_at_the_end_beside_what_is_read_from_files(tmp_path: Path) -> None:
    config = one(
        tmp_path,
        "import { readFileSync } from 'node:fs';\n"
        "const tsconfig = JSON.parse(readFileSync('./tsconfig.json', 'utf8'));\n"
        "const names = Object.fromEntries(Object.entries(tsconfig.compilerOptions.paths)"
        ".map(([key, [value]]) => [`^${key}$`, value]));\n"
        "const shared = { testTimeout: 5, maxWorkers: '50%' };\n"
        "export default { projects: [{ displayName: 'a', moduleNameMapper: { ...names },"
        " testTimeout: 1, ...shared }] };",
        "projects[0].testTimeout",
    )
    assert config == 5


POOLS = (
    "import { availableParallelism } from 'node:os';\nexport default { test: {\n"
    "  poolOptions: process.env.CI ? { forks: { singleFork: false, maxForks: 3 } }"
    " : { threads: { maxThreads: Math.max(1, Math.floor(availableParallelism() / 2)) } } } };"
)


def test_objects_chosen_by_a_condition(tmp_path: Path) -> None:
    local = told(tmp_path, {"a.config.ts": POOLS})
    assert [local.on("test.poolOptions.threads.maxThreads", cpus) for cpus in (1, 8, 9)] == [
        1,
        4,
        4,
    ]
    assert local["test.poolOptions.forks"] is UNDEFINED
    ci = told(tmp_path, {"a.config.ts": POOLS}, CI="true")
    assert ci["test.poolOptions"] == {"forks": {"singleFork": False, "maxForks": 3}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("parseInt(process.env.PW_TIMEOUT || '30_000', 10)", 30),
        ("Number(process.env.PW_TIMEOUT ?? 30_000)", 30_000),
        ("parseInt(process.env.PW_TIMEOUT ?? '', 10) || 5", 5),
        ("process.env.PW_TIMEOUT ? +process.env.PW_TIMEOUT : 30 * 1000", 30_000),
        ("Boolean(process.env.PW_TIMEOUT) && 3", False),
        ("process.env.PW_TIMEOUT", UNDEFINED),
    ],
)
def test_numbers_of_a_variable_that_is_not_set(text: str, value: Any, tmp_path: Path) -> None:
    config = f"export default {{ timeout: {text} }};"
    assert one(tmp_path, config, "timeout", PW_TIMEOUT=None) == value


def test_a_variable_that_the_config_sets(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        {
            "a.config.ts": "process.env.WORKERS = '3';\nprocess.env.TZ ??= 'UTC';\n"
            "export default { workers: Number(process.env.WORKERS), zone: process.env.TZ };"
        },
        TZ=None,
    )
    assert (config["workers"], config["zone"]) == (3, "UTC")


def test_comments_between_settings(tmp_path: Path) -> None:
    assert one(
        tmp_path,
        PLAYWRIGHT
        + "export default defineConfig({\n  // workers: 9,\n  workers: 1, /* retries: 4, */\n"
        "  projects: [\n    { name: 'a' },\n    // { name: 'b', workers: 8 },\n  ],\n});",
        "",
    ) == {"workers": 1, "projects": [{"name": "a"}]}


def test_the_short_end_of_a_chain_on_the_left(tmp_path: Path) -> None:
    """`delete a?.b.c` does nothing where there is no `a`; to assign to such a chain throws."""
    deleted = Told(
        {"a.mjs": "const a = undefined;\ndelete a?.b.c;\nexport default { b: 1 };"}, tmp_path
    )
    assert deleted["b"] == 1
    once = "let n = 0;\nconst f = () => { n += 1; return { x: 1 }; };\ndelete f().x;\n"
    assert Told({"a.mjs": f"{once}export default {{ n }};"}, tmp_path)["n"] == 1
    text = "const a = undefined;\n((a)?.[0]).c = 1;\nexport default { b: 1 };"
    assert str(Told({"a.mjs": text}, tmp_path)["b"]).startswith("throws")
