"""`make oracle-test`: installs the real runners and compares; says loudly what it left out.

Without Node nothing can be compared: that is said, and is a failure where
CONFIGGUARD_REQUIRE_RUNNERS is set (CI). `--all` compares at more CPU counts, and more random
configs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIRED = "CONFIGGUARD_REQUIRE_RUNNERS"
AT_ONCE = 2


def main(arguments: list[str]) -> int:
    """Install, compare, and give the exit code."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        bar = "!" * 78
        print(bar)
        print("!! NODE OR NPM IS MISSING: nothing was compared with the real runners.")
        print("!! Install Node 20 or later and run `make oracle-test` again.")
        print(bar)
        return 1 if os.environ.get(REQUIRED) else 0
    installed = subprocess.run([sys.executable, str(HERE / "install.py")], check=False)
    if installed.returncode != 0:
        return installed.returncode
    environment = dict(os.environ)
    # The runners are here now: one that cannot be used is a failure, never a quiet skip.
    environment[REQUIRED] = "1"
    if "--all" in arguments:
        environment["CONFIGGUARD_ORACLE_CPUS"] = "1,2,3,4,7,8,16,64"
        environment["CONFIGGUARD_ORACLE_GENERATED"] = "600"
        environment["CONFIGGUARD_ORACLE_PROGRAMS"] = "5000"
        environment["CONFIGGUARD_ORACLE_SCRIPTS"] = "all"
    files = sorted(HERE.glob("test_*.py"))
    # pytest-xdist would swallow the counts that the tests print.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = pool.map(lambda file: _ran(file, environment), files)
        codes = [_told(done) for done in ended]
    failed = [file.name for file, code in zip(files, codes, strict=True) if code != 0]
    print(f"{len(files) - len(failed)} of {len(files)} files passed", *failed, sep="\n")
    return max(codes)


def _ran(file: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one test file in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(file), "-s", "--durations=3"],
        env=environment,
        cwd=HERE.parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _told(done: subprocess.CompletedProcess[str]) -> int:
    """Print what a file's tests printed, whole; its exit code."""
    print(done.stdout, flush=True)
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
