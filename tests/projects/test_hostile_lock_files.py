"""Lock files that would fill the memory or the time: each ends with the bound's name.

The next source decides, in a process that stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from projects.test_large_lock_files import measured

SIZE = 50_000_000
IMPORTERS = b"lockfileVersion: '9.0'\n\nimporters:\n\n"


def filled(head: bytes, part: bytes, tail: bytes = b"") -> bytes:
    return head + part * (SIZE // len(part)) + tail


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "more than 64 MB": (
        "package-lock.json",
        lambda: b'{"packages": {}}' + b" " * 64_000_000,
        "it is larger than 64 MB",
    ),
    "many entries": (
        "package-lock.json",
        lambda: filled(b'{"packages": {', b'"a":1,', b'"b": 1}}'),
        "it has more than 400,000 entries",
    ),
    "a large entry": (
        "package-lock.json",
        lambda: filled(b'{"packages": {"a": [', b"[],", b"1]}}"),
        "an entry is larger than 4 MB",
    ),
    "a large value beside": (
        "package-lock.json",
        lambda: filled(b'{"name": [', b'"ab",', b'"c"]}'),
        "an entry is larger than 4 MB",
    ),
    "a large key": (
        "package-lock.json",
        lambda: filled(b'{"packages": {"', b"a\\n", b'": 1}'),
        "it is not JSON",
    ),
    "bun: comments": (
        "bun.lock",
        lambda: filled(b'{"packages": {', b'"a":[1,/**/],', b"}}"),
        "too many comments and trailing commas",
    ),
    "pnpm: many importers": (
        "pnpm-lock.yaml",
        lambda: IMPORTERS + b"".join(b"  a%d:\n" % n for n in range(5_000_000)),
        "it has more than 100,000 importers",
    ),
    "pnpm: many keys": (
        "pnpm-lock.yaml",
        lambda: filled(b"lockfileVersion: '9.0'\n", b"a:\n"),
        "it has more than 100,000 keys",
    ),
    "pnpm: a large importer": (
        "pnpm-lock.yaml",
        lambda: filled(IMPORTERS + b"  .:\n    devDependencies:\n", b"      vitest:\n"),
        "what one package lists is larger than 1 MB",
    ),
    "yarn: many mentions": (
        "yarn.lock",
        lambda: filled(b"", b'vitest@1:\n  version "1.0.0"\n'),
        "it names vitest more than 50,000 times",
    ),
    "yarn: a long line": (
        "yarn.lock",
        lambda: filled(b"", b"vitest@1, ", b':\n  version "1.0.0"\n'),
        "this line is longer than 100 kB",
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: no getrusage on Windows")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_over_a_bound_is_told_by_its_name(name: str, tmp_path: Path) -> None:
    file, made, said = HOSTILE[name]
    (tmp_path / file).write_bytes(made())
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "^3.2.0"}}', "utf-8")
    (tmp_path / "vitest.config.ts").write_text("export default {};\n", "utf-8")
    report, peak = measured("show", tmp_path)
    [problem] = json.loads(report)["problems"]
    assert file in problem["message"]
    assert said in problem["message"]
    runner = json.loads(report)["suites"][0]["runner"]
    assert (runner["version"], runner["source"]) == ("^3.2.0", "manifest")
    assert peak < 300
