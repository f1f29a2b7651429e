"""The part of schema/rule.schema.json that follows from the vocabulary of rules.

Editors complete the facts of what a rule is over, and its values; `completed` writes them into the
schema, and a test holds the file to it.
"""

from __future__ import annotations

import json
from typing import Any

from configguard.resources import table

Schema = dict[str, Any]
_WIDTH = 140


def completed(schema: Schema) -> Schema:
    """The schema with its generated parts as the vocabulary has them."""
    data = table("ruleset/subjects")
    written = {
        name: one
        for name, one in schema["$defs"].items()
        if not name.startswith(("over-", "is-", "when", "settable"))
    }
    made: Schema = {}
    for over, subject in data["subjects"].items():
        made[f"over-{over}"] = _facts({name: data["facts"][name] for name in subject["facts"]})
    named = {**data["when"], **data["facts"]}
    made["when"] = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            name: {"description": one["what"], "$ref": "#/$defs/wanted"}
            for name, one in named.items()
        },
        "examples": [{"kind": "integration", "limits": "default"}],
    }
    made["settable"] = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            name: {"description": data["facts"][name]["what"], "$ref": "#/$defs/scalar"}
            for name in data["settable"]
        },
        "examples": [{"workers": {"limit": "maxConcurrentTests"}}],
    }
    made["is-origin"] = _constraint("is-origin", {"enum": data["when"]["origin"]["values"]})
    for name, fact in data["facts"].items():
        values = _values(fact)
        if values is not None:
            reference = _reference(name, fact)
            made[reference] = _constraint(reference, values)
    check = written["check"]
    check["allOf"] = [_dispatch({"required": ["over"]}, over, over) for over in data["subjects"]]
    rule_wide = [_dispatch({}, [over], over, checks=True) for over in data["subjects"]]
    several = {"if": {"properties": {"over": {"minItems": 2}}}, "then": {"required": ["checks"]}}
    return {**schema, "allOf": [several, *rule_wide], "$defs": {**written, **made}}


def _facts(facts: Schema) -> Schema:
    """The object of constraints for the facts of one `over`."""
    properties: Schema = {}
    for name, fact in facts.items():
        reference = f"#/$defs/{_reference(name, fact)}"
        properties[name] = {"description": fact["what"], "$ref": reference}
    for name in facts:
        told = f"where {name} comes from"
        properties[f"{name}.origin"] = {"description": told, "$ref": "#/$defs/is-origin"}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _reference(name: str, fact: Schema) -> str:
    if fact["type"] == "boolean":
        return "is-boolean"
    return f"is-{name}" if "values" in fact else "constraint"


def _values(fact: Schema) -> Schema | None:
    """What a closed fact may be compared with; None for one that may be anything."""
    if fact["type"] == "boolean":
        return {"type": "boolean"}
    return {"enum": fact["values"]} if "values" in fact else None


def _constraint(name: str, values: Schema) -> Schema:
    inner = {"$ref": f"#/$defs/{name}"}
    some = {"type": "array", "minItems": 1}
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "const": {"description": "The value is this.", **values},
            "enum": {"description": "The value is one of these.", **some, "items": values},
            "not": {"description": "The value does not meet this.", **inner},
            "anyOf": {"description": "The value meets one of these.", **some, "items": inner},
            "allOf": {"description": "The value meets all of these.", **some, "items": inner},
        },
    }


def _dispatch(also: Schema, wanted: Any, over: str, *, checks: bool = False) -> Schema:
    """`if` it is over this, `then` its facts are those."""
    facts = {"$ref": f"#/$defs/over-{over}"}
    pair: Schema = {"applies": facts, "require": facts}
    if checks:
        pair["checks"] = {"items": {"properties": dict(pair)}}
    return {
        "if": {**also, "properties": {"over": {"const": wanted}}},
        "then": {"properties": pair},
    }


def as_text(value: Any, indent: int = 0) -> str:
    """JSON with what fits on one line on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, list):
        parts = [f"{inner}{as_text(one, indent + 2)}" for one in value]
        opening, closing = "[", "]"
    else:
        parts = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {as_text(one, indent + 2)}"
            for key, one in value.items()
        ]
        opening, closing = "{", "}"
    body = ",\n".join(parts)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"
