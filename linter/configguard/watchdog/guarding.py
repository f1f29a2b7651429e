"""The seam of the guard: what the process half asks, tells and hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from configguard.watchdog.sampling import ProcessSample, Sample

RUN_ID = "CONFIGGUARD_RUN_ID"
"""The environment variable by which a process is known as part of a guarded run."""

LIMIT_EXIT = 124
FAULT_EXIT = 125
NOT_EXECUTABLE_EXIT = 126
NOT_FOUND_EXIT = 127

StopReason = Literal[
    "memory", "available-memory", "cpu", "wall", "logs", "service", "guarded-sum",
    "signal",  # the user's own: INT, TERM or HUP
    "front-lost",  # the front was killed; the keeper ended the tree
    "keeper-lost",  # the keeper was killed; the front ended the tree
    "monitoring",  # nothing can be measured and `require_monitoring` is set
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Near a limit: told, nothing stopped."""

    reason: StopReason
    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The tree is to be ended now. The first one counts."""

    reason: StopReason
    text: str
    urgent: bool = False
    """The machine is in danger: the grace is cut to half a second."""


Decision = Keep | Warn | Stop

EventKind = Literal[
    "started",  # pid of the command
    "interrupted",  # INT, TERM or HUP came from outside
    "suspended",  # the command was stopped (Ctrl-Z) and goes on now
    "stopping",  # TERM goes to all; `reason` says why
    "killing",  # the grace is over: STOP and KILL until nothing is left
    "ended",  # the command itself ended; left-overs are looked for next
    "leftovers",  # `processes` outlived the command
    "kept",  # `processes` outlived it and are let live: known daemons, or by the limits file
    "survivors",  # `processes` could not be ended
    "lost",  # a measurement is not to be had from here on; `text` says which
    "fault",  # our own: a callback or a scan failed; the command goes on
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for the journal and for the user."""

    kind: EventKind
    t: float
    text: str = ""
    reason: StopReason | None = None
    processes: tuple[ProcessSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. `exit_code` is what `configguard run` exits with."""

    exit_code: int
    signal: int | None = None
    """The signal that the command died of, whoever sent it."""
    stopped_by: StopReason | None = None
    text: str = ""
    """Why it was stopped or could not be started, in words."""
    leftovers: tuple[ProcessSample, ...] = ()
    """Outlived the command; ended unless `kept`."""
    kept: tuple[ProcessSample, ...] = ()
    survivors: tuple[ProcessSample, ...] = ()
    """What could not be ended, such as another user's processes."""
    seconds: float = 0.0
    cpu_total_s: float = 0.0
    """CPU time of all that ran in the tree, also where it ended before the first look."""
    sampler_cpu_s: float = 0.0
    started: bool = True
    """The command ran at all (`cleanup` is only for such)."""
    command_code: int | None = None
    """The command's own code, also where a limit made `exit_code` 124; None: it died of a signal
    or never ran."""
    recorded: bool = True
    """`Watcher.on_end` was called with this outcome (false: the keeper was killed)."""


class Watcher(Protocol):
    """Decides and records. Called in the keeper: a forked process on POSIX, so that what it
    keeps in memory is not seen by the caller of `guard`; what it writes to files is.

    No method may start a process or a thread. One that raises is told as a `fault` event and
    never ends the command. `decide` is asked once per sample, `on_sample` told right after.
    """

    def decide(self, sample: Sample) -> Decision: ...

    def on_sample(self, sample: Sample, decision: Decision) -> None: ...

    def on_event(self, event: Event) -> None: ...

    def on_end(self, outcome: Outcome, last: Sample | None) -> None:
        """The last call, when nothing of the tree is left.

        `last` has all its CPU time; it is None where the command ended before the first look.
        """


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """What the process half needs to know of the limits."""

    run_id: str
    interval_s: float = 5.0
    grace_s: float = 5.0
    wall_s: float | None = None
    memory_mb: float | None = None
    """Where memory is looked at closely; the decision itself is the watcher's."""
    hard_memory_mb: float | None = None
    end_leftovers: bool = True
    require_monitoring: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of the command, beside the run's id."""


class Guard(Protocol):
    """`configguard.watchdog.guard.guard`: runs a command under a watcher; returns when all is
    over. Stdout and stdin are the command's alone from then on; stderr stays ours too."""

    def __call__(
        self, command: Sequence[str], settings: GuardSettings, watcher: Watcher
    ) -> Outcome: ...
