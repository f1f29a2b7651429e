"""YAML to nodes that know their bytes; aliases and merge keys followed, errors as values.

libyaml reads it: GitLab's Ruby uses the same library and the runners of GitHub and Azure a port of
it, and unlike tree-sitter-yaml 0.7 it stays alive on 300 nested levels (measured: a crash).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeVar

from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.text_map import TextMap
from configguard.syntax.trees import BadSyntax

MAX_NODES = 50_000
"""Most nodes of one file, each counted as often as aliases repeat it; sentry's largest of 30
workflows has 1,400."""
MAX_NESTING = 100
"""Deeper mappings and sequences are not read."""

Style = Literal["plain", "single", "double", "literal", "folded"]

_STYLES: dict[str | None, Style] = {"'": "single", '"': "double", "|": "literal", ">": "folded"}
_STRING = "tag:yaml.org,2002:str"
_MERGE = "<<"


class Scalar:
    """One text of a YAML file. `tag` is None where none is written."""

    def __init__(
        self, document: Document, start: int, end: int, text: str, style: Style, tag: str | None
    ) -> None:
        self.document = document
        self.span = Span(document.file, start, end)
        self.text = text
        self.style = style
        self.tag = tag

    @cached_property
    def data(self) -> bytes:
        """The text in UTF-8, as `at` counts it."""
        return self.text.encode()

    @cached_property
    def at(self) -> TextMap:
        """Where each byte of the text stands in the file."""
        from configguard.syntax.yaml_scalars import mapped

        return mapped(self.document, self.span, self.text, self.style)

    @property
    def is_text(self) -> bool:
        """Whether it is text by its writing: quoted, a block, or tagged so."""
        return self.style != "plain" or self.tag == _STRING

    @property
    def is_null(self) -> bool:
        """Whether it stands for no value in YAML 1.2."""
        return not self.is_text and self.text in ("", "~", "null", "Null", "NULL")


class Sequence:
    """A list; `tag` is None where none is written."""

    def __init__(self, span: Span, items: tuple[Node, ...], tag: str | None) -> None:
        self.span = span
        self.items = items
        self.tag = tag


class Mapping:
    """Keys and values in the order of the file, with merge keys not yet followed."""

    def __init__(self, span: Span, pairs: tuple[tuple[Node, Node], ...], tag: str | None) -> None:
        self.span = span
        self.pairs = pairs
        self.tag = tag

    @cached_property
    def entries(self) -> dict[str, tuple[Scalar, Node]]:
        """The key and the value for each name; what is written last wins, merge keys count nothing.

        Keys that are no scalars are left out.
        """
        return {key.text: (key, value) for key, value in self.pairs if isinstance(key, Scalar)}

    def get(self, name: str) -> Node | None:
        """The value for a name as `entries` has it."""
        found = self.entries.get(name)
        return found[1] if found else None

    @property
    def repeated(self) -> Scalar | None:
        """The first key that was there before; most readers refuse such a mapping."""
        seen: set[str] = set()
        for key, _ in self.pairs:
            if isinstance(key, Scalar):
                if key.text in seen and key.text != _MERGE:
                    return key
                seen.add(key.text)
        return None

    @cached_property
    def merged(self) -> Mapping:
        """The mapping with what its merge keys (`<<: *base`) bring; its own keys win."""
        own = [(key, value) for key, value in self.pairs if not _is_merge(key)]
        if len(own) == len(self.pairs):
            return self
        brought: dict[str, tuple[Node, Node]] = {}
        for key, value in self.pairs:
            if not _is_merge(key):
                continue
            sources = value.items if isinstance(value, Sequence) else (value,)
            for source in sources:
                if isinstance(source, Mapping):
                    for name, entry in source.merged.entries.items():
                        brought.setdefault(name, entry)
        written = {key.text for key, _ in own if isinstance(key, Scalar)}
        kept = [entry for name, entry in brought.items() if name not in written]
        return Mapping(self.span, (*kept, *own), self.tag)


Node = Scalar | Sequence | Mapping
Kept = TypeVar("Kept", Scalar, Sequence, Mapping)


class Stream(NamedTuple):
    """The documents of a file, and the first use of what some readers do not have."""

    documents: tuple[Node, ...]
    alias: Span | None
    merge: Span | None


def read_yaml(document: Document) -> Stream | BadSyntax:
    """The nodes of a YAML file, or the first place that is wrong or beyond a bound."""
    reader = _Reader(document)
    try:
        return reader.read()
    except _Refused as refused:
        at = reader.offset(refused.index)
        return BadSyntax(Span(document.file, at, at), str(refused))


def _is_merge(key: Node) -> bool:
    return isinstance(key, Scalar) and key.text == _MERGE and not key.is_text


class _Refused(Exception):
    """What is wrong, at a character of the text."""

    def __init__(self, reason: str, index: int) -> None:
        super().__init__(reason)
        self.index = index


class _Open(NamedTuple):
    """A mapping or sequence whose end was not met yet."""

    event: Any
    start: int
    items: list[Node]
    anchor: str | None


class _Reader:
    """One pass over the events of a file: no recursion, as the input may be deep."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.bom = len(document.bom)
        self.text = document.data[self.bom :].decode("utf-8")
        self.ascii = self.text.isascii()
        self.place = (0, 0)  # a character and its byte, from which the next is counted on
        self.sizes: dict[int, int] = {}
        self.anchors: dict[str, Node | None] = {}
        self.nodes = 0
        self.alias: Span | None = None
        self.merge: Span | None = None

    def read(self) -> Stream:
        """All documents. Raises _Refused."""
        documents: list[Node] = []
        opened: list[_Open] = []
        node: Node
        for event in self._events():
            kind = type(event).__name__
            if kind in ("DocumentStartEvent", "DocumentEndEvent"):
                self.anchors = {}
                continue
            if kind in ("MappingStartEvent", "SequenceStartEvent"):
                if len(opened) >= MAX_NESTING:
                    reason = f"it is nested deeper than {MAX_NESTING} levels"
                    raise _Refused(reason, event.start_mark.index)
                start = self.offset(event.start_mark.index)
                opened.append(_Open(event, start, [], event.anchor))
                if event.anchor is not None:
                    self.anchors[event.anchor] = None
                continue
            if kind in ("MappingEndEvent", "SequenceEndEvent"):
                node = self._closed(opened.pop(), event)
            elif kind == "AliasEvent":
                node = self._aliased(event)
            elif kind == "ScalarEvent":
                node = self._scalar(event)
            else:
                continue
            (opened[-1].items if opened else documents).append(node)
        return Stream(tuple(documents), self.alias, self.merge)

    def offset(self, index: int) -> int:
        """The byte at which a character stands; asked for mostly in order."""
        if self.ascii:
            return self.bom + index
        known, byte = self.place if index >= self.place[0] else (0, 0)
        byte += len(self.text[known:index].encode())
        self.place = (index, byte)
        return self.bom + byte

    def _events(self) -> Iterator[Any]:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            yield from yaml.parse(self.text, Loader=loader)
        except yaml.reader.ReaderError as error:
            reason = f"the character U+{_code(error.character):04X} is not allowed in YAML"
            raise _Refused(reason, self._first(error)) from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = error.problem or error.context or "it is broken here"
            raise _Refused(f"it is not YAML: {said}", mark.index if mark else 0) from None

    def _first(self, error: Any) -> int:
        """Where the character stands that libyaml refused: it tells bytes, Python characters."""
        return max(self.text.find(chr(_code(error.character))), 0)

    def _count(self, size: int, event: Any) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            reason = f"it stands for more than {MAX_NODES} values"
            raise _Refused(reason, event.start_mark.index)

    def _scalar(self, event: Any) -> Scalar:
        self._count(1, event)
        start, end = self.offset(event.start_mark.index), self.offset(event.end_mark.index)
        style = _STYLES.get(event.style, "plain")
        node = Scalar(self.document, start, end, event.value, style, event.tag)
        return self._kept(node, event.anchor, 1)

    def _closed(self, opened: _Open, event: Any) -> Mapping | Sequence:
        span = Span(self.document.file, opened.start, self.offset(event.end_mark.index))
        items, tag = tuple(opened.items), opened.event.tag
        self._count(1, opened.event)
        size = 1 + sum(self.sizes.get(id(item), 1) for item in items)
        if type(opened.event).__name__ == "SequenceStartEvent":
            return self._kept(Sequence(span, items, tag), opened.anchor, size)
        pairs = tuple(zip(items[::2], items[1::2], strict=True))
        if self.merge is None:
            self.merge = next((key.span for key, _ in pairs if _is_merge(key)), None)
        return self._kept(Mapping(span, pairs, tag), opened.anchor, size)

    def _kept(self, node: Kept, anchor: str | None, size: int) -> Kept:
        if size > 1:
            self.sizes[id(node)] = size
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def _aliased(self, event: Any) -> Node:
        start, end = self.offset(event.start_mark.index), self.offset(event.end_mark.index)
        if self.alias is None:
            self.alias = Span(self.document.file, start, end)
        if event.anchor not in self.anchors:
            raise _Refused(f"there is no anchor &{event.anchor} before", event.start_mark.index)
        node = self.anchors[event.anchor]
        if node is None:
            reason = f"the alias *{event.anchor} stands inside of what it stands for"
            raise _Refused(reason, event.start_mark.index)
        self._count(self.sizes.get(id(node), 1), event)
        return node


def _code(character: int | str | bytes) -> int:
    return character if isinstance(character, int) else ord(character)
