"""docs/what-is-understood.md says what the evaluator does: every example of it is evaluated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configguard.evaluate import calls
from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.numbers import to_text
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Cpus,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.evaluate.worlds import Environment
from configguard.evaluate.written import holds_on
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed, parse
from support.understood import Example, examples

EXAMPLES = list(examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"line-{one.line}")
def test_an_example_is_as_the_page_says(example: Example, tmp_path: Path) -> None:
    assert example.claims, "an example says what it gives"
    for condition, claimed in example.claims:
        assert said(example, condition, tmp_path) == [claimed], condition


def test_the_page_has_all_its_examples() -> None:
    assert len(EXAMPLES) >= 45


def said(example: Example, condition: str, root: Path) -> list[str]:
    """What configguard says of an example under a condition: more than one where it is open."""
    variables: dict[str, str | None] = {"CI": None}
    platform, cpus = "linux", 8
    name, _, rest = condition.partition(" ")
    if name == "on" and rest.endswith("CPUs"):
        cpus = int(rest.split(" ")[0])
    elif name == "on":
        platform = rest
    elif "=" in condition:
        variable, _, text = condition.partition("=")
        variables[variable] = text
    elif condition:
        assert rest in ("set", "unset"), condition
        variables[name] = "some text" if rest == "set" else None
    overlay = {file: text.encode() for file, text in example.files.items()}
    workspace = Workspace(root, overlay)
    document = workspace.read(next(iter(example.files)))
    assert isinstance(document, Document)
    parsed = parse(document)
    assert isinstance(parsed, Parsed), parsed
    environment = Environment("local", {"CI": variables.get("CI")})
    config = Config(workspace, parsed, (environment,), resolved)
    found: list[str] = []
    for case in config.ask(lambda machine, value: shown(value)):
        if holds_on(case.when, variables, platform, cpus) is False:
            continue
        answer = case.answer
        if isinstance(answer, Thrown):
            answer = "throws"
        elif isinstance(answer, Unknown):
            answer = f"unknown: {answer.reason}"
        if answer not in found:
            found.append(answer)
    return found


def resolved(machine: Machine, exported: Value) -> Value:
    value = settled(exported)
    if isinstance(value, Func):
        argument = Obj({"mode": Entry(Known("test"), Span("", 0, 0))})
        value = settled(calls.call_function(machine, value, [argument], None))
    return value


def shown(value: Value) -> str:
    """A value as the page writes it."""
    match value:
        case Unknown(reason=reason) | Arr(more=Unknown(reason=reason)):
            return f"unknown: {reason}"
        case Cpus(expression=expression):
            return f"{expression}, on 8 CPUs {to_text(expression.at(8))}"
        case _:
            return inside(value)


def inside(value: Value) -> str:
    match value:
        case Known(value=scalar):
            return plain(scalar)
        case Arr(more=None, items=items):
            return f"[{', '.join(inside(item) for item in items)}]"
        case Obj(more=more):
            keys = list(value.entries)
            parts = [f"{json.dumps(key)}: {inside(value.get(key))}" for key in keys]
            if more is not None:
                parts.insert(0, "...unknown")
            return f"{{{', '.join(parts)}}}"
        case _:
            return "unknown"


def plain(scalar: Any) -> str:
    if scalar is UNDEFINED:
        return "undefined"
    if isinstance(scalar, float):
        return to_text(scalar)
    return json.dumps(scalar)
