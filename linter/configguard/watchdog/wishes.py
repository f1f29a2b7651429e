"""What the user wants, out of the signals that reach front and keeper.

A signal from the terminal, or to the whole group, reaches front, keeper and command; one that was
sent to the front alone has to be passed on. Both arrive at the keeper here.
"""

from __future__ import annotations

import signal
from typing import NamedTuple

COPY_S = 0.05
"""The group's own copy reaches the keeper within this time of the front's word."""
_SAME_GROUP_S = 2.0
"""The front's word of a signal to the group comes when the front runs: on a frozen machine late."""
_AGAIN_S = {signal.SIGINT: 0.1}
"""A signal that comes again within a second is the same: timeout(1) sends TERM to its child and to
its group. Only fingers are faster."""
_NEVER = float("-inf")


class Wish(NamedTuple):
    """A signal from outside. `by_group`: all of our process group have it already."""

    number: int
    by_group: bool


class Wishes:
    """Sorts signals; times are passed in."""

    def __init__(self) -> None:
        self._own: dict[int, float] = {}
        self._told: list[tuple[int, float]] = []
        self._last: dict[int, float] = {}

    def reached_keeper(self, number: int, now: float) -> None:
        """A signal came to the keeper itself."""
        self._own[number] = now

    def reached_front(self, number: int, now: float) -> None:
        """The front passes a signal on."""
        self._told.append((number, now))

    @property
    def open(self) -> bool:
        """Whether something waits for its meaning."""
        return bool(self._told) or signal.SIGTERM in self._own

    def due(self, now: float) -> list[Wish]:
        """The wishes that are clear by now, each once."""
        found = []
        waiting = []
        for number, came in self._told:
            by_group = abs(came - self._own.get(number, _NEVER)) < _SAME_GROUP_S
            if by_group or now - came >= COPY_S:
                self._own.pop(number, None)
                found.append(Wish(number, by_group))
            else:
                waiting.append((number, came))
        self._told = waiting
        alone = self._own.get(signal.SIGTERM)
        if alone is not None and now - alone >= _SAME_GROUP_S:
            # Sent to the keeper alone, and meant.
            del self._own[signal.SIGTERM]
            found.append(Wish(signal.SIGTERM, by_group=False))
        return [wish for wish in found if self._is_new(wish.number, now)]

    def _is_new(self, number: int, now: float) -> bool:
        last, self._last[number] = self._last.get(number, _NEVER), now
        return now - last >= _AGAIN_S.get(signal.Signals(number), 1.0)
