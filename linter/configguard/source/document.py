"""One file's bytes with what positions and edits need: lines, newline style, BOM."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from configguard.source.span import Position

BOM = b"\xef\xbb\xbf"
_LARGE = 1_000_000
_MOST_COUNTED = 16


class Document:
    """The bytes of one file. They are valid UTF-8: `Workspace.read` sees to it."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.data = data
        self._counts = 0
        self._counted: dict[int, int] = {}  # where lines begin that were counted up to

    @cached_property
    def line_starts(self) -> Sequence[int]:
        """Byte offset at which each line begins (lines end in LF or CRLF)."""
        # A lock file of 50 MB has more than a million lines: 8 bytes for each, not 40.
        starts = array("Q", [0])
        at = self.data.find(b"\n")
        while at != -1:
            starts.append(at + 1)
            at = self.data.find(b"\n", at + 1)
        return starts

    @property
    def bom(self) -> bytes:
        """The byte order mark the file begins with, or nothing."""
        return BOM if self.data.startswith(BOM) else b""

    @cached_property
    def may_chain_optionally(self) -> bool:
        """Whether `?.` stands anywhere in it."""
        return b"?." in self.data

    @cached_property
    def newline(self) -> str:
        """The newline this file uses; the commoner one where it mixes them."""
        crlf = self.data.count(b"\r\n")
        return "\r\n" if crlf * 2 > self.data.count(b"\n") else "\n"

    def text(self, start: int, end: int) -> str:
        """The text between two byte offsets."""
        return self.data[start:end].decode("utf-8", "replace")

    def line_index(self, offset: int) -> int:
        """The 0-based line that holds a byte offset."""
        return bisect_right(self.line_starts, offset) - 1

    def line_text(self, index: int) -> str:
        """One 0-based line without its newline and without a BOM."""
        start = self._counted[index] if index in self._counted else self.line_starts[index]
        end = self.data.find(b"\n", start)
        if index == 0:
            start += len(self.bom)
        return self.text(start, len(self.data) if end == -1 else end).rstrip("\r\n")

    def position(self, offset: int) -> Position:
        """Line and column of a byte offset (clamped to the file)."""
        offset = max(0, min(offset, len(self.data)))
        if len(self.data) > _LARGE and self._counts < _MOST_COUNTED:
            # For a place or two counting costs less: the table of lines of 50 MB takes 0.2 s.
            self._counts += 1
            index = self.data.count(b"\n", 0, offset)
            start = self._counted[index] = self.data.rfind(b"\n", 0, offset) + 1
        else:
            index = self.line_index(offset)
            start = self.line_starts[index]
        if index == 0:
            start = min(offset, start + len(self.bom))
        return Position(index + 1, len(self.text(start, offset)) + 1)
