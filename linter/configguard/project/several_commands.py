"""Tools that run several scripts or commands: concurrently, npm-run-all, turbo and their like."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from configguard.evaluate.packages import plain_json
from configguard.project.manager_commands import places_of
from configguard.project.scripts import (
    ManagerInUse,
    Package,
    all_packages,
    manager_of,
    nearest_package,
    package_at,
    workspace_root,
)
from configguard.project.ways import Way, as_whole
from configguard.project.wrappers import Unwrapped, command_name
from configguard.source.workspace import escapes
from configguard.syntax.shell_words import Word

if TYPE_CHECKING:
    from configguard.project.following import Follower


def shells(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`concurrently "npm:test:*" "jest"`: each word is a command."""
    for word in found.words:
        _shortcut(follower, word, way._replace(beside=True))


def _shortcut(follower: Follower, word: Word, way: Way) -> None:
    """One command of concurrently: `npm:test:*` stands for scripts, outer quotes go away."""
    text = word.text
    if text is None:
        return
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        word = word.after(1)
        text = text[1:-1]
        word = word._replace(text=text, start=text, at=word.at.part(0, len(text.encode())))
    found = re.match(r"(npm|yarn|pnpm|bun):(\S+)(.*)$", text, re.DOTALL)
    if found is not None:
        text = f"{found[1]} run {found[2]}{found[3]}"
    called = re.match(r"((?:npm|yarn|pnpm|bun) run) (\S*\*\S*)([^&]*)$", text)
    if called is None:
        follower.shell([word if found is None else as_whole(word, text)], way)
        return
    package = package_at(follower.workspace, way.folder.path or "")
    if "(!" in called[2] or way.folder.path is None or package is None:
        follower.leave("which scripts that names is not known", word.origin)
        return
    before, _, after = called[2].partition("*")
    pattern = re.compile(re.escape(before) + "(.*?)" + re.escape(after))
    for name in package.scripts:
        if pattern.fullmatch(name):
            follower.shell([as_whole(word, f"{called[1]} {name}{called[3]}")], way)


def patterns(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`npm-run-all build test:*`: scripts of this package by patterns, `:` between names."""
    package = nearest_package(follower.workspace, way.folder.path or "")
    if package is None or way.folder.path is None:
        return
    at_once = command_name(found.command[0]) == "run-p" or any(
        word.text in ("-p", "--parallel") for word in found.command
    )
    way = way._replace(beside=way.beside or at_once)
    manager = manager_of(follower.workspace, package.folder)
    if manager.name is None:
        manager = ManagerInUse("npm", None)
    for word in found.words:
        if word.text is None or "{" in word.text or "?" in word.text or "!" in word.text:
            follower.leave("which scripts that names is not known", word.origin)
            continue
        pattern, blank, rest = word.text.strip().partition(" ")
        names = [name for name in package.scripts if _matches(pattern, name)]
        for name in names:
            text = f"{manager.name if manager.name != 'yarn-berry' else 'yarn'} run {name}"
            follower.shell([as_whole(word, text + blank + rest)], way)
        if not at_once:
            way = way.at_least("after-success")


def servers(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`start-server-and-test server url test`: a script by its name, else a command."""
    given = found.words
    if any(word.text is None or word.text[:1] in "'\"`" for word in given):
        follower.leave("which word is the server and which the test is not known", given[0].origin)
        return
    if len(given) == 2:
        first_is_address = bool(re.match(r":?\d+$|https?[:-]", str(given[0].text)))
        servers = [] if first_is_address else [given[0]]
        tests = [given[1]] if first_is_address else []
        named = [*(["start"] if first_is_address else []), *([] if tests else ["test"])]
    elif len(given) in (3, 5):
        servers, tests, named = list(given[:-1:2]), [given[-1]], []
    else:
        return
    for name in named:
        _here(follower, name, given[0], way._replace(beside=name == "start"))
    for word in servers:
        _here(follower, str(word.text), word, way._replace(beside=True))
    for word in tests:
        _here(follower, str(word.text), word, way)


def _here(follower: Follower, text: str, word: Word, way: Way) -> None:
    package = package_at(follower.workspace, way.folder.path or "")
    if package is not None and text in package.scripts:
        follower.script(package, text, (), way, ManagerInUse("npm", None))
    elif word.text == text:
        follower.shell([word], way)


def wireit(follower: Follower, found: Unwrapped, way: Way) -> None:
    """The script that runs wireit has its command, and what it starts first, elsewhere."""
    if not way.stack:
        return
    folder, name = way.stack[-1]
    package = package_at(follower.workspace, folder)
    if package is None:
        return
    for one in package.depends.get(name, ()):
        path, colon, script = one.rpartition(":")
        local = not colon or not path.startswith((".", "/"))
        target = package
        if not local:
            place = posixpath.normpath(posixpath.join(folder, path))
            other = None if escapes(place) else package_at(follower.workspace, place)
            if other is None:
                continue
            target = other
        called = one if local else script
        follower.script(target, called, (), way, ManagerInUse("yarn-berry", None))
    text = package.wireit.get(name)
    if text is not None:
        follower.text(text, (*found.words, *(found.after or ())), way.into(folder))


def tasks(follower: Follower, found: Unwrapped, way: Way) -> None:
    """`turbo run test`, `lerna run test`: that script of every package which has it."""
    folder = way.folder.path
    if folder is None:
        return
    places = places_of(follower, found, way)
    if places is None:
        return
    if not found.packages:
        packages = all_packages(follower.workspace, folder)
        if not packages:
            alone = nearest_package(follower.workspace, folder)
            packages = [alone] if alone is not None else []
    else:
        there = (package_at(follower.workspace, str(place.folder.path)) for place in places)
        packages = [one for one in there if one is not None]
    for word in found.words:
        only, mark, task = (word.text or "").rpartition("#")
        if _unknown_to_turbo(follower, found, folder, packages, task):
            follower.leave(f"no turbo.json has the task {task}, so turbo ends", word.origin)
            continue
        for package in packages:
            if task in package.scripts and (not mark or package.name == only):
                manager = manager_of(follower.workspace, package.folder)
                follower.script(package, task, found.after or (), way, manager)


def _unknown_to_turbo(
    follower: Follower, found: Unwrapped, folder: str, packages: Sequence[Package], task: str
) -> bool:
    """Whether the turbo.json files that are read name no such task: by its manual it is an error.

    One that is broken, or that a package has and names no tasks of its own, says nothing.
    """
    if command_name(found.command[0]) != "turbo":
        return False
    root = workspace_root(follower.workspace, folder)
    names: set[str] = set()
    for place in dict.fromkeys((root, *(package.folder for package in packages))):
        file = posixpath.join(place, "turbo.json")
        if not follower.workspace.is_file(file):
            continue
        content = plain_json(follower.workspace, file)
        if not isinstance(content, dict):
            return False
        listed = content.get("tasks", content.get("pipeline"))
        names |= set(listed) if isinstance(listed, dict) else set()
    return bool(names) and all(name.rpartition("#")[2] != task for name in names)


def _matches(pattern: str, name: str) -> bool:
    parts = re.split(r"(\*\*|\*)", pattern)
    made = {"**": ".*", "*": "[^:]*"}
    return bool(re.fullmatch("".join(made.get(part) or re.escape(part) for part in parts), name))
