"""The limits file `.test-resource-limits.json`: numbers with the places where they stand."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

from configguard.limits.json_file import JsonFault, Place, json_value, places
from configguard.limits.shape import misfits, said, shown, surely_fits, unknown_keys
from configguard.resources import data_folder
from configguard.source.document import Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import (
    MAX_CONFIG_BYTES,
    Trouble,
    Unreadable,
    Workspace,
    ancestors,
    read_regular_file,
)

FILE = ".test-resource-limits.json"
DEFAULTS: dict[str, float] = {
    "maxConcurrentTests": 1,
    "maxRetries": 1,
    "testMs": 30_000,
    "hookMs": 30_000,
    "globalMs": 1_800_000,
}
"""What holds without a limits file (CONTRACT.md section 3); timeouts in ms."""


class LimitProblem(NamedTuple):
    """What is wrong with a limits file, and where."""

    severity: Literal["error", "warning"]
    message: str
    span: Span


class Limit(NamedTuple):
    """One number, in the unit its name says; `stated` in a file, at `at`, or a default.

    `position`: line and column of `at`, counted from 1.
    """

    value: float
    stated: bool = False
    at: Origin = ()
    position: tuple[int, int] = (1, 1)


class Stated(NamedTuple):
    """What a limits file says besides numbers, and where: line and column counted from 1."""

    value: Any
    at: Origin
    position: tuple[int, int]


class Limits:
    """The limits that hold for one folder; `source` names the files they come from.

    `watching`: how a guarded command is watched and what it needs around it, by the key's name
    (`monitoring` and the sections beside it).
    """

    def __init__(
        self,
        stated: dict[str, Limit],
        source: tuple[str, ...] = (),
        watching: Mapping[str, Stated] = MappingProxyType({}),
    ) -> None:
        self._stated = stated
        self.source = source
        self.watching = watching

    def __getitem__(self, name: str) -> Limit:
        """A limit by its name in the file. Raises KeyError where none is stated and none holds."""
        found = self._stated.get(name)
        return found if found is not None else Limit(DEFAULTS[name])

    def __contains__(self, name: object) -> bool:
        return name in self._stated or name in DEFAULTS

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of all limits, stated or not."""
        stated = {name: limit.value for name, limit in self._stated.items()}
        return {**DEFAULTS, **stated}


class _Reading(NamedTuple):
    """One file: the numbers of it that can be used, and what is wrong with it."""

    numbers: dict[str, Limit]
    problems: tuple[LimitProblem, ...]
    watching: Mapping[str, Stated] = MappingProxyType({})


_Loaded = tuple[Limits, list[LimitProblem]]
_loaded: WeakKeyDictionary[Workspace, dict[tuple[str, Path | None], _Loaded]] = WeakKeyDictionary()
# Documents outlive the workspaces of edits under verification, so each is read only once.
_readings: WeakKeyDictionary[Document, _Reading] = WeakKeyDictionary()


def load_limits(
    workspace: Workspace, folder: str, explicit: Path | None = None
) -> tuple[Limits, list[LimitProblem]]:
    """The limits for a suite in a root-relative folder, and what is wrong with their files.

    The root's file and those nearer to the suite are merged, the nearer number counts; one above
    the root's is a problem. `explicit` is the user's own file and replaces them all.
    """
    known = _loaded.setdefault(workspace, {})
    key = ("" if explicit else folder, explicit)
    if key not in known:
        known[key] = _explicit(workspace, explicit) if explicit else _merged(workspace, folder)
    limits, problems = known[key]
    return limits, list(problems)


def _explicit(workspace: Workspace, path: Path) -> _Loaded:
    name = workspace.name_of(path)
    data = read_regular_file(path, name, MAX_CONFIG_BYTES)
    if isinstance(data, Unreadable):
        return Limits({}), [_unreadable(data)]
    # The bytes go through an overlay, as the workspace knows which bytes are text.
    document = Workspace(Path(), {name: data}).read(name)
    if isinstance(document, Unreadable):
        return Limits({}), [_unreadable(document)]
    reading = _read(document)
    return Limits(reading.numbers, (name,), reading.watching), list(reading.problems)


def _merged(workspace: Workspace, folder: str) -> _Loaded:
    merged: dict[str, Limit] = {}
    watching: dict[str, Stated] = {}
    sources: list[str] = []
    problems: list[LimitProblem] = []
    root: tuple[Document, dict[str, Limit]] | None = None
    for above in reversed(ancestors(folder)):
        file = posixpath.join(above, FILE)
        document = workspace.read(file)
        if isinstance(document, Unreadable):
            # A link that leads nowhere is no missing file: somebody meant limits to hold.
            if document.trouble is not Trouble.MISSING or (workspace.root / file).is_symlink():
                problems.append(_unreadable(document))
            continue
        reading = _read(document)
        problems += reading.problems
        sources.append(file)
        root = root if above else (document, reading.numbers)
        above_root = _above_root(root, document, reading.numbers) if root else {}
        problems += above_root.values()
        merged |= {name: it for name, it in reading.numbers.items() if name not in above_root}
        watching |= reading.watching
    return Limits(merged, tuple(sources), watching), problems


