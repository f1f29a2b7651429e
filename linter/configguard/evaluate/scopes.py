"""Names and what they are bound to; which names of a file are ever written after that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from configguard.evaluate.values import Unknown, Value

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
    """What one name is bound to: a value, or how to get it the first time it is asked for."""

    __slots__ = ("_thunk", "_value", "reading")

    def __init__(self, value: Value | Callable[[], Value]) -> None:
        self._thunk = value if callable(value) else None
        self._value: Value | None = None if callable(value) else value
        self.reading = False

    def get(self) -> Value:
        """The bound value."""
        if self._value is None:
            if self.reading:
                return Unknown("it is defined by itself")
            assert self._thunk is not None  # one of the two is always set
            self.reading = True
            try:
                self._value = self._thunk()
            finally:
                self.reading = False
        return self._value

    def set(self, value: Value) -> None:
        """Bind another value."""
        self._value = value


class Scope:
    """Names of one file, function or block, and those around it."""

    __slots__ = ("cells", "changing", "parent", "parsed", "remote", "untimed")

    def __init__(self, parsed: Parsed, parent: Scope | None, changing: frozenset[str]) -> None:
        self.parsed = parsed
        self.parent = parent
        self.cells: dict[str, Cell] = {}
        # Names whose value depends on when it is read; see `changing_names`.
        self.changing = changing
        # Names that functions of the file write: those of any kind, and those whose time of
        # running is not followed (classes, generators, async functions).
        self.remote: frozenset[str] = parent.remote if parent is not None else frozenset()
        self.untimed: frozenset[str] = parent.untimed if parent is not None else frozenset()

    def inner(self) -> Scope:
        """A block or function inside this scope."""
        return Scope(self.parsed, self, self.changing)

    def find(self, name: str) -> Cell | None:
        """The cell that a name means here; None where the file does not bind it."""
        scope: Scope | None = self
        while scope is not None:
            cell = scope.cells.get(name)
            if cell is not None:
                return cell
            scope = scope.parent
        return None


def changing_names(parsed: Parsed, stateful: frozenset[str] = frozenset()) -> frozenset[str]:
    """Names of a file whose value depends on *when* it is read.

    Those that are assigned, or changed through a member or a method, after their definition, and
    all that are defined from such names. What mentions none of them may be evaluated late;
    what mentions one is evaluated where it stands. `stateful` are imported names whose file has
    functions that change something. Scopes are not told apart: too many names in
    here cost time only.
    """
    written = {*_written_roots(parsed.root), *_vars(parsed.root), *_handed(parsed.root), *stateful}
    if not written:
        return frozenset()
    # The environment is reached in many ways: by `process.env`, an import, an alias.
    written |= {"process", "env"}
    mentions = {name: set(names) for name, names in _definitions(parsed.root)}
    # `const t = config.test; t.retry = 2` changes `config` too.
    aliased = [name for name in written if name in mentions]
    while aliased:
        fresh = mentions[aliased.pop()] - written
        written |= fresh
        aliased.extend(name for name in fresh if name in mentions)
    grown = True
    while grown:
        dependent = {name for name, names in mentions.items() if names & written} - written
        written |= dependent
        grown = bool(dependent)
    return frozenset(written)


_FUNCTIONS = frozenset(
    (
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    )
)


def _vars(root: Node) -> Iterator[str]:
    """Names declared by `var`: they are there, undefined, before their declaration runs."""
    for node in walk(root):
        if node.type == "variable_declaration":
            for declarator in node.named_children:
                yield from pattern_names(declarator.child_by_field_name("name") or declarator)


def nested_vars(nodes: list[Node]) -> frozenset[str]:
    """Names that blocks and loops of a body declare by `var`, for the whole body."""
    found: set[str] = set()
    pending = [child for node in nodes for child in node.named_children]
    while pending:
        node = pending.pop()
        if node.type in _FUNCTIONS:
            continue
        parent = node.parent
        if node.type == "variable_declaration" and parent not in nodes:
            found.update(_vars(node))
        if node.type == "for_in_statement" and b"var" in [child.text for child in node.children]:
            found.update(pattern_names(node.child_by_field_name("left") or node))
        pending.extend(node.named_children)
    pending_loops = [node for node in nodes if node.type == "for_in_statement"]
    for loop in pending_loops:
        if b"var" in [child.text for child in loop.children]:
            found.update(pattern_names(loop.child_by_field_name("left") or loop))
    return frozenset(found)


def _handed(root: Node) -> Iterator[str]:
    """Names that calls for their effect are made on, or handed: `mutate(config)`, `setup()`."""
    for node in walk(root):
        if node.type != "expression_statement" or not node.named_children:
            continue
        call = node.named_children[0]
        if call.type == "await_expression" and call.named_children:
            call = call.named_children[0]
        if call.type != "call_expression":
            continue
        function = call.child_by_field_name("function")
        if function is None or (function.text or b"").startswith(b"console."):
            continue
        yield "process"
        arguments = call.child_by_field_name("arguments")
        for child in [] if arguments is None else arguments.named_children:
            if child.type in ("identifier", "member_expression"):
                yield from _roots(child)


def written_elsewhere(parsed: Parsed) -> tuple[frozenset[str], frozenset[str]]:
    """Outer names that functions write: all of them, and those of classes, generators and async."""
    every: set[str] = set()
    untimed: set[str] = set()
    for node in walk(parsed.root):
        in_class = node.type == "class_body"
        if node.type not in _FUNCTIONS and not in_class:
            continue
        outer = written_names(node) - _declared_in(node)
        every |= outer
        kinds = {child.type for child in node.children}
        if in_class or "async" in kinds or "*" in kinds or node.type.startswith("generator"):
            untimed |= outer
    return frozenset(every), frozenset(untimed)


def _declared_in(node: Node) -> set[str]:
    """The names that a function binds itself: its parameters and declarations."""
    declared: set[str] = set()
    for found in walk(node):
        if found.type == "variable_declarator":
            declared.update(pattern_names(found.child_by_field_name("name") or found))
        elif found.type in ("required_parameter", "optional_parameter"):
            declared.update(pattern_names(found.child_by_field_name("pattern") or found))
    return declared


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
    if node.type == "identifier":
        # `module.exports = …` defines what a file exports; it is read when the file has ended.
        if node.text not in (b"module", b"exports"):
            yield node.text.decode()
        return
    for found in walk(node):
        if found.type in ("identifier", "shorthand_property_identifier_pattern") and found.text:
            yield found.text.decode()


def _definitions(root: Node) -> Iterator[tuple[str, Iterator[str]]]:
    """Every name that a file defines and the names that its definition mentions."""
    for node in walk(root):
        if node.type == "variable_declarator" or node.type in (
            "function_declaration",
            "generator_function_declaration",
        ):
            pattern, source = node.child_by_field_name("name"), node
        else:
            continue
        if pattern is None:
            continue
        for name in pattern_names(pattern):
            yield name, (other for other in mentioned(source) if other != name)


def pattern_names(pattern: Node) -> Iterator[str]:
    """The names that a binding pattern binds."""
    for node in walk(pattern):
        if node.type in ("identifier", "shorthand_property_identifier_pattern") and node.text:
            yield node.text.decode()
