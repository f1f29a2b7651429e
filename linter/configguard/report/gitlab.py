"""`check --output-format gitlab`: a Code Quality report."""

from __future__ import annotations

import hashlib
from typing import Any

from configguard.checking.finding import Report
from configguard.report.context import Context
from configguard.report.text_safety import json_text, one_line
from configguard.report.told import place_of, problem_text, told
from configguard.source.span import Span

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}
PROBLEM = "unusable-input"


def gitlab(report: Report, context: Context) -> str:
    """A list of issues; GitLab compares the fingerprints of two runs."""
    issues = [
        _issue(
            " ".join(told(one)),
            one.rule,
            _SEVERITIES[one.severity],
            one.fingerprint,
            one.at[0],
            context,
        )
        for one in report.findings
    ]
    for problem in report.problems:
        file = place_of(problem) or "."
        text = problem_text(problem)
        severity = "critical" if problem.severity == "error" else "minor"
        at = problem.at[0] if problem.at else Span(file, 0, 0)
        issues.append(_issue(text, PROBLEM, severity, _hash(PROBLEM, file, text), at, context))
    return json_text(_distinct(issues))


def _issue(
    text: str, name: str, severity: str, fingerprint: str, at: Span, context: Context
) -> dict[str, Any]:
    region = context.region(at)
    return {
        "description": text,
        "check_name": one_line(name),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": context.shown(at.file),
            "lines": {"begin": 1 if region is None else region.start.line},
        },
    }


def _distinct(issues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with a fingerprint of its own: GitLab drops what has one that it has seen."""
    seen: dict[str, int] = {}
    for issue in issues:
        given = issue["fingerprint"]
        seen[given] = seen.get(given, 0) + 1
        if seen[given] > 1:
            issue["fingerprint"] = _hash(given, str(seen[given]))
    return issues


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
