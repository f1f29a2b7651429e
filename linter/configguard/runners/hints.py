"""What some settings of a suite say, as plain texts and numbers: hints at what its tests are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from configguard.evaluate.values import Arr, Known, Value
from configguard.runners.settings import Settings
from configguard.source.span import Origin


class Hint(NamedTuple):
    """One value of a setting, or of its list; None where it is neither a text nor a number."""

    setting: str
    value: str | float | None
    at: Origin


def hints_of(settings: Settings, names: Sequence[str]) -> tuple[Hint, ...]:
    """The values of the named settings that are written. Raises Fork, Thrown."""
    found: list[Hint] = []
    for name in names:
        reading = settings.written(name)
        if reading is not None:
            found += (Hint(name, plain, at or reading.at) for plain, at in _plain(reading.value))
    return tuple(found)


def _plain(value: Value) -> Iterator[tuple[str | float | None, Origin]]:
    match value:
        case Known(value=bool()):
            yield None, value.origin
        case Known(value=str() | int() | float() as plain):
            yield plain, value.origin
        case Known():
            return  # null and undefined set nothing
        case Arr():
            for item in value.items:
                yield from _plain(item) if not isinstance(item, Arr) else [(None, item.origin)]
            if value.more is not None:
                yield None, value.more.origin
        case _:
            yield None, value.origin
