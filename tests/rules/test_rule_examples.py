"""Every example in the rules' pages, four ways: findings, fix, fix again, linting changes nothing.

The outcomes of a failure are called *missing* (a bad example without its finding) and *noisy*
(a finding that no example expects).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from configguard.authoring.cases import Case, cases_in, gaps, outcome
from configguard.authoring.examples import written
from configguard.resources import data_folder, rule_tables
from support.command import run

GUARDS = "unguarded-e2e-script"
RULES = data_folder("rules")
CASES = [
    pytest.param(rule, case, id=f"{rule}: {case.title}")
    for rule in rule_tables()
    for case in cases_in((RULES / rule / "README.md").read_text("utf-8"))
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project; the checkout around it has no say."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def contents(project: Path, case: Case) -> dict[str, bytes]:
    """What the case's files hold now."""
    return {name: (project / name).read_bytes() for name in case.files}


def findings(project: Path, rule: str, *options: str) -> set[tuple[str, int, str]]:
    """(file, line, rule) of every finding, without the advice of other rules."""
    result = run("check", ".", "--root", ".", "--output-format", "json", *options, cwd=project)
    assert result.code in (0, 1), result.stderr
    report = json.loads(result.stdout)
    assert report["problems"] == []
    return {
        (finding["at"][0]["file"], finding["at"][0]["line"], finding["rule"])
        for finding in report["findings"]
        if finding["severity"] != "info" or finding["rule"] == rule
    }


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_example(rule: str, case: Case, project: Path) -> None:
    before = written(project, case)
    found = findings(project, rule)
    assert contents(project, case) == before, "linting alone changed a file"
    assert outcome(case.expected, found) == {}, rule


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_fix_of_example(rule: str, case: Case, project: Path) -> None:
    before = written(project, case)
    options = ["--fix", *(["--unsafe-fixes"] if case.unsafe else [])]
    # Of another rule, and told of every script: as in `findings`, no advice.
    options += [] if rule == GUARDS else ["--ignore", GUARDS]
    run("check", ".", "--root", ".", *options, cwd=project)
    after = contents(project, case)
    wanted = {**before, **{name: text.encode() for name, text in case.fixed.items()}}
    assert {n: t.decode() for n, t in after.items()} == {n: t.decode() for n, t in wanted.items()}
    run("check", ".", "--root", ".", *options, cwd=project)
    assert contents(project, case) == after, "fixing again changed a file"
    if case.fixed:
        left = {finding for finding in findings(project, rule) if finding[2] == rule}
        assert not left, f"the fix leaves {left}"


@pytest.mark.parametrize("rule", sorted(rule_tables()))
def test_rule_folder_is_whole(rule: str) -> None:
    assert rule_tables()[rule]["id"] == rule
    assert gaps(rule_tables()[rule], (RULES / rule / "README.md").read_text("utf-8")) == []
