"""The projects of a jest config: inline objects, folders, config files, and patterns of them.

Sources: readConfigs and normalize in jest-config 27.5.1 to 30.5.2, each rule measured.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from configguard.evaluate.machine import Machine
from configguard.evaluate.values import Arr, Known, Obj, Unknown, Value
from configguard.runners.jest_config import (
    MANIFEST,
    JestSettings,
    Stop,
    below,
    read_file,
    root_dir,
    unclear,
)
from configguard.runners.runner import Key, Member, Members
from configguard.runners.versions import matches
from configguard.source.globs import NotExpanded, Style, expand, is_pattern
from configguard.source.span import Origin, Span
from configguard.source.workspace import Unreadable, folder_of, join

MAX_PROJECTS = 150
"""A config of more projects is not followed to its end."""
CONFIG_NAMES = tuple(f"jest.config{end}" for end in (".js", ".ts", ".mjs", ".cjs", ".json"))
"""In the order in which jest looks for them; from 30.4 on also .mts, from 30 on .cts."""
_ENDINGS = (".js", ".ts", ".mjs", ".mts", ".cjs", ".cts", ".json")
_GLOB = Style(dot=False, skipped=frozenset(), ignored=re.compile(r"(?!)"))


class Project(NamedTuple):
    """One item of `projects`: an inline object, or the path of a folder or config file."""

    value: Value | None
    path: str
    place: Span


def members_of(root: JestSettings, file: str, place: Span) -> Members | None:
    """The suites of a config with projects; None where it has none. Raises Fork, Thrown."""
    reading = root.written("projects")
    if reading is None or (isinstance(reading.value, Known) and reading.value.value is None):
        return None
    if reading.entry is None:
        at = reading.at[0] if reading.at else place
        root.machine.assume("what is unknown here is assumed to set no projects", at)
        return None
    if not isinstance(reading.value, Arr):
        root.open = Unknown(reading.unknown or "projects is no list", reading.at)
        return Members((Member(Key(), root),), root.open)
    found, more = _listed(root, file, reading.value, reading.at[0])
    if not found:
        root.open = more
        return None if more is None else Members((Member(Key(), root),), more)
    return _members(root, file, found, more)


def _listed(
    root: JestSettings, file: str, listed: Arr, place: Span
) -> tuple[list[Project], Unknown | None]:
    """The items in jest's order, patterns expanded; and why there may be others."""
    found: list[Project] = []
    more = listed.more
    for item in listed.items:
        if isinstance(item, Obj):
            found.append(Project(item, "", item.sites[-1] if item.sites else place))
            continue
        at = item.origin[0] if item.origin else place
        if not isinstance(item, Known) or not isinstance(item.value, str):
            why = unclear(item)
            more = Unknown(why.reason if why is not None else "a project is no plain path", (at,))
            continue
        paths = _paths(root, file, item.value)
        if isinstance(paths, str):
            more = Unknown(paths, (at,))
        else:
            found += [Project(None, path, at) for path in paths]
    if len(found) > MAX_PROJECTS:
        more = Unknown(f"a config of more than {MAX_PROJECTS} projects", (place,))
    return found[:MAX_PROJECTS], more


def _paths(root: JestSettings, file: str, written: str) -> list[str] | str:
    """The folders and files that one text stands for, or why it is not known."""
    folder = _working_folder(root.machine, file)
    path = below(written, root.folder or "", folder)
    unknown_root = root.folder is None and written.startswith("<rootDir>")
    if path is None or unknown_root:
        return f"where the project {written!r} lies is not known"
    if not is_pattern(path):
        return [path]
    if "**" in path:
        return f"the pattern {written!r} also looks into node_modules"
    try:
        matches_of = expand(root.machine.workspace, "", [path], _GLOB)
    except NotExpanded as why:
        return str(why)
    # A file that jest cannot load is left out; a pattern that finds nothing stays as it is.
    kept = [one.path for one in matches_of if one.is_folder or one.path.endswith(_ENDINGS)]
    return kept if matches_of else f"the pattern {written!r} finds nothing, and jest refuses it"


