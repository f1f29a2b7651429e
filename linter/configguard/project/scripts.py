"""package.json to its scripts, each with the place of every byte; which packages a repository has.

`package_at(workspace, folder)` is the entry; what is wrong with a package.json stands in it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, NamedTuple
from weakref import WeakKeyDictionary

from configguard.evaluate.packages import members
from configguard.project.manifests import json_of, problem_at
from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.text_map import TextMap
from configguard.source.workspace import MAX_LOCK_BYTES, Unreadable, Workspace, ancestors
from configguard.syntax.json_strings import json_text
from configguard.syntax.trees import BadSyntax, children, parse

if TYPE_CHECKING:
    from tree_sitter import Node

Manager = Literal["npm", "pnpm", "yarn", "yarn-berry", "bun"]

_LOCKS: tuple[tuple[str, Manager], ...] = (
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)


class ScriptText(NamedTuple):
    """A script as it is written: its text, and where each byte of it stands."""

    text: bytes
    at: TextMap
    span: Span


class Package(NamedTuple):
    """A package.json: its scripts, the commands of `wireit`, and the targets of `nx`.

    `depends`: what a script of wireit starts first. `problem`: why some or all could not be read.
    """

    folder: str
    name: str | None
    scripts: dict[str, ScriptText]
    wireit: dict[str, ScriptText]
    depends: dict[str, list[str]]
    problem: PathProblem | None = None


class ManagerInUse(NamedTuple):
    """The package manager of a repository, as far as its files tell; None: they do not."""

    name: Manager | None
    major: int | None


_packages: WeakKeyDictionary[Document, Package] = WeakKeyDictionary()
_managers: WeakKeyDictionary[Workspace, dict[str, ManagerInUse]] = WeakKeyDictionary()


def package_at(workspace: Workspace, folder: str) -> Package | None:
    """The package.json of one folder; None where there is none to be read."""
    file = posixpath.join(folder, "package.json")
    document = workspace.read(file, MAX_LOCK_BYTES) if workspace.is_file(file) else None
    if document is None:
        return None
    if isinstance(document, Unreadable):
        problem = PathProblem(f"{file}: {document.reason}", file)
        return Package(folder, None, {}, {}, {}, problem)
    if document not in _packages:
        _packages[document] = _read(document, folder)
    return _packages[document]


def nearest_package(workspace: Workspace, folder: str) -> Package | None:
    """The package that a folder belongs to."""
    for above in ancestors(folder):
        found = package_at(workspace, above)
        if found is not None:
            return found
    return None


def packages_named(workspace: Workspace, folder: str, pattern: str) -> list[Package] | None:
    """The workspace packages that `--filter`, `-w` or `workspace` names: a name, a folder, a glob.

    None where the pattern asks for more than that, such as `web...` or `[main]`.
    """
    if pattern.startswith("!") or any(mark in pattern for mark in ("...", "[", "^", "{")):
        return None
    known = members(workspace, folder)
    path = pattern.removeprefix("./").rstrip("/")
    if pattern.startswith(".") or path in known.values():
        found = [one for one in known.values() if fnmatchcase(one, path)]
    else:
        found = [one for name, one in known.items() if fnmatchcase(name, pattern)]
        if not found and "/" not in pattern:
            scoped = [one for name, one in known.items() if name.endswith(f"/{pattern}")]
            found = scoped if len(scoped) == 1 else []
    return list(_there(workspace, found))


def all_packages(workspace: Workspace, folder: str) -> list[Package]:
    """All packages of the workspace that a folder lies in, without the root's own."""
    return list(_there(workspace, sorted(members(workspace, folder).values())))


def workspace_root(workspace: Workspace, folder: str) -> str:
    """The folder of the workspace that a folder lies in, or the folder itself."""
    for above in ancestors(folder):
        if workspace.is_file(posixpath.join(above, "pnpm-workspace.yaml")):
            return above
        file = posixpath.join(above, "package.json")
        document = workspace.read(file, MAX_LOCK_BYTES) if workspace.is_file(file) else None
        if isinstance(document, Document) and b'"workspaces"' in document.data:
            content = json_of(document)
            if isinstance(content, dict) and content.get("workspaces"):
                return above
    return folder


def manager_of(workspace: Workspace, folder: str) -> ManagerInUse:
    """The package manager that runs the scripts of a folder, by `packageManager` or lock file."""
    known = _managers.setdefault(workspace.frame, {})
    if folder not in known:
        known[folder] = _manager(workspace, folder)
    return known[folder]


