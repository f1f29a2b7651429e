"""Calls, parameters, assignments: what binds values to names and changes objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from configguard.evaluate import (
    expressions,
    forgetting,
    known_calls,
    members,
    methods,
    modules,
    operators,
    statements,
)
from configguard.evaluate.machine import MAX_DEPTH, Machine, Thrown
from configguard.evaluate.scopes import Cell, Scope, pattern_names
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Entry,
    Func,
    Known,
    Obj,
    Promised,
    Unknown,
    Value,
)
from configguard.evaluate.worlds import Fork
from configguard.source.span import Span, chain
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

Source = Value | Callable[[], Value]


def throw(text: str, span: Span | None) -> NoReturn:
    """JavaScript throws here."""
    raise Thrown(text, span)


def call(machine: Machine, node: Node, scope: Scope) -> Value:
    """A call expression."""
    result = _called(machine, node, scope)
    if isinstance(result, Unknown):
        forget_handed(machine, node, scope)
    return result


def forget_handed(machine: Machine, node: Node, scope: Scope) -> None:
    """A function that is handed to what is not followed may be called, or not: both are open."""
    arguments = node.child_by_field_name("arguments")
    for child in [] if arguments is None else children(arguments):
        if child.type in ("arrow_function", "function_expression"):
            forgetting.forget_changes(machine, child, scope, "a function that is handed on")


def _called(machine: Machine, node: Node, scope: Scope) -> Value:
    function = expressions.field(node, "function")
    span = scope.parsed.span(node)
    if expressions.field(node, "arguments").type == "template_string":
        return Unknown("a tagged template is not evaluated", (span,))
    if function.type == "import":
        arguments = argument_values(machine, node, scope)
        return Promised(modules.imported_namespace(machine, scope, arguments, span), (span,))
    if scope.parsed.text(function) == "require" and scope.find("require") is None:
        return modules.required(machine, scope, argument_values(machine, node, scope), span)
    optional = any(child.type == "optional_chain" for child in node.children)
    if function.type == "member_expression":
        receiver = expressions.evaluate(machine, expressions.field(function, "object"), scope)
        name = scope.parsed.text(expressions.field(function, "property"))
        if function.child_by_field_name("optional_chain") is not None and operators.nullish(
            receiver
        ):
            members.short_chain()
        optional = optional or function.child_by_field_name("optional_chain") is not None
        if isinstance(receiver, Func):
            forgetting.forget_changes(machine, receiver.node, receiver.scope, f"{name}()")
        arguments = argument_values(machine, node, scope)
        if isinstance(receiver, Arr | Known | Func | Promised) or (
            isinstance(receiver, Obj) and name not in receiver.entries
        ):
            return methods.call_method(machine, receiver, name, arguments, span)
        callee = members.member(machine, receiver, name, span, optional=optional)
        if isinstance(callee, Func) and isinstance(receiver, Obj) and _uses_this(callee):
            receiver.clobber(Unknown(f"{name}() may change it through `this`", (span,)))
            return Unknown("`this` is not evaluated", (span,))
    else:
        callee = expressions.evaluate(machine, function, scope)
        arguments = argument_values(machine, node, scope)
    if optional and operators.nullish(callee):
        members.short_chain()
    return call_value(machine, callee, arguments, span)


def _uses_this(function: Func) -> bool:
    return b"this" in (function.node.text or b"")


def argument_values(machine: Machine, node: Node, scope: Scope) -> list[Value]:
    """The values of a call's arguments; a spread of something unknown is one Unknown."""
    values: list[Value] = []
    for child in children(expressions.field(node, "arguments")):
        if child.type != "spread_element":
            values.append(expressions.evaluate(machine, child, scope))
            continue
        value = expressions.evaluate(machine, children(child)[0], scope)
        if isinstance(value, Arr) and value.more is None:
            values.extend(value.items)
        else:
            values.append(Unknown("arguments are spread from something unknown"))
    return values


def call_value(machine: Machine, callee: Value, arguments: list[Value], span: Span) -> Value:
    """Call a value with arguments."""
    match callee:
        case Func():
            return call_function(machine, callee, arguments, span)
        case Builtin():
            return known_calls.call_builtin(machine, callee, arguments, span)
        case Unknown():
            return Unknown(callee.reason, chain((span,), callee.origin))
        case _:
            return throw("what is called here is not a function", span)


