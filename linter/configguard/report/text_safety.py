"""The only way out for names and values: a checkout's text is hostile until made clean."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

TAB = 4
ELLIPSIS = "…"
_COMBINING_RUN = 3
"""Marks above one letter: real scripts stack two or three, an attack stacks hundreds."""
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Controls, format and bidi characters, surrogates, private use, unknown, line separators."""
_HIDDEN_LETTERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)
"""Letters and marks by category, yet nothing is to be seen of them."""


def one_line(text: str, most: int = 200, *, ascii_only: bool = False) -> str:
    """Text as one line that shows what it is: control and bidi characters as `\\u{…}`, capped."""
    if len(text) <= most and text.isascii() and text.isprintable():
        return text
    pieces = _pieces(text[: most + 1], ascii_only=ascii_only)
    if len(text) <= most and sum(map(len, pieces)) <= most:
        return "".join(pieces)
    ending = _ellipsis(ascii_only=ascii_only)
    taken: list[str] = []
    room = most - len(ending)
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        taken.append(piece)
    return "".join(taken) + ending


class ShownLine(NamedTuple):
    """A line of source as it is shown: a piece for each character, and where it begins.

    `columns` has one item more than `pieces`: the column after the end.
    """

    pieces: list[str]
    columns: list[int]

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def width(self) -> int:
        return self.columns[-1]


def source_line(text: str, tab_width: int = TAB, *, ascii_only: bool = False) -> ShownLine:
    """A line with tabs as spaces and dangerous characters visible, and its display columns."""
    pieces: list[str] = []
    columns = [0]
    for piece in _pieces(text, keep_tabs=True, ascii_only=ascii_only):
        shown = " " * (tab_width - columns[-1] % tab_width) if piece == "\t" else piece
        pieces.append(shown)
        columns.append(columns[-1] + display_width(shown))
    return ShownLine(pieces, columns)


def _pieces(text: str, *, keep_tabs: bool = False, ascii_only: bool = False) -> list[str]:
    """What is shown for each character of a text."""
    if text.isascii():
        return [
            character
            if character.isprintable() or (keep_tabs and character == "\t")
            else _code(character)
            for character in text
        ]
    if ascii_only:
        return [
            piece
            for character in text
            for piece in (
                _pieces(character, keep_tabs=keep_tabs)
                if character.isascii()
                else [_code(character)]
            )
        ]
    from unicodedata import category

    pieces: list[str] = []
    # A mark without a letter of its own would sit on whatever was printed before it.
    marks = _COMBINING_RUN
    for character in text:
        kind = category(character)
        is_mark = kind in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        if character == "\t" and keep_tabs:
            pieces.append(character)
            marks = _COMBINING_RUN
        elif _hidden(character, kind) or (is_mark and marks > _COMBINING_RUN):
            pieces.append(_code(character))
            marks = _COMBINING_RUN
        else:
            pieces.append(character)
    return pieces


def _hidden(character: str, kind: str) -> bool:
    # Variation selectors can carry a hidden message, and make widths a matter of the terminal.
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff"
    return kind in _HIDDEN_CATEGORIES or selector or character in _HIDDEN_LETTERS


def _code(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _ellipsis(*, ascii_only: bool) -> str:
    return "..." if ascii_only else ELLIPSIS


def display_width(text: str) -> int:
    """Terminal columns that a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    width = 0
    for character in text:
        # Medial and final Hangul jamo are drawn into the syllable that they belong to.
        jamo = "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
        if category(character) not in ("Mn", "Me") and not jamo:
            width += 2 if east_asian_width(character) in "WF" else 1
    return width


def cut(text: str, width: int) -> str:
    """As much of a text as fits a number of columns."""
    if text.isascii():
        return text[: max(width, 0)]
    used = 0
    for index, character in enumerate(text):
        used += display_width(character)
        if used > width:
            return text[:index]
    return text


def fit(text: str, width: int, *, ascii_only: bool = False) -> str:
    """A text that fits a number of columns, with an ellipsis where it was cut."""
    if display_width(text) <= width:
        return text
    ending = _ellipsis(ascii_only=ascii_only)
    return cut(text, width - len(ending)) + ending


def wrap(text: str, width: int) -> list[str]:
    """Words in lines of at most `width` columns; a word that is too long is broken."""
    width = max(width, 2)  # one wide character
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if display_width(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line.rstrip(" "))
        line = word
        while display_width(line) > width:
            part = cut(line, width)
            lines.append(part)
            line = line[len(part) :]
    return [*lines, line.rstrip(" ")] if line.rstrip(" ") or not lines else lines


_LOG_COMMAND = r"^(\s*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))"
"""What CI systems obey in a log: `::error::` at a line's start (GitHub), `##[…` and `##vso[…`
(GitHub, Azure) and `##teamcity[…` anywhere in one."""


def inert(printed: str) -> str:
    """Printed lines in which no CI system finds a command."""
    return _without_log_commands(printed, _code)


def json_text(value: Any) -> str:
    """A value as strict JSON that any terminal and log can take.

    ASCII only: a file name that is no text (a lone surrogate) must not break the output.
    """
    import json

    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    return _without_log_commands(text, lambda sign: f"\\u{ord(sign):04x}")


def xml_text(written: str) -> str:
    """XML in which no CI system finds a command."""
    return _without_log_commands(written, lambda sign: f"&#{ord(sign)};")


def _without_log_commands(text: str, spell: Callable[[str], str]) -> str:
    """A text with one sign of each command spelled in another way."""
    if "::" not in text and "##" not in text:
        return text
    import re

    def spelled(found: re.Match[str]) -> str:
        return f"{found[1] or ''}{spell(found[0][-1])}"

    return re.sub(_LOG_COMMAND, spelled, text, flags=re.MULTILINE)


def workflow_value(text: str) -> str:
    """Text as the message of a workflow command of GitHub."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """Text as a property of a workflow command of GitHub, such as its file."""
    return workflow_value(text).replace(":", "%3A").replace(",", "%2C")


def uri_path(path: str) -> str:
    """A path with `/` as the path of a URI: every byte that is not plain is %-encoded."""
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(os.fsencode(path))


def html_text(text: str) -> str:
    """Text as it may stand in HTML, between tags or in an attribute."""
    from html import escape

    return escape(text)
