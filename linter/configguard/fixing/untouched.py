"""All that a config says beside the settings that a fix is about: it must stay as it was.

Facts alone would not tell: no fact depends on jest's `maxConcurrency` or on a reporter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    EnvString,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.project.suites import Suite, runner_for
from configguard.source.edits import Edit
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, Workspace
from configguard.syntax.trees import Parsed, parse

_DEEPEST = 8

Leaves = tuple[tuple[str, str], ...]


def leaves_of(workspace: Workspace, suite: Suite, version: str) -> frozenset[Leaves]:
    """All values of a suite's config, in every world; empty where nothing is known of it."""
    document = workspace.read(suite.config)
    parsed = None if isinstance(document, Unreadable) else parse(document)
    if not isinstance(parsed, Parsed):
        return frozenset()
    runner = runner_for(suite.runner, suite.config, suite.around)
    asked = version if runner.per_version else None
    config = Config(workspace, parsed, runner.environments, runner.resolve, asked)
    answers = [case.answer for case in config.ask(_question)]
    config.release()
    return frozenset(answer for answer in answers if isinstance(answer, tuple))


def untouched(old: frozenset[Leaves], new: frozenset[Leaves], settings: Collection[str]) -> bool:
    """Whether two states of a config say the same beside some settings, in whatever worlds."""
    return _beside(old, settings) == _beside(new, settings)


def serves_many_keys(parsed: Parsed, edits: Iterable[Edit]) -> bool:
    """Whether an edit stands in what is written under a key that is worked out, as in a loop.

    Where a value is unknown, nothing else would tell that it is another one now.
    """
    return any(_is_under_worked_out_key(parsed, edit.span) for edit in edits)


def _is_under_worked_out_key(parsed: Parsed, span: Span) -> bool:
    node = parsed.root.descendant_for_byte_range(span.start, max(span.start, span.end - 1))
    while node is not None:
        if node.type in ("assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("left")
            key = left.child_by_field_name("index") if left is not None else None
            if key is not None and key.type not in ("string", "number"):
                return True
        node = node.parent
    return False


def _beside(
    worlds: frozenset[Leaves], settings: Collection[str]
) -> set[frozenset[tuple[tuple[str, str], int]]]:
    inner = [f".{setting}." for setting in settings]

    def is_beside(path: str) -> bool:
        return not any(one in f".{path}." for one in inner)

    counts = (Counter(leaf for leaf in leaves if is_beside(leaf[0])) for leaves in worlds)
    return {frozenset(count.items()) for count in counts}


def _question(machine: Machine, value: Value) -> Leaves:
    del machine
    return tuple(_leaves(value, "", _DEEPEST))


def _leaves(value: Value, path: str, depth: int) -> Iterator[tuple[str, str]]:
    value = settled(value)
    if isinstance(value, Known) and value.value is UNDEFINED:
        return  # a key that is undefined is as good as none
    if isinstance(value, Obj) and depth:
        for key in list(value.entries):
            entry = value.entry(key)
            if entry is not None:
                yield from _leaves(entry.value, f"{path}.{key}" if path else key, depth - 1)
    elif isinstance(value, Arr) and depth:
        # The index of a project is no part of a setting's name.
        for item in value.items:
            yield from _leaves(item, path, depth - 1)
    else:
        yield path, _text(value)


def _text(value: Value) -> str:
    match value:
        case Known(value=scalar):
            return repr(scalar)
        case Cpus(expression=expression):
            return str(expression)
        case EnvString(name=name):
            return name
        case Unknown(reason=reason):
            return reason
        case Builtin(path=path):
            return path
        case _:
            return type(value).__name__
