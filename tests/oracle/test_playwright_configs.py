"""What `show` says equals what real Playwright resolves: every config, version and environment."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from oracle.playwright_configs import CASES, PlaywrightCase
from oracle.real_playwright import VERSIONS, ResolveCase, Resolved, resolve_many
from support.command import run

# `make oracle` compares at more machine sizes than the sample that CI runs.
CPU_COUNTS = [int(count) for count in os.environ.get("CONFIGGUARD_ORACLE_CPUS", "8").split(",")]
ENVIRONMENTS: dict[str, dict[str, str]] = {"local": {}, "ci": {"CI": "true"}}
LONGEST_TIMER = 2_147_483_647
LINUX = os.name == "posix"
pytestmark = pytest.mark.real_runner


@pytest.mark.parametrize("cpus", CPU_COUNTS)
@pytest.mark.parametrize("playwright", VERSIONS, indirect=True)
def test_facts_equal_what_playwright_resolves(playwright: str, cpus: int, tmp_path: Path) -> None:
    hold(playwright, CASES, cpus, tmp_path)


def hold(version: str, cases: Sequence[PlaywrightCase], cpus: int, root: Path) -> None:
    """Hold what we say of all cases against what Playwright resolves; print the counts."""
    write_project(version, root, cases)
    said = shown(root, cpus, cases)
    tally = Tally()
    for environment, variables in ENVIRONMENTS.items():
        asked = [
            ResolveCase(root / case.name, case.config, variables, cpus, case.is_module)
            for case in cases
        ]
        for case, resolved in zip(cases, resolve_many(version, asked), strict=True):
            compare(version, case, resolved, said, environment, tally)
    told = f"{tally.right} of {tally.right + len(tally.wrong)} facts right, {tally.unknown} unknown"
    print(f"\nPlaywright {version}, {cpus} CPUs: {told}")
    assert not tally.wrong, "\n".join(tally.wrong)


class Effective(int):
    """What a range is on the machine at hand: a whole number, where fractions count up."""


class Tally:
    """What was compared."""

    def __init__(self) -> None:
        self.right = 0
        self.unknown = 0
        self.wrong: list[str] = []


def compare(
    version: str,
    case: PlaywrightCase,
    resolved: Resolved,
    said: Mapping[str, Any],
    environment: str,
    tally: Tally,
) -> None:
    """Compare all suites of one config in one environment."""
    where = f"{case.name} ({environment})"
    suites = {
        suite["project"]: suite["environments"][environment]
        for suite in said.values()
        if suite["file"] == f"{case.name}/{case.config}" and environment in suite["environments"]
    }
    if resolved.error is not None:
        # With no suite at all (every project is refused) the config itself stands there.
        for facts in suites.values():
            tell(where, "outcome", facts["outcome"], "refuses-to-start", case, tally)
        return
    expected = real_suites(version, resolved)
    if not expected:
        outcomes = [facts["outcome"] for facts in suites.values()]
        if outcomes != ["refuses-to-start"]:
            tally.wrong.append(f"{where}: it has no projects, we say {outcomes}")
        return
    if len(expected) == 1 and set(suites) == {None}:
        # What is resolved does not tell a config without projects from one with a single one.
        expected = {None: next(iter(expected.values()))}
    if set(suites) != set(expected):
        tally.wrong.append(f"{where}: the suites are {set(expected)}, we say {set(suites)}")
        return
    for key, facts in expected.items():
        for name, value in facts.items():
            tell(f"{where} {key}", name, suites[key].get(name), value, case, tally)


def tell(
    where: str, name: str, said: Any, expected: Any, case: PlaywrightCase, tally: Tally
) -> None:
    """Count one fact as right, unknown or wrong."""
    if said is None or str(said).startswith("unknown"):
        tally.unknown += 1
        if case.unknown is not None and name not in case.unknown:
            tally.wrong.append(f"{where}: {name} is {said}, not {expected}")
    elif isinstance(said, Effective):
        right = said == math.ceil(expected)
        tally.right += right
        tally.wrong += [] if right else [f"{where}: {name} is {said}, not {expected}"]
    elif said == expected and type(said) is type(expected):
        tally.right += 1
    else:
        tally.wrong.append(f"{where}: {name} is {said}, not {expected}")


def write_project(version: str, root: Path, cases: Sequence[PlaywrightCase]) -> None:
    """Cases in folders of one project whose lock file names the version."""
    lock = {
        "lockfileVersion": 3,
        "packages": {"node_modules/@playwright/test": {"version": version}},
    }
    (root / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    for case in cases:
        for name, text in case.files.items():
            path = root / case.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", "utf-8")


def shown(
    root: Path, cpus: int, cases: Sequence[PlaywrightCase] = CASES
) -> dict[str, dict[str, Any]]:
    """What `show` says: plain values on a machine of so many CPUs, by suite and environment."""
    options = ["--root", ".", "--cpus", str(cpus), "--output-format", "json"]
    files = [f"{case.name}/{case.config}" for case in cases]
    result = run("show", *files, *options, cwd=root)
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
            return Effective(fact["effective"])
        case "one-of":
            told = {plain(one["fact"], cpus) for one in fact["cases"] if holds(one["when"], cpus)}
            return told.pop() if len(told) == 1 else f"unknown: one of {told}"
        case _:
            return f"unknown: {fact['reason']}"


def holds(when: Mapping[str, Any], cpus: int) -> bool:
    """Whether a condition holds with no variable set, on Linux, with so many CPUs."""
    bounds = when.get("cpus", {})
    unset = all(state == "unset" for state in when.get("env", {}).values())
    here = when.get("platform", "linux") == "linux"
    return unset and here and bounds.get("min", 1) <= cpus <= bounds.get("max", cpus)


def real_suites(version: str, resolved: Resolved) -> dict[str | int | None, dict[str, Any]]:
    """The facts of each project, by the key that we give it."""
    found: dict[str | int | None, dict[str, Any]] = {}
    for index, project in enumerate(resolved.projects):
        name = str(project["name"])
        key: str | int | None = name or index
        turn = 1
        while key in found:
            key, turn = f"{name}{turn}", turn + 1
        found[key] = real_facts(version, resolved.values, project)
    return found


def real_facts(version: str, root: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that follow from what Playwright resolved, by the runner's own code."""
    minor = int(version.split(".")[1])
    workers = real_workers(root, project)
    facts: dict[str, Any] = {
        "outcome": "runs" if workers is not None else "runs-nothing-and-passes",
        "testConcurrency": 1,
        "fullyParallel": truth(project.get("fullyParallel")),
        "retries": retries(project["retries"]),
        "repeats": max(0, math.ceil(number(project["repeatEach"])) - 1),
        "testTimeoutMs": timeout(project["timeout"]),
        "hookTimeoutMs": timeout(project["timeout"]),
        "globalTimeoutMs": timeout(root["globalTimeout"]),
        "expectTimeoutMs": waiting(project.get("expectTimeout", 5000)),
        "actionTimeoutMs": waiting(project["use"].get("actionTimeout") or 0),
        "navigationTimeoutMs": waiting(
            project["use"].get("navigationTimeout")
            or (project["use"].get("actionTimeout") if minor < 31 else 0)
            or 0
        ),
        "maxFailures": failures(root["maxFailures"]),
    }
    if workers is not None:
        facts["workers"] = workers
    if math.isinf(number(root["workers"])):
        del facts["outcome"], facts["workers"]
    if minor >= 62:
        facts["retryStrategy"] = root["retryStrategy"]
    return {name: whole(value) for name, value in facts.items()}


