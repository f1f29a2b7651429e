"""One config in one environment and version to profiles: one for each suite that it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.values import Builtin, Obj, Unknown, Value
from configguard.evaluate.worlds import Assumptions, Case
from configguard.runners.profile import (
    Fact,
    FactCase,
    KnownFact,
    Note,
    OneOfFact,
    Profile,
    SettingEntry,
    SimpleFact,
    UnknownFact,
    When,
    combined,
    holding,
)
from configguard.runners.runner import (
    REFUSES,
    Answer,
    Key,
    Member,
    Members,
    Outcome,
    Runner,
    Surroundings,
    View,
)
from configguard.runners.table import table_of
from configguard.source.span import Origin, Span

T = TypeVar("T")
ITSELF = Key()


class _Absent(Exception):
    """The suite that is asked about does not exist in this world."""


class Model:
    """One config in one environment and version, asked suite by suite and fact by fact."""

    def __init__(self, runner: Runner, config: Config, version: str, around: Surroundings) -> None:
        self.runner = runner
        self.config = config
        self.version = version
        self.around = around
        self.table = table_of(runner.name, version)
        self._members: dict[int, Members] = {}

    def suite_keys(self) -> list[Key]:
        """The suites that the config runs in any world; itself where none of them is known."""
        cases = self.config.ask(
            lambda machine, value: [one.key for one in self.members(machine, value).suites]
        )
        answers = [case.answer for case in cases if isinstance(case.answer, list)]
        return list(dict.fromkeys(key for keys in answers for key in keys)) or [ITSELF]

    def members(self, machine: Machine, value: Value) -> Members:
        """The suites in one machine's world. Raises Fork, Thrown."""
        known = id(machine)
        if known not in self._members:
            view = View(machine, value, self.table, self.around, self.config.place)
            self._members[known] = self.runner.members(view)
        return self._members[known]

    def member(self, machine: Machine, value: Value, key: Key) -> Member | None:
        """One suite in one machine's world; None where it does not exist there."""
        found = self.members(machine, value).suites
        return next((member for member in found if member.key == key), None)

    def profile(self, key: Key) -> Profile | None:
        """Everything that is known of one suite; None where no world of this environment has it."""
        outcome, reasons = self._outcome(key)
        if outcome is None:
            return None
        facts: dict[str, Fact] = {"outcome": outcome}
        for name, answer in self.runner.facts.items():
            fact = self._fact(key, answer)
            if fact is not None:
                facts[name] = fact
        written = self._written(key)
        return Profile(
            facts,
            self._entries(key),
            self._anchor(key),
            {setting: via for setting, via in written.items() if via},
            reasons,
            self._assumptions(),
            (*self._notes("notices"), *self._open_members()),
            self._names(key),
            frozenset(written),
        )

    def named(self, key: Key) -> Origin:
        """Where the name of a project is written."""
        answers = self._answers(key, lambda member: member.named)
        return next((origin for origin in answers if origin), ())

    def together(self, keys: Sequence[Key]) -> Fact | None:
        """Most test files at one time over several suites of the run."""

        def question(machine: Machine, value: Value) -> SimpleFact | None:
            members = [one for one in self.members(machine, value).suites if one.key in keys]
            for member in members:
                if member.unknown is not None:
                    return UnknownFact(member.unknown.reason, "config", member.unknown.origin)
            return self.runner.together(members) if members else KnownFact(0.0, "default")

        return self._told(self.config.ask(question), everywhere=True)

    # -- one question to one suite, in each world ------------------------------------------------

    def _ask(
        self, key: Key, question: Callable[[Member], T]
    ) -> tuple[list[Case[T | Thrown | Unknown]], bool]:
        """The answers in the worlds that have the suite, and whether all worlds have it."""

        def asked(machine: Machine, value: Value) -> T | _Absent:
            member = self.member(machine, value, key)
            return _Absent() if member is None else question(member)

        cases: list[Case[T | Thrown | Unknown]] = []
        everywhere = True
        for case in self.config.ask(asked):
            if isinstance(case.answer, _Absent):
                everywhere = False
            else:
                cases.append(Case(case.when, case.answer))
        return cases, everywhere

    def _answers(self, key: Key, question: Callable[[Member], T]) -> list[T]:
        cases, _ = self._ask(key, question)
        return [case.answer for case in cases if not isinstance(case.answer, Thrown | Unknown)]

    def _fact(self, key: Key, answer: Answer) -> Fact | None:
        def question(member: Member) -> SimpleFact | None:
            if member.unknown is not None:
                return UnknownFact(member.unknown.reason, "config", member.unknown.origin)
            return answer(member.settings)

        cases, everywhere = self._ask(key, question)
        return self._told(cases, everywhere=everywhere)

    def _told(
        self, cases: list[Case[SimpleFact | Thrown | Unknown | None]], *, everywhere: bool
    ) -> Fact | None:
        """One fact of all its cases; unknown where the config loads in none of them."""
        simple = self._simple(cases)
        if not simple and any(isinstance(case.answer, Thrown) for case in cases):
            return UnknownFact("the config throws while it is loaded", "config", ())
        return self._combined(simple, everywhere=everywhere)

    def _simple(self, cases: list[Case[SimpleFact | Thrown | Unknown | None]]) -> list[FactCase]:
        """The cases in which the config loads and the version has the fact."""
        found: list[FactCase] = []
        for case in cases:
            if isinstance(case.answer, Unknown):
                unknown = UnknownFact(case.answer.reason, "config", case.answer.origin)
                found.append(FactCase(When(case.when), unknown))
            elif case.answer is not None and not isinstance(case.answer, Thrown):
                found.append(FactCase(When(case.when), case.answer))
        return found

    def _combined(self, cases: list[FactCase], *, everywhere: bool) -> Fact | None:
        """One fact; where the suite exists only in some worlds, the conditions stay."""
        if not cases:
            return None
        return combined(cases) if everywhere else OneOfFact(tuple(cases))

    def _outcome(self, key: Key) -> tuple[Fact | None, tuple[Note, ...]]:
        """What happens at start, by world and CPU count, and why where it does not run."""

        def question(member: Member) -> Sequence[Outcome]:
            if member.unknown is not None:
                unknown = UnknownFact(member.unknown.reason, "config", member.unknown.origin)
                return [Outcome((), unknown, "")]
            return self.runner.outcomes(member.settings)

        asked, everywhere = self._ask(key, question)
        cases: list[FactCase] = []
        reasons: list[Note] = []
        for case in asked:
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
        return self._combined(cases, everywhere=everywhere), tuple(dict.fromkeys(reasons))

    def _entries(self, key: Key) -> tuple[SettingEntry, ...]:
        """The settings that do not plainly do what they say; with a condition where not always."""

        def question(machine: Machine, value: Value) -> Sequence[SettingEntry]:
            member = self.member(machine, value, key)
            return () if member is None else self.runner.entries(member.settings)

        worlds: list[tuple[Assumptions, dict[tuple[object, ...], SettingEntry]]] = []
        for case in self.config.ask(question):
            entries = () if isinstance(case.answer, Thrown | Unknown) else case.answer
            worlds.append((case.when, {_identity(entry): entry for entry in entries}))
        found: list[SettingEntry] = []
        for identity, entry in {
            key: one for _, told in worlds for key, one in told.items()
        }.items():
            where = holding([(when, identity in told) for when, told in worlds])[0]
            joined = When((*where, *entry.when.assumptions))
            found.append(entry._replace(when=joined))
        return tuple(found)

    def _anchor(self, key: Key) -> Origin:
        """Where a missing setting would stand: the holding key, else the suite's own object."""
        answers = self._answers(key, self._place_for_more)
        return next((origin for origin in answers if origin), (self.config.place,))

    def _place_for_more(self, member: Member) -> Origin:
        settings = member.settings.root if self.runner.root_holds else member.settings
        own_file = None if self.runner.root_holds else member.key.file
        value, file = settings.value, own_file or self.config.place.file
        if not isinstance(value, Obj):
            return ()
        entry = value.entry(self.runner.holder) if self.runner.holder is not None else None
        if entry is not None and entry.key.file == file:
            return (entry.key,)
        own = [site for site in value.sites if site.file == file]
        return tuple(Span(file, site.start, site.start + 1) for site in own[-1:])

    def _written(self, key: Key) -> dict[str, Origin]:
        """The settings that are written, and through which spreads and merges each came in."""
        found: dict[str, Origin] = {}
        for readings in self._answers(key, lambda one: self.runner.readings(one.settings)):
            found.update({reading.setting: reading.via for reading in readings})
        return found

    def _names(self, key: Key) -> dict[str, str]:
        """What placeholders of spellings stand for, in the usual world."""
        answers = self._answers(key, lambda member: self.runner.names(member.settings))
        return answers[0] if answers else {}

    def _open_members(self) -> tuple[Note, ...]:
        """Why the config may run more suites than are known."""
        cases = self.config.ask(lambda machine, value: self.members(machine, value).more)
        opens = [case.answer for case in cases if isinstance(case.answer, Unknown)]
        notes = [
            Note(f"there may be more projects: {open_.reason}", open_.origin) for open_ in opens
        ]
        return tuple(dict.fromkeys(notes))

    def _assumptions(self) -> tuple[Note, ...]:
        self.config.ask(self.runner.assume)
        return self._notes("assumptions")

    def _notes(self, kind: str) -> tuple[Note, ...]:
        notes = [note for machine in self.config.machines for note in getattr(machine, kind)]
        return tuple(dict.fromkeys(Note(note.message, (note.span,)) for note in notes))


def _identity(entry: SettingEntry) -> tuple[object, ...]:
    """What makes it the same entry in another world."""
    return entry.setting, entry.effect, entry.at[:1], entry.when


def unread(value: Value) -> Unknown | None:
    """Why nothing is known of a whole config; None where it is an object."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Builtin):
        return Unknown(f"{value.path} is not evaluated", value.origin)
    return None
