"""The tables of settings that runners know, against the packages of the real runners."""

from __future__ import annotations

import pytest

from configguard.resources import table
from oracle import real_jest, real_playwright, real_vitest
from oracle.setting_keys import asked


def compared(runner: str, version: str) -> None:
    """Fails where the table and the package differ in one version."""
    data = table(f"runners/keys/{runner}")
    measured = data["measured"]
    assert version in measured
    here = measured.index(version)
    listed = {
        place: sorted(
            key
            for group in groups
            if measured.index(group["versions"][0]) <= here <= measured.index(group["versions"][1])
            for key in group["keys"]
        )
        for place, groups in data["places"].items()
    }
    assert {place: keys for place, keys in listed.items() if keys} == asked(runner, version)


@pytest.mark.parametrize("runner", real_vitest.VERSIONS, indirect=True)
def test_of_vitest(runner: str) -> None:
    compared("vitest", runner)


@pytest.mark.parametrize("jest", real_jest.VERSIONS, indirect=True)
def test_of_jest(jest: str) -> None:
    compared("jest", jest)


@pytest.mark.parametrize("playwright", real_playwright.VERSIONS, indirect=True)
def test_of_playwright(playwright: str) -> None:
    compared("playwright", playwright)
