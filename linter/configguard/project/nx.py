"""`nx test web`: a target is a script of the project's package.json, or commands in project.json.

By the manual of nx 21. Other executors are programs of their own, and are told as not followed.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from configguard.evaluate.packages import members
from configguard.project.manifests import json_of
from configguard.project.scripts import ScriptText, manager_of, package_at, strings_at
from configguard.project.ways import Way, inside
from configguard.project.wrappers import Unwrapped
from configguard.source.document import Document
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace, ancestors
from configguard.syntax.shell_state import Folder

if TYPE_CHECKING:
    from configguard.project.following import Follower

_PLACES = ("{}", "apps/{}", "libs/{}", "packages/{}")
_COMMANDS = ("nx:run-commands", "@nrwl/workspace:run-commands", "@nx/workspace:run-commands")


class _Commands(NamedTuple):
    """The commands of a target, and the folder they run in."""

    texts: list[ScriptText]
    folder: str


def nx(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`nx run p:t`, `nx run-many -t t`, `nx t p`."""
    folder = way.folder.path
    words = [word.text for word in found.words]
    asked = [word.text for word in (*found.tasks, *found.packages)]
    if folder is None or None in words or None in asked:
        follower.leave("which target that is, is not known", found.command[0].origin)
        return
    root = next(
        (above for above in ancestors(folder) if _is_file(follower.workspace, above, "nx.json")), ""
    )
    texts = [str(word) for word in words]
    if found.then == "nx-run":
        project, _, target = (texts[0] if texts else "").partition(":")
        pairs = [(project, target)] if ":" not in target else []
    elif found.then == "nx-many":
        targets = [one for word in found.tasks for one in str(word.text).split(",")]
        named = [one for word in found.packages for one in str(word.text).split(",")]
        projects = named or sorted(members(follower.workspace, root))
        pairs = [(project, target) for target in targets for project in projects]
    else:
        pairs = [(texts[1], texts[0])] if len(texts) > 1 else []
    if not pairs:
        follower.leave("which target that is, is not known", found.command[0].origin)
    for project, target in pairs:
        _target(follower, found, way, root, project, target)


def _target(
    follower: Follower, found: Unwrapped, way: Way, root: str, project: str, target: str
) -> None:
    folder = _folder(follower.workspace, root, project)
    if folder is None:
        follower.leave(f"the project {project} is not found", found.command[0].origin)
        return
    commands = _commands(follower.workspace, root, folder, target)
    package = package_at(follower.workspace, folder)
    if isinstance(commands, str):
        follower.leave(commands, found.command[0].origin)
    elif commands is not None:
        place = way._replace(folder=inside(Folder(commands.folder)))
        for text in commands.texts:
            beside = way.beside or len(commands.texts) > 1
            follower.text(text, found.after or (), place._replace(beside=beside))
    elif package is not None and target in package.scripts:
        manager = manager_of(follower.workspace, folder)
        follower.script(package, target, found.after or (), way, manager)


def _folder(workspace: Workspace, root: str, project: str) -> str | None:
    """Where a project lies: a package of that name, or a project.json in a usual place."""
    known = members(workspace, root)
    if project in known:
        return known[project]
    for place in _PLACES:
        folder = posixpath.join(root, place.format(project))
        content = _project(workspace, folder)
        if content is not None and content.get("name", project) == project:
            return folder
    return None


def _project(workspace: Workspace, folder: str) -> dict[str, Any] | None:
    if not _is_file(workspace, folder, "project.json"):
        return None
    document = workspace.read(posixpath.join(folder, "project.json"), MAX_LOCK_BYTES)
    content = json_of(document) if isinstance(document, Document) else None
    return content if isinstance(content, dict) else None


def _commands(workspace: Workspace, root: str, folder: str, target: str) -> _Commands | str | None:
    """The commands of a target in project.json; a text says why they are not followed."""
    content = _project(workspace, folder) or {}
    targets = content.get("targets")
    given = targets.get(target) if isinstance(targets, dict) else None
    if not isinstance(given, dict):
        return None
    executor = given.get("executor", _COMMANDS[0] if "command" in given else None)
    if executor not in _COMMANDS:
        return f"the executor {executor} of nx is not followed"
    options = given.get("options")
    options = options if isinstance(options, dict) else {}
    defaults = _defaults(workspace, root)
    changed = {"env", "envFile", "args"} & set(options) or "defaultConfiguration" in given
    if changed or target in defaults or executor in defaults:
        return "a target of nx has more options than are followed"
    where = options.get("cwd", "")
    if not isinstance(where, str) or "{" in where:
        return "where a target of nx runs is not known"
    document = workspace.read(posixpath.join(folder, "project.json"), MAX_LOCK_BYTES)
    assert isinstance(document, Document)
    inner = ("targets", target, "options")
    texts = strings_at(document, ("targets", target, "command"))
    texts = texts or strings_at(document, (*inner, "command"))
    texts = texts or strings_at(document, (*inner, "commands"), "command")
    if any(b"{" in text.text for text in texts):
        return "a target of nx puts values into its command"
    return _Commands(texts, posixpath.join(root, where))


def _defaults(workspace: Workspace, root: str) -> dict[str, Any]:
    """What nx.json says of targets and executors everywhere."""
    document = workspace.read(posixpath.join(root, "nx.json"), MAX_LOCK_BYTES)
    content = json_of(document) if isinstance(document, Document) else None
    found = content.get("targetDefaults") if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def _is_file(workspace: Workspace, folder: str, name: str) -> bool:
    return workspace.is_file(posixpath.join(folder, name))
