"""What helps to write rules: what a folder lacks is named, new folders pass, docs are fresh."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from configguard.authoring.cases import cases_in, gaps, outcome
from configguard.authoring.examples import written
from configguard.authoring.rules_page import rules_page
from configguard.resources import data_folder
from rules.test_rule_examples import contents, findings
from support.command import run

RULE = {"id": "x-y", "summary": "Something is wrong"}
PAGE = """\
# x-y

Something is wrong.

## What goes wrong

## When to ignore it

## Bad: one

```ts vitest.config.ts vitest=3.2.7 finding=x-y@1
bad
```

```ts vitest.config.ts fixed
good
```

## Good: another

```ts vitest.config.ts vitest=3.2.7
good
```
"""


def test_a_whole_folder_lacks_nothing() -> None:
    assert gaps(RULE, PAGE) == []
    assert gaps({**RULE, "fix": {}}, PAGE) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# x-y", "# x", "begins with the id"),
        ("Something is wrong.", "Something.", "begins with the id"),
        ("## What goes wrong", "## What", "lacks '## What goes wrong'"),
        ("## When to ignore it", "", "lacks '## When to ignore it'"),
        ("## Good", "## Nice", "no Good example"),
        ("ts vitest.config.ts fixed", "ts other.config.ts", "no example of what it makes"),
        ("finding=x-y@1", "finding=other@1", "expects no finding of x-y"),
        ("## Bad: one", "## Good: one", "no Bad example"),
    ],
)
def test_what_a_folder_lacks_is_named(old: str, new: str, said: str) -> None:
    assert old in PAGE
    told = gaps({**RULE, "fix": {}}, PAGE.replace(old, new, 1))
    assert any(said in one for one in told), told


def test_outcomes_have_names() -> None:
    one, other = ("a.ts", 1, "x-y"), ("a.ts", 2, "x-y")
    assert outcome({one}, {one}) == {}
    assert outcome({one}, {other}) == {"missing": [one], "noisy": [other]}
    assert outcome(set(), {other}) == {"noisy": [other]}


def test_a_new_rule_passes_its_own_examples(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    made = run("new-rule", "no-repeats", "--rule-path", "rules", cwd=tmp_path)
    assert made.code == 0, made.stderr
    assert [Path(line).name for line in made.stdout.splitlines()] == ["rule.yaml", "README.md"]
    page = (rules / "no-repeats" / "README.md").read_text("utf-8")
    data = yaml.safe_load((rules / "no-repeats" / "rule.yaml").read_bytes())
    assert gaps(data, page) == []
    for number, case in enumerate(cases_in(page)):
        project = tmp_path / f"project{number}"
        project.mkdir()
        before = written(project, case)
        found = findings(project, "no-repeats", "--rule-path", str(rules))
        assert outcome(case.expected, found) == {}
        assert contents(project, case) == before


def test_where_a_new_rule_goes(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    nowhere = run("new-rule", "no-repeats", cwd=tmp_path)
    assert (nowhere.code, "--rule-path DIR" in nowhere.stderr) == (2, True)
    (tmp_path / "configguard.toml").write_text('rule-paths = ["tools/rules"]\n')
    assert run("new-rule", "no-repeats", cwd=tmp_path).code == 0
    target = tmp_path / "tools" / "rules" / "no-repeats"
    assert sorted(one.name for one in target.iterdir()) == ["README.md", "rule.yaml"]
    (target / "README.md").write_text("mine")
    for rule_id, said in (
        ("no-repeats", "is there already"),
        ("too-many-retries", "there is a rule"),
        ("No_Repeats", "is no id"),
        ("../escape", "is no id"),
    ):
        refused = run("new-rule", rule_id, cwd=tmp_path)
        assert (refused.code, said in refused.stderr) == (2, True), refused.stderr
    assert (target / "README.md").read_text() == "mine"


def test_the_rules_page_is_fresh() -> None:
    page = data_folder("rules").parent / "docs" / "rules.md"
    assert page.read_text("utf-8") == rules_page(), "make docs writes it"
