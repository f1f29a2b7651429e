"""pnpm-lock.yaml (versions 5, 6 and 9) to the version of a package; only its importer is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from configguard.project.block_yaml import Scalar, parse_block
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
from configguard.source.workspace import ancestors, join

MAX_KEYS = 100_000
"""Importers, or keys at top level; some thousands are many."""
MAX_IMPORTER_BYTES = 1_000_000

_SPECIFIERS = "specifiers"
# pnpm writes these files itself: two spaces at every depth, one key a line.
_TOP_KEY = re.compile(rb"^(?:([A-Za-z]+):|---)", re.MULTILINE)
_IMPORTER = re.compile(
    rb"^  (?:'((?:[^'\r\n]++|'')++)'|\"([^\"\r\n]+)\"|([^\s'\"#][^\r\n]*?)):(?= |\r?$)",
    re.MULTILINE,
)


class _Cut(NamedTuple):
    """A stretch of the file that is YAML of its own, and how deep its first key stands."""

    start: int
    end: int
    depth: int


class _Text(NamedTuple):
    """A value of the file and its place."""

    text: str
    at: Origin


def pnpm_pin(document: Document, asked: Asked) -> Pin | NotCovered | PathProblem | None:
    """What is pinned for a folder, or the nearest above that lists it.

    The part cut out is some lines of a file that may hold megabytes, in which YAML takes seconds.
    """
    if b"lockfileVersion" not in document.data[:1000] and b"\nlockfileVersion" not in document.data:
        return problem_at(document, "it is no pnpm lock file: it has no lockfileVersion", 0)
    importers = _importers(document)
    if isinstance(importers, PathProblem):
        return importers
    if asked.manifest and asked.manifest not in importers:
        return NOT_COVERED
    name = asked.package.encode()
    for folder in ancestors(asked.folder):
        for cuts in importers.get(folder, ()):
            listed = [cut for cut in cuts if name in document.data[cut.start : cut.end]]
            found = _listed(document, listed, asked.package) if listed else None
            if isinstance(found, PathProblem):
                return found
            if found is not None:
                return _pin(document, folder, asked.package, *found)
    return None


@once_per_document
def _importers(document: Document) -> dict[str, list[tuple[_Cut, ...]]] | PathProblem:
    """Where the importer of each folder stands; before workspaces the root's lay at top level.

    pnpm 10 and later may put a document about pnpm itself before the one that is meant: a folder
    may have several.
    """
    data = document.data
    found: dict[str, list[tuple[_Cut, ...]]] = {}
    top_keys = _top_keys(document)
    if len(top_keys) > MAX_KEYS:
        return problem_at(document, f"it has more than {MAX_KEYS:,} keys", top_keys[-1][1])
    blocks = [(start, end) for key, start, end in top_keys if key == "importers"]
    for start, end in blocks:
        for match, stop in _until_next(_IMPORTER.finditer(data, start, end), end):
            if len(found) > MAX_KEYS:
                return problem_at(document, f"it has more than {MAX_KEYS:,} importers", start)
            cut = _Cut(data.find(b"\n", match.end(), stop) + 1 or stop, stop, 2)
            found.setdefault(_folder(match), []).append((cut,))
    if not blocks:
        sections = (*SECTIONS, _SPECIFIERS)
        flat = tuple(_Cut(start, end, 0) for key, start, end in top_keys if key in sections)
        found[""] = [flat]
    return found


@once_per_document
def _top_keys(document: Document) -> list[tuple[str, int, int]]:
    """The keys at top level, each with the stretch of its block."""
    data = document.data
    found = _until_next(_TOP_KEY.finditer(data), len(data))
    return [((match[1] or b"").decode(), match.start(), stop) for match, stop in found]


def _until_next(
    found: Iterable[re.Match[bytes]], end: int
) -> Iterator[tuple[re.Match[bytes], int]]:
    """Each match, and where the next begins; a few more than the bound at most."""
    matches = list(islice(found, MAX_KEYS + 2))
    stops = [match.start() for match in matches[1:]]
    return zip(matches, [*stops, end][: len(matches)], strict=True)


def _folder(match: re.Match[bytes]) -> str:
    single, double, plain = match.groups()
    text = plain or double or single.replace(b"''", b"'")
    folder = text.decode("utf-8", "replace")
    return "" if folder == "." else folder


def _listed(
    document: Document, cuts: list[_Cut], package: str
) -> tuple[_Text, str | None] | PathProblem | None:
    """The version that an importer has for a package, and the range it was found by."""
    version: _Text | None = None
    asked: str | None = None
    for cut in cuts:
        loaded = _load(document, cut)
        if isinstance(loaded, PathProblem):
            return loaded
        for section in SECTIONS:
            entry = _inside(loaded, section, package)
            # Version 5 writes the version itself, 6 and 9 an object of specifier and version.
            if isinstance(entry, dict):
                asked = _plain(entry.get("specifier")) or asked
                entry = entry.get("version")
            text = _plain(entry)
            if text is not None and version is None:
                version = _Text(text, _place(document, cut, entry))
        asked = _plain(_inside(loaded, _SPECIFIERS, package)) or asked
    return None if version is None else (version, asked)


def _inside(loaded: Any, *keys: str) -> Any:
    for key in keys:
        loaded = loaded.get(key) if isinstance(loaded, dict) else None
    return loaded


def _plain(value: Any) -> str | None:
    if isinstance(value, Scalar):
        return value.text
    return value if isinstance(value, str) else None


def _load(document: Document, cut: _Cut) -> Any:
    """The data of a cut: with places where it is of the form that pnpm writes."""
    if cut.end - cut.start > MAX_IMPORTER_BYTES:
        size = f"{MAX_IMPORTER_BYTES / 1e6:g} MB"
        return problem_at(document, f"what one package lists is larger than {size}", cut.start)
    text = document.text(cut.start, cut.end)
    block = parse_block(text, cut.depth)
    if block is not None:
        return block
    import yaml

    from configguard.syntax.yaml_text import load_yaml

    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = document.line_index(cut.start) + (mark.line if mark is not None else 0)
        start = document.line_starts[min(line, len(document.line_starts) - 1)]
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        return problem_at(document, f"it is not YAML: {reason}", start)
    except (ValueError, RecursionError) as error:
        return problem_at(document, f"it cannot be read: {error}", cut.start)


def _place(document: Document, cut: _Cut, value: Any) -> Origin:
    if not isinstance(value, Scalar):
        return (Span(document.file, cut.start, cut.start),)
    text = document.text(cut.start, cut.end)
    start = cut.start + len(text[: value.start].encode())
    return (Span(document.file, start, start + len(value.text.encode())),)


def _pin(document: Document, folder: str, package: str, found: _Text, asked: str | None) -> Pin:
    text, at = found
    if text.startswith("link:"):
        return Linked(join(folder, text.removeprefix("link:")), at)
    version = plain_version(text, package)
    if version is None:
        return Foreign(text, at)
    [span] = at
    start = span.start + max(text.find(version), 0)
    exact = span._replace(start=start, end=start + len(version)) if span.end > span.start else span
    return Pinned(version, (exact,), asked, package in _overridden(document))


def plain_version(text: str, package: str) -> str | None:
    """`3.2.7(@types/node@20)`, `0.34.6_abc`, `/vitest/3.2.7`, `vitest@3.2.7` as the version.

    None for a link, and for another package that goes by this name.
    """
    for prefix in (f"/{package}/", f"/{package}@", f"{package}@"):
        text = text.removeprefix(prefix)
    plain = text.split("(")[0].split("_")[0]
    return plain if parse_version(plain) is not None else None


@once_per_document
def _overridden(document: Document) -> frozenset[str]:
    """The packages named in `overrides`: what their ranges say does not count."""
    blocks = [(start, end) for key, start, end in _top_keys(document) if key == "overrides"]
    return frozenset(
        _selected(_folder(found))
        for start, end in blocks
        for found in islice(_IMPORTER.finditer(document.data, start, end), MAX_KEYS)
    )


def _selected(selector: str) -> str:
    """The package that `vitest`, `vitest@2` or `parent>vitest` is about."""
    name = selector.rpartition(">")[2]
    return name[: name.find("@", 1)] if "@" in name[1:] else name
