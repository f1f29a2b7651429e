"""Calls in test files of E2E suites: found, given a value, and told with the tests they hold for.

That the answers are right is compared with real runners in tests/oracle/test_override_runs.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.command import run

PLAYWRIGHT = "module.exports = { testDir: '.' };"
PACKAGES = {"playwright": "@playwright/test", "jest": "jest", "vitest": "vitest"}
NAMES = {
    "playwright": "playwright.config.js",
    "jest": "jest.e2e.config.js",
    "vitest": "vitest.e2e.config.js",
}
CONFIGS = {
    "playwright": PLAYWRIGHT,
    "jest": "module.exports = {};",
    "vitest": "export default { test: {} };",
}
VERSIONS = {"playwright": "1.65.1", "jest": "30.5.2", "vitest": "5.1.1"}


def show(root: Path, runner: str, files: Mapping[str, str], version: str = "") -> dict[str, Any]:
    """The report of `show` on a project of a runner with some files."""
    package = f"node_modules/{PACKAGES[runner]}"
    version = version or VERSIONS[runner]
    lock = {"lockfileVersion": 3, "packages": {package: {"version": version}}}
    (root / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    for name, text in {"package.json": "{}", NAMES[runner]: CONFIGS[runner], **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    result = run("show", NAMES[runner], "--root", ".", "--output-format", "json", cwd=root)
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def overrides(report: dict[str, Any], suite: int = 0) -> list[tuple[Any, ...]]:
    """(call, value, tests it holds for, condition) of what the test files of a suite override."""
    return [
        (entry["setting"], entry["value"], entry["scope"], entry["when"])
        for entry in report["suites"][suite]["settings"]
        if entry["effect"] == "sets"
    ]


PW = "import { test } from '@playwright/test';\n"
CONFIGURE = "test.describe.configure({retries})"
FOUND: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "file": (
        "playwright",
        PW + "test.describe.configure({ retries: 2 });",
        [(CONFIGURE, 2, "file", None)],
    ),
    "last-counts": (
        "playwright",
        PW + "test.describe.configure({ retries: 3 }); test.describe.configure({ retries: 2 });",
        [(CONFIGURE, 2, "file", None)],
    ),
    "block": (
        "playwright",
        PW + "test.describe('d', () => { test.describe.configure({ retries: 2 }); });",
        [(CONFIGURE, 2, "describe", None)],
    ),
    "const": (
        "playwright",
        PW + "const N = 1 + 1; test.describe.configure({ retries: N });",
        [(CONFIGURE, 2, "file", None)],
    ),
    "object-const": (
        "playwright",
        PW + "const o = { n: 4 }; test.describe.configure({ retries: o.n });",
        [(CONFIGURE, 4, "file", None)],
    ),
    "object-that-changes": (
        "playwright",
        PW + "const o = { n: 4 }; o.n = 1; test.describe.configure({ retries: o.n });",
        [(CONFIGURE, None, "file", None)],
    ),
    "variable": (
        "playwright",
        PW + "test.describe.configure({ retries: process.env.HEAVY ? 3 : 1 });",
        [
            (CONFIGURE, 1, "file", {"env": {"HEAVY": "unset"}}),
            (CONFIGURE, 3, "file", {"env": {"HEAVY": "set"}}),
        ],
    ),
    "alias": (
        "playwright",
        "import { test as it } from '@playwright/test'; it.setTimeout(9);",
        [("test.setTimeout()", 9, "file", None)],
    ),
    "namespace": (
        "playwright",
        "import * as pw from '@playwright/test'; pw.test.setTimeout(9);",
        [("test.setTimeout()", 9, "file", None)],
    ),
    "required": (
        "playwright",
        "const { test } = require('@playwright/test'); test.setTimeout(9);",
        [("test.setTimeout()", 9, "file", None)],
    ),
    "extended": (
        "playwright",
        PW + "const my = test.extend({}); my.setTimeout(9);",
        [("test.setTimeout()", 9, "file", None)],
    ),
    "in-a-test": (
        "playwright",
        PW + "test('t', async () => { test.setTimeout(9); test.slow(); });",
        [("test.setTimeout()", 9, "test", None), ("test.slow()", True, "test", None)],
    ),
    "before-each": (
        "playwright",
        PW + "test.beforeEach(() => { test.setTimeout(9); });",
        [("test.setTimeout()", 9, "describe", None)],
    ),
    "slow-not": ("playwright", PW + "test.slow(false, 'why');", []),
    "modes": (
        "playwright",
        PW + "test.describe.configure({ mode: 'parallel' }); test.describe.serial('s', () => {});",
        [
            ("test.describe.configure({mode})", "parallel", "file", None),
            ("test.describe.serial()", True, "describe", None),
        ],
    ),
    "loop": (
        "playwright",
        PW + "for (const n of [1]) test.describe.serial('s', () => {});",
        [("test.describe.serial()", True, "describe", {"opaque": "the loop runs"})],
    ),
    "helper": (
        "playwright",
        PW + "function f() { test.setTimeout(9); } f();",
        [("test.setTimeout()", 9, "file", {"opaque": "its function is called"})],
    ),
    "shadowed": (
        "playwright",
        PW + "const f = (test) => { test.setTimeout(9); };",
        [],
    ),
    "somebody-elses": ("playwright", "import { test } from 'x'; test.setTimeout(9);", []),
    "a-timer": ("playwright", PW + "setTimeout(() => {}, 5); window.setTimeout(f, 5);", []),
    "comment": ("playwright", PW + "// test.setTimeout(9)\n'test.setTimeout(9)';", []),
    "skipped": (
        "playwright",
        PW + "test.describe.skip('d', () => { test.describe.configure({ retries: 2 }); });",
        [],
    ),
    "jest": (
        "jest",
        "jest.retryTimes(3); jest.setTimeout(60_000);",
        [("jest.retryTimes()", 3, "file", None), ("jest.setTimeout()", 60_000, "file", None)],
    ),
    "jest-third-argument": (
        "jest",
        "it('t', async () => {}, 30 * 1000); beforeAll(() => {}, 5000);"
        " test.each([1])('%s', () => {}, 40_000);",
        [
            ("test(timeout)", 30_000, "test", None),
            ("hook(timeout)", 5000, "hook", None),
            ("test(timeout)", 40_000, "test", None),
        ],
    ),
    "jest-concurrent": (
        "jest",
        "test.concurrent('t', () => {}); test.concurrent.each([1])('%s', () => {});",
        [("test.concurrent()", True, "test", None)],
    ),
    "jest-in-a-test": (
        "jest",
        "test('t', () => { jest.setTimeout(9); });",
        [],
    ),
    "vitest": (
        "vitest",
        "import { test, describe } from 'vitest'; test('t', { retry: 3, timeout: 9 }, () => {});"
        " describe('d', { repeats: 2, concurrent: true }, () => {});",
        [
            ("test({retry})", 3, "test", None),
            ("test({timeout})", 9, "test", None),
            ("describe({repeats})", 2, "describe", None),
            ("describe({concurrent})", True, "describe", None),
        ],
    ),
    "vitest-set-config": (
        "vitest",
        "import { vi } from 'vitest'; vi.setConfig({ testTimeout: 9, retry: 2 });",
        [
            ("vi.setConfig({retry})", 2, "after", None),
            ("vi.setConfig({testTimeout})", 9, "after", None),
        ],
    ),
    "vitest-chains": (
        "vitest",
        "import { it, describe } from 'vitest'; it.only.each([1])('t', { retry: 1 }, () => {});"
        " describe.concurrent('d', () => { it.skipIf(x)('u', () => {}, 7); });",
        [
            ("test({retry})", 1, "test", None),
            ("describe.concurrent()", True, "describe", None),
            ("test(timeout)", 7, "test", None),
        ],
    ),
    "vitest-never-run": (
        "vitest",
        "import { it } from 'vitest'; it.skip('t', { retry: 1 }, () => {}); it.todo('u');",
        [],
    ),
    "vitest-not-concurrent": (
        "vitest",
        "import { it } from 'vitest'; it('t', { concurrent: false }, () => {});",
        [],
    ),
}
FILES = {"playwright": "a.spec.ts", "jest": "a.test.js", "vitest": "a.test.ts"}


@pytest.mark.parametrize("name", FOUND)
def test_what_a_test_file_overrides_is_told(tmp_path: Path, name: str) -> None:
    runner, text, expected = FOUND[name]
    report = show(tmp_path, runner, {FILES[runner]: text})
    assert sorted(map(str, overrides(report))) == sorted(map(str, expected))
    assert report["notices"] == []


def test_options_behind_the_function_count_before_vitest_4(tmp_path: Path) -> None:
    text = "import { test } from 'vitest'; test('t', () => {}, { retry: 3 });"
    told = [("test({retry})", 3, "test", None)]
    assert overrides(show(tmp_path, "vitest", {"a.test.ts": text}, "3.2.7")) == told
    assert overrides(show(tmp_path, "vitest", {"a.test.ts": text}, "4.1.12")) == []


def test_options_before_the_function_count_from_vitest_1_3_on(tmp_path: Path) -> None:
    text = "import { test } from 'vitest'; test('t', { retry: 3 }, () => {});"
    assert overrides(show(tmp_path, "vitest", {"a.test.ts": text}, "1.2.2")) == []
    assert len(overrides(show(tmp_path, "vitest", {"a.test.ts": text}, "1.6.1"))) == 1


def test_names_that_other_files_hand_on(tmp_path: Path) -> None:
    files = {
        "fixtures/index.ts": "export * from './base';\nexport { expect } from '@playwright/test';",
        "fixtures/base.ts": "import { test as base } from '@playwright/test';\n"
        "export const test = base.extend<{ a: number }>({});",
        "consts.ts": "export const RETRIES = 6;",
        "a.spec.ts": "import { test } from './fixtures';\nimport { RETRIES } from './consts';\n"
        "test.describe.configure({ retries: RETRIES });",
    }
    assert overrides(show(tmp_path, "playwright", files)) == [(CONFIGURE, 6, "file", None)]


def test_the_same_call_in_many_files_is_one_entry(tmp_path: Path) -> None:
    files = {f"{name}.spec.ts": PW + "test.setTimeout(9);" for name in "abc"}
    report = show(tmp_path, "playwright", files)
    (entry,) = report["suites"][0]["settings"]
    assert entry["at"][0]["file"] == "a.spec.ts"
    assert [span["file"] for span in entry["elsewhere"]] == ["b.spec.ts", "c.spec.ts"]


def test_only_the_files_of_the_suite_are_read(tmp_path: Path) -> None:
    config = (
        "module.exports = { testDir: 'e2e', testIgnore: '**/old/**', projects: ["
        "{ name: 'a', testMatch: /a\\.spec\\.ts/ }, { name: 'b', testMatch: ['*.b.{ts,js}'] }] };"
    )
    text = PW + "test.setTimeout(9);"
    files = {
        NAMES["playwright"]: config,
        ".gitignore": "out/\n",
        "unit/a.spec.ts": text,
        "e2e/old/a.spec.ts": text,
        "e2e/out/a.spec.ts": text,
        "e2e/node_modules/a.spec.ts": text,
    }
    assert overrides(show(tmp_path, "playwright", files)) == []
    more = {**files, "e2e/x/a.spec.ts": text, "e2e/x.b.ts": text.replace("9", "8")}
    report = show(tmp_path, "playwright", more)
    assert [overrides(report, suite)[0][1] for suite in (0, 1)] == [9, 8]


def test_patterns_that_are_not_understood_are_told(tmp_path: Path) -> None:
    config = "module.exports = { testMatch: /(a+)+.*.*.*x/ };"
    files = {NAMES["playwright"]: config, "a.spec.ts": PW + "test.setTimeout(9);"}
    report = show(tmp_path, "playwright", files)
    assert overrides(report) == []
    told = [note["message"] for note in report["suites"][0]["assumptions"]]
    assert any("which files are its tests is not known" in message for message in told)


def test_unit_suites_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "jest.config.js").write_text("module.exports = {};", "utf-8")
    (tmp_path / "a.test.js").write_text("jest.retryTimes(3);", "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    assert overrides(json.loads(result.stdout)) == []


def test_bad_test_files_hide_nothing(tmp_path: Path) -> None:
    files = {"a.spec.ts": PW + "test.setTimeout(9);", "b.spec.ts": PW + "test.setTimeout(((;"}
    (tmp_path / "c.spec.ts").write_bytes(b"test.setTimeout(9) // \xff")
    report = show(tmp_path, "playwright", files)
    assert overrides(report) == [("test.setTimeout()", 9, "file", None)]
    message = report["notices"][0]["message"]
    assert "b.spec.ts: syntax error" in message
    assert "1 more" in message


def test_a_test_file_with_jsx_is_read(tmp_path: Path) -> None:
    files = {"a.test.jsx": "jest.retryTimes(2); test('t', () => { render(<App a={1} />) });"}
    assert overrides(show(tmp_path, "jest", files)) == [("jest.retryTimes()", 2, "file", None)]


def test_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.spec.ts").write_text(PW + "test.setTimeout(9);", "utf-8")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(outside, target_is_directory=True)
    (root / "b.spec.ts").symlink_to(outside / "a.spec.ts")
    assert overrides(show(root, "playwright", {})) == []


VITEST_SETUP = {
    "nothing": ("export {}", (0, 5000)),
    "set": ("import { vi } from 'vitest'; vi.setConfig({ retry: 2, testTimeout: 9 })", (2, 9)),
    "global": ("vi.setConfig({ testTimeout: 0 })", (0, "none")),
    "in-a-hook": ("beforeAll(() => { vi.setConfig({ retry: 2 }) })", (0, 5000)),
    "spread": ("vi.setConfig({ ...x })", ("unknown", "unknown")),
    "reset": ("vi.setConfig({ retry: 2 }); vi.resetConfig()", ("unknown", "unknown")),
    "package": ("import 'nobody-knows'", (0, 5000)),
}


@pytest.mark.parametrize("name", VITEST_SETUP)
def test_setup_files_of_vitest(tmp_path: Path, name: str) -> None:
    text, expected = VITEST_SETUP[name]
    config = "export default { test: { setupFiles: ['./setup.ts'] } };"
    report = show(tmp_path, "vitest", {NAMES["vitest"]: config, "setup.ts": text})
    facts = report["suites"][0]["environments"]["local"]
    found = [facts[one].get("value", facts[one]["state"]) for one in ("retries", "testTimeoutMs")]
    assert tuple(found) == expected
