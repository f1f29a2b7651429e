"""The format of rules: one vocabulary for the schema, the judge, and whoever writes rules."""

from __future__ import annotations

import copy
import json
import os
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from configguard.authoring.rule_schema import as_text, completed
from configguard.resources import data_folder, rule_tables, table
from configguard.ruleset.rule import Rule, builtin_rules
from configguard.ruleset.rule_file import faults_in, read_rule
from configguard.source.document import Document

SCHEMA = data_folder("schema") / "rule.schema.json"
OVERS = list(table("ruleset/subjects")["subjects"])


def test_the_schema_follows_from_the_vocabulary() -> None:
    made = completed(json.loads(SCHEMA.read_bytes()))
    if os.environ.get("CONFIGGUARD_UPDATE"):
        SCHEMA.write_text(as_text(made) + "\n", encoding="utf-8", newline="\n")
    assert json.loads(SCHEMA.read_bytes()) == made, "CONFIGGUARD_UPDATE=1 writes it anew"


def test_the_vocabulary_is_whole() -> None:
    data = table("ruleset/subjects")
    used = {name for subject in data["subjects"].values() for name in subject["facts"]}
    assert used == set(data["facts"])
    assert set(data["settable"]) <= set(data["facts"])
    for fact in data["facts"].values():
        assert fact["type"] in ("text", "number", "boolean", "any")
        assert fact["what"]


@pytest.mark.parametrize("rule", sorted(rule_tables()))
def test_the_rules_of_the_package_are_faultless(rule: str) -> None:
    assert faults_in(rule_tables()[rule], rule) == []


def test_rules_name_rules_that_there_are() -> None:
    rules = builtin_rules()
    for rule in rules.values():
        assert set(rule.absorbs) <= set(rules)
        assert set(rule.defeats) <= set(rules)


RULE = """\
id: my-rule
summary: Something is wrong
over: [suite]
since: "0.1"
applies: {kind: {const: e2e}}
require:
  workers: {maximum: {limit: maxConcurrentTests}}
severity:
  - {when: {limits: stated}, is: error}
  - {is: warning}
message: "{suite} has {workers} workers"
fix: {set: {workers: {limit: maxConcurrentTests}}}
"""


def read(text: str) -> Rule | list[tuple[int, str]]:
    """The rule, or the line and message of each fault."""
    document = Document("rules/my-rule/rule.yaml", text.encode())
    found = read_rule(document, "my-rule")
    if isinstance(found, Rule):
        return found
    return [(document.position(fault.span.start).line, fault.message) for fault in found]


def test_a_rule_is_read() -> None:
    rule = read(RULE)
    assert isinstance(rule, Rule)
    assert rule.checks[0].limits == {"workers": "maxConcurrentTests"}


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("  workers: {max", "  wrokers: {max", 7, 'suite has no fact "wrokers": did you mean work'),
        ("  workers: {max", "  e2eWorkers: {max", 7, 'suite has no fact "e2eWorkers"'),
        ("limit: maxConcurrentTests}}\nsev", "limit: maxWorkers}}\nsev", 7, "limit must be one of"),
        ("{workers} workers", "{wokers} workers", 11, 'no placeholder "wokers": did you mean work'),
        ("{const: e2e}", "{const: e3e}", 5, 'kind is never "e3e": it is one of e2e'),
        ("{const: e2e}", "{enum: [e2e, 3]}", 5, "kind is never 3"),
        ("{const: e2e}", "{maximum: 3}", 5, "kind is no number"),
        ("{const: e2e}", "{pattern: e}", 5, 'a constraint has no word "pattern"'),
        ("limits: stated", "limit: stated", 9, '`when` knows no "limit": did you mean limits'),
        ("limits: stated", "limits: given", 9, 'limits is never "given"'),
        ("{is: warning}", "{is: grave}", 10, "must be one of"),
        ("  - {is: warning}\n", "", 9, "the last severity must have no `when`"),
        ("{when: {limits: stated}, is: error}", "{is: error}", 9, "those below it never count"),
        ("is: error", "is: {as: rule-it-defeats}", 9, "needs `defeats`"),
        ("set: {workers", "set: {outcome", 12, 'a fix cannot set "outcome"'),
        ("over: [suite]", "over: [suit]", 3, "must be one of"),
        ("over: [suite]", "over: [suite, run]", 3, "says in `checks`"),
        ("summary", "sumary", 2, "did you mean 'summary'"),
        ("id: my-rule", "id: other", 1, "they must be the same"),
        ('since: "0.1"', "since: 0.1", 4, "must be a text"),
        ("over:", "id: again\nover:", 3, "the key 'id' stands here twice"),
        ("message:", "- message:", 11, "no YAML"),
    ],
)
def test_a_fault_is_told_at_its_line(old: str, new: str, line: int, told: str) -> None:
    assert old in RULE
    found = read(RULE.replace(old, new, 1))
    assert isinstance(found, list)
    assert any(at == line and told in message for at, message in found), found
    assert len(found) == 1, found


