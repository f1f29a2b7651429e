"""jest as it really runs, where what it resolves is not the truth, against what `show` says.

jest 30 resolves a project's testTimeout and never uses it; retries are in no config at all; how
many files overlap is more than a number in a config.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from oracle.processes import RunResult, attempts, files_run, max_overlap, max_test_overlap
from oracle.real_jest import (
    FAILS,
    HANGS,
    VERSIONS,
    run_suite,
    write_concurrent_tests,
    write_overlap_files,
    write_test,
)
from oracle.test_resolved_configs import shown
from support.command import run

CPUS = 8
PATIENCE_S = 60.0
# `make oracle` runs all versions, the sample of CI the oldest and the newest.
ALL = "CONFIGGUARD_ORACLE_CPUS" in os.environ
RUN = VERSIONS if ALL else (VERSIONS[0], VERSIONS[-1])
pytestmark = [pytest.mark.real_runner, pytest.mark.parametrize("jest", RUN, indirect=True)]


@pytest.fixture
def project(jest: str, tmp_path: Path) -> Path:
    """An empty project with a jest."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"devDependencies": {"jest": jest}}), "utf-8")
    lock = {"lockfileVersion": 3, "packages": {"node_modules/jest": {"version": jest}}}
    (folder / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    return folder


def write(folder: Path, text: str, name: str = "jest.config.js") -> None:
    """A config of a project."""
    (folder / name).write_text(text, "utf-8")


def start(jest: str, folder: Path, *arguments: str) -> RunResult:
    """A run of the config that jest finds."""
    return run_suite(jest, folder, None, cpus=CPUS, timeout_s=PATIENCE_S, arguments=arguments)


def said(folder: Path) -> dict[str, Any]:
    """The local facts of each suite, by its project."""
    suites = shown(folder, CPUS).values()
    return {str(suite["project"]): suite["environments"]["local"] for suite in suites}


OVERLAPS = {
    "number": "module.exports = { maxWorkers: 3 };",
    "percent": "module.exports = { maxWorkers: '25%' };",
    "text": "module.exports = { maxWorkers: '1 worker' };",
    "open-handles": "module.exports = { maxWorkers: 4, detectOpenHandles: true };",
    "root-decides": "module.exports = { maxWorkers: 2, projects: [{ maxWorkers: 1 }] };",
    "concurrency": "module.exports = { maxWorkers: 2, maxConcurrency: 1 };",
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_files_overlap_as_told(jest: str, project: Path, name: str) -> None:
    write(project, OVERLAPS[name])
    told = {facts["workers"] for facts in said(project).values()}
    count = 5
    write_overlap_files(project, count, 700)
    result = start(jest, project)
    assert (result.exit_code, files_run(result.records)) == (0, count), result.output
    assert told == {max_overlap(result.records)}


def test_a_worker_count_in_a_project_does_nothing(jest: str, project: Path) -> None:
    write(project, "module.exports = { projects: [{ displayName: 'a', maxWorkers: 1 }] };")
    assert said(project)["a"]["workers"] == CPUS - 1
    write_overlap_files(project, 4, 1_000)
    assert max_overlap(start(jest, project).records) > 1


def test_a_timeout_in_a_project_does_nothing(jest: str, project: Path) -> None:
    write(project, "module.exports = { projects: [{ displayName: 'a', testTimeout: 300 }] };")
    assert said(project)["a"]["testTimeoutMs"] == 5_000
    write_test(project, "slow.test.js", "() => sleep(1_000)")
    assert start(jest, project).exit_code == 0


def test_the_timeout_holds_for_tests_and_hooks(jest: str, project: Path) -> None:
    write(project, "module.exports = { testTimeout: 600 };")
    facts = said(project)["None"]
    assert (facts["testTimeoutMs"], facts["hookTimeoutMs"]) == (600, 600)
    write_test(project, "hangs.test.js", HANGS)
    write_test(project, "hook.test.js", "() => {}", before="beforeAll(() => sleep(5_000))")
    result = start(jest, project, "-i")
    assert not result.timed_out
    assert result.output.count("Exceeded timeout of 600 ms") >= 2, result.output


def test_a_setup_file_changes_retries_and_timeouts(jest: str, project: Path) -> None:
    write(project, "module.exports = { setupFilesAfterEnv: ['./setup.js'], testTimeout: 20_000 };")
    (project / "setup.js").write_text("jest.retryTimes(2); jest.setTimeout(300)", "utf-8")
    facts = said(project)["None"]
    assert (facts["retries"], facts["testTimeoutMs"]) == (2, 300)
    failing = write_test(project, "fails.test.js", FAILS)
    write_test(project, "hangs.test.js", HANGS)
    result = start(jest, project, "-i")
    assert attempts(result.records, failing) == 3
    assert "Exceeded timeout of 300 ms" in result.output


def test_no_setting_retries(jest: str, project: Path) -> None:
    write(project, "module.exports = { retryTimes: 3, retries: 3, retry: 3 };")
    assert said(project)["None"]["retries"] == 0
    failing = write_test(project, "fails.test.js", FAILS)
    assert attempts(start(jest, project).records, failing) == 1


def test_only_code_makes_tests_of_one_file_concurrent(jest: str, project: Path) -> None:
    write(project, "module.exports = { maxConcurrency: 2 };")
    assert said(project)["None"]["testConcurrency"] == 1
    write_concurrent_tests(project, 4, 300)
    assert max_test_overlap(start(jest, project).records) == 2


@pytest.mark.parametrize(("bail", "most"), [("2", 3), ("1.5", 3), ("NaN", 6), ("false", 6)])
def test_bail_stops_after_so_many_failures(jest: str, project: Path, bail: str, most: int) -> None:
    write(project, f"module.exports = {{ bail: {bail} }};")
    told = said(project)["None"]["maxFailures"]
    for number in range(6):
        write_test(project, f"fails{number}.test.js", FAILS)
    ran = files_run(start(jest, project, "-i").records)
    # In one process the next file has started when a run ends.
    assert ran == most == (6 if told == "none" else told + 1)


def test_before_and_after_the_fix(jest: str, project: Path) -> None:
    """What was meant to be serial runs in parallel, until `--fix` has changed it."""
    write(project, "module.exports = {\n  runInBand: true,\n};\n", "jest.e2e.config.js")
    write_overlap_files(project, 4, 700)

    def started(*more: str) -> RunResult:
        config = "jest.e2e.config.js"
        limit = PATIENCE_S
        return run_suite(jest, project, config, cpus=CPUS, timeout_s=limit, arguments=more)

    assert max_overlap(started().records) > 1
    fixed = run("check", "jest.e2e.config.js", "--root", ".", "--fix", cwd=project)
    assert fixed.code == 0, fixed.stdout
    result = started()
    assert (result.exit_code, files_run(result.records)) == (0, 4), result.output
    assert max_overlap(result.records) == 1
    write_test(project, "hangs.test.js", HANGS)
    text = (project / "jest.e2e.config.js").read_text("utf-8")
    assert "testTimeout: 30000" in text
