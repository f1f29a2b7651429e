"""`configguard check`: judge, fix or show the fixes, report, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, cast

from configguard.checking.baseline import Baseline, load_baseline, stale_notices, was_better
from configguard.checking.finding import SEVERITIES, Finding, Problem, Report, Severity, at_least
from configguard.checking.session import Judgement, Options, Session
from configguard.checking.wording import grouped, worded
from configguard.cli.choosing import chosen_rules, refuse_unknown_rules
from configguard.cli.common import (
    collect_rarely,
    known_of,
    one_of,
    place_of,
    reader,
    scope_of,
    style_for,
)
from configguard.cli.files import (
    into_file,
    refuse_what_cannot_be_together,
    save_baseline,
    with_stdin,
    write_text_out,
)
from configguard.cli.patience import patience
from configguard.cli.requests import CheckRequest, Request
from configguard.report.machine import FORMATS, machine_text
from configguard.report.text_safety import inert, one_line
from configguard.source.document import Document
from configguard.source.workspace import Workspace

if TYPE_CHECKING:
    from configguard.fixing.idle import Fixed
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
    refuse_what_cannot_be_together(request, wanted)
    if wanted.output_file is not None:
        return into_file(wanted.output_file, lambda: _check(request, wanted))
    return _check(request, wanted)[0]


def _check(request: Request, wanted: CheckRequest) -> tuple[int, str]:
    """The exit code, and what was found in one line."""
    if wanted.stdin_filename is not None:
        request = request._replace(paths=(wanted.stdin_filename,))
    place = place_of(request)
    known = known_of(request, place.workspace, wanted.rule_paths)
    refuse_unknown_rules(wanted, known.rules)
    only = None
    if wanted.stdin_filename is not None:
        place = with_stdin(place)
        only = place.paths[0]
    baseline, unusable = _baseline(wanted, place.workspace)
    options = Options(
        chosen_rules(wanted, known.settings.settings, known.rules),
        request.limits,
        request.cpus,
        request.skip_unknown,
        scope_of(request, known.settings.settings),
        known.settings,
        all_facts=known.has_own
        or wanted.fix
        or wanted.diff
        or wanted.output_format not in _WITHOUT_FIXES,
        every=known.rules,
        baseline=baseline,
    )
    style = style_for(request.color, place.workspace.root)
    collect_rarely()
    session = Session(place.workspace, options)
    with patience(place.workspace.root):
        judgement = session.judge(place.paths)
    changed: list[Problem] = [*known.problems, *unusable]
    done: Fixed | None = None
    if wanted.fix or wanted.diff:
        from configguard.cli.fixes import fixes_of, print_diff, written

        result = fixes_of(session, judgement, wanted, only, baseline_wrong=bool(unusable))
        if isinstance(result, Problem):
            changed.append(result)
        elif wanted.diff:
            print_diff(session, result, judgement.problems, style)
            report = report_of(session, result.judgement, plan_fixes=False)
            report.problems += judgement.problems
            code = exit_code(report, wanted)
            return max(code, 1 if result.changes and not wanted.exit_zero else 0), ""
        else:
            session, done, faults = written(session, result, only)
            changed += faults
            if done.changes:
                judgement = session.judge(place.paths)
    if wanted.write_baseline is not None:
        judgement = _with_baseline_written(judgement, wanted.write_baseline, changed)
    read = reader(session.workspace, request, wanted.baseline, *known.files)
    report = report_of(session, judgement, plan_fixes=wanted.output_format not in _WITHOUT_FIXES)
    report.notices += place.notices
    report.problems += changed
    if judgement.whole:
        report.notices += stale_notices(judgement.stale, judgement.certain(options.rules))
    report.show_suppressed, report.statistics = wanted.show_suppressed, wanted.statistics
    if done is not None:
        report.mended, report.effects = done.mended, done.effects
    code = exit_code(report, wanted)
    mended = only is not None and wanted.fix
    if mended:
        write_text_out(session.workspace.overlay[place.paths[0]])
    with redirect_stdout(sys.stderr if mended else sys.stdout):
        if wanted.output_format in FORMATS:
            from configguard.report.context import Context, repository_top

            root = session.workspace.root
            fail_on = cast("Severity", wanted.fail_on)
            context = Context(
                read, root, repository_top(root), options.rules, code, fail_on, request.verbose
            )
            sys.stdout.write(machine_text(wanted.output_format, report, context))
        else:
            _print_report(report, read, request, wanted, style)
    return code, _in_short(report, wanted)


def _baseline(wanted: CheckRequest, workspace: Workspace) -> tuple[Baseline | None, list[Problem]]:
    if wanted.baseline is None:
        return None, []
    return load_baseline(wanted.baseline, workspace.name_of(wanted.baseline))


def _with_baseline_written(judgement: Judgement, path: Path, problems: list[Problem]) -> Judgement:
    """Write all that is found, which is known from then on."""
    if any(one.severity == "error" for one in (*judgement.problems, *problems)):
        problems.append(Problem("the baseline was not written: correct what is wrong first"))
        return judgement
    judgement = judgement.known()
    groups = grouped(one.draft for one in judgement.hidden if one.by.by == "baseline")
    save_baseline(path, groups)
    many = f"{len(groups)} finding{'' if len(groups) == 1 else 's'}"
    print(f"{one_line(str(path), 400)}: {many} written", file=sys.stderr)
    return judgement


def _in_short(report: Report, wanted: CheckRequest) -> str:
    """The summary of a report that goes to a file."""
    if wanted.output_file is None:
        return ""
    from configguard.report.style import Style
    from configguard.report.text import summary

    return "\n".join(summary(report, Style()))


def report_of(session: Session, judgement: Judgement, *, plan_fixes: bool = True) -> Report:
    """Findings in words, each with its verified fix where it has one."""
    findings: list[Finding] = []
    planner: Planner | None = None
    worse = {id(draft): entry for draft, entry in judgement.worse}
    for drafts in grouped(judgement.drafts):
        draft = drafts[0]
        finding = worded(
            drafts, judgement.limits[draft.subject.suite.id], session.cpus, session.workspace
        )
        if id(draft) in worse:
            because = (*finding.because, was_better(worse[id(draft)]))
            finding = finding.having(because=because)
        if plan_fixes and draft.rule.fix is not None:
            from configguard.fixing.plan import Planned, Planner

            planner = planner or Planner(session, judgement)
            planned = planner.plan(draft)
            if isinstance(planned, Planned):
                finding = finding.having(fix=planned.fix)
            elif draft.wanted or draft.moves:
                finding = finding.having(remedy=(*finding.remedy, f"no automatic fix: {planned}"))
        findings.append(finding)
    return Report(
        sorted(findings, key=_order),
        list(judgement.notices),
        list(judgement.problems),
        len({suite.file for suite in judgement.suites}),
        len(judgement.suites),
        tuple(dict.fromkeys(suite.id for suite in judgement.suites)),
        suppressed=sorted(_suppressed(session, judgement), key=_order),
        cpus=session.cpus,
    )


def _suppressed(session: Session, judgement: Judgement) -> Iterator[Finding]:
    """The hidden findings in words; no fixes are planned for what is meant to stay."""
    by = {id(one.draft): one.by for one in judgement.hidden}
    for drafts in grouped(one.draft for one in judgement.hidden):
        limits = judgement.limits[drafts[0].subject.suite.id]
        finding = worded(drafts, limits, session.cpus, session.workspace)
        yield finding.having(suppressed=by[id(drafts[0])])


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


def _print_report(
    report: Report,
    read: Read,
    request: Request,
    wanted: CheckRequest,
    style: Style,
) -> None:
    from configguard.report.text import render_check, render_concise

    if wanted.output_format == "concise":
        told = render_concise(report, read, style, quiet=request.quiet)
        sys.stdout.write(inert(told))
        return
    text = render_check(report, read, style, verbose=request.verbose, quiet=request.quiet)
    sys.stdout.write(inert(text))
