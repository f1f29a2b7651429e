"""Methods of arrays, texts and plain objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate import calls, known_calls, operators
from configguard.evaluate.meanings import first, joined, text_of
from configguard.evaluate.numbers import SPACE
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Func,
    Known,
    Obj,
    Undefined,
    Unknown,
    Value,
)
from configguard.source.span import Span

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Arguments = list[Value]


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
            return text_of(machine, [receiver], span)
        case Obj(more=Unknown() as more):
            return Unknown(more.reason, (span,))
        case Obj() if name == "hasOwnProperty":
            return known_calls.has_key(machine, first(arguments), receiver, span)
        case _:
            return Unknown(f"the method {name}() is not evaluated", (span,))


def _array_method(
    machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span
) -> Value:
    callback = first(arguments)
    if name == "push":
        receiver.extend(arguments)
        return Known(float(len(receiver.items)), (span,))
    if receiver.more is not None:
        return Unknown(receiver.more.reason, (span,))
    items = receiver.items

    def each(item: Value, index: int) -> Value:
        return calls.call_value(machine, callback, [item, Known(float(index)), receiver], span)

    def holds(item: Value, index: int) -> bool:
        return operators.truth(machine, each(item, index), span, f"what {name}() tests")

    function = isinstance(callback, Func | Builtin)
    match name:
        case "concat":
            joined = Arr(list(items), (span,))
            for other in arguments:
                if isinstance(other, Arr):
                    joined.extend(other.items)
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
                    flat.extend(made.items)
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
            for index, item in enumerate(list(items)):
                each(item, index)
            return Known(UNDEFINED, (span,))
        case "includes":
            same = [_same_zero(machine, item, callback) for item in items]
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


def _same_zero(machine: Machine, item: Value, wanted: Value) -> bool | None:
    """How `includes` compares: as `===`, but NaN is itself."""
    if all(isinstance(side, Known) and side.value != side.value for side in (item, wanted)):
        return True
    return operators.equal(machine, item, wanted, strict=True)


def _text_method(text: str, name: str, arguments: Arguments, span: Span) -> Value:
    given = [operators.to_text(argument) for argument in arguments]
    origin = joined(span, *arguments)
    if any(isinstance(argument, Unknown) for argument in given):
        return Unknown("an argument is not known", origin)
    plain = [str(argument) for argument in given]
    match name, plain:
        case "toLowerCase", []:
            return Known(text.lower(), origin)
        case "toUpperCase", []:
            return Known(text.upper(), origin)
        case (("trim" | "toString"), []):
            return Known(text.strip(SPACE) if name == "trim" else text, origin)
        case "includes", [part]:
            return Known(part in text, origin)
        case "startsWith", [part]:
            return Known(text.startswith(part), origin)
        case "endsWith", [part]:
            return Known(text.endswith(part), origin)
        case "split", [separator] if separator:
            return Arr([Known(part, origin) for part in text.split(separator)], (span,))
    return Unknown(f"the text method {name}() is not evaluated", origin)
