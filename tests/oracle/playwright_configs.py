"""Small Playwright configs of every kind; what the real runner resolves must equal what we say.

Each is a folder of files; the one judged is the first of them. `unknown` names the facts that
nothing in the files tells.
"""

from __future__ import annotations

from typing import NamedTuple


class PlaywrightCase(NamedTuple):
    """One config with its companions, and what may stay unknown (None: anything)."""

    name: str
    files: dict[str, str]
    unknown: frozenset[str] | None = frozenset()

    @property
    def config(self) -> str:
        """The file that is judged."""
        return next(iter(self.files))

    @property
    def is_module(self) -> bool:
        """Whether Node takes the config for an ES module."""
        common = '"type": "module"' not in self.files.get("package.json", "")
        return self.config.endswith((".mjs", ".mts")) or not common


def _case(
    name: str, text: str, unknown: str = "", file: str = "playwright.config.ts", **others: str
) -> PlaywrightCase:
    files = {file: text}
    files |= {name.replace("__", "/").replace("_", "."): body for name, body in others.items()}
    return PlaywrightCase(name, files, frozenset(unknown.split()))


IMPORT = "import { defineConfig, devices } from '@playwright/test';\n"
OS = "import os from 'node:os';\n"


def _defined(name: str, body: str, unknown: str = "") -> PlaywrightCase:
    return _case(name, f"{IMPORT}export default defineConfig({{ {body} }});", unknown)


