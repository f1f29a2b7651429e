"""A config's folder to the version of the runner that runs it there."""

from __future__ import annotations

import posixpath
from typing import Literal, NamedTuple

from configguard.project.lockfiles import locked_version
from configguard.project.manifests import Declared, declared, read_json, value_at
from configguard.project.problems import PathProblem
from configguard.source.span import Origin
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace, ancestors

VersionSource = Literal["installed", "lockfile", "manifest", "none"]


class RunnerVersion(NamedTuple):
    """What is known of a runner's version, where it was read, and the place of that text.

    `version` is exact and comes from what is installed or locked; a manifest gives a `range`.
    """

    source: VersionSource
    version: str | None
    range: str | None
    file: str | None
    at: Origin


class _Manifest(NamedTuple):
    """The package.json that lists the package."""

    file: str
    declared: Declared


UNKNOWN_VERSION = RunnerVersion("none", None, None, None, ())


def runner_version(
    workspace: Workspace, folder: str, package: str = "vitest"
) -> tuple[RunnerVersion, list[PathProblem]]:
    """The version for configs in a folder: installed, else locked, else as the manifest asks.

    A file that cannot be read is a problem, and the next source is tried. Suites that share a
    broken file get equal problems.
    """
    problems: list[PathProblem] = []
    found = _installed(workspace, folder, package, problems)
    if found is None:
        found = _locked_or_declared(workspace, folder, package, problems)
    return found, list(dict.fromkeys(problems))


def _installed(
    workspace: Workspace, folder: str, package: str, problems: list[PathProblem]
) -> RunnerVersion | None:
    """What Node would load from here: the nearest node_modules that holds the package."""
    for above in ancestors(folder):
        file = posixpath.join(above, "node_modules", package, "package.json")
        manifest = read_json(workspace, file)
        if isinstance(manifest, PathProblem):
            problems.append(manifest)
        if not isinstance(manifest, dict):
            continue
        name, version = manifest.get("name", package), manifest.get("version")
        if name != package:
            # `"vitest": "npm:other@1"`: the version is that of the other package.
            message = f"{file}: it is the package {name!r}, so the {package} version is not known"
            problems.append(PathProblem(message, file, "warning"))
            return UNKNOWN_VERSION
        if not isinstance(version, str):
            problems.append(PathProblem(f"{file}: it has no version", file, "warning"))
            continue
        at = value_at(workspace.read(file, MAX_LOCK_BYTES), ("version",), version)
        return RunnerVersion("installed", version, None, file, at)
    return None


def _locked_or_declared(
    workspace: Workspace, folder: str, package: str, problems: list[PathProblem]
) -> RunnerVersion:
    """Upwards through the folders: the first lock file that knows it, else the nearest manifest."""
    manifest: _Manifest | None = None
    peers: _Manifest | None = None
    for above in ancestors(folder):
        listed = declared(workspace, above, package)
        if isinstance(listed, PathProblem):
            problems.append(listed)
        elif listed is not None:
            here = _Manifest(posixpath.join(above, "package.json"), listed)
            # A peer range only says what would do; what is installed stands elsewhere.
            if listed.is_peer:
                peers = peers or here
            else:
                manifest = manifest or here
        wanted = manifest.declared.range if manifest is not None else None
        importer = folder[len(above) + 1 :] if above else folder
        answer = locked_version(workspace, above, importer, package, wanted)
        problems.extend(answer.problems)
        if answer.locked is not None:
            version, file, at = answer.locked
            return RunnerVersion("lockfile", version, wanted, file, at)
        if answer.any_there and manifest is not None:
            break  # this lock file is behind its manifest; those above belong to others
    chosen = manifest or peers
    if chosen is None:
        return UNKNOWN_VERSION
    return RunnerVersion("manifest", None, chosen.declared.range, chosen.file, chosen.declared.at)
