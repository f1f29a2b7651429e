"""What the runners' own joining functions make of several configs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configguard.evaluate.values import UNDEFINED
from support.evaluated import Told

PLAYWRIGHT = "import { defineConfig, devices } from '@playwright/test';\n"
JEST = "import { defineConfig, mergeConfig } from 'jest';\n"


def playwright(text: str, tmp_path: Path) -> Told:
    return Told({"playwright.config.ts": PLAYWRIGHT + text}, tmp_path)


def test_one_config_stays_what_it_is(tmp_path: Path) -> None:
    told = playwright("export default defineConfig({ workers: 2, use: { a: 1 } });", tmp_path)
    assert told[""] == {"workers": 2, "use": {"a": 1}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("workers", UNDEFINED),
        ("retries", 1),
        ("timeout", 5),
        ("use.actionTimeout", 2),
        ("use.navigationTimeout", 7),
        ("expect.timeout", 3),
        ("webServer.length", 2),
        ("webServer[1].timeout", 9),
        ("projects", [{"name": "a", "retries": 3}]),
    ],
)
def test_later_playwright_configs_win(path: str, expected: Any, tmp_path: Path) -> None:
    told = playwright(
        "const base = { workers: 2, timeout: 5, use: { actionTimeout: 1, navigationTimeout: 7 },"
        " expect: { timeout: 3 }, webServer: { timeout: 8 }, projects: [{ name: 'a', retries: 3 }]"
        " };\nexport default defineConfig(base, { workers: undefined, retries: 1,"
        " use: { actionTimeout: 2 }, webServer: [{ timeout: 9 }] });",
        tmp_path,
    )
    assert told[path] == expected


def test_two_lists_of_projects_depend_on_the_version(tmp_path: Path) -> None:
    told = playwright(
        "export default defineConfig({ workers: 2, projects: [{ name: 'a' }] },"
        " { projects: [{ name: 'b' }] });",
        tmp_path,
    )
    assert told["projects"] == "unknown: how projects are joined depends on Playwright's version"
    assert told["workers"] == 2


def test_an_unknown_override_hides_all_it_may_set(tmp_path: Path) -> None:
    told = playwright("export default defineConfig({ workers: 2 }, globalThis.more);", tmp_path)
    assert str(told["workers"]).startswith("unknown: ")


def test_devices_set_no_load(tmp_path: Path) -> None:
    told = playwright(
        "export default defineConfig({ projects: [{ use: { actionTimeout: 4, "
        "...devices['Desktop Chrome'] } }] });",
        tmp_path,
    )
    assert told["projects[0].use.actionTimeout"] == 4
    assert told["projects[0].use.navigationTimeout"] is UNDEFINED
    assert str(told["projects[0].use.viewport"]).startswith("unknown: ")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("testTimeout", UNDEFINED),
        ("bail", 1),
        ("roots", ["a", "b"]),
        ("reporters", "dot"),
        ("globals.x", {"y": 1, "z": 2}),
    ],
)
def test_jest_merges_deeply(path: str, expected: Any, tmp_path: Path) -> None:
    told = Told(
        {
            "jest.config.ts": JEST
            + "const base = defineConfig({ testTimeout: 5, bail: 1, roots: ['a'], reporters: ['x'],"
            " globals: { x: { y: 1 } } });\n"
            "export default mergeConfig(base, { testTimeout: undefined, roots: ['b'],"
            " reporters: 'dot', globals: { x: { z: 2 } } });"
        },
        tmp_path,
    )
    assert told[path] == expected


def test_jest_does_not_merge_functions(tmp_path: Path) -> None:
    told = Told({"jest.config.ts": JEST + "export default mergeConfig({}, () => ({}));"}, tmp_path)
    assert str(told["bail"]).startswith("throws: Cannot merge config")


def test_json_is_a_config_too(tmp_path: Path) -> None:
    told = Told({"jest.config.json": '{"testTimeout": 7, "projects": ["a"]}'}, tmp_path)
    assert told["testTimeout"] == 7
    assert told["projects[0]"] == "a"
    assert told["projects.length"] == 1
    assert told["bail"] is UNDEFINED
