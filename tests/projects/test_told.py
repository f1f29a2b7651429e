"""What is said where little can be said, and what is left alone where the input is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import run

E2E = """\
export default {
  test: { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, retry: %s },
};
"""


def write(root: Path, files: dict[str, str]) -> Path:
    """A project of vitest 3.2.7."""
    for name, text in {
        "package.json": '{"devDependencies": {"vitest": "3.2.7"}}',
        **files,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def test_what_was_not_decided_is_never_all_clear(tmp_path: Path) -> None:
    text = "import { getRetry } from 'our-retries';\n" + E2E % "getRetry()"
    write(tmp_path, {"vitest.e2e.config.ts": text})
    result = run("check", ".", "--root", ".", cwd=tmp_path)
    assert result.code == 0
    assert "All clear" not in result.stdout
    assert "could not be decided" in result.stdout.splitlines()[-1]


def test_sure_here_and_open_there_is_one_finding(tmp_path: Path) -> None:
    """Locally it always breaks the rule, in CI only where a variable is set."""
    write(
        tmp_path, {"vitest.e2e.config.ts": E2E % "process.env.CI ? (process.env.MORE ? 5 : 0) : 3"}
    )
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    found = json.loads(result.stdout)["findings"]
    told = [one for one in found if one["severity"] != "info"]
    assert [(one["rule"], one["certainty"]) for one in told] == [("too-many-retries", "depends")]
    assert told[0]["when"] == {"env": {"MORE": "set"}}


def test_a_number_without_end_is_json_too(tmp_path: Path) -> None:
    files = {"jest.config.js": f"module.exports = {{ maxWorkers: '{'9' * 400}' }};"}
    write(tmp_path, {**files, "package.json": '{"devDependencies": {"jest": "29.7.0"}}'})
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    workers = json.loads(shown.stdout)["suites"][0]["environments"]["local"]["workers"]
    assert workers["value"] == "none"


@pytest.mark.parametrize("options", [[], ["--limits", "mine.json"]], ids=["found", "named"])
@pytest.mark.parametrize("action", ["--fix", "--diff"])
def test_a_wrong_limits_file_fixes_nothing(options: list[str], action: str, tmp_path: Path) -> None:
    """The numbers that a fix would write are those of that file: the defaults are not meant."""
    name = options[1] if options else ".test-resource-limits.json"
    write(tmp_path, {"vitest.e2e.config.ts": E2E % "5", name: '{"resourceLimits": {,}}'})
    result = run("check", ".", "--root", ".", action, *options, cwd=tmp_path)
    assert result.code == 2
    assert "nothing was fixed" in result.stdout
    assert (tmp_path / "vitest.e2e.config.ts").read_text("utf-8") == E2E % "5"


def test_a_guessed_root_says_what_it_leaves_out(tmp_path: Path) -> None:
    write(tmp_path, {"e2e/vitest.config.ts": E2E % "1"})
    guessed = run("check", "e2e", "--output-format", "json", cwd=tmp_path)
    messages = [notice["message"] for notice in json.loads(guessed.stdout)["notices"]]
    assert [message for message in messages if "package.json" in message and "--root" in message]
    named = run("check", "e2e", "--root", ".", "--output-format", "json", cwd=tmp_path)
    assert json.loads(named.stdout)["notices"] == []


def test_a_config_that_cannot_be_judged_was_found_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"vitest.config.ts": "export default {{{"})
    result = run("check", ".", "--root", ".", cwd=tmp_path)
    assert result.code == 2
    assert "No config could be judged; 1 input could not be used." in result.stdout


def test_places_are_clickable_from_the_folder_the_command_runs_in(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "deep").mkdir()
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.7"}}', "utf-8")
    config = tmp_path / "vitest.e2e.config.ts"
    config.write_text("export default { test: { retry: 5 } };\n", "utf-8")
    here = run("check", ".", "--output-format", "concise", cwd=tmp_path)
    above = run("check", "..", "--output-format", "concise", cwd=tmp_path / "deep")
    place = "vitest.e2e.config.ts:1:33: error[too-many-retries]"
    assert any(line.startswith(place) for line in here.stdout.splitlines())
    assert any(line.startswith(f"../{place}") for line in above.stdout.splitlines())


def test_show_gives_one_reason_once_for_all_facts_it_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.7"}}', "utf-8")
    text = "import { settings } from 'some-package';\nexport default { test: settings() };\n"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    shown = run("show", ".", cwd=tmp_path).stdout
    assert "not known" in shown
    assert "retries, test timeout, hook timeout" in " ".join(shown.split())


def test_what_counts_in_the_root_is_not_called_ignored_where_a_project_inherits_it(
    tmp_path: Path,
) -> None:
    text = """\
