"""Rules over subjects: drafts of findings, merged over environments, absorbed where one explains
another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from configguard.checking.finding import SEVERITIES, Notice, Severity
from configguard.checking.subjects import Subject, never_starts
from configguard.evaluate import constraints
from configguard.evaluate.constraints import is_number
from configguard.evaluate.worlds import CpusAtLeast, EnvSet
from configguard.limits.limits import Limits
from configguard.project.suites import suite_id
from configguard.resources import table
from configguard.ruleset.judge import NOTHING, Violation, judge_check
from configguard.ruleset.rule import Rule
from configguard.runners.derived import fact_of, needed_for
from configguard.runners.profile import KnownFact, SettingEntry, UnknownFact, When

FACT_LIMITS = {
    "workers": "maxConcurrentTests",
    "testConcurrency": "maxConcurrentTests",
    "retries": "maxRetries",
}
"""The limit that bounds what an end-to-end suite may be given for a fact."""
TIMEOUT_LIMITS = {"testTimeoutMs": "testMs", "hookTimeoutMs": "hookMs"}
"""The limit whose number a fix writes as a timeout."""

Hit = tuple[Subject, tuple[Violation, ...]]
"""What breaks a rule in one environment."""


class Draft(NamedTuple):
    """One thing that breaks a rule, in one or more environments, before it is put into words.

    `hits`: by environment, the first is told of. `wanted`: the facts that a fix would bring about.
    `removes`: settings it would take out; `moves`: settings it would write as others.
    """

    rule: Rule
    severity: Severity
    hits: tuple[Hit, ...]
    sure: bool
    when: When
    wanted: dict[str, float]
    removes: tuple[str, ...]
    moves: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> Subject:
        return self.hits[0][0]

    @property
    def violations(self) -> tuple[Violation, ...]:
        return self.hits[0][1]

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(subject.environment for subject, _ in self.hits))

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding after an edit."""
        context = self.subject.context
        about = f"{self.topic} of {context}" if context else self.topic
        return self.rule.id, self.subject.suite.id, about

    @property
    def topic(self) -> str:
        """The setting or the facts that it is about."""
        facts = sorted({violation.fact for _, found in self.hits for violation in found})
        return self.subject.name or ",".join(facts)


class Judged(NamedTuple):
    """What the rules say of some subjects."""

    drafts: list[Draft]
    notices: list[Notice]


class Ruling(NamedTuple):
    """What decides: the rules that are asked for, all that there are, the limits, the machine."""

    rules: Sequence[Rule]
    every: Mapping[str, Rule]
    limits: Limits
    cpus: int


def judge_subjects(subjects: Sequence[Subject], ruling: Ruling) -> Judged:
    """Judge what belongs to one suite, by rules as they are under its limits (`Rule.at`)."""
    drafts: list[Draft] = []
    notices: dict[Notice, None] = {}
    idle = [one.over != "setting" and never_starts(one.profile) for one in subjects]
    for rule in ruling.rules:
        found: dict[tuple[object, ...], list[Hit]] = {}
        # Where local and CI do not differ, they have their facts in common: one verdict does.
        verdicts: dict[int, _Verdict] = {}
        for subject, is_idle in zip(subjects, idle, strict=True):
            if subject.over not in rule.over:
                continue
            verdict = verdicts.get(id(subject.facts))
            if verdict is None:
                verdict = _judge(rule, subject, ruling.cpus, idle=is_idle)
                verdicts[id(subject.facts)] = verdict
            violations, open_facts = verdict
            if violations:
                found.setdefault(subject.identity, []).append((subject, violations))
            for fact, unknown in open_facts:
                notices[_open_notice(rule, subject, fact, unknown)] = None
        drafts += [drafted(rule, hits, ruling) for hits in found.values()]
    return Judged(drafts, list(notices))


_Verdict = tuple[tuple[Violation, ...], tuple[tuple[str, UnknownFact | None], ...]]
_NOTHING: _Verdict = ((), ())


