"""Places and names as the folder sees them in which the command is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import run

FILES = {
    "package.json": '{"devDependencies": {"vitest": "3.2.4"}}',
    "config/base.ts": "export const base = { test: { retry: 3, testTimeout: 60_000 } };\n",
    "packages/web/package.json": '{"scripts": {"e2e": "vitest run -c vitest.e2e.config.ts"}}',
    "packages/web/vitest.e2e.config.ts": """\
import { mergeConfig } from 'vitest/config';
import { base } from '../../config/base';
export default mergeConfig(base, { test: { maxWorkers: 1, minWorkers: 1, hookTimeout: 60_000 } });
""",
}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """The folder of a package in a workspace."""
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "packages" / "web"


def test_places_are_those_that_the_current_folder_sees(web: Path) -> None:
    told = run("check", cwd=web).stdout
    assert "packages/web/" not in told
    assert "▸ ../../config/base.ts:1:38\n" in told
    assert "▸ vitest.e2e.config.ts:3:16\n" in told
    assert "▸ vitest.e2e.config.ts:3\n" in told  # of the fix


def test_concise_lines_and_the_diff_name_files_from_the_current_folder(web: Path) -> None:
    concise = run("check", "--output-format", "concise", cwd=web).stdout
    assert concise.startswith("../../config/base.ts:1:38: error[too-many-retries] vitest.e2e.")
    diff = run("check", "--diff", cwd=web).stdout
    assert diff.startswith("--- a/vitest.e2e.config.ts\n+++ b/vitest.e2e.config.ts\n")


def test_show_names_files_from_the_current_folder(web: Path) -> None:
    lines = run("show", cwd=web).stdout.splitlines()
    assert lines[0] == "vitest.e2e.config.ts"
    assert any(line.endswith("vitest.e2e.config.ts:3:56") for line in lines)
    assert any(line.endswith("  ../../config/base.ts:1:38") for line in lines)


def test_json_is_the_same_from_every_folder(web: Path) -> None:
    for command in ("check", "show"):
        here = run(command, "--output-format", "json", cwd=web)
        above = run(command, "packages/web", "--output-format", "json", cwd=web.parents[1])
        assert json.loads(here.stdout) == json.loads(above.stdout)
        assert '"file": "packages/web/vitest.e2e.config.ts"' in here.stdout


def test_a_limits_file_of_ones_own_is_named_as_it_lies(web: Path) -> None:
    (web / "mine.json").write_text('{"resourceLimits": {"maxRetries": 2}}', "utf-8")
    told = run("check", "--limits", "mine.json", cwd=web).stdout
    assert "▸ mine.json:1:35\n" in told
    shown = json.loads(
        run("check", "--limits", "mine.json", "--output-format", "json", cwd=web).stdout
    )
    (limit,) = [
        one for one in shown["findings"][0]["because"] if one["message"].startswith("the limit")
    ]
    assert limit["at"][0]["file"] == "packages/web/mine.json"


def test_concise_has_problems_and_notes(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "vitest.e2e.config.ts").write_text(
        "import { retry } from './gone';\nexport default { test: { retry } };\n", "utf-8"
    )
    (tmp_path / "jest.config.ts").write_text("export default {{{\n", "utf-8")
    result = run("check", "--output-format", "concise", cwd=tmp_path)
    lines = result.stdout.splitlines()
    assert result.code == 2
    assert any(line.startswith("jest.config.ts:1:1: error syntax error") for line in lines)
    assert "vitest.e2e.config.ts:1:10: note the import './gone' is missing" in lines
    assert any(line.startswith("vitest.e2e.config.ts:2:26: note[too-many-r") for line in lines)
    quiet = run("check", "--output-format", "concise", "--quiet", cwd=tmp_path).stdout
    assert " note" not in quiet
    assert " error syntax" in quiet


def test_notes_alone_are_no_failure(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.4"}}', "utf-8")
    (tmp_path / "vitest.config.ts").write_text(
        "import { retry } from './gone';\nexport default { test: { retry } };\n", "utf-8"
    )
    result = run("check", "--output-format", "concise", cwd=tmp_path)
    assert result.code == 0
    assert result.stdout.startswith("vitest.config.ts:1:10: note ")


def test_concise_says_where_a_finding_holds(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.4"}}', "utf-8")
    text = "export default { test: { retry: process.env.CI ? 3 : 0 } };\n"
    (tmp_path / "vitest.e2e.config.ts").write_text(text, "utf-8")
    told = run("check", "--output-format", "concise", cwd=tmp_path).stdout
    assert "(3 retries); the limit is 1 (only in CI)\n" in told


@pytest.mark.parametrize("option", ["--limits", "--settings"])
@pytest.mark.parametrize("file", ["gone.json", "config"])
@pytest.mark.parametrize("command", ["check", "show"])
def test_a_named_file_that_is_none_ends_at_once(
    command: str, file: str, option: str, web: Path
) -> None:
    result = run(command, option, file, "--root", ".", cwd=web.parents[1])
    assert result.code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"configguard: {option} {file}: ")
