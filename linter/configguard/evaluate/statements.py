"""Statements: what a function body or a file does, in order, on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from configguard.evaluate import calls, expressions, forgetting, known_calls, operators
from configguard.evaluate.completions import Completion, Jump, Return
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import (
    Cell,
    Scope,
    has_call,
    nested_vars,
    pattern_names,
    walk,
    written_names,
)
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_TURNS = 64


_FUNCTIONS = ("function_declaration", "generator_function_declaration")
_DECLARATIONS = ("lexical_declaration", "variable_declaration")
_NO_EFFECT = frozenset(
    [
        "comment",
        "empty_statement",
        "type_alias_declaration",
        "interface_declaration",
        "ambient_declaration",
        "import_statement",
        "class_declaration",
        "abstract_class_declaration",
        "enum_declaration",
        "function_declaration",
        "generator_function_declaration",
        "function_signature",
        "debugger_statement",
    ]
)


def run_function_body(machine: Machine, nodes: list[Node], scope: Scope) -> Value:
    """Run a body and give what it returns."""
    scope.untimed |= nested_vars(nodes)
    declare(machine, nodes, scope)
    completion = run(machine, nodes, scope)
    return completion.value if isinstance(completion, Return) else Known(UNDEFINED)


def declare(machine: Machine, nodes: list[Node], scope: Scope) -> None:
    """Bind the names that a block declares, before its statements run."""
    for node in nodes:
        if node.type == "export_statement":
            declaration = node.child_by_field_name("declaration")
            node = declaration if declaration is not None else node
        if node.type in _DECLARATIONS:
            for declarator in children(node):
                if declarator.type == "variable_declarator":
                    _declare_variable(machine, declarator, scope)
        elif node.type in _FUNCTIONS:
            name = scope.parsed.text(expressions.field(node, "name"))
            function = Func(node, scope, scope.parsed, (scope.parsed.span(node),))
            scope.cells[name] = Cell(function)
        elif node.type == "enum_declaration":
            name = scope.parsed.text(expressions.field(node, "name"))
            scope.cells[name] = Cell(_enum_thunk(machine, node, scope))
        elif node.type in ("class_declaration", "abstract_class_declaration", "internal_module"):
            name_node = node.child_by_field_name("name")
            if name_node is not None:
                why = Unknown(f"a {node.type.split('_')[0]} is not evaluated")
                scope.cells[scope.parsed.text(name_node)] = Cell(why)


def _declare_variable(machine: Machine, declarator: Node, scope: Scope) -> None:
    pattern = expressions.field(declarator, "name")
    value = declarator.child_by_field_name("value")
    changing = not scope.changing.isdisjoint(pattern_names(pattern))
    if value is not None and not changing:
        source = lambda: expressions.evaluate(machine, value, scope)  # noqa: E731
        calls.bind(machine, scope, pattern, source)
        return
    for name in pattern_names(pattern):
        early = Unknown(f"{name} is read before its definition") if value else Known(UNDEFINED)
        scope.cells[name] = Cell(early)


def _enum_thunk(machine: Machine, node: Node, scope: Scope) -> Callable[[], Value]:
    def build() -> Value:
        span = scope.parsed.span(node)
        made = Obj({}, (span,))
        following: Value = Known(0.0, (span,))
        for member in children(expressions.field(node, "body")):
            name_node = member.child_by_field_name("name") or member
            name = expressions.property_name(machine, name_node, scope)
            given = member.child_by_field_name("value")
            value = following if given is None else expressions.evaluate(machine, given, scope)
            where = scope.parsed.span(member)
            if isinstance(name, str):
                made.set(name, Entry(value, where))
            following = operators.binary(machine, "+", value, Known(1.0), where)
        # `Enum[2]` gives a name back; those keys are not listed.
        made.more = Unknown("an enum's reverse mapping is not evaluated", (span,))
        return made

    return build


def run(machine: Machine, nodes: list[Node], scope: Scope) -> Completion:
    """Run statements in order until one leaves the block."""
    for node in nodes:
        completion = _statement(machine, node, scope)
        if completion is not None:
            return completion
    return None


def _statement(machine: Machine, node: Node, scope: Scope) -> Completion:
    if node.type in _NO_EFFECT:
        return None
    machine.step()
    match node.type:
        case "lexical_declaration" | "variable_declaration":
            _run_declaration(machine, node, scope)
        case "export_statement":
            declaration = node.child_by_field_name("declaration")
            return None if declaration is None else _statement(machine, declaration, scope)
        case "expression_statement":
            _run_expression(machine, children(node)[0], scope)
        case "return_statement":
            inside = children(node)
            value = expressions.evaluate(machine, inside[0], scope) if inside else None
            return Return(value if value is not None else Known(UNDEFINED))
        case "if_statement":
            return _run_if(machine, node, scope)
        case "statement_block":
            return _run_block(machine, node, scope)
        case "switch_statement":
            return _run_switch(machine, node, scope)
        case "throw_statement":
            thrown = " ".join(scope.parsed.text(node).split())
            calls.throw(thrown, scope.parsed.span(node))
        case "try_statement":
            return _run_try(machine, node, scope)
        case "for_in_statement":
            return _run_for_of(machine, node, scope)
        case "break_statement":
            return Jump.BREAK
        case "continue_statement":
            return Jump.CONTINUE
        case _:
            return forgetting.forget_changes(
                machine, node, scope, f"a {node.type.replace('_', ' ')}"
            )
    return None


def _run_declaration(machine: Machine, node: Node, scope: Scope) -> None:
    for declarator in children(node):
        if declarator.type != "variable_declarator":
            continue
        pattern = expressions.field(declarator, "name")
        value = declarator.child_by_field_name("value")
        if value is None or scope.changing.isdisjoint(pattern_names(pattern)):
            continue
        calls.bind(machine, scope, pattern, expressions.now(machine, value, scope))


def _run_expression(machine: Machine, node: Node, scope: Scope) -> None:
    """An expression for its effect: only assignments and calls can have one."""
    while node.type in ("await_expression", "parenthesized_expression", "non_null_expression"):
        node = children(node)[0]
    if node.type == "unary_expression" and node.children[0].type in ("void", "delete"):
        if node.children[0].type == "delete":
            expressions.evaluate(machine, node, scope)
            return
        node = children(node)[0]
    match node.type:
        case "assignment_expression" | "augmented_assignment_expression" | "update_expression":
            expressions.evaluate(machine, node, scope)
        case "sequence_expression":
            for child in children(node):
                _run_expression(machine, child, scope)
        case "binary_expression" | "ternary_expression":
            if written_names(node) or has_call(node):
                expressions.evaluate(machine, node, scope)
        case "call_expression":
            _run_call(machine, node, scope)
        case _:
            if written_names(node) or has_call(node):
                forgetting.forget_changes(machine, node, scope, f"a {node.type.replace('_', ' ')}")


def _run_call(machine: Machine, node: Node, scope: Scope) -> None:
    """A call for its effect; what an unknown function is handed, it may change."""
    result = expressions.evaluate(machine, node, scope)
    if not isinstance(result, Unknown):
        return
    function = expressions.field(node, "function")
    if known_calls.harmless(scope.parsed.text(function)):
        return
    for argument in children(expressions.field(node, "arguments")):
        if argument.type in ("identifier", "member_expression"):
            value = expressions.evaluate(machine, argument, scope)
            if isinstance(value, Obj | Arr):
                called = scope.parsed.text(function)
                span = scope.parsed.span(node)
                value.clobber(Unknown(f"{called}() may have changed it", (span,)))


def _run_block(machine: Machine, node: Node, scope: Scope) -> Completion:
    inner = scope.inner()
    nodes = children(node)
    declare(machine, nodes, inner)
    return run(machine, nodes, inner)


def _matters(node: Node) -> bool:
    """Whether a branch can change anything that is read later, or leave the block."""
    for found in walk(node):
        if found.type in (
            "return_statement",
            "throw_statement",
            "break_statement",
            "continue_statement",
            "call_expression",
        ):
            if found.type == "call_expression":
                function = found.child_by_field_name("function")
                text = function.text.decode() if function is not None and function.text else ""
                if known_calls.harmless(text):
                    continue
            return True
    return bool(written_names(node)) or b"exports" in (node.text or b"")


def _run_if(machine: Machine, node: Node, scope: Scope) -> Completion:
    consequence = expressions.field(node, "consequence")
    alternative = node.child_by_field_name("alternative")
    condition = expressions.field(node, "condition")
    parts = [part for part in (condition, consequence, alternative) if part is not None]
    if not any(map(_matters, parts)):
        return None
    if expressions.condition(machine, expressions.field(node, "condition"), scope):
        return _statement(machine, consequence, scope)
    return None if alternative is None else run(machine, children(alternative), scope)


def _run_switch(machine: Machine, node: Node, scope: Scope) -> Completion:
    subject = expressions.evaluate(machine, expressions.field(node, "value"), scope)
    cases = children(expressions.field(node, "body"))
    chosen: int | None = None
    for index, case in enumerate(cases):
        if case.type == "switch_default":
            continue
        label_node = expressions.field(case, "value")
        label = expressions.evaluate(machine, label_node, scope)
        span, text = scope.parsed.span(label_node), scope.parsed.text(label_node)
        same = operators.equal(machine, subject, label, strict=True)
        if same is None:
            why = Unknown("the case is not known")
            same = operators.truth(machine, why, span, f"case {text}")
        if same:
            chosen = index
            break
    if chosen is None:
        chosen = next((i for i, case in enumerate(cases) if case.type == "switch_default"), None)
    if chosen is None:
        return None
    inner = scope.inner()
    for case in cases[chosen:]:
        nodes = case.children_by_field_name("body")
        declare(machine, nodes, inner)
        completion = run(machine, nodes, inner)
        if completion is Jump.BREAK:
            return None
        if completion is not None:
            return completion
    return None


def _run_try(machine: Machine, node: Node, scope: Scope) -> Completion:
    body = expressions.field(node, "body")
    handler = node.child_by_field_name("handler")
    finalizer = node.child_by_field_name("finalizer")
    leaves = finalizer is not None and any(
        one.type == "return_statement" for one in walk(finalizer)
    )
    if handler is not None or leaves:
        # Whether anything in it throws is not known, so neither is how far the block got.
        return forgetting.forget_changes(machine, node, scope, "a try block")
    completion = _run_block(machine, body, scope)
    if finalizer is not None:
        last = _run_block(machine, expressions.field(finalizer, "body"), scope)
        completion = last if last is not None else completion
    return completion


def _run_for_of(machine: Machine, node: Node, scope: Scope) -> Completion:
    if node.child_by_field_name("kind") is None:
        return forgetting.forget_changes(machine, node, scope, "a loop")
    if not _matters(expressions.field(node, "body")):
        return None
    what = expressions.field(node, "right")
    items = expressions.evaluate(machine, what, scope)
    operator = node.child_by_field_name("operator")
    plain = isinstance(items, Arr) and items.more is None and len(items.items) <= MAX_TURNS
    if not plain or operator is None or operator.type != "of":
        return forgetting.forget_changes(machine, node, scope, "a loop")
    assert isinstance(items, Arr)
    before = len(items.items)
    for item in list(items.items):
        if items.more is not None or len(items.items) != before:
            return forgetting.forget_changes(machine, node, scope, "a loop over what it changes")
        inner = scope.inner()
        calls.bind(machine, inner, expressions.field(node, "left"), item)
        completion = _statement(machine, expressions.field(node, "body"), inner)
        if completion is Jump.BREAK:
            break
        if isinstance(completion, Return):
            return completion
    return None
