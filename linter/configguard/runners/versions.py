"""Versions of runners, and plain comparators over them; cheap, for every start."""

from __future__ import annotations

from functools import cache

Version = tuple[int, int, int]


def parse_version(text: str) -> Version | None:
    """`3.2.7`, `3.2`, `5.0.0-beta.3` (which counts as 5.0.0) as numbers; None for anything else."""
    plain = text.strip().removeprefix("v").split("+")[0].split("-")[0]
    parts = plain.split(".")
    if not 1 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        return None
    major, minor, patch = (*map(int, parts), 0, 0)[:3]
    return major, minor, patch


@cache
def matches(version: str, comparators: str) -> bool:
    """Whether a version meets all of `>=1.1 <3.2.4`; comparators are `>= > <= < =`."""
    found = parse_version(version)
    if found is None:
        return False
    for comparator in comparators.split():
        operator = comparator.rstrip("0123456789.")
        bound = parse_version(comparator[len(operator) :])
        if bound is None:
            raise ValueError(f"{comparators!r} is no list of comparators")
        met = {
            ">=": found >= bound,
            ">": found > bound,
            "<=": found <= bound,
            "<": found < bound,
            "=": found == bound,
        }[operator]
        if not met:
            return False
    return True
