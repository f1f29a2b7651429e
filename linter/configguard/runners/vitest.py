"""vitest: how its configs are read, and what the generic model asks of it."""

from __future__ import annotations

from collections.abc import Sequence

from configguard.evaluate import calls
from configguard.evaluate.constraints import UNDECIDED
from configguard.evaluate.files import is_es_module
from configguard.evaluate.machine import Machine
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.evaluate.worlds import Environment
from configguard.runners.model import unread
from configguard.runners.profile import SimpleFact, UnknownFact
from configguard.runners.runner import Key, Member, Members, Runner, View
from configguard.runners.settings import Settings
from configguard.runners.table import Situation
from configguard.runners.versions import matches
from configguard.runners.vitest_facts import FACTS
from configguard.runners.vitest_outcome import entries_of, outcomes_of, readings_of
from configguard.runners.vitest_workers import names, pool_of
from configguard.source.span import Span

OWN_VARIABLES = {"VITEST": "true", "TEST": "true", "NODE_ENV": "test"}
"""What vitest itself sets before it loads the config (measured on 0.34 to 5.1)."""
LOCAL = Environment("local", {**OWN_VARIABLES, "CI": None})
CI = Environment("ci", {**OWN_VARIABLES, "CI": "true"}, "linux")


def resolve(machine: Machine, exported: Value) -> Value:
    """The object that vitest reads: function configs called, promises awaited. Raises Thrown."""
    value = settled(exported)
    if isinstance(value, Func):
        place = value.origin[0] if value.origin else Span("", 0, 0)
        given = {"mode": "test", "command": "serve"}
        argument = Obj({key: Entry(Known(text), place) for key, text in given.items()})
        for flag in ("isSsrBuild", "isPreview"):
            argument.set(flag, Entry(Known(False), place))
        value = settled(calls.call_function(machine, value, [argument], place))
    if isinstance(value, Obj) and value.entry("then") is not None:
        return Unknown("a promise made by hand is not evaluated", value.origin)
    main = next(iter(machine.modules.values()), None)
    if main is not None and main.exports_nothing and not is_es_module(machine.workspace, main.file):
        return Obj({})  # CommonJS: `module.exports` is there without being assigned (measured)
    if isinstance(value, Known | Cpus | Arr | Func):
        calls.throw(
            "config must export or return an object", value.origin[0] if value.origin else None
        )
    return value


def members(view: View) -> Members:
    """The suites that a config runs: itself, as long as it has no projects. Raises Thrown."""
    _refuse_common_in_es_module(view)
    settings = view.settings(view.value, situation)
    unknown = unread(view.value) or _projects(view, settings)
    return Members((Member(Key(), settings, (), unknown),))


def _refuse_common_in_es_module(view: View) -> None:
    """Before vitest 4, `module.exports` in an ES module throws (measured). Raises Thrown."""
    main = next(iter(view.machine.modules.values()), None)
    if main is None or not main.assigns_common or not matches(view.table.version, "<4"):
        return
    if is_es_module(view.machine.workspace, main.file):
        calls.throw("module is not defined in ES module scope", view.place)


def _projects(view: View, settings: Settings) -> Unknown | None:
    """Configs with projects: what they do is not worked out from the root alone."""
    for setting in ("test.projects", "test.workspace"):
        reading = settings.counting(setting)
        if reading is None or settings.ruling(reading).effect != "sets":
            continue
        if reading.entry is None:
            # Something unknown is spread into the config; it hardly ever brings projects.
            place = reading.at[0] if reading.at else view.place
            view.machine.assume("what is unknown here is assumed to set no projects", place)
            continue
        reason = reading.unknown or f"{setting} is set, and projects are not evaluated yet"
        return Unknown(reason, reading.at)
    file = view.around.workspace_file
    if file is not None and matches(view.table.version, "<4"):
        reason = f"{file} splits the run into projects, which are not evaluated yet"
        return Unknown(reason, (Span(file, 0, 0),))
    return None


def together(suites: Sequence[Member]) -> SimpleFact:
    """Most test files at one time over the suites of a run."""
    if len(suites) == 1:
        fact = FACTS["workers"](suites[0].settings)
        assert fact is not None  # every version has workers
        return fact
    return UnknownFact("projects are not evaluated yet")


def situation(settings: Settings) -> Situation:
    """What rows of the table ask about: the pool."""
    pool = pool_of(settings)
    return {"pool": pool if isinstance(pool, str) else UNDECIDED}


def spelled(settings: Settings) -> dict[str, str]:
    """The names that spellings use as placeholders in this config."""
    pool = pool_of(settings)
    plain = pool if isinstance(pool, str) else "threads"
    return {"pool": plain, **names(plain)}


def _note_plugins(machine: Machine, value: Value) -> None:
    """Plugins may change any setting; those of packages are assumed not to."""
    if not isinstance(value, Obj):
        return
    entry = value.entry("plugins")
    if entry is None or (isinstance(entry.value, Known) and entry.value.value is UNDEFINED):
        return
    if isinstance(entry.value, Arr) and not entry.value.items and entry.value.more is None:
        return
    machine.assume("plugins are assumed not to change load settings", entry.key)


def is_suite(machine: Machine, value: Value) -> bool | None:
    """Whether a vite config holds tests: it has a `test` key; None where that is unknown."""
    del machine
    if not isinstance(value, Obj):
        return None if isinstance(value, Unknown | Builtin) else False
    entry = value.entry("test")
    if entry is None:
        return None if value.more is not None else False
    return not isinstance(entry.value, Known) or truthy(entry.value.value)


RUNNER = Runner(
    name="vitest",
    environments=(LOCAL, CI),
    resolve=resolve,
    members=members,
    facts=FACTS,
    outcomes=outcomes_of,
    readings=readings_of,
    entries=entries_of,
    names=spelled,
    together=together,
    assume=_note_plugins,
    is_suite=is_suite,
    holder="test",
)
