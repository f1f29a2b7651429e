"""Configs with projects of every kind; what real vitest makes of each project must equal ours.

Each case is a folder of files whose root config is `vitest.config.ts`. Most lists of projects
stand in two cases: in `test.projects` (vitest 3.2 and newer), and in `vitest.workspace.ts` (0.34
to 3). Each is given to every version: what a version ignores is compared too.
"""

from __future__ import annotations

from typing import NamedTuple


class ProjectCase(NamedTuple):
    """A root config with its projects; `unknown`: versions in which nothing need be said of it."""

    name: str
    files: dict[str, str]
    unknown: tuple[str, ...] = ()


ROOT = "vitest.config.ts"
IMPORT = (
    "import { defineConfig, defineProject, mergeConfig } from 'vitest/config';\n"
    "const keep = [defineConfig, defineProject, mergeConfig];\n"
)
PACKAGE_A = {
    "packages/a/vitest.config.ts": "export default { test: { retry: 1, testTimeout: 1234 } };",
    "packages/a/package.json": '{"name": "@scope/a", "type": "module"}',
}
PACKAGE_B = {
    "packages/b/vite.config.ts": "export default { test: { name: 'bee', hookTimeout: 4321 } };"
}
DEEP = {"packages/a/deep/vitest.config.ts": "export default { test: { name: 'deep' } };"}
PACKAGES = PACKAGE_A | PACKAGE_B

