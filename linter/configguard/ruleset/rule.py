"""A rule as its rule.yaml says it; the format is described in schema/rule.schema.json."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, NamedTuple, cast

from configguard.resources import rule_tables

Over = Literal["suite", "run", "setting", "invocation", "job", "suppression"]


class Check(NamedTuple):
    """Where `applies` holds, `require` must hold; both map facts to constraints."""

    over: Over
    applies: dict[str, dict[str, Any]]
    require: dict[str, dict[str, Any]]


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

    def text(self, name: str) -> str:
        """One of the rule's message templates; empty where it has none."""
        return cast("str", self.data.get(name, ""))


def rule_from(data: dict[str, Any]) -> Rule:
    """A rule from a file that its schema accepts."""
    over = tuple(data["over"])
    pairs = data.get("checks") or [data]
    checks = tuple(
        Check(
            pair.get("over", over[0]) if pair is not data else over[0],
            pair.get("applies", {}),
            pair["require"],
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
