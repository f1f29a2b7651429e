"""The tables of calls in test files: their shape, and every version of a call in one row."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from configguard.resources import data_folder, table
from configguard.runners.known import KNOWN
from configguard.runners.test_calls import calls_of
from configguard.runners.versions import matches
from unit.test_facts_table import probes

CALLS = [
    pytest.param(runner, entry.data, id=f"{runner} {entry.name}")
    for runner in KNOWN
    for entry in calls_of(runner).entries
]


@pytest.mark.parametrize("runner", KNOWN)
def test_a_table_has_the_shape_of_its_schema(runner: str) -> None:
    schema = json.loads((data_folder("schema") / "calls.schema.json").read_bytes())
    wrong = Draft202012Validator(schema).iter_errors(table(f"runners/calls/{runner}"))
    assert [f"{error.json_path}: {error.message}" for error in wrong] == []


@pytest.mark.parametrize(("runner", "data"), CALLS)
def test_every_version_has_exactly_one_row(runner: str, data: dict[str, object]) -> None:
    rows = data["rows"]
    assert isinstance(rows, list)
    for version in [*probes(runner), "1.2.9", "1.3.0", "3.0.0", "4.0.0"]:
        if matches(version, table(f"runners/facts/{runner}")["supported"]):
            assert sum(matches(version, row["versions"]) for row in rows) == 1, version


@pytest.mark.parametrize(("runner", "data"), CALLS)
def test_what_sets_a_fact_names_one_that_exists(runner: str, data: dict[str, object]) -> None:
    from configguard.runners.known import runner_of

    sets = data["sets"]
    assert isinstance(sets, list)
    assert set(sets) <= set(runner_of(runner).facts)


@pytest.mark.parametrize("runner", KNOWN)
def test_the_pattern_finds_the_word_of_every_call(runner: str) -> None:
    """A call whose word the pattern misses would never be looked at."""
    calls = calls_of(runner)
    for entry in calls.entries:
        data = entry.data
        if "method" in data:
            text = f"{data['method'][0]}.{data['method'][-1]}({{ }})"
        elif "member" in data:
            text = f"test.{data['member']}('t', f)"
        elif "key" in data:
            text = f"test('t', {{ {data['key']}: 1 }}, f)"
        else:
            text = "test('t', () => {}, 100)"
        found = calls.pattern.search(text.encode())
        assert found is not None, f"{entry.name}: {text}"


def test_a_pattern_is_never_slow_on_long_lines() -> None:
    for runner in KNOWN:
        pattern: re.Pattern[bytes] = calls_of(runner).pattern
        for text in (b"}, 1" * 50_000, b"}, A" + b"A" * 200_000, b"}, 1 * 1" + b" * 1" * 50_000):
            assert sum(1 for _ in pattern.finditer(text)) < 100_000
