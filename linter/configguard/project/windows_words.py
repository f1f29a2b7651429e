"""Words of a script that mean something else to cmd.exe, which npm uses on Windows."""

from __future__ import annotations

import re

from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace
from configguard.syntax.shell_words import Word

_VARIABLE = re.compile(r"%[A-Za-z_]\w*%")
_COMMAND = re.compile(rb"\\+(?:vitest|jest|playwright)(?:\.cmd)?$")


def on_any_platform(word: Word) -> Word:
    """A word as far as all shells agree on it: `%RETRY%` is a text to all but cmd.exe."""
    found = _VARIABLE.search(word.text) if word.text is not None else None
    if word.text is None or found is None:
        return word
    reason = "to cmd.exe it holds a variable"
    return word._replace(text=None, reason=reason, start=word.text[: found.start()])


def is_path_of_a_runner(workspace: Workspace, word: Word) -> bool:
    r"""Whether a word is `node_modules\.bin\vitest`, of which other shells make another name."""
    document = workspace.read(word.span.file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return False
    return _COMMAND.search(document.data[word.span.start : word.span.end]) is not None
