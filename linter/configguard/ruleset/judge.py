"""One check of a rule against the facts of one subject: which cases break it, which are open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from configguard.evaluate import constraints
from configguard.evaluate.constraints import UNDECIDED
from configguard.ruleset.rule import Check
from configguard.runners.profile import (
    Fact,
    FactCase,
    KnownFact,
    RangeFact,
    SimpleFact,
    UnknownFact,
    cases_of,
    number,
)


class Violation(NamedTuple):
    """A fact that breaks a requirement, in the first case that does.

    `sure`: it does in every case with all open variables unset, in every version and platform.
    """

    fact: str
    case: FactCase
    sure: bool
    limit: str | None


class Verdict(NamedTuple):
    """What one check found. `open` says why what could not be decided could not."""

    violations: tuple[Violation, ...]
    open: tuple[tuple[str, UnknownFact | None], ...]


NOTHING = Verdict((), ())


def judge_check(check: Check, facts: Mapping[str, Fact], cpus: int) -> Verdict:
    """Judge one check: violations, and what stays open."""
    applies = _applies(check, facts, cpus)
    if applies is False:
        return NOTHING
    if applies is None:
        return Verdict((), tuple((name, None) for name in check.applies))
    violations: list[Violation] = []
    undecided: list[tuple[str, UnknownFact | None]] = []
    for name, constraint in check.require.items():
        fact = facts.get(name.split(".")[0])
        if fact is None:
            continue
        meant = [case for case in cases_of(fact) if case.when.holds_at(cpus)]
        verdicts = [(case, _meets(name, constraint, case.fact, cpus)) for case in meant]
        broken = [case for case, met in verdicts if met is False]
        if broken:
            usual = [met for case, met in verdicts if case.when.usual]
            sure = bool(usual) and all(met is False for met in usual)
            violations.append(Violation(name, broken[0], sure, check.limits[name]))
        elif any(met is None for _, met in verdicts):
            unknown = next((case.fact for case, met in verdicts if met is None), None)
            undecided.append((name, unknown if isinstance(unknown, UnknownFact) else None))
    return Verdict(tuple(violations), tuple(undecided))


def plain_value(fact: SimpleFact, cpus: int) -> Any:
    """A fact as a plain value on a machine of so many CPUs; UNDECIDED where it is unknown."""
    match fact:
        case KnownFact(value):
            return value
        case RangeFact():
            return number(fact.expression.at(machine_for(fact, cpus)))
        case _:
            return UNDECIDED


def machine_for(fact: RangeFact, cpus: int) -> float:
    """The CPU count to judge at: the given one, or the nearest at which the runner starts."""
    return max(fact.runs_from, min(float(cpus), fact.runs_to))


def _applies(check: Check, facts: Mapping[str, Fact], cpus: int) -> bool | None:
    parts: list[bool | None] = []
    for name, constraint in check.applies.items():
        fact = facts.get(name.split(".")[0])
        if fact is None:
            return False
        met = [_meets(name, constraint, case.fact, cpus) for case in cases_of(fact)]
        parts.append(constraints.conjunction(met) if False not in met else True in met)
    return constraints.conjunction(parts)


def _meets(name: str, constraint: dict[str, Any], fact: SimpleFact, cpus: int) -> bool | None:
    # `workers.origin` asks where a fact comes from, `workers` what it is.
    value = fact.origin if name.endswith(".origin") else plain_value(fact, cpus)
    if name.endswith(".origin") and isinstance(fact, UnknownFact) and fact.origin != "config":
        value = UNDECIDED
    return constraints.judge(constraint, value)
