"""What is kept of each run: a folder with `samples.jsonl` and `result.json`."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from configguard.watchdog.registry import RUN_ID, front_of

KEPT = 20
SAMPLES, RESULT = "samples.jsonl", "result.json"
_MAX_BYTES = 64_000_000
"""A journal of two days at five seconds has 20 MB."""
_FOLDER = ".configguard"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


class NoJournal(Exception):
    """There is no folder for it, and why."""


def runs_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """Where runs are kept: as the environment says, in CI beside the checkout, else in the root."""
    named = environ.get("CONFIGGUARD_LOG_DIR")
    if named:
        return Path(named)
    temporary = environ.get("RUNNER_TEMP")
    if environ.get("CI") and temporary:
        return Path(temporary) / "configguard" / "runs"
    return root / _FOLDER / "runs"


def make_folder(folder: Path, root: Path) -> None:
    """Make the folder of all runs, one that git ignores. Raises NoJournal."""
    own = root / _FOLDER
    try:
        if own == folder.parent:
            # A link in a checkout would have us write wherever it leads.
            for part in (own, folder):
                _make_real(part)
            _ignore(own)
        else:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoJournal(f"{folder}: {error.strerror or error}") from error


def _make_real(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        reason = "it is a link, and none is followed" if folder.is_symlink() else "it is no folder"
        raise NoJournal(f"{folder}: {reason}")


def _ignore(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        handle = os.open(folder / ".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "w") as opened:
            opened.write("*\n")


class Journal:
    """The folder of one run. A fault is kept in `fault`, and nothing is written from then on."""

    def __init__(self, folder: Path) -> None:
        """Make the folder. Raises NoJournal."""
        self.folder = folder
        self.fault: str | None = None
        try:
            folder.mkdir()
            handle = os.open(folder / SAMPLES, _NEW | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise NoJournal(f"{folder}: {error.strerror or error}") from error
        self._samples = handle

    def sample(self, line: Mapping[str, Any]) -> None:
        """Add a line that is on disk at once, whatever becomes of us."""
        if self.fault is not None:
            return
        data = (_json(line) + "\n").encode("ascii")
        try:
            written = os.write(self._samples, data)
            if written < len(data):
                os.write(self._samples, data[written:])
        except OSError as error:
            self.fault = f"{self.folder / SAMPLES}: {error.strerror or error}"

    def result(self, value: Mapping[str, Any]) -> bool:
        """Write what came of the run; whether that worked."""
        return write_result(self.folder, value)

    def close(self) -> None:
        """Let the file of samples go."""
        with contextlib.suppress(OSError):
            os.close(self._samples)


def write_result(folder: Path, value: Mapping[str, Any]) -> bool:
    """Write `result.json` whole or not at all; whether that worked."""
    temporary = folder / f"{RESULT}.new"
    try:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", "ascii")
        temporary.replace(folder / RESULT)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    return True


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def keep_last(folder: Path, most: int = KEPT) -> None:
    """Take away the oldest runs, never one that lives, and nothing that is not ours."""
    for path in list(_folders(folder))[: -most or None]:
        if front_of(path.name) is None:
            with contextlib.suppress(OSError):
                _remove(path)


def _remove(path: Path) -> None:
    ours = {SAMPLES, RESULT, f"{RESULT}.new"}
    if {entry.name for entry in path.iterdir()} <= ours:
        import shutil

        shutil.rmtree(path)


def _folders(folder: Path) -> Iterator[Path]:
    """The folders of runs, the oldest first."""
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            if RUN_ID.fullmatch(path.name) and not path.is_symlink() and path.is_dir():
                yield path


class Kept(NamedTuple):
    """A recorded run. `result` is None where it lives, or was ended before it was written."""

    id: str
    folder: Path
    result: dict[str, Any] | None
    live: bool


def kept_runs(folder: Path) -> list[Kept]:
    """All recorded runs, the newest first."""
    return [kept(path) for path in reversed(list(_folders(folder)))]


def kept(path: Path) -> Kept:
    """One recorded run."""
    value = None
    with contextlib.suppress(OSError):
        value = _value(_read(path / RESULT))
    result = value if isinstance(value, dict) else None
    return Kept(path.name, path, result, front_of(path.name) is not None)


def samples_of(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The samples of a run, and how many lines are torn or no samples."""
    try:
        data = _read(path / SAMPLES)
    except OSError:
        return [], 0
    found: list[dict[str, Any]] = []
    torn = 0
    for line in data.splitlines():
        value = _value(line)
        if isinstance(value, dict) and isinstance(value.get("t"), int | float):
            found.append(value)
        elif line.strip():
            torn += 1
    return found, torn


def _value(data: bytes) -> Any:
    """A value of strict JSON; None for what is none."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None


def _read(path: Path) -> bytes:
    """A file of ours, no link and no device. Raises OSError."""
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    )
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(22, "it is no regular file")
        return opened.read(_MAX_BYTES)
