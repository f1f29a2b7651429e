"""yarn.lock (classic and berry) to the version of a package."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from configguard.project.manifests import once_per_document, problem_at
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
from configguard.source.span import Span

MAX_MENTIONS = 50_000
"""How often a package may be named, as an entry or by others."""
MAX_WORKSPACES = 100_000
_LONGEST_HEADER = 100_000

_FIELD = re.compile(rb'[ \t]+(version|resolution):?[ \t]+"?([^"\s]+)"?')
_WORKSPACE = re.compile(rb'^[ \t]+resolution: "[^"\n]+@workspace:([^"\n]+)"', re.MULTILINE)
_BERRY = b"\n__metadata:"


class _Entry(NamedTuple):
    """One block of the file: the ranges that it answers, and what it answers with.

    `package` is the one that is really fetched; `folder` that of one of this repository.
    """

    ranges: tuple[str, ...]
    version: str
    package: str
    folder: str | None
    span: Span


def is_berry(document: Document) -> bool:
    """Whether yarn 2 or later wrote the file."""
    return _BERRY in document.data or document.data.startswith(_BERRY[1:])


def yarn_pin(document: Document, asked: Asked) -> Pin | NotCovered | PathProblem | None:
    """What is pinned for the range that the manifest has.

    Without such a range, the one version there is; with several it stays open.
    """
    if asked.manifest and is_berry(document) and asked.manifest not in _workspaces(document):
        return NOT_COVERED
    if asked.manifest is None and len(_workspaces(document)) > 1:
        return None  # which of the packages' versions lies at the root is not told
    entries = _entries(document, asked.package)
    if isinstance(entries, PathProblem):
        return entries
    for text in (asked.forced, asked.range):
        for entry in entries:
            if text is not None and _answers(entry, text):
                return _pin(entry, asked.package, asked.range)
    if asked.range is not None and _is_plain(asked.range):
        return None  # the manifest has moved on
    others = {(entry.package, entry.version, entry.folder) for entry in entries}
    return _pin(entries[0], asked.package, asked.range) if len(others) == 1 else None


def _answers(entry: _Entry, text: str) -> bool:
    # Berry binds a patch to its place: `patch:vitest@…#file::locator=…`.
    plain = _plain(text)
    return any(one == plain or one.startswith(f"{plain}::") for one in entry.ranges)


def _is_plain(text: str) -> bool:
    """Whether the lock file has a range by its own text: a catalog's it does not."""
    return not text.startswith("catalog:")


def _pin(entry: _Entry, package: str, asked: str | None) -> Pin:
    at = (entry.span,)
    if entry.folder is not None:
        return Linked(entry.folder, at)
    if entry.package != package or parse_version(entry.version) is None:
        return Foreign(f"{entry.package} {entry.version}", at)
    return Pinned(entry.version, at, asked)


@once_per_document
def _workspaces(document: Document) -> frozenset[str]:
    """The folders of the packages of this repository, as berry lists them."""
    found = islice(_WORKSPACE.finditer(document.data), MAX_WORKSPACES)
    return frozenset(one[1].decode() for one in found)


@once_per_document
def _entries(document: Document, package: str) -> list[_Entry] | PathProblem:
    """The blocks whose first line (`vitest@^3.1.0, vitest@^3.2.0:`) names the package."""
    data, name = document.data, package.encode() + b"@"
    entries: list[_Entry] = []
    at, mentions = data.find(name), 0
    while at != -1:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = len(data) if end == -1 else end
        mentions += 1
        if mentions > MAX_MENTIONS:
            return problem_at(document, f"it names {package} more than {MAX_MENTIONS:,} times", at)
        if end - start > _LONGEST_HEADER:
            size = f"{_LONGEST_HEADER / 1000:g} kB"
            return problem_at(document, f"this line is longer than {size}", start)
        header = document.text(start, end).rstrip("\r")
        # An indented line is a block's content, such as `resolution: "vitest@npm:3.2.7"`.
        if header.endswith(":") and not header.startswith((" ", "\t", "#")):
            ranges = _ranges(header[:-1], package)
            if ranges:
                entry = _entry(document, ranges, start, end, package)
                if isinstance(entry, PathProblem):
                    return entry
                entries.append(entry)
        at = data.find(name, end)
    return entries


def _ranges(header: str, package: str) -> tuple[str, ...]:
    descriptors = (part.strip().strip('"') for part in header.split(", "))
    return tuple(
        _plain(one.removeprefix(f"{package}@"))
        for one in descriptors
        if one.startswith(f"{package}@")
    )


def _plain(text: str) -> str:
    """A range without the protocol that berry puts before each."""
    return text.strip().removeprefix("npm:")


def _entry(
    document: Document, ranges: tuple[str, ...], start: int, end: int, package: str
) -> _Entry | PathProblem:
    fields: dict[bytes, re.Match[bytes]] = {}
    at = end + 1
    while document.data[at : at + 1] in (b" ", b"\t"):
        found = _FIELD.match(document.data, at)
        if found is not None:
            fields.setdefault(found[1], found)
        following = document.data.find(b"\n", at)
        at = len(document.data) if following == -1 else following + 1
    if b"version" not in fields:
        return problem_at(document, "this entry has no version", start, end)
    version = fields[b"version"]
    resolution = fields[b"resolution"][2].decode() if b"resolution" in fields else None
    real, folder = _resolved(resolution, ranges, package)
    span = Span(document.file, version.start(2), version.end(2))
    return _Entry(ranges, version[2].decode("utf-8", "replace"), real, folder, span)


def _resolved(
    resolution: str | None, ranges: tuple[str, ...], package: str
) -> tuple[str, str | None]:
    """The package that is fetched, and the folder of one of this repository."""
    if resolution is None:
        # Classic has no such line; an alias is `npm:other@range`, here without its protocol.
        name, _, _ = ranges[0].rpartition("@")
        is_alias = name != "" and ":" not in name and "/" not in name.lstrip("@").partition("/")[2]
        return (name if is_alias else package), None
    split = resolution.find("@", 1)
    name, reference = resolution[:split], resolution[split + 1 :]
    is_own = reference.startswith("workspace:")
    return name, reference.removeprefix("workspace:") if is_own else None
