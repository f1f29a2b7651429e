"""A config's folder to the version of the runner that runs it there."""

from __future__ import annotations

import posixpath
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

from configguard.project.declared import Declared, Wanted, declared, override, wanted
from configguard.project.lockfiles import Answer, LockAnswers, locked
from configguard.project.managers import BINARY_LOCK, YARN_LOCK, manager_of
from configguard.project.manifests import json_of, place, read_json, read_text
from configguard.project.pins import Asked, Foreign, Linked, Pinned
from configguard.project.problems import PathProblem
from configguard.project.ranges import parse_range, satisfies
from configguard.runners.profile import Note
from configguard.source.document import Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import (
    MAX_LOCK_BYTES,
    Trouble,
    Unreadable,
    Workspace,
    ancestors,
    escapes,
    join,
)

VersionSource = Literal["installed", "lockfile", "manifest", "none"]


class RunnerVersion(NamedTuple):
    """What is known of a runner's version, where it was read, and the place of that text.

    `version` is exact and comes from what is installed or locked; a manifest gives a `range`.
    `notes`: where sources disagree, and what was not looked at.
    """

    source: VersionSource
    version: str | None
    range: str | None
    file: str | None
    at: Origin
    notes: tuple[Note, ...] = ()


_INSTALLED = frozenset(("node_modules",))
UNKNOWN_VERSION = RunnerVersion("none", None, None, None, ())

_known: WeakKeyDictionary[
    Workspace, dict[tuple[str, str], tuple[RunnerVersion, tuple[PathProblem, ...]]]
] = WeakKeyDictionary()


def runner_version(
    workspace: Workspace, folder: str, package: str = "vitest"
) -> tuple[RunnerVersion, list[PathProblem]]:
    """The version for configs in a folder: installed, else locked, else as the manifest asks.

    A file that cannot be read is a problem, and the next source is tried. Suites that share a
    broken file get equal problems.
    """
    # No script has a say in it: what an edit of one leads to is the same.
    known = _known.setdefault(workspace.frame, {})
    if (folder, package) not in known:
        search = _Search(workspace, folder, package)
        found = search.version()._replace(notes=tuple(dict.fromkeys(search.notes)))
        known[folder, package] = found, tuple(dict.fromkeys(search.problems))
    version, problems = known[folder, package]
    return version, list(problems)


