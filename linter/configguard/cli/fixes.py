"""`check --fix` and `check --diff`: what would be changed, written or shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from configguard.checking.finding import Problem
from configguard.checking.session import Judgement, Session
from configguard.checking.wording import grouped
from configguard.cli.files import write_text_out
from configguard.cli.requests import CheckRequest
from configguard.fixing.apply import MAX_ROUNDS, DoNotConverge, fix_all
from configguard.fixing.idle import Fixed
from configguard.fixing.writing import sweep, write_all
from configguard.report.fixed import fixed_lines
from configguard.report.style import Style
from configguard.report.text_safety import inert, one_line
from configguard.report.unified import unified
from configguard.source.workspace import MAX_LOCK_BYTES, Unreadable, Workspace


def fixes_of(
    session: Session,
    judgement: Judgement,
    wanted: CheckRequest,
    only: str | None,
    *,
    baseline_wrong: bool,
) -> Fixed | Problem:
    """Every fix that was asked for, or why there is none at all."""
    for wrong, name in (
        (session.options.settings.wrong, "settings file"),
        # The numbers that fixes write come from there: the defaults may not be what was meant.
        (judgement.limits_wrong, "limits file"),
        # What is meant to stay would be changed.
        (baseline_wrong, "baseline"),
    ):
        if wrong:
            return Problem(f"nothing was fixed, since the {name} is wrong: correct it first")
    writes = wanted.fix and only is None
    try:
        return fix_all(session, judgement, unsafe=wanted.unsafe, only=only, writes=writes)
    except DoNotConverge:
        message = f"the fixes did not settle in {MAX_ROUNDS} rounds: nothing was written"
        return Problem(message)


def written(
    session: Session, result: Fixed, only: str | None
) -> tuple[Session, Fixed, list[Problem]]:
    """Write what fixing changed, where it is no standard input; the session of what is there."""
    if only is not None:
        return session.over(result.changes), result, []
    sweep(session.workspace, (config.candidate.file for config in result.judgement.configs))
    problems = list(result.problems)
    if not result.changes:
        return session, result, problems
    faults = write_all(session.workspace, result.changes)
    if faults:
        result = result._replace(mended=(), effects=())
    session = Session(Workspace(session.workspace.root), session.options)
    return session, result, [*problems, *faults]


def print_diff(session: Session, result: Fixed, problems: Sequence[Problem], style: Style) -> None:
    """A patch on standard output, and beside it on standard error what it would do.

    `problems`: what was wrong before.
    """
    names = {file: style.path(file) for file in sorted(result.changes)}
    outside = any(name.startswith("../") for name in names.values())
    altered: list[str] = []
    for file, name in names.items():
        document = session.workspace.read(file, MAX_LOCK_BYTES)
        before = b"" if isinstance(document, Unreadable) else document.data
        # A patch names no file above the folder in which it is applied.
        patch = unified(file if outside else name, before, result.changes[file])
        write_text_out(patch.data)
        altered += [] if patch.exact else [name]
    for line in fixed_lines(result.mended, result.effects, style._replace(color=False), would=True):
        print(inert(line), file=sys.stderr)
    left = len(grouped(result.judgement.drafts))
    count = len(result.mended)
    would = f"{count} finding{'' if count == 1 else 's'} would be fixed"
    print(f"{would}, {left} would remain; nothing was written.", file=sys.stderr)
    if outside:
        print("The names are those in the root: apply the patch there.", file=sys.stderr)
    for name in altered:
        told = f"{style.clean(name)} holds invisible characters, shown as codes: this part of"
        print(inert(f"{told} the patch cannot be applied, --fix writes it."), file=sys.stderr)
    for problem in problems:
        told = inert(one_line(problem.message, 400))
        print(f"{problem.severity}: {told}", file=sys.stderr)
