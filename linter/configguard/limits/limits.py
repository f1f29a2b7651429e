"""The limits file `.test-resource-limits.json`: numbers with the places where they stand."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from configguard.limits.shape import surely_fits
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
from configguard.syntax.trees import BadSyntax, Parsed, parse

if TYPE_CHECKING:
    from tree_sitter import Node

FILE = ".test-resource-limits.json"
DEFAULTS: dict[str, float] = {
    "maxConcurrentTests": 1,
    "maxRetries": 1,
    "testMs": 30_000,
    "hookMs": 30_000,
    "globalMs": 1_800_000,
}
"""What holds without a limits file (CONTRACT.md section 3); timeouts in ms."""
_SECTIONS = ("resourceLimits", "timeouts")


class LimitProblem(NamedTuple):
    """What is wrong with a limits file, and where."""

    severity: Literal["error", "warning"]
    message: str
    span: Span


class Limit(NamedTuple):
    """One number; `stated` in a file, at `at`, or a default."""

    value: float
    stated: bool = False
    at: Origin = ()


class Limits:
    """The limits that hold for one folder."""

    def __init__(self, stated: dict[str, Limit], source: tuple[str, ...] = ()) -> None:
        self._stated = stated
        self.source = source

    def __getitem__(self, name: str) -> Limit:
        """A limit by its name in the file. Raises KeyError where none is stated and none holds."""
        found = self._stated.get(name)
        return found if found is not None else Limit(DEFAULTS[name])

    def __contains__(self, name: object) -> bool:
        return name in self._stated or name in DEFAULTS


def load_limits(
    workspace: Workspace, folder: str, explicit: Path | None = None
) -> tuple[Limits, list[LimitProblem]]:
    """The limits for a suite in a folder, and what is wrong with the files they come from.

    The root's file and those nearer to the suite are merged; a nearer number above the root's is
    a problem. `explicit` is the user's own file and replaces them all.
    """
    if explicit is not None:
        document = _explicit(explicit)
        if isinstance(document, Unreadable):
            message = f"cannot read the limits file {explicit}: {document.reason}"
            return Limits({}), [LimitProblem("error", message, Span(str(explicit), 0, 0))]
        stated, problems = _read(document)
        return Limits(stated, (str(explicit),)), problems
    merged: dict[str, Limit] = {}
    sources: list[str] = []
    found: list[LimitProblem] = []
    for above in reversed(ancestors(folder)):
        file = posixpath.join(above, FILE)
        outcome = workspace.read(file)
        if isinstance(outcome, Unreadable):
            if outcome.trouble is not Trouble.MISSING:
                message = f"cannot read the limits file {file}: {outcome.reason}"
                found.append(LimitProblem("error", message, Span(file, 0, 0)))
            continue
        stated, problems = _read(outcome)
        found += problems
        found += _above_root(merged, stated, outcome, workspace)
        merged |= stated
        sources.append(file)
    return Limits(merged, tuple(sources)), found


def _explicit(path: Path) -> Document | Unreadable:
    data = read_regular_file(path, str(path), MAX_CONFIG_BYTES)
    if isinstance(data, Unreadable):
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Unreadable(str(path), Trouble.NOT_UTF8, f"it is not UTF-8: byte {error.start + 1}")
    return Document(str(path), data)


def _above_root(
    outer: dict[str, Limit], inner: dict[str, Limit], document: Document, workspace: Workspace
) -> list[LimitProblem]:
    problems: list[LimitProblem] = []
    for name, limit in inner.items():
        above = outer.get(name)
        if above is None or limit.value <= above.value or name.endswith("Ms"):
            continue
        where = above.at[0].file
        source = workspace.read(where)
        line = (
            "" if isinstance(source, Unreadable) else f":{source.position(above.at[0].start).line}"
        )
        message = (
            f"{name} is {limit.value:g} here, above the {above.value:g} of {where}{line}: "
            "a nearer limits file may only lower a limit"
        )
        problems.append(LimitProblem("error", message, limit.at[0]))
    del document
    return problems


def _read(document: Document) -> tuple[dict[str, Limit], list[LimitProblem]]:
    """The numbers of one file and what is wrong with it; one wrong value spoils no other."""
    start = Span(document.file, 0, 0)
    if not document.data.strip():
        message = f"{document.file} is empty: write {{}} for a file without limits"
        return {}, [LimitProblem("error", message, start)]
    parsed = parse(document, "json")
    if isinstance(parsed, BadSyntax):
        message = f"{document.file} is not JSON: {parsed.reason}"
        return {}, [LimitProblem("error", message, parsed.span)]
    comments = [child for child in parsed.root.named_children if child.type == "comment"]
    contents = [child for child in parsed.root.named_children if child.type != "comment"]
    if comments or len(contents) != 1:
        place = parsed.span((comments or contents[1:] or [parsed.root])[0])
        message = f"{document.file} is not strict JSON: comments and second values are not allowed"
        return {}, [LimitProblem("error", message, place)]
    value = _value(parsed, contents[0])
    if not isinstance(value, dict):
        message = f"{document.file} must hold an object, not {_said(value)}"
        return {}, [LimitProblem("error", message, parsed.span(contents[0]))]
    places = dict(_places(parsed, contents[0], ()))
    problems = _unknown_keys(parsed, contents[0], value)
    wrong = _wrong(document, value, places)
    problems += wrong.values()
    stated = {
        name: Limit(number, True, (places[section, name],))
        for section in _SECTIONS
        if isinstance(value.get(section), dict)
        for name, number in value[section].items()
        if (section, name) not in wrong
        and isinstance(number, int | float)
        and name in _known(section)
    }
    return stated, problems


def _known(section: str) -> list[str]:
    return list(_schema()["properties"][section].get("properties", ()))


@cache
def _schema() -> dict[str, Any]:
    path = data_folder("schema") / "resource-limits.schema.json"
    schema: dict[str, Any] = json.loads(path.read_bytes())
    return schema


def _value(parsed: Parsed, node: Node) -> Any:
    try:
        return json.loads(parsed.text(node), parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return None


def _places(parsed: Parsed, node: Node, path: tuple[str, ...]) -> Iterator[tuple[Any, Span]]:
    """The place of every value below an object, by its path of keys."""
    if node.type != "object" or len(path) > 4:
        return
    for pair in node.named_children:
        if pair.type != "pair":
            continue
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None:
            continue
        inner = (*path, parsed.text(key).strip('"'))
        yield inner, parsed.span(value)
        yield from _places(parsed, value, inner)


def _unknown_keys(parsed: Parsed, node: Node, value: dict[str, Any]) -> list[LimitProblem]:
    """Keys that mean nothing here: a warning each, with what was probably meant."""
    problems: list[LimitProblem] = []
    for path, span in _keys(parsed, node, ()):
        known = _schema()["properties"] if len(path) == 1 else _known_below(path[:-1])
        if known is None or path[-1] in known:
            continue
        where = f" in {'.'.join(path[:-1])}" if len(path) > 1 else ""
        problems.append(
            LimitProblem(
                "warning",
                f"unknown key {path[-1]!r}{where}{_meant(path[-1], list(known), path[:-1])}",
                span,
            )
        )
    del value
    return problems


def _known_below(path: tuple[str, ...]) -> dict[str, Any] | None:
    schema = _schema()
    for key in path:
        schema = schema.get("properties", {}).get(key, {})
    properties: dict[str, Any] | None = schema.get("properties")
    return properties


def _keys(
    parsed: Parsed, node: Node, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Span]]:
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if pair.type != "pair" or key is None or value is None:
            continue
        inner = (*path, parsed.text(key).strip('"'))
        yield inner, parsed.span(key)
        if value.type == "object" and len(path) < 4:
            yield from _keys(parsed, value, inner)


def _meant(key: str, known: list[str], path: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, known, 1, 0.7)
    if near:
        return f": did you mean {near[0]!r}?"
    for section, schema in _schema()["properties"].items():
        if (section,) != path and get_close_matches(
            key, list(schema.get("properties", ())), 1, 0.9
        ):
            return f": it belongs in {section!r}"
    return "; it has no effect"


def _wrong(
    document: Document, value: dict[str, Any], places: dict[tuple[str, ...], Span]
) -> dict[tuple[str, ...], LimitProblem]:
    """What does not fit the schema, by its path."""
    if surely_fits(value, _schema()):
        return {}
    from jsonschema import Draft202012Validator

    found: dict[tuple[str, ...], LimitProblem] = {}
    for error in Draft202012Validator(_schema()).iter_errors(value):
        path = tuple(str(step) for step in error.absolute_path)
        known = path
        while known and known not in places:
            known = known[:-1]
        span = places.get(known, Span(document.file, 0, 0))
        name = ".".join(path) or document.file
        found.setdefault(path, LimitProblem("error", f"{name} must be {_expected(error)}", span))
    return found


def _expected(error: Any) -> str:
    """What a value must be instead, in words."""
    schema: dict[str, Any] = error.schema
    if error.validator == "required":
        return f"complete: {error.message}"
    if "enum" in schema:
        return f"one of {', '.join(map(repr, schema['enum']))}, not {_said(error.instance)}"
    kind = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "object": "an object",
        "array": "a list",
        "string": "a text",
    }.get(schema.get("type", ""), "something else")
    bounds: list[str] = []
    if "minimum" in schema:
        bounds.append(f"at least {schema['minimum']}")
    if "exclusiveMinimum" in schema:
        bounds.append(f"above {schema['exclusiveMinimum']}")
    if "maximum" in schema:
        bounds.append(f"at most {schema['maximum']}")
    asked = f"{kind} of {' and '.join(bounds)}" if bounds else kind
    return f"{asked}, not {_said(error.instance)}"


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value if value in ("NaN", "Infinity", "-Infinity") else f"the text {value!r}"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value, default=str)
