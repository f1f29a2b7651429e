"""The projects of a vitest config in one world: which there are, and the settings of each.

Read in and measured on 0.34.6, 1.6.1, 2.1.9, 3.2.7, 4.1.12, 5.1.1 (tests/oracle/project_configs);
`vitest_places` names the sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from configguard.evaluate import calls
from configguard.evaluate.merging import vite_merge
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
    Promised,
    Unknown,
    Value,
    settled,
)
from configguard.runners import vitest_loading as loading
from configguard.runners.model import unread
from configguard.runners.runner import Key, Member, Members, View
from configguard.runners.settings import Company, Settings, Situate
from configguard.runners.versions import matches
from configguard.runners.vitest_lists import (
    Listed,
    list_in,
    listed_projects,
    refuse_workspace,
    seen_from,
)
from configguard.runners.vitest_places import Folder, Place, Text, name_of, places
from configguard.source.span import Origin, Span
from configguard.source.workspace import escapes, folder_of, join

MAX_PROJECTS = 200
"""Of a config with more projects nothing is known."""


class _Parent(NamedTuple):
    """The config that lists projects: the root, or (from vitest 5 on) a project's own file.

    `folder`: its root, as far as that is known. `label`: what the names of its projects start with.
    """

    file: str
    value: Value
    folder: Folder | Unknown
    label: str | None = None
    chain: tuple[str, ...] = ()


class _Project(NamedTuple):
    """One project: its config as it is resolved, its name, and its own file."""

    value: Value
    name: str | int | Unknown
    named: Origin
    file: str | None
    at: Origin
    is_root: bool = False


def members(view: View, situate: Situate) -> Members:
    """The suites that a config runs: itself, or its projects. Raises Fork and Thrown."""
    root = view.settings(view.value, situate)
    _refuse_plain_test(view)
    unknown = unread(view.value)
    listed = unknown or listed_projects(view, root)
    if listed is None or isinstance(listed, Unknown):
        return Members((Member(Key(), root, (), listed),))
    parent = _Parent(view.place.file, view.value, seen_from(view, view.value, view.place.file))
    found = _found(view, parent, listed)
    if found is None:
        return Members((Member(Key(), root),))  # before vitest 3 an empty list is as good as none
    projects, more = found
    if len(projects) > MAX_PROJECTS:
        many = Unknown(f"it has more than {MAX_PROJECTS} projects", listed.at)
        return Members((Member(Key(), root, (), many),))
    if not projects:
        return Members((Member(Key(), root, (), more),), more)
    _refuse_the_same_name(projects)
    return _as_members(view, root, situate, listed.file, projects, more)


def _as_members(
    view: View,
    root: Settings,
    situate: Situate,
    file: str,
    projects: Sequence[_Project],
    more: Unknown | None,
) -> Members:
    made: list[Member] = []
    for index, project in enumerate(projects):
        if project.is_root:
            made.append(Member(Key(), root))
            continue
        name = project.name if isinstance(project.name, str | int) else index
        own = None if project.file is None and file == view.place.file else project.file or file
        settings = _settings(view, root, situate, project.value)
        made.append(Member(Key(name, own), settings, project.named, unread(project.value)))
    company = Company(tuple(member.settings for member in made), more)
    for member in made:
        member.settings.company = company
    return Members(tuple(made), more)


def _settings(view: View, root: Settings, situate: Situate, value: Value) -> Settings:
    """The settings of a project; the root's are read as they count for its pool."""
    seen = view.settings(root.value, lambda _: own.situation)
    own = view.settings(value, situate, seen)
    return own


def _refuse_plain_test(view: View) -> None:
    """Before vitest 1 a text, number or true as `test` ends the run (measured). Raises Thrown."""
    entry = view.value.entry("test") if isinstance(view.value, Obj) else None
    if entry is None or not matches(view.table.version, "<1"):
        return
    if isinstance(entry.value, Known) and truthy(entry.value.value):
        calls.throw("test has to be an object", entry.expression)


# -- which projects ----------------------------------------------------------------------------


def _found(
    view: View, parent: _Parent, listed: Listed
) -> tuple[list[_Project], Unknown | None] | None:
    """The projects of a list, and why there may be others; None where it stands for nothing."""
    version = view.table.version
    texts: list[Text] = []
    projects: list[_Project] = []
    more = listed.more
    inline = 0
    for item in listed.items:
        value = _awaited(view, item, listed)
        if isinstance(value, Known) and isinstance(value.value, str):
            texts.append(Text(value.value, value.origin or listed.at))
        elif isinstance(value, Unknown | Builtin):
            reason = value.reason if isinstance(value, Unknown) else f"{value.path} is not known"
            more = more or Unknown(reason, value.origin or listed.at)
            inline += 1
        else:
            projects.append(_inline(view, parent, listed, value, inline))
            inline += 1
    if texts:
        there = _of_texts(view, parent, texts)
        if isinstance(there, Unknown):
            more = more or there
        else:
            projects += there
    if not projects and more is None:
        if matches(version, ">=3"):
            calls.throw("no projects are found, and vitest refuses to start", listed.at[0])
        return None
    if matches(version, ">=5"):
        return _flattened(view, parent, projects, more)
    return projects, more


