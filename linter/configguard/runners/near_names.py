"""Which of several names was probably meant by a misspelt one."""

from __future__ import annotations

from functools import lru_cache

_SHORT, _LONG = 4, 8
"""From so many letters on, one slip is told from another word; from so many, two are."""


@lru_cache(maxsize=4096)
def nearest(name: str, names: frozenset[str]) -> str | None:
    """The one name that a few slips of the pen may have made; None where there is none, or two."""
    allowed = 0 if len(name) < _SHORT else 1 if len(name) < _LONG else 2
    found: dict[str, int] = {}
    for other in names:
        if other.casefold() == name.casefold():
            found[other] = 0
        elif abs(len(other) - len(name)) <= allowed:
            slips = distance(name, other)
            if slips <= allowed:
                found[other] = slips
    best = min(found.values(), default=None)
    close = [other for other, slips in found.items() if slips == best]
    return close[0] if len(close) == 1 else None


def distance(one: str, other: str) -> int:
    """Letters to add, drop, change or swap with their neighbour, so that two names are the same."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            swapped = i > 1 and j > 1 and one[i - 2] == wanted and letter == other[j - 2]
            row.append(min(cost, last[j - 2] + 1) if swapped else cost)
    return row[-1]
