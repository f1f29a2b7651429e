"""Hyperlinks (OSC 8) on places, for terminals that have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from configguard.report.text_safety import uri_path

_PROGRAMS = ("iTerm.app", "WezTerm", "ghostty", "Hyper", "Tabby", "rio")
"""By TERM_PROGRAM. The terminals of VS Code and Zed find `path:line:column` by themselves, and
open the line, which a link to a file cannot say."""
_TERMS = ("xterm-kitty", "alacritty", "foot", "foot-extra", "xterm-ghostty", "contour")


class Links(NamedTuple):
    """How places are linked: `base` is the URI of the root, with a slash at its end."""

    base: str
    lines: bool

    def link(self, file: str, line: int, shown: str) -> str:
        """A text that opens a root-relative file."""
        # Others than these would look for a file with that in its name.
        fragment = f"#{line}" if self.lines else ""
        target = f"{self.base}{uri_path(file)}{fragment}"
        return f"\x1b]8;;{target}\x1b\\{shown}\x1b]8;;\x1b\\"


def links_for(stream: IO[str], environ: Mapping[str, str], root: Path) -> Links | None:
    """Links into the root, where the terminal is known to have them, or FORCE_HYPERLINK says so."""
    forced = environ.get("FORCE_HYPERLINK")
    if forced == "0" or (forced is None and not (stream.isatty() and _known(environ))):
        return None
    host = "" if os.name == "nt" else os.uname().nodename
    path = uri_path(root.as_posix().strip("/"))
    kitty = environ.get("TERM") == "xterm-kitty" or environ.get("TERM_PROGRAM") == "iTerm.app"
    return Links(f"file://{host}/{path}/" if path else f"file://{host}/", kitty)


def _known(environ: Mapping[str, str]) -> bool:
    # Through ssh the files lie elsewhere; multiplexers may drop the links or pass them on broken.
    if any(environ.get(name) for name in ("SSH_CONNECTION", "TMUX", "STY", "CI")):
        return False
    return (
        environ.get("TERM_PROGRAM") in _PROGRAMS
        or environ.get("TERM") in _TERMS
        or "WT_SESSION" in environ
        # GNOME's terminals: 0.50.0 crashed on links.
        or _at_least(environ.get("VTE_VERSION"), 5001)
        or _at_least(environ.get("KONSOLE_VERSION"), 201200)
    )


def _at_least(version: str | None, least: int) -> bool:
    return version is not None and version.isdecimal() and int(version[:9]) >= least
