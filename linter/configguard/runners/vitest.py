"""vitest: how its configs are read, and what the generic model asks of it."""

from __future__ import annotations

from collections.abc import Sequence

from configguard.evaluate import calls
from configguard.evaluate.constraints import UNDECIDED
from configguard.evaluate.files import is_es_module
from configguard.evaluate.machine import Machine
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import UNDEFINED, Arr, Builtin, Known, Obj, Unknown, Value
from configguard.evaluate.worlds import Environment
from configguard.runners import vitest_projects
from configguard.runners.profile import SimpleFact
from configguard.runners.runner import Member, Members, Runner, View
from configguard.runners.settings import Settings
from configguard.runners.table import Situation
from configguard.runners.test_patterns import of_vitest
from configguard.runners.versions import matches
from configguard.runners.vitest_facts import FACTS, together_fact
from configguard.runners.vitest_loading import resolve
from configguard.runners.vitest_outcome import entries_of, outcomes_of, readings_of
from configguard.runners.vitest_workers import names, pool_of

OWN_VARIABLES = {"VITEST": "true", "TEST": "true", "NODE_ENV": "test"}
"""What vitest itself sets before it loads the config (measured on 0.34 to 5.1)."""
LOCAL = Environment("local", {**OWN_VARIABLES, "CI": None})
CI = Environment("ci", {**OWN_VARIABLES, "CI": "true"}, "linux")


def members(view: View) -> Members:
    """The suites that a config runs: itself, or its projects. Raises Fork, Thrown."""
    _refuse_common_in_es_module(view)
    return vitest_projects.members(view, situation)


def _refuse_common_in_es_module(view: View) -> None:
    """Before vitest 4, `module.exports` in an ES module throws (measured). Raises Thrown."""
    main = next(iter(view.machine.modules.values()), None)
    if main is None or not main.assigns_common or not matches(view.table.version, "<4"):
        return
    if is_es_module(view.machine.workspace, main.file):
        calls.throw("module is not defined in ES module scope", view.place)


def in_mode(machine: Machine, exported: Value, mode: str) -> Value:
    """The object that vite reads under `--mode X` (measured on 1.6.1 to 5.1.1)."""
    return resolve(machine, exported, mode=mode)


def together(suites: Sequence[Member]) -> SimpleFact:
    """Most test files at one time over the suites of a run."""
    return together_fact([member.settings for member in suites])


def situation(settings: Settings) -> Situation:
    """What rows of the table ask about: the pool."""
    pool = pool_of(settings)
    return {"pool": pool if isinstance(pool, str) else UNDECIDED}


def spelled(settings: Settings) -> dict[str, str]:
    """The names that spellings use as placeholders in this config."""
    pool = pool_of(settings)
    plain = pool if isinstance(pool, str) else "threads"
    place = "project" if settings.in_project else "root"
    return {"pool": plain, "place": place, **names(plain)}


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
    in_mode=in_mode,
    tests=of_vitest,
)
