"""`configguard run` through the command line, with real small processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from configguard.cli.run_request import OPTIONS, help_text
from configguard.limits.limits import FILE
from configguard.resources import data_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="whole on Linux only")
PYTHON = sys.executable
HOLD = "import time; b = bytearray({mb} << 20); b[::4096] = b'x' * len(b[::4096]); time.sleep({s})"


def hold(mb: int, seconds: float = 60) -> list[str]:
    """A command that takes so much memory, and stays."""
    return [PYTHON, "-c", HOLD.format(mb=mb, s=seconds)]


class Project:
    """A project folder, with a registry of its own."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        keep = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
        self.environ = {name: os.environ[name] for name in keep if name in os.environ}
        self.environ |= {"CONFIGGUARD_STATE_DIR": str(state), "PYTHONUTF8": "1"}

    def command(self, *arguments: str) -> list[str]:
        return [PYTHON, "-m", "configguard", *arguments]

    def cli(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run configguard to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run(
        self, *command: str, options: tuple[str, ...] = ("--no-gate",), **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return self.cli("run", *options, "--", *command, **environ)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start configguard; the caller ends it."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def limits(self, **numbers: Any) -> None:
        monitoring = numbers.pop("monitoring", {})
        value = {"resourceLimits": numbers, "monitoring": monitoring}
        (self.root / FILE).write_text(json.dumps(value))

    def report(self, *arguments: str) -> dict[str, Any]:
        """What a command of `runs` prints as JSON."""
        ended = self.cli("runs", *arguments, "--output-format", "json")
        value: dict[str, Any] = json.loads(ended.stdout)
        assert_valid(value, arguments[0])
        return value

    @property
    def runs(self) -> Path:
        return self.root / ".configguard" / "runs"

    def result(self) -> dict[str, Any]:
        """The result of the only run."""
        [folder] = self.runs.iterdir()
        value: dict[str, Any] = json.loads((folder / "result.json").read_bytes())
        assert_valid(value, "result")
        return value


def assert_valid(value: Any, name: str) -> None:
    """Hold a value against its part of the schema."""
    schema = json.loads((data_folder("schema") / "run.schema.json").read_bytes())
    Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"}).validate(value)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    return Project(root, tmp_path / "state")


def last(ended: subprocess.CompletedProcess[str]) -> str:
    lines = ended.stderr.splitlines()
    return lines[-1] if lines else ""


# --- exit codes -------------------------------------------------------------------------------


def test_a_command_that_ends_well_is_not_spoken_of(project: Project) -> None:
    ended = project.run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "out\n", "err\n")
    result = project.result()
    assert (result["exitCode"], result["reason"], result["wasStarted"]) == (7, None, True)


@pytest.mark.parametrize(
    ("command", "code", "line"),
    [
        (["sh", "-c", "kill -SEGV $$"], 139, "configguard: ended signal=SIGSEGV"),
        (["sh", "-c", "kill -KILL $$"], 137, "configguard: ended signal=SIGKILL"),
        (["no-such-command-anywhere"], 127, "configguard: not started reason=not-found"),
        (["./plain"], 126, "configguard: not started reason=not-executable"),
    ],
)
def test_exit_codes_and_the_last_line(
    project: Project, command: list[str], code: int, line: str
) -> None:
    (project.root / "plain").write_text("no program\n")
    ended = project.run(*command)
    assert ended.returncode == code
    assert last(ended) == line


def test_what_stands_behind_the_dashes_arrives_untouched(project: Project) -> None:
    words = ["--", "--max-memory", "3", "-h", "a b", "", "*", "--help"]
    ended = project.run(PYTHON, "-c", "import sys; print(sys.argv[1:])", *words)
    assert ended.stdout == f"{words}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["true"], "put -- before the command"),
        ([], "there is no command behind --"),
        (["--no-gate", "--"], "there is no command behind --"),
        (
            ["--max-memory", "0", "--", "true"],
            "--max-memory must be a number above 0 and at most 1,000,000,000, not '0'",
        ),
        (
            ["--max-memory", "-5", "--", "true"],
            "--max-memory must be a number above 0 and at most 1,000,000,000, not '-5'",
        ),
        (
            ["--max-memory=nan", "--", "true"],
            "--max-memory must be a number above 0 and at most 1,000,000,000, not 'nan'",
        ),
        (
            ["--max-memory", "1e99", "--", "true"],
            "--max-memory must be a number above 0 and at most 1,000,000,000, not '1e99'",
        ),
        (["--max-cpu", "101", "--", "true"], "at most 100, not '101'"),
        (
            ["--timeout", "soon", "--", "true"],
            "--timeout must be a time of at most 366 days such as 90s or 10m",
        ),
        (["--wait", "--", "true"], "--wait needs a value: --wait TIME"),
        (["--max-memry=3", "--", "true"], "did you mean --max-memory?"),
        (["--no-gate=yes", "--", "true"], "there is no option --no-gate"),
        (["--color", "red", "--", "true"], "not one of auto, always, never"),
        (["--root", "nowhere", "--", "true"], "--root nowhere: there is no such folder"),
        (["--root", "/dev", "--", "true"], "the current folder does not lie in it"),
    ],
)
def test_wrong_options_start_nothing(project: Project, arguments: list[str], told: str) -> None:
    marked = [*arguments[:-1], "touch", "started"] if arguments[-1:] == ["true"] else arguments
    ended = project.cli("run", *marked)
    assert ended.returncode == 125
    assert told in " ".join(ended.stderr.split())
    assert last(ended) == "configguard: not started reason=usage"
    assert not (project.root / "started").exists()


