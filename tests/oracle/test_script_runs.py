"""Scripts of package.json that are really run by npm: what is told of them is what they do.

Each script runs several slow files and a test that always fails, on 8 pretended CPUs: the files
that overlap are its workers, the starts of the failing test its attempts.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from oracle import real_jest, real_playwright, real_vitest
from oracle.processes import PRELOAD, RunResult, attempts, files_run, max_overlap, run_recorded
from support.command import run

pytestmark = [
    pytest.mark.real_runner,
    pytest.mark.skipif(sys.platform == "win32", reason="the commands below are shell scripts"),
]
CPUS = 8
FILES, SLOW_MS = 6, 700
ALL = bool(os.environ.get("CONFIGGUARD_ORACLE_SCRIPTS"))
"""Every version takes six minutes; a sample is the oldest and the newest of each runner."""
VITEST = {
    "flags": "vitest run --retry=2 --maxWorkers=2",
    "words": "vitest run --retry 1 --max-workers 3",
    "serial": "vitest run --no-file-parallelism --retry=1",
    "percentage": "vitest run --maxWorkers=25%",
    "one-thread": "vitest run --pool threads --poolOptions.threads.singleThread",
    "variable": "VITEST_MAX_WORKERS=3 vitest run",
    "threads-variables": "VITEST_MAX_THREADS=2 VITEST_MIN_THREADS=1 vitest run --pool=threads",
    "forks-variables": "VITEST_MAX_FORKS=2 VITEST_MIN_FORKS=1 vitest run --pool=forks",
    "ci": "CI=1 vitest --maxWorkers=2 --minWorkers=1",
    "no-such-flag": "vitest run --workers=2",
    "named": "vitest run -c other.config.mjs",
    "last-counts": "vitest run --retry=3 --retry=1 --run",
    "no-value": "vitest run --maxWorkers=2 --retry",
}
JEST = {
    "flags": "jest -w 2",
    "percentage": "jest --maxWorkers=25%",
    "in-band": "jest --runInBand",
    "no-retries": "jest --retries=2 -w=3",
    "no-such-flag": "jest --workers 2",
    "zero": "jest --maxWorkers=0",
    "named": "jest -c other.config.js",
}
PLAYWRIGHT = {
    "flags": "playwright test -j 2 --retries=1",
    "joined": "playwright test -j3",
    "percentage": "playwright test --workers=25%",
    "no-retries": "playwright test --retries 0",
    "stops": "playwright test -x --workers=3 --retries=2",
    "ci": "CI=true playwright test --workers=2",
    "no-such-flag": "playwright test --maxWorkers=2",
    "named": "playwright test --config other.config.js",
    "no-value": "playwright test --workers=2 --retries",
}


def chosen(versions: Sequence[str]) -> list[str]:
    """The versions to run the scripts on."""
    return list(versions) if ALL else [versions[0], versions[-1]]


def manifest(folder: Path, package: str, version: str, scripts: Mapping[str, str]) -> None:
    """A package.json with the scripts, and a lock file that names the version."""
    told = {"name": "scripts", "private": True, "scripts": dict(scripts)}
    (folder / "package.json").write_text(json.dumps(told, indent=2), "utf-8")
    lock = {"lockfileVersion": 3, "packages": {f"node_modules/{package}": {"version": version}}}
    (folder / "package-lock.json").write_text(json.dumps(lock), "utf-8")


def command_of(folder: Path, name: str, node: str, cli: Path) -> None:
    """The runner's command as an installation puts it into `node_modules/.bin`."""
    bins = folder / "node_modules" / ".bin"
    bins.mkdir(parents=True, exist_ok=True)
    command = bins / name
    command.unlink(missing_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{node}" --require "{PRELOAD}" "{cli}" "$@"\n', "utf-8")
    command.chmod(0o755)


def started(folder: Path, script: str) -> RunResult:
    """Run a script as a developer does."""
    npm = shutil.which("npm")
    assert npm is not None
    env = {"npm_config_update_notifier": "false", "npm_config_cache": str(folder / ".npm")}
    return run_recorded([npm, "run", script], folder, cpus=CPUS, env=env, timeout_s=90)


def told_of(folder: Path, scripts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """By script: the local facts of the suite that it runs."""
    options = ["--root", ".", "--cpus", str(CPUS), "--output-format", "json"]
    told = json.loads(run("show", ".", *options, cwd=folder).stdout)
    assert not told["problems"], told["problems"]
    found: dict[str, dict[str, Any]] = {}
    for suite in told["suites"]:
        names = [one["name"] for one in suite["sameAs"]]
        names += [suite["invocation"]["name"]] if suite["invocation"] else []
        for name in names:
            assert name not in found, f"{name} runs two suites"
            found[name] = suite["environments"]["local"]
    assert found.keys() == scripts.keys()
    return found


def outcome_of(facts: dict[str, Any]) -> str | None:
    """The outcome on this many CPUs; None where it is not known."""
    told = facts["outcome"]
    for case in told.get("cases", ()):
        cpus = case["when"].get("cpus", {})
        if cpus.get("min", 1) <= CPUS <= cpus.get("max", CPUS):
            return str(case["fact"].get("value"))
    return told.get("value")


def workers_of(facts: dict[str, Any]) -> float | None:
    """The overlap to expect; None where it is not known."""
    workers = facts["workers"]
    most = workers.get("effective", workers.get("value"))
    return None if most is None else min(most, FILES)


def attempts_of(facts: dict[str, Any]) -> float | None:
    """The attempts to expect; None where they are not known."""
    retries = facts["retries"].get("value")
    # A run that ends at its first failure may not come to the retries.
    stops = facts["maxFailures"].get("value") != "none"
    return None if retries is None or stops else retries + 1


def compare(
    folder: Path,
    scripts: Mapping[str, str],
    failing: str,
    ran: Callable[[Path, str], RunResult] = started,
) -> None:
    """Run every script; what it does must be what is told of it."""
    wrong: list[str] = []
    for name, facts in told_of(folder, scripts).items():
        result = ran(folder, name)
        assert not result.timed_out, (name, result.output)
        outcome = outcome_of(facts)
        did: tuple[object, ...]
        said: tuple[object, ...]
        if outcome == "refuses-to-start":
            did = (files_run(result.records), result.exit_code == 0)
            said = (0, False)
        else:
            # The failing file may be over before the last slow one starts.
            did = (
                min(max_overlap(result.records), FILES),
                attempts(result.records, failing),
            )
            said = (workers_of(facts), attempts_of(facts))
            if outcome is None:
                continue
            known = [index for index, value in enumerate(said) if value is not None]
            did, said = tuple(did[i] for i in known), tuple(said[i] for i in known)
        if did != said:
            wrong.append(f"{name}: told {said}, did {did}\n{result.output[-600:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("runner", chosen(real_vitest.VERSIONS), indirect=True)
def test_scripts_of_vitest(runner: str, tmp_path: Path) -> None:
    text = "export default { test: { retry: process.env.CI ? 2 : 0 } }\n"
    (tmp_path / "vitest.config.mjs").write_text(text, "utf-8")
    other = "export default { test: { retry: 1, maxWorkers: 2, minWorkers: 1 } }\n"
    (tmp_path / "other.config.mjs").write_text(other, "utf-8")
    manifest(tmp_path, "vitest", runner, VITEST)
    real_vitest.link_runner(runner, tmp_path)
    node = str(real_vitest.node_for(runner))
    command_of(tmp_path, "vitest", node, real_vitest.vitest_package(runner) / "vitest.mjs")
    real_vitest.write_overlap_files(tmp_path, FILES, SLOW_MS)
    failing = real_vitest.write_failing_test(tmp_path)
    compare(tmp_path, VITEST, failing)


@pytest.mark.parametrize("jest", chosen(real_jest.VERSIONS), indirect=True)
def test_scripts_of_jest(jest: str, tmp_path: Path) -> None:
    (tmp_path / "jest.config.js").write_text("module.exports = { maxWorkers: 4 }\n", "utf-8")
    (tmp_path / "other.config.js").write_text("module.exports = { maxWorkers: 2 }\n", "utf-8")
    manifest(tmp_path, "jest", jest, JEST)
    real_jest.link_runner(jest, tmp_path)
    node = str(shutil.which("node"))
    cli = real_jest.modules(jest) / "jest" / "bin" / "jest.js"
    command_of(tmp_path, "jest", node, cli)
    real_jest.write_overlap_files(tmp_path, FILES, SLOW_MS)
    failing = real_jest.write_test(tmp_path, "fails.test.js", "() => { throw new Error('no') }")
    compare(tmp_path, JEST, failing)


@pytest.mark.parametrize("playwright", chosen(real_playwright.VERSIONS), indirect=True)
def test_scripts_of_playwright(playwright: str, tmp_path: Path) -> None:
    text = "module.exports = { retries: process.env.CI ? 2 : 1, workers: 4, reporter: 'line' }\n"
    (tmp_path / "playwright.config.js").write_text(text, "utf-8")
    other = "module.exports = { workers: 1, fullyParallel: true, reporter: 'line' }\n"
    (tmp_path / "other.config.js").write_text(other, "utf-8")
    manifest(tmp_path, "@playwright/test", playwright, PLAYWRIGHT)
    real_playwright.link_runner(playwright, tmp_path)
    cli = real_playwright.modules_of(playwright) / "@playwright" / "test" / "cli.js"
    command_of(tmp_path, "playwright", str(shutil.which("node")), cli)
    real_playwright.write_overlap_files(tmp_path, FILES, SLOW_MS)
    failing = real_playwright.write_tests(tmp_path, "zfails.spec.js", "expect(1).toBe(2)")[0]
    compare(tmp_path, PLAYWRIGHT, failing)
