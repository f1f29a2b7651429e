"""Loops: run turn by turn where every turn is known, else what they may change is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from configguard.evaluate import (
    declarations,
    expressions,
    forgetting,
    meanings,
    members,
    operators,
    patterns,
    statements,
)
from configguard.evaluate.completions import Completion, Jump, Return, Unsure
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Cell, Scope, pattern_names
from configguard.evaluate.values import (
    Arr,
    Builtin,
    Cpus,
    EnvString,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
)
from configguard.source.span import Span
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_TURNS = 2_000


def jump(kind: Jump) -> Callable[[Machine, Node, Scope], Completion]:
    """`break` or `continue`; with a label it is not followed."""

    def run(machine: Machine, node: Node, scope: Scope) -> Completion:
        del machine
        if children(node):
            why = Unknown("a labelled jump", (scope.parsed.span(node),))
            return Unsure(why, None)
        return kind

    return run


def for_in(machine: Machine, node: Node, scope: Scope) -> Completion:
    """`for (… of …)` over a known array, `for (… in …)` over a known object."""
    operator = expressions.field(node, "operator").type
    items_node = expressions.field(node, "right")
    kind = next((c.type for c in node.children if c.type in ("const", "let", "var")), None)
    left = expressions.field(node, "left")
    holder = scope.inner()
    if kind in ("const", "let"):
        for name in pattern_names(left):
            holder.cells[name] = Cell(None, name)
    what = expressions.evaluate(machine, items_node, holder)
    waits = any(child.type == "await" for child in node.children)
    turns = None if waits else _turns(machine, what, operator, scope.parsed.span(items_node))
    if turns is None or kind is None:
        return forgetting.forget_changes(machine, node, scope, "a loop")
    index = 0
    while index < len(turns):
        if index >= MAX_TURNS or (isinstance(what, Obj | Arr) and what.more is not None):
            return forgetting.forget_changes(machine, node, scope, "a loop")
        key = turns[index]
        if isinstance(what, Obj) and isinstance(key, Known) and not what.entry(str(key.value)):
            index += 1  # deleted meanwhile
            continue
        inner = scope.inner()
        put = patterns.fresh(inner) if kind != "var" else patterns.defining(machine, scope)
        patterns.bind(machine, inner, left, turns[index], put)
        if kind == "const":
            for name in pattern_names(left):
                inner.cells[name].constant = True
        completion = statements.statement(machine, expressions.field(node, "body"), inner)
        ended, result = _after(machine, completion, node, scope)
        if ended:
            return result
        index += 1
    return None


def _turns(machine: Machine, what: Value, operator: str, span: Span) -> list[Value] | None:
    """What the turns are given; None where that is not known."""
    if operator == "of":
        if isinstance(what, Arr) and what.more is None:
            return what.items  # live: what is added meanwhile has its turn
        if isinstance(what, Known) and isinstance(what.value, str):
            return members.iterated(what)
        members.require_iterable(machine, what, span)
        return None
    if isinstance(what, Obj) and what.more is None and what.kind is None:
        entries = meanings.entries_of(what) or []
        return [Known(key, (entry.key,)) for key, entry in entries]
    if isinstance(what, Known) and operators.nullish(what):
        return []
    return None


def for_three(machine: Machine, node: Node, scope: Scope) -> Completion:
    """`for (let i = 0; …; i++)`."""
    start = node.child_by_field_name("initializer")
    test = node.child_by_field_name("condition")
    step = node.child_by_field_name("increment")
    holder = scope.inner()
    names: list[str] = []
    if start is not None and start.type in ("lexical_declaration", "variable_declaration"):
        declarations.declare(holder, [start])
        names = list(holder.cells)
        statements.statement(machine, start, holder)
    elif start is not None and start.type == "expression_statement":
        statements.statement(machine, start, holder)
    elif start is not None and start.is_named and start.type != "empty_statement":
        statements.run_expression(machine, start, holder)
    current = holder
    turns = 0
    while True:
        goes_on = True if test is None else _test(machine, test, current)
        if goes_on is None or turns >= MAX_TURNS:
            return forgetting.forget_changes(machine, node, scope, "a loop")
        if not goes_on:
            return None
        body = expressions.field(node, "body")
        ended, result = _after(machine, statements.statement(machine, body, current), node, scope)
        if ended:
            return result
        current = _next_turn(current, scope, names)
        if step is not None:
            statements.run_expression(machine, step, current)
        turns += 1


def _next_turn(before: Scope, scope: Scope, names: list[str]) -> Scope:
    """Each turn has `let` names of its own, which start as the turn before left them."""
    made = scope.inner()
    for name in names:
        old = before.cells[name]
        made.cells[name] = Cell(old.source, name, constant=old.constant)
        made.cells[name].lasting = old.lasting
    return made


def while_(machine: Machine, node: Node, scope: Scope) -> Completion:
    """`while (…) …`."""
    return _while(machine, node, scope, first=True)


def do_while(machine: Machine, node: Node, scope: Scope) -> Completion:
    """`do … while (…)`."""
    return _while(machine, node, scope, first=False)


def _while(machine: Machine, node: Node, scope: Scope, *, first: bool) -> Completion:
    test = expressions.field(node, "condition")
    turns = 0
    while True:
        if first or turns:
            goes_on = _test(machine, test, scope)
            if goes_on is None or turns >= MAX_TURNS:
                return forgetting.forget_changes(machine, node, scope, "a loop")
            if not goes_on:
                return None
        completion = statements.statement(machine, expressions.field(node, "body"), scope)
        ended, result = _after(machine, completion, node, scope)
        if ended:
            return result
        turns += 1


def _test(machine: Machine, node: Node, scope: Scope) -> bool | None:
    """Whether a loop goes on; None where that is not known: worlds without end would open."""
    if node.type == "expression_statement":
        node = children(node)[0]
    value = expressions.evaluate(machine, node, scope)
    if isinstance(value, Unknown | Cpus | EnvString | PlatformName | Builtin):
        return None
    return operators.truth(machine, value, scope.parsed.span(node), scope.parsed.text(node))


def _after(
    machine: Machine, completion: Completion, node: Node, scope: Scope
) -> tuple[bool, Completion]:
    """Whether a turn ends the loop, and how the loop then ends."""
    match completion:
        case Jump.BREAK:
            return True, None
        case Return():
            return True, completion
        case Unsure():
            forgotten = forgetting.forget_changes(machine, node, scope, "a loop")
            if completion.returns is not None and forgotten is None:
                return True, Unsure(completion.why, completion.returns)
            return True, forgotten
        case _:
            return False, None
