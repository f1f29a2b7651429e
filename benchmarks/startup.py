"""What one `configguard check` on one file costs, as CPU time, against peers run in turn.

Prints ratios; it is no test. The package is installed as users have it: a wheel, in a virtual
environment of its own.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 15
CONFIG = """import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, retry: 1 },
});
"""
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}


def main() -> None:
    """Set up, measure in turn, print."""
    with tempfile.TemporaryDirectory(prefix="configguard-bench-") as folder:
        work = Path(folder)
        venv.create(work / "venv", with_pip=True)
        python = str(work / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "pip", "install", *quiet, str(ROOT)], check=True)
        subprocess.run([python, "-m", "pip", "install", *quiet, "check-jsonschema"], check=True)
        project = make_project(work)
        check = ["-m", "configguard", "check", "vitest.e2e.config.ts", "--root", "."]
        commands = {
            "configguard check (one clean config)": [python, *check],
            "import tree_sitter, tree_sitter_typescript, typer": [
                python,
                "-c",
                "import tree_sitter, tree_sitter_typescript, typer",
            ],
            "check-jsonschema (one file)": [
                python,
                "-m",
                "check_jsonschema",
                "--schemafile",
                "schema.json",
                "data.json",
            ],
        }
        times = measure(commands, project)
    medians = {name: statistics.median(found) for name, found in times.items()}
    ours, bare, peer = medians.values()
    for name, median in medians.items():
        print(f"{median * 1000:7.1f} ms CPU  {name}")
    print(f"{ours / bare:7.2f} x  of the bare imports (goal: at most 1.6)")
    print(f"{ours / peer:7.2f} x  of check-jsonschema (goal: below 0.6)")


def make_project(work: Path) -> Path:
    """A project of one config, and a file for the peer."""
    project = work / "project"
    manifest = project / "node_modules" / "vitest" / "package.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"name": "vitest", "version": "3.2.7"}), "utf-8")
    (project / "vitest.e2e.config.ts").write_text(CONFIG, "utf-8")
    (project / "schema.json").write_text(json.dumps(SCHEMA), "utf-8")
    (project / "data.json").write_text(json.dumps({"name": "x"}), "utf-8")
    return project


def measure(commands: dict[str, list[str]], project: Path) -> dict[str, list[float]]:
    """CPU seconds (user and system) of each command, run in turn after one warm-up."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, cwd=project, capture_output=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode != 0:
                sys.exit(f"{name}: exit code {done.returncode}\n{done.stdout!r}{done.stderr!r}")
            used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            if turn:
                times[name].append(used)
    return times


if __name__ == "__main__":
    main()
