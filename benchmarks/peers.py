"""What others find in 14 configs that each have one mistake: a table of found, missed and false.

The peers are eslint, oxlint and biome as they come (with their rules for vitest, jest and
Playwright), and eslint, biome, semgrep and ast-grep with the nearest rules of one's own that they
can say, which count in the configs and the files they import. A finding on a line that takes part
in the mistake is *found*; any other is *false*. `--why` lists every finding.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from throughput import SEMGREP, _environment

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
NPM = {
    "@ast-grep/cli": "0.51.1",
    "@biomejs/biome": "2.6.8",
    "@typescript-eslint/parser": "8.73.0",
    "@vitest/eslint-plugin": "1.6.28",
    "eslint": "9.39.5",
    "eslint-plugin-jest": "29.17.0",
    "eslint-plugin-playwright": "2.12.2",
    "oxlint": "1.94.0",
    "typescript": "6.0.3",
}
SAFE = "testTimeout: 60_000, hookTimeout: 60_000"
MARK = "<<"
"""Ends a line that takes part in the mistake; it is taken off when the file is written."""


class Case(NamedTuple):
    """One project: what is wrong in it, the runner and its version, its files."""

    what: str
    package: str
    version: str
    files: dict[str, str]


class Seen(NamedTuple):
    """A finding of a tool."""

    file: str
    line: int
    text: str


CASES = (
    Case(
        "the number of workers is a const",
        "vitest",
        "3.2.4",
        {
            "vitest.e2e.config.ts": f"""\
const AT_ONCE = 4; //{MARK}
export default {{
  server: {{ proxy: {{ '/api': {{ retry: 5, timeout: 0 }} }} }},
  test: {{ maxWorkers: AT_ONCE, {SAFE} }}, //{MARK}
}};
"""
        },
    ),
    Case(
        "retries are imported from a file beside it",
        "vitest",
        "3.2.4",
        {
            "limits.ts": f"export const limits = {{ again: 3 }}; //{MARK}\n",
            "vitest.e2e.config.ts": f"""\
import {{ limits }} from './limits';
export default {{
  test: {{
    fileParallelism: false,
    {SAFE},
    retry: limits.again, //{MARK}
  }},
}};
""",
        },
    ),
    Case(
        "retries come in by a spread",
        "vitest",
        "2.1.8",
        {
            "vitest.shared.ts": f"""\
export const flaky = {{
  retry: 4, //{MARK}
}};
export const client = {{ retry: 9, workers: 12 }};
""",
            "vitest.e2e.config.ts": f"""\
import {{ client, flaky }} from './vitest.shared';
export default {{
  define: {{ __CLIENT__: JSON.stringify(client) }},
  test: {{
    fileParallelism: false,
    {SAFE},
    ...flaky, //{MARK}
  }},
}};
""",
        },
    ),
    Case(
        "a later spread switches on what was off",
        "vitest",
        "3.2.4",
        {
            "vitest.e2e.config.ts": f"""\
const fast = {{ fileParallelism: true, maxWorkers: 6 }}; //{MARK}
export default {{
  test: {{ fileParallelism: false, {SAFE}, ...fast }}, //{MARK}
}};
"""
        },
    ),
    Case(
        "only one branch retries too often",
        "@playwright/test",
        "1.52.0",
        {
            "playwright.config.ts": f"""\
import {{ defineConfig }} from '@playwright/test';
export default defineConfig({{
  workers: 1,
  globalTimeout: 3_600_000,
  retries: process.env.CI ? 5 : 0, //{MARK}
  webServer: {{ command: 'npm start', url: 'http://localhost:3000', timeout: 0 }},
}});
"""
        },
    ),
    Case(
        "singleThread without the pool that reads it (vitest 3)",
        "vitest",
        "3.2.4",
        {
            "vitest.e2e.config.ts": f"""\
export default {{
  test: {{
    {SAFE},
    poolOptions: {{ threads: {{ singleThread: true }} }}, //{MARK}
  }},
}};
"""
        },
    ),
    Case(
        "poolOptions, which vitest 4 does not read",
        "vitest",
        "4.1.0",
        {
            "vitest.e2e.config.ts": f"""\
