"""What `show` says equals what real vitest resolves: every config, version and environment."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from oracle.configs import CASES, ConfigCase
from oracle.real_vitest import VERSIONS, ResolveCase, Resolved, resolve_many
from support.command import run

# `make oracle` compares at more machine sizes than the sample that CI runs.
CPU_COUNTS = [int(count) for count in os.environ.get("CONFIGGUARD_ORACLE_CPUS", "8").split(",")]
ENVIRONMENTS: dict[str, dict[str, str]] = {"local": {}, "ci": {"CI": "true"}}
LONGEST_TIMER = 2_147_483_647
pytestmark = pytest.mark.real_runner


@pytest.mark.parametrize("cpus", CPU_COUNTS)
@pytest.mark.parametrize("runner", VERSIONS, indirect=True)
def test_facts_equal_what_vitest_resolves(runner: str, cpus: int, tmp_path: Path) -> None:
    compare(runner, CASES, cpus, tmp_path)


def compare(version: str, cases: Sequence[ConfigCase], cpus: int, root: Path) -> None:
    """Hold what we say of all cases against what vitest resolves; print the counts."""
    write_project(version, root, cases)
    said = shown(root, cpus)
    wrong: list[str] = []
    unknown = known = 0
    for environment, variables in ENVIRONMENTS.items():
        asked = [ResolveCase(root / case.name, case.config, variables, cpus) for case in cases]
        for case, resolved in zip(cases, resolve_many(version, asked), strict=True):
            suite = said[f"{case.name}/{case.config}"]
            facts = suite["environments"][environment]
            if resolved.error is not None:
                if facts["outcome"] != "refuses-to-start":
                    wrong.append(f"{case.name} ({environment}): vitest says {resolved.error}")
                continue
            for name, expected in real_facts(version, resolved, cpus).items():
                fact = facts.get(name)
                if fact is None or str(fact).startswith("unknown"):
                    unknown += 1
                    if case.unknown is not None and name not in case.unknown:
                        wrong.append(f"{case.name} ({environment}): {name} is {fact}")
                    continue
                known += 1
                if fact != expected:
                    wrong.append(f"{case.name} ({environment}): {name} is {fact}, not {expected}")
    right = known - len(wrong)
    print(f"\nvitest {version}, {cpus} CPUs: {right} of {known} facts right, {unknown} unknown")
    assert not wrong, "\n".join(wrong)


def write_project(version: str, root: Path, cases: Sequence[ConfigCase] = CASES) -> None:
    """Cases in folders of one project whose lock file names the version."""
    write_lock(version, root)
    for case in cases:
        for name, text in case.files.items():
            path = root / case.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", "utf-8")


def write_lock(version: str, root: Path) -> None:
    """What says that a folder's vitest is of a version, and its scripts ES modules."""
    lock = {"lockfileVersion": 3, "packages": {"node_modules/vitest": {"version": version}}}
    (root / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (root / "package.json").write_text('{"type": "module"}', "utf-8")


def shown(root: Path, cpus: int) -> dict[str, dict[str, Any]]:
    """What `show` says: plain values on a machine of so many CPUs, by suite and environment."""
    options = ["--root", ".", "--cpus", str(cpus), "--output-format", "json"]
    result = run("show", ".", *options, cwd=root)
    report = json.loads(result.stdout)
    return {
        suite["id"]: {
            **suite,
            "environments": {
                name: {fact: plain(told, cpus) for fact, told in facts.items()}
                for name, facts in suite["environments"].items()
            },
        }
        for suite in report["suites"]
    }


def plain(fact: Mapping[str, Any], cpus: int) -> Any:
    """One value of a fact, for the case that holds here: all open variables unset."""
    match fact["state"]:
        case "known":
            return fact["value"]
        case "range":
            return fact["effective"]
        case "one-of":
            told = {plain(one["fact"], cpus) for one in fact["cases"] if holds(one["when"], cpus)}
            return told.pop() if len(told) == 1 else f"unknown: one of {told}"
        case _:
            return f"unknown: {fact['reason']}"


def holds(when: Mapping[str, Any], cpus: int) -> bool:
    """Whether a condition holds with no variable set, on a machine of so many CPUs."""
    bounds = when.get("cpus", {})
    unset = all(state == "unset" for state in when.get("env", {}).values())
    return unset and bounds.get("min", 1) <= cpus <= bounds.get("max", cpus)


def real_facts(version: str, resolved: Resolved, cpus: int) -> dict[str, Any]:
    """The facts that follow from what vitest resolved, by the runner's own code."""
    facts: dict[str, Any] = {
        "testTimeoutMs": timeout(resolved.get("testTimeout")),
        "hookTimeoutMs": timeout(resolved.get("hookTimeout")),
        "retries": retries(version, resolved.get("retry")),
        "maxFailures": failures(resolved.get("bail")),
        "testConcurrency": concurrency(resolved),
    }
    count = workers(int(version.split(".")[0]), resolved, cpus)
    if count is not None:
        facts["workers"] = count
    return {name: whole(value) for name, value in facts.items()}


def whole(value: Any) -> Any:
    """A number as JSON shows it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number(value: object) -> float:
    """A resolved number; absent and null are 0."""
    if isinstance(value, dict) and "$number" in value:
        return float(value["$number"].replace("Infinity", "inf"))
    return float(value) if isinstance(value, int | float | str) else 0.0


def timeout(value: object) -> float | str:
    """What vitest's withTimeout makes of a number of ms."""
    ms = number(value)
    if ms <= 0 or math.isinf(ms):
        return "none"
    return 1.0 if ms > LONGEST_TIMER else ms


def retries(version: str, value: object) -> float | str:
    """How often a failing test is run again; odd values as the attempts were measured."""
    if isinstance(value, str) and version.startswith(("4", "5")):
        return 0.0
    count = number(value.get("count")) if isinstance(value, dict) and "count" in value else None
    found = number(value) if count is None else count
    return "unlimited" if math.isinf(found) else float(max(0, math.floor(found)))


def failures(value: object) -> float | str:
    """After how many failures the run stops; odd values as measured."""
    bail = number(value)
    return "none" if bail == 0 or math.isinf(bail) else float(max(1, math.ceil(bail)))


def concurrency(resolved: Resolved) -> float:
    """Tests of one file at a time."""
    if not resolved.get("sequence.concurrent"):
        return 1.0
    return number(resolved.get("maxConcurrency")) or 5.0


def workers(major: int, resolved: Resolved, cpus: int) -> float | None:
    """Test files at one time, from the resolved config, as each generation's pool code does it."""
    default = max(cpus - 1, 1)
    if major == 0:
        if resolved.get("threads") is False or resolved.get("singleThread"):
            return 1.0
        return number(resolved.get("maxThreads")) or default
    if resolved.get("fileParallelism") is False:
        return 1.0
    if major >= 4:
        return number(resolved.get("maxWorkers")) or default
    pool = str(resolved.get("pool"))
    word = "Threads" if pool == "threads" else "Forks"
    if resolved.get(f"poolOptions.{pool}.single{word[:-1]}"):
        return 1.0
    most = resolved.get(f"poolOptions.{pool}.max{word}")
    most = resolved.get("maxWorkers") if most is None else most
    found = default if most is None else number(most)
    return None if math.isnan(found) else found


def test_there_are_enough_configs() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(isinstance(case, ConfigCase) for case in CASES)
