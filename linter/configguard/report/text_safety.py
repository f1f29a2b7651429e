"""The only way out for names and values: a checkout's text is hostile until made clean."""

from __future__ import annotations

TAB = 4
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a"
    "\u206b\u206c\u206d\u206e\u206f\u3164\ufeff\uffa0\ufff9\ufffa\ufffb"
)


def one_line(text: str, most: int = 200) -> str:
    """Text as one line that shows what it is: control and bidi characters as `\\u{…}`, capped."""
    shown = text if text.isascii() and text.isprintable() else "".join(map(_visible, text))
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _visible(character: str) -> str:
    code = ord(character)
    dangerous = (
        code < 0x20
        or 0x7F <= code <= 0x9F
        or character in _INVISIBLE
        or 0xD800 <= code <= 0xDFFF
        or 0xE0000 <= code <= 0xE0FFF
    )
    return f"\\u{{{code:x}}}" if dangerous else character


def source_line(text: str) -> tuple[str, list[int]]:
    """A line of source as it is shown, and the display column at which each character begins.

    Tabs become spaces, dangerous characters visible. The list has one more item: the end.
    """
    pieces: list[str] = []
    columns: list[int] = []
    column = 0
    for character in text:
        columns.append(column)
        shown = " " * (TAB - column % TAB) if character == "\t" else _visible(character)
        pieces.append(shown)
        column += display_width(shown)
    columns.append(column)
    return "".join(pieces), columns


def display_width(text: str) -> int:
    """Terminal columns that a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    width = 0
    for character in text:
        if combining(character) or 0xFE00 <= ord(character) <= 0xFE0F:
            continue
        width += 2 if east_asian_width(character) in "WF" else 1
    return width


def cut(text: str, width: int) -> str:
    """As much of a text as fits a number of columns."""
    taken: list[str] = []
    used = 0
    for character in text:
        step = display_width(character)
        if used + step > width:
            break
        taken.append(character)
        used += step
    return "".join(taken)


def wrap(text: str, width: int) -> list[str]:
    """Words in lines of at most `width` columns; a word that is too long is broken."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        while display_width(word) > width:
            room = width - display_width(line) - 1 if line else width
            part = cut(word, room) if room > 8 else ""
            if part:
                lines.append(f"{line} {part}" if line else part)
                word = word[len(part) :]
            else:
                lines.append(line)
            line = ""
        candidate = f"{line} {word}" if line else word
        if display_width(candidate) <= width:
            line = candidate
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line or not lines else lines
