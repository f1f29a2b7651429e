"""What front and keeper share: the outcome's way back, children, standard streams."""

from __future__ import annotations

import marshal
import os
from dataclasses import astuple

from configguard.watchdog.guarding import Outcome
from configguard.watchdog.sampling import ProcessSample


def reaped_s() -> float:
    """CPU time of all children that we waited for, and of all that these had waited for."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(usage.ru_utime + usage.ru_stime)


def silence_stdio() -> None:
    """Let go of the command's stdin and stdout: a pipe must end when the command closes it."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(null, stream)
    if null > 2:
        os.close(null)


def write_outcome(report: int, outcome: Outcome) -> None:
    """Hand an outcome to the front."""
    os.pwrite(report, marshal.dumps(astuple(outcome)), 0)


def read_outcome(report: int) -> Outcome | None:
    """The outcome that the keeper wrote; None where it was killed before it could."""
    size = os.fstat(report).st_size
    try:
        values = list(marshal.loads(os.pread(report, size, 0)))  # noqa: S302 - our own file, nameless
    except (EOFError, ValueError, TypeError):
        return None
    names = list(Outcome.__dataclass_fields__)
    for name in ("leftovers", "kept", "survivors"):
        at = names.index(name)
        values[at] = tuple(ProcessSample(*process) for process in values[at])
    return Outcome(*values)