def test_help_names_every_option(project: Project) -> None:
    ended = project.cli("run", "--help")
    assert (ended.returncode, ended.stdout) == (0, help_text())
    assert all(option.name in ended.stdout for option in OPTIONS)
    assert "\n  run " in project.cli("--help").stdout


# --- limits -----------------------------------------------------------------------------------


def test_memory_above_the_files_limit_is_stopped_and_reported(project: Project) -> None:
    project.limits(maxMemoryMB=60)
    ended = project.run(*hold(200), "--token=hunter2")
    assert ended.returncode == 124
    lines = ended.stderr.splitlines()
    assert last(ended).startswith("configguard: stopped reason=memory seconds=")
    assert "more than 1.25 times the limit of 60 MB" in ended.stderr
    assert f"({FILE}:1:" in " ".join(ended.stderr.split())
    assert "hunter2" not in ended.stderr
    report = lines[next(i for i, one in enumerate(lines) if "stopped after" in one) :]
    assert len(report) <= 15
    result = project.result()
    assert (result["exitCode"], result["reason"]) == (124, "memory")
    assert result["peaks"]["memory"]["mb"] > 60
    assert result["top"]["memory"][0]["command"].endswith("--token=***")
    assert result["watching"]["limits"]["maxMemoryMB"]["value"] == 60


def test_without_a_limits_file_numbers_only_warn(project: Project) -> None:
    ended = project.run("sh", "-c", "sleep 0.3; exit 3")
    assert (ended.returncode, ended.stderr) == (3, "")
    assert project.result()["watching"]["limits"]["maxMemoryMB"] == {
        "value": 2048,
        "from": "default",
        "stops": False,
    }


def test_shared_memory_is_counted_once(project: Project) -> None:
    """Six processes that share 120 MB take 720 MB by RSS."""
    code = (
        "import os, time; b = bytearray(120 << 20); b[::4096] = b'x' * len(b[::4096])\n"
        "for _ in range(5):\n    if os.fork() == 0: break\n"
        "time.sleep(2)"
    )
    project.limits(maxMemoryMB=300, monitoring={"intervalSeconds": 0.3})
    ended = project.run(PYTHON, "-c", code)
    assert (ended.returncode, ended.stderr) == (0, "")
    # A look into the middle of a fork finds less than 240 MB of RSS, and is not repeated as PSS.
    assert 110 < project.result()["peaks"]["memory"]["mb"] < 240


