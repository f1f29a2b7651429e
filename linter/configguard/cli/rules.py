"""`configguard rules` and `configguard explain`."""

from __future__ import annotations

import sys
from pathlib import Path

from configguard.cli.common import fail, one_of, place_of, settings_of, suggestion
from configguard.cli.requests import Request
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


def run_new_rule(rule_id: str, folder: Path | None, root: Path | None) -> int:
    """Make the folder of a new rule where rules are: the one named, or the first that is known."""
    from configguard.authoring.scaffold import Refused, new_rule

    if rule_id in builtin_rules():
        fail(f"there is a rule {rule_id!r} already")
    try:
        written = new_rule(folder or _rules_of(root), rule_id)
    except Refused as reason:
        fail(str(reason))
    except OSError as error:
        fail(f"{error.filename or rule_id}: {error.strerror or error}")
    for path in written:
        print(path)
    return 0


def _rules_of(root: Path | None) -> Path:
    """The first folder of `rule-paths`; in a checkout of configguard its own rules."""
    request = Request(root=root)
    workspace = place_of(request).workspace
    if data_folder("rules").parent == workspace.root:
        return data_folder("rules")
    paths = settings_of(request, workspace).settings.rule_paths
    found = workspace.path(paths[0]) if paths else None
    if found is None:
        fail("where to? give --rule-path DIR, or name a folder in rule-paths of configguard.toml")
    return found
