"""Asks Node about many cases, and runs real runners: clean environments, time limits, no leftovers.

Nothing here knows a runner; see `real_vitest` and its like.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PRELOAD = HERE / "pretend_cpus.cjs"

# Everything else of our own environment stays out: CI, VITEST_*, and what marks an agent's shell
# (std-env `isAgent`, read by vitest 4 and newer) all change what runners do.
POSIX_ENV = ("PATH", "HOME", "LANG", "LC_ALL")
WINDOWS_ENV = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
KEPT_ENV = frozenset((*POSIX_ENV, *WINDOWS_ENV))
RECORD_ENV = "CONFIGGUARD_RECORD"
CPUS_ENV = "CONFIGGUARD_CPUS"

CASE_LIMIT_S = 60.0
POLL_S = 0.02
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class RunnerError:
    """The error a runner refused with; ProcessDied or TookTooLong when it gave no answer."""

    name: str
    message: str


@dataclass(frozen=True)
class Record:
    """One line a test file wrote: a test ("file > name") that starts or ends."""

    test: str
    event: str
    t: int
    pid: int

    @property
    def file(self) -> str:
        """The test file, as the helpers below name it."""
        return self.test.split(" > ", 1)[0]


@dataclass(frozen=True)
class RunResult:
    """What a run of the real CLI did; no exit code when we had to stop it."""

    exit_code: int | None
    timed_out: bool
    output: str
    seconds: float
    records: Sequence[Record]


# --- many questions to one process --------------------------------------------------------------


def ask(
    node: Sequence[str],
    resolver: Path,
    common: Mapping[str, object],
    cases: Sequence[Mapping[str, object]],
    env: Mapping[str, str] | None = None,
) -> list[dict[str, object] | RunnerError]:
    """One answer per case from one Node process; a new one takes over after a case that killed it.

    The resolver is handed {**common, "cases": [...]} and writes a line of JSON per case.
    """
    answers: list[dict[str, object] | RunnerError] = []
    while len(answers) < len(cases):
        rest = cases[len(answers) :]
        found, failure = _ask_one_process(node, resolver, {**common, "cases": rest}, env or {})
        answers += found
        if len(found) < len(rest):
            answers.append(failure)
    return answers


def _ask_one_process(
    node: Sequence[str], resolver: Path, request: Mapping[str, object], env: Mapping[str, str]
) -> tuple[list[dict[str, object]], RunnerError]:
    """Answers until the process ends, and what ended it in case it did too early."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        asked, answers, output = (scratch / part for part in ("request", "answers", "output"))
        asked.write_text(json.dumps(request), encoding="utf-8")
        answers.touch()
        command = [*node, str(resolver), str(asked), str(answers)]
        process = start(command, scratch, environment(scratch, env), output)
        ended = _wait_while_growing(process, answers)
        lines = answers.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        said = clean(output.read_text(encoding="utf-8", errors="replace"))
        failure = RunnerError("ProcessDied" if ended else "TookTooLong", said or "no output")
        return [json.loads(line) for line in whole], failure


def _wait_while_growing(process: subprocess.Popen[bytes], answers: Path) -> bool:
    """Wait for the end, but for each single answer no longer than the limit; False if it was."""
    size, since = 0, time.monotonic()
    while process.poll() is None:
        time.sleep(POLL_S)
        if (now := answers.stat().st_size) != size:
            size, since = now, time.monotonic()
        elif time.monotonic() - since > CASE_LIMIT_S:
            break
    ended = process.poll() is not None
    end_group(process)
    return ended


# --- one run ------------------------------------------------------------------------------------


def run_recorded(
    command: Sequence[str],
    folder: Path,
    *,
    cpus: int,
    env: Mapping[str, str] | None = None,
    timeout_s: float,
) -> RunResult:
    """Run a command whose tests record themselves; after the limit the whole group is killed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        recorded, output = scratch / "record.jsonl", scratch / "output"
        recorded.touch()
        ours = {**(env or {}), RECORD_ENV: str(recorded), CPUS_ENV: str(cpus)}
        started = time.monotonic()
        process = start(command, folder, environment(scratch, ours), output)
        exit_code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            exit_code = process.wait(timeout_s)
        seconds = time.monotonic() - started
        end_group(process)
        return RunResult(
            exit_code=exit_code,
            timed_out=exit_code is None,
            output=clean(output.read_text(encoding="utf-8", errors="replace")),
            seconds=seconds,
            records=list(_records(recorded)),
        )


def environment(scratch: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Build a clean environment; what a killed runner leaves in its temp folder goes with ours."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT_ENV}
    temp = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    return {**kept, **temp, "NO_COLOR": "1", **extra}


def start(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], output: Path
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, with its output in a file."""
    with output.open("wb") as sink:  # a file: a leftover grandchild would hold a pipe open
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and the workers it left behind."""
    if os.name == "nt":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def clean(text: str) -> str:
    """Text as it was printed, without colours."""
    return ANSI.sub("", text).replace("\r", "").strip()


def _records(file: Path) -> Iterator[Record]:
    """Read the lines in the order they were written; a killed worker may leave half a line."""
    for line in file.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            yield Record(**json.loads(line))


# --- what the records say -----------------------------------------------------------------------
# Appending is atomic, so the order of the lines is the order of the events: no clock is compared.


def max_overlap(records: Sequence[Record]) -> int:
    """Count the test FILES that ran at the same time, at most."""
    return _most_at_once([(record.file, record.event) for record in records])


def max_test_overlap(records: Sequence[Record]) -> int:
    """Count the single TESTS that ran at the same time, at most."""
    return _most_at_once([(record.test, record.event) for record in records])


def _most_at_once(events: Sequence[tuple[str, str]]) -> int:
    running: Counter[str] = Counter()
    most = 0
    for name, event in events:
        running[name] += 1 if event == "start" else -1
        most = max(most, sum(1 for count in running.values() if count > 0))
    return most


def attempts(records: Sequence[Record], test: str) -> int:
    """Count how often a test was started."""
    return sum(1 for record in records if record.test == test and record.event == "start")


def files_run(records: Sequence[Record]) -> int:
    """Count the test files of which at least one test was started."""
    return len({record.file for record in records})
