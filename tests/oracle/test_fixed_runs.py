"""Fixed projects as the real runners run them: files at once, attempts, and the end of a test that
would never end.

Each case is a project that breaks the limits; `check --fix --unsafe-fixes` mends it, and then its
tests run: some that take a while, one that fails, one that hangs. `make oracle` runs every case in
every version, a plain run a sample.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from oracle import real_jest, real_playwright, real_vitest
from oracle.processes import RunResult, attempts, files_run, max_overlap
from support.command import run

ALL = "CONFIGGUARD_ORACLE_CPUS" in os.environ
CPUS = 8
PATIENCE_S = 120.0
TIMEOUT_MS = 1_500
FILES = 3
pytestmark = pytest.mark.real_runner


class Case(NamedTuple):
    """A project: its files, and how often its failing test is started once it is fixed.

    `sample`: the versions in which it runs on every push. `since`: the first that it is for.
    `units`: its unit tests run side by side, before and after.
    """

    files: dict[str, str]
    tries: int
    sample: tuple[str, ...] = ()
    since: str = "0"
    units: bool = False
    script: str | None = None


def numbers(version: str) -> tuple[int, ...]:
    """A version that can be compared."""
    return tuple(int(part) for part in version.split("."))


def parameters(cases: dict[str, Case], versions: Sequence[str]) -> list[object]:
    """Each case in its versions; the sample of them, where not all are asked for."""
    return [
        pytest.param(version, name, id=f"{version}-{name}")
        for name, case in cases.items()
        for version in versions
        if numbers(version) >= numbers(case.since) and (ALL or version in case.sample)
    ]


def fixed(folder: Path, package: str, version: str, files: dict[str, str]) -> None:
    """Write a project and fix it; nothing grave may be left."""
    folder.mkdir()
    locked = {"lockfileVersion": 3, "packages": {f"node_modules/{package}": {"version": version}}}
    limits = {
        "resourceLimits": {"maxConcurrentTests": 1, "maxRetries": 1},
        "timeouts": {"testMs": TIMEOUT_MS, "hookMs": TIMEOUT_MS},
    }
    written = {
        "package.json": "{}\n",
        **files,
        "package-lock.json": json.dumps(locked),
        ".test-resource-limits.json": json.dumps(limits),
    }
    for name, text in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    before = run("check", ".", "--root", ".", cwd=folder)
    assert before.code == 1, f"nothing is wrong with it:\n{before.stdout}"
    done = run("check", ".", "--root", ".", "--fix", "--unsafe-fixes", cwd=folder)
    assert done.code == 0, done.stdout + done.stderr


def judge(result: RunResult, case: Case, failing: str, hanging: str, *, tries: int) -> None:
    """What every fixed project has to show."""
    assert not result.timed_out, f"the never-ending test was not stopped\n{result.output}"
    assert result.exit_code == 1, result.output
    # What hangs has no end in the records.
    ended = [one for one in result.records if one.test != hanging and not is_unit(one.test)]
    assert files_run(ended) == FILES + 1, result.output
    assert max_overlap(ended) == 1
    assert attempts(result.records, failing) == tries, result.output
    assert 1 <= attempts(result.records, hanging) <= tries
    if case.units:
        assert max_overlap([one for one in result.records if is_unit(one.test)]) > 1


def is_unit(test: str) -> bool:
    """Whether a test is one of the unit project."""
    return test.startswith("unit/")


# --- vitest -----------------------------------------------------------------------------------

E2E = "vitest.e2e.config.mjs"
ROOT = "vitest.config.mjs"
_E2E_PROJECT = "name: 'e2e', include: ['e2e/**/*.test.mjs'], retry: 4, testTimeout: 0"
_UNIT_PROJECT = "{ test: { name: 'unit', include: ['unit/**/*.test.mjs'] } }"
VITEST = {
    "nothing": Case(
        {E2E: "export default {\n  test: {\n    include: ['e2e/**/*.test.mjs'],\n  },\n};\n"},
        1,
        ("0.34.6", "1.6.1", "5.1.1"),
    ),
    "literals": Case(
        {
            E2E: "export default {\n  test: { retry: 3, maxWorkers: 4, minWorkers: 1,"
            " testTimeout: 0, hookTimeout: Infinity },\n};\n"
        },
        2,
        ("2.1.9",),
    ),
    "pools": Case(
        {
            E2E: "export default {\n  test: { retry: 3, pool: 'threads',"
            " poolOptions: { threads: { maxThreads: 3, minThreads: 1 } } },\n};\n"
        },
        2,
        ("4.1.12",),
    ),
    "dead-pool": Case(
        {
            E2E: "export default {\n  test: {\n    retry: 3,\n"
            "    poolOptions: { threads: { singleThread: true } },\n  },\n};\n"
        },
        2,
    ),
    "constants": Case(
        {
            E2E: "const retries = process.env.CI ? 4 : 3;\nconst workers = 4;\n\nexport default {\n"
            "  test: { retry: retries, maxWorkers: workers, minWorkers: 1, testTimeout: 0 },\n};\n"
        },
        2,
        ("3.2.7",),
    ),
    "spread": Case(
        {
            "shared.mjs": "export const shared = { retry: 4, maxWorkers: 4, testTimeout: 0 };\n",
            E2E: "import { shared } from './shared.mjs';\n\nexport default {\n"
            "  test: { fileParallelism: true, ...shared },\n};\n",
        },
        2,
        since="1.1",
    ),
    "whole-base": Case(
        {
            "base.mjs": "export default { test: { retry: 4, testTimeout: 0 } };\n",
            E2E: "import base from './base.mjs';\n\nexport default {\n  ...base,\n};\n",
        },
        2,
        ("5.1.1",),
    ),
    "merged": Case(
        {
            "base.mjs": "export default { test: { retry: 4, maxWorkers: 4, testTimeout: 0 } };\n",
            E2E: "import { mergeConfig } from 'vitest/config';\nimport base from './base.mjs';\n\n"
            "export default mergeConfig(base, { test: { include: ['e2e/**/*.test.mjs'] } });\n",
        },
        2,
        since="1.1",
    ),
    "made": Case(
        {
            "make.mjs": "export const make = (o) => ({ test: { retry: o.retry, maxWorkers: 4,"
            " minWorkers: 1 } });\n",
            E2E: "import { make } from './make.mjs';\n\nexport default make({ retry: 4 });\n",
        },
        2,
        since="1.1",
    ),
    "misspelt": Case(
        {
            E2E: "export default {\n  test: { retries: 3, fileParalelism: false, timeout: 1500,"
            " hookTimeOut: 1500 },\n};\n"
        },
        2,
    ),
    "beside": Case(
        {
            E2E: "export default {\n  retry: 1,\n  fileParallelism: false,\n"
            "  test: { hookTimeout: 0 },\n};\n"
        },
        2,
    ),
    "projects": Case(
        {
            ROOT: f"export default {{\n  test: {{\n    projects: [\n      {_UNIT_PROJECT},\n"
            f"      {{ test: {{ {_E2E_PROJECT} }} }},\n    ],\n  }},\n}};\n"
        },
        2,
        ("3.2.7", "4.1.12"),
        since="3.2",
        units=True,
    ),
    "project-files": Case(
        {
            ROOT: "export default { test: { projects: ['*/vitest.config.mjs'] } };\n",
            f"e2e/{ROOT}": f"export default {{\n  test: {{ {_E2E_PROJECT.replace('e2e/', '')} }},\n"
            "};\n",
            f"unit/{ROOT}": "export default { test: { name: 'unit' } };\n",
        },
        2,
        ("5.1.1",),
        since="3.2",
        units=True,
    ),
}


@pytest.mark.parametrize(
    ("runner", "name"), parameters(VITEST, real_vitest.VERSIONS), indirect=["runner"]
)
def test_vitest(runner: str, name: str, tmp_path: Path) -> None:
    case, folder = VITEST[name], tmp_path / "project"
    fixed(folder, "vitest", runner, case.files)
    real_vitest.write_overlap_files(folder, FILES, 300, pattern="e2e/o{}.test.mjs")
    failing = real_vitest.write_failing_test(folder, "e2e/fails.test.mjs")
    hanging = real_vitest.write_hanging_test(folder, "e2e/hangs.test.mjs")
    if case.units:
        real_vitest.write_overlap_files(folder, FILES, 2_500, pattern="unit/u{}.test.mjs")
    config = ROOT if ROOT in case.files else E2E
    result = real_vitest.run_suite(runner, folder, config, cpus=CPUS, timeout_s=PATIENCE_S)
    # The command line of 0.34 says 0, and its config is not asked.
    tries = 1 if runner.startswith("0.") else case.tries
    judge(result, case, "fails.test.mjs > t", "hangs.test.mjs > t", tries=tries)
    assert (failing, hanging) == ("fails.test.mjs > t", "hangs.test.mjs > t")


# --- jest -------------------------------------------------------------------------------------

JEST_E2E = "jest.e2e.config.js"
JEST = {
    "nothing": Case(
        {JEST_E2E: "module.exports = {\n  testMatch: ['**/e2e/*.js'],\n};\n"}, 1, ("27.5.1",)
    ),
    "literals": Case(
        {JEST_E2E: "module.exports = {\n  maxWorkers: '50%',\n  testTimeout: 0,\n};\n"}, 1
    ),
    "retried": Case(
        {
            JEST_E2E: "module.exports = {\n  setupFilesAfterEnv: ['./setup.js'],\n"
            "  testTimeout: process.env.CI ? 1500 : 0,\n};\n",
            "setup.js": "const RETRIES = process.env.CI ? 4 : 3;\njest.retryTimes(RETRIES);\n",
        },
        2,
        ("30.5.2",),
    ),
    "wrong-knobs": Case(
        {
            JEST_E2E: "module.exports = {\n  runInBand: true,\n  maxConcurrency: 1,\n"
            "  testTimeOut: 1500,\n  retryTimes: 3,\n};\n"
        },
        1,
    ),
    "in-projects": Case(
        {
            JEST_E2E: "module.exports = {\n  projects: [\n    { displayName: 'e2e',"
            " testMatch: ['**/e2e/*.test.js'], maxWorkers: 1, testTimeout: 1500 },\n  ],\n};\n"
        },
        1,
        ("30.5.2",),
    ),
    "spread": Case(
        {
            "jest.config.js": "module.exports = { maxWorkers: 4, testTimeout: 0 };\n",
            JEST_E2E: "const base = require('./jest.config');\n\nmodule.exports = { ...base };\n",
        },
        1,
    ),
}


@pytest.mark.parametrize(("jest", "name"), parameters(JEST, real_jest.VERSIONS), indirect=["jest"])
def test_jest(jest: str, name: str, tmp_path: Path) -> None:
    case, folder = JEST[name], tmp_path / "project"
    fixed(folder, "jest", jest, case.files)
    real_jest.write_overlap_files(folder, FILES, 300, pattern="e2e/o{}.test.js")
    failing = real_jest.write_test(folder, "e2e/fails.test.js", real_jest.FAILS)
    hanging = real_jest.write_test(folder, "e2e/hangs.test.js", real_jest.HANGS)
    result = real_jest.run_suite(jest, folder, JEST_E2E, cpus=CPUS, timeout_s=PATIENCE_S)
    judge(result, case, failing, hanging, tries=case.tries)


# --- Playwright -------------------------------------------------------------------------------

PLAYWRIGHT_CONFIG = "playwright.config.js"
_CALM = "module.exports = { workers: 1, retries: 1, timeout: 1500 };\n"
PLAYWRIGHT = {
    "branches": Case(
        {
            PLAYWRIGHT_CONFIG: "module.exports = {\n  fullyParallel: true,\n  timeout: 0,\n"
            "  retries: process.env.CI ? 2 : 3,\n  workers: process.env.CI ? 1 : undefined,\n};\n"
        },
        2,
        ("1.30.0",),
    ),
    "projects": Case(
        {
            PLAYWRIGHT_CONFIG: "module.exports = {\n  workers: 4,\n  timeout: 0,\n  retries: 3,\n"
            "  projects: [{ name: 'a', workers: 3, retries: 4, timeout: 0 }],\n};\n"
        },
        2,
        ("1.65.1",),
    ),
    "only-in-project": Case(
        {
            PLAYWRIGHT_CONFIG: "module.exports = {\n  timeout: 1500,\n"
            "  projects: [{ name: 'a', workers: 3, retries: 4 }],\n};\n"
        },
        2,
        ("1.50.1",),
    ),
    "misplaced": Case(
        {
            PLAYWRIGHT_CONFIG: "module.exports = {\n  use: { timeout: 1500, retries: 1,"
            " workers: 1 },\n  retry: 3,\n};\n"
        },
        2,
    ),
    "defined": Case(
        {
            "base.js": "module.exports = { workers: 4, retries: 4, timeout: 0 };\n",
            PLAYWRIGHT_CONFIG: "const { defineConfig } = require('@playwright/test');\n"
            "const base = require('./base');\n\nmodule.exports = defineConfig(base, {\n"
            "  testDir: '.',\n});\n",
        },
        2,
        since="1.50",  # before, a config without projects is refused so
    ),
    "script": Case(
        {
            PLAYWRIGHT_CONFIG: _CALM,
            "package.json": '{"scripts": {"e2e": "playwright test --workers=50% --retries 4"}}\n',
        },
        2,
        ("1.65.1",),
        script="e2e",
    ),
    "script-with-variable": Case(
        {
            PLAYWRIGHT_CONFIG: _CALM,
            "package.json": '{"scripts": {"e2e": "N=4; playwright test -j $N"}}\n',
        },
        2,
        script="e2e",
    ),
}


@pytest.mark.parametrize(
    ("playwright", "name"),
    parameters(PLAYWRIGHT, real_playwright.VERSIONS),
    indirect=["playwright"],
)
def test_playwright(playwright: str, name: str, tmp_path: Path) -> None:
    case, folder = PLAYWRIGHT[name], tmp_path / "project"
    fixed(folder, "@playwright/test", playwright, case.files)
    for number in range(FILES):
        real_playwright.write_tests(folder, f"o{number}.spec.js", "await sleep(300)")
    throws = "throw new Error('fails on purpose')"
    failing = real_playwright.write_tests(folder, "fails.spec.js", throws)[0]
    hanging = real_playwright.write_tests(folder, "hangs.spec.js", "await new Promise(() => {})")[0]
    arguments: list[str] = []
    if case.script is not None:
        script = json.loads((folder / "package.json").read_text("utf-8"))["scripts"][case.script]
        words = shlex.split(script)
        arguments = words[words.index("test") + 1 :]
    result = real_playwright.run_suite(
        playwright,
        folder,
        PLAYWRIGHT_CONFIG,
        cpus=CPUS,
        timeout_s=PATIENCE_S,
        arguments=arguments,
    )
    judge(result, case, failing, hanging, tries=case.tries)
