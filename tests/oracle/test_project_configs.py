"""Projects, workspaces and inheritance: the same suites and facts as real vitest resolves."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.project_configs import PLACES, PROJECT_CASES, ROOT, ProjectCase
from oracle.real_vitest import VERSIONS, ResolveCase, Resolved, resolve_many
from oracle.test_resolved_configs import (
    CPU_COUNTS,
    ENVIRONMENTS,
    plain,
    real_facts,
    whole,
    write_lock,
)
from support.command import run

REFUSES = "refuses-to-start"
Facts = dict[str, Any]
ALL = "CONFIGGUARD_ORACLE_CPUS" in os.environ
"""`make oracle` compares every case with every version, locally and in CI."""
pytestmark = pytest.mark.real_runner


@pytest.mark.parametrize("cpus", CPU_COUNTS)
@pytest.mark.parametrize("runner", VERSIONS, indirect=True)
def test_projects_as_resolved(runner: str, cpus: int, tmp_path: Path) -> None:
    write_lock(runner, tmp_path)
    for case in PROJECT_CASES:
        if not any(in_sample(case, runner, environment) for environment in ENVIRONMENTS):
            continue
        for name, text in {"package.json": '{"type": "module"}', **case.files}.items():
            path = tmp_path / case.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", "utf-8")
    report = shown_report(tmp_path, cpus)
    wrong: list[str] = []
    known = 0
    for environment, variables in ENVIRONMENTS.items():
        cases = [case for case in PROJECT_CASES if in_sample(case, runner, environment)]
        asked = [ResolveCase(tmp_path / case.name, ROOT, variables, cpus) for case in cases]
        for case, resolved in zip(cases, resolve_many(runner, asked), strict=True):
            ours = our_suites(report, case.name, environment, cpus)
            real = real_suites(runner, resolved, tmp_path / case.name, cpus)
            for name, fact, told, expected in compared(ours, real):
                known += 1
                if told != expected and not (runner in case.unknown and "unknown" in str(told)):
                    place = f"{case.name}#{name} ({environment})"
                    wrong.append(f"{place}: {fact} is {told}, not {expected} ({resolved.error})")
    print(f"\nvitest {runner}, {cpus} CPUs: {known} facts of projects compared, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


def in_sample(case: ProjectCase, version: str, environment: str) -> bool:
    """Whether a case is compared on every push: what a version ignores only in some cases."""
    if ALL:
        return True
    if environment == "ci" and not any("env.CI" in text for text in case.files.values()):
        return False
    twin = case.name.endswith("-workspace")
    return case.name.startswith("inline") or twin == (version < "3.2") or case.name in PLACES


def compared(
    ours: dict[str, Facts], real: dict[str, Facts] | None
) -> Iterator[tuple[str, str, object, object]]:
    """(project, fact, what is said, what is so) of each fact; the run goes by the name `run`."""
    refused = {str(facts.get("outcome")) for name, facts in ours.items() if name != "run"}
    if real is None:
        yield "run", "outcome", " ".join(refused), REFUSES
        return
    if refused != {"runs"} and refused != {"runs-nothing-and-passes", "runs"}:
        yield "run", "outcome", " ".join(refused), "runs"
        return
    yield "run", "projects", sorted(ours), sorted(real)
    for name in ours.keys() & real.keys():
        for fact, expected in real[name].items():
            yield name, fact, ours[name].get(fact), expected


def our_suites(
    report: dict[str, Any], folder: str, environment: str, cpus: int
) -> dict[str, Facts]:
    """What is said of the projects of a root config, by name, and of their run."""
    root = f"{folder}/{ROOT}"
    found: dict[str, Facts] = {}
    for suite in report["suites"]:
        facts = suite["environments"].get(environment)
        if facts is None or root not in (suite["rootConfig"], suite["file"]):
            continue
        said = {name: plain(fact, cpus) for name, fact in facts.items()}
        if suite["rootConfig"] is None:
            found["(root)"] = said
        elif not str(said["outcome"]).startswith("unknown: one of"):  # it is not there
            own = posixpath.relpath(suite["file"], folder)
            lists = own == ROOT or "workspace" in own or "projects" in own
            found[str(suite["project"])] = {**said, "file": None if lists else own}
    runs = {run["id"]: run for run in report["runs"]}
    total = runs[root]["environments"].get(environment, {}).get("workers")
    return {**found, "run": {"workers": total and plain(total, cpus)}}


def shown_report(root: Path, cpus: int) -> dict[str, Any]:
    """What `show` says of everything below a folder."""
    options = ["--root", ".", "--cpus", str(cpus), "--output-format", "json"]
    report: dict[str, Any] = json.loads(run("show", ".", *options, cwd=root).stdout)
    return report


def real_suites(
    version: str, resolved: Resolved, folder: Path, cpus: int
) -> dict[str, Facts] | None:
    """The facts of each real project by its name, and of the run; None where vitest refuses.

    Different workers in one group end vitest 4 and 5 only when tests start: that is added here.
    """
    if resolved.error is not None or different_workers(version, resolved, cpus):
        return None
    found: dict[str, Facts] = {}
    for values in resolved.projects:
        project = Resolved(values, [], None, None, [])
        facts = real_facts(version, project, cpus)
        facts["workers"] = whole(project_workers(version, resolved, project, cpus))
        name, file = str(values.get("name") or ""), str(values.get("$file") or "")
        is_root = file == str(folder.resolve() / ROOT) and name == str(resolved.get("name") or "")
        found[
            "(root)" if is_root and resolved.values.get("retry") == values.get("retry") else name
        ] = facts
    return {**found, "run": {"workers": whole(real_run(version, resolved, cpus))}}


def project_workers(version: str, root: Resolved, project: Resolved, cpus: int) -> float:
    """Test files of one project at one time, as each generation's pool code does it."""
    major, default = int(version.split(".")[0]), max(cpus - 1, 1)
    if major >= 4:
        return _number(project.get("maxWorkers")) or _number(root.get("maxWorkers")) or default
    if major == 0:
        serial = project.get("threads") is False or project.get("singleThread")
        most = _number(root.get("maxThreads")) or default
        return 1 if serial or root.get("singleThread") else most
    if root.get("fileParallelism") is False:
        return 1
    pool = str(project.get("pool"))
    word = "Threads" if pool.endswith("hreads") else "Forks"
    single = f"poolOptions.{pool}.single{word[:-1]}"
    if root.get(single) or (not pool.startswith("vm") and project.get(single)):
        return 1
    limit = root.get(f"poolOptions.{pool}.max{word}")
    return _number(root.get("maxWorkers") if limit is None else limit) or default


