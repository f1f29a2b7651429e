"""The incident's suite on real vitest with 8 pretended CPUs, before and after `check --fix`.

Before: more than one test file at a time, or the run refuses to start (and the finding says so).
After: exactly one at a time, at most two attempts of a failing test, and a test that never ends
is stopped by its timeout.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from oracle.processes import (
    RunResult,
    attempts,
    files_run,
    max_overlap,
)
from oracle.real_vitest import (
    VERSIONS,
    run_suite,
    write_failing_test,
    write_hanging_test,
    write_overlap_files,
)
from support.command import run

INCIDENT = Path(__file__).parent.parent / "fixtures" / "incident"
E2E = "vitest.e2e.config.ts"
CPUS = 8
FILES = 4
TEST_MS = 1_500
pytestmark = pytest.mark.real_runner


@pytest.fixture
def project(runner: str, tmp_path: Path) -> Path:
    """The incident's project at a version; fixes write a timeout that a test can wait for."""
    folder = tmp_path / "project"
    shutil.copytree(INCIDENT, folder, ignore=shutil.ignore_patterns("node_modules"))
    for name in ("package.json", "package-lock.json"):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace("3.2.7", runner).replace("^3.2.0", runner), "utf-8")
    limits = folder / ".test-resource-limits.json"
    stated = json.loads(limits.read_text("utf-8"))
    stated["timeouts"] = {"testMs": TEST_MS, "hookMs": TEST_MS}
    limits.write_text(json.dumps(stated, indent=2), "utf-8")
    for path in (folder / "tests" / "e2e").iterdir():
        path.unlink()
    return folder


@pytest.mark.parametrize("runner", VERSIONS, indirect=True)
def test_before_and_after_the_fix(runner: str, project: Path) -> None:
    e2e = project / "tests" / "e2e"
    write_overlap_files(e2e, FILES, 600, pattern="overlap-{}.e2e.test.ts")
    before = vitest(runner, project)
    findings = check(project)
    if before.exit_code == 0:
        assert files_run(before.records) == FILES
        assert max_overlap(before.records) > 1
        assert {"e2e-parallel-workers", "ignored-setting"} & set(findings)
    else:
        assert "RangeError" in before.output
        assert "refuses to start" in findings["invalid-setting"]
        assert files_run(before.records) == 0

    assert run("check", ".", "--root", ".", "--fix", cwd=project).code == 0
    after = vitest(runner, project)
    assert after.exit_code == 0, after.output
    assert files_run(after.records) == FILES
    assert max_overlap(after.records) == 1

    for path in e2e.iterdir():
        path.unlink()
    failing = write_failing_test(e2e, "fails.e2e.test.ts")
    hanging = write_hanging_test(e2e, "hangs.e2e.test.ts")
    last = vitest(runner, project)
    assert not last.timed_out, "the never-ending test was not stopped"
    assert last.exit_code == 1, last.output
    assert 1 <= attempts(last.records, failing) <= 2
    assert 1 <= attempts(last.records, hanging) <= 2


def vitest(version: str, project: Path) -> RunResult:
    """Run the end-to-end suite for real."""
    return run_suite(version, project, E2E, cpus=CPUS, timeout_s=60)


def check(project: Path) -> dict[str, str]:
    """The messages of the findings in the end-to-end suite, by rule."""
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=project)
    findings = json.loads(result.stdout)["findings"]
    return {one["rule"]: one["message"] for one in findings if E2E in one["suites"]}
