"""Playwright configs to suites: projects, kinds, versions, names; without the real runner.

That the facts are right is compared with real ones in tests/oracle/test_playwright_configs.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import run

CONFIG = "playwright.config.ts"
IMPORT = "import { defineConfig, devices } from '@playwright/test';\n"


def show(root: Path, version: str = "1.50.1", **files: str) -> dict[str, Any]:
    """The report of `show` on files, with a version of the runner."""
    locked = {"node_modules/@playwright/test": {"version": version}}
    lock = {"lockfileVersion": 3, "packages": locked}
    (root / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    for name, text in files.items():
        (root / name.replace("__", "-").replace("_", ".")).write_text(text, "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=root)
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def facts(report: dict[str, Any], name: str, environment: str = "local") -> dict[Any, Any]:
    """One fact of each suite by its project."""
    return {
        suite["project"]: suite["environments"][environment][name].get("value", "not known")
        for suite in report["suites"]
    }


def test_each_project_is_a_suite_of_one_run(tmp_path: Path) -> None:
    text = IMPORT + (
        "export default defineConfig({ workers: 4, retries: 1, projects: ["
        "{ name: 'a', use: { ...devices['Pixel 5'] } }, { retries: 3 }] });"
    )
    report = show(tmp_path, playwright_config_ts=text)
    assert [suite["id"] for suite in report["suites"]] == [f"{CONFIG}#a", f"{CONFIG}#1"]
    assert {suite["rootConfig"] for suite in report["suites"]} == {CONFIG}
    assert facts(report, "retries") == {"a": 1, 1: 3}
    assert [one["suites"] for one in report["runs"]] == [[f"{CONFIG}#a", f"{CONFIG}#1"]]
    assert report["runs"][0]["environments"]["local"]["workers"]["value"] == 4


def test_a_config_without_projects_is_one_suite(tmp_path: Path) -> None:
    report = show(tmp_path, playwright_config_ts=IMPORT + "export default defineConfig({});")
    (suite,) = report["suites"]
    assert (suite["id"], suite["project"], suite["rootConfig"]) == (CONFIG, None, None)
    workers = suite["environments"]["local"]["workers"]
    assert (workers["state"], workers["origin"]) == ("range", "default")


@pytest.mark.parametrize(
    ("version", "expected"), [("1.51.1", {"a": 4, "b": 4}), ("1.52.0", {"a": 1, "b": 4})]
)
def test_workers_of_a_project_count_from_1_52_on(
    version: str, expected: dict[str, int], tmp_path: Path
) -> None:
    text = "export default { workers: 4, projects: [{ name: 'a', workers: 1 }, { name: 'b' }] };"
    report = show(tmp_path, version, playwright_config_ts=text)
    assert facts(report, "workers") == expected
    told = {entry["effect"] for entry in report["suites"][0]["settings"]}
    assert told == ({"ignored"} if version == "1.51.1" else set())


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        ("{ name: 'a', workers: 1 }, { name: 'b', workers: 2 }", 3),
        ("{ name: 'a', workers: 3 }, { name: 'b', workers: 3 }", 4),
        ("{ name: 'a', workers: 1 }, { name: 'b' }", 4),
        ("{ name: 'a', workers: 1 }, { name: 'b', workers: 2, dependencies: ['a'] }", 2),
        ("{ name: 'a', workers: 2, teardown: 'b' }, { name: 'b', workers: 2 }", 2),
        ("{ name: 'a', workers: 1 }, { name: 'b', workers: 2, default: false }", 1),
        ("{ name: 'a', workers: 1, default: false }, { name: 'b', default: null }", 4),
    ],
)
def test_a_run_has_what_its_caps_let_run_side_by_side(
    projects: str, expected: int, tmp_path: Path
) -> None:
    text = f"export default {{ workers: 4, projects: [{projects}] }};"
    report = show(tmp_path, "1.65.1", playwright_config_ts=text)
    assert report["runs"][0]["environments"]["local"]["workers"]["value"] == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.36.2", {"a": 3, "b": 2}),
        ("1.54.2", {"a": 1}),
        ("1.55.1", {"a": 1, "b": 2}),
    ],
)
def test_two_configs_are_joined_as_the_version_does_it(
    version: str, expected: dict[str, int], tmp_path: Path
) -> None:
    text = IMPORT + (
        "export default defineConfig({ projects: [{ name: 'a', retries: 3 }, { name: 'b',"
        " retries: 2 }] }, { projects: [{ name: 'a', retries: 1 }] });"
    )
    assert facts(show(tmp_path, version, playwright_config_ts=text), "retries") == expected


@pytest.mark.parametrize(
    ("file", "text", "kind"),
    [
        ("playwright_config_ts", "export default {};", "e2e"),
        ("playwright_integration_config_ts", "export default {};", "e2e"),
        ("playwright__ct_config_ts", "export default {};", "component"),
        (
            "playwright_config_ts",
            "import { defineConfig } from '@playwright/experimental-ct-react';\n"
            "export default defineConfig({});",
            "component",
        ),
        ("playwright_config_ts", "// @playwright/experimental-ct-react\nexport default {};", "e2e"),
    ],
)
def test_kinds(file: str, text: str, kind: str, tmp_path: Path) -> None:
    (suite,) = show(tmp_path, **{file: text})["suites"]
    assert suite["kind"] == kind


def test_keys_that_count_elsewhere_are_told(tmp_path: Path) -> None:
    text = "export default { retry: 3, maxWorkers: 1, use: { retries: 2, timeout: 5 } };"
    (suite,) = show(tmp_path, playwright_config_ts=text)["suites"]
    told = {entry["setting"]: entry["would"] for entry in suite["settings"]}
    assert told == {
        "retry": "retries",
        "maxWorkers": "workers",
        "use.retries": "retries",
        "use.timeout": "testTimeoutMs",
    }
    assert {entry["effect"] for entry in suite["settings"]} == {"ignored"}


def test_an_array_is_an_empty_config(tmp_path: Path) -> None:
    report = show(tmp_path, playwright_config_ts="export default [{ retries: 3 }];")
    assert facts(report, "retries") == {None: 0}
    assert "array" in report["notices"][0]["message"]


def test_projects_that_are_not_known_leave_all_open(tmp_path: Path) -> None:
    text = "import more from 'some-package';\nexport default { retries: 1, projects: more };"
    report = show(tmp_path, playwright_config_ts=text)
    (suite,) = report["suites"]
    assert suite["environments"]["local"]["retries"]["state"] == "unknown"


def test_a_project_of_which_nothing_is_known_leaves_the_others_known(tmp_path: Path) -> None:
    text = (
        "import more from 'some-package';\n"
        "export default { retries: 1, projects: [{ name: 'a' }, more] };"
    )
    found = facts(show(tmp_path, playwright_config_ts=text), "retries")
    assert found == {"a": 1, 1: "not known"}


def test_the_version_may_be_that_of_the_other_packages(tmp_path: Path) -> None:
    package = '{"devDependencies": {"@playwright/experimental-ct-vue": "1.40.1"}}'
    (tmp_path / "package.json").write_text(package, "utf-8")
    (tmp_path / CONFIG).write_text("export default {};", "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    runner = json.loads(result.stdout)["suites"][0]["runner"]
    assert (runner["name"], runner["version"]) == ("playwright", "1.40.1")


def test_a_name_that_the_version_does_not_look_for_is_told(tmp_path: Path) -> None:
    report = show(tmp_path, "1.30.0", playwright_config_cjs="module.exports = {};")
    assert any("does not find" in notice["message"] for notice in report["notices"])
    again = show(tmp_path, "1.34.3", playwright_config_cjs="module.exports = {};")
    assert not any("does not find" in notice["message"] for notice in again["notices"])