def _judge(rule: Rule, subject: Subject, cpus: int, *, idle: bool) -> _Verdict:
    violations: list[Violation] = []
    left_open: list[tuple[str, UnknownFact | None]] = []
    for check in rule.checks:
        if check.over != subject.over:
            continue
        if idle and "neverStarts" not in check.require:
            continue  # a suite that never starts puts no load on anything
        verdict = judge_check(check, subject.facts, cpus)
        if verdict is not NOTHING:
            violations += verdict.violations
            left_open += verdict.open
    if not violations and not left_open:
        return _NOTHING
    decided = {violation.fact for violation in violations}
    return tuple(violations), tuple(item for item in left_open if item[0] not in decided)


def drafted(rule: Rule, hits: Sequence[Hit], ruling: Ruling) -> Draft:
    """What one rule finds of one thing."""
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
    severity = _severity(rule, subject, violations, environments, ruling)
    if not sure:
        severity = SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
    wanted, removes = _wanted(rule, subject, violations, ruling.limits)
    moves = tuple(
        (entry.setting, entry.instead)
        for entry in subject.entries
        if rule.fix is not None and "rewrite" in rule.fix and entry.instead is not None
    )
    return Draft(rule, severity, tuple(hits), sure, when, wanted, removes, moves)


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
    ruling: Ruling,
) -> Severity:
    first = violations[0]
    asked = {name for choice in rule.severity for name in choice.get("when", ())}
    facts = {name: subject.facts.get(name) for name in asked}
    known: dict[str, Any] = {
        name: fact.value for name, fact in facts.items() if isinstance(fact, KnownFact)
    }
    stated = first.limit is not None and ruling.limits[first.limit].stated
    known["limits"] = "stated" if stated else "default"
    known["origin"] = first.case.fact.origin
    known["only"] = environments[0] if len(environments) == 1 else "both"
    for choice in rule.severity:
        conditions = choice.get("when", {})
        if not all(_condition(wanted, known.get(name)) for name, wanted in conditions.items()):
            continue
        grade: Severity | dict[str, str] = choice["is"]
        if isinstance(grade, str):
            return grade
        # Of several facts that a script raises the gravest counts.
        grades = [
            _severity(_defeated(rule, one, ruling), subject, (one,), environments, ruling)
            for one in violations
        ]
        return min(grades, key=SEVERITIES.index)
    raise ValueError(f"no severity of {rule.id} applies")


def _defeated(rule: Rule, violation: Violation, ruling: Ruling) -> Rule:
    """The rule about the same fact in whose place this one reports."""
    chosen = {one.id: one for one in ruling.rules}
    defeated = [chosen.get(name) or ruling.every[name] for name in rule.defeats]
    about = [
        one
        for one in defeated
        if any(violation.name in {n.split(".")[0] for n in c.require} for c in one.checks)
    ]
    return (about or defeated)[0]


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
    for fact, others in _tied(subject).items():
        if fact in wanted:
            wanted.update(dict.fromkeys(others, wanted[fact]))
    return wanted, removes


def _tied(subject: Subject) -> dict[str, list[str]]:
    """The facts that one setting of the runner sets along with another."""
    tied: dict[str, list[str]] = table(f"runners/facts/{subject.suite.runner}").get("tied", {})
    return tied


def _plainly_wanted(
    rule: Rule, subject: Subject, violations: tuple[Violation, ...], limits: Limits
) -> tuple[dict[str, float], tuple[str, ...]]:
    assert rule.fix is not None  # asked before
    if "set" in rule.fix:
        broken = {violation.name for violation in violations}
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
            if entry.instead is not None and entry.means is None:
                continue  # under its right name the value counts as it stands
            wanted[fact] = entry.means or limits[TIMEOUT_LIMITS[fact]].value
        elif fact in FACT_LIMITS:
            most = _bound(subject, fact, limits)
            asked = entry.means
            if asked is None and entry.instead is not None and is_number(entry.value):
                asked = entry.value if entry.value > most else None  # too much under its right name
            if asked is not None and asked >= (fact == "workers"):
                wanted[fact] = min(asked, most, wanted.get(fact, most))
    return wanted, tuple(dict.fromkeys(removes))


def _bound(subject: Subject, fact: str, limits: Limits) -> float:
    if subject.suite.kind.kind not in ("e2e", "integration"):
        return float("inf")
    return limits[FACT_LIMITS[fact]].value


