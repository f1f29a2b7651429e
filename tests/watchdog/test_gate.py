"""The gate of `configguard run`: the command to its suites, and whether it may start."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from configguard.limits.limits import FILE
from watchdog.test_run_cli import Project

INCIDENT = Path(__file__).parents[1] / "fixtures" / "incident"


class Incident(Project):
    """The incident's project, with runners that only say how they were started."""

    def __init__(self, folder: Path) -> None:
        root = folder / "project"
        shutil.copytree(INCIDENT, root, ignore=shutil.ignore_patterns("expected.txt"))
        (root / ".git").mkdir()
        super().__init__(root, folder / "state")
        bins = folder / "bin"
        bins.mkdir()
        for name in ("vitest", "npm", "npx", "jest", "playwright"):
            (bins / name).write_text(f'#!/bin/sh\necho "{name} $*"\n')
            (bins / name).chmod(0o755)
        self.environ["PATH"] = f"{bins}:{self.environ['PATH']}"

    def gated(
        self, *command: str, folder: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command through the gate."""
        return subprocess.run(
            self.command("run", "--", *command),
            cwd=self.root / folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def incident(tmp_path: Path) -> Incident:
    return Incident(tmp_path)


E2E = ("vitest", "run", "--config", "vitest.e2e.config.ts")


@pytest.mark.parametrize(
    "command",
    [
        E2E,
        ("npx", "vitest", "run", "-c", "vitest.e2e.config.ts"),
        ("npm", "run", "test:e2e"),
        ("npm", "run", "test:e2e", "--", "--reporter=dot"),
        ("env", "DEBUG=1", *E2E),
    ],
)
def test_errors_about_load_keep_a_command_from_starting(
    incident: Incident, command: tuple[str, ...]
) -> None:
    ended = incident.gated(*command)
    assert (ended.returncode, ended.stdout) == (125, "")
    assert "error[e2e-parallel-workers]" in ended.stderr
    assert "vitest.e2e.config.ts:17:23" in ended.stderr
    told = " ".join(ended.stderr.split())
    assert "`configguard check --fix` mends 2, or start it all the same with --no-gate" in told
    assert ended.stderr.splitlines()[-1] == "configguard: not started reason=gate"
    assert not (incident.root / ".configguard").exists()


def test_no_gate_starts_it(incident: Incident) -> None:
    ended = incident.run(*E2E)
    assert (ended.returncode, ended.stdout) == (0, f"{' '.join(E2E)}\n")


@pytest.mark.parametrize("command", [("vitest", "run"), ("npm", "test")])
def test_a_suite_without_errors_starts_without_a_word(
    incident: Incident, command: tuple[str, ...]
) -> None:
    ended = incident.gated(*command)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{' '.join(command)}\n", "")
    assert incident.result()["gate"]["workers"] >= 1


def test_what_check_fixes_may_start(incident: Incident) -> None:
    assert incident.cli("check", "--fix").returncode == 0
    ended = incident.gated(*E2E)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert incident.result()["gate"]["workers"] == 1


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("true",), "no test runner is known to be started by the command"),
        (("sh", "run.sh"), "no test runner is known to be started by the command"),
        (("vitest", "run", "--config", "nowhere.ts"), "nowhere.ts, which is not there"),
    ],
)
def test_a_command_that_cannot_be_resolved_is_one_note(
    incident: Incident, command: tuple[str, ...], told: str
) -> None:
    (incident.root / "run.sh").write_text("exit 0\n")
    ended = incident.gated(*command)
    assert ended.returncode == 0
    assert len(ended.stderr.splitlines()) == 1
    assert told in ended.stderr


def test_a_config_that_cannot_be_judged_is_one_note(incident: Incident) -> None:
    (incident.root / "vitest.e2e.config.ts").write_text("export default {{\n")
    ended = incident.gated(*E2E)
    assert (ended.returncode, ended.stdout) == (0, f"{' '.join(E2E)}\n")
    [note] = ended.stderr.splitlines()
    assert "vitest.e2e.config.ts could not be judged: syntax error" in note


def test_a_config_that_refuses_to_start_is_told_before(incident: Incident) -> None:
    (incident.root / "vitest.e2e.config.ts").write_text(
        "export default { test: { maxWorkers: foo() } }\n"
    )
    ended = incident.gated(*E2E)
    assert ended.returncode == 125
    assert "foo is not defined" in " ".join(ended.stderr.split())
    assert "correct what is told above" in " ".join(ended.stderr.split())


def test_a_flag_that_raises_the_load_is_seen_in_the_command(incident: Incident) -> None:
    assert incident.cli("check", "--fix").returncode == 0
    ended = incident.gated(*E2E, "--retry", "5")
    assert ended.returncode == 125
    assert "command-line:1:" in ended.stderr
    assert incident.gated(*E2E, "--retry", "0").returncode == 0


def test_the_environment_is_the_one_it_will_run_in(incident: Incident) -> None:
    (incident.root / "vitest.e2e.config.ts").write_text(
        "import { defineConfig } from 'vitest/config'\n"
        "export default defineConfig({ test: { fileParallelism: false, testTimeout: 9000,\n"
        "  hookTimeout: 9000, retry: process.env.E2E_RETRY === 'much' ? 9 : 0 } })\n"
    )
    assert incident.gated(*E2E).returncode == 0
    assert incident.gated(*E2E, E2E_RETRY="little").returncode == 0
    ended = incident.gated(*E2E, E2E_RETRY="much")
    assert ended.returncode == 125
    assert "error[too-many-retries]" in ended.stderr


def test_ci_is_judged_as_ci(incident: Incident) -> None:
    (incident.root / "vitest.e2e.config.ts").write_text(
        "import { defineConfig } from 'vitest/config'\n"
        "export default defineConfig({ test: { maxWorkers: process.env.CI ? 4 : 1,\n"
        "  minWorkers: 1, testTimeout: 9000, hookTimeout: 9000 } })\n"
    )
    assert incident.gated(*E2E).returncode == 0
    assert incident.gated(*E2E, CI="true").returncode == 125


def test_from_a_folder_below(incident: Incident) -> None:
    folder = incident.root / "packages" / "web"
    folder.mkdir(parents=True)
    for name in ("vitest.e2e.config.ts", "config"):
        shutil.move(incident.root / name, folder / name)
    (folder / FILE).write_text(json.dumps({"resourceLimits": {"maxMemoryMB": 77}}))
    assert incident.gated(*E2E, folder="packages/web").returncode == 125
    text = (folder / "vitest.e2e.config.ts").read_text()
    (folder / "vitest.e2e.config.ts").write_text(text.replace("maxThreads: 3", "maxThreads: 1"))
    (folder / "config" / "vitest.shared.ts").write_text("export default {}\n")
    above = incident.gated(
        "vitest", "run", "--root", "packages/web", "--config", "vitest.e2e.config.ts"
    )
    assert above.returncode == 0, above.stderr
    assert incident.result()["watching"]["limits"]["maxMemoryMB"]["value"] == 77


def test_rules_of_the_settings_count(incident: Incident) -> None:
    (incident.root / "configguard.toml").write_text(
        'ignore = ["e2e-parallel-workers", "retry-load", "too-many-retries"]\n'
    )
    assert incident.gated(*E2E).returncode == 0
    (incident.root / "configguard.toml").write_text("ignore = 5\n")
    ended = incident.gated(*E2E)
    assert ended.returncode == 125
    assert "the settings file is wrong" in ended.stderr


def test_warnings_start_and_are_named_when_it_is_stopped(incident: Incident) -> None:
    (incident.root / FILE).unlink()
    (incident.root / "configguard.toml").write_text(
        '[severity]\ne2e-parallel-workers = "warning"\nretry-load = "warning"\n'
        'too-many-retries = "warning"\n'
    )
    hungry = "import time; b = bytearray(200 << 20); b[::4096] = b'x' * 51200; time.sleep(50)"
    vitest = Path(incident.environ["PATH"].split(":")[0]) / "vitest"
    vitest.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{hungry}"\n')
    ended = subprocess.run(
        incident.command("run", "--max-memory", "60", "--", *E2E),
        cwd=incident.root,
        env=incident.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 124
    told = " ".join(ended.stderr.split())
    assert "vitest.e2e.config.ts:17 maxThreads: 3 \N{MULTIPLICATION SIGN} " in told
    assert "config/vitest.shared.ts:9 retry: RETRIES; run" in told
    assert "run `configguard check --fix --unsafe-fixes`" in told
