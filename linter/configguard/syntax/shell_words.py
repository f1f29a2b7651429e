"""A word of a shell script to the arguments it becomes: quotes, escapes, variables, splitting."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from configguard.source.span import Origin, Span, chain
from configguard.source.text_map import Piece, TextMap

if TYPE_CHECKING:
    from tree_sitter import Node

Fields = Literal["one", "alike", "any"]

_BLANKS = b" \t\n"
_BRACES = re.compile(rb"\{[^{}\s]*(?:,|\.\.)[^{}\s]*\}")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-.*)?\}|([A-Za-z_]\w*))", re.DOTALL)
_MANY = re.compile(r"\$(?:@|\{@\}|\{\w+\[@\]\})")
_RUN = "it is known only when the script runs"
_PLAIN = re.compile(rb"[\w./:=@,%+-]+")
_NODES = {
    "simple_expansion": _RUN,
    "expansion": _RUN,
    "command_substitution": "it is what another command prints",
    "process_substitution": "it is a pipe of another command",
    "arithmetic_expansion": "arithmetic of the shell is not evaluated",
    "brace_expression": "some shells expand `{…}` and others do not",
    "ansi_c_string": "some shells read `$'…'` and others do not",
    "translated_string": 'some shells read `$"…"` and others do not',
    "array": "arrays of the shell are not evaluated",
}
_SINGLE = {"ansi_c_string", "translated_string"}


class Word(NamedTuple):
    """One argument, or what is known of it.

    `text` is None where it is not known, for the `reason`; then `start` is the text that it
    certainly begins with, and `fields` how many arguments it may become: one; any number that
    all begin so (file names); any number of which only the first begins so. `origin` is the
    word's own span, then where its variables got their values. `at` maps the text (or `start`).
    `literal`: what a pattern of file names stays where no file fits.
    """

    text: str | None
    reason: str | None
    start: str
    fields: Fields
    origin: Origin
    at: TextMap
    literal: str | None = None

    @property
    def span(self) -> Span:
        """The bytes of the file that the word is written with."""
        return self.origin[0]

    def after(self, length: int) -> Word:
        """The word without the first `length` characters of its start."""
        cut, total = len(self.start[:length].encode()), len(self.start.encode())
        span = self.span
        begins = self.at.span(cut, cut).start if cut else span.start
        own = Span(span.file, min(max(begins, span.start), span.end), span.end)
        return self._replace(
            text=None if self.text is None else self.text[length:],
            start=self.start[length:],
            literal=None if self.literal is None else self.literal[length:],
            origin=(own, *self.origin[1:]),
            at=self.at.part(cut, total),
        )


class Source(NamedTuple):
    """A script's text, and where it stands.

    `holes` are stretches (start, end, reason) that something unknown replaces before it runs.
    """

    text: bytes
    at: TextMap
    holes: tuple[tuple[int, int, str], ...] = ()

    def span(self, node: Node) -> Span:
        """Where a node of the script's tree stands in the file."""
        return self.at.span(node.start_byte, node.end_byte)


def known_word(text: str, origin: Origin, at: TextMap) -> Word:
    """A word whose text is known."""
    return Word(text, None, text, "one", origin, at)


def unknown_word(reason: str, origin: Origin, fields: Fields = "one", start: str = "") -> Word:
    """A word that is not known, or only how it begins."""
    span = origin[0]
    pieces = [Piece(0, len(start.encode()), span.start, span.end, True)]
    return Word(None, reason, start, fields, origin, TextMap(span.file, pieces, span.start))


class Stretch(NamedTuple):
    """Bytes of a script that hold words; `skipped` parts of it (redirects) are none."""

    start: int
    end: int
    inner: tuple[Node, ...]
    skipped: tuple[tuple[int, int], ...] = ()


def read_words(
    source: Source, words: Stretch, variables: Mapping[str, Word], *, splits: bool = True
) -> list[Word]:
    """The arguments that stand in a stretch; an assignment's value is not split."""
    return _Reader(source, words, variables, splits).read()