# name: (settings of the root, the list of projects, other files)
LISTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "inline": (
        "retry: 2, testTimeout: 7000, hookTimeout: 8000",
        "[{ test: { name: 'a' } }, { test: { name: 'b', retry: 1, testTimeout: 30_000 } }]",
        {},
    ),
    "inline-root-serial": (
        "fileParallelism: false",
        "[{ test: { name: 'a' } }, { test: { name: 'b' } }]",
        {},
    ),
    "inline-root-workers": (
        "maxWorkers: 2, minWorkers: 1",
        "[{ test: { name: 'a' } }, { test: { name: 'b' } }]",
        {},
    ),
    "inline-empty": ("retry: 2", "[{}]", {}),
    "extends-true": (
        "retry: 3, hookTimeout: 2222, sequence: { concurrent: true }, maxConcurrency: 4",
        "[{ extends: true, test: { name: 'a' } },"
        " { extends: true, test: { name: 'b', retry: 0, testTimeout: 100 } }]",
        {},
    ),
    "extends-true-serial": (
        "fileParallelism: false",
        "[{ extends: true, test: { name: 'a' } }, { extends: true, test: { name: 'b' } }]",
        {},
    ),
    "extends-false": (
        "retry: 3, fileParallelism: false",
        "[{ extends: false, test: { name: 'a' } }, { extends: false, test: { name: 'b' } }]",
        {},
    ),
    "extends-undefined": (
        "retry: 3",
        "[{ extends: undefined, test: { name: 'a' } }]",
        {},
    ),
    "extends-path": (
        "retry: 3, bail: 2",
        "[{ extends: './shared/base.ts', test: { name: 'a', bail: 4 } },"
        " { extends: './shared/base.ts', test: { name: 'b' } }]",
        {"shared/base.ts": "export default { test: { retry: 5, bail: 1, testTimeout: 77 } };"},
    ),
    "extends-root-path": (
        "retry: 3",
        "[{ extends: './vitest.config.ts', test: { name: 'a' } }]",
        {},
    ),
    "extends-function": (
        "retry: 3",
        "[{ extends: './base.ts', test: { name: 'a' } }]",
        {
            "base.ts": "export default ({ mode, command }) => ({ test: {"
            " retry: mode === 'test' ? 1 : 9, bail: command === 'serve' ? 2 : 9 } });"
        },
    ),
    "extends-missing": ("retry: 3", "[{ extends: './none.ts', test: { name: 'a' } }]", {}),
    "extends-null-value": (
        "retry: 3, testTimeout: 99",
        "[{ extends: true, test: { name: 'a', retry: undefined, testTimeout: undefined } }]",
        {},
    ),
    "extends-named-root": (
        "name: 'root', retry: 3",
        "[{ extends: true, test: { retry: 1 } }]",
        {},
    ),
    "extends-named-root-twice": (
        "name: 'root', retry: 3",
        "[{ extends: true, test: { retry: 1 } }, { extends: true }]",
        {},
    ),
    "unnamed": ("", "[{ test: { retry: 1 } }, { test: { retry: 2 } }]", {}),
    "label": (
        "",
        "[{ test: { name: { label: 'a', color: 'red' }, retry: 1 } }]",
        {},
    ),
    "duplicate-names": ("", "[{ test: { name: 'a' } }, { test: { name: 'a' } }]", {}),
    "empty-list": ("retry: 1", "[]", {}),
    "folders": ("retry: 2, fileParallelism: false", "['packages/*']", PACKAGES),
    "folders-dot": ("", "['./packages/*']", PACKAGES),
    "folders-root-dir": ("", "['<rootDir>/packages/*']", PACKAGES),
    "folder-path": ("", "['packages/a', './packages/b/']", PACKAGES),
    "folder-without-config": ("retry: 2", "['packages/*']", PACKAGES | {"packages/c/x.txt": ""}),
    "folders-without-config": (
        "retry: 2",
        "['packages/*']",
        {"packages/c/x.txt": "", "packages/d/x.txt": ""},
    ),
    "folder-with-a-file": ("", "['packages/*']", PACKAGES | {"packages/README.md": "# x"}),
    "config-files": (
        "",
        "['packages/a/vitest.config.ts', './packages/b/vite.config.ts']",
        PACKAGES,
    ),
    "config-glob": ("", "['packages/*/vite{st,}.config.*']", PACKAGES),
    "config-braces": ("", "['packages/*/{vitest,vite}.config.{ts,mts}']", PACKAGES),
    "config-twice-in-folder": (
        "",
        "['packages/*/{vitest,vite}.config.ts']",
        {
            "packages/a/vitest.config.ts": "export default { test: { name: 'one' } };",
            "packages/a/vite.config.ts": "export default { test: { name: 'two' } };",
        },
    ),
    "deep-glob": ("", "['packages/**/vitest.config.ts']", PACKAGE_A | DEEP),
    "deep-folders": ("", "['packages/**']", PACKAGE_A),
    "negated": ("", "['packages/*', '!packages/b']", PACKAGES),
    "negated-glob": ("", "['packages/**/vitest.config.ts', '!**/deep/**']", PACKAGE_A | DEEP),
    "only-negated": ("retry: 1", "['!packages/b']", PACKAGES),
    "mixed": (
        "retry: 4",
        "['packages/*', { test: { name: 'inline', retry: 1 } }]",
        PACKAGES,
    ),
    "twice-the-same": ("", "['packages/a', 'packages/a/vitest.config.ts', 'packages/*']", PACKAGES),
    "custom-file": (
        "",
        "['./e2e/e2e.config.ts']",
        {"e2e/e2e.config.ts": "export default { test: { retry: 1 } };"},
    ),
    "custom-file-glob": (
        "",
        "['./e2e/*.config.ts']",
        {"e2e/e2e.config.ts": "export default { test: { retry: 1 } };"},
    ),
    "named-file": (
        "retry: 9",
        "['./e2e/vitest.e2e.config.ts']",
        {"e2e/vitest.e2e.config.ts": "export default { test: { retry: 1 } };"},
    ),
    "named-files-beside": (
        "retry: 9",
        "['./vitest.e2e.config.ts', './vitest.config.unit.ts']",
        {
            "vitest.e2e.config.ts": "export default { test: { name: 'e2e', retry: 1 } };",
            "vitest.config.unit.ts": "export default { test: { name: 'unit' } };",
        },
    ),
    "named-file-beside": (
        "retry: 9",
        "['./vitest.e2e.config.ts', { test: { name: 'unit' } }]",
        {"vitest.e2e.config.ts": "export default { test: { name: 'e2e', retry: 1 } };"},
    ),
    "missing-file": ("retry: 1", "['packages/none', { test: { name: 'a' } }]", PACKAGES),
    "missing-glob": ("retry: 1", "['nowhere/*']", PACKAGES),
    "root-itself": ("retry: 2", "['./vitest.config.ts', { test: { name: 'b' } }]", {}),
    "root-folder": ("retry: 2", "['.', { test: { name: 'b' } }]", {}),
    "root-glob": ("retry: 2", "['*.config.ts', 'packages/*']", PACKAGES),
    "function": (
        "",
        "[({ mode, command }) => ({ test: { name: 'a', retry: mode === 'test' ? 1 : 9,"
        " bail: command === 'serve' ? 2 : 9 } })]",
        {},
    ),
    "async-function": ("", "[async () => ({ test: { name: 'a', retry: 1 } })]", {}),
    "promise": ("", "[Promise.resolve({ test: { name: 'a', retry: 1 } })]", {}),
    "mapped": (
        "",
        "['a', 'b', 'c'].filter((n) => n !== 'b')"
        ".map((name, i) => ({ test: { name, retry: i + 1 } }))",
        {},
    ),
    "spread-list": (
        "",
        "[...[{ test: { name: 'a' } }], ...(process.env.CI ? ['packages/a'] : [])]",
        PACKAGES,
    ),
    "conditional-value": (
        "",
        "[{ test: { name: 'a', retry: process.env.CI ? 2 : 0, testTimeout: 6000 } }]",
        {},
    ),
    "function-file": (
        "",
        "['packages/a']",
        {
            "packages/a/vitest.config.ts": "export default async ({ mode }) =>"
            " ({ test: { retry: mode === 'test' ? 3 : 1, testTimeout:"
            " process.env.CI ? 20_000 : 10_000 } });"
        },
    ),
    "file-merging-base": (
        "",
        "['packages/a']",
        {
            "packages/a/vitest.config.ts": "import { mergeConfig } from 'vitest/config';\n"
            "import base from '../../base';\n"
            "export default mergeConfig(base, { test: { bail: 3 } });",
            "base.ts": "export default { test: { retry: 2, bail: 1 } };",
        },
    ),
    "file-throwing": (
        "",
        "['packages/a']",
        {"packages/a/vitest.config.ts": "throw new Error('no');\nexport default {};"},
    ),
    "file-empty": ("retry: 1", "['packages/a']", {"packages/a/vitest.config.ts": ""}),
    "container": (
        "",
        "['packages/a']",
        {
            "packages/a/vitest.config.ts": "export default { test: { name: 'app', retry: 3,"
            " projects: [{ test: { name: 'unit' } }, { test: { name: 'e2e', retry: 0 } },"
            " './sub'] } };",
            "packages/a/sub/vitest.config.ts": "export default { test: { retry: 7 } };",
        },
    ),
    "project-serial": (
        "",
        "[{ test: { name: 'a', fileParallelism: false } }, { test: { name: 'b' } }]",
        {},
    ),
    "projects-serial": (
        "",
        "[{ test: { name: 'a', fileParallelism: false } },"
        " { test: { name: 'b', fileParallelism: false } }]",
        {},
    ),
    "project-parallel-in-serial": (
        "fileParallelism: false",
        "[{ test: { name: 'a', fileParallelism: true } }, { test: { name: 'b' } }]",
        {},
    ),
    "projects-workers-one": (
        "",
        "[{ test: { name: 'a', maxWorkers: 1, minWorkers: 1 } },"
        " { test: { name: 'b', maxWorkers: 1, minWorkers: 1 } }]",
        {},
    ),
    "projects-workers-differ": (
        "",
        "[{ test: { name: 'a', maxWorkers: 2 } }, { test: { name: 'b', maxWorkers: 3 } }]",
        {},
    ),
    "projects-workers-one-and-three": (
        "",
        "[{ test: { name: 'a', maxWorkers: 1 } }, { test: { name: 'b', maxWorkers: 3 } }]",
        {},
    ),
    "projects-workers-own-group": (
        "",
        "[{ test: { name: 'a', maxWorkers: 2, sequence: { groupOrder: 1 } } },"
        " { test: { name: 'b', maxWorkers: 3, sequence: { groupOrder: 2 } } }]",
        {},
    ),
    "root-and-project-workers": (
        "maxWorkers: 1, minWorkers: 1",
        "[{ test: { name: 'a' } }, { test: { name: 'b', maxWorkers: 3 } }]",
        {},
    ),
    "single-not-isolated": (
        "",
        "[{ test: { name: 'a', maxWorkers: 1, isolate: false } }, { test: { name: 'b' } }]",
        {},
    ),
    "single-in-vm": (
        "",
        "[{ test: { name: 'a', maxWorkers: 1, pool: 'vmThreads' } }, { test: { name: 'b' } }]",
        {},
    ),
    "two-pools": (
        "",
        "[{ test: { name: 'a', pool: 'threads', threads: true } },"
        " { test: { name: 'b', pool: 'forks', threads: false } }]",
        {},
    ),
    "two-pools-serial": (
        "fileParallelism: false, singleThread: true",
        "[{ test: { name: 'a', pool: 'threads', threads: true } },"
        " { test: { name: 'b', pool: 'forks', threads: false } }]",
        {},
    ),
    "root-pool-options": (
        "pool: 'threads', poolOptions: { threads: { singleThread: true } }, singleThread: true",
        "[{ test: { name: 'a', pool: 'threads' } }, { test: { name: 'b' } }]",
        {},
    ),
    "project-pool-options": (
        "",
        "[{ test: { name: 'a', pool: 'threads', singleThread: true,"
        " poolOptions: { threads: { singleThread: true } } } },"
        " { test: { name: 'b', pool: 'forks', poolOptions: { forks: { singleFork: true } } } }]",
        {},
    ),
    "project-pool-maxima": (
        "",
        "[{ test: { name: 'a', pool: 'threads', maxThreads: 1, minThreads: 1,"
        " poolOptions: { threads: { maxThreads: 1, minThreads: 1 } } } }]",
        {},
    ),
    "concurrent": (
        "sequence: { concurrent: true }",
        "[{ test: { name: 'a' } }, { test: { name: 'b', sequence: { concurrent: true },"
        " maxConcurrency: 3 } }]",
        {},
    ),
    "bail": ("bail: 1", "[{ test: { name: 'a' } }, { test: { name: 'b', bail: 3 } }]", {}),
    "odd-retry": (
        "",
        "[{ test: { name: 'a', retry: -1 } }, { test: { name: 'b' } }]",
        {},
    ),
    "odd-sequence": (
        "",
        "[{ test: { name: 'a', sequence: true } }, { test: { name: 'b', retry: -1 } }]",
        {},
    ),
    "project-root": (
        "retry: 2",
        "[{ root: './packages/a', test: { name: 'a' } }]",
        PACKAGES,
    ),
}

