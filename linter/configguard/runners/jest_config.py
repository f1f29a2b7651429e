"""jest's way from what a config file exports to the settings it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from configguard.evaluate import calls
from configguard.evaluate.files import is_es_module
from configguard.evaluate.machine import Machine
from configguard.evaluate.modules import Module, default_export
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.runners.jest_presets import ROOT_DIR, with_preset
from configguard.runners.settings import Settings
from configguard.runners.table import Situation, Table
from configguard.runners.versions import matches
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, escapes, join
from configguard.syntax.trees import BadSyntax, parse

if TYPE_CHECKING:
    from configguard.runners.given import Given

MANIFEST = "package.json"
_TYPESCRIPT = (".ts", ".cts", ".mts")
_AGAIN = 2
"""How often jest calls what a TypeScript config exports, and what that gives; others once."""


class JestSettings(Settings):
    """One config as jest reads it: `own` is without its preset.

    `parts`: all configs of the run; `others`: the further configs in the folder of the root.
    `open`: why the projects of a root are not known, which all share its global settings.
    """

    def __init__(
        self,
        machine: Machine,
        table: Table,
        own: Value,
        folder: str | None,
        root: JestSettings | None = None,
        given: Given | None = None,
    ) -> None:
        merged = own
        if isinstance(own, Obj):
            merged = with_preset(machine, table.version, own, folder)
        super().__init__(machine, merged, table, _nothing_asked, root, given)
        self.own = own
        self.folder = folder
        self.parts: list[JestSettings] = [] if root is None else root.parts
        self.stops: list[Stop] = [] if root is None else root.stops
        self.parts.append(self)
        self.others: tuple[str, ...] = ()
        self.open: Unknown | None = None


class Stop(NamedTuple):
    """Why the run refuses to start, besides wrong settings; `sure` is False where it only may."""

    reason: str
    place: Span
    sure: bool = True


def _nothing_asked(settings: Settings) -> Situation:
    del settings
    return {}


def exported_object(machine: Machine, module: Module | None, exported: Value) -> Value:
    """The value that jest takes from a file: its functions called, promises awaited."""
    value = settled(exported)
    file = module.file if module is not None else ""
    if file.rpartition("/")[2] == MANIFEST:
        value = value.get("jest") if isinstance(value, Obj) else value
        return Obj({}) if isinstance(value, Known) and not truthy(value.value) else value
    for _ in range(_AGAIN if file.endswith(_TYPESCRIPT) else 1):
        if isinstance(value, Func):
            place = value.origin[0] if value.origin else Span(file, 0, 0)
            value = settled(calls.call_function(machine, value, [], place))
    if isinstance(value, Obj) and value.entry("then") is not None:
        return Unknown("a promise made by hand is not evaluated", value.origin)
    if module is not None and module.exports_nothing and not _loads_as_es_module(machine, file):
        return Obj({})  # CommonJS: `module.exports` is there without being assigned (measured)
    return value


def checked(machine: Machine, version: str, file: str, value: Value) -> Value:
    """The object whose keys jest reads. Raises Thrown where it cannot read any."""
    place = Span(file, 0, 0)
    module = machine.modules.get(file)
    if file.endswith(".mts") or (file.endswith(".cts") and matches(version, "<30")):
        return Unknown("whether jest can load this file depends on Node's version", (place,))
    if module is not None and not file.endswith(".json"):
        _refuse_by_kind(machine, version, module, place)
    match value:
        case Known(value=scalar) if scalar is None or scalar is UNDEFINED:
            if scalar is UNDEFINED and _loads_as_es_module(machine, file):
                if matches(version, ">=28 <29") or matches(version, "<28"):
                    calls.throw("the config has no default export", place)
                return Unknown("what jest makes of a file without a default export", (place,))
            calls.throw("the config exports nothing that jest can read", place)
        case Known() | Cpus():
            if matches(version, "<29"):
                calls.throw("the config exports no object", place)
            return Obj({})
        case Func() | Arr():
            return Obj({})  # spread, and without a key that jest knows (measured)
    return value


def _refuse_by_kind(machine: Machine, version: str, module: Module, place: Span) -> None:
    es_module = is_es_module(machine.workspace, module.file)
    if module.file.endswith(".js") and module.exports and not es_module:
        # Node loads it as the ES module that it looks like (measured on 20.20).
        machine.assume("Node is taken to be 20.19, 22.12 or newer: older ones refuse this", place)
    if module.file.endswith(_TYPESCRIPT):
        if es_module and matches(version, "<28"):
            calls.throw("jest 27 cannot load a TypeScript config in an ES module package", place)
    elif es_module and module.assigns_common:
        calls.throw("module is not defined in ES module scope", place)


def _loads_as_es_module(machine: Machine, file: str) -> bool:
    """Whether Node loads it as an ES module; TypeScript is turned into CommonJS before."""
    return not file.endswith(_TYPESCRIPT) and is_es_module(machine.workspace, file)


def read_file(machine: Machine, version: str, file: str) -> Value:
    """What jest reads from another config file. Raises Fork, Thrown."""
    document = machine.workspace.read(file)
    if isinstance(document, Unreadable):
        return Unknown(f"{file} cannot be read: {document.reason}")
    parsed = parse(document)
    place = Span(file, 0, 0)
    if isinstance(parsed, BadSyntax):
        machine.notice(f"{file} has a syntax error", parsed.span)
        return Unknown(f"{file} has a syntax error", (place,))
    exported = default_export(machine, parsed)
    value = exported_object(machine, machine.modules.get(file), exported)
    return checked(machine, version, file, value)


def root_dir(own: Value, beside: str, relative_to: str | None) -> str | None:
    """A config's rootDir below the root; None where it is not known.

    `beside`: what `<rootDir>` stands for, and holds without one.
    """
    entry = own.entry("rootDir") if isinstance(own, Obj) else None
    if entry is None:
        return beside if isinstance(own, Obj) and own.more is None else None
    value = entry.value
    if isinstance(value, Known) and not truthy(value.value):
        return beside
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return None
    return below(value.value, beside, relative_to)


def below(path: str, root: str, relative_to: str | None) -> str | None:
    """A path of a config below the root, `<rootDir>` filled in; None where it is not known."""
    if path.startswith(ROOT_DIR):
        found = join(root, path.removeprefix(ROOT_DIR).lstrip("/") or ".")
    elif path.startswith("/") or relative_to is None:
        return None
    else:
        found = join(relative_to, path)
    if found == ".":
        return ""
    return None if escapes(found) else found


def unclear(value: Value) -> Unknown | None:
    """Why nothing is known of a config; None where it is an object."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Builtin):
        return Unknown(f"{value.path} is not evaluated", value.origin)
    return None if isinstance(value, Obj) else Unknown("the config is no plain object")
