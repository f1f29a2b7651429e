"""What calls of the platform and of packages give, by the table in known_calls.yaml."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from configguard.evaluate import calls, forgetting, known_sources, meanings, operators, structures
from configguard.evaluate.cpus import CPUS
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Entry,
    EnvString,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.evaluate.worlds import PlatformIs
from configguard.resources import table
from configguard.source.span import Span, chain

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Arguments = list[Value]
Meaning = Callable[["Machine", Arguments, Span], Value]


def _table() -> dict[str, Any]:
    return table("evaluate/known_calls")


_PROTOTYPE = frozenset(
    (
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
        "__proto__",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    )
)
"""What every object has without holding it."""


def is_method(kind: str, name: str) -> bool:
    """Whether values of a kind (`string`, `number`, `boolean`, `array`) have such a method."""
    return name in _table()["methods"][kind] or name in _PROTOTYPE


def in_prototype(name: str) -> bool:
    """Whether every object has it without holding it."""
    return name in _PROTOTYPE


def of_global(machine: Machine, name: str, span: Span) -> Value:
    """A name that the file does not bind."""
    if name == "Infinity":
        return Known(math.inf, (span,))
    if name == "NaN":
        return Known(math.nan, (span,))
    if name == "$package":
        return Unknown("the package sets it", (span,))
    if name in ("__dirname", "__filename"):
        return Unknown(f"{name} is a path of the machine", (span,))
    del machine
    if name in _table()["globals"]:
        return Builtin(name, (span,))
    if is_global(name):
        return Unknown(f"{name} is not evaluated", (span,))
    from configguard.evaluate.calls import throw

    return throw(f"{name} is not defined", span)


def is_global(name: str) -> bool:
    """Whether Node or a loader of configs defines a name everywhere."""
    return name in _table()["globals"] or name in _table()["other_globals"]


def of_import_meta(text: str, span: Span) -> Value:
    """`import.meta.…`, whose parts are paths of the machine or set by the loader."""
    return Unknown(f"{text} is known only when it runs", (span,))


def of_package(package: str, export: str, span: Span) -> Value:
    """What a package (or Node module) exports under a name; `*` is all of it."""
    package = package.removeprefix("node:")
    if export == "*" or (export == "default" and package in _table()["namespaces"]):
        return Builtin(package, (span,), certain=True)
    return of_path(f"{package}.{export}", span)


def knows_package(package: str) -> bool:
    """Whether the table says what a package (or Node module) exports, or some of it."""
    return package.startswith("node:") or package in _known_packages()


@cache
def _known_packages() -> frozenset[str]:
    known = _table()
    paths = (*known["functions"], *known["values"], *known["sources"])
    holders = {path[:at] for path in paths for at, char in enumerate(path) if char == "."}
    return frozenset((*holders, *known["namespaces"]))


def of_path(path: str, span: Span) -> Value:
    """A known value, a known function, or something of a package that is not known."""
    known = _table()
    if path in known["sources"]:
        return known_sources.described(path, span) or Builtin(path, (span,))
    if path in known["values"]:
        value = known["values"][path]
        if isinstance(value, str | dict):
            return Builtin(path, (span,))
        return Known(float(value), (span,))
    return Builtin(path, (span,), certain=path in known["functions"])


def of_member(machine: Machine, path: str, name: str, span: Span) -> Value:
    """`path.name`: a variable of the environment, a known value, or a further path."""
    special = _table()["values"].get(path)
    if special == "environment":
        if name in _PROTOTYPE:
            return Unknown(f"{name} is not evaluated", (span,))
        assigned = machine.variables.get(name) or machine.unknown_variables
        return assigned if assigned is not None else spanned(machine.world.variable(name), span)
    if isinstance(special, dict) and "each-holds" in special:
        return _holding(f"{path}[{name!r}]", special["each-holds"], span)
    if path == "os.cpus()":
        if name == "length":
            return Cpus(CPUS, (span,))
        return Unknown("what CPUs the machine has is not known", (span,))
    found = of_path(f"{path}.{name}", span)
    if isinstance(found, Builtin):
        return special_value(machine, found, span)
    return found


def special_value(machine: Machine, found: Builtin, span: Span) -> Value:
    """The value of a path whose worth depends on the world, else the path itself."""
    special = _table()["values"].get(found.path)
    if special == "platform":
        return spanned(machine.world.platform(), span)
    if isinstance(special, dict) and "platform-is" in special:
        return Known(machine.world.holds(PlatformIs(special["platform-is"])), (span,))
    if isinstance(special, dict) and "holds" in special:
        return _holding(found.path, special["holds"], span)
    if isinstance(special, dict) and "variable-is-set" in special:
        value = machine.world.variable(special["variable-is-set"])
        text = value.value if isinstance(value, Known) else "set"
        is_set = bool(text) and text is not UNDEFINED and text != "false"
        return Known(is_set, (span,))
    return found


def _holding(path: str, keys: list[str], span: Span) -> Obj:
    """An object of a package of which only the keys matter."""
    unknown = Unknown(f"what {path} holds is up to the package", (span,))
    return Obj({key: Entry(unknown, span) for key in keys}, (span,))


def of_prototype(name: str, span: Span) -> Value:
    """A property that a plain object does not hold itself."""
    if name in _PROTOTYPE:
        return Unknown(f"{name} is not evaluated", (span,))
    return Known(UNDEFINED, (span,))


def has_key(machine: Machine, key: Value, holder: Value, span: Span) -> Value:
    """`key in holder`."""
    name = operators.to_text(key)
    if isinstance(name, Unknown):
        return Unknown(name.reason, (span,))
    if isinstance(holder, Builtin) and _table()["values"].get(holder.path) == "environment":
        value = of_member(machine, holder.path, name, span)
        if isinstance(value, Unknown):
            return value
        return Known(not (isinstance(value, Known) and value.value is UNDEFINED), (span,))
    if isinstance(holder, Obj):
        if holder.entry(name) is not None:
            return Known(True, (span,))
        if holder.kind is not None:
            parts = ((*kind.methods, *kind.getters, *kind.setters) for kind in holder.kind.chain())
            if any(name in names for names in parts):
                return Known(True, (span,))
        if holder.more is None and name not in _PROTOTYPE:
            return Known(False, (span,))
    if isinstance(holder, Known):
        from configguard.evaluate.calls import throw

        throw(f"Cannot use 'in' operator to search for '{name}' in a plain value", span)
    if isinstance(holder, Arr) and holder.more is None and not is_method("array", name):
        inside = name == "length" or (name.isdecimal() and int(name) < len(holder.items))
        return Known(inside, (span,))
    return Unknown("whether the key is there is not known", (span,))


def harmless(function: str) -> bool:
    """Whether a call for its effect surely leaves its arguments as they are."""
    return function in _table()["harmless"]


def loads_variables(path: str) -> bool:
    """Whether a package's function, or importing it, sets variables from files."""
    return any(
        path == name or path.startswith((f"{name}.", f"{name}/"))
        for name in _table()["loads_variables"]
    )


