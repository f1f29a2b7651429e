"""Expressions to values: one small function per kind of syntax node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from configguard.evaluate import calls, known_calls, members, operators
from configguard.evaluate import numbers as js
from configguard.evaluate.machine import MAX_DEPTH, Machine
from configguard.evaluate.scopes import Scope, mentioned, walk, written_names
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Entry,
    EnvString,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
    with_origin,
)
from configguard.evaluate.worlds import Fork
from configguard.source.span import Origin, Span, chain
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

Handler = Callable[[Machine, "Node", Scope], Value]


def evaluate(machine: Machine, node: Node, scope: Scope) -> Value:
    """The value of an expression in this machine's world. Raises Fork, Thrown, OverBound."""
    handler = _HANDLERS.get(node.type)
    if handler is None:
        return Unknown(f"{_kind(node)} is not evaluated", (scope.parsed.span(node),))
    machine.step()
    if machine.depth >= MAX_DEPTH:
        return Unknown(f"it is nested deeper than {MAX_DEPTH} levels", (scope.parsed.span(node),))
    machine.depth += 1
    try:
        return handler(machine, node, scope)
    finally:
        machine.depth -= 1


def later(machine: Machine, node: Node, scope: Scope) -> Value | Callable[[], Value]:
    """The value of an expression: at once where it depends on when it is read, else on demand."""
    if scope.changing and not scope.changing.isdisjoint(mentioned(node)):
        return now(machine, node, scope)
    return lambda: evaluate(machine, node, scope)


def now(machine: Machine, node: Node, scope: Scope) -> Value | Callable[[], Value]:
    """The value of an expression at once; where an open condition decides it, that is asked only
    when the value is read: what nobody reads splits no world."""
    try:
        return evaluate(machine, node, scope)
    except Fork as fork:
        if written_names(node) or may_have_effects(node, scope):
            raise
        return again(fork)


def again(fork: Fork) -> Callable[[], Value]:
    """A value that asks an open condition when it is read."""

    def ask() -> Value:
        raise fork

    return ask


def may_have_effects(node: Node, scope: Scope) -> bool:
    """Whether a call in an expression may change something: all but those of the platform."""
    for found in walk(node):
        if found.type == "new_expression":
            return True
        if found.type == "call_expression":
            root = field(found, "function")
            while root.type in ("member_expression", "subscript_expression", "call_expression"):
                root = root.child_by_field_name("object") or field(root, "function")
            cell = scope.find(scope.parsed.text(root)) if root.type == "identifier" else None
            if cell is not None and not isinstance(cell.get(), Builtin):
                return True
    return False


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
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
    for child in node.named_children:
        if child.type == "template_substitution":
            value = evaluate(machine, child.named_children[0], scope)
            origin = chain(origin, value.origin)
            text = operators.to_text(value)
            if isinstance(text, Unknown):
                return Unknown(text.reason, origin)
            pieces.append(text)
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
        if name in scope.untimed:
            reason = f"a class, generator or async function may change {name}"
            return Unknown(reason, (span,))
        return with_origin(cell.get(), span)
    if name == "undefined":
        return Known(UNDEFINED, (span,))
    return known_calls.of_global(machine, name, span)


def _inside(machine: Machine, node: Node, scope: Scope) -> Value:
    """Wrappers that change nothing at run time: parentheses, `as`, `satisfies`, `!`."""
    return evaluate(machine, children(node)[0], scope)


def _assertion(machine: Machine, node: Node, scope: Scope) -> Value:
    return evaluate(machine, children(node)[-1], scope)


def _await(machine: Machine, node: Node, scope: Scope) -> Value:
    return settled(evaluate(machine, children(node)[0], scope))


def _sequence(machine: Machine, node: Node, scope: Scope) -> Value:
    value: Value = Known(UNDEFINED)
    for child in children(node):
        value = evaluate(machine, child, scope)
    return value


def _function(machine: Machine, node: Node, scope: Scope) -> Value:
    del machine
    return Func(node, scope, scope.parsed, (scope.parsed.span(node),))


def condition(machine: Machine, node: Node, scope: Scope) -> bool:
    """Whether a condition holds in this world. Raises Fork where the world does not tell."""
    value = evaluate(machine, node, scope)
    text = " ".join(scope.parsed.text(node).split())
    return operators.truth(machine, value, scope.parsed.span(node), text)


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
    span, text = scope.parsed.span(node), " ".join(scope.parsed.text(node).split())
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
        return Known(UNDEFINED, (span,))
    if operator == "delete":
        calls.delete_member(machine, argument, scope)
        return Known(True, (span,))
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


