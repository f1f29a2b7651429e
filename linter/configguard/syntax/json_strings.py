"""JSON strings to their texts, with the place of each byte: `\\"` is one byte of two."""

from __future__ import annotations

import re

from configguard.source.document import Document
from configguard.source.text_map import Piece, TextMap

_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_SHORT = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}


def json_text(document: Document, start: int, end: int) -> tuple[bytes, TextMap]:
    """The text of the JSON string whose quotes stand at bytes `start` and `end - 1`.

    Half of a surrogate pair becomes U+FFFD, as it does where Node hands it to a process.
    """
    data = document.data[start + 1 : end - 1]
    base = start + 1
    text = bytearray()
    pieces: list[Piece] = []

    def add(made: bytes, low: int, high: int, whole: bool) -> None:
        at = len(text)
        pieces.append(Piece(at, at + len(made), base + low, base + high, whole))
        text.extend(made)

    done = 0
    for escape in _ESCAPE.finditer(data):
        add(data[done : escape.start()], done, escape.start(), False)
        made, length = _meaning(escape)
        done = escape.start() + length
        add(made, escape.start(), done, True)
        if done < escape.end():  # a high surrogate without its low one: that escape is read alone
            alone, _ = _meaning(_ESCAPE.match(data, done, escape.end()))
            add(alone, done, escape.end(), True)
            done = escape.end()
    add(data[done:], done, len(data), False)
    return bytes(text), TextMap(document.file, pieces, base)


def _meaning(escape: re.Match[bytes] | None) -> tuple[bytes, int]:
    """What an escape stands for, and how many of its bytes that takes."""
    assert escape is not None
    if escape[3] is not None:
        return _SHORT.get(escape[3], escape[3]), len(escape[0])
    first = int(escape[1], 16)
    if escape[2] is not None and 0xD800 <= first < 0xDC00:
        code = 0x10000 + ((first - 0xD800) << 10) + (int(escape[2], 16) - 0xDC00)
        return chr(code).encode(), len(escape[0])
    if 0xD800 <= first < 0xE000:
        return "\N{REPLACEMENT CHARACTER}".encode(), 6
    return chr(first).encode(), 6
