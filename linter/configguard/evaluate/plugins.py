"""`plugins` of a config: calls of packages that are assumed not to change load settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate.scopes import Scope, has_call, walk, written_names

if TYPE_CHECKING:
    from tree_sitter import Node

ASSUMED = "plugins are assumed not to change load settings"


def is_left_out(name: str, value: Node, scope: Scope) -> bool:
    """Whether a property lists plugins made by imported functions alone, from nothing else that
    the file binds: those are not run, however large they are."""
    if name != "plugins" or not has_call(value) or written_names(value):
        return False
    for found in walk(value):
        if found.type in ("identifier", "shorthand_property_identifier"):
            cell = scope.find(scope.parsed.text(found))
            # Only an import is looked up again each time it is read.
            if cell is not None and not callable(cell.source):
                return False
    return True