def expansions(node: Node) -> Iterator[Node]:
    """The outermost expansions inside a node, in order."""
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type in _NODES:
            yield one
        else:
            pending.extend(reversed(one.children))


class _Reader:
    """Words under way: the finished ones, and the one that is being put together."""

    def __init__(
        self, source: Source, words: Stretch, variables: Mapping[str, Word], splits: bool
    ) -> None:
        self.source = source
        self.end = words.end
        self.variables = variables
        self.splits = splits
        self.words: list[Word] = []
        self.at = words.start
        self._holes = {low: (high, why) for low, high, why in source.holes}
        self._inner = {_begin(source.text, one): one for one in words.inner}
        self._skipped = dict(words.skipped)
        self._stops = sorted({*self._holes, *self._inner, *self._skipped})
        self._open()

    def _open(self) -> None:
        self.begin = self.at
        self.data = bytearray()
        self.pieces: list[Piece] = []
        self.also: Origin = ()
        self.begun = False
        self.reason: str | None = None
        self.fields: Fields = "one"
        self.pattern: bytearray | None = None

    def read(self) -> list[Word]:
        """Byte by byte, as the shell does it."""
        quote = b""
        while self.at < self.end:
            at = self.at
            byte = self.source.text[at : at + 1]
            if at in self._holes:
                self._unknown(self._holes[at][1], "one" if quote or not self.splits else "any")
                self.at = self._holes[at][0]
            elif quote == b"'":
                quote = self._close_quote(quote) if byte == quote else self._literal(quote)
            elif at in self._inner:
                node = self._inner[at]
                self._expansion(node, bool(quote))
                self.at = max(node.end_byte, at + 1)
            elif byte == b"\\":
                self._escape(bool(quote))
            elif byte == quote:
                quote = self._close_quote(quote)
            elif quote:
                self._literal(quote)
            elif at in self._skipped or (self.splits and byte in _BLANKS):
                self._close()
                self.at = self.begin = self._skipped.get(at, at + 1)
            elif byte in (b"'", b'"'):
                quote, self.begun = byte, True
                self.at += 1
            else:
                self._plain()
        self._close()
        return self.words

    def _close_quote(self, quote: bytes) -> bytes:
        self.at += len(quote)
        return b""

    def _literal(self, quote: bytes = b"") -> bytes:
        """Take one byte as it is, with those behind it that mean themselves everywhere."""
        self.begun = True
        start = self.at
        stop = bisect_right(self._stops, start)
        limit = self._stops[stop] if stop < len(self._stops) else self.end
        run = _PLAIN.match(self.source.text, start + 1, min(limit, self.end))
        self.at = run.end() if run else start + 1
        self._put(self.source.text[start : self.at], start, self.at)
        return quote

    def _put(self, made: bytes, start: int, end: int, whole: bool = False) -> None:
        """Add text that the bytes `start` to `end` of the script stand for."""
        if self.pattern is not None:
            self.pattern += made
        if self.reason is not None:
            return
        place = len(self.data)
        self.data += made
        if whole or len(made) != end - start:
            span = self.source.at.span(start, end)
            self._piece(Piece(place, place + len(made), span.start, span.end, True))
            return
        for piece in self.source.at.part(start, end).pieces:
            self._piece(piece._replace(start=place + piece.start, end=place + piece.end))

    def _piece(self, piece: Piece) -> None:
        """Add a piece, as one with the last where it goes on there."""
        if self.pieces:
            last = self.pieces[-1]
            if not last.whole and not piece.whole and last.file_end == piece.file_start:
                self.pieces[-1] = last._replace(end=piece.end, file_end=piece.file_end)
                return
        self.pieces.append(piece)

    def _escape(self, quoted: bool) -> None:
        """A backslash: it stands for the next character, or goes away with the line's end."""
        at = self.at
        following = self.source.text[at + 1 : at + 2] if at + 1 < self.end else b""
        if following == b"\n":
            self.at += 2
            self.begin = self.begin if self.begun else self.at
        elif not following or (quoted and following not in b'\\"$`'):
            self._literal()
        else:
            self.begun = True
            self._put(following, at, at + 2)
            self.at += 2

    def _plain(self) -> None:
        """A byte outside quotes: it may stand for file names, or for the home folder."""
        char = self.source.text[self.at : self.at + 1]
        if self.reason is None and self.splits:
            if self._globs(char):
                self._unknown("it stands for the files that are there", "alike")
                self.pattern = bytearray(self.data)
            elif char == b"{" and _BRACES.match(self.source.text, self.at, self.end):
                self._unknown(_NODES["brace_expression"], "alike")
        if char == b"$" and self.source.text[self.at + 1 : self.at + 2] in (b'"', b"'"):
            self._unknown(_NODES["translated_string"], "one")
        if char == b"~" and not self.begun:
            self._unknown("it depends on the home folder", "one")
        self._literal()

    def _globs(self, char: bytes) -> bool:
        if char not in b"*?[" or (char == b"[" and not self._closes()):
            return False
        # No file is called `--include=src/x.ts`, and then the shell leaves the word as it is.
        return not self.data.startswith(b"-")

    def _closes(self) -> bool:
        return self.source.text.find(b"]", self.at, self.end) != -1

    def _expansion(self, node: Node, quoted: bool) -> None:
        """A variable that the script has set before, else something unknown."""
        text = self.source.text[_begin(self.source.text, node) : node.end_byte].decode()
        found = _VARIABLE.fullmatch(text) if "expansion" in node.type else None
        name = (found[1] or found[2]) if found else None
        value = self.variables.get(name) if name else None
        one: Fields = "any"
        if node.type in _SINGLE or ((quoted or not self.splits) and not _MANY.fullmatch(text)):
            one = "one"
        elif node.type == "brace_expression":
            one = "alike"
        if value is None:
            why = f"it depends on the environment variable {name}" if name else _NODES[node.type]
            self._unknown(why, one)
            return
        self.also = chain(self.also, value.origin)
        if value.text is None:
            if one == "one" and self.reason is None:
                low = _begin(self.source.text, node)
                self._put(value.start.encode(), low, node.end_byte, whole=True)
            self._unknown(str(value.reason), one)
        elif not value.text and text.startswith("${") and "-" in text:
            self._unknown(_RUN, one)
        else:
            self._value(value, node, one == "one")

    def _value(self, value: Word, node: Node, whole: bool) -> None:
        """Put in a variable's value; outside quotes it is split at blanks."""
        text = value.start
        low, high = _begin(self.source.text, node), node.end_byte
        if whole:
            self.begun = True
            if self.reason is None:
                self._put(text.encode(), low, high, whole=True)
            return
        if any(char in text for char in "*?["):
            self._unknown("it stands for the files that are there", "any")
            return
        for index, field in enumerate(re.split("[ \t\n]+", text)):
            if index:
                self.at = high
                self._close()
                self.begin, self.also = low, value.origin
            if field:
                self.begun = True
                if self.reason is None:
                    self._put(field.encode(), low, high, whole=True)

    def _unknown(self, reason: str, fields: Fields) -> None:
        self.begun = True
        self.pattern = None
        if self.reason is None:
            self.reason, self.fields = reason, fields
        elif fields == "any":
            self.fields = fields

    def _close(self) -> None:
        """End the argument: quotes make even an empty one."""
        if self.begun:
            text = self.data.decode("utf-8", "replace")
            span = self.source.at.span(self.begin, self.at)
            at = TextMap(span.file, self.pieces, span.start)
            known = None if self.reason else text
            origin = chain((span,), self.also)
            pattern = self.pattern.decode("utf-8", "replace") if self.pattern is not None else None
            self.words.append(Word(known, self.reason, text, self.fields, origin, at, pattern))
        self._open()


def _begin(text: bytes, node: Node) -> int:
    """Where an expansion begins: the grammar counts the blanks before some of them in."""
    at = node.start_byte
    while at < node.end_byte and text[at : at + 1].isspace():
        at += 1
    return at
