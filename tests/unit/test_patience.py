"""A line on a terminal while a check takes long, and none elsewhere."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from configguard.cli.patience import patience


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_is_told_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with patience(Path("/a\x1bb"), first=0, then=0):
        while stream.getvalue().count("still at work below") < 2:
            time.sleep(0.001)
    assert "\x1b" not in stream.getvalue()
    before = stream.getvalue()
    with patience(Path("/a"), first=60, then=0):
        pass
    assert stream.getvalue() == before, "what is quick says nothing"


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with patience(Path("/a"), first=0, then=0):
        time.sleep(0.01)
    assert stream.getvalue() == ""


def test_a_fault_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(ValueError, match="mine"), patience(Path("/a"), first=60):
        raise ValueError("mine")
