"""Functions of the platform that make or look at objects, arrays and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from configguard.evaluate import calls, known_calls, members, merging, numbers, objects, operators
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


def _assign(machine: Machine, arguments: Arguments, span: Span) -> Value:
    target = _argument(arguments, 0)
    if isinstance(target, Builtin) and target.path == "process.env":
        machine.forget_variables("Object.assign() on process.env", span)
        return target
    if isinstance(target, Known) and operators.nullish(target):
        return calls.throw("Cannot convert undefined or null to object", span)
    if not isinstance(target, Obj):
        if isinstance(target, Arr):
            machine.writes(target.born)
            target.clobber(Unknown("Object.assign() changes it", (span,)))
        return Unknown("Object.assign() on something that is no plain object", (span,))
    machine.writes(target.born)
    if target.lasting:
        return target
    for source in arguments[1:]:
        if (target.frozen or target.sealed) and not (
            isinstance(source, Obj) and not source.entries
        ):
            if target.frozen and isinstance(source, Obj) and source.more is None:
                return calls.throw("Cannot assign to a property of a frozen object", span)
            machine.unsure += 1
            return Unknown("Object.assign() on a sealed object", (span,))
        if _meets_accessor(target, source):
            machine.unsure += 1
            target.clobber(Unknown("Object.assign() may call a setter", (span,)))
        objects.spread(machine, target, source, span)
        if isinstance(source, Obj):
            target.sites = merging.joined_sites(target, source)
    return target


def _meets_accessor(target: Obj, source: Value) -> bool:
    """Whether a key that is assigned may be read and written by functions."""
    if target.kind is not None:
        return True
    entries = target.entries.items()
    keys = {key for key, entry in entries if isinstance(entry, Entry) and entry.is_getter}
    if not isinstance(source, Obj) or source.more is not None:
        return bool(keys) and not isinstance(source, Known)
    return not keys.isdisjoint(source.entries)


def _hold(*, frozen: bool) -> Meaning:
    """`Object.freeze(value)` and `Object.seal(value)`: what changes it later throws."""

    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        value = _argument(arguments, 0)
        target = value.kind.statics if isinstance(value, Func) and value.kind else value
        if isinstance(target, Obj | Arr):
            machine.writes(target.born)
            target.frozen = target.frozen or frozen
            target.sealed = True
        return value if not isinstance(value, Unknown) else Unknown(value.reason, (span,))

    return meaning


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
    "assign": _assign,
    "freeze": _hold(frozen=True),
    "seal": _hold(frozen=False),
    "json-parse": _json_parse,
    "array-from": _array_from,
    "array": _array,
    "has-own": _has_own,
    "same-value": _same,
    "is-frozen": _is_held(frozen=True),
    "is-sealed": _is_held(frozen=False),
}
