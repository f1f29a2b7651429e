"""What setup files do to retries and timeouts: read where all can be followed, else unknown.

That the answers are right is compared with real runners in tests/oracle/test_override_runs.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.test_jest_suites import facts, show

JEST = "module.exports = { setupFilesAfterEnv: ['<rootDir>/setup.js'], testTimeout: 9000 };"


def jest(root: Path, files: dict[str, str], environment: str = "local") -> tuple[Any, Any]:
    """(retries, test timeout) of a jest config with some files."""
    report = show(root, {"jest.config.js": JEST, **files})
    retries = facts(report, "retries", environment)
    return retries[None], facts(report, "testTimeoutMs", environment)[None]


READ = {
    "nothing": ("beforeEach(() => {});", (0, 9000)),
    "both": ("jest.retryTimes(2); jest.setTimeout(300)", (2, 300)),
    "chained": ("jest.retryTimes(2).setTimeout(300)", (2, 300)),
    "last-wins": ("jest.retryTimes(2); jest.retryTimes(1)", (1, 9000)),
    "imported-jest": ("const { jest: j } = require('@jest/globals'); j.retryTimes(2)", (2, 9000)),
    "es-import": ("import { jest } from '@jest/globals'; jest.setTimeout(6e4)", (0, 60_000)),
    "options": ("jest.retryTimes(3, { logErrorsBeforeRetry: true })", (3, 9000)),
    "const": ("const MINUTE = 60 * 1000; jest.setTimeout(2 * MINUTE)", (0, 120_000)),
    "falsy-timeout": ("jest.setTimeout(0)", (0, 9000)),
    "negative": ("jest.setTimeout(-5); jest.retryTimes(-1)", (0, 1)),
    "too-long": ("jest.setTimeout(3e9)", (0, 1)),
    "text": ("jest.setTimeout('300'); jest.retryTimes('3')", (3, 300)),
    "fraction": ("jest.retryTimes(2.7)", (2, 9000)),
    "timers": ("setTimeout(() => {}, 5); window.setTimeout(() => {}, 5)", (0, 9000)),
    "in-a-comment": ("// jest.retryTimes(2); jest.setTimeout(1)", (0, 9000)),
    "in-a-text": ("console.log('jest.retryTimes(2)')", (0, 9000)),
    "timeout-in-a-hook": ("beforeAll(() => { jest.setTimeout(300) })", (0, 9000)),
    "harmless": ("require('jest-extended/all'); import '@testing-library/jest-dom'", (0, 9000)),
    "node": ("require('fs'); import { join } from 'node:path'", (0, 9000)),
    "type-import": ("import type { X } from 'nobody-knows'", (0, 9000)),
    "after-a-package": ("require('nobody-knows'); jest.setTimeout(300)", ("unknown", 300)),
    "package": ("require('nobody-knows')", ("unknown", "unknown")),
    "retries-in-a-hook": ("beforeAll(() => { jest.retryTimes(2) })", ("unknown", 9000)),
    "in-a-function": ("function f() { jest.retryTimes(2) } f()", ("unknown", 9000)),
    "exported-function": ("module.exports = () => { jest.retryTimes(2) }", ("unknown", 9000)),
    "loop": ("for (const n of [1]) jest.retryTimes(n)", ("unknown", 9000)),
    "symbol": ("globalThis[Symbol.for('RETRY_TIMES')] = 2", ("unknown", 9000)),
    "taken-apart": ("const { retryTimes } = jest; retryTimes(2)", ("unknown", 9000)),
    "subscript": ("jest['retryTimes'](2)", ("unknown", 9000)),
    "computed": ("require(process.env.SETUP)", ("unknown", "unknown")),
    "missing": ("require('./nowhere')", ("unknown", "unknown")),
    "let": ("let n = 1; n = 3; jest.retryTimes(n)", ("unknown", 9000)),
    "syntax-error": ("jest.retryTimes(", ("unknown", "unknown")),
}


@pytest.mark.parametrize("name", READ)
def test_the_last_call_in_a_setup_file_counts(tmp_path: Path, name: str) -> None:
    text, expected = READ[name]
    assert jest(tmp_path, {"setup.js": text}) == expected


def test_a_condition_on_ci_is_asked(tmp_path: Path) -> None:
    files = {"setup.js": "if (process.env.CI) jest.retryTimes(3);"}
    assert jest(tmp_path, files) == (0, 9000)
    assert jest(tmp_path, files, "ci") == (3, 9000)


def test_imports_are_followed(tmp_path: Path) -> None:
    files = {"setup.js": "require('./more');", "more.js": "jest.retryTimes(2);"}
    assert jest(tmp_path, files) == (2, 9000)
    files = {"setup.js": "require('./more'); jest.retryTimes(1);", "more.js": files["more.js"]}
    assert jest(tmp_path, files) == (1, 9000)
    files = {"setup.js": "if (X) require('./more');", "more.js": files["more.js"]}
    assert jest(tmp_path, files) == ("unknown", 9000)


def test_imports_in_circles_end(tmp_path: Path) -> None:
    files = {"setup.js": "import './a';", "a.js": "import './setup'; import './a';"}
    assert jest(tmp_path, files) == (0, 9000)


def test_a_setup_file_that_is_a_package_or_missing(tmp_path: Path) -> None:
    for name, expected in (
        ("jest-extended/all", 0),
        ("nobody-knows", "unknown"),
        ("./x", "unknown"),
    ):
        config = f"module.exports = {{ setupFiles: ['{name}'] }};"
        assert facts(show(tmp_path, {"jest.config.js": config}), "retries") == {None: expected}


def test_setup_files_of_projects_are_their_own(tmp_path: Path) -> None:
    config = (
        "module.exports = { projects: ["
        "{ displayName: 'a', setupFiles: ['<rootDir>/setup.js'] }, { displayName: 'b' }] };"
    )
    report = show(tmp_path, {"jest.config.js": config, "setup.js": "jest.retryTimes(2)"})
    assert facts(report, "retries") == {"a": 2, "b": 0}


def test_a_setup_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "setup.js").write_bytes(b"jest.retryTimes(\xff)")
    report = show(tmp_path, {"jest.config.js": JEST})
    assert facts(report, "retries") == {None: "unknown"}
    assert "not UTF-8" in report["suites"][0]["environments"]["local"]["retries"]["reason"]
