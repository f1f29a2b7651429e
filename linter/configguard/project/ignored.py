"""`.gitignore` files to which paths git ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.path_globs import BadGlob, TooDeep, matches_any, patterns_of
from configguard.source.workspace import Workspace

if TYPE_CHECKING:
    from re import Match

    from pathspec import Pattern

IGNORE_FILE = ".gitignore"
OWN_IGNORE_FILE = ".git/info/exclude"
ALWAYS_SKIPPED = frozenset({"node_modules", ".git", ".hg", ".svn", ".venv"})


_FOLDER_MARK = "ps_d"
"""The group around the `/` after the folder that a pattern matched, as of pathspec 1.1."""


class IgnoreRules(NamedTuple):
    """The patterns of one `.gitignore`, the last first: that is the one which decides.

    `problems`: what git understands of it and this program does not.
    """

    folder: str
    patterns: tuple[tuple[str, Pattern], ...]
    problems: tuple[PathProblem, ...] = ()


def read_rules(workspace: Workspace, folder: str) -> IgnoreRules | PathProblem | None:
    """The rules that a folder adds; None where its `.gitignore` says nothing that matters here."""
    return _read(workspace, f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE, folder)


def own_rules(workspace: Workspace) -> IgnoreRules | PathProblem | None:
    """The rules of this checkout alone; every `.gitignore` weighs more."""
    return _read(workspace, OWN_IGNORE_FILE, "") if workspace.is_file(OWN_IGNORE_FILE) else None


def _read(workspace: Workspace, file: str, folder: str) -> IgnoreRules | PathProblem | None:
    document = workspace.read(file)
    if not isinstance(document, Document):
        message = f"{file}: its patterns do not count: {document.reason}"
        return PathProblem(message, file, "warning")
    lines = document.text(len(document.bom), len(document.data)).split("\n")
    telling = [line.rstrip("\r") for line in lines if not _says_nothing(line)]
    return _rules(file, folder, telling) if telling else None


def ignores(rules: tuple[IgnoreRules, ...], path: str, is_folder: bool) -> bool:
    """Whether git ignores a path whose folders it does not ignore; the deepest file decides."""
    for folder, patterns, _ in reversed(rules):
        below = path[len(folder) + 1 :] if folder else path
        asked = below + "/" if is_folder else below
        for line, pattern in patterns:
            found = pattern.match_file(asked)
            if found is not None and _is_meant(line, found.match, asked):
                return bool(pattern.include)
    return False


def is_skipped(
    rules: tuple[IgnoreRules, ...], exclude: tuple[str, ...], path: str, *, is_folder: bool
) -> bool:
    """Whether a walk passes a path over."""
    if rules and ignores(rules, path, is_folder):
        return True
    return bool(exclude) and matches_any(exclude, path, is_folder=is_folder)


def _is_meant(line: str, found: Match[str], asked: str) -> bool:
    """Whether a pattern is about the path itself.

    pathspec has a pattern that matches a folder also match all that is in it, so `!build` would
    keep `build/x.tmp`. A walk asks about every folder on the way, so only the path itself counts.
    """
    if line.rstrip().endswith("/**") and found.end() == len(asked) and asked.endswith("/"):
        return False  # `build/**` means what lies in build, not the folder
    mark = found.end(_FOLDER_MARK) if _FOLDER_MARK in found.re.groupindex else -1
    return mark in (-1, len(asked))


def _says_nothing(line: str) -> bool:
    """Whether a line is empty, a comment, or names only what is skipped anyway."""
    text = line.strip()
    return not text or text.startswith("#") or text.strip("/") in ALWAYS_SKIPPED


def _rules(file: str, folder: str, lines: list[str]) -> IgnoreRules:
    patterns: list[tuple[str, Pattern]] = []
    problems: list[PathProblem] = []
    for line in reversed(lines):
        try:
            patterns += [(line, pattern) for pattern in patterns_of(line)]
        except TooDeep as reason:
            message = f"{file}: the pattern {line[:60]!r} {reason}: it does not count"
            problems.append(PathProblem(message, file, "warning"))
        except BadGlob:
            continue  # git too passes over a pattern that is none, and takes the others
    return IgnoreRules(folder, tuple(patterns), tuple(problems))
