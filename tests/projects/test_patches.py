"""What `check --diff` prints is a patch that `git apply` and `patch -p1` take."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from projects.harness import GOOD_TEXT, MakeProject, clean_environment

CONFIG = "vitest.e2e.config.ts"
FAR = "test: {\n" + "    // far\n" * 20 + "    bail: 1,"
FILES: Mapping[str, str] = {
    "plain/" + CONFIG: GOOD_TEXT,
    "with spaces/" + CONFIG: GOOD_TEXT,
    "größe-漢字-🙂/" + CONFIG: GOOD_TEXT,
    "quo'te\"back\\slash/" + CONFIG: GOOD_TEXT,
    "tab\tand\nnewline/" + CONFIG: GOOD_TEXT,
    "crlf/" + CONFIG: GOOD_TEXT.replace("\n", "\r\n"),
    "endless/" + CONFIG: GOOD_TEXT.rstrip("\n"),
    "endless-line/" + CONFIG: "export default { test: { retry: 3 } }",
    "mark/" + CONFIG: "\ufeff" + GOOD_TEXT,
    "tabs/" + CONFIG: GOOD_TEXT.replace("  ", "\t"),
    "emoji/" + CONFIG: GOOD_TEXT.replace("3,", "3, // ⚠️ größer 👩\u200d💻"),
    "long/" + CONFIG: GOOD_TEXT.replace("3,", f"3, // {'x' * 5000}"),
    "twice/" + CONFIG: GOOD_TEXT.replace("test: {", FAR),
}
APPLY = {"git": ["git", "apply", "-"], "patch": ["patch", "-p1", "--fuzz=0", "--quiet"]}


def configguard(folder: Path, *args: str) -> bytes:
    """Standard output as it is, which no terminal reads."""
    command = [sys.executable, "-m", "configguard", "check", *args]
    done = subprocess.run(
        command, cwd=folder, env=clean_environment(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def apply(tool: str, folder: Path, patch: bytes) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"NOT TESTED: no {tool}")
    done = subprocess.run(
        APPLY[tool], cwd=folder, input=patch, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr + patch


def contents(root: Path) -> dict[str, bytes]:
    return {file: (root / file).read_bytes() for file in FILES}


def test_both_tools_make_of_a_patch_what_fix_writes(project: MakeProject, tmp_path: Path) -> None:
    root = project(FILES)
    before = contents(root)
    patch = configguard(root, "--diff")
    for tool in APPLY:
        copy = tmp_path / tool
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".git"))
        if tool == "git":
            subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True, timeout=60)
            # Whatever the user has set: line ends are those of the patch.
            subprocess.run(["git", "config", "core.autocrlf", "false"], cwd=copy, check=True)
        apply(tool, copy, patch)
        if tool == "git":
            applied = contents(copy)
        else:
            assert contents(copy) == applied
    configguard(root, "--fix")
    after = contents(root)
    assert all(after[file] != before[file] for file in FILES)
    for file in FILES:
        assert applied[file] == after[file], file


@pytest.mark.parametrize("tool", APPLY)
def test_a_patch_is_applied_in_the_folder_it_was_made_in(project: MakeProject, tool: str) -> None:
    root = project({"web/" + CONFIG: GOOD_TEXT, "api/" + CONFIG: GOOD_TEXT})
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True, timeout=60)
    apply(tool, root / "web", configguard(root / "web", "--diff"))
    assert b"retry: 1" in (root / "web" / CONFIG).read_bytes()
    assert b"retry: 3" in (root / "api" / CONFIG).read_bytes()
    # Files above the current folder: the names are those in the root.
    apply(tool, root, configguard(root / "web", "--diff", "../api"))
    assert b"retry: 1" in (root / "api" / CONFIG).read_bytes()


def test_a_file_with_hidden_characters_is_shown_and_said_not_to_apply(
    project: MakeProject,
) -> None:
    root = project({CONFIG: GOOD_TEXT.replace("3,", "3, // \u202egnp\x1b[31m")})
    command = [sys.executable, "-m", "configguard", "check", "--diff"]
    done = subprocess.run(
        command, cwd=root, env=clean_environment(), capture_output=True, timeout=60, check=False
    )
    assert b"3, // \\u{202e}gnp\\u{1b}[31m" in done.stdout
    assert b"cannot be applied" in done.stderr