CHECKS = """\
id: my-rule
summary: Something is wrong
over: [suite, run]
since: "0.1"
checks:
  - over: suite
    require: {workers: {maximum: 1}}
  - over: run
    require: {e2eWorkers: {maximum: 1}}
    message: "{together} start together"
severity: [{is: warning}]
message: "{suite} has {retries} retries"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("e2eWorkers:", "retries:", 9, 'run has no fact "retries"'),
        ("  - over: suite\n    req", "  - req", 6, "this check lacks `over`"),
        ("  - over: run", "  - over: job", 8, "does not stand in the rule's `over`"),
        ("  - over: run", "  - over: suite", 3, "no check is over run"),
        ('    message: "{together} start together"\n', "", 11, 'run has no placeholder "retries"'),
        ("{together}", "{retries}", 10, 'run has no placeholder "retries"'),
    ],
)
def test_each_check_has_the_words_of_what_it_is_over(
    old: str, new: str, line: int, told: str
) -> None:
    assert isinstance(read(CHECKS), Rule)
    assert old in CHECKS
    found = read(CHECKS.replace(old, new, 1))
    assert isinstance(found, list)
    assert any(at == line and told in message for at, message in found), found


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "a: &a [*a]", "--- {}\n--- {}", "over: {a: 1}", "checks: [3]\nover: 1"]
)
def test_files_of_any_shape_are_refused_with_a_place(text: str) -> None:
    assert isinstance(read(text), list)


def test_editors_are_told_the_facts_of_what_a_rule_is_over() -> None:
    """The schema alone refuses a fact of another `over`, at the fact's place."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_bytes()), registry=Registry())
    base: dict[str, Any] = copy.deepcopy(json.loads(SCHEMA.read_bytes())["examples"][0])
    for over in OVERS:
        for other in OVERS:
            name = table("ruleset/subjects")["subjects"][other]["facts"][-1]
            known = name in table("ruleset/subjects")["subjects"][over]["facts"]
            rule = {**base, "over": [over], "require": {name: {"const": 3}}, "applies": {}}
            places = [error.json_path for error in validator.iter_errors(rule)]
            assert ("$.require" in places) is not known
            checks = [{"over": over, "require": {name: {"not": {"const": True}}}}]
            rule = {**base, "over": [over], "checks": checks}
            del rule["require"], rule["applies"]
            places = [error.json_path for error in validator.iter_errors(rule)]
            assert ("$.checks[0].require" in places) is not known


PAGE = data_folder("schema").parent / "docs" / "writing-rules.md"


def vocabulary_text() -> str:
    """The tables of facts and placeholders, as the page has them."""
    data = table("ruleset/subjects")
    parts: list[str] = []
    for over, subject in data["subjects"].items():
        rows = []
        for name in subject["facts"]:
            fact = data["facts"][name]
            values = [*fact.get("values", ()), *fact.get("words", ())]
            told = f"{fact['type']}: {', '.join(values)}" if values else fact["type"]
            rows.append(f"| `{name}` | {told} | {fact['what']} |")
        words = " ".join(f"`{{{name}}}`" for name in subject["placeholders"])
        more = f"\n\nIts own placeholders: {words}." if words else ""
        head = "| fact | is | what |\n| --- | --- | --- |"
        body = "\n".join(rows)
        parts.append(f"### {over}\n\n{subject['what']}.\n\n{head}\n{body}{more}")
    common = " ".join(f"`{{{name}}}`" for name in data["common-placeholders"])
    parts.append(f"Every fact is a placeholder, and everywhere there are {common}.")
    return "\n\n".join(parts)


def test_the_page_lists_the_vocabulary() -> None:
    text = PAGE.read_text("utf-8")
    start, _, rest = text.partition(" writes it -->\n")
    _, _, end = rest.partition("<!-- end -->")
    made = f"{start} writes it -->\n\n{vocabulary_text()}\n\n<!-- end -->{end}"
    if os.environ.get("CONFIGGUARD_UPDATE"):
        PAGE.write_text(made, encoding="utf-8", newline="\n")
    assert PAGE.read_text("utf-8") == made, "CONFIGGUARD_UPDATE=1 writes it anew"


def test_the_rules_on_the_page_are_rules() -> None:
    examples = re.findall(r"```yaml rule\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(examples) > 1
    for example in examples:
        assert isinstance(read(example), Rule)


def test_no_code_names_a_rule() -> None:
    """Rules are data: what one needs has a name of its own."""
    code = data_folder("schema").parent / "linter" / "configguard"
    rules = re.compile("|".join(f"['\"]{name}['\"]" for name in rule_tables()))
    named = [str(path) for path in code.rglob("*.py") if rules.search(path.read_text("utf-8"))]
    assert named == []
