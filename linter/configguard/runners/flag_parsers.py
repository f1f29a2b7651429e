"""What the command line parsers of the runners share: options, and what is taken as one.

`cac` (vitest), `yargs` (jest) and `commander` (Playwright) do with a list of arguments what the
real one does; tests compare them. An argument that is not known is a text with NUL in it.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from configguard.evaluate.numbers import from_text

Scalar = str | float | bool
UNKNOWN = "\0"
"""Stands in a text for what is not known of it."""


class Options(NamedTuple):
    """The options of a runner's version, each by its own name; `aliases` lead to that name.

    `needs_values`: yargs was told so, and then takes more for a value. `negative_words`: `-1` is
    no option of commander.
    """

    booleans: frozenset[str]
    values: frozenset[str]
    optional: frozenset[str]
    numbers: frozenset[str]
    strings: frozenset[str]
    lists: frozenset[str]
    aliases: dict[str, str]
    needs_values: bool = False
    negative_words: bool = False

    def own(self, name: str) -> str:
        """An option's own name."""
        return self.aliases.get(name, name)


class Taken(NamedTuple):
    """An option as it was taken: as it is written, its own name, and what it has.

    `value` None: it has none, though it may take one. `place` is the argument it stands in, and
    `at` that of its value; `cut` is where in that argument the value begins.
    """

    written: str
    name: str
    value: Scalar | tuple[Scalar, ...] | None
    place: int
    at: int
    cut: int = 0


class Read(NamedTuple):
    """What a parser made of the arguments; `words` and `rest` (behind `--`) are their indices."""

    taken: list[Taken]
    words: list[int]
    rest: list[int]
    unknown: list[Taken]


def camel(name: str) -> str:
    """`max-workers` as `maxWorkers`."""
    return re.sub(r"([a-z])-([a-z])", lambda found: found[1] + found[2].upper(), name)


def number_of(text: str) -> float | None:
    """What JavaScript's unary plus makes of a text; None where that is no finite number."""
    value = from_text(text)
    return value if math.isfinite(value) else None
