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
def _signals_count() -> None:
    """Under nohup SIGHUP is ignored, behind `&` in a script INT and QUIT: what a guarded command
    inherits so stays ignored."""
    for name in ("SIGHUP", "SIGINT", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            default = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, default)
