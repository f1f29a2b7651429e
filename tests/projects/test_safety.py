"""Linting a hostile checkout is safe: nothing outside the root is opened, nothing is run or called.

The command line runs under an audit hook (a small runner script) that writes down every file that
is opened, every folder that is listed, and every socket and process that is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from configguard.resources import prepare
from projects.harness import (
    CLEAN_TEXT,
    GOOD_TEXT,
    MakeProject,
    clean_environment,
    listing,
)

RUNNER = """\
import json, os, runpy, sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
PATHS = ("open", "os.scandir", "os.listdir", "os.chdir", "os.mkdir", "os.remove", "os.rename",
         "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime",
         "shutil.rmtree", "shutil.copyfile", "shutil.move", "glob.glob", "os.walk")
DEEDS = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system",
         "os.fork", "os.startfile", "pty.", "urllib.", "http.", "ftplib.", "smtplib.",
         "webbrowser.")

def hook(event, args):
    if event in PATHS:
        path = args[0] if args else None
        if path is None:
            path = "."
        if isinstance(path, int):
            return
        flags = args[2] if event == "open" and len(args) > 2 else 0
        mode = args[1] if event == "open" and len(args) > 1 else None
        real = os.path.realpath(os.fsdecode(path))
        record = ["path", event, real, isinstance(flags, int) and flags or 0, str(mode)]
    elif event.startswith(DEEDS):
        record = ["deed", event, repr(args)[:200], 0, ""]
    else:
        return
    os.write(log, (json.dumps(record) + "\\n").encode())

if sys.argv[2]:
    # An installed configguard has its tables in one file; reading YAML takes ten times as long.
    from configguard import resources

    with open(sys.argv[2]) as file:
        prepared = json.load(file)
    resources._prepared = lambda: prepared
sys.argv = sys.argv[3:]
sys.path.insert(0, "")
sys.addaudithook(hook)
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Touched(NamedTuple):
    """One file or folder that was opened or listed: its real path, and whether to write."""

    event: str
    path: Path
    writes: bool


class Watched(NamedTuple):
    """What one run did."""

    code: int
    output: str
    touched: list[Touched]
    deeds: list[str]

    def outside(self, *allowed: Path) -> list[str]:
        """What lies neither in the allowed folders nor in Python's installation."""
        inside = [path.resolve() for path in allowed] + [*installation()]
        return [
            f"{one.event} {one.path}"
            for one in self.touched
            if not any(one.path.is_relative_to(folder) for folder in inside)
        ]

    @property
    def written(self) -> list[str]:
        return [str(one.path) for one in self.touched if one.writes]


@cache
def installation() -> tuple[Path, ...]:
    """Where Python and the package lie; no folder that holds a test's project."""
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found = [Path(place).resolve() for place in (*places, sys.prefix, sys.base_prefix)]
    # The package that the command line runs; an editable install reads its data beside it.
    asked = "import configguard; print(configguard.__file__)"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    package = Path(told.stdout.strip()).resolve().parent
    found += [package, *(package.parents[1] / name for name in ("linter", "rules", "schema"))]
    return tuple(found)


@cache
def prepared_tables() -> bytes:
    return json.dumps(prepare()).encode()


