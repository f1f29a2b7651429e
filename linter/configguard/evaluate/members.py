"""Members, indexes and optional chains: `a.b`, `a[0]`, `a?.b.c()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from configguard.evaluate import calls, expressions, known_calls, operators
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Scope
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
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
        if _is_inner_link(node):
            return handler(machine, node, scope)
        try:
            return handler(machine, node, scope)
        except _ShortChain:
            return Known(UNDEFINED, (scope.parsed.span(node),))

    return outermost


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
    target = expressions.evaluate(machine, expressions.field(node, "object"), scope)
    optional = node.child_by_field_name("optional_chain") is not None
    return member(machine, target, name, span, optional=optional)


def subscript(machine: Machine, node: Node, scope: Scope) -> Value:
    span = scope.parsed.span(node)
    target = expressions.evaluate(machine, expressions.field(node, "object"), scope)
    name = operators.to_text(expressions.evaluate(machine, expressions.field(node, "index"), scope))
    if isinstance(name, Unknown):
        return Unknown(name.reason, (span,))
    optional = node.child_by_field_name("optional_chain") is not None
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
                return calls.throw(f"Cannot read properties of {operators.to_text(target)}", span)
            if name == "length" and isinstance(scalar, str):
                return Known(float(len(scalar.encode("utf-16-le")) // 2), (span,))
            if isinstance(scalar, str) and name.isdecimal():
                units = scalar[int(name) : int(name) + 1]
                return (
                    Known(units or UNDEFINED, (span,))
                    if scalar.isascii()
                    else Unknown("a part of a text that is not ASCII", (span,))
                )
            return _method_or_nothing(f"({type(scalar).__name__}).{name}", name, span)
        case Obj():
            if name in target.entries or target.more is not None:
                return with_origin(target.get(name), span)
            return known_calls.of_prototype(name, span)
        case Arr(items=items, more=more):
            if name.isdigit() and int(name) < len(items):
                return with_origin(items[int(name)], span)
            if more is not None:
                return Unknown(more.reason, (span,))
            if name == "length":
                return Known(float(len(items)), (span,))
            if name.isdigit():
                return Known(UNDEFINED, (span,))
            return _method_or_nothing(f"[].{name}", name, span)
        case Builtin(path=path):
            return known_calls.of_member(machine, path, name, span)
        case Unknown():
            return Unknown(target.reason, chain((span,), target.origin))
        case _:
            return Unknown(f"the property {name} is not evaluated here", (span,))


def _method_or_nothing(path: str, name: str, span: Span) -> Value:
    """A property of a text, number or array that is no index: a method, or undefined."""
    if known_calls.is_method(name):
        return Builtin(path, (span,))
    return Known(UNDEFINED, (span,))
