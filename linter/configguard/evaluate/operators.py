"""JavaScript's operators on values that may be unknown or depend on the machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from configguard.evaluate import numbers
from configguard.evaluate.cpus import CpuExpression, arithmetic, rounded
from configguard.evaluate.values import (
    MAX_TEXT,
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    EnvString,
    Func,
    Known,
    Obj,
    PlatformName,
    Promised,
    Scalar,
    Unknown,
    Value,
)
from configguard.evaluate.worlds import Opaque, PlatformIs
from configguard.source.span import Origin, Span, chain

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

STRUCTURES = (Obj, Arr, Func, Promised, Builtin)


def truth(machine: Machine, value: Value, span: Span, text: str) -> bool:
    """Whether a condition holds. Raises Fork where this world does not tell."""
    match value:
        case Known(value=scalar):
            return truthy(scalar)
        case Cpus(expression=expression):
            return machine.world.compare_cpus(expression, lambda number: number > 0)
        case Unknown() | Builtin(certain=False):
            return machine.world.holds(Opaque(text, span))
        case _:
            return True


def truthy(scalar: Scalar) -> bool:
    """JavaScript's truth of a scalar: 0, NaN, '', null and undefined are false."""
    if scalar is UNDEFINED or scalar is None:
        return False
    if isinstance(scalar, float):
        return scalar != 0 and not math.isnan(scalar)
    return bool(scalar)


def nullish(value: Value) -> bool | None:
    """Whether a value is null or undefined; None where it is unknown."""
    if isinstance(value, Known):
        return value.value is None or value.value is UNDEFINED
    uncertain = isinstance(value, Unknown) or (isinstance(value, Builtin) and not value.certain)
    return None if uncertain else False


def to_number(value: Value) -> float | Cpus | Unknown:
    """`Number(value)`; Number(undefined) is NaN, Number('') and Number(null) are 0."""
    match value:
        case Known(value=scalar):
            if isinstance(scalar, bool):
                return 1.0 if scalar else 0.0
            if isinstance(scalar, float):
                return scalar
            if isinstance(scalar, str):
                return numbers.from_text(scalar)
            return 0.0 if scalar is None else math.nan
        case Cpus():
            return value
        case Unknown():
            return value
        case EnvString(name=name):
            return Unknown(f"it depends on the value of ${name}", value.origin)
        case Arr() | Obj():
            text = to_text(value)
            return text if isinstance(text, Unknown) else numbers.from_text(text)
        case Func() | Promised():
            return math.nan
        case Builtin(path=path):
            return Unknown(f"{path} is not evaluated", value.origin)
        case _:
            return Unknown("it is no plain number", value.origin)


def to_text(value: Value) -> str | Unknown:
    """`String(value)`."""
    match value:
        case Known(value=scalar):
            if isinstance(scalar, str):
                return scalar
            if isinstance(scalar, bool):
                return "true" if scalar else "false"
            if isinstance(scalar, float):
                return numbers.to_text(scalar)
            return "null" if scalar is None else "undefined"
        case Unknown():
            return value
        case EnvString(name=name):
            return Unknown(f"it depends on the value of ${name}", value.origin)
        case Cpus():
            return Unknown("it depends on the number of CPUs", value.origin)
        case PlatformName():
            return Unknown("it depends on the platform", value.origin)
        case Builtin(path=path):
            return Unknown(f"{path} is not evaluated", value.origin)
        case Arr():
            return joined_text(value, ",")
        case Promised():
            return "[object Promise]"
        case Obj(more=None, kind=None, lasting=False) if not _CONVERTING & value.entries.keys():
            return "[object Object]"
        case _:
            return Unknown("it is no plain text", value.origin)


_CONVERTING = frozenset(("toString", "valueOf", "toJSON", "then"))


def primitive(value: Value) -> Value:
    """What operators make of a structure: its text."""
    if not isinstance(value, Arr | Obj | Promised):
        return value
    text = to_text(value)
    return text if isinstance(text, Unknown) else Known(text, value.origin)


def joined_text(
    array: Arr, separator: str | Unknown, around: tuple[Arr, ...] = ()
) -> str | Unknown:
    """`array.join(separator)`: null, undefined and what holds itself are empty."""
    if isinstance(separator, Unknown):
        return separator
    if array.more is not None:
        return Unknown(array.more.reason, array.more.origin)
    if array in around:
        return ""
    if len(around) > 20:
        return Unknown("an array of arrays of arrays", array.origin)
    pieces: list[str] = []
    size = 0
    for item in array.items:
        if nullish(item):
            text: str | Unknown = ""
        elif isinstance(item, Arr):
            text = joined_text(item, ",", (*around, array))
        else:
            text = to_text(item)
        if isinstance(text, Unknown):
            return text
        pieces.append(text)
        size += len(text) + len(separator)
        if size > MAX_TEXT:
            return Unknown(f"a text of more than {MAX_TEXT} characters", array.origin)
    return separator.join(pieces)


