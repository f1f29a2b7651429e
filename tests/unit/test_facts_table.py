"""The runners' tables of facts: no version without a row, none with two, evidence everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from configguard.resources import table
from configguard.runners.table import boundaries, names_of, table_of
from configguard.runners.versions import matches, parse_version

VITEST = table("runners/facts/vitest")
EFFECTS = {"sets", "ignored", "warns", "throws", "runs-nothing"}
ENTRIES = [pytest.param(entry, id=", ".join(names_of(entry))) for entry in VITEST["settings"]]
# Versions that were measured and those around every boundary, so that an off-by-one shows.
PROBES = sorted(
    {
        *boundaries("vitest"),
        *(
            f"{major}.{minor}.{patch}"
            for major in range(1, 6)
            for minor in (0, 1, 2)
            for patch in (0, 9)
        ),
        "0.34.0",
        "0.34.6",
        "3.2.3",
        "3.2.4",
    },
    key=lambda text: (parse_version(text) or (0, 0, 0), text),
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_version_has_exactly_one_row(entry: dict[str, Any]) -> None:
    for version in PROBES:
        rows = [row["versions"] for row in entry["rows"] if matches(version, row["versions"])]
        assert len(rows) == 1, f"{version}: {rows}"


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_row_has_an_effect_and_its_evidence(entry: dict[str, Any]) -> None:
    for row in entry["rows"]:
        effects = [row["effect"], *(case["effect"] for case in row.get("cases", ()))]
        effects += [row["otherwise"]["effect"]] if "otherwise" in row else []
        assert set(effects) <= EFFECTS
        assert row["evidence"]
        assert row["effect"] == "sets" or row["reason"]


def test_no_setting_has_two_entries() -> None:
    names = [name for entry in VITEST["settings"] for name in names_of(entry)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("version", PROBES)
def test_every_fact_that_rules_set_can_be_spelled(version: str) -> None:
    spellings = table_of("vitest", version).spellings
    for fact in ("workers", "testTimeoutMs", "hookTimeoutMs"):
        assert spellings[fact]
    assert bool(spellings["retries"]) == matches(version, ">=1")


def test_spellings_only_use_settings_that_work_in_that_version() -> None:
    for version in PROBES:
        current = table_of("vitest", version)
        for way in (way for ways in current.spellings.values() for way in ways):
            for setting in way["set"]:
                if "{" not in setting:
                    assert current.rows[setting].row["effect"] in ("sets", "warns"), (
                        version,
                        setting,
                    )
