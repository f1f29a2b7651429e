"""A command that runs another one (`npx`, `cross-env`, `npm run`, …) to what it runs.

The commands are data: `project/commands.yaml`. What is not known is never guessed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from configguard.resources import table
from configguard.source.span import Origin, Span, chain
from configguard.syntax.shell_state import Assignment
from configguard.syntax.shell_words import Word, unknown_word

_ROLES = (
    "flags", "values", "optional", "folder", "packages", "every-package", "root-package", "sets",
    "unsets", "clears", "file", "script", "keeps-environment", "tasks", "not-followed",
)  # fmt: skip
_INHERITED = (
    "interleaved", "unknown-option", "eq-flags", "abbreviations", "default-file", "rewrites",
    "assignments", "beside", "every",
)  # fmt: skip
_ASSIGNS = re.compile(r"([A-Za-z_]\w*)=")
_CROSS_ENV = re.compile(r"[\\']")


class NotFollowed(NamedTuple):
    """Why it is not known what a command runs."""

    reason: str
    at: Origin


class Unwrapped(NamedTuple):
    """What a wrapper (its whole `command`) runs, and what it changes for it.

    `then` is the kind of what `words` name (commands.yaml), `after` what stands behind `--` where
    that differs. `lost`: why the environment from before does not reach it; `doubts`: the files
    that may set variables; `guards`: it is run under the watchdog.
    """

    command: tuple[Word, ...]
    then: str
    row: Mapping[str, Any]
    words: tuple[Word, ...]
    after: tuple[Word, ...] | None
    sets: tuple[Assignment, ...]
    lost: str | None
    doubts: Origin
    folder: Word | None
    packages: tuple[Word, ...]
    every: bool
    root: bool
    tasks: tuple[Word, ...]
    script: Word | None
    guards: bool


class _Stop(Exception):
    """It cannot be followed."""

    def __init__(self, reason: str, word: Word) -> None:
        super().__init__(reason)
        self.found = NotFollowed(reason, word.origin)


@dataclass
class _Found:
    """The options of a wrapper so far."""

    sets: list[Assignment] = field(default_factory=list)
    doubts: list[Span] = field(default_factory=list)
    folder: Word | None = None
    packages: list[Word] = field(default_factory=list)
    tasks: list[Word] = field(default_factory=list)
    every: bool = False
    root: bool = False
    keeps: bool = False
    cleared: bool = False
    script: Word | None = None


def command_name(word: Word) -> str | None:
    """The name of a command without its folder: what is in `node_modules/.bin` runs by name."""
    if word.text is None:
        return None
    folder, name = posixpath.split(word.text)
    if folder and folder != "node_modules/.bin" and not folder.endswith("/node_modules/.bin"):
        return None if name not in ("env", "sh", "bash", "time", "timeout") else name
    return name.removesuffix(".cmd")


def is_wrapper(word: Word) -> bool:
    """Whether a command is in the table, whatever it starts."""
    return (command_name(word) or "") in _rows()


def unwrap(words: Sequence[Word]) -> Unwrapped | NotFollowed | None:
    """What a command runs; None where it is no wrapper that is known."""
    row = _rows().get(command_name(words[0]) or "")
    if row is None:
        return None
    try:
        return _Reading(words, _Found()).row(row, _roles(row), 1)
    except _Stop as stop:
        return stop.found


@cache
def _rows() -> dict[str, Mapping[str, Any]]:
    return {name: row for row in table("project/commands")["wrappers"] for name in row["names"]}


def _roles(row: Mapping[str, Any]) -> dict[str, str]:
    return {str(option): role for role in _ROLES for option in row.get(role, ())}


class _Reading:
    """One command line, from its options to what it runs."""

    def __init__(self, words: Sequence[Word], found: _Found) -> None:
        self.words = words
        self.found = found

    def row(self, row: Mapping[str, Any], roles: Mapping[str, str], index: int) -> Unwrapped | None:
        """Read from word `index` on, by one row of the table."""
        if "subcommands" not in row and "otherwise" not in row:
            return self._leaf(row, roles, index)
        index = self._options(row, roles, index)
        if index >= len(self.words):
            return None
        word = self.words[index]
        if word.text is None or word.text == "--":
            raise _Stop(word.reason or "options of its own end before a command", word)
        role = row.get("subcommand-flags", {}).get(word.text)
        if role is not None:
            self._apply(role, word, None)
            return self.row(row, roles, index + 1)
        child = next((one for one in row.get("subcommands", ()) if word.text in one["names"]), None)
        if child is not None:
            index += 1
        elif row.get("then") == "nothing" and "otherwise" not in row:
            return None
        else:
            child = row["otherwise"]
        merged = {**{key: row[key] for key in _INHERITED if key in row}, **child}
        return self.row(merged, {**roles, **_roles(child)}, index)

    def _leaf(self, row: Mapping[str, Any], roles: Mapping[str, str], index: int) -> Unwrapped:
        if row.get("interleaved"):
            words, after = self._interleaved(row, roles, index)
            if row["then"] == "command":
                words, after = [*words, *(after or ())], None
        elif row.get("script-name") or row["then"] == "wireit":
            words, after = list(self.words[index:]), None
        else:
            index = self._options(row, roles, index)
            dashes = index < len(self.words) and self.words[index].text == "--"
            if row.get("needs-dashes") and not dashes:
                raise _Stop("what it runs is told only behind `--`", self.words[0])
            words, after = list(self.words[index + dashes :]), None
        if row.get("assignments"):
            words = self._assignments(words, bool(row.get("rewrites")))
        if row.get("rewrites"):
            words = [_rewritten(word) for word in words]
        if row.get("default-file") and not self.found.doubts:
            self.found.doubts.append(self.words[0].span)
        lost = row.get("loses-environment") if not self.found.keeps else None
        if self.found.cleared:
            lost = "the environment is cleared"
        return Unwrapped(
            tuple(self.words),
            row["then"],
            row,
            tuple(words[row.get("skip", 0) :]),
            None if after is None else tuple(after),
            tuple(self.found.sets),
            lost,
            tuple(self.found.doubts),
            self.found.folder,
            tuple(self.found.packages),
            self.found.every or bool(row.get("every")),
            self.found.root,
            tuple(self.found.tasks),
            self.found.script,
            bool(row.get("guards")),
        )

    def _options(self, row: Mapping[str, Any], roles: Mapping[str, str], index: int) -> int:
        """Read options up to the first other word; its index."""
        while index < len(self.words):
            word = self.words[index]
            if not word.start.startswith("-") or word.text == "--" or word.text == "-":
                if word.text == "-" and "-" in roles:
                    self._apply(roles["-"], word, None)
                    index += 1
                    continue
                return index
            index = self._option(row, roles, index)
        return index

    def _interleaved(
        self, row: Mapping[str, Any], roles: Mapping[str, str], index: int
    ) -> tuple[list[Word], list[Word] | None]:
        """Words and options in any order; what stands behind `--` is left alone."""
        words: list[Word] = []
        while index < len(self.words):
            word = self.words[index]
            if word.text == "--":
                return words, list(self.words[index + 1 :])
            if word.start.startswith("-"):
                index = self._option(row, roles, index)
                continue
            if word.text is None and (word.fields == "any" or not word.start):
                raise _Stop(str(word.reason), word)
            words.append(word)
            index += 1
        return words, None

    def _option(self, row: Mapping[str, Any], roles: Mapping[str, str], index: int) -> int:
        """Read one option and its value; the index behind them."""
        word = self.words[index]
        name, has_value, _ = word.start.partition("=")
        if word.text is None and not has_value:
            raise _Stop(str(word.reason), word)
        role = roles.get(name)
        attached = word.after(len(name) + 1) if has_value else None
        if role is None and len(name) > 2 and not name.startswith("--"):
            # `-n5`, `-rs`
            role = roles.get(name[:2])
            if role is not None and role not in ("flags", "every-package", "root-package"):
                self._apply(role, word, word.after(2))
                return index + 1
            if all(roles.get(f"-{letter}") == "flags" for letter in name[1:]):
                return index + 1
            role = None
        if role is None:
            return self._unknown_option(row, roles, index, attached)
        following = self.words[index + 1] if index + 1 < len(self.words) else None
        if role in ("flags", "every-package", "root-package", "clears", "keeps-environment"):
            self._apply(role, word, None)
            return index + 1
        if role == "not-followed":
            raise _Stop(f"{name} is not followed", word)
        if attached is not None:
            self._apply(role, word, attached)
            return index + 1
        if role == "optional" and (following is None or following.start.startswith("-")):
            return index + 1
        if following is None:
            raise _Stop(f"{name} has no value", word)
        if following.text is None and following.fields != "one":
            raise _Stop(str(following.reason), following)
        self._apply(role, word, following)
        return index + 2

    def _unknown_option(
        self,
        row: Mapping[str, Any],
        roles: Mapping[str, str],
        index: int,
        attached: Word | None,
    ) -> int:
        word = self.words[index]
        kind = row.get("unknown-option")
        following = self.words[index + 1] if index + 1 < len(self.words) else None
        if attached is not None and (kind or row.get("eq-flags")):
            return index + 1
        if row.get("number-flag") and word.start[1:].isdigit():
            return index + 1
        if kind == "takes-a-word":
            taken = following is not None and not following.start.startswith("-")
            return index + 1 + taken
        if kind == "flag":
            if following is not None and following.text in ("true", "false"):
                return index + 2
            if following is not None and not following.start.startswith("-"):
                options = [one for one in roles if one.startswith(word.start) and len(one) > 2]
                if row.get("abbreviations") and len(options) == 1:
                    raise _Stop(f"{word.start} may be short for {options[0]}", word)
            return index + 1
        raise _Stop(f"its option {word.start} is not known here", word)

    def _apply(self, role: str, word: Word, value: Word | None) -> None:
        found = self.found
        match role:
            case "folder":
                found.folder = value
            case "packages" if value is not None:
                found.packages.append(value)
            case "tasks" if value is not None:
                found.tasks.append(value)
            case "every-package":
                found.every = True
            case "root-package":
                found.root = True
            case "sets" if value is not None:
                self._assignments([value], False)
            case "unsets" if value is not None and value.text:
                found.sets.append(Assignment(value.text, None, word.origin))
            case "clears":
                found.cleared = True
            case "keeps-environment":
                found.keeps = True
            case "file" if value is not None:
                found.doubts.append(value.span)
            case "script":
                found.script = value

    def _assignments(self, words: list[Word], cross_env: bool) -> list[Word]:
        """Take the words `A=b` that stand first; the rest."""
        for index, word in enumerate(words):
            assigns = _ASSIGNS.match(word.start)
            if assigns is None:
                return words[index:]
            value = word.after(assigns.end())
            if cross_env and value.text is not None:
                value = _cross_env_value(value)
            self.found.sets.append(Assignment(assigns[1], value, word.origin))
        return []


def _cross_env_value(value: Word) -> Word:
    """A value as cross-env reads it: outer quotes go, variables are put in."""
    text = str(value.text)
    if "$" in text or "\\" in text:
        return unknown_word("cross-env puts in variables of the environment", value.origin)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        stripped = text[1:-1]
        at = value.at.part(1, 1 + len(stripped.encode()))
        return Word(stripped, None, stripped, "one", value.origin, at)
    return value


def _rewritten(word: Word) -> Word:
    """A word as cross-env hands it on: it takes quotes and backslashes away."""
    if word.text == "":
        return unknown_word("cross-env 7 hands an empty word on, 10 does not", word.origin, "any")
    if word.text is not None and _CROSS_ENV.search(word.text):
        return unknown_word("cross-env rewrites quotes and backslashes", word.origin)
    return word


def of_runner(words: Sequence[Word]) -> tuple[str, int] | None:
    """The runner that a command is, and how many words name it; None where it is none."""
    name = command_name(words[0])
    for runner, row in table("project/commands")["runners"].items():
        if name in row["commands"]:
            return runner, 1
    return None


def of_package(word: Word) -> str | None:
    """The runner whose package `npx` and its like are asked for: `vitest@3`, `@playwright/test`."""
    text = word.text or ""
    at = text.find("@", 1)
    name = text if at == -1 else text[:at]
    for runner, row in table("project/commands")["runners"].items():
        if name in row["packages"] or name in row["commands"]:
            return str(runner)
    return None


def of_file(word: Word) -> str | None:
    """The runner whose file node is asked to run."""
    text = word.text or ""
    inside = text.rpartition("node_modules/")[2] if "node_modules/" in text else ""
    if inside.startswith(".bin/"):
        inside_name = inside.removeprefix(".bin/")
        return next(
            (
                str(runner)
                for runner, row in table("project/commands")["runners"].items()
                if inside_name in row["commands"]
            ),
            None,
        )
    for runner, row in table("project/commands")["runners"].items():
        if inside in row["files"]:
            return str(runner)
    return None


def doubts_of(found: Unwrapped, before: Origin) -> Origin:
    """What may have changed the environment, with what a wrapper adds."""
    return chain(before, found.doubts)
