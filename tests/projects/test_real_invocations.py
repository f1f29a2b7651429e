"""Each form of a script is run for real, with stubs for the runners: what was derived is equal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import script_tools
from test_real_shells import words_fit

from configguard.project.invocations import Invocation, invocations
from configguard.source.workspace import Workspace

SHOWN = ("A", "B", "C")
STUB = f"""#!{sys.executable} -S
import json, os, sys
told = {{"runner": os.path.basename(sys.argv[0]), "argv": sys.argv[1:], "cwd": os.getcwd(),
    "env": {{name: os.environ[name] for name in {SHOWN!r} if name in os.environ}}}}
with open(os.environ["TOLD"], "a") as file:
    file.write(json.dumps(told) + "\\n")
"""
SCRIPTS = {
    "unit": "vitest u", "test": "vitest t", "env": "B=2 vitest e", "long": "vitest a && vitest b",
    "comment": "vitest c # done", "hooked": "vitest h", "prehooked": "jest before",
    "posthooked": "jest after", "all:one": "vitest 1", "all:two": "vitest 2",
    "all:one:deep": "vitest 3", "deep": "npm run hooked -- --deep", "serve": "node serve.js",
    "wired": "wireit",
}  # fmt: skip
WIREIT = {
    "wired": {"command": "vitest wired", "dependencies": ["first"]},
    "first": {"command": "jest first"},
}
SERVER = "require('http').createServer((q, s) => s.end()).listen(PORT)"

FORMS = [
    # the shell
    "vitest run --retry=2 'a b' \"c\\\"d\" e\\ f ''",
    "A=1 B='x y' vitest run; C=3 jest",
    "export A=1 && vitest run && unset A && jest -i",
    "cd sub && playwright test -j4; vitest",
    "(cd sub; vitest a) && vitest b | cat",
    "F='--retry=1 --bail 2'; vitest $F \"$F\"",
    "false || vitest run; true && jest",
    "if true; then vitest a; else vitest b; fi",
    "vitest a & wait; sh -c 'vitest b --c'",
    "bash -c \"cd sub && A=1 vitest run\"",
    "node node_modules/jest/bin/jest.js --a",
    "./node_modules/.bin/vitest run",
    # what wraps a command
    "cross-env A=1 B='x y' C=\\\"z\\\" vitest run --x='a b'",
    "cross-env A=1 vitest run -t \"it's\" ''",
    "cd old && npm run e2e",
    "cross-env-shell A=1 'vitest run && jest -i'",
    "env -u C A=1 vitest run",
    "C=1 env -i PATH=\"$PATH\" TOLD=\"$TOLD\" A=1 vitest run",
    "timeout -k 5 60 nice -n 5 vitest run",
    "dotenv -e .env.test -- vitest run --retry=2",
    "dotenv -e .env.test -v A=1 vitest run --retry 2 x",
    "env-cmd -f .env.test vitest run --silent -f x",
    # npx
    "npx vitest run --retry=2 -- x",
    "npx --no-install vitest run --yes",
    "npx -c 'A=1 vitest run --a'",
    "npm exec vitest --aa b",
    "npm exec -- vitest --a b",
    "npm x vitest -- --a",
    # npm run
    "npm run unit -- --retry=2 'a b'",
    "npm run unit --retry=2 b -- --c",
    "npm run unit --workers 1",
    "npm run unit --loglevel silent",
    "npm -s run-script unit",
    "npm t -- -i && npm test",
    "A=1 npm run env",
    "npm run long -- --x \"y'z\"",
    "npm run comment -- --x",
    "npm run deep -- --more",
    "npm run unit -w web -- --a",
    "npm run unit --workspaces -- --a",
    "npm --prefix packages/web run unit",
    "cd packages/web && npm run unit",
    "cd sub && npm run unit",
    "sh run.sh",
    # several
    "npm-run-all unit test",
    "npm-run-all -p unit test",
    "npm-run-all2 -s unit 'all:*'",
    "run-s all:*",
    "run-p 'all:**'",
    "run-s 'unit -- --a b'",
    "concurrently \"vitest run\" 'npm:test' -n a,b",
    "concurrently npm:all:* \"'jest -i'\"",
    "concurrently -k --success first 'npm run all:t* -- --x'",
    "start-server-and-test serve http-get://127.0.0.1:PORT 'vitest run --a'",
    "start-server-and-test 'node serve.js' http-get://127.0.0.1:PORT unit",
    "npm run wired -- --x",
]  # fmt: skip


@pytest.fixture(scope="session")
def bins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node_modules with the tools, and stubs for the runners."""
    script_tools.install()
    folder = tmp_path_factory.mktemp("bins") / "node_modules"
    (folder / ".bin").mkdir(parents=True)
    for tool in script_tools.BINS.iterdir():
        (folder / ".bin" / tool.name).symlink_to(tool.resolve())
    for name in ("vitest", "jest", "playwright"):
        (folder / ".bin" / name).write_text(STUB)
        (folder / ".bin" / name).chmod(0o755)
    (folder / "jest" / "bin").mkdir(parents=True)
    spawned = (
        "require('child_process').spawnSync(__dirname + '/../../.bin/jest', process.argv.slice(2))"
    )
    (folder / "jest" / "bin" / "jest.js").write_text(spawned)
    return folder


