"""What a team that has findings already needs: to hide some with a reason, and to keep the rest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from configguard.resources import data_folder
from projects.harness import (
    CLEAN_TEXT,
    GOOD_TEXT,
    REPOSITORY,
    MakeProject,
    Result,
    Run,
    clean_environment,
)

REPORT = Draft202012Validator(
    json.loads((data_folder("schema") / "report.schema.json").read_bytes())
)
E2E = "vitest.e2e.config.ts"
HIDDEN = GOOD_TEXT.replace(
    "    retry: 3,",
    "    // configguard-ignore: too-many-retries -- the login is slow\n    retry: 3,",
)


def found(result: Result) -> list[tuple[str, str]]:
    """(file, rule) of the findings of a JSON report, which has the shape of its schema."""
    report = result.json()
    REPORT.validate(report)
    return [(one["at"][0]["file"], one["rule"]) for one in report["findings"]]


def check(run: Run, root: Path, *options: str) -> Result:
    return run("check", "--output-format", "json", *options, cwd=root)


# --- Comments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_comment_hides_a_finding(project: MakeProject, run: Run, newline: str, bom: str) -> None:
    root = project({E2E: bom + HIDDEN.replace("\n", newline)})
    plain = check(run, root)
    assert (plain.code, found(plain)) == (0, [])
    assert plain.json()["summary"]["suppressed"] == 1
    shown = check(run, root, "--show-suppressed")
    assert (shown.code, found(shown)) == (0, [(E2E, "too-many-retries")])
    hidden: dict[str, Any] = shown.json()["findings"][0]["suppressed"]
    assert (hidden["by"], hidden["reason"]) == ("comment", "the login is slow")
    assert (hidden["at"][0]["line"], hidden["at"][0]["column"]) == (6, 28)
    text = run("check", "--show-suppressed", cwd=root)
    assert "suppressed error[too-many-retries]" in text.stdout
    assert "hidden by a comment: the login is slow" in text.stdout
    assert "All clear" not in run("check", cwd=root).stdout
    assert "suppressed error[" in run(
        "check", "--show-suppressed", "--output-format", "concise", cwd=root
    ).stdout  # fmt: skip


def test_what_is_hidden_is_not_fixed(project: MakeProject, run: Run) -> None:
    text = HIDDEN.replace("    fileParallelism: false,\n", "    fileParallelism: true,\n")
    root = project({E2E: text})
    assert found(check(run, root)) == [(E2E, "e2e-parallel-workers"), (E2E, "retry-load")]
    assert run("check", "--fix", "--unsafe-fixes", cwd=root).code == 0
    assert (root / E2E).read_text() == text.replace("Parallelism: true", "Parallelism: false")


def test_a_comment_counts_where_the_finding_stands(project: MakeProject, run: Run) -> None:
    base = "export const RETRY = 3;\nexport default { test: { retry: RETRY } };\n"
    own = (
        "import { mergeConfig } from 'vitest/config';\nimport base from './base';\n"
        "export default mergeConfig(base, { test: { fileParallelism: false,"
        " testTimeout: 30000, hookTimeout: 30000 } });\n"
    )
    comment = " // configguard-ignore: too-many-retries -- why not\n"
    files = {"base.ts": base, E2E: own}
    assert found(check(run, project(files))) == [("base.ts", "too-many-retries")]
    for file, text, hides in (
        ("base.ts", base.replace("};\n", "};" + comment), True),  # where the key stands
        ("base.ts", base.replace("3;\n", "3;" + comment), False),  # where its value comes from
        (E2E, own.replace("\n", comment, 1), False),
        (E2E, comment.replace("ignore", "ignore-file") + own, False),
        ("base.ts", comment.replace("ignore", "ignore-file") + base, True),
    ):
        root = project({**files, file: text})
        left = [("base.ts", "too-many-retries"), (file, "unused-suppression")]
        assert found(check(run, root)) == ([] if hides else left), (file, text)


def test_a_value_of_several_lines_is_where_it_begins(project: MakeProject, run: Run) -> None:
    text = CLEAN_TEXT.replace("retry: 1,", "retry: Math.max(\n      1,\n      3,\n    ),")
    comment = " // configguard-ignore: too-many-retries -- why not"
    hidden = project({E2E: text.replace("Math.max(", "Math.max(" + comment)})
    assert found(check(run, hidden)) == []
    told = project({E2E: text.replace("    ),", "    )," + comment)})
    assert (E2E, "too-many-retries") in found(check(run, told))


@pytest.mark.parametrize(
    ("files", "options", "count"),
    [
        ({E2E: HIDDEN.replace("retry: 3", "retry: 1")}, [], 1),
        ({E2E: HIDDEN}, [], 0),
        # What was not asked for, not read or not decided is not called unused.
        ({E2E: HIDDEN.replace("retry: 3", "retry: 1")}, [E2E], 0),
        ({E2E: HIDDEN.replace("retry: 3", "retry: 1")}, ["--ignore", "too-many-retries"], 0),
        ({E2E: HIDDEN.replace("retry: 3", "retry: require('x').y")}, [], 0),
        ({E2E: HIDDEN.replace("retry: 3", "retry: 1"), "jest.config.ts": "x ="}, [], 0),
        ({E2E: HIDDEN.replace("retry: 3", "retry: -1")}, [], 0),
        (
            {
                E2E: HIDDEN.replace("retry: 3", "retry: 1"),
                "configguard.toml": f'[per-file-ignores]\n"{E2E}" = ["too-many-retries"]\n',
            },
            [],
            0,
        ),
        (
            {
                E2E: HIDDEN.replace("retry: 3", "retry: 1").replace(
                    "import",
                    "// configguard-ignore-file: unused-suppression -- another branch\nimport",
                )
            },
            [],
            0,
        ),
        # A comment in a file that two suites read hides something in one of them.
        (
            {
                "base.ts": "export const retry = { retry: 3 }; "
                "// configguard-ignore: too-many-retries -- x\n",
                E2E: "import { retry } from './base';\nexport default { test: { ...retry,"
                " testTimeout: 1000, hookTimeout: 1000, fileParallelism: false } };\n",
                "vitest.config.ts": "import { retry } from './base';\n"
                "export default { test: { ...retry } };\n",
            },
            [],
            0,
        ),
    ],
)
def test_unused_comments_are_told_where_that_is_sure(
    project: MakeProject, run: Run, files: dict[str, str], options: list[str], count: int
) -> None:
    result = check(run, project(files), *options)
    assert [rule for _, rule in found(result)].count("unused-suppression") == count


def test_a_wrong_comment_hides_nothing(project: MakeProject, run: Run) -> None:
    for comment, said in (
        ("too-many-retries", "gives no reason"),
        ("to-many-retries -- x", "did you mean 'too-many-retries'?"),
    ):
        root = project({E2E: f"// configguard-ignore-file: {comment}\n{GOOD_TEXT}"})
        result = check(run, root)
        assert (result.code, found(result)) == (1, [(E2E, "too-many-retries")])
        [problem] = result.json()["problems"]
        assert problem["severity"] == "warning"
        assert said in problem["message"]
        assert problem["at"][0]["line"] == 1


# --- The baseline -----------------------------------------------------------------------------

TWO = "export default { test: { fileParallelism: true, retry: 3 } };\n"


def baseline_of(run: Run, root: Path, *options: str) -> Any:
    result = run("check", "--write-baseline", "base.json", *options, cwd=root)
    assert result.code == 0, result.output
    written = json.loads((root / "base.json").read_bytes())
    schema = json.loads((data_folder("schema") / "baseline.schema.json").read_bytes())
    Draft202012Validator(schema).validate(written)
    return written


def told(run: Run, root: Path) -> tuple[int, list[tuple[str, str]], list[str]]:
    """Exit code, findings and notices of a check against the baseline."""
    result = check(run, root, "--baseline", "base.json")
    notices = [one["message"] for one in result.json()["notices"] if "baseline" in one["message"]]
    return result.code, found(result), notices


def test_what_is_in_the_baseline_is_not_told(project: MakeProject, run: Run) -> None:
    root = project({E2E: TWO})
    written = baseline_of(run, root)
    rules = [one["rule"] for one in written["findings"]]
    assert rules == ["e2e-parallel-workers", "missing-timeout", "retry-load", "too-many-retries"]
    assert told(run, root) == (0, [], [])
    shown = check(run, root, "--baseline", "base.json", "--show-suppressed")
    assert {one["suppressed"]["by"] for one in shown.json()["findings"]} == {"baseline"}
    assert shown.json()["summary"]["suppressed"] == 4
    # Lines that move, a better value, a script that starts it: still the same findings.
    (root / E2E).write_text(
        "// a\n\nconst RETRY = 2;\nexport default { test: {\n  retry: RETRY,\n"
        "  fileParallelism: true } };\n"
    )
    (root / "package.json").write_text(
        '{"scripts": {"e2e": "vitest run -c vitest.e2e.config.ts --bail 1"}}'
    )
    # New is only what the script itself brings.
    brought = [("package.json", "unguarded-e2e-script"), (E2E, "missing-global-timeout")]
    assert told(run, root) == (0, brought, [])
    # Another config is new; so is another rule in the same file.
    (root / "b").mkdir()
    (root / "b" / E2E).write_text(CLEAN_TEXT.replace("retry: 1", "retry: 3"))
    (root / E2E).write_text(TWO.replace("retry: 3", "retry: 3, testTimeout: Infinity"))
    code, left, _ = told(run, root)
    assert code == 1
    assert (f"b/{E2E}", "too-many-retries") in left
    assert (E2E, "too-many-retries") not in left


def test_what_got_worse_is_told_again(project: MakeProject, run: Run) -> None:
    root = project({E2E: TWO})
    written = baseline_of(run, root)
    values = {one["rule"]: one.get("values") for one in written["findings"]}
    assert values["too-many-retries"] == {"retries": 3}
    assert values["e2e-parallel-workers"] == {"workers": 7}
    for retry, is_told in (("2", False), ("3", False), ("4", True), ("40", True)):
        (root / E2E).write_text(TWO.replace("retry: 3", f"retry: {retry}"))
        code, left, notices = told(run, root)
        assert (E2E, "too-many-retries") in left if is_told else left == []
        # It is neither one that is gone.
        assert (code, notices) == (int(is_told), [])
    text = run("check", "--baseline", "base.json", cwd=root).stdout
    assert "it got worse: the baseline knows it with retries 3" in " ".join(text.split())
    # The machine that a check is judged for makes nothing worse.
    (root / E2E).write_text(TWO)
    assert found(check(run, root, "--baseline", "base.json", "--cpus", "32")) == []
    # Written anew it is known as it is then; an entry without numbers knows any.
    (root / E2E).write_text(TWO.replace("retry: 3", "retry: 40"))
    rewritten = baseline_of(run, root)
    assert told(run, root) == (0, [], [])
    for one in rewritten["findings"]:
        one.pop("values", None)
    (root / "base.json").write_text(json.dumps(rewritten))
    assert told(run, root) == (0, [], [])
    (root / E2E).write_text(TWO)
    assert told(run, root) == (0, [], [])


def test_one_that_got_worse_beside_one_that_did_not(project: MakeProject, run: Run) -> None:
    """Two scripts with a flag each are two findings of one kind."""
    scripts = {"a": "vitest run -c vitest.e2e.config.ts --retry 3",
               "b": "vitest run -c vitest.e2e.config.ts --retry 5"}  # fmt: skip
    root = project({E2E: CLEAN_TEXT, "package.json": json.dumps({"scripts": scripts}, indent=1)})
    baseline_of(run, root)
    assert told(run, root) == (0, [], [])
    scripts["a"] = scripts["a"].replace("3", "4")
    (root / "package.json").write_text(json.dumps({"scripts": scripts}, indent=1))
    result = check(run, root, "--baseline", "base.json", "--select", "override-raises-load")
    [finding] = result.json()["findings"]
    assert "with 4 retries" in finding["message"]


def test_stale_entries_are_told(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT, "sub/notes.txt": ""})
    baseline_of(run, root)
    (root / E2E).write_text(CLEAN_TEXT)
    code, left, notices = told(run, root)
    assert (code, left) == (0, [])
    [notice] = notices
    assert "a finding of too-many-retries in vitest.e2e.config.ts that is not there" in notice
    # Nothing is known of what was not judged.
    for options in (["--ignore", "too-many-retries"], [E2E]):
        result = check(run, root, "--baseline", "base.json", *options)
        assert result.json()["notices"] == []
    (root / E2E).write_text(GOOD_TEXT.replace("retry: 3", "retry: require('x').y"))
    assert told(run, root)[2] == []


def test_a_baseline_counts(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT})
    entry = {
        "rule": "too-many-retries",
        "file": E2E,
        "projects": ["other", E2E],
        "fact": "retries",
        "count": 2,
    }
    (root / "base.json").write_text(json.dumps({"schemaVersion": 1, "findings": [entry]}))
    code, left, notices = told(run, root)
    assert (code, left) == (0, [])
    assert "keeps a finding of too-many-retries" in notices[0]


def test_what_a_comment_hides_needs_no_baseline(project: MakeProject, run: Run) -> None:
    assert baseline_of(run, project({E2E: HIDDEN}))["findings"] == []


def test_what_is_known_is_not_fixed(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT})
    baseline_of(run, root)
    assert run("check", "--fix", "--baseline", "base.json", cwd=root).code == 0
    assert (root / E2E).read_text() == GOOD_TEXT


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (None, "", "cannot read the baseline base.json: there is no such file; --write-baseline"),
        ("", "base.json:1:1", "is not JSON"),
        ('{"schemaVersion": 1,}', "base.json:1:20", "no comma may stand before the closing }"),
        ("[]", "base.json:1:1", "is no baseline of configguard, but an empty list"),
        ('{"version": "2.1.0", "runs": []}', "base.json:1:1", "is no baseline of configguard"),
        ('{"schemaVersion": 2, "findings": []}', "base.json:1:19", "another version"),
        ('{"schemaVersion": 1, "findings": [{"rule": "x"}]}', "base.json:1:35", "lacks the key"),
        ('{"schemaVersion": 1, "findings": [], "x": 1}', "base.json:1:38", "unknown key 'x'"),
        (b"\xff", "base.json", "it is not UTF-8"),
    ],
)
def test_a_wrong_baseline_is_pointed_at(
    project: MakeProject, run: Run, text: str | bytes | None, place: str, said: str
) -> None:
    root = project({E2E: GOOD_TEXT})
    if text is not None:
        (root / "base.json").write_bytes(text.encode() if isinstance(text, str) else text)
    result = run(
        "check", "--baseline", "base.json", "--output-format", "concise", "--fail-on", "info",
        cwd=root,
    )  # fmt: skip
    assert result.code == 2
    assert "error[too-many-retries]" in result.stdout, "findings are told in spite of it"
    [line] = [line for line in result.stdout.splitlines() if "base.json" in line]
    assert line.startswith(place)
    assert said in line


def test_where_a_baseline_cannot_be_written(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT, "broken/vitest.config.ts": "export default {"})
    result = run("check", "--write-baseline", "base.json", cwd=root)
    assert result.code == 2
    assert "the baseline was not written" in result.stdout
    assert not (root / "base.json").exists()
    (root / "broken" / "vitest.config.ts").unlink()
    result = run("check", "--write-baseline", "no/such/folder.json", cwd=root)
    assert (result.code, "folder.json: No such file" in result.stderr) == (2, True)
    result = run("check", "--write-baseline", "b.json", "--diff", cwd=root)
    assert result.code == 2
    # The file is replaced whole, and keeps its mode.
    (root / "b.json").write_text("old")
    (root / "b.json").chmod(0o640)
    assert run("check", "--write-baseline", "b.json", cwd=root).code == 0
    assert (root / "b.json").stat().st_mode & 0o777 == 0o640
    assert [one.name for one in root.iterdir() if one.name.startswith(".b")] == []


# --- What is judged, and how it is told -------------------------------------------------------


def test_rules_are_chosen_by_options_and_settings(project: MakeProject, run: Run) -> None:
    root = project({E2E: TWO, "configguard.toml": 'ignore = ["missing-timeout"]\n'})

    def rules(*options: str) -> set[str]:
        return {rule for _, rule in found(check(run, root, *options))}

    assert rules() == {"e2e-parallel-workers", "retry-load", "too-many-retries"}
    assert rules("--select", "missing-timeout, too-many-retries") == {
        "missing-timeout",
        "too-many-retries",
    }
    assert rules("--extend-select", "missing-timeout") == {*rules(), "missing-timeout"}
    assert rules("--extend-select", "missing-timeout", "--ignore", "missing-timeout") == rules()
    (root / "configguard.toml").write_text(
        'select = ["too-many-retries", "missing-timeout"]\n'
        '[severity]\nmissing-timeout = "off"\ntoo-many-retries = "info"\n'
    )
    assert rules() == {"too-many-retries"}
    assert check(run, root).code == 0
    assert rules("--extend-select", "missing-timeout") == {"too-many-retries", "missing-timeout"}
    for option in ("--select", "--ignore", "--extend-select"):
        wrong = run("check", option, "too-many-retries,mising-timeout", cwd=root)
        assert wrong.code == 2
        assert "mising-timeout: there is no such rule: did you mean 'missing-timeout'?" in (
            wrong.stderr
        )


def test_statistics(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT, f"b/{E2E}": TWO})
    for form in ("text", "concise"):
        shown = run("check", "--statistics", "--output-format", form, cwd=root)
        assert shown.code == 1
        assert "2  error    too-many-retries" in shown.stdout
        assert "1  warning  missing-timeout" in shown.stdout
        assert "why:" not in shown.stdout
    summary = check(run, root, "--statistics").json()["summary"]
    assert summary["rules"]["too-many-retries"] == {
        "error": 2, "warning": 0, "info": 0, "fixable": 2,
    }  # fmt: skip
    assert "rules" not in check(run, root).json()["summary"]


def test_the_report_in_a_file(project: MakeProject, run: Run) -> None:
    root = project({E2E: GOOD_TEXT})
    for form in ("json", "sarif", "text"):
        options = ["check", "--output-format", form]
        plain = run(*options, cwd=root)
        result = run(*options, "--output-file", "out.txt", cwd=root)
        assert result.code == plain.code == 1
        assert (root / "out.txt").read_bytes().decode() == plain.stdout
        assert result.stdout.splitlines()[-1] == "Written to out.txt."
        assert result.stdout.startswith("1 error in 1 config (1 suite)")
    (root / "link").symlink_to("out.txt")
    (root / "out.txt").write_text("old")
    run("check", "--output-file", "link", cwd=root)
    assert (root / "link").is_symlink()
    assert "too-many-retries" in (root / "out.txt").read_text()
    assert run("check", "--output-file", "/dev/null", cwd=root).code == 1
    assert not Path("/dev/null").is_file()
    missing = run("check", "--output-file", "no/such/out.txt", cwd=root)
    assert (missing.code, missing.stdout) == (2, "")


# --- Standard input ---------------------------------------------------------------------------


def piped(root: Path, text: str | bytes, *options: str) -> Result:
    data = text.encode() if isinstance(text, str) else text
    done = subprocess.run(
        [sys.executable, "-m", "configguard", "check", *options],
        cwd=root,
        env=clean_environment(),
        input=data,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode())


def test_standard_input_stands_for_a_file(project: MakeProject) -> None:
    root = project({E2E: CLEAN_TEXT, "new/notes.txt": ""})
    for file in (E2E, "new/vitest.e2e.config.ts"):
        options = ["--stdin-filename", file, "-", "--output-format", "json"]
        result = piped(root, GOOD_TEXT, *options)
        assert (result.code, found(result)) == (1, [(file, "too-many-retries")])
        [span] = result.json()["findings"][0]["at"]
        assert GOOD_TEXT[span["startByte"] : span["endByte"]] == "3"
        assert piped(root, CLEAN_TEXT, *options).code == 0
    assert (root / E2E).read_text() == CLEAN_TEXT
    assert not (root / "new" / E2E).exists()


def test_fixes_of_standard_input_go_to_standard_output(project: MakeProject) -> None:
    root = project({E2E: CLEAN_TEXT})
    fixed = piped(root, GOOD_TEXT, "--stdin-filename", E2E, "-", "--fix")
    assert (fixed.code, fixed.stdout) == (0, CLEAN_TEXT)
    assert "Fixed 1 finding" in fixed.stderr
    clean = piped(root, CLEAN_TEXT, "--stdin-filename", E2E, "-", "--fix")
    assert (clean.code, clean.stdout) == (0, CLEAN_TEXT)
    crlf = "\ufeff" + GOOD_TEXT.replace("\n", "\r\n")
    fixed = piped(root, crlf, "--stdin-filename", E2E, "-", "--fix")
    assert fixed.stdout == crlf.replace("retry: 3", "retry: 1")
    for text in ("export default {", b"\xff"):
        broken = piped(root, text, "--stdin-filename", E2E, "-", "--fix", "--quiet")
        assert broken.code == 2
        assert E2E in broken.stderr
        assert broken.stdout == (text if isinstance(text, str) else "\ufffd")
    diff = piped(root, GOOD_TEXT, "--stdin-filename", E2E, "-", "--diff")
    assert diff.code == 1
    assert "-    retry: 3," in diff.stdout
    assert (root / E2E).read_text() == CLEAN_TEXT


def test_only_standard_input_is_fixed(project: MakeProject) -> None:
    base = "export default { test: { retry: 3 } };\n"
    root = project({"base.ts": base, E2E: CLEAN_TEXT})
    own = "import base from './base';\nexport default { ...base };\n"
    result = piped(root, own, "--stdin-filename", E2E, "-", "--fix", "--unsafe-fixes")
    assert (root / "base.ts").read_text() == base
    assert "fileParallelism" in result.stdout


def test_wrong_uses_of_standard_input(project: MakeProject) -> None:
    root = project({E2E: CLEAN_TEXT, "other.txt": ""})
    for options, said in (
        (["-"], "--stdin-filename says which file"),
        (["--stdin-filename", E2E], "give - alone"),
        (["--stdin-filename", E2E, "-", "other.txt"], "give - alone"),
        (["--stdin-filename", "../x.ts", "-"], "inside the root"),
        (["--stdin-filename", E2E, "-", "--fix", "--output-file", "x"], "leave --output-file out"),
        (["--stdin-filename", "other.txt", "-"], "other.txt"),
    ):
        result = piped(root, CLEAN_TEXT, "--root", ".", *options)
        assert result.code == 2, options
        assert said in result.output
    skipped = piped(root, "", "--stdin-filename", "other.txt", "-", "--skip-unknown")
    assert skipped.code == 0


# --- The README -------------------------------------------------------------------------------


def test_what_the_readme_says(project: MakeProject, run: Run) -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    section = readme.split("## Adopting it in an existing repository\n")[1].split("\n## ")[0]
    blocks = dict(re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL))
    root = project({E2E: TWO, "legacy/vitest.e2e.config.ts": TWO})
    before = check(run, root)
    assert before.code == 1
    commands = [line.removeprefix("$ ").split() for line in blocks["console"].splitlines()]
    assert [command[:2] for command in commands] == [["configguard", "check"]] * 2
    for command in commands:
        assert run(*command[1:], cwd=root).code == 0
    (root / E2E).write_text(GOOD_TEXT.replace("    retry: 3,\n", blocks["ts"]))
    assert (E2E, "too-many-retries") not in found(check(run, root))
    (root / E2E).write_text(TWO)
    (root / "configguard.toml").write_text(blocks["toml"])
    result = check(run, root)
    assert "too-many-retries" not in {rule for _, rule in found(result)}
    grades = {one["rule"]: one["severity"] for one in result.json()["findings"]}
    assert grades["missing-timeout"] == "info"
    assert ("legacy/vitest.e2e.config.ts", "e2e-parallel-workers") not in found(result)
    assert (E2E, "e2e-parallel-workers") in found(result)
