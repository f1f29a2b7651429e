"""The keeper's talk with the watcher: asks, obeys, tells; what fails there never ends the tests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from configguard.watchdog.guarding import (
    Event,
    EventKind,
    GuardSettings,
    Keep,
    Stop,
    StopReason,
    Warn,
    Watcher,
)
from configguard.watchdog.sampling import ProcessSample, Sample

GAP_S = 0.5
"""A pause of the command that is worth telling."""


class Telling:
    """A guarded run as its watcher knows it."""

    def __init__(self, settings: GuardSettings, watcher: Watcher) -> None:
        self._settings = settings
        self._watcher = watcher
        self._stop: Stop | None = None
        self._started_at = time.monotonic()
        self._suspended_s = 0.0
        self._gap_taken_s = 0.0
        self._told: set[str] = set()

    def now(self) -> float:
        """Seconds of the run, without those in which it was stopped."""
        return time.monotonic() - self._started_at - self._suspended_s

    def stop(self, stop: Stop) -> None:
        """End the tree for this reason; the first one counts."""
        if self._stop is None:
            self._stop = stop

    def tell(
        self,
        kind: EventKind,
        text: str = "",
        reason: StopReason | None = None,
        processes: tuple[ProcessSample, ...] = (),
    ) -> None:
        """Report an event."""
        event = Event(kind, self.now(), text, reason, processes)
        self.call(lambda: self._watcher.on_event(event))

    def fault(self, kind: EventKind, text: str) -> None:
        """Tell once what failed; the command goes on."""
        if text not in self._told:
            self._told.add(text)
            with contextlib.suppress(Exception):
                self._watcher.on_event(Event(kind, self.now(), text))

    def call(self, callback: Callable[[], None]) -> None:
        """Call the watcher; what it raises is told."""
        try:
            callback()
        except Exception as fault:  # a full disk must not cost the tests their outcome
            self.fault("fault", f"{type(fault).__name__}: {fault}")

    def decide(self, sample: Sample) -> None:
        """Ask the watcher about a sample, and obey."""
        decision: Keep | Warn | Stop = Keep()
        try:
            decision = self._watcher.decide(sample)
        except Exception as fault:  # as above
            self.fault("fault", f"{type(fault).__name__}: {fault}")
        wall = self._settings.wall_s
        if not isinstance(decision, Stop) and wall is not None and sample.t >= wall:
            decision = Stop("wall", f"it ran for {wall:g} s")
        self.call(lambda: self._watcher.on_sample(sample, decision))
        if isinstance(decision, Stop):
            self.stop(decision)

    def take_gap(self) -> bool:
        """Whether the command was stopped since the last sample."""
        gap = self._suspended_s - self._gap_taken_s > GAP_S
        self._gap_taken_s = self._suspended_s
        return gap
