"""The settings of one evaluated config: each as written, and as it counts in one version."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from configguard.evaluate.machine import Machine
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    UNDEFINED,
    Builtin,
    Cpus,
    Entry,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.runners.table import Keys, Ruling, Situation, Table, ruling
from configguard.source.span import Origin, chain

if TYPE_CHECKING:
    from configguard.runners.given import Given


class Reading(NamedTuple):
    """A setting that is written: its value, where, and through what it came in."""

    setting: str
    value: Value
    at: Origin
    via: Origin = ()
    entry: Entry | None = None

    @property
    def unknown(self) -> str | None:
        """Why the value is unknown; None where it is known."""
        if isinstance(self.value, Unknown):
            return self.value.reason
        if isinstance(self.value, Builtin):
            return f"{self.value.path} is not evaluated"
        return None


@cache
def _keys_of(setting: str) -> tuple[str, ...]:
    return tuple(setting.split("."))


class Company:
    """The suites that one config runs together in one world.

    `more`: why there may be others. `refusals`: by CPU count, why the run does not start, as far
    as that was asked.
    """

    def __init__(self, suites: tuple[Settings, ...], more: Unknown | None = None) -> None:
        self.suites = suites
        self.more = more
        self.refusals: dict[int, str | None] = {}


Situate = Callable[["Settings"], Situation]
"""What rows of a runner's table ask about the other settings."""


