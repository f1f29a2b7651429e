"""The command line parser of jest: yargs-parser 20 and 21, with the settings it has by default."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from configguard.runners.flag_parsers import UNKNOWN, Options, Read, Scalar, Taken, number_of

_NEGATIVE = re.compile(r"-([0-9]+(\.[0-9]+)?|\.[0-9]+)")
_NUMERIC = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?")


def read_yargs(arguments: Sequence[str], options: Options) -> Read:
    """yargs-parser 20 and 21 with the settings that jest leaves as they are."""
    reader = _Yargs(arguments, options)
    reader.read()
    return reader.found


class _Yargs:
    def __init__(self, arguments: Sequence[str], options: Options) -> None:
        self.arguments = arguments
        self.options = options
        self.found = Read([], [], [], [])

    def read(self) -> None:
        index = 0
        while index < len(self.arguments):
            argument = self.arguments[index]
            if argument == "--":
                self.found.rest.extend(range(index + 1, len(self.arguments)))
                break
            if re.match(r"---+(=|$)", argument) or not argument.startswith("-") or argument == "-":
                self.found.words.append(index)
            elif argument.startswith("--"):
                index = self._long(argument, index)
            elif _NEGATIVE.fullmatch(argument):
                self.found.words.append(index)
            else:
                index = self._short(argument, index)
            index += 1
        known = self.options
        names = known.booleans | known.values | known.strings | known.numbers | known.lists
        self.found.unknown.extend(one for one in self.found.taken if one.name not in names)

    def _long(self, argument: str, index: int) -> int:
        name, equals, value = argument[2:].partition("=")
        if equals and name:
            return self._with_value(f"--{name}", name, value, index, len(name) + 3)
        if argument.startswith("--no-") and len(argument) > 5:
            self._take(argument, argument[5:], False, index, index)
            return index
        return self._without(argument, argument[2:], index, long=True)

    def _short(self, argument: str, index: int) -> int:
        letters = argument[1:]
        for place, letter in enumerate(letters[:-1]):
            rest = letters[place + 1 :]
            if rest[0] == "=":
                cut = place + 3
                return self._with_value(f"-{letter}", letter, argument[cut:], index, cut)
            if rest == "-":
                self._take(f"-{letter}", letter, rest, index, index, place + 2)
                continue
            number = re.fullmatch(r"-?\d+(\.\d*)?(e-?\d+)?", rest)
            if (letter.isascii() and letter.isalpha() and number) or re.match(r"\W", rest[0]):
                self._take(f"-{letter}", letter, rest, index, index, place + 2)
                return index
            self._take(f"-{letter}", letter, None, index, index)
        last = letters[-1]
        if last == "-":
            return index
        return self._without(f"-{last}", last, index, long=False)

    def _with_value(self, written: str, key: str, value: str, index: int, cut: int) -> int:
        if self._own(key) in self.options.lists:
            taken: list[Scalar] = [self._stripped(value)]
            index_after = self._more(index, taken)
            self._take(written, key, tuple(taken), index, index, cut)
            return index_after
        stripped = value if self._needs_value(self._own(key)) else self._stripped(value)
        self._take(written, key, stripped, index, index, cut)
        return index

    def _without(self, written: str, key: str, index: int, *, long: bool) -> int:
        own = self._own(key)
        following = self.arguments[index + 1] if index + 1 < len(self.arguments) else None
        if own in self.options.lists:
            taken: list[Scalar] = []
            after = self._more(index, taken)
            self._take(written, key, tuple(taken), index, min(index + 1, after))
            return after
        if self._needs_value(own):
            if following is None or re.match("-[^0-9]", following):
                self._take(written, key, None, index, index)
                return index
            self._take(written, key, following, index, index + 1)
            return index + 1
        is_option = following is not None and (
            bool(re.match("-", following)) if long else bool(re.match(r"--?[^-]", following))
        )
        negative = following is not None and bool(_NEGATIVE.fullmatch(following))
        is_value = following is not None and (not is_option or negative)
        if is_value and own not in self.options.booleans:
            self._take(written, key, following, index, index + 1)
            return index + 1
        if following in ("true", "false"):
            self._take(written, key, following, index, index + 1)
            return index + 1
        self._take(written, key, None, index, index)
        return index

    def _needs_value(self, own: str) -> bool:
        """Whether yargs was told that an option has an argument (`requiresArg`)."""
        options = self.options
        kinds = options.strings | options.numbers | options.values
        return options.needs_values and own in kinds

    def _more(self, index: int, taken: list[Scalar]) -> int:
        """A list takes all following words that are no options; the last index of them."""
        while index + 1 < len(self.arguments):
            following = self.arguments[index + 1]
            if following.startswith("-") and not _NEGATIVE.fullmatch(following):
                break
            taken.append(following)
            index += 1
        return index

    def _own(self, key: str) -> str:
        own = self.options.own(key)
        return self.options.own(_yargs_camel(own)) if "-" in own else own

    def _stripped(self, value: str) -> str:
        """Quotes around a value behind `=` go away."""
        return (
            value[1:-1] if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0] else value
        )

    def _take(
        self,
        written: str,
        key: str,
        value: Scalar | tuple[Scalar, ...] | None,
        index: int,
        at: int,
        cut: int = 0,
    ) -> None:
        own = self._own(key)
        made = value
        if own in self.options.booleans:
            made = value == "true" if isinstance(value, str) and UNKNOWN not in value else value
            made = True if value is None else made
        elif isinstance(value, str) and UNKNOWN not in value and own not in self.options.strings:
            numeric = _looks_like_a_number(value) or own in self.options.numbers
            made = _number(value) if numeric else value
        self.found.taken.append(Taken(written, own, made, index, at, cut))


def _number(text: str) -> float:
    found = number_of(text)
    return math.nan if found is None else found


def _looks_like_a_number(text: str) -> bool:
    if re.fullmatch(r"0x[0-9a-f]+", text, re.IGNORECASE):
        return True
    return not re.match(r"0[^.]", text) and bool(_NUMERIC.fullmatch(text))


def _yargs_camel(name: str) -> str:
    lower = name.lower() if "-" in name else name
    return re.sub(r"[-_]+(.)", lambda one: one[1].upper(), lower)
