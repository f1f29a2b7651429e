"""Imports by name of the repository's own files: workspace packages, `paths`, `imports`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.evaluated import Told

FACTORY = (
    "export const make = (workers: number) => ({ workers, retries: process.env.CI ? 2 : 0 });\n"
)
CONFIG = "import { make } from '@acme/kit';\nexport default { ...make(3) };\n"


def told(
    tmp_path: Path, files: dict[str, str | dict[str, Any]], main: str = "apps/web/p.config.ts"
) -> Told:
    texts = {
        file: text if isinstance(text, str) else json.dumps(text) for file, text in files.items()
    }
    for file, text in texts.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Told({}, tmp_path, main=main)


PNPM: dict[str, str | dict[str, Any]] = {
    "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n  - packages/**\n",
    "apps/web/package.json": {"devDependencies": {"@acme/kit": "workspace:*"}},
    "apps/web/p.config.ts": CONFIG,
}


@pytest.mark.parametrize(
    ("manifest", "file"),
    [
        ({}, "src/index.ts"),
        ({}, "index.ts"),
        ({"main": "./lib.ts"}, "lib.ts"),
        ({"main": "dist/index.js"}, "src/index.ts"),
        ({"main": "build/cjs/index.js", "module": "build/esm/index.js"}, "src/index.ts"),
        ({"types": "./dist/types/kit.d.ts"}, "src/kit.ts"),
        ({"exports": "./dist/kit.mjs"}, "src/kit.mts"),
        ({"exports": {".": {"import": "./dist/kit.js"}}}, "src/kit.ts"),
        ({"exports": {"types": "./dist/a.d.ts", "default": "./entry.ts"}}, "entry.ts"),
        ({"exports": {".": {"source": "./source/a.ts", "default": "./x.js"}}}, "source/a.ts"),
    ],
)
def test_the_sources_of_a_workspace_package(
    manifest: dict[str, Any], file: str, tmp_path: Path
) -> None:
    own = {
        f"packages/kit/{file}": FACTORY,
        "packages/kit/package.json": {"name": "@acme/kit"} | manifest,
    }
    config = told(tmp_path, {**PNPM, **own})
    assert config["workers"] == 3
    assert config["retries"] == 0
    assert f"@acme/kit is taken from packages/kit/{file}" in config.assumed


def test_a_part_of_a_package(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        **PNPM,
        "apps/web/p.config.ts": CONFIG.replace("@acme/kit", "@acme/kit/e2e"),
        "packages/kit/package.json": {"name": "@acme/kit", "exports": {"./*": "./dist/*.js"}},
        "packages/kit/src/e2e.ts": FACTORY,
    }
    assert told(tmp_path, files)["workers"] == 3


@pytest.mark.parametrize(
    ("given", "version", "known"),
    [
        ("workspace:^", "1.0.0", True),
        ("*", "1.0.0", True),
        ("^1.2.0", "1.3.0", True),
        ("^2.0.0", "1.3.0", False),
        ("npm:other@1", "1.0.0", False),
        ("latest", "1.0.0", False),
        ("link:../../packages/kit", "1.0.0", True),
        ("file:../../packages/kit", "1.0.0", True),
        ("link:../../../../elsewhere", "1.0.0", False),
    ],
)
def test_only_what_is_linked_is_taken(
    given: str, version: str, known: bool, tmp_path: Path
) -> None:
    files: dict[str, str | dict[str, Any]] = {
        **PNPM,
        "apps/web/package.json": {"dependencies": {"@acme/kit": given}},
        "packages/kit/package.json": {"name": "@acme/kit", "version": version},
        "packages/kit/src/index.ts": FACTORY,
    }
    workers = told(tmp_path, files)["workers"]
    assert workers == 3 if known else str(workers).startswith("unknown: ")


@pytest.mark.parametrize("workspaces", [["packages/*"], {"packages": ["packages/*"]}])
def test_npm_links_all_packages_at_the_root(workspaces: Any, tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        "package.json": {"workspaces": workspaces},
        "apps/web/p.config.ts": CONFIG,
        "packages/kit/package.json": {"name": "@acme/kit"},
        "packages/kit/src/index.ts": FACTORY,
    }
    assert told(tmp_path, files)["workers"] == 3


def test_a_package_that_nobody_declares_is_not_the_workspace_s(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        **PNPM,
        "apps/web/package.json": {},
        "packages/kit/package.json": {"name": "@acme/kit"},
        "packages/kit/src/index.ts": FACTORY,
    }
    assert str(told(tmp_path, files)["workers"]).startswith("unknown: ")


def test_an_entry_of_many_files_finds_the_name(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        **PNPM,
        "packages/kit/package.json": {"name": "@acme/kit"},
        "packages/kit/src/index.ts": "export * from './a';\nexport * from './b';\n"
        "export * from './c';\nexport * from 'somebody-s';\n",
        "packages/kit/src/a.ts": "export const other = 1;\n",
        "packages/kit/src/b.ts": "export * from './deep/index.js';\n",
        "packages/kit/src/deep/index.ts": FACTORY,
        "packages/kit/src/c.ts": "export const more = 1;\n",
    }
    assert told(tmp_path, files)["workers"] == 3


def test_paths_of_the_tsconfig(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        "tsconfig.base.json": '{ // shared\n "compilerOptions": {"baseUrl": ".",'
        ' "paths": {"@acme/*": ["wrong/*", "libs/*/main"]}} }',
        "apps/web/tsconfig.json": {"extends": "../../tsconfig.base.json"},
        "apps/web/p.config.ts": CONFIG,
        "libs/kit/main.ts": FACTORY,
    }
    assert told(tmp_path, files)["workers"] == 3


def test_imports_of_package_json(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        "package.json": {"imports": {"#kit": {"types": "./kit.d.ts", "default": "./kit.ts"}}},
        "p.config.ts": CONFIG.replace("@acme/kit", "#kit"),
        "kit.ts": FACTORY,
    }
    assert told(tmp_path, files, "p.config.ts")["workers"] == 3


def test_require_of_a_workspace_package(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        **PNPM,
        "apps/web/p.config.ts": "const { base } = require('@acme/kit');\nmodule.exports = base;\n",
        "packages/kit/package.json": {
            "name": "@acme/kit",
            "exports": {"require": "./index.cjs", "import": "./index.mjs"},
        },
        "packages/kit/index.cjs": "exports.base = { workers: 5 };\n",
        "packages/kit/index.mjs": "export const base = { workers: 6 };\n",
    }
    assert told(tmp_path, files)["workers"] == 5


def test_the_runner_s_own_packages_are_never_taken_from_the_repository(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, Any]] = {
        "package.json": {"workspaces": ["packages/*"]},
        "apps/web/p.config.ts": "import { defineConfig } from '@playwright/test';\n"
        "export default defineConfig({ workers: 2 });\n",
        "packages/test/package.json": {"name": "@playwright/test", "main": "index.ts"},
        "packages/test/index.ts": "export const defineConfig = () => ({ workers: 9 });\n",
    }
    assert told(tmp_path, files)["workers"] == 2


def test_a_package_too_large_to_follow_leaves_the_rest(tmp_path: Path) -> None:
    endless = "export const plugin = () => { let n = 0; while (true) { n += 1; } };\n"
    files: dict[str, str | dict[str, Any]] = {
        **PNPM,
        "apps/web/p.config.ts": "import { plugin } from '@acme/kit';\n"
        "export default { plugins: [plugin()], workers: 4 };\n",
        "packages/kit/package.json": {"name": "@acme/kit"},
        "packages/kit/src/index.ts": endless,
    }
    assert told(tmp_path, files)["workers"] == 4
