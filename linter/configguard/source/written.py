"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def replace_bytes(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, keeping its mode. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).chmod(mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_named(path: Path, data: bytes) -> None:
    """Write the file that the user named, through links; a device or pipe is written to.

    Raises OSError.
    """
    real = Path(os.path.realpath(path))
    try:
        mode = real.stat().st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        replace_bytes(real, data, 0o666 & ~mask)
        return
    if stat.S_ISREG(mode):
        if not os.access(real, os.W_OK):
            raise PermissionError(13, "it is read-only")
        replace_bytes(real, data, mode)
    else:
        with real.open("wb") as opened:
            opened.write(data)
