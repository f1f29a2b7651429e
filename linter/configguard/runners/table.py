"""A runner's table of facts: which row of a setting holds in a version, and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import isfinite
from typing import Any, NamedTuple

from configguard.evaluate import constraints
from configguard.evaluate.constraints import SOME_TEXT, UNDECIDED
from configguard.evaluate.cpus import CpuExpression
from configguard.evaluate.numbers import to_text
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    EnvString,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
)
from configguard.resources import table
from configguard.runners.versions import matches, parse_version

Situation = dict[str, Any]


class Row(NamedTuple):
    """One setting in one stretch of versions: the entry's own keys and those of the row."""

    setting: str
    entry: dict[str, Any]
    row: dict[str, Any]

    @property
    def default(self) -> Any:
        """What holds where it is not set; None where the table names nothing."""
        return self.row.get("default")

    @property
    def within_project(self) -> Row:
        """The row as it holds for a value written in a project: `in-project` replaces its keys."""
        own = self.row.get("in-project")
        return self if own is None else self._replace(row={**self.row, "cases": (), **own})


class Ruling(NamedTuple):
    """What becomes of a written value: an effect of CONTRACT.md section 4, `sets`, or None where
    it is not decided."""

    effect: str | None
    reason: str
    removes: str | None = None


Keys = dict[str, tuple[str | None, "Keys"]]
"""Settings by the keys of their names: the setting that ends at a key, and the keys below it."""


class Table(NamedTuple):
    """All rows of a runner that hold in one version; `order`: where in the table each stands."""

    runner: str
    version: str
    rows: dict[str, Row]
    spellings: dict[str, list[dict[str, Any]]]
    keys: Keys
    order: dict[str, int]
    settled: dict[str, Ruling]
    """What becomes of settings that have the same effect whatever is written, wherever."""


@cache
def table_of(runner: str, version: str) -> Table:
    """The table of one runner in one version."""
    data = table(f"runners/facts/{runner}")
    rows: dict[str, Row] = {}
    for entry in data["settings"]:
        row = next(row for row in entry["rows"] if matches(version, row["versions"]))
        for setting in names_of(entry):
            rows[setting] = Row(setting, entry, row)
    spellings = {
        fact: [way for way in ways if matches(version, way["versions"])]
        for fact, ways in data["spellings"].items()
    }
    order = {setting: index for index, setting in enumerate(rows)}
    settled = {name: ruling(row, _UNWRITTEN, {}) for name, row in rows.items() if _is_settled(row)}
    return Table(runner, version, rows, spellings, _keys(rows), order, settled)


_UNWRITTEN = Known(UNDEFINED)


def _is_settled(row: Row) -> bool:
    texts = (row.row.get("reason", ""), row.row.get("removes") or "")
    depends = {"needs", "cases", "in-project"} & row.row.keys()
    return row.row.get("effect") == "sets" and not depends and not any("{" in one for one in texts)


def _keys(settings: Iterable[str]) -> Keys:
    keys: Keys = {}
    for setting in settings:
        below = keys
        *above, last = setting.split(".")
        for key in above:
            below = below.setdefault(key, (None, {}))[1]
        below[last] = setting, below.get(last, (None, {}))[1]
    return keys


def names_of(entry: dict[str, Any]) -> list[str]:
    """The settings that an entry of the table is about."""
    return [entry["setting"]] if "setting" in entry else list(entry["settings"])


@cache
def boundaries(runner: str) -> tuple[str, ...]:
    """Every version at which a fact of the runner changes, in order, from the first supported."""
    data = table(f"runners/facts/{runner}")
    texts = [data["supported"]]
    texts += [row["versions"] for entry in data["settings"] for row in entry["rows"]]
    texts += [way["versions"] for ways in data["spellings"].values() for way in ways]
    lower = data["supported"].split(" ")[0].removeprefix(">=")
    found = {part.lstrip("<>=") for text in texts for part in text.split(" ")}
    first, end = parse_version(lower), parse_version(data["supported"].split("<")[1])
    assert first is not None and end is not None
    versions = {text: parse_version(text) for text in found}
    inside = {text: parsed for text, parsed in versions.items() if parsed and first <= parsed < end}
    return tuple(sorted(inside, key=lambda text: inside[text]))


