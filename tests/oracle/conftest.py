"""Says aloud when the tests against a real runner did not run."""

from __future__ import annotations

import os

import pytest

from oracle import real_jest, real_playwright, real_vitest

REQUIRE_ENV = "CONFIGGUARD_REQUIRE_RUNNERS"  # set in CI: a missing runner is a failure there
HOW = "python tests/oracle/install.py"
REAL = {
    "vitest": (real_vitest.VERSIONS, real_vitest.available),
    "jest": (real_jest.VERSIONS, real_jest.available),
    "Playwright": (real_playwright.VERSIONS, real_playwright.available),
}


def missing_versions(runner: str) -> list[str]:
    """List the versions of a runner that cannot be run here."""
    versions, available = REAL[runner]
    usable = available()
    return [version for version in versions if version not in usable]


def _version(request: pytest.FixtureRequest, name: str) -> str:
    version: str = request.param
    if version in missing_versions(name):
        told = f"REAL {name.upper()} {version} IS NOT INSTALLED, NOTHING WAS COMPARED WITH IT"
        if os.environ.get(REQUIRE_ENV):
            pytest.fail(f"{told}: {HOW}")
        pytest.skip(f"{told}: {HOW}")
    return version


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> str:
    """Give a version of vitest (by indirect parameter), or skip the test without it."""
    return _version(request, "vitest")


@pytest.fixture
def jest(request: pytest.FixtureRequest) -> str:
    """Give a version of jest (by indirect parameter), or skip the test without it."""
    return _version(request, "jest")


@pytest.fixture
def playwright(request: pytest.FixtureRequest) -> str:
    """Give a version of Playwright (by indirect parameter), or skip the test without it."""
    return _version(request, "Playwright")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was not compared, even where skips are shown as single letters."""
    for name in REAL:
        if missing := missing_versions(name):
            terminalreporter.section(f"REAL {name.upper()} NOT INSTALLED", sep="!", red=True)
            terminalreporter.line(f"not compared with: {', '.join(missing)}; install: {HOW}")
