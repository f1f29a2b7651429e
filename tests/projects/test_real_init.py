"""What `configguard init` wrote, run for real: by package managers, in a project that npm made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import package_managers
import pytest

from projects.harness import Run, clean_environment, listing
from projects.npm_projects import git, made_by_npm

GUARD = f"""#!{sys.executable} -S
import os, sys
assert sys.argv[1:3] == ["run", "--"], sys.argv
os.environ["GUARDED"] = "yes"
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""In the place of the guard, where only the package managers are in question."""
STUB = f"""#!{sys.executable} -S
import json, os, sys
told = [os.path.basename(sys.argv[0]), sys.argv[1:], os.environ.get("E2E")]
with open(os.environ["TOLD"], "a") as file:
    file.write(json.dumps([*told, os.environ.get("GUARDED")]) + "\\n")
"""
PINS = {
    "npm-6": "npm@6.14.18",
    "npm-10": "npm@10.9.4",
    "pnpm-7": "pnpm@7.33.7",
    "pnpm-10": "pnpm@10.30.0",
    "pnpm-12": "pnpm@12.21.0",
    "yarn-1": "yarn@1.22.22",
    "yarn-3": "yarn@3.8.7",
    "yarn-4": "yarn@4.18.1",
    "bun": "bun@1.3.14",
}
SCRIPTS = {
    "pretest:e2e": "jest before",
    "test:e2e": "jest first && E2E=1 vitest run --config vitest.e2e.config.ts",
    "posttest:e2e": "jest after",
}
ARGUMENTS = ["-t", "a b", "--bail=1"]


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package_managers.install()
    folder = tmp_path_factory.mktemp("stubs")
    for name, text in {"vitest": STUB, "jest": STUB, "configguard": GUARD}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def with_program(folder: Path, name: str) -> list[str]:
    """Put a package manager on the path under its own name; how it is started."""
    program = str(package_managers.CACHE / "node_modules" / package_managers.PROGRAMS[name])
    command = [program] if name in package_managers.NATIVE else ["node", program]
    folder.mkdir()
    own = folder / name.split("-")[0]
    own.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
    own.chmod(0o755)
    return command


@pytest.mark.parametrize("name", PINS)
def test_the_safe_script_does_what_the_old_one_does(
    name: str, stubs: Path, tmp_path: Path, run: Run
) -> None:
    root = Path(os.path.realpath(tmp_path)) / "project"
    (root / "node_modules").mkdir(parents=True)
    (root / "node_modules/.bin").symlink_to(stubs)
    manifest = {"name": "demo", "private": True, "packageManager": PINS[name], "scripts": SCRIPTS}
    (root / "package.json").write_text(json.dumps(manifest, indent=2))
    (root / "vitest.e2e.config.ts").write_text("export default { test: {} };\n")
    berry = name in ("yarn-3", "yarn-4")
    if berry:
        (root / "yarn.lock").write_text("")
    done = run("init", "--yes", "--root", str(root), cwd=root)
    assert done.code == 0, done.output
    home, told = tmp_path / "home", tmp_path / "told.jsonl"
    home.mkdir()
    command = with_program(tmp_path / "bin", name)
    environment = {
        **package_managers.environment("http://127.0.0.1:9", home),
        "PATH": os.pathsep.join([str(tmp_path / "bin"), str(stubs), os.environ["PATH"]]),
        "TOLD": str(told),
        "COREPACK_ENABLE_STRICT": "0",
        "pnpm_config_pm_on_fail": "ignore",  # the version that the project names is not here
    }
    if berry:
        package_managers.run(name, "install", cwd=root, env=environment)
    dashes = ["--"] if name.startswith("npm") else []

    def ran(script: str) -> list[list[object]]:
        told.write_text("")
        done = subprocess.run(
            [*command, "run", script, *dashes, *ARGUMENTS],
            cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in told.read_text().splitlines()]

    old, safe = ran("test:e2e"), ran("test:e2e:safe")
    expected = ["vitest", ["run", "--config", "vitest.e2e.config.ts", *ARGUMENTS], "1"]
    assert expected in [one[:3] for one in old]
    assert [one[:3] for one in safe] == [one[:3] for one in old]
    assert {one[3] for one in old} == {None}
    assert {one[3] for one in safe} == {"yes"}


# --- projects that npm made, with real runners and the real guard ---


def npm_run(folder: Path, *arguments: str, env: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [str(shutil.which("npm")), "run", *arguments],
        cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.real_runner
def test_a_project_that_npm_made(run: Run, tmp_path: Path) -> None:
    root = made_by_npm(tmp_path)
    patch = run("init", cwd=root).stdout
    git(root, "apply", "--check", "-", given=patch)
    assert run("init", "--yes", cwd=root).code == 0
    after = {name: data for name, data in listing(root).items() if not name.startswith(".git/")}
    changed = git(root, "diff", "--unified=0", "package.json").splitlines()
    assert [line for line in changed if line[:1] in "+-" and line[1:2] not in "+-"] == [
        '-    "test:e2e": "playwright test"',
        '+    "test:e2e": "playwright test",',
        '+    "test:e2e:safe": "configguard run -- npm run test:e2e --"',
    ]
    again = run("init", "--yes", cwd=root)
    assert (again.code, again.stdout) == (0, "")
    files = {name: data for name, data in listing(root).items() if not name.startswith(".git/")}
    assert files == after
    environment = clean_environment(
        {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "TMPDIR": str(tmp_path),
        }
    )
    # The limits are the team's word now: what is above them is not started.
    code, told = npm_run(root, "test:e2e:safe", env=environment)
    assert code == 125, told
    assert "too-many-retries" in told
    assert run("check", ".", "--fix", "--exit-zero", cwd=root).code == 0
    code, told = npm_run(root, "test:e2e:safe", "--", "--reporter=line", env=environment)
    assert code == 0, told
    assert "1 passed" in told
    code, told = npm_run(root, "test:e2e", env=environment)
    assert code == 1, told
