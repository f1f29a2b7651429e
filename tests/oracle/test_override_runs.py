"""Calls in test files as the real runners take them, against what `show` says of each file.

Attempts are counted, files that hang tell their timeout, and tests that overlap show that they do.
One run per version holds all cases, each in a test file of its own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from oracle import real_jest, real_playwright, real_vitest
from oracle.processes import RunResult, attempts, max_test_overlap
from support.command import run

ALL = "CONFIGGUARD_ORACLE_CPUS" in os.environ
PATIENCE_S = 120.0
pytestmark = pytest.mark.real_runner


def sample(versions: Sequence[str]) -> Sequence[str]:
    """All versions in `make oracle`, else the oldest and the newest."""
    return versions if ALL else (versions[0], versions[-1])


class Told(NamedTuple):
    """What `show` says of one test file: the facts that it overrides."""

    facts: dict[str, Any]


def told(folder: Path, config: str) -> tuple[dict[str, Any], dict[str, Told]]:
    """The facts of a suite, and those that each test file overrides, by its name."""
    result = run("show", config, "--root", ".", "--output-format", "json", cwd=folder)
    suite = json.loads(result.stdout)["suites"][0]
    facts = {
        name: fact.get("value", fact["state"])
        for name, fact in suite["environments"]["local"].items()
    }
    files: dict[str, Told] = {}
    for entry in suite["settings"]:
        if entry["effect"] != "sets" or "local" not in entry["environments"]:
            continue
        if entry["when"] is not None:  # none of the variables is set here
            # A function that is handed to a wrapper is called here.
            assert set(entry["when"]) in ({"env"}, {"opaque"})
            if "set" in entry["when"].get("env", {}).values():
                continue
        for span in (*entry["at"][:1], *entry["elsewhere"]):
            held = files.setdefault(span["file"], Told({})).facts
            told_before = held.get(entry["would"], entry["value"])
            assert told_before == entry["value"], f"{span['file']}: told in two ways"
            held[entry["would"]] = entry["value"]
    return facts, files


def lock(folder: Path, package: str, version: str) -> None:
    """A project that has this version of a runner."""
    folder.mkdir(parents=True)
    (folder / "package.json").write_text("{}", "utf-8")
    found = {"lockfileVersion": 3, "packages": {f"node_modules/{package}": {"version": version}}}
    (folder / "package-lock.json").write_text(json.dumps(found), "utf-8")


PRELUDE = """\
const sleep = ms => new Promise(done => setTimeout(done, ms))
const rec = (name, body) => async () => {
  const write = (event) => appendFileSync(process.env.CONFIGGUARD_RECORD,
    JSON.stringify({ test: name, event, t: Date.now(), pid: process.pid }) + '\\n')
  write('start')
  try { await body() } finally { write('end') }
}
const fails = (name) => rec(name, () => { throw new Error('fails on purpose') })
const passes = (name) => rec(name, () => {})
const hangs = (name) => rec(name, () => new Promise(() => {}))
const waits = (name) => rec(name, () => sleep(400))
"""
COMMON = "const { appendFileSync } = require('node:fs')\n" + PRELUDE


def write(folder: Path, cases: dict[str, str], ending: str, before: str) -> None:
    """One test file for each case; `T` in it is the name that its test is recorded by."""
    for name, text in cases.items():
        body = text.replace("'T'", f"'{name} > t'").replace("'U'", f"'{name} > u'")
        (folder / f"{name}{ending}").write_text(f"{before}{body}\n", "utf-8")


def compare_attempts(
    result: RunResult, cases: dict[str, str], ending: str, said: dict[str, Told], base: float
) -> None:
    """The attempts of each file's failing test are those that follow from what is told."""
    assert not result.timed_out
    real = {name: attempts(result.records, f"{name} > t") for name in cases}
    expected = {}
    for name in cases:
        facts = said.get(f"{name}{ending}", Told({})).facts
        retries, repeats = facts.get("retries", base), facts.get("repeats", 0)
        expected[name] = (int(retries) + 1) * (int(repeats) + 1)
    assert real == expected


# --- jest -------------------------------------------------------------------------------------

