"""Imports by name that lead to the repository's own files: workspace packages, tsconfig `paths`.

A package manager links a workspace package into node_modules, and its package.json often names
files that are built first. Here its sources are taken, and that is told as an assumption.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from configguard.evaluate import files
from configguard.evaluate.machine import Machine
from configguard.source.document import Document
from configguard.source.globs import TINYGLOBBY, NotExpanded, expand
from configguard.source.workspace import (
    Unreadable,
    Workspace,
    ancestors,
    escapes,
    folder_of,
    join,
)
from configguard.syntax.trees import SCRIPT_SUFFIXES, Parsed, children, parse
from configguard.syntax.yaml_text import load_yaml

_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_CONDITIONS = {
    True: ("source", "development", "node", "require", "default", "import", "types"),
    False: ("source", "development", "node", "import", "default", "module", "require", "types"),
}
_FIELDS = ("source", "module", "main", "types", "typings")
_BUILT = re.compile(r"^(dist|build|lib|out|esm|cjs|es|types|node|src)/")
_ENDING = re.compile(r"(\.d)?\.[cm]?[jt]sx?$")
_SOURCES = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs")
MAX_EXTENDS = 8

_known: WeakKeyDictionary[Workspace, dict[str, Any]] = WeakKeyDictionary()


def own_file(machine: Machine, importer: str, specifier: str, *, required: bool) -> str | None:
    """The repository's own file that a name leads to; None where it is somebody else's package.

    What is not plain from the files is recorded as an assumption.
    """
    workspace = machine.workspace
    memory = _remembered(workspace)
    key = f"{specifier} from {folder_of(importer)} {required}"
    if key not in memory:
        memory[key] = _mapped(workspace, importer, specifier) or _of_package(
            workspace, importer, specifier, required=required
        )
    found: str | None = memory[key]
    return found


def _of_package(
    workspace: Workspace, importer: str, specifier: str, *, required: bool
) -> str | None:
    name, sub = _split(specifier)
    folder = _folder(workspace, importer, name)
    return None if folder is None else _entry(workspace, folder, sub, required=required)


def members(workspace: Workspace, folder: str) -> dict[str, str]:
    """The folders of the packages of the workspace that a folder lies in, by name."""
    found = _members(workspace, posixpath.join(folder, "package.json"))
    return {} if found is None else found[1]


def plain_json(workspace: Workspace, file: str) -> Any:
    """A JSON file (comments and last commas are fine) as plain data; None where it is none."""
    return _json(workspace, file)


def internal_file(machine: Machine, importer: str, specifier: str) -> str | None:
    """The file behind `#name`, by `imports` of the nearest package.json."""
    for folder in ancestors(folder_of(importer)):
        manifest = _manifest(machine.workspace, folder)
        if manifest is None:
            continue
        imports = manifest.get("imports")
        target = imports.get(specifier) if isinstance(imports, dict) else None
        for path in _targets(target, _CONDITIONS[False]):
            file = _existing(machine.workspace, folder, path)
            if file is not None:
                return file
        return None
    return None


def _split(specifier: str) -> tuple[str, str]:
    parts = specifier.split("/")
    count = 2 if specifier.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _manifest(workspace: Workspace, folder: str) -> dict[str, Any] | None:
    content = _json(workspace, posixpath.join(folder, "package.json"))
    return content if isinstance(content, dict) else None


def _remembered(workspace: Workspace) -> dict[str, Any]:
    return _known.setdefault(workspace.frame, {})


def _json(workspace: Workspace, file: str) -> Any:
    """A JSON file (comments and last commas are fine) as plain data; None where it is none."""
    memory = _remembered(workspace)
    if file not in memory:
        document = workspace.read(file)
        memory[file] = None if isinstance(document, Unreadable) else _plain(document)
    return memory[file]


def _plain(document: Document) -> Any:
    import json

    try:
        return json.loads(document.data)
    except (ValueError, RecursionError):
        parsed = parse(document, "json")
    if not isinstance(parsed, Parsed):
        return None
    content = children(parsed.root)
    return files.plain_json(parsed, content[0]) if content else None


# --- where a package's folder is ---


def _folder(workspace: Workspace, importer: str, name: str) -> str | None:
    for folder in ancestors(folder_of(importer)):
        manifest = _manifest(workspace, folder)
        if manifest is None:
            continue
        if manifest.get("name") == name and "exports" in manifest:
            return folder
        given = next(
            (
                declared[name]
                for declared in (manifest.get(kind) for kind in _DEPENDENCIES)
                if isinstance(declared, dict) and isinstance(declared.get(name), str)
            ),
            None,
        )
        if given is not None:
            return _declared(workspace, folder, name, given)
    # npm and yarn link every workspace package at the root, whoever depends on it.
    found = _members(workspace, importer)
    return None if found is None or found[0] == "pnpm" else found[1].get(name)


def _declared(workspace: Workspace, folder: str, name: str, given: str) -> str | None:
    protocol, _, path = given.partition(":")
    if protocol in ("link", "file", "portal"):
        target = join(folder, path)
        return None if escapes(target) or _manifest(workspace, target) is None else target
    found = _members(workspace, posixpath.join(folder, "package.json"))
    member = None if found is None else found[1].get(name)
    if member is None or protocol == "workspace" or given in ("*", ""):
        return member
    if path:
        return None
    version = (_manifest(workspace, member) or {}).get("version")
    fits = isinstance(version, str) and _major(version) == _major(given)
    return member if fits else None


def _major(text: str) -> str | None:
    found = re.match(r"[\^~>=v\s]*(\d+)(\.|$)", text)
    return found[1] if found else None


def _members(workspace: Workspace, importer: str) -> tuple[str, dict[str, str]] | None:
    """The packages of the workspace that a file lies in, by name, and which kind it is."""
    for folder in ancestors(folder_of(importer)):
        file = posixpath.join(folder, "pnpm-workspace.yaml")
        if workspace.is_file(file):
            memory = _remembered(workspace)
            key = f"patterns of {file}"
            if key not in memory:
                memory[key] = _pnpm_patterns(workspace, file)
            return "pnpm", _named(workspace, folder, memory[key])
        manifest = _manifest(workspace, folder) or {}
        listed = manifest.get("workspaces")
        if isinstance(listed, dict):
            listed = listed.get("packages")
        if isinstance(listed, list):
            return "npm", _named(workspace, folder, listed)
    return None


def _pnpm_patterns(workspace: Workspace, file: str) -> list[Any]:
    document = workspace.read(file)
    if isinstance(document, Unreadable) or b"packages" not in document.data:
        return []
    import yaml

    try:
        content = load_yaml(document.text(0, len(document.data)))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    listed = content.get("packages") if isinstance(content, dict) else None
    return listed if isinstance(listed, list) else []


def _named(workspace: Workspace, folder: str, patterns: list[Any]) -> dict[str, str]:
    memory = _remembered(workspace)
    key = f"members of {folder}"
    if key not in memory:
        found: dict[str, str] = {}
        texts = [pattern for pattern in patterns if isinstance(pattern, str)]
        left_out = [pattern for pattern in texts if pattern.startswith("!")]
        for pattern in texts:
            if pattern in left_out:
                continue
            try:
                places = expand(workspace, folder, [pattern, *left_out], TINYGLOBBY)
            except NotExpanded:
                continue
            for place in places:
                name = (_manifest(workspace, place.path) or {}).get("name")
                if place.is_folder and isinstance(name, str):
                    found.setdefault(name, place.path)
        memory[key] = found
    result: dict[str, str] = memory[key]
    return result


# --- which file of it ---


def _entry(workspace: Workspace, folder: str, sub: str, *, required: bool) -> str | None:
    manifest = _manifest(workspace, folder) or {}
    conditions = _CONDITIONS[required]
    targets = list(_exported(manifest.get("exports"), sub, conditions))
    if not sub:
        targets += [manifest[key] for key in _FIELDS if isinstance(manifest.get(key), str)]
    for target in targets:
        file = _existing(workspace, folder, target)
        if file is not None:
            return file
    stems = [_ENDING.sub("", target.removeprefix("./")) for target in targets]
    plain = _ENDING.sub("", sub)
    for stem in [*map(_source_stem, stems), f"src/{plain or 'index'}", plain or "index"]:
        for ending in (*_SOURCES, *(f"/index{one}" for one in _SOURCES)):
            file = join(folder, stem + ending)
            if not escapes(file) and workspace.is_file(file):
                return file
    return None


def _source_stem(stem: str) -> str:
    while _BUILT.match(stem):
        stem = _BUILT.sub("", stem)
    return f"src/{stem}"


def _existing(workspace: Workspace, folder: str, target: str) -> str | None:
    file = join(folder, target)
    is_code = file.endswith((*SCRIPT_SUFFIXES, ".json")) and not re.search(r"\.d\.[cm]?ts$", file)
    return file if is_code and not escapes(file) and workspace.is_file(file) else None


def _exported(exports: Any, sub: str, conditions: tuple[str, ...]) -> Iterator[str]:
    by_path = isinstance(exports, dict) and any(str(key).startswith(".") for key in exports)
    if not by_path:
        if not sub:
            yield from _targets(exports, conditions)
        return
    path = f"./{sub}" if sub else "."
    if path in exports:
        yield from _targets(exports[path], conditions)
        return
    for key, target in exports.items():
        before, star, after = str(key).partition("*")
        if star and path.startswith(before) and path.endswith(after):
            middle = path[len(before) : len(path) - len(after)]
            yield from (one.replace("*", middle) for one in _targets(target, conditions))


def _targets(value: Any, conditions: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _targets(one, conditions)
    elif isinstance(value, dict):
        for condition in conditions:
            if condition in value:
                yield from _targets(value[condition], conditions)


# --- tsconfig paths ---


def _mapped(workspace: Workspace, importer: str, specifier: str) -> str | None:
    """The file that `paths` of the nearest tsconfig.json names; `*` alone maps too much."""
    for folder in ancestors(folder_of(importer)):
        file = posixpath.join(folder, "tsconfig.json")
        if not workspace.is_file(file):
            continue
        base, paths = _paths(workspace, file, MAX_EXTENDS)
        for target in _matching(paths, specifier):
            for candidate in files.candidates(join(base, target), "a.ts"):
                if not escapes(candidate) and workspace.is_file(candidate):
                    return candidate
        return None
    return None


def _paths(workspace: Workspace, file: str, depth: int) -> tuple[str, dict[str, Any]]:
    """`paths` of a tsconfig and the folder that they count from."""
    content = _json(workspace, file)
    if not isinstance(content, dict) or depth == 0:
        return "", {}
    options = content.get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    if isinstance(options.get("paths"), dict):
        base = options.get("baseUrl")
        return join(folder_of(file), base if isinstance(base, str) else "."), options["paths"]
    extended = content.get("extends")
    for one in reversed(extended if isinstance(extended, list) else [extended]):
        if not isinstance(one, str) or not one.startswith("."):
            continue
        above = join(folder_of(file), one if one.endswith(".json") else f"{one}.json")
        if not escapes(above):
            base, paths = _paths(workspace, above, depth - 1)
            if paths:
                return base, paths
    return "", {}


def _matching(paths: dict[str, Any], specifier: str) -> Iterator[str]:
    best: tuple[int, list[str]] = (-1, [])
    for pattern, targets in paths.items():
        before, star, after = pattern.partition("*")
        if not isinstance(targets, list) or pattern == "*":
            continue
        if not star and pattern == specifier:
            best = (len(pattern) + 1, [one for one in targets if isinstance(one, str)])
        if star and specifier.startswith(before) and specifier.endswith(after):
            middle = specifier[len(before) : len(specifier) - len(after)]
            if len(before) > best[0]:
                made = [one.replace("*", middle) for one in targets if isinstance(one, str)]
                best = (len(before), made)
    yield from best[1]
