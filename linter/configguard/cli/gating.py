"""The gate as `configguard run` uses it: findings on stderr, and a plain verdict for the guard."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from configguard.checking.finding import Finding, Report
from configguard.checking.session import Options
from configguard.cli.check import report_of
from configguard.cli.choosing import chosen_rules
from configguard.cli.common import collect_rarely, known_of, reader, scope_of, ways_to
from configguard.cli.requests import CheckRequest, Request
from configguard.cli.run import Gate, Place
from configguard.cli.run_request import Refused, RunRequest
from configguard.gate.verdict import GateVerdict, judge_command, load_rules
from configguard.report.style import Style
from configguard.report.text import render_check
from configguard.report.text_safety import inert, one_line
from configguard.source.document import Document
from configguard.watchdog.printed import Look, line, say

_MOST_PLACES = 2
_ADVICE = {
    "safe": "run `configguard check --fix`",
    "unsafe": "run `configguard check --fix --unsafe-fixes`",
    None: "`configguard check` says what to do",
}


def through_gate(request: RunRequest, place: Place, look: Look) -> Gate:
    """Judge what the command will run. Raises Refused where its load is an error."""
    common = Request(limits=request.limits, root=request.root, settings=request.settings)
    collect_rarely()
    known = known_of(common, place.workspace)
    settings = known.settings
    if settings.settings.refused or any(one.severity == "error" for one in settings.problems):
        for one in settings.problems:
            say(line(look, f"{one.span.file}: {one.severity}: {one.message}"))
        if request.settings is not None:
            raise Refused("usage", "the file of --settings is wrong: correct it, or name another")
        raise Refused("gate", "the settings file is wrong: correct it, or start with --no-gate")
    options = Options(
        load_rules(chosen_rules(CheckRequest(), settings.settings, known.rules)),
        request.limits,
        usable_cpus(),
        scope=scope_of(common, settings.settings),
        settings=settings,
        every=known.rules,
    )
    verdict = judge_command(place.workspace, request.command, place.folder, os.environ, options)
    if verdict.note is not None:
        say(line(look, verdict.note, "2"))
    if verdict.session is None or verdict.judgement is None:
        return Gate(note=verdict.note)
    report = report_of(verdict.session, verdict.judgement)
    read = reader(verdict.session.workspace, common)
    errors = [one for one in report.findings if one.severity == "error"]
    if errors:
        _print(report, errors, verdict, look, common)
        count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
        safe = sum(one.fix is not None and one.fix.safety == "safe" for one in errors)
        mends = "it" if safe == len(errors) == 1 else "all" if safe == len(errors) else str(safe)
        advice = (
            f"`configguard check --fix` mends {mends}" if safe else "correct what is told above"
        )
        raise Refused(
            "gate",
            f"{count} about the load of what it runs: {advice}, "
            "or start it all the same with --no-gate",
        )
    return Gate(_told(report.findings, read), verdict.note, verdict.workers, verdict.folders)


def usable_cpus() -> int:
    """How many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _print(
    report: Report, errors: list[Finding], verdict: GateVerdict, look: Look, common: Request
) -> None:
    assert verdict.session is not None
    workspace = verdict.session.workspace
    style = Style(look.color, look.unicode, look.width, *ways_to(workspace.root))
    suites = {suite for one in errors for suite in one.suites}
    shown = Report(findings=errors, files=report.files, suites=len(suites), cpus=report.cpus)
    text = render_check(shown, reader(workspace, common), style)
    say(inert(text))


def _told(
    findings: list[Finding], read: Callable[[str], Document | None]
) -> tuple[Mapping[str, Any], ...]:
    """What the report of a stopped run names: where the load is written, and what is said of it."""
    found = []
    for finding in findings:
        if finding.severity == "info":
            continue
        span = finding.at[0]
        document = read(span.file)
        row = document.position(span.start)[0] if document is not None else 1
        text = document.line_text(row - 1).strip().rstrip(",") if document is not None else ""
        found.append(
            {
                "rule": finding.rule,
                "place": f"{span.file}:{row}",
                "written": one_line(text, 60),
                "message": one_line(finding.message, 300),
                "advice": _ADVICE[None if finding.fix is None else finding.fix.safety],
            }
        )
    parts = [f"{one['place']} {one['written']}".strip() for one in found[:_MOST_PLACES]]
    times = " \N{MULTIPLICATION SIGN} ".join(dict.fromkeys(parts))
    return tuple({**one, "told": times} for one in found)
