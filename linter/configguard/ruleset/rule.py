"""A rule as its rule.yaml says it; the format is described in schema/rule.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, cast

from configguard.resources import rule_tables

Over = Literal["suite", "run", "setting", "invocation", "job", "suppression"]


class Check(NamedTuple):
    """Where `applies` holds, `require` must hold; both map facts to constraints."""

    over: Over
    applies: dict[str, dict[str, Any]]
    require: dict[str, dict[str, Any]]
    limits: dict[str, str | None]

    def at(self, limits: Mapping[str, float]) -> Check:
        """The check with its `{limit: name}` replaced by the numbers."""
        return self._replace(
            applies=_filled(self.applies, limits), require=_filled(self.require, limits)
        )


class Rule(NamedTuple):
    """One rule. `data` is the whole file; the other fields are its parts that are judged."""

    id: str
    summary: str
    over: tuple[Over, ...]
    checks: tuple[Check, ...]
    severity: tuple[dict[str, Any], ...]
    fix: dict[str, Any] | None
    absorbs: tuple[str, ...]
    data: dict[str, Any]

    def at(self, limits: Mapping[str, float]) -> Rule:
        """The rule as it judges under some limits; `data` keeps their names."""
        return self._replace(checks=tuple(check.at(limits) for check in self.checks))

    def graded(self, severity: str) -> Rule:
        """The rule with one severity for all that it finds; what is unsure is one step lower."""
        return self._replace(severity=({"is": severity},))

    def text(self, name: str) -> str:
        """One of the rule's message templates; empty where it has none."""
        return cast("str", self.data.get(name, ""))


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
        data,
    )


@cache
def builtin_rules() -> dict[str, Rule]:
    """Every rule that comes with the package, by id."""
    return {name: rule_from(data) for name, data in rule_tables().items()}
