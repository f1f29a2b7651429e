"""Drafts to findings: the rule's templates filled, every number with the place it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from configguard.checking.calculations import WAITS, calculations
from configguard.checking.check import Draft
from configguard.checking.fact_texts import Texts
from configguard.checking.finding import Because, Finding
from configguard.checking.load import factors_of, load_because, load_values
from configguard.limits.limits import FILE as LIMITS_FILE
from configguard.limits.limits import Limit, Limits
from configguard.project.invocations import Invocation
from configguard.project.suites import Suite, suite_id, versions_of
from configguard.ruleset.judge import Violation, machine_for
from configguard.ruleset.messages import (
    SETTING_NAMES,
    condition_text,
    fact_text,
    fill,
    milliseconds,
    on_cpus,
    said,
)
from configguard.runners.derived import DERIVED, fact_of
from configguard.runners.profile import (
    KnownFact,
    RangeFact,
    SettingEntry,
    cases_of,
    in_case,
    number,
    when_json,
)
from configguard.runners.spelling import Change, candidates
from configguard.runners.versions import matches
from configguard.source.span import Origin, Span
from configguard.source.workspace import Workspace

_BREAKS = {
    "throws": "refuses to start",
    "runs-nothing": "runs no test and passes",
    "overflows": "fails every test",
    "refuses-to-start": "refuses to start",
    "runs-nothing-and-passes": "runs no test and passes",
}
_LOADS = ("workers", "e2eWorkers", "retries")
_BREAKS_WHY = {
    "refuses to start": "No test runs at all.",
    "runs no test and passes": (
        "The run is green although nothing was tested: a false green hides every fault."
    ),
    "fails every test": "Every test that waits for anything fails at once, whatever it tests.",
}


def grouped(drafts: Iterable[Draft]) -> list[list[Draft]]:
    """The drafts of each finding: one rule, one place, one fact, in however many suites."""
    groups: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        place: object = place_of(draft)[0]
        if factors_of(draft) is not None and _by_command(draft):
            # Scripts that each set the same number come to the same load: told once.
            own = draft.subject.suite
            place = (own.config, own.key, factors_of(draft), draft.environments)
        key = (draft.rule.id, place, draft.topic, draft.severity)
        groups.setdefault(key, []).append(draft)
    return list(groups.values())


def worded(drafts: Sequence[Draft], limits: Limits, cpus: int, workspace: Workspace) -> Finding:
    """A finding in words, told of its gravest draft; the suites are those of all.

    `workspace` has the text that evidence quotes.
    """
    draft = max(drafts, key=lambda one: _load(one, cpus))  # of equal ones the first
    rule, subject = draft.rule, draft.subject
    suites = tuple(dict.fromkeys(suite for one in drafts for suite in one.subject.about))
    values = _values(draft, limits, cpus)
    # What a text says beside the fact must hold for all that it names.
    alike = len({one.subject.words.get("as-written") for one in drafts}) == 1
    if alike and len(suites) > 1 and len({one.subject.suite.config for one in drafts}) == 1:
        keys = {one.subject.suite.key for one in drafts}
        one_config = f"{subject.suite.config} ({len(keys)} projects)"
        plain = suite_id(subject.suite.config, subject.suite.key)
        values["suite"] = one_config if len(keys) > 1 else f"{plain} ({len(suites)} runs)"
    defaulted = _defaulted(draft)
    check = draft.violations[0].check
    missing = rule.text("missing", check) if defaulted else ""
    label = missing or rule.text("label", check)
    at = place_of(draft)
    # Without a spelling in this version a remedy that names one says nothing.
    told = [
        _for_version(fill(one, values), draft) if "{spelling}" in one else fill(one, values)
        for one in rule.lines("remedy", check)
        if _can_be_said(one, values)
    ]
    root = subject.suite.root_config
    if root is not None and _has_right_name(draft):
        told = [f"Move it to the root of {root}: there it counts, for all projects."]
    started = subject.suite.invocation
    if started is not None and subject.over == "suite" and _by_command(draft):
        told = [f"Lower it in {_holder(at, started)}, or take it out there."]
    return Finding(
        rule.id,
        draft.severity,
        fill(rule.text("message", check), values),
        at,
        suites,
        draft.environments,
        draft.key[2],
        fill(label, values),
        fill(rule.text("consequence", check), values),
        tuple(told),
        (
            *_because(draft, at, limits, workspace),
            *load_because(draft, limits, cpus),
            *_so_do(drafts, at),
        ),
        "sure" if draft.sure else "depends",
        None if draft.when.always else when_json(draft.when),
        also=_also(drafts),
    )


def _also(drafts: Sequence[Draft]) -> tuple[str, ...]:
    """The other suites of a finding in words, as short as they can be told beside the first."""
    first = drafts[0].subject.suite
    projects: dict[str, None] = {}
    told: dict[str, None] = {}
    for suite in (draft.subject.suite for draft in drafts[1:]):
        name = suite_id(suite.config, suite.key)
        own = suite.config == first.config and suite.project is not None
        if own:
            name = f"the project {json.dumps(suite.project, ensure_ascii=False)}"
        started = suite.invocation
        if started is None and own:
            projects[name.removeprefix("the project ")] = None
        elif started is None:
            told[name] = None
        elif (suite.config, suite.key) == (first.config, first.key):
            told[f"as {started.title} runs it"] = None
        else:
            told[f"{name} as {started.title} runs it"] = None
    head = "the project " if len(projects) == 1 else "the projects "
    listed = (f"{head if index == 0 else ''}{name}" for index, name in enumerate(projects))
    return (*listed, *told)


def _so_do(drafts: Sequence[Draft], at: Origin) -> list[Because]:
    """The places of other scripts and steps that come to the same."""
    others = {place_of(one)[0]: one.subject.suite.invocation for one in drafts}
    return [
        Because(f"so does {started.title}", (place,))
        for place, started in others.items()
        if place != at[0] and started is not None
    ]


def _load(draft: Draft, cpus: int) -> float:
    """How many workers or retries a draft is about; 0 where it is no such number."""
    fact = draft.violations[0].case.fact
    if draft.subject.entries or draft.violations[0].fact not in _LOADS:
        return 0.0
    if isinstance(fact, RangeFact):
        return float(fact.expression.at(machine_for(fact, cpus)))
    if not isinstance(fact, KnownFact):
        return 0.0
    return fact.value if isinstance(fact.value, float) else float("inf")


def _holder(at: Origin, started: Invocation) -> str:
    """What is to be edited: the command itself, or one that it only leads to."""
    place, outermost = at[0], started.chain[-1]
    if place.file != outermost.file:
        return f"{place.file}, where {started.title} leads"
    inner = any(_within(place, one) for one in started.chain[:-1])
    if inner and not _within(place, outermost):
        return f"the script that {started.title} runs"
    return started.title


def _can_be_said(remedy: str, values: Mapping[str, str]) -> bool:
    """Whether there is a spelling for a text that needs one."""
    return all(f"{{{name}}}" not in remedy or values[name] for name in ("spelling", "instead"))


def spelled(draft: Draft, fact: str) -> Change | None:
    """The plainest change that would give the wanted fact."""
    suite = draft.subject.suite
    profile = draft.subject.profile
    found = candidates(suite.runner, newest_held(draft), fact, draft.wanted[fact], profile)
    return next(found, None)


def newest_held(draft: Draft) -> str:
    """The newest version in question in which the finding holds: advice is spelled for that."""
    suite, holds = draft.subject.suite, draft.when.versions
    versions = [version for _, version in versions_of(suite.runner, suite.installed)[0]]
    held = [version for version in versions if holds is None or matches(version, holds)]
    return held[-1] if held and len(versions) > 1 else suite.version


def _for_version(advice: str, draft: Draft) -> str:
    """Advice that says for which of several versions it is spelled."""
    suite = draft.subject.suite
    if len(versions_of(suite.runner, suite.installed)[0]) < 2:
        return advice
    return f"{advice.rstrip('.')} (as {suite.runner} {newest_held(draft)} spells it)."


def _defaulted(draft: Draft) -> bool:
    """Whether the runner's own default decides it."""
    if draft.subject.over not in ("suite", "run"):
        return False
    return not draft.subject.entries and draft.violations[0].case.fact.origin == "default"


