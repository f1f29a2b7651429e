"""Rules of a team's own: folders like those of the package, read as data and held to the format.

Nothing of them is executed. Only a check that is given such folders pays for this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from configguard.ruleset.rule import Rule
from configguard.ruleset.rule_file import RuleFault, read_rule
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, Workspace, join

FILE = "rule.yaml"


class OwnRules(NamedTuple):
    """The rules that can be used, and what is wrong with the others."""

    rules: dict[str, Rule]
    faults: tuple[RuleFault, ...] = ()


def own_rules(workspace: Workspace, folder: str, name: str, others: Mapping[str, Rule]) -> OwnRules:
    """The rules in the folders of one folder.

    `name`: what the folder is called in reports. `others`: the rules that there are already.
    """
    rules: dict[str, Rule] = {}
    faults: list[RuleFault] = []
    for entry in workspace.entries(folder):
        file = join(join(folder, entry.name), FILE)
        if not workspace.is_file(file):
            continue
        called = join(join(name, entry.name), FILE)
        document = workspace.read(file)
        if isinstance(document, Unreadable):
            message = f"cannot read this rule file: {document.reason}"
            faults.append(RuleFault(message, Span(called, 0, 0)))
            continue
        found = read_rule(Document(called, document.data), entry.name)
        if not isinstance(found, Rule):
            faults += found
        elif found.id in others or found.id in rules:
            message = f"there is a rule {found.id!r} already: give this one another id and folder"
            faults.append(RuleFault(message, Span(called, 0, 0)))
        else:
            rules[found.id] = found
    if not rules and not faults:
        message = f"{name} holds no rules: each is a folder in it, with a {FILE}"
        faults.append(RuleFault(message, Span(name, 0, 0)))
    faults += _strangers(rules, others, name)
    kept = {id_: rule for id_, rule in rules.items() if not _unknown(rule, {**others, **rules})}
    return OwnRules(kept, tuple(faults))


def _strangers(rules: Mapping[str, Rule], others: Mapping[str, Rule], name: str) -> list[RuleFault]:
    """Rules that others name in `absorbs` or `defeats` and that there are not."""
    from difflib import get_close_matches

    known = {**others, **rules}
    faults: list[RuleFault] = []
    for rule in rules.values():
        for stranger in _unknown(rule, known):
            near = get_close_matches(stranger, known, 1)
            meant = f": did you mean {near[0]!r}?" if near else "; see configguard rules"
            place = Span(join(join(name, rule.id), FILE), 0, 0)
            faults.append(RuleFault(f"there is no rule {stranger!r}{meant}", place))
    return faults


def _unknown(rule: Rule, known: Mapping[str, Rule]) -> list[str]:
    return [name for name in (*rule.absorbs, *rule.defeats) if name not in known]
