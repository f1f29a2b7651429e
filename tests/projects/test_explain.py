"""A rule's page: laid out in a terminal, as it is written into a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import run

PAGE = Path(__file__).resolve().parents[2] / "rules" / "too-many-retries" / "README.md"
WIDTH = 60


def in_terminal(*arguments: str, width: int = WIDTH, **variables: str) -> str:
    """What a command writes to a terminal of some width."""
    import fcntl
    import pty
    import struct
    import termios

    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    left_out = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"TERM": "xterm", "PYTHONUTF8": "1", **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "configguard", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        env=environment,
    )
    os.close(terminal)
    written = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(main)
    assert process.wait(timeout=60) == 0
    return written.decode("utf-8").replace("\r\n", "\n")


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: there is no pty on Windows")
class TestInTerminal:
    def test_it_is_laid_out_to_the_width(self) -> None:
        shown = re.sub(r"\x1b\[[\d;]*m", "", in_terminal("explain", "too-many-retries"))
        assert max(map(len, shown.splitlines())) <= WIDTH
        assert not re.search(r"^#|```", shown, re.MULTILINE)
        assert "\nWhat goes wrong\n" in shown
        assert "vitest.e2e.config.ts, fixed:" in shown
        assert "    retry: 2," in shown
        told = " ".join(shown.split())
        assert "Failing tests are run again more often than the limit." in told

    def test_it_has_colours_unless_they_are_not_wanted(self) -> None:
        assert "\x1b[" in in_terminal("explain", "too-many-retries")
        assert "\x1b" not in in_terminal("explain", "too-many-retries", NO_COLOR="1")
        assert "\x1b" not in in_terminal("explain", "too-many-retries", TERM="dumb")


def test_a_pipe_gets_the_markdown(tmp_path: Path) -> None:
    assert run("explain", "too-many-retries", cwd=tmp_path).stdout == PAGE.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: there is no pty on Windows")
def test_show_fits_a_narrow_terminal(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    text = "export default { test: { retry: process.env.CI ? 3 : 2, maxWorkers: 3 } };\n"
    (tmp_path / "vitest.e2e.config.ts").write_text(text, "utf-8")
    shown = re.sub(r"\x1b\[[\d;]*m", "", in_terminal("show", str(tmp_path), width=60))
    place = re.compile(r"^ +(<- )?\S+:\d+:\d+( <- \S+)?$")
    wide = [line for line in shown.splitlines() if len(line) > 60 and not place.match(line)]
    assert not wide
    assert re.search(r"vitest\.e2e\.config\.ts:1:\d+$", shown, re.MULTILINE)
