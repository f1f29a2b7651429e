"""Rules over suites: drafts of findings, merged over environments, absorbed where one explains
another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from configguard.checking.finding import SEVERITIES, Notice, Severity
from configguard.checking.subjects import Subject, never_starts, subjects_of
from configguard.evaluate import constraints
from configguard.evaluate.worlds import CpusAtLeast, EnvSet
from configguard.limits.limits import Limits
from configguard.project.suites import Suite
from configguard.resources import table
from configguard.ruleset.judge import Violation, judge_check
from configguard.ruleset.rule import Rule
from configguard.runners.profile import KnownFact, UnknownFact, When

FACT_LIMITS = {"workers": "maxConcurrentTests", "retries": "maxRetries"}
"""The limit that bounds what an end-to-end suite may be given for a fact."""
TIMEOUT_LIMITS = {"testTimeoutMs": "testMs", "hookTimeoutMs": "hookMs"}
"""The limit whose number a fix writes as a timeout."""


class Draft(NamedTuple):
    """One thing that breaks a rule, in one or more environments, before it is put into words.

    `wanted`: the facts that a fix would bring about. `removes`: settings it would take out.
    """

    rule: Rule
    severity: Severity
    subject: Subject
    environments: tuple[str, ...]
    violations: tuple[Violation, ...]
    sure: bool
    when: When
    wanted: dict[str, float]
    removes: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding after an edit."""
        return self.rule.id, self.subject.suite.id, self.subject.name or self._facts

    @property
    def _facts(self) -> str:
        return ",".join(sorted({violation.fact for violation in self.violations}))


class Judged(NamedTuple):
    """What the rules say of one suite."""

    drafts: list[Draft]
    notices: list[Notice]


def judge_suite(suite: Suite, rules: Iterable[Rule], limits: Limits, cpus: int) -> Judged:
    """Judge one suite by all rules, each as it is under these limits (`Rule.at`)."""
    subjects = subjects_of(suite)
    drafts: list[Draft] = []
    notices: dict[Notice, None] = {}
    for rule in rules:
        found: dict[tuple[str, str], list[tuple[Subject, tuple[Violation, ...]]]] = {}
        for subject in subjects:
            violations, open_facts = _judge(rule, subject, cpus)
            if violations:
                found.setdefault((subject.over, subject.name), []).append((subject, violations))
            for fact, unknown in open_facts:
                notices[_open_notice(rule, subject, fact, unknown)] = None
        drafts += [_draft(rule, hits, limits) for hits in found.values()]
    return Judged(_absorbed(drafts), list(notices))


def _judge(
    rule: Rule, subject: Subject, cpus: int
) -> tuple[tuple[Violation, ...], tuple[tuple[str, UnknownFact | None], ...]]:
    violations: list[Violation] = []
    left_open: list[tuple[str, UnknownFact | None]] = []
    idle = subject.over == "suite" and never_starts(subject.profile)
    for check in rule.checks:
        if check.over != subject.over:
            continue
        if idle and "neverStarts" not in check.require:
            continue  # a suite that never starts puts no load on anything
        verdict = judge_check(check, subject.facts, cpus)
        violations += verdict.violations
        left_open += verdict.open
    decided = {violation.fact for violation in violations}
    return tuple(violations), tuple(item for item in left_open if item[0] not in decided)


def _draft(rule: Rule, hits: list[tuple[Subject, tuple[Violation, ...]]], limits: Limits) -> Draft:
    subject, violations = hits[0]
    environments = tuple(dict.fromkeys(hit.environment for hit, _ in hits))
    sure = all(violation.sure for _, found in hits for violation in found)
    when = When()
    if subject.entries:
        when = subject.entries[0].when
        sure = when.usual and not _open_condition(when)
    if not sure and not subject.entries:
        every = (violation for _, found in hits for violation in found)
        when = next(violation.case.when for violation in every if not violation.sure)
    severity = _severity(rule, subject, violations, environments, limits)
    if not sure:
        severity = SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
    wanted, removes = _wanted(rule, subject, violations, limits)
    return Draft(rule, severity, subject, environments, violations, sure, when, wanted, removes)


def _open_condition(when: When) -> bool:
    """Whether a condition leaves something open besides the number of CPUs."""
    return when.versions is not None or any(
        not isinstance(atom, CpusAtLeast | EnvSet) for atom, _ in when.assumptions
    )


