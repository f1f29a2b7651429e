"""A JSON file that people write: its value, where each part of it stands, and what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple

from configguard.limits.shape import MOST_TOLD, shown
from configguard.source.document import Document
from configguard.source.span import Span


class JsonFault(NamedTuple):
    """What is wrong with the JSON of a file, and where."""

    severity: Literal["error", "warning"]
    message: str
    span: Span


def json_value(document: Document) -> Any:
    """The JSON value of a file, or the problem that keeps it from being JSON."""
    text = document.data[len(document.bom) :].decode()
    try:
        # Python limits the digits of an int, and a float of so many is infinite: not valid here.
        return json.loads(text, parse_int=lambda digits: (int, float)[len(digits) > 300](digits))
    except json.JSONDecodeError as error:
        at, reason = _fault(text, error)
    except RecursionError:
        at, reason = 0, "it is nested too deeply"
    start = len(document.bom) + len(text[:at].encode())
    end = start + len(_word(text, at).encode())
    message = f"{document.file} is not JSON: {reason}"
    return JsonFault("error", message, Span(document.file, start, end))


def _fault(text: str, error: json.JSONDecodeError) -> tuple[int, str]:
    """Where JSON ends to be JSON, and what is wrong there.

    Python's own wording differs by version (3.13 knows trailing commas), hence these.
    """
    at = error.pos + len(text[error.pos :]) - len(text[error.pos :].lstrip())
    before = text[:at].rstrip()
    closing = text[at + 1 :].lstrip()[:1] if text[at : at + 1] == "," else text[at : at + 1]
    for start, reason in _MESSAGES.items():
        if error.msg.startswith(start):
            return error.pos, reason
    if at >= len(text):
        return at, "it ends before everything that was opened is closed"
    if text.startswith(("//", "/*", "#"), at):
        return at, "JSON has no comments; take this one out"
    if closing in ("}", "]") and (text[at] == "," or before.endswith(",")):
        comma = at if text[at] == "," else len(before) - 1
        return comma, f"no comma may stand before the closing {closing}"
    if text[at] == "'":
        return at, "keys and texts stand in double quotes"
    if error.msg.startswith("Extra data"):
        return at, "nothing may follow the first value"
    wanted = "a comma or a closing bracket" if "','" in error.msg else "a value"
    wanted = "a colon" if "':'" in error.msg else wanted
    wanted = "a key in double quotes" if "property name" in error.msg else wanted
    return at, f"{wanted} must stand here, not {_word(text, at)}"


def _word(text: str, at: int) -> str:
    """The number, name, text or sign at a place."""
    word = re.compile(r'[\w.+-]{1,40}|"[^"\n]{,40}"|/[/*]|.?', re.DOTALL).match(text, at)
    return word[0] if word else ""


_MESSAGES = {
    "Invalid control character": "a line break or a tab inside a text is written \\n or \\t",
    "Unterminated string": "this text has no closing quote",
    "Invalid \\": "this is no escape of JSON; a backslash itself is written \\\\",
}


class Place(NamedTuple):
    """Where a value stands, the keys of an object, and the places of what it holds."""

    span: Span
    keys: dict[str, Span]
    inside: dict[str | int, Place]

    def at(self, path: tuple[str | int, ...]) -> Span:
        """The place of the value at a path."""
        place = self
        for step in path:
            place = place.inside[step]
        return place.span

    def key_at(self, path: tuple[str | int, ...]) -> Span:
        """The place of the key that a path ends in."""
        place = self
        for step in path[:-1]:
            place = place.inside[step]
        return place.keys[str(path[-1])]


class _Open:
    """An object or a list that is not closed yet. `step`: the key or index that comes next."""

    def __init__(self, start: int, step: str | int | None) -> None:
        self.start = start
        self.step = step
        self.keys: dict[str, Span] = {}
        self.inside: dict[str | int, Place] = {}

    def put(self, place: Place) -> None:
        """Give the value at `step` its place, and step on."""
        assert self.step is not None
        self.inside[self.step] = place
        self.step = self.step + 1 if isinstance(self.step, int) else None


_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s"{}\[\],:]+', re.DOTALL)


def places(document: Document) -> tuple[Place, list[JsonFault]]:
    """The places of all values of a file that is JSON, and a warning for each key given twice.

    Not from the syntax tree: that grammar refuses numbers such as 1.5E+3, which are JSON.
    """
    problems: list[JsonFault] = []
    outermost = _Open(0, 0)
    stack = [outermost]
    for token in _TOKEN.finditer(document.data, len(document.bom)):
        word, top = token[0], stack[-1]
        span = Span(document.file, token.start(), token.end())
        if word in (b"{", b"["):
            stack.append(_Open(span.start, None if word == b"{" else 0))
        elif word in (b"}", b"]"):
            stack.pop()
            stack[-1].put(Place(span._replace(start=top.start), top.keys, top.inside))
        elif top.step is None:
            key: str = json.loads(word)
            if key in top.keys and len(problems) < MOST_TOLD:
                problems.append(_twice(document, key, top.keys[key], span))
            top.keys[key] = span
            top.step = key
        else:
            top.put(Place(span, {}, {}))
    return outermost.inside[0], problems


def _twice(document: Document, key: str, first: Span, second: Span) -> JsonFault:
    line = document.position(first.start).line
    message = f"{shown(key)} stands here again and this one counts: take out that of line {line}"
    return JsonFault("warning", message, second)
