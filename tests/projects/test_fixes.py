"""What `check --fix --unsafe-fixes` makes of small projects, of each runner and version boundary.

Each section of `fixes/*.md` is a project in some versions. A block marked `fixed` is the file
after fixing, a file without one stays as it is, and `- left:` names a finding that stays, with the
reason why it has no fix. In a plain run the first and the last version of a section are tested, in
`make oracle` all.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from configguard.cli.check import run_check
from configguard.cli.requests import CheckRequest, Request
from configguard.resources import table

PAGES = Path(__file__).parent / "fixes"
ALL = "CONFIGGUARD_ORACLE_CPUS" in os.environ
GUARDS = "unguarded-e2e-script"
_SECTION = re.compile(r"^## (.+): (\w+) ([\d. ]+)$")
_FENCE = re.compile(r"^```\w+ (\S+)( fixed)?$")
_LEFT = "- left: "


@dataclass
class Project:
    """One section: its files, what they are after fixing, and the findings that stay."""

    title: str
    runner: str
    versions: list[str]
    files: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def projects(page: Path) -> list[Project]:
    """The sections of a page."""
    found: list[Project] = []
    lines = iter(page.read_text("utf-8").splitlines())
    for line in lines:
        if section := _SECTION.match(line):
            found.append(Project(section[1], section[2], section[3].split()))
        elif fence := _FENCE.match(line):
            body: list[str] = []
            while (inner := next(lines)) != "```":
                body.append(inner)
            files = found[-1].fixed if fence[2] else found[-1].files
            files[fence[1]] = "\n".join(body) + "\n"
        elif line.startswith(_LEFT):
            found[-1].left.append(line.removeprefix(_LEFT))
        else:
            assert not line.startswith(("##", "```")), f"{page.name}: not understood: {line}"
    return found


def _ends(versions: list[str]) -> list[str]:
    return [versions[0], versions[-1]]


CASES = [
    pytest.param(project, version, id=f"{page.stem}: {project.title} {version}")
    for page in sorted(PAGES.glob("*.md"))
    for project in projects(page)
    for version in dict.fromkeys(project.versions if ALL else _ends(project.versions))
]


@pytest.mark.parametrize(("project", "version"), CASES)
def test_fixed(
    project: Project, version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = table(f"runners/facts/{project.runner}").get("packages", [project.runner])[0]
    locked = {"lockfileVersion": 3, "packages": {f"node_modules/{package}": {"version": version}}}
    files = {"package.json": "{}\n", **project.files, "package-lock.json": json.dumps(locked)}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    check(tmp_path, capsys, fix=True)
    after = {name: (tmp_path / name).read_bytes().decode() for name in files}
    assert after == {**files, **project.fixed}
    assert findings(check(tmp_path, capsys, output_format="json")) == project.left
    check(tmp_path, capsys, fix=True)
    again = {name: (tmp_path / name).read_bytes().decode() for name in files}
    assert again == after, "fixing again changed a file"


def check(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    fix: bool = False,
    output_format: str = "text",
) -> str:
    """Run `check` in this process; what it prints."""
    shared = Request(paths=(str(folder),), root=folder)
    run_check(
        shared, CheckRequest(fix=fix, unsafe=fix, ignore=(GUARDS,), output_format=output_format)
    )
    return capsys.readouterr().out


def findings(printed: str) -> list[str]:
    """The rules of the findings that are no mere advice, each with why it has no fix."""
    none = "no automatic fix: "
    found: set[str] = set()
    for one in json.loads(printed)["findings"]:
        if one["severity"] != "info":
            why = [line.removeprefix(none) for line in one["remedy"] if line.startswith(none)]
            found.add(": ".join([one["rule"], *why]))
    return sorted(found)
