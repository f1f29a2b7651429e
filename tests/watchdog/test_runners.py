"""Real runners with a test that spins without end: their own time limits do not stop it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from oracle import install
from watchdog.running import Run, Runs, tagged, wait_for

REQUIRE_ENV = "CONFIGGUARD_REQUIRE_RUNNERS"
SPIN = "require('fs').writeFileSync(process.env.READY, 'x'); for (;;);"
ESM_SPIN = "fs.writeFileSync(process.env.READY, 'x'); for (;;);"
pytestmark = pytest.mark.real_runner

PROJECTS = {
    "vitest": {
        "vitest.config.mjs": "export default { test: { globals: true, testTimeout: 1000 } };",
        "spin.test.mjs": f"import fs from 'node:fs'; test('spins', () => {{ {ESM_SPIN} }});",
    },
    "jest": {
        "package.json": '{"name": "spins", "jest": {"testTimeout": 1000}}',
        "spin.test.js": f"test('spins', () => {{ {SPIN} }});",
        "other.test.js": "test('ends', () => {});",
    },
    "playwright": {
        "playwright.config.js": "module.exports = { timeout: 1000, globalTimeout: 5000 };",
        "spin.spec.js": (
            f"const {{ test }} = require('@playwright/test'); test('spins', () => {{ {SPIN} }});"
        ),
    },
}
ENTRIES = {
    "vitest": "vitest/vitest.mjs run",
    "jest": "jest/bin/jest.js --workers=2",
    "playwright": "@playwright/test/cli.js test",
}
CASES = [
    ("vitest-3.2", "--pool=forks"),
    ("vitest-3.2", "--pool=threads"),
    ("vitest-4.1", "--pool=forks"),
    ("vitest-4.1", "--pool=threads"),
    ("jest-30", ""),
    ("playwright-1.65", ""),
]


def command_of(folder: Path, version: str, flags: str) -> list[str]:
    """A project of the runner, and the command that runs it through a shell as npm would."""
    runner = version.partition("-")[0]
    node = shutil.which("node")
    if node is None or not install.is_installed(version):
        told = (
            f"REAL {version} IS NOT INSTALLED, IT WAS NOT GUARDED: python tests/oracle/install.py"
        )
        if os.environ.get(REQUIRE_ENV):
            pytest.fail(told)
        pytest.skip(told)
    for name, text in PROJECTS[runner].items():
        (folder / name).write_text(text)
    modules = install.CACHE / version / "node_modules"
    # A folder of links: what a runner writes into node_modules stays out of the shared copy.
    (folder / "node_modules").mkdir()
    for package in modules.iterdir():
        if not package.name.startswith("."):
            (folder / "node_modules" / package.name).symlink_to(package)
    return ["sh", "-c", f'"{node}" node_modules/{ENTRIES[runner]} {flags}; exit $?']


def start(runs: Runs, version: str, flags: str, **options: object) -> Run:
    folder = runs.folder / "project"
    folder.mkdir()
    command = command_of(folder, version, flags)
    return runs.start(
        command, settings={"interval_s": 0.3, "grace_s": 0.5}, options=options, cwd=folder
    )


@pytest.mark.parametrize(("version", "flags"), CASES)
def test_a_spinning_test_is_stopped_and_nothing_is_left(
    runs: Runs, version: str, flags: str
) -> None:
    run = start(runs, version, flags, stop_when=str(runs.ready))
    assert run.wait() == 124
    assert run.end()["stopped_by"] == "cpu"
    assert run.survivors() == []


@pytest.mark.parametrize(
    ("version", "flags"), [("vitest-4.1", "--pool=forks"), ("playwright-1.65", "")]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_users_own_signal_leaves_nothing_either(
    runs: Runs, version: str, flags: str, number: int
) -> None:
    run = start(runs, version, flags)
    runs.wait_ready(1)
    time.sleep(0.3)
    os.kill(run.process.pid, number)
    run.wait()
    wait_for(lambda: not tagged(run.tag), "nothing is left")


def test_without_the_guard_workers_do_survive(runs: Runs) -> None:
    """The control: what the tests above would find if the guard did nothing."""
    folder = runs.folder / "project"
    folder.mkdir()
    command = command_of(folder, "playwright-1.65", "")
    process = subprocess.Popen(
        command, cwd=folder, env=runs.env(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    runs.wait_ready(1)
    process.terminate()
    process.wait(timeout=60)
    time.sleep(0.5)
    assert tagged(runs.tag)
