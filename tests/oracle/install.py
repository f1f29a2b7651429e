"""Install the real runners: `python tests/oracle/install.py [names…]` (default: all of them).

In: runners/<name>/package.json and its lock. Out: .cache/runners/<name>/node_modules, one line
printed per runner. To renew a lock: `npm install --package-lock-only
--omit-lockfile-registry-resolved=true` in that folder, then drop the "funding" entries: no lock
names an address.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LOCKS = Path(__file__).resolve().parent / "runners"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "runners"
MARKER = "installed.ok"  # written last: an interrupted install has none
COPIED = ("package.json", "package-lock.json")
AT_ONCE = 2
TIME_LIMIT_S = 900.0
ERROR_LINES = 15  # npm ends with its whole usage text

# Install scripts stay off: esbuild and rolldown bring their binaries as optional packages.
NPM_CI = ("ci", "--no-audit", "--no-fund", "--ignore-scripts")

EXIT_FAILED = 1
EXIT_UNKNOWN_NAME = 2
EXIT_NO_NODE = 3


@dataclass(frozen=True)
class Outcome:
    """What happened to one runner, ready to print."""

    name: str
    ok: bool
    text: str


def names() -> list[str]:
    """List the runners that have a lock file."""
    return sorted(lock.parent.name for lock in LOCKS.glob("*/package-lock.json"))


def is_installed(name: str) -> bool:
    """Say whether the cache holds exactly what the lock in the repository asks for."""
    folder = CACHE / name
    return (folder / MARKER).is_file() and all(
        (folder / file).is_file()
        and (folder / file).read_bytes() == (LOCKS / name / file).read_bytes()
        for file in COPIED
    )


def runs_here(name: str) -> bool:
    """Say whether this machine can use the runner: the bundled Node is for Linux on x64."""
    return name != "node-22" or (
        sys.platform == "linux" and platform.machine().lower() in ("x86_64", "amd64")
    )


def install(name: str, npm: str) -> Outcome:
    """Run `npm ci` for one runner, unless it is there already."""
    if not runs_here(name):
        return Outcome(name, True, "left out: needs Linux on x64")
    if is_installed(name):
        return Outcome(name, True, "already installed")
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).unlink(missing_ok=True)
    for file in COPIED:
        shutil.copyfile(LOCKS / name / file, folder / file)
    started = time.monotonic()
    try:
        done = subprocess.run(
            [npm, *NPM_CI],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(name, False, f"npm ci was stopped after {TIME_LIMIT_S:.0f} s")
    if done.returncode != 0:
        said = "\n".join(done.stdout.strip().splitlines()[:ERROR_LINES])
        return Outcome(name, False, f"npm ci failed ({done.returncode})\n{said}")
    (folder / MARKER).write_text("", encoding="utf-8")
    return Outcome(name, True, f"installed in {time.monotonic() - started:.1f} s")


def main(arguments: list[str] | None = None) -> int:
    """Install the runners named on the command line; the return value is the exit code."""
    parser = argparse.ArgumentParser(description="Install the real runners (npm ci).")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(names()))
    parser.add_argument("--if-node", action="store_true", help="without Node: say so, exit 0")
    given = parser.parse_args(arguments)
    wanted = given.names or names()
    if unknown := sorted(set(wanted) - set(names())):
        print(f"unknown runner: {', '.join(unknown)}; known: {', '.join(names())}", file=sys.stderr)
        return EXIT_UNKNOWN_NAME
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        print(
            "node and npm are not on PATH: install Node 20 or newer to run the tests against"
            " the real ones; every other test works without",
            file=sys.stderr,
        )
        return 0 if given.if_node else EXIT_NO_NODE
    failed = False
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for outcome in pool.map(lambda name: install(name, npm), wanted):
            print(f"{outcome.name}: {outcome.text}", flush=True)
            failed = failed or not outcome.ok
    return EXIT_FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
