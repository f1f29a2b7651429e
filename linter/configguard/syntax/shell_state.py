"""What holds at one point of a shell script, and where several ways to that point meet."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from configguard.source.span import Origin
from configguard.syntax.shell_words import Word, unknown_word

if TYPE_CHECKING:
    from tree_sitter import Node

Reached = Literal["always", "after-success", "maybe"]
When = Literal["always", "if-already-set", "on-windows"]

_LEVELS: tuple[Reached, ...] = ("always", "after-success", "maybe")


class Assignment(NamedTuple):
    """A variable of a command's environment; `value` None: it is not set there.

    `when`: the shell hands on a variable that was not exported only where it came from the
    environment; `set A=b` of cmd.exe counts on Windows only.
    """

    name: str
    value: Word | None
    origin: Origin
    when: When = "always"


class Folder(NamedTuple):
    """Where a command runs, seen from where the script starts; `path` None: unknown, and why."""

    path: str | None = ""
    reason: str | None = None
    origin: Origin = ()

    def entered(self, target: Word) -> Folder:
        """The folder after `cd target`."""
        origin = (*self.origin, *target.origin)
        if self.path is None:
            return self
        if target.text is None:
            return Folder(None, target.reason, origin)
        if target.text == "-":
            return Folder(None, "it goes back to the folder before", origin)
        path = posixpath.normpath(posixpath.join(self.path, target.text))
        return Folder("" if path == "." else path, None, origin)


class State(NamedTuple):
    """What holds at one point of a script. `strayed`: only if a `cd` before it failed.

    `in_ci`: it is reached only where CI is set, or only where it is not.
    """

    level: Reached = "always"
    folder: Folder = Folder()
    variables: Mapping[str, Assignment] = {}
    functions: Mapping[str, Node] = {}
    doubts: Origin = ()
    errexit: bool = False
    strayed: bool = False
    in_ci: bool | None = None

    def at_least(self, level: Reached) -> State:
        """The state where it is reached no surer than so."""
        return self._replace(level=max(self.level, level, key=_LEVELS.index))

    def with_variable(self, variable: Assignment) -> State:
        """The state after an assignment."""
        rest = {name: one for name, one in self.variables.items() if name != variable.name}
        return self._replace(variables={**rest, variable.name: variable})

    def value(self, name: str) -> Word | None:
        """What the shell puts in for a variable; None where the script does not say."""
        known = self.variables.get(name)
        return known.value if known is not None and known.when != "on-windows" else None


class Ends(NamedTuple):
    """The states after a command: it succeeded, it failed, or a failure that -e lets pass.

    None: it never ends so. `asks`: its failure is an answer, as that of `[ -n "$CI" ]`.
    `exits`: it may end the whole script.
    """

    success: State | None
    failure: State | None
    spared: State | None = None
    asks: bool = False
    exits: bool = False

    def following(self, level: Reached) -> State | None:
        """The state in which the shell comes to the next statement; it came here as `level`."""
        failed = None if self.stops_at_failure else self.failure
        after = merged(self.success, failed, self.spared)
        if after is None:
            return None
        if not (self.stops_at_failure or self.exits):
            return after._replace(level=level)
        return after.at_least("maybe" if self.success is None else "after-success")

    @property
    def stops_at_failure(self) -> bool:
        """Whether a failure ends the script by `set -e`."""
        return self.failure is not None and self.failure.errexit


def merged(*states: State | None) -> State | None:
    """One state for several ways to arrive at a point."""
    there = [state for state in states if state is not None]
    there = [state for state in there if not state.strayed] or there
    if len(there) < 2:
        return there[0] if there else None
    first = there[0]
    folder, variables = first.folder, dict(first.variables)
    for other in there[1:]:
        if other.folder.path != folder.path:
            origin = other.folder.origin or folder.origin
            folder = Folder(None, "the script changes the folder under a condition", origin)
        for name in dict.fromkeys([*variables, *other.variables]):
            mine, theirs = variables.get(name), other.variables.get(name)
            if mine != theirs:
                variables[name] = _either(name, mine, theirs)
    return first._replace(
        level=min((state.level for state in there), key=_LEVELS.index),
        folder=folder,
        variables=variables,
        doubts=tuple(dict.fromkeys(span for state in there for span in state.doubts)),
        errexit=all(state.errexit for state in there),
    )


def _either(name: str, mine: Assignment | None, theirs: Assignment | None) -> Assignment:
    """A variable that is set in one of two ways, or in one of them not at all."""
    one = mine or theirs
    assert one is not None
    same = mine is None or theirs is None or mine.when == theirs.when
    word = unknown_word("the script sets it under a condition", one.origin)
    return Assignment(name, word, one.origin, one.when if same else "always")
