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
    When,
    cases_of,
    number,
)


class Violation(NamedTuple):
    """A fact that breaks a requirement, in the first case that does in the newest version.

    `sure`: it does in every case with all open variables unset, in every version and platform.
    `whens`: the conditions of all cases that break it.
    """

    fact: str
    case: FactCase
    sure: bool
    limit: str | None
    check: Check
    whens: tuple[When, ...]

    @property
    def name(self) -> str:
        """The fact's own name: `workers` of `workers.origin`."""
        return self.fact.split(".")[0]


class Verdict(NamedTuple):
    """What one check found. `open` says why what could not be decided could not."""

    violations: tuple[Violation, ...]
    open: tuple[tuple[str, UnknownFact | None], ...]


NOTHING = Verdict((), ())


def judge_check(check: Check, facts: Mapping[str, Fact], cpus: int) -> Verdict:
    """Judge one check: violations, and what stays open."""
    parts = {name: _applies(name, check, facts, cpus) for name in check.applies}
    if False in parts.values():
        return NOTHING
    undecided = [(name, None) for name, holds in parts.items() if holds is None]
    if undecided:
        return Verdict((), tuple(undecided))
    violations: list[Violation] = []
    left_open: list[tuple[str, UnknownFact | None]] = []
    for name, constraint in check.require.items():
        fact = facts.get(name.split(".")[0])
        if fact is None:
            continue
        meant = [case for case in cases_of(fact) if case.when.holds_at(cpus)]
        verdicts = [
            (case, _meets(name, constraint, case.fact, cpus))
            for case in meant
            if _may_apply(check, facts, case.when, cpus)
        ]
        broken = [case for case, met in verdicts if met is False]
        if broken:
            usual = [met for case, met in verdicts if case.when.usual]
            sure = bool(usual) and all(met is False for met in usual)
            whens = tuple(case.when for case in broken)
            # Of several versions the newest is told of: it is the one that a new install brings.
            told = next(case for case in broken if case.when.versions == whens[-1].versions)
            violations.append(Violation(name, told, sure, check.limits[name], check, whens))
        elif any(met is None for _, met in verdicts):
            unknown = next((case.fact for case, met in verdicts if met is None), None)
            left_open.append((name, unknown if isinstance(unknown, UnknownFact) else None))
    return Verdict(tuple(violations), tuple(left_open))


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


def _applies(name: str, check: Check, facts: Mapping[str, Fact], cpus: int) -> bool | None:
    fact = facts.get(name.split(".")[0])
    if fact is None:
        return False
    met = [_meets(name, check.applies[name], case.fact, cpus) for case in cases_of(fact)]
    return constraints.conjunction(met) if False not in met else True in met


def _may_apply(check: Check, facts: Mapping[str, Fact], when: When, cpus: int) -> bool:
    """Whether the rule can apply in the worlds of one case.

    Two facts that depend on one condition belong together: 3 retries here and none there are no
    difference between here and there where the same variable makes both of them.
    """
    if when.always:
        return True
    for name, constraint in check.applies.items():
        fact = facts[name.split(".")[0]]
        beside = [one.fact for one in cases_of(fact) if one.when.agrees(when)]
        if beside and all(_meets(name, constraint, one, cpus) is False for one in beside):
            return False
    return True


def _meets(name: str, constraint: dict[str, Any], fact: SimpleFact, cpus: int) -> bool | None:
    # `workers.origin` asks where a fact comes from, `workers` what it is.
    value = fact.origin if name.endswith(".origin") else plain_value(fact, cpus)
    if name.endswith(".origin") and isinstance(fact, UnknownFact) and fact.origin != "config":
        value = UNDECIDED
    return constraints.judge(constraint, value)