# Where the list stands, or what is beside it. Root config, other files.
PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "workspace-json": (
        "{ test: { retry: 2 } }",
        {
            "vitest.workspace.json": '["packages/*", {"test": {"name": "a", "retry": 1}}]',
            **PACKAGES,
        },
    ),
    "projects-file": (
        "{ test: { retry: 2 } }",
        {"vitest.projects.js": "export default [{ test: { name: 'a' } }];"},
    ),
    "workspace-helper": (
        "{ test: { retry: 2 } }",
        {
            "vitest.workspace.ts": "import { defineWorkspace } from 'vitest/config';\n"
            "export default defineWorkspace(['packages/*', { test: { name: 'x', bail: 1 } }]);",
            **PACKAGES,
        },
    ),
    "workspace-no-list": (
        "{ test: { retry: 2 } }",
        {"vitest.workspace.ts": "export default { test: { name: 'a' } };"},
    ),
    "workspace-two-files": (
        "{ test: { retry: 2 } }",
        {
            "vitest.workspace.ts": "export default [{ test: { name: 'ts' } }];",
            "vitest.projects.ts": "export default [{ test: { name: 'other' } }];",
            "vitest.workspace.js": "export default [{ test: { name: 'js' } }];",
        },
    ),
    "workspace-file-and-projects": (
        "{ test: { retry: 2, projects: [{ test: { name: 'p' } }] } }",
        {"vitest.workspace.ts": "export default [{ test: { name: 'w' } }];"},
    ),
    "workspace-path": (
        "{ test: { retry: 2, workspace: './config/my.workspace.ts' } }",
        {
            "config/my.workspace.ts": "export default ['packages/*', { extends: './base.ts',"
            " test: { name: 'x' } }];",
            "config/base.ts": "export default { test: { retry: 6 } };",
            **PACKAGES,
        },
    ),
    "workspace-path-missing": ("{ test: { workspace: './none.ts' } }", {}),
    "workspace-list": (
        "{ test: { retry: 2, workspace: [{ extends: true, test: { name: 'a' } },"
        " { test: { name: 'b' } }] } }",
        {},
    ),
    "workspace-and-projects": (
        "{ test: { workspace: [{ test: { name: 'w' } }], projects: [{ test: { name: 'p' } }] } }",
        {},
    ),
    "workspace-undefined": ("{ test: { retry: 1, workspace: undefined } }", {}),
    "workspace-null": ("{ test: { retry: 1, workspace: null } }", {}),
    "projects-undefined": ("{ test: { retry: 1, projects: undefined } }", {}),
    "projects-null": ("{ test: { retry: 1, projects: null } }", {}),
    "projects-text": ("{ test: { retry: 1, projects: 'packages/*' } }", PACKAGES),
    "projects-object": ("{ test: { retry: 1, projects: { test: {} } } }", {}),
    "projects-number": ("{ test: { retry: 1, projects: [3, { test: { name: 'a' } }] } }", {}),
    "projects-of-null": ("{ test: { retry: 1, projects: [null] } }", {}),
    "projects-nested-list": ("{ test: { projects: [[{ test: { name: 'a' } }]] } }", {}),
    "projects-function-config": (
        "({ mode }) => ({ test: { retry: 2, projects: [{ test: { name: mode } }] } })",
        {},
    ),
    "projects-imported": (
        "{ test: { projects } }",
        {"projects.ts": "export const projects = [{ test: { name: 'a', retry: 1 } }];"},
    ),
    "projects-other-root": (
        "{ root: './packages', test: { projects: ['*'] } }",
        PACKAGES,
    ),
    "projects-own-folder": (
        "{ root: __dirname, test: { projects: ['packages/*'] } }",
        PACKAGES,
    ),
    "projects-own-folder-above": (
        "{ test: { ...base, projects: ['a'] } }",
        {"packages/base.ts": "export const base = { root: __dirname };", **PACKAGES},
    ),
    "projects-test-root": (
        "{ test: { root: './packages', projects: ['*', { test: { name: 'x' } }] } }",
        PACKAGES,
    ),
}


IMPORTED = {
    "projects-imported": "import { projects } from './projects';\n",
    "projects-own-folder-above": "import { base } from './packages/base';\n",
}


def _cases() -> list[ProjectCase]:
    cases: list[ProjectCase] = []
    for name, (root, projects, files) in LISTS.items():
        config = f"export default {{ test: {{ {root}{', ' * bool(root)}projects: {projects} }} }};"
        cases.append(ProjectCase(name, {ROOT: config, **files}))
        workspace = {
            ROOT: f"export default {{ test: {{ {root} }} }};",
            "vitest.workspace.ts": f"export default {projects};",
        }
        cases.append(ProjectCase(f"{name}-workspace", workspace | files))
    for name, (config, files) in PLACES.items():
        first = IMPORTED.get(name, "")
        cases.append(ProjectCase(name, {ROOT: f"{first}export default {config};", **files}))
    return cases


PROJECT_CASES = _cases()
