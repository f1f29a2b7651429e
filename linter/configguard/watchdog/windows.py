"""Windows: the command in a Job Object. Not seen: written from Microsoft's pages, never run here.

The kernel keeps the tree together (no breakaway) and kills it when the last handle of the job
closes, so that no keeper is needed: our own end, by whatever, is the tree's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from configguard.watchdog.guarding import (
    FAULT_EXIT,
    LIMIT_EXIT,
    NOT_EXECUTABLE_EXIT,
    NOT_FOUND_EXIT,
    RUN_ID,
    GuardSettings,
    Outcome,
    Stop,
    Watcher,
)
from configguard.watchdog.psutil_tree import Living, PsutilTree
from configguard.watchdog.sampling import ProcessSample
from configguard.watchdog.sight import Sight
from configguard.watchdog.telling import Telling

_CREATE_SUSPENDED = 0x4
_CREATE_NEW_PROCESS_GROUP = 0x200
_CTRL_BREAK_EVENT = 1
_KILL_ON_JOB_CLOSE = 0x2000
_ACCOUNTING, _PROCESS_IDS, _EXTENDED_LIMITS = 1, 3, 9
_TICK_S = 1e-7
_KILLED_CODE = 1
_LIMITS_SIZE, _LIMIT_FLAGS_AT = (144, 16) if ctypes.sizeof(ctypes.c_void_p) == 8 else (112, 16)
"""`JOBOBJECT_EXTENDED_LIMIT_INFORMATION`, and `LimitFlags` after its two times."""
_MOST_PROCESSES = 4096
_POLL_S = 0.05


class Job:
    """A Job Object that ends with us; `kernel` is kernel32, or a test's own."""

    def __init__(self, kernel: Any = None, ntdll: Any = None) -> None:
        library: Any = getattr(ctypes, "WinDLL", None)
        self._kernel = library("kernel32", use_last_error=True) if kernel is None else kernel
        self._ntdll = library("ntdll") if ntdll is None else ntdll
        for name in ("CreateJobObjectW", "OpenProcess"):
            with contextlib.suppress(AttributeError):
                getattr(self._kernel, name).restype = ctypes.c_void_p
        self._handle = ctypes.c_void_p(self._kernel.CreateJobObjectW(None, None))
        flags = b"\0" * _LIMIT_FLAGS_AT + _KILL_ON_JOB_CLOSE.to_bytes(4, "little")
        limits = ctypes.create_string_buffer(flags, _LIMITS_SIZE)
        done = self._handle.value and self._kernel.SetInformationJobObject(
            self._handle, _EXTENDED_LIMITS, limits, _LIMITS_SIZE
        )
        if not done:
            raise OSError("no job object can be made here")

    def hold(self, process: int) -> None:
        """Take in a suspended process, and let it go on. Raises OSError."""
        handle = ctypes.c_void_p(process)
        if not self._kernel.AssignProcessToJobObject(self._handle, handle):
            raise OSError("the command could not be put into a job object")
        self._ntdll.NtResumeProcess(handle)

    def cpu_s(self) -> float:
        """CPU time of all that ever ran in the job."""
        buffer = self._asked(_ACCOUNTING, 48)
        user, kernel = (int.from_bytes(buffer[at : at + 8], "little") for at in (0, 8))
        return (user + kernel) * _TICK_S

    def pids(self) -> list[int]:
        """The processes that live in the job."""
        word = ctypes.sizeof(ctypes.c_void_p)
        buffer = self._asked(_PROCESS_IDS, 8 + word * _MOST_PROCESSES)
        count = int.from_bytes(buffer[4:8], "little")
        starts = range(8, 8 + word * count, word)
        return [int.from_bytes(buffer[at : at + word], "little") for at in starts]

    def kill(self) -> None:
        """End all of it at once."""
        self._kernel.TerminateJobObject(self._handle, _KILLED_CODE)

    def _asked(self, what: int, size: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        if not self._kernel.QueryInformationJobObject(self._handle, what, buffer, size, None):
            raise OSError("the job object does not answer")
        return bytes(buffer.raw)


class JobTree(PsutilTree):
    """What lives in the job, by psutil; CPU time by the job, which counts ended processes."""

    def __init__(self, job: Job, psutil: Any = None) -> None:
        super().__init__(os.getpid(), "", adopts=True, footprint=lambda pid: None, psutil=psutil)
        self._job = job

    def scan(self, *, fresh_commands: bool = False) -> list[ProcessSample]:
        samples = super().scan(fresh_commands=fresh_commands)
        self.cpu_s, self.ended_s = self._job.cpu_s(), 0.0
        self.lost = frozenset()
        return samples

    def _listed(self) -> list[Any]:
        found = []
        for pid in self._job.pids():
            with contextlib.suppress(self._psutil.Error, OSError):
                found.append(self._psutil.Process(pid))
        return found

    def _is_ours(self, process: Any, living: Living) -> bool:
        del process, living
        return True  # whatever its parents: the job is the tree


class JobGuard(Telling):
    """One guarded run on Windows."""

    def __init__(self, settings: GuardSettings, watcher: Watcher, job: Job) -> None:
        super().__init__(settings, watcher)
        self._job = job
        self._asked_twice = False
        self._asked = 0

    def run(self, command: Sequence[str]) -> Outcome:
        """Start the command inside the job, watch it, end the job."""
        env = {**os.environ, **self._settings.env, RUN_ID: self._settings.run_id}
        flags = _CREATE_SUSPENDED | _CREATE_NEW_PROCESS_GROUP
        try:
            process = subprocess.Popen(command, env=env, creationflags=flags)  # noqa: S603 - the user's own command
        except FileNotFoundError:
            text = f"{command[0]}: command not found"
            return self._over(Outcome(NOT_FOUND_EXIT, text=text, started=False))
        except OSError as fault:
            text = f"{command[0]}: {fault.strerror or fault}"
            return self._over(Outcome(NOT_EXECUTABLE_EXIT, text=text, started=False))
        try:
            self._job.hold(int(process._handle))  # type: ignore[attr-defined]  # Windows only
        except OSError as fault:
            process.kill()
            return self._over(Outcome(FAULT_EXIT, text=str(fault), started=False))
        self.tell("started", str(process.pid))
        old = signal.signal(signal.SIGINT, self._interrupted)
        try:
            return self._over(self._watched(process))
        finally:
            signal.signal(signal.SIGINT, old)

    def _watched(self, process: subprocess.Popen[bytes]) -> Outcome:
        sight = Sight(self, lambda: JobTree(self._job), lambda: 0.0, self._settings)
        while process.poll() is None and self._stop is None:
            wait = sight.look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(wait, _POLL_S))
        leftovers: tuple[ProcessSample, ...] = ()
        if self._stop is None:
            self.tell("ended")
            leftovers = sight.processes()
            if leftovers:
                self.tell("leftovers", processes=leftovers)
        else:
            self.tell("stopping", self._stop.text, self._stop.reason, sight.processes())
            self._break(process.pid)
            until = time.monotonic() + (0.5 if self._stop.urgent else self._settings.grace_s)
            while self._job.pids() and time.monotonic() < until and not self._asked_twice:
                time.sleep(_POLL_S)
        if self._stop is not None or self._settings.end_leftovers:
            self._job.kill()
        code = process.wait()
        if self._stop is not None and self._stop.reason != "signal":
            code = LIMIT_EXIT
        return Outcome(
            exit_code=code & 0xFFFFFFFF,
            stopped_by=None if self._stop is None else self._stop.reason,
            text="" if self._stop is None else self._stop.text,
            leftovers=leftovers,
            seconds=self.now(),
            sampler_cpu_s=sight.cost_s(),
            command_code=process.returncode,
        )

    def _interrupted(self, number: int, frame: object) -> None:
        del number, frame
        # The command has a group of its own, where Ctrl-C is off: it gets Ctrl-Break instead.
        self._asked += 1
        self._asked_twice = self._asked > 1
        self.stop(Stop("signal", "Ctrl-C"))

    def _break(self, group: int) -> None:
        with contextlib.suppress(OSError):
            os.kill(group, _CTRL_BREAK_EVENT)

    def _over(self, outcome: Outcome) -> Outcome:
        self.call(lambda: self._watcher.on_end(outcome, None))
        return outcome


def guard_windows(command: Sequence[str], settings: GuardSettings, watcher: Watcher) -> Outcome:
    """Run a command inside a job. Raises OSError where no job can be made."""
    return JobGuard(settings, watcher, Job()).run(command)
