"""2,000 configs among 22,000 files: configguard against ast-grep, semgrep and eslint, in turn.

Prints wall time, CPU time (of the command and all its children) and the largest process of each,
and ratios; it is no test. configguard is installed as users have it: a wheel, in a virtual
environment of its own. The peers, pinned here, are installed in `.cache/bench`; each is given the
nearest rules that it can say, on the same files. They see only literals: what they do not find is
no part of this comparison.

The peers only find. So the figure that is compared with them is that of `--output-format concise`;
with the fix of each finding (json), each verified by evaluating its config again, it stands below.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
NPM = {
    "@ast-grep/cli": "0.51.1",
    "eslint": "9.39.5",
    "@typescript-eslint/parser": "8.73.0",
    "typescript": "5.9.3",
}
SEMGREP = "semgrep==1.182.0"
CONFIGS, FILES = 2_000, 22_000
SCRIPTED = 300
"""So many of the packages have scripts that run their config."""
FINDINGS, WITH_FIXES = "configguard findings", "configguard + fixes"
SETTINGS = ("retry", "retries", "maxWorkers", "workers", "testTimeout", "timeout")
VERSIONS = {"vitest": "3.2.4", "jest": "29.7.0", "@playwright/test": "1.52.0"}

VITEST = (
    """\
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: <timeout>,
    coverage: { provider: 'v8', reporter: ['text', 'json', 'html'], include: ['src/**'] },
  },
});
""",
    """\
import react from '@vitejs/plugin-react';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: { '@': path.resolve(__dirname, './src'), '~test': path.resolve(__dirname, './test') },
  },
  test: {
    globals: true,
    environment: 'jsdom',
    setupFiles: ['./test/setup.ts'],
    css: false,
    retry: process.env.CI ? <count> : 0,
    exclude: ['**/node_modules/**', '**/dist/**', '**/e2e/**'],
  },
});
""",
    """\
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '<up>/tools/vitest.base';

// The tests of this package share one database.
export default mergeConfig(
  base,
  defineConfig({
    test: {
      name: '<name>',
      fileParallelism: <flag>,
      hookTimeout: <timeout>,
      sequence: { concurrent: false },
    },
  }),
);
""",
    """\
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const isCI = process.env.CI === 'true';
const half = Math.max(1, Math.floor(availableParallelism() / 2));

export default defineConfig({
  test: {
    pool: 'forks',
    poolOptions: { forks: { singleFork: <flag>, minForks: 1, maxForks: isCI ? <count> : half } },
    testTimeout: <count> * 10 * 1000,
    retry: isCI ? 2 : 0,
    reporters: isCI ? ['default', 'junit'] : ['default'],
    outputFile: { junit: 'reports/<name>.xml' },
  },
});
""",
    """\
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { shared, timeouts } from '<up>/tools/shared';

const config: ViteUserConfig = {
  test: {
    ...shared.test,
    ...timeouts,
    include: ['src/**/*.spec.ts'],
    maxConcurrency: <count>,
    bail: process.env.CI ? 1 : 0,
  },
};

export default config;
""",
    """\
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => {
  const integration = mode === 'integration';
  return {
    define: { __VERSION__: JSON.stringify('<count>.0.0') },
    test: {
      include: integration ? ['integration/**/*.test.ts'] : ['src/**/*.test.ts'],
      maxWorkers: integration ? 1 : <count>,
      minWorkers: 1,
      testTimeout: integration ? 120_000 : <timeout>,
      typecheck: { enabled: true, tsconfig: './tsconfig.test.json' },
    },
  };
});
""",
)
JEST = (
    """\
/** @type {import('jest').Config} */
module.exports = {
  preset: 'ts-jest',
  testEnvironment: 'node',
  rootDir: '.',
  testMatch: ['<rootDir>/src/**/*.test.ts'],
  testTimeout: <timeout>,
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.d.ts'],
};
""",
    """\
const base = require('<up>/tools/jest.base');

module.exports = {
  ...base,
  displayName: '<name>',
  moduleNameMapper: { ...base.moduleNameMapper, '^@/(.*)$': '<rootDir>/src/$1' },
  maxWorkers: process.env.CI ? 2 : '50%',
  bail: <count>,
};
""",
    """\
