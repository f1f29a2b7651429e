"""`configguard check`: judge, fix or show the fixes, report, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from configguard.checking.finding import SEVERITIES, Finding, Problem, Report, Severity, at_least
from configguard.checking.session import Judgement, Options, Session
from configguard.checking.wording import grouped, worded
from configguard.cli.common import (
    collect_rarely,
    fail,
    one_of,
    place_of,
    reader,
    scope_of,
    settings_of,
    style_for,
    suggestion,
)
from configguard.cli.requests import CheckRequest, Request
from configguard.limits.settings import Settings
from configguard.report.machine import FORMATS, machine_text
from configguard.report.text_safety import inert, one_line
from configguard.ruleset.rule import Rule, builtin_rules
from configguard.source.document import Document

if TYPE_CHECKING:
    from configguard.fixing.apply import Fixed
    from configguard.fixing.plan import Planner
    from configguard.report.style import Style

Read = Callable[[str], "Document | None"]

PRINTED = ("text", "concise")
_WITHOUT_FIXES = ("concise", "gitlab", "junit")
"""Formats that have no room for fixes: planning them is left out."""


def run_check(request: Request, wanted: CheckRequest) -> int:
    """Check, print, and give the exit code."""
    one_of("--output-format", wanted.output_format, (*PRINTED, *FORMATS))
    one_of("--fail-on", wanted.fail_on, SEVERITIES)
    if wanted.unsafe and not (wanted.fix or wanted.diff):
        fail("--unsafe-fixes does nothing alone: add --fix to write them, or --diff to see them")
    if wanted.fix and wanted.diff:
        fail("--fix writes and --diff only shows: give one of them")
    for option, names in (("--select", wanted.select), ("--ignore", wanted.ignore)):
        refuse_unknown_rules(option, names or ())
    place = place_of(request)
    settings = settings_of(request, place.workspace)
    options = Options(
        chosen_rules(wanted, settings.settings),
        request.limits,
        request.cpus,
        request.skip_unknown,
        scope_of(request, settings.settings),
        settings,
        all_facts=wanted.fix or wanted.diff or wanted.output_format not in _WITHOUT_FIXES,
    )
    style = style_for(request.color, place.workspace.root)
    collect_rarely()
    session = Session(place.workspace, options)
    judgement = session.judge(place.paths)
    changed: list[Problem] = []
    fixed = 0
    if wanted.fix or wanted.diff:
        result = _fixed(session, judgement, wanted)
        if isinstance(result, Problem):
            changed = [result]
        elif wanted.diff:
            return _print_diff(session, judgement, result, request, wanted, style)
        elif result.changes:
            from configguard.fixing.apply import write_all
            from configguard.source.workspace import Workspace

            changed = write_all(place.workspace, result.changes)
            fixed = result.mended if not changed else 0
            session = Session(Workspace(place.workspace.root), options)
            judgement = session.judge(place.paths)
    read = reader(session.workspace, request)
    report = report_of(session, judgement, plan_fixes=wanted.output_format not in _WITHOUT_FIXES)
    report.notices += place.notices
    report.problems += changed
    code = exit_code(report, wanted)
    if wanted.output_format in FORMATS:
        from configguard.report.context import Context, repository_top

        context = Context(
            read,
            session.workspace.root,
            repository_top(session.workspace.root),
            options.rules,
            code,
            cast("Severity", wanted.fail_on),
            request.verbose,
        )
        sys.stdout.write(machine_text(wanted.output_format, report, context))
    else:
        _print_report(report, read, request, wanted, style, fixed)
    return code


def refuse_unknown_rules(option: str, names: tuple[str, ...]) -> None:
    """End with exit code 2 where an option names a rule that there is not."""
    known = builtin_rules()
    for name in names:
        if name not in known:
            near = suggestion(name, tuple(known))
            fail(f"{option} {name}: there is no such rule{near or '; see configguard rules'}")


def chosen_rules(wanted: CheckRequest, settings: Settings) -> tuple[Rule, ...]:
    """The rules that are asked for, as severe as the settings say.

    `--select` takes the place of `select` and `ignore` in the settings; `--ignore` adds to them.
    """
    select, ignore = settings.select, settings.ignore
    if wanted.select is not None:
        select, ignore = frozenset(wanted.select), frozenset()
    severity = dict(settings.severity)
    return tuple(
        rule.graded(severity[name]) if name in severity else rule
        for name, rule in builtin_rules().items()
        if (select is None or name in select) and name not in ignore | set(wanted.ignore or ())
    )


def report_of(session: Session, judgement: Judgement, *, plan_fixes: bool = True) -> Report:
    """Findings in words, each with its verified fix where it has one."""
    findings: list[Finding] = []
    planner: Planner | None = None
    for drafts in grouped(judgement.drafts):
        draft = drafts[0]
        finding = worded(drafts, judgement.limits[draft.subject.suite.id], session.cpus)
        if plan_fixes and draft.rule.fix is not None:
            from configguard.fixing.plan import Planned, Planner

            planner = planner or Planner(session, judgement)
            planned = planner.plan(draft)
            if isinstance(planned, Planned):
                finding = finding.having(fix=planned.fix)
            elif draft.wanted:
                finding = finding.having(remedy=(*finding.remedy, f"no automatic fix: {planned}"))
        findings.append(finding)
    ordered = sorted(findings, key=_order)
    return Report(
        ordered,
        list(judgement.notices),
        list(judgement.problems),
        len({suite.file for suite in judgement.suites}),
        len(judgement.suites),
        tuple(dict.fromkeys(suite.id for suite in judgement.suites)),
    )


def _order(finding: Finding) -> tuple[object, ...]:
    """Suite by suite, the gravest first, then by place."""
    suite, place = finding.suites[0], finding.at[0]
    return suite, SEVERITIES.index(finding.severity), place.file != suite, place, finding.rule


def exit_code(report: Report, wanted: CheckRequest) -> int:
    """CONTRACT.md section 2."""
    if any(problem.severity == "error" for problem in report.problems):
        return 2
    threshold = cast("Severity", wanted.fail_on)
    grave = any(at_least(finding.severity, threshold) for finding in report.findings)
    return 1 if grave and not wanted.exit_zero else 0


def _fixed(session: Session, judgement: Judgement, wanted: CheckRequest) -> Fixed | Problem:
    from configguard.fixing.apply import MAX_ROUNDS, DoNotConverge, fix_all

    if session.options.settings.wrong:
        return Problem("nothing was fixed, since the settings file is wrong: correct it first")
    if judgement.limits_wrong:
        # The numbers that fixes write come from there: the defaults may not be what was meant.
        return Problem("nothing was fixed, since the limits file is wrong: correct it first")
    try:
        return fix_all(session, judgement, unsafe=wanted.unsafe)
    except DoNotConverge:
        message = f"the fixes did not settle in {MAX_ROUNDS} rounds: nothing was written"
        return Problem(message)


def _print_report(
    report: Report,
    read: Read,
    request: Request,
    wanted: CheckRequest,
    style: Style,
    fixed: int,
) -> None:
    from configguard.report.text import render_check, render_concise

    if wanted.output_format == "concise":
        told = render_concise(report, read, style, quiet=request.quiet)
        sys.stdout.write(inert(told))
        return
    text = render_check(
        report, read, style, verbose=request.verbose, quiet=request.quiet, fixed=fixed
    )
    sys.stdout.write(inert(text))


def _print_diff(
    session: Session,
    judgement: Judgement,
    result: Fixed,
    request: Request,
    wanted: CheckRequest,
    style: Style,
) -> int:
    read = reader(session.workspace, request)
    for file in sorted(result.changes):
        document = read(file)
        before = document.data if document is not None else b""
        told = unified(style.path(file), before, result.changes[file])
        sys.stdout.write(inert(told))
    left = len(result.judgement.drafts)
    would = f"{result.mended} finding{'' if result.mended == 1 else 's'} would be fixed"
    print(f"{would}, {left} would remain; nothing was written.", file=sys.stderr)
    for problem in judgement.problems:
        told = inert(one_line(problem.message, 400))
        print(f"{problem.severity}: {told}", file=sys.stderr)
    after = report_of(session, result.judgement, plan_fixes=False)
    after.problems += judgement.problems
    code = exit_code(after, wanted)
    return max(code, 1 if result.changes and not wanted.exit_zero else 0)


def unified(file: str, before: bytes, after: bytes) -> str:
    """A unified diff of one file, safe to print."""
    from difflib import unified_diff

    name = one_line(file)
    old = before.decode("utf-8", "replace").splitlines()
    new = after.decode("utf-8", "replace").splitlines()
    lines = unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
    return "".join(f"{one_line(line, 2000)}\n" for line in lines)
