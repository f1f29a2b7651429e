"""jest configs to suites: presets, projects, versions, what is refused; without the real runner.

That the facts are right is compared with real ones in tests/oracle/test_jest_configs.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.command import run

CONFIG = "jest.config.js"
NEWEST = "30.5.2"


def show(root: Path, files: Mapping[str, str], version: str = NEWEST) -> dict[str, Any]:
    """The report of `show` on files, with a version of jest."""
    lock = {"lockfileVersion": 3, "packages": {"node_modules/jest": {"version": version}}}
    (root / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    for name, text in {"package.json": "{}", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=root)
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def facts(report: dict[str, Any], name: str, environment: str = "local") -> dict[Any, Any]:
    """One fact of each suite by its project: its value, or its state."""
    found = {
        suite["project"]: suite["environments"][environment][name] for suite in report["suites"]
    }
    return {project: fact.get("value", fact["state"]) for project, fact in found.items()}


def effects(report: dict[str, Any]) -> dict[str, str]:
    """What becomes of each setting that does not plainly work."""
    return {
        entry["setting"]: entry["effect"]
        for suite in report["suites"]
        for entry in suite["settings"]
    }


def test_projects_share_the_workers_and_timeouts_of_the_root(tmp_path: Path) -> None:
    text = (
        "module.exports = { maxWorkers: 2, testTimeout: 9000, projects: ["
        "{ displayName: 'a', maxWorkers: 1, testTimeout: 1 }, '<rootDir>/b'] };"
    )
    report = show(tmp_path, {CONFIG: text, f"b/{CONFIG}": "module.exports = { bail: 1 };"})
    assert [suite["id"] for suite in report["suites"]] == [f"{CONFIG}#a", f"b/{CONFIG}#1"]
    assert facts(report, "workers") == {"a": 2, 1: 2}
    assert facts(report, "testTimeoutMs") == {"a": 9000, 1: 9000}
    assert facts(report, "maxFailures") == {"a": "none", 1: "none"}
    assert effects(report) == dict.fromkeys(("maxWorkers", "testTimeout", "bail"), "ignored")
    assert report["runs"][0]["environments"]["local"]["workers"]["value"] == 2


def test_the_config_itself_may_be_one_of_its_projects(tmp_path: Path) -> None:
    text = "module.exports = { bail: 2, projects: ['<rootDir>', '<rootDir>/b'] };"
    report = show(tmp_path, {CONFIG: text, "b/package.json": "{}"})
    assert [suite["file"] for suite in report["suites"]] == [CONFIG, "b/package.json"]
    assert facts(report, "maxFailures") == {None: 2, 1: 2}


def test_patterns_find_folders_and_files(tmp_path: Path) -> None:
    files = {
        CONFIG: "module.exports = { projects: ['<rootDir>/packages/*'] };",
        f"packages/a/{CONFIG}": "module.exports = { displayName: 'one' };",
        "packages/b/package.json": json.dumps({"jest": {"displayName": "two"}}),
        "packages/readme.md": "",
    }
    assert list(facts(show(tmp_path, files), "outcome").items()) == [
        ("one", "runs"),
        ("two", "runs"),
    ]


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        ("'<rootDir>/../elsewhere'", "is not known"),
        ("'<rootDir>/missing'", "not in the repository"),
        ("'<rootDir>/**/jest.config.js'", "node_modules"),
        ("require('some-package')", "some-package"),
    ],
)
def test_projects_that_are_not_known_are_told(project: str, reason: str, tmp_path: Path) -> None:
    report = show(
        tmp_path, {CONFIG: f"module.exports = {{ maxWorkers: 1, projects: [{project}] }};"}
    )
    (suite,) = report["suites"]
    assert suite["environments"]["local"]["outcome"]["state"] == "unknown"
    assert reason in suite["environments"]["local"]["outcome"]["reason"]


def test_a_preset_gives_what_the_config_does_not_write(tmp_path: Path) -> None:
    files = {
        CONFIG: "module.exports = { preset: './base', maxWorkers: 1 };",
        "base.js": "exports.maxWorkers = 3;\nexports.testTimeout = process.env.CI ? 60000 : 7000;",
    }
    report = show(tmp_path, files)
    assert facts(report, "workers") == {None: 1}
    assert facts(report, "testTimeoutMs") == {None: 7000}
    assert facts(report, "testTimeoutMs", "ci") == {None: 60000}


def test_a_preset_of_a_package_is_read_only_as_json(tmp_path: Path) -> None:
    files = {
        CONFIG: "module.exports = { preset: 'ours' };",
        "node_modules/ours/jest-preset.json": '{ "testTimeout": 8000 }',
    }
    assert facts(show(tmp_path, files), "testTimeoutMs") == {None: 8000}
    (tmp_path / "node_modules/ours/jest-preset.json").unlink()
    files = {CONFIG: files[CONFIG], "node_modules/ours/jest-preset.js": "module.exports = {};"}
    assert facts(show(tmp_path, files), "testTimeoutMs") == {None: "unknown"}


def test_a_well_known_preset_sets_no_load(tmp_path: Path) -> None:
    report = show(tmp_path, {CONFIG: "module.exports = { preset: 'ts-jest' };"})
    assert facts(report, "testTimeoutMs") == {None: 5000}
    assert facts(report, "retries") == {None: 0}
    assert facts(
        show(tmp_path, {CONFIG: "module.exports = { preset: 'jest-puppeteer' };"}), "retries"
    ) == {None: "unknown"}


REFUSES, RUNS = "refuses-to-start", "runs"
OUTCOMES = {
    "27.5.1": {"{ maxWorkers: undefined }": REFUSES, "{ testRunner: 'jasmine2' }": RUNS},
    "28.1.2": {"{ maxConcurrency: 0 }": RUNS},
    "28.1.3": {
        "{ maxConcurrency: 0 }": REFUSES,
        "{ haste: { enableSymlinks: 1 } }": REFUSES,
        "{ projects: [{ bail: 'x' }] }": REFUSES,
        "5": REFUSES,
    },
    "29.0.0": {"5": RUNS},
    "29.6.0": {"{ maxConcurrency: 0 }": RUNS},
    "29.7.0": {
        "{ testMatch: 'a' }": REFUSES,
        "{ testRunner: 'jasmine2' }": "unknown",
        "{ projects: [{ bail: 'x' }] }": RUNS,
    },
    "30.4.2": {"{ projects: [{ maxWorkers: null }] }": REFUSES, "{ testMatch: 'a' }": RUNS},
    NEWEST: {
        "{ projects: [{ maxWorkers: null }] }": RUNS,
        "{ projects: [{ testMatch: 'a' }] }": REFUSES,
        "{ testTimeout: '1' }": REFUSES,
        "{ testTimeout: -1 }": REFUSES,
        "{ testTimeout: undefined }": RUNS,
        "{ verbose: 'yes' }": REFUSES,
        "{ verbose: null }": RUNS,
    },
}


@pytest.mark.parametrize("version", OUTCOMES)
def test_what_jest_refuses(version: str, tmp_path: Path) -> None:
    expected = {f"case{index}": told for index, told in enumerate(OUTCOMES[version].values())}
    configs = {
        f"case{index}/{CONFIG}": f"module.exports = {config};"
        for index, config in enumerate(OUTCOMES[version])
    }
    outcomes = {
        suite["file"].split("/")[0]: suite["environments"]["local"]["outcome"]
        for suite in show(tmp_path, configs, version)["suites"]
    }
    told = {case: fact.get("value", fact["state"]) for case, fact in outcomes.items()}
    assert told == expected


def test_several_configs_of_one_folder_are_refused_without_a_choice(tmp_path: Path) -> None:
    files = {CONFIG: "module.exports = { bail: 1 };", "jest.config.json": "{}"}
    assert facts(show(tmp_path, files, "27.5.1"), "outcome") == {None: "runs"}
    report = show(tmp_path, files, "28.1.3")
    (suite,) = report["suites"]
    told = suite["environments"]["local"]["outcome"]
    assert {case["fact"]["value"] for case in told["cases"]} == {"runs", "refuses-to-start"}


def test_the_settings_of_a_manifest(tmp_path: Path) -> None:
    report = show(tmp_path, {"package.json": '{ "name": "x", "jest": { "maxWorkers": "50%" } }'})
    (suite,) = report["suites"]
    workers = suite["environments"]["local"]["workers"]
    assert (suite["file"], workers["expression"]) == ("package.json", "max(floor(50% of cpus), 1)")


def test_setup_files_leave_retries_and_timeouts_open(tmp_path: Path) -> None:
    text = "module.exports = { testTimeout: 9000, setupFilesAfterEnv: ['./setup.js'] };"
    report = show(tmp_path, {CONFIG: text})
    for name in ("retries", "testTimeoutMs", "hookTimeoutMs"):
        assert facts(report, name) == {None: "unknown"}


@pytest.mark.parametrize(
    ("count", "expression"),
    [
        ("os.cpus().length", "cpus"),
        ("os.cpus().length / 2", "max(trunc(cpus / 2), 1)"),
        ("os.cpus().length - 1", "max(cpus - 1, 1)"),
        ("Math.floor(os.cpus().length / 4)", "unknown"),
    ],
)
def test_numbers_of_workers_that_depend_on_the_cpus(
    count: str, expression: str, tmp_path: Path
) -> None:
    report = show(
        tmp_path,
        {CONFIG: f"const os = require('os');\nmodule.exports = {{ maxWorkers: {count} }};"},
    )
    workers = report["suites"][0]["environments"]["local"]["workers"]
    assert workers.get("expression", workers["state"]) == expression


def test_fixes_keep_the_style_of_json(tmp_path: Path) -> None:
    before = '{\r\n\t// theirs\r\n\t"testRegex": ".e2e-spec.ts$",\r\n\t"testTimeout": 0\r\n}\r\n'
    show(tmp_path, {"jest-e2e.json": ""})
    (tmp_path / "jest-e2e.json").write_bytes(before.encode())
    run("check", ".", "--root", ".", "--fix", "--unsafe-fixes", cwd=tmp_path)
    after = (tmp_path / "jest-e2e.json").read_bytes().decode()
    wanted = before.replace('"testTimeout": 0', '"testTimeout": 30000,\r\n\t"maxWorkers": 1')
    assert after == wanted


def test_projects_that_are_not_known_leave_what_the_root_decides(tmp_path: Path) -> None:
    text = "module.exports = { maxWorkers: 2, bail: 3, projects: require('some-package') };"
    report = show(tmp_path, {CONFIG: text})
    assert facts(report, "workers") == {None: 2}
    assert facts(report, "maxFailures") == {None: 3}
    for name in ("outcome", "retries", "testTimeoutMs"):
        assert facts(report, name) == {None: "unknown"}
