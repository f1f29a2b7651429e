"""The arithmetic of retry-load, world by world, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from configguard.checking.session import Options, Session
from configguard.cli.check import report_of
from configguard.ruleset.rule import builtin_rules
from configguard.source.workspace import Workspace

X = "\N{MULTIPLICATION SIGN}"
PLAYWRIGHT = "playwright.config.ts"
VITEST = "vitest.e2e.config.ts"


def told(
    root: Path, package: str, version: str, file: str, settings: str, rule: str = "retry-load"
) -> list[str]:
    """The messages of one rule about one config."""
    files = {
        "package.json": f'{{"devDependencies": {{"{package}": "{version}"}}}}',
        file: f"export default {settings};\n",
    }
    workspace = Workspace(root, {name: text.encode() for name, text in files.items()})
    for name, text in files.items():
        (root / name).write_text(text, "utf-8")
    session = Session(workspace, Options((builtin_rules()[rule],)))
    report = report_of(session, session.judge([""]), plan_fixes=False)
    return [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    ("settings", "arithmetic"),
    [
        (
            "{ test: { maxWorkers: 3, retry: 2 } }",
            f"3 workers {X} 1 test {X} 3 attempts = 9 executions where 1 was meant",
        ),
        (
            "{ test: { maxWorkers: 3, retry: 2, sequence: { concurrent: true } } }",
            f"3 workers {X} 5 tests {X} 3 attempts = 45 executions where 1 was meant",
        ),
        (
            "{ test: { retry: 1 } }",
            f"7 workers on 8 CPUs {X} 1 test {X} 2 attempts = 14 executions where 1 was meant",
        ),
        (
            "{ test: { maxWorkers: 2, retry: Infinity } }",
            f"2 workers {X} 1 test {X} attempts without end = executions without end"
            " where 1 was meant",
        ),
    ],
)
def test_arithmetic(settings: str, arithmetic: str, tmp_path: Path) -> None:
    [message] = told(tmp_path, "vitest", "4.1.12", VITEST, settings)
    assert arithmetic in message


def test_workers_and_retries_of_one_world_belong_together(tmp_path: Path) -> None:
    """Parallel without retries, or retries on one worker: neither multiplies anything."""
    settings = "{ workers: process.env.ONE ? 1 : 4, retries: process.env.ONE ? 2 : 0 }"
    assert told(tmp_path, "@playwright/test", "1.50.1", PLAYWRIGHT, settings) == []


def test_the_world_in_which_both_hold_is_told(tmp_path: Path) -> None:
    settings = "{ workers: process.env.FAST ? 4 : 1, retries: process.env.FAST ? 2 : 0 }"
    [message] = told(tmp_path, "@playwright/test", "1.50.1", PLAYWRIGHT, settings)
    assert f"4 workers {X} 1 test {X} 3 attempts = 12 executions" in message
    assert message.endswith("when FAST is set")


def test_serial_with_unknown_retries_is_no_load(tmp_path: Path) -> None:
    settings = "{ workers: 1, retries: Number(process.env.AGAIN) }"
    assert told(tmp_path, "@playwright/test", "1.50.1", PLAYWRIGHT, settings) == []


def test_more_workers_than_any_number(tmp_path: Path) -> None:
    """jest takes the digits of a string for its workers: 400 of them are infinity."""
    settings = f"{{ maxWorkers: '{'9' * 400}' }}"
    rule = "e2e-parallel-workers"
    [message] = told(tmp_path, "jest", "29.7.0", "jest.e2e.config.js", settings, rule)
    assert message.endswith("the limit is 1")


def test_scripts_that_come_to_the_same_are_one_finding(tmp_path: Path) -> None:
    scripts = {
        "a": "playwright test --retries=1",
        "b": "playwright test --retries=1 --timeout=9000",
        "c": "playwright test --retries=1 --workers=2",
        "d": "playwright test --retries=1 --timeout=8000",
    }
    package = {"scripts": scripts, "devDependencies": {"@playwright/test": "1.50.1"}}
    (tmp_path / "package.json").write_text(json.dumps(package, indent=1), "utf-8")
    (tmp_path / PLAYWRIGHT).write_text("export default { workers: 3 };\n", "utf-8")
    session = Session(Workspace(tmp_path), Options((builtin_rules()["retry-load"],)))
    report = report_of(session, session.judge([""]), plan_fixes=False)
    by_load = {
        finding.message.partition(" comes to ")[2][:9]: finding for finding in report.findings
    }
    assert set(by_load) == {"3 workers", "2 workers"}
    assert len(report.findings) == 2
    same = by_load["3 workers"]
    assert len(same.suites) == 3
    beside = {
        one.message: one.at[0].start for one in same.because if one.message.startswith("so do")
    }
    assert list(beside) == ['so does the script "b"', 'so does the script "d"']
    assert len({same.at[0].start, *beside.values()}) == 3
