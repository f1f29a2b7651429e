"""The projects of a Playwright config: their names, what they need of each other, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    Arr,
    Builtin,
    Cpus,
    EnvString,
    Func,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
)
from configguard.runners.settings import Settings
from configguard.runners.table import Situation
from configguard.runners.versions import matches
from configguard.source.span import Origin

DEPENDENCIES = ">=1.31"
TEARDOWN = ">=1.34"
DEFAULT = ">=1.64"


class Project(NamedTuple):
    """One entry of `projects`. `key`: its name, made unique as the runner does, or its index."""

    key: str | int
    name: str | None
    settings: Settings
    named: Origin = ()
    unknown: Unknown | None = None


class Projects(NamedTuple):
    """The projects of a config. `fault`: why the list is refused, and where; `more`: why there may
    be others."""

    listed: tuple[Project, ...]
    more: Unknown | None = None
    fault: tuple[str, Origin] | None = None


def no_situation(settings: Settings) -> Situation:
    """No row of Playwright's table asks about other settings."""
    del settings
    return {}


def projects_of(root: Settings) -> Projects | Unknown | None:
    """The projects of a root config; None where it has none and runs its tests itself."""
    if "projects" not in root.worked_out:
        root.worked_out["projects"] = _projects_of(root)
    found: Projects | Unknown | None = root.worked_out["projects"]
    return found


def _projects_of(root: Settings) -> Projects | Unknown | None:
    reading = root.written("projects")
    if reading is None:
        return None
    value = reading.value
    if isinstance(value, Arr):
        return _listed(root, value)
    if isinstance(value, Unknown | Builtin):
        return Unknown(reading.unknown or "the projects are not known", reading.at)
    return Projects((), None, ("projects must be an array", reading.at))


def _listed(root: Settings, value: Arr) -> Projects:
    found: list[Project] = []
    fault: tuple[str, Origin] | None = None
    used: set[str] = set()
    for index, item in enumerate(value.items):
        if isinstance(item, Known | Func | Cpus | EnvString | PlatformName):
            fault = fault or (f"projects[{index}] must be an object", item.origin or value.origin)
            continue
        found.append(_project(root, item, index, used, len(value.items)))
    return Projects(tuple(found), value.more, fault)


def _project(root: Settings, item: Value, index: int, used: set[str], count: int) -> Project:
    if isinstance(item, Unknown | Builtin):
        reason = item.reason if isinstance(item, Unknown) else f"{item.path} is not evaluated"
        settings = _settings(root, item)
        return Project(index, None, settings, (), Unknown(reason, item.origin))
    settings = _settings(root, Obj({}, item.origin) if isinstance(item, Arr) else item)
    reading = settings.written("name") or root.written("name")
    text = reading.value.value if reading is not None and isinstance(reading.value, Known) else None
    if reading is None or not isinstance(text, str) or not text:
        return Project(index, "" if reading is None else None, settings)
    # Two projects of one name: the runner calls the second `name1`.
    choices = (f"{text}{turn or ''}" for turn in range(count))
    key = next((choice for choice in choices if choice not in used), text)
    used.add(key)
    return Project(key, text, settings, reading.at)


def _settings(root: Settings, value: Value) -> Settings:
    return Settings(root.machine, value, root.table, no_situation, root)


def dependency_fault(root: Settings, projects: Sequence[Project]) -> tuple[str, Origin] | None:
    """What is wrong with the names in `dependencies` and `teardown`, and where."""
    names = [project.name for project in projects]
    if None in names or any(project.unknown is not None for project in projects):
        return None  # a name that is not known may be the one that is meant
    for project in projects:
        for setting, what in _needed_settings(root):
            for name, at in _texts(project.settings, setting):
                if names.count(name) == 1:
                    continue
                fault = "is not there" if name not in names else "is the name of several projects"
                return f"the {what} {name!r} of {project.name!r} {fault}", at
    return None


def _needed_settings(root: Settings) -> Iterator[tuple[str, str]]:
    if matches(root.table.version, DEPENDENCIES):
        yield "dependencies", "dependency"
    if matches(root.table.version, TEARDOWN):
        yield "teardown", "teardown project"


def _texts(settings: Settings, setting: str) -> list[tuple[str, Origin]]:
    """The names that a setting holds, as far as they are known."""
    reading = settings.written(setting)
    if reading is None:
        return []
    value = reading.value
    items = value.items if isinstance(value, Arr) else [value]
    return [
        (item.value, item.origin or reading.at)
        for item in items
        if isinstance(item, Known) and isinstance(item.value, str) and item.value
    ]


def phases(projects: Sequence[Project]) -> list[list[Project]]:
    """The projects that run side by side, phase after phase: what others depend on comes first."""
    waits = {project.key: _first(project, projects) for project in projects}
    done: set[str | int] = set()
    found: list[list[Project]] = []
    while len(done) < len(projects):
        ready = [
            project
            for project in projects
            if project.key not in done and waits[project.key] <= done | {project.key}
        ]
        if not ready:  # a circle, which the runner refuses
            return [*found, [project for project in projects if project.key not in done]]
        found.append(ready)
        done |= {project.key for project in ready}
    return found


def _first(project: Project, projects: Sequence[Project]) -> set[str | int]:
    """What has to be finished before a project starts."""
    if not matches(project.settings.table.version, DEPENDENCIES):
        return set()
    found = _named(_wanted(project, "dependencies"), projects)
    if not matches(project.settings.table.version, TEARDOWN):
        return found
    # A teardown waits for those that name it, and for all that depend on these.
    pending = {one.key for one in projects if project.name in _wanted(one, "teardown")}
    while pending - found:
        found |= pending
        pending = {
            one.key
            for one in projects
            if one.key != project.key and _named(_wanted(one, "dependencies"), projects) & pending
        }
    return found


def _wanted(project: Project, setting: str) -> set[str]:
    return {name for name, _ in _texts(project.settings, setting)}


def _named(names: set[str], projects: Sequence[Project]) -> set[str | int]:
    return {project.key for project in projects if project.name in names}


def asked_for(projects: Sequence[Project]) -> list[Project]:
    """What a run without `--project` starts: all but `default: false`, and what they depend on."""
    keys = {project.key for project in projects if not _left_out(project)}
    while more := {
        key
        for project in projects
        if project.key in keys
        for setting in ("dependencies", "teardown")
        for key in _named(_wanted(project, setting), projects)
        if key not in keys
    }:
        keys |= more
    return [project for project in projects if project.key in keys]


def _left_out(project: Project) -> bool:
    if not matches(project.settings.table.version, DEFAULT):
        return False
    reading = project.settings.written("default")
    value = reading.value if reading is not None else None
    # `default ?? true`: null counts as unset.
    return isinstance(value, Known) and value.value is not None and not truthy(value.value)