def _working_folder(machine: Machine, file: str) -> str | None:
    """The folder that jest is started in, where that is plain: the package of the config."""
    folder = folder_of(file)
    return folder if machine.workspace.is_file(posixpath.join(folder, MANIFEST)) else None


def _members(root: JestSettings, file: str, found: list[Project], more: Unknown | None) -> Members:
    suites: list[Member] = []
    configs: dict[str, Span] = {}
    taken: set[str | int | None] = set()
    for index, project in enumerate(found):
        own_file = None if project.value is not None else _config_of(root, project)
        if isinstance(own_file, Unknown):
            stop = Stop(own_file.reason, project.place, sure=False)
            root.stops.append(stop)
            suites.append(Member(Key(index, None), root, (), own_file))
            continue
        if own_file is not None:
            if own_file in configs:
                reason = f"two projects have the same config: {own_file}"
                root.stops.append(Stop(reason, project.place))
                continue
            configs[own_file] = project.place
        member = _member(root, file, project, own_file, index)
        if member.key.project in taken:
            member = member._replace(key=member.key._replace(project=index))
        taken.add(member.key.project)
        suites.append(member)
    return Members(tuple(suites), more)


def _member(
    root: JestSettings, file: str, project: Project, own_file: str | None, index: int
) -> Member:
    if own_file == file:
        return Member(Key(), root)  # the config itself, as one of its own projects
    beside = folder_of(file) if own_file is None else folder_of(own_file)
    if project.value is not None:
        own = project.value
        folder = root_dir(own, beside, _working_folder(root.machine, file))
    else:
        assert own_file is not None
        own = read_file(root.machine, root.table.version, own_file) if own_file else Obj({})
        folder = root_dir(own, beside, beside)
    settings = JestSettings(root.machine, root.table, own, folder, root)
    name, named = _name(settings)
    return Member(Key(index if name is None else name, own_file), settings, named, unclear(own))


def _name(settings: JestSettings) -> tuple[str | None, Origin]:
    reading = settings.written("displayName")
    if reading is not None and isinstance(reading.value, Obj):
        reading = settings.written("displayName.name")
    if reading is None or not isinstance(reading.value, Known):
        return None, ()
    name = reading.value.value
    return (name, reading.at) if isinstance(name, str) and name else (None, ())


def _config_of(root: JestSettings, project: Project) -> str | Unknown:
    """The config file of a project that is named by its path."""
    workspace, version = root.machine.workspace, root.table.version
    path = project.path
    if workspace.is_file(path):
        if path.endswith(_ENDINGS):
            return path
        return Unknown(f"{path} is no config that jest can load", (project.place,))
    if not _is_folder(root.machine, path):
        return Unknown(f"the project {path!r} is not in the repository", (project.place,))
    while True:
        names = [name for name in _names(version) if workspace.is_file(join(path, name))]
        manifest = join(path, MANIFEST)
        if _has_jest(root.machine, manifest):
            names.append(MANIFEST)
        if len(names) > 1 and matches(version, ">=28"):
            reason = f"{path or '.'} holds several configs: {', '.join(names)}"
            root.stops.append(Stop(reason, project.place))
        if names:
            return join(path, names[0])
        if workspace.is_file(manifest):
            return manifest  # without a `jest` key: an empty config
        if not path:
            return Unknown("a project's config may lie above the root", (project.place,))
        path = folder_of(path)


def _names(version: str) -> tuple[str, ...]:
    if matches(version, "<30"):
        return CONFIG_NAMES
    *first, last = CONFIG_NAMES
    mts = ("jest.config.mts",) if matches(version, ">=30.4") else ()
    return (*first[:3], *mts, first[3], "jest.config.cts", last)


def _is_folder(machine: Machine, path: str) -> bool:
    if not path:
        return True
    above, name = posixpath.split(path)
    entries = machine.workspace.entries(above)
    return any(entry.name == name and entry.is_dir() for entry in entries)


def _has_jest(machine: Machine, manifest: str) -> bool:
    import json

    document = machine.workspace.read(manifest)
    if isinstance(document, Unreadable):
        return False
    try:
        content = json.loads(document.data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "jest" in content
