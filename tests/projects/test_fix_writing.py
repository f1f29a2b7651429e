"""`check --fix` on disk: links, rights, two runs at once, a full disk, nothing to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projects.harness import CLEAN_TEXT, GOOD_TEXT, MakeProject, Run, clean_environment, listing

CONFIG = "vitest.e2e.config.ts"
MANY = int(os.environ.get("CONFIGGUARD_MANY", "30"))
"""`make stress` sets it to 2,000."""
FIXED = GOOD_TEXT.replace("retry: 3", "retry: 1")


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    """When each file and folder was last changed, and which one it is."""
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in root.rglob("*")}


def test_a_link_stays_and_its_target_is_replaced(project: MakeProject, run: Run) -> None:
    root = project({"shared/e2e.ts": GOOD_TEXT, "app/x": ""})
    link = root / "app" / CONFIG
    link.symlink_to("../shared/e2e.ts")
    assert run("check", root, "--fix").code == 0
    assert link.readlink() == Path("../shared/e2e.ts")
    assert (root / "shared/e2e.ts").read_text() == FIXED
    assert not (root / "shared/e2e.ts").is_symlink()


def test_a_file_of_two_configs_is_written_where_both_are_fixed_alike(
    project: MakeProject, run: Run
) -> None:
    root = project({"a/" + CONFIG: GOOD_TEXT, "b/x": ""})
    (root / "b" / CONFIG).symlink_to("../a/" + CONFIG)
    assert run("check", root, "--fix").code == 0
    assert (root / "a" / CONFIG).read_text() == FIXED


def test_a_file_that_is_also_another_config_is_left_alone(project: MakeProject, run: Run) -> None:
    text = "export default { test: { retry: 3, testTimeout: 9000, hookTimeout: 9000 } };\n"
    root = project({"vitest.config.ts": text})
    (root / CONFIG).symlink_to("vitest.config.ts")
    result = run("check", root, "--fix", "--output-format", "json")
    assert result.code == 2
    assert "it is the same file as vitest.config.ts" in result.told("problems")
    assert (root / "vitest.config.ts").read_text() == text


def test_the_report_of_a_fix_as_json(project: MakeProject, run: Run) -> None:
    root = project({CONFIG: GOOD_TEXT.replace("fileParallelism: false", "maxWorkers: 3")})
    fixed = run("check", root, "--fix", "--output-format", "json").json()["fixed"]
    assert {(one["rule"], one["file"], one["safety"]) for one in fixed["fixes"]} == {
        ("e2e-parallel-workers", CONFIG, "safe"),
        ("too-many-retries", CONFIG, "safe"),
    }
    (effect,) = fixed["effects"]
    assert effect["suite"] == CONFIG
    assert effect["message"] == "3 workers → 1, 4 attempts → 2"
    local = {one["fact"]: one for one in effect["facts"] if one["environment"] == "local"}
    assert (local["workers"]["before"]["value"], local["workers"]["after"]["value"]) == (3, 1)
    assert "fixed" not in run("check", root, "--output-format", "json").json()
    again = run("check", root, "--fix", "--output-format", "json").json()["fixed"]
    assert again == {"fixes": [], "effects": []}


def test_the_text_says_what_was_done_and_what_the_suite_does_now(
    project: MakeProject, run: Run
) -> None:
    text = "export default { test: { maxWorkers: 3, retry: process.env.CI ? 3 : 1 } };\n"
    root = project({CONFIG: text, "other/x": ""})
    would = run("check", "--diff", cwd=root).stderr
    assert f"Would fix {CONFIG}\n" in would
    told = run("check", "--fix", "--unsafe-fixes", cwd=root).stdout
    block = told[told.index("Fixed") : told.index("\n\n", told.index("Fixed"))]
    assert f"Fixed {CONFIG}\n" in block
    assert "set retry: 1 [too-many-retries]" in " ".join(block.split())
    effects = " ".join(block[block.index("What they do now") :].split())
    assert effects.startswith(f"What they do now {CONFIG}: 3 workers → 1, tests and hooks time")
    assert effects.endswith("time out after 30 s; in CI 4 attempts → 2")


def test_what_cannot_be_written_is_not_told_as_fixed(project: MakeProject, run: Run) -> None:
    root = project({CONFIG: GOOD_TEXT, "other/" + CONFIG: GOOD_TEXT})
    (root / "other" / CONFIG).chmod(0o444)
    result = run("check", root, "--fix", "--output-format", "json")
    assert result.code == 2
    assert [one["file"] for one in result.json()["fixed"]["fixes"]] == [CONFIG]
    assert (root / "other" / CONFIG).read_text() == GOOD_TEXT


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: no ulimit here")
def test_a_disk_that_takes_nothing_leaves_all_as_it_was(project: MakeProject, run: Run) -> None:
    """A limit of 0 bytes for new files stands for the full disk."""
    root = project({CONFIG: GOOD_TEXT, "other/" + CONFIG: GOOD_TEXT})
    before = listing(root)
    prefix = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
    result = run("check", root, "--fix", "--output-format", "json", prefix=prefix)
    assert result.code == 2
    assert "and so nothing else was written" in result.told("problems")
    assert result.json()["fixed"] == {"fixes": [], "effects": []}
    assert len(result.json()["findings"]) == 2, "what is there is still reported"
    assert listing(root) == before


def test_two_runs_at_once(project: MakeProject) -> None:
    files = {f"p{number}/{CONFIG}": GOOD_TEXT for number in range(6)}
    root = project(files)
    command = [sys.executable, "-m", "configguard", "check", "--fix", "--output-format", "json"]
    both = [
        subprocess.Popen(
            command, cwd=root, env=clean_environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [one.communicate(timeout=60)[0] for one in both]
    assert {file: (root / file).read_text() for file in files} == dict.fromkeys(files, FIXED)
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*.ts")) == sorted(files)
    assert not list(root.rglob("*.tmp"))
    for process, text in zip(both, told, strict=True):
        problems = [one["message"] for one in json.loads(text)["problems"]]
        assert process.returncode == (2 if problems else 0)
        assert all("changed by someone else" in one for one in problems)


def test_runs_that_change_nothing_write_nothing(project: MakeProject, run: Run) -> None:
    texts = [
        CLEAN_TEXT,
        CLEAN_TEXT.replace("\n", "\r\n"),
        "\ufeff" + CLEAN_TEXT,
        CLEAN_TEXT.rstrip("\n"),
        "export default { test: { retry: 3 } };\n",  # made whole by the first run
    ]
    root = project({f"p{n}/{CONFIG}": texts[n % len(texts)] for n in range(MANY)})
    command = [sys.executable, "-m", "configguard", "check", "--fix", "--unsafe-fixes", "--quiet"]
    for _ in range(2):
        before = stamps(root)
        done = subprocess.run(
            command, cwd=root, env=clean_environment(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert stamps(root) == before


def test_what_a_killed_run_left_goes_with_the_next_fix(project: MakeProject, run: Run) -> None:
    root = project({"e2e/" + CONFIG: CLEAN_TEXT})
    left = root / "e2e" / ".configguard-abcdefgh.tmp"
    left.write_text("half")
    os.utime(left, (1, 1))
    assert run("check", root).code == 0
    assert left.exists(), "a check writes nothing"
    assert run("check", root, "--fix").code == 0
    assert not left.exists()
