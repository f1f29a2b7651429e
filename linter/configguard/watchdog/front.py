"""The front: what the user started. It waits, passes signals on, and outlives the keeper.

Front and keeper hold each other: the front's death closes the lifeline, which the keeper reads;
the keeper's death makes its tree the front's (Linux: both are subreapers).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

from configguard.watchdog.command import FORWARDED, Inherited
from configguard.watchdog.guarding import FAULT_EXIT, GuardSettings, Outcome, Watcher
from configguard.watchdog.handover import read_outcome, silence_stdio
from configguard.watchdog.keeper import Keeper
from configguard.watchdog.kernel import become_subreaper
from configguard.watchdog.terminal import Terminal

_SHORT_GRACE_S = 0.5


def guard_posix(command: Sequence[str], settings: GuardSettings, watcher: Watcher) -> Outcome:
    """Run a command under a keeper; hand back how it ended. Raises OSError (no fork)."""
    started = time.monotonic()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            stream.flush()
    _open_stdio()
    terminal = Terminal()
    inherited = Inherited.now()
    # Ignored (some agents leave it so), our children would be taken away from us.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Our last line must not stop us in the background (`stty tostop`).
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    adopts = become_subreaper()
    report = _nameless_file()
    lifeline_out, lifeline_in = os.pipe()
    held = set(FORWARDED) - inherited.ignored
    # What comes in between is kept until there is somebody to pass it on to.
    signal.pthread_sigmask(signal.SIG_BLOCK, held)
    pid = os.fork()
    if pid == 0:
        os.close(lifeline_in)
        Keeper(settings, watcher, terminal, inherited, lifeline_out, report).run(command)
    os.close(lifeline_out)
    # A reader of the command's output must see its end when the command closes it.
    silence_stdio()
    front = _Front(pid, lifeline_in, held)
    front.wait()
    outcome = read_outcome(report)
    os.close(report)
    if outcome is None:
        outcome = _without_keeper(settings, terminal, started, adopts=adopts)
    front.close()
    return outcome


class _Front:
    def __init__(self, keeper: int, lifeline: int, held: set[signal.Signals]) -> None:
        self._keeper = keeper
        self._lifeline = lifeline
        self._old = {number: signal.signal(number, self._pass_on) for number in held}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        del frame
        with contextlib.suppress(OSError):  # the keeper is gone: `wait` is about to see it
            os.write(self._lifeline, bytes((number,)))

    def wait(self) -> None:
        """Wait for the keeper; as PID 1 for whatever else comes to us too."""
        while True:
            try:
                pid, _ = os.waitpid(-1, 0)
            except ChildProcessError:
                return
            if pid == self._keeper:
                return

    def close(self) -> None:
        os.close(self._lifeline)
        for number, handler in self._old.items():
            signal.signal(number, handler)


def _without_keeper(
    settings: GuardSettings, terminal: Terminal, started: float, *, adopts: bool
) -> Outcome:
    """The keeper was killed: its tree is ours now, and is ended with a short grace."""
    from configguard.watchdog.platform import new_ending, new_tree

    left = new_ending(os.getpid(), settings.run_id, adopts=adopts).end(
        min(settings.grace_s, _SHORT_GRACE_S)
    )
    pids = {process.pid for process in left}
    tree = new_tree(os.getpid(), settings.run_id, adopts=adopts)
    survivors = tuple(p for p in tree.scan() if p.pid in pids) if pids else ()
    terminal.restore()
    return Outcome(
        exit_code=FAULT_EXIT,
        stopped_by="keeper-lost",
        text="the keeper of the run was killed, so the command was ended too",
        survivors=survivors,
        seconds=time.monotonic() - started,
        recorded=False,
    )


def _open_stdio() -> None:
    """Open what was closed (`<&-`): our pipes would get the numbers of the standard streams."""
    for stream in (0, 1, 2):
        try:
            os.fstat(stream)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("configguard", os.MFD_CLOEXEC)
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
