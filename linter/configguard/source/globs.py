"""Patterns such as `packages/*` to the files and folders they stand for, inside one root.

The patterns of fast-glob and tinyglobby (vitest) and of glob (jest), as far as they agree; what is
written in another way is not guessed: `NotExpanded` says what. Nothing is looked for outside the
root, through a symbolic link to a folder, or in more than `MAX_FOLDERS` folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from configguard.source.braces import TooManyAlternatives, alternatives
from configguard.source.workspace import Workspace, escapes, join

MAX_FOLDERS = 5_000
"""A pattern that leads into more folders is not expanded."""
MAX_ALTERNATIVES = 100
"""A pattern whose braces stand for more patterns is not expanded."""
MAX_STARS = 4
"""A name, or a pattern, with more of them is not expanded: each multiplies the work."""
MAX_DEPTH = 60
"""Folders nested deeper than this are not looked into."""

_MAGIC = re.compile(r"[*?{}\[\]()!]")
_ODD = re.compile(r"[\\'\"]|\*\*\*|[^/]/\.\.?(/|$)|\([^)]*/|[{,]/|/[,}]|/\{[^}]*(\{,|,,|,\})")
"""Escapes, quotes, `..` behind a name, groups over `/`, empty alternatives: read differently."""


class Found(NamedTuple):
    """A root-relative path ('' is the root) that a pattern stands for."""

    path: str
    is_folder: bool


class NotExpanded(Exception):
    """Why the patterns were not expanded; the message is for people."""


class Style(NamedTuple):
    """Where the libraries differ.

    `dot`: `*` also matches `.name`. `skipped`: folders never entered. `base_too`: `a/**` stands
    for `a` as well. `slash_ends`: `a/*/` stands for folders only (else the slash counts nothing).
    `ignored`: names that are never found.
    """

    dot: bool = True
    skipped: frozenset[str] = frozenset({"node_modules"})
    base_too: bool = True
    slash_ends: bool = False
    ignored: re.Pattern[str] = re.compile(r"\.timestamp-|^\.DS_Store$")


FAST_GLOB = Style(base_too=False, slash_ends=True)
"""As vitest 0.34 to 2 calls fast-glob (measured on 3.3 with vitest's options)."""
TINYGLOBBY = Style()
"""As vitest 3 to 5 calls tinyglobby (measured on 0.2 with vitest's options)."""


def is_pattern(text: str) -> bool:
    """Whether a text is a pattern and not the path of one file or folder."""
    return _MAGIC.search(text) is not None


def expand(
    workspace: Workspace, folder: str, patterns: Sequence[str], style: Style
) -> tuple[Found, ...]:
    """What patterns stand for, seen from a folder, in the order of the paths. Raises NotExpanded.

    A pattern that starts with `!` takes away what it matches, and all below.
    """
    search = _Search(workspace, folder, style)
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    for pattern in patterns:
        if pattern.startswith("!"):
            search.leave_out(pattern[1:])
    for pattern in wanted:
        search.look_for(pattern)
    return tuple(sorted(search.found))


class _Search:
    """One expansion: what is found so far, what is left out, and how many folders were seen."""

    def __init__(self, workspace: Workspace, folder: str, style: Style) -> None:
        self.workspace = workspace
        self.folder = folder
        self.style = style
        self.found: set[Found] = set()
        self._left_out: list[tuple[str, ...]] = []
        self._visits = 0

    def leave_out(self, pattern: str) -> None:
        for segments, _ in self._plain(pattern):
            # `!a/**` leaves out `a` itself as well.
            whole = segments[:-1] if segments[-1:] == ("**",) else segments
            self._left_out.append(whole)

    def look_for(self, pattern: str) -> None:
        for segments, slash in self._plain(pattern):
            fixed = 0
            while fixed < len(segments) and not is_pattern(segments[fixed]):
                fixed += 1
            start = "/".join(segments[:fixed])
            self._walk(start, segments[fixed:], folders_only=slash and self.style.slash_ends)

    def _plain(self, pattern: str) -> Iterator[tuple[tuple[str, ...], bool]]:
        """Root-relative patterns without braces, in segments, and whether each ends in `/`."""
        plain = re.sub(r"^(\.\.?/)+", "", pattern)
        if plain.startswith(("../", "./")) or _ODD.search(plain):
            raise NotExpanded(f"the pattern {pattern!r} is not understood")
        for one in _without_braces(pattern):
            if one.startswith("/"):
                raise NotExpanded(f"the pattern {pattern!r} is an absolute path")
            joined = join(self.folder, one)
            if escapes(joined):
                raise NotExpanded(f"the pattern {pattern!r} leads out of the root")
            segments = tuple(part for part in joined.split("/") if part not in ("", "."))
            if any("**" in part and part != "**" for part in segments):
                raise NotExpanded(f"the pattern {pattern!r} is not understood")
            if segments.count("**") > MAX_STARS:
                raise NotExpanded(f"the pattern {pattern!r} has over {MAX_STARS} `**`")
            yield segments, one.endswith("/")

    def _walk(self, start: str, segments: tuple[str, ...], *, folders_only: bool) -> None:
        if not segments:
            self._add_fixed(start)
            return
        if not self._exists(start) or self._is_left_out(start):
            return
        for path, is_folder in self._matches(start, segments):
            if (is_folder or not folders_only) and not self._is_left_out(path):
                self.found.add(Found(path, is_folder))

    def _add_fixed(self, path: str) -> None:
        if self._is_left_out(path):
            return
        if self.workspace.is_file(path):
            self.found.add(Found(path, False))
        elif self._exists(path):
            self.found.add(Found(path, True))

    def _exists(self, folder: str) -> bool:
        real = self.workspace.path(folder)
        if real is None:
            raise NotExpanded(f"{folder} leads out of the root")
        return os.path.isdir(real)

    def _matches(self, folder: str, segments: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
        first, rest = segments[0], segments[1:]
        if first == "**":
            if rest:
                yield from self._matches(folder, rest)
            elif self.style.base_too and not self._seen_as_root(folder):
                yield folder, True
        for entry in self._entries(folder):
            name = entry.name
            path = f"{folder}/{name}" if folder else name
            if first == "**":
                if name.startswith(".") and not self.style.dot:
                    continue
                is_folder = self._is_folder(entry, path)
                if is_folder and not self._is_left_out(path):
                    yield from self._matches(path, segments)
                if not rest and (not is_folder or not self.style.base_too):
                    yield path, is_folder
            elif _matcher(first, self.style.dot)(name):
                is_folder = self._is_folder(entry, path)
                if not rest:
                    yield path, is_folder
                elif is_folder and not self._is_left_out(path):
                    yield from self._matches(path, rest)

    def _seen_as_root(self, folder: str) -> bool:
        return folder == self.folder  # `**` stands for what is below, measured on both

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        self._visits += 1
        if self._visits > MAX_FOLDERS or folder.count("/") > MAX_DEPTH:
            bound = f"{MAX_FOLDERS} folders, or deeper than {MAX_DEPTH}"
            raise NotExpanded(f"the pattern leads into more than {bound}")
        for entry in self.workspace.entries(folder):
            if self.style.ignored.search(entry.name):
                continue
            if entry.name not in self.style.skipped and entry.name != ".git":
                yield entry

    def _is_folder(self, entry: os.DirEntry[str], path: str) -> bool:
        if entry.is_symlink() and entry.is_dir() and not self._is_left_out(path):
            raise NotExpanded(f"{path} is a symbolic link, which is not followed")
        return entry.is_dir(follow_symlinks=False)

    def _is_left_out(self, path: str) -> bool:
        parts = tuple(path.split("/")) if path else ()
        return any(
            _covers(pattern, parts[:length], self.style.dot)
            for pattern in self._left_out
            for length in range(1, len(parts) + 1)
        )


def _covers(pattern: tuple[str, ...], parts: tuple[str, ...], dot: bool) -> bool:
    """Whether a pattern in segments matches a path in segments."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_covers(pattern[1:], parts[skip:], dot) for skip in range(len(parts) + 1))
    return (
        bool(parts) and _matcher(pattern[0], dot)(parts[0]) and _covers(pattern[1:], parts[1:], dot)
    )


def _without_braces(pattern: str) -> list[str]:
    if "{" not in pattern:
        return [pattern]
    if not re.search(r"\{[^{}]*(,|\.\.)[^{}]*\}", pattern):
        raise NotExpanded(f"the pattern {pattern!r} is not understood")
    try:
        return list(dict.fromkeys(alternatives(pattern, MAX_ALTERNATIVES)))
    except TooManyAlternatives as reason:
        raise NotExpanded(f"the pattern {pattern!r} has {reason}") from None


@cache
def _matcher(segment: str, dot: bool) -> Callable[[str], bool]:
    """Whether a name is one that a pattern without `/` stands for."""
    if not is_pattern(segment):
        return segment.__eq__
    # About 20 ms: paid only by configs with patterns.
    from wcmatch import fnmatch

    flags = fnmatch.EXTMATCH | fnmatch.CASE | (fnmatch.DOTMATCH if dot else 0)
    grouped = re.sub(r"(?<![@!?+*])\((?=[^()]*\|)", "@(", segment)
    if segment.count("*") > MAX_STARS or segment.count("(") > 1:
        raise NotExpanded(f"the pattern {segment!r} has over {MAX_STARS} `*` or several groups")
    if re.search(r"(?<![@!?])\(", grouped) or re.match(r"!(?!\()", grouped):
        raise NotExpanded(f"the pattern {segment!r} is not understood")
    compiled = fnmatch.compile(grouped, flags=flags)
    return lambda name: bool(compiled.match(name))
