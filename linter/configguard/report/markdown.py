"""`check --output-format markdown`: a summary for a page, such as that of a GitHub job."""

from __future__ import annotations

from configguard.checking.finding import SEVERITIES, Problem, Report
from configguard.report.context import Context
from configguard.report.style import Style
from configguard.report.text import summary
from configguard.report.text_safety import html_text, one_line
from configguard.report.told import MESSAGE_MOST, place_of, problem_text, scoped
from configguard.source.span import Span

_MOST_ROWS = 200
"""GitHub takes 1 MiB for a page: no row of ours is longer than 5 kB."""
_MARKS = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}  # noqa: RUF001 - the sign that is meant


def markdown(report: Report, context: Context) -> str:
    """A sentence and a table, the gravest first.

    Names stand in HTML, where no Markdown of theirs counts.
    """
    wide = Style(width=10_000)
    sentence = " ".join(summary(report, wide))
    rows = [_problem_row(problem, context) for problem in report.problems]
    gravest = sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity))
    rows += [
        _row(
            one.severity,
            one.rule,
            one.at[0],
            scoped(one),
            "" if one.fix is None else f"{one.fix.safety}: {one.fix.title}",
            context,
        )
        for one in gravest
    ]
    lines = ["### configguard", "", html_text(one_line(sentence, MESSAGE_MOST)), ""]
    if rows:
        heads = ("", "Rule", "Place", "What happens", "Fix")
        head = "".join(f"<th>{name}</th>" for name in heads)
        left = len(rows) - _MOST_ROWS
        more = [f'<tr><td colspan="5">and {left} more</td></tr>'] if left > 0 else []
        lines += ["<table>", f"<tr>{head}</tr>", *rows[:_MOST_ROWS], *more, "</table>", ""]
    return "\n".join(lines)


def _problem_row(problem: Problem, context: Context) -> str:
    file = place_of(problem)
    at = problem.at or ((Span(file, 0, 0),) if file else ())
    place = at[0] if at else None
    return _row(problem.severity, "", place, problem_text(problem), "", context)


def _row(severity: str, rule: str, at: Span | None, text: str, fix: str, context: Context) -> str:
    place = ""
    if at is not None:
        region = context.region(at)
        line = "" if region is None else f":{region.start.line}"
        place = f"{one_line(context.path(at.file), 400)}{line}"
    cells = [
        f"{_MARKS[severity]} {severity}",
        _code(one_line(rule)),
        _code(place),
        html_text(one_line(text, MESSAGE_MOST)),
        html_text(one_line(fix, MESSAGE_MOST)),
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _code(text: str) -> str:
    return f"<code>{html_text(text)}</code>" if text else ""