def project(root: Path, bins: Path, script: str, port: int) -> None:
    """A repository of two packages whose script `e2e` is the form under test."""
    script = script.replace("PORT", str(port))
    web = {"name": "web", "version": "1.0.0", "scripts": {"unit": "vitest web"}}
    manifest = {
        "name": "root",
        "version": "1.0.0",
        "workspaces": ["packages/*"],
        "scripts": {"e2e": script, **SCRIPTS, "first": "wireit"},
        "wireit": WIREIT,
    }
    for name, text in {
        "package.json": json.dumps(manifest),
        "packages/web/package.json": json.dumps(web),
        "old/package.json": json.dumps({"scripts": {"e2e": "cross-env A=1 vitest '' \"it's\" x"}}),
        "sub/x": "",
        ".env.test": "",
        "serve.js": SERVER.replace("PORT", str(port)),
        "run.sh": "cd packages\nA=1 vitest run\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "node_modules").symlink_to(bins)
    seven = script_tools.CACHE / "node_modules" / "cross-env-7" / "src" / "bin" / "cross-env.js"
    (root / "old" / "node_modules" / ".bin").mkdir(parents=True)
    (root / "old" / "node_modules" / ".bin" / "cross-env").symlink_to(seven)


def really(root: Path, *command: str, **variables: str) -> list[dict[str, Any]]:
    """What the stubs were started with."""
    log = root / "told.jsonl"
    log.write_text("")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "TOLD": str(log), "CI": "1", "WIREIT_LOGGER": "quiet", **variables}
    subprocess.run(
        command,
        cwd=root,
        env=environment,
        timeout=120,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return [json.loads(line) for line in log.read_text().splitlines()]


def is_equal(one: Invocation, real: dict[str, Any], root: Path) -> bool:
    """Whether a derived invocation is the one that was run."""
    if one.runner != real["runner"] or not words_fit(list(one.argv), real["argv"]):
        return False
    if one.folder.path is not None and os.path.realpath(root / one.folder.path) != real["cwd"]:
        return False
    known = {assignment.name: assignment.value for assignment in one.assignments}
    for name in SHOWN:
        value = known.get(name)
        if value is not None and value.text is None:
            continue
        if real["env"].get(name) != (None if value is None else value.text):
            return False
    return True


@pytest.mark.parametrize("form", FORMS)
def test_what_is_derived_is_what_runs(
    form: str, bins: Path, tmp_path: Path, worker_id: str
) -> None:
    root = Path(os.path.realpath(tmp_path)) / "project"
    root.mkdir()
    project(
        root,
        bins,
        form,
        23400 + int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 23399,
    )
    found = invocations(Workspace(root), [""])
    ours = [one for one in found.invocations if one.name == "e2e"]
    real = really(root, "npm", "run", "--silent", "e2e")
    assert real, "nothing was run"
    left = list(ours)
    for run in real:
        match = next((one for one in left if is_equal(one, run, root)), None)
        assert match is not None, f"not derived: {run}"
        left.remove(match)
    assert [one for one in left if one.reached != "maybe"] == [], "derived, but never run"
    in_order = [one for one in ours if not one.beside and one.reached != "maybe"]
    if len(in_order) == len(ours) == len(real):
        assert all(is_equal(one, run, root) for one, run in zip(ours, real, strict=True))
    # Nothing here needs to stay unknown, save what a tool really leaves open.
    unknown = [word.reason for one in ours for word in one.argv if word.text is None]
    assert all("cross-env" in str(reason) for reason in unknown)
