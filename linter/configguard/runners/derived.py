"""Facts that follow from other facts of one world, where a rule would need arithmetic.

They are worked out world by world: two facts that depend on one condition belong together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from configguard.evaluate.cpus import CpuExpression, arithmetic
from configguard.runners.profile import KnownFact, RangeFact, SimpleFact, UnknownFact
from configguard.runners.runner import Answer
from configguard.runners.settings import Settings
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, Workspace

Facts = Mapping[str, "SimpleFact | None"]
PLAIN = "as written"
"""Of a number that stands in the config as it counts: nothing was worked out."""
_NUMBER = re.compile(r"[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?")


class Derived(NamedTuple):
    """A named fact: which facts it follows from, and how."""

    needs: tuple[str, ...]
    work_out: Callable[[Facts, Workspace], SimpleFact | None]


def remembered(name: str, answer: Answer) -> Answer:
    """A fact that is worked out once in each world."""

    def told(settings: Settings) -> SimpleFact | None:
        known = settings.worked_out
        place = f"fact {name}"
        if place not in known:
            known[place] = answer(settings)
        fact: SimpleFact | None = known[place]
        return fact

    return told


def following(answers: Mapping[str, Answer], derived: Derived) -> Answer:
    """A derived fact of a runner that tells facts by these answers."""

    def told(settings: Settings) -> SimpleFact | None:
        facts = {
            name: remembered(name, answers[name])(settings)
            for name in derived.needs
            if name in answers
        }
        return derived.work_out(facts, settings.machine.workspace)

    return told


def _retried_tests(facts: Facts, workspace: Workspace) -> SimpleFact | None:
    """At most so many tests at one time come back when they fail; 0 where none does.

    Playwright's retryStrategy `isolated` runs the retries one by one at the end (its types).
    """
    del workspace
    retries, workers, tests = (facts[name] for name in _LOAD)
    if retries is None or workers is None or tests is None:
        return None
    if isinstance(retries, KnownFact) and retries.value == 0:
        return KnownFact(0.0, retries.origin, retries.at)
    strategy = facts.get("retryStrategy")
    if isinstance(strategy, KnownFact) and strategy.value == "isolated":
        return KnownFact(1.0, strategy.origin, strategy.at)
    side_by_side = _product(workers, tests)
    if isinstance(side_by_side, KnownFact) and side_by_side.value == 1:
        return side_by_side
    for fact in (retries, side_by_side):
        if isinstance(fact, UnknownFact):
            return fact
    return side_by_side._replace(origin=retries.origin, at=retries.at)


def _product(workers: SimpleFact, tests: SimpleFact) -> SimpleFact:
    for fact in (workers, tests):
        if isinstance(fact, UnknownFact):
            return fact
    assert isinstance(tests, KnownFact)  # it never depends on the CPUs
    assert isinstance(tests.value, float)
    if isinstance(workers, KnownFact):
        assert isinstance(workers.value, float)
        # Two and a half workers are three at one time (measured on Playwright).
        return workers._replace(value=math.ceil(workers.value) * tests.value)
    assert isinstance(workers, RangeFact)
    operand = workers.expression
    if tests.value != 1:
        product = arithmetic("*", operand, tests.value)
        assert isinstance(product, CpuExpression)  # there is at least one test
        operand = product
    return workers._replace(expression=operand)


_LOAD = ("retries", "workers", "testConcurrency")


def _worked_out(name: str) -> Derived:
    """A timeout that arithmetic or parsing gave; `as written` where it is a plain number.

    Of an unknown one nothing is said here: the fact itself says why it is unknown.
    """

    def work_out(facts: Facts, workspace: Workspace) -> SimpleFact | None:
        fact = facts[name]
        if not isinstance(fact, KnownFact) or not isinstance(fact.value, float):
            return None if fact is None else KnownFact(PLAIN, fact.origin, fact.at)
        if fact.at and not _stands_there(workspace, fact.at[-1], fact.value):
            return fact
        return KnownFact(PLAIN, fact.origin, fact.at)

    return Derived((name,), work_out)


def _stands_there(workspace: Workspace, place: Span, value: float) -> bool:
    """Whether a number is written at a place as what it is worth."""
    document = workspace.read(place.file)
    if isinstance(document, Unreadable):
        return True
    text = document.data[place.start : place.end].decode("utf-8", "replace")
    return _NUMBER.fullmatch(text) is not None and float(text) == value


DERIVED: dict[str, Derived] = {
    "retriedTests": Derived((*_LOAD, "retryStrategy"), _retried_tests),
    "computedTestTimeoutMs": _worked_out("testTimeoutMs"),
    "computedHookTimeoutMs": _worked_out("hookTimeoutMs"),
    "computedGlobalTimeoutMs": _worked_out("globalTimeoutMs"),
    "computedExpectTimeoutMs": _worked_out("expectTimeoutMs"),
    "computedActionTimeoutMs": _worked_out("actionTimeoutMs"),
    "computedNavigationTimeoutMs": _worked_out("navigationTimeoutMs"),
}


def fact_of(name: str) -> str:
    """The fact of the contract that a constraint's name is about: `workers` of `workers.origin`."""
    plain = name.split(".")[0]
    return DERIVED[plain].needs[0] if plain in DERIVED else plain


def needed_for(name: str) -> tuple[str, ...]:
    """The facts that a derived one follows from; none for any other."""
    return DERIVED[name].needs if name in DERIVED else ()
