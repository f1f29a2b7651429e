"""`{a,b}` and `{1..3}` in patterns, as bash and the libraries of the runners read them."""

from __future__ import annotations

from typing import Final

MOST_BRACES: Final = 50
"""A pattern with more is not expanded: bracex calls itself for every brace."""


class TooManyAlternatives(ValueError):
    """The braces of a pattern stand for more patterns than asked for, or there are too many."""


def alternatives(pattern: str, limit: int, *, keep_escapes: bool = False) -> list[str]:
    """The patterns without braces that one stands for. Raises TooManyAlternatives."""
    if "{" not in pattern and keep_escapes:
        return [pattern]
    if pattern.count("{") > MOST_BRACES:
        raise TooManyAlternatives(f"over {MOST_BRACES} braces")
    import bracex

    try:
        return list(bracex.expand(pattern, limit=limit, keep_escapes=keep_escapes))
    except bracex.ExpansionLimitException:
        raise TooManyAlternatives(f"more than {limit} alternatives") from None
