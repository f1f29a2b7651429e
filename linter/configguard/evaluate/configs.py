"""One config file under question: what it is worth in each world, with the worlds kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from configguard.evaluate.machine import Budget, Impure, Machine, OverBound, Thrown
from configguard.evaluate.modules import default_export
from configguard.evaluate.values import Unknown, Value
from configguard.evaluate.worlds import (
    MAX_WORLDS,
    Assumptions,
    Atom,
    Case,
    Environment,
    Fork,
    World,
    halves,
)
from configguard.source.span import Span
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed

T = TypeVar("T")


class Config:
    """A parsed config file in one environment, or two; answers questions about its value.

    `resolve` turns the exported value into the object that the runner reads (it calls function
    configs, for example). `budget`: the steps that it shares with other versions.
    """

    def __init__(
        self,
        workspace: Workspace,
        parsed: Parsed,
        environments: tuple[Environment, ...],
        resolve: Callable[[Machine, Value], Value],
        version: str | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.workspace = workspace
        self.parsed = parsed
        self.environments = environments
        self.version = version
        self._resolve = resolve
        self._budget = budget or Budget()
        self._machines: dict[Assumptions, tuple[Machine, Value | Fork | Thrown]] = {}
        self._worlds: dict[Assumptions, World] = {}

    def ask(self, question: Callable[[Machine, Value], T]) -> list[Case[T | Thrown | Unknown]]:
        """The answers of a question about the config's value, one for each world.

        Thrown: the config throws in that world, so the runner does not start. Unknown: a bound
        was reached. The question itself may be handed an Unknown value.
        """
        return self.ask_all({"": question})[""]

    def ask_all(
        self, questions: Mapping[str, Callable[[Machine, Value], T]]
    ) -> dict[str, list[Case[T | Thrown | Unknown]]]:
        """The answers of several questions, by name: each world is looked at once, and only for
        those that depend on it."""
        answers: dict[str, list[Case[T | Thrown | Unknown]]] = {name: [] for name in questions}
        worlds = dict.fromkeys(questions, 1)
        most = MAX_WORLDS * len(self.environments)
        pending: list[tuple[Assumptions, list[str]]] = [((), list(questions))]
        while pending:
            held, names = pending.pop()
            forked: dict[Atom, list[str]] = {}
            machine, value, world = self._at(held)
            for name in names:
                try:
                    answer = self._answer(held, machine, value, world, questions[name])
                except Fork as fork:
                    worlds[name] += 1
                    forked.setdefault(fork.atom, []).append(name)
                else:
                    answers[name].append(Case(held, answer))
            for atom, split in reversed(forked.items()):
                followed = [name for name in split if worlds[name] <= most]
                if followed:
                    pending += [(more, followed) for more in reversed(halves(held, atom))]
        reason = f"it depends on too many open conditions (over {MAX_WORLDS} cases)"
        for name, count in worlds.items():
            if count > most:
                answers[name] = [Case((), Unknown(reason, (self.place,)))]
        return answers

    @property
    def place(self) -> Span:
        """The place that stands for the whole file."""
        return Span(self.parsed.document.file, 0, 0)

    def release(self) -> None:
        """Let go of what was evaluated."""
        for machine in self.machines:
            for module in machine.modules.values():
                module.exports.clear()
                if module.scope is not None:
                    module.scope.cells.clear()
            machine.modules.clear()
        self._machines.clear()

    @property
    def steps(self) -> int:
        """The steps that it took so far, with those of other versions."""
        return self._budget.used

    @property
    def machines(self) -> list[Machine]:
        """The machines that have run so far, for their notes."""
        return [machine for machine, _ in self._machines.values()]

    def _at(self, held: Assumptions) -> tuple[Machine, Value | Fork | Thrown, World | None]:
        """The run to ask under these assumptions; and the world to ask it in, where it knew less.

        What the config is worth by more conditions stands in what one run made of it.
        """
        ran = held
        while ran not in self._machines and ran:
            ran = ran[:-1]
        machine, value = self._ran(ran)
        if len(ran) == len(held) or isinstance(value, Fork):
            return (*self._ran(held), None)
        return machine, value, self._world(machine, ran, held)

    def _answer(
        self,
        held: Assumptions,
        machine: Machine,
        value: Value | Fork | Thrown,
        world: World | None,
        question: Callable[[Machine, Value], T],
    ) -> T | Thrown | Unknown:
        """The answer of one run, in a world that may know more. Raises Fork."""
        if world is not None:
            try:
                return machine.under(world, lambda: self._put(machine, value, question))
            except Impure:
                pass  # to answer would change something: that takes a run of its own
            machine, value = self._ran(held)
        return self._put(machine, value, question)

    def _ran(self, assumptions: Assumptions) -> tuple[Machine, Value | Fork | Thrown]:
        """The machine that ran the file under these assumptions, and what came of it."""
        if assumptions not in self._machines:
            world = World(self.environments, assumptions)
            machine = Machine(self.workspace, world, self.version, self._budget)
            self._machines[assumptions] = (machine, self._run(machine))
        return self._machines[assumptions]

    def _world(self, machine: Machine, ran: Assumptions, assumptions: Assumptions) -> World:
        if assumptions not in self._worlds:
            self._worlds[assumptions] = machine.world.under(assumptions[len(ran) :])
        return self._worlds[assumptions]

    def _put(
        self,
        machine: Machine,
        value: Value | Fork | Thrown,
        question: Callable[[Machine, Value], T],
    ) -> T | Thrown | Unknown:
        """Put a question to a machine. Raises Fork, Impure."""
        if isinstance(value, Fork):
            raise Fork(value.atom)
        if isinstance(value, Thrown):
            return value
        machine.steps = 0
        try:
            return question(machine, value)
        except Thrown as thrown:
            return thrown.kept()
        except OverBound as bound:
            return Unknown(str(bound), (self.place,))
        except RecursionError:
            return Unknown("the config is nested too deeply to evaluate", (self.place,))

    def _run(self, machine: Machine) -> Value | Fork | Thrown:
        try:
            return self._resolve(machine, default_export(machine, self.parsed))
        except (Fork, Thrown) as stopped:
            return stopped.kept()
        except OverBound as bound:
            return Unknown(str(bound), (self.place,))
        except RecursionError:
            return Unknown("the config is nested too deeply to evaluate", (self.place,))
