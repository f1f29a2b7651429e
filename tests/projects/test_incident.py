"""The incident's project through the command line: snapshots, and the README that quotes them.

After a wanted change: `python tests/projects/test_incident.py` writes the snapshots anew.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.command import run

TESTS = Path(__file__).resolve().parent.parent
INCIDENT = TESTS / "fixtures" / "incident"
EXPECTED = TESTS / "fixtures" / "expected" / "incident"
README = TESTS.parent / "README.md"
COMMANDS: dict[str, tuple[str, ...]] = {
    "check.txt": ("check", "."),
    "concise.txt": ("check", ".", "--output-format", "concise"),
    "show.txt": ("show", "vitest.e2e.config.ts"),
    "diff.txt": ("check", ".", "--diff"),
}

CLEAR = "2 info in 2 configs (2 suites): 1 can be fixed with --fix --unsafe-fixes"
"""What is left is advice: nothing watches or bounds the run."""


def output(name: str, project: Path) -> str:
    """What a command prints in the project."""
    return run(*COMMANDS[name], "--root", ".", cwd=project).stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_output(name: str) -> None:
    assert output(name, INCIDENT) == (EXPECTED / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["check.txt", "show.txt"])
def test_the_readme_shows_what_is_printed(name: str) -> None:
    assert (EXPECTED / name).read_text("utf-8") in README.read_text("utf-8")


def test_no_line_is_wider_than_a_terminal() -> None:
    lines = (EXPECTED / "check.txt").read_text("utf-8").splitlines()
    assert max(map(len, lines)) <= 80


def test_fix_makes_it_clean(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(INCIDENT, project)
    fixed = run("check", ".", "--root", ".", "--fix", cwd=project)
    assert fixed.code == 0
    assert " ".join(fixed.stdout.split()).endswith(f"Fixed 3 findings. {CLEAR}")
    changed = {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file()
        and path.read_bytes() != (INCIDENT / path.relative_to(project)).read_bytes()
    }
    assert changed == {"vitest.e2e.config.ts"}
    again = run("check", ".", "--root", ".", "--fix", cwd=project)
    assert again.code == 0
    assert " ".join(again.stdout.split()).endswith(CLEAR)


def test_the_diff_is_what_fix_writes(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(INCIDENT, project)
    added = [
        line[1:]
        for line in output("diff.txt", project).splitlines()
        if line.startswith("+") and not line.startswith("+++")
    ]
    run("check", ".", "--root", ".", "--fix", cwd=project)
    text = (project / "vitest.e2e.config.ts").read_text("utf-8")
    assert added
    assert "\n".join(added) in text


if __name__ == "__main__":
    for command in COMMANDS:
        (EXPECTED / command).write_text(output(command, INCIDENT), "utf-8")
