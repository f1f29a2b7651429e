"""`show` as text: what each suite really does, locally and in CI, and where that comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from configguard.checking.finding import Notice, Problem
from configguard.project.suites import Configured, Run, Suite, suite_id
from configguard.report.formats import settings_of
from configguard.report.frames import Read, location
from configguard.report.style import Style
from configguard.report.text_safety import display_width, wrap
from configguard.ruleset.messages import condition_text, milliseconds
from configguard.runners.profile import (
    REFERENCE_CPUS,
    Fact,
    KnownFact,
    Note,
    OneOfFact,
    Profile,
    RangeFact,
    SettingEntry,
    SimpleFact,
    UnknownFact,
    number,
)
from configguard.source.span import Origin

_NAMES = {
    "outcome": "at start",
    "workers": "test files at once",
    "e2eWorkers": "end-to-end files at once, together",
    "testConcurrency": "tests at once in a file, by config",
    "fullyParallel": "tests of a file spread over workers",
    "retries": "retries",
    "retryDelayMs": "delay before a retry",
    "retryStrategy": "when retries run",
    "repeats": "extra runs of every test",
    "testTimeoutMs": "test timeout",
    "hookTimeoutMs": "hook timeout",
    "globalTimeoutMs": "timeout of the whole run",
    "expectTimeoutMs": "timeout of an expect",
    "actionTimeoutMs": "timeout of an action",
    "navigationTimeoutMs": "timeout of a navigation",
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
_EXACT = re.compile(r"[=v]*\d+\.\d+\.\d+(-[\w.-]+)?")
_VALUE_WIDTH = 34
"""A longer value pushes its place to the next line."""
_WIDTH_OF_TABLE = 80
"""In a narrower terminal columns leave no room for places."""
_MOST_PROJECTS = 6
_MOST_PLACES = 2
"""Of a call that stands in many test files, besides its first."""


def render_show(
    configs: Iterable[Configured],
    notices: Iterable[Notice],
    problems: Iterable[Problem],
    read: Read,
    style: Style,
    cpus: int | None,
) -> str:
    """The whole report: config by config, each with its suites."""
    page = _Page(read, style, cpus)
    blocks: list[list[str]] = []
    for config in configs:
        by_id = {suite.id: suite for suite in config.suites}
        several = [run for run in config.runs if len(run.suites) > 1]
        blocks += [page.run(run, [by_id[name] for name in run.suites]) for run in several]
        told: dict[tuple[str, ...], Suite] = {}
        for suite in config.suites:
            head, body = page.suite(suite)
            same = told.setdefault(tuple(body), suite)
            if same is not suite:
                body = page.same(same)
            blocks.append([*head, "", *body])
    problems = list(problems)
    if not blocks:
        broken = any(problem.severity == "error" for problem in problems)
        blocks.append(["No config could be read." if broken else "No test-runner configs found."])
    notes = [page.note("problem: ", problem.message, problem.at) for problem in problems]
    notes += [page.note("note: ", notice.message, notice.at) for notice in notices]
    if notes:
        blocks.append([line for lines in notes for line in lines])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


class _Row(NamedTuple):
    """One line of the table: a fact in an environment, its value, and where that comes from."""

    label: str
    environment: str
    value: str
    places: list[str]


class _Page:
    """What all blocks of one report share."""

    def __init__(self, read: Read, style: Style, cpus: int | None) -> None:
        self.read = read
        self.style = style
        self.cpus = cpus

    def run(self, run: Run, suites: Sequence[Suite]) -> list[str]:
        """What starts together, and how many test files that are at one time."""
        names = [self.style.told(str(suite.project or suite.id)) for suite in suites]
        more = len(names) - _MOST_PROJECTS
        listed = ", ".join(names[:_MOST_PROJECTS]) + (f" and {more} more" if more > 0 else "")
        lines = self._heading(run.id, suites[0])
        lines += self._wrapped(f"{len(suites)} projects run together: {listed}", 2)
        lines.append("")
        rows = self._fact_rows("workers", run.workers)
        kinds = {suite.kind.kind for suite in suites}
        if "e2e" in kinds and len(kinds) > 1:
            rows += self._fact_rows("e2eWorkers", run.e2e_workers)
        return lines + _table(rows, self.style)

    def suite(self, suite: Suite) -> tuple[list[str], list[str]]:
        """One suite: what it is; its facts, what has no effect, what is open, what is assumed."""
        installed = suite.installed
        version = installed.version or installed.range or ""
        runner = f"{suite.runner} {self.style.clean(version)}".rstrip()
        where = self._places(installed.at)
        lines = self._heading(suite_id(suite.config, suite.key), suite)
        lines.append(f"  {_KINDS[suite.kind.kind]}{self._because(suite)}")
        source = _SOURCES[installed.source]
        if installed.source == "manifest" and _EXACT.fullmatch(version):
            source = "as package.json says"
        lines += self._wrapped(f"{runner}, {source}{f' ({where})' if where else ''}", 2)
        lines += self._invoked(suite)
        if suite.root_config is not None and suite.root_config != suite.file:
            lines.append(f"  run by {self.style.told(suite.root_config)}")
        if len(suite.profiles) < len(_ENVIRONMENTS):
            only = {"local": "only locally", "ci": "only in CI"}[next(iter(suite.profiles))]
            lines.append(f"  {only}")
        unknown = _unknown_everywhere(suite)
        body = self._facts(suite, unknown) + self._settings(suite)
        return lines, body + self._open(unknown) + self._assumed(suite)

    def same(self, other: Suite) -> list[str]:
        """That a suite does what another one does."""
        heading = " ".join(" ".join(_heading(suite_id(other.config, other.key), other)).split())
        return self._wrapped(f"does the same as {self.style.told(heading)}", 2)

    def _heading(self, name: str, suite: Suite) -> list[str]:
        """What a block is about: the config or project, and what runs it so."""
        lines = (self._wrapped(self.style.told(one), 0) for one in _heading(name, suite))
        return [self.style.bold(line) for part in lines for line in part]

    def _because(self, suite: Suite) -> str:
        """What speaks for the kind of a suite."""
        signals = {signal: span for signal, _, span in suite.kind.because}
        if "settings" in signals:
            return f" (as {self._places((signals['settings'],))} says)"
        return f" (by its {', '.join(signals).replace('-', ' ')})" if signals else ""

    def _invoked(self, suite: Suite) -> list[str]:
        """Which script or step runs it so, or changes nothing about it."""
        lines: list[str] = []
        if suite.invocation is not None:
            places = self._places(suite.invocation.chain[:1])
            lines.append("  the command:")
            command = " ".join(word.text or "…" for word in suite.invocation.argv)
            lines += self._wrapped(self.style.clean(f"{suite.runner} {command}"), 4)
            lines.append(f"      {self.style.dim(places)}")
        for one in {(one.title, one.chain[-1:]): one for one in suite.same_as}.values():
            places = self._places(one.chain[-1:])
            lines += self._wrapped(f"also run by {self.style.told(one.title)} ({places})", 2)
        if not suite.judged:
            lines.append("  never run as written: only as below")
        return lines

    def note(self, head: str, message: str, at: Origin) -> list[str]:
        """A note or problem, with its place on a line of its own."""
        first, *rest = self._wrapped(f"{head}{self.style.told(message, 2000)}", 0)
        told = [f"{self.style.bold(head)}{first[len(head) :]}", *(f"  {line}" for line in rest)]
        return told + [f"  {self.style.dim(place)}" for place in self._chain(at[:1])]

    # -- the parts of a suite --------------------------------------------------------------------

    def _facts(self, suite: Suite, unknown: dict[str, UnknownFact]) -> list[str]:
        rows: list[_Row] = []
        for name in dict.fromkeys(name for one in suite.profiles.values() for name in one.facts):
            if name == "outcome" and all(_plain_run(one) for one in suite.profiles.values()):
                continue
            if name not in unknown:
                facts = {
                    environment: profile.facts.get(name)
                    for environment, profile in suite.profiles.items()
                }
                rows += self._fact_rows(name, facts)
        return _table(rows, self.style) + self._reasons(suite)

    def _reasons(self, suite: Suite) -> list[str]:
        """Why it refuses to start, or runs nothing, where it does."""
        notes = dict.fromkeys(note for one in suite.profiles.values() for note in one.reasons)
        return self._section("why it does not run", notes)

    def _settings(self, suite: Suite) -> list[str]:
        entries = settings_of(suite)
        written = [entry for entry in entries if entry.scope is None]
        calls = [entry for entry in entries if entry.scope is not None]
        lines: list[str] = []
        for title, told in (("written, but", written), ("in its test files", calls)):
            if told:
                lines += ["", f"  {self.style.bold(title)}"]
            for entry in told:
                lines += self._setting(entry, suite)
        return lines

    def _setting(self, entry: SettingEntry, suite: Suite) -> list[str]:
        everywhere = len(entry.environments) == len(suite.profiles)
        only = "" if everywhere else f" ({_ENVIRONMENTS[entry.environments[0]]} only)"
        condition = condition_text(entry.when)
        if entry.scope is None:
            head = f"{entry.setting.removeprefix('test.')}: {_shown(entry.value)}"
            told = f"{entry.effect}{condition}{only}: {entry.reason}"
        else:
            head = f"{entry.setting}: {_shown(entry.value)}"
            told = f"{entry.reason}{condition}{only}"
        wrapped = self._wrapped(f"{self.style.told(head)}  {self.style.clean(told, 1000)}", 4)
        places = [
            self._places(entry.at),
            *(self._places((span,)) for span in entry.elsewhere[:_MOST_PLACES]),
        ]
        if len(entry.elsewhere) > _MOST_PLACES:
            places.append(f"and {len(entry.elsewhere) - _MOST_PLACES} more places")
        return wrapped + [f"      {self.style.dim(place)}" for place in places]

    def _open(self, unknown: dict[str, UnknownFact]) -> list[str]:
        """What is not known in any case, each reason once."""
        by_reason: dict[tuple[str, Origin], list[str]] = {}
        for name, fact in unknown.items():
            by_reason.setdefault((fact.reason, fact.at), []).append(_NAMES.get(name, name))
        notes = [Note(f"{', '.join(names)}: {why}", at) for (why, at), names in by_reason.items()]
        return self._section("not known", notes)

    def _assumed(self, suite: Suite) -> list[str]:
        notes = dict.fromkeys(
            note for profile in suite.profiles.values() for note in profile.assumptions
        )
        return self._section("assumed", notes)

    def _section(self, title: str, notes: Iterable[Note]) -> list[str]:
        lines: list[str] = []
        for note in notes:
            lines += self._wrapped(self.style.told(note.message, 2000), 4)
            lines += [f"      {self.style.dim(place)}" for place in self._chain(note.at)]
        return ["", f"  {self.style.bold(title)}", *lines] if lines else []

    # -- one fact ---------------------------------------------------------------------------------

    def _fact_rows(self, name: str, facts: Mapping[str, Fact | None]) -> list[_Row]:
        """The lines of one fact: one for each environment and case, named in the first."""
        told = {environment: self._told(name, fact) for environment, fact in facts.items()}
        if len(told) == len(_ENVIRONMENTS) and told["local"] == told["ci"]:
            told = {"": told["local"]}
        rows: list[_Row] = []
        for environment, cases in told.items():
            for index, (value, places) in enumerate(cases):
                label = "" if rows else _NAMES.get(name, name)
                shown = _ENVIRONMENTS.get(environment, "") if index == 0 else ""
                rows.append(_Row(label, shown, value, places))
        return rows

    def _told(self, name: str, fact: Fact | None) -> list[tuple[str, list[str]]]:
        """(value, places) of a fact; one for each case it has."""
        if fact is None:
            return [("not in this version", [])]
        if not isinstance(fact, OneOfFact):
            return [(self._value(name, fact), self._from(fact))]
        told: dict[str, tuple[list[str], list[str]]] = {}
        for case in fact.cases:
            condition = self.style.told(condition_text(case.when).strip()) or "otherwise"
            conditions, places = told.setdefault(self._value(name, case.fact), ([], []))
            conditions.append(condition)
            places += self._from(case.fact)
        return [
            (f"{value} {', and '.join(conditions)}", list(dict.fromkeys(places)))
            for value, (conditions, places) in told.items()
        ]

    def _value(self, name: str, fact: SimpleFact) -> str:
        match fact:
            case KnownFact(value):
                if isinstance(value, bool):
                    return "yes" if value else "no"
                if name == "outcome":
                    return str(value).replace("-", " ")
                if name == "retries" and isinstance(value, float):
                    attempts = number(value + 1)
                    return f"{number(value)} ({attempts} attempt{'' if attempts == 1 else 's'})"
                return milliseconds(number(value)) if name.endswith("Ms") else str(number(value))
            case RangeFact(expression):
                size = self.cpus or REFERENCE_CPUS
                return f"{expression} ({number(expression.at(size))} on {size} CPUs)"
            case UnknownFact(reason):
                return f"unknown: {self.style.told(reason)}"

    def _from(self, fact: SimpleFact) -> list[str]:
        if fact.origin == "default" and not fact.at:
            return ["default"]
        return self._chain(fact.at)

    def _chain(self, at: Origin) -> list[str]:
        """Where a value is used and where it is written, clickable."""
        spans = dict.fromkeys((*at[:1], *at[-1:]))
        return [location(span, self.read(span.file), self.style) for span in spans]

    def _places(self, at: Origin) -> str:
        return " <- ".join(self._chain(at))

    def _wrapped(self, text: str, indent: int) -> list[str]:
        """A text in lines of the terminal's width; what goes on stands two columns deeper."""
        first, *rest = wrap(text, self.style.width - indent - 2)
        return [f"{' ' * indent}{first}", *(f"{' ' * (indent + 2)}{line}" for line in rest)]