JEST = {
    "top": "jest.retryTimes(2); test('t', fails('T'))",
    "after": "test('t', fails('T')); jest.retryTimes(2)",
    "in-describe": "describe('d', () => { jest.retryTimes(2); test('t', fails('T')) })",
    "last-wins": "jest.retryTimes(3); test('t', fails('T')); jest.retryTimes(1)",
    "before-all": "beforeAll(() => { jest.retryTimes(2) }); test('t', fails('T'))",
    "options": "jest.retryTimes(2, { logErrorsBeforeRetry: true }); test('t', fails('T'))",
    "imported": "const g = require('@jest/globals'); g.jest.retryTimes(2); g.test('t', fails('T'))",
    "aliased": "const { jest: j } = require('@jest/globals'); j.retryTimes(2);"
    " test('t', fails('T'))",
    "constant": "const N = 1 + 1; jest.retryTimes(N); test('t', fails('T'))",
    "by-variable": "jest.retryTimes(process.env.CI ? 9 : 1); test('t', fails('T'))",
    "not-in-ci": "if (process.env.CI) jest.retryTimes(4); test('t', fails('T'))",
    "chained": "jest.setTimeout(50000).retryTimes(2); test('t', fails('T'))",
    "nothing": "test('t', fails('T'))",
    "comment": "/* jest.retryTimes(2) */ test('t', fails('T'))",
}
JEST_TIMEOUTS = {
    "slow-top": "jest.setTimeout(311); test('t', hangs('T'))",
    "slow-third": "test('t', hangs('T'), 312)",
    "slow-hook": "beforeAll(() => new Promise(() => {}), 313); test('t', passes('T'))",
    "slow-each": "test.each([1])('t', hangs('T'), 2 * 157)",
    "slow-not": "test('t', rec('T', () => { jest.setTimeout(315); return new Promise(() => {}) }))",
}
JEST_AT_ONCE = {
    "concurrent": "test.concurrent('t', waits('T')); test.concurrent('u', waits('U'))",
    "one-by-one": "test('t', waits('T')); test('u', waits('U'))",
}


@pytest.mark.parametrize("jest", sample(real_jest.VERSIONS), indirect=True)
def test_jest(jest: str, tmp_path: Path) -> None:
    folder, config, ending = tmp_path / "project", "jest.e2e.config.js", ".test.js"
    lock(folder, "jest", jest)
    text = "module.exports = { testTimeout: 900, setupFilesAfterEnv: ['<rootDir>/setup.js'] };"
    (folder / config).write_text(text, "utf-8")
    (folder / "setup.js").write_text("jest.retryTimes(0); require('node:fs')", "utf-8")
    cases = {**JEST, **JEST_TIMEOUTS, **JEST_AT_ONCE}
    write(folder, cases, ending, COMMON)
    facts, said = told(folder, config)
    result = real_jest.run_suite(jest, folder, config, cpus=4, timeout_s=PATIENCE_S)
    compare_attempts(result, JEST, ending, said, facts["retries"])
    fired = {int(one) for one in re.findall(r"timeout of (\d+) ms", result.output)}
    timeouts = [said.get(f"{name}{ending}", Told({})).facts for name in JEST_TIMEOUTS]
    values = {one.get("testTimeoutMs", one.get("hookTimeoutMs", 900)) for one in timeouts}
    assert fired == values == {311, 312, 313, 314, 900}
    compare_overlap(result, JEST_AT_ONCE, ending, said)


def compare_overlap(
    result: RunResult, cases: dict[str, str], ending: str, said: dict[str, Told]
) -> None:
    """Two tests of a file run side by side exactly where that is told."""
    for name in cases:
        facts = said.get(f"{name}{ending}", Told({})).facts
        told_so = facts.get("testConcurrency", facts.get("fullyParallel", False))
        records = [one for one in result.records if one.file == name]
        # Playwright's are spread over workers, which may be busy: they need not overlap.
        spread = len({one.pid for one in records}) > 1
        assert (spread or max_test_overlap(records) > 1) is (told_so in (True, "parallel")), name


# --- vitest -----------------------------------------------------------------------------------

