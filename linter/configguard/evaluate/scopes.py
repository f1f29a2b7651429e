"""Names and what they are bound to; which names a piece of code writes or mentions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from configguard.evaluate.machine import Thrown
from configguard.evaluate.values import Choice, Held, Value, held, tick

if TYPE_CHECKING:
    from tree_sitter import Node

    from configguard.syntax.trees import Parsed

MUTATORS = frozenset(
    [
        "push",
        "unshift",
        "pop",
        "shift",
        "splice",
        "sort",
        "reverse",
        "fill",
        "set",
        "add",
        "delete",
        "clear",
        "copyWithin",
    ]
)
"""Methods that change what they are called on."""


class Cell:
    """What one name is bound to. A read before the definition throws, as JavaScript does."""

    __slots__ = ("born", "constant", "lasting", "name", "source")

    def __init__(
        self, value: Value | Choice[Value] | Held | None, name: str = "", *, constant: bool = False
    ) -> None:
        self.source = value
        self.name = name
        self.constant = constant
        self.lasting = False
        self.born = tick()

    def get(self) -> Value:
        """The bound value in this world. Raises Thrown, Fork."""
        if self.source is None:
            # As `default` of a file that is still running.
            raise Thrown(f"Cannot access '{self.name}' before initialization", None)
        return held(self.source)

    def set(self, value: Value | Choice[Value]) -> None:
        """Bind another value; what may change at any moment stays unknown."""
        if not self.lasting:
            self.source = value


class Scope:
    """Names of one file, function or block, and those around it."""

    __slots__ = ("cells", "is_function", "parent", "parsed", "strict")

    def __init__(self, parsed: Parsed, parent: Scope | None, *, is_function: bool = False) -> None:
        self.parsed = parsed
        self.parent = parent
        self.cells: dict[str, Cell] = {}
        # `var` binds in the nearest of these.
        self.is_function = is_function or parent is None
        self.strict: bool = parent.strict if parent is not None else True

    def inner(self) -> Scope:
        """A block inside this scope."""
        return Scope(self.parsed, self)

    def find(self, name: str) -> Cell | None:
        """The cell that a name means here; None where the file does not bind it."""
        scope: Scope | None = self
        while scope is not None:
            cell = scope.cells.get(name)
            if cell is not None:
                return cell
            scope = scope.parent
        return None

    @property
    def function(self) -> Scope:
        """The scope of the function (or file) around."""
        scope = self
        while not scope.is_function and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def top(self) -> Scope:
        """The scope of the file."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


FUNCTIONS = frozenset(
    (
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    )
)


def var_names(nodes: list[Node]) -> Iterator[str]:
    """Names that a body declares by `var`, at any depth but in no inner function."""
    for node in nodes:
        for found in walk_own(node):
            if found.type == "variable_declaration":
                for declarator in found.named_children:
                    yield from pattern_names(declarator.child_by_field_name("name") or declarator)
            elif found.type == "for_in_statement" and any(
                child.type == "var" for child in found.children
            ):
                yield from pattern_names(found.child_by_field_name("left") or found)


