"""The way in: guard a command on whatever system this is."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from configguard.watchdog.guarding import GuardSettings, Outcome, Watcher


def guard(command: Sequence[str], settings: GuardSettings, watcher: Watcher) -> Outcome:
    """Run a command under a watcher; return when all of it is over. Raises OSError (no fork).

    Stdin and stdout are the command's alone afterwards; stderr stays ours too.
    """
    if os.name == "nt":
        from configguard.watchdog.windows import guard_windows

        return guard_windows(command, settings, watcher)
    from configguard.watchdog.front import guard_posix

    return guard_posix(command, settings, watcher)


def weaker_here(platform: str = sys.platform) -> str | None:
    """What the guard cannot do on this system, in one sentence; None on Linux."""
    if platform == "linux":
        return None
    if platform == "darwin":
        return (
            "on macOS a process that leaves its parents twice between two looks and clears its"
            " environment is not found, and CPU time of children that end between two looks is"
            " partly lost; this part was never run on macOS"
        )
    if platform == "win32":
        return (
            "on Windows Ctrl-Break stands for the polite stop, and no terminal mode is restored;"
            " this part was never run on Windows"
        )
    return f"on {platform} the guard was never tried: it follows processes by their parents only"
