"""Rule texts filled in: every placeholder a rule may use, and the words for each fact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from configguard.ruleset.judge import machine_for
from configguard.runners.profile import (
    Fact,
    KnownFact,
    OneOfFact,
    RangeFact,
    SimpleFact,
    UnknownFact,
    When,
    number,
    when_json,
)
from configguard.runners.versions import matches

PLACEHOLDER = re.compile(r"\{([a-z][\w.-]*)\}")

_SAID = {
    "workers": "up to {} test files run at the same time",
    "testConcurrency": "up to {} tests of one file run at the same time",
    "retries": "a failing test is run {} more times",
    "repeats": "every test is run {} more times",
    "testTimeoutMs": "a test may take {}",
    "hookTimeoutMs": "a hook may take {}",
    "maxFailures": "the run stops after {} failures",
}
SETTING_NAMES = {
    "testTimeoutMs": "testTimeout",
    "hookTimeoutMs": "hookTimeout",
    "globalTimeoutMs": "globalTimeout",
    "expectTimeoutMs": "expect.timeout",
    "actionTimeoutMs": "actionTimeout",
    "navigationTimeoutMs": "navigationTimeout",
}
"""What a fact is called in the config, where a message speaks of the setting."""


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template with its placeholders replaced; an unknown one is a fault in the rule.

    Raises KeyError.
    """
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def milliseconds(value: Any) -> str:
    """`30000` as `30 s`, `1500` as `1500 ms`."""
    if not isinstance(value, int | float):
        return str(value)
    return f"{value / 1000:g} s" if value % 1000 == 0 and value >= 1000 else f"{value:g} ms"


def fact_text(name: str, fact: SimpleFact, cpus: int) -> str:
    """A fact's value in words: `3`, `7`, `unlimited`, `5 s`."""
    match fact:
        case KnownFact(value):
            if name.endswith("Ms"):
                return milliseconds(number(value))
            if isinstance(value, bool):
                return "true" if value else "false"
            return str(number(value))
        case RangeFact(expression):
            return str(number(expression.at(machine_for(fact, cpus))))
        case UnknownFact(reason):
            return f"unknown ({reason})"


def on_cpus(fact: SimpleFact, cpus: int) -> str:
    """` on 8 CPUs`, where a number holds for a machine of that size only."""
    if not isinstance(fact, RangeFact):
        return ""
    count = int(machine_for(fact, cpus))
    return f" on {count} CPU{'' if count == 1 else 's'}"


def said(name: str, fact: Fact | None, cpus: int, version: str) -> str:
    """A fact as half a sentence: `up to 7 test files run at the same time on 8 CPUs`.

    Of several cases the first that may hold in a version is told.
    """
    if fact is None:
        return "it has no effect"
    if isinstance(fact, OneOfFact):
        told = [one.fact for one in fact.cases if _may_hold(one.when, version)]
        fact = told[0] if told else fact.cases[0].fact
    if isinstance(fact, UnknownFact):
        return f"what happens instead is unknown ({fact.reason})"
    sentence = _SAID.get(name, "it has no effect")
    if name == "retries" and isinstance(fact, KnownFact) and fact.value == 0:
        return "a failing test is not run again"
    if name == "testConcurrency" and isinstance(fact, KnownFact) and fact.value == 1:
        return "the tests of one file run one after another"
    if name == "workers" and isinstance(fact, KnownFact) and fact.value == 1:
        return "one test file runs at a time"
    if isinstance(fact, KnownFact) and fact.value == "none":
        return "there is no limit"
    return sentence.format(fact_text(name, fact, cpus)) + on_cpus(fact, cpus)


def _may_hold(when: When, version: str) -> bool:
    return when.versions is None or matches(version, when.versions)


def condition_text(when: When) -> str:
    """A condition in words: ` when E2E is set`, ` on machines with 5 or more CPUs`."""
    return condition_words(when_json(when))


def condition_words(when: Mapping[str, Any]) -> str:
    """The same for a condition in the shape of CONTRACT.md section 4."""
    whens = [
        f"{name} is {state['equals']!r}" if isinstance(state, dict) else f"{name} is {state}"
        for name, state in when.get("env", {}).items()
    ]
    if "mode" in when:
        whens.append(f"the mode is {when['mode']!r}")
    if "opaque" in when:
        whens.append(str(when["opaque"]))
    parts = [f" when {' and '.join(whens)}"] if whens else []
    if "platform" in when:
        parts.append(f" on {when['platform']}")
    bounds = when.get("cpus", {})
    if "min" in bounds and "max" in bounds:
        parts.append(f" on machines with {bounds['min']} to {bounds['max']} CPUs")
    elif "min" in bounds:
        parts.append(f" on machines with {bounds['min']} or more CPUs")
    elif "max" in bounds:
        parts.append(f" on machines with {bounds['max']} or fewer CPUs")
    if "version" in when:
        parts.append(f" in versions {when['version']}")
    return "".join(parts)
