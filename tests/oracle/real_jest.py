"""Asks the real jest: in go a config and a pretended CPU count, out comes what it made of them.

`resolve_many` reads configs as `jest --config` does and returns the resolved settings; `run_suite`
runs the real CLI and returns what the test files recorded. Runners come from `install.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

RESOLVER = HERE / "resolve_jest.cjs"
VERSIONS: tuple[str, ...] = ("27.5.1", "28.1.3", "29.7.0", "30.5.2")


def runner_name(version: str) -> str:
    """Name the folder of a version: 29.7.0 lives in jest-29."""
    return f"jest-{version.split('.')[0]}"


def modules(version: str) -> Path:
    """Return the node_modules of an installed version."""
    return install.CACHE / runner_name(version) / "node_modules"


def installed(version: str) -> bool:
    """Say whether a version can be used now."""
    return install.is_installed(runner_name(version)) and shutil.which("node") is not None


def available() -> list[str]:
    """List the versions that can be used now, oldest first."""
    return [version for version in VERSIONS if installed(version)]


def link_runner(version: str, folder: Path) -> None:
    """Let the files in a folder import jest and what comes with it; packages there stay."""
    here = folder / "node_modules"
    here.mkdir(exist_ok=True)
    for target in modules(version).iterdir():
        link = here / target.name
        if link.is_symlink():
            link.unlink()
        if target.is_dir() and not target.name.startswith(".") and not link.exists():
            link.symlink_to(target, target_is_directory=True)


def _node(version: str) -> list[str]:
    node = shutil.which("node")
    if node is None or not installed(version):
        raise LookupError(f"jest {version} is not installed: python tests/oracle/install.py")
    return [node, "--require", str(PRELOAD)]


# --- resolving ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResolveCase:
    """One config to resolve, in a folder of its own; no config: what jest finds there."""

    folder: Path
    config: str | None
    env: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 8


@dataclass(frozen=True)
class Resolved:
    """What jest made of a config: the global settings, and those of each project.

    NaN and the infinities read {"$number": "NaN"}, functions {"$function": name}; a setting that
    is undefined is absent.
    """

    values: Mapping[str, object]
    projects: Sequence[Mapping[str, object]]
    error: RunnerError | None
    logs: Sequence[str]


def resolve_many(version: str, root: Path, cases: Sequence[ResolveCase]) -> list[Resolved]:
    """Resolve configs below a root in one Node process."""
    link_runner(version, root)
    asked = [
        {
            "folder": str(case.folder.resolve()),
            "config": case.config,
            "env": dict(case.env),
            "cpus": case.cpus,
        }
        for case in cases
    ]
    common = {"modules": str(modules(version)), "root": str(root.resolve())}
    answers = ask(_node(version), RESOLVER, common, asked)
    return [_resolved(answer) for answer in answers]


def _resolved(answer: dict[str, object] | RunnerError) -> Resolved:
    if isinstance(answer, RunnerError):
        return Resolved({}, [], answer, [])
    values, projects, error = answer.get("values"), answer.get("projects"), answer.get("error")
    logs = answer.get("logs")
    printed = (clean(str(line)) for line in (logs if isinstance(logs, list) else []))
    return Resolved(
        values=values if isinstance(values, dict) else {},
        projects=projects if isinstance(projects, list) else [],
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
    config: str | None,
    *,
    cpus: int,
    env: Mapping[str, str] | None = None,
    timeout_s: float,
    arguments: Sequence[str] = (),
) -> RunResult:
    """Run `jest --config X` in a folder; after the time limit the whole group is killed."""
    link_runner(version, folder)
    cli = str(modules(version) / "jest" / "bin" / "jest.js")
    chosen = [] if config is None else ["--config", config]
    cache = ["--cacheDirectory", str(folder / ".jest-cache")]
    command = [*_node(version), cli, *chosen, *cache, *arguments]
    return run_recorded(command, folder, cpus=cpus, env=env, timeout_s=timeout_s)


# --- test files ---------------------------------------------------------------------------------

PRELUDE = f"""\
const {{ appendFileSync }} = require('node:fs')

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
    folder: Path, count: int, ms: int, *, pattern: str = "overlap-{}.test.js"
) -> list[str]:
    """Write files with one test each that takes a while; returns their names."""
    names = [pattern.format(number) for number in range(count)]
    for name in names:
        test = f"test('t', recorded('{name} > t', () => sleep({ms})), {OWN_TIMEOUT_MS})\n"
        _write(folder / name, test)
    return names


def write_concurrent_tests(folder: Path, count: int, ms: int, name: str = "many.test.js") -> None:
    """Write one file of `test.concurrent` tests that take a while."""
    body = "".join(
        f"test.concurrent('t{number}', recorded('{name} > t{number}', () => sleep({ms})),"
        f" {OWN_TIMEOUT_MS})\n"
        for number in range(count)
    )
    _write(folder / name, body)


def write_test(folder: Path, name: str, body: str, *, before: str = "") -> str:
    """Write a file with one test; `body` is a function; returns its name in the records."""
    test = f"{name} > t"
    _write(folder / name, f"{before}\ntest('t', recorded('{test}', {body}))\n")
    return test


FAILS = "() => { throw new Error('fails on purpose') }"
HANGS = "() => new Promise(() => {})"


def _write(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PRELUDE + body, encoding="utf-8")
