"""The plain reading of `configguard check` is what typer reads, or it leaves the line to typer."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from typer.testing import CliRunner

import configguard.cli.check
from configguard.cli.app import app
from configguard.cli.plain import plain_check

OPTIONS = [
    ["--fix"],
    ["--unsafe-fixes"],
    ["--diff"],
    ["--exit-zero"],
    ["--skip-unknown"],
    ["--show-suppressed"],
    ["--statistics"],
    ["--no-gitignore"],
    ["--quiet"],
    ["-q"],
    ["--verbose"],
    ["-v"],
    ["--output-format", "json"],
    ["--fail-on", "info"],
    ["--color", "never"],
    ["--root", "some/folder"],
    ["--limits", "limits.json"],
    ["--settings", "mine.toml"],
    ["--baseline", "base.json"],
    ["--write-baseline", "base.json"],
    ["--output-file", "report.txt"],
    ["--stdin-filename", "a.ts"],
    ["-"],
    ["a.ts"],
    ["a.ts", "b/c.ts"],
]
LINES = [[], *OPTIONS, *(a + b for a, b in itertools.combinations(OPTIONS, 2))]


@pytest.fixture
def by_typer(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What typer hands to the check, instead of checking."""
    asked: list[Any] = []
    monkeypatch.setattr(
        configguard.cli.check, "run_check", lambda *request: asked.append(request) or 0
    )
    return asked


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_both_read_the_same(line: list[str], by_typer: list[Any]) -> None:
    result = CliRunner().invoke(app, ["check", *line])
    assert result.exit_code == 0, result.output
    assert plain_check(["check", *line]) == by_typer[0]


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["show"],
        ["--version"],
        ["check", "--help"],
        ["check", "--nonsense"],
        ["check", "--root"],
        ["check", "--root", "--fix"],
        ["check", "--root=x"],
        ["check", "--cpus", "4"],
        ["check", "--select", "x"],
        ["check", "--extend-select", "x"],
        ["check", "--rule-path", "x"],
        ["check", "--", "--fix"],
        ["check", ""],
    ],
    ids=" ".join,
)
def test_what_is_not_plain_is_left_to_typer(line: list[str]) -> None:
    assert plain_check(line) is None