def call_function(
    machine: Machine, function: Func, arguments: list[Value], span: Span | None
) -> Value:
    """Run a function of the project: its parameters bound, its body on this machine."""
    node = function.node
    kinds = {child.type for child in node.children}
    if "*" in kinds:
        return Unknown("a generator is not evaluated", function.origin)
    if machine.depth >= MAX_DEPTH:
        return Unknown(f"calls are nested deeper than {MAX_DEPTH} levels", function.origin)
    scope = Scope(function.parsed, function.scope, function.scope.changing)
    machine.depth += 1
    try:
        _bind_parameters(machine, node, scope, arguments)
        body = expressions.field(node, "body")
        if body.type == "statement_block":
            result = statements.run_function_body(machine, children(body), scope)
        else:
            result = expressions.evaluate(machine, body, scope)
    finally:
        machine.depth -= 1
    del span
    return Promised(result, result.origin) if "async" in kinds else result


def _bind_parameters(machine: Machine, node: Node, scope: Scope, arguments: list[Value]) -> None:
    single = node.child_by_field_name("parameter")
    if single is not None:
        value = arguments[0] if arguments else Known(UNDEFINED)
        scope.cells[scope.parsed.text(single)] = Cell(value)
        return
    given = iter(arguments)
    for parameter in children(expressions.field(node, "parameters")):
        pattern = parameter.child_by_field_name("pattern")
        if pattern is None or pattern.type == "this":
            continue
        if pattern.type == "rest_pattern":
            bind(machine, scope, children(pattern)[0], Arr(list(given)))
            continue
        value = next(given, Known(UNDEFINED))
        default = parameter.child_by_field_name("value")
        bind(machine, scope, pattern, _or_default(machine, scope, value, default))


def _or_default(machine: Machine, scope: Scope, value: Value, default: Node | None) -> Value:
    if default is not None and isinstance(value, Known) and value.value is UNDEFINED:
        return expressions.evaluate(machine, default, scope)
    if default is not None and isinstance(value, Unknown):
        return Unknown(f"{value.reason}, and there is a default for it", value.origin)
    return value


def _now(source: Source) -> Value:
    return source() if callable(source) else source


def bind(machine: Machine, scope: Scope, pattern: Node, source: Source) -> None:
    """Bind a pattern's names to (the parts of) a value, which may come on demand."""
    match pattern.type:
        case "identifier":
            scope.cells[scope.parsed.text(pattern)] = Cell(source)
        case "object_pattern":
            _bind_object(machine, scope, pattern, _once(source))
        case "array_pattern":
            _bind_array(machine, scope, pattern, _once(source))
        case "assignment_pattern" | "object_assignment_pattern":
            default = expressions.field(pattern, "right")
            whole = _once(source)
            part = lambda: _or_default(machine, scope, whole(), default)  # noqa: E731
            bind(machine, scope, expressions.field(pattern, "left"), part)
        case "shorthand_property_identifier_pattern":
            scope.cells[scope.parsed.text(pattern)] = Cell(source)
        case _:
            for name in pattern_names(pattern):
                scope.cells[name] = Cell(Unknown(f"a {pattern.type} is not evaluated"))
    if not scope.changing.isdisjoint(pattern_names(pattern)):
        for name in pattern_names(pattern):
            try:
                scope.cells[name].get()
            except Fork as fork:
                if expressions.may_have_effects(pattern, scope):
                    raise
                scope.cells[name] = Cell(expressions.again(fork))


def _once(source: Source) -> Callable[[], Value]:
    return Cell(source).get


def _bind_object(machine: Machine, scope: Scope, pattern: Node, whole: Callable[[], Value]) -> None:
    taken: list[str] = []
    for child in children(pattern):
        span = scope.parsed.span(child)
        if child.type == "rest_pattern":
            rest = lambda taken=tuple(taken): _rest(whole(), taken)  # noqa: E731
            bind(machine, scope, children(child)[0], rest)
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
            name = expressions.property_name(machine, key_node, scope)
        if isinstance(name, Unknown):
            bind(machine, scope, inner, name)
            continue
        taken.append(name)
        part = lambda name=name, span=span: members.member(  # noqa: E731
            machine, whole(), name, span
        )
        bind(machine, scope, inner, part)


def _rest(value: Value, taken: tuple[str, ...]) -> Value:
    if not isinstance(value, Obj):
        return Unknown("the rest of something that is no plain object", value.origin)
    entries = {key: entry for key, entry in value.entries.items() if key not in taken}
    return Obj(entries, value.origin, value.more)


def _bind_array(machine: Machine, scope: Scope, pattern: Node, whole: Callable[[], Value]) -> None:
    index = 0
    for child in pattern.children:
        if child.type == ",":
            index += 1
        elif child.is_named and child.type != "comment":
            span = scope.parsed.span(child)
            if child.type == "rest_pattern":
                bind(machine, scope, children(child)[0], Unknown("the rest of an array"))
                continue
            part = lambda index=index, span=span: members.member(  # noqa: E731
                machine, whole(), str(index), span
            )
            bind(machine, scope, child, part)


