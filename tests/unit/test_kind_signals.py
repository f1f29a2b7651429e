"""The kind of a suite by its config, its imports and its scripts; its name says nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import run


def shown(root: Path, config: str, text: str, scripts: dict[str, str] | None = None) -> Any:
    runner = "jest" if config.startswith("jest") else "vitest"
    versions = {"vitest": "3.2.4", "jest": "29.7.0"}
    manifest = {"scripts": scripts or {}, "devDependencies": {runner: versions[runner]}}
    (root / "package.json").write_text(json.dumps(manifest), "utf-8")
    (root / config).write_text(text, "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=root)
    return json.loads(result.stdout)["suites"][0]


@pytest.mark.parametrize(
    ("settings", "kind", "signal"),
    [
        ("include: ['**/*.e2e.test.ts']", "e2e", "test.include"),
        ("include: ['e2e/**/*.test.ts', 'tests/end-to-end/**']", "e2e", "test.include"),
        ("include: ['**/*.e2e-spec.{ts,js}', '!e2e/slow/**']", "e2e", "test.include"),
        ("include: ['{e2e,src}/**/*.test.ts']", "unit", None),
        ("include: ['src/**/*.test.ts', 'e2e/**/*.test.ts']", "unknown", "test.include"),
        ("include: ['!e2e/**', 'src/**']", "unit", None),
        ("include: ['**/!(e2e)/*.test.ts']", "unit", None),
        ("include: ['apps/web-e2e/**/*.test.ts']", "unit", None),
        ("include: ['**/*.integration.test.ts']", "unit", None),
        ("exclude: ['e2e/**']", "unit", None),
        ("dir: './e2e'", "e2e", "test.dir"),
        ("name: 'e2e'", "e2e", "project-name"),
        ("name: 'smoke', testTimeout: 60_000", "integration", "project-name"),
        ("testTimeout: 30_000", "unknown", "test.testTimeout"),
        ("testTimeout: 10_000", "unit", None),
        ("globalSetup: './setup.ts'", "unknown", "test.globalSetup"),
        ("globalSetup: undefined", "unit", None),
        ("include: process.env.OTHER ? ['e2e/**'] : ['src/**']", "unit", None),
    ],
)
def test_settings_of_vitest(tmp_path: Path, settings: str, kind: str, signal: str | None) -> None:
    suite = shown(tmp_path, "vitest.config.ts", f"export default {{ test: {{ {settings} }} }};")
    assert suite["kind"] == kind
    assert {one["signal"] for one in suite["kindBecause"]} == ({signal} if signal else set())
    for one in suite["kindBecause"]:
        assert one["strength"] == ("weak" if kind == "unknown" else "strong")
        assert one["at"][0]["column"] > 1


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (r"testRegex: '.e2e-spec.ts$'", "e2e"),
        (r"testRegex: '(e2e|unit)\\.ts$'", "unit"),
        (r"testRegex: '^(?!.*e2e).*\\.spec\\.ts$'", "unit"),
        ("testMatch: ['<rootDir>/e2e/**/*.js']", "e2e"),
        ("roots: ['<rootDir>/e2e']", "e2e"),
        ("testPathIgnorePatterns: ['e2e']", "unit"),
        ("preset: 'jest-puppeteer'", "e2e"),
        ("globalSetup: 'detox/runners/jest/globalSetup'", "e2e"),
        ("testTimeout: 120000", "unknown"),
    ],
)
def test_settings_of_jest(tmp_path: Path, settings: str, kind: str) -> None:
    suite = shown(tmp_path, "jest.config.js", f"module.exports = {{ {settings} }};")
    assert suite["kind"] == kind


@pytest.mark.parametrize(
    ("scripts", "kind"),
    [
        ({"test:e2e": "vitest run"}, "e2e"),
        ({"e2e": "vitest run", "e2e:watch": "vitest"}, "e2e"),
        ({"test": "vitest run", "test:e2e": "vitest run --bail 1"}, "unit"),
        ({"test:integration": "vitest run"}, "unit"),
    ],
)
def test_the_scripts_that_run_it(tmp_path: Path, scripts: dict[str, str], kind: str) -> None:
    suite = shown(tmp_path, "vitest.config.ts", "export default { test: {} };", scripts)
    assert suite["kind"] == kind
    if kind == "e2e":
        assert suite["kindBecause"][0]["signal"] == "script-name"
        assert suite["kindBecause"][0]["at"][0]["file"] == "package.json"


def test_what_the_config_imports(tmp_path: Path) -> None:
    text = "import { chromium } from 'playwright';\nexport default { test: {} };"
    assert shown(tmp_path, "vitest.config.ts", text)["kind"] == "unknown"
    (tmp_path / "b").mkdir()
    text = "const name = 'playwright';\nexport default { test: { name } };"
    assert shown(tmp_path / "b", "vitest.config.ts", text)["kind"] == "unit"


def test_a_weak_signal_gives_one_notice(tmp_path: Path) -> None:
    text = "export default { test: { testTimeout: 60_000, retry: 5, maxWorkers: 4 } };"
    shown(tmp_path, "vitest.config.ts", text)
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    told = json.loads(result.stdout)
    assert not told["findings"]
    assert len(told["notices"]) == 1
    assert "suite-kinds" in told["notices"][0]["message"]
