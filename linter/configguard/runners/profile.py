"""What a suite does in one environment: facts, each known, a range, one of several, or unknown."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from configguard.evaluate.cpus import CpuExpression
from configguard.evaluate.worlds import (
    Assumptions,
    Atom,
    CpusAtLeast,
    EnvIs,
    EnvSet,
    Opaque,
    PlatformIs,
)
from configguard.source.span import Origin

FactOrigin = Literal["config", "flag", "environment", "default"]
Plain = float | str | bool
REFERENCE_CPUS = 8
"""Expressions over the CPU count are judged on a machine of this size, unless told otherwise."""


class When(NamedTuple):
    """The condition of one case: assumptions, and the versions for which it holds."""

    assumptions: Assumptions = ()
    versions: str | None = None

    @property
    def always(self) -> bool:
        return not self.assumptions and self.versions is None

    @property
    def usual(self) -> bool:
        """Whether it holds with every open variable unset."""
        return not any(
            truth and isinstance(atom, EnvSet | EnvIs) for atom, truth in self.assumptions
        )

    def agrees(self, other: When) -> bool:
        """Whether both may hold at once, as far as the same conditions tell."""
        held = dict(other.assumptions)
        return all(held.get(atom, truth) == truth for atom, truth in self.assumptions)

    def holds_at(self, cpus: float) -> bool:
        """Whether a machine of so many CPUs is meant."""
        return not self.assumptions or all(
            (cpus >= atom.least) == truth
            for atom, truth in self.assumptions
            if isinstance(atom, CpusAtLeast)
        )


class KnownFact(NamedTuple):
    """One value: a number, a text, or a boolean."""

    value: Plain
    origin: FactOrigin = "config"
    at: Origin = ()


class RangeFact(NamedTuple):
    """A number that depends on the CPU count of the machine.

    `runs_from` and `runs_to`: the CPU counts at which the runner starts at all.
    """

    expression: CpuExpression
    origin: FactOrigin = "config"
    at: Origin = ()
    runs_from: float = 1
    runs_to: float = float("inf")


class UnknownFact(NamedTuple):
    """Nothing in the repository tells, and why."""

    reason: str
    origin: FactOrigin = "config"
    at: Origin = ()


SimpleFact = KnownFact | RangeFact | UnknownFact


class FactCase(NamedTuple):
    """A fact under a condition."""

    when: When
    fact: SimpleFact


class OneOfFact(NamedTuple):
    """Different facts under different conditions, the one with all variables unset first."""

    cases: tuple[FactCase, ...]


Fact = SimpleFact | OneOfFact


class SettingEntry(NamedTuple):
    """A setting that does not plainly do what it says, and what becomes of it.

    `means`: the value of `would` that it plainly asks for. `lowers`: it was meant to lower load.
    `idle`: it asks for what happens anyway. `removes`: what a fix takes out with it.
    `scope`: for a call in a test file, the tests that it holds for; `elsewhere`: where the same
    call stands again. `known`: False where no version of the runner has such a key there, and
    `instead` is then the setting that was probably meant.
    """

    setting: str
    value: Any
    effect: str
    reason: str
    would: str | None
    at: Origin
    when: When = When()
    environments: tuple[str, ...] = ()
    lowers: bool = False
    means: float | None = None
    idle: bool = False
    removes: str | None = None
    via: Origin = ()
    scope: str | None = None
    elsewhere: Origin = ()
    known: bool = True
    instead: str | None = None


class Note(NamedTuple):
    """An assumption or something that could not be followed."""

    message: str
    at: Origin


class Profile(NamedTuple):
    """All that is known of a suite in one environment.

    `anchor` is where a setting that is missing would stand; `via` where a fact's setting came in
    from another file; `reasons` why the runner refuses to start, or runs nothing; `names` fill
    the placeholders of spellings (such as the pool); `written` are the settings that stand in it;
    `derived` are facts that follow from `facts`, for rules (see derived.py).
    """

    facts: dict[str, Fact]
    settings: tuple[SettingEntry, ...]
    anchor: Origin
    via: dict[str, Origin]
    reasons: tuple[Note, ...]
    assumptions: tuple[Note, ...]
    notices: tuple[Note, ...]
    names: dict[str, str]
    written: frozenset[str]
    derived: dict[str, Fact]


def merged(profiles: list[tuple[str, Profile]]) -> Profile:
    """One profile of several stretches of versions, each with its range text."""
    if len(profiles) == 1:
        return profiles[0][1]
    first = profiles[0][1]
    return first._replace(
        facts=_merged_facts([(text, profile.facts) for text, profile in profiles]),
        derived=_merged_facts([(text, profile.derived) for text, profile in profiles]),
        settings=_merged_entries(profiles),
        reasons=tuple(dict.fromkeys(note for _, one in profiles for note in one.reasons)),
        assumptions=tuple(dict.fromkeys(note for _, one in profiles for note in one.assumptions)),
        notices=tuple(dict.fromkeys(note for _, one in profiles for note in one.notices)),
    )


def _merged_facts(versions: list[tuple[str, dict[str, Fact]]]) -> dict[str, Fact]:
    names = dict.fromkeys(name for _, facts in versions for name in facts)
    return {
        name: by_version([(text, facts[name]) for text, facts in versions if name in facts])
        for name in names
    }


def _merged_entries(profiles: list[tuple[str, Profile]]) -> tuple[SettingEntry, ...]:
    found: dict[tuple[object, ...], tuple[str, int, SettingEntry]] = {}
    for text, profile in profiles:
        for entry in profile.settings:
            key = (entry.setting, entry.effect, entry.reason, entry.at[:1], entry.when)
            before = found.get(key)
            span = text if before is None else _joined(before[0], text)
            found[key] = (span, 1 if before is None else before[1] + 1, entry)
    return tuple(
        entry if count == len(profiles) else entry._replace(when=entry.when._replace(versions=text))
        for text, count, entry in found.values()
    )


_ALWAYS = When()


def cases_of(fact: Fact) -> tuple[FactCase, ...]:
    """A fact as its cases; a simple one has one, which always holds."""
    return fact.cases if isinstance(fact, OneOfFact) else (FactCase(_ALWAYS, fact),)


def in_case(fact: Fact, when: When) -> SimpleFact:
    """A fact where a condition holds; the usual case of it, where that does not tell."""
    held = dict(when.assumptions)
    for case in cases_of(fact):
        if all(held.get(atom, truth) == truth for atom, truth in case.when.assumptions):
            return case.fact
    return cases_of(fact)[0].fact


def same_value(one: SimpleFact, other: SimpleFact) -> bool:
    """Whether two facts say the same, wherever they come from."""
    match one, other:
        case KnownFact(), KnownFact():
            return one.value == other.value and type(one.value) is type(other.value)
        case RangeFact(), RangeFact():
            return str(one.expression) == str(other.expression)
        case UnknownFact(), UnknownFact():
            return one.reason == other.reason
    return False


def combined(cases: list[FactCase]) -> Fact:
    """One fact of several cases, without the conditions that make no difference."""
    if len(cases) == 1:
        return cases[0].fact
    kept = _simplified(cases, 0)
    if all(same_value(kept[0].fact, case.fact) for case in kept[1:]):
        return kept[0].fact
    return OneOfFact(tuple(kept))


def holding(worlds: list[tuple[Assumptions, bool]]) -> list[Assumptions]:
    """The conditions, as short as they can be told, of the worlds in which something holds."""
    if len(worlds) == 1:
        return [()] if worlds[0][1] else []
    cases = [FactCase(When(when), KnownFact(holds)) for when, holds in worlds]
    kept = _simplified(cases, 0)
    return [
        case.when.assumptions
        for case in kept
        if isinstance(case.fact, KnownFact) and case.fact.value is True
    ]


def _simplified(cases: list[FactCase], depth: int) -> list[FactCase]:
    """Cases whose assumptions form a tree from `depth` on, with needless branchings taken out."""
    if len(cases) == 1:
        when = cases[0].when
        return [cases[0]._replace(when=when._replace(assumptions=when.assumptions[:depth]))]
    if any(len(case.when.assumptions) <= depth for case in cases):
        return cases
    truths = [case.when.assumptions[depth][1] for case in cases]
    first = [case for case, truth in zip(cases, truths, strict=True) if truth == truths[0]]
    second = [case for case, truth in zip(cases, truths, strict=True) if truth != truths[0]]
    left = _simplified(first, depth + 1)
    if not second:
        return left
    right = _simplified(second, depth + 1)
    if _same_below(left, right, depth):
        return [case._replace(when=_without(case.when, depth)) for case in left]
    return left + right


def _same_below(left: list[FactCase], right: list[FactCase], depth: int) -> bool:
    return len(left) == len(right) and all(
        a.when.assumptions[depth + 1 :] == b.when.assumptions[depth + 1 :]
        and same_value(a.fact, b.fact)
        for a, b in zip(left, right, strict=True)
    )


def _without(when: When, depth: int) -> When:
    kept = when.assumptions[:depth] + when.assumptions[depth + 1 :]
    return when._replace(assumptions=kept)


def by_version(facts: list[tuple[str, Fact]]) -> Fact:
    """One fact of several stretches of versions (each a range text); equal neighbours merged."""
    merged: list[tuple[str, Fact]] = []
    for versions, fact in facts:
        if merged and same_fact(merged[-1][1], fact):
            merged[-1] = (_joined(merged[-1][0], versions), fact)
        else:
            merged.append((versions, fact))
    if len(merged) == 1:
        return merged[0][1]
    return OneOfFact(
        tuple(
            FactCase(When(case.when.assumptions, versions), case.fact)
            for versions, fact in merged
            for case in cases_of(fact)
        )
    )


def same_fact(one: Fact, other: Fact) -> bool:
    """Whether two facts say the same in every case, wherever they come from."""
    left, right = cases_of(one), cases_of(other)
    return len(left) == len(right) and all(
        a.when == b.when and same_value(a.fact, b.fact) for a, b in zip(left, right, strict=True)
    )


def _joined(first: str, second: str) -> str:
    """`>=1 <2` and `>=2 <3` are `>=1 <3`."""
    lower = first.split(" ")[0]
    upper = [part for part in second.split(" ") if part.startswith("<")]
    return " ".join([lower, *upper])


def fact_json(fact: Fact, cpus: int | None = None) -> dict[str, Any]:
    """A fact in the shape of CONTRACT.md section 4, with its spans left as `Origin`."""
    match fact:
        case KnownFact(value, origin, at):
            shown: dict[str, Any] = {"state": "known", "value": number(value)}
        case RangeFact(expression, origin, at):
            low, high = fact_bounds(fact)
            shown = {"state": "range", "min": low, "max": high, "expression": str(expression)}
            if cpus is not None:
                # Two and a half workers are three at one time (measured on Playwright).
                shown["effective"] = math.ceil(expression.at(cpus))
        case UnknownFact(reason, origin, at):
            shown = {"state": "unknown", "reason": reason}
        case OneOfFact(cases):
            inner = [
                {"when": when_json(case.when), "fact": fact_json(case.fact, cpus)} for case in cases
            ]
            first = cases[0].fact
            return {"state": "one-of", "cases": inner, "origin": first.origin, "at": first.at}
    return {**shown, "origin": origin, "at": at}


def fact_bounds(fact: RangeFact) -> tuple[Any, Any]:
    """Least and greatest value over the machines on which the runner starts; None: no end."""
    most = fact.expression.at(fact.runs_to)
    low = number(fact.expression.at(fact.runs_from))
    return low, None if most == float("inf") or most != most else number(most)


def number(value: Plain) -> Any:
    """A number as JSON would have it: whole ones without a fraction; no limit is "none"."""
    if isinstance(value, float) and math.isinf(value):
        return "none"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def when_json(when: When) -> dict[str, Any]:
    """A condition in the shape of CONTRACT.md section 4."""
    shown: dict[str, Any] = {}
    for atom, truth in when.assumptions:
        _add_atom(shown, atom, truth)
    if when.versions is not None:
        shown["version"] = when.versions
    return shown


def _add_atom(shown: dict[str, Any], atom: Atom, truth: bool) -> None:
    match atom:
        case EnvSet(name):
            shown.setdefault("env", {})[name] = "set" if truth else "unset"
        case EnvIs(name, value):
            if truth:
                shown.setdefault("env", {})[name] = {"equals": value}
        case PlatformIs(name):
            if truth:
                shown["platform"] = name
        case CpusAtLeast(count):
            bounds = shown.setdefault("cpus", {})
            if truth:
                bounds["min"] = max(count, bounds.get("min", 1))
            else:
                bounds["max"] = min(count - 1, bounds.get("max", count - 1))
        case Opaque(text):
            told = text if truth else f"not ({text})"
            shown["opaque"] = f"{shown['opaque']} and {told}" if "opaque" in shown else told
