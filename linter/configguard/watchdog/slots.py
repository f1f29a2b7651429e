"""Machine-wide slots: `maxConcurrentTests` over all guarded runs of a user.

Each slot is a file with a lock of the kernel, so that a killed run frees its slots.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

MOST = 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class Slots:
    """Slots that this run holds, in the order of their numbers."""

    def __init__(self, locks: dict[int, BaseFileLock]) -> None:
        self._locks = locks

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(self._locks)

    def release(self) -> None:
        """Give them back."""
        for lock in self._locks.values():
            lock.release()
        self._locks = {}


def take(
    folder: Path, wanted: int, total: int, wait_s: float = 0, told: Callable[[], None] | None = None
) -> Slots | None:
    """`wanted` of `total` slots, all or none; None where they do not get free in time.

    `told` is called once, where there is something to wait for. Raises OSError.
    """
    total = max(1, min(total, MOST))
    wanted = max(1, min(wanted, total))
    where = folder / "slots"
    where.mkdir(mode=0o700, exist_ok=True)
    end = time.monotonic() + wait_s
    pause = _FIRST_PAUSE
    while True:
        held = _try(where, wanted, total)
        if held is not None:
            return held
        if time.monotonic() >= end:
            return None
        if told is not None:
            told()
            told = None
        # Two that wait must not always ask at the same moment.
        time.sleep(min(pause * (0.5 + random.random()), max(end - time.monotonic(), 0.01)))  # noqa: S311 - no secret
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _try(where: Path, wanted: int, total: int) -> Slots | None:
    """One attempt. Who asks holds a lock for that moment: so nobody keeps half of what he needs."""
    from filelock import FileLock, Timeout

    locks: dict[int, BaseFileLock] = {}
    try:
        with FileLock(where / "asking.lock", timeout=5, thread_local=False):
            for number in range(total):
                if len(locks) == wanted:
                    break
                lock = FileLock(where / f"slot-{number}.lock", timeout=0, thread_local=False)
                with contextlib.suppress(Timeout):
                    lock.acquire()
                    locks[number] = lock
    except Timeout:
        pass
    if len(locks) == wanted:
        return Slots(locks)
    Slots(locks).release()
    return None
