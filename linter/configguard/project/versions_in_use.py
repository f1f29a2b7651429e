"""Whether what starts a config may be another version than the one that its folder has."""

from __future__ import annotations

import posixpath
import re

from configguard.project.invocations import Invocation
from configguard.project.packages import runner_version
from configguard.resources import table
from configguard.runners.profile import Note
from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace, escapes

_WITH_VERSION = re.compile(
    r"(?<![\w/@-])(?:vitest|jest|playwright|@playwright/test)@[\w^~<>=*]|\b(?:dlx|pnpx|pnx)\b"
)
_INSTALLS = {
    runner: re.compile(
        r"\b(?:npm|pnpm|yarn|bun)\b[^\n#]*?\b(?:i|install|add|up|update|upgrade)\b[^\n#]*?"
        rf"(?<![\w/@-])(?:{name})@(?=[\w^~<>=*$\"'])"
    )
    for runner, name in (
        ("vitest", "vitest"),
        ("jest", "jest"),
        ("playwright", "playwright|@playwright/test"),
    )
}


def other_version(workspace: Workspace, invocation: Invocation, config: str) -> Note | None:
    """What starts a config may be another version than the one that its folder has."""
    return (
        _named_version(workspace, invocation)
        or _installed_before(workspace, invocation)
        or _of_other_package(workspace, invocation, config)
    )


def _of_other_package(workspace: Workspace, invocation: Invocation, config: str) -> Note | None:
    """A runner of one package starts the config of another: `vitest run --root packages/old`.

    Measured: npm run puts the commands of the script's own package first, whatever `cd` does. jest
    hands over to the version of the folder that it is started in (import-local).
    """
    runner, here = invocation.runner, invocation.folder.path or ""
    home = here if runner == "jest" or invocation.bins is None else invocation.bins
    if escapes(home):
        return None
    own = _version_at(workspace, posixpath.dirname(config), runner)
    other = _version_at(workspace, "" if home == "." else home, runner)
    if own is None or other is None or own == other:
        return None
    told = f"{invocation.title} starts {runner} {other}, and {config} stands beside {own}"
    return Note(f"{told}: what it does there is not worked out", invocation.chain[:1])


def _version_at(workspace: Workspace, folder: str, runner: str) -> str | None:
    """The version, or the range of it, that a folder has."""
    for package in table(f"runners/facts/{runner}").get("packages", (runner,)):
        found, _ = runner_version(workspace, folder, package)
        if found.source != "none":
            return found.version or found.range
    return None


def _named_version(workspace: Workspace, invocation: Invocation) -> Note | None:
    """`npx vitest@1 run`, `pnpm dlx vitest run`: maybe not the version that is installed."""
    span = invocation.chain[0]
    document = workspace.read(span.file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return None
    if _WITH_VERSION.search(document.text(span.start, span.end)) is None:
        return None
    told = f"{invocation.title} names a version of {invocation.runner} itself"
    return Note(f"{told}: what it does there is not worked out", (span,))


def _installed_before(workspace: Workspace, invocation: Invocation) -> Note | None:
    """`npm install vitest@1 && vitest run`, in one step, or in one before it."""
    span = invocation.chain[-1]
    document = workspace.read(span.file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return None
    line = document.data.rfind(b"\n", 0, span.start) + 1
    before = document.text(0 if invocation.kind == "ci" else line, span.end)
    found = _INSTALLS[invocation.runner].search(before)
    if found is None:
        return None
    told = f"{span.file} installs a version of {invocation.runner} before {invocation.title}"
    return Note(f"{told}: what it does there is not worked out", (span,))
