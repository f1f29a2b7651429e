"""The command line as a user runs it, in a process of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from support import warm

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
    done = warm.configguard(arguments, cwd, environment, timeout)
    out, err = (one.decode("utf-8").replace(os.linesep, "\n") for one in (done.stdout, done.stderr))
    return Result(done.returncode, out, err)