def _severity(
    rule: Rule,
    subject: Subject,
    violations: tuple[Violation, ...],
    environments: tuple[str, ...],
    limits: Limits,
) -> Severity:
    first = violations[0]
    known: dict[str, Any] = {
        name: fact.value for name, fact in subject.facts.items() if isinstance(fact, KnownFact)
    }
    stated = first.limit is not None and limits[first.limit].stated
    known["limits"] = "stated" if stated else "default"
    known["origin"] = first.case.fact.origin
    known["only"] = environments[0] if len(environments) == 1 else "both"
    for choice in rule.severity:
        conditions = choice.get("when", {})
        if all(_condition(wanted, known.get(name)) for name, wanted in conditions.items()):
            grade: Severity = choice["is"]
            return grade
    raise ValueError(f"no severity of {rule.id} applies")


def _condition(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return constraints.judge(wanted, value) is True
    return constraints.same(wanted, value)


def _wanted(
    rule: Rule, subject: Subject, violations: tuple[Violation, ...], limits: Limits
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The facts a fix would bring about, and the settings it would take out."""
    if rule.fix is None:
        return {}, ()
    wanted, removes = _plainly_wanted(rule, subject, violations, limits)
    # What one setting sets changes together: a hook of jest has the time of a test.
    for fact, others in table(f"runners/facts/{subject.suite.runner}").get("tied", {}).items():
        if fact in wanted:
            wanted.update(dict.fromkeys(others, wanted[fact]))
    return wanted, removes


def _plainly_wanted(
    rule: Rule, subject: Subject, violations: tuple[Violation, ...], limits: Limits
) -> tuple[dict[str, float], tuple[str, ...]]:
    assert rule.fix is not None  # asked before
    if "set" in rule.fix:
        broken = {violation.fact.split(".")[0] for violation in violations}
        return {
            fact: limits[value["limit"]].value if isinstance(value, dict) else value
            for fact, value in rule.fix["set"].items()
            if fact in broken
        }, ()
    return _rewritten(subject, limits)


def _rewritten(subject: Subject, limits: Limits) -> tuple[dict[str, float], tuple[str, ...]]:
    """What settings that do not work were plainly meant to do, never above the limit."""
    wanted: dict[str, float] = {}
    removes: list[str] = []
    for entry in subject.entries:
        if entry.effect == "ignored":
            removes.append(entry.removes or entry.setting)
        fact = entry.would
        if fact in TIMEOUT_LIMITS:
            wanted[fact] = entry.means or limits[TIMEOUT_LIMITS[fact]].value
        elif fact in FACT_LIMITS and entry.means is not None and entry.means >= (fact == "workers"):
            most = _bound(subject, fact, limits)
            wanted[fact] = min(entry.means, most, wanted.get(fact, most))
    return wanted, tuple(dict.fromkeys(removes))


def _bound(subject: Subject, fact: str, limits: Limits) -> float:
    if subject.suite.kind.kind not in ("e2e", "integration"):
        return float("inf")
    return limits[FACT_LIMITS[fact]].value


def _absorbed(drafts: list[Draft]) -> list[Draft]:
    """Without the findings that another one explains."""
    kept: list[Draft] = []
    for draft in drafts:
        same = [other for other in drafts if other.subject.suite is draft.subject.suite]
        if any(_explains(other, draft) for other in same if other is not draft):
            continue
        kept.append(draft)
    return kept


def _explains(other: Draft, draft: Draft) -> bool:
    if draft.subject.over == "suite" and other.rule is draft.rule and other.subject.entries:
        # A setting that stops the run is the better place than the suite it stops.
        return "neverStarts" in {violation.fact for violation in draft.violations}
    if draft.rule.id not in other.rule.absorbs or not other.subject.entries:
        return False
    first = draft.violations[0]
    defaulted = first.case.fact.origin == "default"
    return defaulted and any(
        entry.lowers and entry.would == first.fact for entry in other.subject.entries
    )


def _open_notice(rule: Rule, subject: Subject, fact: str, unknown: UnknownFact | None) -> Notice:
    suite = subject.suite.id
    if fact == "kind":
        message = f"{suite}: whether it is an end-to-end suite is not clear"
        return Notice(message, subject.profile.anchor)
    reason = unknown.reason if unknown is not None else "it is not known in every case"
    at = unknown.at if unknown is not None and unknown.at else subject.profile.anchor
    name = fact.split(".")[0]
    return Notice(f"{suite}: {name} could not be decided: {reason}", at, rule.id)
