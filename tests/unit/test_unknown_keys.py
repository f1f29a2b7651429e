"""Unknown keys: what is told with which suggestion, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from configguard.checking.session import Options, Session
from configguard.cli.check import report_of
from configguard.ruleset.rule import builtin_rules
from configguard.runners.near_names import distance, nearest
from configguard.source.workspace import Workspace

FILES = {
    "vitest": "vitest.config.ts",
    "jest": "jest.config.js",
    "@playwright/test": "playwright.config.ts",
}


def told(root: Path, package: str, version: str, settings: str) -> list[str]:
    """The reasons that unknown-setting gives for one config."""
    files = {
        "package.json": f'{{"devDependencies": {{"{package}": "{version}"}}}}',
        FILES[package]: f"module.exports = {settings};\n",
    }
    for name, text in files.items():
        (root / name).write_text(text, "utf-8")
    session = Session(Workspace(root), Options((builtin_rules()["unknown-setting"],)))
    report = report_of(session, session.judge([""]), plan_fixes=False)
    return [finding.message.partition(" knows no ")[2] for finding in report.findings]


@pytest.mark.parametrize(
    ("package", "version", "settings", "message"),
    [
        (
            "vitest",
            "3.2.7",
            "{ test: { retries: 2 } }",
            "retries here: it is Playwright's; vitest calls it `retry`",
        ),
        (
            "vitest",
            "2.1.9",
            "{ test: { globalTimeout: 9 } }",
            "globalTimeout here: it is Playwright's; vitest has no such setting",
        ),
        (
            "vitest",
            "4.0.0",
            "{ retry: 2, test: {} }",
            "retry here: it counts as `test.retry`, not here",
        ),
        (
            "vitest",
            "3.2.7",
            "{ test: { poolOptions: { forks: { maxFork: 1 } } } }",
            "poolOptions.forks.maxFork here: vitest has no setting of that name;"
            " `maxForks` is the nearest",
        ),
        (
            "@playwright/test",
            "1.40.1",
            "{ retry: 2 }",
            "retry here: it is vitest's; Playwright calls it `retries`",
        ),
        (
            "@playwright/test",
            "1.65.1",
            "{ projects: [{ name: 'a', testTimeout: 9 }] }",
            "testTimeout here: it is vitest's and jest's; Playwright calls it `timeout`",
        ),
        (
            "jest",
            "29.7.0",
            "{ retries: 2 }",
            "retries here: jest has no setting retries; jest.retryTimes() in a setup or test"
            " file sets it",
        ),
        (
            "jest",
            "27.5.1",
            "{ testTimeOut: 9 }",
            "testTimeOut here: jest has no setting of that name; `testTimeout` is the nearest",
        ),
    ],
)
def test_told(package: str, version: str, settings: str, message: str, tmp_path: Path) -> None:
    assert told(tmp_path, package, version, settings) == [message]


@pytest.mark.parametrize(
    ("package", "version", "settings"),
    [
        # Nothing resembles it: a plugin may have added it.
        ("vitest", "3.2.7", "{ test: { storybook: true }, pwa: {}, ssgOptions: {} }"),
        # Known in another version: no matter of spelling.
        ("vitest", "5.1.1", "{ test: { poolMatchGlobs: [], threads: true, useAtomics: true } }"),
        ("vitest", "0.34.6", "{ test: { repeats: 2, projects: [] } }"),
        # Around `test` a key may be a plugin's, in `use` an option of a fixture.
        ("vitest", "3.2.7", "{ include: [], reporters: [], test: {} }"),
        ("@playwright/test", "1.65.1", "{ use: { baseUrl: 'x', name: 'y', testDir: 'z' } }"),
        # What is undefined asks for nothing; what is the default anyway does not matter.
        ("vitest", "3.2.7", "{ test: { retries: undefined } }"),
        ("@playwright/test", "1.65.1", "{ retry: 0 }"),
        # A setting of the root config in a project is another matter.
        ("jest", "29.7.0", "{ projects: [{ displayName: 'a', bail: 1, maxWorkers: 2 }] }"),
    ],
)
def test_left_alone(package: str, version: str, settings: str, tmp_path: Path) -> None:
    assert told(tmp_path, package, version, settings) == []


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("retry", "retry", 0), ("retyr", "retry", 1), ("rety", "retry", 1), ("retries", "retry", 3)],
)
def test_distance(one: str, other: str, slips: int) -> None:
    assert distance(one, other) == distance(other, one) == slips


def test_two_names_alike_are_no_suggestion() -> None:
    assert nearest("maxThread", frozenset({"maxThreads"})) == "maxThreads"
    assert nearest("mixThreads", frozenset({"maxThreads", "minThreads"})) is None
    assert nearest("foo", frozenset({"fooo"})) is None
    assert nearest("testtimeout", frozenset({"testTimeout"})) == "testTimeout"
