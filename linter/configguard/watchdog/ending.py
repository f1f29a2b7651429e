"""Ends a tree for good: TERM, a grace, then rounds of STOP and KILL until a look finds nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Sequence

from configguard.watchdog.sampling import Identified

_POLL_S = 0.02
_SLOWEST_POLL_S = 0.1
_STRIKES = 200
"""A strike takes less than a tenth of a millisecond."""
_ROUNDS_S = 5.0
"""What STOP and KILL do not end in this time cannot be ended: another user's, or in the kernel."""


class Ending:
    """Ends a tree. What it needs of the system is passed in; a test passes its own."""

    def __init__(
        self,
        living: Callable[[], Sequence[Identified]],
        send: Callable[[Identified, int], bool],
        reap: Callable[[], bool],
        pause: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        """`reap` waits for what ended, without blocking; whether any child is left."""
        self.living = living
        self.send = send
        self.reap = reap
        self.pause = pause
        self.clock = clock
        self.hurry: Callable[[], bool] = lambda: False
        """Whether the grace is to be cut short: the user asked again, memory runs out."""
        self.spared: Collection[tuple[int, float]] = ()
        self.adopts = False
        """No child left means nothing left: a look may miss what is born and gone in between."""
        self.strike: Callable[[Collection[int]], bool] | None = None
        """Kill our own children but these, at once; whether there were any."""
        self.unseen: Callable[[], Sequence[Identified]] = lambda: ()
        """Our children, for where a look finds none of what is left (another user's, hidden)."""
        self.before_kill: Callable[[], None] = lambda: None

    def end(self, grace_s: float, *, skip: Collection[int] = ()) -> tuple[Identified, ...]:
        """End everything; what is left is handed back.

        `skip`: pids that have the first TERM already (the terminal or a group kill sent it).
        """
        if self._ask(grace_s, skip):
            return ()
        self.before_kill()
        return self._force()

    def _is_over(self) -> bool:
        """Whether nothing is left. Without adoption two looks have to agree."""
        if self.adopts and not self.spared:
            return not self.reap()
        return not self._targets()

    def _targets(self) -> list[Identified]:
        """What is to be ended, children first: a parent must not start them anew."""
        self.reap()
        return [p for p in reversed(self.living()) if (p.pid, p.started) not in self.spared]

    def _ask(self, grace_s: float, skip: Collection[int]) -> bool:
        """TERM to each process once, and wait. True when all are gone."""
        until = self.clock() + grace_s
        asked: set[tuple[int, float]] = set()
        pause = _POLL_S
        while True:
            targets = self._targets()
            if not targets and self._is_over():
                return True
            for target in targets:
                if (target.pid, target.started) not in asked:
                    asked.add((target.pid, target.started))
                    if target.pid not in skip:
                        self.send(target, signal.SIGTERM)
                    # A stopped process (Ctrl-Z) acts on TERM only when it goes on.
                    self.send(target, signal.SIGCONT)
            if self.clock() >= until or self.hurry():
                return False
            self.pause(min(pause, max(0.0, until - self.clock())))
            pause = min(pause * 1.5, _SLOWEST_POLL_S)

    def _force(self) -> tuple[Identified, ...]:
        """STOP all, so that none forks while it waits for its KILL; again until none is left."""
        until = self.clock() + _ROUNDS_S
        pause = 0.0
        while True:
            self._strike()
            targets = self._targets()
            if not targets and self._is_over():
                return ()
            if self.clock() >= until:
                return tuple(targets or self.unseen())
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for target in targets:
                    self.send(target, number)
            self.pause(pause)
            pause = min(pause + 0.005, _POLL_S)

    def _strike(self) -> None:
        """Kill what is our child, faster than a look: some fork and end in a millisecond."""
        spared = {pid for pid, _ in self.spared}
        for _ in range(_STRIKES):
            if self.strike is None or not self.strike(spared):
                return
            self.reap()
