"""The abstract machine in one world: its bounds, its notes, and the files it has loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from configguard.evaluate.values import Choice, Unknown, Value, tick
from configguard.evaluate.worlds import (
    Assumptions,
    Case,
    Fork,
    TooManyWorlds,
    World,
    decide,
)
from configguard.source.span import Span
from configguard.source.workspace import Workspace

if TYPE_CHECKING:
    from configguard.evaluate.modules import Module

MAX_DEPTH = 100
MAX_STEPS = 30_000
MAX_ALL_STEPS = 120_000
"""Over all worlds, environments and versions of one config: 1 to 2 s."""
MAX_FILES = 200
NODES_PER_STEP = 10
"""To look at code takes about a tenth of the time of evaluating it."""
ENTRIES_PER_STEP = 10
CHARACTERS_PER_STEP = 1_000
"""What copying of properties and items takes."""
MAX_OVERRUNS = 4
"""So many expressions may each take too long by themselves; then the whole config does."""
MAX_LOCAL = 64
"""An expression that gives more different values than this, by open conditions, is unknown."""

T = TypeVar("T")


class OverBound(Exception):
    """Evaluation went over one of the bounds; the message names it."""


class Thrown(Exception):
    """The config throws here, so the runner does not start."""

    def __init__(self, text: str, span: Span | None) -> None:
        super().__init__(text)
        self.text = text
        self.span = span

    def kept(self) -> Thrown:
        """The same without a traceback: its frames would keep all that was evaluated alive."""
        return Thrown(self.text, self.span)


class Note(NamedTuple):
    """Something that was assumed, or could not be followed, at a place."""

    message: str
    span: Span


class Impure(Exception):
    """What is explored changes something that was there before."""


class Watch:
    """One exploration: what is older than `start` must not be changed by it."""

    __slots__ = ("exploring", "start", "wrote")

    def __init__(self) -> None:
        self.start = tick()
        self.wrote = False
        self.exploring = False


class Budget:
    """The steps that are left to one config, in all its worlds, environments and versions."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_ALL_STEPS

    @property
    def used(self) -> int:
        """The steps that were taken so far."""
        return MAX_ALL_STEPS - self.left


class Machine:
    """Evaluates files of one workspace in one world; see `modules.load` for the way in.

    `version`: that of the runner, where evaluation itself depends on it (Playwright's
    `defineConfig` merges differently from version to version).
    """

    def __init__(
        self,
        workspace: Workspace,
        world: World,
        version: str | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.workspace = workspace
        self.world = world
        self.version = version
        self._budget = budget or Budget()
        self.modules: dict[str, Module] = {}
        # Files that were searched and not run.
        self.searched: set[str] = set()
        # Files of the repository's own packages that are imported by name, and what they import.
        self.borrowed: set[str] = set()
        self.resolved: dict[tuple[str, str], Module] = {}
        # The exports that are being asked for: (file, name).
        self.asked: set[tuple[str, str]] = set()
        self.assumptions: dict[Note, None] = {}
        self.notices: dict[Note, None] = {}
        self.variables: dict[str, Value] = {}
        self.unknown_variables: Unknown | None = None
        self.lasting_variables = False
        self.steps = 0
        self.depth = 0
        self.calls = 0
        self._overruns = 0
        # How often something ran that may throw, for all that is known.
        self.unsure = 0
        self._watches: list[Watch] = []

    def explored(self, ask: Callable[[], T], lost: Callable[[Unknown], T]) -> T | Choice[T]:
        """What an expression gives, and where open conditions decide it, all that it may give.

        Each open condition that it alone depends on is asked here, so that the rest of the config
        need not depend on it. What changes something, or throws in some world, splits the whole
        world instead: raises Fork. `lost`: what it gives where that is too much to follow.
        """
        outer = self.world
        turns = outer.turns()
        watch = Watch()
        self._watches.append(watch)
        try:
            try:
                return ask()
            except Fork as fork:
                self.world = outer
                if watch.wrote:
                    raise
                outer.turn_back(turns)
                watch.exploring = True
                return Choice(self, tuple(self._cases(ask, outer, fork)))
        except TooManyWorlds:
            why = f"it depends on too many open conditions (over {MAX_LOCAL} cases)"
        except OverBound as bound:
            if self.calls > 1 or self._overruns >= MAX_OVERRUNS or watch.exploring:
                raise
            # What does not need this expression is still worked out.
            self._overruns += 1
            self.steps //= 2
            why = str(bound)
        finally:
            self.world = outer
            self._watches.pop()
        return lost(Unknown(why))

    def under(self, world: World, ask: Callable[[], T]) -> T:
        """What a question gives in a world that knows more than the one that ran.

        Raises Impure where to answer changes something that was there before.
        """
        outer, self.world = self.world, world
        watch = Watch()
        watch.exploring = True
        self._watches.append(watch)
        try:
            return ask()
        finally:
            self.world = outer
            self._watches.pop()

    def _cases(self, ask: Callable[[], T], outer: World, first: Fork) -> list[Case[T]]:
        worlds: list[World] = []

        def under(more: Assumptions) -> T:
            if not more:
                raise first.kept()
            self.world = outer.under(more)
            worlds.append(self.world)
            return ask()

        try:
            return decide(under, most=MAX_LOCAL)
        except (Impure, Thrown):
            raise first.kept() from None
        finally:
            for world in worlds:
                outer.rejoin(world)

    def writes(self, born: int = 0) -> None:
        """Something that is so old is about to be changed. Raises Impure while exploring."""
        for watch in reversed(self._watches):
            if born >= watch.start:
                return
            watch.wrote = True
            if watch.exploring:
                raise Impure

    def step(self, count: int = 1) -> None:
        """Count one step, or several. Raises OverBound."""
        self.steps += count
        if self.steps > MAX_STEPS:
            raise OverBound(f"the config takes more than {MAX_STEPS} steps to evaluate")
        self._budget.left -= count
        if self._budget.left < 0:
            everywhere = "in all cases that it depends on"
            raise OverBound(f"the config takes more than {MAX_ALL_STEPS} steps {everywhere}")

    def forget_variables(self, what: str, span: Span) -> None:
        """Something that is not followed may have set any environment variable."""
        self.writes()
        self.variables.clear()
        self.unknown_variables = Unknown(f"{what} may have set it", (span,))

    def assume(self, message: str, span: Span) -> None:
        """Record what was assumed, for `show`."""
        self.assumptions[Note(message, span)] = None

    def notice(self, message: str, span: Span) -> None:
        """Record what could not be followed, for the notices."""
        self.notices[Note(message, span)] = None
