"""Calls: of the project's functions, of methods, of the platform and of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from configguard.evaluate import (
    classes,
    expressions,
    forgetting,
    importing,
    known_calls,
    members,
    methods,
    operators,
    patterns,
    statements,
)
from configguard.evaluate.machine import MAX_DEPTH, Machine, Thrown
from configguard.evaluate.scopes import Cell, Scope, walk_own
from configguard.evaluate.values import (
    UNDEFINED,
    Builtin,
    Func,
    Known,
    Promised,
    Unknown,
    Value,
)
from configguard.source.span import Span, chain
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

WRAPPERS = ("parenthesized_expression", "as_expression", "satisfies_expression")


def throw(text: str, span: Span | None) -> NoReturn:
    """JavaScript throws here."""
    raise Thrown(text, span)


def call(machine: Machine, node: Node, scope: Scope) -> Value:
    """A call expression."""
    function = expressions.field(node, "function")
    span = scope.parsed.span(node)
    if expressions.field(node, "arguments").type == "template_string":
        return _not_followed(machine, node, scope, "a tagged template")
    if function.type == "import":
        arguments = argument_values(machine, node, scope)
        if not is_awaited(node):
            machine.unsure += 1
            return Promised(Unknown("an import that is not awaited", (span,)), (span,))
        return Promised(importing.imported_namespace(machine, scope, arguments, span), (span,))
    if function.type == "super":
        return classes.call_super(machine, node, scope)
    if scope.parsed.text(function) == "eval" and scope.find("eval") is None:
        machine.unsure += 1
        forgetting.forget_everything(machine, node, scope, "eval()")
        return Unknown("eval() is not evaluated", (span,))
    if scope.parsed.text(function) == "require" and scope.find("require") is None:
        result = importing.required(machine, scope, argument_values(machine, node, scope), span)
        machine.unsure += isinstance(result, Unknown | Builtin)
        return result
    optional = any(child.type in ("optional_chain", "?.") for child in node.children)
    if function.type in ("member_expression", "subscript_expression"):
        return _call_member(machine, node, function, scope, optional)
    callee = expressions.evaluate(machine, function, scope)
    if optional and operators.nullish(callee):
        members.short_chain()
    arguments = argument_values(machine, node, scope)
    if isinstance(callee, Builtin) and callee.path == "require":
        return importing.required(machine, scope, arguments, span)
    if isinstance(callee, Builtin) and callee.path == "module.createRequire":
        base = scope.parsed.text(expressions.field(node, "arguments")).strip("() ,\n")
        if base not in _OWN_PLACE:
            return Unknown("a require() from another place is not followed", (span,))
    return _finished(machine, node, scope, callee, arguments, None)


_OWN_PLACE = ("import.meta.url", "import.meta.filename", "__filename")
"""What createRequire() is given for a require() that starts at the file itself."""


def _call_member(
    machine: Machine, node: Node, function: Node, scope: Scope, optional: bool
) -> Value:
    span = scope.parsed.span(node)
    target = expressions.field(function, "object")
    if target.type == "super":
        return _not_followed(machine, node, scope, "a call through `super`")
    receiver = expressions.evaluate(machine, target, scope)
    inner_optional = function.child_by_field_name("optional_chain") is not None
    if inner_optional and operators.nullish(receiver):
        members.short_chain()
    property_node = function.child_by_field_name("property")
    if property_node is not None:
        name: str | Unknown = scope.parsed.text(property_node)
    else:
        index = expressions.field(function, "index")
        name = operators.to_text(expressions.evaluate(machine, index, scope))
    if isinstance(name, Unknown):
        arguments = argument_values(machine, node, scope)
        return _finished(machine, node, scope, Unknown(name.reason, (span,)), arguments, receiver)
    if operators.nullish(receiver):
        throw(f"Cannot read properties of {operators.to_text(receiver)} (reading '{name}')", span)
    if methods.has_own(receiver, name):
        callee = members.member(machine, receiver, name, scope.parsed.span(function))
    else:
        arguments = argument_values(machine, node, scope)
        result = methods.call_method(machine, receiver, name, arguments, span)
        if result is not None:
            if isinstance(result, Unknown):
                machine.unsure += 1
                forgetting.forget_handed(machine, node, arguments, receiver, scope)
            return result
        callee = members.member(machine, receiver, name, scope.parsed.span(function))
        if optional and operators.nullish(callee):
            members.short_chain()
        return _finished(machine, node, scope, callee, arguments, receiver)
    if optional and operators.nullish(callee):
        members.short_chain()
    arguments = argument_values(machine, node, scope)
    return _finished(machine, node, scope, callee, arguments, receiver)


def _finished(
    machine: Machine,
    node: Node,
    scope: Scope,
    callee: Value,
    arguments: list[Value],
    receiver: Value | None,
) -> Value:
    span = scope.parsed.span(node)
    awaited = is_awaited(node)
    result = call_value(machine, callee, arguments, span, this=receiver, awaited=awaited)
    if isinstance(result, Unknown) and not isinstance(callee, Func):
        text = scope.parsed.text(expressions.field(node, "function"))
        if not known_calls.harmless(text):
            machine.unsure += 1
        known = isinstance(callee, Builtin) and callee.certain
        forgetting.forget_handed(machine, node, arguments, None if known else receiver, scope)
    return result


def _not_followed(machine: Machine, node: Node, scope: Scope, what: str) -> Unknown:
    machine.unsure += 1
    forgetting.forget_changes(machine, node, scope, what, lasting=True)
    return Unknown(f"{what} is not evaluated", (scope.parsed.span(node),))


def is_awaited(node: Node) -> bool:
    """Whether nothing else runs between a call and the end of what it promises."""
    parent = node.parent
    while parent is not None and parent.type in WRAPPERS:
        parent = parent.parent
    if parent is None:
        return False
    if parent.type == "export_statement" or parent.type == "await_expression":
        return True
    if parent.type == "return_statement":
        return True
    if parent.type == "arrow_function":
        return True
    if parent.type == "array" and parent.parent is not None:
        # `await Promise.all([import('a'), import('b')])`
        outer = parent.parent.parent
        whole = outer is not None and (outer.text or b"").startswith(b"Promise.all(")
        imports = [child for child in parent.named_children if child.type == "call_expression"]
        plain = all((child.text or b"").startswith(b"import(") for child in imports)
        return bool(whole and plain and outer is not None and is_awaited(outer))
    return False


def argument_values(machine: Machine, node: Node, scope: Scope) -> list[Value]:
    """The values of a call's arguments; a spread of something unknown is one Unknown."""
    values: list[Value] = []
    arguments = node.child_by_field_name("arguments")
    for child in [] if arguments is None else children(arguments):
        if child.type != "spread_element":
            values.append(expressions.evaluate(machine, child, scope))
            continue
        inner = children(child)[0]
        value = expressions.evaluate(machine, inner, scope)
        items = members.iterated(value)
        if items is not None:
            values.extend(items)
        else:
            members.require_iterable(machine, value, scope.parsed.span(child))
            values.append(Unspread("arguments are spread from something unknown"))
    return values


