"""The guarded runs of this user that are alive, one small file for each.

A run's id names its front: `<UTC>-<pid>-<start>`. So whether it lives can be told from the id
alone, also where the file is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

STATE = "CONFIGGUARD_STATE_DIR"
"""Another place for the registry and the slots; tests need one of their own."""
RUN_ID = re.compile(r"(\d{8}T\d{6}Z)-(\d{1,10})-([0-9a-f]{1,16})")


class NoRegistry(Exception):
    """There is no folder that only this user can write."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A guarded run: its front, where it was started, what (its first word), since when (epoch)."""

    id: str
    pid: int
    cwd: str
    command: str
    since: float
    slots: tuple[int, ...] = ()
    memory_mb: float = 0.0
    memory_kind: str = "rss"
    cpu_cores: float = 0.0

    @property
    def told(self) -> str:
        """Who it is, for messages."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.since))
        return f"{self.command} (pid {self.pid}) in {self.cwd} since {clock}"


def state_folder() -> Path:
    """The folder of this user, made where it is not there. Raises NoRegistry."""
    named = os.environ.get(STATE)
    folder = Path(named) if named else _usual_folder()
    try:
        folder.mkdir(mode=0o700, parents=bool(named), exist_ok=True)
        found = os.lstat(folder)
    except OSError as error:
        raise NoRegistry(f"{folder}: {error.strerror or error}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise NoRegistry(f"{folder} is no folder ({STATE} names another)")
    if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o022):
        raise NoRegistry(f"others can write to {folder} ({STATE} names another folder)")
    return folder


def _usual_folder() -> Path:
    """One place for all sessions of a user, whatever their environment says."""
    if sys.platform == "linux":
        own = Path(f"/run/user/{os.getuid()}")
        if os.access(own, os.W_OK) and own.stat().st_uid == os.getuid():
            return own / "configguard"
        return Path(f"/tmp/configguard-{os.getuid()}")  # noqa: S108 - checked to be ours alone
    import tempfile

    user = f"-{os.getuid()}" if os.name == "posix" else ""
    return Path(tempfile.gettempdir()) / f"configguard{user}"


def started(pid: int) -> int | None:
    """When a process started, as a number that no later process of this pid has."""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        fields = text[text.rindex(b")") + 2 :].split()
        # A zombie has ended; only its parent has not looked yet.
        return None if fields[0] in (b"Z", b"X") else int(fields[19])
    import psutil

    try:
        return int(psutil.Process(pid).create_time() * 100)
    except psutil.Error:
        return None


def new_id(pid: int) -> str:
    """The id of a run whose front is this process."""
    clock = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return f"{clock}-{pid}-{started(pid) or 0:x}"


def front_of(run_id: str) -> int | None:
    """The pid of a run's front if that still lives."""
    found = RUN_ID.fullmatch(run_id)
    if found is None:
        return None
    pid = int(found[2])
    return pid if started(pid) == int(found[3], 16) else None


class Registry:
    """The folder of live runs. What cannot be written or read there never ends a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "runs"
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)

    def write(self, entry: Entry) -> None:
        """Write or replace the file of a run. Raises OSError."""
        temporary = self.folder / f"{entry.id}.new"
        temporary.write_text(json.dumps(asdict(entry)), encoding="utf-8")
        temporary.replace(self.folder / f"{entry.id}.json")

    def remove(self, run_id: str) -> None:
        """Take a run out."""
        for ending in ("json", "new"):
            with contextlib.suppress(OSError):
                (self.folder / f"{run_id}.{ending}").unlink()

    def get(self, run_id: str) -> Entry | None:
        """A live run by its id."""
        if RUN_ID.fullmatch(run_id) is None or front_of(run_id) is None:
            return None
        return self._read(self.folder / f"{run_id}.json")

    def live(self) -> Iterator[Entry]:
        """All live runs; the files of dead ones are taken away."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return
        for name in names:
            run_id, _, ending = name.rpartition(".")
            if ending != "json" or RUN_ID.fullmatch(run_id) is None:
                continue
            if front_of(run_id) is None:
                self.remove(run_id)
            elif (entry := self._read(self.folder / name)) is not None:
                yield entry

    def _read(self, path: Path) -> Entry | None:
        try:
            found = json.loads(path.read_bytes()[:65_536])
            return Entry(
                str(found["id"]),
                int(found["pid"]),
                str(found["cwd"]),
                str(found["command"]),
                float(found["since"]),
                tuple(int(one) for one in found["slots"]),
                float(found["memory_mb"]),
                str(found["memory_kind"]),
                float(found["cpu_cores"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def is_ancestor(pid: int) -> bool:
    """Whether a process is one that this one descends from."""
    if sys.platform != "linux":
        import psutil

        try:
            return any(parent.pid == pid for parent in psutil.Process().parents())
        except psutil.Error:
            return False
    above = os.getppid()
    for _ in range(1000):
        if above == pid:
            return True
        if above <= 1:
            return False
        try:
            text = Path(f"/proc/{above}/stat").read_bytes()
        except OSError:
            return False
        above = int(text[text.rindex(b")") + 2 :].split()[1])
    return False
