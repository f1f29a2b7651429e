"""How the runners' own functions join configs: vite's and jest's `mergeConfig`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from configguard.evaluate.machine import ENTRIES_PER_STEP, Machine
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Entry,
    Func,
    Known,
    Obj,
    Promised,
    Unknown,
    Value,
)
from configguard.source.span import Origin, Span


def vite_merge(machine: Machine, base: Value, over: Value, span: Span) -> Value:
    """`mergeConfig(base, over)`: deep; `over` wins; arrays are joined; null is skipped.

    Measured on vitest 0.34 to 5.1: a function throws, a promise is silently taken for an empty
    object. Raises Thrown.
    """
    from configguard.evaluate.calls import throw

    sides: list[Obj] = []
    for side in (base, over):
        match side:
            case Func():
                throw("Cannot merge config in form of callback", span)
            case Promised():
                machine.notice("mergeConfig() is given a promise and takes nothing from it", span)
                sides.append(Obj({}, side.origin))
            case Obj():
                sides.append(side)
            case Unknown() | Builtin():
                reason = side.reason if isinstance(side, Unknown) else f"{side.path} is not known"
                sides.append(Obj({}, side.origin, Unknown(reason, side.origin)))
            case _:
                return Unknown("mergeConfig() is given something that is no object", (span,))
    return merged(machine, sides[0], sides[1], span)


def joined_sites(under: Obj, over: Obj) -> Origin:
    """The literals that an object is made of, each once, where it last applies."""
    return tuple(reversed(dict.fromkeys(reversed(under.sites + over.sites))))


def merged(machine: Machine, base: Obj, over: Obj, span: Span) -> Obj:
    """A new object of both; open conditions decide each key alone."""
    made = Obj({}, (span,), sites=joined_sites(base, over))
    made.more = over.more or base.more
    machine.step((len(base.entries) + len(over.entries)) // ENTRIES_PER_STEP)
    for key in dict.fromkeys((*base.entries, *over.entries)):
        set_explored(machine, made, key, partial(_entry, machine, base, over, key, span), span)
    return made


def _entry(machine: Machine, base: Obj, over: Obj, key: str, span: Span) -> Entry | None:
    below, above = base.entry(key), over.entry(key)
    if above is None:
        if below is None or over.more is None:
            return None if below is None else below.through(span)
        return Entry(Unknown(over.more.reason, over.more.origin), below.expression, below.key)
    value = above.value
    if isinstance(value, Known) and (value.value is None or value.value is UNDEFINED):
        # null and undefined on the right are skipped; an undefined that stays is no setting.
        if below is not None:
            return below.through(span)
        return _unknown_below(base, above) if base.more is not None else above.through(span)
    if below is None:
        if base.more is not None and isinstance(value, Obj):
            joined = merged(machine, Obj({}, (), base.more), value, span)
            return Entry(joined, above.expression, above.key, above.whole, (*above.via, span))
        return above.through(span)
    under = below.value
    if isinstance(under, Known) and (under.value is None or under.value is UNDEFINED):
        return above.through(span)
    if isinstance(under, Unknown | Builtin) and isinstance(value, Obj):
        reason = under.reason if isinstance(under, Unknown) else f"{under.path} is not known"
        under = Obj({}, under.origin, Unknown(reason, under.origin))
    if isinstance(under, Arr) or isinstance(value, Arr):
        lists = [side for side in (under, value) if isinstance(side, Arr)]
        machine.step(sum(len(side.items) for side in lists) // ENTRIES_PER_STEP)
        return Entry(_concatenated(under, value, span), above.expression, above.key, above.whole)
    if isinstance(under, Obj) and isinstance(value, Obj):
        joined = merged(machine, under, value, span)
        return Entry(joined, above.expression, above.key, above.whole, (*above.via, span))
    if isinstance(under, Obj) and isinstance(value, Unknown):
        joined = Obj({}, under.origin, Unknown(value.reason, value.origin), under.sites)
        return Entry(joined, above.expression, above.key, above.whole, (*above.via, span))
    return above.through(span)


def _unknown_below(base: Obj, above: Entry) -> Entry:
    assert base.more is not None
    return Entry(Unknown(base.more.reason, base.more.origin), above.expression, above.key)


def _concatenated(under: Value, value: Value, span: Span) -> Arr:
    made = Arr([], (span,))
    for side in (under, value):
        if isinstance(side, Arr):
            made.extend(side.items)
            made.more = made.more or side.more
        elif isinstance(side, Unknown):
            made.more = made.more or side
        else:
            made.extend([side])
    return made


def deep_merge(machine: Machine, base: Value, over: Value, span: Span) -> Value:
    """jest's `mergeConfig(base, over)`, which is the package deepmerge: objects are joined deeply,
    arrays one after the other, anything else (undefined and null too) is replaced. Raises Thrown.
    """
    from configguard.evaluate.calls import throw

    for side in (base, over):
        if isinstance(side, Func):
            throw("Cannot merge config in form of callback", span)
    return _deeply(machine, base, over, span)


def _deeply(machine: Machine, base: Value, over: Value, span: Span) -> Value:
    if isinstance(base, Arr) and isinstance(over, Arr):
        return _concatenated(base, over, span)
    if not isinstance(base, Obj) or not isinstance(over, Obj):
        for side in (base, over):
            if isinstance(side, Unknown | Builtin):
                reason = side.reason if isinstance(side, Unknown) else f"{side.path} is not known"
                return Unknown(reason, side.origin)
        return over
    made = Obj({}, (span,), over.more or base.more, joined_sites(base, over))
    for key in dict.fromkeys((*base.entries, *over.entries)):
        set_explored(machine, made, key, partial(_deep_entry, machine, base, over, key, span), span)
    return made


def set_explored(
    machine: Machine, made: Obj, key: str, ask: Callable[[], Entry | None], span: Span
) -> None:
    """Set a key to what is joined for it, by the open conditions of this key alone."""
    entry = machine.explored(ask, lambda why: Entry(why, span))
    if entry is not None:
        made.set(key, entry)


def _deep_entry(machine: Machine, base: Obj, over: Obj, key: str, span: Span) -> Entry | None:
    below, above = base.entry(key), over.entry(key)
    if above is None and below is not None and over.more is not None:
        return Entry(Unknown(over.more.reason, over.more.origin), below.expression, below.key)
    if above is None or (below is None and base.more is None):
        one = above or below
        return None if one is None else one.through(span)
    structure = isinstance(above.value, Obj | Arr)
    if below is None:
        assert base.more is not None
        if not structure:
            return above.through(span)
        under: Value = Unknown(base.more.reason, base.more.origin)
    else:
        under = below.value
    joined = _deeply(machine, under, above.value, span)
    return Entry(joined, above.expression, above.key, above.whole, (*above.via, span))
