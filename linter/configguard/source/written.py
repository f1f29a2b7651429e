"""Files written whole or not at all, one or several together."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PREFIX, _SUFFIX = ".configguard-", ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(_PREFIX)}\w{{8}}{re.escape(_SUFFIX)}", re.ASCII)
_OLD_S = 60
"""From writing to replacing takes milliseconds: what is older was left by a run that was killed."""


class Replacement(NamedTuple):
    """A file, the bytes that it must still have, and those that it is to get."""

    path: Path
    before: bytes
    data: bytes


class NotReplaced(Exception):
    """Why a file was not replaced; `changed` are those that could not be put back."""

    def __init__(self, path: Path, reason: str, changed: tuple[Path, ...] = ()) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.changed = changed


class _Prepared(NamedTuple):
    """A replacement with the temporary files that hold its new and its old bytes."""

    replacement: Replacement
    new: Path
    old: Path | None


def replace_bytes(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, with a mode. Raises OSError."""
    name = _temporary(path, data)
    try:
        name.chmod(mode & 0o7777)
        name.replace(path)
    except BaseException:
        _remove(name)
        raise


def create_bytes(path: Path, data: bytes) -> None:
    """Write a file that is not there, whole or not at all. Raises FileExistsError, OSError."""
    name = _temporary(path, data)
    try:
        mask = os.umask(0)
        os.umask(mask)
        name.chmod(0o666 & ~mask)
        try:
            os.link(name, path)  # unlike renaming it never takes the place of another
        except FileExistsError:
            raise
        except OSError:
            if os.path.lexists(path):
                raise FileExistsError from None
            name.replace(path)  # a file system without hard links
    finally:
        _remove(name)


def replace_all(replacements: Sequence[Replacement]) -> None:
    """Replace several files, all or none: all are prepared first, then each takes its place.

    Each keeps its mode and, where this user may give it, its owner. Raises NotReplaced.
    """
    prepared: list[_Prepared] = []
    tried: list[_Prepared] = []
    path = Path()
    try:
        for index, one in enumerate(replacements):
            path = one.path
            new = _alike(one.path, one.data)
            prepared.append(_Prepared(one, new, None))
            if index < len(replacements) - 1:  # behind the last one nothing can fail
                prepared[-1] = prepared[-1]._replace(old=_alike(one.path, one.before))
        for item in prepared:
            path = item.replacement.path
            _refuse_changed(item.replacement)
        for item in prepared:
            path = item.replacement.path
            _refuse_changed(item.replacement)
            tried.append(item)
            item.new.replace(path)
    except OSError as error:
        changed = _put_back(tried)
        raise NotReplaced(path, f"{error.strerror or error}", changed) from error
    except NotReplaced as refused:
        refused.changed = _put_back(tried)
        raise
    except BaseException:
        _put_back(tried)
        raise
    finally:
        for item in prepared:
            for name in (item.new, item.old):
                if name is not None:
                    _remove(name)


def remove_leftovers(folder: Path) -> None:
    """Take away the temporary files in a folder that killed runs left."""
    try:
        with os.scandir(folder) as found:
            names = [entry for entry in found if _LEFTOVER.fullmatch(entry.name)]
    except OSError:
        return
    for entry in names:
        with suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > _OLD_S:
                Path(entry.path).unlink()


def write_named(path: Path, data: bytes) -> None:
    """Write the file that the user named, through links; a device or pipe is written to.

    Raises OSError.
    """
    real = Path(os.path.realpath(path))
    try:
        mode = real.stat().st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        replace_bytes(real, data, 0o666 & ~mask)
        return
    if stat.S_ISREG(mode):
        if not os.access(real, os.W_OK):
            raise PermissionError(13, "it is read-only")
        replace_bytes(real, data, mode)
    else:
        with real.open("wb") as opened:
            opened.write(data)


def _temporary(path: Path, data: bytes) -> Path:
    """A file beside another one that holds these bytes, on the disk; its name is always short."""
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX, suffix=_SUFFIX)
    name = Path(made)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
    except BaseException:
        _remove(name)
        raise
    return name


def _alike(path: Path, data: bytes) -> Path:
    """A temporary file with the owner, mode and extended attributes of the one that it replaces."""
    status = path.stat()
    name = _temporary(path, data)
    try:
        if hasattr(os, "chown"):
            own = name.stat()
            if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
                with suppress(OSError):  # only the superuser gives files away
                    os.chown(name, status.st_uid, status.st_gid)
        name.chmod(stat.S_IMODE(status.st_mode))
        _copy_attributes(path, name)
    except BaseException:
        _remove(name)
        raise
    return name


def _copy_attributes(path: Path, name: Path) -> None:
    """Access lists and labels, as far as this user may set them."""
    if not hasattr(os, "listxattr"):
        return
    with suppress(OSError):  # a file system without them
        for attribute in os.listxattr(path):
            with suppress(OSError):
                os.setxattr(name, attribute, os.getxattr(path, attribute))


def _refuse_changed(one: Replacement) -> None:
    if one.path.read_bytes() != one.before:
        raise NotReplaced(one.path, "it was changed by someone else meanwhile")


def _put_back(tried: Sequence[_Prepared]) -> tuple[Path, ...]:
    """Give the files that were replaced their old bytes; those for which that fails."""
    failed: list[Path] = []
    for replacement, _, old in tried:
        path = replacement.path
        try:
            if path.read_bytes() == replacement.data:  # else it was not replaced, or is not ours
                if old is None:
                    continue
                old.replace(path)
        except OSError:
            failed.append(path)
    return tuple(failed)


def _remove(name: Path) -> None:
    with suppress(OSError):
        name.unlink()
