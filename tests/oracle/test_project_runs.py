"""Projects that really run: as many test files overlap as we say, and what we say refuses, does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from oracle.processes import max_overlap
from oracle.real_vitest import VERSIONS, run_suite, write_overlap_files
from oracle.test_project_configs import REFUSES, our_suites, shown_report
from oracle.test_resolved_configs import write_lock

pytestmark = pytest.mark.real_runner
CPUS = 3
ROOT = "vitest.config.ts"
ALL = "CONFIGGUARD_ORACLE_CPUS" in os.environ


class Run(NamedTuple):
    """Settings of the root, and of the two projects; in files of their own, or in the list.

    `sample`: the versions in which it runs on every push.
    """

    root: str
    first: str
    second: str
    own_files: bool = False
    sample: tuple[str, ...] = ()


RUNS = {
    "root-serial": Run("fileParallelism: false, singleThread: true", "", ""),
    "root-serial-files": Run("fileParallelism: false", "", "", own_files=True, sample=("5.1.1",)),
    "both-serial": Run("", "fileParallelism: false", "fileParallelism: false", sample=("3.2.7",)),
    "one-serial": Run("", "fileParallelism: false", ""),
    "workers-differ": Run("", "maxWorkers: 2", "maxWorkers: 3", sample=("4.1.12", "5.1.1")),
    "workers-one-and-two": Run("", "maxWorkers: 1", "maxWorkers: 2"),
    "workers-own-groups": Run(
        "",
        "maxWorkers: 1, sequence: { groupOrder: 1 }",
        "maxWorkers: 2, sequence: { groupOrder: 2 }",
    ),
    "root-one-project-two": Run(
        "maxWorkers: 1, minWorkers: 1", "", "maxWorkers: 2", sample=("4.1.12",)
    ),
    "parallel-in-serial": Run("fileParallelism: false", "fileParallelism: true", ""),
    "one-not-isolated": Run("", "maxWorkers: 1, isolate: false", ""),
    "one-in-vm": Run("", "maxWorkers: 1, pool: 'vmThreads'", ""),
    "two-pools-serial": Run(
        "fileParallelism: false, singleThread: true",
        "pool: 'threads'",
        "pool: 'forks', threads: false",
        sample=("1.6.1",),
    ),
    "two-pools": Run("", "pool: 'threads'", "pool: 'forks', threads: false"),
    "single-in-both": Run(
        "",
        "pool: 'threads', singleThread: true, poolOptions: { threads: { singleThread: true } }",
        "pool: 'threads', singleThread: true, poolOptions: { threads: { singleThread: true } }",
    ),
    "single-at-root": Run(
        "pool: 'threads', singleThread: true, poolOptions: { threads: { singleThread: true } }",
        "pool: 'threads'",
        "pool: 'threads'",
    ),
    "maxima-in-projects": Run(
        "",
        "pool: 'forks', poolOptions: { forks: { maxForks: 1, minForks: 1 } }",
        "pool: 'forks', poolOptions: { forks: { maxForks: 1, minForks: 1 } }",
    ),
}
CASES = [
    pytest.param(version, name, id=f"{version}-{name}")
    for name, case in RUNS.items()
    for version in VERSIONS
    if (ALL or version in case.sample)
    and not (name == "one-in-vm" and version < "2")  # crashes on its own, with Node 20
]


@pytest.mark.parametrize(("runner", "name"), CASES, indirect=["runner"])
def test_overlap_of_projects(runner: str, name: str, tmp_path: Path) -> None:
    case = RUNS[name]
    write_lock(runner, tmp_path)
    folder = tmp_path / "run"
    write_run(runner, case, folder)
    ours = our_suites(shown_report(tmp_path, CPUS), "run", "local", CPUS)
    workers = ours.pop("run")["workers"]
    outcomes = {facts["outcome"] for facts in ours.values()}
    # Long enough for the next worker to start while the first ones sleep.
    ms = 250 if workers == 1 else 2500
    for project in "ab":
        write_overlap_files(folder / project, 3, ms, pattern=f"{project}{{}}.test.mjs")
    found = run_suite(runner, folder, ROOT, cpus=CPUS, timeout_s=90)
    if outcomes == {REFUSES}:
        assert not found.records
        assert found.exit_code != 0
        return
    assert outcomes == {"runs"}
    assert found.exit_code == 0, found.output
    assert max_overlap(found.records) == workers


def write_run(version: str, case: Run, folder: Path) -> None:
    """Two projects with test files of their own, in the list that the version reads."""
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    items: list[str] = []
    for name, text in (("a", case.first), ("b", case.second)):
        project = f"{{ test: {{ name: '{name}', include: ['**/{name}*.test.mjs'], {text} }} }}"
        if case.own_files:
            (folder / name).mkdir()
            (folder / name / ROOT).write_text(f"export default {project};\n", "utf-8")
            project = json.dumps(f"./{name}")
        items.append(project)
    listed = f"[{', '.join(items)}]"
    root = case.root + ", " * bool(case.root)
    if version < "3.2":
        (folder / "vitest.workspace.ts").write_text(f"export default {listed};\n", "utf-8")
        listed = ""
    lists = f"projects: {listed}" if listed else ""
    (folder / ROOT).write_text(f"export default {{ test: {{ {root}{lists} }} }};\n", "utf-8")
