"""Files that were not there, written beside changed ones: all of it, or none and what was in the
way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from configguard.checking.finding import Problem
from configguard.fixing.writing import refusal, unwritable, write_all
from configguard.source.workspace import MAX_LOCK_BYTES, Trouble, Unreadable, Workspace
from configguard.source.written import create_bytes


def write_or_create_all(workspace: Workspace, changes: Mapping[str, bytes]) -> list[Problem]:
    """Write files, some of them new; nothing of it stays where one cannot be written.

    Each must still hold what it held when the workspace read it.
    """
    new: dict[str, bytes] = {}
    old: dict[str, bytes] = {}
    for file, data in changes.items():
        found = workspace.read(file, MAX_LOCK_BYTES)
        missing = isinstance(found, Unreadable) and found.trouble is Trouble.MISSING
        (new if missing else old)[file] = data
    refused = [refusal(file, fault) for file in old if (fault := unwritable(workspace, file))]
    if refused:
        return refused
    made: list[Path] = []
    for file, data in new.items():
        fault = _create(workspace, file, data, made)
        if fault is not None:
            _take_away(made)
            return [refusal(file, f"{fault}, and so nothing was written")]
    problems = write_all(workspace, old) if old else []
    if problems:
        _take_away(made)
    return problems


def _create(workspace: Workspace, file: str, data: bytes, made: list[Path]) -> str | None:
    """Write one new file and the folders that it needs; why that failed."""
    path = workspace.path(file)
    if path is None:
        return "it lies outside the root"
    try:
        for folder in reversed([path.parent, *path.parent.parents]):
            if not folder.exists():
                folder.mkdir()
                made.append(folder)
        if not path.parent.stat().st_mode & 0o222:
            return "its folder is read-only"
        create_bytes(path, data)
    except FileExistsError:
        return "it was made by someone else meanwhile"
    except OSError as error:
        return f"{error.strerror or error}"
    made.append(path)
    return None


def _take_away(made: list[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
