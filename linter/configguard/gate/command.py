"""From a command line to the configs of the suites that it runs, as from a script."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from configguard.project.invocations import Invocation, invocations_of
from configguard.project.started import Startings, startings
from configguard.source.text_map import TextMap
from configguard.source.workspace import Workspace
from configguard.syntax.commands import Assignment, Command, commands_of
from configguard.syntax.shell_words import known_word

FILE = "command-line"
"""What messages call the text of the command; it lies on no disk."""
_ID = "command"
_OF_RUNNERS = re.compile(r"(?:VITEST|JEST|PLAYWRIGHT|PW)_\w+")
_LONGEST_VALUE = 4000


class Resolved(NamedTuple):
    """What a command starts. `workspace` holds its text too; `left`: why something is not known."""

    workspace: Workspace
    invocations: tuple[Invocation, ...]
    starts: Startings
    left: tuple[str, ...] = ()


def resolve(
    workspace: Workspace,
    argv: Sequence[str],
    folder: str,
    environ: Mapping[str, str],
    names: Iterable[str] = (),
) -> Resolved:
    """What a command starts in a folder. `names`: the variables whose values count."""
    text = shlex.join(argv).encode("utf-8", "replace")
    inside = workspace.with_overlay({FILE: text})
    at = TextMap.straight(FILE, 0, len(text))
    script = commands_of(text, at)
    if script.bad is not None:
        return Resolved(inside, (), Startings({}), (script.bad.reason,))
    if not script.commands:  # one that a shell has built in
        return Resolved(inside, (), Startings({}))
    command = script.commands[0]
    found = invocations_of(
        inside,
        command,
        folder,
        identifier=_ID,
        name=text.decode("utf-8", "replace"),
        assignments=_assignments(command, environ, names),
    )
    in_ci = bool(environ.get("CI"))
    mine = tuple(
        one._replace(kind="script", in_ci=in_ci, unnamed="the command")
        for one in found.invocations
        if one.in_ci in (None, in_ci)
    )
    starts = startings(inside, mine, left=found.left)
    left = [problem.message for problem in found.problems]
    left += [note.message for note in starts.notes]
    return Resolved(inside, mine, starts, tuple(dict.fromkeys(left)))


def _assignments(
    command: Command, environ: Mapping[str, str], names: Iterable[str]
) -> list[Assignment]:
    """The variables that the runners read, and those that were asked for."""
    wanted = {name for name in environ if _OF_RUNNERS.fullmatch(name)} | set(names)
    if environ.get("NODE_ENV") not in (None, "", "test"):
        wanted.add("NODE_ENV")
    if environ.get("CI") not in (None, "", "true"):
        wanted.add("CI")
    word = command.words[0]
    return [
        Assignment(
            name,
            known_word(environ[name], word.origin, TextMap(FILE, (), word.span.start)),
            word.origin,
        )
        for name in sorted(wanted)
        if name in environ and len(environ[name]) <= _LONGEST_VALUE
    ]
