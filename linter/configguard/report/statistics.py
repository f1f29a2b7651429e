"""Counts in place of findings: how many of each rule and severity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from configguard.checking.finding import SEVERITIES, Finding, Severity


class Count(NamedTuple):
    """How many findings of a rule have a severity, and how many of them a safe fix."""

    rule: str
    severity: Severity
    findings: int
    fixable: int


def counts(findings: Iterable[Finding]) -> list[Count]:
    """The counts, the gravest first, then the most."""
    groups: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.severity), []).append(finding)
    found = [
        Count(rule, severity, len(group), sum(_is_safe(one) for one in group))
        for (rule, severity), group in groups.items()
    ]
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.findings, one.rule))


def _is_safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safety == "safe"


def count_lines(findings: Iterable[Finding]) -> list[str]:
    """A line for each count."""
    found = counts(findings)
    widest = max((len(str(one.findings)) for one in found), default=0)
    longest = max((len(one.rule) for one in found), default=0)
    return [
        f"{one.findings:>{widest}}  {one.severity:<7}  {one.rule:<{longest}}"
        f"{f'  {one.fixable} fixable' if one.fixable else ''}".rstrip()
        for one in found
    ]