const os = require('os');

const workers = Math.max(1, os.cpus().length - <count>);

/** @returns {Promise<import('jest').Config>} */
module.exports = async () => {
  return {
    verbose: true,
    transform: { '^.+\\\\.tsx?$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
    maxWorkers: process.env.CI ? 1 : workers,
    testTimeout: <count> * 1000 * 10,
    reporters: ['default', ['jest-junit', { outputName: '<name>.xml' }]],
  };
};
""",
    """\
const nextJest = require('next/jest');

const createJestConfig = nextJest({ dir: './' });

const config = {
  setupFilesAfterEnv: ['<rootDir>/jest.setup.js'],
  testEnvironment: 'jest-environment-jsdom',
  testPathIgnorePatterns: ['<rootDir>/e2e/', '<rootDir>/node_modules/'],
  maxConcurrency: <count>,
};

module.exports = createJestConfig(config);
""",
)
PLAYWRIGHT = (
    """\
import { defineConfig, devices } from '@playwright/test';

const baseURL = process.env.BASE_URL || 'http://localhost:<port>';

export default defineConfig({
  testDir: './e2e',
  fullyParallel: <flag>,
  forbidOnly: !!process.env.CI,
  retries: process.env.CI ? <count> : 0,
  workers: process.env.CI ? 1 : undefined,
  reporter: process.env.CI ? [['github'], ['html', { open: 'never' }]] : 'list',
  timeout: <timeout>,
  use: { baseURL, trace: 'on-first-retry', screenshot: 'only-on-failure' },
  projects: [
    { name: 'chromium', use: { ...devices['Desktop Chrome'] } },
    { name: 'firefox', use: { ...devices['Desktop Firefox'] } },
    { name: 'webkit', use: { ...devices['Desktop Safari'] } },
  ],
  webServer: {
    command: 'npm run dev',
    url: baseURL,
    reuseExistingServer: !process.env.CI,
    timeout: 120 * 1000,
  },
});
""",
    """\
import type { PlaywrightTestConfig } from '@playwright/test';
import { devices } from '@playwright/test';

const config: PlaywrightTestConfig = {
  testDir: 'tests',
  timeout: 35e3,
  expect: { timeout: <timeout> },
  globalTimeout: process.env.CI ? 60 * 60 * 1000 : undefined,
  workers: <count>,
  maxFailures: process.env.CI ? 10 : 0,
  use: { actionTimeout: 0, viewport: { width: 1280, height: 720 } },
  projects: [
    { name: 'setup', testMatch: /.*\\.setup\\.ts/ },
    {
      name: '<name>',
      use: { ...devices['Desktop Chrome'], storageState: '.auth/user.json' },
      dependencies: ['setup'],
      retries: 2,
    },
  ],
};

export default config;
""",
    """\
import { createConfig } from '<up>/tools/playwright.base';

export default createConfig({
  name: '<name>',
  port: <port>,
  overrides: { workers: process.env.CI ? '50%' : <count>, retries: 1 },
});
""",
    """\
import { defineConfig } from '@playwright/test';
import base from '<up>/tools/playwright.shared';

const timeout = parseInt(process.env.PW_TIMEOUT || '<timeout>', 10);

export default defineConfig({
  ...base,
  testDir: './specs',
  timeout,
  retries: Number(process.env.RETRIES ?? 1),
  use: { ...base.use, baseURL: `http://localhost:${process.env.PORT ?? <port>}` },
});
""",
)
SHARED = {
    "tools/vitest.base.ts": """\
import { defineConfig } from 'vitest/config';
import { timeouts } from './shared';

export default defineConfig({
  test: { globals: false, pool: 'threads', retry: 1, ...timeouts, reporters: ['default'] },
});
""",
    "tools/shared.ts": """\
export const timeouts = { testTimeout: 20_000, hookTimeout: 30 * 1000 };
export const shared = {
  test: { environment: 'node', pool: 'forks', maxWorkers: process.env.CI ? 2 : '50%' },
} as const;
""",
    "tools/jest.base.js": """\
module.exports = {
  preset: 'ts-jest',
  testEnvironment: 'node',
  testTimeout: 15000,
  moduleNameMapper: { '\\\\.(css|svg)$': 'identity-obj-proxy' },
};
""",
    "tools/playwright.base.ts": """\
import { defineConfig, devices, type PlaywrightTestConfig } from '@playwright/test';

interface Options { name: string; port: number; overrides?: PlaywrightTestConfig }

export function createConfig({ name, port, overrides = {} }: Options) {
  return defineConfig({
    testDir: './tests',
    fullyParallel: true,
    timeout: 60_000,
    retries: process.env.CI ? 2 : 0,
    use: { baseURL: `http://localhost:${port}` },
    projects: [{ name, use: { ...devices['Desktop Chrome'] } }],
    ...overrides,
  });
}
""",
    "tools/playwright.shared.ts": """\
import { devices } from '@playwright/test';

export default {
  fullyParallel: true,
  workers: process.env.CI ? 4 : undefined,
  use: { trace: 'retain-on-failure', ...devices['Desktop Chrome'] },
} as const;
""",
}
KINDS = (
    (VITEST, ("vitest.config.ts", "vitest.e2e.config.ts", "vitest.config.mts"), "vitest"),
    (JEST, ("jest.config.js", "jest.config.cjs", "jest.e2e.config.js"), "jest"),
    (PLAYWRIGHT, ("playwright.config.ts", "e2e.playwright.config.ts"), "@playwright/test"),
)
CODE = """\
import {{ helper{n} }} from './helper-{n}';

export function work{n}(items: string[], retry = {n}): string[] {{
  const workers = items.filter((item) => item.length > {n} % 7);
  return workers.map((item) => helper{n}(item, {{ retry, timeout: {n} }}));
}}
"""
AST_GREP_RULE = """\
id: {name}
language: {language}
severity: warning
message: "{name} is set"
files: [{files}]
rule:
  kind: pair
  all:
    - has: {{ field: key, regex: "^{name}$" }}
    - has: {{ field: value, kind: number }}
"""
ESLINT = """\
import parser from '@typescript-eslint/parser';

export default [
  {
    files: FILES,
    languageOptions: { parser },
    rules: {
      'no-restricted-syntax': ['warn', ...SETTINGS.map((name) => ({
        selector: `Property[key.name="${name}"] > Literal.value`,
        message: `${name} is set`,
      }))],
    },
  },
];
"""


class Used(NamedTuple):
    """What one run of a command cost, and how many findings it had."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    """Set up, run each in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", help="run the commands whose name begins so")
    parser.add_argument("--slope", action="store_true", help="only ours, by number of configs")
    parser.add_argument("--keep", type=Path, help="make the tree in this folder and leave it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="configguard-bench-") as folder:
        work = Path(folder)
        if options.slope:
            slope(work)
            return
        place = options.keep or work / "tree"
        files = make_tree(place)
        commands = {**ours(work), **peers(work, files)}
        if options.only:
            commands = {n: c for n, c in commands.items() if n.startswith(options.only)}
        used: dict[str, list[Used]] = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                used[name].append(run(name, command, place))
    report(used)


def make_tree(place: Path, count: int = CONFIGS) -> list[str]:
    """The monorepo: 2,000 packages of one config each, and their code. Gives the configs."""
    random = Random(0)
    configs: list[str] = []
    made: dict[str, str] = dict(SHARED)
    for number in range(count):
        group = ("apps", "libs/core", "libs/ui", "services")[number % 4]
        folder = f"{group}/package-{number}"
        texts, names, package = KINDS[number % 3]
        text = random.choice(texts)
        for hole, filling in {
            "timeout": str(random.choice((5_000, 10_000, 30_000, 60_000))),
            "count": str(random.randint(1, 9)),
            "flag": random.choice(("true", "false")),
            "port": str(3000 + number),
            "name": f"package-{number}",
            "up": "/".join([".."] * (folder.count("/") + 1)),
        }.items():
            text = text.replace(f"<{hole}>", filling)
        configs.append(f"{folder}/{random.choice(names)}")
        made[configs[-1]] = text
        manifest: dict[str, object] = {
            "name": f"@bench/package-{number}",
            "devDependencies": {package: "*"},
        }
        if number < SCRIPTED:
            command = {"vitest": "vitest run", "jest": "jest"}.get(package, "playwright test")
            name = configs[-1].rpartition("/")[2]
            manifest["scripts"] = {
                "test": f"{command} --config {name}",
                "test:ci": f"cross-env CI=1 {command} --config {name}",
            }
        made[f"{folder}/package.json"] = json.dumps(manifest, indent=2)
    members = sorted({file.rpartition("/")[0] for file in configs})
    places = ["apps/*", "libs/*/*", "services/*"]
    manifest = {"name": "bench", "private": True, "workspaces": places}
    made["package.json"] = json.dumps({**manifest, "devDependencies": VERSIONS}, indent=2)
    locked: dict[str, dict[str, object]] = {"": {"workspaces": places, "devDependencies": VERSIONS}}
    for member in members:
        package = member.rpartition("/")[2]
        locked[member] = {
            "name": f"@bench/{package}",
            "devDependencies": json.loads(made[f"{member}/package.json"])["devDependencies"],
        }
        locked[f"node_modules/@bench/{package}"] = {"resolved": member, "link": True}
    locked |= {f"node_modules/{name}": {"version": version} for name, version in VERSIONS.items()}
    made["package-lock.json"] = json.dumps({"lockfileVersion": 3, "packages": locked}, indent=2)
    made[".gitignore"] = "node_modules/\ndist/\ncoverage/\n*.log\n"
    folders = sorted({config.rpartition("/")[0] for config in configs})
    for number in range(FILES - len(made)):
        folder = folders[number % len(folders)]
        made[f"{folder}/src/module-{number}.ts"] = CODE.format(n=number)
    for name, text in made.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (place / ".git").mkdir(exist_ok=True)
    return configs


def ours(work: Path) -> dict[str, list[str]]:
    """configguard from a wheel in an environment of its own, without and with verified fixes."""
    python = _environment(work / "venv", str(ROOT))
    check = [python, "-m", "configguard", "check", ".", "--output-format"]
    return {FINDINGS: [*check, "concise"], WITH_FIXES: [*check, "json"]}


def _environment(folder: Path, *packages: str) -> str:
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *packages], check=True, stderr=subprocess.DEVNULL)
    return python