def test_cpu_of_children_that_come_and_go_is_stopped(project: Project) -> None:
    burn = "import time; e = time.process_time() + 0.05\nwhile time.process_time() < e: pass"
    churn = f"import subprocess, sys\nwhile True: subprocess.run([sys.executable, '-Sc', {burn!r}])"
    project.limits(
        maxCPUCores=0.02,
        monitoring={"intervalSeconds": 0.4, "warmupSeconds": 0, "enforceCPU": "always"},
    )
    ended = project.run(PYTHON, "-c", churn)
    assert ended.returncode == 124
    assert last(ended).startswith("configguard: stopped reason=cpu")
    assert f"({FILE}:1:36)" in " ".join(ended.stderr.split())


def test_auto_kill_off_only_warns(project: Project) -> None:
    project.limits(maxMemoryMB=30, monitoring={"autoKillOnExceed": False})
    ended = project.run(*hold(100, 1.5))
    assert ended.returncode == 0
    assert "above the limit of 30 MB" in ended.stderr
    assert "only told: autoKillOnExceed is false" in ended.stderr


def test_a_run_that_takes_too_long_is_stopped(project: Project) -> None:
    ended = project.run("sleep", "60", options=("--no-gate", "--timeout", "0.5s"))
    assert ended.returncode == 124
    assert "it runs longer than the limit of 0.5 s (--timeout)" in " ".join(ended.stderr.split())
    assert last(ended).startswith("configguard: stopped reason=wall")


def test_a_wrong_limits_file_starts_nothing(project: Project) -> None:
    (project.root / FILE).write_text('{"resourceLimits": {"maxMemoryMB": "2 GB"}}')
    ended = project.run("touch", "started")
    assert ended.returncode == 125
    assert f"{FILE}:1:36: error: maxMemoryMB must be a number above 0" in ended.stderr
    assert last(ended) == "configguard: not started reason=limits"
    assert not (project.root / "started").exists()


def test_a_limits_file_of_ones_own(project: Project, tmp_path: Path) -> None:
    project.limits(maxMemoryMB=1)
    own = tmp_path / "own.json"
    own.write_text('{"resourceLimits": {"maxMemoryMB": 900}}')
    ended = project.run("true", options=("--no-gate", "--limits", str(own)))
    assert ended.returncode == 0
    assert project.result()["watching"]["limits"]["maxMemoryMB"]["value"] == 900
    own.write_text("{")
    ended = project.run("true", options=("--no-gate", "--limits", str(own)))
    assert ended.returncode == 125
    assert "is not JSON" in ended.stderr
    ended = project.run("true", options=("--no-gate", "--limits", "nowhere.json"))
    assert ended.returncode == 125
    assert "--limits nowhere.json" in ended.stderr


def test_a_limit_above_the_machine_is_told(project: Project) -> None:
    ended = project.run("true", options=("--no-gate", "--max-memory", "99999999"))
    assert ended.returncode == 0
    assert "above the" in ended.stderr
    assert "MB of this machine" in ended.stderr


def test_hooks_of_the_file_are_told_not_done_unless_they_are_not_wanted(project: Project) -> None:
    value = {"cleanup": [["touch", "cleaned"]]}
    (project.root / FILE).write_text(json.dumps(value))
    ended = project.run("true")
    assert ended.returncode == 0
    assert "asks for cleanup: this version does not do that yet" in ended.stderr
    assert not (project.root / "cleaned").exists()
    ended = project.run("true", options=("--no-gate", "--no-hooks"))
    assert ended.stderr == ""
    options = ("--no-gate", "--no-hooks", "--allow-host", "db", "--allow-env", "X")
    assert project.run("true", options=options).returncode == 0


# --- left-overs -------------------------------------------------------------------------------

_LEAVES = "(trap '' HUP; setsid sleep 50 >/dev/null 2>&1 &) ; exit 0"


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def test_left_overs_are_named_and_ended(project: Project) -> None:
    ended = project.run("sh", "-c", _LEAVES)
    assert ended.returncode == 0
    assert re.search(r"1 process outlived the command and was ended: \d+ sleep 50", ended.stderr)
    [left] = project.result()["leftovers"]
    assert not alive(left["pid"])


