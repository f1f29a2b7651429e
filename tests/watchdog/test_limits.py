"""Memory and CPU of real processes: measured truly, stopped at the limit."""

from __future__ import annotations

import pytest

from watchdog.running import Runs, workload

NEAR_150 = {"memory_mb": 150, "hard_memory_mb": 188}


def test_a_command_beyond_its_memory_limit_is_stopped(runs: Runs) -> None:
    run = runs.start(workload("hold", 220, 30), settings=NEAR_150, options={"stop_mb": 188})
    assert run.wait() == 124
    assert run.end()["stopped_by"] == "memory"
    assert run.survivors() == []
    (stopping,) = run.events("stopping")
    assert max(p["memory_mb"] for p in stopping["processes"]) > 150
    assert any("hold.py" in part for p in stopping["processes"] for part in p["command"])


def test_a_watcher_that_only_warns_stops_nothing(runs: Runs) -> None:
    run = runs.start(
        workload("hold", 220, 1), settings=NEAR_150, options={"stop_mb": 188, "kill": False}
    )
    assert run.wait() == 0
    assert any(row.get("decision") == "Warn" for row in run.rows())
    assert run.end()["stopped_by"] is None


def test_a_ramp_in_a_child_is_caught_while_it_grows(runs: Runs) -> None:
    run = runs.start(
        workload("ramp", 500, 400),
        settings={"memory_mb": 120, "hard_memory_mb": 150},
        options={"stop_mb": 150},
    )
    assert run.wait() == 124
    assert run.survivors() == []
    log = [line.split() for line in runs.reached.read_text().splitlines()]
    times = {int(mb): float(at) for mb, at in log}
    (stopped_at,) = [
        row["at"] for row in run.rows() if row.get("event", {}).get("kind") == "stopping"
    ]
    # The ramp's own delay is the control: what this machine makes of 500 MB/s.
    control = max(1.0, (times[160] - times[10]) / 0.3)
    assert stopped_at - times[160] < 1.5 * control


def test_memory_that_processes_share_is_counted_once(runs: Runs) -> None:
    run = runs.start(
        workload("shared", 60, 2),
        # The sentinel sees that nothing more is taken: only a regular look comes to RSS at all.
        settings={"memory_mb": 200, "hard_memory_mb": 250, "interval_s": 0.3},
        options={"stop_mb": 200},
    )
    assert run.wait() == 0
    close = [sample for sample in run.samples() if sample["memory_kind"] == "pss"]
    assert close, "RSS says 400 MB, so that it is looked at closely"
    assert max(sample["memory_mb"] for sample in close) < 160


@pytest.mark.parametrize("interval", [0.4, 5.0])
def test_cpu_of_children_that_ended_between_two_looks_is_counted(
    runs: Runs, interval: float
) -> None:
    run = runs.start(workload("churn", 2, 6), settings={"interval_s": interval})
    code, out, _ = run.output()
    truth, children = out.split()
    assert code == 0 and int(children) > 10
    measured = run.last()["cpu_total_s"]
    assert abs(measured - float(truth)) <= 0.05 * float(truth) + 0.03
    totals = [sample["cpu_total_s"] for sample in run.samples()]
    assert totals == sorted(totals)
    if interval < 1:
        # Also under way, not only when all is over.
        assert totals[-1] > 0.5 * float(truth)


def test_a_parent_that_ignores_the_end_of_its_children_is_told(runs: Runs) -> None:
    script = (
        "import os, signal, time; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
        " os.fork() or time.sleep(5); time.sleep(0.8)"
    )
    run = runs.start(
        [workload("hold")[0], "-c", script], settings={"interval_s": 0.2, "grace_s": 0.1}
    )
    assert run.wait() == 0
    assert any("children-ignored" in sample["lost"] for sample in run.samples())


def test_the_wall_clock_is_a_limit(runs: Runs) -> None:
    run = runs.start(workload("hold", 1, 30), settings={"wall_s": 0.6})
    assert run.wait() == 124
    end = run.end()
    assert end["stopped_by"] == "wall" and end["command_code"] is None
    assert run.survivors() == []


def test_a_decision_by_time_is_asked_at_every_window(runs: Runs) -> None:
    run = runs.start(
        workload("hold", 1, 30), settings={"interval_s": 0.2}, options={"stop_at_s": 0.5}
    )
    assert run.wait() == 124
    windows = [sample["t"] for sample in run.samples() if sample["window"]]
    assert len(windows) >= 3
