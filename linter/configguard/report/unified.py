"""Unified diffs that `git apply` and `patch` take, and that steer no terminal and no CI log."""

from __future__ import annotations

import os
from typing import NamedTuple

from configguard.report.text_safety import inert, one_line

_CONTEXT = 3
_JOINER = "\u200d"
_BOM = "\ufeff"
_ENDLESS = "\\ No newline at end of file\n"


class Patch(NamedTuple):
    """A diff of one file; `exact`: whether its lines are those of the file."""

    data: bytes
    exact: bool


def unified(file: str, before: bytes, after: bytes) -> Patch:
    """The diff of one file, a path with `/`."""
    from difflib import SequenceMatcher

    old, new = _lines(before), _lines(after)
    lines = [f"--- {_name('a/' + file)}\n", f"+++ {_name('b/' + file)}\n"]
    exact = True
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        lines.append(
            f"@@ -{_stretch(first[1], last[2])} +{_stretch(first[3], last[4])} @@\n",
        )
        for tag, i1, i2, j1, j2 in group:
            body = [(" ", one, i) for i, one in enumerate(old[i1:i2], i1)] if tag == "equal" else []
            if tag != "equal":
                body = [("-", one, i) for i, one in enumerate(old[i1:i2], i1)]
                body += [("+", one, j) for j, one in enumerate(new[j1:j2], j1)]
            for sign, text, index in body:
                shown = _shown(text, begins=index == 0)
                exact = exact and shown == text
                line = f"{sign}{shown}"
                lines.append(line if line.endswith("\n") else f"{line}\n{_ENDLESS}")
    told = "".join(lines)
    harmless = inert(told)
    return Patch(harmless.encode("utf-8", "surrogateescape"), exact and harmless == told)


def _lines(data: bytes) -> list[str]:
    """Lines with their ends; only LF ends one, as `patch` counts them."""
    lines = data.decode("utf-8", "replace").split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _stretch(start: int, end: int) -> str:
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _shown(line: str, *, begins: bool) -> str:
    """A line as it is, but for characters that hide or reorder what is read."""
    if line.isascii() and line.translate(_PLAIN).isprintable():
        return line
    text, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
    if text.endswith("\r"):
        text, end = text[:-1], f"\r{end}"
    mark = _BOM if begins and text.startswith(_BOM) else ""
    text = text.removeprefix(mark)
    return mark + "".join(_piece(one) for one in text) + end


_PLAIN = {ord("\t"): " ", ord("\r"): " ", ord("\n"): " "}


def _piece(character: str) -> str:
    # Emoji are put together with joiners and variation selectors.
    if character == "\t" or character == _JOINER or "\ufe00" <= character <= "\ufe0f":
        return character
    return character if character.isprintable() else one_line(character)


def _name(path: str) -> str:
    """A path as git writes it: quoted where it holds more than plain text."""
    plain = path.isprintable() and '"' not in path and "\\" not in path
    if plain:
        # Without it `patch` takes a name to end at its first space.
        return f"{path}\t" if " " in path else path
    pieces: list[str] = []
    for byte in os.fsencode(path):
        character = chr(byte)
        if character in '"\\':
            pieces.append(f"\\{character}")
        else:
            pieces.append(character if " " <= character <= "~" else f"\\{byte:03o}")
    return f'"{"".join(pieces)}"'
