"""Which tree, which signals, which reaping this platform has."""

from __future__ import annotations

import os
import sys
import time

from configguard.watchdog.ending import Ending
from configguard.watchdog.kernel import send
from configguard.watchdog.sampling import Identified, Tree


def new_tree(root: int, run_id: str, *, adopts: bool) -> Tree:
    """The tree below a process, by the cheapest way that works here. Raises OSError.

    `adopts`: the root is a subreaper, so that a process is always below it.
    """
    if adopts and sys.platform == "linux" and os.path.isdir("/proc/self"):
        from configguard.watchdog.procfs import ProcfsTree

        return ProcfsTree(root)
    from configguard.watchdog.psutil_tree import PsutilTree

    footprint = None
    if sys.platform == "darwin":
        from configguard.watchdog.macos import footprint_mb as footprint
    return PsutilTree(root, run_id, footprint=footprint)


def started_of(pid: int) -> float | None:
    """The second half of a process's identity; None where it is gone or cannot be read."""
    if sys.platform == "linux":
        from configguard.watchdog.procfs import read_stat

        try:
            stat = read_stat(pid)
        except OSError:
            return None
        return None if stat is None or stat.dead else stat.started
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def new_ending(root: int, run_id: str, *, adopts: bool) -> Ending:
    """What ends the tree below a process."""
    tree = new_tree(root, run_id, adopts=adopts)

    def deliver(target: Identified, number: int) -> bool:
        return send(target.pid, target.started, number, started_of)

    return Ending(
        living=tree.living, send=deliver, reap=reap_all, pause=time.sleep, clock=time.monotonic
    )


def reap_all() -> None:
    """Wait for every child that ended, without blocking."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
