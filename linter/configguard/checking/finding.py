"""What a check says: findings, notices (not decided) and problems (bad input)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from configguard.runners.profile import Fact
from configguard.source.edits import Edit
from configguard.source.span import Origin, Span

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def at_least(severity: Severity, threshold: Severity) -> bool:
    """Whether a severity is as grave as a threshold, or graver."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(threshold)


@dataclass(frozen=True, slots=True)
class Because:
    """One step of the evidence: what stands where (a const, a base file, a limit)."""

    message: str
    at: Origin = ()


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that remove a finding, verified by evaluating their result.

    `explained` are steps for a person, where no edit of ours could do it.
    """

    safety: Literal["safe", "unsafe"]
    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What hides a finding: a comment (`at` is the rule's name in it), or the baseline."""

    by: Literal["comment", "file-comment", "baseline"]
    reason: str
    at: Origin = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with its evidence.

    `at[0]` is the primary place. `message` says what happens, `consequence` why it matters,
    `remedy` what to do; `also` are the other suites in words.
    `when` is set where it depends on something open (JSON of a condition).
    """

    rule: str
    severity: Severity
    message: str
    at: Origin
    suites: tuple[str, ...]
    environments: tuple[str, ...]
    subject: str
    label: str = ""
    consequence: str = ""
    remedy: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()
    certainty: Literal["sure", "depends"] = "sure"
    when: dict[str, Any] | None = None
    fix: Fix | None = None
    also: tuple[str, ...] = ()
    suppressed: Suppressed | None = None

    def having(self, **changes: Any) -> Finding:
        """This finding with some fields replaced."""
        return replace(self, **changes)

    @property
    def file(self) -> str:
        return self.at[0].file

    @property
    def fingerprint(self) -> str:
        """Stable under moved lines: rule, file, and project, fact and invocation if one suite."""
        parts = [self.rule, self.file]
        if len(self.suites) == 1:
            parts += [self.suites[0], self.subject]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that could not be decided: never a finding, never an exit code."""

    message: str
    at: Origin = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Input that could not be used. An error makes the exit code 2, a warning does not."""

    message: str
    at: Origin = ()
    severity: Literal["error", "warning"] = "error"
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Mended:
    """A fix that was made: of which rule, in which file, in words, for which suites."""

    rule: str
    file: str
    title: str
    safety: Literal["safe", "unsafe"]
    suites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a suite does after fixing that it did not do before, in words and as facts.

    `facts`: environment, name, before, after; None where that version has no such fact.
    """

    suite: str
    message: str
    facts: tuple[tuple[str, str, Fact | None, Fact | None], ...]


@dataclass(slots=True)
class Report:
    """All that one check found. `suppressed`: findings that a comment or the baseline hides.

    `judged` are the ids of the suites, `cpus` the machine that numbers are judged for;
    `mended` and `effects`: what fixing did, None where nothing was to be fixed.
    `show_suppressed` and `statistics`: how it is to be told.
    """

    findings: list[Finding] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    suites: int = 0
    judged: tuple[str, ...] = ()
    suppressed: list[Finding] = field(default_factory=list)
    show_suppressed: bool = False
    statistics: bool = False
    cpus: int = 0
    mended: tuple[Mended, ...] | None = None
    effects: tuple[Effect, ...] = ()

    @property
    def shown(self) -> list[Finding]:
        """The findings that are listed: with the suppressed ones where they are wanted."""
        return [*self.findings, *(self.suppressed if self.show_suppressed else ())]


def first_byte(file: str) -> Span:
    """The place that stands for a whole file."""
    return Span(file, 0, 0)
