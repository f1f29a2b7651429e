"""CONTRACT.md section 2: what each command ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects.harness import CLEAN_TEXT, GOOD_TEXT, MakeProject, Run, listing

E2E = "vitest.e2e.config.ts"
WARNING_TEXT = "export default { test: { fileParallelism: false } };\n"
"""Only `missing-timeout`, a warning with a safe fix."""
INFO_NAME = "vitest.integration.config.ts"
INFO_TEXT = GOOD_TEXT
"""An integration suite with too many retries: info."""
BROKEN_TEXT = "export default {{{;\n"
UNSAFE_TEXT = "export default { test: { testTimeout: 30000, hookTimeout: 30000 } };\n"
"""Only `e2e-parallel-workers` as a warning: lowering the default is an unsafe fix."""


def severities(run: Run, root: Path) -> set[str]:
    found = run("check", root, "--output-format", "json").json()["findings"]
    return {finding["severity"] for finding in found}


@pytest.mark.parametrize(
    ("name", "text", "has"),
    [
        (E2E, CLEAN_TEXT, set()),
        (E2E, GOOD_TEXT, {"error"}),
        (E2E, WARNING_TEXT, {"warning"}),
        (INFO_NAME, INFO_TEXT, {"info"}),
    ],
)
def test_the_projects_of_this_file_are_what_they_claim(
    project: MakeProject, run: Run, name: str, text: str, has: set[str]
) -> None:
    assert severities(run, project({name: text})) == has


@pytest.mark.parametrize(
    ("name", "text", "options", "code"),
    [
        (E2E, CLEAN_TEXT, (), 0),
        (E2E, CLEAN_TEXT, ("--fail-on", "info"), 0),
        (E2E, GOOD_TEXT, (), 1),
        (E2E, GOOD_TEXT, ("--fail-on", "error"), 1),
        (E2E, GOOD_TEXT, ("--fail-on", "warning"), 1),
        (E2E, GOOD_TEXT, ("--exit-zero",), 0),
        (E2E, GOOD_TEXT, ("--exit-zero", "--fail-on", "info"), 0),
        (E2E, GOOD_TEXT, ("--ignore", "too-many-retries"), 0),
        (E2E, GOOD_TEXT, ("--select", "missing-timeout"), 0),
        (E2E, GOOD_TEXT, ("--select", "missing-timeout,too-many-retries"), 1),
        (E2E, WARNING_TEXT, (), 0),
        (E2E, WARNING_TEXT, ("--fail-on", "error"), 0),
        (E2E, WARNING_TEXT, ("--fail-on", "warning"), 1),
        (E2E, WARNING_TEXT, ("--fail-on", "info"), 1),
        (INFO_NAME, INFO_TEXT, (), 0),
        (INFO_NAME, INFO_TEXT, ("--fail-on", "warning"), 0),
        (INFO_NAME, INFO_TEXT, ("--fail-on", "info"), 1),
        (INFO_NAME, INFO_TEXT, ("--fail-on", "info", "--exit-zero"), 0),
        (E2E, BROKEN_TEXT, (), 2),
        (E2E, BROKEN_TEXT, ("--exit-zero",), 2),
    ],
)
@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_check(
    project: MakeProject,
    run: Run,
    name: str,
    text: str,
    options: tuple[str, ...],
    code: int,
    form: str,
) -> None:
    root = project({name: text})
    before = listing(root)
    assert run("check", root, "--output-format", form, *options).code == code
    assert listing(root) == before


def test_fix_that_mends_all_exits_0(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT})
    assert run("check", root, "--fix").code == 0
    assert b"retry: 3" not in (root / E2E).read_bytes()
    assert run("check", root).code == 0


def test_fix_of_some_findings_exits_1_for_what_remains(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT, "other/" + E2E: UNSAFE_TEXT})
    assert run("check", root, "--fix", "--fail-on", "warning").code == 1
    assert b"retry: 3" not in (root / E2E).read_bytes()
    assert (root / "other" / E2E).read_text() == UNSAFE_TEXT, "an unsafe fix was not asked for"
    assert run("check", root, "--fix", "--unsafe-fixes", "--fail-on", "warning").code == 0


def test_fix_with_a_broken_neighbour_mends_the_good_one_and_exits_2(
    project: MakeProject, run: Run
) -> None:
    root = project({E2E: GOOD_TEXT, "bad/vitest.config.ts": BROKEN_TEXT})
    assert run("check", root, "--fix").code == 2
    assert b"retry: 3" not in (root / E2E).read_bytes()
    assert (root / "bad/vitest.config.ts").read_text() == BROKEN_TEXT


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (CLEAN_TEXT, (), 0),
        (GOOD_TEXT, (), 1),
        (WARNING_TEXT, (), 1),  # there would be changes
        (UNSAFE_TEXT, ("--fail-on", "warning"), 1),  # a finding remains
        (UNSAFE_TEXT, (), 0),  # what remains is below --fail-on
        (GOOD_TEXT, ("--exit-zero",), 0),
        (BROKEN_TEXT, (), 2),
    ],
)
def test_diff(
    project: MakeProject, run: Run, text: str, options: tuple[str, ...], code: int
) -> None:
    root = project({E2E: text})
    before = listing(root)
    assert run("check", root, "--diff", *options).code == code
    assert listing(root) == before, "--diff writes nothing"


def test_diff_of_a_broken_neighbour_tells_the_problem(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT, "bad/vitest.config.ts": BROKEN_TEXT})
    result = run("check", root, "--diff")
    assert result.code == 2
    assert "-    retry: 3," in result.stdout
    assert "bad/vitest.config.ts" in result.output, "exit code 2 without a word why"


def test_diff_is_a_patch_that_gives_what_fix_writes(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT})
    diff = run("check", root, "--diff").stdout
    assert run("check", root, "--fix").code == 0
    after = (root / E2E).read_text()
    removed = [line[1:] for line in diff.splitlines() if line.startswith("-")][1:]
    added = [line[1:] for line in diff.splitlines() if line.startswith("+")][1:]
    assert removed
    assert added
    assert all(line not in after.splitlines() for line in removed)
    assert all(line in after.splitlines() for line in added)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--no-such-option"),
        ("check", "--fix", "--diff"),
        ("check", "--fail-on", "fatal"),
        ("check", "--output-format", "yaml"),
        ("check", "--color", "maybe"),
        ("check", "--cpus", "0"),
        ("check", "--cpus", "-1"),
        ("check", "--cpus", "many"),
        ("check", "--root", "no-such-folder"),
        ("check", "--limits", "no-such-file.json"),
        ("check", "no-such-path"),
        ("show", "--no-such-option"),
        ("show", "--output-format", "concise"),
        ("show", "--color", "maybe"),
        ("show", "--cpus", "0"),
        ("show", "--root", "no-such-folder"),
        ("show", "--limits", "no-such-file.json"),
        ("show", "no-such-path"),
        ("rules", "--output-format", "yaml"),
        ("rules", "--no-such-option"),
        ("explain",),
        ("explain", "no-such-rule"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_is_2_and_says_so(
    project: MakeProject, run: Run, arguments: tuple[str, ...]
) -> None:
    root = project({E2E: CLEAN_TEXT})
    result = run(*arguments, cwd=root)
    assert result.code == 2
    assert result.output.strip()


@pytest.mark.parametrize("form", ["text", "json"])
def test_show(project: MakeProject, run: Run, form: str) -> None:
    root = project({E2E: GOOD_TEXT})
    assert run("show", root, "--output-format", form).code == 0, "findings are not show's matter"
    (root / "vitest.config.ts").write_text(BROKEN_TEXT)
    result = run("show", root, "--output-format", form)
    assert result.code == 2
    assert E2E in result.stdout
    assert "syntax error" in result.output


def test_rules_and_explain(project: MakeProject, run: Run) -> None:
    root = project({})
    listed = run("rules", cwd=root)
    assert listed.code == 0
    for form in ("text", "json"):
        assert run("rules", "--output-format", form, cwd=root).code == 0
    names = [rule["id"] for rule in run("rules", "--output-format", "json").json()["rules"]]
    assert "too-many-retries" in names
    for name in names:
        assert name in listed.stdout
        page = run("explain", name, cwd=root)
        assert page.code == 0
        assert name in page.stdout


def test_explain_of_a_near_name_suggests_it(run: Run) -> None:
    result = run("explain", "to-many-retries")
    assert result.code == 2
    assert "too-many-retries" in result.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("check", "--help")])
def test_help_and_version(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.code == 0
    assert result.stdout.strip()


@pytest.mark.parametrize("command", ["check", "show"])
def test_no_config_is_0_with_a_note(project: MakeProject, run: Run, command: str) -> None:
    root = project({"src/index.ts": "export const one = 1;\n"})
    result = run(command, root)
    assert result.code == 0
    assert "config" in result.output.lower()
    assert "no" in result.output.lower().split()
