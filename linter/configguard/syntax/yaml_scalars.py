"""A YAML scalar as it is written to the place of each byte of its text.

libyaml says what the text is; here only what stands for what is worked out. Where the two do not
agree, the text maps to the scalar as a whole: a span may be coarse, it is never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.text_map import Piece, TextMap

_PROPERTY = re.compile(rb"(?:[&!][^\s]*(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*)*")
_HEADER = re.compile(rb"[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|$)")
_BREAK = re.compile(rb"\r\n|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]")
_FOLD = re.compile(rb"(?:(?:" + _BREAK.pattern + rb")[ \t]*)+")
_SPECIAL = {
    "plain": _BREAK,
    "single": re.compile(_BREAK.pattern + rb"|'"),
    "double": re.compile(_BREAK.pattern + rb"|\\"),
}
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)?")
_ESCAPE = re.compile(
    rb"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    rb"|((?:\r\n|\n|\r)(?:[ \t]*(?:\r\n|\n|\r))*[ \t]*)|(.))",
    re.DOTALL,
)
_SHORT = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip

Made = Iterator[tuple[bytes, int, int, bool]]
"""Bytes of the text, the first and last byte of the source they come from, whether as a whole."""


def mapped(document: Document, span: Span, text: str, style: str) -> TextMap:
    """Where each byte of a scalar's text stands in the file."""
    data = document.data[span.start : span.end]
    wanted = text.encode()
    properties = _PROPERTY.match(data)
    start = properties.end() if properties else 0
    pieces: list[Piece] = []
    done = bytearray()
    for part, low, high, whole in _reading(data, start, style, wanted):
        at = len(done)
        done += part
        pieces.append(Piece(at, len(done), span.start + low, span.start + high, whole))
        if not wanted.startswith(part, at):
            break
    if done == wanted:
        return TextMap(document.file, pieces, span.start + start)
    return TextMap(document.file, [Piece(0, len(wanted), *span[1:], True)], span.start)


def _reading(data: bytes, start: int, style: str, wanted: bytes) -> Made:
    """How the source is read; a block's indentation follows from its first line and the text."""
    if style == "plain":
        return _flow(data, start, len(data), "plain")
    if style in ("single", "double"):
        return _flow(data, start + 1, len(data) - 1, style)
    header = _HEADER.match(data, start)
    lines = [match.span() for match in _LINE.finditer(data, header.end() if header else len(data))]
    first = next((line for line in lines if data[slice(*line)].strip(b" \r\n")), None)
    if first is None:
        return iter(())
    kept = len(wanted) - len(wanted.lstrip(b" \n"))
    indent = _blanks(data, *first) - len(wanted[:kept]) + len(wanted[:kept].rstrip(b" "))
    read = _literal if style == "literal" else _folded
    return read(data, lines, indent, wanted)


def _blanks(data: bytes, low: int, high: int) -> int:
    return len(data[low:high]) - len(data[low:high].lstrip(b" "))


def _literal(data: bytes, lines: list[tuple[int, int]], indent: int, wanted: bytes) -> Made:
    """Each line without its indentation; what chomping leaves of the breaks at the end is told by
    the text."""
    left = len(wanted)
    for low, high in lines:
        line = data[low:high]
        content = line.rstrip(b"\r\n")
        cut = min(indent, _blanks(data, low, low + len(content)))
        part = content[cut:][:left]
        left -= len(part)
        yield part, low + cut, low + cut + len(part), False
        if len(content) < len(line) and left > 0:
            left -= 1
            as_is = line[len(content) :] == b"\n"
            yield b"\n", low + len(content), high, not as_is


def _folded(data: bytes, lines: list[tuple[int, int]], indent: int, wanted: bytes) -> Made:
    """Lines as they stand; whether a break is a space, a break or nothing is told by the text."""
    at = 0
    joint: int | None = None
    for low, high in lines:
        line = data[low:high]
        content = line.rstrip(b"\r\n")
        part = content[min(indent, _blanks(data, low, low + len(content))) :]
        if part:
            if joint is not None:
                made = _joint(wanted, at, part)
                at += len(made)
                yield made, joint, low, True
            start = low + len(content) - len(part)
            at += len(part)
            yield part, start, start + len(part), False
            joint = low + len(content)
        elif joint is None:
            joint = low
    if joint is not None and at < len(wanted):
        yield b"\n" * (len(wanted) - at), joint, len(data), True


def _joint(wanted: bytes, at: int, following: bytes) -> bytes:
    """What stands between two lines: breaks, or one space before a line with none at its start."""
    end = at
    while wanted[end : end + 1] == b"\n":
        end += 1
    if end == at and wanted[at : at + 1] == b" " and following[:1] not in (b" ", b"\t"):
        return b" "
    return wanted[at:end]


def _flow(data: bytes, start: int, end: int, style: str) -> Made:
    """Plain and quoted text: breaks fold, blanks around them go, escapes stand for others."""
    at = start
    while special := _SPECIAL[style].search(data, at, end):
        low = special.start()
        if special[0] == b"'":
            yield data[at:low], at, low, False
            at = low + 2
            yield b"'", low, at, True
        elif special[0] == b"\\":
            yield data[at:low], at, low, False
            escape = _ESCAPE.match(data, low, end)
            if escape is None:
                return
            at = escape.end()
            yield _escaped(escape), low, at, True
        else:
            low = at + len(data[at:low].rstrip(b" \t"))
            yield data[at:low], at, low, False
            fold = _FOLD.match(data, special.start(), end)
            assert fold is not None
            at = fold.end()
            breaks = len(_BREAK.findall(fold[0]))
            yield b" " if breaks == 1 else b"\n" * (breaks - 1), low, at, True
    yield data[at:end], at, end, False


def _escaped(escape: re.Match[bytes]) -> bytes:
    code = escape[1] or escape[2] or escape[3]
    if code is not None:
        return chr(int(code, 16)).encode("utf-8", "surrogatepass")
    if escape[4] is not None:
        breaks = len(_BREAK.findall(escape[4]))
        return b"\n" * (breaks - 1)
    short = escape[5].decode("utf-8", "replace")
    return _SHORT.get(short, short).encode()
