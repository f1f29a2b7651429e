"""The yarn.lock of yarn 1, which lists no package of the repository: its package.json files do."""

from __future__ import annotations

import posixpath
from weakref import WeakKeyDictionary

from configguard.project.manifests import read_json
from configguard.project.pins import NOT_COVERED, Asked, Linked, NotCovered, Pin
from configguard.project.problems import PathProblem
from configguard.project.ranges import satisfies
from configguard.project.yarn_lock import yarn_pin
from configguard.source.document import Document
from configguard.source.globs import TINYGLOBBY, NotExpanded, expand
from configguard.source.span import Span
from configguard.source.workspace import Workspace

_Members = dict[str, str]
"""Folder by name."""

_known: WeakKeyDictionary[Workspace, dict[str, _Members]] = WeakKeyDictionary()


def classic_pin(
    workspace: Workspace, document: Document, folder: str, asked: Asked
) -> Pin | NotCovered | PathProblem | None:
    """What is pinned in a folder's yarn.lock, or linked from the packages below."""
    members = _members(workspace, folder)
    if asked.manifest is None and members:
        return None  # which of the packages' versions lies at the root is not told
    if asked.manifest and posixpath.join(folder, asked.manifest) not in members.values():
        return NOT_COVERED
    own = members.get(asked.package)
    if own is not None:
        file = posixpath.join(own, "package.json")
        manifest = read_json(workspace, file)
        version = manifest.get("version") if isinstance(manifest, dict) else None
        if satisfies(str(version), asked.range or ""):
            return Linked(posixpath.relpath(own, folder or "."), (Span(file, 0, 1),))
    return yarn_pin(document, asked)


def _members(workspace: Workspace, folder: str) -> _Members:
    """The packages that the `workspaces` of a package.json stand for."""
    known = _known.setdefault(workspace.frame, {})
    if folder not in known:
        known[folder] = _expanded(workspace, folder)
    return known[folder]


def _expanded(workspace: Workspace, folder: str) -> _Members:
    manifest = read_json(workspace, posixpath.join(folder, "package.json"))
    listed = manifest.get("workspaces") if isinstance(manifest, dict) else None
    if isinstance(listed, dict):
        listed = listed.get("packages")
    patterns = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    try:
        places = expand(workspace, folder, patterns, TINYGLOBBY)
    except NotExpanded:
        return {}
    found: _Members = {}
    for place in places:
        inner = read_json(workspace, posixpath.join(place.path, "package.json"))
        name, version = (
            (inner.get("name"), inner.get("version")) if isinstance(inner, dict) else (None, None)
        )
        # yarn 1 ignores a workspace without either (measured on 1.22.22).
        if place.is_folder and isinstance(name, str) and version:
            found[name] = place.path
    return found
