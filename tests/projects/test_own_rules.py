"""Rules of a team's own: found through settings and options, judged like those of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects.harness import CLEAN_TEXT, GOOD_TEXT, MakeProject, Result, Run

E2E = "vitest.e2e.config.ts"
RULE = """\
id: no-retries
summary: An end-to-end suite runs failing tests again
over: [suite]
since: "0.1"
applies: {kind: {const: e2e}}
require: {retries: {maximum: 0}}
severity:
  - {is: warning}
message: "{suite} runs a failing test {retries} more times"
fix: {set: {retries: 0}}
"""
SETTINGS = 'rule-paths = ["tools/rules"]\n'
FILE = "tools/rules/no-retries/rule.yaml"


def check(run: Run, root: Path, *options: str) -> Result:
    return run("check", "--output-format", "concise", *options, cwd=root)


def test_rules_in_the_root(project: MakeProject, run: Run) -> None:
    root = project({E2E: CLEAN_TEXT, "configguard.toml": SETTINGS, FILE: RULE})
    result = check(run, root)
    assert result.code == 0
    assert result.stdout == (
        f"{E2E}:6:12: warning[no-retries] {E2E} runs a failing test 1 more times\n"
    )
    # They are rules like others: chosen, graded, hidden, fixed.
    assert check(run, root, "--ignore", "no-retries").stdout == ""
    assert "no-retries" in check(run, root, "--select", "no-retries").stdout
    wrong = check(run, root, "--select", "no-retris")
    assert (wrong.code, "did you mean 'no-retries'?" in wrong.stderr) == (2, True)
    for form in ("json", "sarif", "text"):
        assert "no-retries" in run("check", "--output-format", form, cwd=root).stdout
    (root / "configguard.toml").write_text(f'{SETTINGS}[severity]\nno-retries = "error"\n')
    assert check(run, root).code == 1
    comment = "// configguard-ignore-file: no-retries -- here they are wanted\n"
    (root / E2E).write_text(comment + CLEAN_TEXT)
    assert (check(run, root).code, check(run, root).stdout) == (0, "")
    (root / E2E).write_text(CLEAN_TEXT)
    assert run("check", "--fix", cwd=root).code == 0
    assert (root / E2E).read_text() == CLEAN_TEXT.replace("retry: 1", "retry: 0")


def test_rules_from_outside_the_root(project: MakeProject, run: Run, tmp_path: Path) -> None:
    root = project({E2E: CLEAN_TEXT})
    folder = tmp_path / "rules" / "no-retries"
    folder.mkdir(parents=True)
    (folder / "rule.yaml").write_text(RULE)
    assert "warning[no-retries]" in check(run, root, "--rule-path", "../rules").stdout
    (folder / "rule.yaml").write_text(RULE.replace("maximum", "maximal"))
    result = run("check", "--rule-path", "../rules", cwd=root)
    assert result.code == 2
    assert "../rules/no-retries/rule.yaml:6:30" in result.stdout
    assert "did you mean maximum?" in result.stdout
    assert check(run, root, "--rule-path", "../none").code == 2


@pytest.mark.parametrize(
    ("files", "place", "said"),
    [
        ({FILE: RULE.replace("retries: {max", "retrys: {max")}, f"{FILE}:6:", "did you mean"),
        ({FILE: RULE.replace("{retries} more", "{retrys} more")}, f"{FILE}:9:", "did you mean"),
        ({FILE: RULE.replace("summary", "sumary")}, f"{FILE}:2:", "did you mean 'summary'?"),
        ({FILE: RULE.replace("is: warning", "is: fatal")}, f"{FILE}:8:", '"warning"'),
        ({FILE: RULE.replace("no-retries", "other")}, f"{FILE}:1:", "its folder 'no-retries'"),
        ({FILE: RULE + "absorbs: [missing-timout]\n"}, f"{FILE}:1:1", "did you mean 'missing-t"),
        ({FILE: "id: ["}, f"{FILE}:1:", "no YAML"),
        ({FILE: "!!python/object/apply:os.system ['touch ran']"}, f"{FILE}:1:", "no YAML"),
        ({FILE: b"\xff"}, f"{FILE}: ", "not UTF-8"),
        ({"tools/rules/notes.md": ""}, "tools/rules: ", "holds no rules"),
        ({}, "tools/rules: ", "holds no rules"),
        (
            {"tools/rules/too-many-retries/rule.yaml": RULE.replace("no-ret", "too-many-ret")},
            "tools/rules/too-many-retries/rule.yaml:1:1",
            "there is a rule 'too-many-retries' already",
        ),
    ],
)
def test_a_wrong_rule_file_is_pointed_at(
    project: MakeProject, run: Run, files: dict[str, str | bytes], place: str, said: str
) -> None:
    root = project({E2E: GOOD_TEXT, "configguard.toml": SETTINGS, **files})
    result = check(run, root)
    assert result.code == 2
    assert "error[too-many-retries]" in result.stdout, "findings are told in spite of it"
    [line] = [line for line in result.stdout.splitlines() if line.startswith(place)]
    assert said in line
    assert not (root / "ran").exists()


def test_rule_paths_stay_inside_the_root(project: MakeProject, run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules" / "no-retries").mkdir(parents=True)
    (tmp_path / "rules" / "no-retries" / "rule.yaml").write_text(RULE)
    root = project({E2E: CLEAN_TEXT, "configguard.toml": 'rule-paths = ["../rules"]\n'})
    result = check(run, root)
    assert result.code == 2
    assert "must be a folder inside the root" in result.stdout
    (root / "tools").mkdir()
    (root / "tools" / "rules").symlink_to(tmp_path / "rules")
    (root / "configguard.toml").write_text(SETTINGS)
    result = check(run, root)
    assert (result.code, "holds no rules" in result.stdout) == (2, True)
    assert "no-retries" not in result.stdout
