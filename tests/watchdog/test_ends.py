"""However it ends, nothing of it is left, and the command's own outcome is kept."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchdog.random_ends import end_at_random
from watchdog.running import Runs, tagged, wait_for, workload

SEVEN = 7


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 7", 7), ("kill -SEGV $$", 139), ("kill -KILL $$", 137), ("exit 124", 124), ("true", 0)],
)
def test_the_commands_own_end_is_ours(runs: Runs, script: str, code: int) -> None:
    run = runs.start(["sh", "-c", script])
    assert run.wait() == code
    end = run.end()
    assert end["stopped_by"] is None
    assert end["command_code"] == (code if code < 128 else None)
    assert end["signal"] == (code - 128 if code > 128 else None)


def test_a_command_that_is_not_there(runs: Runs) -> None:
    code, _, err = runs.start(["no-such-command-anywhere"]).output()
    assert code == 127 and "no-such-command-anywhere: command not found" in err


def test_a_command_that_cannot_be_executed(runs: Runs) -> None:
    file = runs.folder / "plain"
    file.write_text("x")
    run = runs.start([str(file)])
    code, _, err = run.output()
    assert code == 126 and "Permission denied" in err
    assert run.end()["started"] is False


def test_a_script_without_an_interpreter_is_given_to_sh(runs: Runs) -> None:
    file = runs.folder / "script"
    file.write_text("echo from $0; exit 3\n")
    file.chmod(0o755)
    code, out, _ = runs.start([str(file)]).output()
    assert (code, out) == (3, f"from {file}\n")


def test_a_daemon_that_outlives_the_command_is_named_and_ended(runs: Runs) -> None:
    run = runs.start(workload("daemon", 0.2))
    assert run.wait() == 0
    assert run.survivors() == []
    (left,) = run.end()["leftovers"]
    assert any("daemon.py" in part for part in left["command"])


def test_left_overs_are_kept_where_the_limits_say_so(runs: Runs) -> None:
    run = runs.start(workload("daemon", 0.2), settings={"end_leftovers": False})
    assert run.wait() == 0
    (kept,) = run.end()["kept"]
    assert tagged(run.tag) == [kept["pid"]]


def test_a_known_build_daemon_is_kept_another_process_is_not(runs: Runs) -> None:
    both = [
        *("sh", "-c", '"$0" "$1" 0.2 "$2" && "$0" "$1" 0.2'),
        *workload("daemon"),
        "node_modules/nx/src/daemon/server/start.js",
    ]
    run = runs.start(both)
    assert run.wait() == 0
    (kept,) = run.end()["kept"]
    assert tagged(run.tag) == [kept["pid"]]
    assert len(run.end()["leftovers"]) == 1


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("name", ["stubborn", "fork_on_term"])
def test_a_command_that_ignores_signals_is_killed_after_the_grace(
    runs: Runs, number: int, code: int, name: str
) -> None:
    run = runs.start(workload(name, 60) if name == "stubborn" else workload(name))
    runs.wait_ready()
    os.kill(run.process.pid, number)
    if name == "fork_on_term" and number != signal.SIGTERM:
        assert run.wait() in (code, 1)  # Python's own answer to INT is a traceback
    else:
        assert run.wait() == code
    assert run.survivors() == []


@pytest.mark.parametrize("when", ["left over", "term", "keeper killed"])
def test_a_process_that_no_look_catches_is_ended(runs: Runs, when: str) -> None:
    comet = workload("comet", 20)
    wait = "sleep 0.1" if when == "left over" else "sleep 30"
    run = runs.start(["sh", "-c", f'"$0" "$1" "$2"; {wait}', *comet])
    runs.wait_ready()
    time.sleep(0.2)
    if when == "term":
        os.kill(run.process.pid, signal.SIGTERM)
    elif when == "keeper killed":
        os.kill(run.keeper(), signal.SIGKILL)
    assert run.wait() == {"left over": 0, "term": 143, "keeper killed": 125}[when]
    # One look may miss it: many do not.
    assert not any(tagged(run.tag) for _ in range(40))


@pytest.mark.parametrize("to_group", [False, True])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_tree_with_sessions_of_its_own_is_ended(
    runs: Runs, number: int, code: int, to_group: bool
) -> None:
    run = runs.start(workload("tree", 2))
    runs.wait_ready(SEVEN)
    (os.killpg if to_group else os.kill)(run.process.pid, number)
    assert run.wait() == code
    assert run.survivors() == []


def test_a_signal_to_the_group_reaches_the_command_once(runs: Runs) -> None:
    count = runs.folder / "count"
    script = (
        "import signal, sys, time\n"
        f"def told(*a): open({str(count)!r}, 'a').write('x')\n"
        "signal.signal(signal.SIGINT, told)\n"
        "open(sys.argv[1], 'w').close()\n"
        "end = time.monotonic() + 1.0\n"
        "while time.monotonic() < end: time.sleep(0.05)\n"
    )
    run = runs.start([sys.executable, "-c", script, str(runs.ready)], settings={"grace_s": 20})
    runs.wait_ready()
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.wait() == 0, "the command took it and ended by itself"
    assert count.read_text() == "x"


def test_a_second_interrupt_does_not_wait(runs: Runs) -> None:
    run = runs.start(workload("stubborn", 60), settings={"grace_s": 50})
    runs.wait_ready()
    for _ in range(2):
        os.kill(run.process.pid, signal.SIGINT)
        wait_for(lambda: run.events("interrupted"), "the first interrupt")
        time.sleep(0.3)  # as fingers do
    assert run.wait() == 130
    assert run.survivors() == []


def test_the_front_is_killed(runs: Runs) -> None:
    run = runs.start(workload("tree", 2))
    runs.wait_ready(SEVEN)
    os.kill(run.process.pid, signal.SIGKILL)
    wait_for(lambda: not tagged(run.tag), "the whole tree is gone")
    assert run.end()["stopped_by"] == "front-lost"


def test_the_keeper_is_killed(runs: Runs) -> None:
    run = runs.start(workload("tree", 2))
    runs.wait_ready(SEVEN)
    os.kill(run.keeper(), signal.SIGKILL)
    code, _, err = run.output()
    assert code == 125 and "keeper" in err
    assert run.survivors() == []


def test_a_stopped_tree_is_ended_too(runs: Runs) -> None:
    run = runs.start(workload("tree", 1))
    runs.wait_ready(3)
    for pid in [p["pid"] for p in wait_for(run.samples, "a sample")[-1]["processes"]]:
        os.kill(pid, signal.SIGSTOP)
    os.kill(run.process.pid, signal.SIGTERM)
    assert run.wait() == 143
    assert run.survivors() == []


def test_a_watcher_that_fails_costs_the_command_nothing(runs: Runs) -> None:
    run = runs.start(["sh", "-c", "sleep 0.4; exit 7"], options={"raises": True})
    assert run.wait() == 7
    (fault,) = run.events("fault")
    assert "No space left on device" in fault["text"]


def test_a_full_disk_costs_the_command_nothing(runs: Runs) -> None:
    assert runs.start(["sh", "-c", "sleep 0.4; exit 7"], options={"full_disk": True}).wait() == 7


def test_what_the_command_inherits_is_as_without_us(runs: Runs) -> None:
    script = (
        "import os\n"
        "print(sorted(map(int, os.listdir('/proc/self/fd'))))\n"
        "print(open('/proc/self/status').read().split('SigIgn:')[1].split()[0])\n"
        "print(open('/proc/self/status').read().split('SigBlk:')[1].split()[0])\n"
    )
    command = ["nohup", sys.executable, "-c", script]
    bare = subprocess.run(
        command, env=runs.env(), capture_output=True, timeout=60, stdin=subprocess.DEVNULL
    )
    # nohup outside: the guard itself is started with SIGHUP ignored.
    options = {"settings": {"run_id": runs.tag}}
    inside = subprocess.run(
        ["nohup", *runs.line(options, command[1:])],
        env=runs.env(), capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert inside.stdout == bare.stdout
    assert bare.stdout


def test_closed_streams_and_ignored_children_do_not_confuse_it(runs: Runs) -> None:
    def strange() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.close(0)
        os.close(1)

    run = runs.start(["sh", "-c", "sleep 0.2; exit 7"], preexec_fn=strange)
    assert run.wait() == 7
    assert run.end()["command_code"] == 7


def test_timeout_1_sends_its_signal_twice_and_that_is_one_wish(runs: Runs) -> None:
    done = runs.folder / "done"
    script = (
        "import os, signal, sys, time\n"
        "def tidy(*a): time.sleep(0.6); open(sys.argv[1], 'w').close(); os._exit(4)\n"
        "signal.signal(signal.SIGTERM, tidy)\n"
        "time.sleep(30)\n"
    )
    options = {"settings": {"run_id": runs.tag, "grace_s": 20}}
    line = runs.line(options, [sys.executable, "-c", script, str(done)])
    outside = subprocess.run(["timeout", "-s", "TERM", "1.5", *line], env=runs.env(), timeout=60)
    assert outside.returncode == 124
    wait_for(lambda: not tagged(runs.tag), "all gone")
    assert done.exists(), "it had its grace"


def test_as_the_first_process_of_a_container_it_reaps_orphans(runs: Runs) -> None:
    space = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*space, "true"], capture_output=True).returncode != 0:
        pytest.skip("NO PID NAMESPACE CAN BE MADE HERE: THE GUARD WAS NOT RUN AS PID 1")
    options = {"settings": {"run_id": runs.tag}, "record": str(runs.folder / "record")}
    script = (
        "import os, time; from pathlib import Path\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0: time.sleep(0.3)\n"
        "    os._exit(0)\n"
        "os.wait(); time.sleep(0.8)\n"
        "stats = [p.read_text() for p in Path('/proc').glob('[0-9]*/stat')]\n"
        "states = [stat.rpartition(')')[2].split()[0] for stat in stats]\n"
        "print(len(states), 'Z' in states, os.getppid())\n"
    )
    line = runs.line(options, [sys.executable, "-c", script])
    done = subprocess.run([*space, *line], env=runs.env(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"3 False 2\n"
    assert not tagged(runs.tag)


def test_the_reader_of_a_pipe_sees_its_end_while_the_command_goes_on(runs: Runs) -> None:
    run = runs.start(["sh", "-c", "echo all; exec >&- 2>&-; sleep 30"], stderr=subprocess.DEVNULL)
    assert run.process.stdout is not None
    assert run.process.stdout.read() == b"all\n"
    assert run.process.poll() is None


def test_input_and_much_output_pass_untouched(runs: Runs) -> None:
    size = 500 << 20
    command = ["head", "-c", str(size), "/dev/zero"]

    def seconds(line: list[str]) -> float:
        began = time.monotonic()
        with subprocess.Popen(line, env=runs.env(), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            total = 0
            while block := process.stdout.read(1 << 20):
                total += len(block)
            assert process.wait(timeout=60) == 0
        assert total == size
        return time.monotonic() - began

    options = {"settings": {"run_id": runs.tag}}
    bare = min(seconds(command) for _ in range(2))
    nothing = ["true"]
    began = time.monotonic()
    subprocess.run(runs.line(options, nothing), env=runs.env(), check=True, timeout=60)
    start = time.monotonic() - began
    guarded = min(seconds(runs.line(options, command)) for _ in range(2))
    assert guarded < 2 * bare + 2 * start
    copied = subprocess.run(
        runs.line(options, ["cat"]), env=runs.env(), input=b"in\n", capture_output=True, timeout=60
    )
    assert copied.stdout == b"in\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_at_random_moments(tmp_path: Path, number: int) -> None:
    """Twenty here; `make stress` does it 300 times."""
    dice = random.Random(20)
    for turn in range(10):
        end_at_random(tmp_path / str(turn), number, dice)