export default {{
  test: {{
    pool: 'forks',
    {SAFE},
    poolOptions: {{ forks: {{ singleFork: true }} }}, //{MARK}
  }},
}};
"""
        },
    ),
    Case(
        "nothing is set, and the runner takes every core",
        "jest",
        "29.7.0",
        {
            "jest.e2e.config.js": f"""\
module.exports = {{ //{MARK}
  testTimeout: 60_000,
  globals: {{ client: {{ retry: 3, maxWorkers: 8 }} }},
}};
"""
        },
    ),
    Case(
        "a share of the CPUs through a function",
        "jest",
        "29.7.0",
        {
            "jest.e2e.config.js": f"""\
const os = require('os');
const share = () => Math.max(2, Math.floor(os.cpus().length / 2)); //{MARK}
module.exports = async () => ({{ testTimeout: 60_000, maxWorkers: share() }}); //{MARK}
"""
        },
    ),
    Case(
        "a timeout that never ends by arithmetic",
        "vitest",
        "3.2.4",
        {
            "vitest.e2e.config.ts": f"""\
const MINUTES = 60 * 1000;
export default {{
  test: {{
    fileParallelism: false,
    hookTimeout: 2 * MINUTES,
    testTimeout: 50_000 * MINUTES, //{MARK}
  }},
}};
"""
        },
    ),
    Case(
        "a project has more retries than its root",
        "@playwright/test",
        "1.52.0",
        {
            "playwright.config.ts": f"""\
import {{ defineConfig }} from '@playwright/test';
const patient = {{ retries: 4 }}; //{MARK}
export default defineConfig({{
  workers: 1,
  retries: 1,
  projects: [{{ name: 'quick' }}, {{ name: 'patient', ...patient }}], //{MARK}
}});
"""
        },
    ),
    Case(
        "a base config, merged",
        "vitest",
        "3.2.4",
        {
            "vitest.base.ts": f"""\
import {{ defineConfig }} from 'vitest/config';
export default defineConfig({{
  test: {{ retry: 2, {SAFE} }}, //{MARK}
}});
""",
            "vitest.e2e.config.ts": f"""\
import {{ mergeConfig }} from 'vitest/config';
import base from './vitest.base';
export default mergeConfig(base, {{ test: {{ fileParallelism: false }} }}); //{MARK}
""",
        },
    ),
    Case(
        "a setting that is misplaced and so without effect",
        "vitest",
        "3.2.4",
        {
            "vitest.e2e.config.ts": f"""\
export default {{
  fileParallelism: false, //{MARK}
  test: {{ {SAFE} }}, //{MARK}
}};
"""
        },
    ),
    Case(
        "a number that runs no test and passes",
        "vitest",
        "3.2.4",
        {
            "vitest.e2e.config.ts": f"""\
const attempts = 0;
export default {{
  test: {{
    fileParallelism: false,
    {SAFE},
    retry: attempts - 1, //{MARK}
  }},
}};
"""
        },
    ),
)
BAIT = {
    "src/client.ts": """\
export const client = { retry: 5, retries: 3, maxWorkers: 16, workers: 8, timeout: 0 };
export const queue = { workers: Number(process.env.WORKERS ?? 4), testTimeout: 0 };
""",
    "vite.config.ts": """\
export default {
  server: { hmr: { timeout: 0 } },
  worker: { workers: 4, maxWorkers: 8 },
  plugins: [{ name: 'fetch', options: { retry: 3, retries: 3 } }],
  test: { retry: 2 },
};
""",
}
"""Beside each case, and right: keys of the same names that are no tests', and unit tests."""

