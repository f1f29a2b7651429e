"""A stretch of bytes in one file, and the place a person calls it by."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Bytes `start` to `end` (exclusive) of `file` (relative to the root, with `/`)."""

    file: str
    start: int
    end: int


class Position(NamedTuple):
    """Line and column, both 1-based; columns count code points, a BOM counts as none."""

    line: int
    column: int


Origin = tuple[Span, ...]
"""The chain of spans that made a value: where it is used first, the literal last."""


def chain(*origins: Origin) -> Origin:
    """Join origins outwards, each span once, in order."""
    told = [origin for origin in origins if origin]
    if len(told) == 1 and len(told[0]) == 1:
        return told[0]
    return tuple(dict.fromkeys(span for origin in told for span in origin))
