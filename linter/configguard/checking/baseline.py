"""The baseline: findings that were there when a team began, kept in a file and not told again.

A finding is known by its rule, the file it stands in, the projects it is about and its fact: not
by lines, so edits elsewhere and moved lines change nothing. Each entry hides as many findings as
were there. A script or a project that is added may make a finding one of more projects, or of
others: one project in common is enough.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from configguard import __version__
from configguard.checking.check import Draft
from configguard.checking.finding import Notice, Problem
from configguard.checking.wording import place_of
from configguard.limits.json_file import JsonFault, json_value, places
from configguard.limits.shape import misfits, said, unknown_keys
from configguard.project.suites import suite_id
from configguard.resources import data_folder
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import (
    MAX_LOCK_BYTES,
    Trouble,
    Unreadable,
    Workspace,
    read_regular_file,
)

VERSION = 1


class Known(NamedTuple):
    """What makes findings the same ones as before."""

    rule: str
    file: str
    projects: frozenset[str]
    fact: str

    def meets(self, other: Known) -> bool:
        """Whether they are about the same fact in the same file, in one project at least."""
        alike = (self.rule, self.file, self.fact) == (other.rule, other.file, other.fact)
        return alike and not self.projects.isdisjoint(other.projects)


class Entry(NamedTuple):
    """So many findings of one kind, and where the baseline says so."""

    known: Known
    number: int
    at: Span


class Baseline(NamedTuple):
    """The entries of one file."""

    entries: tuple[Entry, ...] = ()

    def split(self, groups: Sequence[list[Draft]]) -> tuple[list[bool], tuple[Entry, ...]]:
        """For the drafts of each finding whether they are known, and what of the file is left."""
        left = [entry.number for entry in self.entries]
        keys = [known(group) for group in groups]
        found = [False] * len(groups)
        # Those that are exactly the same go first: of two alike the right one stays told.
        for same in (Known.__eq__, Known.meets):
            for index, key in enumerate(keys):
                if found[index]:
                    continue
                for number, entry in enumerate(self.entries):
                    if left[number] and same(entry.known, key):
                        left[number] -= 1
                        found[index] = True
                        break
        stale = (
            entry._replace(number=number)
            for entry, number in zip(self.entries, left, strict=True)
            if number
        )
        return found, tuple(stale)


def known(group: Sequence[Draft]) -> Known:
    """What the baseline calls a finding, by all its drafts."""
    suites = (draft.subject.suite for draft in group)
    projects = frozenset(suite_id(suite.config, suite.key) for suite in suites)
    return Known(group[0].rule.id, place_of(group[0])[0].file, projects, group[0].key[2])


def load_baseline(path: Path, name: str) -> tuple[Baseline, list[Problem]]:
    """The baseline in a file that the user named, and what is wrong with it."""
    data = read_regular_file(path, name, MAX_LOCK_BYTES)
    document = (
        Workspace(Path(), {name: data}).read(name, MAX_LOCK_BYTES)
        if (isinstance(data, bytes))
        else data
    )
    if isinstance(document, Unreadable):
        missing = document.trouble is Trouble.MISSING
        hint = f"; --write-baseline {name} makes it" if missing else ""
        message = f"cannot read the baseline {name}: {document.reason}{hint}"
        return Baseline(), [Problem(message, (), "error", name)]
    return _read(document)


def _read(document: Document) -> tuple[Baseline, list[Problem]]:
    name = document.file
    value = json_value(document)
    if isinstance(value, JsonFault):
        return Baseline(), [Problem(value.message, (value.span,))]
    place, twice = places(document)
    version = value.get("schemaVersion") if isinstance(value, dict) else None
    if not isinstance(value, dict) or version is None or "findings" not in value:
        what = said(value) if not isinstance(value, dict) else "an object of another shape"
        message = f"{name} is no baseline of configguard, but {what}: --write-baseline makes one"
        return Baseline(), [Problem(message, (place.span,))]
    if version != VERSION:
        message = f"{name} is a baseline of another version: --write-baseline writes it anew"
        return Baseline(), [Problem(message, (place.at(("schemaVersion",)),))]
    schema = json.loads((data_folder("schema") / "baseline.schema.json").read_bytes())
    wrong = [(one.message, place.at(one.path)) for one in misfits(value, _open(schema))]
    wrong += [(one.message, place.key_at(one.path)) for one in unknown_keys(value, schema)]
    wrong += [(one.message, one.span) for one in twice]
    if wrong:
        # A part of it would hide a part of the findings: nobody could tell which.
        problems = [Problem(message, (span,)) for message, span in wrong]
        return Baseline(), sorted(problems, key=lambda problem: problem.at)
    entries = [
        Entry(
            Known(one["rule"], one["file"], frozenset(one["projects"]), one["fact"]),
            one["count"],
            place.at(("findings", index)),
        )
        for index, one in enumerate(value["findings"])
    ]
    return Baseline(tuple(entries)), []


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what it says of unknown keys, which are told apart with a suggestion."""
    entry = {
        key: value
        for key, value in schema["$defs"]["entry"].items()
        if key != "additionalProperties"
    }
    top = {key: value for key, value in schema.items() if key != "additionalProperties"}
    return {**top, "$defs": {**schema["$defs"], "entry": entry}}


def baseline_text(groups: Iterable[Sequence[Draft]]) -> str:
    """The file that makes all of these findings known: an entry a line, in a stable order."""
    counts = Counter(known(group) for group in groups)
    entries = [
        {
            "rule": key.rule,
            "file": key.file,
            "projects": sorted(key.projects),
            "fact": key.fact,
            "count": count,
        }
        for key, count in counts.items()
    ]
    entries.sort(key=lambda entry: [str(part) for part in entry.values()])
    # ASCII only, as in reports: a file name may be no text.
    lines = ",\n".join(f"    {json.dumps(entry)}" for entry in entries)
    listed = f"[\n{lines}\n  ]" if lines else "[]"
    head = f'  "schemaVersion": {VERSION},\n  "configguard": {json.dumps(__version__)},\n'
    return f'{{\n{head}  "findings": {listed}\n}}\n'


def stale_notices(stale: Iterable[Entry], certain: Collection[str]) -> list[Notice]:
    """What the baseline still holds though it is not there any more.

    `certain`: the rules that were judged and could decide; of others nothing is known.
    """
    notices: list[Notice] = []
    for known, count, at in stale:
        if known.rule in certain:
            what = "a finding" if count == 1 else f"{count} findings"
            message = (
                f"the baseline keeps {what} of {known.rule} in {known.file} that "
                f"{'is' if count == 1 else 'are'} not there any more: --write-baseline takes "
                f"{'it' if count == 1 else 'them'} out"
            )
            notices.append(Notice(message, (at,)))
    return notices
