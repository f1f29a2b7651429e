"""`check --output-format github`: workflow commands, which GitHub shows beside the lines."""

from __future__ import annotations

from configguard.checking.finding import Report
from configguard.report.context import Context
from configguard.report.text_safety import one_line, workflow_property, workflow_value
from configguard.report.told import place_of, problem_text, told
from configguard.source.span import Origin

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def github(report: Report, context: Context) -> str:
    """One command for each finding and problem; with --verbose for what was not decided, too."""
    lines = [
        _command(_COMMANDS[one.severity], one.at, one.file, one.rule, told(one), context)
        for one in report.findings
    ]
    lines += [
        _command(
            problem.severity,
            problem.at,
            place_of(problem),
            "configguard could not use this",
            [problem_text(problem)],
            context,
        )
        for problem in report.problems
    ]
    if context.verbose:
        lines += [
            _command(
                "notice",
                notice.at,
                notice.at[0].file if notice.at else None,
                f"{notice.rule}: not decided" if notice.rule else "note",
                [one_line(notice.message, 400)],
                context,
            )
            for notice in report.notices
        ]
    return "".join(f"{line}\n" for line in lines)


def _command(
    name: str, at: Origin, file: str | None, title: str, lines: list[str], context: Context
) -> str:
    properties: dict[str, str] = {}
    if file is not None:
        properties["file"] = context.shown(file)
    region = context.region(at[0]) if at else None
    if region is not None:
        start, end = region
        properties |= {"line": str(start.line), "endLine": str(end.line)}
        # GitHub takes no columns where a place has several lines.
        if start.line == end.line:
            properties |= {"col": str(start.column), "endColumn": str(end.column)}
    properties["title"] = one_line(title)
    order = ("file", "line", "col", "endLine", "endColumn", "title")
    given = [f"{key}={workflow_property(properties[key])}" for key in order if key in properties]
    message = workflow_value("\n".join(lines))
    return f"::{name} {','.join(given)}::{message}"