def type_of(value: Value) -> str | None:
    """`typeof value`; None where it is unknown."""
    match value:
        case Known(value=scalar):
            if isinstance(scalar, bool):
                return "boolean"
            if isinstance(scalar, float):
                return "number"
            if isinstance(scalar, str):
                return "string"
            return "object" if scalar is None else "undefined"
        case Cpus():
            return "number"
        case EnvString() | PlatformName():
            return "string"
        case Func():
            return "function"
        case Obj() | Arr() | Promised():
            return "object"
        case _:
            return None


def binary(machine: Machine, operator: str, left: Value, right: Value, span: Span) -> Value:
    """`left operator right`, for all but the logical operators."""
    origin = chain((span,), left.origin, right.origin)
    if operator in ("===", "!==", "==", "!="):
        same = equal(machine, left, right, strict=len(operator) == 3)
        if same is None:
            return Unknown(_because(left, right), origin)
        return Known(same == (operator[0] == "="), origin)
    left, right = primitive(left), primitive(right)
    if operator in ("<", "<=", ">", ">="):
        return _ordered(machine, operator, left, right, origin)
    if operator == "+" and ("string" in (type_of(left), type_of(right))):
        first, second = to_text(left), to_text(right)
        if isinstance(first, str) and isinstance(second, str):
            if len(first) + len(second) > MAX_TEXT:
                return Unknown(f"a text of more than {MAX_TEXT} characters", origin)
            return Known(first + second, origin)
        return Unknown(_because(left, right), origin)
    first_number, second_number = to_number(left), to_number(right)
    for number in (first_number, second_number):
        if isinstance(number, Unknown):
            return Unknown(number.reason, origin)
    if isinstance(left, STRUCTURES) or isinstance(right, STRUCTURES):
        return Unknown("arithmetic on a value that is no number", origin)
    if isinstance(first_number, Cpus) or isinstance(second_number, Cpus):
        a = first_number.expression if isinstance(first_number, Cpus) else first_number
        b = second_number.expression if isinstance(second_number, Cpus) else second_number
        assert not isinstance(a, Unknown) and not isinstance(b, Unknown)
        for one, other in ((a, b), (b, a)):
            if isinstance(one, float) and not math.isfinite(one):
                # Whatever the number of CPUs is, it is finite and at least 1.
                pair = (one, 1.0) if other is b else (1.0, one)
                result = compute(operator, *pair)
                return Unknown("arithmetic", origin) if result is None else Known(result, origin)
        made = _whole(operator, a, b) or arithmetic(operator, a, b)
        if made is None:
            return Unknown("it depends on the number of CPUs in a way that is not followed", origin)
        return Cpus(made, origin)
    assert isinstance(first_number, float) and isinstance(second_number, float)
    result = compute(operator, first_number, second_number)
    if result is None:
        return Unknown(f"the operator {operator} is not evaluated", origin)
    return Known(result, origin)


def _whole(
    operator: str, a: CpuExpression | float, b: CpuExpression | float
) -> CpuExpression | None:
    """`cpus / 2 | 0` and `cpus >> 1`, which make whole numbers of machine-dependent ones."""
    if not isinstance(a, CpuExpression) or isinstance(b, CpuExpression):
        return None
    if operator == "|" and b == 0:
        return rounded("trunc", a)
    if operator == ">>" and b in (1.0, 2.0):
        divided = arithmetic("/", a, 2.0**b)
        return None if divided is None else rounded("floor", divided)
    return None


def compute(operator: str, a: float, b: float) -> float | None:
    """Arithmetic on two numbers as JavaScript does it; None for an operator it is not."""
    try:
        match operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                if b == 0:
                    sign = math.copysign(1, a) * math.copysign(1, b)
                    return math.nan if a == 0 or math.isnan(a) else sign * math.inf
                return a / b
            case "%":
                return math.nan if b == 0 or math.isinf(a) else math.fmod(a, b)
            case "**" if math.isnan(b) or (abs(a) == 1 and math.isinf(b)):
                return math.nan
            case "**":
                power = a**b
                return math.nan if isinstance(power, complex) else power
            case "|":
                return float(numbers.to_int32(a) | numbers.to_int32(b))
            case "&":
                return float(numbers.to_int32(a) & numbers.to_int32(b))
            case "^":
                return float(numbers.to_int32(a) ^ numbers.to_int32(b))
            case "<<":
                return float(numbers.to_int32(float(numbers.to_int32(a) << (int(b) & 31))))
            case ">>":
                return float(numbers.to_int32(a) >> (numbers.to_int32(b) & 31))
            case ">>>":
                return float((numbers.to_int32(a) % 2**32) >> (numbers.to_int32(b) & 31))
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return None


