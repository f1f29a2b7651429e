"""vitest: an evaluated config and a version to a profile."""

from __future__ import annotations

from typing import NamedTuple

from configguard.evaluate import calls
from configguard.evaluate.configs import Config
from configguard.evaluate.constraints import UNDECIDED
from configguard.evaluate.files import is_es_module
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Cpus,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.evaluate.worlds import Assumptions, Case, Environment
from configguard.runners.profile import (
    Fact,
    FactCase,
    KnownFact,
    Note,
    Profile,
    SettingEntry,
    SimpleFact,
    UnknownFact,
    When,
    combined,
)
from configguard.runners.settings import Settings
from configguard.runners.table import Situation, table_of
from configguard.runners.versions import matches
from configguard.runners.vitest_facts import FACTS, Answer
from configguard.runners.vitest_outcome import REFUSES, entries_of, outcomes_of, readings_of
from configguard.runners.vitest_workers import names, pool_of
from configguard.source.span import Origin, Span

RUNNER = "vitest"
OWN_VARIABLES = {"VITEST": "true", "TEST": "true", "NODE_ENV": "test"}
"""What vitest itself sets before it loads the config (measured on 0.34 to 5.1)."""
LOCAL = Environment("local", {**OWN_VARIABLES, "CI": None})
CI = Environment("ci", {**OWN_VARIABLES, "CI": "true"}, "linux")
ENVIRONMENTS = (LOCAL, CI)


class Surroundings(NamedTuple):
    """What lies beside the config: a workspace file that this vitest would read."""

    workspace_file: str | None = None


def resolve(machine: Machine, exported: Value) -> Value:
    """The object that vitest reads: function configs called, promises awaited. Raises Thrown."""
    value = settled(exported)
    if isinstance(value, Func):
        place = value.origin[0] if value.origin else Span("", 0, 0)
        given = {"mode": "test", "command": "serve"}
        argument = Obj({key: Entry(Known(text), place) for key, text in given.items()})
        for flag in ("isSsrBuild", "isPreview"):
            argument.set(flag, Entry(Known(False), place))
        value = settled(calls.call_function(machine, value, [argument], place))
    if isinstance(value, Obj) and value.entry("then") is not None:
        return Unknown("a promise made by hand is not evaluated", value.origin)
    main = next(iter(machine.modules.values()), None)
    if main is not None and main.exports_nothing and not is_es_module(machine.workspace, main.file):
        return Obj({})  # CommonJS: `module.exports` is there without being assigned (measured)
    if isinstance(value, Known | Cpus | Arr | Func):
        calls.throw(
            "config must export or return an object", value.origin[0] if value.origin else None
        )
    return value


