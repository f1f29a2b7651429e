"""Paths that the user names to the config files to judge."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from configguard.project.candidates import PLAIN, Candidate, Discovery, Referred, Scope
from configguard.project.ignored import (
    ALWAYS_SKIPPED,
    IGNORE_FILE,
    IgnoreRules,
    ignores,
    is_skipped,
    own_rules,
    read_rules,
)
from configguard.project.manifests import json_of
from configguard.project.names import (
    MANIFEST,
    WORKSPACE,
    WORKSPACE_NAMES,
    ConfigName,
    config_name,
    configs_among,
    manifest_config,
    named_config,
    read_by_default,
    referred_config,
)
from configguard.project.problems import PathProblem
from configguard.source.path_globs import matches_any
from configguard.source.workspace import (
    MAX_LOCK_BYTES,
    Unreadable,
    Workspace,
    ancestors,
    escapes,
    join,
)

_JEST_OBJECT = re.compile(rb'"jest"\s*:\s*\{')


class _Listing(NamedTuple):
    """What matters in one folder: its subfolders and the configs in it."""

    folders: list[str]
    configs: dict[str, ConfigName]
    has_ignore_file: bool = False
    has_manifest: bool = False


Listings = dict[str, _Listing]
"""What was listed before, by folder."""


def discover(
    workspace: Workspace,
    paths: Sequence[str],
    scope: Scope = PLAIN,
    listed: Listings | None = None,
) -> Discovery:
    """The configs that root-relative files and folders stand for (the root is '').

    `listed`: what another look at the same workspace has listed, and what this one will add.
    """
    search = _Search(workspace, scope, listed)
    for path in paths:
        search.argument(path)
    search.add_pointed_to()
    return Discovery(
        tuple(search.found.values()),
        tuple(dict.fromkeys(search.problems)),
        tuple(dict.fromkeys(search.notices)),
        tuple(search.packages),
    )


def workspace_files(workspace: Workspace, folder: str) -> list[str]:
    """The `vitest.workspace.*` and `vitest.projects.*` in a folder; vitest reads the first."""
    there = workspace.names(folder)
    names = (name for name in WORKSPACE_NAMES if name in there or workspace.overlay)
    files = [_below(folder, name) for name in names]
    return [file for file in files if workspace.is_file(file)]


def config_in(workspace: Workspace, folder: str, runner: str) -> str | None:
    """The config in a folder that every version of a runner finds by itself."""
    search = _Search(workspace, PLAIN)
    there = sorted(workspace.names(folder))
    configs = configs_among(search.files_of(folder, there))
    if runner == "jest" and MANIFEST in there:
        manifest = search.manifest(_below(folder, MANIFEST))
        configs |= {} if manifest is None else {MANIFEST: manifest}
    names = read_by_default(configs).get(runner, ())
    return _below(folder, names[0]) if len(names) == 1 else None


def configs_beside(workspace: Workspace, candidate: Candidate) -> tuple[str, ...]:
    """The further configs that the runner would find by itself in the folder, in its order."""
    if not candidate.found_by_default:
        return ()
    folder, own = posixpath.split(candidate.file)
    search = _Search(workspace, PLAIN)
    configs = configs_among(search.files_of(folder, sorted(workspace.names(folder))))
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

    def __init__(self, workspace: Workspace, scope: Scope, listed: Listings | None = None) -> None:
        self.workspace = workspace
        self._listed: Listings = {} if listed is None else listed
        self._scope = scope
        self._referred: dict[str, dict[str, str]] = {}
        for file, runner in scope.referred:
            folder, name = posixpath.split(file)
            self._referred.setdefault(folder, {}).setdefault(name, runner)
        self.found: dict[str, Candidate] = {}
        self.problems: list[PathProblem] = []
        self.notices: list[PathProblem] = []
        self.packages: list[str] = []
        self._walked: set[str] = set()
        self._pointed_to: list[str] = []
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
        referred = self._referred_to(folder, name, found)
        found = referred or found
        if found is None:
            message = f"{file}: it is no test-runner config by its name"
            if name == MANIFEST:
                message = f"{file}: it holds no settings of jest"
            self.problems.append(PathProblem(message, file, unknown=True))
            return
        by_default = False
        if found.found_by_default:
            there = self.workspace.names(folder) | {name}
            configs = configs_among(self.files_of(folder, there)) | {name: found}
            read = read_by_default(configs)
            by_default = name in read[found.runner]
            if found.base == WORKSPACE:
                reads = self._read_instead(folder, name, read)
                if reads is not None:
                    message = f"{file}: vitest reads it for {reads} only: name that"
                    self.problems.append(PathProblem(message, file, unknown=True))
                    return
            self._add_notice(folder, name, found, read)
        self.found[file] = self._candidate(file, found, by_default, named=True)

    def _candidate(
        self, file: str, found: ConfigName, by_default: bool, *, named: bool = False
    ) -> Candidate:
        """A config as a value; vitest takes the file of a `--config` also without tests in it."""
        folder, name = posixpath.split(file)
        referred = self._referred.get(folder, {}).get(name) == found.runner
        needs_test_key = found.base == "vite" and not referred
        return Candidate(file, found.runner, by_default, needs_test_key, named, referred)

    def _referred_to(self, folder: str, name: str, found: ConfigName | None) -> ConfigName | None:
        """What an invocation makes of a file; a name that the runner looks for weighs more."""
        runner = self._referred.get(folder, {}).get(name)
        if runner is None or (found is not None and found.found_by_default):
            return None
        return found if found is not None and found.runner == runner else referred_config(runner)

    def manifest(self, file: str) -> ConfigName | None:
        """A package.json as a config: it is one where it has an object under `jest`.

        From jest 30 on it may name a file instead; 27 crashes at that, 29 takes its defaults
        (measured).
        """
        document = self.workspace.read(file, MAX_LOCK_BYTES)
        if isinstance(document, Unreadable) or b'"jest"' not in document.data:
            return None
        manifest = json_of(document)
        if isinstance(manifest, PathProblem):
            if _JEST_OBJECT.search(document.data):
                advised = f"{manifest.message}; put it right"  # as it is told beside a suite
                self.problems.append(manifest._replace(message=advised))
            return None
        settings = manifest.get("jest")
        if isinstance(settings, str):
            self._pointed_to.append(join(posixpath.dirname(file), settings))
        return manifest_config() if isinstance(settings, dict) else None

    def add_pointed_to(self) -> None:
        """Add the files that a package.json on the way names as the config of jest."""
        for file in self._pointed_to:
            folder = posixpath.dirname(file)
            if file in self.found or escapes(file) or not self.workspace.is_file(file):
                continue
            rules = self._rules_from(ancestors(folder))
            skipped = is_skipped(rules, self._scope.exclude, file, is_folder=False)
            if not skipped and not self._is_ignored(folder):
                self.found[file] = Candidate(file, "jest", False, False, False, True)

    def files_of(self, folder: str, names: Iterable[str]) -> Iterator[str]:
        """The names of configs among those of a folder."""
        looked_for = (name for name in names if config_name(name) is not None)
        return (name for name in looked_for if self.workspace.is_file(_below(folder, name)))

    def _walk(self, top: str) -> None:
        """Add the configs below a folder, in the order of their paths."""
        pending = [(top, self._rules_above(top))]
        exclude = self._scope.exclude
        if exclude and top and matches_any(exclude, top, is_folder=True):
            exclude = ()  # who names an excluded folder wants to see what is in it
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
            kept = {
                name: config
                for name, config in listing.configs.items()
                if not ignores(rules, _below(folder, name), False)
            }
            self._add_configs(folder, kept, exclude)
            below = (_below(folder, name) for name in sorted(listing.folders, reverse=True))
            pending.extend(
                (path, rules)
                for path in below
                if not is_skipped(rules, exclude, path, is_folder=True)
            )

    def _list(self, folder: str) -> _Listing | None:
        """One pass over a folder; its entries are not kept, as most of them are of no use."""
        referred = self._referred.get(folder)
        listing = self._listed.get(folder) if referred is None else None
        if listing is not None:
            if listing.has_manifest:
                self._add_manifest(folder, listing)
            return listing
        listing = _Listing([], {})
        names: list[str] = []
        try:
            with os.scandir(self._base + folder) as entries:
                for entry in entries:
                    name = entry.name
                    names.append(name)
                    if entry.is_dir(follow_symlinks=False):
                        if name not in ALWAYS_SKIPPED:
                            listing.folders.append(name)
                    elif name == IGNORE_FILE:
                        # git does not follow a symlink of this name either
                        if entry.is_file(follow_symlinks=False) and self._scope.gitignore:
                            listing = listing._replace(has_ignore_file=True)
                    elif name == MANIFEST:
                        listing = listing._replace(has_manifest=True)
                        self._add_manifest(folder, listing)
                    else:
                        found = config_name(name)
                        if referred is not None:
                            found = self._referred_to(folder, name, found) or found
                        if found is not None and _readable(entry):
                            listing.configs[name] = found
        except OSError as error:
            message = f"{folder or '.'}: the folder cannot be listed: {error.strerror}"
            # What lies in there is not judged: that is never a clean check.
            self.problems.append(PathProblem(message, folder))
            return None
        if listing.configs or listing.has_manifest:
            self.workspace.note_names(folder, names)  # it will be asked for lock files and the like
        self._listed[folder] = listing
        return listing

    def _add_manifest(self, folder: str, listing: _Listing) -> None:
        """Add the package.json of a folder: it is a config where it holds one."""
        self.packages.append(folder)
        if (found := self.manifest(_below(folder, MANIFEST))) is not None:
            listing.configs[MANIFEST] = found

    def _add_configs(
        self, folder: str, configs: dict[str, ConfigName], exclude: tuple[str, ...]
    ) -> None:
        """Add the configs of a folder; an excluded one is still the one that the runner reads."""
        names = sorted(configs, key=lambda name: (configs[name].base != "vitest", name))
        read = read_by_default(configs)
        for name in names:
            found = configs[name]
            if exclude and matches_any(exclude, _below(folder, name)):
                continue
            by_default = name in read.get(found.runner, ())
            if found.base == WORKSPACE:
                if self._read_instead(folder, name, read) is not None:
                    continue
            elif found.found_by_default and not by_default:
                self._add_notice(folder, name, found, read)
                continue
            file = _below(folder, name)
            self.found.setdefault(file, self._candidate(file, found, by_default))

    def _read_instead(self, folder: str, name: str, read: dict[str, tuple[str, ...]]) -> str | None:
        """The config that vitest finds where a workspace file lies, here or in a folder above.

        Measured on 0.34.6, 1.6.1, 2.1.9, 3.2.7: it then looks for the workspace file beside that.
        """
        if read["vitest"][0] != name:
            return _below(folder, read["vitest"][0])
        for above in ancestors(folder)[1:]:
            there = self.workspace.names(above)
            first, *_ = read_by_default(configs_among(self.files_of(above, there))).get(
                "vitest", (WORKSPACE_NAMES[0],)
            )
            if first not in WORKSPACE_NAMES:
                return _below(above, first)
        return None

    def _add_notice(
        self, folder: str, name: str, found: ConfigName, read: dict[str, tuple[str, ...]]
    ) -> None:
        """Say that a config is never read, where that is plainly not meant."""
        reads = read.get(found.runner, ())
        if not reads or name in reads or found.base == "vite":
            return  # a vite.config beside a vitest.config is the usual set-up
        file = _below(folder, name)
        others = " or ".join(_below(folder, one) for one in reads)
        message = f"{found.runner} reads {others} and never {name} beside it"
        if found.runner == "jest":
            message += "; from 28 on it refuses both, unless --config names one"
        self.notices.append(PathProblem(message, file, "warning"))

    def _rules_above(self, top: str) -> tuple[IgnoreRules, ...]:
        """The rules that folders between the root and a walked folder make for what is in it."""
        # Who names an ignored folder wants to see what is in it.
        return () if self._is_ignored(top) else self._rules_from(ancestors(top)[1:])

    def _is_ignored(self, folder: str) -> bool:
        """Whether git ignores a folder, or one that it lies in."""
        rules = self._rules_from(ancestors(folder)[1:])
        return any(ignores(rules, path, True) for path in ancestors(folder)[:-1])

    def _rules_from(self, folders: Sequence[str]) -> tuple[IgnoreRules, ...]:
        """The rules of some folders, of which the deepest comes first."""
        if not self._scope.gitignore:
            return ()
        rules = self._with(own_rules(self.workspace), ())
        for above in reversed(folders):
            if self.workspace.is_file(_below(above, IGNORE_FILE)):
                rules = self._with_rules(rules, above)
        return rules

    def _with_rules(self, rules: tuple[IgnoreRules, ...], folder: str) -> tuple[IgnoreRules, ...]:
        return self._with(read_rules(self.workspace, folder), rules)

    def _with(
        self, more: IgnoreRules | PathProblem | None, rules: tuple[IgnoreRules, ...]
    ) -> tuple[IgnoreRules, ...]:
        if isinstance(more, PathProblem):
            self.problems.append(more)
            return rules
        if more is None:
            return rules
        self.problems += more.problems
        return (*rules, more)


def _readable(entry: os.DirEntry[str]) -> bool:
    """Whether the runner would read it: anything but a folder or a link that leads nowhere.

    A pipe, or a link out of the root, is a candidate too: reading it gives the problem.
    """
    if entry.is_symlink():
        return os.path.exists(entry.path) and not os.path.isdir(entry.path)
    return True


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


__all__ = [
    "Candidate",
    "Discovery",
    "PathProblem",
    "Referred",
    "Scope",
    "configs_beside",
    "discover",
    "normalised",
    "workspace_files",
]
