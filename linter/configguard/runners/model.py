"""One config in one environment and version to profiles: one for each suite that it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.values import Builtin, Obj, Unknown, Value
from configguard.evaluate.worlds import Assumptions, Case, RunsIn, World, within
from configguard.runners.answers import ABSENT, Absent, Answered, Answers, Within
from configguard.runners.derived import DERIVED, following, remembered
from configguard.runners.given import AS_WRITTEN, Command, Given, given
from configguard.runners.hints import Hint, hints_of
from configguard.runners.profile import (
    Fact,
    FactCase,
    KnownFact,
    Note,
    OneOfFact,
    Profile,
    RangeFact,
    SettingEntry,
    SimpleFact,
    UnknownFact,
    When,
    combined,
    holding,
)
from configguard.runners.runner import (
    REFUSES,
    Key,
    Member,
    Members,
    Outcome,
    Runner,
    Surroundings,
    View,
)
from configguard.runners.settings import Settings
from configguard.runners.table import table_of
from configguard.runners.test_patterns import TestFiles
from configguard.runners.unknown_keys import with_unknown
from configguard.source.span import Origin, Span

T = TypeVar("T")
_SIMPLE = (KnownFact, RangeFact, UnknownFact)
ITSELF = Key()


class Model:
    """One config in one version, asked suite by suite and fact by fact, in each environment.

    `wanted`: the facts to work out, and those that an odd setting would set; None: all.
    """

    def __init__(
        self,
        runner: Runner,
        config: Config,
        version: str,
        around: Surroundings,
        given: Given = AS_WRITTEN,
        wanted: frozenset[str] | None = None,
    ) -> None:
        self.runner = runner
        self.config = config
        self.version = version
        self.around = around
        self.given = given
        self.wanted = wanted
        self.table = table_of(runner.name, version)
        self._members: dict[World, Members] = {}
        self._by_key: dict[World, dict[Key, Member]] = {}
        self._answers: dict[Key, Answers] = {}
        self._assumed = False
        self._together: dict[tuple[Key, ...], Answered[SimpleFact | None]] = {}

    def under(self, command: Command) -> Model:
        """The same config as a command runs it."""
        laid = given(self.runner.name, self.version, command)
        return Model(self.runner, self.config, self.version, self.around, laid, self.wanted)

    def release(self) -> None:
        """Let go of what was evaluated (`Evaluated.release`)."""
        suites = [one.settings for found in self._members.values() for one in found.suites]
        for settings in [*(one.root for one in suites), *suites]:
            vars(settings).clear()
        self.config.release()

    def suite_keys(self, environment: str) -> list[Key]:
        """The suites that the config runs in any world; itself where none of them is known."""
        answers = [case.answer for case in within(self._all_members, environment)]
        lists = [one.suites for one in answers if isinstance(one, Members)]
        return list(dict.fromkeys(one.key for suites in lists for one in suites)) or [ITSELF]

    def members(self, machine: Machine, value: Value) -> Members:
        """The suites in one machine's world. Raises Fork, Thrown."""
        world = machine.world
        if world not in self._members:
            view = View(machine, value, self.table, self.around, self.config.place, self.given)
            self._members[world] = self.runner.members(view)
        return self._members[world]

    def member(self, machine: Machine, value: Value, key: Key) -> Member | None:
        """One suite in one machine's world; None where it does not exist there."""
        by_key = self._by_key.get(machine.world)
        if by_key is None:
            suites = self.members(machine, value).suites
            # Of two of one key the first counts.
            by_key = {member.key: member for member in reversed(suites)}
            self._by_key[machine.world] = by_key
        return by_key.get(key)

    def profile(self, key: Key, environment: str) -> Profile | None:
        """Everything that is known of one suite; None where no world of this environment has it."""
        answers = self._of(key)
        outcome, reasons = self._outcome(answers.all["outcomes"].within(environment))
        if outcome is None:
            return None
        facts = {"outcome": outcome, **self._facts(answers, answers.facts, environment)}
        written: dict[str, Origin] = {}
        for readings in answers.all["readings"].values(environment):
            written.update({reading.setting: reading.via for reading in readings})
        anchors = answers.all["anchors"].values(environment)
        return Profile(
            facts,
            _entries(answers.all["entries"].within(environment)),
            next((at for at in anchors if at), (self.config.place,)),
            {setting: via for setting, via in written.items() if via},
            reasons,
            self._notes("assumptions"),
            (*self._notes("notices"), *self._open_members(environment)),
            next(iter(answers.all["names"].values(environment)), {}),
            frozenset(written),
            self._facts(answers, answers.derived, environment),
        )

    def _facts(self, answers: Answers, names: Sequence[str], environment: str) -> dict[str, Fact]:
        told = {name: self._told(answers.all[name].within(environment)) for name in names}
        return {name: fact for name, fact in told.items() if fact is not None}

    def same_everywhere(self, key: Key) -> bool:
        """Whether nothing that is known of a suite differs between the environments."""
        asked: list[list[Case[Any]]] = [
            self._all_members,
            *(one.cases for one in self._of(key).all.values()),
        ]
        return not any(
            isinstance(atom, RunsIn) for cases in asked for case in cases for atom, _ in case.when
        )

    def named(self, key: Key) -> Origin:
        """Where the name of a project is written."""
        members = (case.answer for case in self._all_members)
        suites = (one for found in members if isinstance(found, Members) for one in found.suites)
        return next((one.named for one in suites if one.key == key and one.named), ())

    def tests(self, key: Key, environment: str) -> TestFiles | Unknown | None:
        """Which files are the tests of a suite; None where nobody knows of any."""
        which = self.runner.tests
        if which is None:
            return None
        file = key.file or self.config.place.file
        question = self._put(key, lambda member: (which(member.settings, file),))
        answers: Answered[tuple[TestFiles | Unknown]] = Answered(self.config.ask(question))
        found = [answer for (answer,) in answers.values(environment)]
        unknown = next((one for one in found if isinstance(one, Unknown)), None)
        if unknown is None and any(answer != found[0] for answer in found[1:]):
            return Unknown("it depends on a condition", (self.config.place,))
        return unknown or (found[0] if found else None)

    def hints(self, key: Key, names: Sequence[str], environment: str) -> tuple[Hint, ...]:
        """What some settings of a suite say, where they say the same in every world."""
        question = self._put(key, lambda member: (hints_of(member.settings, names),))
        answers: Answered[tuple[tuple[Hint, ...]]] = Answered(self.config.ask(question))
        found = [answer for (answer,) in answers.values(environment)]
        return found[0] if found and all(one == found[0] for one in found) else ()

    def together(self, keys: tuple[Key, ...], environment: str) -> Fact | None:
        """Most test files at one time over several suites of the run."""
        if not keys:
            return KnownFact(0.0, "default")
        if keys not in self._together:
            self._together[keys] = self._asked_together(keys)
        return self._told(self._together[keys].within(environment))

    def _asked_together(self, keys: tuple[Key, ...]) -> Answered[SimpleFact | None]:
        def question(machine: Machine, value: Value) -> SimpleFact | None:
            members = [one for one in self.members(machine, value).suites if one.key in keys]
            for member in members:
                if member.unknown is not None:
                    return UnknownFact(member.unknown.reason, "config", member.unknown.origin)
            return self.runner.together(members) if members else KnownFact(0.0, "default")

        return Answered(self.config.ask(question))

    # -- the questions to one suite, each answered in all worlds ---------------------------------

    @cached_property
    def _all_members(self) -> list[Case[Members | Thrown | Unknown]]:
        return self.config.ask(self.members)

    def _of(self, key: Key) -> Answers:
        if key not in self._answers:
            self._answers[key] = self._asked(key)
        return self._answers[key]

    def _asked(self, key: Key) -> Answers:
        runner = self.runner
        facts = {
            name: self._put(key, _unless_unknown(remembered(name, answer), lambda fact: fact))
            for name, answer in runner.facts.items()
        }
        derived = {
            name: self._put(key, _unless_unknown(following(runner.facts, one), lambda fact: fact))
            for name, one in DERIVED.items()
            if one.needs[0] in runner.facts and self._is_wanted(name)
        }
        first = {name: question for name, question in facts.items() if self._is_wanted(name)}
        asked = self.config.ask_all(
            {
                "outcomes": self._put(key, _unless_unknown(self._outcomes, _unknown_outcome)),
                **first,
                **derived,
                "readings": self._put(key, lambda member: runner.readings(member.settings)),
                "entries": self._put(key, self._told_entries),
                "anchors": self._put(key, self._place_for_more),
                "names": self._put(key, lambda member: runner.names(member.settings)),
            }
        )
        if len(first) < len(facts):
            would = {name for case in asked["entries"] for name in _would(case.answer)}
            more = {n: question for n, question in facts.items() if n in would - first.keys()}
            asked |= self.config.ask_all(more)
        self._assume()
        answers = {name: Answered(cases) for name, cases in asked.items()}
        return Answers(answers, tuple(name for name in facts if name in answers), tuple(derived))

    def _is_wanted(self, fact: str) -> bool:
        return self.wanted is None or fact in self.wanted

    def _assume(self) -> None:
        """Note what is taken for granted of the whole config, once."""
        if not self._assumed:
            self._assumed = True
            self.config.ask(self.runner.assume)

    def _outcomes(self, settings: Settings) -> Sequence[Outcome]:
        stop = self.given.stop
        return self.runner.outcomes(settings) if stop is None else [stop]

    def _told_entries(self, member: Member) -> Sequence[SettingEntry]:
        settings = member.settings
        return [*self.given.entries, *with_unknown(settings, self.runner.entries(settings))]

    def _put(self, key: Key, question: Callable[[Member], Any]) -> Callable[[Machine, Value], Any]:
        def put(machine: Machine, value: Value) -> Any:
            member = self.member(machine, value, key)
            return ABSENT if member is None else question(member)

        return put

    # -- what the answers come to in one environment ---------------------------------------------

    def _told(self, asked: Within[SimpleFact | None]) -> Fact | None:
        """One fact of all its cases; unknown where the config loads in none of them."""
        if len(asked.all) == 1 and isinstance(asked.all[0].answer, _SIMPLE):
            return self._credited(FactCase(When(), asked.all[0].answer)).fact
        simple = [self._credited(case) for case in _simple(asked.cases)]
        if not simple and any(isinstance(case.answer, Thrown) for case in asked.cases):
            return UnknownFact("the config throws while it is loaded", "config", ())
        return _combined(simple, everywhere=asked.everywhere)

    def _credited(self, case: FactCase) -> FactCase:
        """A fact that a flag or variable decides comes from there."""
        if not self.given.origins:
            return case
        origin = self.given.origins.get(case.fact.at[0]) if case.fact.at else None
        return case if origin is None else case._replace(fact=case.fact._replace(origin=origin))

    def _outcome(self, asked: Within[Sequence[Outcome]]) -> tuple[Fact | None, tuple[Note, ...]]:
        """What happens at start, by world and CPU count, and why where it does not run."""
        cases: list[FactCase] = []
        reasons: list[Note] = []
        for case in asked.cases:
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
        return _combined(cases, everywhere=asked.everywhere), tuple(dict.fromkeys(reasons))

    def _place_for_more(self, member: Member) -> Origin:
        """Where a missing setting would stand: the holding key, else the suite's own object."""
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

    def _open_members(self, environment: str) -> tuple[Note, ...]:
        """Why the config may run more suites than are known."""
        answers = (case.answer for case in within(self._all_members, environment))
        opens = [one.more if isinstance(one, Members) else one for one in answers]
        return tuple(
            dict.fromkeys(
                Note(f"there may be more projects: {one.reason}", one.origin)
                for one in opens
                if isinstance(one, Unknown)
            )
        )

    def _notes(self, kind: str) -> tuple[Note, ...]:
        notes = [note for machine in self.config.machines for note in getattr(machine, kind)]
        return tuple(dict.fromkeys(Note(note.message, (note.span,)) for note in notes))


