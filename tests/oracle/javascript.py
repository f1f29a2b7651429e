"""Programs evaluated by Node and by us, and compared: what we claim must be what Node gives.

In: programs (files, the first is the entry) and assignments of environment variables. Out: a
tally, with every wrong claim in words. One Node process evaluates many programs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from configguard.evaluate import calls
from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.values import (
    Arr,
    Cpus,
    Func,
    Known,
    Obj,
    Undefined,
    Unknown,
    Value,
    settled,
)
from configguard.evaluate.worlds import Environment
from configguard.evaluate.written import holds_on
from configguard.source.span import Span
from configguard.source.workspace import Workspace
from configguard.syntax.trees import BadSyntax, Parsed, forget, parse
from oracle import install
from oracle.processes import RunnerError, ask

HERE = Path(__file__).resolve().parent
ESBUILD = "vitest-2.1"
CPUS = 8
PLATFORM = "linux"
FILES_AT_ONCE = 400
ENVIRONMENTS: tuple[Mapping[str, str], ...] = (
    {},
    {"CI": "true"},
    {"CI": "true", "FOO": "7", "BAR": "bar"},
)


@dataclass(frozen=True)
class Program:
    """A config and the files beside it; the first is the entry."""

    name: str
    files: Mapping[str, str]

    @property
    def entry(self) -> str:
        return next(iter(self.files))


class Open:
    """A part of a value of which nothing is claimed, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass
class Tally:
    """What a comparison found. A program may run in Node, or throw there."""

    programs: int = 0
    equal: int = 0
    unknown: int = 0
    wrong: list[str] = field(default_factory=list)
    thrown: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        known = self.equal + self.unknown
        share = 100 * self.unknown / known if known else 0.0
        return (
            f"{self.programs} programs: {self.equal} values equal, {self.thrown} throw as Node"
            f" does, {self.unknown} unknown ({share:.1f} %), {len(self.wrong)} wrong"
        )


@cache
def esbuild() -> Path | None:
    """The esbuild that strips types, of an installed vitest."""
    folder = install.CACHE / ESBUILD / "node_modules" / "esbuild"
    return folder if install.is_installed(ESBUILD) and folder.is_dir() else None


def node() -> str | None:
    """Node, where there is one."""
    return shutil.which("node")


def compare(
    programs: Sequence[Program],
    environments: Sequence[Mapping[str, str]] = ENVIRONMENTS,
    tally: Tally | None = None,
) -> Tally:
    """Evaluate programs both ways under each assignment."""
    tally = tally or Tally()
    for start in range(0, len(programs), FILES_AT_ONCE):
        some = programs[start : start + FILES_AT_ONCE]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            root = Path(name).resolve()
            asked: list[tuple[Program, Path, Mapping[str, str]]] = []
            for number, program in enumerate(some):
                for turn, env in enumerate(environments):
                    # Folders of their own: Node keeps the files that it has loaded.
                    folder = root / f"{number}-{turn}"
                    _write(program, folder)
                    asked.append((program, folder, env))
            answers = by_node([(folder / one.entry, env) for one, folder, env in asked])
            for (program, folder, env), answer in zip(asked, answers, strict=True):
                _judge(tally, program, folder, env, answer)
        forget()
        tally.programs += len(some)
    return tally


