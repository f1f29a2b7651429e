"""Lock files of 50 MB: the version is found, and the whole process stays small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SIZE = 50_000_000
MOST_MB = 200
"""Measured: 90 to 110."""
HASH = f"sha512-{'x' * 86}=="

MEASURE = """\
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
sys.stdout.buffer.write(done.stdout)
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
print(peak // 1_000_000, file=sys.stderr)
"""
"""A small process between: a child's peak counts its parent's memory before it starts."""

NPM_3 = """\
    "node_modules/package-%d": {
      "version": "1.2.3",
      "license": "MIT 😀",
      "integrity": "{hash}",
      "license": "MIT",
      "dependencies": {
        "package-a": "^1.0.0"
      }
    },
"""
NPM_1 = NPM_3.replace("node_modules/", "").replace("dependencies", "requires")
PNPM = "  package-%d@1.2.3:\n    resolution: {integrity: {hash}}\n\n"
YARN_1 = (
    'package-%d@^1.0.0:\n  version "1.2.3"\n  integrity {hash}\n  dependencies:\n    vitest "1"\n\n'
)
YARN_4 = '"package-%d@npm:^1":\n  version: 1.2.3\n  dependencies:\n    vitest: "npm:1"\n\n'
BUN = '    "package-%d": ["package-%d@1.2.3", "", { "dependencies": { "a": "1" } }, "{hash}"],\n\n'

LOCKS = {
    "npm 3": (
        "package-lock.json",
        '{\n  "lockfileVersion": 3,\n  "packages": {\n',
        NPM_3,
        '    "node_modules/vitest": {\n      "version": "3.2.4"\n    }\n  }\n}\n',
    ),
    "npm 1": (
        "package-lock.json",
        '{\n  "lockfileVersion": 1,\n  "dependencies": {\n',
        NPM_1,
        '    "vitest": {\n      "version": "3.2.4"\n    }\n  }\n}\n',
    ),
    "pnpm": (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    devDependencies:\n      vitest:\n"
        "        specifier: ^3.2.0\n        version: 3.2.4\n\npackages:\n\n",
        PNPM,
        "",
    ),
    "yarn classic": (
        "yarn.lock",
        "# yarn lockfile v1\n\n",
        YARN_1,
        'vitest@^3.2.0:\n  version "3.2.4"\n',
    ),
    "yarn berry": (
        "yarn.lock",
        "__metadata:\n  version: 8\n\n",
        YARN_4,
        '"vitest@npm:^3.2.0":\n  version: 3.2.4\n  resolution: "vitest@npm:3.2.4"\n',
    ),
    "bun": (
        "bun.lock",
        '{\n  "lockfileVersion": 1,\n  "workspaces": {\n    "": {\n      "name": "demo",\n'
        '      "devDependencies": {\n        "vitest": "^3.2.0",\n      },\n    },\n  },\n'
        '  "packages": {\n',
        BUN,
        '    "vitest": ["vitest@3.2.4", "", {}, "sha512-x"],\n  }\n}\n',
    ),
}


def lock_text(head: str, entry: str, tail: str) -> bytes:
    entry = entry.replace("{hash}", HASH)
    count = SIZE // len((entry.replace("%d", "1000")).encode()) + 1
    return (head + "".join(entry.replace("%d", str(n)) for n in range(count)) + tail).encode()


def measured(command: str, root: Path) -> tuple[bytes, int]:
    """What a command prints about a project as JSON, and the peak of its memory in MB."""
    arguments = ("configguard", command, ".", "--root", ".", "--output-format", "json")
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, sys.executable, "-m", *arguments],
        cwd=root,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return result.stdout, int(result.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: no getrusage on Windows")
@pytest.mark.parametrize("name", LOCKS)
def test_a_large_lock_file_takes_little_memory(name: str, tmp_path: Path) -> None:
    file, head, entry, tail = LOCKS[name]
    data = lock_text(head, entry, tail)
    assert len(data) > SIZE
    (tmp_path / file).write_bytes(data)
    del data
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "^3.2.0"}}', "utf-8")
    config = "export default { test: { retry: 1 } };\n"
    (tmp_path / "vitest.e2e.config.ts").write_text(config, "utf-8")
    told = {}
    for command in ("show", "check"):
        report, peak = measured(command, tmp_path)
        told[command] = json.loads(report)
        assert peak < MOST_MB
    runner = told["show"]["suites"][0]["runner"]
    assert (runner["version"], runner["source"]) == ("3.2.4", "lockfile")
    assert runner["at"][0]["file"] == file
    assert told["check"]["problems"] == []
