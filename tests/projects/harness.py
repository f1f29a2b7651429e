"""The real command line on little projects: what the tests in this folder share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from support import warm

REPOSITORY = Path(__file__).resolve().parents[2]
COLOUR_VARIABLES = (
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "TERM",
    "COLUMNS",
    "CI",
    "GITHUB_ACTIONS",
)

GOOD = "good/vitest.e2e.config.ts"
"""A config with one plain error (and nothing else wrong): what bad neighbours must not hide."""
GOOD_TEXT = """\
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    fileParallelism: false,
    retry: 3,
    testTimeout: 30000,
    hookTimeout: 30000,
  },
});
"""
GOOD_RULE = "too-many-retries"
CLEAN_TEXT = GOOD_TEXT.replace("retry: 3", "retry: 1")


class Result(NamedTuple):
    """What one run of the command line gave."""

    code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def json(self) -> Any:
        """Standard output as strict JSON."""
        return json.loads(self.stdout, parse_constant=_no_constant)

    def rules_of(self, suite: str) -> list[str]:
        """The rules of the findings that list a suite (of `check --output-format json`)."""
        return [one["rule"] for one in self.json()["findings"] if suite in one["suites"]]

    def told(self, *kinds: str) -> str:
        """All messages of the problems and notices of a JSON report."""
        report = self.json()
        return "\n".join(one["message"] for kind in kinds for one in report[kind])


class Run(Protocol):
    """Runs `configguard …`; never a traceback, always text that is UTF-8."""

    def __call__(
        self,
        *args: str | bytes | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> Result: ...


class MakeProject(Protocol):
    """Makes a temporary project of files; `vitest` is the version in its node_modules."""

    def __call__(self, files: Mapping[str, str | bytes], vitest: str | None = "3.2.7") -> Path: ...


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is not strict JSON")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what changes output, so that tests say the same everywhere."""
    kept = {name: value for name, value in os.environ.items() if name not in COLOUR_VARIABLES}
    return {**kept, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", **(extra or {})}


def run_configguard(
    *args: str | bytes | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    prefix: tuple[str, ...] = (),
) -> Result:
    """Run the real command line; 30 s are far more than any input may take."""
    environment, limit = clean_environment(env), 30
    if prefix:
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "configguard", *args],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit,
            check=False,
        )
    else:
        done = warm.configguard([os.fsdecode(one) for one in args], cwd, environment, limit)
    result = Result(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
    for own_fault in ("Traceback", "a bug of its own"):
        assert own_fault not in result.output, result.output
    assert result.code in (0, 1, 2), result
    return result


def make_project(
    root: Path, files: Mapping[str, str | bytes], vitest: str | None = "3.2.7"
) -> Path:
    """Write a project: its files, a `.git` that makes it a root, and the installed vitest."""
    (root / ".git").mkdir(parents=True)
    written: dict[str, str | bytes] = dict(files)
    if vitest is not None:
        package = json.dumps({"name": "vitest", "version": vitest})
        written.setdefault("node_modules/vitest/package.json", package)
    for name, content in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def raw_dangers(text: str) -> list[str]:
    """Characters of a text that steer a terminal or reorder what is read; newlines may be."""
    return [
        f"U+{ord(character):04X}"
        for character in text
        if character != "\n"
        and (
            unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")
            or character in "\u2028\u2029"
        )
    ]


def listing(root: Path) -> dict[str, bytes]:
    """Every regular file below a folder with its bytes."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
