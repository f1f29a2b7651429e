"""Where each byte of a text that was decoded from a file stands in that file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from configguard.source.span import Span


class Piece(NamedTuple):
    """Bytes `start` to `end` of the text come from `file_start` to `file_end` of the file.

    They stand for each other byte by byte, or only as a `whole`: an escape, an expanded value.
    """

    start: int
    end: int
    file_start: int
    file_end: int
    whole: bool = False


class TextMap:
    """Maps offsets in a decoded text (UTF-8 bytes) to spans of its file.

    The pieces are in the order of the text and leave no gap in it. `at`: where an empty text
    stands in the file.
    """

    def __init__(self, file: str, pieces: Iterable[Piece], at: int = 0) -> None:
        self.file = file
        self.pieces = tuple(piece for piece in pieces if piece.end > piece.start)
        self._starts = [piece.start for piece in self.pieces]
        self._at = at

    @classmethod
    def straight(cls, file: str, start: int, length: int) -> TextMap:
        """The map of a text that stands in its file as it is, from byte `start` on."""
        return cls(file, [Piece(0, length, start, start + length)], start)

    @property
    def length(self) -> int:
        """How many bytes the text has."""
        return self.pieces[-1].end if self.pieces else 0

    def span(self, start: int, end: int) -> Span:
        """The bytes of the file that made the bytes `start` to `end` of the text."""
        if not self.pieces:
            return Span(self.file, self._at, self._at)
        if end <= start:
            at = self._edge(start)
            return Span(self.file, at, at)
        first, last = self._piece(start), self._piece(end - 1)
        low = first.file_start + (0 if first.whole else start - first.start)
        high = last.file_end - (0 if last.whole else last.end - end)
        return Span(self.file, low, high)

    def part(self, start: int, end: int) -> TextMap:
        """The map of the text's bytes `start` to `end`, counted from 0."""
        found = []
        index = max(bisect_right(self._starts, start) - 1, 0)
        for piece in self.pieces[index:]:
            low, high = max(piece.start, start), min(piece.end, end)
            if piece.start >= end:
                break
            if piece.whole:
                cut = piece.file_start, piece.file_end
            else:
                shift = piece.file_start - piece.start
                cut = low + shift, high + shift
            found.append(Piece(low - start, high - start, *cut, piece.whole))
        return TextMap(self.file, found, self.span(start, start).start)

    def _piece(self, offset: int) -> Piece:
        return self.pieces[max(bisect_right(self._starts, offset) - 1, 0)]

    def _edge(self, offset: int) -> int:
        if offset >= self.length:
            return self.pieces[-1].file_end
        piece = self._piece(offset)
        return piece.file_start + (0 if piece.whole else offset - piece.start)


def joined(file: str, texts: Iterable[tuple[bytes, TextMap]], at: int) -> tuple[bytes, TextMap]:
    """Several texts of one file, one after another, with the map of the whole."""
    data = bytearray()
    pieces: list[Piece] = []
    for text, mapped in texts:
        shift = len(data)
        pieces += (
            piece._replace(start=piece.start + shift, end=piece.end + shift)
            for piece in mapped.pieces
        )
        data += text
    return bytes(data), TextMap(file, pieces, at)


def placeless(value: object) -> object:
    """Nested tuples and lists without where its parts stand: an edit before them moves them."""
    if isinstance(value, Span | TextMap):
        return None
    return tuple(map(placeless, value)) if isinstance(value, tuple | list) else value
