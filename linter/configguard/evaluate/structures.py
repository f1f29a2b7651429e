"""Functions of the platform that make or look at objects, arrays and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from configguard.evaluate import calls, known_calls, members, numbers, operators
from configguard.evaluate.values import (
    MAX_ITEMS,
    UNDEFINED,
    Arr,
    Builtin,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.source.span import Span

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Arguments = list[Value]
Meaning = Callable[["Machine", Arguments, Span], Value]
_FEW = 20
"""Members of JSON that nest deeper than this are unknown."""


def _argument(arguments: Arguments, index: int) -> Value:
    return arguments[index] if index < len(arguments) else Known(UNDEFINED)


def _json_parse(machine: Machine, arguments: Arguments, span: Span) -> Value:
    text = operators.to_text(_argument(arguments, 0))
    if isinstance(text, Unknown) or len(arguments) > 1:
        machine.unsure += 1
        return Unknown(text.reason if isinstance(text, Unknown) else "a reviver", (span,))
    try:
        return _from_json(json.loads(text, parse_constant=_no_constant), span, 0)
    except (ValueError, RecursionError):
        return calls.throw("JSON.parse() is given no JSON", span)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _from_json(found: Any, span: Span, depth: int) -> Value:
    if depth > _FEW:
        return Unknown("JSON that nests deeply", (span,))
    if isinstance(found, dict):
        items = found.items()
        return Obj({k: Entry(_from_json(v, span, depth + 1), span) for k, v in items}, (span,))
    if isinstance(found, list):
        return Arr([_from_json(one, span, depth + 1) for one in found], (span,))
    if isinstance(found, bool) or not isinstance(found, int | float):
        return Known(found, (span,))
    try:
        return Known(float(found), (span,))
    except OverflowError:
        return Known(math.copysign(math.inf, found), (span,))


def _array_from(machine: Machine, arguments: Arguments, span: Span) -> Value:
    source = _argument(arguments, 0)
    items = members.iterated(source)
    if isinstance(source, Known) and operators.nullish(source):
        calls.throw("Array.from() is given nothing", span)
    if isinstance(source, Obj) and source.more is None and source.kind is None:
        length = operators.to_number(source.get("length"))
        if isinstance(length, float):
            count = numbers.to_integer(length)
            if count > MAX_ITEMS:
                return Unknown(f"an array of more than {MAX_ITEMS} items", (span,))
            items = [source.get(str(index)) for index in range(int(max(count, 0)))]
    if items is None:
        machine.unsure += 1
        return Unknown("what Array.from() gives is not known", (span,))
    mapper = _argument(arguments, 1)
    if isinstance(mapper, Known) and mapper.value is UNDEFINED:
        return Arr(list(items), (span,))
    given = ([item, Known(float(index))] for index, item in enumerate(items))
    return Arr([calls.call_value(machine, mapper, pair, span) for pair in given], (span,))


def _has_own(machine: Machine, arguments: Arguments, span: Span) -> Value:
    holder = _argument(arguments, 0)
    if isinstance(holder, Obj) and holder.kind is not None:
        name = operators.to_text(_argument(arguments, 1))
        if isinstance(name, str) and holder.more is None:
            return Known(holder.entry(name) is not None, (span,))
    if not isinstance(holder, Obj | Arr):
        machine.unsure += 1
        return Unknown("whether the key is there is not known", (span,))
    return known_calls.has_key(machine, _argument(arguments, 1), holder, span)


def _same(machine: Machine, arguments: Arguments, span: Span) -> Value:
    """`Object.is`: NaN is itself, 0 is not -0."""
    one, other = _argument(arguments, 0), _argument(arguments, 1)
    if isinstance(one, Known) and isinstance(other, Known):
        a, b = one.value, other.value
        if isinstance(a, float) and isinstance(b, float):
            same = math.copysign(1, a) == math.copysign(1, b)
            return Known((math.isnan(a) and math.isnan(b)) or (a == b and same), (span,))
    found = operators.equal(machine, one, other, strict=True)
    return Unknown("the values cannot be compared", (span,)) if found is None else Known(found)


def _is_held(*, frozen: bool) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        del machine
        match _argument(arguments, 0):
            case Obj(more=None) | Arr(more=None) as value:
                held = value.frozen if frozen else value.sealed
                # An object without keys that was only closed for more counts as frozen too.
                if not held and value.sealed:
                    return Unknown("whether a sealed object is frozen", (span,))
                return Known(held, (span,))
            case Known():
                return Known(True, (span,))
            case _:
                return Unknown("whether it is frozen is not known", (span,))

    return meaning


def _array(machine: Machine, arguments: Arguments, span: Span) -> Value:
    """`Array(3)` has holes; with other arguments it is a list of them."""
    del machine
    if len(arguments) == 1 and not isinstance(arguments[0], Arr | Obj | Func):
        return Unknown("an array with holes is not evaluated", (span,))
    if any(isinstance(argument, calls.Unspread | Builtin) for argument in arguments):
        return Unknown("what the array holds is not known", (span,))
    return Arr(list(arguments), (span,))


MEANINGS: dict[str, Meaning] = {
    "json-parse": _json_parse,
    "array-from": _array_from,
    "array": _array,
    "has-own": _has_own,
    "same-value": _same,
    "is-frozen": _is_held(frozen=True),
    "is-sealed": _is_held(frozen=False),
}
