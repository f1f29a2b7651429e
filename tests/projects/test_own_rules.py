"""Rules of a team's own: found through settings and options, judged like those of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects.harness import CLEAN_TEXT, GOOD_TEXT, MakeProject, Result, Run, listing

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


PAGE = """\
# no-retries

An end-to-end suite runs failing tests again.

## What goes wrong

## When to ignore it

## Bad: one

```ts vitest.e2e.config.ts vitest=3.2.7 finding=no-retries@2
export default {
  test: { fileParallelism: false, retry: 1, testTimeout: 9000, hookTimeout: 9000 },
};
```

```ts vitest.e2e.config.ts fixed=unsafe
export default {
  test: { fileParallelism: false, retry: 0, testTimeout: 9000, hookTimeout: 9000 },
};
```

## Good: none

```ts vitest.e2e.config.ts vitest=3.2.7
export default {
  test: { fileParallelism: false, testTimeout: 9000, hookTimeout: 9000 },
};
```
"""
README = "tools/rules/no-retries/README.md"


def test_own_rules_are_listed_and_explained(project: MakeProject, run: Run) -> None:
    root = project({"configguard.toml": SETTINGS, FILE: RULE, README: PAGE})
    listed = run("rules", cwd=root).stdout.splitlines()
    [line] = [line for line in listed if line.startswith("no-retries ")]
    assert line.endswith("fix  An end-to-end suite runs failing tests again (your own)")
    by_id = {
        one["id"]: one for one in run("rules", "--output-format", "json", cwd=root).json()["rules"]
    }
    assert (by_id["no-retries"]["own"], by_id["retry-load"]["own"]) == (True, False)
    assert run("explain", "no-retries", cwd=root).stdout == PAGE
    elsewhere = project({})
    assert run("explain", "no-retries", cwd=elsewhere).code == 2
    folder = ("--rule-path", root / "tools" / "rules")
    assert run("explain", "no-retries", *folder, cwd=elsewhere).stdout == PAGE
    assert "no-retries" in run("rules", *folder, cwd=elsewhere).stdout
    (root / README).unlink()
    without = run("explain", "no-retries", cwd=root)
    assert (without.code, "has no page" in without.stderr) == (2, True)
    (root / FILE).write_text(RULE.replace("maximum", "maximal"))
    wrong = run("rules", cwd=root)
    assert (wrong.code, "did you mean maximum?" in wrong.stderr) == (2, True)
    assert "too-many-retries" in wrong.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "no-retries: 2 examples, all right"),
        ("no-retries@2", "no-retries@3", "expected, and not found: no-retries in vitest."),
        ("no-retries@2", "no-retries@3", "found, and not expected: no-retries in vitest."),
        ("retry: 0", "retry: 5", "the fix makes another vitest.e2e.config.ts:"),
        ("false, testTimeout", "true, testTimeout", "not expected: e2e-parallel-workers in"),
        ("## When to ignore it", "", "the page lacks '## When to ignore it'"),
        ("vitest=3.2.7", "vitst=3.2.7", "is no attribute of an example"),
        ("ts vitest.e2e.config.ts fixed=unsafe", "ts ../out.ts", "must be a file inside the"),
        ("ts vitest.e2e.config.ts fixed=unsafe", "ts /out.ts", "must be a file inside the"),
    ],
)  # fmt: skip
def test_the_examples_of_own_rules_are_run(
    project: MakeProject, run: Run, old: str, new: str, said: str
) -> None:
    page = PAGE.replace(old, new)
    root = project({"configguard.toml": SETTINGS, FILE: RULE, README: page})
    before = listing(root)
    result = run("rules", "--test", cwd=root)
    assert said in result.stdout
    assert result.code == int(bool(old))
    assert listing(root) == before
    again = run(
        "rules", "--test", "no-retries", "--rule-path", "tools/rules", "--root", ".", cwd=root
    )
    assert again.code == 2, "the same folder twice is the same rule twice"
    assert "is there" in again.stderr or "there is a rule" in again.stderr


def test_which_examples_are_run(project: MakeProject, run: Run) -> None:
    root = project({"tools/rules/other.md": ""})
    nothing = run("rules", "--test", cwd=root)
    assert (nothing.code, "no rule of your own" in nothing.stderr) == (2, True)
    assert run("new-rule", "no-repeats", "--rule-path", "rules", cwd=root).code == 0
    made = run("rules", "--test", "--rule-path", "rules", cwd=root)
    assert (made.code, made.stdout) == (0, "no-repeats: 2 examples, all right\n")
    known = run("rules", "--test", "timeout-too-short", cwd=root)
    assert (known.code, "all right" in known.stdout) == (0, True)
    assert run("rules", "--test", "no-such", cwd=root).code == 2
    (root / "rules" / "no-repeats" / "README.md").unlink()
    bare = run("rules", "--test", "--rule-path", "rules", cwd=root)
    assert (bare.code, "has no page" in bare.stdout) == (1, True)


RUN_RULE = """\
id: one-at-a-time
summary: Suites of one run start side by side
over: [run]
since: "0.1"
applies: {e2eSuites: {minimum: 2}}
require: {workers: {maximum: 1}}
severity:
  - {is: error}
message: "{together} run {workers} files at one time"
fix: {set: {workers: 1}}
"""


def test_a_fix_of_a_rule_over_runs_is_verified_by_its_run(project: MakeProject, run: Run) -> None:
    """The limit allows two; the rule does not. What is fixed is the run, and nothing is noisy."""
    file = "tools/rules/one-at-a-time/rule.yaml"
    text = (
        "import { defineConfig } from '@playwright/test';\n"
        "export default defineConfig({ workers: 2, projects: [\n"
        "  { name: 'a', workers: 1 }, { name: 'b', workers: 1 } ] });\n"
    )
    root = project(
        {
            "configguard.toml": SETTINGS,
            file: RUN_RULE,
            "playwright.config.ts": text,
            "node_modules/@playwright/test/package.json": '{"version": "1.65.1"}',
            ".test-resource-limits.json": '{"resourceLimits": {"maxConcurrentTests": 2}}',
        }
    )
    found = check(run, root)
    assert (found.code, found.stdout.count("error[one-at-a-time]")) == (1, 1), found.output
    assert run("check", "--fix", cwd=root).code == 0
    assert (root / "playwright.config.ts").read_text() == text.replace("workers: 2", "workers: 1")
    assert (check(run, root).code, check(run, root).stdout) == (0, "")
    # A fix of what no check asks for would never be made.
    (root / file).write_text(RUN_RULE.replace("require: {workers", "require: {e2eWorkers"))
    wrong = check(run, root)
    assert wrong.code == 2
    assert "tools/rules/one-at-a-time/rule.yaml:10:22" in wrong.stdout
    assert "no check requires workers, so that this is never written" in wrong.stdout
