"""What a step writes to `$GITHUB_ENV` for the later steps of its job."""

from __future__ import annotations

import re
from typing import NamedTuple

from configguard.project.ci.model import Step, Variable, fixed_word
from configguard.source.span import Origin
from configguard.syntax.commands import commands_of
from configguard.syntax.shell_simple import Command
from configguard.syntax.shell_state import Assignment
from configguard.syntax.shell_words import unknown_word

_FILE = b"GITHUB_ENV"
_MARK = "it is the file behind GITHUB_ENV"
_LINE = re.compile(r"([A-Za-z_]\w*)=(.*)")
_NAMED = re.compile(rb"\b([A-Za-z_]\w*+)(?:=|<<)")
_BLOCKED = "NODE_OPTIONS"
"""The runner refuses it (FileCommandManager.cs)."""


class Written(NamedTuple):
    """The variables that later steps have; `doubts`: what may have set others."""

    variables: tuple[Variable, ...]
    doubts: Origin


def written(step: Step) -> Written:
    """The variables that a step leaves behind: literal ones are known."""
    script = step.script
    if script is None or _FILE not in script.data:
        return Written((), ())
    found: dict[str, Variable] = {}
    understood = 0
    if step.shell.reason is None:
        origin = (step.span,)
        given = {
            name: Assignment(name, one.value, one.origin) for name, one in step.environment.items()
        }
        given["GITHUB_ENV"] = Assignment("GITHUB_ENV", unknown_word(_MARK, origin), origin)
        commands = commands_of(
            script.data,
            script.at,
            errexit=step.shell.errexit,
            holes=script.holes,
            variables=given,
        )
        for command in commands.commands:
            made = _echoed(command, step)
            if made is not None:
                understood += 1
                found.update({one.name: one for one in made})
    if understood == script.data.count(_FILE):
        return Written(tuple(found.values()), ())
    doubts = (step.span,)
    reason = "a step writes it to GITHUB_ENV in a way that is not followed"
    for name in dict.fromkeys(_NAMED.findall(script.data)):
        text = name.decode()
        found[text] = Variable(text, unknown_word(reason, doubts), "written", doubts)
    return Written(tuple(found.values()), doubts)


def _echoed(command: Command, step: Step) -> list[Variable] | None:
    """The variables of `echo "A=b" >> $GITHUB_ENV`; None where it is another command."""
    aims = [one for one in command.redirects if one.target.reason == _MARK]
    if len(aims) != 1 or aims[0].operator not in (">>", ">") or command.name != "echo":
        return None
    words = command.words[1:]
    if not words or words[0].start.startswith("-") or any("\\" in word.start for word in words):
        return None
    origin = words[0].origin
    texts = [word.text for word in words]
    first = _LINE.match(words[0].start)
    if None in texts:
        if first is None or any("\n" in word.start for word in words):
            return None
        reason = next(str(word.reason) for word in words if word.text is None)
        return [_variable(first[1], None, reason, origin)]
    lines = " ".join(str(text) for text in texts).split("\n")
    made = []
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            if line:
                return None
            continue
        sure = command.reached != "maybe" and step.reached == "always"
        reason = "a step sets it that may not run"
        made.append(_variable(match[1], match[2] if sure else None, reason, origin))
    return [one for one in made if one.name != _BLOCKED]


def _variable(name: str, text: str | None, reason: str, origin: Origin) -> Variable:
    word = unknown_word(reason, origin) if text is None else fixed_word(text, origin)
    return Variable(name, word, "written", origin)
