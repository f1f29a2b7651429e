"""The smallest edits that turn one text into another, line by line, then trimmed."""

from __future__ import annotations

from configguard.source.edits import Edit
from configguard.source.span import Span


def edits_between(file: str, before: bytes, after: bytes) -> tuple[Edit, ...]:
    """Edits of `before` whose result is `after`."""
    from difflib import SequenceMatcher

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    edits: list[Edit] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(
                _trimmed(file, starts[i1], before[starts[i1] : starts[i2]], b"".join(new[j1:j2]))
            )
    return tuple(edits)


def _trimmed(file: str, at: int, old: bytes, new: bytes) -> Edit:
    """One replacement without the text that both sides begin and end with, by whole characters."""
    a, b = old.decode(), new.decode()
    front = 0
    while front < min(len(a), len(b)) and a[front] == b[front]:
        front += 1
    back = 0
    while back < min(len(a), len(b)) - front and a[-1 - back] == b[-1 - back]:
        back += 1
    # `true` for `false`, not `tru` for `fals`: whole words are replaced.
    while front and _in_word(a, front) | _in_word(b, front):
        front -= 1
    while back and _in_word(a, len(a) - back) | _in_word(b, len(b) - back):
        back -= 1
    start = at + len(a[:front].encode())
    end = at + len(a[: len(a) - back].encode())
    return Edit(Span(file, start, end), b[front : len(b) - back])


def _in_word(text: str, at: int) -> bool:
    """Whether a word goes on at a place."""
    pair = text[at - 1 : at + 1] if at else ""
    return len(pair) == 2 and all(one.isalnum() or one == "_" for one in pair)
