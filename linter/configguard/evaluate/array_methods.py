"""Methods of arrays, whose items are all known."""

from __future__ import annotations

import math
from functools import cmp_to_key
from typing import TYPE_CHECKING

from configguard.evaluate import calls, numbers, operators
from configguard.evaluate.meanings import first
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Func,
    Known,
    Unknown,
    Value,
)
from configguard.source.span import Span

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Arguments = list[Value]
MOST_SORTED = 40
"""A longer array is not sorted by a function of the project: its order is checked pair by pair."""

_MUTATING = frozenset(
    ("push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin")
)
_WITH_CALLBACK = frozenset(
    (
        *("map", "filter", "flatMap", "find", "findIndex", "findLast", "findLastIndex"),
        *("some", "every", "forEach", "reduce", "reduceRight"),
    )
)


class _Lost(Exception):
    """Something that the method needs is not known."""


def call_method(
    machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span
) -> Value:
    """`receiver.name(arguments)`. Raises Thrown, Fork."""
    unspread = any(isinstance(argument, calls.Unspread) for argument in arguments)
    if name in _MUTATING:
        machine.writes(receiver.born)
        if receiver.frozen:
            calls.throw(f"Cannot change a frozen array by {name}()", span)
        if receiver.lasting:
            return Unknown("the array may change at any moment", (span,))
        if receiver.sealed or unspread or (receiver.more is not None and name != "push"):
            why = receiver.more or Unknown(f"the array is changed by {name}()", (span,))
            receiver.clobber(why)
            return Unknown(why.reason, (span,))
        if name == "push":
            receiver.extend(arguments)
            if receiver.more is not None:
                return Unknown(receiver.more.reason, (span,))
            return Known(float(len(receiver.items)), (span,))
    if receiver.more is not None:
        return Unknown(receiver.more.reason, (span,))
    if unspread:
        return Unknown("an argument is not known", (span,))
    try:
        if name in _WITH_CALLBACK:
            return _with_callback(machine, receiver, name, arguments, span)
        if name in _MUTATING or name in ("toSorted", "toReversed", "toSpliced"):
            return _changed(machine, receiver, name, arguments, span)
        return _plain(machine, receiver, name, arguments, span)
    except _Lost as lost:
        if name in _MUTATING:
            receiver.clobber(Unknown(f"the array is changed by {name}()", (span,)))
        return Unknown(str(lost) or f"the array method {name}() is not evaluated", (span,))


def _with_callback(
    machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span
) -> Value:
    callback = first(arguments)
    if isinstance(callback, Unknown):
        raise _Lost(callback.reason)
    if not isinstance(callback, Func | Builtin):
        calls.throw(f"{name}() is given no function", span)
    if name.startswith("reduce"):
        return _reduced(machine, receiver, name, arguments, span)
    if len(arguments) > 1:
        raise _Lost("`this` of a callback is not evaluated")

    def each(index: int) -> Value:
        given: list[Value] = [receiver.items[index], Known(float(index)), receiver]
        return calls.call_value(machine, callback, given, span)

    def holds(index: int) -> bool:
        return operators.truth(machine, each(index), span, f"what {name}() tests")

    backwards = name.startswith("findLast")
    size = len(receiver.items)
    made = Arr([], (span,))
    for index in reversed(range(size)) if backwards else range(size):
        if receiver.more is not None:
            raise _Lost(receiver.more.reason)
        if index >= len(receiver.items):
            raise _Lost("the array shrinks while it is walked")
        item = receiver.items[index]
        match name:
            case "map":
                made.items.append(each(index))
            case "forEach":
                each(index)
            case "filter":
                made.items += [item] if holds(index) else []
            case "flatMap":
                _add_flat(made, each(index))
            case "some" | "every":
                if holds(index) == (name == "some"):
                    return Known(name == "some", (span,))
            case _:
                if holds(index):
                    return item if not name.endswith("Index") else Known(float(index), (span,))
    match name:
        case "map" | "filter" | "flatMap":
            return made
        case "some" | "every":
            return Known(name == "every", (span,))
        case _:
            return Known(-1.0 if name.endswith("Index") else UNDEFINED, (span,))


def _add_flat(made: Arr, value: Value) -> None:
    if isinstance(value, Arr):
        made.extend(value.items)
        made.more = made.more or value.more
    elif isinstance(value, Unknown):
        made.more = made.more or value
    else:
        made.extend([value])


def _reduced(machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span) -> Value:
    order = list(range(len(receiver.items)))
    if name == "reduceRight":
        order.reverse()
    if len(arguments) > 1:
        total = arguments[1]
    elif order:
        total = receiver.items[order.pop(0)]
    else:
        calls.throw("Reduce of empty array with no initial value", span)
    for index in order:
        if receiver.more is not None or index >= len(receiver.items):
            raise _Lost("the array changes while it is walked")
        given: list[Value] = [total, receiver.items[index], Known(float(index)), receiver]
        total = calls.call_value(machine, arguments[0], given, span)
    return total


def _index(arguments: Arguments, which: int, default: float) -> float:
    """An argument as a whole number; the default where it is left out."""
    if which >= len(arguments):
        return default
    value = arguments[which]
    if isinstance(value, Known) and value.value is UNDEFINED:
        return default
    number = operators.to_number(value)
    if not isinstance(number, float):
        raise _Lost("an index is not known")
    return numbers.to_integer(number)


