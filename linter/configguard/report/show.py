"""`show` as text: what each suite really does, locally and in CI, and where that comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from configguard.checking.finding import Notice, Problem
from configguard.project.suites import Suite
from configguard.report.formats import settings_of
from configguard.report.style import Style
from configguard.report.text_safety import display_width, one_line
from configguard.ruleset.messages import condition_text, milliseconds
from configguard.runners.profile import (
    REFERENCE_CPUS,
    Fact,
    KnownFact,
    OneOfFact,
    Profile,
    RangeFact,
    SimpleFact,
    UnknownFact,
    number,
)
from configguard.source.document import Document
from configguard.source.span import Origin, Span

Read = Callable[[str], "Document | None"]

_NAMES = {
    "outcome": "at start",
    "workers": "test files at once",
    "testConcurrency": "tests at once in a file, by config",
    "retries": "retries",
    "retryDelayMs": "delay before a retry",
    "repeats": "extra runs of every test",
    "testTimeoutMs": "test timeout",
    "hookTimeoutMs": "hook timeout",
    "globalTimeoutMs": "timeout of the whole run",
    "maxFailures": "stops after failures",
}
_KINDS = {
    "e2e": "end-to-end tests",
    "integration": "integration tests",
    "component": "component tests",
    "unit": "unit tests",
    "unknown": "of unknown kind",
}
_SOURCES = {
    "installed": "installed in node_modules",
    "lockfile": "as its lock file says",
    "manifest": "any version that package.json allows",
    "setting": "as the settings say",
    "none": "no version found: all are considered",
}
_ENVIRONMENTS = {"local": "local", "ci": "CI"}
_VALUE_WIDTH = 34
"""A longer value pushes its place to the right."""


def render_show(
    suites: Iterable[Suite],
    notices: Iterable[Notice],
    problems: Iterable[Problem],
    read: Read,
    style: Style,
    cpus: int | None,
) -> str:
    """The whole report."""
    blocks = [_suite(suite, read, style, cpus) for suite in suites]
    if not blocks:
        blocks.append(["No test-runner configs found."])
    told = [_line("problem", problem.message, problem.at, read, style) for problem in problems]
    told += [_line("note", notice.message, notice.at, read, style) for notice in notices]
    if told:
        blocks.append([line for lines in told for line in lines])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _suite(suite: Suite, read: Read, style: Style, cpus: int | None) -> list[str]:
    installed = suite.installed
    version = installed.version or installed.range or ""
    runner = f"{suite.runner} {one_line(version)}".rstrip()
    source = _SOURCES[installed.source]
    where = _places(installed.at[:1], read)
    lines = [style.bold(one_line(suite.id))]
    signals = ", ".join(signal for signal, _, _ in suite.kind.because)
    because = f" (by its {signals.replace('-', ' ')})" if signals else ""
    lines.append(f"  {_KINDS[suite.kind.kind]}{because}")
    lines.append(f"  {runner}, {source}{f' ({where})' if where else ''}")
    lines.append("")
    lines += _facts(suite, read, style, cpus)
    lines += _settings(suite, read, style)
    lines += _assumed(suite, read, style)
    return lines


class _Row(NamedTuple):
    """One line of the table: a fact in an environment, its value, and where that comes from."""

    label: str
    environment: str
    value: str
    places: list[str]


def _facts(suite: Suite, read: Read, style: Style, cpus: int | None) -> list[str]:
    rows: list[_Row] = []
    for name in dict.fromkeys(name for one in suite.profiles.values() for name in one.facts):
        if name == "outcome" and all(_plain_run(profile) for profile in suite.profiles.values()):
            continue
        label = _NAMES.get(name, name)
        told = {
            environment: _told(name, profile.facts.get(name), read, cpus)
            for environment, profile in suite.profiles.items()
        }
        if len(told) == len(_ENVIRONMENTS) and told["local"] == told["ci"]:
            rows += _rows(label, "", told["local"])
            continue
        for index, (environment, lines) in enumerate(told.items()):
            rows += _rows("" if index else label, _ENVIRONMENTS[environment], lines)
    return _table(rows, style)


def _rows(label: str, environment: str, told: list[tuple[str, list[str]]]) -> list[_Row]:
    """The lines of one fact: one for each case, named in the first."""
    return [
        _Row(label if index == 0 else "", environment if index == 0 else "", value, places)
        for index, (value, places) in enumerate(told)
    ]


def _table(rows: list[_Row], style: Style) -> list[str]:
    """The rows in columns; further places of a value stand below its first."""
    label = max((display_width(row.label) for row in rows), default=0)
    environment = max((len(row.environment) for row in rows), default=0)
    gap = "  " if environment else ""
    value = min(_VALUE_WIDTH, max((display_width(row.value) for row in rows), default=0))
    lines: list[str] = []
    for row in rows:
        head = f"  {row.label:<{label}}{gap}{row.environment:<{environment}}  "
        padding = " " * max(0, value - display_width(row.value))
        fits = display_width(row.value) <= value
        first, *more = row.places or [""]
        if not fits:
            lines += [f"{head}{row.value}", f"{' ' * (len(head) + value + 2)}{style.dim(first)}"]
        else:
            lines.append(f"{head}{row.value}{padding}  {style.dim(first)}".rstrip())
        indent = " " * (len(head) + value + 2)
        lines += [f"{indent}{style.dim(f'<- {place}')}" for place in more]
    return lines


def _plain_run(profile: Profile) -> bool:
    outcome = profile.facts["outcome"]
    return isinstance(outcome, KnownFact) and outcome.value == "runs"


def _told(
    name: str, fact: Fact | None, read: Read, cpus: int | None
) -> list[tuple[str, list[str]]]:
    """(value, places) of a fact; one for each case it has."""
    if fact is None:
        return [("not in this version", [])]
    if not isinstance(fact, OneOfFact):
        return [(_value(name, fact, cpus), _from(fact, read))]
    told: list[tuple[str, list[str]]] = []
    for case in fact.cases:
        condition = one_line(condition_text(case.when).strip()) or "otherwise"
        told.append((f"{_value(name, case.fact, cpus)} {condition}", _from(case.fact, read)))
    return told


def _value(name: str, fact: SimpleFact, cpus: int | None) -> str:
    match fact:
        case KnownFact(value):
            if name == "outcome":
                return str(value).replace("-", " ")
            if name == "retries" and isinstance(value, float):
                attempts = number(value + 1)
                return f"{number(value)} ({attempts} attempt{'' if attempts == 1 else 's'})"
            return milliseconds(number(value)) if name.endswith("Ms") else str(number(value))
        case RangeFact(expression):
            size = cpus or REFERENCE_CPUS
            return f"{expression} ({number(expression.at(size))} on {size} CPUs)"
        case UnknownFact(reason):
            return f"unknown: {one_line(reason)}"


def _from(fact: SimpleFact, read: Read) -> list[str]:
    if fact.origin == "default" and not fact.at:
        return ["default"]
    return _chain(fact.at, read)


def _chain(at: Origin, read: Read) -> list[str]:
    """Where a value is used and where it is written, clickable."""
    return [_place(span, read) for span in dict.fromkeys((*at[:1], *at[-1:]))]


def _places(at: Origin, read: Read) -> str:
    return " <- ".join(_chain(at, read))


def _place(span: Span, read: Read) -> str:
    document = read(span.file)
    file = one_line(span.file)
    if document is None:
        return file
    position = document.position(span.start)
    return f"{file}:{position.line}:{position.column}"


def _settings(suite: Suite, read: Read, style: Style) -> list[str]:
    entries = settings_of(suite)
    if not entries:
        return []
    lines = ["", f"  {style.bold('written, but')}"]
    for entry in entries:
        everywhere = len(entry.environments) == len(suite.profiles)
        only = "" if everywhere else f" ({_ENVIRONMENTS[entry.environments[0]]} only)"
        name = entry.setting.removeprefix("test.")
        condition = condition_text(entry.when)
        head = f"{one_line(name)}: {one_line(_shown(entry.value))}"
        lines.append(f"    {head}  {entry.effect}{condition}{only}: {one_line(entry.reason)}")
        lines.append(f"      {style.dim(_places(entry.at, read))}")
    return lines


def _shown(value: object) -> str:
    import json

    if isinstance(value, dict) and set(value) == {"expression"}:
        return str(value["expression"])
    return json.dumps(value)


def _assumed(suite: Suite, read: Read, style: Style) -> list[str]:
    notes = dict.fromkeys(
        note for profile in suite.profiles.values() for note in profile.assumptions
    )
    if not notes:
        return []
    lines = ["", f"  {style.bold('assumed')}"]
    for note in notes:
        where = style.dim(_places(note.at, read))
        lines.append(f"    {one_line(note.message)}  {where}")
    return lines


def _line(kind: str, message: str, at: Origin, read: Read, style: Style) -> list[str]:
    where = _places(at[:1], read)
    return [
        f"{style.bold(kind)}: {one_line(message, 400)}" + (f"  {style.dim(where)}" if where else "")
    ]