def peers(work: Path, files: list[str]) -> dict[str, list[str]]:
    """The commands of those peers that can be had; loud about the others."""
    names = sorted({f"**/{Path(file).name}" for file in files})
    commands: dict[str, list[str]] = {}
    if _npm():
        binaries = CACHE / "npm" / "node_modules"
        commands["ast-grep scan"] = [
            str(binaries / "@ast-grep" / "cli" / "ast-grep"),
            "scan",
            "--config",
            str(_ast_grep_rules(work / "ast-grep", names)),
            "--json=stream",
        ]
        config = CACHE / "npm" / "eslint.config.mjs"
        settings = f"const FILES = {json.dumps(names)};\nconst SETTINGS = {json.dumps(SETTINGS)};\n"
        config.write_text(ESLINT.replace("export", settings + "\nexport", 1), "utf-8")
        commands["eslint"] = [
            "node",
            str(binaries / "eslint" / "bin" / "eslint.js"),
            "--config",
            str(config),
            "--format",
            "json",
            "--no-warn-ignored",
            *files,
        ]
    semgrep = _semgrep()
    if semgrep is not None:
        rules = work / "semgrep.json"
        rules.write_text(json.dumps({"rules": [_semgrep_rule(one, names) for one in SETTINGS]}))
        commands["semgrep scan"] = [semgrep, "scan", "--config", str(rules), "--json", "--quiet"]
        commands["semgrep scan"] += ["--metrics", "off", "--disable-version-check", "."]
    return commands


