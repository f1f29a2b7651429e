"""What Node makes of configs, here and now: those in npm packages, or any in a folder."""

from __future__ import annotations

import collections
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SCRIPT = Path(__file__).with_name("evaluate_configs.mjs")
NEEDED = {
    "@playwright/test": "^1.50",
    "deepmerge": "^4.3",
    "dotenv": "^16.4",
    "esbuild": "^0.25",
    "std-env": "^3.9",
    "vitest": "^3.2",
}
"""What evaluation needs: esbuild reads TypeScript, the others join configs themselves."""
SCRIPTS = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".json")


class Found(NamedTuple):
    """A config on disk."""

    runner: str
    name: str
    """Of the package or repository."""
    root: Path
    file: str


class Evaluated(NamedTuple):
    """What Node made of it in one environment."""

    config: Found
    environment: str
    status: str
    why: str
    value: Any


def in_packages(listed: Path, cache: Path, left: collections.Counter[str]) -> Iterator[Found]:
    """The configs of npm packages, by `npm pack`, whose bytes are those of the list."""
    with listed.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    for row in rows:
        root = _unpacked(row["package"], row["version"], cache / "packages")
        file = root / row["path"]
        if not file.is_file():
            left["missing"] += 1
        elif hashlib.sha256(file.read_bytes()).hexdigest() != row["sha256"]:
            left["other bytes"] += 1
        elif not row["path"].endswith(SCRIPTS) or b"{{" in file.read_bytes():
            left["a template"] += 1
        else:
            yield Found(_runner(row["path"]), row["package"], root, row["path"])


def in_repositories(repos: Path, manifest: Path, left: collections.Counter[str]) -> Iterator[Found]:
    """The configs of a manifest in copies of repositories, whatever their bytes."""
    with manifest.open(encoding="utf-8") as opened:
        rows = [row for row in csv.DictReader(opened, delimiter="\t") if row["role"] == "config"]
    for row in rows:
        root = repos / row["repo"].replace("/", "__")
        if (root / row["path"]).is_file():
            yield Found(row["runner"], row["repo"], root, row["path"])
        else:
            left["missing"] += 1


def _runner(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return next((one for one in ("vitest", "playwright") if name.startswith(one)), "jest")


def _unpacked(package: str, version: str, folder: Path) -> Path:
    root = folder / f"{package.replace('/', '+')}@{version}"
    if not root.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is needed")
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            [npm, "pack", f"{package}@{version}", "--silent", "--ignore-scripts"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
        archive = folder / packed.stdout.strip().splitlines()[-1]
        with tarfile.open(archive) as opened:
            opened.extractall(root.with_suffix(".part"), filter="data")
        archive.unlink()
        root.with_suffix(".part").rename(root)
    inside = [one for one in root.iterdir() if one.is_dir()]
    return inside[0]


def evaluated(
    configs: list[Found], variables: dict[str, dict[str, str]], cache: Path
) -> Iterator[Evaluated]:
    """What Node makes of each config, locally and in CI."""
    modules = _modules(cache / "modules")
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node is needed")
    jobs = [(config, environment) for config in configs for environment in ("local", "ci")]
    asked = [
        {
            "file": os.path.realpath(config.root / config.file),
            "root": os.path.realpath(config.root),
            "environment": {
                **variables[config.runner],
                **({"CI": "true"} if environment == "ci" else {}),
            },
        }
        for config, environment in jobs
    ]
    with subprocess.Popen(
        [node, "--no-warnings", str(SCRIPT), str(modules)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(json.dumps(asked))
        running.stdin.close()
        for (config, environment), line in zip(jobs, running.stdout, strict=True):
            told = json.loads(line)
            value = told.get("value")
            if config.file.endswith("package.json") and isinstance(value, dict):
                value = value.get("jest")
            status = told["status"]
            missing = told["stubbed"] or "Cannot find module" in told.get("why", "")
            if status == "failed" and missing:
                status = "stubbed"
            yield Evaluated(config, environment, status, told.get("why", ""), value)


def _modules(folder: Path) -> Path:
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        wanted = json.dumps({"private": True, "dependencies": NEEDED})
        (folder / "package.json").write_text(wanted, encoding="utf-8")
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is needed")
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"],
            cwd=folder,
            check=True,
            timeout=600,
        )
    return folder


def written(value: Any, keys: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The values at the keys and in the projects, and the keys that a stub may have changed."""
    raw: dict[str, Any] = {}
    unsure: list[str] = []
    for key in keys:
        _look(value, key, raw, unsure)
    lists = ("projects", "test.projects")
    for place in lists:
        projects, stub = _at(value, place)
        if stub or _has_stub(projects):
            unsure.append(place)
        elif isinstance(projects, list):
            raw[f"{place}.length"] = len(projects)
            for index, project in enumerate(projects):
                inner: dict[str, Any] = {}
                hidden: list[str] = []
                for key in keys:
                    _look(project, key, inner, hidden)
                raw |= {f"{place}[{index}].{key}": one for key, one in inner.items()}
                unsure += [f"{place}[{index}].{key}" for key in hidden]
    return raw, unsure


def _look(value: Any, key: str, raw: dict[str, Any], unsure: list[str]) -> None:
    found, stub = _at(value, key)
    if stub or _has_stub(found):
        unsure.append(key)
    elif found is not None or _is_set(value, key):
        raw[key] = found


def _at(value: Any, key: str) -> tuple[Any, bool]:
    """The value at a key, and whether a stub stands on the way to it."""
    for step in re.findall(r"[^.\[\]]+", key):
        if not isinstance(value, dict):
            return None, False
        if "$stub" in value or value.get("$") in ("stub", "deep"):
            return None, True
        value = value.get(step)
    return value, isinstance(value, dict) and value.get("$") in ("stub", "deep")


def _is_set(value: Any, key: str) -> bool:
    *outer, last = key.split(".")
    holder, _ = _at(value, ".".join(outer)) if outer else (value, False)
    return isinstance(holder, dict) and last in holder


def _has_stub(value: Any) -> bool:
    if isinstance(value, dict):
        return "$stub" in value or value.get("$") == "stub"
    return isinstance(value, list) and any(map(_has_stub, value))
