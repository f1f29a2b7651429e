"""Colour, glyphs and width of a terminal, or of none."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

from configguard.report.text_safety import fit, one_line

if TYPE_CHECKING:
    from configguard.report.hyperlinks import Links

_SEVERITY = {"error": "1;31", "warning": "1;33", "info": "1;34", "note": "1"}


class Style(NamedTuple):
    """How output looks. Every method gives the text itself where there is no colour.

    `prefix`: the way from the current folder to the root, and `here` the way back where that
    folder lies inside the root, so that places can be clicked; `links` where the terminal has more.
    """

    color: bool = False
    unicode: bool = True
    width: int = 80
    prefix: str = ""
    here: str = ""
    links: Links | None = None

    def paint(self, code: str, text: str) -> str:
        """Text in an SGR style."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def bold(self, text: str) -> str:
        return self.paint("1", text)

    def dim(self, text: str) -> str:
        return self.paint("2", text)

    def severity(self, severity: str, text: str) -> str:
        """Text in the colour of a severity."""
        return self.paint(_SEVERITY[severity], text)

    def secondary(self, text: str) -> str:
        """Text of a place that explains the primary one."""
        return self.paint("34", text)

    def added(self, text: str) -> str:
        return self.paint("32", text)

    def removed(self, text: str) -> str:
        return self.paint("31", text)

    def glyph(self, fancy: str, plain: str) -> str:
        """A drawing character, or its ASCII stand-in."""
        return fancy if self.unicode else plain

    def clean(self, text: str, most: int = 200) -> str:
        """Text from a checkout as one harmless line that this terminal can print."""
        return one_line(text, most, ascii_only=not self.unicode)

    def path(self, file: str) -> str:
        """A root-relative file as the current folder sees it."""
        if posixpath.isabs(file):
            return file
        if self.here and not file.startswith("../"):
            return posixpath.relpath(f"/{file}", f"/{self.here}")
        return posixpath.normpath(posixpath.join(self.prefix, file)) if self.prefix else file

    def told(self, text: str, most: int = 200) -> str:
        """A message made clean, the files that it names as the current folder sees them."""
        if self.here and f"{self.here}/" in text:
            text = re.sub(rf"(?<![\w./@-]){re.escape(self.here)}/", "", text)
        return self.clean(text, most)

    def fit(self, text: str, width: int) -> str:
        """A text cut to a number of columns."""
        return fit(text, width, ascii_only=not self.unicode)


def decide_color(
    mode: Literal["auto", "always", "never"], stream: IO[str], environ: Mapping[str, str]
) -> bool:
    """Whether to colour: as asked; else NO_COLOR, FORCE_COLOR, and whether it is a terminal."""
    if mode != "auto":
        return mode == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    if not stream.isatty() or environ.get("TERM") == "dumb":
        return False
    # Older Windows consoles print SGR codes as they are; the modern ones set one of these.
    return sys.platform != "win32" or "WT_SESSION" in environ or "ANSICON" in environ