def _awaited(view: View, item: Value, listed: Listed) -> Value:
    """An item of the list: functions are called, promises awaited. Raises Thrown."""
    version = view.table.version
    if matches(version, "<1.3"):
        if isinstance(item, Func):
            calls.throw(f"vitest {version} takes no functions as projects", listed.at[0])
        # Measured on 0.34.6: it takes nothing from a promise.
        return Obj({}, item.origin) if isinstance(item, Promised) else item
    value = settled(item)
    if isinstance(value, Func):
        place = value.origin[0] if value.origin else listed.at[0]
        given = loading.arguments(loading.MODE, place)
        value = settled(calls.call_function(view.machine, value, [given], place))
    return value


def _inline(view: View, parent: _Parent, listed: Listed, value: Value, index: int) -> _Project:
    """A project that is written as an object in the list. Raises Thrown."""
    version = view.table.version
    at = value.origin or listed.at
    if not isinstance(value, Obj):
        if loading.is_nothing(value) and matches(version, ">=3"):
            calls.throw("an item of the list of projects is null", at[0])
        if not isinstance(value, Known | Cpus | Arr) or matches(version, "<3"):
            unknown = Unknown("what such an item of the list does was never measured", at)
            return _Project(unknown, index, (), None, at)
        value = Obj({}, at)  # measured on 3.2.7 to 5.1.1: a project without settings
    base = _base(view, parent, listed, value)
    merged = value if base is None else _over(view, base, value, at[0])
    name, named = _name(view, merged, index if parent.label is None else str(index))
    if parent.label is not None and not isinstance(name, Unknown):
        name = f"{parent.label} ({name})"
    file = None if parent.label is None else parent.file
    return _Project(merged, name, named, file, at)


def _over(view: View, base: Value, own: Obj, span: Span) -> Value:
    """A project over what it extends, as each version merges them."""
    if isinstance(base, Unknown | Builtin):
        reason = base.reason if isinstance(base, Unknown) else f"{base.path} is not evaluated"
        base = Obj({}, base.origin, Unknown(reason, base.origin))
    merged = vite_merge(view.machine, base, own, span)
    if matches(view.table.version, "<5") or not isinstance(merged, Obj):
        return merged
    holder = merged.entry("test")
    if holder is None or not isinstance(holder.value, Obj):
        return merged
    # Vitest 5 takes over everything but these.
    ours = own.entry("test")
    mine = ours.value if ours is not None and isinstance(ours.value, Obj) else Obj({})
    inner = Obj(dict(holder.value.entries), holder.value.origin, holder.value.more)
    inner.sites = holder.value.sites
    for key in ("name", "projects", "root"):
        inner.entries.pop(key, None)
        entry = mine.entry(key)
        if entry is not None:
            inner.set(key, entry)
    made = Obj(dict(merged.entries), merged.origin, merged.more, merged.sites)
    made.set("test", Entry(inner, holder.expression, holder.key, holder.whole, holder.via))
    return made


def _base(view: View, parent: _Parent, listed: Listed, own: Obj) -> Value | None:
    """The config that a project extends; None where it extends none. Raises Thrown."""
    version = view.table.version
    extends = own.get("extends")
    if isinstance(extends, Unknown | Builtin):
        reason = extends.reason if isinstance(extends, Unknown) else f"{extends.path} is not known"
        return Unknown(f"what it extends is not known: {reason}", extends.origin)
    plain = extends.value if isinstance(extends, Known) else True
    mode = _mode(own)
    if isinstance(plain, str) and plain:
        folder = _extends_from(view, parent, listed)
        if isinstance(folder, Unknown):
            return folder
        return _file(view, join(folder, plain), extends.origin or listed.at, mode)
    if isinstance(plain, str):
        return Unknown("what an empty `extends` does was never measured", extends.origin)
    if matches(version, "<3"):
        if isinstance(plain, float | bool) and plain:
            calls.throw(f"vitest {version} takes only a path as `extends`", extends.origin[0])
        return None
    wanted = plain is not False if matches(version, ">=5") else plain is True
    if not wanted:
        return None
    if isinstance(mode, Unknown):
        return mode
    return parent.value if mode == loading.MODE else _file(view, parent.file, listed.at, mode)


def _extends_from(view: View, parent: _Parent, listed: Listed) -> str | Unknown:
    """The folder that a path to extend is seen from."""
    if listed.file != view.place.file and matches(view.table.version, "<5"):
        return folder_of(listed.file)
    return parent.folder if isinstance(parent.folder, Unknown) else parent.folder.path


def _mode(own: Obj) -> str | Unknown:
    """The mode in which the extended config is loaded."""
    test = own.get("test")
    for value in (test.get("mode") if isinstance(test, Obj) else None, own.get("mode")):
        if isinstance(value, Unknown | Builtin):
            return Unknown("the mode of the project is not known", value.origin)
        if isinstance(value, Known) and truthy(value.value):
            return str(value.value)
    return loading.MODE


