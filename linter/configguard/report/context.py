"""What formats for programs need beside the report: where files lie, and how the check ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from configguard.checking.finding import Severity
from configguard.report.text_safety import one_line
from configguard.ruleset.rule import Rule
from configguard.source.document import Document
from configguard.source.span import Position, Span

_LONGEST_PATH = 4096


class Region(NamedTuple):
    """A stretch of a file: its first character and the one after its last."""

    start: Position
    end: Position


class Context(NamedTuple):
    """One check from outside.

    `top` is the folder of the repository that `root` lies in: CI systems take paths from there.
    """

    read: Callable[[str], Document | None]
    root: Path
    top: Path
    rules: tuple[Rule, ...]
    code: int
    fail_on: Severity
    verbose: bool = False

    def path(self, file: str) -> str:
        """A file as CI systems name it: from the top of the repository, with `/`.

        One that an option named and that lies outside has its full path.
        """
        full = os.path.normpath(self.root / file)
        below = os.path.relpath(full, self.top)
        outside = below == os.pardir or below.startswith(os.path.join(os.pardir, ""))
        return (full if outside else below).replace(os.sep, "/")

    def shown(self, file: str) -> str:
        """The same as one line of text."""
        return one_line(self.path(file), _LONGEST_PATH)

    def region(self, span: Span) -> Region | None:
        """Where a span lies, in lines and columns; None where its file cannot be read."""
        document = self.read(span.file)
        if document is None:
            return None
        return Region(document.position(span.start), document.position(span.end))


def repository_top(root: Path) -> Path:
    """The nearest folder that holds `.git`, from the root upwards; else the root."""
    return next((one for one in (root, *root.parents) if os.path.exists(one / ".git")), root)
