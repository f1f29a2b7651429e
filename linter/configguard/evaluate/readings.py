"""What the text of a piece of code tells of it: the names in it, what it calls.

A function of a shared package is met in every run of every config that imports it, so each piece
is read once for each tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from configguard.evaluate.scopes import declared_in, walk, written_names
from configguard.syntax.trees import Parsed

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_KEPT = 256
_CALLS = ("call_expression", "new_expression")
_NAMES = ("identifier", "shorthand_property_identifier")


class Reading(NamedTuple):
    """The names of a piece of code, each once, and the calls in it."""

    written: tuple[str, ...]
    declared: frozenset[str]
    mentioned: tuple[str, ...]
    calls: tuple[Node, ...]
    may_run_code: bool
    """It calls, awaits or reads a member, which may be a getter."""
    uses_this: bool


_read: dict[int, tuple[Tree, dict[int, Reading]]] = {}


def reading(parsed: Parsed, node: Node) -> Reading:
    """What a node of a tree tells; worked out once, as long as the tree is among the last used."""
    key = id(parsed.tree)
    # The tree is kept beside what was read in it, so that its id cannot be used again meanwhile.
    kept = _read.get(key)
    if kept is None:
        while len(_read) >= _KEPT:
            del _read[next(iter(_read))]
        kept = _read[key] = parsed.tree, {}
    known = kept[1]
    found = known.get(node.id)
    if found is None:
        found = known[node.id] = _reading(node)
    return found


def _reading(root: Node) -> Reading:
    mentioned: dict[str, None] = {}
    calls: list[Node] = []
    may_run_code = uses_this = False
    for node in walk(root):
        kind = node.type
        if kind in _NAMES and node.text:
            mentioned[node.text.decode()] = None
        elif kind in _CALLS:
            calls.append(node)
            may_run_code = True
        elif kind in ("await_expression", "member_expression"):
            may_run_code = True
        elif kind == "this":
            uses_this = True
    return Reading(
        tuple(sorted(written_names(root))),
        frozenset(declared_in(root)),
        tuple(mentioned),
        tuple(calls),
        may_run_code,
        uses_this,
    )
