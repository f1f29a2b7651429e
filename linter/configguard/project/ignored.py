"""`.gitignore` files to which paths git ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.workspace import Workspace

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".gitignore"
ALWAYS_SKIPPED = frozenset({"node_modules", ".git", ".hg", ".svn", ".venv"})


class IgnoreRules(NamedTuple):
    """The patterns of one `.gitignore`, which hold for what lies below its folder."""

    folder: str
    lines: tuple[str, ...]
    spec: GitIgnoreSpec


def read_rules(workspace: Workspace, folder: str) -> IgnoreRules | PathProblem | None:
    """The rules that a folder adds; None where its `.gitignore` says nothing that matters here."""
    file = f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE
    document = workspace.read(file)
    if not isinstance(document, Document):
        message = f"{file}: its patterns do not count: {document.reason}"
        return PathProblem(message, file, "warning")
    lines = document.text(len(document.bom), len(document.data)).split("\n")
    telling = [line.rstrip("\r") for line in lines if not _says_nothing(line)]
    return _rules(folder, telling) if telling else None


def ignores(rules: tuple[IgnoreRules, ...], path: str, is_folder: bool) -> bool:
    """Whether git ignores a path whose folders it does not ignore; the deepest file decides."""
    for folder, lines, spec in reversed(rules):
        below = path[len(folder) + 1 :] if folder else path
        found = spec.check_file(below + "/" if is_folder else below)
        if found.include is None:
            continue
        line = lines[found.index] if found.index is not None else ""
        # `build/**` means what lies in build, not the folder: `!build/keep.ts` may follow.
        if is_folder and found.include and line.rstrip().endswith("/**"):
            return False
        return found.include
    return False


def _says_nothing(line: str) -> bool:
    """Whether a line is empty, a comment, or names only what is skipped anyway."""
    text = line.strip()
    return not text or text.startswith("#") or text.strip("/") in ALWAYS_SKIPPED


def _rules(folder: str, lines: list[str]) -> IgnoreRules:
    # About 10 ms: not paid by a check of one named file.
    from pathspec import GitIgnoreSpec

    try:
        return IgnoreRules(folder, tuple(lines), GitIgnoreSpec.from_lines(lines))
    except ValueError:
        # git passes over a pattern that is none, and takes the others.
        lines = [line for line in lines if _is_pattern(line)]
        return IgnoreRules(folder, tuple(lines), GitIgnoreSpec.from_lines(lines))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