def test_left_overs_can_make_a_pass_a_failure(project: Project) -> None:
    options = ("--no-gate", "--fail-on-leftovers")
    ended = project.run("sh", "-c", _LEAVES, options=options)
    assert ended.returncode == 1
    assert last(ended) == "configguard: failed reason=leftovers"
    assert (project.result()["exitCode"], project.result()["reason"]) == (1, "leftovers")
    assert project.run("true", options=options).returncode == 0
    assert (
        project.run(
            "sh", "-c", f"{_LEAVES.removesuffix('exit 0')} exit 9", options=options
        ).returncode
        == 9
    )


def test_left_overs_can_be_kept(project: Project) -> None:
    project.limits(monitoring={"leftovers": "warn"})
    ended = project.run("sh", "-c", _LEAVES)
    assert ended.returncode == 0
    assert "outlived the command and was left running" in ended.stderr
    [kept] = project.result()["kept"]
    assert alive(kept["pid"])
    os.kill(kept["pid"], signal.SIGKILL)


def test_what_a_killed_guard_left_is_swept(project: Project) -> None:
    """Front and keeper are killed together: only the environment still tells whose it is."""
    # The command itself would die with its keeper; what it has started does not.
    command = "sleep 50 & echo $$ $!; wait"
    guard = project.start("run", "--no-gate", "--", "sh", "-c", command)
    assert guard.stdout is not None
    shell, pid = map(int, guard.stdout.readline().split())
    assert str(pid) not in project.cli("sweep", "--dry-run").stdout
    keeper = parent_of(shell)
    for one in (guard.pid, keeper):
        os.kill(one, signal.SIGSTOP)
    for one in (keeper, guard.pid):
        os.kill(one, signal.SIGKILL)
    guard.wait()
    assert alive(pid)
    listed = project.cli("sweep", "--dry-run")
    assert f"{pid}  sleep" in listed.stdout
    assert alive(pid)
    swept = project.cli("sweep")
    assert swept.returncode == 0
    assert f"{pid}  sleep" in swept.stdout
    assert not alive(pid)
    guard.stdout.close()
    assert guard.stderr is not None
    guard.stderr.close()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_killed_keeper_is_told_and_leaves_nothing(project: Project) -> None:
    command = "sleep 50 & echo $$ $!; wait"
    guard = project.start("run", "--no-gate", "--", "sh", "-c", command)
    assert guard.stdout is not None
    shell, sleep = map(int, guard.stdout.readline().split())
    os.kill(parent_of(shell), signal.SIGKILL)
    _, told = guard.communicate(timeout=30)
    assert guard.returncode == 125
    assert told.splitlines()[-1].startswith("configguard: stopped reason=keeper-lost")
    assert not alive(shell)
    assert not alive(sleep)
    assert project.result()["reason"] == "keeper-lost"


def test_a_killed_front_leaves_a_result_and_nothing_else(project: Project) -> None:
    command = "sleep 50 & echo $$ $!; wait"
    guard = project.start("run", "--no-gate", "--", "sh", "-c", command)
    assert guard.stdout is not None
    pids = list(map(int, guard.stdout.readline().split()))
    guard.kill()
    _, told = guard.communicate(timeout=30)  # the keeper holds stderr until all is over
    assert told.splitlines()[-1].startswith("configguard: stopped reason=front-lost")
    assert not any(map(alive, pids))
    result = project.result()
    assert (result["reason"], result["exitCode"]) == ("front-lost", 137)
    assert list((Path(project.environ["CONFIGGUARD_STATE_DIR"]) / "runs").glob("*.json")) == []


def test_a_run_that_is_ended_from_outside_says_so(project: Project) -> None:
    guard = project.start("run", "--no-gate", "--", "sh", "-c", "echo on; exec sleep 50")
    assert guard.stdout is not None
    guard.stdout.readline()
    guard.terminate()
    _, told = guard.communicate(timeout=30)
    assert guard.returncode == 143
    assert told.splitlines()[-1].startswith("configguard: stopped reason=signal")


