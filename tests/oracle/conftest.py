"""Says aloud when the tests against the real vitest did not run."""

from __future__ import annotations

import os

import pytest

from oracle.real_vitest import VERSIONS, available

REQUIRE_ENV = "CONFIGGUARD_REQUIRE_RUNNERS"  # set in CI: a missing runner is a failure there
HOW = "python tests/oracle/install.py"


def missing_versions() -> list[str]:
    """List the versions that cannot be run here."""
    usable = available()
    return [version for version in VERSIONS if version not in usable]


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> str:
    """Give a version (by indirect parameter), or skip the test when it is not installed."""
    version: str = request.param
    if version in missing_versions():
        text = f"REAL VITEST {version} IS NOT INSTALLED, NOTHING WAS COMPARED WITH IT: {HOW}"
        if os.environ.get(REQUIRE_ENV):
            pytest.fail(text)
        pytest.skip(text)
    return version


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was not compared, even where skips are shown as single letters."""
    if missing := missing_versions():
        terminalreporter.section("REAL VITEST NOT INSTALLED", sep="!", red=True)
        terminalreporter.line(f"not compared with: {', '.join(missing)}; install: {HOW}")