class Unspread(Unknown):
    """Any number of arguments of which nothing is known."""


def call_value(
    machine: Machine,
    callee: Value,
    arguments: list[Value],
    span: Span,
    *,
    this: Value | None = None,
    awaited: bool = False,
) -> Value:
    """Call a value with arguments. Raises Thrown where it is no function."""
    match callee:
        case Func():
            return call_function(machine, callee, arguments, span, this=this, awaited=awaited)
        case Builtin():
            return known_calls.call_builtin(machine, callee, arguments, span)
        case Unknown():
            return Unknown(callee.reason, chain((span,), callee.origin))
        case _:
            return throw("what is called here is not a function", span)


def call_function(
    machine: Machine,
    function: Func,
    arguments: list[Value],
    span: Span | None,
    *,
    this: Value | None = None,
    awaited: bool = True,
) -> Value:
    """Run a function of the project: its parameters bound, its body on this machine.

    Raises Thrown where the function does, and for a class, which is only made with `new`.
    """
    if function.kind is not None:
        return throw("a class is called without `new`", span)
    node = function.node
    kinds = {child.type for child in node.children}
    if "*" in kinds:
        return _forgotten(machine, function, "a generator")
    if any(isinstance(argument, Unspread) for argument in arguments):
        return _forgotten(machine, function, "a call with unknown arguments")
    body = expressions.field(node, "body")
    suspends = "async" in kinds and not awaited and _has_await(body)
    if suspends:
        made = _forgotten(machine, function, "an async function that is not awaited")
        return Promised(made, function.origin)
    if machine.depth >= MAX_DEPTH:
        machine.unsure += 1
        return _forgotten(machine, function, f"calls nested deeper than {MAX_DEPTH} levels")
    scope = Scope(function.parsed, function.scope, is_function=True)
    if node.type != "arrow_function":
        scope.cells["this"] = Cell(_this(this, scope))
        scope.cells["arguments"] = Cell(Unknown("`arguments` is not evaluated"))
        own = node.child_by_field_name("name")
        if node.type == "function_expression" and own is not None:
            scope.cells[scope.parsed.text(own)] = Cell(function)
    machine.depth += 1
    machine.calls += 1
    try:
        patterns.parameters(machine, node, scope, arguments)
        if body.type == "statement_block":
            result = statements.run_function_body(machine, children(body), scope)
        else:
            result = expressions.evaluate(machine, body, scope)
    except Thrown as thrown:
        if "async" in kinds and not awaited:
            machine.unsure += 1
            return Promised(Unknown(f"it is rejected: {thrown.text}", function.origin))
        raise
    finally:
        machine.depth -= 1
        machine.calls -= 1
    del span
    return Promised(result, result.origin) if "async" in kinds else result


def _this(this: Value | None, scope: Scope) -> Value:
    if this is not None:
        return this
    if scope.strict:
        return Known(UNDEFINED)
    return Unknown("`this` is the global object")


def _has_await(body: Node) -> bool:
    return any(
        found.type == "await_expression"
        or (found.type == "for_in_statement" and any(c.type == "await" for c in found.children))
        for found in walk_own(body)
    )


def _forgotten(machine: Machine, function: Func, what: str) -> Unknown:
    machine.unsure += 1
    forgetting.forget_function(machine, function, what)
    return Unknown(f"{what} is not evaluated", function.origin)
