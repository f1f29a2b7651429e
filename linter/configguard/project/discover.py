"""Paths that the user names to the config files to judge."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from configguard.project.ignored import (
    ALWAYS_SKIPPED,
    IGNORE_FILE,
    IgnoreRules,
    ignores,
    read_rules,
)
from configguard.project.manifests import json_of
from configguard.project.names import (
    EXTENSIONS,
    MANIFEST,
    WORKSPACE_STEMS,
    ConfigName,
    config_name,
    manifest_config,
    named_config,
)
from configguard.project.problems import PathProblem
from configguard.source.workspace import (
    MAX_LOCK_BYTES,
    Unreadable,
    Workspace,
    ancestors,
    escapes,
)


class Candidate(NamedTuple):
    """A file that is a config by its name.

    `found_by_default`: the runner finds it by itself. `needs_test_key`: it is a suite only if it
    has a `test` key. `named`: the user named this very file.
    """

    file: str
    runner: str
    found_by_default: bool
    needs_test_key: bool
    named: bool


class Discovery(NamedTuple):
    """The configs, each once, in the order of the arguments and then of their paths.

    `notices`: configs that are never read, because of another one beside them.
    """

    candidates: tuple[Candidate, ...]
    problems: tuple[PathProblem, ...]
    notices: tuple[PathProblem, ...] = ()


class _Listing(NamedTuple):
    """What matters in one folder: its subfolders and the configs in it."""

    folders: list[str]
    configs: dict[str, ConfigName]
    has_ignore_file: bool


def discover(workspace: Workspace, paths: Sequence[str]) -> Discovery:
    """The configs that root-relative files and folders stand for (the root is '')."""
    search = _Search(workspace)
    for path in paths:
        search.argument(path)
    return Discovery(
        tuple(search.found.values()),
        tuple(dict.fromkeys(search.problems)),
        tuple(dict.fromkeys(search.notices)),
    )


def workspace_files(workspace: Workspace, folder: str) -> list[str]:
    """The `vitest.workspace.*` and `vitest.projects.*` in a folder; vitest reads the first."""
    suffixes = (*EXTENSIONS, ".json")
    names = [stem + suffix for stem in WORKSPACE_STEMS for suffix in suffixes]
    there = {entry.name for entry in workspace.entries(folder)}
    files = [_below(folder, name) for name in names if name in there or workspace.overlay]
    return [file for file in files if workspace.is_file(file)]


def configs_beside(workspace: Workspace, candidate: Candidate) -> tuple[str, ...]:
    """The further configs that the runner would find by itself in the folder, in its order."""
    if not candidate.found_by_default:
        return ()
    folder, own = posixpath.split(candidate.file)
    search = _Search(workspace)
    there = (entry.name for entry in workspace.entries(folder))
    configs = _configs_among(search.files_of(folder, there))
    manifest = search.manifest(_below(folder, MANIFEST))
    if manifest is not None:
        configs[MANIFEST] = manifest
    beside = [
        name
        for name, found in configs.items()
        if found.runner == candidate.runner and found.found_by_default and name != own
    ]
    return tuple(sorted(beside, key=lambda name: configs[name].rank))


def normalised(path: str, separator: str = os.sep) -> str:
    """A path as the rest of the program writes it: `/` between names, '' for the root."""
    if separator != "/":  # elsewhere a backslash is part of a name
        path = path.replace(separator, "/")
    path = posixpath.normpath(path)
    return "" if path == "." else path


class _Search:
    """One discovery: what is found so far, and the folders that were walked."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.found: dict[str, Candidate] = {}
        self.problems: list[PathProblem] = []
        self.notices: list[PathProblem] = []
        self._walked: set[str] = set()
        self._base = os.path.join(str(workspace.root), "")

    def argument(self, given: str) -> None:
        """Add what one argument stands for."""
        path = normalised(given)
        if path in self.workspace.overlay:
            self._named_file(path)
            return
        mode = self._mode(path)
        if isinstance(mode, str):
            self.problems.append(PathProblem(f"{given}: {mode}", path))
        elif stat.S_ISDIR(mode):
            self._walk(path)
        elif stat.S_ISREG(mode):
            self._named_file(path)
        else:
            reason = "it is neither a regular file nor a folder"
            self.problems.append(PathProblem(f"{given}: {reason}", path))

    def _mode(self, path: str) -> int | str:
        """The file mode of what lies there, or why there is nothing to check."""
        outside = "it lies outside the root"
        if escapes(path):
            return outside
        try:
            real = self.workspace.path(path)
            return outside if real is None else os.stat(real).st_mode
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return "there is no such file or folder"
        except OSError as error:
            return f"it cannot be read: {error.strerror}"

    def _named_file(self, file: str) -> None:
        """Add a file that the user named, also where a walk would pass it over."""
        folder, name = posixpath.split(file)
        found = self.manifest(file) if name == MANIFEST else named_config(name)
        if found is None:
            message = f"{file}: it is no test-runner config by its name"
            if name == MANIFEST:
                message = f"{file}: it holds no settings of jest"
            self.problems.append(PathProblem(message, file, unknown=True))
            return
        by_default = False
        if found.found_by_default:
            there = {entry.name for entry in self.workspace.entries(folder)} | {name}
            configs = _configs_among(self.files_of(folder, there)) | {name: found}
            read = _read_by_default(configs)
            by_default = name == read[found.runner]
            self._add_notice(folder, name, found, read)
        self.found[file] = Candidate(file, found.runner, by_default, found.base == "vite", True)

    def manifest(self, file: str) -> ConfigName | None:
        """A package.json as a config: it is one where it has an object under `jest`."""
        document = self.workspace.read(file, MAX_LOCK_BYTES)
        if isinstance(document, Unreadable) or b'"jest"' not in document.data:
            return None
        manifest = json_of(document)
        holds = isinstance(manifest, dict) and isinstance(manifest.get("jest"), dict)
        return manifest_config() if holds else None

    def files_of(self, folder: str, names: Iterable[str]) -> Iterator[str]:
        """The names of configs among those of a folder."""
        looked_for = (name for name in names if config_name(name) is not None)
        return (name for name in looked_for if self.workspace.is_file(_below(folder, name)))

    def _walk(self, top: str) -> None:
        """Add the configs below a folder, in the order of their paths."""
        pending = [(top, self._rules_above(top))]
        while pending:
            folder, rules = pending.pop()
            if folder in self._walked:
                continue
            self._walked.add(folder)
            listing = self._list(folder)
            if listing is None:
                continue
            if listing.has_ignore_file and (listing.folders or listing.configs):
                rules = self._with_rules(rules, folder)
            self._add_configs(folder, listing.configs, rules)
            below = (_below(folder, name) for name in sorted(listing.folders, reverse=True))
            pending.extend(
                (path, rules) for path in below if not rules or not ignores(rules, path, True)
            )

    def _list(self, folder: str) -> _Listing | None:
        """One pass over a folder; its entries are not kept, as most of them are of no use."""
        listing = _Listing([], {}, has_ignore_file=False)
        try:
            with os.scandir(self._base + folder) as entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if name not in ALWAYS_SKIPPED:
                            listing.folders.append(name)
                    elif name == IGNORE_FILE:
                        # git does not follow a symlink of this name either
                        if entry.is_file(follow_symlinks=False):
                            listing = listing._replace(has_ignore_file=True)
                    elif name == MANIFEST:
                        if (found := self.manifest(_below(folder, name))) is not None:
                            listing.configs[name] = found
                    elif (found := config_name(name)) is not None and self._readable(folder, entry):
                        listing.configs[name] = found
        except OSError as error:
            message = f"{folder or '.'}: the folder cannot be listed: {error.strerror}"
            # What lies in there is not judged: that is never a clean check.
            self.problems.append(PathProblem(message, folder))
            return None
        return listing

    def _readable(self, folder: str, entry: os.DirEntry[str]) -> bool:
        """Whether the runner would read it: anything but a folder or a link that leads nowhere.

        A pipe, or a link out of the root, is a candidate too: reading it gives the problem.
        """
        del folder
        if entry.is_symlink():
            return os.path.exists(entry.path) and not os.path.isdir(entry.path)
        return True

    def _add_configs(
        self, folder: str, configs: dict[str, ConfigName], rules: tuple[IgnoreRules, ...]
    ) -> None:
        names = [name for name in configs if not ignores(rules, _below(folder, name), False)]
        names.sort(key=lambda name: (configs[name].base != "vitest", name))
        read = _read_by_default({name: configs[name] for name in names})
        for name in names:
            found = configs[name]
            reads = read.get(found.runner)
            if found.found_by_default and name != reads:
                self._add_notice(folder, name, found, read)
                continue
            file = _below(folder, name)
            needs_test_key = found.base == "vite"
            candidate = Candidate(file, found.runner, name == reads, needs_test_key, False)
            self.found.setdefault(file, candidate)

    def _add_notice(self, folder: str, name: str, found: ConfigName, read: dict[str, str]) -> None:
        """Say that a config is never read, where that is plainly not meant."""
        reads = read.get(found.runner)
        if reads is None or name == reads or found.base == "vite":
            return  # a vite.config beside a vitest.config is the usual set-up
        file = _below(folder, name)
        message = f"{found.runner} reads {_below(folder, reads)} and never {name} beside it"
        if found.runner == "jest":
            message += "; from 28 on it refuses both, unless --config names one"
        self.notices.append(PathProblem(message, file, "warning"))

    def _rules_above(self, top: str) -> tuple[IgnoreRules, ...]:
        """The rules that folders between the root and a walked folder make for what is in it."""
        rules: tuple[IgnoreRules, ...] = ()
        for above in reversed(ancestors(top)[1:]):
            if self.workspace.is_file(_below(above, IGNORE_FILE)):
                rules = self._with_rules(rules, above)
        on_the_way = ancestors(top)[:-1]
        # Who names an ignored folder wants to see what is in it.
        return () if any(ignores(rules, path, True) for path in on_the_way) else rules

    def _with_rules(self, rules: tuple[IgnoreRules, ...], folder: str) -> tuple[IgnoreRules, ...]:
        more = read_rules(self.workspace, folder)
        if isinstance(more, PathProblem):
            self.problems.append(more)
            return rules
        return rules if more is None else (*rules, more)


def _configs_among(names: Iterable[str]) -> dict[str, ConfigName]:
    found = ((name, config_name(name)) for name in names)
    return {name: config for name, config in found if config is not None}


def _read_by_default(configs: dict[str, ConfigName]) -> dict[str, str]:
    """The one config of a folder that each runner finds by itself."""
    read: dict[str, str] = {}
    for name, config in configs.items():
        if config.found_by_default:
            first = read.get(config.runner)
            if first is None or config.rank < configs[first].rank:
                read[config.runner] = name
    return read


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


__all__ = [
    "Candidate",
    "Discovery",
    "PathProblem",
    "configs_beside",
    "discover",
    "normalised",
    "workspace_files",
]
