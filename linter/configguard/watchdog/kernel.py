"""System calls that Python has no name for, and signals that cannot hit a reused pid."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_prctl: Callable[..., int] | None = None
if sys.platform == "linux":
    try:
        _prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):  # a static Python: no subreaper, as on macOS
        _prctl = None


def become_subreaper() -> bool:
    """Make orphans below us our children. False where the system cannot."""
    return _prctl is not None and _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with_parent(parent: int) -> None:
    """Ask to be killed when the parent is (Linux). To be called in the child."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)


def send(pid: int, started: float, number: int, started_of: Callable[[int], float | None]) -> bool:
    """Send a signal to the process that is `(pid, started)` and to no other.

    False where it is gone or may not be signalled.
    """
    try:
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        return False
    except OSError:  # a kernel before 5.3, or a sandbox that forbids the call
        handle = None
    try:
        # What the handle holds cannot be another process from here on.
        if started_of(pid) != started:
            return False
        if handle is None:
            os.kill(pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True
