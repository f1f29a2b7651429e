"""Config files of vitest: a file, or its export, to the object that vite reads."""

from __future__ import annotations

from configguard.evaluate import calls
from configguard.evaluate.files import is_es_module
from configguard.evaluate.machine import MAX_FILES, Machine
from configguard.evaluate.modules import default_export
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Cpus,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.source.span import Span
from configguard.source.workspace import Unreadable
from configguard.syntax.trees import SCRIPT_SUFFIXES, BadSyntax, parse

MODE = "test"
SCRIPTS = SCRIPT_SUFFIXES


def resolve(machine: Machine, exported: Value, file: str | None = None, mode: str = MODE) -> Value:
    """The object that vite reads: function configs called, promises awaited. Raises Thrown.

    `file`: where it comes from; the config under question, where none is given.
    """
    value = settled(exported)
    if isinstance(value, Func):
        place = value.origin[0] if value.origin else Span("", 0, 0)
        value = settled(calls.call_function(machine, value, [arguments(mode, place)], place))
    if isinstance(value, Obj) and value.entry("then") is not None:
        return Unknown("a promise made by hand is not evaluated", value.origin)
    main = machine.modules.get(file) if file else next(iter(machine.modules.values()), None)
    if main is not None and main.exports_nothing and not is_es_module(machine.workspace, main.file):
        return Obj({})  # CommonJS: `module.exports` is there without being assigned (measured)
    if isinstance(value, Known | Cpus | Arr | Func):
        calls.throw(
            "config must export or return an object", value.origin[0] if value.origin else None
        )
    return value


def arguments(mode: str, place: Span) -> Obj:
    """What vite hands to a config that is a function, and vitest to a project that is one."""
    given = {"mode": mode, "command": "serve"}
    made = Obj({key: Entry(Known(text), place) for key, text in given.items()})
    for flag in ("isSsrBuild", "isPreview"):
        made.set(flag, Entry(Known(False), place))
    return made


def exported(machine: Machine, file: str, span: Span) -> Value:
    """What a file exports by default. Raises Thrown where it cannot be loaded."""
    if file not in machine.modules and len(machine.modules) >= MAX_FILES:
        return Unknown(f"more than {MAX_FILES} files are read", (span,))
    document = machine.workspace.read(file)
    if isinstance(document, Unreadable):
        return Unknown(f"{file} cannot be read: {document.reason}", (span,))
    parsed = parse(document)
    if isinstance(parsed, BadSyntax):
        place = document.position(parsed.span.start)
        return Unknown(
            f"{file} has a syntax error at {place.line}:{place.column}", (span, parsed.span)
        )
    module = machine.modules.get(file)
    if module is not None and module.running:
        return Unknown(f"{file} is loaded while it is still running", (span,))
    return default_export(machine, parsed)


def config_in(machine: Machine, file: str, span: Span, mode: str = MODE) -> Value:
    """The config object of a file. Raises Thrown where vite refuses it."""
    return resolve(machine, exported(machine, file, span), file, mode)


def is_nothing(value: Value) -> bool:
    """Whether a value is undefined or null."""
    return isinstance(value, Known) and (value.value is None or value.value is UNDEFINED)