class _Search:
    """One search for a version: what is wrong and worth knowing on the way is gathered."""

    def __init__(self, workspace: Workspace, folder: str, package: str) -> None:
        self.workspace = workspace
        self.folder = folder
        self.package = package
        self.problems: list[PathProblem] = []
        self.notes: list[Note] = []
        self.foreign: tuple[PathProblem, str] | None = None

    def version(self) -> RunnerVersion:
        """The version, from the first source that tells one."""
        installed = self._installed()
        if installed is None:
            return self._locked_or_declared()
        if installed.version is not None:
            self._compare(installed)
        return installed

    # -- what is installed ------------------------------------------------------------------------

    def _installed(self) -> RunnerVersion | None:
        """What Node would load from here: the nearest node_modules that holds the package."""
        for above in ancestors(self.folder):
            if not self.workspace.may_hold(above, _INSTALLED):
                continue
            file = posixpath.join(above, "node_modules", self.package, "package.json")
            document = self.workspace.read(file, MAX_LOCK_BYTES)
            if isinstance(document, Unreadable) and document.trouble is Trouble.MISSING:
                continue
            if isinstance(document, Unreadable) and document.trouble is Trouble.OUTSIDE:
                what = posixpath.dirname(file)
                message = f"{what} leads out of the root and is not followed"
                self.notes.append(Note(message, (Span(file, 0, 0),)))
                return None
            manifest = read_json(self.workspace, file)
            if manifest is None:
                continue
            # Node would load this one: what lies above tells nothing, even where this is broken.
            if isinstance(manifest, PathProblem):
                self._add(manifest, "install again")
                return None
            return self._version_in(file, "installed", None)
        return None

    def _version_in(
        self, file: str, source: VersionSource, range_text: str | None
    ) -> RunnerVersion | None:
        """The version that a package's own package.json has."""
        document = read_text(self.workspace, file)
        manifest = json_of(document) if isinstance(document, Document) else document
        if isinstance(manifest, PathProblem):
            self._add(manifest, "install again")
        if not isinstance(manifest, dict) or not isinstance(document, Document):
            return None
        name, version = manifest.get("name", self.package), manifest.get("version")
        if name != self.package:
            # `"vitest": "npm:other@1"`: the version is that of the other package.
            return self._foreign(file, f"the package {name!r}", place(document, "name"))
        if not isinstance(version, str):
            self.problems.append(PathProblem(f"{file}: it has no version", file, "warning"))
            return None
        return RunnerVersion(source, version, range_text, file, place(document, "version"))

    def _foreign(self, file: str, what: str, at: Origin) -> RunnerVersion:
        message = f"{file}: it is {what}, so the {self.package} version is not known"
        problem = PathProblem(message, file, "warning", at=at)
        self.problems.append(problem)
        self.foreign = problem, f"{file} has {what}"
        return UNKNOWN_VERSION

    def _compare(self, installed: RunnerVersion) -> None:
        """Say where a lock file or manifest disagrees with what is installed, which decides."""
        other = _Search(self.workspace, self.folder, self.package)
        found = other._locked_or_declared()
        foreign, has = other.foreign or (None, "")
        broken = (one for one in other.problems if one is not foreign)
        self.problems += [one._replace(severity="warning") for one in broken]
        version, at = installed.version or "", found.at
        if foreign is not None:
            at = foreign.at
        elif found.version is not None and found.version != version:
            has = f"{found.file} has {found.version}"
        elif found.source == "manifest" and self._is_outside(version, found.range):
            has = f"{found.file} asks for {found.range}"
        else:
            return
        message = f"{self.package} {version} is installed, but {has}: what is installed is judged"
        self.notes.append(Note(message, at))

    def _is_outside(self, version: str, range_text: str | None) -> bool:
        plain = None if range_text is None else parse_range(range_text, self.package)
        return plain is not None and not satisfies(version, plain)

    # -- what is locked, or asked for -------------------------------------------------------------

    def _locked_or_declared(self) -> RunnerVersion:
        """Upwards: the first folder whose lock files know it, else the nearest manifest."""
        listed: Declared | None = None
        peers: Declared | None = None
        for above in ancestors(self.folder):
            here = declared(self.workspace, above, self.package)
            if isinstance(here, PathProblem):
                self._add(here, "put it right")
            elif here is not None and here.is_peer:
                # A peer range only says what would do; what is installed stands elsewhere.
                peers = peers or here
            elif here is not None:
                listed = listed or here
            locks = locked(self.workspace, above, self._asked(above, listed))
            self.problems += locks.problems
            found = self._of_locks(above, locks, listed)
            if found is not None:
                return found
            if listed is not None and (locks.answers or locks.silent):
                break  # this lock file is behind its manifest; those above belong to others
            self._tell_binary(above, locks)
        chosen = listed or peers
        return UNKNOWN_VERSION if chosen is None else self._as_declared(chosen)

    def _asked(self, lock_folder: str, listed: Declared | None) -> Asked:
        folder = _below(self.folder, lock_folder)
        if listed is None:
            return Asked(self.package, folder)
        manifest = _below(listed.folder, lock_folder)
        range_text = listed.text
        if range_text.startswith("catalog:"):
            range_text = wanted(self.workspace, listed, self.package).range or range_text
        forced = None
        if self.workspace.is_file(posixpath.join(lock_folder, YARN_LOCK)):
            forced = override(self.workspace, listed, self.package, "yarn")
        return Asked(
            self.package,
            folder,
            manifest,
            range_text,
            None if forced is None else forced.range,
        )

    def _of_locks(
        self, folder: str, locks: LockAnswers, listed: Declared | None
    ) -> RunnerVersion | None:
        """The version of the lock file that counts; None where none does."""
        answers = locks.answers
        if len({_text(answer) for answer in answers}) > 1:
            manager = manager_of(self.workspace, folder)
            answers = tuple(answer for answer in answers if answer.manager == manager)
            if not answers:
                told = " and ".join(f"{one.file} ({_text(one)})" for one in locks.answers)
                message = f"{told} disagree, and no packageManager says which is used"
                self.notes.append(Note(message, locks.answers[0].pin.at))
                return None
        if not answers:
            if locks.silent and listed is not None and not locks.problems:
                message = (
                    f"{locks.silent[0]} is behind {listed.file}: it does not know"
                    f" {self.package} {listed.text}"
                )
                self.notes.append(Note(message, listed.at))
            return None
        return self._of_lock(folder, answers[0], listed)

    def _of_lock(
        self, folder: str, answer: Answer, listed: Declared | None
    ) -> RunnerVersion | None:
        text = None if listed is None else listed.text
        match answer.pin:
            case Foreign(what, at):
                return self._foreign(answer.file, what, at)
            case Linked(target, at):
                linked = join(folder, target)
                if escapes(linked):
                    return self._foreign(answer.file, f"a link to {target}, out of the root", at)
                file = posixpath.join(linked, "package.json")
                return self._version_in(file, "lockfile", text) or UNKNOWN_VERSION
            case Pinned(version, at) as pin:
                if listed is not None and self._is_behind(pin, listed):
                    message = (
                        f"{answer.file} is behind {listed.file}: it has {self.package} {version},"
                        f" and {listed.text} is asked for"
                    )
                    self.notes.append(Note(message, at))
                    return None
                return RunnerVersion("lockfile", version, text, answer.file, at)

    def _is_behind(self, pin: Pinned, listed: Declared) -> bool:
        """Whether the manifest has moved on to a range that the pinned version does not meet."""
        is_catalog = listed.text.startswith("catalog:")
        if pin.overridden or (pin.asked == listed.text and not is_catalog):
            return False
        asked = wanted(self.workspace, listed, self.package)
        return self._is_outside(pin.version, asked.range)

    def _tell_binary(self, folder: str, locks: LockAnswers) -> None:
        file = posixpath.join(folder, BINARY_LOCK)
        if not locks.answers and not locks.silent and self.workspace.is_file(file):
            message = f"{file} is binary and is not read: bun writes text with --save-text-lockfile"
            self.notes.append(Note(message, (Span(file, 0, 0),)))

    def _as_declared(self, listed: Declared) -> RunnerVersion:
        asked: Wanted = wanted(self.workspace, listed, self.package)
        self.problems += asked.problems
        text = asked.range
        if text is None and asked.forced:
            message = f"the root may override {self.package} {listed.text}: no range is known"
            self.notes.append(Note(message, asked.at[-1:]))
        elif text is None and not asked.problems:
            message = f"no catalog has {self.package} under {listed.text}"
            self.notes.append(Note(message, asked.at))
        if text is not None and text.startswith(("npm:", "workspace:")):
            text = parse_range(text, self.package) or text
        return RunnerVersion("manifest", None, text, listed.file, asked.at)

    def _add(self, problem: PathProblem, cure: str) -> None:
        self.problems.append(problem._replace(message=f"{problem.message}; {cure}"))


def _below(folder: str, above: str) -> str:
    """A folder as seen from one above it."""
    return folder[len(above) :].removeprefix("/")


def _text(answer: Answer) -> str:
    match answer.pin:
        case Pinned(version):
            return version
        case Linked(folder):
            return f"a link to {folder}"
        case Foreign(what):
            return what
