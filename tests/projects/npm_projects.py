"""A project as npm makes it, with real runners linked into it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from oracle import real_playwright, real_vitest
from projects import package_managers


def npm(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [str(shutil.which("npm")), *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", *arguments],
        cwd=folder, input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


VITEST, PLAYWRIGHT = "3.2.7", "1.65.1"
NPM_PROJECT = {
    "vitest.config.ts": "import { defineConfig } from 'vitest/config';\n\n"
    "export default defineConfig({ test: { include: ['src/**/*.test.ts'] } });\n",
    "playwright.config.ts": "import { defineConfig } from '@playwright/test';\n\n"
    "export default defineConfig({ testDir: './e2e', workers: 3, retries: 2 });\n",
    "src/sum.test.ts": "import { expect, it } from 'vitest';\n\n"
    "it('adds', () => expect(1 + 1).toBe(2));\n",
    "e2e/one.spec.ts": "import { expect, test } from '@playwright/test';\n\n"
    "test('one', () => expect(process.env.CONFIGGUARD_RUN_ID).toBeTruthy());\n",
}
"""Without a browser: what is asked is whether the guard runs it."""


def made_by_npm(tmp_path: Path) -> Path:
    """A project by `npm init`, with vitest for units and Playwright for the rest.

    Without the runners the test is skipped, or fails where they are required.
    """
    missing = not (
        VITEST in real_vitest.available()
        and PLAYWRIGHT in real_playwright.available()
        and shutil.which("npm")
    )
    if missing:
        told = "REAL RUNNERS ARE NOT INSTALLED, NOTHING WAS TRIED WITH THEM: make runners"
        assert not os.environ.get(package_managers.REQUIRED), told
        pytest.skip(told)
    root = Path(os.path.realpath(tmp_path)) / "app"
    root.mkdir()
    git(root, "init", "--quiet")
    npm(root, "init", "-y")
    npm(
        root, "pkg", "set", "scripts.test=vitest run", "scripts.test:e2e=playwright test",
        f"devDependencies.vitest={VITEST}", f"devDependencies.@playwright/test={PLAYWRIGHT}",
    )  # fmt: skip
    for name, text in NPM_PROJECT.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / ".gitignore").write_text("node_modules\ntest-results\n")
    real_vitest.link_runner(VITEST, root)
    real_playwright.link_runner(PLAYWRIGHT, root)
    bins = root / "node_modules/.bin"
    bins.mkdir()
    modules = root / "node_modules"
    (bins / "playwright").symlink_to(modules / "@playwright/test/cli.js")
    (bins / "vitest").symlink_to(modules / "vitest/vitest.mjs")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "as npm made it")
    return root
