"""What retries make of a parallel load, in one line, and what softens it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from configguard.checking.check import Draft
from configguard.checking.finding import Because
from configguard.limits.limits import Limits
from configguard.resources import table
from configguard.ruleset.judge import machine_for
from configguard.ruleset.messages import fill, on_cpus
from configguard.runners.profile import (
    Fact,
    KnownFact,
    RangeFact,
    SimpleFact,
    cases_of,
    in_case,
    number,
)
from configguard.runners.versions import matches

_FACTORS = {
    "workers": "test files at one time",
    "testConcurrency": "tests of one file at one time",
}
_LIMIT = "maxConcurrentTests"
_TIMES = " \N{MULTIPLICATION SIGN} "


def load_values(draft: Draft, limits: Limits, cpus: int) -> dict[str, str]:
    """`{arithmetic}` and `{softens}` for a finding about tests that come back side by side."""
    facts = draft.subject.profile.facts
    unsaid = {"arithmetic": "", "softens": ""}
    if not {"workers", "testConcurrency", "retries"} <= facts.keys():
        return unsaid
    when = draft.violations[0].case.when
    workers, tests, retries = (
        in_case(facts[name], when) for name in ("workers", "testConcurrency", "retries")
    )
    files, at_once = _count(workers, cpus), _count(tests, cpus)
    again = retries.value if isinstance(retries, KnownFact) else None
    if files is None or at_once is None or not isinstance(again, float | str):
        return unsaid
    parts = [f"{_many(files, 'worker')}{on_cpus(workers, cpus)}", _many(at_once, "test")]
    meant = limits[_LIMIT].value
    where = f"where {meant:g} {'was' if meant == 1 else 'were'} meant"
    attempts = again + 1 if isinstance(again, float) else math.inf
    parts.append(_many(attempts, "attempt"))
    product = _many(files * at_once * attempts, "execution")
    return {
        "arithmetic": f"{_TIMES.join(parts)} = {product} {where}",
        "softens": _softens(draft, {"retries": f"{number(again)}"}),
    }


def factors_of(draft: Draft) -> tuple[SimpleFact, ...] | None:
    """What is multiplied in a finding about retries side by side, without its places."""
    if draft.violations[0].fact != "retriedTests":
        return None
    facts, when = draft.subject.profile.facts, draft.violations[0].case.when
    told = (in_case(facts[name], when) for name in (*_FACTORS, "retries") if name in facts)
    return tuple(fact._replace(at=()) for fact in told)


def load_because(draft: Draft, limits: Limits, cpus: int) -> list[Because]:
    """Where the factors of the load come from; the retries are the finding's own place. Of what a
    script raises, the load that it comes to."""
    if draft.subject.over == "invocation":
        told = load_values(draft, limits, cpus)["arithmetic"]
        multiplied = told and _multiplies(draft, limits, cpus)
        return [Because(f"when tests fail, that comes to {told}")] if multiplied else []
    if draft.violations[0].fact != "retriedTests":
        return []
    found: list[Because] = []
    when = draft.violations[0].case.when
    for name, what in _FACTORS.items():
        fact = in_case(draft.subject.profile.facts[name], when)
        count = _count(fact, cpus)
        if count is None or (count == 1 and not fact.at):
            continue
        here = "here" if fact.at else f"by the default of {draft.subject.suite.runner}"
        found.append(Because(f"up to {count:g} {what}{on_cpus(fact, cpus)}: {here}", fact.at[:1]))
    return found


def _multiplies(draft: Draft, limits: Limits, cpus: int) -> bool:
    """Whether tests come back side by side, more at one time than the limit."""
    facts, when = draft.subject.profile.facts, draft.violations[0].case.when
    alone = facts.get("retryStrategy")
    if isinstance(alone, KnownFact) and alone.value == "isolated":
        return False
    files, tests = (_count(in_case(facts[name], when), cpus) for name in _FACTORS)
    retries = in_case(facts["retries"], when)
    again = not isinstance(retries, KnownFact) or retries.value != 0
    return again and (files or 1) * (tests or 1) > limits[_LIMIT].value


def _count(fact: SimpleFact, cpus: int) -> float | None:
    """The fact as a whole number of things, or infinity; None where it is no number."""
    match fact:
        case KnownFact(value=float() as value):
            count = value
        case RangeFact(expression):
            count = expression.at(machine_for(fact, cpus))
        case _:
            return None
    return math.ceil(count) if math.isfinite(count) else count


def _many(count: float, what: str) -> str:
    if count == math.inf:
        return f"{what}s without end"
    return f"{number(count)} {what}{'' if count == 1 else 's'}"


def _softens(draft: Draft, values: Mapping[str, str]) -> str:
    """What the runner's version has against retries that come all at once; empty: nothing."""
    suite = draft.subject.suite
    ways = table(f"runners/facts/{suite.runner}").get("softens", ())
    told = [
        fill(way["text"], values)
        for way in ways
        if matches(suite.version, way["versions"])
        if draft.subject.profile.facts.get(way["fact"]) is not None
        if _is_default(draft.subject.profile.facts[way["fact"]])
    ]
    return "".join(f" {text}" for text in told)


def _is_default(fact: Fact) -> bool:
    return all(case.fact.origin == "default" for case in cases_of(fact))
