"""A proposal in the making: what files become, what is kept, and what a person has to do."""

from __future__ import annotations

import os

from configguard.checking.finding import Problem, first_byte
from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES, Trouble, Unreadable, Workspace


class Proposal:
    """Changes by file, over a workspace; `kept`: what is there already; `advice`: in words."""

    def __init__(self, workspace: Workspace) -> None:
        self.before = workspace
        self.workspace = workspace
        self.changes: dict[str, bytes] = {}
        self.kept: list[str] = []
        self.advice: list[str] = []
        self.problems: list[Problem] = []

    def change(self, file: str, data: bytes) -> None:
        """Give a file new bytes; what is proposed after sees them."""
        self.changes[file] = data
        self.workspace = self.workspace.with_overlay({file: data})

    def document(self, file: str) -> Document | None:
        """What a file holds; nothing where it is not there. Raises CannotRead."""
        found = self.workspace.read(file, MAX_LOCK_BYTES)
        if isinstance(found, Document):
            return found
        # A link that leads nowhere is no missing file: writing would make what it names.
        there = os.path.lexists(self.workspace.root / file)
        if found.trouble is Trouble.MISSING and not there:
            return None
        raise CannotRead(found)

    def refuse(self, fault: CannotRead) -> None:
        """Tell of a file that is there and cannot be read: it is left alone."""
        file = fault.found.file
        reason = fault.found.reason
        if fault.found.trouble is Trouble.MISSING:
            reason = "it is a link that leads nowhere"
        self.problems.append(
            Problem(f"{file} is left alone: {reason}", (first_byte(file),), "error", file)
        )


class CannotRead(Exception):
    """A file is there, and what it holds cannot be known."""

    def __init__(self, found: Unreadable) -> None:
        super().__init__(found.reason)
        self.found = found
