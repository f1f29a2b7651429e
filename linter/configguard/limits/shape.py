"""A value and its JSON Schema: whether it fits, and what of it does not, in words.

jsonschema costs 95 ms to import; it is asked only where the quick look says "not sure".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from jsonschema import ValidationError

MOST_TOLD = 20
"""Faults told of one value, of each sort: a hostile file could hold a hundred thousand."""
_LONGEST_KEY = 60
_ANNOTATIONS = frozenset(("$defs", "$comment", "title", "description", "examples", "default"))

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]


class Misfit(NamedTuple):
    """What is wrong in a value, and the way there: keys and 0-based indexes."""

    path: Path
    message: str


def surely_fits(value: Any, schema: Schema) -> bool:
    """Whether a value surely fits; False also where the schema says what is not known here."""
    try:
        return _fits(value, schema, schema)
    except (RecursionError, re.error):
        return False


def misfits(value: Any, schema: Schema, object_word: str = "an object") -> list[Misfit]:
    """What does not fit the schema; the first MOST_TOLD, one for each place.

    `object_word`: what the format calls a value with keys.
    """
    if surely_fits(value, schema):
        return []
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry

    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": lambda _, one: _is_number(one), "integer": lambda _, one: _is_integer(one)}
    )
    finite = extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]
    # An empty registry: whatever a schema refers to, nothing is ever fetched.
    validator = finite(schema, registry=Registry())
    found: dict[Path, Misfit] = {}
    try:
        for error in islice(validator.iter_errors(value), MOST_TOLD):
            path = tuple(error.absolute_path)
            found.setdefault(path, Misfit(path, _fault(path, error, object_word)))
    except RecursionError:  # jsonschema writes down what does not fit
        found[()] = Misfit((), "the file is nested too deeply")
    return list(found.values())


def unknown_keys(value: Any, schema: Schema) -> list[Misfit]:
    """The keys that the schema does not list, each with what was probably meant."""
    found = _unlisted((), value, schema, schema)
    told = [
        Misfit((*path, key), _meant(path, key, listed, schema))
        for path, key, listed in islice(found, MOST_TOLD)
    ]
    rest = sum(1 for _ in found)
    if rest:
        told[-1] = told[-1]._replace(message=f"{told[-1].message} (and {rest} more unknown keys)")
    return told


def shown(value: Any) -> str:
    """A value as JSON, cut short, fit for a message whatever it holds."""
    short = value[:80] if isinstance(value, str) else value
    text = json.dumps(short, ensure_ascii=False, default=str)  # TOML has dates
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 60 else f"{text[:59]}…"


def said(value: Any, object_word: str = "an object") -> str:
    """A value in words: `the text "3"`, `a list`, `3`."""
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, dict):
        return object_word
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return shown(value)


def _is_number(value: Any) -> bool:
    # 1e999 is valid JSON, and infinite once it is read: no limit at all.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and (isinstance(value, int) or math.isfinite(value))
    )


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _fits(value: Any, schema: Any, root: Schema) -> bool:
    if not isinstance(schema, Mapping):
        return schema is True
    return all(
        word in _ANNOTATIONS
        or (word in ("$id", "$schema") and schema is root)
        or _fits_word(value, word, operand, schema, root)
        for word, operand in schema.items()
    )


def _fits_word(value: Any, word: str, operand: Any, schema: Schema, root: Schema) -> bool:
    match word:
        case "type":
            names = [operand] if isinstance(operand, str) else operand
            return any(name in _TYPES and _TYPES[name](value) for name in names)
        case "const":
            return _same(operand, value)
        case "enum":
            return any(_same(one, value) for one in operand)
        case "$ref":
            target = _referred(operand, root)
            return target is not None and _fits(value, target, root)
    compare = _BOUNDS.get(word)
    if compare is not None:
        # Other types meet a bound in JSON Schema; what we ask of them stands in `type`.
        return not isinstance(value, int | float) or (_is_number(value) and compare(value, operand))
    if word in ("properties", "required", "additionalProperties"):
        return not isinstance(value, dict) or _fits_object(value, word, operand, schema, root)
    if word in ("items", "minItems"):
        if not isinstance(value, list):
            return True
        if word == "minItems":
            return bool(len(value) >= operand)
        return "prefixItems" not in schema and all(_fits(one, operand, root) for one in value)
    if word in ("pattern", "minLength"):
        if not isinstance(value, str):
            return True
        if word == "minLength":
            return bool(len(value) >= operand)
        return re.search(operand, value) is not None
    return False


_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: bool(value >= bound),
    "maximum": lambda value, bound: bool(value <= bound),
    "exclusiveMinimum": lambda value, bound: bool(value > bound),
    "exclusiveMaximum": lambda value, bound: bool(value < bound),
}


def _fits_object(
    value: dict[str, Any], word: str, operand: Any, schema: Schema, root: Schema
) -> bool:
    if word == "required":
        return all(key in value for key in operand)
    if word == "properties":
        return all(_fits(value[key], inner, root) for key, inner in operand.items() if key in value)
    listed = schema.get("properties", {})
    return "patternProperties" not in schema and all(
        _fits(inner, operand, root) for key, inner in value.items() if key not in listed
    )


def _same(one: Any, other: Any) -> bool:
    """Whether two scalars are surely equal: true is not 1, and 1 is 1.0."""
    if isinstance(one, dict | list) or isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other)


def _referred(reference: Any, root: Schema) -> Any:
    """The schema that `#/$defs/name` names; None for any other reference."""
    named = re.fullmatch(r"#/\$defs/([\w-]+)", reference) if isinstance(reference, str) else None
    return root.get("$defs", {}).get(named[1]) if named else None


def _resolved(schema: Any, root: Schema) -> Schema:
    found = _referred(schema.get("$ref"), root) if isinstance(schema, Mapping) else None
    schema = schema if found is None else found
    return schema if isinstance(schema, Mapping) else {}


def _fault(path: Path, error: ValidationError, object_word: str) -> str:
    """One error of jsonschema as a sentence: what must stand there, and what does."""
    name = _name(path)
    operand, value = cast("Any", error.validator_value), cast("Any", error.instance)
    if error.validator == "required":
        lacking = next(key for key in operand if key not in value)
        return f"{name} lacks the key {lacking!r}"
    schema = cast("Schema", error.schema)
    wanted = _expected(schema, object_word)
    return f"{name} must be {wanted}, not {said(value, object_word)}"


_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "string": "a text",
    "null": "null",
}
_DEMANDS = (
    ("minimum", "of at least {}"),
    ("exclusiveMinimum", "above {}"),
    ("exclusiveMaximum", "below {}"),
    ("maximum", "at most {}"),
    ("minItems", "with at least {} in it"),
    ("minLength", "with at least {} in it"),
    ("pattern", "that matches {}"),
)


def _expected(schema: Schema, object_word: str) -> str:
    """What a schema asks for: `a whole number of at least 1`."""
    if "enum" in schema:
        return f"one of {', '.join(shown(one) for one in schema['enum'])}"
    if "const" in schema:
        return shown(schema["const"])
    types = schema.get("type", ())
    words = {**_NAMES, "object": object_word}
    names = [words[name] for name in ([types] if isinstance(types, str) else types)]
    demands = [text.format(schema[word]) for word, text in _DEMANDS if word in schema]
    kind = " or ".join(names) or "another value"
    return f"{kind} {' and '.join(demands)}" if demands else kind


def _name(path: Path) -> str:
    """How people call a place: `maxRetries` in its section, `monitoring.logs[0].path` below."""
    if len(path) == 2 and isinstance(path[1], str):
        return _cut(path[1])
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_cut(step)}" for step in path)
    return text.removeprefix(".") or "the file"


def _cut(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY and key.isprintable() else shown(key)


def _unlisted(
    path: Path, value: Any, schema: Any, root: Schema
) -> Iterator[tuple[Path, str, list[str]]]:
    """Each key that no `properties` lists, with those that are."""
    schema = _resolved(schema, root)
    if isinstance(value, list):
        for index, one in enumerate(value if "items" in schema else ()):
            yield from _unlisted((*path, index), one, schema["items"], root)
    if not isinstance(value, dict) or "properties" not in schema:
        return
    for key, inner in value.items():
        if key in schema["properties"]:
            yield from _unlisted((*path, key), inner, schema["properties"][key], root)
        else:
            yield path, key, list(schema["properties"])


def _meant(path: Path, key: str, listed: list[str], schema: Schema) -> str:
    """What an unknown key is told: where it belongs, or which known one is near."""
    here = f"in {_name(path)}" if path else "at the top level"
    places = {"at the top level": list(schema.get("properties", ()))}
    for section, inner in schema.get("properties", {}).items():
        places[f"in {section}"] = list(_resolved(inner, schema).get("properties", ()))
    for place, keys in places.items():
        if key in keys:
            return f"{key} stands {here}, where it has no effect: it belongs {place}"
    unknown = f"unknown key {_quoted(key)} {here}"
    near = _near(key, listed)
    if near:
        return f"{unknown}: did you mean {near!r}?"
    for place, keys in places.items():
        near = _near(key, keys)
        if near:
            return f"{unknown}: did you mean {near!r} {place}?"
    return f"{unknown}: it has no effect; known here are {', '.join(listed)}"


def _quoted(key: str) -> str:
    return f"'{key}'" if key == _cut(key) else shown(key)


def _near(key: str, known: list[str]) -> str | None:
    """The known key that this one is a slip of; case, `_` and `-` do not count."""
    if len(key) > _LONGEST_KEY:
        return None
    from difflib import get_close_matches

    folded = {re.sub("[_-]", "", one).lower(): one for one in known}
    found = get_close_matches(re.sub("[_-]", "", key).lower(), folded, 1, 0.75)
    return folded[found[0]] if found else None
