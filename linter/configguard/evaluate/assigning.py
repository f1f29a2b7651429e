"""Assignments and `delete`: what changes names, objects, arrays and the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate import calls, classes, expressions, members, operators, patterns
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Cell, Scope
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Choice,
    Cpus,
    Entry,
    EnvString,
    Func,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
    held,
    with_origin,
)
from configguard.source.span import Span
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

Source = Value | Choice[Value]
Target = tuple[Value, "str | Unknown"] | None
"""The holder and the name of a member that is assigned; None for a name or a pattern."""

WRAPPERS = frozenset(
    ("parenthesized_expression", "non_null_expression", "as_expression", "satisfies_expression")
)

_MEMBERS = ("member_expression", "subscript_expression")


def assign(machine: Machine, node: Node, scope: Scope) -> Value:
    """`target = value`, `target += value`, `target++`: changes the target, gives the value."""
    span = scope.parsed.span(node)
    if node.type == "update_expression":
        return _update(machine, node, scope, span)
    target = unwrapped(expressions.field(node, "left"))
    right = expressions.field(node, "right")
    where = scope.parsed.span(right)
    reference = _reference(machine, target, scope)
    if node.type == "assignment_expression":
        source = expressions.later(machine, right, scope)
        _store(machine, target, reference, source, where, scope, span)
        return held(source)
    operator = expressions.field(node, "operator").type.removesuffix("=")
    before = _read(machine, target, reference, scope)
    if operator in ("&&", "||", "??"):
        if expressions.takes_left(machine, operator, before, target, scope):
            return before
        value = expressions.evaluate(machine, right, scope)
    else:
        after = expressions.evaluate(machine, right, scope)
        value = operators.binary(machine, operator, before, after, span)
    _store(machine, target, reference, value, where, scope, span)
    return value


def statement(machine: Machine, node: Node, scope: Scope) -> None:
    """A plain assignment for its effect: which value it gives need not be decided."""
    target = unwrapped(expressions.field(node, "left"))
    right = expressions.field(node, "right")
    reference = _reference(machine, target, scope)
    source = expressions.later(machine, right, scope)
    where, span = scope.parsed.span(right), scope.parsed.span(node)
    _store(machine, target, reference, source, where, scope, span)


def _update(machine: Machine, node: Node, scope: Scope, span: Span) -> Value:
    target = unwrapped(expressions.field(node, "argument"))
    reference = _reference(machine, target, scope)
    before = _read(machine, target, reference, scope)
    number = operators.to_number(before)
    before = Known(number, before.origin) if isinstance(number, float) else number
    operator = expressions.field(node, "operator").type[0]
    value = operators.binary(machine, operator, before, Known(1.0), span)
    _store(machine, target, reference, value, span, scope, span)
    return value if node.children[0].type in ("++", "--") else before


def unwrapped(target: Node) -> Node:
    """A target without parentheses and type assertions."""
    while target.type in WRAPPERS:
        target = children(target)[0]
    return target


def _reference(machine: Machine, target: Node, scope: Scope) -> Target:
    """What a member on the left names, worked out before the right side, once."""
    if target.type not in _MEMBERS:
        return None
    holder = members.holder_of(machine, target, scope)
    if holder is None:
        calls.throw("Invalid left-hand side in assignment", scope.parsed.span(target))
    return holder, _name(machine, target, scope)


def _name(machine: Machine, target: Node, scope: Scope) -> str | Unknown:
    """The property that a member names."""
    property_node = target.child_by_field_name("property")
    if property_node is not None:
        return scope.parsed.text(property_node)
    index = expressions.evaluate(machine, expressions.field(target, "index"), scope)
    return operators.to_text(index)


def _read(machine: Machine, target: Node, reference: Target, scope: Scope) -> Value:
    if reference is None:
        return expressions.evaluate(machine, target, scope)
    holder, name = reference
    span = scope.parsed.span(target)
    if isinstance(name, Unknown):
        return Unknown(name.reason, (span,))
    return members.member(machine, holder, name, span)


def _store(
    machine: Machine,
    target: Node,
    reference: Target,
    source: Source,
    where: Span,
    scope: Scope,
    whole: Span,
) -> None:
    """Put a value, written at `where`, into what the left side of an assignment names."""
    if reference is not None:
        key = target.child_by_field_name("property") or expressions.field(target, "index")
        places = (where, scope.parsed.span(key), whole)
        store_member(machine, reference, source, places, scope)
    elif target.type == "identifier":
        store_name(machine, target, source, scope)
    else:

        def put(part: Node, value: Source) -> None:
            inner = unwrapped(part)
            place = scope.parsed.span(part)
            _store(machine, inner, _reference(machine, inner, scope), value, place, scope, whole)

        patterns.bind(machine, scope, target, source, put)


def store_name(machine: Machine, target: Node, source: Source, scope: Scope) -> None:
    """Bind a name anew. Raises Thrown for a constant or a name that is not defined."""
    name, span = scope.parsed.text(target), scope.parsed.span(target)
    cell = scope.find(name)
    if cell is None:
        if scope.strict:
            calls.throw(f"{name} is not defined", span)
        machine.writes()
        scope.top.cells[name] = Cell(source, name)
        return
    if cell.source is None and scope.top.cells.get(name) is cell:
        machine.unsure += 1  # see expressions: not with every loader
        machine.writes(cell.born)
        cell.lasting = True
        cell.source = Unknown(f"{name} is assigned before its line", (span,))
        return
    if cell.source is None:
        calls.throw(f"Cannot access '{name}' before initialization", span)
    if cell.constant:
        calls.throw("Assignment to constant variable.", span)
    machine.writes(cell.born)
    cell.set(source)


def store_member(
    machine: Machine,
    reference: Target,
    source: Source,
    places: tuple[Span, Span, Span],
    scope: Scope,
) -> None:
    """`holder.name = value`. Raises Thrown where JavaScript throws."""
    assert reference is not None
    holder, name = reference
    where, key, whole = places
    match holder:
        case Builtin(path="process.env"):
            machine.writes()
            if machine.lasting_variables:
                return
            if isinstance(name, str):
                machine.variables[name] = environment_text(held(source))
            else:
                machine.forget_variables("a computed name", whole)
        case Builtin(path="process") if name == "env":
            machine.forget_variables("a new process.env", whole)
        case Obj():
            _store_property(machine, holder, name, Entry(source, where, key, whole), scope, whole)
        case Arr():
            _store_item(machine, holder, name, source, scope, whole)
        case Func(kind=kind) if kind is not None:
            _store_property(
                machine, kind.statics, name, Entry(source, where, key, whole), scope, whole
            )
        case Known() if operators.nullish(holder):
            shown = name if isinstance(name, str) else "it"
            calls.throw(f"Cannot set properties of {operators.to_text(holder)} ({shown})", whole)
        case Known() | EnvString() | PlatformName() | Cpus() if scope.strict:
            calls.throw("Cannot create a property on a plain value", whole)
        case Func():
            machine.notice("a property of a function is not followed", whole)
        case _:
            pass  # what is unknown, a promise or a part of the platform holds no settings


def _store_property(
    machine: Machine, holder: Obj, name: str | Unknown, entry: Entry, scope: Scope, whole: Span
) -> None:
    machine.writes(holder.born)
    if isinstance(name, Unknown):
        if holder.frozen:
            return
        holder.clobber(Unknown(f"a computed key may be this one: {name.reason}", (whole,)))
        return
    before = holder.entry(name)
    if holder.frozen or (holder.sealed and before is None and holder.more is None):
        if scope.strict:
            calls.throw(f"Cannot assign to the property {name} of a frozen object", whole)
        return
    if name == "__proto__":
        holder.clobber(Unknown("its prototype is not evaluated", (whole,)))
        return
    if before is not None and before.is_getter:
        if before.setter is not None:
            given = [entry.value]
            calls.call_function(machine, before.setter, given, whole, this=holder)
        elif scope.strict:
            calls.throw(f"Cannot set property {name}, which has only a getter", whole)
        return
    through = classes.accessor(holder.kind, name) if before is None and holder.kind else None
    if through is not None:
        if name in through.setters:
            given = [entry.value]
            calls.call_function(machine, through.setters[name], given, whole, this=holder)
        elif scope.strict:
            calls.throw(f"Cannot set property {name}, which has only a getter", whole)
        return
    holder.set(name, entry)


def _store_item(
    machine: Machine, holder: Arr, name: str | Unknown, source: Source, scope: Scope, whole: Span
) -> None:
    machine.writes(holder.born)
    if holder.frozen:
        if scope.strict:
            calls.throw("Cannot assign to an item of a frozen array", whole)
        return
    if holder.lasting:
        return
    index = int(name) if isinstance(name, str) and name.isdecimal() else None
    plain = holder.more is None and not holder.sealed
    if plain and index is not None and name == str(index) and index <= len(holder.items):
        value = with_origin(held(source), whole)
        holder.items[index : index + 1] = [value]
        return
    length = held(source) if name == "length" else None
    size = length.value if isinstance(length, Known) else None
    if plain and isinstance(size, float) and size in range(len(holder.items) + 1):
        del holder.items[int(size) :]
        return
    holder.clobber(Unknown("an item of the array is assigned", (whole,)))


def environment_text(value: Value) -> Value:
    """What reading a variable back gives after it was assigned: always a text."""
    text = operators.to_text(value)
    return text if isinstance(text, Unknown) else Known(text, value.origin)


def delete_member(machine: Machine, target: Node, scope: Scope) -> Value:
    """`delete holder.name`."""
    target = unwrapped(target)
    span = scope.parsed.span(target)
    if target.type not in _MEMBERS:
        return Unknown("delete of something that is no property", (span,))
    holder = members.holder_of(machine, target, scope)
    if holder is None:
        return Known(True, (span,))
    name = _name(machine, target, scope)
    match holder:
        case Builtin(path="process.env"):
            machine.writes()
            if isinstance(name, str) and not machine.lasting_variables:
                machine.variables[name] = Known(UNDEFINED)
            elif not isinstance(name, str):
                machine.forget_variables("a computed name", span)
        case Obj():
            machine.writes(holder.born)
            if holder.frozen or holder.sealed:
                if isinstance(name, str) and holder.more is None and not holder.entry(name):
                    return Known(True, (span,))
                if isinstance(name, Unknown) or holder.more is not None:
                    machine.unsure += 1
                    return Unknown("whether it can be deleted is not known", (span,))
                if scope.strict:
                    calls.throw("Cannot delete a property of a frozen object", span)
                return Known(False, (span,))
            if holder.lasting:
                pass
            elif isinstance(name, Unknown):
                holder.clobber(Unknown("an unknown key is deleted", (span,)))
            else:
                holder.entries.pop(name, None)
                if holder.more is not None:
                    holder.set(name, Entry(Known(UNDEFINED), span))
        case Arr():
            machine.writes(holder.born)
            holder.clobber(Unknown("an item of the array is deleted", (span,)))
        case Func(kind=kind) if kind is not None:
            machine.writes(kind.statics.born)
            kind.statics.clobber(Unknown("a static part of a class is deleted", (span,)))
        case Known() if operators.nullish(holder):
            calls.throw(f"Cannot convert {operators.to_text(holder)} to object", span)
        case _:
            pass
    return Known(True, (span,))
