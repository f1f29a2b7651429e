"""Starts guarded commands for the tests, and sees that nothing outlives a test.

All that a test starts carries a tag in its environment; survivors are counted, and cleaned up,
by it. Every wait is bounded.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DRIVER = HERE / "driver.py"
WORKLOADS = HERE / "workloads"
TAG = "CONFIGGUARD_TEST_TAG"
LIMIT_S = 60.0
"""No test waits longer for anything: a frozen test is a failed one."""
QUICK = {"grace_s": 0.3}


def workload(name: str, *arguments: object) -> list[str]:
    """The command line of a workload."""
    return [sys.executable, str(WORKLOADS / f"{name}.py"), *map(str, arguments)]


def tagged(tag: str) -> list[int]:
    """The living processes that carry a tag."""
    wanted = f"{TAG}={tag}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                environ = (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if wanted in environ.split(b"\0") and state not in "ZX":
                    found.append(int(folder.name))
    return found


def wait_for(condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S) -> Any:
    """The condition's value once it is true. Fails after the limit."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {limit_s} s: {what}")


class Run:
    """One guarded command under way."""

    def __init__(self, process: subprocess.Popen[bytes], record: Path, tag: str) -> None:
        self.process = process
        self.record = record
        self.tag = tag

    def rows(self) -> list[dict[str, Any]]:
        """What the watcher was told so far."""
        with contextlib.suppress(FileNotFoundError):
            lines = self.record.read_text().split("\n")
            return [json.loads(line) for line in lines[:-1]]
        return []

    def samples(self) -> list[dict[str, Any]]:
        return [row["sample"] for row in self.rows() if "sample" in row]

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [row["event"] for row in self.rows() if row.get("event", {}).get("kind") == kind]

    def end(self) -> dict[str, Any]:
        """The outcome as the watcher was told it."""
        (row,) = [row for row in self.rows() if "end" in row]
        return dict(row["end"])

    def last(self) -> dict[str, Any]:
        (row,) = [row for row in self.rows() if "end" in row]
        return dict(row["last"])

    def wait(self) -> int:
        """The exit code."""
        return self.process.wait(timeout=LIMIT_S)

    def output(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out.decode(), err.decode()

    def survivors(self) -> list[int]:
        """What is left of it once it is over: a killed process may need a moment to go."""
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not tagged(self.tag), "all gone", 2.0)
        return tagged(self.tag)

    def keeper(self) -> int:
        """The keeper's pid."""
        started = wait_for(lambda: self.events("started"), "the command's start")
        command = int(started[0]["text"])
        text = Path(f"/proc/{command}/stat").read_text()
        return int(text.rpartition(")")[2].split()[1])


class Runs:
    """Starts guarded commands; ends all of them after the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tag = uuid.uuid4().hex
        self.ready = folder / "ready"
        self.reached = folder / "reached"
        self._runs: list[subprocess.Popen[bytes]] = []

    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            TAG: self.tag,
            "READY": str(self.ready),
            "REACHED": str(self.reached),
            "PYTHONPATH": str(HERE.parent.parent / "linter"),
        }

    def start(
        self,
        command: Sequence[str],
        *,
        settings: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
        **popen: Any,
    ) -> Run:
        """A guarded command in a session of its own, so that its signals do not reach us."""
        record = self.folder / f"record-{len(self._runs)}.jsonl"
        asked = {
            "record": str(record),
            "settings": {"run_id": self.tag, **QUICK, **(settings or {})},
            **(options or {}),
        }
        popen = {
            "start_new_session": True,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **popen,
        }
        process = subprocess.Popen(self.line(asked, command), env=self.env(), **popen)
        self._runs.append(process)
        return Run(process, record, self.tag)

    def line(self, options: dict[str, Any], command: Sequence[str]) -> list[str]:
        """The command line of the driver."""
        return [sys.executable, str(DRIVER), json.dumps(options), "--", *command]

    def wait_ready(self, letters: int = 0) -> None:
        """Until the workload says that it is there."""
        wait_for(
            lambda: self.ready.exists() and self.ready.stat().st_size >= letters,
            "the workload is ready",
        )

    def close(self) -> None:
        """End whatever is left, by the tag, and let go of the pipes."""
        for _ in range(50):
            left = tagged(self.tag)
            if not left:
                break
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        for process in self._runs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            for stream in (process.stdout, process.stderr, process.stdin):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
