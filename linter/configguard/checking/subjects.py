"""What rules judge: suites and their settings, as facts under one name each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from configguard.evaluate.constraints import is_number
from configguard.project.running import Ways
from configguard.project.suites import Suite
from configguard.ruleset.rule import Over
from configguard.runners.profile import (
    Fact,
    KnownFact,
    Profile,
    SettingEntry,
    UnknownFact,
    cases_of,
)
from configguard.source.span import Origin

_LONGEST_TIMER = 2_147_483_647
_TIMEOUTS = ("testTimeoutMs", "hookTimeoutMs")


class Subject(NamedTuple):
    """One thing to judge in one environment; it belongs to a suite.

    `name` tells the settings of a suite apart. `context`: the name of the script, step, job or run.
    `anchor`: where it stands, where the fact that is wrong stands nowhere. `with_suites`: all that
    it is about, where there are several. `words`: placeholders of its own.
    """

    over: Over
    name: str
    suite: Suite
    environment: str
    profile: Profile
    facts: dict[str, Fact]
    entries: tuple[SettingEntry, ...] = ()
    context: str = ""
    anchor: Origin = ()
    with_suites: tuple[str, ...] = ()
    words: Mapping[str, str] = {}

    @property
    def about(self) -> tuple[str, ...]:
        """The ids of the suites that it is about."""
        return self.with_suites or (self.suite.id,)

    @property
    def identity(self) -> tuple[object, ...]:
        """What is the same in all environments."""
        return self.over, self.name, self.context, self.anchor


_ELSEWHERE = {"local": "ci", "ci": "local"}


def subjects_of(suite: Suite, ways: Ways) -> list[Subject]:
    """A suite and its settings in each environment."""
    run: dict[str, Fact] = {
        "started": KnownFact(bool(ways.of(suite)), "default"),
        "guarded": ways.is_guarded(suite),
        "jobTimeoutMinutes": ways.job_timeout(suite),
    }
    found: list[Subject] = []
    common: dict[str, Fact] = {
        "kind": kind_fact(suite),
        "runner": KnownFact(suite.runner, "default"),
    }
    for environment, profile in suite.profiles.items():
        if found and profile is found[0].profile:
            # Nothing differs from the environment before: the subjects have their facts in common.
            found += [one._replace(environment=environment) for one in list(found)]
            continue
        whole = {
            **common,
            **profile.facts,
            **profile.derived,
            "neverStarts": KnownFact(never_starts(profile)),
            **run,
        }
        elsewhere = suite.profiles.get(_ELSEWHERE[environment])
        for name in ("workers", "retries"):
            if elsewhere is not None and name in elsewhere.facts:
                whole[f"{name}Elsewhere"] = elsewhere.facts[name]
        found.append(Subject("suite", "", suite, environment, profile, whole))
        for entries in _groups(profile.settings):
            facts = {**common, **_setting_facts(entries, profile)}
            name = ",".join(entry.setting for entry in entries)
            found.append(Subject("setting", name, suite, environment, profile, facts, entries))
    return found


def never_starts(profile: Profile) -> bool:
    """Whether the runner refuses to start, or runs nothing, whatever the conditions are."""
    outcome = profile.facts["outcome"]
    return isinstance(outcome, KnownFact) and outcome.value != "runs"


def kind_fact(suite: Suite) -> Fact:
    """What the tests of a suite are; unknown where that is not clear."""
    if suite.kind.kind == "unknown":
        return UnknownFact("the kind of the suite is not clear from its signals", "default")
    return KnownFact(suite.kind.kind, "default")


def _groups(entries: tuple[SettingEntry, ...]) -> list[tuple[SettingEntry, ...]]:
    """Settings that share one fate (same place to go, same reason) are one subject."""
    groups: dict[tuple[object, ...], list[SettingEntry]] = {}
    for entry in entries:
        shared = entry.removes is not None and not entry.idle
        own = None if shared else entry.setting
        key = (entry.effect, entry.reason, entry.removes, entry.when, own)
        groups.setdefault(key, []).append(entry)
    ordered = (sorted(group, key=lambda entry: not entry.lowers) for group in groups.values())
    return [tuple(group) for group in ordered]


def _setting_facts(entries: tuple[SettingEntry, ...], profile: Profile) -> dict[str, Fact]:
    first = entries[0]
    facts: dict[str, Fact] = {
        "setting": KnownFact(first.setting),
        "effect": KnownFact(first.effect),
        "would": KnownFact(first.would or "none"),
        "lowers": KnownFact(any(entry.lowers for entry in entries)),
        "idle": KnownFact(all(entry.idle or _so_anyway(entry, profile) for entry in entries)),
        "overflows": KnownFact(_overflows(first)),
        "known": KnownFact(first.known),
    }
    if is_number(first.value) or isinstance(first.value, str | bool):
        facts["value"] = KnownFact(first.value)
    return facts


def _so_anyway(entry: SettingEntry, profile: Profile) -> bool:
    """Whether what a setting asks for is what the suite does in every case."""
    fact = profile.facts.get(entry.would or "")
    # A project of jest may repeat the `testTimeout` that its root config sets.
    meant = entry.value if entry.means is None and is_number(entry.value) else entry.means
    if fact is None or meant is None:
        return False
    told = [case.fact for case in cases_of(fact)]
    return all(isinstance(one, KnownFact) and one.value == meant for one in told)


def _overflows(entry: SettingEntry) -> bool:
    """Whether a timeout is longer than Node's timers can hold."""
    return (
        entry.would in _TIMEOUTS and is_number(entry.value) and bool(entry.value > _LONGEST_TIMER)
    )
