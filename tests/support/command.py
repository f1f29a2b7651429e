"""The command line as a user runs it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_LEFT_OUT = ("NO_COLOR", "FORCE_COLOR", "TERM", "CI", "COLUMNS")


class Result(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    stdout: str
    stderr: str


def run(*arguments: str, cwd: Path, timeout: float = 60) -> Result:
    """Run `configguard` with arguments in a folder."""
    environment = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    environment["PYTHONIOENCODING"] = "utf-8"
    done = subprocess.run(
        [sys.executable, "-m", "configguard", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)