# --- several runs -----------------------------------------------------------------------------


def test_slots_are_shared_and_say_who_holds_them(project: Project) -> None:
    project.limits(maxConcurrentTests=1)
    holder = project.start("run", "--no-gate", "--", "sh", "-c", "echo started; exec sleep 50")
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "started\n"
        refused = project.run("touch", "second")
        assert refused.returncode == 125
        told = " ".join(refused.stderr.split())
        assert f"1 of 1 slots (maxConcurrentTests, {FILE}:1:43) are not free" in told
        assert f"held by sh (pid {holder.pid}) in {project.root}" in told
        assert last(refused) == "configguard: not started reason=slot"
        waiting = project.start("run", "--no-gate", "--wait", "50s", "--", "touch", "second")
        assert waiting.stderr is not None
        assert "waiting up to 50 s for 1 of 1 slots" in waiting.stderr.readline()
        assert not (project.root / "second").exists()
        holder.kill()
        assert waiting.wait(timeout=50) == 0
        assert (project.root / "second").exists()
    finally:
        holder.kill()
        holder.wait()
        for process in (holder, waiting):
            for stream in (process.stdout, process.stderr):
                assert stream is not None
                stream.close()


def test_guarded_runs_are_judged_by_their_sum_and_the_younger_one_gives_way(
    project: Project,
) -> None:
    project.limits(maxMemoryMB=150, monitoring={"intervalSeconds": 0.4})
    older = project.start("run", "--no-gate", "--", *hold(130, 50))
    try:
        registry = Path(project.environ["CONFIGGUARD_STATE_DIR"]) / "runs"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            files = list(registry.glob("*.json")) if registry.is_dir() else []
            if any(json.loads(one.read_bytes())["memory_kind"] == "pss" for one in files):
                break
            time.sleep(0.1)
        younger = project.run(*hold(90))
        assert younger.returncode == 124
        assert last(younger).startswith("configguard: stopped reason=guarded-sum")
        told = " ".join(younger.stderr.split())
        assert f"(pid {older.pid}) in {project.root}" in told
        assert older.poll() is None
    finally:
        older.terminate()
        older.communicate(timeout=30)


def test_an_inner_run_is_part_of_the_outer_one(project: Project) -> None:
    inner = project.command("run", "--no-gate", "--max-memory", "1", "--", "sh", "-c", "exit 5")
    ended = project.run(*inner)
    assert ended.returncode == 5
    assert "already guarded, the limits of that run hold" in ended.stderr
    assert len(list(project.runs.iterdir())) == 1


def test_an_id_of_a_run_that_is_gone_lets_nothing_through(project: Project) -> None:
    stale = "20260101T000000Z-1-0"
    ended = project.run("sh", "-c", "exit 5", CONFIGGUARD_RUN_ID=stale)
    assert (ended.returncode, ended.stderr) == (5, "")
    assert len(list(project.runs.iterdir())) == 1


def test_an_inner_command_that_is_not_there(project: Project) -> None:
    inner = project.command("run", "--no-gate", "--", "no-such-command-anywhere")
    assert project.run(*inner).returncode == 127


# --- the journal ------------------------------------------------------------------------------


def test_the_journal_is_ignored_by_git_and_holds_samples(project: Project) -> None:
    project.limits(monitoring={"intervalSeconds": 0.2})
    log = project.root / "monitor.log"
    options = ("--no-gate", "--monitor-log", str(log))
    assert project.run("sleep", "1.2", options=options).returncode == 0
    assert (project.root / ".configguard" / ".gitignore").read_text() == "*\n"
    [folder] = project.runs.iterdir()
    samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert len(samples) >= 3
    for one in samples:
        assert_valid(one, "sample")
    assert samples[-1]["processes"] == 1
    lines = log.read_text().splitlines()
    assert len(lines) == len(samples)
    assert re.fullmatch(
        r"\S+Z CPU (-|[\d.]+%)( \([\d.]+ cores\))? MEM \d+ MB \(\w+\) PROCESSES \d+ ok", lines[-1]
    )


