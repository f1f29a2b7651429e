"""Test files of end-to-end suites: found, looked through for calls that beat the config, bounded.

A compiled pattern over the bytes decides which files are parsed at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from configguard.evaluate.machine import Budget, Machine, OverBound, Thrown
from configguard.evaluate.values import Unknown, Value
from configguard.evaluate.worlds import Assumptions, Case, Environment, TooManyWorlds, World, decide
from configguard.project.ignored import (
    ALWAYS_SKIPPED,
    IGNORE_FILE,
    IgnoreRules,
    ignores,
    read_rules,
)
from configguard.project.problems import PathProblem
from configguard.runners.known import runner_of
from configguard.runners.overrides import entries_of, given, grouped
from configguard.runners.profile import Note, Profile, SettingEntry, merged
from configguard.runners.test_calls import Calls, Site, calls_of, sites_in
from configguard.runners.test_names import Names
from configguard.runners.test_patterns import TestFiles
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import (
    MAX_CONFIG_BYTES,
    Unreadable,
    Workspace,
    ancestors,
    read_regular_file,
)
from configguard.syntax.trees import SCRIPT_SUFFIXES, BadSyntax, parse_tests

MAX_FOLDERS = 10_000
MAX_FILES = 5_000
MAX_BYTES = 200_000_000
"""Over all test files of a suite."""
MAX_CASES = 8
"""A call that depends on more open conditions is unknown."""


class _File(NamedTuple):
    """What one test file holds: its entries by environment and version, or why it is not read."""

    entries: Mapping[tuple[str, str], tuple[SettingEntry, ...]]
    trouble: Note | None = None


class Looked(NamedTuple):
    """What the test files of a suite do, by environment and version, and what to say of them."""

    entries: dict[tuple[str, str], tuple[SettingEntry, ...]]
    notes: tuple[Note, ...]


Versions = Sequence[tuple[str, str]]
_NOTHING = _File({})
_files: WeakKeyDictionary[Workspace, dict[str, tuple[list[str], bool]]] = WeakKeyDictionary()
_read: WeakKeyDictionary[Workspace, dict[tuple[object, ...], _File]] = WeakKeyDictionary()


def with_overrides(
    workspace: Workspace,
    runner: str,
    versions: Versions,
    tests: TestFiles | Unknown | None,
    suite: str,
    profiles: dict[str, Profile],
) -> dict[str, Profile]:
    """The profiles of a suite with what its test files override among their settings."""
    if tests is None or not profiles:
        return profiles
    if isinstance(tests, Unknown):
        message = f"which files are its tests is not known, so none is read: {tests.reason}"
        note = Note(message, tests.origin)
        return {
            name: profile._replace(assumptions=(*profile.assumptions, note))
            for name, profile in profiles.items()
        }
    looked = look_through(workspace, runner, versions, tests, suite)
    found: dict[str, Profile] = {}
    for name, profile in profiles.items():
        by_version = [
            (text, profile._replace(settings=looked.entries.get((name, version), ())))
            for text, version in versions
        ]
        more = merged(by_version).settings
        found[name] = _noted(profile._replace(settings=(*profile.settings, *more)), looked.notes)
    return found


def _noted(profile: Profile, notes: tuple[Note, ...]) -> Profile:
    return profile._replace(notices=(*profile.notices, *notes)) if notes else profile


def look_through(
    workspace: Workspace, runner: str, versions: Versions, tests: TestFiles, suite: str
) -> Looked:
    """The entries of all test files of a suite."""
    reader: _Reader | None = None
    entries: dict[tuple[str, str], list[SettingEntry]] = {}
    troubles: list[Note] = []
    notes: list[Note] = []
    count = size = 0
    listed, whole = _listed(workspace, tests.folders)
    if not whole:
        first = Span(tests.folders[0], 0, 0)
        notes.append(
            Note(f"{suite}: only the first {MAX_FOLDERS} folders are looked into", (first,))
        )
    for file in listed:
        if not tests.has(file):
            continue
        count += 1
        if count > MAX_FILES or size > MAX_BYTES:
            bound = f"{MAX_FILES} test files" if count > MAX_FILES else f"{MAX_BYTES // 10**6} MB"
            message = f"{suite}: more than {bound}; what the others override is not told"
            notes.append(Note(message, (Span(file, 0, 0),)))
            break
        reader = reader or _Reader(workspace, runner, tuple(version for _, version in versions))
        read, length = reader.read(file)
        size += length
        if read.trouble is not None:
            troubles.append(read.trouble)
        for key, told in read.entries.items():
            entries.setdefault(key, []).extend(told)
    if troubles:
        others = f" (and {len(troubles) - 1} more test files)" if len(troubles) > 1 else ""
        message = f"{suite}: a test file is not read: {troubles[0].message}{others}"
        notes.append(Note(message, troubles[0].at))
    return Looked({key: grouped(told) for key, told in entries.items()}, tuple(notes))


# --- which files there are -------------------------------------------------------------------


def _listed(workspace: Workspace, folders: Iterable[str]) -> tuple[list[str], bool]:
    """The scripts below some folders, each once, and whether these are all."""
    memory = _files.setdefault(workspace.frame, {})
    found: dict[str, None] = {}
    whole = True
    for folder in folders:
        if folder not in memory:
            memory[folder] = _scripts(workspace, folder)
        files, all_of_them = memory[folder]
        found.update(dict.fromkeys(files))
        whole = whole and all_of_them
    return list(found), whole


def _scripts(workspace: Workspace, top: str) -> tuple[list[str], bool]:
    base = os.path.join(str(workspace.root), "")
    rules: tuple[IgnoreRules, ...] = ()
    for above in reversed(ancestors(top)[1:] if top else []):
        rules = _with_rules(workspace, rules, above)
    found: list[str] = []
    pending = [(top, rules)]
    visited = 0
    if workspace.path(top) != workspace.root / top:
        return [], True  # it is, or lies behind, a symbolic link
    while pending:
        folder, rules = pending.pop()
        visited += 1
        if visited > MAX_FOLDERS:
            return found, False
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(base + folder) as entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if name not in ALWAYS_SKIPPED:
                            folders.append(name)
                    elif name == IGNORE_FILE:
                        rules = _with_rules(workspace, rules, folder)
                    elif name.endswith(SCRIPT_SUFFIXES) and entry.is_file(follow_symlinks=False):
                        files.append(name)
        except OSError:
            continue
        paths = (f"{folder}/{name}" if folder else name for name in sorted(files))
        found += [path for path in paths if not rules or not ignores(rules, path, False)]
        below = (f"{folder}/{name}" if folder else name for name in sorted(folders, reverse=True))
        pending += [(path, rules) for path in below if not rules or not ignores(rules, path, True)]
    return found, True


def _with_rules(
    workspace: Workspace, rules: tuple[IgnoreRules, ...], folder: str
) -> tuple[IgnoreRules, ...]:
    if not workspace.is_file(f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE):
        return rules
    more = read_rules(workspace, folder)
    return rules if more is None or isinstance(more, PathProblem) else (*rules, more)


# --- what one file holds ---------------------------------------------------------------------


class _Reader:
    """Reads test files of one runner, for some versions, in both environments."""

    def __init__(self, workspace: Workspace, runner: str, versions: tuple[str, ...]) -> None:
        self.workspace = workspace
        self.versions = versions
        self._calls: Calls = calls_of(runner)
        self._key = (runner, versions)
        self._memory = _read.setdefault(workspace.frame, {})
        budget = Budget()
        self._askers = [
            _Asker(workspace, environment, budget) for environment in runner_of(runner).environments
        ]
        self._names = Names(self._askers[0].machine(()), self._calls.words)
        self._base = workspace.root

    def read(self, file: str) -> tuple[_File, int]:
        """What a file holds, and its size."""
        if file in self.workspace.overlay:
            document = self.workspace.read(file)
            if isinstance(document, Document):
                return self._looked(document), len(document.data)
        key = (*self._key, file)
        if key in self._memory:
            return self._memory[key], 0
        data = read_regular_file(self._base / file, file, MAX_CONFIG_BYTES)
        if isinstance(data, Unreadable):
            found, size = _File({}, Note(f"{file}: {data.reason}", (Span(file, 0, 0),))), 0
        elif self._calls.pattern.search(data) is None:
            found, size = _NOTHING, len(data)
        else:
            found, size = self._decoded(file, data), len(data)
        self._memory[key] = found
        return found, size

    def _decoded(self, file: str, data: bytes) -> _File:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return _File({}, Note(f"{file}: it is not UTF-8", (Span(file, 0, 0),)))
        return self._looked(Document(file, data))

    def _looked(self, document: Document) -> _File:
        parsed = parse_tests(document)
        if isinstance(parsed, BadSyntax):
            message = f"{document.file}: syntax error: {parsed.reason}"
            return _File({}, Note(message, (parsed.span,)))
        try:
            sites = sites_in(parsed, self._calls, self._names)
        except RecursionError:
            reason = f"{document.file}: it is nested too deeply"
            return _File({}, Note(reason, (Span(document.file, 0, 0),)))
        if not sites:
            return _NOTHING
        found: dict[tuple[str, str], tuple[SettingEntry, ...]] = {}
        for asker in self._askers:
            answers = {id(site): asker.ask(site) for site in sites}
            for version in self.versions:
                told = entries_of(sites, version, lambda site, known=answers: known[id(site)])  # type: ignore[misc]
                found[asker.environment.name, version] = told
        return _File(found)


class _Asker:
    """What calls are given, in one environment."""

    def __init__(self, workspace: Workspace, environment: Environment, budget: Budget) -> None:
        self.workspace = workspace
        self.environment = environment
        self._budget = budget
        self._plain: Machine | None = None

    def machine(self, assumptions: Assumptions) -> Machine:
        """A machine in a world of its own; without assumptions, files stay loaded in it."""
        world = World((self.environment,), assumptions)
        if assumptions or self._plain is None:
            made = Machine(self.workspace, world, None, self._budget)
            if assumptions:
                return made
            self._plain = made
        self._plain.world = world
        self._plain.steps = 0
        return self._plain

    def ask(self, site: Site) -> list[Case[Value | None]]:
        """What one call is given in each world; None where it is not made."""
        place = site.parsed.span(site.call)
        try:
            return decide(lambda assumptions: self._given(site, assumptions), most=MAX_CASES)
        except TooManyWorlds:
            return [Case((), Unknown("it depends on too many open conditions", (place,)))]

    def _given(self, site: Site, assumptions: Assumptions) -> Value | None:
        place = site.parsed.span(site.call)
        try:
            return given(self.machine(assumptions), site)
        except Thrown:
            return None
        except OverBound as bound:
            return Unknown(str(bound), (place,))
        except RecursionError:
            return Unknown("it is nested too deeply", (place,))
