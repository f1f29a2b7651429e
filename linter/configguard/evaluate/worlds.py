"""Worlds: what is taken for true while a config is evaluated, and splitting where it is open.

The machine asks `World` for every truth that lies outside the repository. What the environment
(local, ci) fixes is answered; what is open raises `Fork`, and `decide` asks the whole question
again once for each answer. So the evaluator itself only ever sees definite truths, and
conditions that depend on each other cannot contradict each other.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from configguard.evaluate.cpus import CpuExpression
from configguard.evaluate.values import UNDEFINED, EnvString, Known, PlatformName, Value
from configguard.source.span import Span

MAX_WORLDS = 64
"""A question that splits further is answered with `TooManyWorlds`."""


class EnvSet(NamedTuple):
    """The environment variable is set (and not empty)."""

    name: str


class EnvIs(NamedTuple):
    """The environment variable has exactly this value."""

    name: str
    value: str


class PlatformIs(NamedTuple):
    """`process.platform` is this."""

    name: str


class CpusAtLeast(NamedTuple):
    """The machine has at least so many CPUs."""

    least: int


class RunsIn(NamedTuple):
    """The environment that is looked at is this one, and not the first."""

    environment: str


class Opaque(NamedTuple):
    """A condition that is written in the config and cannot be decided.

    In a loop, or a function called twice, it may differ: `turn` counts how often it was asked.
    """

    text: str
    span: Span | None = None
    turn: int = 0


Atom = EnvSet | EnvIs | PlatformIs | CpusAtLeast | RunsIn | Opaque
Assumptions = tuple[tuple[Atom, bool], ...]


class Fork(Exception):
    """A truth is needed that this world does not hold."""

    def __init__(self, atom: Atom) -> None:
        super().__init__(atom)
        self.atom = atom

    def kept(self) -> Fork:
        """The same without a traceback: its frames would keep all that was evaluated alive."""
        return Fork(self.atom)


class TooManyWorlds(Exception):
    """The answer depends on more open conditions than are followed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a run is looked at: `local` or `ci`.

    `variables` are fixed: a text, or None for surely unset. All others are open.
    `platform` is Node's name of it, None where it may be any.
    """

    name: str
    variables: Mapping[str, str | None]
    platform: str | None = None


class World:
    """One or two environments plus assumptions about what they leave open.

    Where the second of two fixes something else than the first, `RunsIn` is open.
    """

    def __init__(
        self, environments: tuple[Environment, ...], assumptions: Assumptions = ()
    ) -> None:
        self.environments = environments
        self.assumptions = assumptions
        self._held = dict(assumptions)
        self._turns: dict[Opaque, int] = {}

    def under(self, more: Assumptions) -> World:
        """This world with more that is taken for true; its own turns go on from here."""
        made = World(self.environments, (*self.assumptions, *more))
        made._turns = dict(self._turns)
        return made

    @property
    def environment(self) -> Environment:
        """The environment of this world. Raises Fork where that is open."""
        if len(self.environments) == 1:
            return self.environments[0]
        return self.environments[self.recalls(RunsIn(self.environments[1].name))]

    def turns(self) -> dict[Opaque, int]:
        """How often each opaque condition was asked so far."""
        return dict(self._turns)

    def turn_back(self, turns: dict[Opaque, int]) -> None:
        """Take back what was asked since `turns`."""
        self._turns = dict(turns)

    def rejoin(self, other: World) -> None:
        """What was asked in a world under this one is not asked again as the same."""
        for atom, turn in other._turns.items():
            self._turns[atom] = max(turn, self._turns.get(atom, 0))

    def holds(self, atom: Atom) -> bool:
        """Whether an atom is true here. Raises Fork where nothing decides it."""
        if isinstance(atom, Opaque):
            turned = atom._replace(turn=self._turns.get(atom, 0))
            held = self.recalls(turned)
            self._turns[atom] = turned.turn + 1
            return held
        return self.recalls(atom)

    def recalls(self, atom: Atom) -> bool:
        """The same for an atom that was asked before: an opaque one keeps its turn."""
        held = self._held.get(atom)
        if held is None:
            held = self._implied(atom)
        if held is None:
            raise Fork(atom)
        return held

    def _implied(self, atom: Atom) -> bool | None:
        """What follows from other atoms that are held, or from the environment."""
        match atom:
            case CpusAtLeast(least=least):
                for known, truth in self._held.items():
                    if isinstance(known, CpusAtLeast):
                        if truth and known.least >= least:
                            return True
                        if not truth and known.least <= least:
                            return False
                return True if least <= 1 else None
            case PlatformIs(name=name):
                platform = self.environment.platform
                if platform is not None:
                    return name == platform
                known_one = any(isinstance(one, PlatformIs) and t for one, t in self._held.items())
                return False if known_one else None
            case EnvSet(name=name):
                texts = (one for one, held in self._held.items() if held)
                return True if any(isinstance(o, EnvIs) and o.name == name for o in texts) else None
            case EnvIs(name=name):
                if self._held.get(EnvSet(name)) is False:
                    return False
                texts = (one for one, held in self._held.items() if held)
                same = any(isinstance(one, EnvIs) and one.name == name for one in texts)
                return False if same else None
            case _:
                return None

    def variable(self, name: str) -> Value:
        """What `process.env.NAME` is here."""
        fixed = [one.variables.get(name, OPEN) for one in self.environments]
        text = fixed[0] if fixed.count(fixed[0]) == len(fixed) else self._fixed(name)
        if text is not OPEN:
            return Known(text) if isinstance(text, str) else UNSET
        for atom, truth in self._held.items():
            if truth and isinstance(atom, EnvIs) and atom.name == name:
                return Known(atom.value)
        return EnvString(name) if self.holds(EnvSet(name)) else UNSET

    def variable_is(self, name: str, text: str) -> bool:
        """Whether a variable that is set has this value."""
        return self.holds(EnvIs(name, text))

    def _fixed(self, name: str) -> str | Open | None:
        return self.environment.variables.get(name, OPEN)

    def platform(self) -> Value:
        """What `process.platform` is here."""
        fixed = self.environment.platform
        if fixed is not None:
            return Known(fixed)
        for atom, truth in self._held.items():
            if truth and isinstance(atom, PlatformIs):
                return Known(atom.name)
        return PlatformName()

    def compare_cpus(self, expression: CpuExpression, reached: Callable[[float], bool]) -> bool:
        """Whether a predicate that stays true as the number grows holds. Raises Fork."""
        first = expression.first_reaching(reached)
        return first is not None and self.holds(CpusAtLeast(first))


UNSET = Known(UNDEFINED)


class Open(enum.Enum):
    """The environment says nothing of a variable."""

    OPEN = enum.auto()


OPEN = Open.OPEN

T = TypeVar("T")


class Case(NamedTuple, Generic[T]):
    """An answer and the assumptions under which it holds."""

    when: Assumptions
    answer: T


def within(cases: Sequence[Case[T]], environment: str) -> list[Case[T]]:
    """The cases that hold in one of two environments, which is then no condition any more."""
    if len(cases) == 1 and not cases[0].when:
        return list(cases)
    found: list[Case[T]] = []
    for case in cases:
        if not case.when:
            found.append(case)
            continue
        where = [(atom, truth) for atom, truth in case.when if isinstance(atom, RunsIn)]
        if not where:
            found.append(case)
        elif where[0][1] == (where[0][0].environment == environment):
            when = tuple(one for one in case.when if one not in where)
            found.append(Case(when, case.answer))
    return found


def halves(held: Assumptions, atom: Atom) -> tuple[Assumptions, Assumptions]:
    """Assumptions without and with an open atom, or with and without it: the usual case first.

    A variable is unset, and a machine small, before it is otherwise; comparisons and written
    conditions hold before they do not.
    """
    unset_first = isinstance(atom, EnvSet | CpusAtLeast | RunsIn)
    return (*held, (atom, not unset_first)), (*held, (atom, unset_first))


def decide(
    ask: Callable[[Assumptions], T], assumptions: Assumptions = (), most: int = MAX_WORLDS
) -> list[Case[T]]:
    """All answers of a question, each with what it depends on; the unset case first.

    `ask` evaluates under assumptions and raises Fork for what is open. Raises TooManyWorlds.
    """
    cases: list[Case[T]] = []
    pending: list[Assumptions] = [assumptions]
    while pending:
        held = pending.pop()
        try:
            cases.append(Case(held, ask(held)))
        except Fork as fork:
            pending += reversed(halves(held, fork.atom))
        if len(cases) + len(pending) > most:
            raise TooManyWorlds
    return cases
