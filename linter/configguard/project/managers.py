"""Which package manager a folder's packages are installed by."""

from __future__ import annotations

import posixpath

from configguard.project.manifests import read_json
from configguard.source.workspace import Workspace

PNPM_WORKSPACE = "pnpm-workspace.yaml"
YARN_LOCK = "yarn.lock"
LOCK_FILES = {
    "npm-shrinkwrap.json": "npm",  # npm reads it before the other
    "package-lock.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    YARN_LOCK: "yarn",
    "bun.lock": "bun",
}
BINARY_LOCK = "bun.lockb"
ALL_LOCK_FILES = frozenset((*LOCK_FILES, BINARY_LOCK))


def manager_of(workspace: Workspace, folder: str) -> str | None:
    """The package manager that a folder names, or of which alone it has files."""
    manifest = read_json(workspace, posixpath.join(folder, "package.json"))
    if isinstance(manifest, dict):
        named = _named(manifest)
        if named is not None:
            return named
    if workspace.is_file(posixpath.join(folder, PNPM_WORKSPACE)):
        return "pnpm"
    files = {**LOCK_FILES, BINARY_LOCK: "bun"}
    found = {
        manager
        for name, manager in files.items()
        if workspace.is_file(posixpath.join(folder, name))
    }
    return found.pop() if len(found) == 1 else None


def _named(manifest: dict[str, object]) -> str | None:
    """`"packageManager": "pnpm@9.1.0"` (corepack), or `devEngines.packageManager.name`."""
    text = manifest.get("packageManager")
    if isinstance(text, str):
        return text.partition("@")[0]
    engines = manifest.get("devEngines")
    listed = engines.get("packageManager") if isinstance(engines, dict) else None
    name = listed.get("name") if isinstance(listed, dict) else None
    return name if isinstance(name, str) else None