def walk_own(root: Node) -> Iterator[Node]:
    """All named nodes of a statement or expression but what stands inside inner functions."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if node.type not in FUNCTIONS and node.type != "class_body":
            pending.extend(reversed(node.named_children))


def declared_in(node: Node) -> set[str]:
    """All names that a piece of code binds anywhere in it."""
    declared: set[str] = set()
    for found in walk(node):
        match found.type:
            case "variable_declarator":
                declared.update(pattern_names(found.child_by_field_name("name") or found))
            case "required_parameter" | "optional_parameter":
                declared.update(pattern_names(found.child_by_field_name("pattern") or found))
            case "for_in_statement" if found.child_by_field_name("kind") is not None:
                declared.update(pattern_names(found.child_by_field_name("left") or found))
            case "arrow_function" | "catch_clause":
                single = found.child_by_field_name("parameter")
                declared.update(() if single is None else pattern_names(single))
    return declared


def own_names(function: Node) -> frozenset[str]:
    """The names that surely mean a function's own in all of it: parameters and its body's."""
    declared: set[str] = set()
    parameters = function.child_by_field_name("parameters")
    for parameter in [] if parameters is None else parameters.named_children:
        declared.update(pattern_names(parameter.child_by_field_name("pattern") or parameter))
    single = function.child_by_field_name("parameter")
    declared.update(() if single is None else pattern_names(single))
    body = function.child_by_field_name("body")
    for statement in [] if body is None else body.named_children:
        if statement.type in ("lexical_declaration", "variable_declaration"):
            for one in statement.named_children:
                declared.update(pattern_names(one.child_by_field_name("name") or one))
    return frozenset(declared)


def walk(root: Node) -> Iterator[Node]:
    """All named nodes below and including `root`, in order; iterative."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.named_children))


def has_call(node: Node) -> bool:
    """Whether anything is called, or made by `new`, in a statement or expression."""
    return any(found.type in ("call_expression", "new_expression") for found in walk(node))


def mentioned(node: Node) -> Iterator[str]:
    """The names that an expression or statement mentions."""
    for found in walk(node):
        if found.type in ("identifier", "shorthand_property_identifier") and found.text:
            yield found.text.decode()


def written_names(node: Node) -> set[str]:
    """The names that a statement assigns or changes."""
    return set(_written_roots(node))


def _written_roots(root: Node) -> Iterator[str]:
    for node in walk(root):
        target: Node | None = None
        match node.type:
            case "assignment_expression" | "augmented_assignment_expression":
                target = node.child_by_field_name("left")
            case "for_in_statement" if node.child_by_field_name("kind") is None:
                target = node.child_by_field_name("left")
            case "update_expression":
                target = node.child_by_field_name("argument")
            case "unary_expression" if node.children[0].type == "delete":
                target = node.child_by_field_name("argument")
            case "call_expression":
                target = _changed_by_call(node)
        if target is not None:
            yield from _roots(target)


def _changed_by_call(node: Node) -> Node | None:
    function = node.child_by_field_name("function")
    if function is None or function.type != "member_expression":
        return None
    receiver = function.child_by_field_name("object")
    method = function.child_by_field_name("property")
    name = method.text.decode() if method is not None and method.text else ""
    if receiver is not None and receiver.text in (b"Object", b"Reflect"):
        arguments = node.child_by_field_name("arguments")
        changes = receiver.text == b"Reflect" or name.startswith(("assign", "define", "setProto"))
        if changes and arguments is not None:
            return arguments.named_children[0] if arguments.named_children else None
        return None
    return receiver if name in MUTATORS else None


def _roots(target: Node) -> Iterator[str]:
    """The names at the root of what is assigned: `a` of `a.b.c = 1`, all of a pattern."""
    node: Node | None = target
    while node is not None and node.type in (
        "member_expression",
        "subscript_expression",
        "parenthesized_expression",
        "non_null_expression",
        "as_expression",
        "satisfies_expression",
    ):
        node = node.child_by_field_name("object") or (
            node.named_children[0] if node.named_children else None
        )
    if node is None or node.text is None:
        return
    yield from pattern_names(node)


def pattern_names(pattern: Node) -> Iterator[str]:
    """The names that a binding pattern binds (not those that its defaults mention)."""
    pending = [pattern]
    while pending:
        node = pending.pop()
        match node.type:
            case "identifier" | "shorthand_property_identifier_pattern" | "type_identifier":
                if node.text:
                    yield node.text.decode()
            case "assignment_pattern" | "object_assignment_pattern":
                left = node.child_by_field_name("left")
                pending += [left] if left is not None else []
            case "pair_pattern":
                value = node.child_by_field_name("value")
                pending += [value] if value is not None else []
            case "object_pattern" | "array_pattern" | "rest_pattern" | "non_null_expression":
                pending += reversed(node.named_children)
