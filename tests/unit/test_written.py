"""Files replaced together: all or none, never torn, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from configguard.source.written import (
    NotReplaced,
    Replacement,
    remove_leftovers,
    replace_all,
    replace_bytes,
)

KILLS = int(os.environ.get("CONFIGGUARD_KILLS", "10"))
"""`make stress` sets it to 200."""
OLD, NEW = b"old\n" * 3, b"new\n" * 4


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.ts" for name in "abc"]
    for path in paths:
        path.write_bytes(OLD)
    return paths


def replacements(files: list[Path]) -> list[Replacement]:
    return [Replacement(path, OLD, NEW) for path in files]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_are_replaced(files: list[Path]) -> None:
    before = names(files[0].parent)
    files[1].chmod(0o640)
    replace_all(replacements(files))
    assert [path.read_bytes() for path in files] == [NEW] * 3
    assert stat.S_IMODE(files[1].stat().st_mode) == 0o640
    assert names(files[0].parent) == before


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_where_one_cannot_be_replaced_none_is(
    files: list[Path], fails: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, replace = names(files[0].parent), Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target == files[fails] and self.read_bytes() == NEW:
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(NotReplaced) as refused:
        replace_all(replacements(files))
    assert refused.value.path == files[fails]
    assert refused.value.reason == "Input/output error"
    assert refused.value.changed == ()
    assert [path.read_bytes() for path in files] == [OLD] * 3
    assert names(files[0].parent) == before


def test_what_cannot_be_put_back_is_named(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, done = Path.replace, list[Path]()

    def failing(self: Path, target: Path) -> Path:
        if done:
            raise OSError(errno.EROFS, "Read-only file system")
        done.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(NotReplaced) as refused:
        replace_all(replacements(files))
    assert refused.value.path == files[1]
    assert refused.value.changed == (files[0],)


@pytest.mark.parametrize("step", [0, 1, 4])
def test_a_full_disk_changes_nothing(
    files: list[Path], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, sync, count = names(files[0].parent), os.fsync, iter(range(100))

    def full(handle: int) -> None:
        if next(count) == step:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotReplaced, match="No space left on device"):
        replace_all(replacements(files))
    assert [path.read_bytes() for path in files] == [OLD] * 3
    assert names(files[0].parent) == before


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mounted)]
    with suppress(FileNotFoundError):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            try:
                _fill_up(mounted)
            finally:
                subprocess.run(["umount", str(mounted)], check=True)
            return
    pytest.skip("NOT TESTED: this user cannot mount a small disk")


def _fill_up(folder: Path) -> None:
    files = [folder / "a.ts", folder / "b.ts"]
    for path in files:
        path.write_bytes(OLD)
    big = Replacement(files[1], OLD, b"x" * 100_000)
    with pytest.raises(NotReplaced, match="No space left on device"):
        replace_all([Replacement(files[0], OLD, NEW), big])
    assert [path.read_bytes() for path in files] == [OLD] * 2
    assert names(folder) == ["a.ts", "b.ts"]


def test_a_file_that_someone_else_changed_is_left_alone(files: list[Path]) -> None:
    files[2].write_bytes(b"theirs")
    with pytest.raises(NotReplaced, match="changed by someone else"):
        replace_all(replacements(files))
    assert [path.read_bytes() for path in files] == [OLD, OLD, b"theirs"]


def test_what_someone_else_wrote_is_never_put_back(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def racing(self: Path, target: Path) -> Path:
        if target == files[1]:
            files[0].write_bytes(b"theirs")
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", racing)
    with pytest.raises(NotReplaced):
        replace_all(replacements(files))
    assert [path.read_bytes() for path in files] == [b"theirs", OLD, OLD]


def test_an_interrupt_leaves_all_as_it_was(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, replace = names(files[0].parent), Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target == files[1]:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_all(replacements(files))
    assert [path.read_bytes() for path in files] == [OLD] * 3
    assert names(files[0].parent) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="NOT TESTED: not root")
def test_the_owner_stays(files: list[Path]) -> None:
    os.chown(files[0], 12345, 23456)
    replace_all(replacements(files))
    assert (files[0].stat().st_uid, files[0].stat().st_gid) == (12345, 23456)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="NOT TESTED: no extended attributes")
def test_extended_attributes_stay(files: list[Path]) -> None:
    try:
        os.setxattr(files[0], "user.kept", b"yes")
    except OSError:
        pytest.skip("NOT TESTED: this file system has no extended attributes")
    replace_all(replacements(files))
    assert os.getxattr(files[0], "user.kept") == b"yes"


def test_a_very_long_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 252 + ".ts")
    path.write_bytes(OLD)
    replace_all([Replacement(path, OLD, NEW)])
    assert path.read_bytes() == NEW
    replace_bytes(path, OLD, 0o600)
    assert path.read_bytes() == OLD


def test_only_what_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    kept = [".configguard-abcd.tmp", ".configguard-abcdefgh.txt", "x.configguard-abcdefgh.tmp"]
    for name in (*kept, ".configguard-abcdefgh.tmp"):
        (tmp_path / name).write_bytes(OLD)
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / ".configguard-freshone.tmp").write_bytes(OLD)
    (tmp_path / ".configguard-afolder1.tmp").mkdir()
    remove_leftovers(tmp_path)
    still = [*kept, ".configguard-freshone.tmp", ".configguard-afolder1.tmp"]
    assert names(tmp_path) == sorted(still)


WRITER = """
import sys
from pathlib import Path
from configguard.source.written import Replacement, replace_all
paths = [Path(name) for name in sys.argv[1:]]
one, other = (letter * 300_000 for letter in (b"a", b"b"))
print("ready", flush=True)
while True:
    replace_all([Replacement(path, one, other) for path in paths])
    one, other = other, one
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="NOT TESTED: no SIGKILL here")
def test_killed_at_any_moment_every_file_is_old_or_new(tmp_path: Path) -> None:
    chance = random.Random(7)
    paths = [tmp_path / f"{name}.ts" for name in "abcd"]
    left = 0
    for _ in range(KILLS):
        for path in paths:
            path.write_bytes(b"a" * 300_000)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, *map(str, paths)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 0.05))
            writer.kill()
        for path in paths:
            data = path.read_bytes()
            assert data in (b"a" * 300_000, b"b" * 300_000), f"{path.name} is torn"
        left += len(list(_leftovers(tmp_path)))
        for name in _leftovers(tmp_path):
            os.utime(name, (1, 1))
        remove_leftovers(tmp_path)
        assert names(tmp_path) == [path.name for path in paths]
    assert left, "it was never killed while it wrote"


def _leftovers(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.name.startswith(".configguard-"))
