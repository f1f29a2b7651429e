"""What an expression of a config is worth: known, unknown with a reason, or a structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

from configguard.evaluate.cpus import CpuExpression
from configguard.source.span import Origin, Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from configguard.evaluate.classes import Kind
    from configguard.evaluate.machine import Machine
    from configguard.evaluate.scopes import Scope
    from configguard.evaluate.worlds import Case
    from configguard.syntax.trees import Parsed


class Undefined(Enum):
    """JavaScript's `undefined`, which is not `null` (None here)."""

    UNDEFINED = "undefined"


T = TypeVar("T")
tick = count(1).__next__
"""The next moment: what is older than the start of something is not its own."""

UNDEFINED = Undefined.UNDEFINED
Scalar = float | str | bool | None | Undefined


MAX_ITEMS = 10_000
"""A longer array is unknown."""
MAX_VIA = 50
"""Spreads and merges after this many are not listed in the evidence."""
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
    """A function of the project with the scope it closes over; a class, where it is one."""

    node: Node
    scope: Scope
    parsed: Parsed
    origin: Origin = ()
    kind: Kind | None = None


class Choice(Generic[T]):
    """What a place holds where open conditions decide it: one of several, by the world.

    Made by `Machine.explored`; only cells and entries hold it, a read gives one of them.
    """

    __slots__ = ("cases", "machine")

    def __init__(self, machine: Machine, cases: tuple[Case[T], ...]) -> None:
        self.machine = machine
        self.cases = cases

    def now(self) -> T:
        """The one that holds in the machine's world. Raises Fork where that is open."""
        recalls = self.machine.world.recalls
        for case in self.cases:
            for atom, truth in case.when:
                if recalls(atom) != truth:
                    break
            else:
                return case.answer
        raise AssertionError("the cases of a choice cover all worlds")


Held = Callable[[], "Value"]
"""How to get a value each time it is asked for: a getter, an imported name."""


def held(source: Value | Choice[Value] | Held) -> Value:
    """The value of what a cell or entry holds. Raises Fork, Thrown, OverBound."""
    if isinstance(source, Choice):
        return source.now()
    return source() if callable(source) else source


class Entry:
    """One property of an object: where key and expression stand, and its value."""

    __slots__ = ("expression", "key", "setter", "source", "via", "whole")

    def __init__(
        self,
        value: Value | Choice[Value] | Held,
        expression: Span,
        key: Span | None = None,
        whole: Span | None = None,
        via: Origin = (),
    ) -> None:
        self.source = value
        self.expression = expression
        self.key = key or expression
        self.whole = whole or expression
        self.via = via
        self.setter: Func | None = None

    @property
    def value(self) -> Value:
        """The property's value in this world. Raises Fork, Thrown, OverBound."""
        return held(self.source)

    @property
    def is_getter(self) -> bool:
        """Whether each read computes it anew."""
        return callable(self.source)

    def through(self, span: Span) -> Entry:
        """This entry as it comes in through a spread or a merge at `span`."""
        source = self.source
        value = source() if callable(source) else source
        via = (*self.via, span) if len(self.via) < MAX_VIA else self.via
        return Entry(value, self.expression, self.key, self.whole, via)

    def holding(self, value: Value | Choice[Value]) -> Entry:
        """The same place with another value."""
        return Entry(value, self.expression, self.key, self.whole, self.via)


@dataclass(slots=True, eq=False)
class Obj:
    """An object. Mutable and shared, as in JavaScript.

    `more` is set when it may hold other keys than `entries` tells: reading a key that is not
    in `entries` is then unknown. `sites` are the object literals it was written in, in the order
    in which they apply: a property added at the end of the last one wins.
    `lasting`: code whose time is not known may change it at any moment.
    """

    entries: dict[str, Entry | Choice[Entry | None]]
    origin: Origin = ()
    more: Unknown | None = None
    sites: tuple[Span, ...] = ()
    born: int = field(default_factory=tick)
    frozen: bool = False
    sealed: bool = False
    lasting: bool = False
    kind: Kind | None = None

    def entry(self, key: str) -> Entry | None:
        """The property as written, or None where it is not there (or not known: see `more`)."""
        found = self.entries.get(key)
        return found.now() if isinstance(found, Choice) else found

    def get(self, key: str) -> Value:
        """The property's value: undefined where it surely is not there."""
        entry = self.entry(key)
        if entry is not None:
            return entry.value
        if self.more is not None:
            return Unknown(self.more.reason, self.more.origin)
        return Known(UNDEFINED)

    def set(self, key: str, entry: Entry | Choice[Entry | None]) -> None:
        """Assign a property; the assignment's place becomes its place."""
        if not self.lasting:
            self.entries[key] = entry

    def clobber(self, why: Unknown) -> None:
        """Something unknown may have written any key: from here on nothing about it is known."""
        self.entries.clear()
        self.more = why


@dataclass(slots=True, eq=False)
class Arr:
    """An array; `more` is set when it may hold further items, after those that `items` tells."""

    items: list[Value]
    origin: Origin = ()
    more: Unknown | None = None
    born: int = field(default_factory=tick)
    frozen: bool = False
    sealed: bool = False
    lasting: bool = False

    def extend(self, items: list[Value]) -> None:
        """Add items at the end; over the bound nothing about the array is known.

        After items that are not known, the place of those that follow is not known either.
        """
        if self.lasting or self.more is not None:
            return
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
    if not value.origin and len(spans) == 1:
        origin: Origin = spans
    else:
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
