"""Edits that later fixes of the same file have made idle are taken back."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from configguard.checking.finding import Effect, Mended, Problem
from configguard.checking.session import Judgement, Session
from configguard.fixing.diff import edits_between
from configguard.project.ci.reading import starts_commands
from configguard.runners.profile import same_fact
from configguard.source.edits import apply_edits
from configguard.source.workspace import Unreadable, Workspace
from configguard.syntax.trees import Parsed, parse

_MOST_EDITS = 30


class Fixed(NamedTuple):
    """What fixing would write: new bytes by file, what it mends, what is so afterwards."""

    changes: dict[str, bytes]
    mended: tuple[Mended, ...]
    judgement: Judgement
    effects: tuple[Effect, ...] = ()
    problems: tuple[Problem, ...] = ()


def without_idle(before: Workspace, final: Session, fixed: Fixed) -> Fixed:
    """The same outcome with the edits left out that it does not need.

    `final`: the session in which all fixes are made.
    """
    counts = Counter(one.file for one in fixed.mended)
    read = {file for suite in fixed.judgement.suites for file in suite.files}
    for file in fixed.changes:
        if counts[file] > 1 and file in read and not starts_commands(file):
            final, fixed = _without_idle_of(before, final, fixed, file)
    return fixed


def _without_idle_of(
    workspace: Workspace, final: Session, fixed: Fixed, file: str
) -> tuple[Session, Fixed]:
    before = workspace.read(file)
    if isinstance(before, Unreadable):
        return final, fixed
    edits = list(edits_between(file, before.data, fixed.changes[file]))
    if not 1 < len(edits) <= _MOST_EDITS:
        return final, fixed
    # What is taken out for good was dead already: that alone is no reason to leave it.
    for edit in [one for one in edits if one.text.strip()]:
        fewer = [one for one in edits if one is not edit]
        data = apply_edits(before.data, fewer)
        document = final.workspace.with_overlay({file: data}).read(file)
        if isinstance(document, Unreadable) or not isinstance(parse(document), Parsed):
            continue
        without = final.rejudged(fixed.judgement, {file: data})
        if _alike(without, fixed.judgement):
            edits = fewer
            changes = {**fixed.changes, file: data}
            fixed = fixed._replace(changes=changes, judgement=without)
            final = final.over({file: data})
    return final, fixed


def _alike(one: Judgement, other: Judgement) -> bool:
    """Whether two judgements find the same, of suites that do the same."""
    if {draft.key for draft in one.drafts} != {draft.key for draft in other.drafts}:
        return False
    if [suite.id for suite in one.suites] != [suite.id for suite in other.suites]:
        return False
    for old, new in zip(one.suites, other.suites, strict=True):
        if old.profiles.keys() != new.profiles.keys():
            return False
        for environment, profile in old.profiles.items():
            facts = new.profiles[environment].facts
            if profile.facts.keys() != facts.keys():
                return False
            if not all(same_fact(fact, facts[name]) for name, fact in profile.facts.items()):
                return False
    return True
