"""The terminal as it was: a killed program leaves it raw, without cursor, in another screen."""

from __future__ import annotations

import contextlib
import os
from typing import Any

_RESET = b"\x1b[?25h\x1b[?1047l\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[0m"
"""Cursor shown, the main screen (1049 would also move the cursor where no program had left it),
no bracketed paste, no mouse reports, plain letters."""


class Terminal:
    """What the terminal was like at the start; does nothing where there is none."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._modes: list[Any] | None = None
        try:
            import termios
        except ImportError:  # Windows: consoles keep their modes by process
            return
        for stream in (0, 2, 1):
            try:
                if os.isatty(stream):
                    self._modes = termios.tcgetattr(stream)
                    self._handle = os.dup(stream)
                    return
            except (OSError, termios.error):
                continue

    def restore(self) -> None:
        """Set the modes back, and what escape sequences may have changed."""
        if self._handle is None or self._modes is None:
            return
        import termios

        # From the background this would stop us, or take the terminal from a running shell job.
        with contextlib.suppress(OSError):
            if os.tcgetpgrp(self._handle) != os.getpgrp():
                return
        with contextlib.suppress(OSError, termios.error):
            if termios.tcgetattr(self._handle) != self._modes:
                termios.tcsetattr(self._handle, termios.TCSADRAIN, self._modes)
        with contextlib.suppress(OSError):
            if os.isatty(2):
                os.write(2, _RESET)
