"""`make demo`: the main job on the incident's project, the commands shown as they are run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FIXTURE = Path(__file__).parent / "fixtures" / "incident"
E2E = "vitest.e2e.config.ts"
LEAK = """import time

held = []
while len(held) < 60:
    held.append(b"x" * (10 << 20))
    time.sleep(0.05)
"""


def main() -> int:
    """Run the demonstration; 0 when every command ended as it should."""
    with tempfile.TemporaryDirectory(prefix="configguard-demo-") as folder:
        project = Path(folder) / "note-search"
        shutil.copytree(FIXTURE, project)
        say("A project like the one that froze a developer's machine. What does its config do?")
        ended = [run(project, 1, "check")]
        say("Where does each value come from? Nothing is run to find out.")
        ended.append(run(project, 0, "show", E2E))
        say("What would the fixes change?")
        ended.append(run(project, 1, "check", "--diff"))
        say("Write them, and check again.")
        ended.append(run(project, 0, "check", "--fix"))
        ended.append(run(project, 0, "check"))
        say("And a command that takes ever more memory? It is stopped, and nothing of it is left.")
        (project / "leak.py").write_text(LEAK)
        ended.append(run(project, 124, "run", "--max-memory", "120", "--", "python", "leak.py"))
        ended.append(run(project, 0, "runs", "list"))
    return 0 if all(ended) else 1


def say(text: str) -> None:
    """A heading between the commands."""
    print(f"\n{paint('1;36', '#')} {paint('1', text)}\n", flush=True)


def run(project: Path, expected: int, *arguments: str) -> bool:
    """Show a command, run it in the project, and tell whether it ended as expected."""
    print(paint("1;32", f"$ configguard {' '.join(arguments)}"), flush=True)
    environment = dict(os.environ)
    if colored():
        environment["FORCE_COLOR"] = "1"
    # Guarded runs of this machine are no business of the demonstration's.
    environment["CONFIGGUARD_STATE_DIR"] = str(project.parent / "state")
    environment.pop("CONFIGGUARD_LOG_DIR", None)
    words = [sys.executable if word == "python" else word for word in arguments]
    command = [sys.executable, "-m", "configguard", *words]
    code = subprocess.run(command, cwd=project, env=environment, check=False).returncode
    print(paint("2", f"(exit code {code})"), flush=True)
    if code != expected:
        print(f"demo: expected exit code {expected}", file=sys.stderr)
    return code == expected


def colored() -> bool:
    """Whether the demonstration's own lines are coloured."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(code: str, text: str) -> str:
    """Text in colour, where there is any."""
    return f"\x1b[{code}m{text}\x1b[0m" if colored() else text


if __name__ == "__main__":
    raise SystemExit(main())
