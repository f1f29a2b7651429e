"""Classes: their static parts, `new`, and what instances have from their class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from configguard.evaluate import (
    calls,
    expressions,
    forgetting,
    objects,
    statements,
)
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Cell, Scope
from configguard.evaluate.values import (
    UNDEFINED,
    Builtin,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.source.span import Span
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

CLASSES = ("class_declaration", "abstract_class_declaration", "class")


@dataclass(slots=True, eq=False)
class Kind:
    """What instances of a class have: methods, accessors, fields; and the class's own parts."""

    statics: Obj
    parent: Kind | None = None
    methods: dict[str, Func] = field(default_factory=dict)
    getters: dict[str, Func] = field(default_factory=dict)
    setters: dict[str, Func] = field(default_factory=dict)
    fields: list[tuple[str, Node, Scope]] = field(default_factory=list)
    constructor: Func | None = None
    # Part of it is not followed: a decorator, a computed name, an unknown parent.
    unknown: str | None = None

    def chain(self) -> Iterator[Kind]:
        """This class and those it extends, nearest first."""
        kind: Kind | None = self
        while kind is not None:
            yield kind
            kind = kind.parent


def define(machine: Machine, node: Node, scope: Scope) -> Value:
    """Evaluate a class: its parts are made, its static fields run."""
    span = scope.parsed.span(node)
    kind = Kind(Obj({}, (span,)))
    made = Func(node, scope, scope.parsed, (span,), kind)
    inner = scope.inner()
    inner.strict = True
    name = node.child_by_field_name("name")
    if name is not None:
        inner.cells[scope.parsed.text(name)] = Cell(made, constant=True)
    if any(child.type == "decorator" for child in node.children):
        kind.unknown = "a decorator"
    for child in children(node):
        if child.type == "class_heritage":
            _extend(machine, child, scope, kind)
    own = inner.inner()
    own.is_function = True
    own.cells["this"] = Cell(made)
    for member in children(expressions.field(node, "body")):
        _define_member(machine, member, inner, own, kind)
    if kind.unknown is not None:
        forgetting.forget_changes(machine, node, scope, kind.unknown, lasting=True)
        machine.unsure += 1
        return Unknown(f"a class with {kind.unknown} is not evaluated", (span,))
    return made


def _extend(machine: Machine, heritage: Node, scope: Scope, kind: Kind) -> None:
    clauses = children(heritage)
    for clause in clauses:
        if clause.type == "implements_clause":
            continue
        parents = clause.children_by_field_name("value") or [clause]
        value = expressions.evaluate(machine, parents[0], scope)
        if isinstance(value, Func) and value.kind is not None:
            kind.parent = value.kind
        else:
            kind.unknown = "an unknown parent"


def _define_member(machine: Machine, node: Node, inner: Scope, own: Scope, kind: Kind) -> None:
    if node.type in ("method_signature", "abstract_method_signature", "index_signature"):
        return
    words = {child.type for child in node.children}
    static = "static" in words
    if node.type == "class_static_block":
        statements.run_block(machine, expressions.field(node, "body"), own)
        return
    if "decorator" in words or node.type not in ("method_definition", "public_field_definition"):
        kind.unknown = "a part that is not followed"
        return
    key = expressions.field(node, "name")
    private = key.type == "private_property_identifier"
    name = inner.parsed.text(key) if private else objects.property_name(machine, key, inner)
    if isinstance(name, Unknown):
        kind.unknown = "a computed name"
        return
    if node.type == "method_definition":
        _define_method(node, name, inner, own, kind, words)
        return
    if "declare" in words or "abstract" in words:
        return
    if not static:
        kind.fields.append((name, node, inner))
        return
    value = node.child_by_field_name("value")
    where = inner.parsed.span(value or node)
    given = Known(UNDEFINED) if value is None else expressions.later(machine, value, own)
    kind.statics.set(name, Entry(given, where, inner.parsed.span(key), inner.parsed.span(node)))


