"""Asks the real Playwright Test: in go a config and a pretended CPU count, out come its settings.

`resolve_many` loads configs and returns what they resolve to; `run_suite` runs the real CLI and
returns what the test files recorded. No test needs a browser. Runners come from `install.py`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oracle import install
from oracle.processes import (
    CPUS_ENV,
    HERE,
    PRELOAD,
    RECORD_ENV,
    RunnerError,
    RunResult,
    ask,
    clean,
    environment,
    run_recorded,
)

RESOLVER = HERE / "resolve_playwright.cjs"
VERSIONS: tuple[str, ...] = ("1.30.0", "1.40.1", "1.50.1", "1.65.1")
LINKED_PACKAGES = ("@playwright", "playwright", "playwright-core", "dotenv")
ANSWERS_ENV = "CONFIGGUARD_ANSWERS"
CLI_LIMIT_S = 60.0


def runner_name(version: str) -> str:
    """Name the folder of a version: 1.50.1 lives in playwright-1.50."""
    major, minor, _ = version.split(".")
    return f"playwright-{major}.{minor}"


def modules_of(version: str) -> Path:
    """The node_modules of a version."""
    return install.CACHE / runner_name(version) / "node_modules"


def runner_package(version: str) -> Path:
    """The package that holds the runner: up to 1.37 that is @playwright/test itself."""
    modules = modules_of(version)
    within = modules / "playwright"
    return within if within.exists() else modules / "@playwright" / "test"


def available() -> list[str]:
    """List the versions that can be used now, oldest first."""
    if shutil.which("node") is None:
        return []
    return [version for version in VERSIONS if install.is_installed(runner_name(version))]


def link_runner(version: str, folder: Path) -> None:
    """Let the files in a folder import this Playwright: the very copy that loads them."""
    modules = folder / "node_modules"
    modules.mkdir(exist_ok=True)
    for package in LINKED_PACKAGES:
        link, target = modules / package, modules_of(version) / package
        if link.is_symlink():
            link.unlink()
        if target.exists() and not link.exists():
            link.symlink_to(target, target_is_directory=True)


def _node(version: str) -> list[str]:
    node = shutil.which("node")
    if node is None or not install.is_installed(runner_name(version)):
        raise LookupError(f"Playwright {version} is not installed: python tests/oracle/install.py")
    return [node, "--require", str(PRELOAD)]


@dataclass(frozen=True)
class ResolveCase:
    """One config to resolve: where it is, what the environment says, how many CPUs there seem.

    `config` None: the runner looks for one itself. `module`: it is an ES module.
    """

    folder: Path
    config: str | None
    env: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 8
    module: bool = False


@dataclass(frozen=True)
class Resolved:
    """What Playwright made of a config: its root settings and its projects."""

    values: Mapping[str, object]
    projects: Sequence[Mapping[str, object]]
    error: RunnerError | None


def resolve_many(version: str, cases: Sequence[ResolveCase]) -> list[Resolved]:
    """Resolve configs, all that are no ES modules in one process."""
    for folder in {case.folder for case in cases}:
        link_runner(version, folder)
    common = [case for case in cases if not case.module]
    asked = [
        {
            "folder": str(case.folder.resolve()),
            "config": case.config,
            "env": dict(case.env),
            "cpus": case.cpus,
        }
        for case in common
    ]
    package = {"package": str(runner_package(version))}
    answers = iter(ask(_node(version), RESOLVER, package, asked))
    return [_resolved(_by_cli(version, case) if case.module else next(answers)) for case in cases]


def _by_cli(version: str, case: ResolveCase) -> dict[str, object] | RunnerError:
    """One config through the command line, which restarts itself where a version needs that."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        answer = Path(name) / "answer"
        ours = {**case.env, ANSWERS_ENV: str(answer), CPUS_ENV: str(case.cpus)}
        flags = [] if case.config is None else ["--config", case.config]
        done = subprocess.run(
            [
                *_node(version),
                str(modules_of(version) / "@playwright" / "test" / "cli.js"),
                *("test", "--list", "--pass-with-no-tests", "--reporter", str(RESOLVER), *flags),
            ],
            cwd=case.folder,
            env=environment(Path(name), ours),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=CLI_LIMIT_S,
            check=False,
        )
        if answer.is_file():
            told: dict[str, object] = json.loads(answer.read_text(encoding="utf-8"))
            return told
        return RunnerError("Refused", clean(done.stdout.decode("utf-8", "replace")))


def _resolved(answer: dict[str, object] | RunnerError) -> Resolved:
    if isinstance(answer, RunnerError):
        return Resolved({}, [], answer)
    error, values = answer.get("error"), answer.get("values")
    if isinstance(error, dict):
        return Resolved({}, [], RunnerError(str(error["name"]), clean(str(error["message"]))))
    assert isinstance(values, dict)
    projects = values.pop("projects")
    return Resolved(values, projects, None)


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
    """Run `playwright test --config X` in a folder; after the limit the whole group is killed."""
    link_runner(version, folder)
    cli = str(modules_of(version) / "@playwright" / "test" / "cli.js")
    command = [*_node(version), cli, "test", "--reporter=line", "--config", config, *arguments]
    return run_recorded(command, folder, cpus=cpus, env=env, timeout_s=timeout_s)


PRELUDE = f"""\
const {{ appendFileSync }} = require('node:fs')
const {{ test, expect }} = require('@playwright/test')

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


def write_tests(folder: Path, name: str, body: str, tests: int = 1) -> list[str]:
    """Write a file of tests with one body; returns their names in the records."""
    names = [f"{name} > t{number}" for number in range(tests)]
    lines = [f"test('{one}', recorded('{one}', async () => {{ {body} }}))\n" for one in names]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(PRELUDE + "".join(lines), encoding="utf-8")
    return names


def write_overlap_files(folder: Path, count: int, ms: int, *, tests: int = 1) -> list[str]:
    """Write files whose tests each take a while; returns their names."""
    names = [f"overlap-{number}.spec.js" for number in range(count)]
    for name in names:
        write_tests(folder, name, f"await sleep({ms})", tests)
    return names