def _ast_grep_rules(folder: Path, names: list[str]) -> Path:
    (folder / "rules").mkdir(parents=True)
    for name in SETTINGS:
        for language, endings in (("TypeScript", (".ts", ".mts")), ("JavaScript", (".js", ".cjs"))):
            globs = json.dumps([one for one in names if one.endswith(endings)])[1:-1]
            rule = AST_GREP_RULE.format(name=name, language=language, files=globs)
            file = folder / "rules" / f"{name}-{language}.yml"
            file.write_text(rule.replace(f"id: {name}", f"id: {name}-{language.lower()}"))
    config = folder / "sgconfig.yml"
    config.write_text("ruleDirs: [rules]\n")
    return config


def _semgrep_rule(name: str, names: list[str]) -> dict[str, object]:
    return {
        "id": name,
        "languages": ["typescript", "javascript"],
        "severity": "WARNING",
        "message": f"{name} is set",
        "paths": {"include": [one.removeprefix("**/") for one in names]},
        "patterns": [
            {"pattern": f"({{..., {name}: $N, ...}})"},
            {"metavariable-regex": {"metavariable": "$N", "regex": "^[0-9]"}},
        ],
    }


def _npm() -> bool:
    """Install the peers of npm once."""
    folder = CACHE / "npm"
    manifest = json.dumps({"private": True, "dependencies": NPM})
    at = folder / "package.json"
    if at.is_file() and at.read_text("utf-8") == manifest and (folder / "done").is_file():
        return True
    npm = shutil.which("npm")
    if npm is None:
        print("NOT COMPARED with ast-grep and eslint: there is no npm", file=sys.stderr)
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    at.write_text(manifest, "utf-8")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    binary = folder / "node_modules" / "@ast-grep" / "cli" / "ast-grep"
    if done.returncode != 0 or not binary.is_file():
        print(f"NOT COMPARED with ast-grep and eslint: {done.stderr[-500:]}", file=sys.stderr)
        return False
    (folder / "done").touch()
    return True