def _heading(name: str, suite: Suite) -> list[str]:
    """The lines of a heading: `suite` is or leads what runs."""
    config = suite.config if name.partition("@")[0] == suite.config else name
    return (
        [config] if suite.invocation is None else [f"{config}, as {suite.invocation.title} runs it"]
    )


def _unknown_everywhere(suite: Suite) -> dict[str, UnknownFact]:
    """The facts that are unknown for one and the same reason in every environment."""
    first, *others = suite.profiles.values()
    return {
        name: fact
        for name, fact in first.facts.items()
        if isinstance(fact, UnknownFact)
        and all(
            isinstance(other := profile.facts.get(name), UnknownFact)
            and other.reason == fact.reason
            for profile in others
        )
    }


def _table(rows: list[_Row], style: Style) -> list[str]:
    """The rows in columns; further places of a value stand below its first."""
    label = max((display_width(row.label) for row in rows), default=0)
    environment = max((len(row.environment) for row in rows), default=0)
    gap = "  " if environment else ""
    value = min(_VALUE_WIDTH, max((display_width(row.value) for row in rows), default=0))
    if style.width < _WIDTH_OF_TABLE:
        return _stacked(rows, style, environment)
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


def _stacked(rows: list[_Row], style: Style, environment: int) -> list[str]:
    """The same for a narrow terminal: the name of a fact, its values below, then their places."""
    lines: list[str] = []
    for row in rows:
        if row.label:
            lines.append(f"  {row.label}")
        head = f"    {row.environment:<{environment}}  " if environment else "    "
        first, *rest = wrap(row.value, style.width - len(head))
        lines += [f"{head}{first}", *(f"{' ' * len(head)}{part}" for part in rest)]
        for index, place in enumerate(row.places):
            shown = f"<- {place}" if index else place
            # A place is never broken, so that it can be clicked: it moves to the left instead.
            indent = max(2, min(len(head) + 2, style.width - display_width(shown)))
            lines.append(f"{' ' * indent}{style.dim(shown)}")
    return lines


def _plain_run(profile: Profile) -> bool:
    outcome = profile.facts["outcome"]
    return isinstance(outcome, KnownFact) and outcome.value == "runs"


def _shown(value: object) -> str:
    import json

    if isinstance(value, dict) and set(value) == {"expression"}:
        return str(value["expression"])
    return json.dumps(value)
