"""The real package managers, each in a fixed version, run against the registry of the tests."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

LOCKS = Path(__file__).resolve().parent / "managers"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "managers"
FILES = ("package.json", "package-lock.json")
REQUIRED = "CONFIGGUARD_REQUIRE_RUNNERS"
"""Set in CI: what cannot run there is a failure."""
PROGRAMS = {
    "npm-6": "npm-6/bin/npm-cli.js",
    "npm-10": "npm-10/bin/npm-cli.js",
    "pnpm-7": "pnpm-7/bin/pnpm.cjs",
    "pnpm-8": "pnpm-8/bin/pnpm.cjs",
    "pnpm-9": "pnpm-9/bin/pnpm.cjs",
    "pnpm-10": "pnpm-10/bin/pnpm.cjs",
    "pnpm-12": "@pnpm/exe.linux-x64/pnpm",
    "yarn-1": "yarn-1/bin/yarn.js",
    "yarn-3": "yarn-3/bin/yarn.js",
    "yarn-4": "yarn-4/bin/yarn.js",
    "bun": "@oven/bun-linux-x64/bin/bun",
}
NATIVE = ("pnpm-12", "bun")
TIME_LIMIT_S = 120


def install() -> None:
    """Install them once, by npm from the lock file, or skip the test where that cannot be."""
    npm = shutil.which("npm")
    here = sys.platform == "linux" and platform.machine().lower() in ("x86_64", "amd64")
    if npm is None or not here:
        reason = "NOT TESTED: package managers need npm, and Linux on x64"
        assert os.environ.get(REQUIRED) is None, reason
        pytest.skip(reason)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        done = CACHE / "installed.ok"
        wanted = b"".join((LOCKS / file).read_bytes() for file in FILES)
        if done.is_file() and done.read_bytes() == wanted:
            return
        for file in FILES:
            shutil.copyfile(LOCKS / file, CACHE / file)
        # Only the program for this machine, though all of them are in the lock file.
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=600)
        done.write_bytes(wanted)


def environment(registry: str, home: Path) -> dict[str, str]:
    """Settings that keep all of them to the registry and to a folder of their own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "NPM_CONFIG_REGISTRY": f"{registry}/",
        "NPM_CONFIG_CACHE": str(home / "npm"),
        "NPM_CONFIG_USERCONFIG": str(home / ".npmrc"),
        "NPM_CONFIG_STORE_DIR": str(home / "store"),
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        "NPM_CONFIG_MANAGE_PACKAGE_MANAGER_VERSIONS": "false",
        "PNPM_CONFIG_REGISTRY": f"{registry}/",
        "PNPM_CONFIG_STORE_DIR": str(home / "store"),
        "YARN_REGISTRY": registry,
        "YARN_NPM_REGISTRY_SERVER": registry,
        "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1",
        "YARN_GLOBAL_FOLDER": str(home / "yarn"),
        "YARN_ENABLE_TELEMETRY": "0",
        "YARN_ENABLE_IMMUTABLE_INSTALLS": "false",
        "YARN_NODE_LINKER": "node-modules",
        "BUN_CONFIG_REGISTRY": f"{registry}/",
        "BUN_INSTALL_CACHE_DIR": str(home / "bun"),
    }


def run(name: str, *arguments: str, cwd: Path, env: Mapping[str, str]) -> str:
    """Run a package manager; what it printed."""
    program = str(CACHE / "node_modules" / PROGRAMS[name])
    done = subprocess.run(
        [program, *arguments] if name in NATIVE else ["node", program, *arguments],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{name} {arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout


def resolved(root: Path, questions: list[tuple[str, str]]) -> list[str | None]:
    """What Node loads from a folder for a package, as `name@version`; None where nothing."""
    program = """
        const { createRequire } = require('node:module');
        const asked = JSON.parse(process.argv[1]);
        console.log(JSON.stringify(asked.map(([folder, name]) => {
          try {
            const found = createRequire(`${folder}/x.js`)(`${name}/package.json`);
            return `${found.name}@${found.version}`;
          } catch { return null; }
        })));
    """
    import json

    asked = json.dumps([(str(root / folder), package) for folder, package in questions])
    done = subprocess.run(
        ["node", "-e", program, asked], capture_output=True, text=True, timeout=60, check=True
    )
    answers: list[str | None] = json.loads(done.stdout)
    return answers