class Settings:
    """A suite's settings in one world, read one by one. Reading raises Fork, Thrown.

    `root`: the settings of the config that runs it; those of a project are not its own root.
    `company`: with what it runs; None where it runs alone. `worked_out`: what was asked before.
    `given`: what the command line lays over the config.
    """

    def __init__(
        self,
        machine: Machine,
        value: Value,
        table: Table,
        situation: Situate,
        root: Settings | None = None,
        given: Given | None = None,
    ) -> None:
        self.machine = machine
        self.given: Given | None = root.given if root is not None else given
        self.value = value
        if self.given is not None:
            self.value = self.given.over(value, project=root is not None)
        self.table = table
        self.root = root or self
        self.company: Company | None = None
        self.worked_out: dict[str, Any] = {}
        self._written: dict[str, Reading | None] = {}
        self._rulings: dict[str, tuple[Reading, Ruling]] = {}
        self._readings: tuple[Reading, ...] | None = None
        self._situate = situation
        self._situation: Situation | None = None

    @property
    def in_project(self) -> bool:
        """Whether these are the settings of a project inside a config."""
        return self.root is not self

    @property
    def situation(self) -> Situation:
        """What rows of the table ask about the other settings, such as the pool."""
        if self._situation is None:
            self._situation = self._situate(self)
        return self._situation

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The settings of the table that are written, as they are read."""
        if self._readings is None:
            there = self._present(self.value, self.table.keys)
            found = [self.written(one) for one in sorted(there, key=self.table.order.__getitem__)]
            self._readings = tuple(
                one for one in found if one is not None and one.entry is not None
            )
        return self._readings

    def _present(self, value: Value, keys: Keys) -> set[str]:
        """The settings of the table that have a key in an object."""
        found: set[str] = set()
        if isinstance(value, Obj):
            for key in keys.keys() & value.entries.keys():
                setting, below = keys[key]
                if setting is not None:
                    found.add(setting)
                if below and (entry := value.entry(key)) is not None:
                    found |= self._present(entry.value, below)
        return found

    def written(self, setting: str) -> Reading | None:
        """A setting as it stands in the config; None where it is not set (or undefined)."""
        try:
            return self._written[setting]
        except KeyError:
            found = self._written[setting] = self._read(setting)
            return found

    def _read(self, setting: str) -> Reading | None:
        value = self.value
        via: Origin = ()
        entry: Entry | None = None
        for key in _keys_of(setting):
            if not isinstance(value, Obj):
                if isinstance(value, Unknown):
                    return Reading(setting, value, value.origin, via)
                if isinstance(value, Builtin):
                    reason = f"{value.path} is not evaluated"
                    return Reading(setting, Unknown(reason, value.origin), value.origin, via)
                return None
            entry = value.entry(key)
            if entry is None:
                if value.more is None:
                    return None
                unknown = Unknown(value.more.reason, value.more.origin)
                return Reading(setting, unknown, unknown.origin, via)
            value = entry.value
            if entry.via:
                via = chain(via, entry.via)
        if isinstance(value, Known) and value.value is UNDEFINED:
            return None
        assert entry is not None  # a setting's name has at least one key
        return Reading(setting, value, chain((entry.expression,), value.origin), via, entry)

    def is_given(self, setting: str) -> bool:
        """Whether the command line sets it."""
        if self.given is None:
            return False
        return setting in (self.given.projects if self.in_project else self.given.root)

    def _is_laid(self, reading: Reading) -> bool:
        """Whether a value comes from the command line."""
        if self.given is None or reading.entry is None:
            return False
        laid = self.given.projects if self.in_project else self.given.root
        entry = laid.get(reading.setting)
        return entry is not None and entry.expression == reading.entry.expression

    def counts_elsewhere(self, reading: Reading) -> bool:
        """Whether a variable of the command sets another setting too, and that one counts."""
        if self.given is None or not self._is_laid(reading):
            return False
        laid = self.given.projects if self.in_project else self.given.root
        at = laid[reading.setting].expression
        places = [name for name, one in laid.items() if one.expression == at]
        return any(self.counting(name) is not None for name in places)

    def undefined_entry(self, setting: str) -> Entry | None:
        """Where a setting stands that is written as `undefined`, and so counts as unset."""
        holder = self._holder(setting)
        entry = holder.entry(setting.split(".")[-1]) if isinstance(holder, Obj) else None
        value = entry.value if entry is not None else None
        return entry if isinstance(value, Known) and value.value is UNDEFINED else None

    def ruling(self, reading: Reading) -> Ruling:
        """What this version makes of a written setting."""
        settled = self.table.settled.get(reading.setting)
        if settled is not None:
            return settled
        row = self.table.rows.get(reading.setting)
        if row is None:
            return Ruling("sets", "")
        known = self._rulings.get(reading.setting)
        if known is not None and known[0] is reading:
            return known[1]
        row = row.within_project if self.in_project else row
        # Only rows that ask about other settings may look at them: the pool itself is a setting.
        ruled = ruling(row, reading.value, self.situation if "needs" in row.row else {})
        if ruled.effect == "ignored" and "needs" not in row.row and self._is_laid(reading):
            ruled = Ruling("sets", "")  # what is ignored in a config counts on the command line
        self._rulings[reading.setting] = reading, ruled
        return ruled

    def counting(self, setting: str) -> Reading | None:
        """A setting that is written and has its effect (or may have it); null counts as unset."""
        reading = self.written(setting)
        if reading is None or self.ruling(reading).effect == "ignored":
            return None
        if isinstance(reading.value, Known) and reading.value.value is None:
            return None
        return reading

    def on(self, setting: str) -> tuple[bool | Unknown, Reading | None]:
        """Whether a switch is on (by JavaScript's truth, null as unset), and where it stands."""
        reading = self.counting(setting)
        if reading is None:
            return bool(self.default(setting)), None
        if reading.unknown is not None:
            return Unknown(reading.unknown, reading.at), reading
        value = reading.value
        if isinstance(value, Known):
            return truthy(value.value), reading
        return True if not isinstance(value, Cpus) else value.expression.minimum > 0, reading

    def undefined(self, setting: str) -> str | float | None:
        """What the table says of a setting that is written as `undefined`; None: as if unset."""
        row = self.table.rows.get(setting)
        told = None if row is None else row.row.get("undefined")
        return told if told is not None and self.undefined_entry(setting) is not None else None

    def _holder(self, setting: str) -> Value:
        """The object that a setting would stand in."""
        value = self.value
        for key in _keys_of(setting)[:-1]:
            if not isinstance(value, Obj):
                break
            value = value.get(key)
        return value

    def default(self, setting: str) -> object:
        """What holds in this version where the setting is not written."""
        row = self.table.rows.get(setting)
        return None if row is None else row.default
