"""Real runs of Playwright, where what it resolves is not the whole truth: overlap, attempts, ends.

No test needs a browser. What `show` and `check` say of a config must be what its run does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oracle.processes import RunResult, attempts, files_run, max_overlap, max_test_overlap
from oracle.real_playwright import VERSIONS, run_suite, write_overlap_files, write_tests
from support.command import run

CONFIG = "playwright.config.ts"
STARTER = """\
import { defineConfig, devices } from '@playwright/test';

export default defineConfig({
  testDir: './tests',
  timeout: 4_000,
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: process.env.CI ? 3 : 2,
  workers: process.env.CI ? 1 : undefined,
  projects: [{ name: 'chromium', use: { ...devices['Desktop Chrome'] } }],
});
"""
CPUS = 8
pytestmark = pytest.mark.real_runner
ends = pytest.mark.parametrize("playwright", [VERSIONS[0], VERSIONS[-1]], indirect=True)
each_version = pytest.mark.parametrize("playwright", VERSIONS, indirect=True)


def project(folder: Path, version: str, text: str) -> Path:
    """A folder with a config and a lock file that names the version."""
    folder.mkdir(parents=True, exist_ok=True)
    locked = {"node_modules/@playwright/test": {"version": version}}
    lock = {"lockfileVersion": 3, "packages": locked}
    (folder / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (folder / CONFIG).write_text(text, "utf-8")
    return folder


def facts(folder: Path) -> dict[str, Any]:
    """The local facts of the first suite, as plain values on this many CPUs."""
    options = ["--root", ".", "--cpus", str(CPUS), "--output-format", "json"]
    told = json.loads(run("show", ".", *options, cwd=folder).stdout)["suites"][0]
    found = told["environments"]["local"]
    return {name: fact.get("effective", fact.get("value")) for name, fact in found.items()}


def played(version: str, folder: Path, *arguments: str) -> RunResult:
    """Run it for real."""
    return run_suite(version, folder, CONFIG, cpus=CPUS, timeout_s=90, arguments=arguments)


@each_version
def test_before_and_after_the_fix(playwright: str, tmp_path: Path) -> None:
    folder = project(tmp_path, playwright, STARTER)
    tests = folder / "tests"
    write_overlap_files(tests, 3, 1_500)
    assert facts(folder)["workers"] == 4
    before = played(playwright, folder)
    assert (before.exit_code, files_run(before.records)) == (0, 3), before.output
    assert 1 < max_overlap(before.records) <= 4

    fixed = run("check", ".", "--root", ".", "--fix", "--unsafe-fixes", cwd=folder)
    assert fixed.code == 0, fixed.stdout
    assert (facts(folder)["workers"], facts(folder)["retries"]) == (1, 1)
    failing = write_tests(tests, "fails.spec.js", "throw new Error('fails on purpose')")
    hanging = write_tests(tests, "hangs.spec.js", "await new Promise(() => {})")
    after = played(playwright, folder)
    assert (after.exit_code, after.timed_out) == (1, False), after.output
    # A test that never ends has no end in the records either.
    ended = [record for record in after.records if record.file != "hangs.spec.js"]
    assert max_test_overlap(ended) == 1
    assert attempts(after.records, failing[0]) == 2
    assert attempts(after.records, hanging[0]) == 2


@each_version
def test_workers_that_are_nan_run_nothing_and_pass(playwright: str, tmp_path: Path) -> None:
    text = "export default { workers: Number(process.env.CG_NOT_SET) };"
    folder = project(tmp_path, playwright, text)
    write_overlap_files(folder, 2, 50)
    result = played(playwright, folder)
    assert (result.exit_code, files_run(result.records)) == (0, 0), result.output
    options = ["--root", ".", "--output-format", "json"]
    shown = json.loads(run("show", ".", *options, cwd=folder).stdout)
    outcome = shown["suites"][0]["environments"]["local"]["outcome"]
    assert outcome["cases"][0]["fact"]["value"] == "runs-nothing-and-passes"


@pytest.mark.parametrize("playwright", ["1.50.1", "1.65.1"], indirect=True)
def test_the_cap_of_a_project(playwright: str, tmp_path: Path) -> None:
    text = "export default { workers: 3, projects: [{ name: 'a', workers: 1 }] };"
    folder = project(tmp_path, playwright, text)
    write_overlap_files(folder, 3, 1_500)
    result = played(playwright, folder)
    assert result.exit_code == 0, result.output
    said = facts(folder)["workers"]
    assert said == (3 if playwright == "1.50.1" else 1)
    # A slow machine may start the third worker late; what is claimed is a bound.
    assert (1 < max_overlap(result.records) <= 3) if said == 3 else max_overlap(result.records) == 1


@pytest.mark.parametrize("parallel", ["true", "false"])
@ends
def test_tests_of_one_file(playwright: str, parallel: str, tmp_path: Path) -> None:
    text = f"export default {{ workers: 2, fullyParallel: {parallel} }};"
    folder = project(tmp_path, playwright, text)
    write_overlap_files(folder, 1, 1_500, tests=3)
    result = played(playwright, folder)
    assert result.exit_code == 0, result.output
    assert facts(folder)["fullyParallel"] == (parallel == "true")
    assert max_test_overlap(result.records) == (2 if parallel == "true" else 1)


@ends
def test_one_worker_is_one_test_at_a_time(playwright: str, tmp_path: Path) -> None:
    text = "export default { workers: 1, fullyParallel: true, repeatEach: 2 };"
    folder = project(tmp_path, playwright, text)
    write_overlap_files(folder, 2, 100, tests=2)
    result = played(playwright, folder)
    assert (facts(folder)["workers"], facts(folder)["repeats"]) == (1, 1)
    assert result.exit_code == 0, result.output
    assert max_test_overlap(result.records) == 1
    assert {attempts(result.records, record.test) for record in result.records} == {2}


@ends
def test_a_run_that_is_cut_off(playwright: str, tmp_path: Path) -> None:
    folder = project(tmp_path, playwright, "export default { timeout: 0, globalTimeout: 5_000 };")
    hanging = write_tests(folder, "hangs.spec.js", "await new Promise(() => {})")
    told = facts(folder)
    assert (told["testTimeoutMs"], told["globalTimeoutMs"]) == ("none", 5_000)
    result = played(playwright, folder)
    assert (result.exit_code, result.timed_out) == (1, False), result.output
    assert attempts(result.records, hanging[0]) == 1
