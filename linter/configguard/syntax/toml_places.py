"""Where the keys and values of a TOML document stand, which tomllib does not tell."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

from configguard.source.document import Document
from configguard.source.span import Span
from configguard.syntax.trees import BadSyntax, Parsed, children, parse

if TYPE_CHECKING:
    from tree_sitter import Node

KeyPath = tuple[str | int, ...]
MAX_PLACES = 20_000
"""No more places are kept: what comes later is found at the nearest one around it."""
MAX_DEPTH = 50
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Place(NamedTuple):
    """The place of a key, and that of its value; a table's value is its header."""

    key: Span
    value: Span


class Places:
    """The places in one document, by the path of keys and 0-based indexes."""

    def __init__(self, document: Document) -> None:
        self._file = document.file
        self._found: dict[KeyPath, Place] = {}
        parsed = parse(document, "toml")
        # What tomllib accepts and the grammar does not has no places: the file stands for them.
        if not isinstance(parsed, BadSyntax):
            _Collector(parsed, self._found).document()

    def key(self, path: KeyPath) -> Span:
        """The key at a path, else the nearest thing around it."""
        return self._nearest(path).key

    def value(self, path: KeyPath) -> Span:
        """The value at a path, else the nearest thing around it."""
        return self._nearest(path).value

    def _nearest(self, path: KeyPath) -> Place:
        while path:
            if path in self._found:
                return self._found[path]
            path = path[:-1]
        start = Span(self._file, 0, 0)
        return Place(start, start)


class _Collector:
    """One walk over a tree."""

    def __init__(self, parsed: Parsed, found: dict[KeyPath, Place]) -> None:
        self._parsed = parsed
        self._found = found
        self._lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        for node in children(self._parsed.root):
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def _table(self, node: Node) -> None:
        header, *pairs = children(node)
        path: KeyPath = ()
        for part in _parts(header)[:MAX_DEPTH]:
            if path in self._lengths:  # the last table of a list of tables is meant
                path = (*path, self._lengths[path] - 1)
            path = self._key(path, part)
        if node.type == "table_array_element":
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path = (*path, index)
            self._put(path, header, header)
        for pair in pairs:
            self._pair(path, pair)

    def _pair(self, path: KeyPath, node: Node) -> None:
        parts = children(node)
        if len(parts) != 2:
            return
        for part in _parts(parts[0])[:MAX_DEPTH]:
            path = self._key(path, part)
        if path in self._found:
            self._found[path] = self._found[path]._replace(value=self._parsed.span(parts[1]))
        self._value(path, parts[1])

    def _value(self, path: KeyPath, node: Node) -> None:
        if len(path) > MAX_DEPTH or len(self._found) >= MAX_PLACES:
            return
        if node.type == "inline_table":
            for pair in children(node):
                self._pair(path, pair)
        elif node.type == "array":
            for index, item in enumerate(children(node)):
                self._put((*path, index), item, item)
                self._value((*path, index), item)

    def _key(self, path: KeyPath, node: Node) -> KeyPath:
        inner = (*path, _key_text(self._parsed.text(node)))
        self._put(inner, node, node)
        return inner

    def _put(self, path: KeyPath, key: Node, value: Node) -> None:
        if len(self._found) < MAX_PLACES:
            self._found.setdefault(path, Place(self._parsed.span(key), self._parsed.span(value)))


def _parts(node: Node) -> list[Node]:
    """The keys of a key that may have dots, which the grammar nests to the left."""
    parts: list[Node] = []
    while node.type == "dotted_key":
        node, last = (child for child in children(node) if child.type in _KEYS)
        parts.append(last)
    return [node, *reversed(parts)]


def _key_text(written: str) -> str:
    if not written.startswith(('"', "'")):
        return written
    try:
        return str(tomllib.loads(f"key = {written}")["key"])
    except tomllib.TOMLDecodeError:
        return written
