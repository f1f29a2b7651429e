"""What one look at the guarded tree tells: its processes, and sums that a decision can use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MemoryKind = Literal["pss", "rss", "footprint", "cgroup"]
"""What a figure counts: shared pages once (pss, cgroup), once per process (rss), or as macOS does
(footprint: compressed pages too)."""

Lost = Literal[
    "pss-denied",  # the exact memory of a process that we may not read: its RSS stands for it
    "children-ignored",  # a parent ignores SIGCHLD: its ended children's CPU is counted nowhere
    "ended-children",  # no counter here for children that ended between two looks
    "untracked",  # no subreaper here: a fast double fork may have left the tree unseen
    "available",  # the memory that is left
]
"""A measurement that a sample lacks."""


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """One living process. Its identity is `(pid, started)`: a pid alone is used again."""

    pid: int
    started: float
    """Seconds since the boot (Linux), since 1970 elsewhere; only ever compared for equality."""
    parent: int
    name: str
    command: tuple[str, ...]
    memory_mb: float
    cpu_s: float
    """Its own time, all its threads; not that of its children."""
    memory_kind: MemoryKind = "rss"

    @property
    def identity(self) -> tuple[int, float]:
        return self.pid, self.started


@dataclass(frozen=True, slots=True)
class Sample:
    """The whole guarded tree at one moment."""

    t: float
    """Seconds since the start; the time that the command was stopped (Ctrl-Z) is not counted."""
    cpu_total_s: float
    """CPU time of all that ever ran in the tree, dead children too. Never falls."""
    memory_mb: float
    memory_kind: MemoryKind
    processes: tuple[ProcessSample, ...]
    available_mb: float | None
    """What the machine (or our control group) could still give out."""
    machine_memory_mb: float
    usable_cpus: float
    """CPUs that the tree may use: affinity and quota."""
    window: bool = True
    """One of the regular looks, every `interval_s`; else the sentinel called for it."""
    after_gap: bool = False
    """The time since the last sample is no measure: the command was stopped in between."""
    lost: frozenset[Lost] = frozenset()


NEAR = 0.8
"""Of the memory limit: from here on memory is read exactly."""


class Identified(Protocol):
    """A process that can be told from a later one with its pid."""

    @property
    def pid(self) -> int: ...
    @property
    def started(self) -> float: ...
    @property
    def parent(self) -> int: ...


class Tree(Protocol):
    """The processes below a root; one class per platform."""

    close_kind: MemoryKind
    cpu_s: float
    ended_s: float
    """Time of processes that are gone and that nobody waited for, where that is known."""
    lost: frozenset[Lost]

    def scan(self, *, fresh_commands: bool = False) -> list[ProcessSample]: ...

    def living(self) -> Sequence[Identified]: ...

    def started_of(self, pid: int) -> float | None: ...

    def close_mb(self, pid: int) -> float | None: ...

    def quick_mb(self, pid: int) -> float: ...
