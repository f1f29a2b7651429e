"""`catalog:` and `catalog:name` to the range that the workspace keeps under the name.

pnpm has catalogs in pnpm-workspace.yaml, yarn (from 4.10) in .yarnrc.yml, bun in package.json.
"""

from __future__ import annotations

import posixpath
from typing import Any, NamedTuple

from configguard.project.manifests import json_of, place, read_text, yaml_at
from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.span import Origin
from configguard.source.workspace import Workspace, ancestors
from configguard.syntax.yaml_nodes import Scalar

CATALOG = "catalog:"
_FILES = ("pnpm-workspace.yaml", ".yarnrc.yml", "package.json")
_DEFAULT = "default"


class CatalogRange(NamedTuple):
    """The range of a package in a catalog, and its place."""

    range: str
    at: Origin


def catalog_range(
    workspace: Workspace, folder: str, package: str, text: str
) -> CatalogRange | PathProblem | None:
    """What a catalog has for a package: that of the nearest file above that has catalogs."""
    name = text.removeprefix(CATALOG).strip() or _DEFAULT
    for above in ancestors(folder):
        for file in _FILES:
            document = read_text(workspace, posixpath.join(above, file))
            if not isinstance(document, Document) or b"catalog" not in document.data:
                continue
            look = _in_json if file.endswith(".json") else _in_yaml
            for keys in _places(name):
                found = look(document, *keys, package)
                if found is not None:
                    return found
    return None


def _in_json(document: Document, *keys: str) -> CatalogRange | PathProblem | None:
    value: Any = json_of(document)
    if isinstance(value, PathProblem):
        return value
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return CatalogRange(value, place(document, *keys)) if isinstance(value, str) else None


def _in_yaml(document: Document, *keys: str) -> CatalogRange | PathProblem | None:
    found = yaml_at(document, *keys)
    if isinstance(found, PathProblem):
        return found
    return CatalogRange(found.text, (found.span,)) if isinstance(found, Scalar) else None


def _places(name: str) -> tuple[tuple[str, ...], ...]:
    named: tuple[tuple[str, ...], ...] = (("catalogs", name), ("workspaces", "catalogs", name))
    if name == _DEFAULT:
        return (("catalog",), ("workspaces", "catalog"), *named)
    return named
