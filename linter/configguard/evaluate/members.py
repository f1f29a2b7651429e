"""Members, indexes and optional chains: `a.b`, `a[0]`, `a?.b.c()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from configguard.evaluate import (
    calls,
    classes,
    expressions,
    known_calls,
    numbers,
    objects,
    operators,
)
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Scope
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Choice,
    Cpus,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    with_origin,
)
from configguard.source.span import Span, chain

if TYPE_CHECKING:
    from tree_sitter import Node

Handler = Callable[[Machine, "Node", Scope], Value]


class _ShortChain(Exception):
    """`a?.b.c()` with nothing in `a`: the whole chain is undefined."""


def short_chain() -> NoReturn:
    """End an optional chain."""
    raise _ShortChain


def chained(handler: Handler) -> Handler:
    """A member or call that, as the outermost of its chain, takes the chain's short end."""

    def outermost(machine: Machine, node: Node, scope: Scope) -> Value:
        if not scope.parsed.document.may_chain_optionally or _is_inner_link(node):
            return handler(machine, node, scope)
        try:
            return handler(machine, node, scope)
        except _ShortChain:
            return Known(UNDEFINED, (scope.parsed.span(node),))

    return outermost


def holder_of(machine: Machine, target: Node, scope: Scope) -> Value | None:
    """The object of a member that is assigned or deleted; None at the short end of a chain.

    An assignment to such a chain is no JavaScript; `delete a?.b.c` does nothing.
    """
    node = expressions.field(target, "object")
    try:
        return expressions.evaluate(machine, node, scope)
    except _ShortChain:
        return None


def _is_inner_link(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type == "non_null_expression":
        node, parent = parent, parent.parent
    if parent is None or parent.type not in _LINKS:
        return False
    held = parent.child_by_field_name("object") or parent.child_by_field_name("function")
    return held is not None and held.id == node.id


_LINKS = frozenset(("member_expression", "subscript_expression", "call_expression"))


def member_access(machine: Machine, node: Node, scope: Scope) -> Value:
    span = scope.parsed.span(node)
    name = scope.parsed.text(expressions.field(node, "property"))
    if scope.parsed.text(node).startswith("import.meta"):
        return known_calls.of_import_meta(scope.parsed.text(node), span)
    holder = expressions.field(node, "object")
    if holder.type == "super":
        return Unknown("`super` is not evaluated", (span,))
    target = expressions.evaluate(machine, holder, scope)
    optional = node.child_by_field_name("optional_chain") is not None
    return member(machine, target, name, span, optional=optional)


def subscript(machine: Machine, node: Node, scope: Scope) -> Value:
    span = scope.parsed.span(node)
    target = expressions.evaluate(machine, expressions.field(node, "object"), scope)
    optional = node.child_by_field_name("optional_chain") is not None
    if optional and operators.nullish(target):
        short_chain()
    name = operators.to_text(expressions.evaluate(machine, expressions.field(node, "index"), scope))
    if isinstance(name, Unknown):
        if isinstance(target, Known) and operators.nullish(target):
            calls.throw(f"Cannot read properties of {operators.to_text(target)}", span)
        machine.unsure += isinstance(target, Unknown)
        return Unknown(name.reason, (span,))
    return member(machine, target, name, span, optional=optional)


def member(
    machine: Machine, target: Value, name: str, span: Span, *, optional: bool = False
) -> Value:
    """`target.name`. Raises Thrown on undefined and null, as JavaScript does."""
    match target:
        case Known(value=scalar):
            if scalar is None or scalar is UNDEFINED:
                if optional:
                    short_chain()
                text = f"Cannot read properties of {operators.to_text(target)} (reading '{name}')"
                return calls.throw(text, span)
            return _of_scalar(scalar, name, span)
        case Obj():
            if name in target.entries and target.entry(name) is not None:
                return with_origin(target.get(name), span)
            if target.kind is not None:
                inherited = classes.inherited(machine, target, name, span)
                if inherited is not None:
                    return inherited
            if target.more is not None:
                return Unknown(target.more.reason, (span, *target.more.origin))
            return known_calls.of_prototype(name, span)
        case Arr(items=items, more=more):
            if objects.is_index(name) and int(name) < len(items):
                return with_origin(items[int(name)], span)
            if more is not None and not known_calls.is_method("array", name):
                return Unknown(more.reason, (span,))
            if name == "length":
                return Known(float(len(items)), (span,))
            if objects.is_index(name):
                return Known(UNDEFINED, (span,))
            return _method_or_nothing("array", name, span)
        case Builtin(path=path):
            found = known_calls.of_member(machine, path, name, span)
            if not target.certain:
                machine.unsure += 1
            return found
        case Unknown():
            machine.unsure += 1
            return Unknown(target.reason, chain((span,), target.origin))
        case Func(kind=kind) if kind is not None:
            for one in kind.chain():
                entry = one.statics.entry(name)
                if entry is not None:
                    return with_origin(entry.value, span)
                if one.statics.more is not None:
                    return Unknown(one.statics.more.reason, (span,))
            return Unknown(f"the property {name} is not evaluated here", (span,))
        case _:
            return Unknown(f"the property {name} is not evaluated here", (span,))


def _of_scalar(scalar: float | str | bool, name: str, span: Span) -> Value:
    if isinstance(scalar, str):
        if name == "length":
            return Known(float(numbers.length(scalar)), (span,))
        if objects.is_index(name):
            unit = numbers.units(scalar, int(name), int(name) + 1)
            return Known(unit or UNDEFINED, (span,))
    kind = operators.type_of(Known(scalar))
    assert kind is not None  # scalars have one
    return _method_or_nothing(kind, name, span)


def _method_or_nothing(kind: str, name: str, span: Span) -> Value:
    """A property of a text, number or array that is no index: a method, or undefined."""
    if known_calls.is_method(kind, name):
        return Builtin(f"({kind}).{name}", (span,))
    return Known(UNDEFINED, (span,))


def require_object(source: Value | Choice[Value], span: Span) -> None:
    """What destructuring of an object needs. Raises Thrown on undefined and null."""
    for value in _possible(source, _is_empty):
        if _is_empty(value):
            calls.throw(f"Cannot destructure '{operators.to_text(value)}'", span)


def iterated(value: Value) -> list[Value] | None:
    """What iterating over a value gives; None where that is not known."""
    match value:
        case Arr(more=None, items=items):
            return items
        case Known(value=str(text)):
            return [Known(letter, value.origin) for letter in text]
        case _:
            return None


def require_iterable(machine: Machine, source: Value | Choice[Value], span: Span) -> None:
    """What a spread or `for … of` needs. Raises Thrown on what surely cannot be iterated."""
    if isinstance(source, Unknown):
        machine.unsure += 1
    for value in _possible(source, _is_single):
        if _is_single(value):
            calls.throw("it is not iterable", span)


def _possible(source: Value | Choice[Value], fails: Callable[[Value], bool]) -> list[Value]:
    """The values that a source may be; one that may fail splits the world."""
    if not isinstance(source, Choice):
        return [source]
    if any(fails(case.answer) for case in source.cases):
        return [source.now()]
    return []


def _is_empty(value: Value) -> bool:
    return isinstance(value, Known) and operators.nullish(value) is True


def _is_single(value: Value) -> bool:
    if isinstance(value, Known):
        return not isinstance(value.value, str)
    if isinstance(value, Obj):
        return value.more is None and value.kind is None and not value.lasting
    return isinstance(value, Func | Cpus)
