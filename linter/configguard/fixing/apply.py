"""All fixes of a check: planned round by round on an overlay, then written atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from configguard.checking.finding import Problem, first_byte
from configguard.checking.session import Judgement, Session
from configguard.checking.wording import grouped
from configguard.fixing.plan import Planned, Planner
from configguard.source.workspace import Unreadable, Workspace
from configguard.source.written import replace_bytes

MAX_ROUNDS = 10


class Fixed(NamedTuple):
    """What fixing would write: new bytes by file, how many findings that mends."""

    changes: dict[str, bytes]
    mended: int
    judgement: Judgement


class DoNotConverge(Exception):
    """Fixes keep causing each other; nothing is written."""


def fix_all(
    session: Session, judgement: Judgement, *, unsafe: bool, only: str | None = None
) -> Fixed:
    """Plan every fix that may be applied; in each round the first of each file.

    `only`: the one file that may be changed.
    Raises DoNotConverge after too many rounds.
    """
    changes: dict[str, bytes] = {}
    count = 0
    rounds = 0
    while rounds < MAX_ROUNDS:
        planned = _round(session, judgement, unsafe=unsafe, only=only)
        if not planned:
            return Fixed(changes, count, judgement)
        # Each script is a round of its own, and leaves one finding less.
        rounds += not any(one.of_script for one in planned)
        new = {one.file: one.data for one in planned}
        changes.update(new)
        count += len(planned)
        session, judgement = session.after(judgement, new)
    raise DoNotConverge


def _round(
    session: Session, judgement: Judgement, *, unsafe: bool, only: str | None
) -> list[Planned]:
    chosen: dict[str, Planned] = {}
    planner = Planner(session, judgement)
    for draft, *_ in grouped(judgement.drafts):
        if {draft.subject.suite.file, draft.subject.suite.config} & chosen.keys():
            continue
        found = planner.plan(draft)
        if not isinstance(found, Planned) or not (unsafe or found.fix.safety == "safe"):
            continue
        if only not in (None, found.file):
            continue
        # What a script starts may depend on any other edit: its own is made alone.
        if draft.subject.over == "invocation":
            if not chosen:
                return [found]
        elif found.file not in chosen:
            chosen[found.file] = found
    return list(chosen.values())


def write_all(workspace: Workspace, changes: Mapping[str, bytes]) -> list[Problem]:
    """Write changed files; a file that cannot be written is a problem, the others are written."""
    problems: list[Problem] = []
    for file, data in changes.items():
        fault = _write(workspace, file, data)
        if fault is not None:
            message = f"{file} was not changed: {fault}"
            problems.append(Problem(message, (first_byte(file),), "error", file))
    return problems


def _write(workspace: Workspace, file: str, data: bytes) -> str | None:
    path = workspace.path(file)
    before = workspace.read(file)
    if path is None or isinstance(before, Unreadable):
        return "it lies outside the root or cannot be read"
    try:
        status = path.stat()
        if status.st_nlink > 1:
            return "it has several hard links, so another file would change too"
        # The mode counts, not what the superuser may do in spite of it.
        if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
            return "it is read-only"
        if path.read_bytes() != before.data:
            return "it was changed by someone else meanwhile"
        replace_bytes(path, data, status.st_mode)
    except OSError as error:
        return f"{error.strerror or error}"
    return None