VITEST_IMPORTS = """\
import { appendFileSync } from 'node:fs'
import { test, it, describe, beforeAll, vi } from 'vitest'
"""
SECOND = {
    "second": "test('t', { retry: 2 }, fails('T'))",
    "of-describe": "describe('d', { retry: 2 }, () => { test('t', fails('T')) })",
    "each": "test.each([1])('t', { retry: 2 }, fails('T'))",
    "run-if": "test.runIf(true)('t', { retry: 2 }, fails('T'))",
    "repeats": "test('t', { repeats: 2, retry: 0 }, passes('T'))",
    "by-variable": "test('t', { retry: process.env.HEAVY ? 9 : 3 }, fails('T'))",
    "both": "test('t', { repeats: 1, retry: 1 }, fails('T'))",
    "constant": "const o = { n: 3 }; test('t', { retry: o.n }, fails('T'))",
}
THIRD = {
    "third": "test('t', fails('T'), { retry: 2 })",
    "third-of-describe": "describe('d', () => { test('t', fails('T')) }, { retry: 2 })",
    "third-repeats": "test('t', passes('T'), { repeats: 2, retry: 0 })",
}
VITEST = {
    "set": "vi.setConfig({ retry: 2 }); test('t', fails('T'))",
    "set-in-describe": "describe('d', () => { vi.setConfig({ retry: 2 }); test('t', fails('T')) })",
    "set-in-hook": "beforeAll(() => { vi.setConfig({ retry: 2 }) }); test('t', fails('T'))",
    "set-repeats": "vi.setConfig({ repeats: 2 }); test('t', passes('T'))",
    "nothing": "it('t', fails('T'))",
}
VITEST_AT_ONCE = {
    "concurrent": "test.concurrent('t', waits('T')); test.concurrent('u', waits('U'))",
    "of-block": "describe.concurrent('d', () => { test('t', waits('T')); test('u', waits('U')) })",
    "by-config": "vi.setConfig({ sequence: { concurrent: true } });"
    " test('t', waits('T')); test('u', waits('U'))",
    "one-by-one": "test('t', waits('T')); test('u', waits('U'))",
}
VITEST_TIMEOUTS = {
    "slow-set": "vi.setConfig({ testTimeout: 311 }); test('t', hangs('T'))",
    "slow-number": "test('t', hangs('T'), 312)",
    "slow-describe": "describe('d', () => { test('t', hangs('T')) }, 313)",
    "slow-hook": "beforeAll(() => new Promise(() => {}), 314); test('t', passes('T'))",
    "slow-not": "beforeAll(() => { vi.setConfig({ testTimeout: 315 }) }); test('t', hangs('T'))",
}


@pytest.mark.parametrize("runner", sample(real_vitest.VERSIONS), indirect=True)
def test_vitest(runner: str, tmp_path: Path) -> None:
    folder, config, ending = tmp_path / "project", "vitest.e2e.config.mjs", ".test.mjs"
    lock(folder, "vitest", runner)
    text = (
        "export default { test: { testTimeout: 900, hookTimeout: 900, retry: 0,"
        " setupFiles: ['./setup.mjs'] } };"
    )
    (folder / config).write_text(text, "utf-8")
    setup = "import { vi } from 'vitest'; vi.setConfig({ retry: 1 })"
    (folder / "setup.mjs").write_text(setup, "utf-8")
    major = int(runner.split(".")[0])
    counted = {**VITEST, **(SECOND if major else {}), **(THIRD if 0 < major < 4 else {})}
    cases = {**counted, **VITEST_AT_ONCE, **VITEST_TIMEOUTS}
    write(folder, cases, ending, VITEST_IMPORTS + PRELUDE)
    facts, said = told(folder, config)
    assert facts["retries"] == 1
    result = real_vitest.run_suite(runner, folder, config, cpus=4, timeout_s=PATIENCE_S)
    passing = {"repeats", "third-repeats", "set-repeats"}
    failing = {name: text for name, text in counted.items() if name not in passing}
    compare_attempts(result, failing, ending, said, facts["retries"])
    compare_attempts(result, {n: t for n, t in counted.items() if n in passing}, ending, said, 0)
    fired = {int(one) for one in re.findall(r"timed out in (\d+)ms", result.output)}
    timeouts = [said.get(f"{name}{ending}", Told({})).facts for name in VITEST_TIMEOUTS]
    values = {one.get("testTimeoutMs", one.get("hookTimeoutMs", 900)) for one in timeouts}
    assert fired == values == {311, 312, 313, 314, 900}
    compare_overlap(result, VITEST_AT_ONCE, ending, said)


