"""The meanings that known_calls.yaml names: what known functions of the platform compute."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from configguard.evaluate import calls, known_calls, merging, numbers, operators, playwright_define
from configguard.evaluate.cpus import CPUS, ROUNDINGS, CpuExpression, bounded, rounded
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Entry,
    Func,
    Known,
    Obj,
    Promised,
    Unknown,
    Value,
    settled,
)
from configguard.source.span import Origin, Span, chain

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Arguments = list[Value]
Meaning = Callable[["Machine", Arguments, Span], Value]


def first(arguments: Arguments) -> Value:
    return arguments[0] if arguments else Known(UNDEFINED)


def joined(span: Span, *values: Value) -> Origin:
    return chain((span,), *(value.origin for value in values))


def _number(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    value = operators.to_number(arguments[0]) if arguments else 0.0
    origin = joined(span, *arguments)
    match value:
        case float():
            return Known(value, origin)
        case Cpus():
            return Cpus(value.expression, origin)
        case Unknown():
            return Unknown(value.reason, origin)


def text_of(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    text = operators.to_text(arguments[0]) if arguments else ""
    origin = joined(span, *arguments)
    return Unknown(text.reason, origin) if isinstance(text, Unknown) else Known(text, origin)


def _boolean(machine: Machine, arguments: Arguments, span: Span) -> Value:
    value = first(arguments)
    shown = "the value given to Boolean()"
    return Known(operators.truth(machine, value, span, shown), joined(span, value))


def _parse_int(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    origin = joined(span, *arguments)
    text = operators.to_text(first(arguments))
    radix = operators.to_number(arguments[1]) if len(arguments) > 1 else 0.0
    if isinstance(text, Unknown):
        return Unknown(text.reason, origin)
    if not isinstance(radix, float):
        return Unknown("the radix is not known", origin)
    return Known(numbers.parse_int(text, numbers.to_int32(radix)), origin)


def _parse_float(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    origin = joined(span, *arguments)
    text = operators.to_text(first(arguments))
    if isinstance(text, Unknown):
        return Unknown(text.reason, origin)
    return Known(numbers.parse_float(text), origin)


def _test_number(test: Callable[[float], bool]) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        value = _number(machine, arguments or [Known(math.nan)], span)
        if isinstance(value, Known) and isinstance(value.value, float):
            return Known(test(value.value), value.origin)
        reason = value.reason if isinstance(value, Unknown) else "it depends on the machine"
        return Unknown(reason, value.origin)

    return meaning


def _own_number(test: Callable[[float], bool]) -> Meaning:
    """`Number.isInteger(value)` and its like: false for all that is no number."""
    converted = _test_number(test)

    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        value = first(arguments)
        if operators.type_of(value) not in ("number", None):
            return Known(False, joined(span, value))
        return converted(machine, arguments, span)

    return meaning


def _extreme(name: str) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        origin = joined(span, *arguments)
        operands: list[CpuExpression | float] = []
        for value in arguments:
            number = operators.to_number(value)
            if isinstance(number, Unknown):
                return Unknown(number.reason, origin)
            operands.append(number.expression if isinstance(number, Cpus) else number)
        fixed = [operand for operand in operands if isinstance(operand, float)]
        if any(math.isnan(number) for number in fixed):
            return Known(math.nan, origin)
        if len(fixed) < len(operands):
            return Cpus(bounded(name, operands), origin)
        del machine
        choose = max if name == "max" else min
        return Known(choose(fixed, default=-math.inf if name == "max" else math.inf), origin)

    return meaning


def _rounding(name: str) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        value = _number(machine, arguments or [Known(math.nan)], span)
        if isinstance(value, Cpus):
            return Cpus(rounded(name, value.expression), value.origin)
        if isinstance(value, Known) and isinstance(value.value, float):
            return Known(ROUNDINGS[name](value.value), value.origin)
        return value

    return meaning


def _absolute(machine: Machine, arguments: Arguments, span: Span) -> Value:
    value = _number(machine, arguments or [Known(math.nan)], span)
    if isinstance(value, Known) and isinstance(value.value, float):
        return Known(abs(value.value), value.origin)
    return value


def entries_of(value: Value) -> list[tuple[str, Entry]] | None:
    """The own properties of an object or array in order; None where they are not all known."""
    if isinstance(value, Arr) and value.more is None:
        place = value.origin[0] if value.origin else Span("", 0, 0)
        return [
            (str(index), Entry(item, (item.origin or (place,))[0]))
            for index, item in enumerate(value.items)
        ]
    if not isinstance(value, Obj) or value.more is not None:
        return None
    from configguard.evaluate.objects import ordered

    pairs = ((key, value.entry(key)) for key in ordered(value.entries))
    return [(key, entry) for key, entry in pairs if entry is not None]


def _listing(item: Callable[[str, Entry], Value]) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        del machine
        given = first(arguments)
        if isinstance(given, Known) and operators.nullish(given):
            return calls.throw("Cannot convert undefined or null to object", span)
        if isinstance(given, Known) and not isinstance(given.value, str):
            return Arr([], (span,))
        entries = entries_of(given)
        if entries is None:
            return Unknown("the keys of the object are not all known", (span,))
        return Arr([item(key, entry) for key, entry in entries], (span,))

    return meaning


def _from_entries(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    pairs = first(arguments)
    if not isinstance(pairs, Arr) or pairs.more is not None:
        return Unknown("the entries are not all known", (span,))
    made = Obj({}, (span,))
    for pair in pairs.items:
        name = operators.to_text(pair.items[0]) if isinstance(pair, Arr) and pair.items else None
        if not isinstance(name, str) or not isinstance(pair, Arr) or len(pair.items) < 2:
            return Unknown("the entries are not all known", (span,))
        made.set(name, Entry(pair.items[1], (pair.items[1].origin or (span,))[0]))
    return made


def _copy(machine: Machine, arguments: Arguments, span: Span) -> Value:
    made_of: dict[int, Value] = {}
    made = copied(first(arguments), span, made_of)
    # Something that is not known may be a function, which cannot be copied.
    parts = (made, *made_of.values())
    machine.unsure += any(isinstance(part, Unknown) or _has_more(part) for part in parts)
    return made


def _has_more(value: Value) -> bool:
    return isinstance(value, Obj | Arr) and value.more is not None


def copied(value: Value, span: Span, made_of: dict[int, Value]) -> Value:
    """A deep copy that shares nothing changeable; what is met twice is copied once."""
    if id(value) in made_of:
        return made_of[id(value)]
    if isinstance(value, Obj):
        made = Obj({}, value.origin, value.more)
        made_of[id(value)] = made
        for key in list(value.entries):
            entry = value.entry(key)
            if entry is not None:
                inner = copied(entry.value, span, made_of)
                made.set(key, Entry(inner, entry.expression, entry.key, entry.whole, entry.via))
        return made
    if isinstance(value, Arr):
        array = Arr([], value.origin, value.more)
        made_of[id(value)] = array
        array.items += [copied(item, span, made_of) for item in value.items]
        return array
    if isinstance(value, Func | Promised):
        return calls.throw("it cannot be cloned", span)
    if isinstance(value, Unknown):
        made_of[id(value)] = value
    return value


def _define_property(machine: Machine, arguments: Arguments, span: Span) -> Value:
    """`Object.defineProperty()` as compilers write it: `__esModule`, and getters of exports."""
    target, key, how = [*arguments, *[Known(UNDEFINED)] * 3][:3]
    name = operators.to_text(key)
    lost = Unknown("Object.defineProperty() may have changed it", (span,))
    if not isinstance(target, Obj):
        return lost
    machine.writes(target.born)
    plain = not (target.frozen or target.sealed or target.lasting or target.kind is not None)
    if isinstance(name, str) and isinstance(how, Obj) and how.more is None and plain:
        on = [key for key in ("enumerable", "writable", "configurable") if _is_true(how.get(key))]
        read = how.get("get")
        accessors = {"get", "set"} & how.entries.keys()
        if not accessors and (name == "__esModule" or len(on) == 3):
            target.set(name, Entry(how.get("value"), span))
            return target
        if isinstance(read, Func) and accessors == {"get"} and "enumerable" in on:
            getter = lambda: calls.call_function(machine, read, [], span, this=target)  # noqa: E731
            target.set(name, Entry(getter, span))
            return target
    target.clobber(lost)
    return lost


def _is_true(value: Value) -> bool:
    return isinstance(value, Known) and value.value is True


def _promise_all(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    listed = first(arguments)
    if not isinstance(listed, Arr):
        return Unknown("what is waited for is not known", (span,))
    return Promised(Arr([settled(item) for item in listed.items], (span,), listed.more), (span,))


def _exit(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine, arguments
    return calls.throw("process.exit() ends it", span)


def _first_argument(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine, span
    return first(arguments)


def _vite_merge(machine: Machine, arguments: Arguments, span: Span) -> Value:
    padded = [*arguments, Known(UNDEFINED), Known(UNDEFINED)]
    return merging.vite_merge(machine, padded[0], padded[1], span)


def _deep_merge(machine: Machine, arguments: Arguments, span: Span) -> Value:
    if len(arguments) > 2:
        return Unknown("a merge with options is not evaluated", (span,))
    padded = [*arguments, Known(UNDEFINED), Known(UNDEFINED)]
    return merging.deep_merge(machine, padded[0], padded[1], span)


def _deep_merge_all(machine: Machine, arguments: Arguments, span: Span) -> Value:
    listed = first(arguments)
    if len(arguments) != 1 or not isinstance(listed, Arr) or listed.more or not listed.items:
        return Unknown("what is merged is not known", (span,))
    made: Value = Obj({}, (span,))
    for item in listed.items:
        made = merging.deep_merge(machine, made, item, span)
    return made


def _playwright_define(machine: Machine, arguments: Arguments, span: Span) -> Value:
    return playwright_define.playwright_define(machine, arguments, span)


MEANINGS: dict[str, Meaning] = {
    "number": _number,
    "text": text_of,
    "boolean": _boolean,
    "parse-int": _parse_int,
    "parse-float": _parse_float,
    "is-nan": _test_number(math.isnan),
    "number-is-nan": _own_number(math.isnan),
    "number-is-integer": _own_number(lambda number: number.is_integer()),
    "number-is-safe-integer": _own_number(
        lambda number: number.is_integer() and abs(number) < 2**53
    ),
    "number-is-finite": _own_number(math.isfinite),
    "is-finite": _test_number(math.isfinite),
    "maximum": _extreme("max"),
    "minimum": _extreme("min"),
    "floor": _rounding("floor"),
    "ceil": _rounding("ceil"),
    "round": _rounding("round"),
    "trunc": _rounding("trunc"),
    "absolute": _absolute,
    "first-argument": _first_argument,
    "keys": _listing(lambda key, entry: Known(key, (entry.key,))),
    "values": _listing(lambda key, entry: entry.value),
    "entries": _listing(lambda key, entry: Arr([Known(key, (entry.key,)), entry.value])),
    "from-entries": _from_entries,
    "is-array": lambda machine, arguments, span: (
        Unknown(value.reason, (span,))
        if isinstance(value := first(arguments), Unknown)
        else Known(isinstance(value, Arr), (span,))
    ),
    "array-of": lambda machine, arguments, span: Arr(list(arguments), (span,)),
    "copy": _copy,
    "promised": lambda machine, arguments, span: Promised(settled(first(arguments)), (span,)),
    "promise-all": _promise_all,
    "define-property": _define_property,
    "cpu-list": lambda machine, arguments, span: Builtin("os.cpus()", (span,)),
    "cpu-count": lambda machine, arguments, span: Cpus(CPUS, (span,)),
    "platform": lambda machine, arguments, span: known_calls.spanned(
        machine.world.platform(), span
    ),
    "machine-path": lambda machine, arguments, span: Unknown("a path of the machine", (span,)),
    "exit": _exit,
    "vite-merge": _vite_merge,
    "deep-merge": _deep_merge,
    "deep-merge-all": _deep_merge_all,
    "playwright-test": lambda machine, arguments, span: Builtin("@playwright/test.test", (span,)),
    "playwright-expect": lambda machine, arguments, span: Builtin(
        "@playwright/test.expect", (span,)
    ),
    "require": lambda machine, arguments, span: Builtin("require", (span,)),
    "playwright-define": _playwright_define,
}
