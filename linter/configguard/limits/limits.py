"""The limits file `.test-resource-limits.json`: numbers with the places where they stand."""

from __future__ import annotations

import json
import posixpath
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

from configguard.limits.shape import MOST_TOLD, misfits, said, shown, surely_fits, unknown_keys
from configguard.resources import data_folder
from configguard.source.document import Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import (
    MAX_CONFIG_BYTES,
    Trouble,
    Unreadable,
    Workspace,
    ancestors,
    read_regular_file,
)

FILE = ".test-resource-limits.json"
DEFAULTS: dict[str, float] = {
    "maxConcurrentTests": 1,
    "maxRetries": 1,
    "testMs": 30_000,
    "hookMs": 30_000,
    "globalMs": 1_800_000,
}
"""What holds without a limits file (CONTRACT.md section 3); timeouts in ms."""


class LimitProblem(NamedTuple):
    """What is wrong with a limits file, and where."""

    severity: Literal["error", "warning"]
    message: str
    span: Span


class Limit(NamedTuple):
    """One number, in the unit its name says; `stated` in a file, at `at`, or a default."""

    value: float
    stated: bool = False
    at: Origin = ()


class Limits:
    """The limits that hold for one folder; `source` names the files they come from."""

    def __init__(self, stated: dict[str, Limit], source: tuple[str, ...] = ()) -> None:
        self._stated = stated
        self.source = source

    def __getitem__(self, name: str) -> Limit:
        """A limit by its name in the file. Raises KeyError where none is stated and none holds."""
        found = self._stated.get(name)
        return found if found is not None else Limit(DEFAULTS[name])

    def __contains__(self, name: object) -> bool:
        return name in self._stated or name in DEFAULTS

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of all limits, stated or not."""
        stated = {name: limit.value for name, limit in self._stated.items()}
        return {**DEFAULTS, **stated}


class _Reading(NamedTuple):
    """One file: the numbers of it that can be used, and what is wrong with it."""

    numbers: dict[str, Limit]
    problems: tuple[LimitProblem, ...]


_Loaded = tuple[Limits, list[LimitProblem]]
_loaded: WeakKeyDictionary[Workspace, dict[tuple[str, Path | None], _Loaded]] = WeakKeyDictionary()
# Documents outlive the workspaces of edits under verification, so each is read only once.
_readings: WeakKeyDictionary[Document, _Reading] = WeakKeyDictionary()


def load_limits(
    workspace: Workspace, folder: str, explicit: Path | None = None
) -> tuple[Limits, list[LimitProblem]]:
    """The limits for a suite in a root-relative folder, and what is wrong with their files.

    The root's file and those nearer to the suite are merged, the nearer number counts; one above
    the root's is a problem. `explicit` is the user's own file and replaces them all.
    """
    known = _loaded.setdefault(workspace, {})
    key = ("" if explicit else folder, explicit)
    if key not in known:
        known[key] = _explicit(workspace, explicit) if explicit else _merged(workspace, folder)
    limits, problems = known[key]
    return limits, list(problems)


def _explicit(workspace: Workspace, path: Path) -> _Loaded:
    name = workspace.name_of(path)
    data = read_regular_file(path, name, MAX_CONFIG_BYTES)
    if isinstance(data, Unreadable):
        return Limits({}), [_unreadable(data)]
    # The bytes go through an overlay, as the workspace knows which bytes are text.
    document = Workspace(Path(), {name: data}).read(name)
    if isinstance(document, Unreadable):
        return Limits({}), [_unreadable(document)]
    reading = _read(document)
    return Limits(reading.numbers, (name,)), list(reading.problems)


def _merged(workspace: Workspace, folder: str) -> _Loaded:
    merged: dict[str, Limit] = {}
    sources: list[str] = []
    problems: list[LimitProblem] = []
    root: tuple[Document, dict[str, Limit]] | None = None
    for above in reversed(ancestors(folder)):
        file = posixpath.join(above, FILE)
        document = workspace.read(file)
        if isinstance(document, Unreadable):
            # A link that leads nowhere is no missing file: somebody meant limits to hold.
            if document.trouble is not Trouble.MISSING or (workspace.root / file).is_symlink():
                problems.append(_unreadable(document))
            continue
        reading = _read(document)
        problems += reading.problems
        sources.append(file)
        root = root if above else (document, reading.numbers)
        above_root = _above_root(root, document, reading.numbers) if root else {}
        problems += above_root.values()
        merged |= {name: it for name, it in reading.numbers.items() if name not in above_root}
    return Limits(merged, tuple(sources)), problems


def _unreadable(found: Unreadable) -> LimitProblem:
    message = f"cannot read the limits file {found.file}: {found.reason}"
    return LimitProblem("error", message, Span(found.file, 0, 0))


def _above_root(
    root: tuple[Document, dict[str, Limit]], nearer: Document, numbers: dict[str, Limit]
) -> dict[str, LimitProblem]:
    """The limits that a nearer file raises above the root's; the root's number holds then."""
    outer, bounds = root
    raised: dict[str, LimitProblem] = {}
    # Only these are limits. Timeouts are what fixes write: a longer one loosens nothing.
    for name in _properties("resourceLimits"):
        limit, bound = numbers.get(name), bounds.get(name)
        if limit is None or bound is None or limit.value <= bound.value:
            continue
        message = (
            f"{name} is {shown(limit.value)} at {_place(nearer, limit)}, above the root's "
            f"{shown(bound.value)} at {_place(outer, bound)}: a nearer file may only lower it, "
            f"so {shown(bound.value)} holds"
        )
        raised[name] = LimitProblem("error", message, limit.at[0])
    return raised


def _place(document: Document, limit: Limit) -> str:
    line, column = document.position(limit.at[0].start)
    return f"{document.file}:{line}:{column}"


def _properties(section: str) -> dict[str, Any]:
    properties: dict[str, Any] = _schema()["properties"][section]["properties"]
    return properties


@cache
def _schema() -> dict[str, Any]:
    path = data_folder("schema") / "resource-limits.schema.json"
    schema: dict[str, Any] = json.loads(path.read_bytes())
    return schema


def _read(document: Document) -> _Reading:
    found = _readings.get(document)
    if found is None:
        found = _readings[document] = _read_uncached(document)
    return found


def _read_uncached(document: Document) -> _Reading:
    """The numbers of one file and what is wrong with it; one wrong value spoils no other."""
    value = _parsed(document)
    if isinstance(value, LimitProblem):
        return _Reading({}, (value,))
    places, problems = _places(document)
    if not isinstance(value, dict):
        message = f"{document.file} must hold an object in braces, not {said(value)}"
        return _Reading({}, (LimitProblem("error", message, places.span),))
    for wrong in misfits(value, _schema()):
        problems.append(LimitProblem("error", wrong.message, places.at(wrong.path)))
    for unknown in unknown_keys(value, _schema()):
        problems.append(LimitProblem("warning", unknown.message, places.key_at(unknown.path)))
    numbers: dict[str, Limit] = {}
    for section in ("resourceLimits", "timeouts"):
        stated = value.get(section)
        for name, schema in _properties(section).items():
            if isinstance(stated, dict) and name in stated and surely_fits(stated[name], schema):
                number = stated[name]
                whole = int(number)  # 1.0 is a whole number: messages and fixes write 1
                numbers[name] = Limit(
                    whole if whole == number else number, True, (places.at((section, name)),)
                )
    problems.sort(key=lambda problem: problem.span.start)
    return _Reading(numbers, tuple(problems))


def _parsed(document: Document) -> Any:
    """The JSON value of a file, or the problem that keeps it from being JSON."""
    text = document.data[len(document.bom) :].decode()
    if not text.strip():
        message = f"{document.file} is empty: write {{}} for a file that states no limits"
        return LimitProblem("error", message, Span(document.file, 0, 0))
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
    return LimitProblem("error", message, Span(document.file, start, end))


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


class _Place(NamedTuple):
    """Where a value stands, the keys of an object, and the places of what it holds."""

    span: Span
    keys: dict[str, Span]
    inside: dict[str | int, _Place]

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
        self.inside: dict[str | int, _Place] = {}

    def put(self, place: _Place) -> None:
        """Give the value at `step` its place, and step on."""
        assert self.step is not None
        self.inside[self.step] = place
        self.step = self.step + 1 if isinstance(self.step, int) else None


_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s"{}\[\],:]+', re.DOTALL)


def _places(document: Document) -> tuple[_Place, list[LimitProblem]]:
    """The places of all values of a file that is JSON, and a warning for each key given twice.

    Not from the syntax tree: that grammar refuses numbers such as 1.5E+3, which are JSON.
    """
    problems: list[LimitProblem] = []
    outermost = _Open(0, 0)
    stack = [outermost]
    for token in _TOKEN.finditer(document.data, len(document.bom)):
        word, top = token[0], stack[-1]
        span = Span(document.file, token.start(), token.end())
        if word in (b"{", b"["):
            stack.append(_Open(span.start, None if word == b"{" else 0))
        elif word in (b"}", b"]"):
            stack.pop()
            stack[-1].put(_Place(span._replace(start=top.start), top.keys, top.inside))
        elif top.step is None:
            key: str = json.loads(word)
            if key in top.keys and len(problems) < MOST_TOLD:
                problems.append(_twice(document, key, top.keys[key], span))
            top.keys[key] = span
            top.step = key
        else:
            top.put(_Place(span, {}, {}))
    return outermost.inside[0], problems


def _twice(document: Document, key: str, first: Span, second: Span) -> LimitProblem:
    line = document.position(first.start).line
    message = f"{shown(key)} stands here again and this one counts: take out that of line {line}"
    return LimitProblem("warning", message, second)
