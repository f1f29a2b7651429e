"""Keys that no version of a runner knows where they stand, and what was probably meant.

A key that any measured version knows there is left alone, and so is one that resembles nothing:
plugins and type declarations of a project may add keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from configguard.evaluate.values import UNDEFINED, Entry, Known, Obj, Value
from configguard.resources import table
from configguard.runners.near_names import nearest
from configguard.runners.profile import SettingEntry
from configguard.runners.settings import Settings
from configguard.runners.table import meaning, shown
from configguard.runners.versions import parse_version
from configguard.source.span import chain

_TITLES = {"vitest": "vitest", "jest": "jest", "playwright": "Playwright"}
_HOME = {"vitest": "test", "jest": "", "playwright": ""}
"""Where most settings of a runner stand."""
_PROJECT = "project"
"""The place in the tables for the keys of a project, where it has keys of its own."""


class Advice(NamedTuple):
    """Why a key does nothing, and the setting that was probably meant; None: there is none."""

    reason: str
    instead: str | None


def with_unknown(settings: Settings, entries: Sequence[SettingEntry]) -> list[SettingEntry]:
    """The entries of a suite, those for unknown keys told as such, and further unknown keys."""
    found: list[SettingEntry] = []
    for entry in entries:
        place, _, key = entry.setting.rpartition(".")
        if entry.effect != "ignored" or not _is_unknown(settings, entry.setting):
            found.append(entry)
            continue
        advice = _advice(settings, place, key)
        told = entry._replace(known=False)
        if advice is not None and advice.instead is not None:
            told = told._replace(reason=advice.reason, instead=advice.instead)
        found.append(told)
    have = {(entry.setting, entry.at[:1]) for entry in found}
    for side in dict.fromkeys((settings, settings.root)):
        found += [one for one in _further(side) if (one.setting, one.at[:1]) not in have]
    return found


def _further(side: Settings) -> Iterator[SettingEntry]:
    """Unknown keys that have no row in the table of facts."""
    for place in _places(side):
        holder = _at(side.value, place)
        if not isinstance(holder, Obj):
            continue
        known = _ever(side, place)
        for key in [key for key in holder.entries if key not in known]:
            entry = holder.entry(key)
            advice = None if entry is None else _advice(side, place, key)
            name = f"{place}.{key}" if place else key
            if entry is None or advice is None or name in side.table.rows:
                continue
            if isinstance(entry.value, Known) and entry.value.value is UNDEFINED:
                continue
            yield _told(side, name, entry, advice)


def _told(side: Settings, name: str, entry: Entry, advice: Advice) -> SettingEntry:
    row = side.table.rows.get(advice.instead or "")
    lowers, means, idle = (False, None, False) if row is None else meaning(row, entry.value)
    return SettingEntry(
        name,
        shown(entry.value),
        "ignored",
        advice.reason,
        None if row is None else row.entry.get("would"),
        chain((entry.expression,), entry.value.origin),
        lowers=lowers,
        means=means,
        idle=idle,
        via=entry.via,
        known=False,
        instead=advice.instead,
    )


def _is_unknown(settings: Settings, setting: str) -> bool:
    """Whether a key on the way to a setting is one that no version knows there."""
    place = ""
    for key in setting.split("."):
        if place in _places(settings) and key not in _ever(settings, place):
            return True
        place = f"{place}.{key}" if place else key
    return False


# -- which keys a place has ---------------------------------------------------------------------


def _places(settings: Settings) -> list[str]:
    return list(_ever_known(settings.table.runner))


def _ever(settings: Settings, place: str) -> frozenset[str]:
    """The keys that any version knows at a place; what only the root may hold has its own rows."""
    return _ever_known(settings.table.runner)[place]


@cache
def _ever_known(runner: str) -> dict[str, frozenset[str]]:
    known = _keys(runner)
    of_projects = known[_PROJECT].ever if _PROJECT in known else frozenset()
    return {
        place: keys.ever if place else keys.ever | of_projects
        for place, keys in known.items()
        if place != _PROJECT
    }


def _now(settings: Settings, place: str) -> frozenset[str]:
    """The keys that the version in use surely knows at a place."""
    known = _keys(settings.table.runner)
    own = settings.in_project and not place and _PROJECT in known
    return known[_PROJECT if own else place].now(settings.table.version)


class _Group(NamedTuple):
    """Keys that a stretch of the measured versions knows, by the indexes of its ends."""

    first: int
    last: int
    keys: frozenset[str]


class _Place:
    """The keys of one place by version."""

    def __init__(self, measured: list[str], groups: list[dict[str, list[str]]]) -> None:
        self._measured = [parse_version(version) or (0, 0, 0) for version in measured]
        self._groups: list[_Group] = []
        for group in groups:
            first, last = (measured.index(version) for version in group["versions"])
            self._groups.append(_Group(first, last, frozenset(group["keys"])))
        self.ever: frozenset[str] = frozenset().union(*(one.keys for one in self._groups))

    @cache  # noqa: B019  places live as long as the process: one for each row of the tables
    def now(self, version: str) -> frozenset[str]:
        """The keys that the measured versions on both sides of one know."""
        wanted = parse_version(version) or (0, 0, 0)
        end = len(self._measured) - 1
        below = max((i for i, one in enumerate(self._measured) if one <= wanted), default=0)
        above = min((i for i, one in enumerate(self._measured) if one >= wanted), default=end)
        kept = [one.keys for one in self._groups if one.first <= below and above <= one.last]
        return frozenset().union(*kept)


@cache
def _keys(runner: str) -> dict[str, _Place]:
    data = table(f"runners/keys/{runner}")
    return {place: _Place(data["measured"], groups) for place, groups in data["places"].items()}


def _at(value: Value, place: str) -> Value:
    for key in place.split(".") if place else ():
        entry = value.entry(key) if isinstance(value, Obj) else None
        if entry is None:
            return Known(UNDEFINED)
        value = entry.value
    return value


# -- what was probably meant ----------------------------------------------------------------------


def _advice(settings: Settings, place: str, key: str) -> Advice | None:
    """What to say of an unknown key; None: nothing resembles it, or its name may be anybody's."""
    if place not in _places(settings):
        return None
    loads = {name for name, row in settings.table.rows.items() if "would" in row.entry}
    elsewhere = _elsewhere(settings, place, key)
    # Around `test` lie the keys of Vite and its plugins, in `use` those of fixtures.
    foreign = place == "use" or (not place and _HOME[settings.table.runner] != "")
    if foreign and elsewhere not in loads:
        return None
    if elsewhere is not None:
        return Advice(f"it counts as `{elsewhere}`, not here", elsewhere)
    if foreign:
        return None
    if place == _HOME[settings.table.runner]:
        other = _of_others(settings, key)
        if other is not None:
            return other
    near = nearest(key, _now(settings, place))
    if near is None:
        return None
    title = _TITLES[settings.table.runner]
    meant = f"{place}.{near}" if place else near
    return Advice(f"{title} has no setting of that name; `{near}` is the nearest", meant)


