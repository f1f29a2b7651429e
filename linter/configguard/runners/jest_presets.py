"""A jest config's preset: which file it is, and how the two are joined.

Sources: setupPreset in jest-config 27.5.1 to 30.5.2, each rule checked against what jest resolves.
"""

from __future__ import annotations

import posixpath
from functools import partial
from typing import Any

from configguard.evaluate.machine import Machine
from configguard.evaluate.modules import default_export
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    Arr,
    Builtin,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
)
from configguard.resources import table
from configguard.runners.versions import matches
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, ancestors, escapes, join
from configguard.syntax.trees import BadSyntax, parse

ROOT_DIR = "<rootDir>"
_ENDINGS = (".json", ".js", ".cjs", ".mjs")
_JOINED = ("setupFiles", "setupFilesAfterEnv")
"""Lists of which both parts count."""


def with_preset(machine: Machine, version: str, own: Obj, folder: str | None) -> Obj:
    """What jest makes of a config and its preset: the config's own keys win, undefined ones too.

    `folder`: the config's rootDir below the root, None where it is not known.
    """
    entry = own.entry("preset")
    if entry is None:
        return own
    name = entry.value
    if isinstance(name, Known) and not truthy(name.value):
        return own
    if not isinstance(name, Known) or not isinstance(name.value, str):
        reason = name.reason if isinstance(name, Unknown) else "the preset's name is not known"
        return _joined(machine, own, Obj({}, (), Unknown(reason, name.origin)), entry.expression)
    return _joined(
        machine, own, _preset(machine, version, name.value, folder, entry), entry.expression
    )


def _preset(machine: Machine, version: str, name: str, folder: str | None, entry: Entry) -> Obj:
    place = entry.expression
    if name.startswith((".", ROOT_DIR)):
        file = _file_of(machine, version, name, folder)
        if isinstance(file, str):
            return _unknown(f"the preset {name!r} {file}", place)
        return _loaded(machine, file[0], name, place)
    for above in ancestors(folder or ""):
        # A preset's JSON is the one file of a package that is read.
        file_there = posixpath.join(above, "node_modules", name, "jest-preset.json")
        if folder is not None and machine.workspace.is_file(file_there):
            return _loaded(machine, file_there, name, place)
    sets = _known_presets().get(name)
    if sets is None:
        return _unknown(f"the preset {name!r} is a package, which is not read", place)
    machine.assume(f"the preset {name!r} is taken to set only what its releases set", place)
    why = Unknown(f"the preset {name!r} may set it", (place,))
    return Obj({key: Entry(why, place) for key in sets}, (place,))


def _file_of(machine: Machine, version: str, name: str, folder: str | None) -> tuple[str] | str:
    """The preset's file, or why it is not known. Before 30.4 `<rootDir>/x` is a folder."""
    if folder is None:
        return "stands in a rootDir that is not known"
    below = name.removeprefix(ROOT_DIR).lstrip("/") if name.startswith(ROOT_DIR) else name
    base = join(folder, below)
    if escapes(base):
        return "lies outside the root"
    if name.startswith(ROOT_DIR) and matches(version, "<30.4"):
        base = posixpath.join(base, "jest-preset")
    for ending in ("", *_ENDINGS):
        if machine.workspace.is_file(base + ending):
            return (base + ending,)
    return "is not in the repository"


def _loaded(machine: Machine, file: str, name: str, place: Span) -> Obj:
    if not file.endswith(_ENDINGS):
        return _unknown(f"the preset {name!r} is no JavaScript and no JSON", place)
    document = machine.workspace.read(file)
    if isinstance(document, Unreadable):
        return _unknown(f"the preset {name!r} cannot be read: {document.reason}", place)
    parsed = parse(document)
    if isinstance(parsed, BadSyntax):
        return _unknown(f"the preset {name!r} has a syntax error", place)
    value = default_export(machine, parsed)
    if isinstance(value, Obj):
        return value
    if isinstance(value, Unknown | Builtin):
        reason = value.reason if isinstance(value, Unknown) else f"{value.path} is not evaluated"
        return _unknown(reason, place)
    # Anything else is spread, and has no keys: also a function, which is not called (measured).
    return Obj({}, (place,)) if isinstance(value, Func | Known) else _unknown("it is odd", place)


def _unknown(reason: str, place: Span) -> Obj:
    return Obj({}, (place,), Unknown(reason, (place,)))


def _joined(machine: Machine, own: Obj, preset: Obj, place: Span) -> Obj:
    made = Obj({}, own.origin, own.more or preset.more, own.sites)
    for key in dict.fromkeys((*preset.entries, *own.entries)):
        found = machine.explored(
            partial(_entry, own, preset, key, place), lambda why: Entry(why, place)
        )
        if found is not None:
            made.set(key, found)
    return made


def _entry(own: Obj, preset: Obj, key: str, place: Span) -> Entry | None:
    above, below = own.entry(key), preset.entry(key)
    if above is None:
        if below is None:
            return None
        if own.more is not None:
            unknown = Unknown(own.more.reason, own.more.origin)
            return Entry(unknown, below.expression, below.key, via=(place,))
        return below.through(place)
    if key in _JOINED and below is not None:
        return _both(above, below)
    if key in _JOINED and preset.more is not None:
        return _both(above, Entry(preset.more, above.expression))
    return above


def _both(above: Entry, below: Entry) -> Entry:
    made = Arr([], above.value.origin or (above.expression,))
    for side in (below.value, above.value):
        if isinstance(side, Arr):
            made.extend(side.items)
            made.more = made.more or side.more
        elif isinstance(side, Unknown):
            made.more = side
    return Entry(made, above.expression, above.key, above.whole)


def _known_presets() -> dict[str, list[str]]:
    rows: list[dict[str, Any]] = table("runners/facts/jest")["presets"]
    return {name: row["sets"] for row in rows for name in row["names"]}
