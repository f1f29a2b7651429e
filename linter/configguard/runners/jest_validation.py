"""What makes jest refuse a config: values of a wrong type, and settings that exclude each other.

Sources: normalize and jest-validate in 27.5.1 to 30.5.2, a sample of each rule measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Cpus,
    EnvString,
    Func,
    Known,
    Obj,
    PlatformName,
    Promised,
    Value,
)
from configguard.resources import table
from configguard.runners.settings import Settings
from configguard.runners.versions import matches
from configguard.source.span import Origin, chain

_JASMINE = ("jasmine2", "jest-jasmine2")
_MEMORY = re.compile(r"\d+(\.\d+)?(%|[kmg]i?b?)?", re.IGNORECASE)
FIRST_PROJECT_TYPES = ">=29.3"
"""From then on a project is checked against keys of its own."""


class Fault(NamedTuple):
    """Why the run refuses to start, and where."""

    reason: str
    at: Origin


def faults(own: Value, merged: Settings, *, project: bool) -> Iterator[Fault]:
    """What of one config jest refuses. `own`: without its preset, which is not checked."""
    version = merged.table.version
    if isinstance(own, Obj):
        yield from _wrong_types(own, version, project=project)
    if isinstance(merged.value, Obj):
        yield from _conflicts(merged.value)


def _wrong_types(own: Obj, version: str, *, project: bool) -> Iterator[Fault]:
    entry = own.entry("maxWorkers")
    checked = not project or matches(version, "<30.5")
    if checked and entry is not None and _kind(entry.value) in ("null", "undefined"):
        reason = "maxWorkers is written, and is no number and no string: a Validation Error, exit 1"
        yield Fault(reason, chain((entry.expression,), entry.value.origin))
    rows = _types(version, project and matches(version, FIRST_PROJECT_TYPES))
    for path, (outer, key, types) in rows.items():
        if (outer[0] if outer else key) not in own.entries:
            continue
        holder: Value = own
        for name in outer:
            holder = holder.get(name) if isinstance(holder, Obj) else Known(UNDEFINED)
        found = holder.entry(key) if isinstance(holder, Obj) else None
        if found is None:
            continue
        kind = _kind(found.value)
        if kind not in (None, "null", "undefined", *types):
            wanted = " or ".join(types)
            reason = f"{path} has to be of type {wanted}, not {kind}: a Validation Error, exit 1"
            yield Fault(reason, chain((found.expression,), found.value.origin))


def _conflicts(config: Obj) -> Iterator[Fault]:
    regex, match = config.entry("testRegex"), config.entry("testMatch")
    if regex is not None and match is not None and _holds(regex.value) and _is_on(match.value):
        yield Fault("testMatch and testRegex are both set, which jest refuses", (regex.expression,))
    endings = config.entry("moduleFileExtensions")
    plain_runner = config.more is None and config.entry("runner") is None
    if endings is not None and plain_runner and isinstance(endings.value, Arr):
        items = [item.value for item in endings.value.items if isinstance(item, Known)]
        all_known = endings.value.more is None and len(items) == len(endings.value.items)
        if all_known and "js" not in items:
            reason = "moduleFileExtensions without 'js' is a Validation Error"
            yield Fault(reason, (endings.expression,))
    name = config.entry("displayName")
    if name is not None and isinstance(name.value, Obj) and name.value.more is None:
        parts = [name.value.get(part) for part in ("name", "color")]
        if any(isinstance(part, Known) and not truthy(part.value) for part in parts):
            reason = "a displayName that is an object needs a name and a color"
            yield Fault(reason, (name.expression,))


def doubts(merged: Settings) -> Iterator[Fault]:
    """What jest accepts only where something is installed."""
    runner = merged.written("testRunner")
    name = runner.value.value if runner is not None and isinstance(runner.value, Known) else None
    if runner is not None and name in _JASMINE and matches(merged.table.version, ">=28"):
        yield Fault("from jest 28 on jest-jasmine2 has to be installed apart", runner.at)
    memory = merged.written("workerIdleMemoryLimit")
    limit = memory.value.value if memory is not None and isinstance(memory.value, Known) else None
    odd = isinstance(limit, str) and not _MEMORY.fullmatch(limit.strip())
    if memory is not None and odd and matches(merged.table.version, ">=29"):
        yield Fault(f"whether jest understands the memory {limit!r} is not known", memory.at)


def _holds(value: Value) -> bool:
    """Whether testRegex holds an expression."""
    if isinstance(value, Arr):
        return bool(value.items)
    return isinstance(value, Known) and isinstance(value.value, str) and bool(value.value)


def _is_on(value: Value) -> bool:
    return isinstance(value, Arr | Obj) or (isinstance(value, Known) and truthy(value.value))


def _kind(value: Value) -> str | None:
    """The type as jest-validate compares it; None where it is not known."""
    match value:
        case Known(value=scalar):
            if scalar is UNDEFINED:
                return "undefined"
            if scalar is None:
                return "null"
            if isinstance(scalar, bool):
                return "boolean"
            return "string" if isinstance(scalar, str) else "number"
        case Cpus():
            return "number"
        case EnvString() | PlatformName():
            return "string"
        case Arr():
            return "array"
        case Obj():
            return "object"
        case Func():
            return "function"
        case Promised():
            return "promise"
        case _:
            return None


@cache
def _types(version: str, project: bool) -> dict[str, tuple[list[str], str, tuple[str, ...]]]:
    """The types that a key may have, by its path: the keys around it, the key, the types."""
    rows = table("runners/facts/jest")["types"]["project" if project else "root"]
    return {
        path: (path.split(".")[:-1], path.split(".")[-1], tuple(row["type"]))
        for row in rows
        if matches(version, row["versions"])
        for path in row["keys"]
    }
