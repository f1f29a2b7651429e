"""Constraints in JSON Schema's words, judged three-valued: holds, fails, or not decided.

A library validator would let a text pass `maximum`, and a missing or unknown value everything;
here a word that does not apply to the value's type leaves it undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any


class Undecided(Enum):
    """A value that is not known; or of which only the type is."""

    UNDECIDED = "undecided"
    SOME_TEXT = "some text"


UNDECIDED = Undecided.UNDECIDED
SOME_TEXT = Undecided.SOME_TEXT
Constraint = Mapping[str, Any]


def judge(constraint: Constraint, value: Any) -> bool | None:
    """Whether a plain value (number, text, bool, None, list, dict) meets a constraint."""
    met: bool | None = True
    for word, wanted in constraint.items():
        part = _WORDS[word](wanted, value)
        if part is False:
            return False  # one failure decides
        if part is None:
            met = None
    return met


def conjunction(parts: list[bool | None]) -> bool | None:
    """All hold; one failure decides."""
    if False in parts:
        return False
    return None if None in parts else True


def disjunction(parts: list[bool | None]) -> bool | None:
    """One holds; that decides."""
    if True in parts:
        return True
    return None if None in parts else False


def negation(part: bool | None) -> bool | None:
    """Not; undecided stays undecided."""
    return None if part is None else not part


def same(wanted: Any, value: Any) -> bool:
    """JSON's equality: true is not 1, and 1 is 1.0."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def is_number(value: Any) -> bool:
    """Whether a plain value is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    """JSON Schema's name of a plain value's type."""
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    if value is None:
        return "null"
    return "array" if isinstance(value, list | tuple) else "object"


def _const(wanted: Any, value: Any) -> bool | None:
    if value is SOME_TEXT:
        return None if isinstance(wanted, str) else False
    return None if value is UNDECIDED else same(wanted, value)


def _enum(wanted: Any, value: Any) -> bool | None:
    if isinstance(value, Undecided):
        return disjunction([_const(one, value) for one in wanted])
    return any(same(one, value) for one in wanted)


def _type(wanted: Any, value: Any) -> bool | None:
    names = [wanted] if isinstance(wanted, str) else wanted
    if value is SOME_TEXT:
        return "string" in names
    return None if value is UNDECIDED else kind_of(value) in names


def _bound(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    return lambda wanted, value: compare(value, wanted) if is_number(value) else None


def _contains(wanted: Any, value: Any) -> bool | None:
    if not isinstance(value, list | tuple):
        return None
    return disjunction([judge(wanted, item) for item in value])


_WORDS: dict[str, Callable[[Any, Any], bool | None]] = {
    "const": _const,
    "enum": _enum,
    "type": _type,
    "minimum": _bound(lambda value, wanted: bool(value >= wanted)),
    "maximum": _bound(lambda value, wanted: bool(value <= wanted)),
    "exclusiveMinimum": _bound(lambda value, wanted: bool(value > wanted)),
    "exclusiveMaximum": _bound(lambda value, wanted: bool(value < wanted)),
    "contains": _contains,
    "not": lambda wanted, value: negation(judge(wanted, value)),
    "anyOf": lambda wanted, value: disjunction([judge(one, value) for one in wanted]),
    "allOf": lambda wanted, value: conjunction([judge(one, value) for one in wanted]),
}
