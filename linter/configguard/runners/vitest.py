"""vitest: an evaluated config and a version to a profile."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from configguard.evaluate import calls
from configguard.evaluate.configs import Config
from configguard.evaluate.constraints import UNDECIDED
from configguard.evaluate.cpus import CpuExpression, Operand, value_at
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
from configguard.evaluate.worlds import Assumptions, Case, CpusAtLeast, Environment
from configguard.runners.profile import (
    Fact,
    FactCase,
    KnownFact,
    Note,
    Profile,
    RangeFact,
    SettingEntry,
    SimpleFact,
    UnknownFact,
    When,
    combined,
)
from configguard.runners.settings import Reading, Settings
from configguard.runners.table import Situation, meaning, shown, table_of
from configguard.runners.versions import matches
from configguard.runners.vitest_workers import Workers, names, pool_of, workers
from configguard.source.span import Origin, Span

RUNNER = "vitest"
OWN_VARIABLES = {"VITEST": "true", "TEST": "true", "NODE_ENV": "test"}
"""What vitest itself sets before it loads the config (measured on 0.34 to 5.1)."""
_OVERRIDES = ("VITEST_MAX_THREADS", "VITEST_MIN_THREADS", "VITEST_MAX_FORKS", "VITEST_MIN_FORKS")
LOCAL = Environment("local", {**OWN_VARIABLES, "CI": None})
CI = Environment("ci", {**OWN_VARIABLES, "CI": "true"}, "linux")
ENVIRONMENTS = (LOCAL, CI)

RUNS, NOTHING, REFUSES = "runs", "runs-nothing-and-passes", "refuses-to-start"
_MOST_CPUS = 256
_LONGEST_TIMER = 2_147_483_647


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
        for flag in ("isSsrBuild", "isPreview", "ssrBuild"):
            argument.set(flag, Entry(Known(False), place))
        value = settled(calls.call_function(machine, value, [argument], place))
    if isinstance(value, Known | Cpus):
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
        for name, answer in _FACTS.items():
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
            self._settings[key] = Settings(machine, value, self.table, situation)
        return self._settings[key]

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
            return _outcomes(settings)

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
        cases = self.config.ask(lambda machine, value: _entries(self.settings(machine, value)))
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
            readings = _readings(self.settings(machine, value))
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


def _outcomes(settings: Settings) -> list[tuple[Assumptions, SimpleFact, str]]:
    """(CPU condition, outcome, reason) for one world; one item where CPUs do not matter."""
    unclear: UnknownFact | None = None
    for reading in _readings(settings):
        ruled = settings.ruling(reading)
        if ruled.effect == "throws":
            return [((), KnownFact(REFUSES, "config", reading.at), ruled.reason)]
        if ruled.effect == "runs-nothing":
            return [((), KnownFact(NOTHING, "config", reading.at), ruled.reason)]
        if ruled.effect is None and unclear is None:
            unclear = UnknownFact(ruled.reason, "config", reading.at)
    if unclear is not None:
        return [((), unclear, "")]
    found = workers(settings)
    if isinstance(found, Unknown):
        # The count is open, but nothing that is written keeps vitest from starting.
        return [((), KnownFact(RUNS, "default"), "")]
    inspected = _inspected(settings, found)
    if inspected is not None:
        return [inspected]
    return _by_cpus(settings, found)


def _inspected(settings: Settings, found: Workers) -> tuple[Assumptions, SimpleFact, str] | None:
    for setting in ("test.inspect", "test.inspectBrk"):
        on, reading = settings.on(setting)
        if reading is None or on is False or found.most == 1.0:
            continue
        if isinstance(on, Unknown):
            return (), UnknownFact(on.reason, "config", reading.at), ""
        reason = f"{setting} is on while test files run in parallel, which vitest refuses"
        return (), KnownFact(REFUSES, "config", reading.at), reason
    return None


def _by_cpus(settings: Settings, found: Workers) -> list[tuple[Assumptions, SimpleFact, str]]:
    stretches: list[tuple[int, str, str]] = []
    for cpus in range(1, _MOST_CPUS + 1):
        outcome, reason = _at(settings, found, cpus)
        if not stretches or stretches[-1][1] != outcome:
            stretches.append((cpus, outcome, reason))
        if not isinstance(found.most, CpuExpression) and not isinstance(found.least, CpuExpression):
            break
    results: list[tuple[Assumptions, SimpleFact, str]] = []
    for index, (first, outcome, reason) in enumerate(stretches):
        when: list[tuple[CpusAtLeast, bool]] = []
        if first > 1:
            when.append((CpusAtLeast(first), True))
        if index + 1 < len(stretches):
            when.append((CpusAtLeast(stretches[index + 1][0]), False))
        decider = found.decider or found.least_decider
        at = decider.at if decider is not None and outcome != RUNS else ()
        fact = KnownFact(outcome, "config" if at else "default", at)
        results.append((tuple(when), fact, reason))
    return results


def _at(settings: Settings, found: Workers, cpus: int) -> tuple[str, str]:
    """The outcome on a machine of so many CPUs, and why where it does not run."""
    version = settings.table.version
    most = value_at(found.most, cpus)
    # A stretch has one reason: that of its smallest machine, so it names no count of its own.
    if matches(version, "<4") and found.conflicts(cpus):
        if found.least_decider is not None:
            least = f"{found.least_decider.setting.split('.')[-1]} is"
        else:
            least = "the least number of workers, by default one less than the CPUs, is"
        top = found.most if isinstance(found.most, CpuExpression) else f"{most:g}"
        return REFUSES, f"{least} above the maximum of {top}, and vitest ends with a RangeError"
    if most >= 1:
        return RUNS, ""
    if matches(version, ">=4") or most == 0:
        return NOTHING, f"a maximum of {most:g} workers runs no test file and passes"
    return REFUSES, f"a maximum of {most:g} workers ends the run: RangeError"


def _readings(settings: Settings) -> list[Reading]:
    found = (settings.written(setting) for setting in settings.table.rows)
    return [reading for reading in found if reading is not None and reading.entry is not None]


def _entries(settings: Settings) -> list[SettingEntry]:
    entries: list[SettingEntry] = []
    for reading in _readings(settings):
        ruled = settings.ruling(reading)
        if ruled.effect not in (None, "sets"):
            entries.append(
                _entry(settings, reading, str(ruled.effect), ruled.reason, ruled.removes)
            )
    found = workers(settings)
    if isinstance(found, Unknown):
        return entries
    decider = found.decider or found.least_decider
    if decider is None:
        return entries
    for when, fact, reason in _by_cpus(settings, found):
        if isinstance(fact, KnownFact) and fact.value != RUNS:
            effect = "throws" if fact.value == REFUSES else "runs-nothing"
            entry = _entry(settings, decider, effect, reason, None)
            entries.append(entry._replace(when=When(when)))
    return entries


def _entry(
    settings: Settings, reading: Reading, effect: str, reason: str, removes: str | None
) -> SettingEntry:
    row = settings.table.rows[reading.setting]
    lowers, means, idle = meaning(row, reading.value)
    value = shown(reading.value)
    would = row.entry.get("would")
    return SettingEntry(
        reading.setting,
        value,
        effect,
        reason,
        would,
        reading.at,
        lowers=lowers,
        means=means,
        idle=idle,
        removes=removes,
        via=reading.via,
    )


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


Answer = Callable[[Settings], SimpleFact | None]


def _workers(settings: Settings) -> SimpleFact:
    found = workers(settings)
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    running = [cpus for cpus in range(1, _MOST_CPUS + 1) if _at(settings, found, cpus)[0] == RUNS]
    if not running:
        return UnknownFact("it does not run with this number of workers", "config", found.at)
    if not isinstance(found.most, CpuExpression):
        return KnownFact(found.most, found.origin, found.at)
    last = math.inf if running[-1] == _MOST_CPUS else float(running[-1])
    return RangeFact(found.most, found.origin, found.at, float(running[0]), last)


def _number_fact(
    settings: Settings, setting: str, read: Callable[[float], Operand | str | None]
) -> SimpleFact:
    """A fact that is one number of the config: as `read` takes it; None is not measured."""
    reading = settings.counting(setting)
    if reading is None:
        default = settings.default(setting)
        assert isinstance(default, int | float), f"{setting} has no default"
        taken = read(float(default))
        assert taken is not None and not isinstance(taken, CpuExpression)
        return KnownFact(taken, "default")
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        taken = read(reading.value.value)
        if taken is not None and not isinstance(taken, CpuExpression):
            return KnownFact(taken, "config", reading.at)
    return _not_plain(reading)


def _not_plain(reading: Reading) -> UnknownFact:
    reason = reading.unknown
    if reason is None and isinstance(reading.value, Known):
        reason = f"what {reading.setting} does with this value was never measured"
    return UnknownFact(reason or f"{reading.setting} is no plain number", "config", reading.at)


def _retries(settings: Settings) -> SimpleFact:
    if isinstance(settings.default("test.retry"), int) and matches(settings.table.version, "<1"):
        return KnownFact(0.0, "default")
    reading = settings.counting("test.retry")
    if reading is not None and isinstance(reading.value, Obj):
        if matches(settings.table.version, "<4.1"):
            return KnownFact(0.0, "config", reading.at)
        return _count_of_object(settings, reading)
    return _number_fact(settings, "test.retry", _attempts)


def _attempts(number: float) -> float | str | None:
    if math.isinf(number) and number > 0:
        return "unlimited"
    if math.isnan(number):
        return None
    return float(max(0, math.floor(number)))


def _count_of_object(settings: Settings, reading: Reading) -> SimpleFact:
    count = settings.written("test.retry.count")
    if count is None:
        return KnownFact(0.0, "config", reading.at)
    if isinstance(count.value, Known) and isinstance(count.value.value, float):
        taken = _attempts(count.value.value)
        if taken is not None:
            return KnownFact(taken, "config", count.at)
    return _not_plain(count)


def _retry_delay(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<4.1"):
        return None
    reading = settings.written("test.retry.delay")
    if reading is None:
        return KnownFact(0.0, "default")
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        return KnownFact(reading.value.value, "config", reading.at)
    return _not_plain(reading)


def _repeats(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<5"):
        return None
    return _number_fact(
        settings, "test.repeats", lambda n: n if n >= 0 and n.is_integer() else None
    )


def _timeout(number: float) -> float | str | None:
    """Zero, less, and Infinity set no timer; too large a number overflows it to 1 ms."""
    if number <= 0 or math.isinf(number):
        return "none"
    if math.isnan(number):
        return None
    return 1.0 if number > _LONGEST_TIMER else number


def _timeout_fact(setting: str) -> Answer:
    def answer(settings: Settings) -> SimpleFact:
        if settings.counting(setting) is None:
            on, reading = settings.on("test.browser.enabled")
            longer = settings.table.rows[setting].row.get("browser-default")
            if isinstance(on, Unknown):
                at = reading.at if reading is not None else ()
                return UnknownFact(f"it depends on browser mode: {on.reason}", "default", at)
            if on and longer is not None:
                return KnownFact(float(longer), "default")
        return _number_fact(settings, setting, _timeout)

    return answer


def _bail(settings: Settings) -> SimpleFact:
    if matches(settings.table.version, "<1"):
        return KnownFact("none", "default")

    def read(number: float) -> float | str | None:
        if number == 0:
            return "none"
        return number if number >= 1 and number.is_integer() else None

    return _number_fact(settings, "test.bail", read)


def _test_concurrency(settings: Settings) -> SimpleFact:
    concurrent, reading = settings.on("test.sequence.concurrent")
    if isinstance(concurrent, Unknown):
        at = reading.at if reading is not None else ()
        return UnknownFact(concurrent.reason, "config", at)
    if not concurrent:
        if reading is None:
            return KnownFact(1.0, "default")
        return KnownFact(1.0, "config", reading.at)
    limit = _number_fact(settings, "test.maxConcurrency", _concurrency)
    if isinstance(limit, KnownFact) and limit.origin == "default":
        assert reading is not None  # the default is off
        return KnownFact(limit.value, "config", reading.at)
    return limit


def _concurrency(number: float) -> float | None:
    if number == 0:
        return 5.0
    return number if number >= 1 and number.is_integer() else None


_FACTS: dict[str, Answer] = {
    "workers": _workers,
    "testConcurrency": _test_concurrency,
    "retries": _retries,
    "retryDelayMs": _retry_delay,
    "repeats": _repeats,
    "testTimeoutMs": _timeout_fact("test.testTimeout"),
    "hookTimeoutMs": _timeout_fact("test.hookTimeout"),
    "globalTimeoutMs": lambda settings: KnownFact("none", "default"),
    "maxFailures": _bail,
}


def is_suite(machine: Machine, value: Value) -> bool | None:
    """Whether a vite config holds tests: it has a `test` key; None where that is unknown."""
    del machine
    if not isinstance(value, Obj):
        return None if isinstance(value, Unknown | Builtin) else False
    entry = value.entry("test")
    if entry is None:
        return None if value.more is not None else False
    return not isinstance(entry.value, Known) or truthy(entry.value.value)