def _by_command(draft: Draft) -> bool:
    """Whether a flag or variable of a command decides it, and no config."""
    changed = draft.subject.suite.changed
    return not draft.subject.entries and any(
        one.case.fact.origin in ("flag", "environment") or one.name in changed
        for one in draft.violations
    )


def place_of(draft: Draft) -> Origin:
    """Where a finding stands, from its primary place outwards."""
    if draft.subject.entries:
        return draft.subject.entries[0].at
    fact = draft.violations[0].case.fact
    if fact.at:
        return fact.at
    if draft.subject.anchor:
        return draft.subject.anchor
    suite, name = draft.subject.suite, draft.violations[0].name
    if suite.invocation is not None and name in suite.changed:
        return suite.invocation.chain[:1]
    reasons = draft.subject.profile.reasons
    if draft.violations[0].fact == "neverStarts" and reasons and reasons[0].at:
        return reasons[0].at
    return draft.subject.profile.anchor


def _values(draft: Draft, limits: Limits, cpus: int) -> dict[str, str]:
    """Every placeholder that a rule of this subject may use."""
    subject, first = draft.subject, draft.violations[0]
    suite, fact = subject.suite, first.case.fact
    rarely: dict[str, Callable[[], str]] = {
        "spelling": lambda: _spelling(draft),
        "repair": lambda: _repair(values["spelling"]),
        "no-settings": lambda: _neither(
            list(dict.fromkeys(_called(draft, one) for one in _broken(draft)))
        ),
        "defaults": lambda: _joined([_default_text(draft, one, cpus) for one in _broken(draft)]),
        "times": lambda: _joined([_time_text(one, cpus) for one in draft.violations]),
        "waits": lambda: _joined([WAITS.get(one, one) for one in _broken(draft)]),
    }
    if subject.over == "suite":
        rarely["differences"] = lambda: _differences(draft, cpus)
    values = Texts(draft, cpus, rarely)
    values |= {
        "suite": suite.title,
        "runner": suite.runner,
        "version": version_text(suite),
        "on-cpus": on_cpus(fact, cpus),
        "condition": condition_text(draft.when),
        "limit": _limit_text(first, limits),
        "attempts": "",
        "expression": str(fact.expression) if isinstance(fact, RangeFact) else "",
        **load_values(draft, limits, cpus),
    }
    name = fact_of(first.fact)
    if first.name in DERIVED:
        fact = in_case(subject.profile.facts[name], first.case.when)
        values[name] = fact_text(name, fact, cpus)
    if name == "retries" and isinstance(fact, KnownFact):
        told = fact.value
        values["attempts"] = str(number(told + 1)) if isinstance(told, float) else "endlessly many"
    values.update(_setting_values(draft, cpus))
    values.update(_breaking_values(draft))
    values.update(subject.words)
    return values