def _would(answer: Sequence[SettingEntry] | Thrown | Unknown | Absent) -> list[str]:
    """The facts that settings would set which do not plainly do what they say."""
    told = () if isinstance(answer, Thrown | Unknown | Absent) else answer
    return [entry.would for entry in told if entry.would is not None]


def _unknown_outcome(why: UnknownFact) -> Sequence[Outcome]:
    return [Outcome((), why, "")]


def _unless_unknown(
    answer: Callable[[Settings], T], unknown: Callable[[UnknownFact], T]
) -> Callable[[Member], T]:
    """A question to a suite's settings; of an unknown suite nothing is known."""

    def question(member: Member) -> T:
        why = member.unknown
        if why is not None:
            return unknown(UnknownFact(why.reason, "config", why.origin))
        return answer(member.settings)

    return question


def _simple(cases: Sequence[Case[SimpleFact | Thrown | Unknown | None]]) -> list[FactCase]:
    """The cases in which the config loads and the version has the fact."""
    found: list[FactCase] = []
    for case in cases:
        if isinstance(case.answer, Unknown):
            unknown = UnknownFact(case.answer.reason, "config", case.answer.origin)
            found.append(FactCase(When(case.when), unknown))
        elif case.answer is not None and not isinstance(case.answer, Thrown):
            found.append(FactCase(When(case.when), case.answer))
    return found


def _combined(cases: list[FactCase], *, everywhere: bool) -> Fact | None:
    """One fact; where the suite exists only in some worlds, the conditions stay."""
    if not cases:
        return None
    return combined(cases) if everywhere else OneOfFact(tuple(cases))


def _entries(asked: Within[Sequence[SettingEntry]]) -> tuple[SettingEntry, ...]:
    """The settings that do not plainly do what they say; with a condition where not always."""
    worlds: list[tuple[Assumptions, dict[tuple[object, ...], SettingEntry]]] = []
    for case in asked.all:
        told = () if isinstance(case.answer, Thrown | Unknown | Absent) else case.answer
        worlds.append((case.when, {_identity(entry): entry for entry in told}))
    found: list[SettingEntry] = []
    for identity, entry in {key: one for _, told in worlds for key, one in told.items()}.items():
        where = holding([(when, identity in told) for when, told in worlds])[0]
        joined = When((*where, *entry.when.assumptions))
        found.append(entry._replace(when=joined))
    return tuple(found)


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