def real_run(version: str, resolved: Resolved, cpus: int) -> float:
    """Test files of all projects at one time: the pools of vitest 0 to 3 run side by side."""
    major = int(version.split(".")[0])
    groups: dict[object, dict[object, float]] = {}
    for values in resolved.projects:
        project = Resolved(values, [], None, None, [])
        order = project.get("sequence.groupOrder") if version >= "3.2" else 0
        pool = project.get("pool") if 1 <= major < 4 else project.get("threads") is False
        pool = "one" if major >= 4 else pool
        workers = project_workers(version, resolved, project, cpus)
        pools = groups.setdefault(order or 0, {})
        pools[pool] = max(workers, pools.get(pool, 0))
    return float(max(sum(pools.values()) for pools in groups.values()))


def different_workers(version: str, resolved: Resolved, cpus: int) -> bool:
    """Whether groupSpecs of vitest 4 and 5 throws: `test_overlap_of_projects` runs some of them."""
    if int(version.split(".")[0]) < 4:
        return False
    seen: dict[object, float] = {}
    for values in resolved.projects:
        project = Resolved(values, [], None, None, [])
        order = project.get("sequence.groupOrder")
        if project.get("isolate") and order == 0 and project.get("maxWorkers") == 1:
            continue
        workers = project_workers(version, resolved, project, cpus)
        if seen.setdefault(order, workers) != workers:
            return True
    return False


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def test_there_are_enough_cases() -> None:
    assert len(PROJECT_CASES) >= 40
    assert len({case.name for case in PROJECT_CASES}) == len(PROJECT_CASES)
    assert plain({"state": "known", "value": 1}, 1) == 1
