"""The runners' tables of facts: no version without a row, none with two, evidence everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from configguard.resources import data_folder, table
from configguard.runners.known import KNOWN
from configguard.runners.table import boundaries, names_of, table_of
from configguard.runners.versions import matches, parse_version

TABLES = {runner: table(f"runners/facts/{runner}") for runner in KNOWN}
EFFECTS = {"sets", "ignored", "warns", "throws", "runs-nothing"}
ENTRIES = [
    pytest.param(runner, entry, id=f"{runner} {', '.join(names_of(entry))}")
    for runner, data in TABLES.items()
    for entry in data["settings"]
]
# Flags and variables have rows as settings have.
OTHERS = [
    pytest.param(runner, entry, id=f"{runner} {section} {entry.get('flags') or entry['variable']}")
    for runner, data in TABLES.items()
    for section in ("flags", "environment")
    for entry in data.get(section, ())
]


def probes(runner: str) -> list[str]:
    """Versions around every boundary of a runner, so that an off-by-one shows."""
    found = set(boundaries(runner))
    for text in boundaries(runner):
        major, minor, patch = parse_version(text) or (0, 0, 0)
        found |= {f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0", f"{major}.99.9"}
        found.add(f"{major}.{minor}.{patch - 1}" if patch else f"{major}.{max(minor - 1, 0)}.99")
    supported = TABLES[runner]["supported"]
    inside = [text for text in found if matches(text, supported)]
    return sorted(inside, key=lambda text: (parse_version(text) or (0, 0, 0), text))


VERSIONS = [(runner, version) for runner in KNOWN for version in probes(runner)]


@pytest.mark.parametrize("runner", KNOWN)
def test_a_table_has_the_shape_of_its_schema(runner: str) -> None:
    schema = json.loads((data_folder("schema") / "facts.schema.json").read_bytes())
    wrong = Draft202012Validator(schema).iter_errors(TABLES[runner])
    assert [f"{error.json_path}: {error.message}" for error in wrong] == []


@pytest.mark.parametrize(("runner", "entry"), ENTRIES + OTHERS)
def test_every_version_has_exactly_one_row(runner: str, entry: dict[str, Any]) -> None:
    for version in probes(runner):
        rows = [row["versions"] for row in entry["rows"] if matches(version, row["versions"])]
        assert len(rows) == 1, f"{version}: {rows}"


@pytest.mark.parametrize(("runner", "entry"), ENTRIES + OTHERS)
def test_every_row_has_an_effect_and_its_evidence(runner: str, entry: dict[str, Any]) -> None:
    for row in entry["rows"]:
        project = row.get("in-project", {})
        cases = [*row.get("cases", ()), *project.get("cases", ())]
        inner = [*cases, *(row[key] for key in ("otherwise", "in-project") if key in row)]
        assert {row["effect"], *(one["effect"] for one in inner)} <= EFFECTS
        assert row["evidence"]
        assert all(one["effect"] == "sets" or one["reason"] for one in (row, *inner))


@pytest.mark.parametrize("runner", KNOWN)
def test_no_setting_has_two_entries(runner: str) -> None:
    names = [name for entry in TABLES[runner]["settings"] for name in names_of(entry)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("runner", "version"), VERSIONS)
def test_every_fact_that_rules_set_can_be_spelled(runner: str, version: str) -> None:
    spellings = table_of(runner, version).spellings
    for fact in ("workers", "testTimeoutMs", "hookTimeoutMs"):
        assert spellings[fact]
    if runner == "vitest":
        assert bool(spellings["retries"]) == matches(version, ">=1")


@pytest.mark.parametrize("runner", KNOWN)
def test_spellings_only_use_settings_that_work_in_that_version(runner: str) -> None:
    for version in probes(runner):
        current = table_of(runner, version)
        for way in (way for ways in current.spellings.values() for way in ways):
            for setting in way["set"]:
                if "{" not in setting:
                    # A key of a setting that may be an object has no row of its own.
                    above = setting.rpartition(".")[0]
                    effect = (current.rows.get(setting) or current.rows[above]).row["effect"]
                    assert effect in ("sets", "warns"), (version, setting)


@pytest.mark.parametrize("runner", KNOWN)
def test_flags_name_settings_that_there_are(runner: str) -> None:
    known = {name for entry in TABLES[runner]["settings"] for name in names_of(entry)}
    for entry in TABLES[runner].get("flags", ()):
        assert entry["value"] in ("none", "needed", "optional")
        assert all(flag.startswith("-") for flag in entry["flags"])
        assert entry.get("sets") is None or entry["sets"] in known
        assert ("to" in entry) <= (entry["value"] in ("none", "optional"))


@pytest.mark.parametrize("runner", KNOWN)
def test_the_newest_version_is_in_the_table(runner: str) -> None:
    assert matches(str(TABLES[runner]["newest"]), TABLES[runner]["supported"])


@pytest.mark.parametrize("runner", KNOWN)
def test_names_of_configs_cover_every_version_once(runner: str) -> None:
    rows = TABLES[runner].get("config-names", ())
    for version in probes(runner) if rows else ():
        assert len([row for row in rows if matches(version, row["versions"])]) == 1
    assert all(row["evidence"] and row["names"] for row in rows)


@pytest.mark.parametrize("scope", ["root", "project"])
def test_jest_checks_each_key_against_one_type(scope: str) -> None:
    kinds = {"boolean", "number", "string", "array", "object"}
    rows = TABLES["jest"]["types"][scope]
    assert all(set(row["type"]) <= kinds for row in rows)
    for version in probes("jest"):
        keys = [key for row in rows if matches(version, row["versions"]) for key in row["keys"]]
        assert len(keys) == len(set(keys)), version


def test_jest_presets_are_named_once_and_set_no_load() -> None:
    names = [name for row in TABLES["jest"]["presets"] for name in row["names"]]
    assert len(names) == len(set(names))
    load = {"maxWorkers", "testTimeout", "bail", "maxConcurrency", "projects", "preset"}
    assert not any(load.intersection(row["sets"]) for row in TABLES["jest"]["presets"])
