"""jest: how its configs are read, and what the generic model asks of it."""

from __future__ import annotations

from collections.abc import Sequence

from configguard.evaluate.machine import Machine
from configguard.evaluate.values import UNDEFINED, Known, Obj, Unknown, Value
from configguard.evaluate.worlds import Environment, Opaque
from configguard.runners.jest_config import (
    JestSettings,
    checked,
    exported_object,
    root_dir,
    unclear,
)
from configguard.runners.jest_facts import FACTS, workers
from configguard.runners.jest_projects import members_of
from configguard.runners.jest_validation import doubts, faults
from configguard.runners.profile import KnownFact, SettingEntry, SimpleFact, UnknownFact
from configguard.runners.runner import (
    REFUSES,
    RUNS,
    Key,
    Member,
    Members,
    Outcome,
    Runner,
    View,
)
from configguard.runners.settings import Reading, Settings
from configguard.runners.table import meaning, shown
from configguard.runners.test_patterns import TestFiles, of_jest
from configguard.runners.versions import matches
from configguard.source.span import chain
from configguard.source.workspace import folder_of

OWN_VARIABLES = {"NODE_ENV": "test"}
"""What jest itself sets before it loads the config (source of 27.5.1 to 30.5.2)."""
LOCAL = Environment("local", {**OWN_VARIABLES, "CI": None})
CI = Environment("ci", {**OWN_VARIABLES, "CI": "true"}, "linux")
_LOAD = ("maxWorkers", "testTimeout", "bail", "maxConcurrency")


def resolve(machine: Machine, exported: Value) -> Value:
    """What jest takes from the file: functions called, promises awaited, `jest` of a manifest."""
    main = next(iter(machine.modules.values()), None)
    return exported_object(machine, main, exported)


def members(view: View) -> Members:
    """The suites that a config runs: itself, or its projects. Raises Fork, Thrown."""
    file = view.place.file
    own = checked(view.machine, view.table.version, file, view.value)
    folder = folder_of(file)
    own_folder = root_dir(own, folder, folder)
    root = JestSettings(view.machine, view.table, own, own_folder, given=view.given)
    root.others = view.around.others
    unknown = unclear(own)
    if unknown is not None:
        return Members((Member(Key(), root, (), unknown),))
    return members_of(root, file, view.place) or Members((Member(Key(), root),))


def outcomes_of(settings: Settings) -> list[Outcome]:
    """What happens at start: one config that jest refuses stops the run of all projects."""
    assert isinstance(settings, JestSettings)
    for part in settings.parts:
        for fault in faults(part.own, part, project=part.in_project):
            return [Outcome((), KnownFact(REFUSES, "config", fault.at), fault.reason)]
        for reading in readings_of(part):
            ruled = part.ruling(reading)
            if ruled.effect == "throws":
                return [Outcome((), KnownFact(REFUSES, "config", reading.at), ruled.reason)]
    for stop in settings.stops:
        if stop.sure:
            return [Outcome((), KnownFact(REFUSES, "config", (stop.place,)), stop.reason)]
    for stop in settings.stops:
        return [Outcome((), UnknownFact(stop.reason, "config", (stop.place,)), "")]
    for part in settings.parts:
        for doubt in doubts(part):
            return [Outcome((), UnknownFact(doubt.reason, "config", doubt.at), "")]
    root = settings.root
    assert isinstance(root, JestSettings)
    for name in _LOAD:
        written = root.written(name)
        if written is not None and written.entry is not None and written.unknown is not None:
            reason = f"whether jest accepts {name} is not known: {written.unknown}"
            return [Outcome((), UnknownFact(reason, "config", written.at), "")]
    if root.open is not None:
        return [Outcome((), UnknownFact(root.open.reason, "config", root.open.origin), "")]
    if root.others and matches(settings.table.version, ">=28"):
        return _several(root.others)
    return [Outcome((), KnownFact(RUNS, "default"), "")]


def _several(others: tuple[str, ...]) -> list[Outcome]:
    """From 28 on jest refuses to choose between the configs of one folder (measured)."""
    chosen = Opaque("the config is named by --config")
    reason = f"jest finds {' and '.join(others)} beside it, and refuses to choose"
    return [
        Outcome(((chosen, False),), KnownFact(REFUSES, "config"), reason),
        Outcome(((chosen, True),), KnownFact(RUNS, "default"), ""),
    ]


def readings_of(settings: Settings) -> list[Reading]:
    """The settings that are written, as they are read."""
    return list(settings.readings)


def entries_of(settings: Settings) -> list[SettingEntry]:
    """The settings that do not plainly do what they say, in the config and in its root."""
    entries = [
        _entry(settings, reading)
        for reading in readings_of(settings)
        if settings.ruling(reading).effect not in (None, "sets")
    ]
    entries += _undefined(settings)
    return entries + (entries_of(settings.root) if settings.in_project else [])


def _undefined(settings: Settings) -> list[SettingEntry]:
    """`maxWorkers: undefined` is a Validation Error, unlike all other keys (measured)."""
    assert isinstance(settings, JestSettings)
    entry = settings.own.entry("maxWorkers") if isinstance(settings.own, Obj) else None
    if entry is None or not isinstance(entry.value, Known) or entry.value.value is not UNDEFINED:
        return []
    if settings.in_project and matches(settings.table.version, ">=30.5"):
        return []
    at = chain((entry.expression,), entry.value.origin)
    reason = "maxWorkers is written, but undefined: a Validation Error, exit 1"
    return [SettingEntry("maxWorkers", None, "throws", reason, "workers", at)]


def _entry(settings: Settings, reading: Reading) -> SettingEntry:
    row, ruled = settings.table.rows[reading.setting], settings.ruling(reading)
    lowers, means, idle = meaning(row, reading.value)
    return SettingEntry(
        reading.setting,
        shown(reading.value),
        str(ruled.effect),
        ruled.reason,
        row.entry.get("would"),
        reading.at,
        lowers=lowers,
        means=means,
        idle=idle,
        removes=ruled.removes,
        via=reading.via,
    )


def together(suites: Sequence[Member]) -> SimpleFact:
    """Most test files at one time: all projects of a run share the workers of the root config."""
    facts = [workers(suite.settings) for suite in suites]
    unknown = next((fact for fact in facts if isinstance(fact, UnknownFact)), None)
    return unknown or facts[0]


def _tests(settings: Settings, file: str) -> TestFiles | Unknown:
    del file  # what counts is rootDir
    assert isinstance(settings, JestSettings)
    return of_jest(settings, settings.folder)


RUNNER = Runner(
    name="jest",
    environments=(LOCAL, CI),
    resolve=resolve,
    members=members,
    facts=FACTS,
    outcomes=outcomes_of,
    readings=readings_of,
    entries=entries_of,
    names=lambda settings: {},
    together=together,
    root_holds=True,
    tests=_tests,
)