def _define_method(
    node: Node, name: str, inner: Scope, own: Scope, kind: Kind, words: set[str]
) -> None:
    span = inner.parsed.span(node)
    if "static" in words:
        function = Func(node, own, inner.parsed, (span,))
        if "get" in words or "set" in words:
            kind.unknown = "a static accessor"
            return
        kind.statics.set(name, Entry(function, span))
        return
    function = Func(node, inner, inner.parsed, (span,))
    if name == "constructor":
        kind.constructor = function
        # `constructor(private name: string)` makes a field of each such parameter.
        for parameter in children(expressions.field(node, "parameters")):
            if any(c.type in ("accessibility_modifier", "readonly") for c in parameter.children):
                kind.unknown = "parameters that are fields"
    elif "get" in words:
        kind.getters[name] = function
    elif "set" in words:
        kind.setters[name] = function
    else:
        kind.methods[name] = function


def instantiate(machine: Machine, node: Node, scope: Scope) -> Value:
    """`new Class(…)`."""
    span = scope.parsed.span(node)
    callee = expressions.evaluate(machine, expressions.field(node, "constructor"), scope)
    arguments = calls.argument_values(machine, node, scope)
    if isinstance(callee, Func) and callee.kind is not None:
        made = Obj({}, (span,), kind=callee.kind)
        _construct(machine, callee.kind, made, arguments, span)
        return made
    if isinstance(callee, Unknown):
        machine.unsure += 1
        forgetting.forget_handed(machine, node, arguments, None, scope)
        return Unknown(callee.reason, (span, *callee.origin))
    if isinstance(callee, Known):
        calls.throw("what is made here is no class", span)
    if isinstance(callee, Func):
        forgetting.forget_function(machine, callee, "a constructor")
    if not (isinstance(callee, Builtin) and callee.certain):
        machine.unsure += 1
    forgetting.forget_handed(machine, node, arguments, None, scope)
    return Unknown("an object made by `new` is not evaluated", (span,))


def _construct(machine: Machine, kind: Kind, made: Obj, arguments: list[Value], span: Span) -> None:
    if kind.constructor is None:
        if kind.parent is not None:
            _construct(machine, kind.parent, made, arguments, span)
        _make_fields(machine, kind, made)
        return
    if kind.parent is None:
        _make_fields(machine, kind, made)
    function = kind.constructor
    if kind.parent is not None:
        # `super(…)` makes the parent's part, then this class's fields.
        scope = Scope(function.parsed, function.scope)
        scope.cells["super"] = Cell(Func(function.node, scope, function.parsed, (), kind))
        function = Func(function.node, scope, function.parsed, function.origin)
    result = calls.call_function(machine, function, arguments, span, this=made)
    if not isinstance(result, Known):
        made.clobber(Unknown("its constructor returns something", (span,)))


def call_super(machine: Machine, node: Node, scope: Scope) -> Value:
    """`super(…)` in a constructor."""
    span = scope.parsed.span(node)
    arguments = calls.argument_values(machine, node, scope)
    holder, this = scope.find("super"), scope.find("this")
    own = holder.get() if holder is not None else None
    made = this.get() if this is not None else None
    if isinstance(own, Func) and own.kind is not None and isinstance(made, Obj):
        if own.kind.parent is not None:
            _construct(machine, own.kind.parent, made, arguments, span)
        _make_fields(machine, own.kind, made)
        return Known(UNDEFINED, (span,))
    return Unknown("`super` is not evaluated", (span,))


def _make_fields(machine: Machine, kind: Kind, made: Obj) -> None:
    for name, node, scope in kind.fields:
        own = scope.inner()
        own.is_function = True
        own.cells["this"] = Cell(made)
        value = node.child_by_field_name("value")
        where = scope.parsed.span(value or node)
        given = Known(UNDEFINED) if value is None else expressions.later(machine, value, own)
        key = scope.parsed.span(expressions.field(node, "name"))
        made.set(name, Entry(given, where, key, scope.parsed.span(node)))


def inherited(machine: Machine, holder: Obj, name: str, span: Span) -> Value | None:
    """What an instance has from its class under a name; None where the class has none."""
    assert holder.kind is not None  # asked of instances only
    for kind in holder.kind.chain():
        if name in kind.getters:
            return calls.call_function(machine, kind.getters[name], [], span, this=holder)
        if name in kind.methods:
            return kind.methods[name]
        if name in kind.setters:
            return Known(UNDEFINED, (span,))
    return None


def accessor(kind: Kind, name: str) -> Kind | None:
    """The class through whose functions an instance's property is read and written, if any."""
    having = (one for one in kind.chain() if name in one.getters or name in one.setters)
    return next(having, None)
