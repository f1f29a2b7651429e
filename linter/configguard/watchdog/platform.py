"""Which tree, which signals, which reaping this platform has."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection
from typing import NamedTuple

from configguard.watchdog.ending import Ending
from configguard.watchdog.kernel import send
from configguard.watchdog.sampling import Identified, Tree


class Unseen(NamedTuple):
    """A child of which no more is known than that it lives."""

    pid: int
    started: float
    parent: int


def new_tree(root: int, run_id: str, *, adopts: bool) -> Tree:
    """The tree below a process, by the cheapest way that works here. Raises OSError.

    `adopts`: the root is a subreaper, so that a process is always below it.
    """
    if adopts and sys.platform == "linux" and os.path.isdir("/proc/self"):
        from configguard.watchdog.procfs import ProcfsTree

        return ProcfsTree(root)
    from configguard.watchdog.psutil_tree import PsutilTree

    if sys.platform == "darwin":
        from configguard.watchdog.macos import footprint_mb

        return PsutilTree(root, run_id, footprint=footprint_mb)
    return PsutilTree(root, run_id)


def new_ending(root: int, run_id: str, *, adopts: bool) -> Ending:
    """What ends the tree below a process."""
    tree = new_tree(root, run_id, adopts=adopts)

    def deliver(target: Identified, number: int) -> bool:
        return send(target.pid, target.started, number, tree.started_of)

    ending = Ending(tree.living, deliver, reap_all, time.sleep, time.monotonic)
    ending.adopts = adopts
    if adopts and own_children() is not None:
        ending.strike = strike_children
        ending.unseen = lambda: [Unseen(pid, -1.0, root) for pid in own_children() or ()]
    return ending


def reap_all() -> bool:
    """Wait for every child that ended, without blocking; whether any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def own_children() -> list[int] | None:
    """Our children, also those that ended; None where the kernel keeps no list."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb", buffering=0) as file:
            return [int(pid) for pid in file.read(1 << 16).split()]
    except (OSError, ValueError):
        return None


def strike_children(spared: Collection[int]) -> bool:
    """Kill our children at once. Not waited for, they keep their pids: no other can be hit."""
    children = [pid for pid in own_children() or () if pid not in spared]
    for pid in children:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return bool(children)
