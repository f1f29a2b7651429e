"""What Playwright's validation asks of structures that put no load on anything: a wrong one stops
the run all the same (validateConfig of 1.30.0 to 1.65.1)."""

from __future__ import annotations

from collections.abc import Iterator

from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    EnvString,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
)
from configguard.runners.settings import Settings
from configguard.source.span import Origin

_OPEN = (Unknown, Builtin)


def shape_faults(root: Settings) -> Iterator[tuple[str, Origin]]:
    """What is wrong with the reporters, the shard, and the report of slow tests, and where."""
    for setting, check in (
        ("reporter", _reporter_fault),
        ("shard", _shard_fault),
        ("reportSlowTests", _slow_fault),
    ):
        reading = root.written(setting)
        if reading is None or reading.entry is None or isinstance(reading.value, _OPEN):
            continue
        fault = check(reading.value)
        if fault is not None:
            yield fault, reading.at


def _reporter_fault(value: Value) -> str | None:
    """A name, or a list of tuples of a name and options: `['html', 'list']` is neither."""
    if not isinstance(value, Arr):
        return None if _is_text(value) else "reporter must be a string"
    for index, item in enumerate(value.items):
        if isinstance(item, _OPEN):
            continue
        tuple_like = isinstance(item, Arr) and (item.more is not None or len(item.items) in (1, 2))
        if not tuple_like or (isinstance(item, Arr) and item.items and not _is_text(item.items[0])):
            return f"reporter[{index}] must be a tuple [name, optionalArgument]"
    return None


def _shard_fault(value: Value) -> str | None:
    if isinstance(value, Known) and value.value is None:
        return None
    if not isinstance(value, Obj | Arr):
        return "shard must be an object"
    if not isinstance(value, Obj):
        return "shard.total must be a positive number"
    total, current = value.get("total"), value.get("current")
    if not _at_least(total, 1):
        return "shard.total must be a positive number"
    if not _at_least(current, 1):
        return "shard.current must be a positive number"
    most, one = _number(total), _number(current)
    if most is not None and one is not None and one > most:
        return "shard.current must not be greater than shard.total"
    return None


def _slow_fault(value: Value) -> str | None:
    if isinstance(value, Known) and value.value is None:
        return None
    if not isinstance(value, Obj | Arr):
        return "reportSlowTests must be an object"
    for key in ("max", "threshold"):
        if not isinstance(value, Obj) or not _at_least(value.get(key), 0):
            return f"reportSlowTests.{key} must be a non-negative number"
    return None


def _is_text(value: Value) -> bool:
    """Whether it is a text, or may be one."""
    if isinstance(value, EnvString | PlatformName | Unknown | Builtin):
        return True
    return isinstance(value, Known) and isinstance(value.value, str)


def _number(value: Value) -> float | None:
    found = value.value if isinstance(value, Known) else None
    return found if isinstance(found, float) else None


def _at_least(value: Value, least: float) -> bool:
    """Whether it is a number so great, or may be one. NaN passes, as it does there."""
    if isinstance(value, Known):
        found = value.value
        return found is not UNDEFINED and isinstance(found, float) and not found < least
    return not isinstance(value, EnvString | Obj | Arr)
