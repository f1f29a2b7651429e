"""One file's bytes with what positions and edits need: lines, newline style, BOM."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from configguard.source.span import Position

BOM = b"\xef\xbb\xbf"


class Document:
    """The bytes of one file. They are valid UTF-8: `Workspace.read` sees to it."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.data = data

    @cached_property
    def line_starts(self) -> list[int]:
        """Byte offset at which each line begins (lines end in LF or CRLF)."""
        starts = [0]
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
        start = self.line_starts[index]
        if index == 0:
            start += len(self.bom)
        end = self.line_starts[index + 1] if index + 1 < len(self.line_starts) else len(self.data)
        return self.text(start, end).rstrip("\r\n")

    def position(self, offset: int) -> Position:
        """Line and column of a byte offset (clamped to the file)."""
        offset = max(0, min(offset, len(self.data)))
        index = self.line_index(offset)
        start = self.line_starts[index]
        if index == 0:
            start = min(offset, start + len(self.bom))
        return Position(index + 1, len(self.text(start, offset)) + 1)