def plain(value: Value) -> Any:
    """A value as constraints see it; what is not known is UNDECIDED, or SOME_TEXT."""
    match value:
        case Known(value=scalar):
            return None if scalar is UNDEFINED else scalar
        case Cpus():
            return UNDECIDED
        case EnvString():
            return SOME_TEXT
        case Obj():
            return {}
        case Arr(items=items, more=more):
            rest = [] if more is None else [UNDECIDED]
            return [_shallow(item) for item in items] + rest
        case _:
            return UNDECIDED


def _shallow(value: Value) -> Any:
    """An item of a list: a list in it shows nothing of its own, as it may lead to itself."""
    return [] if isinstance(value, Arr) else plain(value)


def shown(value: Value, depth: int = 3) -> Any:
    """A value as JSON may show it in a report; None where there is nothing to show.

    Structures are shown to a depth: a hostile one may lead to itself.
    """
    if depth == 0 and isinstance(value, Obj | Arr):
        return None
    match value:
        case Known(value=scalar):
            if isinstance(scalar, float):
                if scalar.is_integer() and abs(scalar) < 2**53:
                    return int(scalar)
                # JSON has no NaN and no Infinity: those are shown as text.
                return scalar if isfinite(scalar) else to_text(scalar)
            return None if scalar is UNDEFINED else scalar
        case Cpus(expression=CpuExpression() as expression):
            return {"expression": str(expression)}
        case Obj():
            return {
                key: shown(entry.value, depth - 1)
                for key in list(value.entries)[:20]
                if (entry := value.entry(key)) is not None
            }
        case Arr(items=items):
            return [shown(item, depth - 1) for item in items[:20]]
        case _:
            return None


def ruling(row: Row, value: Value, situation: Situation) -> Ruling:
    """What becomes of a value that is written for a setting, in a situation."""
    fill = _Fill(row, situation)
    for fact, needed in row.row.get("needs", {}).items():
        wanted = {word: fill.in_(operand) for word, operand in needed.items()}
        met = constraints.judge(wanted, situation.get(fact, UNDECIDED))
        if met is None:
            return Ruling(None, f"whether {row.setting} counts depends on the {fact}")
        if not met:
            other = row.row["otherwise"]
            return Ruling(
                other["effect"], fill.in_(other["reason"]), fill.in_(other.get("removes"))
            )
    for case in row.row.get("cases", ()):
        met = constraints.judge(case["if"], plain(value))
        if met is None and isinstance(value, Unknown | EnvString | PlatformName | Builtin):
            return Ruling(None, f"the value of {row.setting} is not known")
        if met:
            return Ruling(case["effect"], fill.in_(case["reason"]))
    told, removes = row.row.get("reason", ""), row.row.get("removes")
    return Ruling(row.row["effect"], fill.in_(told), fill.in_(removes))


class _Fill(NamedTuple):
    """What the names in braces in a row's texts stand for."""

    row: Row
    situation: Situation

    def in_(self, text: Any) -> Any:
        """A text with its names filled in; anything else as it is."""
        if not isinstance(text, str) or "{" not in text:
            return text
        setting = self.row.setting
        pool = ".".join(setting.split(".")[-2:-1])
        fill = {"setting": setting, "pool-of-setting": pool, **self.situation}
        for name, value in fill.items():
            text = text.replace("{" + name + "}", str(value))
        return text


def meaning(row: Row, value: Value) -> tuple[bool, float | None, bool]:
    """Whether a value was meant to lower the load, what it asks for, and if that is so anyway."""
    entry = row.entry
    written = plain(value)
    lowers = "lowers" in entry and constraints.judge(entry["lowers"], written) is True
    means = entry.get("means") if lowers or "lowers" not in entry else None
    if means == "value":
        means = written if constraints.is_number(written) else None
    idle = "same-as-default" in entry and constraints.judge(entry["same-as-default"], written)
    return lowers, None if means is None else float(means), bool(idle)
