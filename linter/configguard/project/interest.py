"""Whether something that is not followed looks as if it ran tests: only then it is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from configguard.project.wrappers import command_name
from configguard.resources import table
from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace, join
from configguard.syntax.shell_words import Word

_RUNNER = re.compile(rb"\b(?:vitest|jest|playwright)\b")
_MANAGER = re.compile(rb"\b(?:npm|pnpm|yarn|bun|npx|turbo|nx|lerna|node)\b")
_TESTS = re.compile(rb"(?<!la)test|e2e")


def of_interest(script: bytes) -> bool:
    """Whether a script that is not followed looks as if it ran tests."""
    if _RUNNER.search(script):
        return True
    return _MANAGER.search(script) is not None and _TESTS.search(script) is not None


def words_of_interest(workspace: Workspace, words: Iterable[Word]) -> bool:
    """The same of a command line: as it is written, and as far as it is known."""
    texts = [word.start.encode("utf-8", "replace") for word in words]
    for word in words:
        document = workspace.read(word.span.file, MAX_LOCK_BYTES)
        if isinstance(document, Document):
            texts.append(document.data[word.span.start : word.span.end])
    return of_interest(b" ".join(texts))


def file_of_interest(workspace: Workspace, folder: str | None, names: Iterable[str]) -> bool:
    """Whether one of some files in a folder, such as a Makefile, looks so."""
    for name in names if folder is not None else ():
        file = join(str(folder), name)
        document = workspace.read(file, MAX_LOCK_BYTES) if workspace.is_file(file) else None
        if isinstance(document, Document) and of_interest(document.data):
            return True
    return False


def names_a_runner(words: Sequence[Word]) -> bool:
    """Whether an unknown command is handed a runner, so that it may start it."""
    if command_name(words[0]) in table("project/commands")["starts-nothing"]:
        return False
    return any(_runner_names() & set(word.start.split()) for word in words[1:])


@cache
def _runner_names() -> frozenset[str]:
    rows = table("project/commands")["runners"].values()
    return frozenset(str(name) for row in rows for name in row["commands"])
