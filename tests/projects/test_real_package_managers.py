"""What is derived from node_modules, lock files and manifests against what was really installed.

Real package managers install a monorepo from a registry on this machine.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configguard.project.packages import RunnerVersion, runner_version
from configguard.project.ranges import parse_range, satisfies
from configguard.source.workspace import Workspace
from projects import package_managers, registry

PNPM = ("pnpm-7", "pnpm-8", "pnpm-9", "pnpm-10", "pnpm-12")
MANAGERS = ("npm-10", *PNPM, "yarn-1", "yarn-3", "yarn-4", "bun")
WITH_CATALOGS = ("pnpm-9", "pnpm-10", "pnpm-12", "yarn-4", "bun")
CATALOGS = {"catalog": {"vitest": "~4.1.0"}, "catalogs": {"old": {"vitest": "^2.0.0"}}}
PACKAGES = ("vitest", "jest", "@playwright/test")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    package_managers.install()
    with registry.serving() as found:
        yield found


@pytest.fixture
def env(address: str, tmp_path: Path) -> dict[str, str]:
    return package_managers.environment(address, tmp_path / "home")


def write(root: Path, file: str, content: object) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
    path.write_text(text, "utf-8")


def workspace_of(root: Path, manager: str, manifest: dict[str, Any]) -> None:
    """The root's files, in the way of a package manager."""
    whole: dict[str, Any] = {"name": "demo", "version": "1.0.0", "private": True, **manifest}
    catalogs = CATALOGS if manager in WITH_CATALOGS else {}
    if manager.startswith("pnpm"):
        write(root, "pnpm-workspace.yaml", {"packages": ["packages/*"], **catalogs})
    elif manager == "bun":
        whole["workspaces"] = {"packages": ["packages/*"], **catalogs}
    else:
        whole["workspaces"] = ["packages/*"]
    if manager in ("yarn-3", "yarn-4"):
        write(root, "yarn.lock", "")  # the mark of a project's root
        write(root, ".yarnrc.yml", {"nodeLinker": "node-modules", **catalogs})
    write(root, "package.json", whole)


def monorepo(root: Path, manager: str) -> list[str]:
    """Packages with several versions; their folders."""
    own = "7.7.7" if manager in ("npm-10", "yarn-1") else "workspace:*"
    packages: dict[str, dict[str, Any]] = {
        "old": {"name": "@acme/old", "devDependencies": {"vitest": "^1.6.0"}},
        "inherits": {},
        "alias": {"devDependencies": {"vitest": "npm:vitest@2"}},
        "fork": {"devDependencies": {"vitest": "npm:@acme/vitest-fork@0.1"}},
        "transitive": {"dependencies": {"@acme/uses-old-vitest": "1"}},
        "others": {"devDependencies": {"@playwright/test": "~1.50.0", "jest": "29"}},
        "beta": {"devDependencies": {"vitest": "5.0.0-beta.3"}},
        "newest": {"optionalDependencies": {"vitest": "latest"}},
        "own": {"name": "jest", "version": "7.7.7"},
        "uses-own": {"devDependencies": {"jest": own}},
        "it's": {"name": "odd", "devDependencies": {"vitest": ">=2 <3"}},
    }
    if manager in WITH_CATALOGS:
        packages["catalog"] = {"devDependencies": {"vitest": "catalog:"}}
        packages["named"] = {"devDependencies": {"vitest": "catalog:old"}}
    workspace_of(root, manager, {"devDependencies": {"vitest": "^3.2.0"}})
    for folder, manifest in packages.items():
        whole = {"name": folder, "version": "1.0.0", **manifest}
        write(root, f"packages/{folder}/package.json", whole)
        write(root, f"packages/{folder}/tests/e2e/vitest.config.ts", "export default {};\n")
    return ["", *(f"packages/{folder}" for folder in packages)]


def derived(root: Path, folder: str, package: str) -> RunnerVersion:
    found, _ = runner_version(Workspace(root), folder, package)
    assert all(span.end > span.start for span in found.at), "a place for all that is claimed"
    return found


def without(root: Path, target: Path, *left_out: str) -> Path:
    shutil.copytree(root, target, ignore=shutil.ignore_patterns("node_modules", ".yarn", *left_out))
    return target


