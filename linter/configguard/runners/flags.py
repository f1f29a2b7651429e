"""The arguments of a runner to its flags, as the runner's own parser reads them.

`command_line(runner, version, arguments)` is the entry; its `flags` are what `given` lays over a
config.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from functools import cache
from typing import NamedTuple

from configguard.evaluate.values import Known, Unknown, Value
from configguard.resources import table
from configguard.runners.cac import read_cac
from configguard.runners.commander import read_commander
from configguard.runners.flag_parsers import UNKNOWN, Options, Read, Taken
from configguard.runners.versions import matches
from configguard.runners.yargs import read_yargs
from configguard.source.span import Origin, Span, chain
from configguard.syntax.shell_words import Word


class Flag(NamedTuple):
    """One flag as the runner's own parser takes it, as it is written (`--retry`, `-w`).

    `value`: a text, number or boolean, or why it is not known; None where the flag has none.
    `repeated`: it is given more than once, which its parser does not take. `own`: the option's own
    name (`maxWorkers`), however it is written.
    """

    name: str
    value: Value | None
    at: Origin
    repeated: bool = False
    own: str = ""

    def is_one_of(self, names: Container[str]) -> bool:
        """Whether it is written so, or in another spelling that its parser takes for the same."""
        return self.name in names or (
            not self.name.startswith("--no-") and f"--{self.own}" in names
        )


_PARSERS: dict[str, Callable[[Sequence[str], Options], Read]] = {
    "cac": read_cac,
    "yargs": read_yargs,
    "commander": read_commander,
}


class Open(NamedTuple):
    """Why there may be further arguments, or fewer, than are known."""

    reason: str
    at: Origin


class CommandLine(NamedTuple):
    """What a runner reads from its arguments.

    `flags` in the order given, also those that the runner does not have (they are in `unknown`,
    too). `words`: what is no flag; `rest`: what stands behind `--`. `open`: where an argument that
    is not known may be any flag.
    """

    flags: tuple[Flag, ...]
    words: tuple[Word, ...]
    rest: tuple[Word, ...]
    unknown: tuple[Flag, ...]
    open: Open | None

    def last(self, *names: str) -> Flag | None:
        """The last of the flags of some names (`--config`, `-c`)."""
        return next((flag for flag in reversed(self.flags) if flag.is_one_of(names)), None)


def command_line(runner: str, version: str | None, arguments: Sequence[Word]) -> CommandLine:
    """The flags among the arguments behind a runner's name (and its subcommand)."""
    texts = [_text(word) for word in arguments]
    options = _options(runner, version)
    read = _PARSERS[table("runners/parsers")[runner]["parser"]](texts, options)
    nothing = options.numbers if runner == "jest" else ()
    given = (one for one in read.taken if one.value is not None or one.name not in nothing)
    often = Counter(one.name for one in given)
    flags = [
        _flag(one, arguments, often[one.name] < 2 or _adds_up(runner, one, read.taken, options))
        for one in read.taken
    ]
    unknown = [_flag(one, arguments, True) for one in read.unknown]
    return CommandLine(
        tuple(flags),
        tuple(arguments[index] for index in read.words),
        tuple(arguments[index] for index in read.rest),
        tuple(unknown),
        _opening(arguments, read),
    )


def _text(word: Word) -> str:
    """The text that a parser reads; of an unknown one, what it begins with."""
    return word.text if word.text is not None else word.start + UNKNOWN


def _opening(arguments: Sequence[Word], read: Read) -> Open | None:
    """The first argument that may be a flag, or several."""
    values = {one.at for one in read.taken if one.at != one.place}
    for index, word in enumerate(arguments):
        if word.text is not None or index in read.rest:
            continue
        is_name = word.start.startswith("-") and "=" not in word.start
        may_be_any = word.fields == "any" or is_name
        if may_be_any or (not word.start and index not in values):
            return Open(str(word.reason), word.origin)
    return None


def _flag(taken: Taken, arguments: Sequence[Word], once: bool) -> Flag:
    word, holder = arguments[taken.place], arguments[taken.at]
    at = chain(word.origin, holder.origin)
    value: Value | None
    if not once:
        value = Unknown(f"{taken.written} is given more than once", at)
    elif taken.value is None:
        value = None
    elif isinstance(taken.value, tuple):
        value = _several(taken, at)
    elif isinstance(taken.value, str) and UNKNOWN in taken.value:
        value = Unknown(str(holder.reason), at)
    else:
        value = Known(taken.value, _place(taken, holder))
    return Flag(taken.written, value, at, not once, taken.name)


def _adds_up(runner: str, taken: Taken, every: Sequence[Taken], options: Options) -> bool:
    """Whether several equal flags are no contradiction: the last counts, or each of them.

    Of all others jest makes a list, and vitest refuses to start (before 1.0 it makes a list, too).
    """
    if runner == "playwright" or taken.name in options.lists:
        return True
    if runner == "vitest" and taken.written.startswith("--no-"):
        return [one for one in every if one.name == taken.name][-1] is taken
    return runner == "jest" and isinstance(taken.value, bool)


def _several(taken: Taken, at: Origin) -> Value:
    """The list that a flag of jest takes: known where it has one text."""
    assert isinstance(taken.value, tuple)
    if len(taken.value) == 1 and UNKNOWN not in str(taken.value[0]):
        return Known(taken.value[0], at)
    return Unknown(f"{taken.written} has several values", at)


def _place(taken: Taken, holder: Word) -> Origin:
    """Where the value itself stands."""
    if not taken.cut or holder.text is None:
        return holder.origin
    cut = len(holder.text[: taken.cut].encode())
    size = len(holder.text.encode())
    if cut >= size:
        return holder.origin
    inner = holder.at.span(cut, size)
    return (Span(inner.file, inner.start, inner.end), *holder.origin[1:])


@cache
def _options(runner: str, version: str | None) -> Options:
    row = table("runners/parsers")[runner]
    booleans = set(row.get("booleans", ()))
    optional = set(row.get("optional", ()))
    for change in row.get("changed", ()):
        name = change["option"]
        booleans.discard(name)
        optional.discard(name)
        before = version is not None and matches(version, f"<{change['from']}")
        (booleans if before else optional).add(name)
    aliases = {str(alias): str(name) for alias, name in row.get("aliases", {}).items()}
    for change in row.get("renamed", ()):
        is_before = version is not None and matches(version, f"<{change['from']}")
        aliases[change["before" if is_before else "after"]] = change["option"]
    return Options(
        frozenset(map(str, booleans)),
        frozenset(map(str, row.get("values", ()))),
        frozenset(map(str, optional)),
        frozenset(row.get("numbers", ())),
        frozenset(row.get("strings", ())),
        frozenset(row.get("arrays", row.get("lists", ()))),
        aliases,
        _since(row.get("needs-values-from"), version),
        _since(row.get("negative-words-from"), version),
    )


def _since(first: str | None, version: str | None) -> bool:
    """Whether a version has what came with `first`; without a version, as the newest."""
    return first is not None and (version is None or matches(version, f">={first}"))
