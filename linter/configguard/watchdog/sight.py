"""The keeper's sight of its tree: when to look, how closely, and what it cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from configguard.watchdog.guarding import EventKind, GuardSettings, Stop
from configguard.watchdog.sampling import NEAR, ProcessSample, Sample

if TYPE_CHECKING:
    from configguard.watchdog.machine import Machine
    from configguard.watchdog.meter import Meter
    from configguard.watchdog.sampling import Tree
    from configguard.watchdog.sentinel import Sentinel

_SCARCE = 0.03
"""Of the machine's memory."""
_LOST_AFTER = 3
"""So many looks in a row that failed mean that nothing can be measured."""


class Seeing(Protocol):
    """Whoever looks: the keeper, on Windows the guard itself."""

    def now(self) -> float: ...

    def decide(self, sample: Sample) -> None: ...

    def stop(self, stop: Stop) -> None: ...

    def fault(self, kind: EventKind, text: str) -> None: ...

    def take_gap(self) -> bool: ...


class _Instruments(NamedTuple):
    machine: Machine
    tree: Tree
    meter: Meter
    sentinel: Sentinel


class Sight:
    """What the keeper sees of its tree; made ready when there is something to look at."""

    def __init__(
        self,
        keeper: Seeing,
        make_tree: Callable[[], Tree],
        reaped_s: Callable[[], float],
        settings: GuardSettings,
    ) -> None:
        self._keeper = keeper
        self._make_tree = make_tree
        self._reaped_s = reaped_s
        self._settings = settings
        self._next_window = 0.0
        # A look for the warning before the wall-clock limit, then one at the limit.
        self._wall_look = math.inf if settings.wall_s is None else NEAR * settings.wall_s
        self._failures = 0
        self._last: Sample | None = None
        self._instruments: _Instruments | None = None
        self._at_start_s = time.process_time()

    def _tools(self) -> _Instruments:
        """The instruments; imported late, for a command that ends at once needs none."""
        if self._instruments is None:
            from configguard.watchdog.machine import Machine
            from configguard.watchdog.meter import Meter
            from configguard.watchdog.sentinel import Sentinel

            settings = self._settings
            machine, tree = Machine(), self._make_tree()
            self._instruments = _Instruments(
                machine,
                tree,
                Meter(tree, machine, self._reaped_s, settings.memory_mb),
                Sentinel(settings.memory_mb, settings.hard_memory_mb),
            )
        return self._instruments

    def look(self) -> float:
        """Take a sample where one is due or called for; say how long to sleep."""
        try:
            return self._look(self._tools())
        except Exception as fault:
            # A machine that we cannot measure: the command goes on, and it is said.
            self._failures += 1
            if self._failures == _LOST_AFTER:
                text = f"limits cannot be enforced: {type(fault).__name__}: {fault}"
                self._keeper.fault("lost", text)
                if self._settings.require_monitoring:
                    self._keeper.stop(Stop("monitoring", text))
            return self._without_sight()

    def _without_sight(self) -> float:
        wall = self._settings.wall_s
        if wall is not None and self._keeper.now() >= wall:
            self._keeper.stop(Stop("wall", f"it ran for {wall:g} s"))
        return min(1.0, 0.1 * (1 << min(self._failures, 4)))

    def _look(self, tools: _Instruments) -> float:
        from configguard.watchdog.sentinel import largest

        now = self._keeper.now()
        window = now >= self._next_window
        due = window or now >= self._wall_look
        if now >= self._wall_look:
            self._wall_look = self._settings.wall_s or math.inf
        if not due:
            known = () if self._last is None else largest(self._last)
            held = sum(tools.tree.quick_mb(process.pid) for process in known)
            due = tools.sentinel.wants(now, tools.machine.available_mb(), held)
        if due:
            sample = self._sample(tools, window=window)
            if window:
                self._next_window = now + self._settings.interval_s
            self._keeper.decide(sample)
        soon = min(self._next_window, self._wall_look) - self._keeper.now()
        return min(tools.sentinel.tick_s(), max(0.0, soon))

    def _sample(self, tools: _Instruments, *, window: bool) -> Sample:
        began = time.process_time()
        sample = tools.meter.sample(
            self._keeper.now(), window=window, after_gap=self._keeper.take_gap()
        )
        tools.sentinel.cost_s = time.process_time() - began
        tools.sentinel.sampled(sample)
        self._failures = 0
        self._last = sample
        return sample

    def processes(self) -> tuple[ProcessSample, ...]:
        """All that lives now, with fresh command lines."""
        try:
            self._last = self._tools().meter.sample(self._keeper.now(), window=True)
        except Exception as fault:
            self._keeper.fault("fault", f"{type(fault).__name__}: {fault}")
            return ()
        return self._last.processes

    def scarce(self) -> bool:
        """Whether the machine runs out of memory: no time for a grace."""
        try:
            machine = self._tools().machine
            available = machine.available_mb()
        except Exception:  # told when it was looked at
            return False
        return available is not None and available < _SCARCE * machine.memory_mb

    def final(self) -> Sample | None:
        """A last sample, with all CPU time: that of the ended children is ours now.

        None where nothing was looked at: a command that ends at once waits for no look.
        """
        if self._instruments is not None:
            self.processes()
        return self._last

    def highest_s(self) -> float:
        """The most CPU time that a sample has seen."""
        return 0.0 if self._last is None else self._last.cpu_total_s

    def cost_s(self) -> float:
        """CPU time of the keeper's own work."""
        return time.process_time() - self._at_start_s