def watch(tmp: Path, *args: str | Path, cwd: Path, prepared: bool = True) -> Watched:
    """Run a module under the audit hook; the tables are there as in an installed package."""
    runner, log = tmp / "runner.py", tmp / "log.jsonl"
    runner.write_text(RUNNER)
    log.write_text("")
    tables: Path | str = ""
    if prepared:
        tables = tmp / "prepared.json"
        tables.write_bytes(prepared_tables())
    done = subprocess.run(
        [sys.executable, runner, log, tables, *args],
        cwd=cwd,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    records = [json.loads(line) for line in log.read_text().splitlines()]
    touched = [
        Touched(event, Path(path), _changes(event) or _opens(flags, mode))
        for kind, event, path, flags, mode in records
        if kind == "path"
    ]
    deeds = [f"{event} {what}" for kind, event, what, _, _ in records if kind == "deed"]
    assert "Traceback" not in done.stderr, done.stderr
    assert "a bug of its own" not in done.stderr, done.stderr
    return Watched(done.returncode, done.stdout + done.stderr, touched, deeds)


def _changes(event: str) -> bool:
    return event not in ("open", "os.scandir", "os.listdir", "os.chdir", "glob.glob", "os.walk")


def _opens(flags: int, mode: str) -> bool:
    return bool(flags & WRITING) or any(letter in mode for letter in "wax+")


COMMANDS = [
    ("check",),
    ("check", "--output-format", "json"),
    ("check", "--output-format", "concise"),
    ("check", "--diff"),
    ("check", "--verbose"),
    ("show",),
    ("show", "--output-format", "json"),
    ("check", "--output-format", "junit"),
    ("check", "--output-format", "sarif"),
]


def secrets(tmp: Path) -> Path:
    """A folder beside the project that nobody may look into."""
    folder = tmp / "secrets"
    (folder / "node_modules" / "vitest").mkdir(parents=True, exist_ok=True)
    (folder / "node_modules/vitest/package.json").write_text('{"version": "4.1.0"}')
    (folder / "sub").mkdir(exist_ok=True)
    for name in ("x.ts", "index.ts", "vitest.config.ts", "sub/vitest.e2e.config.ts"):
        (folder / name).write_text("export const SECRET = 4711;\nexport default { test: {} };\n")
    (folder / ".test-resource-limits.json").write_text('{"resourceLimits": {"maxRetries": 4711}}')
    (folder / "package.json").write_text('{"devDependencies": {"vitest": "4711.0.0"}}')
    (folder / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    (folder / ".gitignore").write_text("*\n")
    return folder


# --- The watching itself ----------------------------------------------------------------------


def test_the_hook_sees_what_it_must(tmp_path: Path) -> None:
    """A module that does all that is forbidden is caught at each of it."""
    place = tmp_path / "project"
    place.mkdir()
    outside = secrets(tmp_path)
    (place / "hostile.py").write_text(
        "import os, socket, subprocess\n"
        f"open({str(outside / 'x.ts')!r}).close()\n"
        f"os.close(os.open({str(outside / 'index.ts')!r}, os.O_RDONLY))\n"
        f"os.listdir({str(outside)!r})\n"
        f"list(os.scandir({str(outside / 'sub')!r}))\n"
        "open('made', 'w').close()\n"
        "socket.socket().close()\n"
        "subprocess.run(['true'])\n"
        "os.system('true')\n"
    )
    seen = watch(tmp_path, "hostile", cwd=place, prepared=False)
    told = "\n".join(seen.outside(place))
    for name in ("x.ts", "index.ts", "secrets", "secrets/sub"):
        assert f"{tmp_path}/" in told
        assert name in told
    assert str(place / "made") in seen.written
    deeds = " ".join(seen.deeds)
    for deed in ("socket.", "subprocess.Popen", "os.system"):
        assert deed in deeds


def test_the_hook_sees_the_config_being_read(project: MakeProject, tmp_path: Path) -> None:
    root = project({"vitest.e2e.config.ts": GOOD_TEXT})
    seen = watch(tmp_path, "configguard", "check", ".", cwd=root, prepared=False)
    assert root / "vitest.e2e.config.ts" in [one.path for one in seen.touched]
    assert seen.outside(), "without the project among the allowed folders it is outside"
    assert seen.code == 1


# --- Reading stays inside the root ------------------------------------------------------------

SPECIFIERS = [
    "../secrets/x",
    "../../secrets/x.ts",
    "../secrets",
    "../../../../../../../../../../../etc/passwd",
    "../../../../../../../../../../../etc/x",
    "/etc/passwd",
    "{outside}/x.ts",
    "file://{outside}/x.ts",
    "./link/x",
    "./link/sub/../x",
    "./link",
    "./direct.ts",
    "./a/../../secrets/x",
    "./a/..//../secrets/x.ts",
    "../project0/../secrets/x",
    ".\\\\..\\\\secrets\\\\x",
    "./x\\0/../../secrets/x.ts",
    "node_modules/../../secrets/x",
    "vitest/../../../secrets/x",
    "linked-package",
    "linked-package/x",
]
FORMS = [
    "import x from '{s}';\nexport default {{ test: {{ retry: x.SECRET, ...x }} }};\n",
    "import {{ SECRET }} from '{s}';\nexport default {{ test: {{ retry: SECRET }} }};\n",
    "export * from '{s}';\nexport {{ default }} from '{s}';\n",
    "module.exports = {{ test: {{ retry: require('{s}').SECRET }} }};\n",
    "export default async () => ({{ test: (await import('{s}')).default }});\n",
    "import fs from 'node:fs';\nexport default {{ test: {{ "
    "retry: Number(fs.readFileSync('{s}', 'utf8')) }} }};\n",
    "export default {{ test: {{ extends: '{s}', setupFiles: ['{s}'], globalSetup: '{s}', "
    "projects: ['{s}'], workspace: '{s}', root: '{s}', dir: '{s}' }}, root: '{s}' }};\n",
]


@pytest.fixture
def hostile(project: MakeProject, tmp_path: Path) -> Path:
    """A project whose every way out leads to the folder of secrets."""
    outside = secrets(tmp_path)
    files: dict[str, str | bytes] = {"a/keep": "", "vitest.e2e.config.ts": GOOD_TEXT}
    for number, specifier in enumerate(SPECIFIERS):
        for form, text in enumerate(FORMS):
            spelled = specifier.replace("{outside}", str(outside))
            files[f"n{number}-{form}.vitest.config.ts"] = text.format(s=spelled)
    root = project(files)
    (root / "link").symlink_to(outside, target_is_directory=True)
    (root / "direct.ts").symlink_to(outside / "x.ts")
    (root / "node_modules/linked-package").symlink_to(outside, target_is_directory=True)
    return root


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_import_leads_out(hostile: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    before = listing(hostile)
    seen = watch(tmp_path, "configguard", *command, ".", cwd=hostile)
    assert seen.outside(hostile) == []
    assert seen.deeds == []
    assert seen.written == []
    assert "4711" not in seen.output
    assert seen.code in (0, 1, 2)
    read = {one.path.name for one in seen.touched}
    assert {f"n0-{form}.vitest.config.ts" for form in range(len(FORMS))} <= read
    assert listing(hostile) == before


FROM_OUTSIDE = {
    "node_modules": "node_modules",
    "package.json": "package.json",
    "package-lock.json": "package-lock.json",
    "pnpm-lock.yaml": "package-lock.json",
    "yarn.lock": "package-lock.json",
    ".test-resource-limits.json": ".test-resource-limits.json",
    ".gitignore": ".gitignore",
    "vitest.config.ts": "vitest.config.ts",
    "vitest.workspace.ts": "x.ts",
    "pnpm-workspace.yaml": "package.json",
    "tsconfig.json": "package.json",
    "packages": ".",
    "e2e": "sub",
}


@pytest.mark.parametrize("name", FROM_OUTSIDE)
@pytest.mark.parametrize("command", [COMMANDS[1], COMMANDS[5]], ids=" ".join)
def test_no_symlink_leads_out(
    project: MakeProject, tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    outside = secrets(tmp_path)
    root = project({"vitest.e2e.config.ts": GOOD_TEXT, "app/x": ""}, vitest=None)
    for folder in (root, root / "app"):
        (folder / name).symlink_to(outside / FROM_OUTSIDE[name])
    (root / "app" / "vitest.e2e.config.ts").write_text(GOOD_TEXT)
    seen = watch(tmp_path, "configguard", *command, root, cwd=root)
    assert seen.outside(root) == []
    assert seen.deeds == []
    assert "4711" not in seen.output
    names = (root / name, root / "app" / name)
    named = watch(tmp_path, "configguard", *command, *names, "--root", root, cwd=root)
    assert named.outside(root) == []
    assert "4711" not in named.output


@pytest.mark.parametrize("command", COMMANDS[::2], ids=" ".join)
def test_what_lies_above_the_root_is_not_read(
    project: MakeProject, tmp_path: Path, command: tuple[str, ...]
) -> None:
    files = {
        "node_modules/vitest/package.json": '{"version": "4.1.0"}',
        ".test-resource-limits.json": '{"resourceLimits": {"maxRetries": 4711}}',
        "package.json": '{"workspaces": ["*"], "devDependencies": {"vitest": "4711.0.0"}}',
        "package-lock.json": "{}",
        ".gitignore": "*\n",
        "vitest.workspace.ts": "export default ['*'];\n",
        "inner/sub/vitest.e2e.config.ts": "import x from '../../vitest.workspace';\n" + GOOD_TEXT,
    }
    root = project(files) / "inner"
    seen = watch(tmp_path, "configguard", *command, root, "--root", root, cwd=tmp_path)
    assert seen.outside(root) == []
    assert root / "sub/vitest.e2e.config.ts" in [one.path for one in seen.touched]
    (root / ".git").write_text("gitdir: ../.git/modules/inner\n")
    found = watch(tmp_path, "configguard", *command, root / "sub", cwd=tmp_path)
    assert found.outside(root) == []
    assert root / "sub/vitest.e2e.config.ts" in [one.path for one in found.touched]


def test_a_path_outside_the_root_is_not_opened(project: MakeProject, tmp_path: Path) -> None:
    root, outside = project({"vitest.e2e.config.ts": GOOD_TEXT}), secrets(tmp_path)
    for path in (outside, outside / "vitest.config.ts", Path("..") / "secrets", Path("/etc")):
        seen = watch(tmp_path, "configguard", "check", "vitest.e2e.config.ts", path, cwd=root)
        assert seen.outside(root) == []
        assert seen.code == 2


def test_a_limits_file_of_the_users_own_is_the_one_exception(
    project: MakeProject, tmp_path: Path
) -> None:
    root, mine = project({"vitest.e2e.config.ts": GOOD_TEXT}), tmp_path / "mine.json"
    mine.write_text('{"resourceLimits": {"maxRetries": 3}}')
    seen = watch(tmp_path, "configguard", "check", ".", "--limits", mine, cwd=root)
    assert seen.code == 0
    assert seen.outside(root, mine) == []
    assert mine in [one.path for one in seen.touched]


# --- Nothing is run, called or written --------------------------------------------------------

ACTING_LIMITS = {
    "resourceLimits": {"maxConcurrentTests": 1},
    "monitoring": {
        "services": [{"name": "s", "url": "http://127.0.0.1:9/beat", "expectStatus": 200}],
        "logs": [{"path": "/etc/hostname", "contains": "x", "maxPerSecond": 1, "forSeconds": 1}],
    },
    "preflight": [{"name": "p", "url": "http://127.0.0.1:9/me", "expectStatus": 200}],
    "cleanup": [["touch", "cleaned"]],
}
ACTING_CONFIG = """\
import { execSync, spawnSync } from 'node:child_process';
import { writeFileSync, readFileSync, rmSync } from 'node:fs';
writeFileSync('written', 'x');
execSync('touch executed');
rmSync('keep');
await fetch('http://127.0.0.1:9/');
eval("require('child_process').execSync('touch evaluated')");
const retry = Number(readFileSync('/etc/hostname', 'utf8').length);
export default { test: { retry, maxWorkers: spawnSync('nproc').stdout } };
"""


@pytest.mark.parametrize("command", [*COMMANDS, ("check", "--fix")], ids=" ".join)
def test_nothing_is_run_or_called(
    project: MakeProject, tmp_path: Path, command: tuple[str, ...]
) -> None:
    root = project(
        {
            ".test-resource-limits.json": json.dumps(ACTING_LIMITS),
            "keep": "",
            "setup.ts": ACTING_CONFIG,
            "acting/vitest.e2e.config.ts": ACTING_CONFIG,
            "vitest.e2e.config.ts": CLEAN_TEXT,
            "package.json": '{"scripts": {"preinstall": "touch installed", "test": "vitest"}}',
            ".git/hooks/pre-commit": "#!/bin/sh\ntouch hooked\n",
            ".git/config": "[core]\n\tfsmonitor = touch monitored\n",
            "sitecustomize.py": "open('customised', 'w')\n",
            "jsonschema.py": "open('shadowed', 'w')\n",
            "yaml.py": "open('shadowed', 'w')\n",
        }
    )
    before = set(listing(root))
    seen = watch(tmp_path, "configguard", *command, root, cwd=tmp_path)
    assert seen.deeds == []
    assert seen.outside(root) == []
    assert set(listing(root)) == before
    if "--fix" not in command:
        assert seen.written == []


def test_fix_writes_inside_the_root_only(project: MakeProject, tmp_path: Path) -> None:
    outside = secrets(tmp_path)
    (outside / "shared.ts").write_text(GOOD_TEXT)
    root = project({"vitest.e2e.config.ts": GOOD_TEXT, "app/x": ""})
    (root / "app/vitest.e2e.config.ts").symlink_to(outside / "shared.ts")
    seen = watch(tmp_path, "configguard", "check", root, "--fix", cwd=tmp_path)
    assert seen.outside(root) == []
    assert (outside / "shared.ts").read_text() == GOOD_TEXT
    assert seen.written, "the good config was fixed"
    assert all(Path(path).is_relative_to(root) for path in seen.written)
    assert "retry: 1" in (root / "vitest.e2e.config.ts").read_text()


def test_the_current_folder_is_not_imported_from(project: MakeProject, tmp_path: Path) -> None:
    """`configguard` is run inside hostile checkouts: their `json.py` must stay a file."""
    names = ("json", "yaml", "jsonschema", "typer", "tree_sitter", "configguard", "difflib")
    root = project({f"{name}.py": "open('imported', 'w')\n" for name in names})
    (root / "vitest.e2e.config.ts").write_text(GOOD_TEXT)
    script = Path(sys.executable).parent / "configguard"
    if not script.exists():
        pytest.skip(f"NOT TESTED: {script} is not installed")
    done = subprocess.run(
        [script, "check", "."], cwd=root, env=clean_environment(), capture_output=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert not (root / "imported").exists()
