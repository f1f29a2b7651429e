"""The fixture projects of all rules together: one breaks each once, the well-kept break none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from projects.harness import REPOSITORY, Result, Run
from projects.transcripts import FIXTURES, unpack

RULES = {path.parent.name for path in (REPOSITORY / "rules").glob("*/rule.yaml")}
WELL_KEPT = sorted(path.name for path in (FIXTURES / "rules").glob("well-kept-*"))


def check(run: Run, name: str, tmp_path: Path) -> Result:
    root = unpack(FIXTURES / "rules" / name, tmp_path / "project")
    return run("check", "--output-format", "json", cwd=root)


def test_every_rule_is_broken_once(run: Run, tmp_path: Path) -> None:
    report = check(run, "every-rule", tmp_path).json()
    assert Counter(one["rule"] for one in report["findings"]) == dict.fromkeys(RULES, 1)
    assert len(RULES) == 16
    assert (report["problems"], report["notices"]) == ([], [])


def test_each_runner_has_a_well_kept_project() -> None:
    runners = [name.removeprefix("well-kept-") for name in WELL_KEPT]
    assert runners == ["jest", "playwright", "vitest"]


@pytest.mark.parametrize("name", WELL_KEPT)
def test_a_well_kept_project_breaks_none(run: Run, tmp_path: Path, name: str) -> None:
    result = check(run, name, tmp_path)
    report = result.json()
    assert result.code == 0
    assert {one["severity"] for one in report["findings"]} <= {"info"}
    assert report["problems"] == []