def absorbed(drafts: Sequence[Draft], ruling_of: Mapping[str, Ruling]) -> list[Draft]:
    """Without the findings that another one explains.

    `ruling_of`: what decides, by the id of the suite.
    """
    about: dict[str, list[Draft]] = {}
    for draft in drafts:
        for suite in draft.subject.about:
            about.setdefault(suite, []).append(draft)
    kept: list[Draft] = []
    for draft in drafts:
        own = draft.subject.suite
        others = [one for name in draft.subject.about for one in about[name] if one is not draft]
        if any(_is_part(draft, one) for one in about.get(suite_id(own.config, own.key), ())):
            continue
        if any(_explains(other, draft) for other in others) or _is_behind(others, draft):
            continue
        left = [hit for hit in draft.hits if not _is_defeated(hit, draft.rule, others)]
        if len(left) == len(draft.hits):
            kept.append(draft)
        elif left:
            kept.append(drafted(draft.rule, left, ruling_of[draft.subject.suite.id]))
    return kept


def _explains(other: Draft, draft: Draft) -> bool:
    rule = other.rule
    if rule is draft.rule:
        # A setting that stops the run is a better place than the suite, a suite than its run.
        return rule.over.index(other.subject.over) < rule.over.index(draft.subject.over)
    if draft.rule.id not in rule.absorbs:
        return False
    return not other.subject.entries


def _is_behind(others: Sequence[Draft], draft: Draft) -> bool:
    """Whether settings that do not work left the facts to their defaults, or made them so."""
    entries = [
        entry
        for other in others
        if draft.rule.id in other.rule.absorbs
        for entry in other.subject.entries
    ]
    tied = _tied(draft.subject)
    return bool(entries) and all(
        any(_makes(entry, violation, tied) for entry in entries) for violation in draft.violations
    )


def _makes(entry: SettingEntry, violation: Violation, tied: Mapping[str, Sequence[str]]) -> bool:
    would = entry.would or ""
    if fact_of(violation.fact) not in (would, *tied.get(would, ())):
        return False
    fact = violation.case.fact
    if fact.origin == "default":
        return entry.lowers or entry.would in TIMEOUT_LIMITS
    return bool(fact.at) and entry.at[:1] == fact.at[:1]


def _is_part(draft: Draft, other: Draft) -> bool:
    """Whether a script changes nothing about what is told of the config as it is written."""
    facts = {one.name for _, found in draft.hits for one in found}
    more = {one.name for _, found in other.hits for one in found}
    return (
        draft.rule is other.rule
        and draft.subject.over == other.subject.over == "suite"
        and facts < more
        and other.subject.suite.invocation is None
        and not facts & draft.subject.suite.changed
        and set(draft.environments) <= set(other.environments)
    )


def _is_defeated(hit: Hit, rule: Rule, others: Iterable[Draft]) -> bool:
    """Whether another rule reports in the place of this one.

    What follows from several facts (`retriedTests`) is explained by any of them that is reported.
    """
    subject, violations = hit
    names = {violation.name for violation in violations}
    return any(
        rule.id in other.rule.defeats
        and over.environment == subject.environment
        and all({name, *needed_for(name)} & {one.name for one in found} for name in names)
        for other in others
        for over, found in other.hits
    )


def _open_notice(rule: Rule, subject: Subject, fact: str, unknown: UnknownFact | None) -> Notice:
    suite = subject.suite.title
    if fact == "kind":
        hints = ", ".join(dict.fromkeys(one for one, _, _ in subject.suite.kind.because))
        message = (
            f"{suite}: whether it is an end-to-end suite is not clear ({hints} may mean so): "
            "say it in suite-kinds"
        )
        return Notice(message, subject.suite.kind.because[0][2:] or subject.profile.anchor)
    reason = unknown.reason if unknown is not None else "it is not known in every case"
    at = unknown.at if unknown is not None and unknown.at else subject.profile.anchor
    name = fact.split(".")[0]
    return Notice(f"{suite}: {name} could not be decided: {reason}", at, rule.id)