export default {
  test: {
    fileParallelism: false,
    projects: [
      { extends: true, test: { name: 'e2e', testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: 'smoke', maxWorkers: 1, testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
  },
};
"""
    write(tmp_path, {"vitest.config.ts": text})
    found = json.loads(run("check", ".", "--output-format", "json", cwd=tmp_path).stdout)
    assert found["findings"] == []
    shown = json.loads(run("show", ".", "--output-format", "json", cwd=tmp_path).stdout)
    settings = {suite["project"]: suite["settings"] for suite in shown["suites"]}
    assert settings["e2e"] == []
    assert [entry["setting"] for entry in settings["smoke"]] == ["test.maxWorkers"]


def test_a_setting_is_told_under_the_conditions_that_matter_to_it(tmp_path: Path) -> None:
    text = """\
export default {
  test: {
    testTimeout: process.env.SLOW ? 60_000 : 30_000,
    retry: process.env.AGAIN ? -1 : 0,
  },
};
"""
    write(tmp_path, {"vitest.e2e.config.ts": text})
    shown = json.loads(run("show", ".", "--output-format", "json", cwd=tmp_path).stdout)
    conditions = {entry["setting"]: entry["when"] for entry in shown["suites"][0]["settings"]}
    assert conditions == {"test.retry": {"env": {"AGAIN": "set"}}}


@pytest.mark.parametrize(
    ("asked", "judged_as"),
    [("^6.0.0", "5.1.1"), ("6.1.0", "5.1.1"), ("^0.20.0", "0.34"), ("0.20.0", "0.34")],
)
def test_a_version_outside_the_tables_is_judged_by_the_nearest_and_told(
    tmp_path: Path, asked: str, judged_as: str
) -> None:
    manifest = json.dumps({"devDependencies": {"vitest": asked}})
    write(tmp_path, {"vitest.e2e.config.ts": E2E % "1", "package.json": manifest})
    result = run("check", ".", "--root", ".", cwd=tmp_path)
    assert result.code < 2
    assert f"is not in the facts tables; judged as {judged_as}" in " ".join(result.stdout.split())


def test_what_is_no_default_export_is_unknown(tmp_path: Path) -> None:
    """The grammar takes it; no runner does."""
    write(tmp_path, {"vitest.e2e.config.ts": "export default const config = { test: {} };"})
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    retries = json.loads(shown.stdout)["suites"][0]["environments"]["local"]["retries"]
    assert retries["state"] == "unknown" and "is no default export" in retries["reason"]


def test_a_command_is_advised_once_and_what_fix_leaves_has_no_label(tmp_path: Path) -> None:
    script = '"scripts": {"e2e": "vitest run -c vitest.e2e.config.ts --retry=5"}'
    manifest = f'{{{script}, "devDependencies": {{"vitest": "3.2.7"}}}}'
    write(tmp_path, {"package.json": manifest, "vitest.e2e.config.ts": E2E % "1"})
    told = run("check", ".", "--root", ".", cwd=tmp_path).stdout
    assert told.count("╴fix:") == 1
    assert "unsafe fix available" in told
    assert "the value is written here" not in told
    assert "takes it in here" not in told


def test_an_exact_version_in_a_manifest_is_not_called_a_range(tmp_path: Path) -> None:
    write(tmp_path, {"vitest.config.ts": E2E % "1"})
    assert "vitest 3.2.7, as package.json says (" in run("show", ".", cwd=tmp_path).stdout
    write(tmp_path, {"package.json": '{"devDependencies": {"vitest": "^3.2.7"}}'})
    assert "any version that package.json allows" in run("show", ".", cwd=tmp_path).stdout


def test_advice_is_spelled_for_the_newest_version_in_question(tmp_path: Path) -> None:
    write(tmp_path, {"vitest.e2e.config.ts": E2E % "3", "package.json": "{}"})
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    found = {one["rule"]: one for one in json.loads(result.stdout)["findings"]}
    advice = found["too-many-retries"]["remedy"][0]
    assert advice == "Allow at most 1: `retry: 1` (as vitest 5 spells it)."


def test_unsafe_fixes_alone_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"vitest.e2e.config.ts": E2E % "5"})
    result = run("check", ".", "--root", ".", "--unsafe-fixes", cwd=tmp_path)
    assert (result.code, result.stdout) == (2, "")
    assert "add --fix" in result.stderr


def test_a_condition_whose_branches_end_equal_becomes_the_value(tmp_path: Path) -> None:
    text = E2E % "process.env.CI ? 1 : 3"
    write(tmp_path, {"vitest.e2e.config.ts": text})
    assert run("check", ".", "--root", ".", "--fix", cwd=tmp_path).code == 0
    assert (tmp_path / "vitest.e2e.config.ts").read_text("utf-8") == E2E % "1"


@pytest.mark.parametrize(("path", "told"), [(".", True), ("e2e", False)])
def test_a_suite_kind_that_means_no_config_is_told(path: str, told: bool, tmp_path: Path) -> None:
    """A part of a project need not hold them all."""
    files = {
        "e2e/vitest.config.ts": E2E % "1",
        "configguard.toml": '[suite-kinds]\n"e2e/*.ts" = "e2e"\n"slow/*.ts" = "e2e"\n',
    }
    write(tmp_path, files)
    result = run("check", path, "--root", ".", "--output-format", "json", cwd=tmp_path)
    assert result.code == 0
    problems = json.loads(result.stdout)["problems"]
    assert [(one["severity"], one["at"][0]["line"]) for one in problems] == [("warning", 3)] * told
    assert all("slow/*.ts" in one["message"] for one in problems)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("package.json", '{"scripts": []}', "line 1: scripts is no object"),
        ("package.json", '{"scripts": {\n"a": 5, "b": "echo"}}', "line 2: the script a is no text"),
        (
            "package-lock.json",
            '{"lockfileVersion": 3, "packages": {\n"node_modules/vitest": 5}}',
            "line 2: node_modules/vitest is no object",
        ),
        ("pnpm-workspace.yaml", "packages:\n  - [a\n", "pnpm-workspace.yaml, line"),
    ],
)
def test_a_file_of_the_wrong_shape_is_told_and_the_rest_is_judged(
    tmp_path: Path, file: str, text: str, said: str
) -> None:
    manifest = {"scripts": {"e2e": "turbo run x"}, "devDependencies": {"vitest": "3.2.7"}}
    files = {"package.json": json.dumps(manifest), "vitest.e2e.config.ts": E2E % "3"}
    write(tmp_path, {**files, file: text})
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    told = json.loads(result.stdout)
    assert [said in one["message"] for one in told["problems"]] == [True]
    assert all(one["at"] for one in told["problems"])
    assert "too-many-retries" in {one["rule"] for one in told["findings"]}


@pytest.mark.parametrize(("version", "told"), [("1.40.1", True), ("1.42.0", False)])
def test_a_pattern_of_projects_was_a_name_once(tmp_path: Path, version: str, told: bool) -> None:
    manifest = {
        "scripts": {"e2e": "playwright test --project 'web*' --retries 1"},
        "devDependencies": {"@playwright/test": version},
    }
    config = "module.exports = { projects: [{ name: 'web-a' }, { name: 'web-b' }] };"
    write(tmp_path, {"package.json": json.dumps(manifest), "playwright.config.js": config})
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    shown = json.loads(result.stdout)
    notes = [one["message"] for one in shown["notices"]]
    assert any("before 1.42" in one for one in notes) is told
    retried = [suite for suite in shown["suites"] if suite["invocation"] is not None]
    assert len(retried) == (0 if told else 2)


def test_what_the_config_says_is_said_of_the_project_that_says_it(tmp_path: Path) -> None:
    manifest = {
        "scripts": {"e2e": "playwright test --retries 4"},
        "devDependencies": {"@playwright/test": "1.50.1"},
    }
    config = "module.exports = { projects: [{ name: 'a', retries: 3 }, { name: 'b' }] };"
    write(tmp_path, {"package.json": json.dumps(manifest), "playwright.config.js": config})
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    told = json.loads(result.stdout)["findings"]
    (raised,) = (one for one in told if one["rule"] == "override-raises-load")
    assert "#a with 4 retries where its config says 3 retries" in raised["message"]
    assert len(raised["suites"]) == 2


@pytest.mark.parametrize(
    ("turbo", "runs"),
    [
        ('{"tasks": {"e2e": {}}}', True),
        ('{"tasks": {"web#e2e": {}}} // comment', True),
        ('{"pipeline": {"e2e": {}}}', True),
        ('{"tasks": {"build": {}}}', False),
        ("{", True),
    ],
)
def test_turbo_runs_the_tasks_of_its_json(tmp_path: Path, turbo: str, runs: bool) -> None:
    root = {"scripts": {"all": "turbo run e2e"}, "workspaces": ["packages/*"]}
    web = {"name": "web", "scripts": {"e2e": "vitest run -c vitest.e2e.config.ts --retry 2"}}
    files = {
        "package.json": json.dumps({**root, "devDependencies": {"vitest": "3.2.7"}}),
        "turbo.json": turbo,
        "packages/web/package.json": json.dumps(web),
        "packages/web/vitest.e2e.config.ts": E2E % "1",
    }
    write(tmp_path, files)
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    told = json.loads(shown.stdout)
    names = {one["invocation"]["name"] for one in told["suites"] if one["invocation"]}
    also = {same["name"] for one in told["suites"] for same in one["sameAs"]}
    assert ("all" in names | also) is runs
    assert any("has the task e2e" in one["message"] for one in told["notices"]) is not runs


def test_a_define_config_of_ones_own_may_add_tests(tmp_path: Path) -> None:
    own = "export const defineConfig = (c) => ({ ...c, test: { retry: 3 } });\n"
    text = "import { defineConfig } from './own';\nexport default defineConfig({ base: '/' });\n"
    write(tmp_path, {"own.ts": own, "vite.config.ts": text})
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    (suite,) = json.loads(shown.stdout)["suites"]
    assert suite["environments"]["local"]["retries"]["value"] == 3


def test_a_setting_of_the_wrong_place_is_to_be_moved(tmp_path: Path) -> None:
    """Its spelling is right already: to say it again would help nobody."""
    files = {
        "package.json": '{"devDependencies": {"jest": "29.7.0"}}',
        "jest.config.js": "module.exports = { projects: ['<rootDir>/a'] };\n",
        "a/package.json": "{}",
        "a/jest.config.js": "module.exports = { displayName: 'e2e', testTimeout: 60000 };\n",
    }
    selected = ("--select", "ignored-setting")
    result = run("check", ".", "--root", ".", *selected, cwd=write(tmp_path, files))
    assert "Move it to the root of jest.config.js: there it counts" in " ".join(
        line.strip(" │├╴") for line in result.stdout.splitlines()
    )