# --- Playwright -------------------------------------------------------------------------------

PLAYWRIGHT_IMPORTS = "const { test } = require('@playwright/test')\n"
PLAYWRIGHT = {
    "top": "test.describe.configure({ retries: 2 }); test('t', fails('T'))",
    "after": "test('t', fails('T')); test.describe.configure({ retries: 2 })",
    "block": "test.describe('d', () => { test.describe.configure({ retries: 2 });"
    " test('t', fails('T')) })",
    "last": "test.describe.configure({ retries: 3 }); test.describe.configure({ retries: 2 });"
    " test('t', fails('T'))",
    "extended": "const my = test.extend({}); my.describe.configure({ retries: 2 });"
    " my('t', fails('T'))",
    "fixtures": "const { it } = require('./fixtures'); it.describe.configure({ retries: 2 });"
    " it('t', fails('T'))",
    "nothing": "test('t', fails('T'))",
}
PLAYWRIGHT_TIMEOUTS = {
    "slow-configured": "test.describe.configure({ timeout: 611 }); test('t', hangs('T'))",
    "slow-file": "test('t', hangs('T')); test.setTimeout(612)",
    "slow-test": "test('t', rec('T', () => { test.setTimeout(613);"
    " return new Promise(() => {}) }))",
    "slow-each": "test.beforeEach(() => { test.setTimeout(614) }); test('t', hangs('T'))",
    "slow-not": "test.beforeAll(() => { test.slow(false, 'never') }); test('t', hangs('T'))",
}
PLAYWRIGHT_AT_ONCE = {
    "mode": "test.describe.configure({ mode: 'parallel' }); test('t', waits('T'));"
    " test('u', waits('U'))",
    "old-mode": "test.describe.parallel('d', () => { test('t', waits('T'));"
    " test('u', waits('U')) })",
    "serial": "test.describe.configure({ mode: 'serial' }); test('t', waits('T'));"
    " test('u', waits('U'))",
    "one-by-one": "test('t', waits('T')); test('u', waits('U'))",
}


@pytest.mark.parametrize("playwright", sample(real_playwright.VERSIONS), indirect=True)
def test_playwright(playwright: str, tmp_path: Path) -> None:
    folder, config, ending = tmp_path / "project", "playwright.config.js", ".spec.js"
    lock(folder, "@playwright/test", playwright)
    text = "module.exports = { timeout: 1700, workers: 4, retries: 0 };"
    (folder / config).write_text(text, "utf-8")
    fixtures = "const { test } = require('@playwright/test');\nmodule.exports = { it: test };\n"
    (folder / "fixtures.js").write_text(fixtures, "utf-8")
    cases = {**PLAYWRIGHT, **PLAYWRIGHT_TIMEOUTS, **PLAYWRIGHT_AT_ONCE}
    bodies = COMMON.replace("=> async () => {", "=> async ({}) => {") + PLAYWRIGHT_IMPORTS
    write(folder, cases, ending, bodies)
    facts, said = told(folder, config)
    result = real_playwright.run_suite(
        playwright, folder, config, cpus=8, timeout_s=PATIENCE_S, arguments=["--workers=4"]
    )
    known = {name: text for name, text in PLAYWRIGHT.items() if name != "fixtures"}
    compare_attempts(result, known, ending, said, facts["retries"])
    fired = {int(one) for one in re.findall(r"[Tt]est timeout of (\d+)ms", result.output)}
    timeouts = [said.get(f"{name}{ending}", Told({})).facts for name in PLAYWRIGHT_TIMEOUTS]
    values = {one.get("testTimeoutMs", 1700) for one in timeouts}
    assert fired == values == {611, 612, 613, 614, 1700}
    compare_overlap(result, PLAYWRIGHT_AT_ONCE, ending, said)
