"""The tools that scripts are written with (cross-env, npm-run-all, …), each in a fixed version."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOCKS = Path(__file__).resolve().parent / "tools"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "tools"
FILES = ("package.json", "package-lock.json")
REQUIRED = "CONFIGGUARD_REQUIRE_RUNNERS"
"""Set in CI: what cannot run there is a failure."""
BINS = CACHE / "node_modules" / ".bin"


def install() -> None:
    """Install them once, by npm from the lock file, or skip the test where that cannot be."""
    npm = shutil.which("npm")
    if npm is None or sys.platform == "win32":
        reason = "NOT TESTED: the tools of scripts need npm and a POSIX shell"
        assert os.environ.get(REQUIRED) is None, reason
        pytest.skip(reason)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        done = CACHE / "installed.ok"
        wanted = b"".join((LOCKS / file).read_bytes() for file in FILES)
        if done.is_file() and done.read_bytes() == wanted:
            return
        for file in FILES:
            shutil.copyfile(LOCKS / file, CACHE / file)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=600)
        done.write_bytes(wanted)
