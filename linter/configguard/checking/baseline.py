"""The baseline: findings that were there when a team began, kept in a file and not told again.

A finding is known by its rule, the file it stands in, the projects it is about and its fact: not
by lines, so edits elsewhere and moved lines change nothing. Each entry hides as many findings as
were there. A script or a project that is added may make a finding one of more projects, or of
others: one project in common is enough. A number that got worse (3 workers, now 8) is told again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from configguard import __version__
from configguard.checking.check import Draft
from configguard.checking.finding import Because, Notice, Problem
from configguard.checking.wording import place_of
from configguard.evaluate.constraints import is_number
from configguard.limits.json_file import JsonFault, json_value, places
from configguard.limits.shape import misfits, said, unknown_keys
from configguard.project.suites import suite_id
from configguard.resources import data_folder
from configguard.ruleset.judge import plain_value
from configguard.runners.profile import REFERENCE_CPUS, number
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


Value = float | str
"""A number, or the word for one without end: `unlimited`, `none`."""


class Known(NamedTuple):
    """What makes findings the same ones as before, and how bad they were.

    `values`: by fact the number that a limit bounds, at the CPUs of the reference machine.
    """

    rule: str
    file: str
    projects: frozenset[str]
    fact: str
    values: tuple[tuple[str, Value], ...] = ()

    def meets(self, other: Known) -> bool:
        """Whether they are about the same fact in the same file, in one project at least."""
        alike = (self.rule, self.file, self.fact) == (other.rule, other.file, other.fact)
        return alike and not self.projects.isdisjoint(other.projects)


class Found(NamedTuple):
    """What the baseline calls a finding. `least`: the facts of which less is worse."""

    known: Known
    least: frozenset[str]

    def is_as(self, entry: Known) -> bool:
        """Whether it is just the one that the baseline knows."""
        return self.known == (entry if entry.values else entry._replace(values=self.known.values))

    def is_no_worse_than(self, entry: Known) -> bool:
        """Whether it is one that the baseline knows, with the same numbers or better ones."""
        then = dict(entry.values)
        return self.known.meets(entry) and not any(
            name in then and self._is_worse(name, value, then[name])
            for name, value in self.known.values
        )

    def is_about(self, entry: Known) -> bool:
        """Whether the baseline knows it, with whatever numbers."""
        return self.known.meets(entry)

    def _is_worse(self, name: str, now: Value, then: Value) -> bool:
        least = name in self.least
        return _number(now) < _number(then) if least else _number(now) > _number(then)


def _number(value: Value) -> float:
    return float("inf") if isinstance(value, str) else value


class Entry(NamedTuple):
    """So many findings of one kind, and where the baseline says so."""

    known: Known
    number: int
    at: Span


class Split(NamedTuple):
    """Of each finding whether it is known; what of the file is left; where a finding got worse.

    `worse`: by the index of the finding, the entry that knows it with better numbers.
    """

    known: list[bool]
    stale: tuple[Entry, ...]
    worse: dict[int, Entry]


class Baseline(NamedTuple):
    """The entries of one file."""

    entries: tuple[Entry, ...] = ()

    def split(self, groups: Sequence[list[Draft]]) -> Split:
        """What the file says of findings, each given by its drafts."""
        left = [entry.number for entry in self.entries]
        found = [_found(group) for group in groups]
        known = [False] * len(groups)
        worse: dict[int, Entry] = {}
        # Those that are exactly the same go first: of two alike the right one stays told.
        for same in (Found.is_as, Found.is_no_worse_than, Found.is_about):
            for index, one in enumerate(found):
                if known[index]:
                    continue
                for at, entry in enumerate(self.entries):
                    if left[at] and same(one, entry.known):
                        left[at] -= 1
                        if same is Found.is_about:
                            worse[index] = entry
                        else:
                            known[index] = True
                        break
        stale = (
            entry._replace(number=more)
            for entry, more in zip(self.entries, left, strict=True)
            if more
        )
        return Split(known, tuple(stale), worse)


def known(group: Sequence[Draft]) -> Known:
    """What the baseline calls a finding, by all its drafts."""
    return _found(group).known


def _found(group: Sequence[Draft]) -> Found:
    suites = (draft.subject.suite for draft in group)
    projects = frozenset(suite_id(suite.config, suite.key) for suite in suites)
    worst: dict[str, Value] = {}
    least: set[str] = set()
    for violation in (one for draft in group for _, found in draft.hits for one in found):
        name, constraint = violation.name, violation.check.require[violation.fact]
        value = plain_value(violation.case.fact, REFERENCE_CPUS)
        bounded = value == _ENDLESS[0] or {"maximum", "minimum"} & constraint.keys()
        if name != violation.fact or not bounded or not _is_value(value):
            continue
        if "minimum" in constraint:
            least.add(name)
        choose = min if name in least else max
        worst[name] = choose(worst.get(name, value), value, key=_number)
    about = Known(group[0].rule.id, place_of(group[0])[0].file, projects, group[0].key[2])
    return Found(about._replace(values=tuple(sorted(worst.items()))), frozenset(least))


def _is_value(value: Any) -> bool:
    return is_number(value) or value in _ENDLESS


_ENDLESS = ("unlimited", "none")


def was_better(entry: Entry) -> Because:
    """What the baseline knows of a finding that got worse since."""
    then = " and ".join(
        f"{name} {value if isinstance(value, str) else number(value)}"
        for name, value in entry.known.values
    )
    return Because(f"it got worse: the baseline knows it with {then}", (entry.at,))


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
            Known(
                one["rule"],
                one["file"],
                frozenset(one["projects"]),
                one["fact"],
                tuple(sorted(one.get("values", {}).items())),
            ),
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
            **({"values": _plain(key.values)} if key.values else {}),
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


def _plain(values: tuple[tuple[str, Value], ...]) -> dict[str, int | float | str]:
    """Whole numbers without a point."""
    return {name: one if isinstance(one, str) else number(one) for name, one in values}


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
