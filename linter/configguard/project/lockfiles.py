"""A folder's lock files to what they pin for a package."""

from __future__ import annotations

import posixpath
from typing import NamedTuple
from weakref import WeakKeyDictionary

from configguard.project.json_lock import bun_pin, npm_pin
from configguard.project.managers import ALL_LOCK_FILES, LOCK_FILES
from configguard.project.manifests import once_per_document, problem_at, read_text
from configguard.project.pins import Asked, NotCovered, Pin
from configguard.project.pnpm_lock import pnpm_pin
from configguard.project.problems import PathProblem
from configguard.project.yarn_classic import classic_pin
from configguard.project.yarn_lock import is_berry, yarn_pin
from configguard.source.document import Document
from configguard.source.workspace import Workspace

_READERS = {"npm": npm_pin, "pnpm": pnpm_pin, "yarn": yarn_pin, "bun": bun_pin}
_CURE = "write it anew with `{manager} install`"
_UNFINISHED = "it holds the marks of an unfinished merge"
_FINISH = "take one side, then run `{manager} install`"

_there: WeakKeyDictionary[Workspace, dict[str, list[tuple[str, str, Document | PathProblem]]]] = (
    WeakKeyDictionary()
)


class Answer(NamedTuple):
    """What one lock file pins."""

    file: str
    manager: str
    pin: Pin


class LockAnswers(NamedTuple):
    """What the lock files of one folder say.

    `silent`: those that cover the package.json that lists the package, but do not know it.
    """

    answers: tuple[Answer, ...]
    silent: tuple[str, ...]
    problems: tuple[PathProblem, ...]


_NONE = LockAnswers((), (), ())


def locked(workspace: Workspace, folder: str, asked: Asked) -> LockAnswers:
    """What is pinned in the lock files of a folder, those of every package manager."""
    files = _lock_files(workspace, folder)
    if not files:
        return _NONE
    answers: list[Answer] = []
    silent: list[str] = []
    problems: list[PathProblem] = []
    for manager, file, document in files:
        if any(answer.manager == manager for answer in answers):
            continue
        found = _pin(workspace, document, folder, manager, asked)
        if isinstance(found, PathProblem):
            cure = (_FINISH if _UNFINISHED in found.message else _CURE).format(manager=manager)
            problems.append(found._replace(message=f"{found.message}; {cure}"))
        elif found is None:
            silent.append(file)
        elif not isinstance(found, NotCovered):
            answers.append(Answer(file, manager, found))
    return LockAnswers(tuple(answers), tuple(silent), tuple(problems))


def _lock_files(workspace: Workspace, folder: str) -> list[tuple[str, str, Document | PathProblem]]:
    """The lock files of a folder and their managers: every config below asks for them."""
    known = _there.setdefault(workspace.frame, {})
    if folder not in known:
        there = LOCK_FILES.items() if workspace.may_hold(folder, ALL_LOCK_FILES) else ()
        files = ((posixpath.join(folder, name), one) for name, one in there)
        read = ((manager, file, read_text(workspace, file)) for file, manager in files)
        known[folder] = [(manager, file, found) for manager, file, found in read if found]
    return known[folder]


def _pin(
    workspace: Workspace,
    document: Document | PathProblem,
    folder: str,
    manager: str,
    asked: Asked,
) -> Pin | NotCovered | PathProblem | None:
    if isinstance(document, PathProblem):
        return document
    conflict = _conflict(document)
    if conflict is not None:
        return conflict
    if manager == "yarn" and not is_berry(document):
        return classic_pin(workspace, document, folder, asked)
    return _READERS[manager](document, asked)


@once_per_document
def _conflict(document: Document) -> PathProblem | None:
    """A merge that was not finished; neither half of the file can be trusted."""
    marker = b"<<<<<<< "
    start = 0 if document.data.startswith(marker) else document.data.find(b"\n" + marker) + 1
    if start == 0 and not document.data.startswith(marker):
        return None
    return problem_at(document, _UNFINISHED, start)
