"""In a real terminal: colours kept, Ctrl-C and Ctrl-Z behave, the modes come back."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any

import pytest

from watchdog.running import LIMIT_S, Run, Runs, wait_for, workload

HOLD = "import time; print('ho' + 'lding', flush=True); time.sleep(30)"


class Screen:
    """A terminal whose session we lead, with something that runs in it."""

    def __init__(self, line: list[str], env: dict[str, str]) -> None:
        self.ours, self.theirs = pty.openpty()
        self.before = termios.tcgetattr(self.theirs)
        self.text = ""

        def take() -> None:
            os.setsid()
            import fcntl

            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            line, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
            env={**env, "TERM": "xterm-256color", "PS1": "$ "}, preexec_fn=take,
        )  # fmt: skip

    def read(self) -> str:
        """All that was printed so far."""
        while select.select([self.ours], [], [], 0.02)[0]:
            try:
                self.text += os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                break
        return self.text

    def expect(self, words: str) -> None:
        wait_for(lambda: words in self.read(), f"{words!r} in the terminal")

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.theirs)

    def wait(self) -> int:
        def over() -> bool:
            self.read()
            return self.process.poll() is not None

        wait_for(over, "the end")
        self.read()
        return int(self.process.returncode)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait(timeout=LIMIT_S)
        os.close(self.ours)
        os.close(self.theirs)


class Screens:
    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.record = runs.folder / "record.jsonl"
        self.open: list[Screen] = []

    def line(self, command: list[str], **settings: Any) -> list[str]:
        chosen = {"run_id": self.runs.tag, "grace_s": 0.3, **settings}
        return self.runs.line({"record": str(self.record), "settings": chosen}, command)

    def start(self, line: list[str]) -> Screen:
        screen = Screen(line, self.runs.env())
        self.open.append(screen)
        return screen

    def run(self, screen: Screen) -> Run:
        return Run(screen.process, self.record, self.runs.tag)  # type: ignore[arg-type]  # bytes or none


@pytest.fixture
def screens(runs: Runs) -> Iterator[Screens]:
    started = Screens(runs)
    try:
        yield started
    finally:
        runs.close()
        for screen in started.open:
            screen.close()


def test_a_terminal_is_a_terminal(screens: Screens) -> None:
    script = (
        "import os; print([os.isatty(n) for n in (0, 1, 2)], os.tcgetpgrp(0) == os.getpgrp());"
        " print('\\x1b[31mred\\x1b[0m')"
    )
    screen = screens.start(screens.line([sys.executable, "-c", script]))
    assert screen.wait() == 0
    assert "[True, True, True] True" in screen.text
    assert "\x1b[31mred\x1b[0m" in screen.text


def test_keys_reach_the_command(screens: Screens) -> None:
    script = "print('re' + 'ady', flush=True); print('got', input())"
    screen = screens.start(screens.line([sys.executable, "-c", script]))
    screen.expect("ready")
    screen.type("q\n")
    assert screen.wait() == 0
    assert "got q" in screen.text


def test_ctrl_c_is_the_commands_own(screens: Screens) -> None:
    script = f"try:\n {HOLD}\nexcept KeyboardInterrupt: print('ti' + 'dy'); raise SystemExit(5)"
    screen = screens.start(screens.line([sys.executable, "-c", script], grace_s=20))
    screen.expect("holding")
    screen.type("\x03")
    assert screen.wait() == 5
    assert screen.text.count("tidy") == 1


def test_ctrl_c_twice_ends_what_ignores_it(screens: Screens) -> None:
    screen = screens.start(screens.line(workload("stubborn", 60), grace_s=50))
    screens.runs.wait_ready()
    screen.type("\x03")
    wait_for(lambda: screens.run(screen).events("interrupted"), "the first is noticed")
    time.sleep(0.3)  # as fingers do
    screen.type("\x03")
    assert screen.wait() == 130
    assert screens.run(screen).survivors() == []


def test_ctrl_z_stops_all_and_the_clock(screens: Screens) -> None:
    # The command needs 1.2 s of its own; the limit is 3 s; it is stopped for longer than that.
    script = "import time\nprint('ho' + 'lding', flush=True)\nfor _ in range(12): time.sleep(0.1)"
    line = shlex.join(screens.line([sys.executable, "-c", script], wall_s=3.0))
    screen = screens.start(["bash", "--norc", "--noprofile", "-i"])
    screen.type(f"{line}; echo code=$?\n")
    screen.expect("holding")
    screen.type("\x1a")
    screen.expect("Stopped")
    command = int(screens.run(screen).events("started")[0]["text"])
    with open(f"/proc/{command}/stat") as file:
        assert file.read().rpartition(")")[2].split()[0] == "T"
    time.sleep(3.2)
    screen.type("fg; echo after=$?\n")
    screen.expect("after=0")
    run = screens.run(screen)
    assert run.end()["stopped_by"] is None
    assert run.end()["seconds"] < 3.0
    assert run.events("suspended")
    screen.type("exit\n")
    screen.wait()


@pytest.mark.parametrize("how", ["stopped by us", "killed by another", "keeper killed"])
def test_the_modes_come_back_after_a_kill(screens: Screens, how: str) -> None:
    script = f"import tty; tty.setraw(0); print('\\x1b[?25l', end=''); {HOLD}"
    line = screens.line([sys.executable, "-c", script])
    screen = screens.start(line)
    screen.expect("holding")
    assert screen.modes() != screen.before
    run = screens.run(screen)
    if how == "stopped by us":
        os.kill(screen.process.pid, signal.SIGTERM)
    elif how == "killed by another":
        os.kill(int(run.events("started")[0]["text"]), signal.SIGKILL)
    else:
        os.kill(run.keeper(), signal.SIGKILL)
    assert screen.wait() in (143, 137, 125)
    assert screen.modes() == screen.before
    assert "\x1b[?25h" in screen.text and "\x1b[0m" in screen.text


def test_modes_that_the_command_left_on_purpose_stay(screens: Screens) -> None:
    screen = screens.start(screens.line(["stty", "-echo"]))
    assert screen.wait() == 0
    assert screen.modes() != screen.before
    assert "\x1b[?25h" not in screen.text
