"""What fixing changed, written to disk: all of it or nothing, and never where it could do harm."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from configguard.checking.finding import Problem, first_byte
from configguard.source.workspace import Unreadable, Workspace, folder_of
from configguard.source.written import NotReplaced, Replacement, remove_leftovers, replace_all


def unwritable(workspace: Workspace, file: str) -> str | None:
    """Why a file may not be written, as far as can be told before; None where it may."""
    path = workspace.path(file)
    if path is None or isinstance(workspace.read(file), Unreadable):
        return "it lies outside the root or cannot be read"
    try:
        status, folder = path.stat(), path.parent.stat()
    except OSError as error:
        return f"{error.strerror or error}"
    if status.st_nlink > 1:
        return "it has several hard links, so another file would change too"
    # The mode counts, not what the superuser may do in spite of it.
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        return "it is read-only"
    if not folder.st_mode & 0o222 or not os.access(path.parent, os.W_OK):
        return "its folder is read-only"
    return None


def refusal(file: str, reason: str) -> Problem:
    """What is said of a file that is left as it is."""
    return Problem(f"{file} was not changed: {reason}", (first_byte(file),), "error", file)


def write_all(workspace: Workspace, changes: Mapping[str, bytes]) -> list[Problem]:
    """Write files that were verified together: all, or none and what was in the way."""
    names: dict[Path, str] = {}
    replacements: list[Replacement] = []
    for file, data in changes.items():
        path, before = workspace.path(file), workspace.read(file)
        if path is None or isinstance(before, Unreadable):
            return [refusal(file, "it lies outside the root or cannot be read")]
        if path in names:
            continue  # a link to it: its new bytes are the same
        names[path] = file
        replacements.append(Replacement(path, before.data, data))
    try:
        replace_all(replacements)
    except NotReplaced as refused:
        return _problems(names, refused)
    return []


def _problems(names: Mapping[Path, str], refused: NotReplaced) -> list[Problem]:
    others = "" if len(names) == 1 else ", and so nothing else was written"
    problems = [refusal(names[refused.path], f"{refused.reason}{others}")]
    for path in refused.changed:
        file = names[path]
        message = f"{file} was changed, although not all fixes could be written: undo it by hand"
        problems.append(Problem(message, (first_byte(file),), "error", file))
    return problems


def sweep(workspace: Workspace, files: Iterable[str]) -> None:
    """Take away what killed runs left in the folders of some files."""
    for folder in dict.fromkeys(folder_of(file) for file in files):
        path = workspace.path(folder)
        if path is not None:
            remove_leftovers(path)
