"""The tree below us by psutil: macOS and Windows, and Linux where /proc cannot be read.

Without a subreaper a process whose parent ended is no descendant any more: what was once seen
stays ours, and so does all that carries the run's id in its environment.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from configguard.watchdog.guarding import RUN_ID
from configguard.watchdog.machine import MB
from configguard.watchdog.sampling import Lost, MemoryKind, ProcessSample


@dataclass(frozen=True, slots=True)
class Living:
    """A process of the tree, as far as ending it needs."""

    pid: int
    started: float
    parent: int


class PsutilTree:
    """The descendants of a process, by psutil."""

    def __init__(
        self,
        root: int,
        run_id: str,
        *,
        adopts: bool = False,
        footprint: Callable[[int], float | None] | None = None,
        psutil: Any = None,
    ) -> None:
        """`adopts`: the kernel gives us the orphans. `footprint`: the platform's exact memory."""
        if psutil is None:
            import psutil as installed

            psutil = installed
        self._psutil = psutil
        self._root = root
        self._run_id = run_id
        self._adopts = adopts
        self._footprint = footprint
        self._seen: set[tuple[int, float]] = set()
        self._strangers: set[tuple[int, float]] = set()
        self._last_s: dict[tuple[int, float], float] = {}
        self.ended_s = 0.0
        """Time of the processes that are gone, as last seen: less than the truth."""
        self.cpu_s = 0.0
        self.lost: frozenset[Lost] = frozenset()
        self.close_kind: MemoryKind = "pss" if footprint is None else "footprint"

    def scan(self, *, fresh_commands: bool = False) -> list[ProcessSample]:
        """All living processes of the tree; sets `cpu_s` and `lost`."""
        del fresh_commands  # psutil reads them anew each time
        samples = []
        total = 0.0
        counts_children = False
        current: dict[tuple[int, float], float] = {}
        for process, living in self._members():
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    own = times.user + times.system
                    children = getattr(times, "children_user", None)
                    if children is not None and sys.platform == "linux":
                        counts_children = True
                        total += children + times.children_system
                    total += own
                    current[living.pid, living.started] = own
                    if process.status() == self._psutil.STATUS_ZOMBIE:
                        continue
                    samples.append(
                        ProcessSample(
                            pid=living.pid,
                            started=living.started,
                            parent=living.parent,
                            name=process.name(),
                            command=self._command(process),
                            memory_mb=process.memory_info().rss / MB,
                            cpu_s=own,
                        )
                    )
            except (self._psutil.Error, OSError):
                # Gone in between, or not ours to read: what could be read was counted.
                continue
        if not counts_children:
            self.ended_s += sum(
                seconds for identity, seconds in self._last_s.items() if identity not in current
            )
        self._last_s = current
        self.cpu_s = total
        lost: set[Lost] = set()
        if not counts_children:
            lost.add("ended-children")
        if not self._adopts:
            lost.add("untracked")
        self.lost = frozenset(lost)
        return samples

    def living(self) -> list[Living]:
        """The living processes of the tree, parents first."""
        found = []
        for process, living in self._members():
            try:
                if process.status() != self._psutil.STATUS_ZOMBIE:
                    found.append(living)
            except (self._psutil.Error, OSError):
                continue
        return found

    def started_of(self, pid: int) -> float | None:
        """The second half of a process's identity; None where it is gone or cannot be read."""
        try:
            return float(self._psutil.Process(pid).create_time())
        except (self._psutil.Error, OSError):
            return None

    def close_mb(self, pid: int) -> float | None:
        """The exact memory of one process; None where it cannot be had."""
        if self._footprint is not None:
            return self._footprint(pid)
        try:
            full = self._psutil.Process(pid).memory_full_info()
        except self._psutil.NoSuchProcess:
            return 0.0
        except (self._psutil.Error, OSError, AttributeError, NotImplementedError):
            return None
        shared = getattr(full, "pss", None)
        return None if shared is None else float(shared) / MB

    def quick_mb(self, pid: int) -> float:
        """The memory of one process now."""
        try:
            return float(self._psutil.Process(pid).memory_info().rss) / MB
        except (self._psutil.Error, OSError):
            return 0.0

    def _members(self) -> list[tuple[Any, Living]]:
        """Descendants, what was ever seen to be one, and what carries the run's id."""
        everything: dict[int, tuple[Any, Living]] = {}
        for process in self._listed():
            try:
                living = Living(process.pid, process.create_time(), process.ppid())
            except (self._psutil.Error, OSError):
                continue
            everything[living.pid] = process, living
        children: dict[int, list[int]] = {}
        for pid, (_, living) in everything.items():
            children.setdefault(living.parent, []).append(pid)
        found: dict[int, tuple[Any, Living]] = {}
        pending = [self._root]
        pending += [
            pid
            for pid, (process, living) in everything.items()
            if pid != self._root and self._is_ours(process, living)
        ]
        position = 0
        while position < len(pending):
            pid = pending[position]
            position += 1
            if pid in found:
                continue
            if pid != self._root:
                found[pid] = everything[pid]
                living = everything[pid][1]
                self._seen.add((living.pid, living.started))
            pending += [child for child in children.get(pid, ()) if child in everything]
        return list(found.values())

    def _is_ours(self, process: Any, living: Living) -> bool:
        """Whether it is of the tree for another reason than its parents."""
        identity = living.pid, living.started
        if self._adopts or identity in self._seen:
            return not self._adopts
        if identity in self._strangers:
            return False
        try:
            if process.environ().get(RUN_ID) == self._run_id:
                return True
        except (self._psutil.Error, OSError, AttributeError):
            pass
        # One look at an environment is enough: no program changes what is read there.
        self._strangers.add(identity)
        return False

    def _listed(self) -> list[Any]:
        return list(self._psutil.process_iter())

    def _command(self, process: Any) -> tuple[str, ...]:
        try:
            return tuple(process.cmdline())
        except (self._psutil.Error, OSError):
            return ()
