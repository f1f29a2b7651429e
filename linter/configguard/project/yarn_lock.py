"""yarn.lock (classic and berry) to the version of a package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from configguard.project.manifests import once_per_document, problem_at
from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.span import Origin, Span

_VERSION = re.compile(rb'[ \t]+version:?[ \t]+"?([^"\s]+)"?')


class _Entry(NamedTuple):
    """One block of the file: the ranges that it answers, and the version it answers with."""

    ranges: tuple[str, ...]
    version: str
    span: Span


def yarn_version(
    document: Document, package: str, wanted: str | None
) -> tuple[str, Origin] | PathProblem | None:
    """What is pinned for the range that the manifest has (`wanted`).

    Without such a range, or where the lock file does not know it, the one version there is; with
    several it stays open.
    """
    entries = _entries(document, package)
    if isinstance(entries, PathProblem):
        return entries
    asked = None if wanted is None else _plain(wanted)
    for entry in entries:
        if asked in entry.ranges:
            return entry.version, (entry.span,)
    # A range that the lock file does not know, or none.
    if len({entry.version for entry in entries}) != 1:
        return None
    if asked is not None and _is_outdated(entries[0].version, asked):
        return None
    return entries[0].version, (entries[0].span,)


def _is_outdated(version: str, asked: str) -> bool:
    """Whether the manifest has moved on to a range that the pinned version does not meet."""
    from configguard.project.ranges import parse_range, satisfies

    return parse_range(asked) is not None and not satisfies(version, asked)


@once_per_document
def _entries(document: Document, package: str) -> list[_Entry] | PathProblem:
    """The blocks whose first line (`vitest@^3.1.0, vitest@^3.2.0:`) names the package."""
    data, name = document.data, package.encode() + b"@"
    entries: list[_Entry] = []
    at = data.find(name)
    while at != -1:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = len(data) if end == -1 else end
        header = document.text(start, end).rstrip("\r")
        # An indented line is a block's content, such as `resolution: "vitest@npm:3.2.7"`.
        if header.endswith(":") and not header.startswith((" ", "\t", "#")):
            ranges = tuple(_ranges(header[:-1], package))
            if ranges:
                entry = _entry(document, ranges, start, end)
                if isinstance(entry, PathProblem):
                    return entry
                entries.append(entry)
        at = data.find(name, end)
    return entries


def _ranges(header: str, package: str) -> Iterator[str]:
    for descriptor in header.split(","):
        plain = descriptor.strip().strip('"')
        if plain.startswith(package + "@"):
            text = _plain(plain.removeprefix(package + "@"))
            # `npm:other@1.0` is another package by this name, `workspace:` is this repository's.
            if "@" not in text.removeprefix("patch:" + package + "@") and (
                not text.startswith("workspace:")
            ):
                yield text


def _plain(text: str) -> str:
    """A range without the protocol that berry puts before each."""
    return text.strip().removeprefix("npm:")


def _entry(
    document: Document, ranges: tuple[str, ...], start: int, end: int
) -> _Entry | PathProblem:
    at = end + 1
    while document.data[at : at + 1] in (b" ", b"\t"):
        found = _VERSION.match(document.data, at)
        if found is not None:
            span = Span(document.file, found.start(1), found.end(1))
            return _Entry(ranges, found.group(1).decode("utf-8", "replace"), span)
        following = document.data.find(b"\n", at)
        at = len(document.data) if following == -1 else following + 1
    return problem_at(document, "this entry has no version", start, end)
