"""Code that is not followed: what it may change is unknown from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate import expressions, known_calls
from configguard.evaluate.completions import Completion, Return
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.scopes import (
    Scope,
    has_call,
    mentioned,
    pattern_names,
    walk,
    written_names,
)
from configguard.evaluate.values import (
    Arr,
    Obj,
    Unknown,
    Value,
)
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node


def forget_changes(machine: Machine, node: Node, scope: Scope, what: str) -> Completion:
    """A statement that is not followed: whatever it may change is unknown from here on."""
    span = scope.parsed.span(node)
    why = Unknown(f"{what} may change it", (span,))
    for found in walk(node):
        if found.type in ("assignment_expression", "augmented_assignment_expression") or (
            found.type == "for_in_statement" and found.child_by_field_name("kind") is None
        ):
            _forget_target(machine, expressions.field(found, "left"), scope, why)
        elif found.type == "update_expression":
            _forget_target(machine, expressions.field(found, "argument"), scope, why)
        elif found.type == "call_expression":
            _forget_call(machine, found, scope, why)
        elif found.type == "new_expression":
            _forget_arguments(machine, found, scope, why)
    if has_call(node):
        for name in scope.remote:
            cell = scope.find(name)
            if cell is not None:
                clobber_deeply(cell.get(), why)
                cell.set(why)
    if any(scope.find(name) is None for name in written_names(node)):
        _forget_inside(node, scope, why)
    if any(found.type == "return_statement" for found in walk(node)):
        return Return(Unknown(f"{what} may return here", (span,)))
    return None


def _forget_target(machine: Machine, target: Node, scope: Scope, why: Unknown) -> None:
    if target.type in ("member_expression", "subscript_expression"):
        _forget_value(machine, expressions.field(target, "object"), scope, why)
        return
    for name in pattern_names(target):
        cell = scope.find(name)
        if cell is not None:
            cell.set(why)


def _forget_call(machine: Machine, call: Node, scope: Scope, why: Unknown) -> None:
    function = expressions.field(call, "function")
    if known_calls.harmless(scope.parsed.text(function)):
        return
    if function.type == "member_expression":
        _forget_value(machine, expressions.field(function, "object"), scope, why)
    _forget_arguments(machine, call, scope, why)


def _forget_arguments(machine: Machine, call: Node, scope: Scope, why: Unknown) -> None:
    arguments = call.child_by_field_name("arguments")
    for argument in [] if arguments is None else children(arguments):
        if argument.type in ("identifier", "member_expression"):
            _forget_value(machine, argument, scope, why)


def _forget_value(machine: Machine, node: Node, scope: Scope, why: Unknown) -> None:
    """The object that an expression names may be changed, and all that it leads to."""
    root = node
    while root.type in (
        "member_expression",
        "subscript_expression",
        "non_null_expression",
        "parenthesized_expression",
        "as_expression",
    ):
        root = root.child_by_field_name("object") or children(root)[0]
    if root.type != "identifier":
        return
    name = scope.parsed.text(root)
    if scope.find(name) is None:
        if name == "process":
            machine.forget_variables(why.reason.removesuffix(" may change it"), why.origin[0])
        return
    try:
        value = expressions.evaluate(machine, node, scope)
        if not isinstance(value, Obj | Arr):
            value = expressions.evaluate(machine, root, scope)
    except Thrown:
        return
    clobber_deeply(value, why)


def clobber_deeply(value: Value, why: Unknown) -> None:
    """Nothing is known any more of a structure, nor of those inside it."""
    pending, seen = [value], set[int]()
    while pending:
        one = pending.pop()
        if id(one) in seen or not isinstance(one, Obj | Arr):
            continue
        seen.add(id(one))
        if isinstance(one, Arr):
            pending += one.items
        else:
            entries = [one.entry(key) for key in list(one.entries)]
            pending += [entry.value for entry in entries if entry is not None]
        one.clobber(why)


def _forget_inside(node: Node, scope: Scope, why: Unknown) -> None:
    """A name that the statement itself binds is changed: it may stand for anything mentioned."""
    for name in set(mentioned(node)):
        cell = scope.find(name)
        if cell is not None:
            clobber_deeply(cell.get(), why)
