"""Which list of projects a vitest version reads: a setting, or a `vitest.workspace.*` file.

Read in and measured on 0.34.6, 1.6.1, 2.1.9, 3.2.7, 4.1.12, 5.1.1 (tests/oracle/project_configs).
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from configguard.evaluate import calls
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import Arr, Builtin, Known, Obj, Unknown, Value, settled
from configguard.runners import vitest_loading as loading
from configguard.runners.runner import View
from configguard.runners.settings import Settings
from configguard.runners.versions import matches
from configguard.runners.vitest_places import Folder
from configguard.source.span import Origin, Span
from configguard.source.workspace import Unreadable, escapes, folder_of, join

_OWN_FOLDER = ("__dirname", "import.meta.dirname")


class Listed(NamedTuple):
    """A list of projects: its items, why there may be others, and the file that it stands in."""

    items: tuple[Value, ...]
    more: Unknown | None
    file: str
    at: Origin


def listed_projects(view: View, root: Settings) -> Listed | Unknown | None:
    """The list that this version reads; None where the config runs itself. Raises Thrown."""
    version = view.table.version
    if matches(version, ">=3.2"):
        if matches(version, ">=5"):
            refuse_workspace(root)
        found = list_in(view, root, "test.projects")
        if isinstance(found, Listed | Unknown):
            return found
        if matches(version, ">=4"):
            refuse_workspace(root)
            return None
    if matches(version, ">=1.1"):
        found = list_in(view, root, "test.workspace")
        if isinstance(found, Listed | Unknown):
            return found
    file = view.around.workspace_file
    return None if file is None else _in_file(view, file, (Span(file, 0, 0),))


def refuse_workspace(root: Settings) -> None:
    """From vitest 4 on a `workspace` key is refused, whatever its value (measured)."""
    holder = root.value.entry("test") if isinstance(root.value, Obj) else None
    if holder is None or not isinstance(holder.value, Obj):
        return
    entry = holder.value.entry("workspace")
    if entry is not None:
        calls.throw("vitest 4 removed test.workspace and refuses to start with it", entry.key)


def list_in(view: View, root: Settings, setting: str) -> Listed | Unknown | None:
    """What `test.projects` or `test.workspace` lists. Raises Thrown."""
    reading = root.written(setting)
    if reading is None:
        return None
    if reading.entry is None:
        # Something unknown is spread into the config; it hardly ever brings projects.
        place = reading.at[0] if reading.at else view.place
        view.machine.assume("what is unknown here is assumed to set no projects", place)
        return None
    if reading.unknown is not None:
        return Unknown(f"which projects there are is not known: {reading.unknown}", reading.at)
    value, version = settled(reading.value), view.table.version
    if isinstance(value, Known) and not truthy(value.value):
        if setting == "test.projects" and matches(version, ">=5"):
            calls.throw("test.projects is no list", reading.at[0])
        return None
    if isinstance(value, Known) and isinstance(value.value, str) and setting == "test.workspace":
        return _in_file(view, _beside(view, root, value.value), reading.at)
    if isinstance(value, Arr) and (setting == "test.projects" or matches(version, ">=3")):
        return Listed(tuple(value.items), value.more, view.place.file, reading.at)
    if isinstance(value, Arr) or setting == "test.projects":
        calls.throw(f"{setting} is no list that this version takes", reading.at[0])
    return Unknown(f"what {setting} does with this value was never measured", reading.at)


def _beside(view: View, root: Settings, path: str) -> str | Unknown:
    folder = seen_from(view, root.value, view.place.file)
    if isinstance(folder, Unknown):
        return folder
    return join(folder.path, path)


def _in_file(view: View, file: str | Unknown, at: Origin) -> Listed | Unknown:
    """The list that a `vitest.workspace.*` exports. Raises Thrown."""
    if isinstance(file, Unknown):
        return file
    version = view.table.version
    if escapes(file):
        return Unknown(f"{file} lies outside the root", at)
    if not view.machine.workspace.is_file(file):
        calls.throw(f"there is no workspace file {file}", at[0])
    if file.endswith(".json") and matches(version, "<1"):
        calls.throw(f"vitest {version} cannot load {file}", at[0])  # measured on 0.34.6
    value = settled(loading.exported(view.machine, file, at[0]))
    if isinstance(value, Unknown | Builtin):
        reason = value.reason if isinstance(value, Unknown) else f"{value.path} is not evaluated"
        return Unknown(f"which projects {file} lists is not known: {reason}", value.origin or at)
    if not isinstance(value, Arr):
        calls.throw(f"{file} has to export a list of projects", (value.origin or at)[0])
    return Listed(tuple(value.items), value.more, file, value.origin or at)


def _is_own_folder(view: View, value: Value, where: Span) -> bool:
    """Whether a value is plainly `__dirname`, which vite replaces in every file that it loads."""
    if not isinstance(value, Unknown) or not value.reason.startswith(_OWN_FOLDER):
        return False
    document = view.machine.workspace.read(where.file)
    if isinstance(document, Unreadable):
        return False
    return document.text(where.start, where.end) in _OWN_FOLDER


def seen_from(view: View, value: Value, file: str, folder: str | None = None) -> Folder | Unknown:
    """The folder from which paths in a config are seen: `test.root`, `root`, or its own.

    Vitest takes the folder that it is started in, which is taken to be that of the config;
    `folder`: the surely known one of a project's own file.
    """
    start = folder_of(file) if folder is None else folder
    manifest = posixpath.join(start, "package.json")
    sure = folder is not None or start == "" or view.machine.workspace.is_file(manifest)
    test = value.get("test") if isinstance(value, Obj) else None
    for holder in (test, value):
        entry = holder.entry("root") if isinstance(holder, Obj) else None
        if entry is None or loading.is_nothing(entry.value):
            continue
        root = entry.value
        if isinstance(root, Known) and root.value == "":
            continue
        if isinstance(root, Known) and isinstance(root.value, str):
            path = join(start, root.value)
            if not escapes(path):
                return Folder("" if path == "." else path, sure)
        if _is_own_folder(view, root, entry.expression):
            return Folder(folder_of(entry.expression.file), True)
        return Unknown("from which folder it is seen is not known", (entry.expression,))
    return Folder(start, sure)