def property_name(machine: Machine, node: Node, scope: Scope) -> str | Unknown:
    """The name of a property as an object literal, member or pattern writes it."""
    match node.type:
        case "property_identifier" | "shorthand_property_identifier" | "identifier":
            return scope.parsed.text(node)
        case "string":
            return string_value(machine, node, scope)
        case "number":
            value = js.literal(scope.parsed.text(node))
            return js.to_text(value) if value is not None else Unknown("a BigInt key")
        case "computed_property_name":
            return operators.to_text(evaluate(machine, children(node)[0], scope))
        case _:
            return Unknown(f"a {_kind(node)} as a key is not evaluated")


def _object(machine: Machine, node: Node, scope: Scope) -> Value:
    span = scope.parsed.span(node)
    made = Obj({}, (span,), sites=(span,))
    for child in children(node):
        if child.type == "spread_element":
            spread(made, evaluate(machine, children(child)[0], scope), scope.parsed.span(child))
            continue
        key_node = child.child_by_field_name("key") or child.child_by_field_name("name") or child
        name = property_name(machine, key_node, scope)
        if isinstance(name, Unknown):
            made.clobber(Unknown(f"a computed key may be this one: {name.reason}", (span,)))
            continue
        if name == "__proto__":
            made.more = Unknown("its prototype is not evaluated", (span,))
            continue
        whole, key = scope.parsed.span(child), scope.parsed.span(key_node)
        made.set(name, Entry(*_property(machine, child, scope), key, whole))
    return made


def _property(
    machine: Machine, node: Node, scope: Scope
) -> tuple[Value | Callable[[], Value], Span]:
    """The value of one property of an object literal and where its expression stands."""
    span = scope.parsed.span(node)
    if node.type == "pair":
        value = field(node, "value")
        return later(machine, value, scope), scope.parsed.span(value)
    if node.type == "method_definition":
        accessor = node.children[0].type
        function = Func(node, scope, scope.parsed, (span,))
        if accessor == "get" and scope.changing:
            return Unknown("a getter beside changes is not evaluated", (span,)), span
        if accessor == "get":
            return (lambda: calls.call_function(machine, function, [], span)), span
        if accessor == "set":
            return Unknown("a setter is not evaluated", (span,)), span
        return function, span
    return later(machine, node, scope), span


def spread(target: Obj, value: Value, span: Span) -> None:
    """`...value` inside an object literal: later keys win."""
    match value:
        case Obj():
            if value.more is not None:
                # Whatever it holds beyond what is known may replace what stands before it.
                target.clobber(value.more)
            for key in list(value.entries):
                entry = value.entry(key)
                if entry is not None:
                    target.set(key, entry.through(span))
        case Unknown():
            target.clobber(Unknown(value.reason, chain((span,), value.origin)))
        case Builtin():
            target.clobber(Unknown(f"{value.path} is not evaluated", (span,)))
        case Arr(items=items, more=more):
            if items or more is not None:
                target.clobber(Unknown("an array is spread into an object", (span,)))
        case EnvString():
            target.clobber(Unknown("a text is spread into an object", (span,)))
        case _:
            # Spreading null, undefined, a number, a boolean, a function, or a promise adds nothing.
            if isinstance(value, Known) and isinstance(value.value, str) and value.value:
                target.clobber(Unknown("a text is spread into an object", (span,)))


def _array(machine: Machine, node: Node, scope: Scope) -> Value:
    made = Arr([], (scope.parsed.span(node),))
    if any(a.type == b.type == "," for a, b in zip(node.children, node.children[1:], strict=False)):
        made.more = Unknown("an array with holes is not evaluated", made.origin)
        return made
    for child in children(node):
        if child.type != "spread_element":
            made.items.append(evaluate(machine, child, scope))
            continue
        value = evaluate(machine, children(child)[0], scope)
        if isinstance(value, Arr):
            made.extend(value.items)
            made.more = made.more or value.more
        else:
            reason = value.reason if isinstance(value, Unknown) else "it is spread from no array"
            made.more = Unknown(reason, value.origin)
    return made


def _assignment(machine: Machine, node: Node, scope: Scope) -> Value:
    return calls.assign(machine, node, scope)


def _call(machine: Machine, node: Node, scope: Scope) -> Value:
    return calls.call(machine, node, scope)


def _new(machine: Machine, node: Node, scope: Scope) -> Value:
    calls.forget_handed(machine, node, scope)
    return Unknown("an object made by `new` is not evaluated", (scope.parsed.span(node),))


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
    "assignment_expression": _assignment,
    "augmented_assignment_expression": _assignment,
    "update_expression": _assignment,
}
