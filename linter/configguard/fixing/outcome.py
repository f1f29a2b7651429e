"""What suites do after fixing that they did not do before, in words."""

from __future__ import annotations

from collections.abc import Iterator

from configguard.checking.finding import Effect
from configguard.checking.session import Judgement
from configguard.project.suites import Suite
from configguard.ruleset.messages import SETTING_NAMES, fact_text, on_cpus
from configguard.runners.profile import (
    Fact,
    KnownFact,
    SimpleFact,
    UnknownFact,
    cases_of,
    number,
    same_fact,
)

Changed = tuple[str, Fact | None, Fact | None]
"""A fact that is another one now: its name, before, after."""

_COUNTED = {
    "workers": ("worker", "workers"),
    "retries": ("attempt", "attempts"),
    "testConcurrency": ("test of a file at once", "tests of a file at once"),
    "repeats": ("repeat", "repeats"),
    "maxFailures": ("failure that ends the run", "failures that end the run"),
}
_TIMED = {"testTimeoutMs": "tests", "hookTimeoutMs": "hooks"}
_PLACES = {"local": "locally", "ci": "in CI"}


def effects_of(before: Judgement, after: Judgement, cpus: int) -> tuple[Effect, ...]:
    """The suites of which something is another now."""
    found: list[Effect] = []
    for old in before.suites:
        new = _afterwards(old, after)
        if new is None:
            continue
        by_place = {
            environment: [*_changed(profile.facts, new.profiles[environment].facts)]
            for environment, profile in old.profiles.items()
            if environment in new.profiles
        }
        if not any(by_place.values()):
            continue
        facts = [(place, *one) for place, changed in by_place.items() for one in changed]
        told = {place: _told(changed, cpus) for place, changed in by_place.items()}
        found.append(Effect(old.id, _of_places(told), tuple(facts)))
    return tuple(found)


def _afterwards(old: Suite, after: Judgement) -> Suite | None:
    """What has become of a suite; a command that changes nothing now runs it as it is written."""
    for suite in after.suites:
        if suite.id == old.id:
            return suite
    if old.invocation is not None:
        for suite in after.suites:
            alike = suite.config == old.config and suite.key == old.key
            if alike and old.invocation.id in [one.id for one in suite.same_as]:
                return suite
    return None


def _changed(before: dict[str, Fact], after: dict[str, Fact]) -> Iterator[Changed]:
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old is None or new is None or not same_fact(old, new):
            yield name, old, new


def _of_places(told: dict[str, list[str]]) -> str:
    """The parts of all environments: what they share once, then what each has of its own."""
    shared = [
        part for part in next(iter(told.values())) if all(part in one for one in told.values())
    ]
    texts = [", ".join(shared)] if shared else []
    for place, parts in told.items():
        own = [part for part in parts if part not in shared]
        texts += [f"{_PLACES[place]} {', '.join(own)}"] if own else []
    return "; ".join(texts)


def _told(changed: list[Changed], cpus: int) -> list[str]:
    named = {name: (old, new) for name, old, new in changed}
    order = ["outcome", *_COUNTED, *_TIMED, "globalTimeoutMs"]
    names = sorted(named, key=lambda name: order.index(name) if name in order else len(order))
    parts: list[str] = []
    for name in names:
        old, new = named[name]
        if name == "hookTimeoutMs" and _same(new, named.get("testTimeoutMs", (None, None))[1]):
            continue  # told with the tests
        who = "tests"
        if name == "testTimeoutMs" and _same(new, named.get("hookTimeoutMs", (None, None))[1]):
            who = "tests and hooks"
        parts.append(_words(name, old, new, cpus, _TIMED.get(name, who) if who == "tests" else who))
    return parts


def _same(one: Fact | None, other: Fact | None) -> bool:
    return one is not None and other is not None and same_fact(one, other)


def _words(name: str, old: Fact | None, new: Fact | None, cpus: int, who: str) -> str:
    was, now = _values(name, old, cpus), _values(name, new, cpus)
    machine = on_cpus(cases_of(old)[0].fact, cpus) if old is not None else ""
    if name == "outcome":
        return "it starts now" if now == "runs" else f"{was} → {now}"
    if name in _TIMED:
        return f"{who} never time out" if now == "none" else f"{who} time out after {now}"
    if name == "globalTimeoutMs" and now != "none":
        return f"the whole run ends after {now}"
    if name in _COUNTED:
        one, many = _COUNTED[name]
        return f"{was} {one if was == '1' else many}{machine} → {now}"
    return f"{SETTING_NAMES.get(name, name)} {was}{machine} → {now}"


def _values(name: str, fact: Fact | None, cpus: int) -> str:
    """All that a fact may be, the usual case first."""
    if fact is None:
        return "not there"
    texts = dict.fromkeys(_value(name, case.fact, cpus) for case in cases_of(fact))
    return " or ".join(texts)


def _value(name: str, fact: SimpleFact, cpus: int) -> str:
    if isinstance(fact, UnknownFact):
        return "unknown"
    if name == "retries" and isinstance(fact, KnownFact):
        # Re-runs are counted by the runner, attempts by whoever waits for them.
        return str(number(fact.value + 1)) if isinstance(fact.value, float) else "endless"
    return fact_text(name, fact, cpus)
