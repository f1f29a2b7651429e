"""A stretch of bytes in one file, and the place a person calls it by."""

from __future__ import annotations

import itertools
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


MAX_ORIGIN = 200
"""10,000 times `a += 1` would make chains of 10,000 spans: nobody reads them."""


def chain(*origins: Origin) -> Origin:
    """Join origins outwards, each span once, in order; of very many the first ones and the last."""
    told = [origin for origin in origins if origin]
    if len(told) == 1 and len(told[0]) == 1:
        return told[0]
    joined = tuple(dict.fromkeys(itertools.chain.from_iterable(told)))
    return joined if len(joined) <= MAX_ORIGIN else (*joined[: MAX_ORIGIN - 1], joined[-1])
