"""A line on a terminal where a check takes long: silence looks like a hang."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST_S = 3.0
THEN_S = 20.0


@contextmanager
def patience(root: Path, first: float = FIRST_S, then: float = THEN_S) -> Iterator[None]:
    """Say from time to time that configs are still looked for; only people read it."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Event, Thread

    from configguard.report.text_safety import inert, one_line

    done = Event()

    def say() -> None:
        where = inert(one_line(str(root), 200))
        wait = first
        while not done.wait(wait):
            told = f"configguard: still at work below {where}; Ctrl-C ends it, a path makes it less"
            print(told, file=sys.stderr, flush=True)
            wait = then

    thread = Thread(target=say, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
