"""Every fixture project: its commands print what its transcript says.

After a wanted change, `CONFIGGUARD_UPDATE=1 python -m pytest tests/projects/test_fixtures.py`
writes the transcripts anew.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from projects.harness import REPOSITORY
from projects.transcripts import (
    EXPECTED,
    FIXTURES,
    UPDATE,
    difference,
    fixture_folders,
    transcript,
    unpack,
)


@pytest.mark.parametrize(
    "fixture", fixture_folders(), ids=lambda path: path.relative_to(FIXTURES).as_posix()
)
def test_fixture(fixture: Path, tmp_path: Path) -> None:
    project = unpack(fixture, tmp_path / "project")
    expected = (fixture / EXPECTED).read_bytes().decode("utf-8")
    assert "$ configguard " in expected, "a transcript without a command tests nothing"
    printed = transcript(expected, project)
    if os.environ.get(UPDATE) == "1":
        (fixture / EXPECTED).write_bytes(printed.encode("utf-8"))
        return
    if wrong := difference(expected, printed):
        pytest.fail(f"{wrong}\n\n{UPDATE}=1 writes what is printed now", pytrace=False)


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="NOT TESTED: no git checkout")
def test_git_ignores_no_file_of_a_fixture() -> None:
    files = [str(path) for path in FIXTURES.rglob("*")]
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    asked = subprocess.run(
        command, cwd=REPOSITORY, input="\n".join(files), capture_output=True, text=True, check=False
    )
    assert asked.stdout == "", "these need a name that begins with `real-` or `dot-`"
    assert asked.returncode == 1, asked.stderr


def test_a_transcript_is_written_and_then_holds(tmp_path: Path) -> None:
    fixture = tmp_path / "fixture"
    (fixture / "real-node_modules" / "vitest").mkdir(parents=True)
    (fixture / "real-node_modules/vitest/package.json").write_text('{"version": "3.2.7"}')
    (fixture / "dot-gitignore").write_text("left-out/\n")
    for folder in ("", "left-out"):
        (fixture / folder).mkdir(exist_ok=True)
        (fixture / folder / "vitest.e2e.config.ts").write_text("export default { test: {} };\n")
    command = "$ configguard check . --output-format concise\n"
    (fixture / EXPECTED).write_text(f"# seen\n{command}\n# again\n{command}")
    project = unpack(fixture, tmp_path / "project")
    assert not (project / EXPECTED).exists()
    written = transcript((fixture / EXPECTED).read_text(), project)
    assert written.startswith(f"# seen\n{command}vitest.e2e")
    assert f"\n[exit 0]\n\n# again\n{command}vitest.e2e" in written
    assert written.endswith("\n[exit 0]\n")
    assert "left-out" not in written
    assert transcript(written, project) == written
    changed = written.replace("vitest.e2e", "vitest.E2E", 1)
    assert "+vitest.e2e" in difference(changed, transcript(changed, project))
    assert difference(written, transcript(written, project)) == ""