_PLACES = {"local": ("locally", "in CI"), "ci": ("in CI", "locally")}


def _differences(draft: Draft, cpus: int) -> str:
    """What is so in one environment and not in the other: `4 workers locally and 1 in CI`."""
    told: list[str] = []
    for subject, violations in draft.hits:
        here, there = _PLACES[subject.environment]
        for violation in violations:
            name, fact = violation.name, violation.case.fact
            other = subject.facts.get(f"{name}Elsewhere")
            if other is not None:
                now = f"{fact_text(name, fact, cpus)} {name}{on_cpus(fact, cpus)} {here}"
                then = in_case(other, violation.case.when)
                told.append(f"{now} and {fact_text(name, then, cpus)} {there}")
    return "; ".join(dict.fromkeys(told))


def _spelling(draft: Draft) -> str:
    changes = (spelled(draft, fact) for fact in draft.wanted)
    # jest has one setting for tests and hooks: it is named once.
    return ", ".join(dict.fromkeys(str(change) for change in changes if change is not None))


def _has_right_name(draft: Draft) -> bool:
    """Whether a setting without effect is spelled as this version wants it: its place is wrong."""
    changes = [spelled(draft, fact) for fact in draft.wanted]
    named = {setting for change in changes if change is not None for setting, _ in change.sets}
    return draft.subject.over == "setting" and named == {e.setting for e in draft.subject.entries}


def _called(draft: Draft, fact: str) -> str:
    """What sets a fact is called in the config."""
    change = spelled(draft, fact) if fact in draft.wanted else None
    if change is None or len(change.sets) != 1:
        return SETTING_NAMES.get(fact, fact)
    return change.sets[0][0].rpartition(".")[2]


def _broken(draft: Draft) -> list[str]:
    return [fact_of(violation.fact) for violation in draft.violations]


def _default_text(draft: Draft, name: str, cpus: int) -> str:
    first = cases_of(draft.subject.facts[name])[0].fact
    return f"{fact_text(name, first, cpus)} for {WAITS.get(name, name)}"


def _time_text(violation: Violation, cpus: int) -> str:
    name = fact_of(violation.fact)
    return f"{fact_text(name, violation.case.fact, cpus)} for {WAITS.get(name, name)}"


def _setting_values(draft: Draft, cpus: int) -> dict[str, str]:
    entries = draft.subject.entries
    if not entries:
        return {"settings": "", "reason": "", "effective": "", "instead": ""}
    would = entries[0].would or ""
    return {
        "settings": _joined([entry.setting.removeprefix("test.") for entry in entries]),
        "reason": entries[0].reason,
        "instead": _plainly(entries[0]),
        "effective": said(would, draft.subject.profile.facts.get(would), cpus, newest_held(draft)),
    }


