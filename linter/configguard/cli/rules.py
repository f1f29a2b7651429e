"""`configguard rules` and `configguard explain`."""

from __future__ import annotations

import sys

from configguard.cli.common import fail, one_of, suggestion
from configguard.resources import data_folder
from configguard.ruleset.rule import builtin_rules


def run_rules(output_format: str) -> int:
    """List the rules."""
    one_of("--output-format", output_format, ("text", "json"))
    rules = builtin_rules()
    if output_format == "json":
        from configguard.report.formats import rules_json

        listed = [
            {
                "id": rule.id,
                "summary": rule.summary,
                "over": list(rule.over),
                "since": rule.data["since"],
                "tags": rule.data.get("tags", []),
                "fix": rule.fix is not None,
            }
            for rule in rules.values()
        ]
        sys.stdout.write(rules_json(listed))
        return 0
    width = max(len(name) for name in rules)
    for name, rule in rules.items():
        print(f"{name:<{width}}  {'fix' if rule.fix is not None else '   '}  {rule.summary}")
    return 0


def run_explain(name: str) -> int:
    """Print a rule's page: laid out in a terminal, as the Markdown that it is into a pipe."""
    rules = builtin_rules()
    if name not in rules:
        near = suggestion(name, tuple(rules))
        fail(f"there is no rule {name!r}{near or '; see configguard rules'}")
    page = (data_folder("rules") / name / "README.md").read_text("utf-8")
    if sys.stdout.isatty() and "utf" in (sys.stdout.encoding or "").lower():
        import os

        from configguard.report.page import print_page
        from configguard.report.style import decide_color

        width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
        print_page(page, color=decide_color("auto", sys.stdout, os.environ), width=width)
    else:
        sys.stdout.write(page)
    return 0
