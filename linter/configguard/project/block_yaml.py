"""The YAML that programs write: one key a line, two spaces at every depth, plain values.

For a cut of some lines out of megabytes, with the place of each value. All else (comments, lists,
folded texts, handwriting) is left to the real parser, which takes 26 ms to import.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STEP = 2
_LINE = re.compile(
    r"(?P<indent> *)"
    r"(?:'(?P<single>(?:[^'\n]|'')*)'|\"(?P<double>[^\"\\\n]*)\"|(?P<plain>[\w./~^][^\s:#'\"]*)):"
    r"(?: +(?P<value>[^\n]*?))?[ \r]*(?:\n|$)"
)
_PLAIN_VALUE = re.compile(r"[\w./~^<=(](?:[^#:\n]|:(?! |$)|(?<! )#)*")


class Scalar(NamedTuple):
    """A text, and where it starts (without its quote) in the text that was parsed."""

    text: str
    start: int


Block = dict[str, "Scalar | Block"]


def parse_block(text: str, base: int = 0) -> Block | None:
    """The keys of a text, one inside another; None where it is not of this simple form.

    `base`: how deep the first of them stands.
    """
    top: Block = {}
    open_blocks: list[Block] = [top]
    at = 0
    while at < len(text):
        if text.startswith(("\n", "\r\n"), at):
            at = text.index("\n", at) + 1
            continue
        line = _LINE.match(text, at)
        if line is None:
            return None
        depth, odd = divmod(len(line["indent"]), _STEP)
        # Deeper than the last key allows: a list, or a text that goes on from the line before.
        depth -= base
        if odd or not 0 <= depth < len(open_blocks):
            return None
        del open_blocks[depth + 1 :]
        key = _key(line)
        if key in open_blocks[depth]:
            return None
        value = line["value"]
        if not value:
            inner: Block = {}
            open_blocks[depth][key] = inner
            open_blocks.append(inner)
        elif value == "{}":
            open_blocks[depth][key] = {}
        else:
            scalar = _scalar(value, line.start("value"))
            if scalar is None:
                return None
            open_blocks[depth][key] = scalar
        at = line.end()
    return top


def _key(line: re.Match[str]) -> str:
    if line["single"] is not None:
        return line["single"].replace("''", "'")
    return line["double"] if line["double"] is not None else line["plain"]


def _scalar(value: str, start: int) -> Scalar | None:
    if len(value) > 1 and value[0] == value[-1] == "'" and "'" not in value[1:-1]:
        return Scalar(value[1:-1], start + 1)
    if len(value) > 1 and value[0] == value[-1] == '"' and not set('\\"') & set(value[1:-1]):
        return Scalar(value[1:-1], start + 1)
    return Scalar(value, start) if _PLAIN_VALUE.fullmatch(value) else None