CASES: list[PlaywrightCase] = [
    _defined("empty", ""),
    _case(
        "starter",
        IMPORT
        + """export default defineConfig({
  testDir: './tests',
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: process.env.CI ? 2 : 0,
  workers: process.env.CI ? 1 : undefined,
  reporter: 'html',
  use: { trace: 'on-first-retry' },
  projects: [
    { name: 'chromium', use: { ...devices['Desktop Chrome'] } },
    { name: 'firefox', use: { ...devices['Desktop Firefox'] } },
  ],
});""",
    ),
    _case(
        "typed-const",
        "import type { PlaywrightTestConfig } from '@playwright/test';\n"
        "const config: PlaywrightTestConfig = { timeout: 35e3, retries: 1, workers: 2 };\n"
        "export default config;",
    ),
    _case(
        "satisfies",
        "import type { PlaywrightTestConfig } from '@playwright/test';\n"
        "export default { timeout: 60 * 1000, workers: 1 } satisfies PlaywrightTestConfig;",
    ),
    _case("bare", "export default { workers: 3, expect: { timeout: 10_000 } };"),
    _case("common", "module.exports = { workers: 3, retries: 2 };", file="playwright.config.js"),
    _case(
        "common-required",
        "const { defineConfig } = require('@playwright/test');\n"
        "module.exports = defineConfig({ workers: 3, retries: process.env.CI ? 2 : 1 });",
        file="playwright.config.js",
    ),
    _case("common-cjs", "module.exports = { workers: 3 };", file="playwright.config.cjs"),
    _case(
        "module-mts",
        IMPORT + "export default defineConfig({ workers: 3, retries: 1 });",
        file="playwright.config.mts",
    ),
    _case(
        "module-top-level-await",
        IMPORT
        + "const retries = await Promise.resolve(2);\nexport default defineConfig({ retries });",
        package_json='{"type": "module"}',
    ),
    _case("no-default-export", "export const workers = 3;\nexport const retries = 2;"),
    _case("named-config-only", "export const config = { workers: 3 };"),
    _case("exports-nothing", "const config = { workers: 3 };"),
    _case("empty-file", ""),
    _case("exports-array", "export default [{ workers: 3 }];"),
    _case(
        "exports-array-defined", IMPORT + "export default defineConfig([{ workers: 3 }] as any);"
    ),
    _case("exports-function", "export default () => ({ workers: 3 });"),
    _case("exports-async-function", "export default async () => ({ workers: 3 });"),
    _case("exports-null", "export default null;"),
    _case("exports-text", "export default 'config';"),
    _case("exports-number", "module.exports = 3;", file="playwright.config.js"),
    _case("exports-promise", "export default Promise.resolve({ workers: 3, retries: 1 });"),
    _case(
        "exports-promise-common",
        "module.exports = Promise.resolve({ workers: 3 });",
        file="playwright.config.js",
    ),
    _case("exports-called", "const make = () => ({ workers: 3 });\nexport default make();"),
    _case(
        "exports-called-async",
        "const make = async () => ({ workers: 3 });\nexport default make();",
    ),
    _case("named-variant", "export default { workers: 2 };", file="playwright.e2e.config.ts"),
    # -- the environment
    _defined(
        "ci-ternaries", "workers: process.env.CI ? 1 : undefined, retries: process.env.CI ? 2 : 0"
    ),
    _defined("ci-percent", "workers: process.env.CI ? '100%' : '25%'"),
    _defined("ci-only-flag", "forbidOnly: process.env.CI as any, workers: 1"),
    _defined("env-number-or", "workers: Number(process.env.CG_WORKERS) || 2"),
    _defined("env-number-nullish", "workers: Number(process.env.CG_WORKERS ?? 4)"),
    _defined("env-nan", "workers: Number(process.env.CG_WORKERS)"),
    _defined("env-parse-nan", "workers: parseInt(process.env.CG_WORKERS as string)"),
    _defined("env-text", "workers: process.env.CG_WORKERS as any"),
    _defined("env-text-ci", "workers: process.env.CI as any"),
    _defined("env-timeout-parsed", "timeout: parseInt(process.env.CG_TIMEOUT || '30_000', 10)"),
    _case(
        "dotenv",
        "import dotenv from 'dotenv';\ndotenv.config();\n"
        + IMPORT
        + "export default defineConfig({ retries: Number(process.env.CG_RETRIES ?? 2) });",
        "retries",
    ),
    _case(
        "dotenv-required",
        "require('dotenv').config();\n"
        + IMPORT
        + "export default defineConfig({ retries: process.env.CI ? 2 : 1, workers: 2 });",
        "retries",
    ),
    _case(
        "platform",
        IMPORT + "export default defineConfig({ workers: process.platform === 'linux' ? 2 : 3 });",
        "workers",
    ),
    # -- projects
    _defined(
        "project-over-root",
        "retries: 1, timeout: 20_000, fullyParallel: true, repeatEach: 2, projects: ["
        " { name: 'a' },"
        " { name: 'b', retries: 3, timeout: 50_000, fullyParallel: false, repeatEach: 1 },"
        " { name: 'c', retries: undefined, timeout: undefined } ]",
    ),
    _defined(
        "project-workers",
        "workers: 4, projects: [{ name: 'a', workers: 1 }, { name: 'b', workers: 6 },"
        " { name: 'c' }, { name: 'd', workers: '25%' }, { name: 'e', workers: NaN }]",
    ),
    _defined("project-workers-default-root", "projects: [{ name: 'a', workers: 3 }]"),
    _defined("project-workers-zero", "projects: [{ name: 'a', workers: 0 }]"),
    _defined("project-workers-text", "projects: [{ name: 'a', workers: '4' as any }]"),
    _defined(
        "project-expect-replaces",
        "expect: { timeout: 100 }, projects: [{ name: 'a', expect: { toPass: {} } }, { name: 'b' },"
        " { name: 'c', expect: { timeout: 7 } }, { name: 'd', expect: undefined }]",
    ),
    _defined(
        "project-use-merges",
        "use: { actionTimeout: 100, navigationTimeout: 200 }, projects: ["
        " { name: 'a', use: { actionTimeout: 7 } }, { name: 'b', use: { actionTimeout: undefined } },"
        " { name: 'c', use: { ...devices['Desktop Chrome'], navigationTimeout: 0 } } ]",
    ),
    _defined("project-unnamed", "projects: [{ retries: 1 }, { retries: 2 }]"),
    _defined(
        "project-same-name", "projects: [{ name: 'a', retries: 1 }, { name: 'a', retries: 2 }]"
    ),
    _defined("project-name-of-root", "name: 'all', projects: [{ retries: 1 }, { name: 'b' }]"),
    _defined("projects-none", "projects: []"),
    _defined("projects-undefined", "projects: undefined, retries: 2"),
    _defined("projects-null", "projects: null as any"),
    _defined("projects-object", "projects: { a: { retries: 1 } } as any"),
    _defined("project-null", "projects: [null as any]"),
    _defined("project-false", "projects: [false && { name: 'a' }] as any"),
    _defined("project-array", "projects: [[] as any], retries: 2"),
    _defined(
        "projects-mapped",
        "projects: ['chromium', 'firefox'].map((name, index) => ({ name, retries: index }))",
    ),
    _defined(
        "projects-filtered",
        "projects: [{ name: 'a', retries: 1 }, { name: 'b', retries: 2 }]"
        ".filter((project) => project.name !== 'a')",
    ),
    _defined(
        "projects-and",
        "projects: [{ name: 'a' }, ...(process.env.CI ? [{ name: 'b', retries: 2 }] : [])]",
    ),
    _defined(
        "projects-filter-boolean",
        "projects: [{ name: 'a' }, process.env.CI && { name: 'b', retries: 2 }]"
        ".filter(Boolean) as any",
    ),
    _case(
        "projects-pushed",
        IMPORT + "const config = defineConfig({ projects: [{ name: 'a' }] });\n"
        "if (process.env.CI) config.projects!.push({ name: 'b', retries: 2 });\n"
        "export default config;",
    ),
    _defined(
        "dependencies",
        "retries: 1, projects: [{ name: 'setup', teardown: 'down' }, { name: 'down' },"
        " { name: 'a', dependencies: ['setup'], retries: 2 }]",
    ),
    _defined("dependency-unknown", "projects: [{ name: 'a', dependencies: ['nope'] }]"),
    _defined("teardown-unknown", "projects: [{ name: 'a', teardown: 'nope' }]"),
    _defined(
        "root-only-in-project",
        "projects: [{ name: 'a', globalTimeout: 5, maxFailures: 2, forbidOnly: true } as any]",
    ),
    # -- misplaced and wrong keys
    _defined(
        "misplaced-in-use",
        "use: { timeout: 5, retries: 3, workers: 1, fullyParallel: true, globalTimeout: 9 } as any",
    ),
    _defined(
        "wrong-keys", "retry: 3, testTimeout: 5, maxWorkers: 1, maxRetries: 2, worker: 1 as any"
    ),
    _defined("retry-strategy", "retries: 1, retryStrategy: 'isolated' as any"),
    _defined("flaky", "failOnFlakyTests: true, maxFailures: 3, globalTimeout: 60_000"),
    _defined("global-timeout-ci", "globalTimeout: process.env.CI ? 60 * 60 * 1000 : undefined"),
    # -- timeouts
    _defined("timeouts-zero", "timeout: 0, globalTimeout: 0, expect: { timeout: 0 }"),
    _defined("action-zero", "use: { actionTimeout: 0, navigationTimeout: 0 }"),
    _defined("action-only", "use: { actionTimeout: 5000 }"),
    _defined("timeout-infinite", "timeout: Infinity"),
    _defined("timeout-overflow", "timeout: 3e9"),
    _defined("timeout-null", "timeout: null as any"),
    _defined("timeout-text", "timeout: '5' as any"),
    _defined("timeout-negative", "timeout: -1"),
    _defined("expect-empty", "expect: {}"),
    _defined("expect-null", "expect: null as any"),
    _defined("use-null", "use: null as any"),
    _defined("use-text", "use: 'x' as any"),
    # -- retries, repeats, failures
    _defined("retries-negative", "retries: -1"),
    _defined("retries-text", "retries: '2' as any"),
    _defined("retries-fraction", "retries: 1.5"),
    _defined("retries-infinite", "retries: Infinity"),
    _defined("retries-null", "retries: null as any"),
    _defined("repeat-each", "repeatEach: 3"),
    _defined("max-failures-true", "maxFailures: true as any"),
    _defined("max-failures-infinite", "maxFailures: Infinity"),
    # -- workers
    _case("workers-cpus", OS + "export default { workers: os.cpus().length };"),
    _case(
        "workers-cpus-arithmetic",
        OS + "export default { workers: Math.max(1, Math.floor(os.cpus().length / 2) - 1) };",
    ),
    _case("workers-cpus-fraction", OS + "export default { workers: os.cpus().length / 3 };"),
    _case(
        "workers-percent-built",
        "const share = process.env.CI ? 50 : 25;\nexport default { workers: `${share}%` };",
    ),
    # -- servers
    _defined(
        "web-server",
        "webServer: { command: 'npm start', url: 'http://localhost:3000', timeout: 120_000,"
        " reuseExistingServer: !process.env.CI }, workers: 1",
    ),
    # -- modules
    _case(
        "spread-base",
        "import base from './base';\nexport default { ...base, workers: 1, use: { ...base.use, actionTimeout: 9 } };",
        base_ts="export default { workers: 4, retries: 2, use: { navigationTimeout: 5 } };",
    ),
    _case(
        "re-exported",
        "export { default } from './base';",
        base_ts="export default { workers: 4, retries: 2 };",
    ),
    _case(
        "json-import",
        "import limits from './limits.json';\nexport default { workers: limits.workers, retries: limits.retries };",
        limits_json='{"workers": 2, "retries": 1}',
    ),
    _case(
        "factory",
        "import { make } from './make';\nexport default make({ retries: 2 }, { workers: 1 });",
        make_ts="export function make(options: { retries: number }, over: object) {\n"
        "  return { timeout: 9_000, retries: options.retries, ...over };\n}",
    ),
]