def assign(machine: Machine, node: Node, scope: Scope) -> Value:
    """`target = value`, `target += value`, `target++`: changes the target, gives the value."""
    span = scope.parsed.span(node)
    if node.type == "update_expression":
        target = expressions.field(node, "argument")
        before = expressions.evaluate(machine, target, scope)
        number = operators.to_number(before)
        before = Known(number, before.origin) if isinstance(number, float) else number
        operator = expressions.field(node, "operator").type[0]
        value = operators.binary(machine, operator, before, Known(1.0), span)
        store(machine, target, value, span, scope, span)
        return value if node.children[0].type in ("++", "--") else before
    target = expressions.field(node, "left")
    right = expressions.field(node, "right")
    where = scope.parsed.span(right)
    if node.type == "assignment_expression":
        source = expressions.later(machine, right, scope)
        once = _once(source)
        store(machine, target, once if callable(source) else source, where, scope, span)
        return once() if not callable(source) else Unknown("an assignment used as a value")
    operator = expressions.field(node, "operator").type.removesuffix("=")
    before = expressions.evaluate(machine, target, scope)
    if operator in ("&&", "||", "??"):
        if expressions.takes_left(machine, operator, before, target, scope):
            return before
        value = expressions.evaluate(machine, right, scope)
    else:
        after = expressions.evaluate(machine, right, scope)
        value = operators.binary(machine, operator, before, after, span)
    store(machine, target, value, where, scope, span)
    return value


def store(
    machine: Machine, target: Node, source: Source, where: Span, scope: Scope, whole: Span
) -> None:
    """Put a value, written at `where`, into what the left side of an assignment names."""
    match target.type:
        case "identifier":
            cell = scope.find(scope.parsed.text(target))
            if cell is not None:
                cell.set(_now(source))
        case "member_expression" | "subscript_expression":
            _store_member(machine, target, source, where, scope, whole)
        case (
            "parenthesized_expression"
            | "non_null_expression"
            | "as_expression"
            | "satisfies_expression"
        ):
            store(machine, children(target)[0], source, where, scope, whole)
        case _:
            why = Unknown("it is assigned by destructuring", (whole,))
            for name in pattern_names(target):
                cell = scope.find(name)
                if cell is not None and isinstance(cell.get(), Obj | Arr):
                    forgetting.clobber_deeply(cell.get(), why)
                if cell is not None:
                    cell.set(why)


def _store_member(
    machine: Machine, target: Node, source: Source, where: Span, scope: Scope, whole: Span
) -> None:
    holder = expressions.evaluate(machine, expressions.field(target, "object"), scope)
    name = _member_name(machine, target, scope)
    if isinstance(holder, Builtin) and holder.path == "process.env":
        if isinstance(name, str):
            machine.variables[name] = environment_text(_now(source))
        else:
            machine.forget_variables("a computed name", whole)
        return
    if isinstance(holder, Builtin) and holder.path == "process" and name == "env":
        machine.forget_variables("a new process.env", whole)
        return
    if isinstance(holder, Arr):
        holder.clobber(Unknown("an item of the array is assigned", (whole,)))
    if not isinstance(holder, Obj):
        return
    if isinstance(name, Unknown):
        holder.clobber(Unknown(f"a computed key may be this one: {name.reason}", (whole,)))
        return
    key = target.child_by_field_name("property") or expressions.field(target, "index")
    holder.set(name, Entry(source, where, scope.parsed.span(key), whole))


def environment_text(value: Value) -> Value:
    """What reading a variable back gives after it was assigned: always a text."""
    text = operators.to_text(value)
    return text if isinstance(text, Unknown) else Known(text, value.origin)


def delete_member(machine: Machine, target: Node, scope: Scope) -> None:
    """`delete holder.name`."""
    if target.type not in ("member_expression", "subscript_expression"):
        return
    holder = expressions.evaluate(machine, expressions.field(target, "object"), scope)
    name = _member_name(machine, target, scope)
    if isinstance(holder, Builtin) and holder.path == "process.env":
        if isinstance(name, str):
            machine.variables[name] = Known(UNDEFINED)
        else:
            machine.forget_variables("a computed name", scope.parsed.span(target))
    elif isinstance(holder, Obj) and isinstance(name, str):
        holder.entries.pop(name, None)
        if holder.more is not None:
            holder.set(name, Entry(Known(UNDEFINED), scope.parsed.span(target)))
    elif isinstance(holder, Obj) and isinstance(name, Unknown):
        holder.clobber(Unknown("an unknown key is deleted", (scope.parsed.span(target),)))


def _member_name(machine: Machine, target: Node, scope: Scope) -> str | Unknown:
    property_node = target.child_by_field_name("property")
    if property_node is not None:
        return scope.parsed.text(property_node)
    index = expressions.evaluate(machine, expressions.field(target, "index"), scope)
    return operators.to_text(index)
