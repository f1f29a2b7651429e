"""One check of a rule against the facts of one subject: which cases break it, which are open."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from configguard.evaluate import constraints
from configguard.evaluate.constraints import UNDECIDED
from configguard.ruleset.rule import Check
from configguard.runners.profile import (
    Fact,
    FactCase,
    KnownFact,
    OneOfFact,
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
        return _asked(self.fact)[0]


class Verdict(NamedTuple):
    """What one check found. `open` says why what could not be decided could not."""

    violations: tuple[Violation, ...]
    open: tuple[tuple[str, UnknownFact | None], ...]


NOTHING = Verdict((), ())


def judge_check(check: Check, facts: Mapping[str, Fact], cpus: int) -> Verdict:
    """Judge one check: violations, and what stays open."""
    undecided: list[tuple[str, None]] = []
    for name, constraint in check.applies.items():
        holds = _applies(name, constraint, facts, cpus)
        if holds is False:
            return NOTHING
        if holds is None:
            undecided.append((name, None))
    if undecided:
        return Verdict((), tuple(undecided))
    violations: list[Violation] = []
    left_open: list[tuple[str, UnknownFact | None]] = []
    for name, constraint in check.require.items():
        fact = facts.get(_asked(name)[0])
        if fact is None:
            continue
        if not isinstance(fact, OneOfFact) and _meets(name, constraint, fact, cpus):
            continue  # as nearly all do
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
    if not violations and not left_open:
        return NOTHING
    return Verdict(tuple(violations), tuple(left_open))


@cache
def _asked(name: str) -> tuple[str, bool]:
    """The fact that a constraint's name is about, and whether it asks where that comes from:
    `workers.origin` does, `workers` asks what it is."""
    return name.split(".")[0], name.endswith(".origin")


def plain_value(fact: SimpleFact, cpus: int) -> Any:
    """A fact as a plain value on a machine of so many CPUs; UNDECIDED where it is unknown."""
    if isinstance(fact, KnownFact):
        return fact.value
    if isinstance(fact, RangeFact):
        return number(fact.expression.at(machine_for(fact, cpus)))
    return UNDECIDED


def machine_for(fact: RangeFact, cpus: int) -> float:
    """The CPU count to judge at: the given one, or the nearest at which the runner starts."""
    return max(fact.runs_from, min(float(cpus), fact.runs_to))


def _applies(
    name: str, constraint: dict[str, Any], facts: Mapping[str, Fact], cpus: int
) -> bool | None:
    fact = facts.get(_asked(name)[0])
    if fact is None:
        return False
    if not isinstance(fact, OneOfFact):
        return _meets(name, constraint, fact, cpus)
    met = [_meets(name, constraint, case.fact, cpus) for case in fact.cases]
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
    if not _asked(name)[1]:
        return constraints.judge(constraint, plain_value(fact, cpus))
    unclear = isinstance(fact, UnknownFact) and fact.origin != "config"
    return constraints.judge(constraint, UNDECIDED if unclear else fact.origin)
