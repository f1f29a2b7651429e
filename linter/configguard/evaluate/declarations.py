"""Declarations: the names that a body or block has before its statements run; enums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from configguard.evaluate import (
    expressions,
    objects,
    operators,
    patterns,
)
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import Cell, Scope, pattern_names, var_names, walk_own
from configguard.evaluate.values import (
    UNDEFINED,
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

FUNCTIONS = ("function_declaration", "generator_function_declaration")


def hoist(scope: Scope, nodes: list[Node]) -> None:
    """The names of a function's body or a file: `var`s everywhere in it, then its own."""
    # Most files have no `var` at all: looking for the word is faster than looking at each node.
    for name in var_names(nodes) if _has_word(scope, nodes, b"var") else ():
        if name not in scope.cells:
            scope.cells[name] = Cell(Known(UNDEFINED), name)
    if not scope.strict and _has_word(scope, nodes, b"function"):
        for name in _functions_in_blocks(nodes):
            # Outside of strict code it is seen outside of its block too, from its line on.
            scope.cells.setdefault(name, Cell(Unknown("a function defined in a block"), name))
    declare(scope, nodes)


def _has_word(scope: Scope, nodes: list[Node], word: bytes) -> bool:
    """Whether a word stands anywhere in the text of a body."""
    data = scope.parsed.document.data
    return bool(nodes) and data.find(word, nodes[0].start_byte, nodes[-1].end_byte) != -1


def _functions_in_blocks(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        for found in walk_own(node):
            inside = found.type == "function_declaration" and found.id != node.id
            name = found.child_by_field_name("name") if inside else None
            if name is not None and name.text and not _is_exported(found):
                yield name.text.decode()


def _is_exported(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "export_statement"


def declare(scope: Scope, nodes: list[Node]) -> None:
    """The names that a block declares: functions are there at once, others by their line."""
    functions: list[Node] = []
    for node in nodes:
        if node.type == "export_statement":
            declaration = node.child_by_field_name("declaration")
            node = declaration if declaration is not None else node
        if node.type == "lexical_declaration":
            constant = node.children[0].type == "const"
            for declarator in children(node):
                for name in pattern_names(declarator.child_by_field_name("name") or declarator):
                    scope.cells[name] = Cell(None, name, constant=constant)
        elif node.type in FUNCTIONS:
            functions.append(node)
        elif node.type == "enum_declaration":
            name = scope.parsed.text(expressions.field(node, "name"))
            scope.cells[name] = Cell(Unknown("an enum is used before its line"), name)
        elif node.type in ("class_declaration", "abstract_class_declaration"):
            own = node.child_by_field_name("name")
            if own is not None:
                scope.cells[scope.parsed.text(own)] = Cell(None, scope.parsed.text(own))
        elif node.type == "ambient_declaration":
            _declare_ambient(scope, node)
        elif node.type in ("internal_module", "module", "expression_statement"):
            _declare_namespace(scope, node)
    for node in functions:
        name = scope.parsed.text(expressions.field(node, "name"))
        scope.cells[name] = Cell(Func(node, scope, scope.parsed, (scope.parsed.span(node),)), name)


def _declare_ambient(scope: Scope, node: Node) -> None:
    """`declare const NAME`: something else defines it."""
    for inner in children(node):
        for declarator in (inner, *children(inner)):
            name = declarator.child_by_field_name("name")
            if name is not None and name.type == "identifier":
                text = scope.parsed.text(name)
                scope.cells[text] = Cell(Unknown(f"{text} is only declared"), text)


def _declare_namespace(scope: Scope, node: Node) -> None:
    if node.type == "expression_statement":
        inner = children(node)
        if not inner or inner[0].type != "internal_module":
            return
        node = inner[0]
    name = node.child_by_field_name("name")
    if name is not None and name.type == "identifier":
        text = scope.parsed.text(name)
        scope.cells[text] = Cell(Unknown("a namespace is not evaluated"), text)


def define_enum(machine: Machine, node: Node, scope: Scope) -> None:
    """`enum Name {…}`: an object, whose members may name earlier ones; numbers map back."""
    span = scope.parsed.span(node)
    name_node = expressions.field(node, "name")
    cell = scope.find(scope.parsed.text(name_node))
    before = cell.source if cell is not None else None
    made = before if isinstance(before, Obj) else Obj({}, (span,))  # a second part is added
    inner = scope.inner()
    inner.cells[scope.parsed.text(name_node)] = Cell(made)
    following: Value = Known(0.0, (span,))
    for key, entry in made.entries.items():
        if isinstance(entry, Entry):
            inner.cells[key] = Cell(entry.value)
    for member in children(expressions.field(node, "body")):
        member_name = member.child_by_field_name("name") or member
        name = objects.property_name(machine, member_name, scope)
        given = member.child_by_field_name("value")
        where = scope.parsed.span(given or member)
        value = following if given is None else expressions.evaluate(machine, given, inner)
        if isinstance(name, Unknown):
            made.clobber(Unknown("a name of the enum is not known", (span,)))
            continue
        made.set(name, Entry(value, where, scope.parsed.span(member_name)))
        inner.cells[name] = Cell(value)
        following = Unknown("it follows no number", (where,))
        if isinstance(value, Known) and isinstance(value.value, float):
            back = operators.to_text(value)
            assert isinstance(back, str)  # a number has a text
            made.set(back, Entry(Known(name, (where,)), where))
            following = Known(value.value + 1, (where,))
        elif not (isinstance(value, Known) and isinstance(value.value, str)):
            made.more = Unknown("what an enum's number maps back to is not known", (where,))
    patterns.defining(machine, scope)(name_node, made)
