"""A test's guarded runs, ended with the test."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchdog.running import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    started = Runs(tmp_path)
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(autouse=True, scope="session")
def _hangup_counts() -> None:
    """Under nohup SIGHUP is ignored, and what a guarded command inherits so stays ignored."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
