"""What a fix may change of a suite: the facts that it is meant to, and no other."""

from __future__ import annotations

from collections.abc import Mapping

from configguard.checking.check import Draft
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


def suite_fault(
    old: Suite, new: Suite, draft: Draft | None, free: Mapping[str, float]
) -> str | None:
    """What a fix would change of a suite that it should not; None where it is as it should be.

    `draft`: the finding about the suite, if there is one; `free`: facts that may change with it.
    """
    if old.profiles.keys() != new.profiles.keys():
        return f"{new.id} would run in other environments"
    for environment, profile in old.profiles.items():
        fault = _profile_fault(environment, profile, new.profiles[environment], draft, free)
        if fault is not None:
            return f"in {new.id} {fault}"
    return None


def _profile_fault(
    environment: str, old: Profile, new: Profile, draft: Draft | None, free: Mapping[str, float]
) -> str | None:
    """A fact outside the fix's declared effect that would change."""
    wanted = draft.wanted if draft is not None else {}
    moved = frozenset[str]()
    if draft is not None:
        suite, names = draft.subject.suite, [new for _, new in draft.moves]
        moved = facts_set_by(suite.runner, suite.version, names)
    for name in {**old.facts, **new.facts}:
        before, after = old.facts.get(name), new.facts.get(name)
        meant = draft is not None and environment in draft.environments
        if name in wanted and meant:
            if not _reaches(before, after, wanted[name]):
                return f"{name} would not be {wanted[name]:g}"
        elif (
            name in moved
            or (name in free and draft is None)
            or (name == "outcome" and draft is not None and _better(before, after))
        ):
            continue
        elif not _same(before, after):
            return f"{name} would change ({environment})"
    return None


def _reaches(before: Fact | None, after: Fact | None, wanted: float) -> bool:
    """Whether a fact is what is wanted; a case that was no fault may stay what it was."""
    if before is None or after is None:
        return False
    old = {case.when: case.fact for case in cases_of(before)}
    return all(
        (isinstance(case.fact, KnownFact) and case.fact.value == wanted)
        or (case.when in old and _elsewhere(case.when) and _kept(old[case.when], case.fact, wanted))
        for case in cases_of(after)
    )


def _elsewhere(when: When) -> bool:
    """Whether it is a case of a variable that is set, or of some versions alone."""
    return not when.usual or when.versions is not None


def _kept(old: SimpleFact, new: SimpleFact, wanted: float) -> bool:
    """Whether such a case is untouched, and not itself above what is wanted."""
    above = isinstance(old, KnownFact) and isinstance(old.value, float) and old.value > wanted
    return same_value(old, new) and not above


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
