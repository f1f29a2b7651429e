"""Large JSON read entry by entry: only the places of its members are kept, values on demand.

A lock file of 50 MB as one tree of objects takes 200 MB and more. Here every value is parsed, so
that an error anywhere is found, and let go again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from configguard.source.document import Document
from configguard.source.span import Span

MAX_ENTRIES = 400_000
"""A package-lock.json of 50 MB has some 100,000."""
MAX_ENTRY_BYTES = 4_000_000
_LENIENT_BYTES = 4_000_000
"""What may be cleaned of comments and trailing commas in one file, together."""

_SIZES = (4_096, 65_536, MAX_ENTRY_BYTES)
_TRUNCATED = 16
"""An error nearer to the end of a cut may come from the cut."""
# Possessive: a key of megabytes is passed without a way back through it.
_STRING = rb'"((?:[^"\\\x00-\x1f]++|\\.)*+)"'
_SPACE = rb"[ \t\r\n]*"
_SPACE_OR_COMMENT = rb"(?:[ \t\r\n]++|//[^\n]*+|/\*.*?\*/)*+"
_NOISE = re.compile(
    rb'"(?:[^"\\\n]++|\\.)*+"|//[^\n]*|/\*.*?\*/|,(?=' + _SPACE_OR_COMMENT + rb"[}\]])", re.DOTALL
)


class NotJson(Exception):
    """The text is no JSON, or over a bound, at a byte offset."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class _Grammar(NamedTuple):
    """What stands between the parts of an object."""

    space: re.Pattern[bytes]
    key: re.Pattern[bytes]
    after: re.Pattern[bytes]


def _grammar(space: bytes) -> _Grammar:
    return _Grammar(
        re.compile(space, re.DOTALL),
        re.compile(_STRING + space + rb":" + space, re.DOTALL),
        re.compile(space + rb"([,}])" + space, re.DOTALL),
    )


_STRICT, _LENIENT = _grammar(_SPACE), _grammar(_SPACE_OR_COMMENT)


