"""Expressions to values: one small function per kind of syntax node."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from configguard.evaluate import (
    assigning,
    calls,
    classes,
    forgetting,
    known_calls,
    members,
    objects,
    operators,
    statements,
)
from configguard.evaluate import numbers as js
from configguard.evaluate.machine import ENTRIES_PER_STEP, MAX_DEPTH, NODES_PER_STEP, Machine
from configguard.evaluate.scopes import Cell, Scope, has_call, written_names
from configguard.evaluate.values import (
    MAX_TEXT,
    UNDEFINED,
    Arr,
    Choice,
    Cpus,
    Func,
    Known,
    Unknown,
    Value,
    settled,
    with_origin,
)
from configguard.source.span import Origin, Span, chain
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

Handler = Callable[[Machine, "Node", Scope], Value]


def evaluate(machine: Machine, node: Node, scope: Scope) -> Value:
    """The value of an expression in this machine's world. Raises Fork, Thrown, OverBound."""
    handler = _HANDLERS.get(node.type)
    if handler is None:
        return not_followed(machine, node, scope)
    machine.step()
    if machine.depth >= MAX_DEPTH:
        machine.step(node.descendant_count // NODES_PER_STEP)
        if has_call(node) or written_names(node):
            forgetting.forget_changes(machine, node, scope, "what is nested too deeply")
        machine.unsure += 1
        return Unknown(f"it is nested deeper than {MAX_DEPTH} levels", (scope.parsed.span(node),))
    machine.depth += 1
    try:
        return handler(machine, node, scope)
    finally:
        machine.depth -= 1


def not_followed(machine: Machine, node: Node, scope: Scope) -> Unknown:
    """An expression of a kind that is not evaluated: what it may change is forgotten."""
    machine.step(node.descendant_count // NODES_PER_STEP)
    if has_call(node) or written_names(node):
        machine.unsure += 1
        forgetting.forget_changes(machine, node, scope, f"a {_kind(node)}", lasting=True)
    return Unknown(f"{_kind(node)} is not evaluated", (scope.parsed.span(node),))


_PLAIN = frozenset(("number", "string", "true", "false", "null", "undefined", "arrow_function"))


def later(machine: Machine, node: Node, scope: Scope) -> Value | Choice[Value]:
    """The value of an expression for a place that may hold a choice of values."""
    if node.type in _PLAIN:
        return evaluate(machine, node, scope)
    place: Origin = (scope.parsed.span(node),)

    def lost(why: Unknown) -> Value:
        if has_call(node) or written_names(node):
            forgetting.forget_changes(machine, node, scope, "code with many open conditions")
        return Unknown(why.reason, place)

    return machine.explored(lambda: evaluate(machine, node, scope), lost)


def field(node: Node, name: str) -> Node:
    """A field that the grammar guarantees on a tree without errors."""
    found = node.child_by_field_name(name)
    assert found is not None, f"{node.type} has no {name}"
    return found


def string_value(machine: Machine, node: Node, scope: Scope) -> str:
    """The text of a string literal with its escapes resolved."""
    del machine
    pieces: list[str] = []
    for child in node.named_children:
        text = scope.parsed.text(child)
        pieces.append(_escape(text) if child.type == "escape_sequence" else text)
    whole = "".join(pieces)
    if whole.isascii():
        return whole
    # Two escaped surrogates are one character.
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _escape(text: str) -> str:
    body = text[1:]
    if body[0] in "xu":
        digits = body[1:].strip("{}")
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            return text
    if body in ("\n", "\r\n", "\r"):
        return ""
    return _ESCAPES.get(body, body)


def _kind(node: Node) -> str:
    return node.type.replace("_", " ")


def _number(machine: Machine, node: Node, scope: Scope) -> Value:
    del machine
    span = scope.parsed.span(node)
    value = js.literal(scope.parsed.text(node))
    return Unknown("a BigInt is not evaluated", (span,)) if value is None else Known(value, (span,))


def _string(machine: Machine, node: Node, scope: Scope) -> Value:
    return Known(string_value(machine, node, scope), (scope.parsed.span(node),))


def _template(machine: Machine, node: Node, scope: Scope) -> Value:
    origin: Origin = (scope.parsed.span(node),)
    pieces: list[str] = []
    size = 0
    for child in node.named_children:
        if child.type == "template_substitution":
            value = evaluate(machine, child.named_children[0], scope)
            origin = chain(origin, value.origin)
            text = operators.to_text(value)
            if isinstance(text, Unknown):
                return Unknown(text.reason, origin)
            pieces.append(text)
            size += len(text)
            if size > MAX_TEXT:
                return Unknown(f"a text of more than {MAX_TEXT} characters", origin)
        elif child.type == "escape_sequence":
            pieces.append(_escape(scope.parsed.text(child)))
        else:
            pieces.append(scope.parsed.text(child))
    return Known("".join(pieces), origin)


def _literal(value: bool | None) -> Handler:
    return lambda machine, node, scope: Known(value, (scope.parsed.span(node),))


def _undefined(machine: Machine, node: Node, scope: Scope) -> Value:
    del machine
    return Known(UNDEFINED, (scope.parsed.span(node),))


def _identifier(machine: Machine, node: Node, scope: Scope) -> Value:
    name = scope.parsed.text(node)
    span = scope.parsed.span(node)
    cell = scope.find(name)
    if cell is not None:
        if cell.source is None:
            return _too_early(machine, name, cell, scope, span)
        return with_origin(cell.get(), span)
    if name == "undefined":
        return Known(UNDEFINED, (span,))
    return known_calls.of_global(machine, name, span)


def _too_early(machine: Machine, name: str, cell: Cell, scope: Scope, span: Span) -> Value:
    """A name read before its line: that throws, but esbuild, which loads the configs of most
    vitest versions, makes `var`s of a file's own names (measured on 0.34 to 3.2).
    """
    if scope.top.cells.get(name) is not cell:
        return calls.throw(f"Cannot access '{name}' before initialization", span)
    machine.unsure += 1
    return Unknown(
        f"{name} is read before its line: what it is then depends on the loader", (span,)
    )


def _inside(machine: Machine, node: Node, scope: Scope) -> Value:
    """Wrappers that change nothing at run time: parentheses, `as`, `satisfies`, `!`."""
    return evaluate(machine, children(node)[0], scope)


def _assertion(machine: Machine, node: Node, scope: Scope) -> Value:
    return evaluate(machine, children(node)[-1], scope)


def _await(machine: Machine, node: Node, scope: Scope) -> Value:
    return settled(evaluate(machine, children(node)[0], scope))


def _sequence(machine: Machine, node: Node, scope: Scope) -> Value:
    *first, last = children(node)
    for child in first:
        statements.run_expression(machine, child, scope)
    return evaluate(machine, last, scope)


def _function(machine: Machine, node: Node, scope: Scope) -> Value:
    del machine
    return Func(node, scope, scope.parsed, (scope.parsed.span(node),))


def condition(machine: Machine, node: Node, scope: Scope) -> bool:
    """Whether a condition holds in this world. Raises Fork where the world does not tell."""
    value = evaluate(machine, node, scope)
    return operators.truth(machine, value, scope.parsed.span(node), scope.parsed.brief(node))


def _ternary(machine: Machine, node: Node, scope: Scope) -> Value:
    holds = condition(machine, field(node, "condition"), scope)
    return evaluate(machine, field(node, "consequence" if holds else "alternative"), scope)


def _binary(machine: Machine, node: Node, scope: Scope) -> Value:
    operator = field(node, "operator").type
    left_node, right_node = field(node, "left"), field(node, "right")
    span = scope.parsed.span(node)
    if operator in ("&&", "||", "??"):
        left = evaluate(machine, left_node, scope)
        if takes_left(machine, operator, left, left_node, scope):
            return left
        return evaluate(machine, right_node, scope)
    left = evaluate(machine, left_node, scope)
    right = evaluate(machine, right_node, scope)
    if operator == "in":
        return known_calls.has_key(machine, left, right, span)
    if operator == "instanceof":
        return Unknown("instanceof is not evaluated", (span,))
    return operators.binary(machine, operator, left, right, span)


def takes_left(machine: Machine, operator: str, left: Value, node: Node, scope: Scope) -> bool:
    """Whether a logical operator gives its left side. Raises Fork where that is open."""
    span, text = scope.parsed.span(node), scope.parsed.brief(node)
    if operator == "??":
        empty = operators.nullish(left)
        if empty is None:
            shown = Unknown("whether it is set is not known")
            return operators.truth(machine, shown, span, f"{text} is set")
        return not empty
    return operators.truth(machine, left, span, text) == (operator == "||")


def _unary(machine: Machine, node: Node, scope: Scope) -> Value:
    operator = field(node, "operator").type
    argument = field(node, "argument")
    span = scope.parsed.span(node)
    if operator == "!":
        return Known(not condition(machine, argument, scope), (span,))
    if operator == "void":
        statements.run_expression(machine, argument, scope)
        return Known(UNDEFINED, (span,))
    if operator == "delete":
        return assigning.delete_member(machine, argument, scope)
    if operator == "typeof" and argument.type == "identifier":
        name = scope.parsed.text(argument)
        if scope.find(name) is None and not known_calls.is_global(name):
            return Known("undefined", (span,))
    value = evaluate(machine, argument, scope)
    origin = chain((span,), value.origin)
    if operator == "typeof":
        kind = operators.type_of(value)
        return Unknown("its type is not known", origin) if kind is None else Known(kind, origin)
    number = operators.to_number(value)
    if isinstance(number, Unknown):
        return Unknown(number.reason, origin)
    if isinstance(number, Cpus):
        if operator == "+":
            return Cpus(number.expression, origin)
        return Unknown("it falls as the number of CPUs grows", origin)
    match operator:
        case "-":
            return Known(-number, origin)
        case "+":
            return Known(number, origin)
        case "~":
            return Known(float(~js.to_int32(number)), origin)
    return Unknown(f"the operator {operator} is not evaluated", origin)


def _object(machine: Machine, node: Node, scope: Scope) -> Value:
    return objects.literal(machine, node, scope)


def _array(machine: Machine, node: Node, scope: Scope) -> Value:
    made = Arr([], (scope.parsed.span(node),))
    tokens = [child.type for child in node.children if child.type != "comment"]
    if any(a in "[," and b == "," for a, b in pairwise(tokens)):
        made.more = Unknown("an array with holes is not evaluated", made.origin)
    for child in children(node):
        if child.type != "spread_element":
            made.extend([evaluate(machine, child, scope)])
            continue
        value = evaluate(machine, children(child)[0], scope)
        items = members.iterated(value)
        if items is not None:
            machine.step(len(items) // ENTRIES_PER_STEP)
            made.extend(items)
        elif isinstance(value, Arr):
            made.extend(value.items)
            made.more = made.more or value.more
        else:
            members.require_iterable(machine, value, scope.parsed.span(child))
            reason = value.reason if isinstance(value, Unknown) else "it is spread from no array"
            made.more = made.more or Unknown(reason, value.origin)
    return made


def _assignment(machine: Machine, node: Node, scope: Scope) -> Value:
    return assigning.assign(machine, node, scope)


def _call(machine: Machine, node: Node, scope: Scope) -> Value:
    return calls.call(machine, node, scope)


def _new(machine: Machine, node: Node, scope: Scope) -> Value:
    return classes.instantiate(machine, node, scope)


def _class(machine: Machine, node: Node, scope: Scope) -> Value:
    return classes.define(machine, node, scope)


def _this(machine: Machine, node: Node, scope: Scope) -> Value:
    del machine
    span = scope.parsed.span(node)
    cell = scope.find("this")
    return with_origin(cell.get(), span) if cell is not None else Unknown("`this`", (span,))


def _regexp(machine: Machine, node: Node, scope: Scope) -> Value:
    del machine
    return Unknown("a regular expression is not evaluated", (scope.parsed.span(node),))


_HANDLERS: dict[str, Handler] = {
    "number": _number,
    "string": _string,
    "template_string": _template,
    "true": _literal(True),
    "false": _literal(False),
    "null": _literal(None),
    "undefined": _undefined,
    "identifier": _identifier,
    "shorthand_property_identifier": _identifier,
    "parenthesized_expression": _inside,
    "as_expression": _inside,
    "satisfies_expression": _inside,
    "non_null_expression": _inside,
    "instantiation_expression": _inside,
    "type_assertion": _assertion,
    "await_expression": _await,
    "sequence_expression": _sequence,
    "arrow_function": _function,
    "function_expression": _function,
    "ternary_expression": _ternary,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "object": _object,
    "array": _array,
    "member_expression": members.chained(members.member_access),
    "subscript_expression": members.chained(members.subscript),
    "call_expression": members.chained(_call),
    "new_expression": _new,
    "class": _class,
    "this": _this,
    "regex": _regexp,
    "assignment_expression": _assignment,
    "augmented_assignment_expression": _assignment,
    "update_expression": _assignment,
}