def _write(program: Program, folder: Path) -> None:
    for file, text in program.files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def by_node(cases: Sequence[tuple[Path, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """What Node makes of files, in one process; a new one takes over after a case that ended it."""
    program = node()
    assert program is not None, "Node is not on PATH"
    folder = esbuild()
    common = {"esbuild": None if folder is None else str(folder)}
    asked = [{"file": str(file), "env": dict(env), "cpus": CPUS} for file, env in cases]
    command = [program, "--require", str(HERE / "pretend_cpus.cjs")]
    answers = ask(command, HERE / "evaluate_many.mjs", common, asked)
    return [{"died": str(one)} if isinstance(one, RunnerError) else one for one in answers]


def resolved(machine: Machine, exported: Value) -> Value:
    """The exported value as a runner takes it: a function called, a promise awaited."""
    value = settled(exported)
    if isinstance(value, Func) and value.kind is None:
        given: dict[str, str | bool] = {"mode": "test", "command": "serve"}
        given |= {"isSsrBuild": False, "isPreview": False}
        argument = Obj({})
        for key, one in given.items():
            argument.set(key, _entry(Known(one)))
        value = settled(calls.call_function(machine, value, [argument], None))
    return value


def _entry(value: Value) -> Any:
    from configguard.evaluate.values import Entry

    return Entry(value, Span("", 0, 0))


def _judge(
    tally: Tally, program: Program, root: Path, env: Mapping[str, str], answer: dict[str, Any]
) -> None:
    shown = f"{program.name} with {dict(env)}"
    if "died" in answer:
        tally.wrong.append(f"{shown}: {answer['died']}")
        return
    workspace = Workspace(root)
    document = workspace.read(program.entry)
    parsed = parse(document)  # type: ignore[arg-type] # a file that was just written can be read
    if isinstance(parsed, BadSyntax):
        if "SyntaxError" not in str(answer.get("throws")) and "Transform" not in str(answer):
            tally.unknown += 1
            tally.reasons["a syntax that is not read"] += 1
        return
    assert isinstance(parsed, Parsed)
    if "SyntaxError" in str(answer.get("throws")) and len(program.files) == 1:
        return  # Node refuses the text before it runs
    fixed = {"CI": env.get("CI")}
    variables = {name: env.get(name) for name in ("CI", "FOO", "BAR", *env)}
    config = Config(workspace, parsed, (Environment("any", fixed, PLATFORM),), resolved)
    wrong = _compared(config, variables, answer, tally)
    if wrong:
        tally.wrong.append("\n".join((f"{shown}: {wrong[0]}", *wrong[1:], _text(program))))


def _text(program: Program) -> str:
    return "\n".join(f"--- {name}\n{text}" for name, text in program.files.items())


def _compared(
    config: Config,
    variables: Mapping[str, str | None],
    answer: dict[str, Any],
    tally: Tally,
) -> list[str]:
    """All that is claimed wrongly of one config under one assignment."""
    here: list[Any] = []
    for case in config.ask(told):
        holds = holds_on(case.when, variables, PLATFORM, CPUS)
        if holds is not False:
            here.append(case.answer)
    if not here:
        return ["no world holds here"]
    if "throws" in answer:
        return _thrown(here, answer["throws"], tally)
    results: list[list[str]] = []
    for one in here:
        if isinstance(one, Thrown):
            results.append([f"it is claimed to throw ({one.text}), Node gives {answer['value']}"])
            continue
        if isinstance(one, Unknown):
            one = (Open(one.reason), True)
        wrong: list[str] = []
        counted = Tally()
        differences(one[0], answer["value"], "default", wrong, counted)
        if not wrong:
            # One of the worlds is Node's: the others differ by what nobody knows.
            tally.equal += counted.equal
            tally.unknown += counted.unknown
            tally.reasons.update(counted.reasons)
            return []
        results.append(wrong)
    return results[0]


def _thrown(here: list[Any], message: str, tally: Tally) -> list[str]:
    if any(isinstance(one, Thrown) for one in here):
        tally.thrown += 1
        return []
    if any(isinstance(one, Unknown) or not one[1] for one in here):
        # Something that is not followed may throw: that it runs is not claimed.
        tally.unknown += 1
        tally.reasons["whether it throws"] += 1
        return []
    return [f"it is claimed to run; Node throws {message}"]


def told(machine: Machine, value: Value) -> tuple[Any, bool]:
    """A value as `encode` in evaluate_many.mjs shows it, and whether it surely ran."""
    shown = _shown(value, ())
    return shown, machine.unsure == 0


def _shown(value: Value, around: tuple[Value, ...]) -> Any:
    if value in around:
        return {"$cycle": True}
    inside = (*around, value)
    match value:
        case Known(value=scalar):
            if isinstance(scalar, Undefined):
                return {"$undefined": True}
            return scalar
        case Cpus(expression=expression):
            return expression.at(CPUS)
        case Func():
            return {"$function": True}
        case Arr(more=None, items=items):
            return {"$array": [_shown(item, inside) for item in items]}
        case Obj(more=None):
            keys = [key for key in list(value.entries) if value.entry(key) is not None]
            return {"$object": [[key, _shown(value.get(key), inside)] for key in keys]}
        case Obj():
            keys = [key for key in list(value.entries) if value.entry(key) is not None]
            return {"$partly": {key: _shown(value.get(key), inside) for key in keys}}
        case Unknown(reason=reason):
            return Open(reason)
        case Arr(more=more):
            return Open(more.reason if more else "")
        case _:
            return Open(f"a {type(value).__name__}")


def differences(ours: Any, nodes: Any, where: str, wrong: list[str], tally: Tally) -> None:
    """What is claimed at a place, against what Node gives there; recursive."""
    if isinstance(ours, Open):
        tally.unknown += 1
        tally.reasons[ours.reason] += 1
        return
    kind = next(iter(ours), "") if isinstance(ours, dict) else ""
    theirs = next(iter(nodes), "") if isinstance(nodes, dict) else ""
    if kind == "$object" and theirs == "$object":
        mine, given = dict(ours[kind]), dict(nodes[theirs])
        if [*_ordered(mine)] != [*given]:
            wrong.append(f"{where} has the keys {[*_ordered(mine)]}, not {[*given]}")
        for key in mine.keys() & given.keys():
            differences(mine[key], given[key], f"{where}.{key}", wrong, tally)
    elif kind == "$partly" and theirs == "$object":
        given = dict(nodes[theirs])
        tally.unknown += 1
        for key, value in ours[kind].items():
            if key not in given and not isinstance(value, Open):
                if value == {"$undefined": True}:
                    continue
                wrong.append(f"{where}.{key} is claimed, Node has no such key")
            else:
                differences(value, given.get(key), f"{where}.{key}", wrong, tally)
    elif kind == "$array" and theirs == "$array":
        if len(ours[kind]) != len(nodes[theirs]):
            wrong.append(f"{where} has {len(ours[kind])} items, not {len(nodes[theirs])}")
        for index, (one, other) in enumerate(zip(ours[kind], nodes[theirs], strict=False)):
            differences(one, other, f"{where}[{index}]", wrong, tally)
    elif _scalar(ours) == _scalar(nodes) and isinstance(ours, bool) == isinstance(nodes, bool):
        tally.equal += 1
    else:
        wrong.append(f"{where} is {_brief(ours)}, not {_brief(nodes)}")


def _ordered(entries: dict[str, Any]) -> list[str]:
    from configguard.evaluate.objects import ordered

    return ordered(entries)


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        if value != value:
            return {"$number": "NaN"}
        if value in (float("inf"), float("-inf")):
            return {"$number": "Infinity" if value > 0 else "-Infinity"}
    return value


def _brief(value: Any) -> str:
    return str(value)[:200]