def _elsewhere(settings: Settings, place: str, key: str) -> str | None:
    """Where else the very same key counts: around the place, or else in one place below it."""
    having = [
        other for other in _places(settings) if other != place and key in _now(settings, other)
    ]
    around = [other for other in having if not other or place.startswith(f"{other}.")]
    below = [other for other in having if other.startswith(place)]
    chosen = around[-1:] or (below if len(below) == 1 else [])
    return None if not chosen else f"{chosen[0]}.{key}" if chosen[0] else key


def _of_others(settings: Settings, key: str) -> Advice | None:
    """A name that another runner has for it, or nobody."""
    own, title = settings.table.runner, _TITLES[settings.table.runner]
    for names in table("runners/keys/names")["names"]:
        owners = [
            runner
            for runner in _TITLES
            if runner != own and names.get(runner, "").rpartition(".")[2] == key
        ]
        if not owners and key not in names.get("also", ()):
            continue
        whose = " and ".join(f"{_TITLES[runner]}'s" for runner in owners)
        is_theirs = f"it is {whose}" if owners else f"{title} has no setting of that name"
        instead = names.get(own)
        if instead is not None:
            place, _, name = instead.rpartition(".")
            if name in _now(settings, place):
                return Advice(f"{is_theirs}; {title} calls it `{_short(instead)}`", instead)
        return Advice(f"{is_theirs}; {title} has no such setting", None) if owners else None
    return None


def _short(setting: str) -> str:
    return setting.removeprefix("test.")
