"""Starts the guarded command: our stdio, our process group, its own signals as they were."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from configguard.watchdog.guarding import NOT_EXECUTABLE_EXIT, NOT_FOUND_EXIT
from configguard.watchdog.kernel import die_with_parent

FORWARDED = (
    (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT) if os.name == "posix" else ()
)
_OURS = (*FORWARDED, signal.SIGCHLD, signal.SIGCONT, signal.SIGTTOU)
"""Signals that front and keeper treat in their own way."""
_PYTHON_IGNORES = ("SIGPIPE", "SIGXFSZ")


class NotStarted(Exception):
    """The command could not be executed; `exit_code` says which way."""

    def __init__(self, name: str, number: int) -> None:
        missing = number in (errno.ENOENT, errno.ENOTDIR)
        self.exit_code = NOT_FOUND_EXIT if missing else NOT_EXECUTABLE_EXIT
        super().__init__(
            f"{name}: command not found" if missing else f"{name}: {os.strerror(number)}"
        )


class Inherited(NamedTuple):
    """The signals that were ignored or blocked when we were started: for the command, they stay.

    nohup, `&` in a script and some CI agents do that.
    """

    ignored: frozenset[int]
    blocked: frozenset[int]

    @classmethod
    def now(cls) -> Inherited:
        return cls(
            frozenset(number for number in _OURS if signal.getsignal(number) == signal.SIG_IGN),
            frozenset(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
        )


def start_command(
    command: Sequence[str], env: Mapping[str, str], inherited: Inherited, close: Iterable[int]
) -> int:
    """Fork and execute the command; hand back its pid. Raises NotStarted and OSError.

    Not by `subprocess`: it waits for children by itself, and we reap all that come to us.
    """
    reading, writing = os.pipe()
    parent = os.getpid()
    # One that comes in between is for the command: it keeps until the command's own answer is set.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            for handle in close:
                os.close(handle)
            _as_it_was(inherited)
            die_with_parent(parent)
            _execute(list(command), dict(env))
        except OSError as fault:
            os.write(writing, str(fault.errno or errno.EIO).encode())
        except BaseException:
            os.write(writing, str(errno.EIO).encode())
        finally:
            os._exit(NOT_EXECUTABLE_EXIT)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        number = answer.read()  # empty once the execution succeeded: the pipe closes by it
    if number:
        os.waitpid(pid, 0)
        raise NotStarted(command[0], int(number))
    return pid


def _execute(command: list[str], env: dict[str, str]) -> None:
    try:
        os.execvpe(command[0], command, env)  # noqa: S606 - the user's own command
    except OSError as fault:
        if fault.errno != errno.ENOEXEC:
            raise
        # A script without `#!`: execvp(3), and so every shell and timeout(1), gives it to sh.
        from shutil import which

        script = which(command[0], path=env.get("PATH"))
        if script is None:
            raise
        os.execve("/bin/sh", ["sh", script, *command[1:]], env)  # noqa: S606 - as above


def _as_it_was(inherited: Inherited) -> None:
    """Undo what Python and the keeper changed: a program expects default signals."""
    signal.set_wakeup_fd(-1)
    names = [getattr(signal, name) for name in _PYTHON_IGNORES if hasattr(signal, name)]
    for number in (*_OURS, *names):
        ignored = number in inherited.ignored
        signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, inherited.blocked)
