"""The command line in processes forked from one that has read its modules and tables already.

Reading them takes twenty times as long as linting a little project. Each command still has a
process, a folder, an environment and standard streams of its own. Where nothing can be forked
(Windows), or the environment is read before the first line of ours runs, a cold process is started.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

_READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC")
_EXAMPLE = Path(__file__).resolve().parents[1] / "fixtures" / "incident"
_COMMANDS = (
    ["check", "."],
    ["check", ".", "--diff", "--select", "too-many-retries"],
    ["check", ".", "--output-format", "json"],
    ["show", "."],
    ["rules"],
)
"""What is run once, so that all that they read is there."""


def configguard(
    arguments: Sequence[str], cwd: Path | None, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m configguard …`, without standard input. Raises TimeoutExpired."""
    command = [sys.executable, "-m", "configguard", *arguments]
    same = all(
        os.environ.get(name) == value or name in ("PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE")
        for name, value in environment.items()
        if name.startswith(_READ_AT_START)
    )
    if not same or not hasattr(os, "fork"):
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        asked = {
            "arguments": list(arguments),
            "cwd": str(cwd or Path.cwd()),
            "environment": dict(environment),
            "out": str(out),
            "err": str(err),
        }
        code = _server().ask(asked, timeout)
        if code is None:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, code, out.read_bytes(), err.read_bytes())


class _Server:
    """The process that forks; one for each process of the tests."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        atexit.register(self.end)
        self.lock = threading.Lock()

    def ask(self, asked: Mapping[str, object], timeout: float) -> int | None:
        """The exit code of a command; None, and the end of the server, where it takes too long."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self.lock:
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(self.process.stdout, selectors.EVENT_READ)
                # The first command waits until the modules are read.
                answered = selector.select(timeout + 60)
            line = self.process.stdout.readline() if answered else b""
        if not line:
            self.end()
            _servers.clear()
            return None
        answer: list[int | None] = json.loads(line)
        return answer[0]

    def end(self) -> None:
        """End it, and a command that still runs."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self.process.wait()


_servers: list[_Server] = []


def _server() -> _Server:
    if not _servers:
        _servers.append(_Server())
    return _servers[0]


def _serve() -> None:
    """Read what commands need, then run each that is asked for in a process of its own."""
    from configguard.syntax.trees import forget

    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    for command in _COMMANDS:
        _in_this_process(command, str(_EXAMPLE))
    forget()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
        _, status = os.waitpid(child, 0)
        answers.write(json.dumps([os.waitstatus_to_exitcode(status)]) + "\n")
        answers.flush()


def _in_this_process(arguments: list[str], cwd: str) -> int:
    from configguard.cli.main import main

    os.chdir(cwd)
    sys.argv = ["configguard", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0


def _become(asked: dict[str, object]) -> None:
    """Be the process of a command, as Python would start it, to its end."""
    code = 1
    try:
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(str(asked["out"]), write, 0o600), 1)
        os.dup2(os.open(str(asked["err"]), write, 0o600), 2)
        environment = asked["environment"]
        arguments = asked["arguments"]
        assert isinstance(environment, dict)
        assert isinstance(arguments, list)
        os.environ.clear()
        os.environ.update(environment)
        encoding, _, errors = environment.get("PYTHONIOENCODING", "utf-8").partition(":")
        sys.stdin = open(0, encoding=encoding, closefd=False)  # noqa: SIM115 - as long as the process
        sys.stdout = open(1, "w", encoding=encoding, errors=errors or "strict", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
        code = _in_this_process(arguments, str(asked["cwd"]))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder is no place for modules
    _serve()
