"""Fixtures: a temporary project, and the real command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from projects.harness import MakeProject, Run, make_project, run_configguard


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """Make a project in a folder of its own."""
    made: list[Path] = []

    def make(files: Mapping[str, str | bytes], vitest: str | None = "3.2.7") -> Path:
        made.append(tmp_path / f"project{len(made)}")
        return make_project(made[-1], files, vitest)

    return make


@pytest.fixture
def run() -> Run:
    """Run `python -m configguard …`."""
    return run_configguard
