"""What the manifests of a repository ask of a package: ranges, catalogs and overrides."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, NamedTuple

from configguard.project.catalogs import CATALOG, catalog_range
from configguard.project.managers import PNPM_WORKSPACE, manager_of
from configguard.project.manifests import SECTIONS, place, read_json, read_text, yaml_at
from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.span import Origin, chain
from configguard.source.workspace import Workspace, ancestors
from configguard.syntax.yaml_nodes import Mapping, Scalar

_PEERS = "peerDependencies"


class Declared(NamedTuple):
    """What one package.json says of a package; `is_peer`: it does not install it."""

    file: str
    folder: str
    text: str
    at: Origin
    is_peer: bool


class Wanted(NamedTuple):
    """The range that counts in the end, and how it came about: the manifest's place first.

    `range` is None where it cannot be told. `forced`: the root's manifest put it in place of what
    the package's own says.
    """

    range: str | None
    at: Origin
    forced: bool
    problems: tuple[PathProblem, ...] = ()


def declared(workspace: Workspace, folder: str, package: str) -> Declared | PathProblem | None:
    """What the package.json of one folder says of a package, what installs it first."""
    file = posixpath.join(folder, "package.json")
    manifest = read_json(workspace, file)
    if manifest is None or isinstance(manifest, PathProblem):
        return manifest
    for section in (*SECTIONS, _PEERS):
        text = _inside(manifest, section, package)
        if isinstance(text, str):
            at = _json_place(workspace, file, section, package)
            return Declared(file, folder, text, at, section == _PEERS)
    return None


def wanted(workspace: Workspace, listed: Declared, package: str) -> Wanted:
    """The range that a manifest's entry stands for, with catalogs and the root's overrides."""
    forced = override(workspace, listed, package)
    if forced is not None:
        return forced
    return _looked_up(workspace, listed.folder, package, listed.text, listed.at)


def override(
    workspace: Workspace, listed: Declared, package: str, manager: str | None = None
) -> Wanted | None:
    """What the root forces on a package, wherever it is listed; None where it does not.

    Only what holds for a direct dependency counts: `vitest`, `**/vitest`, `vitest@range`; not
    `parent>vitest`. Each package manager reads its own keys: without one all are tried, and what
    only some would read leaves the range open.
    """
    root = _root(workspace, listed.folder)
    manager = manager or manager_of(workspace, root)
    for entry in _overrides(workspace, root, package, listed.text):
        at = chain(listed.at, entry.at)
        if manager is not None and manager not in entry.readers:
            continue
        text = entry.text
        if isinstance(text, str) and text.startswith("$"):
            own = declared(workspace, root, text[1:])
            text = own.text if isinstance(own, Declared) else None
        open_choice = manager is None and entry.readers != ("pnpm",)
        if open_choice or not entry.sure or not isinstance(text, str):
            return Wanted(None, at, forced=True)
        return _looked_up(workspace, root, package, text, at)._replace(forced=True)
    return None


def _looked_up(workspace: Workspace, folder: str, package: str, text: str, at: Origin) -> Wanted:
    if not text.startswith(CATALOG):
        return Wanted(text, at, forced=False)
    entry = catalog_range(workspace, folder, package, text)
    if isinstance(entry, PathProblem):
        return Wanted(None, at, False, (entry,))
    if entry is None:
        return Wanted(None, at, forced=False)
    return Wanted(entry.range, chain(at, entry.at), forced=False)


def _root(workspace: Workspace, folder: str) -> str:
    """The folder whose manifest may override: that of the workspace, else the package's own."""
    for above in ancestors(folder):
        if workspace.is_file(posixpath.join(above, PNPM_WORKSPACE)):
            return above
        manifest = read_json(workspace, posixpath.join(above, "package.json"))
        if isinstance(manifest, dict) and "workspaces" in manifest:
            return above
    return folder


class _Override(NamedTuple):
    """An entry about a package: whether it surely applies, and which package managers read it."""

    text: object
    at: Origin
    sure: bool
    readers: tuple[str, ...]


_READERS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("pnpm", "overrides"): ("pnpm",),
    ("overrides",): ("npm", "bun"),
    ("resolutions",): ("yarn", "bun", "pnpm"),
}


def _overrides(workspace: Workspace, root: str, package: str, asked: str) -> Iterator[_Override]:
    file = posixpath.join(root, PNPM_WORKSPACE)
    document = read_text(workspace, file)
    if isinstance(document, Document) and b"overrides" in document.data:
        table = yaml_at(document, "overrides")
        entries = table.merged.entries if isinstance(table, Mapping) else {}
        texts = {
            name: value.text if isinstance(value, Scalar) else None
            for name, (_, value) in entries.items()
        }
        for key, text, sure in _applying(texts, package, asked):
            yield _Override(text, (entries[key][1].span,), sure, ("pnpm",))
    file = posixpath.join(root, "package.json")
    manifest = read_json(workspace, file)
    if not isinstance(manifest, dict):
        return
    for keys, readers in _READERS.items():
        for key, text, sure in _applying(_inside(manifest, *keys), package, asked):
            yield _Override(text, _json_place(workspace, file, *keys, key), sure, readers)


def _applying(table: object, package: str, asked: str) -> Iterator[tuple[str, object, bool]]:
    """The entries about a package: key, text, and whether they surely apply to the range."""
    for key, text in table.items() if isinstance(table, dict) else ():
        if key in (package, f"**/{package}"):
            # npm nests what holds below the package; `.` is the package itself.
            if not isinstance(text, dict):
                yield key, text, True
            elif "." in text:
                yield key, text["."], True
        elif isinstance(key, str) and key.startswith(f"{package}@"):
            selected = key.removeprefix(f"{package}@").removeprefix("npm:")
            yield key, text, selected == asked.removeprefix("npm:")


def _inside(loaded: object, *keys: str) -> Any:
    for key in keys:
        loaded = loaded.get(key) if isinstance(loaded, dict) else None
    return loaded


def _json_place(workspace: Workspace, file: str, *keys: str) -> Origin:
    document = read_text(workspace, file)
    return place(document, *keys) if isinstance(document, Document) else ()
