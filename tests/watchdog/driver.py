"""Runs a command under the process half of the guard, with a watcher as plain as can be.

    python driver.py OPTIONS-AS-JSON -- COMMAND…

What happened goes to the file `record`, a JSON object a line; the exit code is the outcome's.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

from configguard.watchdog.guard import guard
from configguard.watchdog.guarding import Decision, Event, GuardSettings, Keep, Outcome, Stop, Warn
from configguard.watchdog.sampling import Sample


class Plain:
    """Stops at once beyond `stop_mb`; writes down all that it is told."""

    def __init__(self, record: str | None, options: dict[str, Any]) -> None:
        self._record = record
        self._options = options

    def decide(self, sample: Sample) -> Decision:
        if self._options.get("raises"):
            raise OSError(28, "No space left on device")
        stop_mb = self._options.get("stop_mb")
        if stop_mb is not None and sample.memory_mb > stop_mb:
            text = f"{sample.memory_mb:.0f} MB"
            return (
                Stop("memory", text, urgent=True)
                if self._options.get("kill", True)
                else Warn("memory", text)
            )
        stop_when = self._options.get("stop_when")
        if stop_when is not None and Path(stop_when).exists():
            return Stop("cpu", "the file is there")
        stop_at = self._options.get("stop_at_s")
        if stop_at is not None and sample.t >= stop_at:
            return Stop("cpu", f"after {sample.t:.2f} s")
        return Keep()

    def on_sample(self, sample: Sample, decision: Decision) -> None:
        values = dataclasses.asdict(sample)
        values["lost"] = sorted(sample.lost)
        self._write({"sample": values, "decision": type(decision).__name__})

    def on_event(self, event: Event) -> None:
        self._write({"event": dataclasses.asdict(event)})

    def on_end(self, outcome: Outcome, last: Sample | None) -> None:
        values = None if last is None else dataclasses.asdict(last) | {"lost": sorted(last.lost)}
        self._write({"end": dataclasses.asdict(outcome), "last": values})

    def _write(self, row: dict[str, Any]) -> None:
        if self._options.get("full_disk"):
            raise OSError(28, "No space left on device")
        row["at"] = time.monotonic()
        if self._record is not None:
            with open(self._record, "a") as file:
                file.write(json.dumps(row) + "\n")


def be_portable() -> None:
    """Take away what only Linux has: what is left is how the guard works on macOS."""
    import os

    from configguard.watchdog import kernel

    kernel._prctl = None
    for name in ("pidfd_open", "memfd_create"):
        delattr(os, name)


def main() -> int:
    options = json.loads(sys.argv[1])
    if options.get("portable"):
        be_portable()
    settings = GuardSettings(**{"run_id": "test", **options.pop("settings", {})})
    outcome = guard(sys.argv[3:], settings, Plain(options.get("record"), options))
    if outcome.text:
        print(f"guard: {outcome.text}", file=sys.stderr)
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
