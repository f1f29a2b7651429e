"""Methods that values have of themselves: which kind of value has which is decided here."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from configguard.evaluate import array_methods, known_calls, numbers, operators, text_methods
from configguard.evaluate.machine import CHARACTERS_PER_STEP, ENTRIES_PER_STEP, Machine
from configguard.evaluate.meanings import first, joined
from configguard.evaluate.values import (
    Arr,
    Builtin,
    Cpus,
    EnvString,
    Func,
    Known,
    Obj,
    PlatformName,
    Promised,
    Unknown,
    Value,
)
from configguard.source.span import Span

Arguments = list[Value]


def has_own(receiver: Value, name: str) -> bool:
    """Whether a method is looked up as a property: on an object, a class, the platform."""
    match receiver:
        case Obj():
            return name in receiver.entries or not known_calls.in_prototype(name)
        case Builtin() | Unknown():
            return True
        case Func(kind=kind):
            return kind is not None and any(name in one.statics.entries for one in kind.chain())
        case _:
            return False


def call_method(
    machine: Machine, receiver: Value, name: str, arguments: Arguments, span: Span
) -> Value | None:
    """`receiver.name(arguments)`; None where the receiver has no such method."""
    match receiver:
        case Arr():
            if not known_calls.is_method("array", name):
                return None
            machine.step(len(receiver.items) // ENTRIES_PER_STEP)
            return array_methods.call_method(machine, receiver, name, arguments, span)
        case Known(value=str(text)):
            machine.step(len(text) // CHARACTERS_PER_STEP)
            made = text_methods.call_method(text, name, arguments, span)
            machine.step(len(made.items) // ENTRIES_PER_STEP if isinstance(made, Arr) else 0)
            return made
        case Known(value=bool() | float()):
            return _scalar_method(receiver, name, arguments, span)
        case Obj(more=Unknown() as more):
            return Unknown(more.reason, (span,))
        case Obj() if name == "hasOwnProperty":
            return known_calls.has_key(machine, first(arguments), receiver, span)
        case EnvString(name=variable):
            return Unknown(f"it depends on the value of ${variable}", (span,))
        case Obj() | Cpus() | PlatformName() | Func() | Promised():
            return Unknown(f"the method {name}() is not evaluated", (span,))
        case _:
            return None


def _scalar_method(receiver: Known, name: str, arguments: Arguments, span: Span) -> Value | None:
    origin = joined(span, receiver)
    number = receiver.value
    if name == "valueOf":
        return Known(number, origin)
    if name == "toString" and not arguments:
        text = operators.to_text(receiver)
        return Known(text, origin) if isinstance(text, str) else text
    if name == "toFixed" and isinstance(number, float) and not isinstance(number, bool):
        digits = operators.to_number(arguments[0]) if arguments else 0.0
        if isinstance(digits, float) and 0 <= digits <= 20 and abs(number) < 1e21:
            step = Decimal(1).scaleb(-int(digits))
            rounded = Decimal(abs(number)).quantize(step, ROUND_HALF_UP)
            return Known(f"{'-' if number < 0 else ''}{rounded:f}", origin)
    if name in ("toString", "toFixed", "toPrecision", "toExponential", "toLocaleString"):
        return Unknown(f"the method {name}() is not evaluated", origin)
    return None


def as_index(value: Value, default: float) -> float | None:
    """An argument as a whole number; the default where it is left out; None if not known."""
    number = operators.to_number(value)
    if isinstance(value, Known) and operators.type_of(value) == "undefined":
        return default
    return numbers.to_integer(number) if isinstance(number, float) else None
