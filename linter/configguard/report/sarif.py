"""`check --output-format sarif`: SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from configguard import __version__
from configguard.checking.finding import Finding, Fix, Notice, Problem, Report
from configguard.report.context import Context, Region
from configguard.report.text_safety import json_text, one_line, uri_path
from configguard.report.told import place_of, problem_text, told
from configguard.resources import data_folder
from configguard.ruleset.rule import Rule
from configguard.source.edits import Edit
from configguard.source.span import Span

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
TOP = "%SRCROOT%"
"""The name that GitHub gives to the top of a repository."""
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_KINDS = {"error": "error", "warning": "warning", "info": "recommendation"}


def sarif(report: Report, context: Context) -> str:
    """One run: the rules, the findings, and as notifications what went wrong or stayed open."""
    rules = {rule.id: index for index, rule in enumerate(context.rules)}
    notifications = [_problem(problem, context) for problem in report.problems]
    notifications += [_notice(notice, rules, context) for notice in report.notices]
    run = {
        "tool": {
            "driver": {
                "name": "configguard",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in context.rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {TOP: {"uri": _folder_uri(context.top)}},
        "invocations": [
            {
                "executionSuccessful": all(one.severity != "error" for one in report.problems),
                "exitCode": context.code,
                "toolExecutionNotifications": notifications,
            }
        ],
        "results": [
            {**_result(finding, rules, context), **_suppressions(finding, report)}
            for finding in (*report.findings, *report.suppressed)
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log)


def _rule(rule: Rule) -> dict[str, Any]:
    page = data_folder("rules") / rule.id / "README.md"
    text = page.read_text("utf-8") if page.is_file() else f"{rule.summary}."
    severity = rule.severity[-1].get("is")
    usual = severity if isinstance(severity, str) else "warning"
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": f"{rule.summary}."},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[usual]},
        "properties": {
            "tags": list(rule.data.get("tags", [])),
            "precision": "very-high",
            "problem.severity": _KINDS[usual],
        },
    }


def _result(finding: Finding, rules: dict[str, int], context: Context) -> dict[str, Any]:
    related = [
        _location(span, context, because.message)
        for because in finding.because
        for span in because.at
    ]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(map(_no_link, told(finding)))},
        "locations": [_location(finding.at[0], context)],
        "relatedLocations": [{"id": nth, **one} for nth, one in enumerate(related, 1)],
        "partialFingerprints": {"finding/v1": finding.fingerprint},
        "properties": {
            "certainty": finding.certainty,
            "when": finding.when,
            "environments": list(finding.environments),
            "suites": list(finding.suites),
        },
    }
    if finding.rule in rules:
        result["ruleIndex"] = rules[finding.rule]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix, context)]
    return result


def _suppressions(finding: Finding, report: Report) -> dict[str, Any]:
    """What hides a finding. Where one result has the property, all of them have it (3.27.23)."""
    if not report.suppressed:
        return {}
    hidden = finding.suppressed
    if hidden is None:
        return {"suppressions": []}
    if hidden.by == "baseline":
        return {"suppressions": [{"kind": "external"}]}
    reason = _no_link(one_line(hidden.reason, 400))
    return {"suppressions": [{"kind": "inSource", "justification": reason}]}


def _fix(fix: Fix, context: Context) -> dict[str, Any]:
    files: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        files.setdefault(edit.span.file, []).append(edit)
    changes = [
        {
            "artifactLocation": _artifact(file, context),
            "replacements": [
                {
                    "deletedRegion": _region(context.region(edit.span)),
                    "insertedContent": {"text": edit.text},
                }
                for edit in edits
            ],
        }
        for file, edits in files.items()
    ]
    description = {"text": _no_link(one_line(f"{fix.title} ({fix.safety})", 2000))}
    return {"description": description, "artifactChanges": changes}


def _problem(problem: Problem, context: Context) -> dict[str, Any]:
    file = place_of(problem)
    at = problem.at[:1] or ((Span(file, 0, 0),) if file else ())
    return {
        "level": problem.severity,
        "message": {"text": _no_link(problem_text(problem))},
        "locations": [_location(span, context) for span in at],
    }


def _notice(notice: Notice, rules: dict[str, int], context: Context) -> dict[str, Any]:
    told: dict[str, Any] = {
        "level": "note",
        "message": {"text": _no_link(one_line(notice.message, 400))},
        "locations": [_location(span, context) for span in notice.at[:1]],
    }
    if notice.rule in rules:
        told["associatedRule"] = {"id": notice.rule, "index": rules[notice.rule]}
    return told


def _location(span: Span, context: Context, message: str = "") -> dict[str, Any]:
    place = {
        "artifactLocation": _artifact(span.file, context),
        "region": _region(context.region(span)),
    }
    text = {"message": {"text": _no_link(one_line(message, 400))}} if message else {}
    return {"physicalLocation": place, **text}


def _region(region: Region | None) -> dict[str, int]:
    """The region; the first character where the file cannot be read: GitHub wants a line."""
    if region is None:
        return {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    start, end = region
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _artifact(file: str, context: Context) -> dict[str, str]:
    path = context.path(file)
    if PurePath(path).is_absolute():
        return {"uri": _file_uri(PurePath(path))}
    return {"uri": uri_path(path), "uriBaseId": TOP}


def _file_uri(path: PurePath) -> str:
    return f"file:///{uri_path(path.as_posix()).lstrip('/')}"


def _folder_uri(path: PurePath) -> str:
    return f"{_file_uri(path).rstrip('/')}/" if path.as_posix() != "/" else "file:///"


def _no_link(text: str) -> str:
    """Text in which viewers find no link: `[text](target)` would be one."""
    return text.replace("](", "]\\(")
