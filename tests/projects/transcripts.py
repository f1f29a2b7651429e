"""Fixture projects with transcripts: what commands print in them, and how they end.

`tests/fixtures/<theme>/<name>/expected.txt` makes the folder a project; CONTRIBUTING.md describes
the format.
"""

from __future__ import annotations

import difflib
import shlex
import shutil
from pathlib import Path

from projects.harness import REPOSITORY, run_configguard

FIXTURES = REPOSITORY / "tests" / "fixtures"
EXPECTED = "expected.txt"
UPDATE = "CONFIGGUARD_UPDATE"
"""With `1` in this variable, the tests write the transcripts anew."""

_PROMPT = "$ configguard "
_EXIT = "[exit "
_OTHERS = frozenset({"incident", "expected"})
"""Folders of `tests/fixtures` that are no themes: the first project, and its snapshots."""


def fixture_folders(fixtures: Path = FIXTURES) -> list[Path]:
    """Every `<theme>/<name>` folder, with a transcript or (a mistake) without."""
    themes = (one for one in sorted(fixtures.iterdir()) if one.name not in _OTHERS)
    return [folder for theme in themes for folder in sorted(theme.iterdir())]


def real_name(name: str) -> str:
    """The name in the project of what has another name among the fixtures.

    git, ruff or packaging would act on `.gitignore`, `node_modules` or a broken `pyproject.toml`
    here: `dot-gitignore` stands for the first, `real-node_modules` and `real-pyproject.toml` for
    the others.
    """
    if name.startswith("dot-"):
        return "." + name.removeprefix("dot-")
    return name.removeprefix("real-")


def unpack(fixture: Path, project: Path) -> Path:
    """Copy a fixture to a folder, under its real names and with a `.git` that makes it a root."""
    (project / ".git").mkdir(parents=True)
    _copy(fixture, project)
    (project / EXPECTED).unlink(missing_ok=True)
    return project


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for entry in sorted(source.iterdir()):
        copied = target / real_name(entry.name)
        if entry.is_symlink():
            copied.symlink_to(entry.readlink())
        elif entry.is_dir():
            _copy(entry, copied)
        else:
            shutil.copy(entry, copied)


def transcript(expected: str, project: Path) -> str:
    """The transcript with what its commands print now; what stands between them is kept."""
    written: list[str] = []
    for command, lines in _steps(expected):
        if command is not None:
            written += [_PROMPT + command, *_printed(command, project)]
        written += _remarks(lines) if command is not None else lines
    return "\n".join(written) + "\n"


def _steps(expected: str) -> list[tuple[str | None, list[str]]]:
    """Each command with the lines below it; first what stands before all commands."""
    steps: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in expected.splitlines():
        if line.startswith(_PROMPT):
            steps.append((line.removeprefix(_PROMPT), []))
        else:
            steps[-1][1].append(line)
    return steps


def _remarks(lines: list[str]) -> list[str]:
    """What follows the output of a command, which a new transcript does not hold yet."""
    ends = [at for at, line in enumerate(lines) if line.startswith(_EXIT)]
    if ends:
        return lines[ends[-1] + 1 :]
    return [line for line in lines if not line or line.startswith("# ")]


def _printed(command: str, project: Path) -> list[str]:
    """What a command prints, standard output first, and the line with its exit code."""
    result = run_configguard(*shlex.split(command), cwd=project)
    output = result.output.replace(str(project), "ROOT")
    assert not output or output.endswith("\n"), f"{command}: no line break at the end"
    return [*output.split("\n")[:-1], f"{_EXIT}{result.code}]"]


def difference(expected: str, printed: str) -> str:
    """A unified diff of two transcripts; empty where they are equal."""
    lines = difflib.unified_diff(
        expected.splitlines(), printed.splitlines(), "expected.txt", "printed", lineterm=""
    )
    return "\n".join(lines)
