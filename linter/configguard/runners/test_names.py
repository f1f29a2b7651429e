"""What the names in a test file mean: the runner's own `test`, `describe`, `jest`, `vi`.

They are global, imported, made by `test.extend()`, or handed on by another file of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from configguard.evaluate import files, in_place, packages
from configguard.evaluate.machine import Machine
from configguard.source.workspace import Unreadable
from configguard.syntax.trees import SCRIPT_SUFFIXES, Parsed, children, parse

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_HOPS = 6
"""A name that is handed on through more files is not followed."""


_WRAPPERS = frozenset(
    (
        "parenthesized_expression",
        "non_null_expression",
        "await_expression",
        "instantiation_expression",
    )
)


class Meaning(NamedTuple):
    """One of the runner's names; `extended`: through `test.extend()`."""

    name: str
    extended: bool = False


class Callee(NamedTuple):
    """What is called: a runner's name and the members after it, such as `describe.configure`."""

    root: Meaning
    members: tuple[str, ...]


class Names:
    """What names mean in the files of one project; `words`: those of the runner's table."""

    def __init__(self, machine: Machine, words: Mapping[str, Any]) -> None:
        self.machine = machine
        self._packages: frozenset[str] = frozenset(words["packages"])
        self._globals: frozenset[str] = frozenset(words.get("globals", ()))
        self._aliases: dict[str, str] = words.get("aliases", {})

    def callee(self, parsed: Parsed, path: list[Node], function: Node) -> Callee | None:
        """What a call's function expression means; None where it is nothing of the runner's."""
        members: list[str] = []
        node = function
        while node.type != "identifier":
            if node.type == "member_expression":
                members.append(_text(node.child_by_field_name("property")))
                below = node.child_by_field_name("object")
            elif node.type == "call_expression":
                # `test.each(…)`, `test.skipIf(…)`: what they give is called in turn.
                below = node.child_by_field_name("function")
            elif node.type in _WRAPPERS:
                below = children(node)[0]
            else:
                return None
            if below is None:
                return None
            node = below
        root = self.meaning(parsed, path, _text(node))
        if root is None:
            return None
        parts = tuple(reversed(members))
        if root.name == "*":
            if not parts or (first := self._word(parts[0])) is None:
                return None
            return Callee(Meaning(first), parts[1:])
        return Callee(root, parts)

    def meaning(
        self, parsed: Parsed, path: list[Node], name: str, hops: int = MAX_HOPS
    ) -> Meaning | None:
        """What a name means at the end of a path; `*` is the runner's whole package."""
        found = in_place.binder(path, name)
        if found is None:
            return Meaning(self._aliases.get(name, name)) if name in self._globals else None
        if hops == 0:
            return None
        node, inner = found
        if node.type == "import_statement":
            specifier = in_place.specifier_of(node)
            exported = next(
                (export for local, export, _ in in_place.imports_of(node) if local == name), None
            )
            if specifier is None or exported is None:
                return None
            return self._imported(parsed, specifier, exported, hops)
        value = node.child_by_field_name("value") if node.type == "variable_declarator" else None
        if value is None:
            return None
        pattern = node.child_by_field_name("name")
        assert pattern is not None
        if pattern.type == "object_pattern":
            exported = _taken_as(pattern, name)
            specifier = _required(value)
            if specifier is not None and exported is not None:
                return self._imported(parsed, specifier, exported, hops)
            return None
        specifier = _required(value)
        if specifier is not None:
            return self._imported(parsed, specifier, "*", hops)
        return self._made(parsed, inner, value, hops)

    def _made(self, parsed: Parsed, path: list[Node], value: Node, hops: int) -> Meaning | None:
        """What `base.extend(…)`, `mergeTests(a, b)` or another name stands for."""
        if value.type == "identifier":
            return self.meaning(parsed, path, _text(value), hops - 1)
        if value.type != "call_expression":
            return None
        function = value.child_by_field_name("function")
        while function is not None and function.type == "instantiation_expression":
            function = children(function)[0]
        if function is None:
            return None
        if function.type == "identifier":
            # Playwright's own: a test that has the fixtures of all of them.
            merged = self.meaning(parsed, path, _text(function), hops - 1)
            return Meaning("test", True) if merged == Meaning("mergeTests") else None
        if function.type != "member_expression":
            return None
        if _text(function.child_by_field_name("property")) != "extend":
            return None
        below = function.child_by_field_name("object")
        base = None if below is None else self._base(parsed, path, below, hops)
        return Meaning("test", True) if base is not None and base.name == "test" else None

    def _base(self, parsed: Parsed, path: list[Node], node: Node, hops: int) -> Meaning | None:
        if node.type == "member_expression":
            holder = node.child_by_field_name("object")
            above = None if holder is None else self._base(parsed, path, holder, hops)
            if above is not None and above.name == "*":
                word = self._word(_text(node.child_by_field_name("property")))
                return None if word is None else Meaning(word)
            return None
        return self._made(parsed, path, node, hops)

    def _word(self, exported: str) -> str | None:
        return self._aliases.get(exported, exported)

    def _imported(self, parsed: Parsed, specifier: str, exported: str, hops: int) -> Meaning | None:
        if specifier in self._packages:
            return Meaning("*" if exported == "*" else self._aliases.get(exported, exported))
        importer = parsed.document.file
        if files.is_relative(specifier):
            file = files.resolve_specifier(self.machine, importer, specifier)
        elif specifier.startswith("/"):
            return None
        else:
            file = packages.own_file(self.machine, importer, specifier, required=False)
        return None if file is None else self._exported(file, exported, hops - 1)

    def _exported(self, file: str, name: str, hops: int) -> Meaning | None:
        """What another file of the project exports under a name."""
        document = self.machine.workspace.read(file)
        if hops <= 0 or isinstance(document, Unreadable) or not file.endswith(SCRIPT_SUFFIXES):
            return None
        parsed = parse(document)
        if not isinstance(parsed, Parsed):
            return None
        path = [parsed.root]
        stars: list[str] = []
        for node in children(parsed.root):
            if node.type != "export_statement":
                continue
            specifier = in_place.specifier_of(node)
            value = node.child_by_field_name("value")
            declaration = node.child_by_field_name("declaration")
            if value is not None and name == "default":
                return self._made(parsed, path, value, hops)
            if declaration is not None and name != "default":
                if in_place.binder(path, name) is not None and _declares(declaration, name):
                    return self.meaning(parsed, path, name, hops)
                continue
            clause = next((one for one in children(node) if one.type == "export_clause"), None)
            if clause is None:
                if specifier is not None:
                    stars.append(specifier)
                continue
            for item in children(clause):
                own = _text(item.child_by_field_name("name"))
                if (
                    _text(item.child_by_field_name("alias") or item.child_by_field_name("name"))
                    == name
                ):
                    if specifier is not None:
                        return self._imported(parsed, specifier, own, hops)
                    return self.meaning(parsed, path, own, hops)
        for specifier in stars:
            found = self._imported(parsed, specifier, name, hops) if name != "*" else None
            if found is not None:
                return found
        return None


def _declares(declaration: Node, name: str) -> bool:
    return any(
        _text(declarator.child_by_field_name("name")) == name
        for declarator in children(declaration)
        if declarator.type == "variable_declarator"
    )


def _required(value: Node) -> str | None:
    """The specifier of `require('…')`."""
    if value.type != "call_expression":
        return None
    if _text(value.child_by_field_name("function")) != "require":
        return None
    arguments = value.child_by_field_name("arguments")
    given = [] if arguments is None else children(arguments)
    if len(given) != 1 or given[0].type != "string":
        return None
    return _text(given[0])[1:-1]


def _taken_as(pattern: Node, name: str) -> str | None:
    """The property that `{ name }` or `{ property: name }` takes for a name."""
    for part in children(pattern):
        if part.type == "shorthand_property_identifier_pattern" and _text(part) == name:
            return name
        value = part.child_by_field_name("value")
        if part.type == "pair_pattern" and value is not None and _text(value) == name:
            return _text(part.child_by_field_name("key")).strip("'\"")
    return None


def _text(node: Node | None) -> str:
    return "" if node is None else (node.text or b"").decode()
