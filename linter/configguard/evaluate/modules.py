"""Files as modules: what they export, and what an import of one means. Never a package's code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from configguard.evaluate import (
    classes,
    declarations,
    expressions,
    forgetting,
    importing,
    known_calls,
    patterns,
    statements,
)
from configguard.evaluate.completions import Unsure
from configguard.evaluate.machine import NODES_PER_STEP, Machine
from configguard.evaluate.scopes import (
    Cell,
    Scope,
    mentioned,
    pattern_names,
    walk,
)
from configguard.evaluate.values import (
    UNDEFINED,
    Entry,
    Func,
    Known,
    Obj,
    Promised,
    Unknown,
    Value,
)
from configguard.source.span import Span
from configguard.syntax.trees import Parsed, children

if TYPE_CHECKING:
    from tree_sitter import Node


class Module:
    """A file's exports, each evaluated on demand."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.exports: dict[str, Cell] = {}
        self.stars: list[tuple[str, Span]] = []
        self.common: Obj | None = None
        # `module.exports = …` stands in it; `export =` is turned into it by the loader.
        self.assigns_common = False
        self.scope: Scope | None = None
        self.running = True

    @property
    def exports_nothing(self) -> bool:
        """Whether the file neither exports anything nor assigns `module.exports`."""
        return not self.exports and not self.stars and self.common is None

    @property
    def exported(self) -> Value | None:
        """`module.exports` where the file assigned it."""
        if self.common is None:
            return None
        entry = self.common.entry("exports")
        return entry.value if entry is not None else None


def load(machine: Machine, parsed: Parsed) -> Module:
    """Run a file's top level once in this machine. Raises Fork, Thrown, OverBound."""
    file = parsed.document.file
    if file in machine.modules:
        return machine.modules[file]
    module = Module(file)
    machine.modules[file] = module
    try:
        _run_module(machine, parsed, module)
    except BaseException:
        # This world ends here; what was half done must not be taken for the module.
        del machine.modules[file]
        raise
    return module


