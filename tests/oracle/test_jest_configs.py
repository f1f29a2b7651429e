"""What `show` says equals what real jest resolves: every config, version and environment."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from configguard.resources import table
from configguard.runners.table import names_of
from oracle.jest_configs import CASES, JestCase
from oracle.real_jest import VERSIONS, ResolveCase, Resolved, resolve_many
from oracle.test_resolved_configs import LONGEST_TIMER, number, shown, whole

CPU_COUNTS = [int(count) for count in os.environ.get("CONFIGGUARD_ORACLE_CPUS", "8").split(",")]
ENVIRONMENTS: dict[str, dict[str, str]] = {"local": {}, "ci": {"CI": "true"}}
JEST_DEFAULT_MS = 5_000.0
TABLE_KEYS = {name for entry in table("runners/facts/jest")["settings"] for name in names_of(entry)}
Suites = Mapping[str, dict[str, Any]]


class Score:
    """What was compared: right, unknown, and what is wrong."""

    def __init__(self) -> None:
        self.right = self.unknown = 0
        self.wrong: list[str] = []

    def compare(self, where: str, name: str, fact: object, expected: object, may: bool) -> None:
        """One fact: unknown only where it may be, and otherwise equal."""
        if fact is None or str(fact).startswith("unknown"):
            self.unknown += 1
            if not may:
                self.wrong.append(f"{where}: {name} is {fact}, jest says {expected}")
        elif fact == expected:
            self.right += 1
        else:
            self.wrong.append(f"{where}: {name} is {fact}, not {expected}")


@pytest.mark.real_runner
@pytest.mark.parametrize("cpus", CPU_COUNTS)
@pytest.mark.parametrize("jest", VERSIONS, indirect=True)
def test_facts_equal_what_jest_resolves(jest: str, cpus: int, tmp_path: Path) -> None:
    hold(jest, CASES, cpus, tmp_path)


def hold(version: str, cases: Sequence[JestCase], cpus: int, root: Path) -> None:
    """Hold what we say of all cases against what jest resolves; print the counts."""
    score = Score()
    for environment in ENVIRONMENTS:
        # Node keeps a module for the life of the process: each environment has files of its own.
        write_project(version, root / environment, cases)
    said = shown(root / "local", cpus)
    asked = [(environment, case) for environment in ENVIRONMENTS for case in cases]
    questions = [
        ResolveCase(root / environment / case.name, case.config, ENVIRONMENTS[environment], cpus)
        for environment, case in asked
    ]
    for (environment, case), answer in zip(
        asked, resolve_many(version, root, questions), strict=True
    ):
        compare(score, environment, case, answer, suites_of(case, said, environment), cpus)
    print(
        f"\njest {version}, {cpus} CPUs: {score.right} facts right, {score.unknown} unknown,"
        f" {len(score.wrong)} wrong"
    )
    assert not score.wrong, "\n".join(score.wrong)


def compare(
    score: Score, environment: str, case: JestCase, answer: Resolved, suites: Suites, cpus: int
) -> None:
    """One case in one environment."""
    where = f"{case.name} ({environment})"
    if not suites:
        score.wrong.append(f"{where}: there is no suite")
        return
    expected = "runs" if answer.error is None else "refuses-to-start"
    for name, suite in suites.items():
        facts = suite["environments"][environment]
        outcome = facts["outcome"]
        if outcome.startswith("unknown: one of") and expected[:4] in outcome:
            score.unknown += 1  # several configs: it depends on --config
        else:
            score.compare(f"{where} {name}", "outcome", outcome, expected, case.unknown is None)
    if answer.error is not None:
        return
    if len(answer.projects) != len(suites):
        score.wrong.append(f"{where}: {list(suites)}, jest runs {len(answer.projects)}")
        return
    for (name, suite), project in zip(suites.items(), answer.projects, strict=True):
        facts = suite["environments"][environment]
        for fact, value in real_facts(answer, project).items():
            may = case.unknown is None or fact in case.unknown
            score.compare(f"{where} {name}", fact, facts.get(fact), value, may)
    told = {entry["setting"] for suite in suites.values() for entry in suite["settings"]}
    for setting in warned(answer) & TABLE_KEYS - told:
        score.wrong.append(f"{where}: jest warns about {setting}, we do not tell")


def warned(answer: Resolved) -> set[str]:
    """The settings that jest says it does not take."""
    lines = [line for text in answer.logs for line in text.splitlines()]
    return {
        line.split('"')[1]
        for line in lines
        if 'Unknown option "' in line or "not supported in an individual project" in line
    }


def retries(project: Mapping[str, object]) -> int:
    """What the setup files of these cases set; test_override_runs counts attempts for real."""
    listed = [project.get(name) for name in ("setupFiles", "setupFilesAfterEnv")]
    files = [Path(str(file)) for some in listed if isinstance(some, list) for file in some]
    calls = [re.search(r"jest\.retryTimes\((\d+)\)", file.read_text("utf-8")) for file in files]
    return max((int(call[1]) for call in calls if call is not None), default=0)


def real_facts(answer: Resolved, project: Mapping[str, object]) -> dict[str, Any]:
    """The facts that follow from what jest resolved, odd values as measured in runs."""
    values = answer.values
    facts: dict[str, Any] = {
        "workers": 1 if values.get("detectOpenHandles") else values["maxWorkers"],
        "testTimeoutMs": timeout(values.get("testTimeout")),
        "retries": retries(project),
        "maxFailures": failures(values.get("bail")),
        "testConcurrency": 1,
        "globalTimeoutMs": "none",
    }
    facts["hookTimeoutMs"] = facts["testTimeoutMs"]
    return {name: whole(value) for name, value in facts.items()}


def timeout(value: object) -> float:
    """A falsy timeout is the default; one that Node's timer cannot hold fires at once."""
    ms = number(value)
    if ms == 0 or math.isnan(ms):
        return JEST_DEFAULT_MS
    return 1.0 if ms > LONGEST_TIMER else ms


def failures(value: object) -> float | str:
    """`numFailedTests >= bail`, unless bail is 0; null and less than 0 end every run."""
    bail = number(value)
    if bail == 0 or math.isnan(bail) or math.isinf(bail):
        return "none"
    return float(math.ceil(bail))


def suites_of(case: JestCase, said: Suites, environment: str) -> Suites:
    """The suites of a case that exist in an environment, in their order."""
    mine = {name: suite for name, suite in said.items() if name.startswith(f"{case.name}/")}
    if case.config is not None:
        mine = {name: suite for name, suite in mine.items() if name == f"{case.name}/{case.config}"}
    return {name: suite for name, suite in mine.items() if environment in suite["environments"]}


def write_project(version: str, root: Path, cases: Sequence[JestCase]) -> None:
    """Cases in folders of one project whose lock file names the version."""
    root.mkdir()
    lock = {"lockfileVersion": 3, "packages": {"node_modules/jest": {"version": version}}}
    (root / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (root / "package.json").write_text("{}", "utf-8")
    for case in cases:
        for name, text in case.files.items():
            path = root / case.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", "utf-8")


def test_there_are_enough_configs() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
