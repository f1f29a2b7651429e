"""The command line parser of Playwright: commander, for the command `test`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from configguard.runners.flag_parsers import Options, Read, Scalar, Taken

_NEGATIVE = r"-(\d+|\d*\.\d+)(e[+-]?\d+)?"


def read_commander(arguments: Sequence[str], options: Options) -> Read:
    """commander 8 to 14 as Playwright bundles it."""
    return _Commander(arguments, options).read()


class _Commander:
    def __init__(self, arguments: Sequence[str], options: Options) -> None:
        self.pending = [(text, index, 0) for index, text in reversed([*enumerate(arguments)])]
        self.options = options
        self.found = Read([], [], [], [])

    def read(self) -> Read:
        listing: str | None = None
        while self.pending:
            argument, index, cut = self.pending.pop()
            if argument == "--":
                self.found.rest.extend(index for _, index, _ in reversed(self.pending))
                break
            if listing is not None and not self._may_be_option(argument):
                self.found.taken.append(
                    Taken(listing, self._own(listing) or "", argument, index, index, cut)
                )
                continue
            listing = None
            if not self._may_be_option(argument):
                self.found.words.append(index)
                continue
            listing = self._option(argument, index, cut)
        return self.found

    def _own(self, written: str) -> str | None:
        """An option's own name, by the whole of what is written; None where it is none."""
        name = written[2:] if written.startswith("--") else self.options.own(written[1:])
        if written.startswith("--") and len(name) < 2:
            return None
        if not written.startswith("--") and written[1:] not in (*self.options.aliases, "x"):
            return None
        known = self.options
        every = known.booleans | known.values | known.optional | known.lists
        return name if name in every else None

    def _option(self, argument: str, index: int, cut: int) -> str | None:
        """Take an option; its written name where it goes on with the next words."""
        own = self._own(argument)
        if own is not None:
            at, value, begin = index, None, 0
            if (own in self.options.values | self.options.lists and self.pending) or (
                own in self.options.optional and self._goes_on()
            ):
                value, at, begin = self.pending.pop()
            self._take(argument, own, value, index, at, begin)
            return argument if own in self.options.lists else None
        if len(argument) > 2 and argument[1] != "-":
            short = argument[:2]
            own = self._own(short)
            if own is not None:
                if own in self.options.booleans:
                    self._take(short, own, None, index, index, 0)
                    self.pending.append((f"-{argument[2:]}", index, cut + 1))
                else:
                    self._take(short, own, argument[2:], index, index, cut + 2)
                return None
        if re.match(r"--[^=]+=", argument):
            written, _, value = argument.partition("=")
            own = self._own(written)
            if own is not None and own not in self.options.booleans:
                self._take(written, own, value, index, index, len(written) + 1)
                return None
        self.found.unknown.append(Taken(argument, argument, None, index, index))
        return None

    def _may_be_option(self, argument: str) -> bool:
        if self.options.negative_words and re.fullmatch(_NEGATIVE, argument):
            return False
        return len(argument) > 1 and argument[0] == "-"

    def _goes_on(self) -> bool:
        return bool(self.pending) and not self._may_be_option(self.pending[-1][0])

    def _take(
        self, written: str, own: str, value: str | None, index: int, at: int, cut: int
    ) -> None:
        made: Scalar | None = True if own in self.options.booleans else value
        self.found.taken.append(Taken(written, own, made, index, at, cut))
