"""Who is guarded right now, and the slots that all guarded runs share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from configguard.watchdog.registry import (
    STATE,
    Entry,
    NoRegistry,
    Registry,
    front_of,
    is_ancestor,
    new_id,
    started,
    state_folder,
)
from configguard.watchdog.slots import take


def entry(pid: int, since: float = 1.0) -> Entry:
    return Entry(new_id(pid), pid, "/x", "vitest", since)


@pytest.fixture
def sleeper() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_run_is_live_as_long_as_its_front(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    registry = Registry(tmp_path)
    own, other = entry(os.getpid()), entry(sleeper.pid)
    registry.write(own)
    registry.write(other)
    assert sorted(one.pid for one in registry.live()) == sorted((own.pid, other.pid))
    sleeper.kill()
    sleeper.wait()
    assert list(registry.live()) == [own]
    assert registry.get(other.id) is None
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [f"{own.id}.json"]
    registry.remove(own.id)
    assert list(registry.live()) == []


def test_a_pid_that_is_used_again_is_no_front() -> None:
    run_id = new_id(os.getpid())
    assert front_of(run_id) == os.getpid()
    clock, pid, start = run_id.split("-")
    assert front_of(f"{clock}-{pid}-{int(start, 16) + 1:x}") is None
    assert front_of("rubbish") is None
    assert front_of("../../etc/passwd") is None


def test_a_zombie_has_ended(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert started(sleeper.pid) is None


def test_a_broken_file_is_no_run(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    own = entry(os.getpid())
    for text in ("", "{", "[]", '{"id": 1}'):
        (tmp_path / "runs" / f"{own.id}.json").write_text(text)
        assert list(registry.live()) == []


def test_ancestors(sleeper: subprocess.Popen[bytes]) -> None:
    assert is_ancestor(os.getppid())
    assert not is_ancestor(sleeper.pid)
    assert not is_ancestor(os.getpid())


def test_a_folder_that_others_can_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE, str(tmp_path / "own"))
    assert state_folder() == tmp_path / "own"
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
    (tmp_path / "own").chmod(0o777)
    with pytest.raises(NoRegistry, match="others can write"):
        state_folder()
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setenv(STATE, str(tmp_path / "link"))
    with pytest.raises(NoRegistry, match="no folder"):
        state_folder()


# --- slots ------------------------------------------------------------------------------------


def test_all_or_none(tmp_path: Path) -> None:
    first = take(tmp_path, 2, 3)
    assert first is not None
    assert first.numbers == (0, 1)
    assert take(tmp_path, 2, 3) is None
    second = take(tmp_path, 1, 3)
    assert second is not None
    assert second.numbers == (2,)
    first.release()
    third = take(tmp_path, 2, 3)
    assert third is not None
    assert third.numbers == (0, 1)
    second.release()
    third.release()


def test_more_than_all_is_all(tmp_path: Path) -> None:
    held = take(tmp_path, 8, 2)
    assert held is not None
    assert held.numbers == (0, 1)
    held.release()


_HOLDER = """
import sys, time
from pathlib import Path
from configguard.watchdog.slots import take
held = take(Path(sys.argv[1]), 1, 1)
print("held" if held else "busy", flush=True)
time.sleep(60)
"""


def test_a_killed_holder_frees_its_slot_and_waiting_is_told_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told: list[str] = []

        def waiting() -> None:
            told.append("waiting")
            holder.send_signal(signal.SIGKILL)

        held = take(tmp_path, 1, 1, 60, waiting)
        assert held is not None
        assert told == ["waiting"]
        held.release()
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
