"""Statements: what a function body or a file does, in order, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate import (
    assigning,
    calls,
    classes,
    declarations,
    expressions,
    forgetting,
    known_calls,
    loops,
    operators,
    patterns,
)
from configguard.evaluate.completions import Completion, Jump, Return, Unsure
from configguard.evaluate.machine import NODES_PER_STEP, Machine, Thrown
from configguard.evaluate.scopes import Scope, walk, written_names
from configguard.evaluate.values import UNDEFINED, Choice, Known, Unknown, Value
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_EFFECT = frozenset(
    [
        "comment",
        "empty_statement",
        "type_alias_declaration",
        "interface_declaration",
        "ambient_declaration",
        "import_statement",
        "function_declaration",
        "generator_function_declaration",
        "function_signature",
        "debugger_statement",
        "internal_module",
        "module",
    ]
)


def run_function_body(machine: Machine, nodes: list[Node], scope: Scope) -> Value:
    """Run a body and give what it returns."""
    declarations.hoist(scope, nodes)
    completion = run(machine, nodes, scope)
    if isinstance(completion, Unsure) and completion.returns is not None:
        return completion.returns
    return completion.value if isinstance(completion, Return) else Known(UNDEFINED)


def run(machine: Machine, nodes: list[Node], scope: Scope) -> Completion:
    """Run statements in order until one leaves the block."""
    for index, node in enumerate(nodes):
        completion = statement(machine, node, scope)
        if completion is not None:
            if isinstance(completion, Unsure):
                # What follows may run or not.
                for later in nodes[index + 1 :]:
                    forgetting.forget_changes(machine, later, scope, "code that may not run")
                if completion.returns is None and forgetting.leaves(nodes[index + 1 :])[0]:
                    return Unsure(completion.why, completion.why)
            return completion
    return None


def run_block(machine: Machine, node: Node, scope: Scope) -> Completion:
    """Run a block with names of its own."""
    inner = scope.inner()
    nodes = children(node)
    declarations.declare(inner, nodes)
    return run(machine, nodes, inner)


def statement(machine: Machine, node: Node, scope: Scope) -> Completion:
    """Run one statement. Raises Fork, Thrown, OverBound."""
    handled = _HANDLERS.get(node.type)
    if node.type in _NO_EFFECT:
        return None
    machine.step()
    if handled is None:
        what = f"a {node.type.replace('_', ' ')}"
        return forgetting.forget_changes(machine, node, scope, what)
    return handled(machine, node, scope)


def _declaration(machine: Machine, node: Node, scope: Scope) -> Completion:
    for declarator in children(node):
        if declarator.type == "variable_declarator":
            _declarator(machine, node, declarator, scope)
    return None


def _declarator(machine: Machine, node: Node, declarator: Node, scope: Scope) -> None:
    pattern = expressions.field(declarator, "name")
    value = declarator.child_by_field_name("value")
    put = patterns.defining(machine, scope)
    if value is None:
        if node.type == "lexical_declaration":
            put(pattern, Known(UNDEFINED))
        return
    patterns.bind(machine, scope, pattern, expressions.later(machine, value, scope), put)


def _class(machine: Machine, node: Node, scope: Scope) -> Completion:
    made = classes.define(machine, node, scope)
    patterns.defining(machine, scope)(expressions.field(node, "name"), made)
    return None


def _enum(machine: Machine, node: Node, scope: Scope) -> Completion:
    declarations.define_enum(machine, node, scope)
    return None


def _export(machine: Machine, node: Node, scope: Scope) -> Completion:
    declaration = node.child_by_field_name("declaration")
    if declaration is None or any(child.type == "default" for child in node.children):
        return None  # what it exports is the module's business
    return statement(machine, declaration, scope)


def _expression(machine: Machine, node: Node, scope: Scope) -> Completion:
    run_expression(machine, children(node)[0], scope)
    return None


def run_expression(machine: Machine, node: Node, scope: Scope) -> None:
    """An expression for its effect; what open conditions make of its value does not matter."""
    inner = node
    while inner.type in ("await_expression", "parenthesized_expression", "non_null_expression"):
        inner = children(inner)[0]
    match inner.type:
        case "assignment_expression":
            assigning.statement(machine, inner, scope)
        case "sequence_expression":
            for child in children(inner):
                run_expression(machine, child, scope)
        case "call_expression":
            machine.explored(lambda: _called(machine, inner, scope), lambda lost: lost)
        case "string":
            pass  # 'use strict'
        case _:
            expressions.later(machine, node, scope)


def _called(machine: Machine, node: Node, scope: Scope) -> Value:
    """A call for its effect; what an unknown function is handed, it may change."""
    result = expressions.evaluate(machine, node, scope)
    function = scope.parsed.text(expressions.field(node, "function"))
    if isinstance(result, Unknown) and not known_calls.harmless(function):
        span = scope.parsed.span(node)
        why = Unknown(f"{function}() may have changed it", (span,))
        for argument in children(expressions.field(node, "arguments")):
            if argument.type in ("identifier", "member_expression"):
                forgetting.clobber_deeply(
                    machine, expressions.evaluate(machine, argument, scope), why
                )
    return result


def _return(machine: Machine, node: Node, scope: Scope) -> Completion:
    inside = children(node)
    return Return(expressions.evaluate(machine, inside[0], scope) if inside else Known(UNDEFINED))


def _throw(machine: Machine, node: Node, scope: Scope) -> Completion:
    expressions.evaluate(machine, children(node)[0], scope)
    return calls.throw(scope.parsed.brief(node), scope.parsed.span(node))


def _block(machine: Machine, node: Node, scope: Scope) -> Completion:
    return run_block(machine, node, scope)


def _matters(node: Node) -> bool:
    """Whether a branch can change anything that is read later, or leave the block."""
    for found in walk(node):
        match found.type:
            case "return_statement" | "throw_statement" | "break_statement" | "continue_statement":
                return True
            case "new_expression" | "await_expression" | "yield_expression":
                return True
            case "variable_declaration":
                return True  # a `var` belongs to the function
            case "call_expression":
                function = found.child_by_field_name("function")
                text = function.text.decode() if function is not None and function.text else ""
                if not known_calls.harmless(text):
                    return True
    return bool(written_names(node))


def _if(machine: Machine, node: Node, scope: Scope) -> Completion:
    consequence = expressions.field(node, "consequence")
    alternative = node.child_by_field_name("alternative")
    branches = [part for part in (consequence, alternative) if part is not None]
    machine.step(node.descendant_count // NODES_PER_STEP)
    if any(map(_matters, branches)):
        return _decided(machine, node, scope)
    # What changes nothing need not split the world (it may throw: then it does).
    done = machine.explored(lambda: _decided(machine, node, scope), lambda why: None)
    return None if isinstance(done, Choice) else done


def _decided(machine: Machine, node: Node, scope: Scope) -> Completion:
    condition = expressions.field(node, "condition")
    consequence = expressions.field(node, "consequence")
    alternative = node.child_by_field_name("alternative")
    if expressions.condition(machine, condition, scope):
        return _branch(machine, consequence, scope)
    return None if alternative is None else _branch(machine, children(alternative)[0], scope)


def _branch(machine: Machine, node: Node, scope: Scope) -> Completion:
    if node.type in ("function_declaration", "class_declaration"):
        return run_block(machine, node, scope)
    return statement(machine, node, scope)


def _switch(machine: Machine, node: Node, scope: Scope) -> Completion:
    subject = expressions.evaluate(machine, expressions.field(node, "value"), scope)
    cases = children(expressions.field(node, "body"))
    inner = scope.inner()
    bodies = [case.children_by_field_name("body") for case in cases]
    declarations.declare(inner, [one for body in bodies for one in body])
    chosen: int | None = None
    for index, case in enumerate(cases):
        if case.type == "switch_default":
            continue
        label_node = expressions.field(case, "value")
        label = expressions.evaluate(machine, label_node, inner)
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
    nodes = [one for body in bodies[chosen:] for one in body if one.type != "comment"]
    completion = run(machine, nodes, inner)
    if isinstance(completion, Unsure) and completion.returns is None:
        return completion if forgetting.leaves([node])[1] else None
    return None if completion is Jump.BREAK else completion


def _try(machine: Machine, node: Node, scope: Scope) -> Completion:
    body = expressions.field(node, "body")
    handler = node.child_by_field_name("handler")
    finalizer = node.child_by_field_name("finalizer")
    before = machine.unsure
    completion: Completion = None
    thrown: Thrown | None = None
    try:
        completion = run_block(machine, body, scope)
    except Thrown as caught:
        thrown = caught
    if machine.unsure != before or isinstance(completion, Unsure):
        # Something in it may throw: how far the block got is not known.
        machine.writes()
        return forgetting.forget_changes(machine, node, scope, "a try block")
    if thrown is not None and handler is not None:
        try:
            completion, thrown = _catch(machine, handler, scope), None
        except Thrown as caught:
            thrown = caught
    if finalizer is not None:
        last = run_block(machine, expressions.field(finalizer, "body"), scope)
        if last is not None:
            return last
    if thrown is not None:
        raise thrown
    return completion


def _catch(machine: Machine, handler: Node, scope: Scope) -> Completion:
    inner = scope.inner()
    parameter = handler.child_by_field_name("parameter")
    if parameter is not None:
        why = Unknown("what is thrown is not evaluated", (scope.parsed.span(parameter),))
        put = patterns.fresh(inner)
        patterns.bind(machine, inner, parameter, why, put)
    return run_block(machine, expressions.field(handler, "body"), inner)


def _for_of(machine: Machine, node: Node, scope: Scope) -> Completion:
    return loops.for_in(machine, node, scope)


_HANDLERS = {
    "lexical_declaration": _declaration,
    "variable_declaration": _declaration,
    "class_declaration": _class,
    "abstract_class_declaration": _class,
    "enum_declaration": _enum,
    "export_statement": _export,
    "expression_statement": _expression,
    "return_statement": _return,
    "throw_statement": _throw,
    "if_statement": _if,
    "statement_block": _block,
    "switch_statement": _switch,
    "try_statement": _try,
    "for_in_statement": _for_of,
    "for_statement": loops.for_three,
    "while_statement": loops.while_,
    "do_statement": loops.do_while,
    "break_statement": loops.jump(Jump.BREAK),
    "continue_statement": loops.jump(Jump.CONTINUE),
}