def _is_config(value: Value) -> bool:
    return isinstance(value, Obj) and len(_config_keys().intersection(value.entries)) > 1


@cache
def _config_keys() -> frozenset[str]:
    return frozenset(_table()["config_keys"])


def call_builtin(machine: Machine, callee: Builtin, arguments: Arguments, span: Span) -> Value:
    """Call something of the platform or of a package."""
    meaning = _table()["functions"].get(callee.path)
    if meaning is not None:
        known = meanings.MEANINGS.get(meaning) or structures.MEANINGS[meaning]
        return known(machine, arguments, span)
    source = known_sources.described(callee.path, span)
    if source is not None:
        return calls.call_value(machine, source, arguments, span)
    if loads_variables(callee.path):
        machine.assume("what .env files set is not read", span)
    if callee.path.startswith(("Reflect.", "Object.define", "Object.setPrototypeOf")):
        why = Unknown(f"{callee.path}() may have changed it", (span,))
        for argument in arguments[:1]:
            if isinstance(argument, Obj | Arr):
                forgetting.clobber_handed(machine, argument, why)
    for argument in arguments:
        if isinstance(argument, Builtin) and argument.path == "process.env":
            machine.forget_variables(f"{callee.path}()", span)
    wrapped = [value for value in arguments if isinstance(value, Obj) and "test" in value.entries]
    if len(wrapped) == 1 and not callee.certain:
        machine.assume(f"{callee.path}() is assumed not to change load settings", span)
        return wrapped[0]
    config = next((value for value in arguments if _is_config(value)), None)
    if isinstance(config, Obj) and not callee.certain:
        machine.assume(f"{callee.path}() is assumed to keep what is set", span)
        more = Unknown(f"{callee.path}() may set it", (span,))
        return Obj(dict(config.entries), config.origin, config.more or more, config.sites)
    return Unknown(f"what {callee.path}() gives is not known", chain((span,), callee.origin))


def spanned(value: Value, span: Span) -> Value:
    match value:
        case Known():
            return Known(value.value, (span,))
        case EnvString():
            return EnvString(value.name, (span,))
        case _:
            value.origin = (span,)
            return value
