"""A quick look at whether a value surely fits a schema.

jsonschema costs 95 ms to import; it is asked only where this says "not sure".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IGNORED = frozenset({"$schema", "$id", "title", "description", "examples", "default"})
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


def surely_fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value fits; False also where the schema uses a word that is not known here."""
    return all(
        word in _IGNORED or _fits_word(value, word, operand, schema)
        for word, operand in schema.items()
    )


def _fits_word(value: Any, word: str, operand: Any, schema: Mapping[str, Any]) -> bool:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    match word:
        case "type":
            if operand in ("number", "integer") and isinstance(value, bool):
                return False
            expected = _TYPES.get(operand) if isinstance(operand, str) else None
            return expected is not None and isinstance(value, expected)
        case "properties":
            return not isinstance(value, dict) or all(
                surely_fits(value[key], inner) for key, inner in operand.items() if key in value
            )
        case "required":
            return not isinstance(value, dict) or all(key in value for key in operand)
        case "items":
            return not isinstance(value, list) or all(surely_fits(one, operand) for one in value)
        case "minItems":
            return not isinstance(value, list) or len(value) >= operand
        case "minimum":
            return not numeric or value >= operand
        case "exclusiveMinimum":
            return not numeric or value > operand
        case "maximum":
            return not numeric or value <= operand
        case "enum":
            return any(type(one) is type(value) and one == value for one in operand)
    del schema
    return False
