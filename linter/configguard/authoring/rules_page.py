"""docs/rules.md, made from the rules; a test holds the file to it.

`python -m configguard.authoring.rules_page FILE` writes it (`make docs`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from configguard.ruleset.rule import Rule, builtin_rules

_HEAD = """\
# The rules

Made from `rules/` by `make docs`: do not edit it here. `configguard explain RULE` prints a page.

| rule | finds | severity | fix | tags |
| --- | --- | --- | --- | --- |
"""
_OVER = {
    "suite": "suites",
    "run": "what starts together",
    "setting": "settings",
    "invocation": "scripts and CI steps",
    "job": "CI jobs",
    "suppression": "comments that hide findings",
}


def rules_page() -> str:
    """The whole page."""
    rules = builtin_rules()
    return _HEAD + "".join(map(_row, rules.values())) + "".join(map(_section, rules.values()))


def _row(rule: Rule) -> str:
    grades = dict.fromkeys(_grade(choice["is"]) for choice in rule.severity)
    tags = ", ".join(rule.data.get("tags", []))
    fix = "yes" if rule.fix is not None else ""
    link = f"[{rule.id}](../rules/{rule.id}/README.md)"
    return f"| {link} | {rule.summary} | {', '.join(grades)} | {fix} | {tags} |\n"


def _section(rule: Rule) -> str:
    lines = [f"\n## {rule.id}\n\n{rule.summary}. It judges "]
    lines.append(f"{' and '.join(_OVER[over] for over in rule.over)}.\n\n")
    for choice in rule.severity:
        when = choice.get("when")
        condition = f" where {_conditions(when)}" if when else ""
        if not when and len(rule.severity) > 1:
            condition = " otherwise"
        lines.append(f"- {_grade(choice['is'])}{condition}\n")
    return "".join(lines)


def _grade(grade: Any) -> str:
    return grade if isinstance(grade, str) else "as the rule it defeats"


def _conditions(when: dict[str, Any]) -> str:
    return " and ".join(f"`{name}` is {_value(wanted)}" for name, wanted in when.items())


def _value(wanted: Any) -> str:
    if isinstance(wanted, dict):
        return ", ".join(f"{word} {_value(operand)}" for word, operand in wanted.items())
    if isinstance(wanted, list):
        return " or ".join(map(_value, wanted))
    return str(wanted).lower() if isinstance(wanted, bool) else str(wanted)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(rules_page(), "utf-8", newline="\n")