def _changed(machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span) -> Value:
    """Methods that change the array, and those that give a changed copy."""
    items = receiver.items
    size = len(items)
    target = receiver
    if name.startswith("to"):
        target = Arr(list(items), (span,))
        name = name[2:].lower()
    match name:
        case "pop" | "shift":
            if not items:
                return Known(UNDEFINED, (span,))
            return items.pop() if name == "pop" else items.pop(0)
        case "unshift":
            items[0:0] = arguments
            return Known(float(len(items)), (span,))
        case "reverse":
            target.items.reverse()
        case "fill":
            start = numbers.position(_index(arguments, 1, 0), size)
            end = numbers.position(_index(arguments, 2, size), size)
            items[start:end] = [first(arguments)] * max(end - start, 0)
        case "splice" | "spliced":
            start = numbers.position(_index(arguments, 0, 0), size)
            count = _index(arguments, 1, 0) if len(arguments) > 1 else float(size)
            count = count if arguments else 0.0
            end = start + int(min(max(count, 0), size - start))
            taken = Arr(target.items[start:end], (span,))
            target.items[start:end] = arguments[2:]
            return taken if name == "splice" else target
        case "sort" | "sorted":
            target.items[:] = _sorted(machine, list(items), first(arguments), span)
        case _:
            raise _Lost
    return target


def _sorted(machine: Machine, items: list[Value], comparator: Value, span: Span) -> list[Value]:
    last = [item for item in items if isinstance(item, Known) and item.value is UNDEFINED]
    items = [item for item in items if not (isinstance(item, Known) and item.value is UNDEFINED)]
    if isinstance(comparator, Known) and comparator.value is UNDEFINED:
        texts: list[tuple[bytes, int]] = []
        for index, item in enumerate(items):
            text = operators.to_text(item)
            if isinstance(text, Unknown):
                raise _Lost(text.reason)
            texts.append((text.encode("utf-16-be", "surrogatepass"), index))
        return [items[index] for _, index in sorted(texts)] + last
    if not isinstance(comparator, Func) or len(items) > MOST_SORTED:
        raise _Lost("how it is sorted is not known")

    def compare(a: Value, b: Value) -> float:
        number = operators.to_number(calls.call_value(machine, comparator, [a, b], span))
        if not isinstance(number, float):
            raise _Lost("how it is sorted is not known")
        return 0.0 if math.isnan(number) else math.copysign(1, number) if number else 0.0

    def order(a: Value, b: Value) -> int:
        return int(compare(a, b))

    done = sorted(items, key=cmp_to_key(order))
    for index, one in enumerate(done):
        for other in done[index + 1 :]:
            # An order that contradicts itself depends on how the engine sorts.
            if compare(one, other) > 0 or compare(other, one) != -compare(one, other):
                raise _Lost("its order contradicts itself")
    return done + last


def _plain(machine: Machine, receiver: Arr, name: str, arguments: Arguments, span: Span) -> Value:
    """Methods that change nothing and call nothing."""
    items = receiver.items
    size = len(items)
    match name:
        case "concat":
            joined = Arr(list(items), (span,))
            for other in arguments:
                _add_flat(joined, other)
            return joined
        case "flat":
            return _flattened(receiver, _index(arguments, 0, 1), span)
        case "slice":
            start = numbers.position(_index(arguments, 0, 0), size)
            end = numbers.position(_index(arguments, 1, size), size)
            return Arr(items[start:end], (span,))
        case "at":
            index = _index(arguments, 0, 0)
            index = index + size if index < 0 else index
            return items[int(index)] if 0 <= index < size else Known(UNDEFINED, (span,))
        case "with":
            index = _index(arguments, 0, 0)
            index = index + size if index < 0 else index
            if not 0 <= index < size:
                calls.throw("Invalid index of with()", span)
            made = Arr(list(items), (span,))
            made.items[int(index)] = arguments[1] if len(arguments) > 1 else Known(UNDEFINED)
            return made
        case "includes" if len(arguments) <= 1:
            return _includes(machine, items, first(arguments), span)
        case "indexOf" | "lastIndexOf" if len(arguments) == 1:
            order = range(size) if name == "indexOf" else reversed(range(size))
            for index in order:
                same = operators.equal(machine, items[int(index)], arguments[0], strict=True)
                if same is None:
                    raise _Lost("where it is in the array is not known")
                if same:
                    return Known(float(index), (span,))
            return Known(-1.0, (span,))
        case "join" | "toString":
            given = first(arguments) if name == "join" else Known(UNDEFINED)
            separator = operators.to_text(given)
            if isinstance(given, Known) and given.value is UNDEFINED:
                separator = ","
            text = operators.joined_text(receiver, separator)
            if isinstance(text, Unknown):
                return Unknown(text.reason, (span,))
            return Known(text, (span,))
        case _:
            raise _Lost


def _includes(machine: Machine, items: list[Value], wanted: Value, span: Span) -> Value:
    same = [_same_zero(machine, item, wanted) for item in items]
    if True in same:
        return Known(True, (span,))
    if None in same:
        raise _Lost("whether the array includes it is not known")
    return Known(False, (span,))


def _same_zero(machine: Machine, item: Value, wanted: Value) -> bool | None:
    """How `includes` compares: as `===`, but NaN is itself."""
    if all(isinstance(side, Known) and side.value != side.value for side in (item, wanted)):
        return True
    return operators.equal(machine, item, wanted, strict=True)


def _flattened(array: Arr, depth: float, span: Span) -> Arr:
    made = Arr([], (span,))
    pending: list[tuple[Value, float]] = [(item, depth) for item in reversed(array.items)]
    while pending:
        item, left = pending.pop()
        if isinstance(item, Unknown) or (isinstance(item, Arr) and item.more is not None):
            why = item if isinstance(item, Unknown) else item.more
            raise _Lost(why.reason if why is not None else "")
        if isinstance(item, Arr) and left >= 1:
            pending += [(inner, left - 1) for inner in reversed(item.items)]
        else:
            made.extend([item])
        if made.more is not None:
            return made
    return made
