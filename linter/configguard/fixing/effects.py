"""What a fix may change of a suite: the facts that it is meant to, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from configguard.checking.check import FACT_LIMITS, Draft
from configguard.project.suites import Suite
from configguard.runners.profile import (
    Fact,
    KnownFact,
    Profile,
    SimpleFact,
    When,
    cases_of,
    same_value,
)
from configguard.runners.spelling import facts_set_by


class Aim(NamedTuple):
    """The findings about one suite that a fix is to mend."""

    drafts: tuple[Draft, ...] = ()

    def wanted_in(self, environment: str) -> dict[str, float]:
        """The facts that it is to bring about in an environment."""
        found: dict[str, float] = {}
        for draft in self.drafts:
            if environment in draft.environments:
                found.update(draft.wanted)
        return found

    @property
    def moved(self) -> frozenset[str]:
        """The facts that settings decide which are written in another way."""
        found = frozenset[str]()
        for draft in self.drafts:
            suite, names = draft.subject.suite, [new for _, new in draft.moves]
            found |= facts_set_by(suite.runner, suite.version, names)
        return found

    def fine(self, fact: str, environment: str) -> bool:
        """Whether all findings leave a fact as it is in an environment: it breaks no rule there."""
        return all(_is_fine(draft, fact, environment) for draft in self.drafts)

    def broken(self, fact: str, environment: str) -> frozenset[When]:
        """The conditions under which a fact breaks a rule."""
        return frozenset(
            when
            for draft in self.drafts
            for subject, violations in draft.hits
            if subject.environment == environment
            for violation in violations
            if violation.name == fact
            for when in violation.whens
        )


def suite_fault(old: Suite, new: Suite, aim: Aim, free: Mapping[str, float]) -> str | None:
    """What a fix would change of a suite that it should not; None where it is as it should be.

    `aim`: the findings about the suite; `free`: facts that may change where there are none.
    """
    if old.profiles.keys() != new.profiles.keys():
        return f"{new.title} would run in other environments"
    for environment, profile in old.profiles.items():
        fault = _profile_fault(environment, profile, new.profiles[environment], aim, free)
        if fault is not None:
            return f"in {new.title} {fault}"
    return None


def _profile_fault(
    environment: str, old: Profile, new: Profile, aim: Aim, free: Mapping[str, float]
) -> str | None:
    """A fact outside the fix's declared effect that would change."""
    wanted, moved = aim.wanted_in(environment), aim.moved
    for name in {**old.facts, **new.facts}:
        before, after = old.facts.get(name), new.facts.get(name)
        if name in wanted:
            if aim.fine(name, environment) and _same(before, after):
                continue
            if not _reaches(before, after, wanted[name], aim.broken(name, environment), name):
                return f"{name} would not be {wanted[name]:g}"
        elif (
            name in moved
            or (name in free and not aim.drafts)
            or (name == "outcome" and aim.drafts and _better(before, after))
        ):
            continue
        elif not _same(before, after):
            return f"{name} would change ({environment})"
    return None


def _is_fine(draft: Draft, fact: str, environment: str) -> bool:
    """Whether a finding about facts is about others in an environment."""
    if draft.subject.over != "suite":
        return False
    broken = {
        violation.name
        for subject, violations in draft.hits
        if subject.environment == environment
        for violation in violations
    }
    known = {violation.name for _, violations in draft.hits for violation in violations}
    return fact in known and fact not in broken


def _reaches(
    before: Fact | None, after: Fact | None, wanted: float, broken: frozenset[When], name: str
) -> bool:
    """Whether a fact is what is wanted; a case that was no fault may stay what it was."""
    if before is None or after is None:
        return False
    old = {case.when: case.fact for case in cases_of(before)}
    return all(
        (isinstance(case.fact, KnownFact) and case.fact.value == wanted)
        or (
            case.when in old
            and (_elsewhere(case.when) or (broken and case.when not in broken))
            and _kept(old[case.when], case.fact, wanted, name)
        )
        for case in cases_of(after)
    )


def _elsewhere(when: When) -> bool:
    """Whether it is a case of a variable that is set, or of some versions alone."""
    return not when.usual or when.versions is not None


def _kept(old: SimpleFact, new: SimpleFact, wanted: float, name: str) -> bool:
    """Whether such a case is untouched, and no load above what is wanted."""
    above = isinstance(old, KnownFact) and isinstance(old.value, float) and old.value > wanted
    return same_value(old, new) and not (above and name in FACT_LIMITS)


def _better(before: Fact | None, after: Fact | None) -> bool:
    """Whether a run that did not always start now does."""
    del before
    return isinstance(after, KnownFact) and after.value == "runs"


def _same(before: Fact | None, after: Fact | None) -> bool:
    if before is None or after is None:
        return before is after
    old, new = cases_of(before), cases_of(after)
    return len(old) == len(new) and all(
        a.when == b.when and same_value(a.fact, b.fact) for a, b in zip(old, new, strict=True)
    )
