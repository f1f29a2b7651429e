"""A folder's lock file to the exact version of a package; JSON lock files are read here."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, NamedTuple

from configguard.project.json_entries import NotJson, Reader
from configguard.project.manifests import once_per_document, problem_at, read_text
from configguard.project.pnpm_lock import pnpm_version
from configguard.project.problems import PathProblem
from configguard.project.yarn_lock import yarn_version
from configguard.runners.versions import parse_version
from configguard.source.document import Document
from configguard.source.span import Origin
from configguard.source.workspace import Workspace, ancestors

LOCK_FILES = (
    "npm-shrinkwrap.json",  # npm reads it before the other
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
)
_SECTIONS = frozenset(("packages", "dependencies", "workspaces"))


class Locked(NamedTuple):
    """The version that a lock file pins, and where it says so."""

    version: str
    file: str
    at: Origin


class LockAnswer(NamedTuple):
    """What the lock files of one folder say; `any_there` also where they do not know it."""

    locked: Locked | None
    any_there: bool
    problems: tuple[PathProblem, ...]


def locked_version(
    workspace: Workspace, lock_folder: str, importer: str, package: str, wanted: str | None
) -> LockAnswer:
    """What is pinned in `lock_folder` for the folder `importer` (relative to it) below.

    `wanted` is the range of the importer's package.json: yarn.lock is keyed by it.
    """
    problems: list[PathProblem] = []
    any_there = False
    for name in LOCK_FILES:
        file = f"{lock_folder}/{name}" if lock_folder else name
        document = read_text(workspace, file)
        if isinstance(document, PathProblem):
            problems.append(document)
        if not isinstance(document, Document):
            continue
        any_there = True
        found = _ask(document, name, importer, package, wanted)
        if isinstance(found, PathProblem):
            problems.append(found)
        elif found is not None and parse_version(found[0]) is not None:
            return LockAnswer(Locked(found[0], file, found[1]), True, tuple(problems))
    return LockAnswer(None, any_there, tuple(problems))


def _ask(
    document: Document, name: str, importer: str, package: str, wanted: str | None
) -> tuple[str, Origin] | PathProblem | None:
    conflict = _conflict(document)
    if conflict is not None:
        return conflict
    if name == "pnpm-lock.yaml":
        return pnpm_version(document, importer, package)
    if name == "yarn.lock":
        return yarn_version(document, package, wanted)
    lock = _sections(document, name == "bun.lock")
    if isinstance(lock, PathProblem):
        return lock
    if name == "bun.lock":
        return _bun_version(lock, importer, package)
    return _npm_version(lock, importer, package)


@once_per_document
def _conflict(document: Document) -> PathProblem | None:
    """A merge that was not finished; neither half of the file can be trusted."""
    marker = b"<<<<<<< "
    start = 0 if document.data.startswith(marker) else document.data.find(b"\n" + marker) + 1
    if start == 0 and not document.data.startswith(marker):
        return None
    return problem_at(document, "it holds the marks of an unfinished merge", start)


class _JsonLock(NamedTuple):
    """A JSON lock file, and where the value of each key in its sections stands."""

    reader: Reader
    sections: dict[str, dict[str, int]]

    def entry(self, section: str, key: str) -> Any:
        """The value of a key in a section; None where there is none."""
        at = self.sections.get(section, {}).get(key)
        return None if at is None else self.reader.value(at)

    def place(self, section: str, *keys: str) -> Origin:
        """Where the value behind a section and keys in it stands."""
        at = self.sections[section][keys[0]]
        span = self.reader.span(keys[1:], at)
        return () if span is None else (span,)


@once_per_document
def _sections(document: Document, lenient: bool) -> _JsonLock | PathProblem:
    reader = Reader(document, lenient=lenient)
    try:
        return _JsonLock(reader, reader.sections(_SECTIONS))
    except NotJson as error:
        return problem_at(document, str(error), error.offset)


def _npm_version(lock: _JsonLock, importer: str, package: str) -> tuple[str, Origin] | None:
    """Lock file versions 2 and 3 list `packages` by path; version 1 has `dependencies` alone."""
    if "packages" not in lock.sections:
        version = _object(lock.entry("dependencies", package)).get("version")
        if not isinstance(version, str):
            return None
        return version, lock.place("dependencies", package, "version")
    for folder in ancestors(importer):
        key = posixpath.join(folder, "node_modules", package)
        entry = _object(lock.entry("packages", key))
        if entry.get("link") is True and isinstance(entry.get("resolved"), str):
            key = entry["resolved"]  # a package of this repository, linked into node_modules
            entry = _object(lock.entry("packages", key))
        version = entry.get("version")
        # An alias (`npm:other@1`) names the other package; its version says nothing here.
        if isinstance(version, str) and entry.get("name", package) == package:
            return version, lock.place("packages", key, "version")
    return None


def _bun_version(lock: _JsonLock, importer: str, package: str) -> tuple[str, Origin] | None:
    """bun.lock keys packages by name, and those below one package as `its-name/name`."""
    for key in (*_bun_keys(lock, importer, package), package):
        entry = lock.entry("packages", key)
        head = entry[0] if isinstance(entry, list) and entry else None
        if isinstance(head, str) and head.startswith(package + "@"):
            at = lock.reader.first(lock.sections["packages"][key])
            return head.removeprefix(package + "@"), (at,)
    return None


def _bun_keys(lock: _JsonLock, importer: str, package: str) -> Iterator[str]:
    for folder in ancestors(importer):
        name = _object(lock.entry("workspaces", folder)).get("name")
        if isinstance(name, str):
            yield f"{name}/{package}"


def _object(value: object) -> dict[str, Any]:
    """An object; an empty one where the file has something else there."""
    return value if isinstance(value, dict) else {}
