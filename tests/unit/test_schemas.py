"""The JSON schemas: valid themselves, true to the contract, and deaf to what it does not allow."""

from __future__ import annotations

import copy
import json
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry

from configguard.limits.limits import DEFAULTS
from configguard.resources import data_folder

FOLDER = data_folder("schema")
FILES = sorted(path.name for path in FOLDER.glob("*.schema.json"))


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_bytes())
    return loaded


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), registry=Registry())


REPORT, RULE, SETTINGS = validator("report"), validator("rule"), validator("configguard")


def changed(value: Any, path: str, new: Any) -> Any:
    """A copy of a value with another one at a path of keys; `...` takes the key out."""
    value = copy.deepcopy(value)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = value
    for step in steps:
        place = place[step]
    if new is ...:
        del place[last]
    else:
        place[last] = new
    return value


def subschemas(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
    for inner in found.values() if isinstance(found, dict) else found:
        if isinstance(inner, dict | list):
            yield from subschemas(inner)


# --- All of them ------------------------------------------------------------------------------


def test_all_are_there() -> None:
    names = [
        "baseline", "calls", "commands", "configguard",
        "facts", "parsers", "report", "resource-limits", "rule", "run"
    ]  # fmt: skip
    assert [f"{name}.schema.json" for name in names] == FILES


@pytest.mark.parametrize("file", FILES)
def test_a_schema_is_valid_and_says_what_it_is(file: str) -> None:
    loaded = json.loads((FOLDER / file).read_bytes())
    assert loaded["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(loaded)
    assert loaded["title"]
    assert loaded["description"]
    assert loaded["examples"]


@pytest.mark.parametrize("file", FILES)
def test_examples_fit_where_they_stand(file: str) -> None:
    root = json.loads((FOLDER / file).read_bytes())
    for inner in subschemas(root):
        for example in inner.get("examples", ()) if isinstance(inner.get("examples"), list) else ():
            rules = {**inner, "$defs": root.get("$defs", {})}
            errors = list(Draft202012Validator(rules, registry=Registry()).iter_errors(example))
            assert errors == []


@pytest.mark.parametrize("file", FILES)
def test_references_stay_inside_and_lead_somewhere(file: str) -> None:
    root = json.loads((FOLDER / file).read_bytes())
    used = {inner["$ref"] for inner in subschemas(root) if isinstance(inner.get("$ref"), str)}
    assert used == {f"#/$defs/{name}" for name in root.get("$defs", {})}


@pytest.mark.parametrize("file", ["resource-limits.schema.json", "rule.schema.json"])
def test_every_key_that_users_write_is_described(file: str) -> None:
    root = json.loads((FOLDER / file).read_bytes())
    places = [root, *root["$defs"].values()]
    places += [inner for inner in root["properties"].values() if "properties" in inner]
    silent = [
        key
        for place in places
        for key, inner in place.get("properties", {}).items()
        if "description" not in inner
    ]
    assert silent == []


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    for name in ("report", "rule", "configguard", "resource-limits"):
        assert list(validator(name).iter_errors([]))


# --- Limits and settings ----------------------------------------------------------------------


def test_limits_do_not_forbid_unknown_keys() -> None:
    assert validator("resource-limits").is_valid({"unknown": 1, "resourceLimits": {"x": 1}})


def test_rules_know_the_limits_there_are() -> None:
    sections = schema("resource-limits")["properties"]
    known = [*sections["resourceLimits"]["properties"], *sections["timeouts"]["properties"]]
    assert schema("rule")["$defs"]["limit"]["properties"]["limit"]["enum"] == known
    assert set(DEFAULTS) <= set(known)


def test_settings_as_people_write_them() -> None:
    text = """
        select = ["e2e-parallel-workers"]
        exclude = ["vendor/**"]
        rule-paths = ["tools/rules", "..rules"]
        required-version = ">=0.1"
        [severity]
        missing-timeout = "error"
        [per-file-ignores]
        "jest-e2e.json" = ["missing-timeout"]
        [suite-kinds]
        "tests/slow/vitest.config.ts" = "e2e"
    """
    assert list(SETTINGS.iter_errors(tomllib.loads(text))) == []
    assert SETTINGS.is_valid({})


@pytest.mark.parametrize(
    "wrong",
    [
        {"selct": []},
        {"select": "all"},
        {"select": ["E2E"]},
        {"ignore": ["a", "a"]},
        {"severity": {"a-rule": "fatal"}},
        {"per-file-ignores": {"*.ts": "a-rule"}},
        {"rule-paths": ["/etc"]},
        {"rule-paths": ["../rules"]},
        {"rule-paths": ["rules/../../x"]},
        {"suite-kinds": {"x": "slow"}},
        {"required-version": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    assert not SETTINGS.is_valid(wrong)


# --- Rules ------------------------------------------------------------------------------------

RULE_FILES = sorted(data_folder("rules").glob("*/rule.yaml"))
GOOD_RULE: dict[str, Any] = schema("rule")["examples"][0]
CHECKS: dict[str, Any] = {
    **{key: inner for key, inner in GOOD_RULE.items() if key not in ("applies", "require")},
    "over": ["run"],
    "checks": [{"over": "run", "require": {"e2eWorkers": {"not": {"const": 0}}}}],
}


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.parent.name)
def test_the_rules_of_the_package_fit(path: Path) -> None:
    errors = RULE.iter_errors(yaml.safe_load(path.read_text("utf-8")))
    assert [(error.json_path, error.message) for error in errors] == []


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("require", {"workers": {"anyOf": [{"minimum": 1}, {"contains": {"enum": [1, "a"]}}]}}),
        ("require", {"testTimeoutMs.origin": {"const": "default"}}),
        ("severity", [{"when": {"workers": {"maximum": 3}}, "is": {"as": "rule-it-defeats"}}]),
        ("fix", {"rewrite": True}),
        ("fix", {"remove": True}),
        ("remedy", ["One.", "Two."]),
        ("label", "{workers} at once"),
        ("consequence", "Services are busy."),
        ("absorbs", ["retry-load"]),
        ("applies", ...),
    ],
)
def test_what_rules_may_say(path: str, new: Any) -> None:
    assert [error.message for error in RULE.iter_errors(changed(GOOD_RULE, path, new))] == []


@pytest.mark.parametrize(
    ("rule", "path", "new", "fault"),
    [
        (GOOD_RULE, "id", "E2E_Parallel", "$.id"),
        (GOOD_RULE, "message", ..., "$"),
        (GOOD_RULE, "require", ..., "$"),
        (GOOD_RULE, "require", {}, "$.require"),
        (GOOD_RULE, "checks", CHECKS["checks"], "$.applies"),
        (GOOD_RULE, "sevrity", [], "$"),
        (GOOD_RULE, "since", 0.1, "$.since"),
        (GOOD_RULE, "over", "suite", "$.over"),
        (GOOD_RULE, "over/0", "file", "$.over[0]"),
        (GOOD_RULE, "require/workers", {"pattern": "x"}, "$.require.workers"),
        (GOOD_RULE, "require/workers", {"$ref": "http://x"}, "$.require.workers"),
        (GOOD_RULE, "require/workers", {}, "$.require.workers"),
        (GOOD_RULE, "require/workers/maximum", "1", "$.require.workers.maximum"),
        (GOOD_RULE, "require/workers/maximum", {"limit": "x"}, "$.require.workers.maximum.limit"),
        (GOOD_RULE, "require/workers/maximum", {"fact": "x"}, "$.require.workers.maximum"),
        (GOOD_RULE, "severity/0/is", "fatal", "$.severity[0].is"),
        (GOOD_RULE, "severity/0/is", {}, "$.severity[0].is"),
        (GOOD_RULE, "severity", [], "$.severity"),
        (GOOD_RULE, "fix", {"rewrite": True, "remove": True}, "$.fix"),
        (GOOD_RULE, "fix", {"rewrite": False}, "$.fix.rewrite"),
        (GOOD_RULE, "fix", {}, "$.fix"),
        (GOOD_RULE, "remedy", [], "$.remedy"),
        (CHECKS, "checks/0/require", ..., "$.checks[0]"),
        (CHECKS, "checks/0/over", "file", "$.checks[0].over"),
        (CHECKS, "checks", [], "$.checks"),
    ],
)
def test_an_error_points_at_the_fault(
    rule: dict[str, Any], path: str, new: Any, fault: str
) -> None:
    errors = list(RULE.iter_errors(changed(rule, path, new)))
    assert fault in [error.json_path for error in errors]


def test_checks_stand_in_place_of_a_pair() -> None:
    assert list(RULE.iter_errors(CHECKS)) == []


# --- Reports ----------------------------------------------------------------------------------

SPAN = {
    "file": "vitest.e2e.config.ts",
    **{"startByte": 301, "endByte": 302},
    **{"line": 12, "column": 17, "endLine": 12, "endColumn": 18},
}
END: dict[str, Any] = {"origin": "config", "at": [SPAN]}
WORKERS = {
    **{"state": "range", "min": 1, "max": None, "expression": "max(cpus - 1, 1)"},
    **{"origin": "default", "at": []},
}
RETRIES = {"state": "known", "value": 2, **END}
UNKNOWN = {"state": "unknown", "reason": "the import was not followed", **END}
CASES = {
    "state": "one-of",
    "cases": [
        {"when": {"env": {"E2E": "unset"}}, "fact": RETRIES},
        {"when": {"env": {"E2E": "set"}}, "fact": UNKNOWN},
    ],
    **END,
}
LOCAL = {"workers": WORKERS, "retries": RETRIES}
LOADS = {"workers": WORKERS, "e2eWorkers": {"state": "known", "value": 0, **END}}
SHOW: dict[str, Any] = {
    **{"schemaVersion": 1, "configguard": "0.1.0", "root": "."},
    "suites": [
        {
            **{"id": "vitest.e2e.config.ts", "file": "vitest.e2e.config.ts"},
            **{"project": None, "rootConfig": None, "invocation": None},
            "sameAs": [{"kind": "script", "name": "test:e2e", "at": [SPAN]}],
            "runner": {"name": "vitest", "version": "3.2.7", "source": "installed"},
            "kind": "e2e",
            "kindBecause": [{"signal": "file-name", "strength": "strong", "at": [SPAN]}],
            "environments": {"local": LOCAL, "ci": {**LOCAL, "retries": CASES}},
            "settings": [
                {
                    "setting": "test.poolOptions.threads.maxThreads",
                    **{"value": 3, "effect": "ignored", "reason": "the pool is forks"},
                    **{"would": "workers", "environments": ["local", "ci"], "when": None},
                    "at": [SPAN],
                }
            ],
            "assumptions": [{"message": "the wrapper changes nothing", "at": []}],
        }
    ],
    "runs": [
        {
            **{"id": "vitest.e2e.config.ts", "suites": ["vitest.e2e.config.ts"]},
            "environments": {"local": LOADS, "ci": LOADS},
        }
    ],
    "notices": [{"rule": None, "message": "not decided", "at": []}],
    "problems": [{"severity": "error", "message": "syntax error", "at": [SPAN]}],
}
CHECK: dict[str, Any] = {
    **{"schemaVersion": 1, "configguard": "0.1.0", "root": "."},
    "findings": [
        {
            **{"rule": "e2e-parallel-workers", "severity": "error", "certainty": "sure"},
            **{"when": None, "environments": ["local", "ci"], "suites": ["vitest.e2e.config.ts"]},
            **{"message": "3 test files at once", "at": [SPAN]},
            "because": [{"message": "it comes from here", "at": [SPAN]}],
            "fix": {
                **{"safety": "safe", "title": "one worker"},
                "edits": [
                    {"file": "vitest.e2e.config.ts", "startByte": 301, "endByte": 302, "text": "1"}
                ],
            },
            **{"suppressed": None, "fingerprint": "0" * 64},
        }
    ],
    "notices": [{"rule": "e2e-parallel-workers", "message": "open", "at": [SPAN]}],
    "problems": [],
    "summary": {
        **{"files": 3, "suites": 4, "error": 2, "warning": 1, "info": 0},
        **{"notices": 0, "fixable": 3},
    },
}
RULES: dict[str, Any] = schema("report")["examples"][2]
FACT = "suites/0/environments/local"


@pytest.mark.parametrize("report", [SHOW, CHECK, RULES], ids=["show", "check", "rules"])
def test_the_contracts_reports_fit(report: dict[str, Any]) -> None:
    assert [(error.json_path, error.message) for error in REPORT.iter_errors(report)] == []
    assert REPORT.is_valid({**report, "added": 1}), "new keys may come"


FITTING = {
    "outcome": ["runs", "runs-nothing-and-passes", "refuses-to-start"],
    "workers": [1, 2.7],
    "testConcurrency": [5],
    "fullyParallel": [True],
    "retries": [0, "unlimited"],
    "retryDelayMs": [0, 10],
    "retryStrategy": ["immediate", "isolated"],
    "repeats": [0],
    "testTimeoutMs": [1, "none"],
    "hookTimeoutMs": [0.5],
    "globalTimeoutMs": ["none", 1],
    "expectTimeoutMs": [5000, "none"],
    "actionTimeoutMs": ["none"],
    "navigationTimeoutMs": ["none"],
    "maxFailures": [1, "none"],
}
UNFITTING = {
    "outcome": ["passes", None],
    "workers": [0, "none", True, None],
    "testConcurrency": [1.5, 0],
    "fullyParallel": [1],
    "retries": [-1, 1.5, "none", None],
    "retryDelayMs": ["none", -1],
    "retryStrategy": ["later"],
    "repeats": [-1],
    "testTimeoutMs": [0, "unlimited", None],
    "maxFailures": [0, 1.5],
    "invented": [1],
}


@pytest.mark.parametrize("name", FITTING)
def test_values_of_facts_that_fit(name: str) -> None:
    for value in FITTING[name]:
        known = {"state": "known", "value": value, "effective": 3, **END}
        assert REPORT.is_valid(changed(SHOW, f"{FACT}/{name}", known))
        cases = changed(CASES, "cases/0/fact", known)
        assert REPORT.is_valid(changed(SHOW, f"{FACT}/{name}", cases))
    assert REPORT.is_valid(changed(SHOW, f"{FACT}/{name}", UNKNOWN))


@pytest.mark.parametrize("name", UNFITTING)
def test_values_of_facts_that_do_not_fit(name: str) -> None:
    for value in UNFITTING[name]:
        known = {"state": "known", "value": value, **END}
        assert not REPORT.is_valid(changed(SHOW, f"{FACT}/{name}", known))
        cases = changed(CASES, "cases/0/fact", known)
        assert not REPORT.is_valid(changed(SHOW, f"{FACT}/{name}", cases))


@pytest.mark.parametrize(
    "when",
    [
        {"env": {"A": "set", "B": {"equals": "x"}}, "version": ">=4 <6"},
        {"mode": "int", "platform": "win32"},
        {"cpus": {"min": 5}, "opaque": "isDocker()"},
    ],
)
def test_conditions(when: dict[str, Any]) -> None:
    report = changed(CHECK, "findings/0/certainty", "depends")
    assert REPORT.is_valid(changed(report, "findings/0/when", when))


@pytest.mark.parametrize(
    ("report", "path", "new"),
    [
        (SHOW, "schemaVersion", 2),
        (SHOW, "root", ...),
        (SHOW, "runs", ...),
        (SHOW, "findings", []),
        (SHOW, "suites/0/kind", "smoke"),
        (SHOW, "suites/0/runner/source", "guess"),
        (SHOW, "suites/0/kindBecause/0/strength", "medium"),
        (SHOW, "suites/0/invocation", {"kind": "script", "name": "a", "at": []}),
        (SHOW, "suites/0/environments/nightly", {}),
        (SHOW, "suites/0/environments", {}),
        (SHOW, "suites/0/settings/0/effect", "sets"),
        (SHOW, "suites/0/settings/0/would", ...),
        (SHOW, f"{FACT}/workers/state", "maybe"),
        (SHOW, f"{FACT}/workers/expression", ...),
        (SHOW, f"{FACT}/workers/origin", "guess"),
        (SHOW, f"{FACT}/workers/effective", 2.5),
        (SHOW, f"{FACT}/workers", {"state": "known", **END}),
        (SHOW, f"{FACT}/workers", {"state": "unknown", **END}),
        (SHOW, f"{FACT}/workers", {"state": "one-of", "cases": [], **END}),
        (SHOW, f"{FACT}/workers/at", [changed(SPAN, "line", 0)]),
        (SHOW, f"{FACT}/workers/at", [{**SPAN, "extra": 1}]),
        (SHOW, f"{FACT}/workers/at", SPAN),
        (SHOW, "suites/0/environments/ci/retries/cases/0/fact", CASES),
        (SHOW, "suites/0/environments/ci/retries/cases/0/when", {"env": {"A": True}}),
        (SHOW, "suites/0/environments/ci/retries/cases/0/when", {"weather": "rain"}),
        (SHOW, "runs/0/environments/local/e2eWorkers", ...),
        (SHOW, "notices/0/rule", ...),
        (SHOW, "problems/0/severity", "info"),
        (CHECK, "findings/0/severity", "fatal"),
        (CHECK, "findings/0/certainty", "likely"),
        (CHECK, "findings/0/certainty", "depends"),
        (CHECK, "findings/0/at", []),
        (CHECK, "findings/0/suites", []),
        (CHECK, "findings/0/fingerprint", "abc"),
        (CHECK, "findings/0/fix", ...),
        (CHECK, "findings/0/fix/safety", "risky"),
        (CHECK, "findings/0/fix/edits/0/text", None),
        (CHECK, "summary/fixable", ...),
        (CHECK, "summary/error", -1),
        (RULES, "rules/0/fix", {}),
        (RULES, "rules/0/over", ["file"]),
        (RULES, "rules", ...),
    ],
)
def test_wrong_reports_are_refused(report: dict[str, Any], path: str, new: Any) -> None:
    assert not REPORT.is_valid(changed(report, path, new))