class Model:
    """One config in one environment and version, asked fact by fact."""

    def __init__(self, config: Config, version: str, around: Surroundings) -> None:
        self.config = config
        self.version = version
        self.around = around
        self.table = table_of(RUNNER, version)
        self._settings: dict[int, Settings] = {}

    def profile(self) -> Profile:
        """Everything that is known of the suite."""
        facts: dict[str, Fact] = {}
        outcome, reasons = self._outcome()
        facts["outcome"] = outcome
        for name, answer in FACTS.items():
            fact = self._fact(answer)
            if fact is not None:
                facts[name] = fact
        written = self._written()
        return Profile(
            facts,
            self._entries(),
            self._anchor(),
            {setting: via for setting, via in written.items() if via},
            reasons,
            self._assumptions(),
            self._notes("notices"),
            self._names(),
            frozenset(written),
        )

    def settings(self, machine: Machine, value: Value) -> Settings:
        """The settings in one machine's world."""
        key = id(machine)
        if key not in self._settings:
            self._refuse_common_in_es_module(machine)
            self._settings[key] = Settings(machine, value, self.table, situation)
        return self._settings[key]

    def _refuse_common_in_es_module(self, machine: Machine) -> None:
        """Before vitest 4, `module.exports` in an ES module throws (measured). Raises Thrown."""
        main = next(iter(machine.modules.values()), None)
        if main is None or not main.assigns_common or not matches(self.version, "<4"):
            return
        if is_es_module(machine.workspace, main.file):
            calls.throw("module is not defined in ES module scope", self.config.place)

    def _ask(self, answer: Answer) -> list[Case[SimpleFact | None]]:
        """A fact's cases; those in which the config throws are left out."""

        def question(machine: Machine, value: Value) -> SimpleFact | None:
            settings = self.settings(machine, value)
            blocked = self._blocked(settings)
            return blocked if blocked is not None else answer(settings)

        found: list[Case[SimpleFact | None]] = []
        for case in self.config.ask(question):
            if isinstance(case.answer, Thrown):
                continue
            if isinstance(case.answer, Unknown):
                unknown = UnknownFact(case.answer.reason, "config", case.answer.origin)
                found.append(Case(case.when, unknown))
            else:
                found.append(Case(case.when, case.answer))
        return found

    def _fact(self, answer: Answer) -> Fact | None:
        cases = self._ask(answer)
        if not cases:
            return UnknownFact("the config throws while it is loaded", "config", ())
        known = [
            FactCase(When(case.when), case.answer) for case in cases if case.answer is not None
        ]
        return combined(known) if known else None

    def _blocked(self, settings: Settings) -> UnknownFact | None:
        """Configs with projects: what they do is not worked out from the root alone."""
        if isinstance(settings.value, Unknown):
            return UnknownFact(settings.value.reason, "config", settings.value.origin)
        if isinstance(settings.value, Builtin):
            return UnknownFact(f"{settings.value.path} is not evaluated", "config", ())
        for setting in ("test.projects", "test.workspace"):
            reading = settings.counting(setting)
            if reading is None or settings.ruling(reading).effect != "sets":
                continue
            if reading.entry is None:
                # Something unknown is spread into the config; it hardly ever brings projects.
                place = reading.at[0] if reading.at else self.config.place
                settings.machine.assume("what is unknown here is assumed to set no projects", place)
                continue
            reason = reading.unknown or f"{setting} is set, and projects are not evaluated yet"
            return UnknownFact(reason, "config", reading.at)
        if self.around.workspace_file is not None and matches(self.version, "<4"):
            file = self.around.workspace_file
            reason = f"{file} splits the run into projects, which are not evaluated yet"
            return UnknownFact(reason, "config", (Span(file, 0, 0),))
        return None

    def _outcome(self) -> tuple[Fact, tuple[Note, ...]]:
        """What happens at start, by world and CPU count, and why where it does not run."""

        def question(machine: Machine, value: Value) -> list[tuple[Assumptions, SimpleFact, str]]:
            settings = self.settings(machine, value)
            blocked = self._blocked(settings)
            if blocked is not None:
                return [((), blocked, "")]
            return outcomes_of(settings)

        cases: list[FactCase] = []
        reasons: list[Note] = []
        for case in self.config.ask(question):
            if isinstance(case.answer, Unknown):
                fact = UnknownFact(case.answer.reason, "config", case.answer.origin)
                cases.append(FactCase(When(case.when), fact))
            elif isinstance(case.answer, Thrown):
                at = (case.answer.span,) if case.answer.span is not None else ()
                cases.append(FactCase(When(case.when), KnownFact(REFUSES, "config", at)))
                reasons.append(Note(f"the config throws: {case.answer.text}", at))
            else:
                for more, answer, reason in case.answer:
                    cases.append(FactCase(When((*case.when, *more)), answer))
                    if reason:
                        reasons.append(Note(reason, answer.at))
        return combined(cases), tuple(dict.fromkeys(reasons))

    def _entries(self) -> tuple[SettingEntry, ...]:
        """The settings that do not plainly do what they say; with a condition where not always."""
        cases = self.config.ask(lambda machine, value: entries_of(self.settings(machine, value)))
        answered = [case for case in cases if isinstance(case.answer, list)]
        everywhere = len(cases)
        seen: dict[tuple[object, ...], list[tuple[Assumptions, SettingEntry]]] = {}
        for case in answered:
            assert isinstance(case.answer, list)
            for entry in case.answer:
                key = (entry.setting, entry.effect, entry.at[:1], entry.when)
                seen.setdefault(key, []).append((case.when, entry))
        found: list[SettingEntry] = []
        for where in seen.values():
            assumptions, entry = where[0]
            when = When() if len(where) == everywhere else When(assumptions)
            joined = When((*when.assumptions, *entry.when.assumptions))
            found.append(entry._replace(when=joined))
        return tuple(found)

    def _anchor(self) -> Origin:
        """Where a missing setting would stand: the `test` key, else the config's object."""
        file = self.config.parsed.document.file

        def question(machine: Machine, value: Value) -> Origin:
            del machine
            if not isinstance(value, Obj):
                return ()
            entry = value.entry("test")
            if entry is not None and entry.key.file == file:
                return (entry.key,)
            own = [site for site in value.sites if site.file == file]
            return tuple(Span(file, site.start, site.start + 1) for site in own[-1:])

        answers = [case.answer for case in self.config.ask(question)]
        places = [answer for answer in answers if isinstance(answer, tuple) and answer]
        return places[0] if places else (self.config.place,)

    def _written(self) -> dict[str, Origin]:
        """The settings that are written, and through which spreads and merges each came in."""

        def question(machine: Machine, value: Value) -> dict[str, Origin]:
            readings = readings_of(self.settings(machine, value))
            return {reading.setting: reading.via for reading in readings}

        found: dict[str, Origin] = {}
        for case in self.config.ask(question):
            if isinstance(case.answer, dict):
                found.update(case.answer)
        return found

    def _names(self) -> dict[str, str]:
        """What placeholders of spellings stand for, in the usual world."""
        cases = self.config.ask(lambda machine, value: spelled(self.settings(machine, value)))
        answers = [case.answer for case in cases if isinstance(case.answer, dict)]
        return answers[0] if answers else {"pool": "threads", **names("threads")}

    def _assumptions(self) -> tuple[Note, ...]:
        self.config.ask(_note_plugins)
        return self._notes("assumptions")

    def _notes(self, kind: str) -> tuple[Note, ...]:
        notes = [note for machine in self.config.machines for note in getattr(machine, kind)]
        return tuple(dict.fromkeys(Note(note.message, (note.span,)) for note in notes))


