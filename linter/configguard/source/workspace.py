"""The one way to read files: below a root, bounded, with an overlay of edited texts."""

from __future__ import annotations

import codecs
import os
import posixpath
import stat
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from configguard.source.document import Document

MAX_CONFIG_BYTES = 1_000_000
"""A config above this is not read; the largest of 606 real ones had under 60 kB."""
MAX_LOCK_BYTES = 64_000_000
"""Lock files are machine-written and large."""

_PIECE = 4_000_000
_NO_NAMES = frozenset(("", ".", ".."))
_SCRIPTS = (".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".tsx", ".jsx")


class Trouble(Enum):
    """Why a file could not be read."""

    MISSING = "missing"
    OUTSIDE = "outside"
    NOT_A_FILE = "not-a-file"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    NOT_UTF8 = "not-utf8"


class Unreadable(NamedTuple):
    """A file that could not be read: a value, since one bad file never hides the others."""

    file: str
    trouble: Trouble
    reason: str


class _Names(NamedTuple):
    """The names in a folder, also as a file system that ignores case compares them."""

    exact: frozenset[str]
    folded: frozenset[str]


def _folded(names: frozenset[str]) -> frozenset[str]:
    folded = frozenset(name.casefold() for name in names)
    return names if folded == names else folded


class Workspace:
    """Files below `root`, each read once; nothing outside its real path is opened.

    `overlay` holds texts that are not on disk: edits under verification, or standard input.
    `overlaid`: the root is that of another workspace, and real.
    """

    def __init__(
        self, root: Path, overlay: Mapping[str, bytes] | None = None, *, overlaid: bool = False
    ) -> None:
        self.root = root if overlaid else Path(os.path.realpath(root))
        self.overlay: dict[str, bytes] = dict(overlay or {})
        self._read: dict[str, Document | Unreadable] = {}
        self._is_file: dict[str, bool] = {}
        self._below: Workspace | None = None
        self._changes: frozenset[str] = frozenset()
        self._framed: Workspace | None = None
        self._folders: dict[str, list[os.DirEntry[str]]] = {}
        self._top = str(self.root)
        self._real_folders: dict[str, str] = {"": self._top}
        self._missing: set[str] = set()
        self._names: dict[str, _Names | None] = {}
        self._inside = os.path.join(self._top, "")

    def with_overlay(self, changes: Mapping[str, bytes]) -> Workspace:
        """A workspace in which some files have other bytes; what was read already is shared."""
        changed = Workspace(self.root, {**self.overlay, **changes}, overlaid=True)
        changed._below, changed._changes = self, frozenset(changes)
        if all(file.endswith(_SCRIPTS) and self.is_file(file) for file in changes):
            changed._framed = self.frame
        changed._folders, changed._real_folders = self._folders, self._real_folders
        changed._missing, changed._names = self._missing, self._names
        return changed

    @property
    def frame(self) -> Workspace:
        """The workspace with the same files and the same data in them: only scripts may differ.

        What follows from file names and from JSON and YAML alone is kept under it.
        """
        return self._framed or self

    def read(self, file: str, limit: int = MAX_CONFIG_BYTES) -> Document | Unreadable:
        """The file at a root-relative path with `/`, or why it cannot be had."""
        found = self._read.get(file)
        if found is None and self._below is not None and file not in self._changes:
            return self._below.read(file, limit)
        if found is None:
            found = self._read_uncached(file, limit)
            self._read[file] = found
        return found

    def is_file(self, file: str) -> bool:
        """Whether a regular file lies there (or in the overlay), inside the root."""
        if file in self.overlay:
            return True
        if self._below is not None:
            return self._below.is_file(file)
        if file not in self._is_file:
            path = None if self._is_absent(file) else self._real(file)
            self._is_file[file] = path is not None and os.path.isfile(path)
        return self._is_file[file]

    def names(self, folder: str) -> frozenset[str]:
        """The names in a folder; nothing where it cannot be listed."""
        if folder not in self._names:
            path = self._real(folder)
            listed: list[str] | None = None
            try:
                with os.scandir(path) as found:  # None would list the current folder
                    listed = [entry.name for entry in found] if path else None
            except OSError:
                pass
            self.note_names(folder, listed)
        names = self._names[folder]
        return frozenset() if names is None else names.exact

    def note_names(self, folder: str, names: Iterable[str] | None) -> None:
        """Keep what a folder holds: files that are not there need not be looked for."""
        exact = None if names is None else frozenset(names)
        self._names[folder] = None if exact is None else _Names(exact, _folded(exact))

    def may_hold(self, folder: str, names: frozenset[str]) -> bool:
        """Whether a folder may have one of these names, which are ASCII in lower case."""
        self.names(folder)
        listed = self._names[folder]
        return listed is None or not names.isdisjoint(listed.folded)

    def _is_absent(self, file: str) -> bool:
        """Whether a folder that was listed has no such name, in whatever case it is written."""
        folder, name = posixpath.split(file)
        if folder in self._missing:
            return True
        names = self._names.get(folder)
        if names is None or name in names.exact or not name.isascii():
            return False
        return name.casefold() not in names.folded

    def path(self, file: str) -> Path | None:
        """The real path of a root-relative file; None where it leads out of the root."""
        real = self._real(file)
        return None if real is None else Path(real)

    def _real(self, file: str) -> str | None:
        if escapes(file) or "\0" in file:
            return None
        folder, name = posixpath.split(file)
        above = self._real_folders.get(folder)
        if above is None:
            above = self._real_folder(folder)
        real = os.path.join(above, name)
        if folder not in self._missing and (name in _NO_NAMES or os.path.islink(real)):
            real = os.path.realpath(real)
        inside = real == self._top or real.startswith(self._inside)
        return real if inside else None

    def name_of(self, path: Path) -> str:
        """What a file that the user named is called: relative to the root, also from outside it."""
        real = os.path.join(os.path.realpath(path.parent), path.name)
        try:
            return os.path.relpath(real, self.root).replace(os.sep, "/")
        except ValueError:  # another drive
            return real.replace(os.sep, "/")

    def _real_folder(self, folder: str) -> str:
        """The real path of a folder: each folder on the way is looked at once, and nothing below
        one that is not there."""
        for path in reversed(ancestors(folder)):
            if path in self._real_folders:
                continue
            above, name = posixpath.split(path)
            real = os.path.join(self._real_folders[above.rstrip("/")], name)
            if name in _NO_NAMES or os.sep != "/":
                real = os.path.realpath(real)
            elif self._is_absent(path):
                self._missing.add(path)
            else:
                try:
                    if stat.S_ISLNK(os.lstat(real).st_mode):
                        real = os.path.realpath(real)
                except FileNotFoundError:
                    self._missing.add(path)
                except OSError:
                    pass  # opening it tells what is wrong
            self._real_folders[path] = real
        return self._real_folders[folder]

    def entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What a folder holds, sorted by name; nothing where it cannot be listed."""
        if folder not in self._folders:
            path = self._real(folder)
            try:
                with os.scandir(path) as found:  # None would list the current folder
                    listed = sorted(found, key=lambda entry: entry.name) if path else []
            except OSError:
                listed = []
            self._folders[folder] = listed
        return self._folders[folder]

    def _read_uncached(self, file: str, limit: int) -> Document | Unreadable:
        data: bytes | Unreadable
        if file in self.overlay:
            data = self.overlay[file]
        else:
            if self._is_absent(file):
                return _missing(file)
            path = self._real(file)
            if path is None:
                return Unreadable(file, Trouble.OUTSIDE, "it lies outside the root")
            if folder_of(file) in self._missing:
                return _missing(file)
            data = read_regular_file(path, file, limit)
            if isinstance(data, Unreadable):
                return data
        if len(data) > limit:
            return _too_large(file, limit)
        wrong = _not_utf8(data)
        if wrong is not None:
            where = f"byte {wrong + 1} (0x{data[wrong]:02x})"
            return Unreadable(file, Trouble.NOT_UTF8, f"it is not UTF-8: {where}")
        return Document(file, data)


def read_regular_file(path: Path | str, file: str, limit: int) -> bytes | Unreadable:
    """The bytes of a regular file of at most `limit` bytes; never waits on a pipe or device."""
    # Without O_NONBLOCK a named pipe of that name would hang the linter.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return _missing(file)
    except IsADirectoryError:
        return Unreadable(file, Trouble.NOT_A_FILE, "it is a folder")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Unreadable(file, Trouble.UNREADABLE, f"it cannot be opened: {reason}")
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        what = "it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a regular file"
        return Unreadable(file, Trouble.NOT_A_FILE, what)
    try:
        if status.st_size > limit:
            return _too_large(file, limit)
        return _whole(handle, status.st_size, limit)
    except OSError as error:
        return Unreadable(file, Trouble.UNREADABLE, f"it cannot be read: {error.strerror}")
    finally:
        os.close(handle)


def _whole(handle: int, size: int, limit: int) -> bytes:
    """All that a file holds, at most a byte more than `limit`: it may have grown meanwhile."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    with os.fdopen(os.dup(handle), "rb") as opened:
        opened.seek(0)
        return opened.read(limit + 1)


def _not_utf8(data: bytes) -> int | None:
    """The first byte that is no UTF-8; piece by piece, as one emoji makes a text four times as
    large as its bytes."""
    start = 0
    while start < len(data):
        piece = data[start : start + _PIECE]
        try:
            start += codecs.utf_8_decode(piece, "strict", start + len(piece) == len(data))[1]
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _missing(file: str) -> Unreadable:
    return Unreadable(file, Trouble.MISSING, "there is no such file")


def _too_large(file: str, limit: int) -> Unreadable:
    return Unreadable(file, Trouble.TOO_LARGE, f"it is larger than {limit / 1e6:g} MB")


def escapes(file: str) -> bool:
    """Whether a root-relative path leads above the root as it is written."""
    if ".." in file:
        normal = posixpath.normpath(file)
        if normal == ".." or normal.startswith("../"):
            return True
    return file.startswith("/") or (os.sep != "/" and bool(os.path.splitdrive(file)[0]))


def folder_of(file: str) -> str:
    """The folder of a root-relative file; the root itself is the empty string."""
    return posixpath.dirname(file)


def join(folder: str, name: str) -> str:
    """A root-relative path below a folder, normalised; it may lead out (see `escapes`)."""
    return posixpath.normpath(posixpath.join(folder, name))


@lru_cache(maxsize=1024)
def ancestors(folder: str) -> tuple[str, ...]:
    """A folder and those above it up to the root (the empty string), nearest first."""
    found = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        found.append(folder)
    return tuple(found)
