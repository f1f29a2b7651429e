"""What calls of the platform and of packages give, by the table in known_calls.yaml."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from configguard.evaluate import calls, merging, numbers, operators
from configguard.evaluate.cpus import CPUS, ROUNDINGS, CpuExpression, bounded, rounded
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Entry,
    EnvString,
    Func,
    Known,
    Obj,
    Promised,
    Undefined,
    Unknown,
    Value,
    settled,
)
from configguard.resources import table
from configguard.source.span import Origin, Span, chain

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Arguments = list[Value]
Meaning = Callable[["Machine", Arguments, Span], Value]


def _table() -> dict[str, Any]:
    return table("evaluate/known_calls")


def of_global(machine: Machine, name: str, span: Span) -> Value:
    """A name that the file does not bind."""
    if name == "Infinity":
        return Known(math.inf, (span,))
    if name == "NaN":
        return Known(math.nan, (span,))
    if name in ("__dirname", "__filename"):
        return Unknown(f"{name} is a path of the machine", (span,))
    del machine
    if name in _table()["globals"]:
        return Builtin(name, (span,))
    return Unknown(f"{name} is not defined in this file", (span,))


def of_import_meta(text: str, span: Span) -> Value:
    """`import.meta.…`, whose parts are paths of the machine or set by the loader."""
    return Unknown(f"{text} is known only when it runs", (span,))


def of_package(package: str, export: str, span: Span) -> Value:
    """What a package (or Node module) exports under a name; `*` is all of it."""
    package = package.removeprefix("node:")
    if export == "*" or (export == "default" and package in _table()["namespaces"]):
        return Builtin(package, (span,), certain=True)
    return of_path(f"{package}.{export}", span)


def of_path(path: str, span: Span) -> Value:
    """A known value, a known function, or something of a package that is not known."""
    known = _table()
    if path in known["values"]:
        value = known["values"][path]
        if isinstance(value, str | dict):
            return Builtin(path, (span,))
        return Known(float(value), (span,))
    return Builtin(path, (span,), certain=path in known["functions"])


def of_member(machine: Machine, path: str, name: str, span: Span) -> Value:
    """`path.name`: a variable of the environment, a known value, or a further path."""
    special = _table()["values"].get(path)
    if special == "environment":
        assigned = machine.variables.get(name)
        return assigned if assigned is not None else _spanned(machine.world.variable(name), span)
    if path == "os.cpus()":
        if name == "length":
            return Cpus(CPUS, (span,))
        return Unknown("what CPUs the machine has is not known", (span,))
    found = of_path(f"{path}.{name}", span)
    if isinstance(found, Builtin):
        return special_value(machine, found, span)
    return found


def special_value(machine: Machine, found: Builtin, span: Span) -> Value:
    """The value of a path whose worth depends on the world, else the path itself."""
    special = _table()["values"].get(found.path)
    if special == "platform":
        return _spanned(machine.world.platform(), span)
    if isinstance(special, dict) and "variable-is-set" in special:
        value = machine.world.variable(special["variable-is-set"])
        text = value.value if isinstance(value, Known) else "set"
        is_set = bool(text) and text is not UNDEFINED and text != "false"
        return Known(is_set, (span,))
    return found


def of_prototype(name: str, span: Span) -> Value:
    """A property that a plain object does not hold itself."""
    if name in ("hasOwnProperty", "toString", "valueOf", "constructor"):
        return Unknown(f"{name} is not evaluated", (span,))
    return Known(UNDEFINED, (span,))


def has_key(machine: Machine, key: Value, holder: Value, span: Span) -> Value:
    """`key in holder`."""
    name = operators.to_text(key)
    if isinstance(name, Unknown):
        return Unknown(name.reason, (span,))
    if isinstance(holder, Builtin) and _table()["values"].get(holder.path) == "environment":
        value = of_member(machine, holder.path, name, span)
        if isinstance(value, Unknown):
            return value
        return Known(not (isinstance(value, Known) and value.value is UNDEFINED), (span,))
    if isinstance(holder, Obj):
        if holder.entry(name) is not None:
            return Known(True, (span,))
        if holder.more is None:
            return Known(False, (span,))
    return Unknown("whether the key is there is not known", (span,))


def harmless(function: str) -> bool:
    """Whether a call for its effect surely leaves its arguments as they are."""
    return function in _table()["harmless"]


def call_builtin(machine: Machine, callee: Builtin, arguments: Arguments, span: Span) -> Value:
    """Call something of the platform or of a package."""
    meaning = _table()["functions"].get(callee.path)
    if meaning is not None:
        return _MEANINGS[meaning](machine, arguments, span)
    wrapped = [value for value in arguments if isinstance(value, Obj) and "test" in value.entries]
    if len(wrapped) == 1 and not callee.certain:
        machine.assume(f"{callee.path}() is assumed not to change load settings", span)
        return wrapped[0]
    return Unknown(f"what {callee.path}() gives is not known", chain((span,), callee.origin))


def _spanned(value: Value, span: Span) -> Value:
    match value:
        case Known():
            return Known(value.value, (span,))
        case EnvString():
            return EnvString(value.name, (span,))
        case _:
            value.origin = (span,)
            return value


def _first(arguments: Arguments) -> Value:
    return arguments[0] if arguments else Known(UNDEFINED)


def _origin(span: Span, *values: Value) -> Origin:
    return chain((span,), *(value.origin for value in values))


def _number(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    value = operators.to_number(arguments[0]) if arguments else 0.0
    origin = _origin(span, *arguments)
    match value:
        case float():
            return Known(value, origin)
        case Cpus():
            return Cpus(value.expression, origin)
        case Unknown():
            return Unknown(value.reason, origin)


def _text(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    text = operators.to_text(arguments[0]) if arguments else ""
    origin = _origin(span, *arguments)
    return Unknown(text.reason, origin) if isinstance(text, Unknown) else Known(text, origin)


def _boolean(machine: Machine, arguments: Arguments, span: Span) -> Value:
    value = _first(arguments)
    shown = "the value given to Boolean()"
    return Known(operators.truth(machine, value, span, shown), _origin(span, value))


def _parse_int(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    origin = _origin(span, *arguments)
    text = operators.to_text(_first(arguments))
    radix = operators.to_number(arguments[1]) if len(arguments) > 1 else 0.0
    if isinstance(text, Unknown):
        return Unknown(text.reason, origin)
    if not isinstance(radix, float):
        return Unknown("the radix is not known", origin)
    return Known(numbers.parse_int(text, numbers.to_int32(radix)), origin)


def _parse_float(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    origin = _origin(span, *arguments)
    text = operators.to_text(_first(arguments))
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


def _extreme(name: str) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        origin = _origin(span, *arguments)
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


def _assign(machine: Machine, arguments: Arguments, span: Span) -> Value:
    from configguard.evaluate.expressions import spread

    target = _first(arguments)
    del machine
    if not isinstance(target, Obj):
        return Unknown("Object.assign() on something that is no plain object", (span,))
    for source in arguments[1:]:
        spread(target, source, span)
        if isinstance(source, Obj):
            target.sites += source.sites
    return target


def _entries_of(value: Value) -> list[tuple[str, Entry]] | None:
    if not isinstance(value, Obj) or value.more is not None:
        return None
    pairs = ((key, value.entry(key)) for key in list(value.entries))
    return [(key, entry) for key, entry in pairs if entry is not None]


def _listing(item: Callable[[str, Entry], Value]) -> Meaning:
    def meaning(machine: Machine, arguments: Arguments, span: Span) -> Value:
        del machine
        entries = _entries_of(_first(arguments))
        if entries is None:
            return Unknown("the keys of the object are not all known", (span,))
        return Arr([item(key, entry) for key, entry in entries], (span,))

    return meaning


def _from_entries(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine
    pairs = _first(arguments)
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
    del machine
    return copied(_first(arguments), span)


def copied(value: Value, span: Span) -> Value:
    """A deep copy that shares nothing changeable."""
    if isinstance(value, Obj):
        made = Obj({}, value.origin, value.more)
        for key in list(value.entries):
            entry = value.entry(key)
            if entry is not None:
                inner = copied(entry.value, span)
                made.set(key, Entry(inner, entry.expression, entry.key, entry.whole, entry.via))
        return made
    if isinstance(value, Arr):
        return Arr([copied(item, span) for item in value.items], value.origin, value.more)
    return value


def _exit(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine, arguments
    return calls.throw("process.exit() ends it", span)


def _first_argument(machine: Machine, arguments: Arguments, span: Span) -> Value:
    del machine, span
    return _first(arguments)


def _vite_merge(machine: Machine, arguments: Arguments, span: Span) -> Value:
    padded = [*arguments, Known(UNDEFINED), Known(UNDEFINED)]
    return merging.vite_merge(machine, padded[0], padded[1], span)


_MEANINGS: dict[str, Meaning] = {
    "number": _number,
    "text": _text,
    "boolean": _boolean,
    "parse-int": _parse_int,
    "parse-float": _parse_float,
    "is-nan": _test_number(math.isnan),
    "is-integer": _test_number(lambda number: number.is_integer()),
    "is-finite": _test_number(math.isfinite),
    "maximum": _extreme("max"),
    "minimum": _extreme("min"),
    "floor": _rounding("floor"),
    "ceil": _rounding("ceil"),
    "round": _rounding("round"),
    "trunc": _rounding("trunc"),
    "absolute": _absolute,
    "assign": _assign,
    "first-argument": _first_argument,
    "keys": _listing(lambda key, entry: Known(key, (entry.key,))),
    "values": _listing(lambda key, entry: entry.value),
    "entries": _listing(lambda key, entry: Arr([Known(key, (entry.key,)), entry.value])),
    "from-entries": _from_entries,
    "is-array": lambda machine, arguments, span: (
        Unknown(value.reason, (span,))
        if isinstance(value := _first(arguments), Unknown)
        else Known(isinstance(value, Arr), (span,))
    ),
    "array-of": lambda machine, arguments, span: Arr(list(arguments), (span,)),
    "copy": _copy,
    "promised": lambda machine, arguments, span: Promised(settled(_first(arguments)), (span,)),
    "cpu-list": lambda machine, arguments, span: Builtin("os.cpus()", (span,)),
    "cpu-count": lambda machine, arguments, span: Cpus(CPUS, (span,)),
    "platform": lambda machine, arguments, span: _spanned(machine.world.platform(), span),
    "machine-path": lambda machine, arguments, span: Unknown("a path of the machine", (span,)),
    "exit": _exit,
    "vite-merge": _vite_merge,
}


def call_method(
    machine: Machine, receiver: Value, name: str, arguments: Arguments, span: Span
) -> Value:
    """`receiver.name(arguments)` on an array, text, number, function or plain object."""
    match receiver:
        case Arr():
            return _array_method(machine, receiver, name, arguments, span)
        case Known(value=str(text)):
            return _text_method(text, name, arguments, span)
        case Known(value=None | Undefined.UNDEFINED):
            return calls.throw(f"Cannot read {name} of {operators.to_text(receiver)}", span)
        case Known() if name == "toString" and not arguments:
            return _text(machine, [receiver], span)
        case Obj(more=Unknown() as more):
            return Unknown(more.reason, (span,))
        case Obj() if name == "hasOwnProperty":
            return has_key(machine, _first(arguments), receiver, span)
        case _:
            return Unknown(f"the method {name}() is not evaluated", (span,))


def _array_method(
    machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span
) -> Value:
    first = _first(arguments)
    if name == "push":
        receiver.items.extend(arguments)
        return Known(float(len(receiver.items)), (span,))
    if receiver.more is not None:
        return Unknown(receiver.more.reason, (span,))
    items = receiver.items

    def each(item: Value, index: int) -> Value:
        return calls.call_value(machine, first, [item, Known(float(index)), receiver], span)

    def holds(item: Value, index: int) -> bool:
        return operators.truth(machine, each(item, index), span, f"what {name}() tests")

    function = isinstance(first, Func | Builtin)
    match name:
        case "concat":
            joined = Arr(list(items), (span,))
            for other in arguments:
                if isinstance(other, Arr):
                    joined.items.extend(other.items)
                    joined.more = joined.more or other.more
                elif isinstance(other, Unknown):
                    joined.more = other
                else:
                    joined.items.append(other)
            return joined
        case "map" if function:
            return Arr([each(item, index) for index, item in enumerate(items)], (span,))
        case "filter" if function:
            return Arr([item for index, item in enumerate(items) if holds(item, index)], (span,))
        case "flatMap" if function:
            flat = Arr([], (span,))
            for index, item in enumerate(items):
                made = each(item, index)
                if isinstance(made, Arr):
                    flat.items.extend(made.items)
                    flat.more = flat.more or made.more
                else:
                    flat.items.append(made)
            return flat
        case "find" if function:
            found = (item for index, item in enumerate(items) if holds(item, index))
            return next(found, Known(UNDEFINED, (span,)))
        case "some" if function:
            return Known(any(holds(item, index) for index, item in enumerate(items)), (span,))
        case "every" if function:
            return Known(all(holds(item, index) for index, item in enumerate(items)), (span,))
        case "forEach" if function:
            for index, item in enumerate(items):
                each(item, index)
            return Known(UNDEFINED, (span,))
        case "includes":
            same = [operators.equal(machine, item, first, strict=True) for item in items]
            if True in same:
                return Known(True, (span,))
            if None in same:
                return Unknown("whether the array includes it is not known", (span,))
            return Known(False, (span,))
        case "slice" if not arguments:
            return Arr(list(items), (span,))
    if name in ("unshift", "pop", "shift", "splice", "sort", "reverse", "fill"):
        receiver.clobber(Unknown(f"the array is changed by {name}()", (span,)))
    return Unknown(f"the array method {name}() is not evaluated", (span,))


def _text_method(text: str, name: str, arguments: Arguments, span: Span) -> Value:
    given = [operators.to_text(argument) for argument in arguments]
    origin = _origin(span, *arguments)
    if any(isinstance(argument, Unknown) for argument in given):
        return Unknown("an argument is not known", origin)
    plain = [str(argument) for argument in given]
    match name, plain:
        case "toLowerCase", []:
            return Known(text.lower(), origin)
        case "toUpperCase", []:
            return Known(text.upper(), origin)
        case (("trim" | "toString"), []):
            return Known(text.strip() if name == "trim" else text, origin)
        case "includes", [part]:
            return Known(part in text, origin)
        case "startsWith", [part]:
            return Known(text.startswith(part), origin)
        case "endsWith", [part]:
            return Known(text.endswith(part), origin)
        case "split", [separator] if separator:
            return Arr([Known(part, origin) for part in text.split(separator)], (span,))
    return Unknown(f"the text method {name}() is not evaluated", origin)