class Reader:
    """The JSON of one document; `lenient` (bun.lock) lets comments and trailing commas pass."""

    def __init__(self, document: Document, *, lenient: bool = False) -> None:
        self.document = document
        self.data = document.data
        self._grammar = _LENIENT if lenient else _STRICT
        self._lenient = lenient
        self._cleaned = 0
        self._entries = 0
        self._decode = json.JSONDecoder().raw_decode

    def sections(self, names: frozenset[str]) -> dict[str, dict[str, int]]:
        """The objects at top level with these names: the place of the value of every key in them.

        Raises NotJson where the document is no JSON object, or over a bound.
        """
        found: dict[str, dict[str, int]] = {}
        self._entries = 0

        def at_top(key: str, at: int) -> int:
            if key not in names or self.data[at : at + 1] != b"{":
                found.pop(key, None)  # the last of two equal keys counts
                return self._skip(at)
            places = found[key] = {}

            def inside(key: str, at: int) -> int:
                places[key] = at
                return self._skip(at)

            return self._walk(at, inside)

        start = self._start()
        if self.data[start : start + 1] != b"{":
            self._skip(start)
            raise NotJson("it holds no JSON object", len(self.document.bom))
        end = self._space(self._walk(start, at_top))
        if end != len(self.data):
            raise NotJson("it is not JSON: Extra data", end)
        return found

    def value(self, at: int) -> Any:
        """The value that stands at a place."""
        end, cleaned = self._end(at)
        data = self.data[at:end] if cleaned is None else cleaned
        return json.loads(data.decode("utf-8", "replace"))

    def span(self, keys: tuple[str, ...], at: int | None = None) -> Span | None:
        """The place of the value behind keys, one inside another, from the value at a place."""
        self._entries = 0
        try:
            start = self._start() if at is None else at
            for key in keys:
                if self.data[start : start + 1] != b"{":
                    return None
                places = dict(self._members(start))
                if key not in places:
                    return None
                start = places[key]
            return Span(self.document.file, start, self._end(start)[0])
        except NotJson:
            return None

    def first(self, at: int) -> Span:
        """The place of the first item of the array that stands at a place."""
        start = self._space(at + 1)
        return Span(self.document.file, start, self._end(start)[0])

    def _members(self, at: int) -> Iterator[tuple[str, int]]:
        found: list[tuple[str, int]] = []

        def keep(key: str, at: int) -> int:
            found.append((key, at))
            return self._skip(at)

        self._walk(at, keep)
        return iter(found)

    def _walk(self, at: int, member: Callable[[str, int], int]) -> int:
        """Go through the object at a place; `member` tells where each value ends."""
        data, grammar = self.data, self._grammar
        at = self._space(at + 1)
        if data[at : at + 1] == b"}":
            return at + 1
        while True:
            key = grammar.key.match(data, at)
            if key is None:
                raise self._keyless(at)
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                raise NotJson(f"it has more than {MAX_ENTRIES:,} entries", at)
            at = member(self._name(key), key.end())
            after = grammar.after.match(data, at)
            if after is None:
                raise NotJson("it is not JSON: Expecting ',' delimiter", self._space(at))
            at = after.end()
            if after[1] == b"}":
                return after.end(1)
            if self._lenient and data[at : at + 1] == b"}":
                return at + 1

    def _keyless(self, at: int) -> NotJson:
        """What is wrong where a key and its colon should stand."""
        if self.data[at : at + 1] != b'"':
            message = "Expecting property name enclosed in double quotes"
            return NotJson(f"it is not JSON: {message}", at)
        end = self._skip(at)
        return NotJson("it is not JSON: Expecting ':' delimiter", self._space(end))

    def _name(self, key: re.Match[bytes]) -> str:
        if b"\\" not in key[1]:
            return key[1].decode("utf-8", "replace")
        try:
            return str(json.loads(key[0][: key.end(1) - key.start(0) + 1].decode()))
        except json.JSONDecodeError as error:
            raise NotJson(f"it is not JSON: {error.msg}", key.start(1)) from None

    def _skip(self, at: int) -> int:
        return self._end(at)[0]

    def _end(self, at: int) -> tuple[int, bytes | None]:
        """Where the value at a place ends, by parsing it; and its bytes, if they were cleaned."""
        error = None
        for size in _SIZES:
            # One byte a character: offsets in the text are those in the file.
            cut = self.data[at : at + size].decode("latin-1")
            try:
                end = self._decode(cut)[1]
            except json.JSONDecodeError as wrong:
                error = wrong
            except RecursionError:
                raise NotJson("it is nested too deeply to be read", at) from None
            except ValueError as wrong:  # an integer of thousands of digits
                raise NotJson(f"it cannot be read: {wrong}", at) from None
            else:
                # A number may go on behind the cut.
                if end < len(cut) or at + len(cut) == len(self.data):
                    return at + end, None
                continue
            within = error.pos < len(cut) - _TRUNCATED
            if (within and not error.msg.startswith("Unterminated")) or len(cut) < size:
                break
        else:
            raise NotJson(f"an entry is larger than {MAX_ENTRY_BYTES / 1e6:g} MB", at)
        if self._lenient:
            found = self._lenient_end(at)
            if found is not None:
                return found
        raise NotJson(f"it is not JSON: {error.msg}", at + error.pos)

    def _lenient_end(self, at: int) -> tuple[int, bytes] | None:
        for size in _SIZES:
            cut = self.data[at : at + size]
            self._cleaned += len(cut)
            if self._cleaned > _LENIENT_BYTES:
                raise NotJson("it has too many comments and trailing commas to be read", at)
            clean = _NOISE.sub(_blank, cut)
            try:
                end = self._decode(clean.decode("latin-1"))[1]
            except (ValueError, RecursionError):
                continue
            return at + end, clean[:end]
        return None

    def _start(self) -> int:
        return self._space(len(self.document.bom))

    def _space(self, at: int) -> int:
        found = self._grammar.space.match(self.data, at)
        return at if found is None else found.end()


def _blank(found: re.Match[bytes]) -> bytes:
    """Spaces in place of a comment or comma, so that offsets stay; a string as it is."""
    return found[0] if found[0].startswith(b'"') else b" " * len(found[0])