def is_listed(root: Path, folder: str, package: str) -> bool:
    """Whether a package.json from the folder upwards lists the package."""
    above = [root / folder, *(root / folder).parents]
    manifests = [one / "package.json" for one in above if one.is_relative_to(root)]
    return any(f'"{package}": ' in one.read_text("utf-8") for one in manifests if one.is_file())


def is_claim_of(found: RunnerVersion, package: str, real: str | None) -> bool:
    return found.version is None or f"{package}@{found.version}" == real


@pytest.mark.parametrize("manager", MANAGERS)
def test_every_package_has_the_version_that_node_loads(
    manager: str, env: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / "project"
    folders = monorepo(root, manager)
    package_managers.run(manager, "install", cwd=root, env=env)
    questions = [
        (f"{folder}{below}", package)
        for folder in folders
        for below in ("", *(["/tests/e2e"] if folder else []))
        for package in PACKAGES
    ]
    real = dict(zip(questions, package_managers.resolved(root, questions), strict=True))
    assert len({text for text in real.values() if text}) >= 8
    locked = without(root, tmp_path / "locked")
    manifests = without(locked, tmp_path / "manifests", "*lock*")
    for (folder, package), text in real.items():
        name, _, version = (text or "").rpartition("@")
        where = f"{folder}: {package} is {text}"
        found = derived(root, folder, package)
        assert found.version == (version if name == package else None), where
        assert found.source == ("none" if name != package else "installed"), where
        assert found.notes == (), where
        found = derived(locked, folder, package)
        assert is_claim_of(found, package, text), where
        if name == package and is_listed(root, folder, package):
            assert (found.source, found.version) == ("lockfile", version), where
        found = derived(manifests, folder, package)
        assert found.version is None, where
        plain = parse_range(found.range or "", package)
        if found.source == "manifest" and plain and name == package:
            assert satisfies(version, plain), where
    range_of = {folder: derived(manifests, folder, "vitest").range for folder in folders}
    assert range_of["packages/inherits"] == "^3.2.0"
    assert range_of["packages/alias"] == "2"
    if manager in WITH_CATALOGS:
        assert (range_of["packages/catalog"], range_of["packages/named"]) == ("~4.1.0", "^2.0.0")


OVERRIDES: dict[str, dict[str, Any]] = {
    "npm": {"overrides": {"vitest": "3.1.4"}},
    "pnpm": {"pnpm": {"overrides": {"vitest": "3.1.4"}}},
    "yarn": {"resolutions": {"vitest": "3.1.4"}},
    "bun": {"overrides": {"vitest": "3.1.4"}},
}


@pytest.mark.parametrize("manager", MANAGERS)
def test_what_the_root_overrides_holds_everywhere(
    manager: str, env: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / "project"
    kind = manager.partition("-")[0]
    in_yaml = manager in ("pnpm-10", "pnpm-12")
    manifest = {"devDependencies": {"vitest": "3.1.4"}, **({} if in_yaml else OVERRIDES[kind])}
    workspace_of(root, manager, manifest)
    if in_yaml:
        settings = {"packages": ["packages/*"], "overrides": {"vitest": "3.1.4"}}
        write(root, "pnpm-workspace.yaml", settings)
    for folder, text in (("a", "^1.6.0"), ("b", "^3.2.0")):
        manifest = {"name": folder, "version": "1.0.0", "devDependencies": {"vitest": text}}
        write(root, f"packages/{folder}/package.json", manifest)
    package_managers.run(manager, "install", cwd=root, env=env)
    named = {**json.loads((root / "package.json").read_text("utf-8")), "packageManager": kind}
    write(root, "package.json", named)
    folders = ["packages/a", "packages/b"]
    real = package_managers.resolved(root, [(folder, "vitest") for folder in folders])
    assert real == ["vitest@3.1.4"] * 2
    locked = without(root, tmp_path / "locked")
    manifests = without(locked, tmp_path / "manifests", "*lock*")
    for folder in folders:
        assert derived(root, folder, "vitest")[:2] == ("installed", "3.1.4")
        assert derived(root, folder, "vitest").notes == ()
        assert derived(locked, folder, "vitest")[:2] == ("lockfile", "3.1.4")
        assert derived(manifests, folder, "vitest")[:3] == ("manifest", None, "3.1.4")


@pytest.mark.parametrize("manager", ["npm-10", "pnpm-7", "pnpm-10", "yarn-1", "yarn-4", "bun"])
def test_a_lock_file_that_is_behind_does_not_speak(
    manager: str, env: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / "project"
    workspace_of(root, manager, {"devDependencies": {"vitest": "^3.2.0"}})
    member = {"name": "a", "version": "1.0.0"}
    write(root, "packages/a/package.json", {**member, "devDependencies": {"vitest": "^1.6.0"}})
    package_managers.run(manager, "install", cwd=root, env=env)
    write(root, "packages/a/package.json", {**member, "devDependencies": {"vitest": "^4.0.0"}})
    alone = {"name": "alone", "version": "1.0.0", "devDependencies": {"vitest": "^1.6.0"}}
    write(root, "examples/alone/package.json", alone)  # no member: installed on its own
    locked = without(root, tmp_path / "locked")
    found = derived(locked, "packages/a", "vitest")
    assert found[:3] == ("manifest", None, "^4.0.0")
    assert [note for note in found.notes if "is behind packages/a/package.json" in note.message]
    found = derived(locked, "examples/alone", "vitest")
    assert (found[:3], found.notes) == (("manifest", None, "^1.6.0"), ())
    found = derived(root, "packages/a", "vitest")
    assert found[:2] == ("installed", "1.6.1")
    [note] = found.notes
    assert "vitest 1.6.1 is installed, but packages/a/package.json asks for ^4.0.0" in note.message


def test_npm_6_and_its_shrinkwrap(env: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "project"
    wanted = {"vitest": "^3.2.0", "jest": "npm:jest@29", "@acme/uses-old-vitest": "1"}
    write(root, "package.json", {"name": "demo", "version": "1.0.0", "dependencies": wanted})
    package_managers.run("npm-6", "install", cwd=root, env=env)
    real = package_managers.resolved(root, [("", "vitest"), ("", "jest")])
    assert real == ["vitest@3.2.7", "jest@29.7.0"]
    locked = without(root, tmp_path / "locked")
    assert derived(locked, "", "vitest")[:2] == ("lockfile", "3.2.7")
    assert derived(locked, "", "jest")[:2] == ("lockfile", "29.7.0")
    package_managers.run("npm-6", "shrinkwrap", cwd=root, env=env)
    assert not (root / "package-lock.json").exists()
    shrunk = without(root, tmp_path / "shrunk")
    text = (locked / "package-lock.json").read_text("utf-8").replace("3.2.7", "3.2.4")
    write(shrunk, "package-lock.json", text)
    found = derived(shrunk, "tests", "vitest")
    assert (found.version, found.file) == ("3.2.7", "npm-shrinkwrap.json")
    package_managers.run("npm-10", "ci", cwd=shrunk, env=env)
    assert package_managers.resolved(shrunk, [("", "vitest")]) == ["vitest@3.2.7"]


def test_a_patch_of_yarn_keeps_the_version(env: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "project"
    workspace_of(root, "yarn-4", {"devDependencies": {"vitest": "^3.2.0"}})
    member = {"name": "a", "version": "1.0.0"}
    write(root, "packages/a/package.json", {**member, "devDependencies": {"vitest": "^1.6.0"}})
    package_managers.run("yarn-4", "install", cwd=root, env=env)
    told = package_managers.run("yarn-4", "patch", "vitest@npm:3.2.7", "--json", cwd=root, env=env)
    folder = Path(json.loads(told)["path"])
    (folder / "run.js").write_text("#!/usr/bin/env node\n// patched\n", "utf-8")
    package_managers.run("yarn-4", "patch-commit", "-s", str(folder), cwd=root, env=env)
    package_managers.run("yarn-4", "install", cwd=root, env=env)
    assert "patch:" in (root / "yarn.lock").read_text("utf-8")
    locked = without(root, tmp_path / "locked")
    for folder in ("", "packages/a"):
        assert package_managers.resolved(root, [(folder, "vitest")]) == ["vitest@3.2.7"]
        assert derived(locked, folder, "vitest")[:2] == ("lockfile", "3.2.7")