CODE = "src/client.ts"
"""No config: there a rule of one's own would not be switched on."""
HIGH = {"retry": 1, "retries": 1, "maxWorkers": 1, "workers": 1, "maxThreads": 1, "maxForks": 1}
"""What a rule of one's own can say: these keys with a number above the limit,"""
ENDLESS = ("testTimeout", "hookTimeout", "timeout")
"""and these with 0."""
ESLINT = """\
import parser from '@typescript-eslint/parser';
import jest from 'eslint-plugin-jest';
import playwright from 'eslint-plugin-playwright';
import vitest from '@vitest/eslint-plugin';

const high = HIGH.map(([name, most]) => ({
  selector: `Property[key.name="${name}"] > Literal.value[value>${most}]`,
  message: `${name} is above ${most}`,
}));
const endless = ENDLESS.map((name) => ({
  selector: `Property[key.name="${name}"] > Literal.value[value=0]`,
  message: `${name} never ends`,
}));
export default [
  {
    files: ['**/*.ts', '**/*.js'],
    languageOptions: { parser },
    plugins: { jest, playwright, vitest },
    settings: { jest: { version: 29 } },
    rules: OWN
      ? { 'no-restricted-syntax': ['warn', ...high, ...endless] }
      : {
          ...jest.configs['flat/recommended'].rules,
          ...playwright.configs['flat/recommended'].rules,
          ...vitest.configs.recommended.rules,
        },
  },
];
"""
GRIT = """\
language js
or {
  `$key: $value` where { $key <: r"^(?:retry|retries|maxWorkers|workers|maxThreads|maxForks)$", $value <: r"^(?:[2-9]|[1-9][0-9]+)$", register_diagnostic(span=$value, message="above the limit") },
  `$key: 0` where { $key <: r"^(?:testTimeout|hookTimeout|timeout)$", register_diagnostic(span=$key, message="never ends") }
}
"""  # noqa: E501 - GritQL reads a condition a line


