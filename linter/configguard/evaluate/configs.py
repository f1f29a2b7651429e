"""One config file under question: what it is worth in each world, with the worlds kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from configguard.evaluate.machine import Budget, Machine, OverBound, Thrown
from configguard.evaluate.modules import default_export
from configguard.evaluate.values import Unknown, Value
from configguard.evaluate.worlds import (
    MAX_WORLDS,
    Assumptions,
    Case,
    Environment,
    Fork,
    TooManyWorlds,
    World,
    decide,
)
from configguard.source.span import Span
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed

T = TypeVar("T")


class Config:
    """A parsed config file in one environment; answers questions about its value.

    `resolve` turns the exported value into the object that the runner reads (it calls function
    configs, for example). `budget`: the steps that it shares with other environments.
    """

    def __init__(
        self,
        workspace: Workspace,
        parsed: Parsed,
        environment: Environment,
        resolve: Callable[[Machine, Value], Value],
        version: str | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.workspace = workspace
        self.parsed = parsed
        self.environment = environment
        self.version = version
        self._resolve = resolve
        self._budget = budget or Budget()
        self._machines: dict[Assumptions, tuple[Machine, Value | Fork | Thrown]] = {}

    def ask(self, question: Callable[[Machine, Value], T]) -> list[Case[T | Thrown | Unknown]]:
        """The answers of a question about the config's value, one for each world.

        Thrown: the config throws in that world, so the runner does not start. Unknown: a bound
        was reached. The question itself may be handed an Unknown value.
        """
        try:
            return decide(lambda assumptions: self._answer(assumptions, question))
        except TooManyWorlds:
            reason = f"it depends on too many open conditions (over {MAX_WORLDS} cases)"
            return [Case((), Unknown(reason, (self.place,)))]

    @property
    def place(self) -> Span:
        """The place that stands for the whole file."""
        return Span(self.parsed.document.file, 0, 0)

    @property
    def machines(self) -> list[Machine]:
        """The machines that have run so far, for their notes."""
        return [machine for machine, _ in self._machines.values()]

    @property
    def depends_on_environment(self) -> bool:
        """Whether anything that was asked so far looked at what the environment fixes."""
        return any(machine.world.consulted_environment for machine in self.machines)

    def _answer(
        self, assumptions: Assumptions, question: Callable[[Machine, Value], T]
    ) -> T | Thrown | Unknown:
        if assumptions not in self._machines:
            world = World(self.environment, assumptions)
            machine = Machine(self.workspace, world, self.version, self._budget)
            self._machines[assumptions] = (machine, self._run(machine))
        machine, value = self._machines[assumptions]
        if isinstance(value, Fork):
            raise value
        if isinstance(value, Thrown):
            return value
        machine.steps = 0
        try:
            return question(machine, value)
        except Thrown as thrown:
            return thrown
        except OverBound as bound:
            return Unknown(str(bound), (self.place,))
        except RecursionError:
            return Unknown("the config is nested too deeply to evaluate", (self.place,))

    def _run(self, machine: Machine) -> Value | Fork | Thrown:
        try:
            return self._resolve(machine, default_export(machine, self.parsed))
        except (Fork, Thrown) as stopped:
            return stopped
        except OverBound as bound:
            return Unknown(str(bound), (self.place,))
        except RecursionError:
            return Unknown("the config is nested too deeply to evaluate", (self.place,))
