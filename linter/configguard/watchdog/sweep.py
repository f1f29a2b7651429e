"""Ends what guarded runs left behind whose front and keeper were both killed.

Every process of a run has its id in its environment, and the id names the front.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from configguard.watchdog.guarding import RUN_ID
from configguard.watchdog.processes import role_of, shown_command
from configguard.watchdog.registry import RUN_ID as ID_FORM
from configguard.watchdog.registry import front_of, started

GRACE_S = 2.0
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Left:
    """A process that a dead run left: whose, and what it is."""

    pid: int
    start: int
    run_id: str
    role: str
    command: str


def left_behind() -> list[Left]:
    """The processes of this user that belong to a run whose front is gone."""
    import psutil

    found: list[Left] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError, ValueError):
            run_id = process.environ().get(RUN_ID)
            if run_id is None or ID_FORM.fullmatch(run_id) is None or not _ours(process.pid):
                continue
            start = started(process.pid)
            if start is None or front_of(run_id) is not None or process.pid == os.getpid():
                continue
            command = process.cmdline()
            role = role_of(process.name(), command)
            found.append(Left(process.pid, start, run_id, role, shown_command(command, 100)))
    return found


def _ours(pid: int) -> bool:
    """Whether a process is of this user and counts its pids as we do: a container does not."""
    if sys.platform != "linux":
        import psutil

        return bool(psutil.Process(pid).uids().real == os.getuid()) if os.name == "posix" else True
    return (
        os.stat(f"/proc/{pid}").st_uid == os.getuid()
        and os.stat(f"/proc/{pid}/ns/pid").st_ino == os.stat("/proc/self/ns/pid").st_ino
    )


def end(found: list[Left], grace_s: float = GRACE_S) -> list[Left]:
    """End them: TERM, a moment, KILL until none is left; those that would not."""
    for left in found:
        _send(left, force=False)
    until = time.monotonic() + grace_s
    while list(_living(found)) and time.monotonic() < until:
        time.sleep(0.05)
    ids = {left.run_id for left in found}
    for _ in range(_ROUNDS):
        # What they started in the meantime is theirs too.
        again = [left for left in left_behind() if left.run_id in ids]
        rest = {(left.pid, left.start): left for left in (*_living(found), *again)}
        if not rest:
            return []
        for left in rest.values():
            _send(left, force=True)
        time.sleep(0.05)
    return list(rest.values())


def _living(found: list[Left]) -> Iterator[Left]:
    return (left for left in found if started(left.pid) == left.start)


def _send(left: Left, *, force: bool) -> None:
    """Signal a process if its pid is not another's by now."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(left.pid)
        if started(left.pid) == left.start:
            if force:
                process.kill()
            else:
                process.terminate()
