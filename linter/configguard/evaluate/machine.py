"""The abstract machine in one world: its bounds, its notes, and the files it has loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from configguard.evaluate.values import Unknown, Value
from configguard.evaluate.worlds import World
from configguard.source.span import Span
from configguard.source.workspace import Workspace

if TYPE_CHECKING:
    from configguard.evaluate.modules import Module

MAX_DEPTH = 100
MAX_STEPS = 30_000
MAX_FILES = 200


class OverBound(Exception):
    """Evaluation went over one of the bounds; the message names it."""


class Thrown(Exception):
    """The config throws here, so the runner does not start."""

    def __init__(self, text: str, span: Span | None) -> None:
        super().__init__(text)
        self.text = text
        self.span = span


class Note(NamedTuple):
    """Something that was assumed, or could not be followed, at a place."""

    message: str
    span: Span


class Machine:
    """Evaluates files of one workspace in one world; see `modules.load` for the way in.

    `version`: that of the runner, where evaluation itself depends on it (Playwright's
    `defineConfig` merges differently from version to version).
    """

    def __init__(self, workspace: Workspace, world: World, version: str | None = None) -> None:
        self.workspace = workspace
        self.world = world
        self.version = version
        self.modules: dict[str, Module] = {}
        self.assumptions: dict[Note, None] = {}
        self.notices: dict[Note, None] = {}
        self.variables: dict[str, Value] = {}
        self.unknown_variables: Unknown | None = None
        self.changing = False
        self.steps = 0
        self.depth = 0

    def step(self) -> None:
        """Count one step. Raises OverBound."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise OverBound(f"the config takes more than {MAX_STEPS} steps to evaluate")

    def forget_variables(self, what: str, span: Span) -> None:
        """Something that is not followed may have set any environment variable."""
        self.variables.clear()
        self.unknown_variables = Unknown(f"{what} may have set it", (span,))

    def assume(self, message: str, span: Span) -> None:
        """Record what was assumed, for `show`."""
        self.assumptions[Note(message, span)] = None

    def notice(self, message: str, span: Span) -> None:
        """Record what could not be followed, for the notices."""
        self.notices[Note(message, span)] = None
