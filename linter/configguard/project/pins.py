"""What is asked of a lock file, and what it may answer; its folders are relative to the file."""

from __future__ import annotations

from typing import NamedTuple

from configguard.source.span import Origin


class Asked(NamedTuple):
    """The package that is looked for, and from where.

    `folder` is that of the config. `manifest` is the folder of the package.json that lists the
    package, and `range` its text there; None where none does. `forced` is the range that the
    root's manifest puts in its place.
    """

    package: str
    folder: str
    manifest: str | None = None
    range: str | None = None
    forced: str | None = None


class Pinned(NamedTuple):
    """A version, and where it stands. `asked`: the range that the lock file was written for;
    `overridden`: it says itself that ranges of this package do not count."""

    version: str
    at: Origin
    asked: str | None = None
    overridden: bool = False


class Linked(NamedTuple):
    """A package of this repository, in a folder relative to the lock file."""

    folder: str
    at: Origin


class Foreign(NamedTuple):
    """Something else goes by the name: another package, or code that is no published version."""

    what: str
    at: Origin


class NotCovered(NamedTuple):
    """The lock file is not that of the package.json that lists the package."""


Pin = Pinned | Linked | Foreign
NOT_COVERED = NotCovered()