def _unreadable(found: Unreadable) -> LimitProblem:
    message = f"cannot read the limits file {found.file}: {found.reason}"
    return LimitProblem("error", message, Span(found.file, 0, 0))


def _above_root(
    root: tuple[Document, dict[str, Limit]], nearer: Document, numbers: dict[str, Limit]
) -> dict[str, LimitProblem]:
    """The limits that a nearer file raises above the root's; the root's number holds then."""
    outer, bounds = root
    raised: dict[str, LimitProblem] = {}
    # Only these are limits. Timeouts are what fixes write: a longer one loosens nothing.
    for name in _properties("resourceLimits"):
        limit, bound = numbers.get(name), bounds.get(name)
        if limit is None or bound is None or limit.value <= bound.value:
            continue
        message = (
            f"{name} is {shown(limit.value)} at {_place(nearer, limit)}, above the root's "
            f"{shown(bound.value)} at {_place(outer, bound)}: a nearer file may only lower it, "
            f"so {shown(bound.value)} holds"
        )
        raised[name] = LimitProblem("error", message, limit.at[0])
    return raised


def _place(document: Document, limit: Limit) -> str:
    line, column = document.position(limit.at[0].start)
    return f"{document.file}:{line}:{column}"


def _properties(section: str) -> dict[str, Any]:
    properties: dict[str, Any] = _schema()["properties"][section]["properties"]
    return properties


@cache
def _schema() -> dict[str, Any]:
    path = data_folder("schema") / "resource-limits.schema.json"
    schema: dict[str, Any] = json.loads(path.read_bytes())
    return schema


def _read(document: Document) -> _Reading:
    found = _readings.get(document)
    if found is None:
        found = _readings[document] = _read_uncached(document)
    return found


def _read_uncached(document: Document) -> _Reading:
    """The numbers of one file and what is wrong with it; one wrong value spoils no other."""
    if not document.data[len(document.bom) :].strip():
        message = f"{document.file} is empty: write {{}} for a file that states no limits"
        return _Reading({}, (LimitProblem("error", message, Span(document.file, 0, 0)),))
    value = json_value(document)
    if isinstance(value, JsonFault):
        return _Reading({}, (LimitProblem(*value),))
    where, twice = places(document)
    problems = [LimitProblem(*one) for one in twice]
    if not isinstance(value, dict):
        message = f"{document.file} must hold an object in braces, not {said(value)}"
        return _Reading({}, (LimitProblem("error", message, where.span),))
    problems += [
        LimitProblem("error", wrong.message, where.at(wrong.path))
        for wrong in misfits(value, _schema())
    ]
    problems += [
        LimitProblem("warning", unknown.message, where.key_at(unknown.path))
        for unknown in unknown_keys(value, _schema())
    ]
    numbers: dict[str, Limit] = {}
    for section in ("resourceLimits", "timeouts"):
        stated = value.get(section)
        for name, schema in _properties(section).items():
            if isinstance(stated, dict) and name in stated and surely_fits(stated[name], schema):
                number = stated[name]
                whole = int(number)  # 1.0 is a whole number: messages and fixes write 1
                span = where.at((section, name))
                numbers[name] = Limit(
                    whole if whole == number else number,
                    True,
                    (span,),
                    document.position(span.start),
                )
    problems.sort(key=lambda problem: problem.span.start)
    return _Reading(numbers, tuple(problems), _watching(document, value, where))


def _watching(document: Document, value: dict[str, Any], where: Place) -> dict[str, Stated]:
    """What of `monitoring`, and of the sections beside it, can be used."""
    schemas = _schema()["properties"]
    found: dict[str, Stated] = {}
    sections: list[tuple[tuple[str, ...], Any, Any]] = [
        ((name,), value.get(name), schemas[name]) for name in ("preflight", "cleanup")
    ]
    monitoring = value.get("monitoring")
    if isinstance(monitoring, dict):
        sections += [
            (("monitoring", name), monitoring.get(name), schema)
            for name, schema in _properties("monitoring").items()
        ]
    for path, stated, schema in sections:
        # The endpoints and logs are judged with the file; `$defs` are not known here.
        lists = schema.get("type") == "array"
        if (
            isinstance(stated, list)
            if lists
            else stated is not None and surely_fits(stated, schema)
        ):
            span = where.at(path)
            found[path[-1]] = Stated(stated, (span,), document.position(span.start))
    return found
