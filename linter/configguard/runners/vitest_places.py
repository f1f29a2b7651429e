"""The texts in a list of vitest projects to the config files and folders that they stand for.

Read in and measured on 0.34.6, 1.6.1, 2.1.9, 3.2.7, 4.1.12, 5.1.1; read in 1.0.4, 1.1.3, 2.0.5,
2.1.0, 3.0.9, 3.1.4, 4.0.18 (resolveWorkspace, resolveTestProjectConfigs).
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

from configguard.evaluate import calls
from configguard.evaluate.values import Unknown
from configguard.runners.versions import matches
from configguard.source.globs import (
    FAST_GLOB,
    TINYGLOBBY,
    Found,
    NotExpanded,
    expand,
    is_pattern,
)
from configguard.source.span import Origin
from configguard.source.workspace import Unreadable, Workspace, escapes, folder_of, join

_EXTENSIONS = (".ts", ".mts", ".cts", ".js", ".mjs", ".cjs")
CONFIG_FILES = tuple(f"{stem}.config{end}" for stem in ("vitest", "vite") for end in _EXTENSIONS)
"""The names that every version looks for in a folder, in this order."""
_ALLOWED = re.compile(r"vite(st)?(\.[\w-]+)?\.config\.")
"""What a project's file has to be called from vitest 4 on."""


class Text(NamedTuple):
    """One text of the list, and where it is written."""

    text: str
    at: Origin


class Place(NamedTuple):
    """A project's config file, or its folder where that has none; and where it was listed."""

    path: str
    is_folder: bool
    at: Origin

    @property
    def folder(self) -> str:
        """The folder that the project lies in."""
        return self.path if self.is_folder else folder_of(self.path)


class Folder(NamedTuple):
    """The folder that the texts are seen from. `sure`: the runner is surely started there."""

    path: str
    sure: bool


def places(
    workspace: Workspace, version: str, seen_from: Folder, texts: Sequence[Text]
) -> list[Place] | Unknown:
    """The files and folders of a list, in the order of their paths. Raises Thrown."""
    plain = [Text(one.text.replace("<rootDir>", ".", 1), one.at) for one in texts]
    plain = [Text(one.text.removeprefix("./") or ".", one.at) for one in plain]
    try:
        if matches(version, "<2.1"):
            return _one_for_each_folder(workspace, version, seen_from, plain)
        return _each(workspace, version, seen_from, plain)
    except NotExpanded as reason:
        return Unknown(f"which projects there are is not known: {reason}", texts[0].at)


def name_of(workspace: Workspace, version: str, place: Place) -> str | None:
    """The name of a project that gives itself none; None where it is that of the checkout."""
    folder = place.folder
    if matches(version, "<1.5"):
        if place.is_folder:
            folder = folder_of(folder)  # measured on 0.34.6: `packages/c` is called `packages`
        return posixpath.basename(folder) or None
    manifest = workspace.read(posixpath.join(folder, "package.json"))
    if not isinstance(manifest, Unreadable):
        try:
            content = json.loads(manifest.data)
        except (ValueError, RecursionError):
            content = None
        name = content.get("name") if isinstance(content, dict) else None
        if isinstance(name, str) and name:
            return name
    return posixpath.basename(folder) or None


def _expanded(
    workspace: Workspace, seen_from: Folder, texts: Sequence[Text], *, fast: bool
) -> list[tuple[Found, Origin]]:
    """What each pattern stands for, without what the `!` patterns take away. Raises NotExpanded."""
    negative = [one.text for one in texts if one.text.startswith("!")]
    found: dict[Found, Origin] = {}
    for one in texts:
        if not one.text.startswith("!"):
            style = FAST_GLOB if fast else TINYGLOBBY
            for path in expand(workspace, seen_from.path, [one.text, *negative], style):
                found.setdefault(path, one.at)
    return sorted(found.items())


def _one_for_each_folder(
    workspace: Workspace, version: str, seen_from: Folder, texts: Sequence[Text]
) -> list[Place]:
    """Before vitest 2.1: all texts are patterns, other files count nothing, one config a folder."""
    found = _expanded(workspace, seen_from, texts, fast=True)
    if not found and not seen_from.sure:
        raise NotExpanded(_elsewhere(seen_from))
    inside = {folder_of(path.path) for path, _ in found}
    grouped: dict[str, list[Place]] = {}
    for path, at in found:
        if path.is_folder and path.path in inside:
            continue
        if not path.is_folder and not _starts_as_config(path.path):
            continue
        place = _place(workspace, path, at)
        group = place.folder
        if place.is_folder and matches(version, "<1.1"):
            group = folder_of(place.path)  # measured: only one of several folders without config
        grouped.setdefault(group, []).append(place)
    return [_chosen(group) for group in grouped.values()]


def _chosen(group: list[Place]) -> Place:
    """The one of a folder's configs that is taken."""
    named = [one for one in group if posixpath.basename(one.path).startswith("vitest.config")]
    files = {one.path for one in named or group}
    if len(files) > 1 and not all(one.is_folder for one in named or group):
        raise NotExpanded(f"several configs in {group[0].folder or 'one folder'} are listed")
    return (named or group)[0]


def _starts_as_config(path: str) -> bool:
    return posixpath.basename(path).startswith(("vitest.config", "vite.config"))


def _each(
    workspace: Workspace, version: str, seen_from: Folder, texts: Sequence[Text]
) -> list[Place]:
    """From vitest 2.1 on: paths have to exist, each matched file is a config."""
    files: dict[str, Place] = {}
    folders: list[Place] = []
    patterns = [one for one in texts if is_pattern(one.text)]
    found = [
        (_existing(workspace, seen_from, one), one.at) for one in texts if not is_pattern(one.text)
    ]
    found += _expanded(workspace, seen_from, patterns, fast=matches(version, "<3"))
    if not found and not seen_from.sure:
        raise NotExpanded(_elsewhere(seen_from))
    for path, at in found:
        place = _place(workspace, path, at)
        if place.is_folder:
            folders.append(place)
            continue
        name = posixpath.basename(place.path)
        if matches(version, ">=4") and not _ALLOWED.match(name):
            span = at[0] if at else None
            calls.throw(f"vitest 4 and later refuse {place.path} as a project, by its name", span)
        files.setdefault(place.path, place)
    return [*files.values(), *folders]


def _existing(workspace: Workspace, seen_from: Folder, text: Text) -> Found:
    path = join(seen_from.path, text.text)
    path = "" if path == "." else path
    if escapes(path) or (real := workspace.path(path)) is None:
        raise NotExpanded(f"{text.text} leads out of the root")
    if workspace.is_file(path):
        return Found(path, False)
    if os.path.isdir(real):
        return Found(path, True)
    if not seen_from.sure:
        raise NotExpanded(f"there is no {path}; {_elsewhere(seen_from)}")
    span = text.at[0] if text.at else None
    return calls.throw(f"the list of projects names {path}, which does not exist", span)


def _elsewhere(seen_from: Folder) -> str:
    return f"{seen_from.path or 'the root'} is not surely the folder that vitest is started in"


def _place(workspace: Workspace, found: Found, at: Origin) -> Place:
    if not found.is_folder:
        return Place(found.path, False, at)
    config = config_of(workspace, found.path)
    return Place(config, False, at) if config is not None else Place(found.path, True, at)


def config_of(workspace: Workspace, folder: str) -> str | None:
    """The config that vitest finds in a folder."""
    there = (posixpath.join(folder, name) for name in CONFIG_FILES)
    return next((file for file in there if workspace.is_file(file)), None)