def _file(view: View, file: str, at: Origin, mode: str | Unknown) -> Value:
    """The config in another file. Raises Thrown where there is none, or it throws."""
    if isinstance(mode, Unknown):
        return mode
    if escapes(file):
        return Unknown(f"{file} lies outside the root", at)
    if not view.machine.workspace.is_file(file):
        calls.throw(f"there is no config file {file}", at[0])
    if file.endswith(".md"):
        calls.throw(f"{file} is no config file", at[0])  # measured: no loader is configured
    if not file.endswith(loading.SCRIPTS):
        return Unknown(f"{file} is no script", at)
    return loading.config_in(view.machine, file, at[0], mode)


def _of_texts(view: View, parent: _Parent, texts: Sequence[Text]) -> list[_Project] | Unknown:
    """The projects in files and folders. Raises Thrown."""
    version, workspace = view.table.version, view.machine.workspace
    if isinstance(parent.folder, Unknown):
        return parent.folder
    there = places(workspace, version, parent.folder, texts)
    if isinstance(there, Unknown):
        return there
    if len(there) > MAX_PROJECTS:
        return Unknown(f"it has more than {MAX_PROJECTS} projects", texts[0].at)
    return [_of_place(view, parent, place, number) for number, place in enumerate(there)]


def _of_place(view: View, parent: _Parent, place: Place, number: int) -> _Project:
    workspace = view.machine.workspace
    if place.path == parent.file and not place.is_folder:
        name, named = _name(view, parent.value, "")
        return _Project(parent.value, name, named, parent.file, place.at, parent.label is None)
    value: Value = Obj({}, place.at)
    if not place.is_folder:
        value = _file(view, place.path, place.at, loading.MODE)
        if matches(view.table.version, ">=5"):
            refuse_workspace(view.settings(value, lambda _: {}))
    # Where only the checkout's own folder would name it, its place in the list does.
    default = name_of(workspace, view.table.version, place)
    name, named = _name(view, value, number if default is None else default)
    if parent.label is not None and not isinstance(name, Unknown):
        name = f"{parent.label} ({name})"
    return _Project(value, name, named, None if place.is_folder else place.path, place.at)


def _name(view: View, value: Value, default: str | int) -> tuple[str | int | Unknown, Origin]:
    """The name that a config gives itself, else the default one. Raises Thrown."""
    test = value.get("test") if isinstance(value, Obj) else Known(UNDEFINED)
    entry = test.entry("name") if isinstance(test, Obj) else None
    found: Value = test.get("name") if isinstance(test, Obj) else Known(UNDEFINED)
    if isinstance(found, Obj):
        if matches(view.table.version, "<3"):
            calls.throw("the name of a project has to be a text", found.origin[0])
        if matches(view.table.version, "<3.2"):
            return Unknown("what an object as name does was never measured", found.origin), ()
        found = found.get("label")
    at = (entry.expression,) if entry is not None else ()
    if isinstance(found, Known):
        if isinstance(found.value, str) and found.value:
            return found.value, at
        if not truthy(found.value):
            return default, ()
    if entry is None:
        return default, ()  # something unknown was spread in; it hardly ever names the project
    return Unknown("the name of the project is not known", found.origin), at


def _refuse_the_same_name(projects: Sequence[_Project]) -> None:
    """Two projects of one name are refused in every version. Raises Thrown."""
    seen: set[str] = set()
    for project in projects:
        if isinstance(project.name, Unknown):
            continue
        name = str(project.name)
        if name in seen:
            place = (project.named or project.at)[0]
            calls.throw(f"two projects are called {name!r}, and vitest refuses to start", place)
        seen.add(name)


# -- vitest 5: projects of projects --------------------------------------------------------------


def _flattened(
    view: View, parent: _Parent, projects: Sequence[_Project], more: Unknown | None
) -> tuple[list[_Project], Unknown | None]:
    """Files that list projects themselves are replaced by those. Raises Thrown."""
    found: list[_Project] = []
    for project in projects:
        file = project.file
        listed = None
        own_file = file is not None and file != parent.file and not project.is_root
        if own_file and isinstance(project.value, Obj):
            listed = list_in(view, view.settings(project.value, lambda _: {}), "test.projects")
        if listed is None or file is None:
            found.append(project)
            continue
        if isinstance(listed, Unknown):
            more = more or listed
            continue
        if file in (*parent.chain, parent.file):
            calls.throw(f"{file} lists a config that lists {file} as its project", listed.at[0])
        folder = seen_from(view, project.value, file, folder_of(file))
        label = str(project.name) if not isinstance(project.name, Unknown) else "?"
        inner = _Parent(file, project.value, folder, label, (*parent.chain, parent.file))
        below = _found(view, inner, listed._replace(file=file))
        assert below is not None  # vitest 5 throws where a list stands for nothing
        found += below[0]
        more = more or below[1]
    return found, more


# -- folders -------------------------------------------------------------------------------------
