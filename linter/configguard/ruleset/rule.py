"""A rule as its rule.yaml says it; the format is described in schema/rule.schema.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from configguard.resources import rule_tables
from configguard.runners.derived import needed_for

Over = Literal["suite", "run", "setting", "invocation", "job", "suppression"]
TEXTS = ("message", "label", "missing", "consequence", "remedy")
"""The keys of a rule, and of one of its checks, whose {placeholders} are filled in."""


class Check(NamedTuple):
    """Where `applies` holds, `require` must hold; both map facts to constraints.

    `limits`: the limit that each requirement names. `texts`: its own, in place of the rule's.
    """

    over: Over
    applies: dict[str, dict[str, Any]]
    require: dict[str, dict[str, Any]]
    limits: dict[str, str | None]
    texts: Mapping[str, str | list[str]] = {}

    def at(self, limits: Mapping[str, float]) -> Check:
        """The check with its `{limit: name}` replaced by the numbers."""
        return self._replace(
            applies=_filled(self.applies, limits), require=_filled(self.require, limits)
        )


class Rule(NamedTuple):
    """One rule. `data` is the whole file; the other fields are its parts that are judged.

    `over` in the order of precedence: what is found in an earlier one is not told of a later one.
    `defeats`: the rules in whose place it reports, with their severity.
    """

    id: str
    summary: str
    over: tuple[Over, ...]
    checks: tuple[Check, ...]
    severity: tuple[dict[str, Any], ...]
    fix: dict[str, Any] | None
    absorbs: tuple[str, ...]
    defeats: tuple[str, ...]
    data: dict[str, Any]

    def at(self, limits: Mapping[str, float]) -> Rule:
        """The rule as it judges under some limits; `data` keeps their names."""
        return self._replace(checks=tuple(check.at(limits) for check in self.checks))

    def graded(self, severity: str) -> Rule:
        """The rule with one severity for all that it finds; what is unsure is one step lower."""
        return self._replace(severity=({"is": severity},))

    def text(self, name: str, check: Check | None = None) -> str:
        """One of the rule's message templates, or that of a check; empty where it has none."""
        return "\n".join(self.lines(name, check))

    def lines(self, name: str, check: Check | None = None) -> list[str]:
        """The same for a text that may be a list."""
        own = check.texts if check is not None else {}
        found = own.get(name, self.data.get(name, []))
        return [found] if isinstance(found, str) else list(found)


def _filled(constraint: Any, limits: Mapping[str, float]) -> Any:
    if isinstance(constraint, dict):
        if set(constraint) == {"limit"}:
            return limits[constraint["limit"]]
        return {word: _filled(operand, limits) for word, operand in constraint.items()}
    if isinstance(constraint, list):
        return [_filled(one, limits) for one in constraint]
    return constraint


def limit_name(constraint: Any) -> str | None:
    """The first limit that a constraint names."""
    if isinstance(constraint, dict):
        if set(constraint) == {"limit"}:
            return str(constraint["limit"])
        constraint = list(constraint.values())
    if isinstance(constraint, list):
        return next((name for one in constraint if (name := limit_name(one)) is not None), None)
    return None


def rule_from(data: dict[str, Any]) -> Rule:
    """A rule from a file that its schema accepts."""
    over = tuple(data["over"])
    pairs = data.get("checks") or [data]
    checks = tuple(
        Check(
            pair.get("over", over[0]) if pair is not data else over[0],
            pair.get("applies", {}),
            pair["require"],
            {fact: limit_name(constraint) for fact, constraint in pair["require"].items()},
            {} if pair is data else {name: pair[name] for name in TEXTS if name in pair},
        )
        for pair in pairs
    )
    return Rule(
        data["id"],
        data["summary"],
        over,
        checks,
        tuple(data["severity"]),
        data.get("fix"),
        tuple(data.get("absorbs", ())),
        tuple(data.get("defeats", ())),
        data,
    )


class Judged(NamedTuple):
    """What rules ask about: facts (None: any), and whether also runs."""

    facts: frozenset[str] | None
    runs: bool


def judged(rules: Iterable[Rule]) -> Judged:
    """What has to be known for some rules beside those that come with the package.

    Whichever of these are chosen, the same is worked out.
    """
    every = [*builtin_rules().values(), *rules]
    overs = {over for rule in every for over in (*rule.over, *(one.over for one in rule.checks))}
    names = {
        name
        for rule in every
        for asked in (
            *(check.applies for check in rule.checks),
            *(check.require for check in rule.checks),
            *(choice.get("when", {}) for choice in rule.severity),
        )
        for name in asked
    }
    # Whether a script raises the load, and whether CI has another one, is worked out of these two.
    plain = {name.split(".")[0] for name in names} | {"workers", "retries"}
    return Judged(
        frozenset(plain | {one for name in plain for one in needed_for(name)}), "run" in overs
    )


@cache
def builtin_rules() -> dict[str, Rule]:
    """Every rule that comes with the package, by id."""
    return {name: rule_from(data) for name, data in rule_tables().items()}
