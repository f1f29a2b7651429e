"""The guard without what only Linux has: no subreaper, no pidfd, psutil for /proc.

That is its shape on macOS, run against real processes here; the system itself was not seen.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from watchdog.running import Run, Runs, tagged, wait_for, workload

PORTABLE = {"portable": True}


def start(runs: Runs, command: list[str], **more: Any) -> Run:
    options = {**PORTABLE, **more.pop("options", {})}
    return runs.start(command, options=options, settings={"interval_s": 0.3, **more})


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -SEGV $$", 139)])
def test_the_commands_own_end_is_ours(runs: Runs, script: str, code: int) -> None:
    assert start(runs, ["sh", "-c", f"sleep 0.3; {script}"]).wait() == code


def test_memory_is_a_limit(runs: Runs) -> None:
    run = start(
        runs, workload("hold", 220, 30), memory_mb=150, hard_memory_mb=188,
        options={"stop_mb": 188},
    )  # fmt: skip
    assert run.wait() == 124
    assert run.survivors() == []
    assert {"untracked"} <= {lost for sample in run.samples() for lost in sample["lost"]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_tree_with_sessions_of_its_own_is_ended(runs: Runs, number: int) -> None:
    run = start(runs, workload("tree", 2))
    runs.wait_ready(7)
    os.kill(run.process.pid, number)
    assert run.wait() == 128 + number
    assert run.survivors() == []


def test_what_ignores_term_is_killed(runs: Runs) -> None:
    run = start(runs, workload("stubborn", 60))
    runs.wait_ready()
    os.kill(run.process.pid, signal.SIGTERM)
    assert run.wait() == 143
    assert run.survivors() == []


def test_a_daemon_is_found_by_its_environment(runs: Runs) -> None:
    run = start(runs, workload("daemon", 0.2))
    assert run.wait() == 0
    assert run.survivors() == []
    assert len(run.end()["leftovers"]) == 1


@pytest.mark.parametrize("who", ["front", "keeper"])
def test_either_half_ends_the_tree_of_the_other(runs: Runs, who: str) -> None:
    run = start(runs, workload("tree", 2))
    runs.wait_ready(7)
    os.kill(run.process.pid if who == "front" else run.keeper(), signal.SIGKILL)
    run.wait()
    wait_for(lambda: not tagged(run.tag), "the whole tree is gone")


def test_cpu_of_the_whole_run_is_counted_at_its_end(runs: Runs) -> None:
    run = start(runs, workload("churn", 1, 4))
    code, out, _ = run.output()
    truth = float(out.split()[0])
    assert code == 0
    assert run.end()["cpu_total_s"] == pytest.approx(truth, rel=0.05, abs=0.05)
