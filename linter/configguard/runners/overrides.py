"""Calls in test files as entries of `show`: which fact they set, to what, and for which tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from configguard.evaluate.in_place import evaluate_at, holds_at
from configguard.evaluate.machine import Machine
from configguard.evaluate.numbers import from_text, parse_int, to_text
from configguard.evaluate.operators import truthy
from configguard.evaluate.scopes import FUNCTIONS
from configguard.evaluate.values import UNDEFINED, Func, Known, Obj, Unknown, Value
from configguard.evaluate.worlds import Case, Opaque
from configguard.runners.profile import SettingEntry, When
from configguard.runners.table import shown
from configguard.runners.test_calls import Site
from configguard.runners.versions import matches
from configguard.source.span import Span, chain

_LONGEST_TIMER = 2_147_483_647
REACHES = {
    "file": "for all tests of its file",
    "after": "for what its file declares after it",
    "later": "for the tests that run after it",
    "describe": "for the tests of its block",
    "test": "for its test",
    "hook": "for its hook",
}
MAX_ELSEWHERE = 50
"""So many further places of the same call are listed."""

Ask = Callable[[Site], "Sequence[Case[Value | None]]"]
"""What a call is given, in each world; None where it is not made there."""


class Row(NamedTuple):
    """What a call does in one version."""

    reach: dict[str, str]
    positions: tuple[int, ...] | None
    extended: bool

    def of(self, site: Site) -> str | None:
        """For which tests a call holds; None where it does nothing, or that was not measured."""
        if self.positions is not None and site.position not in self.positions:
            return None
        if site.extended and not self.extended:
            return None
        return self.reach.get(site.place if site.place != "function" else "file")


def row_of(site: Site, version: str) -> Row:
    """The row of a call that holds in a version."""
    data: dict[str, Any] = next(
        row for row in site.entry.data["rows"] if matches(version, row["versions"])
    )
    positions = data.get("positions")
    return Row(
        data["reach"],
        None if positions is None else tuple(positions),
        bool(data.get("extended", True)),
    )


def given(machine: Machine, site: Site) -> Value | None:
    """What a call is given in one world; None where it is not made. Raises Fork, Thrown."""
    for condition, path, truth in site.conditions:
        if holds_at(machine, site.parsed, path, condition) != truth:
            return None
    reads = site.entry.data.get("reads")
    if site.value is None:
        return Known(True) if reads in (None, "condition") else Known(UNDEFINED)
    value = evaluate_at(machine, site.parsed, site.path, site.value)
    if reads == "condition":
        if isinstance(value, Func):
            return Unknown("its condition is asked when the test runs", value.origin)
        if isinstance(value, Known) and not truthy(value.value):
            return None
    return value


def entries_of(sites: Iterable[Site], version: str, ask: Ask) -> tuple[SettingEntry, ...]:
    """The entries of some calls in a version, in their order."""
    found: list[SettingEntry] = []
    reaching = [(site, row_of(site, version).of(site)) for site in sites]
    last = {
        _block(site, reach): site
        for site, reach in reaching
        if reach in ("file", "describe") and not site.conditions and site.doubt is None
    }
    for site, reach in reaching:
        if reach is None:
            continue
        later = last.get(_block(site, reach))
        if later is not None and later.start > site.start and _replaces(site):
            continue  # the last call of a block counts alone
        for case in ask(site):
            entry = None if case.answer is None else _entry(site, reach, version, case)
            if entry is not None:
                found.append(entry)
    return tuple(found)


def _block(site: Site, reach: str | None) -> tuple[object, ...]:
    """What calls hold for of which the last alone counts."""
    functions = [node.start_byte for node in site.path if node.type in FUNCTIONS]
    inner = functions[-1] if functions and reach != "file" else 0
    return site.entry.name, reach, inner


def _replaces(site: Site) -> bool:
    """Whether a further call of the kind replaces what one said; slow() multiplies it."""
    return "method" in site.entry.data and site.entry.data.get("reads") != "condition"


def grouped(entries: Iterable[SettingEntry]) -> tuple[SettingEntry, ...]:
    """The same calls with the same values as one entry, which lists where they stand again."""
    found: dict[tuple[object, ...], SettingEntry] = {}
    again: dict[tuple[object, ...], list[Span]] = {}
    for entry in entries:
        told = (entry.setting, repr(entry.value), entry.reason, _words(entry.when))
        if told not in found:
            found[told] = entry
            again[told] = []
        elif len(again[told]) < MAX_ELSEWHERE:
            again[told].append(entry.at[0])
    return tuple(
        entry._replace(elsewhere=tuple(again[told])) if again[told] else entry
        for told, entry in found.items()
    )


def _words(when: When) -> tuple[object, ...]:
    """A condition without the places in which it is written."""
    return tuple(
        (atom.text if isinstance(atom, Opaque) else atom, truth) for atom, truth in when.assumptions
    )


def _entry(site: Site, reach: str, version: str, case: Case[Value | None]) -> SettingEntry | None:
    value = case.answer
    assert value is not None  # asked before
    if isinstance(value, Known) and value.value is UNDEFINED and site.value is not None:
        return None
    fact = str(site.entry.data["sets"][0])
    reason = REACHES[reach]
    if isinstance(value, Unknown):
        reason = f"{reason}; its value is not known: {value.reason}"
    place = site.parsed.span(site.value if site.value is not None else site.call)
    if site.value is None:
        function = site.call.child_by_field_name("function") or site.call
        place = site.parsed.span(function)
    assumptions = case.when
    if b"resetConfig" in site.parsed.document.data and reach == "after":
        assumptions = (*assumptions, (Opaque("vi.resetConfig() has not run"), True))
    if site.doubt is not None:
        assumptions = (*assumptions, (Opaque(site.doubt), True))
    number = taken(str(site.entry.data.get("reads")), value, version)
    return SettingEntry(
        site.entry.name,
        shown(value),
        "sets",
        reason,
        fact,
        chain((place,), value.origin),
        When(assumptions),
        means=number if isinstance(number, float) else None,
        scope=reach,
    )


def taken(reads: str, value: Value, version: str) -> float | str | None:
    """What a value is worth as the fact that the call sets; None where that is not known."""
    if reads == "retry" and isinstance(value, Obj) and matches(version, ">=4.1"):
        value = value.get("count")
    if not isinstance(value, Known):
        return None
    reader = _READERS.get(reads)
    return None if reader is None else reader(value.value)


def _retry_times(written: object) -> float | None:
    """`parseInt(n, 10) || 0`, and less than none is none (measured on jest 27.5.1 to 30.5.2)."""
    if written is UNDEFINED or written is None or isinstance(written, bool):
        return 0.0
    if not isinstance(written, str | float):
        return None
    parsed = parse_int(written if isinstance(written, str) else to_text(written), 10)
    return parsed if parsed > 0 else 0.0


def _whole(written: object) -> float | None:
    plain = isinstance(written, float) and written >= 0 and written.is_integer()
    return written if plain and isinstance(written, float) else None


def _retries(written: object) -> float | str | None:
    """Playwright's: 1.5 gives 3 attempts, NaN, null and less than none 1 (1.30.0 to 1.65.1)."""
    if written is None:
        return 0.0
    if not isinstance(written, float):
        return None
    if math.isinf(written) and written > 0:
        return "unlimited"
    return 0.0 if math.isnan(written) else float(max(0, math.ceil(written)))


def _timeout(written: object) -> float | None:
    """A plain number of milliseconds; what the timer cannot hold fires at once."""
    if isinstance(written, str):
        written = from_text(written)
    if not isinstance(written, float) or math.isnan(written) or written <= 0:
        return None
    return 1.0 if written > _LONGEST_TIMER else written


_READERS: dict[str, Callable[[object], float | str | None]] = {
    "retry-times": _retry_times,
    "retries": _retries,
    "retry": _whole,
    "count": _whole,
    "timeout": _timeout,
}
