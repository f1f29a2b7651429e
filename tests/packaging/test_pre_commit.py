"""The hooks, run by the real pre-commit from a clone of this repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from projects.harness import CLEAN_TEXT, GOOD_TEXT, clean_environment

REPOSITORY = Path(__file__).resolve().parents[2]
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
CONFIG = "vitest.e2e.config.ts"

pytestmark = pytest.mark.xdist_group("pre-commit")  # they share one installation
LOCK = {"lockfileVersion": 3, "packages": {"node_modules/vitest": {"version": "3.2.7"}}}


class Checkout:
    """A git repository, and pre-commit in it."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.environment = clean_environment(
            {
                "PRE_COMMIT_HOME": str(home),
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
                "GIT_AUTHOR_NAME": "test",
                "GIT_AUTHOR_EMAIL": "test@example.com",
                "GIT_COMMITTER_NAME": "test",
                "GIT_COMMITTER_EMAIL": "test@example.com",
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            }
        )
        # Set by git while a hook of its own runs the tests.
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
            self.environment.pop(name, None)
        self.git("init", "--quiet")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout; its output is one text."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file and stage it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self.git("add", "--all")

    def hooked(self, clone: Path, rev: str, hook: str) -> None:
        """Use one hook of the clone."""
        repo = {"repo": str(clone), "rev": rev, "hooks": [{"id": hook}]}
        self.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repo]}))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """This repository as it is now in a repository of its own; its commit; pre-commit's folder."""
    folder, home = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("home")
    made = Checkout(folder / "configguard", home)
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(
        ["git", *listed], cwd=REPOSITORY, capture_output=True, check=True, timeout=60
    ).stdout
    for name in filter(None, os.fsdecode(names).split("\0")):
        if (REPOSITORY / name).is_file():
            to = made.root / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, to)
    made.git("add", "--all", "--force")
    made.git("commit", "--quiet", "--message", "all")
    return made.root, made.git("rev-parse", "HEAD"), home


@pytest.fixture
def checkout(clone: tuple[Path, str, Path], tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "project", clone[2])
    made.write("package-lock.json", json.dumps(LOCK))
    made.write("package.json", '{"devDependencies": {"vitest": "^3.2.0"}}')
    return made


def test_a_bad_config_is_refused(checkout: Checkout, clone: tuple[Path, str, Path]) -> None:
    checkout.hooked(*clone[:2], "configguard")
    assert checkout.run("pre-commit", "install").returncode == 0
    checkout.write(CONFIG, GOOD_TEXT)
    refused = checkout.run("git", "commit", "--message", "bad")
    assert refused.returncode == 1, refused.stdout
    assert f"error[too-many-retries]: {CONFIG}" in refused.stdout
    assert checkout.run("git", "rev-parse", "HEAD").returncode != 0, "nothing was committed"
    checkout.write(CONFIG, CLEAN_TEXT)
    taken = checkout.run("git", "commit", "--message", "good")
    assert taken.returncode == 0, taken.stdout
    # A lock file alone may change what a config does.
    lock = json.dumps(LOCK).replace("3.2.7", "4.1.0")
    checkout.write("package-lock.json", lock)
    again = checkout.run("pre-commit", "run")
    assert "Passed" in again.stdout, again.stdout
    checkout.git("commit", "--quiet", "--message", "lock")
    checkout.write("README.md", "words\n")
    assert "Skipped" in checkout.run("pre-commit", "run").stdout


def test_the_fix_hook_changes_it(checkout: Checkout, clone: tuple[Path, str, Path]) -> None:
    checkout.hooked(*clone[:2], "configguard-fix")
    checkout.write(CONFIG, GOOD_TEXT)
    first = checkout.run("pre-commit", "run")
    assert first.returncode == 1, first.stdout
    assert "files were modified by this hook" in first.stdout
    assert (checkout.root / CONFIG).read_text("utf-8") == CLEAN_TEXT
    checkout.git("add", "--all")
    second = checkout.run("pre-commit", "run")
    assert second.returncode == 0, second.stdout
    assert "Passed" in second.stdout


@pytest.mark.parametrize(
    "hook", yaml.safe_load(HOOKS.read_text("utf-8")), ids=lambda one: one["id"]
)
def test_what_the_hooks_fire_for(hook: dict[str, object]) -> None:
    assert hook["pass_filenames"] is False
    assert hook["require_serial"] is True
    pattern = re.compile(str(hook["files"]))
    for name in FIRES:
        for folder in ("", "packages/app/"):
            assert pattern.search(folder + name), name
    for name in ("README.md", "src/app.ts", "src/reconfigured.ts", "docs/jest.md", "Cargo.lock",
                 "src/user.service.ts", "test/login.spec.ts", "public/data.json"):  # fmt: skip
        assert not pattern.search(name), name
    for name in (".github/workflows/ci.yml", ".gitlab-ci.yml", "azure-pipelines.yml"):
        assert pattern.search(name), name


FIRES = [
    "vitest.config.ts", "vitest.e2e.config.mts", "vite.config.js", "vitest.workspace.json",
    "jest.config.cjs", "jest-e2e.json", "jest.setup.ts", "playwright.config.ts",
    "playwright-ct.config.tsx", "config/vitest.shared.ts", "config/timeouts.ts", "tools/base.mjs",
    "e2e.config.ts", "shared.js", "test.base.ts", "constants.ts", "tsconfig.base.json",
    "package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock",
    "bun.lock", "pnpm-workspace.yaml", "nx.json", "turbo.json", "project.json", "lerna.json",
    ".test-resource-limits.json", "configguard.toml", "pyproject.toml",
]  # fmt: skip
