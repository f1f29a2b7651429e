"""How a command is reached: where it runs, with what environment, and through what."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from configguard.source.span import Origin
from configguard.source.text_map import Piece, TextMap
from configguard.source.workspace import escapes
from configguard.syntax.shell_state import Assignment, Folder, Reached
from configguard.syntax.shell_words import Word, known_word

_LEVELS: tuple[Reached, ...] = ("always", "after-success", "maybe")


class Way(NamedTuple):
    """How a command is reached: where it runs, with what environment, and through what.

    `in_ci`: only where CI is set, or only where it is not. `bins`: the package whose
    `node_modules/.bin` is searched first for commands; None: that of the folder it runs in.
    """

    folder: Folder = Folder()
    assignments: tuple[Assignment, ...] = ()
    reached: Reached = "always"
    beside: bool = False
    guarded: bool = False
    chain: Origin = ()
    doubts: Origin = ()
    stack: tuple[tuple[str, str], ...] = ()
    in_ci: bool | None = None
    bins: str | None = None

    def at_least(self, level: Reached) -> Way:
        """The way where it is reached no surer than so."""
        return self._replace(reached=max(self.reached, level, key=_LEVELS.index))

    def into(self, folder: str) -> Way:
        """The way on in a folder of the repository."""
        return self._replace(folder=Folder(folder))


class Start(NamedTuple):
    """A runner is started."""

    runner: str
    argv: tuple[Word, ...]
    way: Way


def after(before: tuple[Assignment, ...], later: Sequence[Assignment]) -> tuple[Assignment, ...]:
    """Assignments in order; one that always counts replaces those before it."""
    certain = {one.name for one in later if one.when == "always"}
    return (*(one for one in before if one.name not in certain), *later)


def joined(outer: Folder, inner: Folder) -> Folder:
    if outer.path is None or inner.path == "":
        return outer
    if inner.path is None:
        return inner
    return inside(Folder(posixpath.join(outer.path, inner.path), None, inner.origin))


def inside(folder: Folder) -> Folder:
    """A folder below the root, normalised; outside of it nothing is known."""
    if folder.path is None:
        return folder
    path = posixpath.normpath(folder.path)
    if escapes(path):
        return Folder(None, "it lies outside the root", folder.origin)
    return folder._replace(path="" if path == "." else path)


def as_whole(word: Word, text: str) -> Word:
    """A word that stands for another text."""
    size = len(text.encode())
    at = TextMap(word.span.file, [Piece(0, size, word.span.start, word.span.end, True)])
    return known_word(text, word.origin, at)