def _run_module(machine: Machine, parsed: Parsed, module: Module) -> None:
    machine.writes()  # a file runs once, whatever is explored
    machine.step(parsed.root.descendant_count // NODES_PER_STEP // 2)
    nodes = children(parsed.root)
    _preload(machine, parsed)
    scope = Scope(parsed, None)
    is_es = any(node.type in ("import_statement", "export_statement") for node in nodes)
    scope.strict = is_es or module.file.endswith((".mjs", ".mts")) or _says_strict(nodes)
    module.scope = scope
    exports = Obj({})
    module.common = Obj({"exports": Entry(exports, Span(module.file, 0, 0))})
    scope.cells["module"], scope.cells["exports"] = Cell(module.common), Cell(exports)
    scope.cells["this"] = Cell(Known(UNDEFINED) if is_es else exports)
    declarations.hoist(scope, nodes)
    for node in nodes:
        if node.type == "import_statement":
            _declare_import(machine, node, scope)
    for node in nodes:
        if node.type == "export_statement":
            _declare_exports(machine, node, scope, module)
    for index, node in enumerate(nodes):
        if node.type == "export_statement":
            _run_export(machine, node, scope, module)
        completion = statements.statement(machine, node, scope)
        if isinstance(completion, Unsure):
            for later in nodes[index + 1 :]:
                forgetting.forget_changes(machine, later, scope, "code that may not run")
            if "default" in module.exports and module.exports["default"].source is None:
                module.exports["default"].set(completion.why)
        if completion is not None:
            break
    uses_common = module.exported is not exports or bool(exports.entries)
    uses_common = uses_common or exports.more is not None
    turned = any(child.type == "=" for node in nodes for child in node.children)
    module.assigns_common = uses_common and not turned
    if module.exports or module.stars or not uses_common:
        module.common = None
    module.running = False


def _says_strict(nodes: list[Node]) -> bool:
    first = nodes[0].text if nodes else None
    return first is not None and first.strip(b";") in (b"'use strict'", b'"use strict"')


def _run_export(machine: Machine, node: Node, scope: Scope, module: Module) -> None:
    """What an export does at its line: its value is worked out then."""
    value = node.child_by_field_name("value")
    declaration = node.child_by_field_name("declaration")
    is_default = any(child.type == "default" for child in node.children)
    if value is not None and is_default:
        module.exports["default"].set(expressions.later(machine, value, scope))
    elif declaration is not None and is_default and declaration.type in classes.CLASSES:
        module.exports["default"].set(classes.define(machine, declaration, scope))
        name = declaration.child_by_field_name("name")
        if name is not None:
            patterns.defining(machine, scope)(name, module.exports["default"].get())
    elif any(child.type == "=" for child in node.children):
        whole = expressions.later(machine, children(node)[0], scope)
        assert module.common is not None  # set until the file has run
        module.common.set("exports", Entry(whole, scope.parsed.span(node)))


def _preload(machine: Machine, parsed: Parsed) -> None:
    """Run what a file imports before the file itself, as ES modules do.

    Files of a package of the repository are run when something of them is read: what importing
    them does besides is not followed.
    """
    if parsed.document.file in machine.borrowed:
        return
    outer = Scope(parsed, None)
    used = _Mentioned(parsed)
    for node in children(parsed.root):
        source = node.child_by_field_name("source")
        if node.type not in ("import_statement", "export_statement") or source is None:
            continue
        if node.type == "import_statement" and _is_dropped(parsed, node, used):
            continue
        specifier = expressions.string_value(machine, source, outer)
        if known_calls.loads_variables(specifier):
            machine.assume("what .env files set is not read", parsed.span(node))
        importing.loaded(machine, parsed.document.file, specifier)


class _Mentioned:
    """The names that a file mentions outside of its imports, looked up as far as is needed."""

    def __init__(self, parsed: Parsed) -> None:
        self._seen: set[str] = set()
        others = (one for one in children(parsed.root) if one.type != "import_statement")
        self._next = (name for one in others for name in mentioned(one))

    def any_of(self, names: set[str]) -> bool:
        """Whether one of these names is mentioned."""
        if not names.isdisjoint(self._seen):
            return True
        for name in self._next:
            self._seen.add(name)
            if name in names:
                return True
        return False


def _is_dropped(parsed: Parsed, node: Node, used: _Mentioned) -> bool:
    """Whether a TypeScript import is left out when the file is compiled: no name of it is used."""
    if any(child.type == "type" for child in node.children):
        return True
    names = _imported_names(node)
    if not names or not parsed.document.file.endswith((".ts", ".mts", ".cts")):
        return False
    return not used.any_of(names)


def _imported_names(node: Node) -> set[str]:
    """The local names that an import statement binds."""
    clauses = [child for child in children(node) if child.type == "import_clause"]
    return {
        found.text.decode()
        for clause in clauses
        for found in walk(clause)
        if found.type == "identifier" and found.text
    }


def _declare_import(machine: Machine, node: Node, scope: Scope) -> None:
    source = node.child_by_field_name("source")
    for clause in children(node):
        if clause.type == "import_require_clause":
            text = expressions.string_value(machine, expressions.field(clause, "source"), scope)
            name = scope.parsed.text(children(clause)[0])
            span = scope.parsed.span(clause)
            scope.cells[name] = Cell(_import_equals(machine, scope, text, span))
        if clause.type != "import_clause" or source is None:
            continue
        specifier = expressions.string_value(machine, source, scope)
        for part in children(clause):
            if part.type == "identifier":
                _bind_import(machine, scope, part, part, specifier, "default")
            elif part.type == "namespace_import":
                _bind_import(machine, scope, part, children(part)[0], specifier, "*")
            else:
                for item in children(part):
                    name_node = expressions.field(item, "name")
                    local = item.child_by_field_name("alias") or name_node
                    export = _export_name(machine, name_node, scope)
                    _bind_import(machine, scope, item, local, specifier, export)


def _import_equals(machine: Machine, scope: Scope, text: str, span: Span) -> Callable[[], Value]:
    return lambda: importing.required(machine, scope, [Known(text)], span)


def _bind_import(
    machine: Machine, scope: Scope, node: Node, local: Node, specifier: str, export: str
) -> None:
    span = scope.parsed.span(node)
    name = scope.parsed.text(local)
    # Imported names are live: each read looks at the other file.
    read = lambda: importing.imported(machine, scope, specifier, export, span)  # noqa: E731
    scope.cells[name] = Cell(read, name, constant=True)


def _export_name(machine: Machine, node: Node, scope: Scope) -> str:
    if node.type == "string":
        return expressions.string_value(machine, node, scope)
    return scope.parsed.text(node)


def _declare_exports(machine: Machine, node: Node, scope: Scope, module: Module) -> None:
    """The names that a file exports, which are there before its statements run."""
    source_node = node.child_by_field_name("source")
    value = node.child_by_field_name("value")
    declaration = node.child_by_field_name("declaration")
    is_default = any(child.type == "default" for child in node.children)
    span = scope.parsed.span(node)
    if value is not None and is_default:
        module.exports["default"] = Cell(None, "default")
    elif declaration is not None:
        _export_declaration(scope, declaration, module, default=is_default)
    elif source_node is not None:
        specifier = expressions.string_value(machine, source_node, scope)
        _export_from(machine, node, scope, module, specifier, span)
    elif not any(child.type == "=" for child in node.children):
        for clause in children(node):
            for item in children(clause):
                name = scope.parsed.text(expressions.field(item, "name"))
                alias = item.child_by_field_name("alias")
                shown = _export_name(machine, alias, scope) if alias is not None else name
                module.exports[shown] = Cell(lambda name=name: _current(scope, name))  # type: ignore[misc]


def _export_declaration(scope: Scope, declaration: Node, module: Module, *, default: bool) -> None:
    if default and declaration.type in classes.CLASSES:
        module.exports["default"] = Cell(None, "default")
        return
    if default:
        span = scope.parsed.span(declaration)
        # The grammar also takes `export default const x = 1`, which no runner does.
        module.exports["default"] = Cell(
            Func(declaration, scope, scope.parsed, (span,))
            if declaration.type in declarations.FUNCTIONS
            else Unknown(f"{scope.parsed.brief(declaration)} is no default export", (span,))
        )
        return
    if declaration.type in ("lexical_declaration", "variable_declaration"):
        patterns_of = [
            expressions.field(child, "name")
            for child in children(declaration)
            if child.type == "variable_declarator"
        ]
    else:
        name_node = declaration.child_by_field_name("name")
        patterns_of = [] if name_node is None else [name_node]
    for pattern in patterns_of:
        for name in pattern_names(pattern):
            module.exports[name] = Cell(lambda name=name: _current(scope, name))  # type: ignore[misc]


def _current(scope: Scope, name: str) -> Value:
    cell = scope.find(name)
    return cell.get() if cell is not None else Unknown(f"{name} is not defined")


def _export_from(
    machine: Machine, node: Node, scope: Scope, module: Module, specifier: str, span: Span
) -> None:
    clauses = [child for child in children(node) if child.type == "export_clause"]
    spaces = [child for child in children(node) if child.type == "namespace_export"]
    if not clauses and not spaces:
        module.stars.append((specifier, span))
        return
    for space in spaces:
        shown = scope.parsed.text(children(space)[0])
        module.exports[shown] = Cell(
            lambda: importing.imported(machine, scope, specifier, "*", span)
        )
    for clause in clauses:
        for item in children(clause):
            name_node = expressions.field(item, "name")
            name = _export_name(machine, name_node, scope)
            alias = item.child_by_field_name("alias") or name_node
            where = scope.parsed.span(item)
            module.exports[_export_name(machine, alias, scope)] = Cell(
                lambda name=name, where=where: importing.imported(  # type: ignore[misc]
                    machine, scope, specifier, name, where
                )
            )


def default_export(machine: Machine, parsed: Parsed) -> Value:
    """What the runner gets from a file: its default export, `module.exports`, or the JSON."""
    is_json = parsed.document.file.endswith(".json")
    module = (importing.json_module if is_json else load)(machine, parsed)
    span = Span(module.file, 0, 0)
    value = importing.export_of(machine, module, "default", span, main=True)
    while isinstance(value, Promised):
        value = value.value
    return value