def situation(settings: Settings) -> Situation:
    """What rows of the table ask about: the pool."""
    pool = pool_of(settings)
    return {"pool": pool if isinstance(pool, str) else UNDECIDED}


def spelled(settings: Settings) -> dict[str, str]:
    """The names that spellings use as placeholders in this config."""
    pool = pool_of(settings)
    plain = pool if isinstance(pool, str) else "threads"
    return {"pool": plain, **names(plain)}


def _note_plugins(machine: Machine, value: Value) -> None:
    """Plugins may change any setting; those of packages are assumed not to."""
    if not isinstance(value, Obj):
        return
    entry = value.entry("plugins")
    if entry is None or (isinstance(entry.value, Known) and entry.value.value is UNDEFINED):
        return
    if isinstance(entry.value, Arr) and not entry.value.items and entry.value.more is None:
        return
    machine.assume("plugins are assumed not to change load settings", entry.key)


def is_suite(machine: Machine, value: Value) -> bool | None:
    """Whether a vite config holds tests: it has a `test` key; None where that is unknown."""
    del machine
    if not isinstance(value, Obj):
        return None if isinstance(value, Unknown | Builtin) else False
    entry = value.entry("test")
    if entry is None:
        return None if value.more is not None else False
    return not isinstance(entry.value, Known) or truthy(entry.value.value)