def _manager(workspace: Workspace, folder: str) -> ManagerInUse:
    for above in ancestors(folder):
        named = _named_manager(workspace, above)
        if named is not None:
            return named
        for lock, name in _LOCKS:
            if workspace.is_file(posixpath.join(above, lock)):
                return ManagerInUse(name, None)
        yarn = posixpath.join(above, "yarn.lock")
        if workspace.is_file(yarn):
            document = workspace.read(yarn, MAX_LOCK_BYTES)
            classic = isinstance(document, Document) and b"yarn lockfile v1" in document.data[:200]
            return ManagerInUse("yarn" if classic else "yarn-berry", None)
    return ManagerInUse(None, None)


def _named_manager(workspace: Workspace, folder: str) -> ManagerInUse | None:
    file = posixpath.join(folder, "package.json")
    document = workspace.read(file, MAX_LOCK_BYTES) if workspace.is_file(file) else None
    content = json_of(document) if isinstance(document, Document) else None
    given = content.get("packageManager") if isinstance(content, dict) else None
    found = re.match(r"(npm|pnpm|yarn|bun)@(\d+)", given) if isinstance(given, str) else None
    if found is None:
        return None
    major = int(found[2][:4])
    if found[1] == "yarn":
        return ManagerInUse("yarn" if major < 2 else "yarn-berry", major)
    for name in ("npm", "pnpm", "bun"):
        if found[1] == name:
            return ManagerInUse(name, major)
    return None


def _there(workspace: Workspace, folders: list[str]) -> Iterator[Package]:
    for folder in folders:
        found = package_at(workspace, folder)
        if found is not None:
            yield found


def _read(document: Document, folder: str) -> Package:
    content = json_of(document)
    if isinstance(content, PathProblem):
        return Package(folder, None, {}, {}, {}, content)
    name = content.get("name")
    package = Package(folder, name if isinstance(name, str) else None, {}, {}, {})
    if b'"scripts"' not in document.data and b'"wireit"' not in document.data:
        return package
    parsed = parse(document, "json")
    if isinstance(parsed, BadSyntax):
        message = f"its scripts cannot be read: {parsed.reason}"
        problem = problem_at(document, message, parsed.span.start, parsed.span.end)
        return package._replace(problem=problem)
    top = children(parsed.root)
    for key, value in _pairs(document, top[0] if top else None):
        if key == "scripts":
            package.scripts.update(_strings(document, value))
            package = package._replace(problem=_no_script(document, value))
        elif key == "wireit":
            for script, given in _pairs(document, value):
                for part, one in _pairs(document, given):
                    if part == "command" and one.type == "string":
                        package.wireit[script] = _text(document, one)
    wireit = content.get("wireit")
    for script, given in (wireit if isinstance(wireit, dict) else {}).items():
        listed = given.get("dependencies") if isinstance(given, dict) else None
        listed = listed if isinstance(listed, list) else []
        named = [one.get("script") if isinstance(one, dict) else one for one in listed]
        package.depends[script] = [one for one in named if isinstance(one, str)]
    return package


def strings_at(document: Document, keys: tuple[str, ...], inner: str = "") -> list[ScriptText]:
    """The strings under some keys of a JSON file: one, or those of a list (under a key in each)."""
    parsed = parse(document, "json")
    if isinstance(parsed, BadSyntax):
        return []
    node: Node | None = next(iter(children(parsed.root)), None)
    for key in keys:
        node = dict(_pairs(document, node)).get(key)
    if node is None:
        return []
    found: list[Node | None] = list(node.named_children) if node.type == "array" else [node]
    for index, one in enumerate(found):
        if one is not None and one.type == "object":
            found[index] = dict(_pairs(document, one)).get(inner)
    return [_text(document, one) for one in found if one is not None and one.type == "string"]


def _no_script(document: Document, node: Node) -> PathProblem | None:
    """What no script can be, first in `scripts`; the others are read."""
    wrong, what = node, "scripts is no object"
    if node.type == "object":
        found = next((one for one in _pairs(document, node) if one[1].type != "string"), None)
        if found is None:
            return None
        wrong, what = found[1], f"the script {found[0]} is no text"
    problem = problem_at(document, f"{what}, and is left out", wrong.start_byte, wrong.end_byte)
    return problem._replace(severity="warning")


def _strings(document: Document, node: Node) -> Iterator[tuple[str, ScriptText]]:
    """The string values of an object; of equal keys the last counts."""
    for key, value in _pairs(document, node):
        if value.type == "string":
            yield key, _text(document, value)


def _pairs(document: Document, node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is None or node.type != "object":
        return
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None:
            text, _ = json_text(document, key.start_byte, key.end_byte)
            yield text.decode("utf-8", "replace"), value


def _text(document: Document, node: Node) -> ScriptText:
    text, at = json_text(document, node.start_byte, node.end_byte)
    return ScriptText(text, at, Span(document.file, node.start_byte, node.end_byte))
