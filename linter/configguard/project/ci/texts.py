"""Texts of a CI file as the service puts them together: what it fills in, and what is not known."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from configguard.project.ci.expressions import (
    Contexts,
    Opaque,
    Value,
    evaluate,
)
from configguard.source.span import Origin, chain
from configguard.source.text_map import Piece, TextMap
from configguard.syntax.shell_words import Word, known_word, unknown_word
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_RADIX = re.compile(r"0x[0-9a-fA-F]{1,8}|0o[0-7]{1,10}")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

MAX_TEXT = 64_000
"""Bytes of a text in which something is filled in; of 82 repositories the longest had 13 kB."""

Hole = tuple[int, int, str]


class Text(NamedTuple):
    """A text that the service hands on; `holes` (start, end, reason) are filled in later.

    `origin`: where it is written, then where what was filled in comes from.
    """

    data: bytes
    at: TextMap
    holes: tuple[Hole, ...]
    origin: Origin

    @property
    def known(self) -> str | None:
        """The text, where nothing in it is unknown."""
        return None if self.holes else self.data.decode("utf-8", "replace")

    @property
    def reason(self) -> str | None:
        """Why it is not known."""
        return self.holes[0][2] if self.holes else None

    @property
    def start(self) -> str:
        """What it certainly begins with."""
        end = self.holes[0][0] if self.holes else len(self.data)
        return self.data[:end].decode("utf-8", "replace")

    def word(self) -> Word:
        """The text as the value of a variable."""
        if self.known is not None:
            return known_word(self.known, self.origin, self.at)
        return unknown_word(str(self.reason), self.origin, start=self.start)

    def part(self, start: int, end: int) -> Text:
        """The bytes `start` to `end` of it."""
        holes = tuple(
            (max(low, start) - start, min(high, end) - start, why)
            for low, high, why in self.holes
            if low < end and high > start
        )
        span = self.at.span(start, end)
        return Text(self.data[start:end], self.at.part(start, end), holes, (span, *self.origin[1:]))


class Filled(NamedTuple):
    """One stretch of a text that the service replaces: bytes `start` to `end` by a value."""

    start: int
    end: int
    value: Value


def as_written(scalar: Scalar) -> Text:
    """The text of a scalar in which nothing is filled in."""
    return Text(scalar.data, scalar.at, (), (scalar.span,))


def filled(text: Text, fills: Iterable[Filled]) -> Text:
    """The text with what the service fills in, in order."""
    if len(text.data) > MAX_TEXT:
        reason = f"a text is longer than {MAX_TEXT // 1000} kB"
        return text._replace(holes=((0, len(text.data), reason),))
    data = bytearray()
    pieces: list[Piece] = []
    holes: list[Hole] = []
    origin = text.origin
    done = 0

    def keep(start: int, end: int) -> None:
        shift = len(data)
        pieces.extend(
            piece._replace(start=piece.start + shift, end=piece.end + shift)
            for piece in text.at.part(start, end).pieces
        )
        holes.extend(
            (low - start + shift, high - start + shift, why)
            for low, high, why in text.holes
            if start <= low and high <= end
        )
        data.extend(text.data[start:end])

    for start, end, value in fills:
        keep(done, start)
        done = end
        made = value.text
        origin = chain(origin, value.origin)
        if made is None:
            assert isinstance(value.data, Opaque)
            holes.append((len(data), len(data) + end - start, value.data.reason))
            keep(start, end)
        else:
            span = text.at.span(start, end)
            at = len(data)
            data.extend(made.encode("utf-8", "replace"))
            pieces.append(Piece(at, len(data), span.start, span.end, True))
    keep(done, len(text.data))
    return Text(
        bytes(data), TextMap(text.at.file, pieces, text.at.span(0, 0).start), tuple(holes), origin
    )


def between(data: bytes, opening: bytes, closing: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each stretch from an opening to the next closing: its place, and what is inside."""
    at = data.find(opening)
    while at != -1:
        end = data.find(closing, at + len(opening))
        if end == -1:
            return
        yield at, end + len(closing), data[at + len(opening) : end]
        at = data.find(opening, end + len(closing))


def expressions_in(data: bytes) -> list[tuple[int, int, bytes]]:
    """Each `${{ … }}`: where it begins and ends, and what is inside; quotes may hold `}}`."""
    found = []
    at = data.find(b"${{")
    while at != -1:
        end = at + 3
        quoted = False
        while end < len(data) and (quoted or data[end : end + 2] != b"}}"):
            quoted ^= data[end : end + 1] == b"'"
            end += 1
        if end >= len(data):
            break
        found.append((at, end + 2, data[at + 3 : end]))
        at = data.find(b"${{", end + 2)
    return found


def github_text(scalar: Scalar, contexts: Contexts) -> Text:
    """A scalar of a GitHub workflow with its expressions filled in. Raises BadExpression."""
    text = as_written(scalar)
    if b"${{" in scalar.data:
        fills = (
            Filled(start, end, evaluate(inner.decode("utf-8", "replace"), contexts))
            for start, end, inner in expressions_in(scalar.data)
        )
        return filled(text, fills)
    value = scalar_value(scalar)
    if isinstance(value.data, str):
        return text
    # Numbers and truths are written anew: `1.10` is handed on as 1.1.
    return filled(text, [Filled(0, len(scalar.data), value)])


def github_value(node: Node, contexts: Contexts) -> Value:
    """What a node of a GitHub workflow is worth, expressions evaluated. Raises BadExpression."""
    if isinstance(node, Scalar):
        found = expressions_in(node.data)
        if not found:
            return scalar_value(node)
        start, end, inner = found[0]
        if len(found) == 1 and start == 0 and end == len(node.data):
            value = evaluate(inner.decode("utf-8", "replace"), contexts)
            return Value(value.data, chain((node.span,), value.origin))
        text = github_text(node, contexts)
        return Value(
            text.known if text.known is not None else Opaque(str(text.reason)), text.origin
        )
    if isinstance(node, Mapping):
        entries = node.entries.items()
        made = {name: github_value(value, contexts) for name, (_, value) in entries}
        return Value(made, (node.span,))
    return Value([github_value(item, contexts) for item in node.items], (node.span,))


def scalar_value(scalar: Scalar) -> Value:
    """A scalar by the core schema of YAML 1.2, as GitHub and Azure read it."""
    origin = (scalar.span,)
    text = scalar.text
    if scalar.is_text:
        return Value(text, origin)
    if scalar.is_null:
        return Value(None, origin)
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return Value(text[0] in "tT", origin)
    if _RADIX.fullmatch(text):
        return Value(float(int(text[2:], 16 if text[1] == "x" else 8)), origin)
    if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
        return Value(float(text), origin)
    special = _SPECIAL.fullmatch(text)
    if special:
        return Value(math.nan if special[3] else float(f"{special[1]}inf"), origin)
    return Value(text, origin)
