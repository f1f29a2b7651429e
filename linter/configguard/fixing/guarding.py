"""A script that runs end-to-end tests to another beside it that runs it under `configguard run`.

The new script asks the package manager for the old one: its shell operators, variables, `pre` and
`post` scripts stay what they are on any platform, and a change of the old one needs no second.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from configguard.fixing.json_members import with_member
from configguard.project.invocations import Invocation, invocations
from configguard.project.running import Ways, watches
from configguard.project.scripts import Package, manager_of, package_at
from configguard.project.suites import Suite
from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace

GUARD = "configguard run --"
MAIN = "test:e2e"
_SUFFIX = ":safe"
PLAIN = re.compile(r"[A-Za-z0-9_][\w:.@/+-]*", re.ASCII)
"""Names and files that no shell, cmd.exe among them, and no package manager reads anything into."""
_E2E = re.compile(r"(^|[^a-z0-9])(e2e|end-?to-?end)([^a-z0-9]|$)", re.IGNORECASE)


class Script(NamedTuple):
    """A script of a package.json, by its folder and name."""

    folder: str
    name: str


class Guarded(NamedTuple):
    """A package.json with a script more."""

    file: str
    data: bytes
    name: str
    text: str


def script_to_guard(suite: Suite, ways: Ways) -> Script | None:
    """The script that runs a suite, if none of those that do is guarded.

    `test:e2e` before others whose name says so, before the rest; outermost packages first.
    """
    found: list[Invocation] = []
    for start in ways.of(suite):
        one = start.invocation
        if one.kind != "script":
            continue
        if one.guarded:
            return None
        if watches(suite, start) != "always":
            found.append(one)
    if not found:
        return None
    names = {(one.package, one.name) for one in found}
    best = min(found, key=lambda one: _rank(one, names))
    return Script(best.package, best.name)


def _rank(one: Invocation, names: set[tuple[str, str]]) -> tuple[object, ...]:
    hook = one.name.removeprefix("pre").removeprefix("post")
    depth = one.package.count("/") + 1 if one.package else 0
    return (
        hook != one.name and (one.package, hook) in names,
        one.name != MAIN,
        _E2E.search(one.name) is None,
        depth,
        one.name != "test",
        len(one.chain),
        one.in_ci is True,
    )


def with_guarded(workspace: Workspace, script: Script) -> Guarded | str:
    """The package.json with a script that guards another one; or why there is none."""
    package = package_at(workspace, script.folder)
    if package is None or script.name not in package.scripts:
        return f"the script {script.name} is not there"
    manager = manager_of(workspace, script.folder).name or "npm"
    name = script.name + _SUFFIX
    if PLAIN.fullmatch(script.name) is None:
        return "its name holds characters that shells read something into: give it a plain one"
    program = "yarn" if manager == "yarn-berry" else manager
    # npm takes options behind the name for its own, unless a `--` stands before them.
    dashes = " --" if program == "npm" else ""
    text = f"{GUARD} {program} run {script.name}{dashes}"
    made = _added(workspace, package, name, text, script.name)
    return made if isinstance(made, str) else _verified(workspace, package, made, script.name)


def with_new(workspace: Workspace, folder: str, command: str) -> Guarded | str:
    """The package.json with a guarded script for tests that no script runs so far."""
    package = package_at(workspace, folder)
    if package is None:
        return "there is no package.json beside it"
    made = _added(workspace, package, MAIN + _SUFFIX, f"{GUARD} {command}", None)
    return made if isinstance(made, str) else _verified(workspace, package, made, None)


def _added(
    workspace: Workspace, package: Package, name: str, text: str, after: str | None
) -> Guarded | str:
    file = posixpath.join(package.folder, "package.json")
    if name in package.scripts:
        return f"{file} has a script {name} already, which does not guard it"
    document = workspace.read(file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return f"{file} can no longer be read"
    data = with_member(document, "scripts", name, text, after)
    return data if isinstance(data, str) else Guarded(file, data, name, text)


def _verified(
    workspace: Workspace, package: Package, made: Guarded, wrapped: str | None
) -> Guarded | str:
    """The same, if the new script starts what it should and no other one starts more than before.

    `run-s test:e2e:*` would run it too.
    """
    # Patterns of script names are those of a script's own package.
    own_folder = (package.folder,)
    before = invocations(workspace, own_folder).invocations
    after = invocations(workspace.with_overlay({made.file: made.data}), own_folder).invocations
    own = [one for one in after if (one.package, one.name) == (package.folder, made.name)]
    others = [one for one in after if one not in own]
    if _starts(others) != _starts(before):
        return f"another script runs all whose names are like {made.name}"
    meant = [one for one in before if (one.package, one.name) == (package.folder, wrapped)]
    if not own or not all(one.guarded for one in own):
        return f"what {made.name} would start is not known"
    if wrapped is not None and [one[2:] for one in _starts(own)] != [
        one[2:] for one in _starts(meant)
    ]:
        return f"{made.name} would not start what {wrapped} does"
    return made


def _starts(found: Iterable[Invocation]) -> list[tuple[object, ...]]:
    return [
        (one.package, one.name, one.runner, [word.text for word in one.argv], one.folder.path)
        for one in found
    ]
