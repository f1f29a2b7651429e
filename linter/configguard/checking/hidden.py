"""Drafts that are not told: a comment where they stand hides them, or the baseline knows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from configguard.checking.baseline import Baseline, Entry
from configguard.checking.check import Draft, Ruling, absorbed
from configguard.checking.finding import Problem, Suppressed
from configguard.checking.suppress import NONE, Suppression, Suppressions, hiding, suppressions_in
from configguard.checking.wording import grouped, place_of
from configguard.project.suite import Suite
from configguard.source.document import Document
from configguard.source.workspace import Workspace


class Hidden(NamedTuple):
    """A draft that is not told, and what hides it."""

    draft: Draft
    by: Suppressed
    comment: Suppression | None = None


class Comments:
    """What the comments of files hide; they are read once for each text of a file."""

    def __init__(self, known_rules: Collection[str]) -> None:
        self._known_rules = known_rules
        self._found: dict[str, tuple[Document, Suppressions]] = {}

    def of(self, workspace: Workspace, file: str) -> Suppressions:
        """What the comments of one file hide."""
        document = workspace.read(file)
        if not isinstance(document, Document):
            return NONE
        known = self._found.get(file)
        if known is None or known[0] is not document:
            found = suppressions_in(document, self._known_rules)
            known = self._found[file] = (document, found)
        return known[1]

    def hiding(self, workspace: Workspace, draft: Draft) -> Suppression | None:
        """The comment that hides a draft."""
        span = place_of(draft)[0]
        found = self.of(workspace, span.file).found
        document = workspace.read(span.file) if found else None
        if not isinstance(document, Document):
            return None
        return hiding(found, draft.rule.id, document, span.start)

    def problems(self, workspace: Workspace, suites: Iterable[Suite]) -> list[Problem]:
        """What is wrong with the comments in all files that suites come from."""
        files = dict.fromkeys(file for suite in suites for file in sorted(sources_of(suite)))
        return [one for file in files for one in self.of(workspace, file).problems]


def sources_of(suite: Suite) -> set[str]:
    """The files that findings about a suite can stand in."""
    started = [*suite.same_as, *([suite.invocation] if suite.invocation else [])]
    return {*suite.files, *(span.file for one in started for span in one.chain)}


def without_hidden(
    drafts: Sequence[Draft],
    ruling_of: Mapping[str, Ruling],
    hiding_of: Callable[[Draft], Suppression | None],
) -> tuple[list[Draft], list[Hidden]]:
    """The drafts that no comment hides and no other draft explains, and those that one hides."""

    def hidden(draft: Draft) -> list[Hidden]:
        found = hiding_of(draft)
        return [] if found is None else [Hidden(draft, found.said, found)]

    # What is hidden explains nothing: the load behind an ignored setting is told then.
    silent = [one for draft in drafts if draft.rule.absorbs for one in hidden(draft)]
    aside = {id(one.draft) for one in silent}
    left = absorbed([one for one in drafts if id(one) not in aside], ruling_of)
    told = [draft for draft in left if hiding_of(draft) is None]
    return told, [*silent, *(one for draft in left for one in hidden(draft))]


class Kept(NamedTuple):
    """The drafts that are not in the baseline, and those that are; what else the file holds.

    `worse`: the drafts that it knows with better numbers, and its entries.
    """

    told: list[Draft]
    known: list[Hidden]
    stale: tuple[Entry, ...] = ()
    worse: tuple[tuple[Draft, Entry], ...] = ()


def without_known(drafts: Sequence[Draft], baseline: Baseline | None) -> Kept:
    """Drafts by what the baseline says of them."""
    if baseline is None:
        return Kept(list(drafts), [])
    groups = grouped(drafts)
    split = baseline.split(groups)
    pairs = zip(groups, split.known, strict=True)
    known = [draft for group, is_known in pairs if is_known for draft in group]
    ids = {id(draft) for draft in known}
    told = [one for one in drafts if id(one) not in ids]
    worse = tuple((groups[index][0], entry) for index, entry in split.worse.items())
    return Kept(told, in_baseline(known), split.stale, worse)


def in_baseline(drafts: Iterable[Draft]) -> list[Hidden]:
    """Drafts as the baseline hides them."""
    return [Hidden(draft, Suppressed("baseline", "")) for draft in drafts]
