"""The answers to a question about one suite: in all worlds, and in those of one environment."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar, cast

from configguard.evaluate.machine import Thrown
from configguard.evaluate.values import Unknown
from configguard.evaluate.worlds import Case, within

T = TypeVar("T")


class Absent:
    """The suite that is asked about does not exist in this world."""


ABSENT = Absent()


class Within(Generic[T]):
    """The answers to one question in one environment.

    `all`: in every world; `cases`: in those that have the suite; `everywhere`: all of them do.
    """

    def __init__(self, every: list[Case[T | Thrown | Unknown | Absent]]) -> None:
        self.all = every
        there = [case for case in every if case.answer is not ABSENT]
        self.cases = cast("list[Case[T | Thrown | Unknown]]", there)
        self.everywhere = len(self.cases) == len(every)


class Answered(Generic[T]):
    """The answers to one question in all worlds of both environments."""

    def __init__(self, cases: list[Case[T | Thrown | Unknown | Absent]]) -> None:
        self.cases = cases

    def within(self, environment: str) -> Within[T]:
        """Those of one environment."""
        return Within(within(self.cases, environment))

    def values(self, environment: str) -> list[T]:
        """Those of the worlds of one environment in which it loads and has the suite."""
        answers = (case.answer for case in within(self.cases, environment))
        return [one for one in answers if not isinstance(one, Thrown | Unknown | Absent)]


class Answers(NamedTuple):
    """All that is asked of one suite, by name: the facts, what follows from them, and more."""

    all: dict[str, Answered[Any]]
    facts: tuple[str, ...]
    derived: tuple[str, ...]
