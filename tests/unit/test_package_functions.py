"""Functions of packages: those that are described, and those that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configguard.evaluate.values import UNDEFINED
from support.evaluated import Told


def told(tmp_path: Path, text: str, ci: bool = False, **files: str) -> Told:
    others = {file.replace("__", "/").replace("_", "."): body for file, body in files.items()}
    return Told({"a.config.ts": text, **others}, tmp_path, {"CI": "true" if ci else None})


NEXT = (
    "import nextJest from 'next/jest.js';\nconst create = nextJest({ dir: './' });\n",
    "import nextJest from 'next/jest';\nconst create = nextJest({ dir: './' });\n",
    "const nextJest = require('next/jest');\nconst create = nextJest({ dir: './' });\n",
    "const create = require('next/jest').default();\n",
)


@pytest.mark.parametrize("head", NEXT)
@pytest.mark.parametrize(
    "config", ["{ testTimeout: 7, transform: {} }", "async () => ({ testTimeout: 7 })"]
)
def test_next_keeps_what_the_project_sets(head: str, config: str, tmp_path: Path) -> None:
    config_of = told(tmp_path, f"{head}module.exports = create({config});")
    assert config_of["testTimeout"] == 7
    assert config_of["maxWorkers"] is UNDEFINED
    assert str(config_of["transform"]).startswith("unknown: ")


def test_next_is_called_and_added_to(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        f"{NEXT[1]}export default async () => ({{ ...(await create({{ bail: 2 }})()), bail: 3 }});",
    )
    assert config["bail"] == 3
    assert config["maxWorkers"] is UNDEFINED


@pytest.mark.parametrize(("ci", "workers", "retries"), [(False, UNDEFINED, 0), (True, 1, 2)])
def test_nx_sets_workers_and_retries(ci: bool, workers: Any, retries: int, tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import { nxE2EPreset } from '@nx/playwright/preset';\n"
        "import { defineConfig } from '@playwright/test';\n"
        "export default defineConfig({ ...nxE2EPreset(__filename, { testDir: './e2e' }),"
        " projects: [] });",
        ci,
    )
    assert config["workers"] == workers
    assert config["retries"] == retries
    assert config["fullyParallel"] is True
    assert config["testDir"] == "./e2e"
    assert config["projects"] == []


def workers_pool(tmp_path: Path, given: str) -> Told:
    return told(
        tmp_path,
        "import { defineWorkersConfig } from '@cloudflare/vitest-pool-workers/config';\n"
        f"export default defineWorkersConfig({given});",
    )


@pytest.mark.parametrize("given", ["{ test: { retry: 1 } }", "() => ({ test: { retry: 1 } })"])
def test_the_workers_pool_is_its_own(given: str, tmp_path: Path) -> None:
    config = workers_pool(tmp_path, given)
    assert config["test.retry"] == 1
    assert config["test.pool"] == "unknown: the package sets it"


def test_a_promised_config_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    config = workers_pool(tmp_path, "(async () => ({ test: { retry: 1 } }))()")
    assert all(str(answer).startswith("unknown: ") for answer in config["test.retry"])


def test_presets_that_set_no_load(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "const nxPreset = require('@nx/jest/preset').default;\n"
        "const { createDefaultPreset } = require('ts-jest');\n"
        "module.exports = { testTimeout: 3, ...nxPreset, ...createDefaultPreset() };",
    )
    assert config["testTimeout"] == 3
    assert config["maxWorkers"] is UNDEFINED
    assert str(config["transform"]).startswith("unknown: ")


@pytest.mark.parametrize("call", ["merge(base, over)", "merge.all([base, over])"])
def test_deepmerge(call: str, tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import merge from 'deepmerge';\nconst base = { a: { b: 1, c: [1] } };\n"
        f"const over = {{ a: {{ c: [2] }} }};\nexport default {call};",
    )
    assert config[""] == {"a": {"b": 1, "c": [1, 2]}}


def test_what_is_written_stays_and_the_rest_is_unknown(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import { withCloud } from 'some-cloud';\n"
        "export default withCloud({ testDir: './e2e', retries: 1, workers: 2 }, { os: 'linux' });",
    )
    assert config["workers"] == 2
    assert config["timeout"] == "unknown: some-cloud.withCloud() may set it"
    assert config.assumed == ["some-cloud.withCloud() is assumed to keep what is set"]


def test_options_are_no_config(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import { makeConfig } from 'some-kit';\nexport default makeConfig({ testDir: './e2e' });",
    )
    assert str(config["testDir"]).startswith("unknown: ")


@pytest.mark.parametrize(
    "head", ["import 'dotenv/config';\n", "import dotenv from 'dotenv';\ndotenv.config();\n"]
)
def test_env_files_are_an_assumption(head: str, tmp_path: Path) -> None:
    config = told(tmp_path, head + "export default { retries: process.env.CI ? 2 : 0 };")
    assert config["retries"] == 0
    assert "what .env files set is not read" in config.assumed


@pytest.mark.parametrize(
    ("base", "known"),
    [("import.meta.url", True), ("__filename", True), ("'/elsewhere/a.js'", False)],
)
def test_a_require_of_one_s_own(base: str, known: bool, tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import { createRequire } from 'node:module';\n"
        f"const require = createRequire({base});\nconst shared = require('./shared.json');\n"
        "export default { workers: shared.workers };",
        shared_json='{"workers": 3}',
    )
    assert config["workers"] == 3 if known else str(config["workers"]).startswith("unknown: ")


def test_fixtures_are_no_part_of_a_config(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import { dir } from './fixtures';\n"
        "export default { testDir: dir, workers: process.env.CI ? 1 : 4 };",
        fixtures_ts="import { test as base, expect } from '@playwright/test';\n"
        "export const test = base.extend({ page: async ({ page }, use) => {"
        " process.env.CI = page.id; await use(page); } }).extend({});\n"
        "expect.extend({ toBe() { return process.env.CI; } });\nexport const dir = './e2e';",
    )
    assert (config["workers"], config["testDir"]) == (4, "./e2e")


def test_the_platform_by_std_env(tmp_path: Path) -> None:
    config = told(
        tmp_path,
        "import { isWindows, isLinux } from 'std-env';\n"
        "export default { timeout: isWindows ? 9 : 3, workers: isLinux ? 2 : 1 };",
    )
    assert (config["timeout"], config["workers"]) == (3, 2)
