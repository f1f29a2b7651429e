"""An argument of the command line to the root of its project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from configguard.source.workspace import MAX_CONFIG_BYTES, read_regular_file

_WORKSPACE_MANIFESTS = ("pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json")


def find_root(argument: Path, explicit: Path | None) -> Path:
    """The real path of the root: the explicit one, else the nearest ancestor that looks like one.

    `.git` (a folder, or a file in worktrees and submodules) wins over workspace manifests at any
    depth; with neither, the root is the argument's own folder. A path that does not exist has the
    root of the folder it would lie in.
    """
    if explicit is not None:
        return Path(os.path.realpath(explicit))
    folder = _folder_of_argument(argument)
    for above in _upwards(folder):
        if os.path.exists(above / ".git"):
            return above
    for above in _upwards(folder):
        if _holds_workspace_manifest(above):
            return above
    return folder


def _folder_of_argument(argument: Path) -> Path:
    folder = argument if os.path.isdir(argument) else Path(os.path.abspath(argument)).parent
    return Path(os.path.realpath(folder))


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents


def _holds_workspace_manifest(folder: Path) -> bool:
    if any(os.path.isfile(folder / name) for name in _WORKSPACE_MANIFESTS):
        return True
    data = read_regular_file(folder / "package.json", "package.json", MAX_CONFIG_BYTES)
    if not isinstance(data, bytes) or b'"workspaces"' not in data:
        return False
    import json

    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        return False  # a broken package.json is reported where its content matters
    return isinstance(manifest, dict) and "workspaces" in manifest
