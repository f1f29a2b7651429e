"""Whether an edited file changes what its fix is meant to change, in every suite, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from configguard.checking.check import Draft
from configguard.checking.session import Session
from configguard.fixing.effects import Aim, suite_fault
from configguard.project.suites import Suite
from configguard.runners.profile import KnownFact, cases_of
from configguard.runners.runner import Key
from configguard.source.document import Document
from configguard.source.workspace import Unreadable
from configguard.syntax.trees import BadSyntax, parse

if TYPE_CHECKING:
    from configguard.fixing.plan import Planner

_STANDS, _CAUSES, OTHERS, _REACHES = 1, 2, 3, 4


class Fault(NamedTuple):
    """Why an edit will not do; of several the weightiest says most of what stands in the way.

    `other`: the suite that it would change besides.
    """

    reason: str
    weight: int = 0
    other: str | None = None


class Passed(NamedTuple):
    """An edit that will do. `also`: findings of other suites that it mends as well."""

    also: tuple[Draft, ...] = ()


def verified(planner: Planner, draft: Draft, file: str, data: bytes) -> Passed | Fault:
    """Judge what reads an edited file anew: it changes what it should and nothing else."""
    session = planner.session
    if isinstance(parse(document_of(session, file, data)), BadSyntax):
        return Fault("the edited file would not parse")
    before, same = planner.reading(file), planner.same(draft)
    after = session.rejudged(before, {file: data})
    now = {suite.id: _afterwards(suite, after.suites) for suite in before.suites}
    keys = {other.key for other in after.drafts}
    for suite_id, one in same.items():
        new = now.get(suite_id)
        if new is None or (one.rule.id, new.id, one.key[2]) in keys:
            return Fault("the finding would still stand", _STANDS)
    meant = {_place(one): one for one in same.values()}
    fault = _new_finding(draft, before.drafts, after.drafts, meant)
    if fault is not None:
        return fault
    alike = _wanting_the_same(draft, before.drafts)
    also: dict[int, Draft] = {}
    for suite in before.suites:
        new = now[suite.id]
        if new is None:
            return Fault(f"{suite.title} would no longer be a suite", _REACHES)
        own, others = same.get(suite.id), alike.get(suite.id, [])
        # What the fix is meant to change may change in every run of the suite.
        place = suite.config, suite.key
        free = meant[place].wanted if place in meant else {}
        reason = suite_fault(suite, new, _aim(own), free)
        if reason is not None and own is None and others:
            reason = suite_fault(suite, new, Aim(tuple(others)), draft.wanted)
            also.update((id(one), one) for one in others)
        if reason is not None:
            if place in meant:
                return Fault(reason, _STANDS)
            return Fault(reason, _REACHES, suite.id)
    return Passed(tuple(also.values()))


def document_of(session: Session, file: str, data: bytes) -> Document:
    """A file with other bytes."""
    document = session.workspace.with_overlay({file: data}).read(file)
    assert not isinstance(document, Unreadable)  # edits keep UTF-8 and the size
    return document


def _aim(draft: Draft | None) -> Aim:
    return Aim(() if draft is None else (draft,))


def _wanting_the_same(draft: Draft, drafts: Iterable[Draft]) -> dict[str, list[Draft]]:
    """The findings of other suites that want nothing but what this fix brings, by suite."""
    found: dict[str, list[Draft]] = {}
    for other in drafts:
        wanted = other.wanted
        if wanted and all(draft.wanted.get(fact) == value for fact, value in wanted.items()):
            found.setdefault(other.subject.suite.id, []).append(other)
    return found


def _new_finding(
    draft: Draft,
    before: Iterable[Draft],
    after: Iterable[Draft],
    meant: dict[tuple[str, Key], Draft],
) -> Fault | None:
    known: dict[object, list[set[str]]] = {}
    for other in before:
        known.setdefault(_about(other), []).append(_topics(other))
    stopped = _refused(draft.subject.suite)
    for other in after:
        # Of several facts that broke a rule one may be left.
        is_new = not any(_topics(other) <= facts for facts in known.get(_about(other), ()))
        if is_new and not (_place(other) in meant and stopped):
            return Fault(f"it would cause another finding: {other.rule.id}", _CAUSES)
    return None


def _about(draft: Draft) -> tuple[object, ...]:
    return draft.rule.id, _place(draft), draft.subject.context


def _topics(draft: Draft) -> set[str]:
    """The facts or settings that a draft is about."""
    return {*draft.topic.split(",")}


def _place(draft: Draft) -> tuple[str, Key]:
    """The suite of a draft, however it is started."""
    return draft.subject.suite.config, draft.subject.suite.key


def _afterwards(suite: Suite, suites: Iterable[Suite]) -> Suite | None:
    """What has become of a suite: one that an invocation ran may do now as it is written."""
    alike = [one for one in suites if one.config == suite.config and one.key == suite.key]
    same = next((one for one in alike if one.id == suite.id), None)
    if same is not None or suite.invocation is None:
        return same
    started = suite.invocation.id
    found = next((o for o in alike if started in [one.id for one in o.same_as]), None)
    if found is None or not suite.profiles.keys() <= found.profiles.keys():
        return None
    return found._replace(profiles={name: found.profiles[name] for name in suite.profiles})


def _refused(suite: Suite) -> bool:
    """Whether the suite did not start before, in some case: then more may come to light."""
    outcomes = (profile.facts["outcome"] for profile in suite.profiles.values())
    return any(
        not (isinstance(case.fact, KnownFact) and case.fact.value == "runs")
        for outcome in outcomes
        for case in cases_of(outcome)
    )
