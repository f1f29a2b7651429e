"""`configguard rules`, `configguard explain` and `configguard new-rule`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configguard.cli.common import (
    USAGE,
    Known,
    fail,
    known_of,
    one_of,
    place_of,
    reader,
    settings_of,
    style_for,
    suggestion,
)
from configguard.cli.requests import Request
from configguard.resources import data_folder
from configguard.ruleset.rule import Rule, builtin_rules
from configguard.source.document import Document

if TYPE_CHECKING:
    from configguard.authoring.examples import Tried

PAGE = "README.md"


def run_rules(
    names: Sequence[str],
    output_format: str,
    folders: Sequence[Path],
    root: Path | None,
    *,
    test: bool,
) -> int:
    """List the rules, or run the examples of a team's own."""
    one_of("--output-format", output_format, ("text", "json"))
    known = _known(folders, root)
    for name in names:
        _refuse_unknown(name, known)
    if test:
        return _run_examples(names or tuple(known.homes), known)
    rules = {name: rule for name, rule in known.rules.items() if not names or name in names}
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
                "own": name in known.homes,
            }
            for name, rule in rules.items()
        ]
        sys.stdout.write(rules_json(listed))
        return _code(known)
    width = max(len(name) for name in rules)
    for name, rule in rules.items():
        fix = "fix" if rule.fix is not None else "   "
        print(
            f"{name:<{width}}  {fix}  {rule.summary}{' (your own)' if name in known.homes else ''}"
        )
    return _code(known)


def run_explain(name: str, folders: Sequence[Path], root: Path | None) -> int:
    """Print a rule's page: laid out in a terminal, as the Markdown that it is into a pipe."""
    known = _known(folders, root) if name not in builtin_rules() else None
    if known is not None:
        _refuse_unknown(name, known)
    page = _page(name, known)
    if page is None:
        fail(f"the rule {name} has no page: write its {PAGE}")
    if sys.stdout.isatty() and "utf" in (sys.stdout.encoding or "").lower():
        import os

        from configguard.report.page import print_page
        from configguard.report.style import decide_color

        width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
        print_page(page, color=decide_color("auto", sys.stdout, os.environ), width=width)
    else:
        sys.stdout.write(page)
    return 0 if known is None else _code(known)


def _known(folders: Sequence[Path], root: Path | None) -> Known:
    """All rules, also a team's own; what is wrong with those goes to standard error."""
    request = Request(root=root)
    workspace = place_of(request).workspace
    known = known_of(request, workspace, folders)
    if known.problems:
        from configguard.checking.finding import Report
        from configguard.report.text import render_concise
        from configguard.report.text_safety import inert

        read = reader(workspace, request, *known.files)
        style = style_for("never", workspace.root)
        sys.stderr.write(inert(render_concise(Report(problems=known.problems), read, style)))
    return known


def _refuse_unknown(name: str, known: Known) -> None:
    if name not in known.rules:
        near = suggestion(name, tuple(known.rules))
        fail(f"there is no rule {name!r}{near or '; see configguard rules'}")


def _code(known: Known) -> int:
    return USAGE if known.problems else 0


def _page(name: str, known: Known | None) -> str | None:
    """The page of a rule; that of a team's own is only made fit to print where it has none such."""
    home = known.homes.get(name) if known is not None else None
    if home is None:
        file = data_folder("rules") / name / PAGE
        return file.read_text("utf-8") if file.is_file() else None
    from configguard.report.text_safety import inert

    workspace, folder = home
    document = workspace.read(f"{folder}/{PAGE}")
    return inert(document.data.decode("utf-8")) if isinstance(document, Document) else None


def _run_examples(names: Sequence[str], known: Known) -> int:
    """Run the examples of some rules; 1 where one does not hold."""
    from configguard.report.text_safety import inert, one_line

    if not names:
        fail(
            "there is no rule of your own to test: name its folder by --rule-path DIR, or in "
            "rule-paths of configguard.toml"
        )
    failed = 0
    for name in names:
        found = _tried(known.rules[name], _page(name, known), known)
        many = f"{found.examples} example{'' if found.examples == 1 else 's'}"
        failed += bool(found.wrong)
        print(f"{name}: {many}, {f'{len(found.wrong)} wrong' if found.wrong else 'all right'}")
        for line, message in found.wrong:
            first, *more = message.split("\n")
            print(inert(f"  {name}/{PAGE}:{line}: {one_line(first, 400)}"))
            for text in more:
                print(inert(f"    {one_line(text, 400)}"))
    return _code(known) or int(failed > 0)


def _tried(rule: Rule, page: str | None, known: Known) -> Tried:
    from configguard.authoring.examples import Tried, tried

    if page is None:
        return Tried(0, ((1, "the rule has no page, and so no example"),))
    return tried(rule, page, known.rules)


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
