"""Makes samples of a tree: sums, exact memory near the limit, CPU time that never falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from configguard.watchdog.machine import Machine
from configguard.watchdog.sampling import NEAR, Lost, MemoryKind, ProcessSample, Sample, Tree


class Meter:
    """Looks at a tree and tells what it uses."""

    def __init__(
        self,
        tree: Tree,
        machine: Machine,
        reaped_s: Callable[[], float],
        memory_limit_mb: float | None,
    ) -> None:
        """`reaped_s`: the time of the children that the keeper itself has waited for."""
        self._tree = tree
        self._machine = machine
        self._reaped_s = reaped_s
        self._near_mb = None if memory_limit_mb is None else memory_limit_mb * NEAR
        self._highest_s = 0.0

    def sample(self, t: float, *, window: bool, after_gap: bool = False) -> Sample:
        """One look. Raises OSError where the processes cannot be listed at all."""
        processes = self._tree.scan(fresh_commands=window)
        # Disjoint: only we reap our children, and until then they stand in the tree.
        cpu_s = self._tree.cpu_s + max(self._reaped_s(), self._tree.ended_s)
        # It dips while an ended parent was not waited for, or a child was between two parents.
        self._highest_s = max(self._highest_s, cpu_s)
        lost = set(self._tree.lost)
        kind: MemoryKind = "rss"
        if self._near_mb is not None and sum(p.memory_mb for p in processes) >= self._near_mb:
            processes, kind = self._closely(processes, lost)
        available = self._machine.available_mb()
        if available is None:
            lost.add("available")
        return Sample(
            t=t,
            cpu_total_s=self._highest_s,
            memory_mb=sum(process.memory_mb for process in processes),
            memory_kind=kind,
            processes=tuple(processes),
            available_mb=available,
            machine_memory_mb=self._machine.memory_mb,
            usable_cpus=self._machine.usable_cpus,
            window=window,
            after_gap=after_gap,
            lost=frozenset(lost),
        )

    def _closely(
        self, processes: list[ProcessSample], lost: set[Lost]
    ) -> tuple[list[ProcessSample], MemoryKind]:
        exact = []
        for process in processes:
            memory = self._tree.close_mb(process.pid)
            if memory is None:
                lost.add("pss-denied")
                exact.append(process)
            else:
                exact.append(replace(process, memory_mb=memory, memory_kind=self._tree.close_kind))
        return exact, "rss" if "pss-denied" in lost else self._tree.close_kind
