"""Processes as reports name them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configguard.watchdog.processes import Ledger, masked, role_of, shortened, shown_command
from configguard.watchdog.sampling import ProcessSample, Sample


def process(pid: int, mb: float, cpu_s: float, name: str = "node", *command: str) -> ProcessSample:
    return ProcessSample(pid, float(pid), 1, name, command, mb, cpu_s, "pss")


def sample(t: float, cpu_s: float, *processes: ProcessSample) -> Sample:
    mb = sum(one.memory_mb for one in processes)
    return Sample(t, cpu_s, mb, "pss", processes, 8000.0, 16000.0, 8.0)


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("node (vitest 3)", "vitest worker"),
        ("node (vitest)", "vitest main"),
        ("/usr/bin/node /x/node_modules/tinypool/dist/entry/process.js", "vitest worker"),
        ("node /x/node_modules/vitest/dist/workers/forks.js", "vitest worker"),
        ("node /x/node_modules/.bin/vitest run --config vitest.e2e.config.ts", "vitest main"),
        ("node /x/node_modules/jest-worker/build/workers/processChild.js", "jest worker"),
        ("node /x/node_modules/jest-worker/build/processChild.js", "jest worker"),
        ("node /x/node_modules/.bin/jest", "jest main"),
        ("node /x/node_modules/playwright/lib/worker/workerProcessEntry.js", "playwright worker"),
        ("node /x/node_modules/playwright/lib/common/process.js", "playwright worker"),
        ("node /x/node_modules/.bin/playwright test", "playwright main"),
        ("/x/chrome-linux/headless_shell --type=renderer", "browser"),
        ("/x/node_modules/@esbuild/linux-x64/bin/esbuild --service=0.25.1 --ping", "esbuild"),
        ("npm exec vitest run", "package manager"),
        ("sh -c vite", "shell"),
        ("python3 ramp.py", "python3"),
        ("", "python3"),
    ],
)
def test_roles(command: str, role: str) -> None:
    assert role_of("python3", command.split()) == role


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["x", "--token=abc"], "x --token=***"),
        (["x", "--api-key", "abc", "--run"], "x --api-key *** --run"),
        (["x", "--password", "--run"], "x --password --run"),
        (["env", "GITHUB_TOKEN=abc", "DEBUG=1"], "env GITHUB_TOKEN=*** DEBUG=1"),
        (["curl", "https://me:pw@host/x"], "curl https://me:***@host/x"),
        (["curl", "-H", "Authorization: Bearer abc.def"], "curl -H Authorization:***"),
        (["x", "ghp_0123456789abcdef"], "x ***"),
        (["mysql", "-pS1"], "mysql -p***"),
        (["mkdir", "-pv", "a"], "mkdir -pv a"),
        (["curl", "-u", "admin:S1"], "curl -u admin:***"),
        (["docker", "run", "-u", "node"], "docker run -u node"),
        (["x", "--user=bob:S1"], "x --user=bob:***"),
        (["x", "--key", "S1"], "x --key ***"),
        (["curl", "--header=Cookie: sid=S1; a=S2"], "curl --header=Cookie: ***"),
        (["env", "DB_PASS=S1"], "env DB_PASS=***"),
        (["x", '{"password": "S1", "a": 2}'], 'x {"password": ***, "a": 2}'),
        (
            ["sh", "-c", "TOKEN=S1; export PASSWORD=\"S2\"; sleep 9"],
            "sh -c TOKEN=***; export PASSWORD=***; sleep 9",
        ),
        (["x", "http://h/?access_token=abc&y=1"], "x http://h/?access_token=***&y=1"),
        (["vitest", "run", "--config", "vitest.e2e.config.ts"],
         "vitest run --config vitest.e2e.config.ts"),
        (["x\n::error::y", "\x1b[31m"], "x\\u{a}::error::y \\u{1b}[31m"),
    ],
)  # fmt: skip
def test_command_lines_without_secrets(command: list[str], shown: str) -> None:
    assert shown_command(command) == shown


@given(st.text(st.characters(categories=("Ll", "Nd")), min_size=12, max_size=30))
def test_no_secret_of_a_named_flag_is_shown(secret: str) -> None:
    for command in (
        [f"--auth-token={secret}"],
        ["--auth-token", secret],
        [f"DB_PASSWORD={secret}"],
    ):
        assert secret not in " ".join(masked(command))


def test_the_middle_is_left_out() -> None:
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("abcde", 5) == "abcde"


def test_the_ledger_knows_who_took_most_since_the_start() -> None:
    ledger = Ledger()
    big, busy = process(1, 900, 1), process(2, 50, 30)
    ledger.add(sample(0, 31, big, busy))
    ledger.add(sample(5, 45, process(2, 40, 35), process(3, 10, 0)))
    assert [one["pid"] for one in ledger.top("memory")] == [1, 2, 3]
    assert [one["pid"] for one in ledger.top("cpu")] == [2, 1, 3]
    assert ledger.top("memory")[1]["memoryMB"] == 50
    assert ledger.top("cpu")[0]["cpuSeconds"] == 35
    assert ledger.short_lived_cpu_s == pytest.approx(45 - 36)


def test_the_ledger_is_bounded_and_keeps_the_heaviest() -> None:
    ledger = Ledger()
    ledger.add(sample(0, 0, *(process(pid, float(pid), 0) for pid in range(1, 9001))))
    assert [one["pid"] for one in ledger.top("memory")] == [9000, 8999, 8998, 8997, 8996]
