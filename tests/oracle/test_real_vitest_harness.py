"""The harness itself: what it reports about the real vitest can be believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oracle import install
from oracle.processes import (
    Record,
    attempts,
    files_run,
    max_overlap,
    max_test_overlap,
)
from oracle.real_vitest import (
    VERSIONS,
    ResolveCase,
    resolve_many,
    run_suite,
    runner_name,
    write_failing_test,
    write_hanging_test,
    write_overlap_files,
)

each_version = pytest.mark.parametrize("runner", VERSIONS, indirect=True)
newest = pytest.mark.parametrize("runner", VERSIONS[-1:], indirect=True)

ONE_FILE_AT_A_TIME = {"0.34.6": "singleThread: true"}  # it knows no fileParallelism


def write_config(folder: Path, body: str, name: str = "vitest.config.mjs") -> str:
    """Write a config that imports vitest/config, as real ones do."""
    (folder / name).write_text(
        "import { defineConfig } from 'vitest/config'\n"
        f"export default defineConfig({{ test: {{ {body} }} }})\n",
        encoding="utf-8",
    )
    return name


def recorded(*events: str) -> list[Record]:
    """Build records from words such as "a>1+" (test 1 of file a starts) and "a>1-" (it ends)."""
    return [
        Record(event[:-1].replace(">", " > "), "start" if event[-1] == "+" else "end", 0, 1)
        for event in events
    ]


def test_overlap_counts_files_and_tests_apart() -> None:
    records = recorded("a>1+", "a>2+", "b>1+", "a>1-", "b>1-", "c>1+", "a>2-", "c>1-")
    assert max_overlap(records) == 2
    assert max_test_overlap(records) == 3
    assert files_run(records) == 3


def test_attempts_count_starts_of_one_test() -> None:
    records = recorded("a>1+", "a>1-", "a>1+", "b>1+", "a>1-")
    assert attempts(records, "a > 1") == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_locks_pin_the_version_and_name_no_address(version: str) -> None:
    folder = install.LOCKS / runner_name(version)
    text = (folder / "package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)
    assert lock["packages"]["node_modules/vitest"]["version"] == version
    assert "http" not in text
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


@pytest.mark.real_runner
@each_version
def test_each_case_has_its_own_environment_and_cpus(runner: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, "hookTimeout: process.env.CI ? 1 : 2")
    cpus = tmp_path / "cpus.config.ts"
    cpus.write_text(
        "import os from 'node:os'\n"
        "export default { test: { hookTimeout: os.cpus().length as number } }\n",
        encoding="utf-8",
    )
    in_ci, elsewhere, five, seven = resolve_many(
        runner,
        [
            ResolveCase(tmp_path, config, {"CI": "true"}),
            ResolveCase(tmp_path, config),
            ResolveCase(tmp_path, cpus.name, cpus=5),
            ResolveCase(tmp_path, cpus.name, cpus=7),
        ],
    )
    assert [in_ci.get("hookTimeout"), elsewhere.get("hookTimeout")] == [1, 2]
    assert [five.get("hookTimeout"), seven.get("hookTimeout")] == [5, 7]
    assert in_ci.config_file == str((tmp_path / config).resolve())


@pytest.mark.real_runner
@newest
def test_a_case_that_kills_the_process_leaves_the_others_alone(runner: str, tmp_path: Path) -> None:
    good = write_config(tmp_path, "testTimeout: NaN, hookTimeout: Infinity, bail: undefined")
    (tmp_path / "kill.mjs").write_text("process.kill(process.pid, 'SIGKILL')\n", encoding="utf-8")
    (tmp_path / "lost.mjs").write_text("import 'no-such-package'\n", encoding="utf-8")
    names = [good, "kill.mjs", "lost.mjs", good]
    first, killed, lost, last = resolve_many(runner, [ResolveCase(tmp_path, n) for n in names])
    assert first.get("testTimeout") == {"$number": "NaN"}
    assert first.get("hookTimeout") == {"$number": "Infinity"}
    assert first == last
    assert killed.error is not None
    assert killed.error.name == "ProcessDied"
    assert lost.error is not None
    assert "no-such-package" in lost.error.message


@pytest.mark.real_runner
@each_version
def test_one_file_at_a_time_is_seen_as_such(runner: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, ONE_FILE_AT_A_TIME.get(runner, "fileParallelism: false"))
    write_overlap_files(tmp_path, 2, 50)
    result = run_suite(runner, tmp_path, config, cpus=8, timeout_s=60)
    assert (result.exit_code, result.timed_out) == (0, False), result.output
    assert (files_run(result.records), max_overlap(result.records)) == (2, 1)


@pytest.mark.real_runner
@newest
def test_pretended_cpus_widen_the_run(runner: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, "")
    write_overlap_files(tmp_path, 3, 1500)
    result = run_suite(runner, tmp_path, config, cpus=8, timeout_s=60)
    assert max_overlap(result.records) == 3, result.output


@pytest.mark.real_runner
@newest
def test_attempts_of_a_failing_test_are_counted(runner: str, tmp_path: Path) -> None:
    test = write_failing_test(tmp_path)
    result = run_suite(runner, tmp_path, write_config(tmp_path, "retry: 2"), cpus=2, timeout_s=60)
    assert (result.exit_code, attempts(result.records, test)) == (1, 3), result.output


@pytest.mark.real_runner
@newest
def test_a_hanging_run_is_stopped(runner: str, tmp_path: Path) -> None:
    test = write_hanging_test(tmp_path)
    config = write_config(tmp_path, "testTimeout: 0")
    result = run_suite(runner, tmp_path, config, cpus=2, timeout_s=4)
    assert (result.exit_code, result.timed_out) == (None, True), result.output
    assert attempts(result.records, test) == 1