def equal(machine: Machine, left: Value, right: Value, *, strict: bool) -> bool | None:
    """Whether two values are equal (`===` or `==`); None where it is unknown."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    for one, other in ((left, right), (right, left)):
        if isinstance(one, EnvString):
            if isinstance(other, Known):
                same_kind = isinstance(other.value, str) or not strict
                text = to_text(other)
                if not same_kind or other.value is None or other.value is UNDEFINED:
                    return False
                if not isinstance(other.value, str):
                    return None
                return machine.world.variable_is(one.name, str(text)) if text else False
            return None
        if isinstance(one, PlatformName):
            if isinstance(other, Known):
                return isinstance(other.value, str) and machine.world.holds(PlatformIs(other.value))
            return None
        if isinstance(one, Cpus):
            return None
    if isinstance(left, Known) and isinstance(right, Known):
        return _equal_scalars(left.value, right.value, strict)
    if isinstance(left, Builtin) or isinstance(right, Builtin):
        return None
    if isinstance(left, Known) or isinstance(right, Known):
        scalar, other = (left, right) if isinstance(left, Known) else (right, left)
        assert isinstance(scalar, Known)
        if strict or scalar.value is None or scalar.value is UNDEFINED:
            return False
        shown = primitive(other)
        if not isinstance(shown, Known):
            return None
        return _equal_scalars(scalar.value, shown.value, False)
    return left is right


def _equal_scalars(a: Scalar, b: Scalar, strict: bool) -> bool:
    kinds = type_of(Known(a)), type_of(Known(b))
    if kinds[0] == kinds[1] and (a is None) == (b is None):
        return a == b
    if strict:
        return False
    empty = (a is None or a is UNDEFINED, b is None or b is UNDEFINED)
    if any(empty):
        return all(empty)
    first, second = to_number(Known(a)), to_number(Known(b))
    return first == second


def _ordered(machine: Machine, operator: str, left: Value, right: Value, origin: Origin) -> Value:
    texts = [side.value for side in (left, right) if isinstance(side, Known)]
    if len(texts) == 2 and isinstance(texts[0], str) and isinstance(texts[1], str):
        return Known(_compare(operator, texts[0], texts[1]), origin)
    first, second = to_number(left), to_number(right)
    for number in (first, second):
        if isinstance(number, Unknown):
            return Unknown(number.reason, origin)
    if isinstance(left, STRUCTURES) or isinstance(right, STRUCTURES):
        return Unknown("a comparison with a value that is no number", origin)
    if isinstance(first, Cpus) and isinstance(second, Cpus):
        return Unknown("a comparison of two machine-dependent numbers", origin)
    if isinstance(first, Cpus) and isinstance(second, float):
        return Known(_compare_cpus(machine, operator, first, second), origin)
    if isinstance(second, Cpus) and isinstance(first, float):
        turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]
        return Known(_compare_cpus(machine, turned, second, first), origin)
    assert isinstance(first, float) and isinstance(second, float)
    return Known(_compare(operator, first, second), origin)


def _compare_cpus(machine: Machine, operator: str, number: Cpus, bound: float) -> bool:
    if math.isnan(bound):
        return False
    if operator in (">", "<="):
        above = machine.world.compare_cpus(number.expression, lambda value: value > bound)
        return above == (operator == ">")
    reached = machine.world.compare_cpus(number.expression, lambda value: value >= bound)
    return reached == (operator == ">=")


def _compare(operator: str, a: float | str, b: float | str) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        # JavaScript orders by UTF-16 units.
        x, y = (text.encode("utf-16-be", "surrogatepass") for text in (a, b))
        return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[operator]
    assert isinstance(a, float) and isinstance(b, float)
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def _because(*values: Value) -> str:
    for value in values:
        if isinstance(value, Unknown):
            return value.reason
    for value in values:
        text = to_text(value)
        if isinstance(text, Unknown):
            return text.reason
    return "the values cannot be compared"
