"""Decides about samples, keeps the journal, tells the user: the guard's `Watcher`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from configguard.watchdog.bounds import LEAST_AVAILABLE
from configguard.watchdog.guarding import Decision, Event, Keep, Outcome, Stop, Warn
from configguard.watchdog.journal import Journal
from configguard.watchdog.printed import Look, end_report, line, say
from configguard.watchdog.processes import Ledger
from configguard.watchdog.record import (
    About,
    Peaks,
    exit_code,
    monitor_line,
    result_of,
    sample_line,
)
from configguard.watchdog.registry import Entry, Registry
from configguard.watchdog.sampling import Lost, Sample
from configguard.watchdog.verdict import ALONE, History, Others, step, wall_text

_MOST_EVENTS = 200
_TOLD_EVENTS = {"lost": "cannot be measured: ", "fault": "a fault of its own: "}


class RunWatcher:
    """One run's decisions and record."""

    def __init__(
        self,
        about: About,
        look: Look,
        *,
        journal: Journal | None = None,
        registry: Registry | None = None,
        entry: Entry | None = None,
        monitor_log: int | None = None,
        largest_other: Callable[[Sample], float | None] | None = None,
    ) -> None:
        """`monitor_log`: the descriptor of the text log that was asked for."""
        self._about = about
        self._look = look
        self._journal = journal
        self._registry = registry
        self._entry = entry
        self._monitor_log = monitor_log
        self._largest_other = largest_other or largest_outside
        self._history = History()
        self._ledger = Ledger()
        self._peaks = Peaks()
        self._events: list[Event] = []
        self._samples = 0
        self._lost: dict[Lost, None] = {}
        self._others = ALONE
        self._fault_told = False
        self._urgent = False

    def decide(self, sample: Sample) -> Decision:
        """What a sample comes to."""
        if sample.window:
            self._others = self._look_for_others()
        others = self._others
        machine, available = sample.machine_memory_mb, sample.available_mb
        if available is not None and available < machine * LEAST_AVAILABLE / 100:
            others = replace(others, largest_mb=self._largest_other(sample))
        self._history, decision = step(self._about.limits, self._history, sample, others)
        self._urgent = isinstance(decision, Stop) and decision.urgent
        return decision

    def on_sample(self, sample: Sample, decision: Decision) -> None:
        """Book a sample and tell of it."""
        self._samples += 1
        self._ledger.add(sample)
        percent = self._history.cpu_percent
        self._peaks.add(sample, percent if sample.window else None)
        self._lost.update(dict.fromkeys(sample.lost))
        if isinstance(decision, Warn):
            say(line(self._look, decision.text))
        if not sample.window and isinstance(decision, Keep):
            return
        if self._journal is not None:
            self._journal.sample(sample_line(sample, decision, percent))
            self._tell_fault(self._journal.fault)
        if self._monitor_log is not None:
            text = monitor_line(sample, decision, percent)
            try:
                os.write(self._monitor_log, text.encode("ascii", "backslashreplace"))
            except OSError as error:
                self._tell_fault(f"the log: {error.strerror}")
                self._monitor_log = None
        self._publish(sample)

    def on_event(self, event: Event) -> None:
        """Note what happened; the user is told of what changes the guard."""
        if len(self._events) < _MOST_EVENTS:
            self._events.append(event)
        if event.kind in _TOLD_EVENTS and event.text:
            say(line(self._look, _TOLD_EVENTS[event.kind] + event.text))
        elif event.kind == "stopping" and event.reason not in (None, "signal") and not self._urgent:
            grace = self._about.limits.grace_s
            told = f"ending the run, reason {event.reason}: its processes have {grace:g} s to end"
            say(line(self._look, told, "1;31"))

    def on_end(self, outcome: Outcome, last: Sample | None) -> None:
        """Write the result; where that cannot be, or nobody else will, tell it here."""
        del last
        result = self.result(outcome)
        written = False
        if self._journal is not None:
            result["journal"] = str(self._journal.folder)
            written = self._journal.result(result)
            if not written:
                self._tell_fault(f"{self._journal.folder}: the result could not be written")
        if not written or outcome.stopped_by == "front-lost":
            say(end_report(result, self._look))
        if outcome.stopped_by == "front-lost" and self._registry is not None:
            self._registry.remove(self._about.id)

    def result(self, outcome: Outcome) -> dict[str, Any]:
        """What is known of the run at its end."""
        wall = self._about.limits.wall_s
        if outcome.stopped_by == "wall" and wall is not None:
            outcome = replace(outcome, text=wall_text(wall))
        return result_of(
            self._about,
            outcome,
            self._peaks,
            self._ledger,
            events=self._events,
            samples=self._samples,
            lost=sorted(self._lost),
        )

    def exit_code(self, outcome: Outcome) -> int:
        """What `configguard run` exits with."""
        return exit_code(self._about, outcome)

    def _tell_fault(self, fault: str | None) -> None:
        if fault is None or self._fault_told:
            return
        self._fault_told = True
        say(line(self._look, f"the journal cannot be written, the run goes on: {fault}"))

    def _publish(self, sample: Sample) -> None:
        """Let other guarded runs know what this one takes."""
        if self._registry is None or self._entry is None or not sample.window:
            return
        self._entry = replace(
            self._entry,
            memory_mb=round(sample.memory_mb, 1),
            memory_kind=sample.memory_kind,
            cpu_cores=round((self._history.cpu_percent or 0) * sample.usable_cpus / 100, 2),
        )
        with contextlib.suppress(OSError):
            self._registry.write(self._entry)

    def _look_for_others(self) -> Others:
        """What older guarded runs take: the younger one has to give way."""
        own = self._entry
        if self._registry is None or own is None:
            return ALONE
        older = older_than(own, self._registry)
        names = "; ".join(one.told for one in older[:3])
        return Others(
            sum(one.memory_mb for one in older),
            names,
            sum(one.cpu_cores for one in older),
            doubtful=any(one.memory_kind == "rss" for one in older),
        )


def older_than(own: Entry, registry: Registry) -> list[Entry]:
    """The live runs that were there before this one."""
    return [
        one
        for one in registry.live()
        if one.id != own.id and (one.since, one.id) < (own.since, own.id)
    ]


def largest_outside(sample: Sample) -> float | None:
    """The largest process that is not of the tree, in MB; None where none can be looked at."""
    import psutil

    own = {process.pid for process in sample.processes}
    sizes = [
        process.info["memory_info"].rss / 1_048_576
        for process in psutil.process_iter(["memory_info"])
        if process.pid not in own and process.info["memory_info"] is not None
    ]
    return max(sizes, default=None)