_WORKERS = [
    *("1", "2", "2.7", "1.5", "0.5", "NaN", "Infinity", "0", "-1", "true", "false", "null"),
    *("undefined", "'50%'", "'200%'", "'0%'", "'-50%'", "'1%'", "'12%'", "'33.3%'", "' 50%'"),
    *("'50 %'", "'50.9%'", "'5e1%'", "'%'", "'x%'", "'4'", "'auto'", "''", "{}"),
]
CASES += [
    _case(f"workers-value-{index}", f"export default {{ workers: {text} }};")
    for index, text in enumerate(_WORKERS)
]

# Keys that Playwright checks and that put no load on anything: a wrong type still stops the run.
_CHECKED = [
    *("forbidOnly: 'yes'", "quiet: 1", "preserveOutput: 'some'", "updateSnapshots: 'each'"),
    *("outputDir: 3", "testDir: null", "testMatch: 3", "testIgnore: [3]", "name: 3", "grep: 'a'"),
    *(
        "globalSetup: 3",
        "reporter: 3",
        "reporter: [3]",
        "shard: {}",
        "shard: { total: 2, current: 3 }",
    ),
    *("reportSlowTests: {}", "reportSlowTests: null", "shard: null", "ignoreSnapshots: 1"),
    *("globalTimeout: '5'", "maxFailures: -1", "repeatEach: -1", "repeatEach: '2'"),
]
CASES += [
    _case(f"checked-{index}", f"export default {{ {text}, workers: 2 }};", "outcome")
    for index, text in enumerate(_CHECKED)
]

