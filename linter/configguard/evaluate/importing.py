"""What an import gives: which file or package is meant, and what that exports."""

from __future__ import annotations

import posixpath

from configguard.evaluate import files, known_calls, members, modules, operators, packages
from configguard.evaluate.machine import MAX_FILES, Machine
from configguard.evaluate.scopes import Cell, Scope, walk
from configguard.evaluate.values import (
    UNDEFINED,
    Builtin,
    Entry,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, escapes, folder_of, join
from configguard.syntax.trees import SCRIPT_SUFFIXES, BadSyntax, Parsed, children, parse


def loaded(machine: Machine, importer: str, specifier: str) -> modules.Module | None:
    """A script of the project, run; None for all that cannot be followed (told when it is used)."""
    if not files.is_relative(specifier):
        return None
    file = files.resolve_specifier(machine, importer, specifier)
    if file is None or not file.endswith(SCRIPT_SUFFIXES):
        return None
    if file in machine.modules:
        return machine.modules[file]
    document = machine.workspace.read(file)
    parsed = None if isinstance(document, Unreadable) else parse(document)
    if not isinstance(parsed, Parsed) or len(machine.modules) >= MAX_FILES:
        return None
    return modules.load(machine, parsed)


def imported(machine: Machine, scope: Scope, specifier: str, export: str, span: Span) -> Value:
    """What `import` of one name (or `*`) from a specifier gives."""
    machine.step(5)  # files that export all of each other are looked at along every way
    module: modules.Module | Value | None
    if files.is_relative(specifier):
        module = _module_at(machine, scope, specifier, span)
    elif specifier.startswith("/"):
        return _lost(machine, f"the import {specifier!r} is not followed", span)
    else:
        module = _own_module(machine, scope, specifier, span)
    if module is None:
        found = known_calls.of_package(specifier, export, span)
        return (
            known_calls.special_value(machine, found, span) if isinstance(found, Builtin) else found
        )
    if not isinstance(module, modules.Module):
        return module
    if export == "*":
        return namespace(machine, module, span)
    return export_of(machine, module, export, span)


def _own_module(
    machine: Machine, scope: Scope, specifier: str, span: Span, *, required: bool = False
) -> modules.Module | Value | None:
    """A file of the repository that is imported by a name; None for somebody else's package."""
    importer = scope.parsed.document.file
    if specifier.startswith("#"):
        file = packages.internal_file(machine, importer, specifier)
        if file is None:
            return _lost(machine, f"the import {specifier!r} is not followed", span)
    elif known_calls.knows_package(specifier):
        return None
    else:
        file = packages.own_file(machine, importer, specifier, required=required)
        if file is None:
            return None
        machine.assume(f"{specifier} is taken from {file}", span)
    machine.borrowed.add(file)
    return _module_of(machine, file, specifier, span)


def _module_at(
    machine: Machine, scope: Scope, specifier: str, span: Span
) -> modules.Module | Value:
    importer = scope.parsed.document.file
    file = files.resolve_specifier(machine, importer, specifier)
    if file is None:
        if escapes(join(folder_of(importer), specifier)):
            return _lost(machine, f"the import {specifier!r} leads out of the root", span)
        return _lost(machine, f"the import {specifier!r} is missing", span)
    if importer in machine.borrowed:
        machine.borrowed.add(file)
    return _module_of(machine, file, specifier, span)


def _module_of(machine: Machine, file: str, specifier: str, span: Span) -> modules.Module | Value:
    if file in machine.modules:
        module = machine.modules[file]
        if module.running:
            return _lost(machine, f"the import {specifier!r} is cyclic", span)
        return module
    if len(machine.modules) >= MAX_FILES:
        return _lost(machine, f"more than {MAX_FILES} files are imported", span)
    document = machine.workspace.read(file)
    if isinstance(document, Unreadable):
        return _lost(machine, f"the import {specifier!r} cannot be read: {document.reason}", span)
    if not file.endswith((*SCRIPT_SUFFIXES, ".json")):
        return Unknown(f"an import of {posixpath.basename(file)!r} is not evaluated", (span,))
    parsed = parse(document)
    if isinstance(parsed, BadSyntax):
        place = document.position(parsed.span.start)
        where = f"{file}:{place.line}:{place.column}"
        return _lost(machine, f"the import {specifier!r} has a syntax error at {where}", span)
    if file.endswith(".json"):
        if b"/" in document.data and any(one.type == "comment" for one in walk(parsed.root)):
            return _lost(machine, f"the import {specifier!r} has comments: it is no JSON", span)
        return json_module(machine, parsed)
    return modules.load(machine, parsed)


def json_module(machine: Machine, parsed: Parsed) -> modules.Module:
    """A JSON file as a module: its content is the default export."""
    module = modules.Module(parsed.document.file)
    content = children(parsed.root)
    value = files.json_value(parsed, content[0]) if content else Unknown("it is empty")
    module.exports["default"] = Cell(value)
    module.running = False
    machine.modules[module.file] = module
    return module


def _lost(machine: Machine, message: str, span: Span) -> Unknown:
    machine.notice(message, span)
    machine.unsure += 1
    return Unknown(message, (span,))


def export_of(
    machine: Machine, module: modules.Module, name: str, span: Span, *, main: bool = False
) -> Value:
    """What a file exports under a name; `main`: to the loader of configs."""
    if module.common is not None:
        whole = module.exported or Known(UNDEFINED)
        if name == "default":
            if isinstance(whole, Obj) and whole.entry("__esModule") is not None:
                if main:
                    return whole.get("default")  # as the runners' loaders take it
                return Unknown("how its default export is taken depends on the importer", (span,))
            return whole
        return members.member(machine, whole, name, span)
    cell = module.exports.get(name)
    if cell is not None:
        asked = (module.file, name)
        if asked in machine.asked:
            return _lost(machine, f"{module.file} exports {name} through a cyclic import", span)
        machine.asked.add(asked)
        try:
            return cell.get()
        finally:
            machine.asked.discard(asked)
    if name != "default":
        found = _from_stars(machine, module, name, {module.file})
        if found is not None:
            return found
    if module.file.endswith(".json"):
        content = module.exports["default"].get()
        return members.member(machine, content, name, span)
    if name == "default":
        return Known(UNDEFINED, (span,))
    return Unknown(f"{module.file} does not export {name}", (span,))


def _from_stars(
    machine: Machine, module: modules.Module, name: str, seen: set[str]
) -> Value | None:
    """What `export * from` gives under a name: the repository's own files first."""
    outside: tuple[str, Span] | None = None
    for specifier, where in module.stars:
        assert module.scope is not None  # only files with statements have stars
        target = (
            _module_at(machine, module.scope, specifier, where)
            if files.is_relative(specifier)
            else _own_module(machine, module.scope, specifier, where)
        )
        if not isinstance(target, modules.Module):
            outside = outside or (specifier, where)
        elif target.file not in seen:
            seen.add(target.file)
            if name in target.exports or target.common is not None:
                return export_of(machine, target, name, where)
            found = _from_stars(machine, target, name, seen)
            if found is not None:
                return found
    if outside is None or module.scope is None:
        return None
    return imported(machine, module.scope, outside[0], name, outside[1])


def namespace(machine: Machine, module: modules.Module, span: Span) -> Value:
    """All exports of a module as one object."""
    if module.common is not None:
        whole = module.exported
        made = Obj(dict(whole.entries) if isinstance(whole, Obj) else {}, (span,))
        made.set("default", Entry(whole or Known(UNDEFINED), span))
        return made
    made = Obj({}, (span,))
    for name, cell in module.exports.items():
        made.set(name, Entry(cell.get, span))
    if module.file.endswith(".json"):
        value = module.exports["default"].get()
        if isinstance(value, Obj):
            made.entries = {**value.entries, **made.entries}
    for specifier, where in module.stars:
        _add_star(machine, module, made, specifier, where)
    made.entries = dict(sorted(made.entries.items()))  # as JavaScript lists them
    return made


def _add_star(
    machine: Machine, module: modules.Module, made: Obj, specifier: str, where: Span
) -> None:
    """What `export * from` adds to a namespace: all but the default, and never over own names."""
    assert module.scope is not None  # only files with statements have stars
    found = imported(machine, module.scope, specifier, "*", where)
    if not isinstance(found, Obj):
        reason = found.reason if isinstance(found, Unknown) else f"{specifier} is not evaluated"
        made.more = Unknown(reason, (where,))
        return
    made.more = made.more or found.more
    for name in list(found.entries):
        entry = found.entry(name)
        if name == "default" or entry is None or name in module.exports:
            continue
        if name in made.entries:
            twice = Unknown(f"two files export {name}", (where,))
            made.set(name, Entry(twice, where))
        else:
            made.set(name, entry.through(where))


def imported_namespace(machine: Machine, scope: Scope, arguments: list[Value], span: Span) -> Value:
    """What `await import(specifier)` gives."""
    specifier = operators.to_text(arguments[0]) if arguments else Unknown("nothing to import")
    if isinstance(specifier, Unknown):
        return Unknown(f"what is imported is not known: {specifier.reason}", (span,))
    return imported(machine, scope, specifier, "*", span)


def required(machine: Machine, scope: Scope, arguments: list[Value], span: Span) -> Value:
    """What `require(specifier)` gives: `module.exports`, or the namespace of an ES module."""
    specifier = operators.to_text(arguments[0]) if arguments else Unknown("nothing to require")
    if isinstance(specifier, Unknown):
        return Unknown(f"what is required is not known: {specifier.reason}", (span,))
    if files.is_relative(specifier):
        module: modules.Module | Value | None = _module_at(machine, scope, specifier, span)
    else:
        module = _own_module(machine, scope, specifier, span, required=True)
    if module is None:
        return imported(machine, scope, specifier, "*", span)
    if not isinstance(module, modules.Module):
        return module
    if module.file.endswith(".json"):
        return module.exports["default"].get()
    if module.common is not None:
        return module.exported or Known(UNDEFINED)
    return namespace(machine, module, span)
