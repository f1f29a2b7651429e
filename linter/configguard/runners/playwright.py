"""Playwright Test: how its configs are read, and what the generic model asks of it."""

from __future__ import annotations

from collections.abc import Sequence

from configguard.evaluate import calls, importing, modules
from configguard.evaluate.cpus import CpuExpression, Operand, arithmetic, bounded
from configguard.evaluate.files import is_es_module
from configguard.evaluate.machine import Machine
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Cpus,
    EnvString,
    Func,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
    settled,
)
from configguard.evaluate.worlds import Environment
from configguard.runners.model import unread
from configguard.runners.playwright_facts import FACTS
from configguard.runners.playwright_outcome import entries_of, outcomes_of, readings_of
from configguard.runners.playwright_projects import (
    Project,
    Projects,
    asked_for,
    no_situation,
    phases,
    projects_of,
)
from configguard.runners.playwright_workers import Count, project_cap, root_workers
from configguard.runners.profile import KnownFact, RangeFact, SimpleFact, UnknownFact
from configguard.runners.runner import Key, Member, Members, Runner, View
from configguard.runners.settings import Settings
from configguard.runners.test_patterns import of_playwright
from configguard.source.span import Span

# Playwright sets no variable before it loads the config (source of 1.30.0 to 1.65.1).
LOCAL = Environment("local", {"CI": None})
CI = Environment("ci", {"CI": "true"}, "linux")
SINGLE_OBJECT = "Configuration file must export a single object"


def resolve(machine: Machine, exported: Value) -> Value:
    """The object that Playwright reads: the default export, else all exports. Raises Thrown."""
    value = settled(exported)
    main = next(iter(machine.modules.values()), None)
    place = Span(main.file if main is not None else "", 0, 0)
    if main is not None:
        value = settled(_of_module(machine, main, value, place))
    if isinstance(value, Obj) and value.entry("then") is not None:
        return Unknown("a promise made by hand is not evaluated", value.origin)
    if isinstance(value, Arr):
        # An array passes as an object and holds none of the keys (measured on 1.30.0 to 1.65.1).
        machine.notice("the config is an array, of which Playwright reads nothing", place)
        return Obj({}, value.origin)
    if isinstance(value, Known | Cpus | Func | EnvString | PlatformName):
        calls.throw(SINGLE_OBJECT, value.origin[0] if value.origin else place)
    return value


def _of_module(machine: Machine, main: modules.Module, value: Value, place: Span) -> Value:
    if main.assigns_common and is_es_module(machine.workspace, main.file):
        calls.throw("module is not defined in ES module scope", place)
    if main.common is None and "default" not in main.exports:
        if isinstance(value, Known) and value.value is UNDEFINED:
            # Without a default export the exports themselves are the config.
            return importing.namespace(machine, main, place)
        return value
    if main.common is not None and isinstance(value, Obj):
        inner = value.entry("default")
        return value if inner is None else inner.value
    return value


def members(view: View) -> Members:
    """The suites that a config runs: each of its projects, or itself where it has none."""
    root = view.settings(view.value, no_situation)
    unknown = unread(view.value)
    projects = None if unknown is not None else projects_of(root)
    if isinstance(projects, Unknown):
        unknown = projects
    if not isinstance(projects, Projects) or not (projects.listed or projects.more):
        return Members((Member(Key(), root, (), unknown),))
    if not projects.listed:
        return Members((Member(Key(), root, (), projects.more),))
    suites = [
        Member(Key(project.key), project.settings, project.named, project.unknown)
        for project in projects.listed
    ]
    return Members(tuple(suites), projects.more)


def together(suites: Sequence[Member]) -> SimpleFact:
    """Most test files at one time over some projects of a run: they share the root's workers.

    Projects that have a cap each may stay below them; those that others depend on run before.
    """
    root = suites[0].settings.root
    whole = root_workers(root)
    if isinstance(whole, Unknown):
        return UnknownFact(whole.reason, "config", whole.origin)
    if whole.most is None:
        return UnknownFact("it does not run with this number of workers", "config", whole.at)
    listed = projects_of(root)
    most = whole.most
    if isinstance(listed, Projects):
        keys = {member.key.project for member in suites}
        started = [one for one in asked_for(listed.listed) if one.key in keys]
        if not started and listed.listed:
            return KnownFact(0.0, "default")
        capped = _capped(started, listed.listed)
        if isinstance(capped, Unknown):
            return UnknownFact(capped.reason, "config", capped.origin)
        if capped is not None:
            most = _least(most, capped)
    if isinstance(most, CpuExpression):
        return RangeFact(most, whole.origin, whole.at)
    return KnownFact(most, whole.origin, whole.at)


def _capped(chosen: Sequence[Project], listed: Sequence[Project]) -> Operand | Unknown | None:
    """The most that the caps of some projects let run side by side; None: no end."""
    counts: list[Operand] = []
    for phase in phases(listed):
        total: Operand = 0.0
        for project in (one for one in phase if one in chosen):
            cap = project_cap(project.settings)
            if isinstance(cap, Unknown):
                return cap
            if cap is None or cap.most is None or project.unknown is not None:
                return None
            total = _sum(total, cap)
        counts.append(total)
    if all(not isinstance(one, CpuExpression) for one in counts):
        return max((one for one in counts if not isinstance(one, CpuExpression)), default=None)
    return bounded("max", counts)


def _sum(total: Operand, cap: Count) -> Operand:
    assert cap.most is not None
    if not isinstance(total, CpuExpression) and not isinstance(cap.most, CpuExpression):
        return total + cap.most
    if total == 0.0:
        return cap.most
    added = arithmetic("+", total, cap.most)
    assert added is not None  # sums are always non-decreasing
    return added


def _least(one: Operand, other: Operand) -> Operand:
    if not isinstance(one, CpuExpression) and not isinstance(other, CpuExpression):
        return min(one, other)
    return bounded("min", [one, other])


def _no_names(settings: Settings) -> dict[str, str]:
    del settings
    return {}


RUNNER = Runner(
    name="playwright",
    environments=(LOCAL, CI),
    resolve=resolve,
    members=members,
    facts=FACTS,
    outcomes=outcomes_of,
    readings=readings_of,
    entries=entries_of,
    names=_no_names,
    together=together,
    root_holds=True,
    per_version=True,
    tests=of_playwright,
)