# `defineConfig(base, over, ...)`: what becomes of both, by version.
_MERGED = {
    "later-wins": "{ workers: 2, retries: 1 }, { workers: 3 }, { retries: 2 }",
    "undefined-erases": "{ workers: 2, retries: 3, timeout: 9 }, { workers: undefined, retries: 1 }",
    "undefined-erases-projects": "{ projects: [{ name: 'a', retries: 3 }] }, { projects: undefined }",
    "no-projects": "{ retries: 1 }, {}",
    "no-projects-three": "{ retries: 1 }, { workers: 2 }, { timeout: 7 }",
    "use-shallow": "{ use: { actionTimeout: 1, navigationTimeout: 2 } }, { use: { actionTimeout: 3 } }",
    "use-undefined": "{ use: { actionTimeout: 1 } }, { use: { actionTimeout: undefined } }",
    "use-one-side": "{ use: { actionTimeout: 1 } }, { retries: 1 }",
    "expect-shallow": "{ expect: { timeout: 9, toPass: { timeout: 1 } } }, { expect: { toPass: {} } }",
    "expect-undefined": "{ expect: { timeout: 9 } }, { expect: undefined }",
    "projects-by-name": "{ projects: [{ name: 'a', retries: 3, timeout: 5 }, { name: 'b', retries: 2 }] },"
    " { projects: [{ name: 'a', retries: 1, use: { actionTimeout: 4 } }] }",
    "projects-added": "{ projects: [{ name: 'a', retries: 3 }] }, { projects: [{ name: 'b', retries: 1 }] }",
    "projects-only-in-base": "{ projects: [{ name: 'a', retries: 3 }] }, { retries: 0, timeout: 5 }",
    "projects-only-over": "{ retries: 2 }, { projects: [{ name: 'a' }] }",
    "projects-use": "{ projects: [{ name: 'a', use: { actionTimeout: 1, navigationTimeout: 2 } }] },"
    " { projects: [{ name: 'a', use: { actionTimeout: 3 } }] }",
    "projects-expect": "{ projects: [{ name: 'a', expect: { timeout: 1 } }] },"
    " { projects: [{ name: 'a', expect: {} }] }",
    "projects-unnamed": "{ projects: [{ retries: 1 }, { retries: 2 }] }, { projects: [{ timeout: 5 }] }",
    "projects-twice": "{ projects: [{ name: 'a', retries: 1 }] },"
    " { projects: [{ name: 'a', retries: 2 }, { name: 'a', timeout: 5 }] }",
    "projects-empty": "{ projects: [{ name: 'a', retries: 1 }] }, { projects: [] }",
    "ci-override": "{ retries: 1, workers: 4 }, process.env.CI ? { retries: 2, workers: 1 } : {}",
    "with-undefined": "{ retries: 1 }, undefined as any",
    "with-null": "{ retries: 1 }, null as any",
    "web-servers": "{ webServer: { command: 'a', port: 1 } }, { webServer: [{ command: 'b', port: 2 }], workers: 1 }",
}
CASES += [
    _case(f"merge-{name}", f"{IMPORT}export default defineConfig({text});")
    for name, text in _MERGED.items()
]
CASES += [
    _case(
        "merge-imported",
        IMPORT + "import base from './playwright.base';\n"
        "export default defineConfig(base, { workers: process.env.CI ? 1 : 2 });",
        playwright_base_ts=IMPORT
        + "export default defineConfig({ retries: 2, workers: 6, projects: [{ name: 'a', retries: 1 }] });",
    ),
    _case(
        "merge-same-object",
        IMPORT + "const base = { retries: 1, projects: [{ name: 'a' }] };\n"
        "const config = defineConfig(base);\nbase.retries = 3;\nexport default config;",
    ),
    _case(
        "merge-made-before",
        IMPORT + "const base: any = { retries: 1, projects: [{ name: 'a' }] };\n"
        "const config = defineConfig(base, { workers: 2 });\nbase.retries = 3;\nexport default config;",
    ),
    _case(
        "define-none",
        IMPORT + "export default (defineConfig as any)();",
    ),
]
