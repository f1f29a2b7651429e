"""Known build daemons: they outlive a command on purpose. Which they are is data."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from configguard.resources import table
from configguard.watchdog.sampling import ProcessSample

_NAME_LENGTH = 15
"""Linux cuts process names."""


def is_daemon(name: str, command: Sequence[str]) -> bool:
    """Whether a process is a known build daemon, by its name and command line."""
    for known in table("watchdog/daemons")["daemons"]:
        wanted = known.get("name")
        if wanted is not None and name[:_NAME_LENGTH] != wanted[:_NAME_LENGTH]:
            continue
        if all(any(word in part for part in command) for word in known.get("words", ())):
            return True
    return False


def daemons_among(processes: Sequence[ProcessSample]) -> Collection[tuple[int, float]]:
    """The identities of known daemons and of all that these have started."""
    pids: set[int] = set()
    found = set()
    for process in processes:  # parents come first
        if process.parent in pids or is_daemon(process.name, process.command):
            pids.add(process.pid)
            found.add(process.identity)
    return found