def test_a_link_in_the_place_of_the_journal_is_refused(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project.root / ".configguard").symlink_to(elsewhere)
    ended = project.run("sh", "-c", "exit 6")
    assert ended.returncode == 6
    assert "nothing of this run is recorded" in ended.stderr
    assert "it is a link, and none is followed" in ended.stderr
    assert list(elsewhere.iterdir()) == []


def test_without_a_journal_a_stop_is_reported_all_the_same(project: Project) -> None:
    (project.root / ".configguard").write_text("a file")
    ended = project.run(*hold(200), options=("--no-gate", "--max-memory", "60"))
    assert ended.returncode == 124
    assert "stopped after" in ended.stderr
    assert last(ended).startswith("configguard: stopped reason=memory")


def test_a_full_disk_is_told_once_and_the_run_goes_on(project: Project) -> None:
    project.limits(monitoring={"intervalSeconds": 0.2})
    script = 'ulimit -f 1; exec "$@"'
    command = project.command("run", "--no-gate", "--", "sh", "-c", "sleep 3; exit 8")
    # A file may have 512 bytes: what EFBIG does, a full disk does too (Python ignores SIGXFSZ).
    ended = subprocess.run(
        ["sh", "-c", script, "sh", *command],
        cwd=project.root,
        env=project.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 8
    assert ended.stderr.count("the journal cannot be written, the run goes on") == 1


def test_a_place_that_cannot_be_written_is_told(project: Project) -> None:
    ended = project.run("sh", "-c", "exit 4", CONFIGGUARD_LOG_DIR="/proc/nowhere")
    assert ended.returncode == 4
    assert "nothing of this run is recorded: /proc/nowhere" in ended.stderr


def test_other_places_for_the_journal(project: Project, tmp_path: Path) -> None:
    assert project.run("true", CONFIGGUARD_LOG_DIR=str(tmp_path / "logs")).returncode == 0
    assert project.run("true", CI="true", RUNNER_TEMP=str(tmp_path)).returncode == 0
    assert len(list((tmp_path / "logs").iterdir())) == 1
    assert len(list((tmp_path / "configguard" / "runs").iterdir())) == 1
    assert not (project.root / ".configguard").exists()


def test_the_last_twenty_are_kept(project: Project) -> None:
    project.runs.mkdir(parents=True)
    for number in range(30):
        old = project.runs / f"20250101T0000{number:02}Z-1-0"
        old.mkdir()
        (old / "result.json").write_text("{}")
    (project.runs / "20250101T000000Z-1-0" / "mine.txt").write_text("keep me")
    (project.runs / "notes").mkdir()
    assert project.run("true").returncode == 0
    left = sorted(path.name for path in project.runs.iterdir())
    assert len(left) == 20 + 2
    assert "notes" in left
    assert "20250101T000000Z-1-0" in left


def test_runs_are_listed_and_shown(project: Project) -> None:
    assert "No runs are recorded" in project.cli("runs", "list").stdout
    project.run("sh", "-c", "exit 3")
    time.sleep(1.1)  # ids have seconds
    project.run(*hold(200), options=("--no-gate", "--max-memory", "60"))
    listed = project.cli("runs", "list").stdout.splitlines()
    assert len(listed) == 3
    assert " 124 " in listed[1]
    assert " memory " in listed[1]
    run_id = listed[1].split()[0]
    shown = project.cli("runs", "show", run_id)
    assert shown.returncode == 0
    assert "maxMemoryMB 60 (--max-memory) stops" in shown.stdout
    value = project.report("show", "last")
    assert value["result"]["reason"] == "memory"
    assert value["tornLines"] == 0
    runs = project.report("list")["runs"]
    assert [run["exitCode"] for run in runs] == [124, 3]
    missing = project.cli("runs", "show", "nothing")
    assert (missing.returncode, "there is no recorded run nothing" in missing.stderr) == (2, True)


def test_a_torn_line_and_hostile_files_are_told(project: Project) -> None:
    folder = project.runs / "20250101T000000Z-1-0"
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_text('{"t": 1.0, "cpuPercent": 5}\n{"t": 2.0, "cpu')
    shown = project.cli("runs", "show", "last").stdout
    assert "it has no result" in shown
    assert "1 sample; the last of them" in shown
    assert "1 line of samples.jsonl torn" in shown
    for text in (
        '{"command": "\\u001b[31m::error::x", "seconds": 1}',
        '{"seconds": NaN}',
        '{"peaks": [], "watching": 5}',
        '{"seconds": "long", "reason": {}, "top": []}',
        "[" * 100_000,
    ):
        (folder / "result.json").write_text(text)
        for arguments in (("list",), ("show", "last"), ("list", "--output-format", "json")):
            ended = project.cli("runs", *arguments)
            assert (ended.returncode, ended.stderr) == (0, ""), text[:50]
            assert "\x1b" not in ended.stdout
    (folder / "result.json").unlink()
    (folder / "result.json").symlink_to("/etc/hostname")
    assert "it has no result" in project.cli("runs", "show", "last").stdout


def test_hostile_names_are_shown_harmless(project: Project) -> None:
    name = "\x1b[31mred\u202e\n::error::x"
    script = project.root / name
    script.write_text(f"#!{PYTHON}\n{HOLD.format(mb=200, s=60)}\n")
    script.chmod(0o755)
    ended = project.run(f"./{name}", options=("--no-gate", "--max-memory", "60"))
    assert ended.returncode == 124
    assert "\x1b" not in ended.stderr
    assert "\u202e" not in ended.stderr
    assert not any(line.startswith("::") for line in ended.stderr.splitlines())


def test_no_gate_imports_nothing_of_the_linter(project: Project) -> None:
    code = """
import sys
from configguard.cli.run import run_guarded
code = run_guarded(["--no-gate", "--", "true"])
heavy = ("tree_sitter", "yaml", "typer", "filelock", "jsonschema", "configguard.evaluate",
         "configguard.checking", "configguard.runners")
found = [name for name in heavy if name in sys.modules]
open("found.txt", "w").write(f"{code} {found}")
"""
    subprocess.run(
        [PYTHON, "-c", code], cwd=project.root, env=project.environ, timeout=60, check=True
    )
    assert (project.root / "found.txt").read_text() == "0 []"


def test_a_closed_stderr_stops_nothing(project: Project) -> None:
    words = " ".join(project.command("run", "--no-gate", "--", "sh", "-c", "'echo ran; exit 3'"))
    ended = subprocess.run(
        ["sh", "-c", f"exec {words} 2>&-"],
        cwd=project.root,
        env=project.environ,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (3, "ran\n")


def test_the_list_says_how_each_ended(project: Project) -> None:
    project.run("no-such-command-here")
    project.run("sh", "-c", "kill -9 $$")
    project.run("true")
    told = project.cli("runs", "list").stdout
    for words in ("not started", "SIGKILL", "by itself"):
        assert words in told
    listed = json.loads(project.cli("runs", "list", "--output-format", "json").stdout)
    assert [one["wasStarted"] for one in listed["runs"]] == [True, True, False]


def test_a_cpu_limit_that_is_never_enforced_is_told_only(project: Project) -> None:
    project.limits(maxCPUPercent=70, monitoring={"enforceCPU": "never"})
    project.run("true")
    assert project.result()["watching"]["limits"]["maxCPUPercent"]["stops"] is False


def test_a_time_limit_warns_before_it_stops(project: Project) -> None:
    ended = project.run("sleep", "30", options=("--no-gate", "--timeout", "2s"))
    warned, stopped = ended.stderr.index("near the limit of 2 s"), ended.stderr.index("reason=wall")
    assert warned < stopped


def test_an_empty_name_is_no_command(project: Project) -> None:
    ended = project.run("")
    assert (ended.returncode, "empty name" in ended.stderr) == (125, True)
