"""GitLab's ways to build one mapping from others: deep merges, `extends`, `!reference`."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import NamedTuple

from configguard.source.span import Span
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence

MAX_LEVELS = 11
"""GitLab follows `extends` no deeper."""
MAX_REFERENCES = 10
"""GitLab follows `!reference` no deeper."""
MAX_STEPS = 200_000
"""Nodes that references lead to, in one pipeline."""

MAX_NESTING = 120
"""Nodes inside each other, those behind references too."""


class Entry(NamedTuple):
    """A value with the place of its key."""

    key: Span
    value: Tree


class Group(NamedTuple):
    """A mapping that may be merged from several files."""

    items: MappingOf[str, Entry]
    span: Span

    def get(self, name: str) -> Tree | None:
        """The value for a name; null counts as none."""
        found = self.items.get(name)
        value = found.value if found is not None else None
        return None if isinstance(value, Scalar) and value.is_null else value


class Listed(NamedTuple):
    """A list; `tag` is `!reference` where it names another place."""

    items: tuple[Tree, ...]
    span: Span
    tag: str | None


Tree = Scalar | Group | Listed


def as_tree(node: Node) -> Tree:
    """The nodes of a file with merge keys followed."""
    if isinstance(node, Mapping):
        entries = node.merged.entries.items()
        return Group(
            {name: Entry(key.span, as_tree(value)) for name, (key, value) in entries}, node.span
        )
    if isinstance(node, Sequence):
        return Listed(tuple(as_tree(item) for item in node.items), node.span, node.tag)
    return node


def merged(below: Group, above: Group) -> Group:
    """Mappings are merged key by key; of all else the upper one counts."""
    items = dict(below.items)
    for name, entry in above.items.items():
        under = items.get(name)
        if under is not None and isinstance(under.value, Group) and isinstance(entry.value, Group):
            entry = Entry(entry.key, merged(under.value, entry.value))
        items[name] = entry
    return Group(items, above.span)


class Resolver:
    """Jobs with all that they extend and refer to; each is worked out once, within a bound."""

    def __init__(self, tree: Group) -> None:
        self.tree = tree
        self._known: dict[str, tuple[Group, Span | None]] = {}
        self._steps = self._level = 0

    def job(self, name: str, depth: int = 0) -> tuple[Group, Span | None]:
        """A job as a whole; the place of what it extends that is not there, or leads too deep."""
        if name not in self._known:
            self._known[name] = self._job(name, depth)
        return self._known[name]

    def _job(self, name: str, depth: int) -> tuple[Group, Span | None]:
        own = self.references(self.tree.items[name].value)
        assert isinstance(own, Group)
        wanted = own.get("extends")
        names = wanted.items if isinstance(wanted, Listed) else (wanted,) if wanted else ()
        base = Group({}, own.span)
        for one in names:
            text = one.text if isinstance(one, Scalar) else ""
            known = self.tree.items.get(text)
            if known is None or not isinstance(known.value, Group) or depth >= MAX_LEVELS:
                return own, one.span
            found, missing = self.job(text, depth + 1)
            if missing is not None:
                return own, missing
            base = merged(base, found)
        return merged(base, own), None

    def references(self, node: Tree, depth: int = 0) -> Tree:
        """A node with each `!reference [job, key]` replaced by what stands there."""
        self._level += 1
        made = self._referenced(node, depth)
        self._level -= 1
        return made

    def _referenced(self, node: Tree, depth: int) -> Tree:
        self._steps += 1
        if isinstance(node, Group):
            items = {
                name: Entry(entry.key, self.references(entry.value, depth))
                for name, entry in node.items.items()
            }
            return Group(items, node.span)
        if not isinstance(node, Listed):
            return node
        if node.tag != "!reference":
            made = tuple(self.references(item, depth) for item in node.items)
            return Listed(made, node.span, node.tag)
        found: Tree | None = self.tree
        for item in node.items:
            named = isinstance(found, Group) and isinstance(item, Scalar)
            found = found.get(item.text) if named else None  # type: ignore[union-attr]  # named
        bounded = self._steps > MAX_STEPS or self._level > MAX_NESTING or depth >= MAX_REFERENCES
        if found is None or found is self.tree or bounded:
            return Listed((), node.span, "!unknown")
        return self.references(found, depth + 1)
