"""What a sample says, against psutil and against files made for the test."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from configguard.watchdog.kernel import send
from configguard.watchdog.machine import MB, Machine
from configguard.watchdog.meter import Meter
from configguard.watchdog.procfs import (
    ProcfsTree,
    parse_stat,
    proportional_mb,
    read_stat,
    started_of,
)
from configguard.watchdog.psutil_tree import PsutilTree
from configguard.watchdog.sampling import ProcessSample
from watchdog.running import Runs, wait_for, workload


@pytest.fixture
def tree(runs: Runs) -> int:
    """The pid of the driver, below which a tree of seven sleeps."""
    run = runs.start(workload("tree", 2))
    runs.wait_ready(7)
    return run.process.pid


def test_one_pass_over_proc_says_what_psutil_says(tree: int) -> None:
    """Two looks cannot be at one moment: the keeper still grows while its modules are read."""
    for _ in range(20):
        with contextlib.suppress(AssertionError):
            return _same_in_both(tree)
        time.sleep(0.25)
    return _same_in_both(tree)


def _same_in_both(tree: int) -> None:
    ours = ProcfsTree(tree)
    theirs = PsutilTree(tree, "no such run", adopts=True)
    mine = {p.pid: p for p in ours.scan()}
    other = {p.pid: p for p in theirs.scan()}
    assert len(mine) == 8  # the keeper, and seven below it
    assert mine.keys() == other.keys() == {p.pid for p in psutil.Process(tree).children(True)}
    for pid, process in mine.items():
        twin = other[pid]
        assert (process.name, process.command, process.parent) == (
            twin.name, twin.command, twin.parent,
        )  # fmt: skip
        assert process.memory_mb == pytest.approx(twin.memory_mb, rel=0.02, abs=1)
        assert process.cpu_s == pytest.approx(twin.cpu_s, abs=0.05)
        exact = psutil.Process(pid).memory_full_info().pss / MB
        assert proportional_mb(pid) == pytest.approx(exact, rel=0.05, abs=1)
        assert theirs.close_mb(pid) == pytest.approx(exact, rel=0.05, abs=1)
    assert ours.cpu_s == pytest.approx(theirs.cpu_s, abs=0.1)
    # Both know the order of the starts: identities are two spellings of one thing.
    assert sorted(mine, key=lambda pid: mine[pid].started) == sorted(
        mine, key=lambda pid: (other[pid].started, mine[pid].started)
    )
    assert [p.pid for p in ours.living()] == list(mine)


def test_a_name_may_hold_brackets_and_blanks() -> None:
    fields = " ".join(["S", "1", "2", "3", *["0"] * 7, "11", "12", "13", "14", *["0"] * 4])
    stat = parse_stat(f"77 (a) b (c)) {fields} 500 0 300 0".encode())
    assert stat is not None
    assert (stat.pid, stat.name, stat.state, stat.parent) == (77, "a) b (c)", "S", 1)
    assert (stat.group, stat.session) == (2, 3)
    ticks = os.sysconf("SC_CLK_TCK")
    assert stat.own_s == 23 / ticks and stat.children_s == 27 / ticks
    assert stat.started == 500 / ticks


def test_a_torn_stat_is_no_process() -> None:
    assert parse_stat(b"") is None
    assert parse_stat(b"12 (x) S 1 2") is None


def test_a_process_that_is_gone_is_no_process() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert read_stat(gone.pid) is None
    assert started_of(gone.pid) is None


def test_a_signal_reaches_only_the_process_that_was_meant() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        started = started_of(process.pid)
        assert started is not None
        assert not send(process.pid, started + 1, signal.SIGKILL, started_of)
        assert process.poll() is None, "another process with its pid was meant"
        assert send(process.pid, started, signal.SIGKILL, started_of)
        assert process.wait() == -signal.SIGKILL
    assert not send(process.pid, started, signal.SIGKILL, started_of)


def test_without_a_handle_the_start_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(pid: int, flags: int = 0) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refused)
    with subprocess.Popen(["sleep", "60"]) as process:
        started = started_of(process.pid)
        assert started is not None
        assert not send(process.pid, started + 1, signal.SIGKILL, started_of)
        assert send(process.pid, started, signal.SIGKILL, started_of)


def test_a_process_that_executes_another_program_has_its_new_command(runs: Runs) -> None:
    script = "import os, time; time.sleep(0.5); os.execvp('sleep', ['sleep', '61'])"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        tree = ProcfsTree(os.getpid())
        try:
            before = {p.pid: p for p in tree.scan()}[process.pid]
            assert script in before.command

            def renewed() -> bool:
                after = {p.pid: p for p in tree.scan()}[process.pid]
                return after.command == ("sleep", "61") and after.identity == before.identity

            wait_for(renewed, "the new command line")
        finally:
            process.kill()


# --- the meter ----------------------------------------------------------------------------------


class FakeTree:
    """A tree of literal processes."""

    close_kind = "pss"

    def __init__(self) -> None:
        self.processes: list[ProcessSample] = []
        self.cpu_s = 0.0
        self.ended_s = 0.0
        self.lost: frozenset[Any] = frozenset()
        self.close: dict[int, float | None] = {}
        self.asked = 0

    def scan(self, *, fresh_commands: bool = False) -> list[ProcessSample]:
        return self.processes

    def living(self) -> list[ProcessSample]:
        return self.processes

    def started_of(self, pid: int) -> float | None:
        return 1.0

    def close_mb(self, pid: int) -> float | None:
        self.asked += 1
        return self.close[pid]

    def quick_mb(self, pid: int) -> float:
        return 0.0


def one(pid: int, mb: float) -> ProcessSample:
    return ProcessSample(pid, 1.0, 1, "node", ("node",), mb, 0.0)


def test_memory_is_looked_at_closely_only_near_the_limit() -> None:
    tree = FakeTree()
    meter = Meter(tree, Machine(), lambda: 0.0, 1000)
    tree.processes = [one(1, 400), one(2, 390)]
    sample = meter.sample(0.0, window=True)
    assert (sample.memory_mb, sample.memory_kind, tree.asked) == (790, "rss", 0)
    tree.processes = [one(1, 400), one(2, 410)]
    tree.close = {1: 300.0, 2: 110.0}
    sample = meter.sample(1.0, window=True)
    assert (sample.memory_mb, sample.memory_kind) == (410, "pss")
    assert [p.memory_kind for p in sample.processes] == ["pss", "pss"]


def test_a_refused_close_look_is_told_and_rss_stands_for_it() -> None:
    tree = FakeTree()
    meter = Meter(tree, Machine(), lambda: 0.0, 1000)
    tree.processes = [one(1, 600), one(2, 410)]
    tree.close = {1: None, 2: 110.0}
    sample = meter.sample(0.0, window=True)
    assert (sample.memory_mb, sample.memory_kind) == (710, "rss")
    assert "pss-denied" in sample.lost
    assert [p.memory_kind for p in sample.processes] == ["rss", "pss"]


def test_cpu_time_never_falls() -> None:
    tree = FakeTree()
    reaped = 0.0
    meter = Meter(tree, Machine(), lambda: reaped, None)
    tree.cpu_s = 5.0
    assert meter.sample(0.0, window=True).cpu_total_s == 5
    tree.cpu_s = 1.0  # a child ended, and its parent has not waited for it yet
    assert meter.sample(1.0, window=True).cpu_total_s == 5
    reaped = 4.5
    assert meter.sample(2.0, window=True).cpu_total_s == 5.5


def test_where_ended_processes_are_only_remembered_they_count_as_last_seen() -> None:
    tree = FakeTree()
    reaped = 1.0
    meter = Meter(tree, Machine(), lambda: reaped, None)
    tree.cpu_s, tree.ended_s = 2.0, 3.0
    assert meter.sample(0.0, window=True).cpu_total_s == 5
    reaped = 4.0  # the same processes, by the system's own count
    assert meter.sample(1.0, window=True).cpu_total_s == 6


# --- the machine --------------------------------------------------------------------------------


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def machine(folder: Path, cgroup: str, files: dict[str, str]) -> Machine:
    write(folder / "proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n")
    write(folder / "proc/self/cgroup", cgroup)
    for name, text in files.items():
        write(folder / "groups" / name, text)
    return Machine(folder / "proc", folder / "groups")


def test_a_quota_above_us_counts(tmp_path: Path) -> None:
    found = machine(
        tmp_path, "0::/a/b\n", {"a/cpu.max": "50000 100000\n", "a/b/cpu.max": "max 100000\n"}
    )
    assert found.usable_cpus == 0.5
    assert (found.memory_mb, found.available_mb()) == (8192, 4096)


def test_the_old_hierarchy_counts_too(tmp_path: Path) -> None:
    files = {
        "cpu/x/cpu.cfs_quota_us": "25000",
        "cpu/x/cpu.cfs_period_us": "100000",
        "memory/x/memory.limit_in_bytes": str(1024 * MB),
        "memory/x/memory.usage_in_bytes": str(900 * MB),
        "memory/x/memory.stat": f"cache 5\ntotal_inactive_file {100 * MB}\n",
        "memory/memory.limit_in_bytes": "9223372036854771712",
    }
    found = machine(tmp_path, "5:cpu:/x\n4:memory:/x\n0::/\n", files)
    assert found.usable_cpus == 0.25
    assert found.memory_mb == 1024
    assert found.available_mb() == 224


def test_a_container_that_does_not_see_its_group_uses_the_root(tmp_path: Path) -> None:
    files = {"memory.max": str(512 * MB), "memory.current": str(500 * MB), "cpu.max": "max 100000"}
    found = machine(tmp_path, "0::/docker/not-here\n", files)
    assert (found.memory_mb, found.available_mb()) == (512, 12)


def test_without_any_file_memory_is_unknown(tmp_path: Path) -> None:
    found = Machine(tmp_path, tmp_path)
    assert found.available_mb() is None
    assert found.usable_cpus == len(os.sched_getaffinity(0))


def test_this_machine_is_what_psutil_says() -> None:
    available = Machine(groups=Path("/nowhere")).available_mb()
    assert available == pytest.approx(psutil.virtual_memory().available / MB, rel=0.1)
