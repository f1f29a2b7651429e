"""Values as they are written: by key path, and as plain data where all of it is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from configguard.evaluate.machine import Machine
from configguard.evaluate.members import member
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.evaluate.worlds import (
    Assumptions,
    CpusAtLeast,
    EnvIs,
    EnvSet,
    Opaque,
    PlatformIs,
)
from configguard.source.span import Span

_STEP = re.compile(r"[^.\[\]]+")


def at(machine: Machine, value: Value, path: str, place: Span) -> Value:
    """What is written at `projects[0].use.timeout` (or `projects.length`): undefined where it
    surely is not, unknown below what is not known. Raises Fork, Thrown."""
    for step in _STEP.findall(path):
        if isinstance(value, Builtin):
            return Unknown(f"{value.path} is not evaluated", value.origin)
        if not isinstance(value, Obj | Arr | Unknown):
            return Known(UNDEFINED, value.origin)
        value = member(machine, value, step, place)
    return value


class NotPlain(Exception):
    """Some part of the value is not known; the value says why."""

    def __init__(self, why: Unknown) -> None:
        super().__init__(why.reason)
        self.why = why


def plain(value: Value, cpus: int) -> Any:
    """The value as JSON has it, on a machine of so many CPUs; UNDEFINED stays. Raises NotPlain."""
    match value:
        case Known(value=scalar):
            return scalar
        case Cpus(expression=expression):
            return expression.at(cpus)
        case Obj(more=None):
            entries = ((key, value.entry(key)) for key in list(value.entries))
            return {key: plain(entry.value, cpus) for key, entry in entries if entry is not None}
        case Arr(more=None, items=items):
            return [plain(item, cpus) for item in items]
        case Obj(more=Unknown() as why) | Arr(more=Unknown() as why) | (Unknown() as why):
            raise NotPlain(why)
        case Func():
            raise NotPlain(Unknown("it is a function", value.origin))
        case Builtin(path=path):
            raise NotPlain(Unknown(f"{path} is not evaluated", value.origin))
        case _:
            raise NotPlain(Unknown("it is known only when it runs", value.origin))


def holds_on(
    assumptions: Assumptions, variables: Mapping[str, str | None], platform: str, cpus: int
) -> bool | None:
    """Whether a world is that of one machine; None where a condition of the config is open."""
    open_condition = False
    for atom, truth in assumptions:
        match atom:
            case EnvSet(name):
                if bool(variables.get(name)) is not truth:
                    return False
            case EnvIs(name, text):
                if (variables.get(name) == text) is not truth:
                    return False
            case PlatformIs(name):
                if (platform == name) is not truth:
                    return False
            case CpusAtLeast(least):
                if (cpus >= least) is not truth:
                    return False
            case Opaque():
                open_condition = True
    return None if open_condition else True