def _semgrep() -> str | None:
    """Install semgrep once, in an environment of its own."""
    folder = CACHE / "semgrep"
    binary = folder / "bin" / "semgrep"
    if not (folder / "done").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _environment(folder, SEMGREP)
        except subprocess.CalledProcessError as error:
            print(f"NOT COMPARED with semgrep: it cannot be installed: {error}", file=sys.stderr)
            return None
        (folder / "done").touch()
    return str(binary)


def run(name: str, command: list[str], place: Path) -> Used:
    """Run a command to its end; its findings go nowhere."""
    environment = {
        **os.environ,
        "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}",
    }
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=place, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = out.read()
    # All of these say by exit code 1 that there are findings.
    if process.returncode not in (0, 1) or not told.strip():
        sys.exit(f"{name}: exit code {process.returncode}\n{told[-3000:].decode()}")
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def slope(work: Path) -> None:
    """How the cost of `check` grows with the configs: it should be a straight line."""
    command = ours(work)[FINDINGS]
    before: tuple[int, float] | None = None
    for count in (500, 1_000, 2_000, 4_000):
        place = work / f"tree-{count}"
        make_tree(place, count)
        used = run("configguard check", command, place)
        each = used.cpu / count * 1000
        told = f"{count:,} configs: {used.cpu:.2f} s CPU, {each:.2f} ms each, {used.memory:.0f} MB"
        if before is not None:
            more = (used.cpu - before[1]) / (count - before[0]) * 1000
            told += f", {more:.2f} ms for each one more"
        print(told, flush=True)
        before = count, used.cpu
        shutil.rmtree(place)


def report(used: dict[str, list[Used]]) -> None:
    """A line for each command, and the ratios to ours."""
    print(f"{CONFIGS:,} configs among {FILES:,} files; medians of {len(next(iter(used.values())))}")
    print(f"{'':20} {'wall s':>8} {'CPU s':>8} {'largest process MB':>20}")
    median = {
        name: Used(*(statistics.median(values) for values in zip(*runs, strict=True)))
        for name, runs in used.items()
    }
    for name, one in median.items():
        print(f"{name:20} {one.wall:8.2f} {one.cpu:8.2f} {one.memory:20.0f}")
    if not {FINDINGS, WITH_FIXES} <= median.keys():
        return
    mine = median[FINDINGS]
    for name, one in median.items():
        if name not in (FINDINGS, WITH_FIXES):
            print(f"findings take {mine.cpu / one.cpu:.2f} x the CPU time of {name}")
    fixes = median[WITH_FIXES].cpu / mine.cpu
    print(
        f"with each fix planned and verified, which no peer does: {fixes:.2f} x the findings alone"
    )
    print("Goals of the findings: below 3 x ast-grep, below 1 x the others; all below 120 MB")


if __name__ == "__main__":
    main()
