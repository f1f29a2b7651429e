"""A run as `result.json` holds it, and a sample as a line of `samples.jsonl`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configguard import __version__
from configguard.watchdog.bounds import RunLimits, as_json
from configguard.watchdog.guarding import Decision, Event, Outcome, Stop, Warn
from configguard.watchdog.machine import Machine
from configguard.watchdog.processes import Ledger, shown_command, told
from configguard.watchdog.sampling import ProcessSample, Sample

SCHEMA_VERSION = 1
_MOST_EVENTS = 100
_MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a run before it starts. `gate`: the plain verdict on its config."""

    id: str
    command: tuple[str, ...]
    cwd: str
    root: str
    limits: RunLimits
    started: float
    gate: Mapping[str, Any] = field(default_factory=dict)
    slots: tuple[int, ...] = ()
    fail_on_leftovers: bool = False


@dataclass(slots=True)
class Peaks:
    """The highest figures of a run, each with its time."""

    memory: tuple[float, str, float] | None = None
    cpu: tuple[float, float] | None = None
    processes: tuple[int, float] | None = None

    def add(self, sample: Sample, cpu_percent: float | None) -> None:
        """Take a sample in."""
        if "scan" in sample.lost:
            return
        if self.memory is None or sample.memory_mb > self.memory[0]:
            self.memory = (sample.memory_mb, sample.memory_kind, sample.t)
        if cpu_percent is not None and (self.cpu is None or cpu_percent > self.cpu[0]):
            self.cpu = (cpu_percent, sample.t)
        if self.processes is None or len(sample.processes) > self.processes[0]:
            self.processes = (len(sample.processes), sample.t)

    def told(self) -> dict[str, Any]:
        """The peaks as the journal keeps them."""
        found: dict[str, Any] = {}
        if self.memory is not None:
            mb, kind, t = self.memory
            found["memory"] = {"mb": round(mb, 1), "kind": kind, "t": round(t, 2)}
        if self.cpu is not None:
            found["cpu"] = {"percent": round(self.cpu[0], 1), "t": round(self.cpu[1], 2)}
        if self.processes is not None:
            found["processes"] = {"count": self.processes[0], "t": round(self.processes[1], 2)}
        return found


def clock(epoch: float) -> str:
    """A moment as ISO 8601, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def sample_line(sample: Sample, decision: Decision, cpu_percent: float | None) -> dict[str, Any]:
    """A line of `samples.jsonl`."""
    state = "stop" if isinstance(decision, Stop) else "warn" if isinstance(decision, Warn) else "ok"
    cores = None if cpu_percent is None else round(cpu_percent * sample.usable_cpus / 100, 2)
    heaviest = sorted(sample.processes, key=lambda one: one.memory_mb, reverse=True)[:3]
    return {
        "schema": SCHEMA_VERSION,
        "t": round(sample.t, 3),
        "time": clock(time.time()),
        "state": state,
        "cpuPercent": None if cpu_percent is None else round(cpu_percent, 1),
        "cpuCores": cores,
        "cpuTotalSeconds": round(sample.cpu_total_s, 2),
        "memoryMB": round(sample.memory_mb, 1),
        "memoryKind": sample.memory_kind,
        "processes": len(sample.processes),
        "availableMB": None if sample.available_mb is None else round(sample.available_mb, 1),
        "lost": sorted(sample.lost),
        "top": [told(one) for one in heaviest],
    }


def monitor_line(sample: Sample, decision: Decision, cpu_percent: float | None) -> str:
    """A line of the text log, as the incident's own monitor wrote one every five seconds."""
    line = sample_line(sample, decision, cpu_percent)
    cpu = "CPU -" if cpu_percent is None else f"CPU {cpu_percent:.1f}%"
    cores = "" if line["cpuCores"] is None else f" ({line['cpuCores']} cores)"
    memory = f"MEM {sample.memory_mb:.0f} MB ({sample.memory_kind.upper()})"
    return f"{line['time']} {cpu}{cores} {memory} PROCESSES {line['processes']} {line['state']}\n"


def exit_code(about: About, outcome: Outcome) -> int:
    """What the run exits with; left-overs make a pass a failure where that is asked for."""
    if not about.fail_on_leftovers or outcome.exit_code != 0:
        return outcome.exit_code
    from configguard.watchdog.daemons import daemons_among

    daemons = daemons_among(outcome.kept)
    kept = [one for one in outcome.kept if one.identity not in daemons]
    return 1 if outcome.leftovers or kept else 0


def result_of(
    about: About,
    outcome: Outcome,
    peaks: Peaks,
    ledger: Ledger,
    *,
    events: Sequence[Event] = (),
    samples: int = 0,
    lost: Sequence[str] = (),
) -> dict[str, Any]:
    """What `result.json` holds."""
    code = exit_code(about, outcome)
    reason = "leftovers" if code != outcome.exit_code else outcome.stopped_by
    return {
        "schemaVersion": SCHEMA_VERSION,
        "configguard": __version__,
        "id": about.id,
        "command": shown_command(about.command),
        "cwd": about.cwd,
        "root": about.root,
        "started": clock(about.started),
        "seconds": round(outcome.seconds, 2),
        "exitCode": code,
        "commandCode": outcome.command_code,
        "signal": outcome.signal,
        "wasStarted": outcome.started,
        "reason": reason,
        "text": outcome.text,
        "watching": as_json(about.limits, Machine().usable_cpus),
        "gate": dict(about.gate),
        "slots": list(about.slots),
        "peaks": peaks.told(),
        "top": {by: ledger.top(by) for by in ("both", "memory", "cpu")},
        "shortLivedCpuSeconds": round(ledger.short_lived_cpu_s, 2),
        "leftovers": _named(outcome.leftovers),
        "kept": _named(outcome.kept),
        "survivors": _named(outcome.survivors),
        "lost": list(lost),
        "sampler": {"cpuSeconds": round(outcome.sampler_cpu_s, 3), "samples": samples},
        "events": [
            {"t": round(one.t, 2), "kind": one.kind, "text": one.text, "reason": one.reason}
            for one in events[:_MOST_EVENTS]
        ],
    }


def _named(processes: Sequence[ProcessSample]) -> list[dict[str, Any]]:
    return [told(one) for one in processes[:_MOST_NAMED]]
