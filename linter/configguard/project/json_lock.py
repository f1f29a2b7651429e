"""JSON lock files: those of npm (versions 1 to 3) and bun.lock."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, NamedTuple

from configguard.project.json_entries import NotJson, Reader
from configguard.project.manifests import SECTIONS, once_per_document, problem_at
from configguard.project.pins import (
    NOT_COVERED,
    Asked,
    Foreign,
    Linked,
    NotCovered,
    Pin,
    Pinned,
)
from configguard.project.problems import PathProblem
from configguard.runners.versions import parse_version
from configguard.source.document import Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import ancestors

_TABLES = frozenset(("packages", "dependencies", "workspaces", "overrides"))


class _JsonLock(NamedTuple):
    """A JSON lock file, and where the value of each key in its tables stands."""

    reader: Reader
    tables: dict[str, dict[str, int]]

    def entry(self, table: str, key: str) -> Any:
        """The value of a key in a table; None where there is none."""
        at = self.tables.get(table, {}).get(key)
        return None if at is None else self.reader.value(at)

    def place(self, table: str, *keys: str) -> Origin:
        """Where the value behind a table and keys in it stands."""
        at = self.tables[table][keys[0]]
        span = self.reader.span(keys[1:], at)
        return (Span(self.reader.document.file, at, at) if span is None else span,)

    def range_of(self, table: str, folder: str, package: str) -> str | None:
        """The range that the package.json of a folder had when the file was written."""
        entry = _object(self.entry(table, folder))
        for section in SECTIONS:
            text = _object(entry.get(section)).get(package)
            if isinstance(text, str):
                return text
        return None


def npm_pin(document: Document, asked: Asked) -> Pin | NotCovered | PathProblem | None:
    """Lock file versions 2 and 3 list `packages` by path; version 1 has `dependencies` alone."""
    lock = _json_lock(document, lenient=False)
    if isinstance(lock, PathProblem):
        return lock
    if "packages" not in lock.tables:
        return NOT_COVERED if asked.manifest else _npm_1_pin(lock, asked.package)
    if asked.manifest and asked.manifest not in lock.tables["packages"]:
        return NOT_COVERED
    for folder in ancestors(asked.folder):
        key = posixpath.join(folder, "node_modules", asked.package)
        entry = lock.entry("packages", key)
        if isinstance(entry, dict):
            # The nearest is what Node loads, whatever it is.
            return _npm_entry(lock, key, entry, asked)
        if entry is not None:
            (place,) = lock.place("packages", key)
            return problem_at(document, f"{key} is no object", place.start, place.end)
    return None


def _npm_entry(lock: _JsonLock, key: str, entry: dict[str, Any], asked: Asked) -> Pin | None:
    version, name = entry.get("version"), entry.get("name", asked.package)
    if entry.get("link") is True and isinstance(entry.get("resolved"), str):
        return Linked(entry["resolved"], lock.place("packages", key, "resolved"))
    if not isinstance(version, str):
        return None
    at = lock.place("packages", key, "version")
    if name != asked.package or parse_version(version) is None:
        return Foreign(f"{name} {version}", at)
    return Pinned(version, at, lock.range_of("packages", asked.manifest or "", asked.package))


def _npm_1_pin(lock: _JsonLock, package: str) -> Pin | None:
    """Before workspaces: what lies in the one node_modules."""
    text = _object(lock.entry("dependencies", package)).get("version")
    if not isinstance(text, str):
        return None
    at = lock.place("dependencies", package, "version")
    version = text.removeprefix(f"npm:{package}@")
    return Foreign(text, at) if parse_version(version) is None else Pinned(version, at)


def bun_pin(document: Document, asked: Asked) -> Pin | NotCovered | PathProblem | None:
    """bun.lock keys packages by name, and those below one package as `its-name/name`."""
    lock = _json_lock(document, lenient=True)
    if isinstance(lock, PathProblem):
        return lock
    package = asked.package
    if asked.manifest and asked.manifest not in lock.tables.get("workspaces", {}):
        return NOT_COVERED
    if asked.manifest is None and len(lock.tables.get("workspaces", {})) > 1:
        return None  # bun 1.3 gives packages of a workspace only what they list (measured)
    for key in (*_bun_keys(lock, asked.folder, package), package):
        entry = lock.entry("packages", key)
        head = entry[0] if isinstance(entry, list) and entry else None
        if not isinstance(head, str):
            continue
        at = (lock.reader.first(lock.tables["packages"][key]),)
        text = head.removeprefix(f"{package}@")
        if text.startswith("workspace:") and text != head:
            return Linked(text.removeprefix("workspace:"), at)
        if text == head or parse_version(text) is None:
            return Foreign(head, at)
        wrote = lock.range_of("workspaces", asked.manifest or "", package)
        return Pinned(text, at, wrote, package in lock.tables.get("overrides", {}))
    return None


def _bun_keys(lock: _JsonLock, folder: str, package: str) -> Iterator[str]:
    for above in ancestors(folder):
        name = _object(lock.entry("workspaces", above)).get("name")
        if isinstance(name, str):
            yield f"{name}/{package}"


@once_per_document
def _json_lock(document: Document, lenient: bool) -> _JsonLock | PathProblem:
    reader = Reader(document, lenient=lenient)
    try:
        return _JsonLock(reader, reader.sections(_TABLES))
    except NotJson as error:
        return problem_at(document, str(error), error.offset)


def _object(value: object) -> dict[str, Any]:
    """An object; an empty one where the file has something else there."""
    return value if isinstance(value, dict) else {}
