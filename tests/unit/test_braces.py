"""Braces in patterns: what they stand for, and where they are too many."""

from __future__ import annotations

import pytest

from configguard.source.braces import TooManyAlternatives, alternatives


def test_what_braces_stand_for() -> None:
    assert alternatives("a/{b,c}.{1..2}", 10) == ["a/b.1", "a/b.2", "a/c.1", "a/c.2"]
    assert alternatives("plain", 10) == ["plain"]
    assert alternatives(r"\{a,b}", 10, keep_escapes=True) == [r"\{a,b}"]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{a,b}{a,b}{a,b}{a,b}", "more than 10 alternatives"),
        ("{1..999999999}", "more than 10 alternatives"),
        ("{a}" * 5_000, "over 50 braces"),
        ("{" * 5_000 + "a,b" + "}" * 5_000, "over 50 braces"),
        ("{" * 5_000, "over 50 braces"),
    ],
)
def test_too_many(pattern: str, reason: str) -> None:
    with pytest.raises(TooManyAlternatives, match=reason):
        alternatives(pattern, 10)