def _plainly(entry: SettingEntry) -> str:
    """The setting that was meant: its whole path where it stands in another place."""
    instead = entry.instead or ""
    beside = instead.rpartition(".")[0] == entry.setting.rpartition(".")[0]
    return instead.rpartition(".")[2] if beside else instead


def _breaking_values(draft: Draft) -> dict[str, str]:
    entries, profile = draft.subject.entries, draft.subject.profile
    outcome = profile.facts["outcome"]
    kind = entries[0].effect if entries else str(getattr(outcome, "value", ""))
    if entries and "overflows" in {violation.fact for violation in draft.violations}:
        kind = "overflows"
    breaks = _BREAKS.get(kind, "does not work")
    why = _BREAKS_WHY.get(breaks, "")
    if "cpus" in when_json(draft.when):
        why += " On a machine of another size it may look fine."
    values = {"breaks": breaks, "breaks-why": why}
    if not entries and profile.reasons:
        values["reason"] = profile.reasons[0].message
    return values


def _repair(spelling: str) -> str:
    return f"Write `{spelling}` instead." if spelling else "Take it out or correct it."


def _limit_text(violation: Violation, limits: Limits) -> str:
    if violation.limit is None:
        return ""
    value = limits[violation.limit].value
    return milliseconds(value) if violation.limit.endswith("Ms") else f"{value:g}"


def _because(draft: Draft, at: Origin, limits: Limits, workspace: Workspace) -> list[Because]:
    """The evidence behind a finding, from the primary place outwards."""
    entries, by_command = draft.subject.entries, _by_command(draft)
    found = [Because("no effect either", entry.at[:1]) for entry in entries[1:]]
    worked_out = [*calculations(draft, workspace)]
    told = {span for because in worked_out for span in because.at}
    found += worked_out
    for index, span in enumerate(at[1:]):
        if span in told:
            continue
        if by_command and _within(span, at[0]):
            continue  # the value of a flag needs no pointing at
        last = index == len(at) - 2
        found.append(
            Because("the value is written here" if last else "it comes from here", (span,))
        )
    found += [one for one in _elsewhere(draft, at) if told.isdisjoint(one.at)]
    own = draft.subject.suite.file
    if at[0].file != own and not by_command:
        via = entries[0].via if entries else _via(draft)
        inside = [span for span in via if span.file == own]
        found += [Because(f"{own} takes it in here", (span,)) for span in inside[:1]]
    for name in dict.fromkeys(violation.limit for violation in draft.violations):
        if name is not None:
            found.append(_limit_because(name, limits[name]))
    if entries or _defaulted(draft):
        found += _version_because(draft.subject.suite)
    return found


def _within(inner: Span, outer: Span) -> bool:
    return inner.file == outer.file and outer.start <= inner.start and inner.end <= outer.end


def _elsewhere(draft: Draft, at: Origin) -> list[Because]:
    """Where the other facts of a finding are written."""
    return [
        Because(f"{_called(draft, fact_of(one.fact))} is set here", one.case.fact.at[:1])
        for one in draft.violations[1:]
        if one.case.fact.at and one.case.fact.at[0] not in at
    ]


def _via(draft: Draft) -> Origin:
    first = draft.violations[0].case.fact
    for via in draft.subject.profile.via.values():
        if via and first.at and any(span.file == draft.subject.suite.file for span in via):
            return via
    return ()


def _limit_because(name: str, limit: Limit) -> Because:
    if not limit.stated:
        return Because(f"{name} is {limit.value:g} by default: set it in {LIMITS_FILE}")
    return Because(f"the limit {name} is {limit.value:g} here", limit.at)


def _version_because(suite: Suite) -> list[Because]:
    installed = suite.installed
    if not installed.at:
        return []
    return [Because(f"this names {suite.runner} {version_text(suite)}", installed.at)]


def version_text(suite: Suite) -> str:
    """The version as a person would say it: `3.2.7`, `^3.1.0`, or `of unknown version`."""
    installed = suite.installed
    return installed.version or installed.range or "of unknown version"


def _neither(names: list[str]) -> str:
    """`no testTimeout`, or `neither testTimeout nor hookTimeout`."""
    return f"no {names[0]}" if len(names) == 1 else f"neither {' nor '.join(names)}"


def _joined(parts: list[str]) -> str:
    unique = list(dict.fromkeys(parts))
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} and {unique[-1]}"
