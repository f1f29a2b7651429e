"""pnpm-lock.yaml (versions 5, 6 and 9) to the version of a package; only its importer is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from configguard.project.manifests import once_per_document, problem_at
from configguard.project.problems import PathProblem
from configguard.runners.versions import parse_version
from configguard.source.document import Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import ancestors
from configguard.syntax.yaml_text import load_yaml

_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
# pnpm writes these files itself: two spaces at every depth, one key a line.
_NEXT_KEY = (re.compile(rb"\n(?=[^\s#])"), re.compile(rb"\n(?= {0,2}[^\s#])"))


class _Cut(NamedTuple):
    """A stretch of the file that is YAML of its own."""

    start: int
    end: int


def pnpm_version(
    document: Document, importer: str, package: str
) -> tuple[str, Origin] | PathProblem | None:
    """What is pinned for a folder (relative to the lock file) or the nearest above that lists it.

    The part cut out is some lines of a file that may hold megabytes, in which YAML takes seconds.
    """
    if b"lockfileVersion" not in document.data[:1000] and b"\nlockfileVersion" not in document.data:
        return problem_at(document, "it is no pnpm lock file: it has no lockfileVersion", 0)
    for folder in ancestors(importer):
        for cut in _cuts(document, folder):
            # Also keeps YAML from being imported where the package is not listed.
            if package.encode() not in document.data[cut.start : cut.end]:
                continue
            loaded = _load(document, cut)
            if isinstance(loaded, PathProblem):
                return loaded
            version = _version_in(loaded, package)
            if version is not None:
                return version, _place(document, cut, package, version)
    return None


def _cuts(document: Document, folder: str) -> Iterator[_Cut]:
    """Where the importer of a folder stands; before workspaces the root's lay at top level."""
    data = document.data
    importers = _top_level(document, "importers")
    for whole in importers:
        for form in _spellings(folder or "."):
            yield from _keys(data, b"  " + form, whole.start, whole.end, depth=1)
    if not importers and folder == "":
        for section in _SECTIONS:
            yield from _top_level(document, section)


@once_per_document
def _top_level(document: Document, key: str) -> tuple[_Cut, ...]:
    """The blocks of a key at top level: pnpm 10 and later may put a document about pnpm itself
    before the one that is meant."""
    return tuple(_keys(document.data, key.encode(), 0, len(document.data), depth=0))


def _keys(data: bytes, key: bytes, start: int, end: int, depth: int) -> Iterator[_Cut]:
    """Every block `key:` with what is indented below it."""
    needle = b"\n" + key + b":"
    at = data.find(needle, start, end)
    while at != -1:
        after = at + len(needle)
        at += 1
        if data[after : after + 1] in b"\r\n ":
            following = _NEXT_KEY[depth].search(data, after, end)
            stop = following.end() if following is not None else end
            yield _Cut(at, stop)
            after = stop - 1
        at = data.find(needle, after, end)


def _spellings(folder: str) -> tuple[bytes, ...]:
    """A key as YAML may write it: plain, in single quotes, in double quotes."""
    plain = folder.encode("utf-8", "surrogateescape")
    return plain, b"'" + plain.replace(b"'", b"''") + b"'", b'"' + plain + b'"'


def _load(document: Document, cut: _Cut) -> dict[str, Any] | PathProblem:
    import yaml

    try:
        loaded = load_yaml(document.text(cut.start, cut.end))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = document.line_index(cut.start) + (mark.line if mark is not None else 0)
        start = document.line_starts[min(line, len(document.line_starts) - 1)]
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        return problem_at(document, f"it is not YAML: {reason}", start)
    except (ValueError, RecursionError) as error:
        return problem_at(document, f"it cannot be read: {error}", cut.start)
    # The cut is one key: a folder with its sections, or one section with its packages.
    (key, inner), *_ = loaded.items()
    return {key: inner} if key in _SECTIONS else inner if isinstance(inner, dict) else {}


def _version_in(importer: dict[str, Any], package: str) -> str | None:
    for section in _SECTIONS:
        listed = importer.get(section)
        entry = listed.get(package) if isinstance(listed, dict) else None
        # Version 5 writes the version itself, 6 and 9 an object of specifier and version.
        text = entry.get("version") if isinstance(entry, dict) else entry
        if isinstance(text, str):
            return plain_version(text, package)
    return None


def plain_version(text: str, package: str) -> str | None:
    """`3.2.7(@types/node@20)`, `0.34.6_abc`, `/vitest/3.2.7`, `vitest@3.2.7` as the version.

    None for a link, and for another package that goes by this name.
    """
    for prefix in (f"/{package}/", f"/{package}@", f"{package}@"):
        text = text.removeprefix(prefix)
    plain = text.split("(")[0].split("_")[0]
    return plain if parse_version(plain) is not None else None


def _place(document: Document, cut: _Cut, package: str, version: str) -> Origin:
    listed = document.data.find(package.encode() + b":", cut.start, cut.end)
    start = document.data.find(version.encode(), max(listed, cut.start), cut.end)
    if start == -1:
        return (Span(document.file, 0, 0),)
    # `specifier: 3.2.7` may say the same just before.
    pinned = document.data.find(b"version: ", max(listed, cut.start), cut.end)
    if pinned != -1 and document.data[start - 11 : start].endswith(b"specifier: "):
        start = max(start, document.data.find(version.encode(), pinned, cut.end))
    return (Span(document.file, start, start + len(version)),)