def main() -> None:
    """Write the cases, run every tool on each, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--why", action="store_true", help="list every finding")
    parser.add_argument("--ours", action="store_true", help="run configguard alone")
    options = parser.parse_args()
    own = "of one's own"
    with tempfile.TemporaryDirectory(prefix="configguard-peers-") as folder:
        work = Path(folder)
        place = work / "cases"
        lines = [write(place, f"case-{n}", case) for n, case in enumerate(CASES, 1)]
        rows: dict[str, list[tuple[bool, int]]] = {}
        compared = {"configguard": configguard, **({} if options.ours else peers(work))}
        for name, tool in compared.items():
            told = [one for one in tool(place) if own not in name or not one.file.endswith(CODE)]
            for number, (guilty, case) in enumerate(zip(lines, CASES, strict=True), 1):
                seen = [one for one in told if one.file.startswith(f"case-{number}/")]
                right = [one for one in seen if (one.file, one.line) in guilty]
                wrong = [one for one in seen if (one.file, one.line) not in guilty]
                rows.setdefault(name, []).append((bool(right), len(wrong)))
                for one in seen if options.why else ():
                    verdict = "found" if one in right else "FALSE"
                    print(f"{name}: {case.what}: {verdict} {one.file}:{one.line} {one.text[:90]}")
        report(rows)


def write(place: Path, folder: str, case: Case) -> set[tuple[str, int]]:
    """Make a case a project in a folder; the lines that take part in its mistake."""
    lines: set[tuple[str, int]] = set()
    manifest = {"name": "case", "devDependencies": {case.package: case.version}}
    packages = {f"node_modules/{case.package}": {"version": case.version}}
    files = {
        **case.files,
        **BAIT,
        "package.json": json.dumps(manifest),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}),
    }
    for name, text in files.items():
        marked = [line.endswith(f" //{MARK}") for line in text.split("\n")]
        lines |= {(f"{folder}/{name}", number) for number, yes in enumerate(marked, 1) if yes}
        path = place / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(f" //{MARK}\n", "\n"), "utf-8")
    (place / folder / ".git").mkdir()
    return lines


Tool = Callable[[Path], list[Seen]]


def peers(work: Path) -> dict[str, Tool]:
    """The others as functions from a folder to findings; loud about what is not to be had."""
    found: dict[str, Tool] = {}
    if install():
        found |= {
            "eslint + 3 plugins, recommended": eslint(own=False),
            "eslint, rules of one's own": eslint(own=True),
            "oxlint + its 2 plugins": oxlint,
            "biome, recommended and test rules": biome(work, own=False),
            "biome, rules of one's own": biome(work, own=True),
            "ast-grep, rules of one's own": ast_grep(work),
        }
    semgrep_binary = CACHE / "semgrep" / "bin" / "semgrep"
    if not (CACHE / "semgrep" / "done").is_file():
        _environment(CACHE / "semgrep", SEMGREP)
        (CACHE / "semgrep" / "done").touch()
    found["semgrep, rules of one's own"] = semgrep(work, semgrep_binary)
    return found


def install() -> bool:
    """Install the peers of npm once."""
    folder = CACHE / "peers"
    manifest = json.dumps({"private": True, "dependencies": NPM})
    at = folder / "package.json"
    if at.is_file() and at.read_text("utf-8") == manifest and (folder / "done").is_file():
        return True
    folder.mkdir(parents=True, exist_ok=True)
    at.write_text(manifest, "utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"NOT COMPARED with the peers of npm: {error}", file=sys.stderr)
        return False
    (folder / "done").touch()
    return True


def output(command: list[str], place: Path, codes: tuple[int, ...] = (0, 1)) -> str:
    """What a command prints; ends the whole run where it fails, which is no `missed`."""
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode not in codes:
        sys.exit(
            f"{command[0]}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}"
        )
    return done.stdout


def binary(name: str) -> str:
    return str(CACHE / "peers" / "node_modules" / ".bin" / name)


def configguard(place: Path) -> list[Seen]:
    """Ours; a finding of severity info is no claim that something is wrong."""
    command = [sys.executable, "-m", "configguard", "check", ".", "--output-format", "json"]
    seen: list[Seen] = []
    for case in sorted(place.iterdir()):
        for one in json.loads(output(command, case))["findings"]:
            if one["severity"] != "info":
                at, text = one["at"][0], f"{one['rule']}: {one['message']}"
                seen.append(Seen(f"{case.name}/{at['file']}", at["line"], text))
    return seen


def eslint(*, own: bool) -> Tool:
    config = CACHE / "peers" / f"eslint-{'own' if own else 'plugins'}.config.mjs"
    head = f"const OWN = {json.dumps(own)};\nconst HIGH = {json.dumps(list(HIGH.items()))};\n"
    head += f"const ENDLESS = {json.dumps(ENDLESS)};\n"
    config.write_text(ESLINT.replace("\nconst high", f"\n{head}\nconst high", 1), "utf-8")

    def run(place: Path) -> list[Seen]:
        command = [binary("eslint"), "--config", str(config), "--format", "json", "."]
        files: list[dict[str, Any]] = json.loads(output(command, place))
        return [
            Seen(relative(place, file["filePath"]), one["line"], str(one["message"]))
            for file in files
            for one in file["messages"]
        ]

    return run


def oxlint(place: Path) -> list[Seen]:
    plugins = ["--vitest-plugin", "--jest-plugin"]
    # Rules of taste (magic numbers, names) are no claim about tests.
    rules = ["-A", "all", "-D", "correctness", "-D", "suspicious", "-D", "perf"]
    told = json.loads(output([binary("oxlint"), *plugins, *rules, "--format", "json", "."], place))
    return [
        Seen(one["filename"], one["labels"][0]["span"]["line"], one["message"])
        for one in told["diagnostics"]
    ]


def biome(work: Path, *, own: bool) -> Tool:
    config = work / f"biome-{own}"
    config.mkdir()
    (config / "load.grit").write_text(GRIT, "utf-8")
    rules = {"recommended": not own}
    described: dict[str, Any] = {"linter": {"rules": rules}, "vcs": {"enabled": False}}
    if own:
        described["plugins"] = [str(config / "load.grit")]
    else:
        described["linter"]["domains"] = {"test": "all", "playwright": "all"}
    (config / "biome.json").write_text(json.dumps(described), "utf-8")

    def run(place: Path) -> list[Seen]:
        command = [binary("biome"), "lint", "--reporter=json", "--max-diagnostics=none"]
        command += [f"--config-path={config}", "."]
        told = json.loads(output(command, place))
        return [_biome_seen(place, one) for one in told["diagnostics"]]

    return run


def _biome_seen(place: Path, one: dict[str, Any]) -> Seen:
    where = one["location"]
    file = where["path"] if isinstance(where["path"], str) else where["path"]["file"]
    line = where.get("start", {}).get("line")
    if line is None:
        start = (where.get("span") or [0])[0]
        line = (place / file).read_bytes()[:start].count(b"\n") + 1
    return Seen(relative(place, str(place / file)), line, str(one["category"]))


def ast_grep(work: Path) -> Tool:
    folder = work / "ast-grep"
    (folder / "rules").mkdir(parents=True)
    names = {**dict.fromkeys(HIGH, "^([2-9]|[1-9][0-9]+)$"), **dict.fromkeys(ENDLESS, "^0$")}
    for name, value in names.items():
        for language in ("TypeScript", "JavaScript"):
            rule = {
                "id": f"{name}-{language.lower()}",
                "language": language,
                "severity": "warning",
                "message": f"{name} is beyond the limit",
                "rule": {
                    "kind": "pair",
                    "all": [
                        {"has": {"field": "key", "regex": f"^{name}$"}},
                        {"has": {"field": "value", "regex": value}},
                    ],
                },
            }
            (folder / "rules" / f"{rule['id']}.yml").write_text(json.dumps(rule), "utf-8")
    (folder / "sgconfig.yml").write_text("ruleDirs: [rules]\n")

    def run(place: Path) -> list[Seen]:
        config = str(folder / "sgconfig.yml")
        tool = str(CACHE / "peers" / "node_modules" / "@ast-grep" / "cli" / "ast-grep")
        told = output([tool, "scan", "--config", config, "--json=compact"], place)
        return [
            Seen(one["file"], one["range"]["start"]["line"] + 1, one["message"])
            for one in json.loads(told)
        ]

    return run


def semgrep(work: Path, tool: Path) -> Tool:
    rules = [_semgrep_rule(name, "$N > 1") for name in HIGH] + [
        _semgrep_rule(name, "$N == 0") for name in ENDLESS
    ]
    file = work / "semgrep.json"
    file.write_text(json.dumps({"rules": rules}), "utf-8")
    os.environ["PATH"] = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"

    def run(place: Path) -> list[Seen]:
        command = [str(tool), "scan", "--config", str(file), "--json", "--quiet", "--no-git-ignore"]
        command += ["--metrics", "off", "--disable-version-check", "."]
        return [
            Seen(one["path"], one["start"]["line"], one["check_id"])
            for one in json.loads(output(command, place))["results"]
        ]

    return run


def _semgrep_rule(name: str, wrong: str) -> dict[str, Any]:
    """Semgrep also knows the value of a const: the nearest of all that is to be had."""
    return {
        "id": name,
        "languages": ["typescript", "javascript"],
        "severity": "WARNING",
        "message": f"{name} is beyond the limit",
        "patterns": [
            {"pattern": f"({{..., {name}: $N, ...}})"},
            {"focus-metavariable": "$N"},
            {"metavariable-comparison": {"metavariable": "$N", "comparison": wrong}},
        ],
    }


def relative(place: Path, file: str) -> str:
    return os.path.relpath(os.path.realpath(file), os.path.realpath(place))


def report(rows: dict[str, list[tuple[bool, int]]]) -> None:
    """A line for each tool, and the cases that only some find."""
    print(f"{len(CASES)} configs with one mistake each, and {len(BAIT)} files without beside each")
    print(f"{'':38} {'found':>6} {'missed':>7} {'false':>6}")
    for name, results in rows.items():
        found = sum(is_found for is_found, _ in results)
        false = sum(count for _, count in results)
        print(f"{name:38} {found:6} {len(results) - found:7} {false:6}")
    print()
    for number, case in enumerate(CASES):
        finders = [name.partition(",")[0] for name, rs in rows.items() if rs[number][0]]
        print(f"{case.what}: {'; '.join(finders) or 'nobody'}")


if __name__ == "__main__":
    main()