def real_workers(root: Mapping[str, Any], project: Mapping[str, Any]) -> float | None:
    """The most test files at one time; None where no worker is ever started."""
    whole = number(root["workers"])
    if math.isnan(whole) or whole == 0:
        return None
    cap = number(project.get("workers"))
    capped = min(whole, cap) if cap > 0 else whole  # NaN and 0 cap nothing
    return max(1.0, capped)


def whole(value: Any) -> Any:
    """A number as JSON shows it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number(value: object) -> float:
    """A resolved number; absent and null are 0."""
    if isinstance(value, dict) and "$number" in value:
        return float(value["$number"].replace("Infinity", "inf"))
    if isinstance(value, dict | list):
        return math.nan
    return float(value) if isinstance(value, int | float | str) else 0.0


def truth(value: object) -> bool:
    """JavaScript's truth of a resolved value."""
    return bool(value) or isinstance(value, dict | list)


def timeout(value: object) -> float | str:
    """What Node's timer makes of a number of ms."""
    ms = number(value)
    if ms == 0 or math.isnan(ms):
        return "none"
    return 1.0 if ms > LONGEST_TIMER else ms


def waiting(value: object) -> float | str:
    """A timeout that only the test's own bounds where it is 0."""
    ms = number(value)
    return "none" if ms == 0 or not math.isfinite(ms) else ms


def retries(value: object) -> float | str:
    """How often a failing test is run again: fractions count up, as measured."""
    count = number(value)
    return "unlimited" if math.isinf(count) else float(math.ceil(count))


def failures(value: object) -> float | str:
    """After how many failures the run stops."""
    most = number(value)
    return "none" if most == 0 or not math.isfinite(most) else float(max(1, math.ceil(most)))


def test_there_are_enough_configs() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
