"""macOS and Windows by fakes: neither can be run here (*not seen*)."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from configguard.watchdog import macos, windows
from configguard.watchdog.guard import weaker_here
from configguard.watchdog.guarding import RUN_ID, Event, GuardSettings, Keep, Outcome, Stop
from configguard.watchdog.machine import MB
from configguard.watchdog.psutil_tree import PsutilTree
from configguard.watchdog.sampling import Sample


@dataclass
class FakeProcess:
    pid: int
    parent: int
    started: float = 1.0
    cpu: float = 1.0
    env: dict[str, str] = field(default_factory=dict)
    gone: bool = False
    state: str = "running"

    def _check(self) -> None:
        if self.gone:
            raise psutil.NoSuchProcess(self.pid)

    def create_time(self) -> float:
        self._check()
        return self.started

    def ppid(self) -> int:
        return self.parent

    def oneshot(self) -> Any:
        import contextlib

        return contextlib.nullcontext()

    def cpu_times(self) -> Any:
        return types.SimpleNamespace(user=self.cpu, system=0.0)

    def memory_info(self) -> Any:
        return types.SimpleNamespace(rss=10 * MB)

    def name(self) -> str:
        return f"p{self.pid}"

    def cmdline(self) -> list[str]:
        if self.env.get("deny"):
            raise psutil.AccessDenied(self.pid)
        return [self.name()]

    def status(self) -> str:
        return self.state

    def environ(self) -> dict[str, str]:
        return self.env


class FakePsutil(types.SimpleNamespace):
    """As much of psutil as a tree asks for."""

    Error = psutil.Error
    NoSuchProcess = psutil.NoSuchProcess
    STATUS_ZOMBIE = psutil.STATUS_ZOMBIE

    def __init__(self, *processes: FakeProcess) -> None:
        super().__init__()
        self.all = list(processes)

    def process_iter(self) -> list[FakeProcess]:
        return self.all

    def Process(self, pid: int) -> FakeProcess:
        for process in self.all:
            if process.pid == pid:
                return process
        raise psutil.NoSuchProcess(pid)


def pids(tree: PsutilTree) -> list[int]:
    return [living.pid for living in tree.living()]


def test_what_was_seen_once_stays_ours_after_its_parent_ended() -> None:
    root, child, grandchild = FakeProcess(10, 1), FakeProcess(11, 10), FakeProcess(12, 11)
    fake = FakePsutil(FakeProcess(1, 0), root, child, grandchild, FakeProcess(99, 1))
    tree = PsutilTree(10, "run", psutil=fake)
    assert pids(tree) == [11, 12]
    fake.all.remove(child)
    grandchild.parent = 1
    fake.all.append(FakeProcess(13, 12))
    assert pids(tree) == [12, 13]
    grandchild.started = 2.0  # another process has its pid now
    assert pids(tree) == [13]


def test_an_orphan_nobody_saw_is_found_by_its_environment() -> None:
    ours = FakeProcess(20, 1, env={RUN_ID: "run"})
    other = FakeProcess(21, 1, env={RUN_ID: "another"})
    taken = FakeProcess(22, 50, env={RUN_ID: "run"})  # another subreaper took it
    tree = PsutilTree(10, "run", psutil=FakePsutil(FakeProcess(10, 1), ours, other, taken))
    assert pids(tree) == [20, 22]


def test_what_the_portable_look_cannot_know_is_told() -> None:
    fake = FakePsutil(FakeProcess(10, 1), FakeProcess(11, 10, cpu=3.0), FakeProcess(12, 10))
    tree = PsutilTree(10, "run", psutil=fake, footprint=lambda pid: 42.0)
    samples = tree.scan()
    assert [p.pid for p in samples] == [11, 12]
    assert tree.cpu_s == 4.0
    assert "untracked" in tree.lost
    assert tree.close_mb(11) == 42.0 and tree.close_kind == "footprint"
    fake.all.pop(1)
    tree.scan()
    assert tree.ended_s == 3.0


def test_a_process_that_hides_or_goes_is_skipped_not_fatal() -> None:
    hidden = FakeProcess(11, 10, env={"deny": "1"})
    zombie = FakeProcess(12, 10, state=psutil.STATUS_ZOMBIE)
    gone = FakeProcess(13, 10, gone=True)
    tree = PsutilTree(10, "run", psutil=FakePsutil(FakeProcess(10, 1), hidden, zombie, gone))
    (sample,) = tree.scan()
    assert (sample.pid, sample.command) == (11, ())
    assert tree.cpu_s == 2.0, "the zombie's time counts until its parent takes it"


def test_the_footprint_is_read_from_apples_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def __init__(self, name: str) -> None:
            assert name == "/usr/lib/libproc.dylib"

        def proc_pid_rusage(self, pid: int, flavor: int, buffer: Any) -> int:
            if pid != 7:
                return -1
            assert flavor == 2
            fields = [0] * 20
            fields[7] = 300 * MB  # after user, system, two wakeups, pageins, wired, resident
            content = b"u" * 16 + b"".join(n.to_bytes(8, "little") for n in fields)
            ctypes.memmove(buffer, content, len(content))
            return 0

    monkeypatch.setattr(ctypes, "CDLL", Library)
    assert macos.footprint_mb(7) == 300
    assert macos.footprint_mb(8) is None


@pytest.mark.skipif(sys.platform == "darwin", reason="it is there on macOS")
def test_without_apples_library_there_is_no_footprint() -> None:
    assert macos.footprint_mb(1) is None


def test_what_is_weaker_is_said_in_one_sentence() -> None:
    assert weaker_here("linux") is None
    for platform in ("darwin", "win32", "freebsd14"):
        told = weaker_here(platform)
        assert told and "\n" not in told
        assert "never" in told


# --- Windows ------------------------------------------------------------------------------------


class Kernel:
    """kernel32 and ntdll as far as a job needs them."""

    def __init__(self, pids: list[int] | None = None, *, assigns: bool = True) -> None:
        self.pids = pids or []
        self.assigns = assigns
        self.calls: list[str] = []
        self.limits = b""

    def CreateJobObjectW(self, *_: Any) -> int:
        return 5

    def SetInformationJobObject(self, job: Any, what: int, buffer: Any, size: int) -> int:
        assert what == 9
        self.limits = bytes(buffer.raw)[:size]
        return 1

    def AssignProcessToJobObject(self, job: Any, process: Any) -> int:
        self.calls.append("assign")
        return int(self.assigns)

    def NtResumeProcess(self, process: Any) -> int:
        self.calls.append("resume")
        return 0

    def QueryInformationJobObject(self, job: Any, what: int, buffer: Any, size: int, _: Any) -> int:
        if what == 1:
            content = b"".join(n.to_bytes(8, "little") for n in (15_000_000, 5_000_000))
        else:
            count = len(self.pids).to_bytes(4, "little")
            word = ctypes.sizeof(ctypes.c_void_p)
            content = count * 2 + b"".join(pid.to_bytes(word, "little") for pid in self.pids)
        ctypes.memmove(buffer, content, len(content))
        return 1

    def TerminateJobObject(self, job: Any, code: int) -> int:
        self.calls.append("terminate")
        self.pids.clear()
        return 1


def test_a_job_ends_with_its_last_handle_and_counts_ended_processes() -> None:
    kernel = Kernel([30, 31])
    job = windows.Job(kernel, kernel)
    assert int.from_bytes(kernel.limits[16:20], "little") == 0x2000
    assert job.cpu_s() == pytest.approx(2.0)
    assert job.pids() == [30, 31]


def test_the_job_is_the_tree_whatever_the_parents() -> None:
    kernel = Kernel([30, 31])
    fake = FakePsutil(FakeProcess(30, 4), FakeProcess(31, 999), FakeProcess(32, 30))
    tree = windows.JobTree(windows.Job(kernel, kernel), psutil=fake)
    assert [p.pid for p in tree.scan()] == [30, 31]
    assert tree.cpu_s == pytest.approx(2.0)


class Quiet:
    """A watcher that stops at the first sample, or never."""

    def __init__(self, stops: bool) -> None:
        self.stops = stops
        self.events: list[str] = []
        self.outcome: Outcome | None = None

    def decide(self, sample: Sample) -> Keep | Stop:
        return Stop("memory", "too much") if self.stops else Keep()

    def on_sample(self, sample: Sample, decision: object) -> None:
        pass

    def on_event(self, event: Event) -> None:
        self.events.append(event.kind)

    def on_end(self, outcome: Outcome, last: Sample | None) -> None:
        self.outcome = outcome


class FakePopen:
    """A command that ends when the job is terminated, else after two polls with 7."""

    _handle = 77

    def __init__(self, kernel: Kernel, ends: bool) -> None:
        self.kernel = kernel
        self.ends = ends
        self.pid = os.getpid()
        self.polls = 0
        self.returncode: int | None = None

    def poll(self) -> int | None:
        self.polls += 1
        if self.ends and self.polls > 1:
            self.returncode = 7
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if "terminate" in self.kernel.calls and self.returncode is None:
            self.returncode = 1
        if self.returncode is None:
            raise subprocess.TimeoutExpired("x", timeout or 0)
        return self.returncode

    def kill(self) -> None:
        self.kernel.calls.append("kill")


def guarded(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel, *, ends: bool, stops: bool = False
) -> tuple[Outcome, Quiet]:
    flags = []

    def popen(command: Any, *, env: dict[str, str], creationflags: int) -> FakePopen:
        flags.append(creationflags)
        assert env[RUN_ID] == "run"
        return FakePopen(kernel, ends)

    monkeypatch.setattr(windows.subprocess, "Popen", popen)
    monkeypatch.setattr(windows.JobGuard, "_break", lambda self, group: None)
    monkeypatch.setattr(windows.PsutilTree, "scan", lambda self, *, fresh_commands=False: [])
    watcher = Quiet(stops)
    settings = GuardSettings("run", grace_s=0.1)
    job = windows.Job(kernel, kernel)
    outcome = windows.JobGuard(settings, watcher, job).run(["node"])
    assert flags == [0x4 | 0x200], "suspended, so that nothing is started outside the job"
    return outcome, watcher


def test_on_windows_the_command_is_put_into_the_job_before_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel()
    outcome, watcher = guarded(monkeypatch, kernel, ends=True)
    assert outcome.exit_code == 7 and outcome.stopped_by is None
    assert kernel.calls == ["assign", "resume", "terminate"]
    assert watcher.events == ["started", "ended"]
    assert watcher.outcome == outcome


def test_on_windows_a_stop_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel([40])
    outcome, watcher = guarded(monkeypatch, kernel, ends=False, stops=True)
    assert (outcome.exit_code, outcome.stopped_by) == (124, "memory")
    assert kernel.calls[-1] == "terminate"
    assert watcher.events == ["started", "stopping"]


def test_on_windows_a_command_that_no_job_takes_is_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel(assigns=False)
    outcome, _ = guarded(monkeypatch, kernel, ends=True)
    assert outcome.exit_code == 125 and not outcome.started
    assert kernel.calls == ["assign", "kill"]
