"""How a wanted fact is spelled in one version: candidate changes, from the runner's table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from configguard.evaluate import constraints
from configguard.resources import table
from configguard.runners.profile import Profile, number
from configguard.runners.table import Row, table_of


class Change(NamedTuple):
    """Settings to set, in order, settings to take out, and settings to write as others."""

    sets: tuple[tuple[str, bool | float], ...]
    removes: tuple[str, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()

    @property
    def settings(self) -> frozenset[str]:
        """All settings that it is about."""
        moved = (name for pair in self.moves for name in pair)
        return frozenset((*(path for path, _ in self.sets), *self.removes, *moved))

    def __str__(self) -> str:
        """As a person writes it in a config: `fileParallelism: false`."""
        shown = (f"{path.removeprefix('test.')}: {literal(value)}" for path, value in self.sets)
        return ", ".join(shown)


def candidates(
    runner: str, version: str, fact: str, wanted: float, profile: Profile
) -> Iterator[Change]:
    """The changes that give a fact a value in a version, the plainest first.

    Each is to be verified before it is used.
    """
    for way in table_of(runner, version).spellings.get(fact, ()):
        place = profile.names.get("place")
        if place is not None and way.get("place", place) != place:
            continue
        if constraints.judge(way.get("when", {}), wanted) is not True:
            continue
        needed = {_filled(path, profile.names) for path in way.get("present", ())}
        here = {_filled(path, profile.names) for path in way.get("here", ())}
        if not needed | here <= profile.written or here & profile.via.keys():
            continue
        sets = tuple(
            (_filled(path, profile.names), wanted if value == "wanted" else value)
            for path, value in way["set"].items()
        )
        yield Change(sets, tuple(_filled(path, profile.names) for path in way.get("remove", ())))


def facts_set_by(runner: str, version: str, settings: Iterable[str]) -> frozenset[str]:
    """The facts that settings decide in a version, with those that are tied to them."""
    rows = table_of(runner, version).rows
    facts = {str(rows[one].entry["would"]) for one in settings if "would" in _entry(rows, one)}
    tied = table(f"runners/facts/{runner}").get("tied", {})
    return frozenset(facts | {other for fact in facts for other in tied.get(fact, ())})


def _entry(rows: Mapping[str, Row], setting: str) -> dict[str, Any]:
    return rows[setting].entry if setting in rows else {}


def literal(value: Any) -> str:
    """A plain value as JavaScript writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(number(value))


def _filled(path: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        path = path.replace("{" + name + "}", value)
    return path
