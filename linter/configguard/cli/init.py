"""`configguard init`: the proposal as a patch, the question, the writing, and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from configguard.checking.finding import Problem
from configguard.checking.session import Options, Session
from configguard.checking.wording import grouped
from configguard.cli.choosing import chosen_rules
from configguard.cli.common import USAGE, Known, fail, known_of, one_of, place_of
from configguard.cli.files import write_text_out
from configguard.cli.requests import CheckRequest, Request
from configguard.fixing.creating import write_or_create_all
from configguard.proposing.origin import Origin, WrongOrigin, origin_given, origin_installed
from configguard.proposing.proposal import Proposal
from configguard.proposing.propose import PARTS, proposed
from configguard.report.text_safety import inert, one_line
from configguard.report.unified import unified
from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES

WROTE, LEFT = 0, 1


class InitRequest(NamedTuple):
    """The options of `init` alone."""

    yes: bool = False
    only: tuple[str, ...] | None = None
    source: str | None = None
    revision: str | None = None


def run_init(request: Request, wanted: InitRequest) -> int:
    """Propose, ask, write, and give the exit code."""
    parts = PARTS if wanted.only is None else wanted.only
    for part in parts:
        one_of("--only", part, PARTS)
    origin = _origin(wanted)
    place = place_of(request)
    known = known_of(request, place.workspace)
    session = Session(place.workspace, _options(known))
    judgement = session.judge(("",))
    if known.settings.settings.refused:
        _print_problems(judgement.problems)
        return USAGE
    if not judgement.configs and not any(one.severity == "error" for one in judgement.problems):
        where = one_line(str(place.workspace.root), 400)
        fail(f"no config of a test runner was found in {where}: run it in the project's folder")
    proposal = proposed(session, judgement, parts, origin)
    _print_patch(proposal)
    _print_remarks(proposal)
    wrong = any(one.severity == "error" for one in proposal.problems)
    if not proposal.changes:
        if not wrong:
            _say("Nothing to change.")
        return USAGE if wrong else WROTE
    _print_findings(proposal, known)
    if not (wanted.yes or _agreed(len(proposal.changes))):
        return USAGE if wrong else LEFT
    faults = write_or_create_all(proposal.before, proposal.changes)
    _print_problems(faults)
    if not faults:
        _say(f"Written: {', '.join(one_line(file) for file in proposal.changes)}.")
    return USAGE if wrong or faults else WROTE


def _origin(wanted: InitRequest) -> Origin | None:
    if wanted.source is None:
        if wanted.revision is not None:
            fail("--rev is a revision of --source: give that too")
        return origin_installed()
    try:
        return origin_given(wanted.source, wanted.revision)
    except WrongOrigin as wrong:
        fail(f"--source {wrong}")


def _options(known: Known, *, judges: bool = False) -> Options:
    settings = known.settings.settings
    rules = chosen_rules(CheckRequest(), settings, known.rules) if judges else ()
    return Options(rules, settings=known.settings, all_facts=False, every=known.rules)


def _print_patch(proposal: Proposal) -> None:
    """The patch on standard output, with names as they are at the root."""
    if proposal.changes and os.path.realpath(Path.cwd()) != str(proposal.before.root):
        _say("The names in the patch are those at the root: apply it there.")
    for file, data in proposal.changes.items():
        before = proposal.before.read(file, MAX_LOCK_BYTES)
        is_there = isinstance(before, Document)
        patch = unified(file, before.data if isinstance(before, Document) else b"", data)
        text = patch.data
        if not is_there:
            text = b"--- /dev/null\n" + text.partition(b"\n")[2]
        write_text_out(text)
        if not patch.exact:
            told = "holds invisible characters, shown as codes: its patch cannot be applied"
            _say(f"{one_line(file)} {told}, --yes writes it.")


def _print_remarks(proposal: Proposal) -> None:
    for text in proposal.kept:
        _say(f"Kept: {text}.")
    for text in proposal.advice:
        first, *rest = text.split("\n")
        _say("\n".join([f"To do: {one_line(first, 1000)}{'' if rest else '.'}", *rest]))
    _print_problems(proposal.problems)


def _print_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        _say(f"{problem.severity}: {one_line(problem.message, 400)}")


def _print_findings(proposal: Proposal, known: Known) -> None:
    """What `check` will find: the hook and the CI step fail as long as there are errors."""
    session = Session(proposal.workspace, _options(known, judges=True))
    drafts = grouped(session.judge(("",)).drafts)
    errors = sum(group[0].severity == "error" for group in drafts)
    if errors:
        many = "1 error" if errors == 1 else f"{errors} errors"
        _say(
            f"`configguard check` will find {many} with these limits, and hooks and CI fail until "
            "they are repaired (`configguard check --fix`) or known (`--write-baseline`)."
        )


def _agreed(files: int) -> bool:
    """Whether the person at the terminal wants it; where there is none, how it is written."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        _say("Nothing was written: `configguard init --yes` writes it.")
        return False
    sys.stderr.write(f"Write {'this file' if files == 1 else f'these {files} files'}? [y/N] ")
    sys.stderr.flush()
    agreed = sys.stdin.readline().strip().casefold() in ("y", "yes")
    if not agreed:
        _say("Nothing was written.")
    return agreed


def _say(text: str) -> None:
    print(inert(text), file=sys.stderr)
