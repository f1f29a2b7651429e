"""What an expression of a config is worth: known, unknown with a reason, or a structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from configguard.evaluate.cpus import CpuExpression
from configguard.source.span import Origin, Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from configguard.evaluate.scopes import Scope
    from configguard.syntax.trees import Parsed


class Undefined(Enum):
    """JavaScript's `undefined`, which is not `null` (None here)."""

    UNDEFINED = "undefined"


UNDEFINED = Undefined.UNDEFINED
Scalar = float | str | bool | None | Undefined


MAX_ITEMS = 10_000
"""A longer array is unknown."""
MAX_TEXT = 100_000
"""A longer computed text is unknown."""


@dataclass(slots=True, eq=False)
class Known:
    """A scalar: a number (always a float), string, boolean, null (None) or undefined."""

    value: Scalar
    origin: Origin = ()


@dataclass(slots=True, eq=False)
class Cpus:
    """A number that depends on the CPU count of the machine."""

    expression: CpuExpression
    origin: Origin = ()


@dataclass(slots=True, eq=False)
class EnvString:
    """The value of an environment variable that is set, to nobody knows what."""

    name: str
    origin: Origin = ()


@dataclass(slots=True, eq=False)
class PlatformName:
    """`process.platform` on a machine that may be any."""

    origin: Origin = ()


@dataclass(slots=True, eq=False)
class Unknown:
    """A value that the repository does not tell, and why."""

    reason: str
    origin: Origin = ()


@dataclass(slots=True, eq=False)
class Promised:
    """A promise of a value."""

    value: Value
    origin: Origin = ()


@dataclass(slots=True, eq=False)
class Builtin:
    """Something of the platform or of a package, by its path, such as `os.cpus`.

    `certain`: it is in the table of known functions and values, so it surely exists.
    """

    path: str
    origin: Origin = ()
    certain: bool = True


@dataclass(slots=True, eq=False)
class Func:
    """A function of the project with the scope it closes over."""

    node: Node
    scope: Scope
    parsed: Parsed
    origin: Origin = ()


class Entry:
    """One property of an object: where key and expression stand, and its value on demand."""

    __slots__ = ("_reading", "_thunk", "_value", "expression", "key", "via", "whole")

    def __init__(
        self,
        value: Value | Callable[[], Value],
        expression: Span,
        key: Span | None = None,
        whole: Span | None = None,
        via: Origin = (),
    ) -> None:
        self._thunk = value if callable(value) else None
        self._value: Value | None = None if callable(value) else value
        self._reading = False
        self.expression = expression
        self.key = key or expression
        self.whole = whole or expression
        self.via = via

    @property
    def value(self) -> Value:
        """The property's value, evaluated at most once."""
        if self._value is None:
            if self._reading:
                return Unknown("it is defined by itself", (self.expression,))
            assert self._thunk is not None  # one of the two is always set
            self._reading = True
            try:
                self._value = self._thunk()
            finally:
                self._reading = False
            self._thunk = None
        return self._value

    def through(self, span: Span) -> Entry:
        """This entry as it comes in through a spread or a merge at `span`."""
        return Entry(lambda: self.value, self.expression, self.key, self.whole, (*self.via, span))


Chosen = Callable[[], "Entry | None"]


@dataclass(slots=True, eq=False)
class Obj:
    """An object. Mutable and shared, as in JavaScript.

    `more` is set when it may hold other keys than `entries` tells: reading a key that is not
    in `entries` is then unknown. `sites` are the object literals it was written in, in the order
    in which they apply: a property added at the end of the last one wins.
    """

    entries: dict[str, Entry | Chosen]
    origin: Origin = ()
    more: Unknown | None = None
    sites: tuple[Span, ...] = ()

    def entry(self, key: str) -> Entry | None:
        """The property as written, or None where it is not there (or not known: see `more`)."""
        found = self.entries.get(key)
        if callable(found):
            settled = found()
            if settled is None:
                del self.entries[key]
                return None
            self.entries[key] = settled
            return settled
        return found

    def get(self, key: str) -> Value:
        """The property's value: undefined where it surely is not there."""
        entry = self.entry(key)
        if entry is not None:
            return entry.value
        if self.more is not None:
            return Unknown(self.more.reason, self.more.origin)
        return Known(UNDEFINED)

    def set(self, key: str, entry: Entry) -> None:
        """Assign a property; the assignment's place becomes its place."""
        self.entries[key] = entry

    def clobber(self, why: Unknown) -> None:
        """Something unknown may have written any key: from here on nothing about it is known."""
        self.entries.clear()
        self.more = why


@dataclass(slots=True, eq=False)
class Arr:
    """An array; `more` is set when it may hold other items than `items` tells."""

    items: list[Value]
    origin: Origin = ()
    more: Unknown | None = None

    def extend(self, items: list[Value]) -> None:
        """Add items at the end; over the bound nothing about the array is known."""
        if len(self.items) + len(items) > MAX_ITEMS:
            self.clobber(Unknown(f"an array of more than {MAX_ITEMS} items", self.origin))
        else:
            self.items.extend(items)

    def clobber(self, why: Unknown) -> None:
        """Something unknown may have written any item."""
        self.items.clear()
        self.more = why


Value = Known | Cpus | EnvString | PlatformName | Unknown | Promised | Builtin | Func | Obj | Arr


def with_origin(value: Value, *spans: Span) -> Value:
    """The same value, reached through `spans` (outermost first) before its own origin."""
    origin = tuple(dict.fromkeys((*spans, *value.origin)))
    if origin == value.origin:
        return value
    match value:
        case Known():
            return Known(value.value, origin)
        case Cpus():
            return Cpus(value.expression, origin)
        case EnvString():
            return EnvString(value.name, origin)
        case PlatformName():
            return PlatformName(origin)
        case Unknown():
            return Unknown(value.reason, origin)
        case Promised():
            return Promised(value.value, origin)
        case Builtin():
            return Builtin(value.path, origin, value.certain)
        case _:
            return value  # structures are shared: their own place is where they are written


def settled(value: Value) -> Value:
    """What `await` gives."""
    while isinstance(value, Promised):
        value = value.value
    return value
