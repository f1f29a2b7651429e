"""What a config comes to: its suites, and what of them starts together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from configguard.project.candidates import Candidate
from configguard.project.invocations import Invocation
from configguard.project.kinds import Kind
from configguard.project.packages import RunnerVersion
from configguard.runners.profile import Fact, Note, Profile
from configguard.runners.runner import Key, Surroundings
from configguard.source.span import Origin


class Trouble(NamedTuple):
    """A config that cannot be judged, or a source of facts that cannot be read."""

    message: str
    at: Origin
    severity: Literal["error", "warning"] = "error"


class Suite(NamedTuple):
    """A config, or one of its projects, as it runs: CONTRACT.md section 4.

    `profiles` by environment name: one that never has the suite is left out. `files`: all files
    that evaluating its config read; `version`: the one that is judged, or the first.
    `invocation`: the script or CI step that runs it so; None: as its config is written.
    `same_as`: the invocations that change nothing about it. `changed`: the facts that its own
    invocation makes others than those of the config as written. `judged`: False where it only ever
    runs as an invocation has it.
    """

    id: str
    file: str
    key: Key
    config: str
    runner: str
    version: str
    installed: RunnerVersion
    kind: Kind
    profiles: dict[str, Profile]
    files: frozenset[str]
    around: Surroundings
    invocation: Invocation | None = None
    same_as: tuple[Invocation, ...] = ()
    judged: bool = True
    changed: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """How messages call it."""
        if self.invocation is None:
            return self.id
        return f"{suite_id(self.config, self.key)} (run by {self.invocation.title})"

    @property
    def project(self) -> str | int | None:
        """The project's name, its index where it has none; None for a config itself."""
        return self.key.project

    @property
    def root_config(self) -> str | None:
        """The config that runs this project; None for a config itself."""
        return None if self.project is None else self.config


class Run(NamedTuple):
    """What starts together: its suites, and the most test files at one time, by environment.

    `e2e_workers` counts the end-to-end suites alone.
    """

    id: str
    suites: tuple[str, ...]
    workers: dict[str, Fact]
    e2e_workers: dict[str, Fact]


class Wanted(NamedTuple):
    """What is to be worked out of each suite: these facts (None: all), and whether also the runs
    of its config."""

    facts: frozenset[str] | None
    runs: bool


class Configured(NamedTuple):
    """One config file as it was judged: its suites, in their order, and what starts together.

    The first run is that of the config as it is written. `steps`: what its evaluation took.
    """

    candidate: Candidate
    suites: tuple[Suite, ...]
    runs: tuple[Run, ...]
    notes: tuple[Note, ...]
    troubles: tuple[Trouble, ...]
    steps: int = 0

    def reads(self, files: Iterable[str]) -> bool:
        """Whether a suite of it was read from one of the files."""
        return any(not suite.files.isdisjoint(files) for suite in self.suites)


def suite_id(config: str, key: Key) -> str:
    """`file`, or `file#project`."""
    file = key.file or config
    return file if key.project is None else f"{file}#{key.project}"
