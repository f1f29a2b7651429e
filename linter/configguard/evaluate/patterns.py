"""Patterns: what binds the parts of a value to names, in declarations, parameters, assignments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from configguard.evaluate import (
    expressions,
    members,
    objects,
)
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Cell, Scope, pattern_names
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Choice,
    Known,
    Obj,
    Unknown,
    Value,
    held,
)
from configguard.source.span import Origin, Span
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

Source = Value | Choice[Value]
Put = Callable[["Node", Source], None]
"""What is done with each part: the name or target it goes to, and its value."""


def fresh(scope: Scope) -> Put:
    """Bind parameters: new names of this scope."""

    def put(target: Node, value: Source) -> None:
        for name in pattern_names(target):
            scope.cells[name] = Cell(value, name)

    return put


def defining(machine: Machine, scope: Scope) -> Put:
    """Give declared names their first value."""

    def put(target: Node, value: Source) -> None:
        for name in pattern_names(target):
            cell = scope.find(name)
            if cell is None:
                scope.cells[name] = Cell(value, name)
                continue
            machine.writes(cell.born)
            cell.set(value)

    return put


def bind(machine: Machine, scope: Scope, pattern: Node, source: Source, put: Put) -> None:
    """Take a value apart as a pattern says. Raises Fork, Thrown."""
    match pattern.type:
        case "object_pattern":
            _bind_object(machine, scope, pattern, source, put)
        case "array_pattern":
            _bind_array(machine, scope, pattern, source, put)
        case "assignment_pattern" | "object_assignment_pattern":
            default = expressions.field(pattern, "right")
            part = explored(
                machine, default, scope, lambda: or_default(machine, scope, held(source), default)
            )
            bind(machine, scope, expressions.field(pattern, "left"), part, put)
        case _:
            put(pattern, source)


def explored(machine: Machine, node: Node, scope: Scope, ask: Callable[[], Value]) -> Source:
    """What `ask` gives, by the open conditions that it depends on."""
    place: Origin = (scope.parsed.span(node),)
    return machine.explored(ask, lambda lost: Unknown(lost.reason, place))


def or_default(machine: Machine, scope: Scope, value: Value, default: Node | None) -> Value:
    """A value, or the default where it is undefined."""
    if default is not None and isinstance(value, Known) and value.value is UNDEFINED:
        return expressions.evaluate(machine, default, scope)
    if default is not None and isinstance(value, Unknown):
        return Unknown(f"{value.reason}, and there is a default for it", value.origin)
    return value


def _bind_object(machine: Machine, scope: Scope, pattern: Node, source: Source, put: Put) -> None:
    taken: list[str] = []
    unknown_key = False
    whole_span = scope.parsed.span(pattern)
    whole = explored(machine, pattern, scope, lambda: held(source))
    members.require_object(whole, whole_span)
    machine.unsure += isinstance(whole, Unknown)
    for child in children(pattern):
        span = scope.parsed.span(child)
        if child.type == "rest_pattern":
            names = None if unknown_key else frozenset(taken)
            rest = explored(machine, child, scope, partial(_rest, machine, source, names, span))
            bind(machine, scope, children(child)[0], rest, put)
            continue
        key_node, inner = child, child
        if child.type == "pair_pattern":
            key_node = expressions.field(child, "key")
            inner = expressions.field(child, "value")
        elif child.type == "object_assignment_pattern":
            key_node = expressions.field(child, "left")
        if key_node.type == "shorthand_property_identifier_pattern":
            name: str | Unknown = scope.parsed.text(key_node)
        else:
            name = objects.property_name(machine, key_node, scope)
        if isinstance(name, Unknown):
            unknown_key = True
            bind(machine, scope, inner, name, put)
            continue
        taken.append(name)
        part = explored(
            machine,
            child,
            scope,
            partial(_part, machine, source, name, span),
        )
        bind(machine, scope, inner, part, put)


def _part(machine: Machine, source: Source, name: str, span: Span) -> Value:
    return members.member(machine, held(source), name, span)


def _rest(machine: Machine, source: Source, taken: frozenset[str] | None, span: Span) -> Value:
    value = held(source)
    if not isinstance(value, Obj | Arr) or taken is None:
        return Unknown("the rest of something that is no plain object", (span,))
    made = Obj({}, value.origin)
    objects.spread(machine, made, value, span, without=taken)
    made.origin = value.origin
    return made


def _bind_array(machine: Machine, scope: Scope, pattern: Node, source: Source, put: Put) -> None:
    index = 0

    def part(index: int, span: Span) -> Value:
        whole = held(source)
        if isinstance(whole, Arr):
            return members.member(machine, whole, str(index), span)
        letters = members.iterated(whole)
        if letters is not None:
            return letters[index] if index < len(letters) else Known(UNDEFINED, (span,))
        members.require_iterable(machine, whole, span)
        reason = whole.reason if isinstance(whole, Unknown) else "it is no plain array"
        return Unknown(reason, (span,))

    def rest(index: int, span: Span) -> Value:
        whole = held(source)
        items = whole.items if isinstance(whole, Arr) else members.iterated(whole)
        if items is not None:
            made = Arr(items[index:], (span,))
            made.more = whole.more if isinstance(whole, Arr) else None
            return made
        return Unknown("the rest of something that is no plain array", (span,))

    given_whole = explored(machine, pattern, scope, lambda: held(source))
    members.require_iterable(machine, given_whole, scope.parsed.span(pattern))
    for child in pattern.children:
        if child.type == ",":
            index += 1
        elif child.is_named and child.type != "comment":
            span = scope.parsed.span(child)
            if child.type == "rest_pattern":
                given = explored(machine, child, scope, partial(rest, index, span))
                bind(machine, scope, children(child)[0], given, put)
                continue
            given = explored(machine, child, scope, partial(part, index, span))
            bind(machine, scope, child, given, put)


def parameters(machine: Machine, node: Node, scope: Scope, arguments: list[Value]) -> None:
    """Bind a function's parameters to what it is called with."""
    put = fresh(scope)
    single = node.child_by_field_name("parameter")
    if single is not None:
        put(single, arguments[0] if arguments else Known(UNDEFINED))
        return
    given = iter(arguments)
    every = children(expressions.field(node, "parameters"))
    if any(parameter.child_by_field_name("value") is not None for parameter in every):
        for name in (name for one in every for name in pattern_names(_pattern_of(one))):
            scope.cells[name] = Cell(None, name)  # a default must not use what comes after it
    for parameter in every:
        pattern = parameter.child_by_field_name("pattern")
        if pattern is None or pattern.type == "this":
            continue
        if pattern.type == "rest_pattern":
            bind(machine, scope, children(pattern)[0], Arr(list(given)), put)
            continue
        value = next(given, Known(UNDEFINED))
        default = parameter.child_by_field_name("value")
        part: Source = value
        if default is not None:
            part = explored(
                machine,
                default,
                scope,
                partial(or_default, machine, scope, value, default),
            )
        bind(machine, scope, pattern, part, put)


def _pattern_of(parameter: Node) -> Node:
    return parameter.child_by_field_name("pattern") or parameter
