"""One expression of a file that is not run: consts and imports are looked up where it stands.

Test files are long and full of calls that nobody follows. What an argument such as `RETRIES` or
`process.env.CI ? 2 : 0` is worth needs a few of their lines alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from configguard.evaluate import expressions, importing, members
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import FUNCTIONS, Cell, Scope, pattern_names, walk
from configguard.evaluate.values import Arr, Obj, Unknown, Value
from configguard.syntax.trees import Parsed, children

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKS = frozenset(("program", "statement_block", "switch_case", "switch_default", "class_body"))
_LOOPS = frozenset(("for_statement", "for_in_statement", "catch_clause"))
_CHANGING = frozenset(
    ("assignment_expression", "augmented_assignment_expression", "update_expression")
)
_READERS = frozenset(("test", "it", "describe", "suite", "vi", "jest", "Number"))
"""What these are handed stays as it is."""
_DECLARATIONS = frozenset(("lexical_declaration", "variable_declaration"))


def path_to(parsed: Parsed, start: int, end: int) -> list[Node]:
    """The nodes around some bytes, the file first, the smallest one last."""
    node: Node | None = parsed.root
    found: list[Node] = []
    while node is not None:
        found.append(node)
        node = node.first_child_for_byte(start) if node.child_count else None
        if node is not None and not (node.start_byte <= start and node.end_byte >= end):
            break
    return found


def evaluate_at(machine: Machine, parsed: Parsed, path: list[Node], node: Node) -> Value:
    """The value of an expression below the last node of a path. Raises Fork, Thrown, OverBound."""
    return expressions.evaluate(machine, node, scope_at(machine, parsed, path, node))


def holds_at(machine: Machine, parsed: Parsed, path: list[Node], node: Node) -> bool:
    """Whether a condition is true. Raises Fork, Thrown, OverBound."""
    return expressions.condition(machine, node, scope_at(machine, parsed, path, node))


def scope_at(machine: Machine, parsed: Parsed, path: list[Node], node: Node) -> Scope:
    """A scope that binds the names which an expression mentions, and no others."""
    scope = Scope(parsed, None)
    for found in walk(node):
        if found.type not in ("identifier", "shorthand_property_identifier"):
            continue
        name = parsed.text(found)
        if name not in scope.cells:
            cell = _cell(machine, parsed, path, name)
            if cell is not None:
                scope.cells[name] = cell
    return scope


def binder(path: list[Node], name: str) -> tuple[Node, list[Node]] | None:
    """What binds a name at the end of a path, and the path to that; None where nothing does."""
    wanted = name.encode()
    for depth in range(len(path) - 1, -1, -1):
        around = path[depth]
        binds = around.type in FUNCTIONS or around.type in _LOOPS
        if binds and name in _parameters(around):
            return around, path[: depth + 1]
        if around.type not in _BLOCKS or wanted not in (around.text or b""):
            continue
        for statement in children(around):
            for node in _bound_by(statement, name):
                return node, path[: depth + 1]
    return None


def _parameters(node: Node) -> Iterator[str]:
    """The names that a function, a loop or a `catch` binds for what is inside it."""
    for key in ("parameters", "parameter", "left", "initializer"):
        part = node.child_by_field_name(key)
        if part is None:
            continue
        for declared in [part] if part.type not in _DECLARATIONS else children(part):
            pattern = declared.child_by_field_name("name") or declared
            parts = children(pattern) if pattern.type == "formal_parameters" else [pattern]
            for one in parts:
                yield from pattern_names(one.child_by_field_name("pattern") or one)


def _bound_by(statement: Node, name: str) -> Iterator[Node]:
    """The declarator, import or declaration in a statement that binds a name."""
    if statement.type == "export_statement":
        declaration = statement.child_by_field_name("declaration")
        if declaration is None:
            return
        statement = declaration
    if statement.type in _DECLARATIONS:
        for declarator in children(statement):
            pattern = declarator.child_by_field_name("name")
            if pattern is not None and name in pattern_names(pattern):
                yield declarator
    elif statement.type == "import_statement":
        if any(local == name for local, _, _ in imports_of(statement)):
            yield statement
    else:
        named = statement.child_by_field_name("name")
        if named is not None and (named.text or b"").decode() == name:
            yield statement


def imports_of(statement: Node) -> Iterator[tuple[str, str, Node]]:
    """(local name, exported name, place) of each name that an import binds; `*` is all of it."""
    for clause in children(statement):
        if clause.type != "import_clause":
            continue
        for part in children(clause):
            if part.type == "identifier":
                yield _text(part), "default", part
            elif part.type == "namespace_import":
                yield _text(children(part)[0]), "*", part
            else:
                for item in children(part):
                    exported = item.child_by_field_name("name")
                    if exported is None:
                        continue
                    local = item.child_by_field_name("alias") or exported
                    yield _text(local), _text(exported).strip("'\""), item


def specifier_of(statement: Node) -> str | None:
    """What an import or export names as its source; None without one."""
    source = statement.child_by_field_name("source")
    return None if source is None else _text(source)[1:-1]


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _cell(machine: Machine, parsed: Parsed, path: list[Node], name: str) -> Cell | None:
    found = binder(path, name)
    if found is None:
        return None
    node, inner = found
    span = parsed.span(node)
    if node.type == "import_statement":
        specifier = specifier_of(node) or ""
        exported = next(export for local, export, _ in imports_of(node) if local == name)
        scope = Scope(parsed, None)
        return Cell(lambda: importing.imported(machine, scope, specifier, exported, span), name)
    value = node.child_by_field_name("value") if node.type == "variable_declarator" else None
    if value is None or not _is_const(node):
        return Cell(Unknown(f"what {name} is here is not followed", (span,)), name)
    pattern = expressions.field(node, "name")
    given = value

    def read() -> Value:
        value = _picked(machine, parsed, pattern, name, evaluate_at(machine, parsed, inner, given))
        if isinstance(value, Obj | Arr) and _may_change(inner[-1], name):
            return Unknown(f"{name} may be changed after it is made", (span,))
        return value

    return Cell(read, name)


def _may_change(block: Node, name: str) -> bool:
    """Whether anything in a block may change the object that a name stands for."""
    pending: list[tuple[Node, Node | None]] = [(block, None)]
    while pending:
        node, above = pending.pop()
        pending += [(child, node) for child in node.named_children]
        if node.type != "identifier" or _text(node) != name or above is None:
            continue
        whole, around = node, above
        while around.type in ("member_expression", "subscript_expression"):
            holder = around.child_by_field_name("object")
            if holder is None or holder.id != whole.id or around.parent is None:
                break
            whole, around = around, around.parent
        if around.type in _CHANGING or (around.type == "unary_expression" and whole is not node):
            left = around.child_by_field_name("left")
            if left is None or left.id == whole.id:
                return True
        if around.type == "call_expression" and whole is not node:
            return True  # a method of it, such as push
        if around.type == "arguments" and _callee_root(around.parent) not in _READERS:
            return True
    return False


def _callee_root(call: Node | None) -> str:
    node = None if call is None else call.child_by_field_name("function")
    while node is not None and node.type != "identifier":
        node = node.child_by_field_name("object") or node.child_by_field_name("function")
    return "" if node is None else _text(node)


def _is_const(declarator: Node) -> bool:
    before = declarator.parent
    return before is not None and any(child.type == "const" for child in before.children)


def _picked(machine: Machine, parsed: Parsed, pattern: Node, name: str, value: Value) -> Value:
    """What `const name = …` or `const { name } = …` binds."""
    if pattern.type == "identifier":
        return value
    if pattern.type == "object_pattern":
        for part in children(pattern):
            if part.type == "shorthand_property_identifier_pattern" and _text(part) == name:
                return members.member(machine, value, name, parsed.span(part))
    return Unknown(f"how {name} is taken apart is not followed", (parsed.span(pattern),))
