"""`configguard init`: the patch is right, it is written on a word, and a second time changes
nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from projects.harness import (
    MakeProject,
    Result,
    Run,
    clean_environment,
    listing,
    raw_dangers,
)

SOURCE = "https://github.com/acme/configguard"
FROM = ("--source", SOURCE, "--rev", "v9.9.9")
LIMITS = ".test-resource-limits.json"
HOOKS = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/configguard.yml"
CONFIG = "vitest.e2e.config.ts"
CONFIG_TEXT = "export default { test: { fileParallelism: false, retry: 0 } };\n"
PACKAGE = """\
{
  "name": "demo",
  "scripts": {
    "test": "vitest run",
    "test:e2e": "vitest run --config vitest.e2e.config.ts",
    "lint": "eslint ."
  }
}
"""
GUARDED = PACKAGE.replace(
    'e2e.config.ts",\n',
    'e2e.config.ts",\n    "test:e2e:safe": "configguard run -- npm run test:e2e --",\n',
)
FILES = {"package.json": PACKAGE, CONFIG: CONFIG_TEXT}


def git_apply(project: Path, patch: str) -> None:
    """Apply a patch as git does."""
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "apply", "--whitespace=nowarn", "-"],
        cwd=project,
        input=patch.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def proposed(project: Path, run: Run, *options: str) -> Result:
    """Only look: nothing is written, and git takes the patch for what --yes then writes."""
    before = listing(project)
    looked = run("init", *options, cwd=project)
    assert listing(project) == before
    return looked


def written(project: Path, run: Run, *options: str) -> Result:
    """Write, and once more: then there is nothing left to do."""
    done = run("init", "--yes", *options, cwd=project)
    assert done.code == 0, done.output
    after = listing(project)
    again = run("init", "--yes", *options, cwd=project)
    assert again.code == 0, again.output
    assert again.stdout == ""
    assert "Nothing to change." in again.stderr
    assert listing(project) == after
    return done


def test_it_proposes_and_writes_on_a_word(project: MakeProject, run: Run, tmp_path: Path) -> None:
    root = project({**FILES, ".github/dependabot.yml": "version: 2\n"})
    looked = proposed(root, run, *FROM)
    assert looked.code == 1
    assert "Nothing was written: `configguard init --yes` writes it." in looked.stderr
    other = tmp_path / "other"
    shutil.copytree(root, other)
    git_apply(other, looked.stdout)
    done = written(root, run, *FROM)
    assert done.stdout == looked.stdout
    assert listing(other) == listing(root)
    assert (root / "package.json").read_text("utf-8") == GUARDED
    assert json.loads((root / LIMITS).read_bytes())["resourceLimits"] == {
        "maxConcurrentTests": 1,
        "maxMemoryMB": 2048,
        "maxCPUPercent": 70,
        "maxRetries": 1,
        "maxWallSeconds": 1800,
    }
    hooks = yaml.safe_load((root / HOOKS).read_bytes())
    assert hooks == {"repos": [{"repo": SOURCE, "rev": "v9.9.9", "hooks": [{"id": "configguard"}]}]}
    steps = yaml.safe_load((root / WORKFLOW).read_bytes())["jobs"]["configguard"]["steps"]
    assert steps[1] == {"uses": "acme/configguard@v9.9.9"}
    for name in ("package.json", LIMITS, HOOKS, WORKFLOW):
        assert stat.S_IMODE((root / name).stat().st_mode) & 0o600 == 0o600
    assert run("check", ".", cwd=root).code == 0


def test_the_limits_file_is_what_the_schema_accepts(project: MakeProject, run: Run) -> None:
    root = project(FILES)
    written(root, run)
    told = run("check", ".", "--output-format", "json", cwd=root).json()
    assert told["problems"] == []
    assert json.loads((root / LIMITS).read_bytes())["$schema"].endswith(
        "/resource-limits.schema.json"
    )


def test_the_files_are_what_their_tools_accept(project: MakeProject, run: Run) -> None:
    root = project({**FILES, ".github/CODEOWNERS": ""})
    for source in (SOURCE, "https://git.example.org/acme/configguard.git"):
        for name in (HOOKS, WORKFLOW):
            (root / name).unlink(missing_ok=True)
        written(root, run, "--source", source)
        bin_ = Path(sys.executable).parent
        for command in (
            [bin_ / "pre-commit", "validate-config", HOOKS],
            [bin_ / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW],
        ):
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr


def test_findings_that_the_limits_bring_are_told(project: MakeProject, run: Run) -> None:
    root = project({**FILES, CONFIG: CONFIG_TEXT.replace("retry: 0", "retry: 3")})
    looked = proposed(root, run)
    assert "`configguard check` will find 1 error with these limits" in looked.stderr
    written(root, run)
    assert run("check", ".", cwd=root).code == 1


# --- scripts ---


@pytest.mark.parametrize(
    ("marks", "command"),
    [
        ({"package-lock.json": "{}"}, "npm run test:e2e --"),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "pnpm run test:e2e"),
        ({"yarn.lock": "# yarn lockfile v1\n"}, "yarn run test:e2e"),
        ({"yarn.lock": "__metadata:\n  version: 8\n"}, "yarn run test:e2e"),
        ({"bun.lock": "{}"}, "bun run test:e2e"),
    ],
)
def test_each_package_manager_runs_the_old_script(
    project: MakeProject, run: Run, marks: dict[str, str], command: str
) -> None:
    root = project({**FILES, **marks})
    written(root, run)
    scripts = json.loads((root / "package.json").read_bytes())["scripts"]
    assert scripts["test:e2e:safe"] == f"configguard run -- {command}"
    assert list(scripts) == ["test", "test:e2e", "test:e2e:safe", "lint"]


@pytest.mark.parametrize(
    "text",
    [
        PACKAGE.replace("  ", "\t").replace("\n", "\r\n"),
        "\ufeff" + PACKAGE,
        PACKAGE.rstrip("\n"),
        json.dumps(json.loads(PACKAGE), separators=(",", ":")),
    ],
)
def test_the_manifest_keeps_its_style(
    project: MakeProject, run: Run, tmp_path: Path, text: str
) -> None:
    root = project({**FILES, "package.json": text.encode()})
    other = tmp_path / "other"
    shutil.copytree(root, other)
    git_apply(other, subprocess_patch(root))
    written(root, run)
    after = (root / "package.json").read_bytes()
    assert (other / "package.json").read_bytes() == after
    added = b'"test:e2e:safe":' + (b"" if b"\n" not in text.encode() else b" ")
    assert added in after
    start, end = after.index(added), after.index(b'"lint"')
    assert after[:start] + after[end:] == text.encode()


def subprocess_patch(root: Path) -> str:
    """The patch with its bytes: the harness reads text."""
    done = subprocess.run(
        [sys.executable, "-m", "configguard", "init"],
        cwd=root,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("scripts", "wanted"),
    [
        # What a person starts, with the server that it needs, is guarded as a whole.
        (
            {
                "start": "node server.js",
                "e2e:run": f"vitest run --config {CONFIG}",
                "test:e2e": "start-server-and-test start http://localhost:3000 e2e:run",
            },
            {"test:e2e:safe": "configguard run -- npm run test:e2e --"},
        ),
        # Shell operators, variables and hooks stay in the old script.
        (
            {
                "pree2e": "docker compose up -d",
                "e2e": f"E2E=1 vitest run -c {CONFIG} && echo done",
                "poste2e": "docker compose down",
                "e2e:watch": f"vitest watch -c {CONFIG}",
            },
            {"e2e:safe": "configguard run -- npm run e2e --"},
        ),
        # Named by nothing: the one that says most.
        (
            {"all": "npm run lint && npm run verify", "verify": f"vitest run -c {CONFIG}"},
            {"verify:safe": "configguard run -- npm run verify --"},
        ),
        # Guarded already, by another name.
        ({"e2e": f"vitest run -c {CONFIG}", "safely": "configguard run -- npm run e2e --"}, {}),
        ({"ci": f"configguard run --timeout 10m -- vitest run -c {CONFIG}"}, {}),
    ],
)
def test_which_script_is_guarded(
    project: MakeProject, run: Run, scripts: dict[str, str], wanted: dict[str, str]
) -> None:
    manifest = json.dumps({"scripts": scripts}, indent=2)
    root = project({CONFIG: CONFIG_TEXT, "package.json": manifest})
    written(root, run)
    after = json.loads((root / "package.json").read_bytes())["scripts"]
    assert {name: text for name, text in after.items() if name not in scripts} == wanted
    assert {name: after[name] for name in scripts} == scripts


def test_fix_writes_the_same(project: MakeProject, run: Run) -> None:
    # The script that leads to the one that is guarded stands first, and stays told.
    manifest = PACKAGE.replace('"test": "vitest run"', '"ci": "npm run lint && npm run test:e2e"')
    by_fix = project({**FILES, "package.json": manifest})
    done = run("check", ".", "--fix", "--unsafe-fixes", "--output-format", "json", cwd=by_fix)
    by_init = project({**FILES, "package.json": manifest})
    written(by_init, run)
    text = (by_fix / "package.json").read_text("utf-8")
    assert text == (by_init / "package.json").read_text("utf-8")
    assert '"test:e2e:safe": "configguard run -- npm run test:e2e --",' in text
    told = [one["message"] for one in done.json()["findings"] if "guard" in one["rule"]]
    assert told == [f'the script "ci" runs {CONFIG} without `configguard run`']
    # The safe fixes leave scripts alone.
    safe = project(FILES)
    run("check", ".", "--fix", cwd=safe)
    assert (safe / "package.json").read_text("utf-8") == PACKAGE


def test_what_cannot_be_guarded_is_told(project: MakeProject, run: Run) -> None:
    e2e = f"vitest run --config {CONFIG}"
    for scripts, reason in (
        ({"test:e2e": e2e, "test:e2e:safe": "echo no"}, "has a script test:e2e:safe already"),
        ({"test:e2e": e2e, "all": "run-s test:e2e:*"}, "another script runs all whose names"),
        ({"e2e $(reboot)": e2e}, "its name holds characters that shells read something into"),
        ({'e2e" & calc & "': e2e}, "its name holds characters that shells read something into"),
        ({"e2e\u202e\x1b[2J": e2e}, "its name holds characters that shells read something into"),
    ):
        text = json.dumps({"scripts": scripts}, indent=2)
        root = project({CONFIG: CONFIG_TEXT, "package.json": text})
        done = written(root, run)
        assert reason in done.stderr
        assert raw_dangers(done.output) == []
        assert (root / "package.json").read_text("utf-8") == text


def test_packages_of_a_workspace(project: MakeProject, run: Run) -> None:
    root = project(
        {
            "package.json": '{\n  "private": true,\n  "workspaces": ["apps/*"]\n}\n',
            "apps/web/package.json": PACKAGE.replace("demo", "web"),
            f"apps/web/{CONFIG}": CONFIG_TEXT,
            "apps/shop/package.json": '{\n    "name": "shop",\n    "scripts": {}\n}\n',
            "apps/shop/playwright.config.ts": "export default { workers: 1 };\n",
            "apps/shop/node_modules/@playwright/test/package.json": json.dumps(
                {"name": "@playwright/test", "version": "1.65.1"}
            ),
        }
    )
    looked = proposed(root, run)
    assert "--- a/apps/web/package.json\n" in looked.stdout
    git_apply_names = subprocess.run(
        ["git", "apply", "--numstat", "-"], cwd=root, input=looked.stdout.encode(), check=False
    )
    assert git_apply_names.returncode == 0
    written(root, run)
    web = json.loads((root / "apps/web/package.json").read_bytes())["scripts"]
    assert web["test:e2e:safe"] == "configguard run -- npm run test:e2e --"
    shop = (root / "apps/shop/package.json").read_text("utf-8")
    assert shop == (
        '{\n    "name": "shop",\n    "scripts": {\n        "test:e2e:safe": '
        '"configguard run -- playwright test"\n    }\n}\n'
    )


# --- the hook ---

SAMPLE = """\
# See https://pre-commit.com for more information
repos:
-   repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v3.2.0
    hooks:
    -   id: trailing-whitespace
    -   id: check-yaml  # the last one
# the end
"""
APART = """\
ci: {skip: [a]}
repos:
  - repo: local
    hooks:
      - id: a
        name: a
        entry: |
          sh -c '
          echo'
        language: system

  - repo: https://example.org/x
    rev: "1.0"
    hooks: [{id: b}]

exclude: ^vendor/
"""
HOOK_CASES = {
    "as pre-commit writes it": (
        SAMPLE,
        SAMPLE.replace(
            "# the end\n",
            f"-   repo: {SOURCE}\n    rev: v9.9.9\n    hooks:\n"
            "    -   id: configguard\n# the end\n",
        ),
    ),
    "apart, with keys behind": (
        APART,
        APART.replace(
            "    hooks: [{id: b}]\n",
            "    hooks: [{id: b}]\n\n"
            f"  - repo: {SOURCE}\n    rev: v9.9.9\n    hooks:\n      - id: configguard\n",
        ),
    ),
    "none yet, CRLF": (
        "repos: []\r\n",
        f"repos:\r\n  - repo: {SOURCE}\r\n    rev: v9.9.9\r\n    hooks:\r\n"
        "      - id: configguard\r\n",
    ),
    "no newline at the end": (
        "repos:\n- repo: meta\n  hooks:\n  - id: identity",
        f"repos:\n- repo: meta\n  hooks:\n  - id: identity\n- repo: {SOURCE}\n  rev: v9.9.9\n"
        "  hooks:\n  - id: configguard",
    ),
}


@pytest.mark.parametrize("case", HOOK_CASES)
def test_the_hook_is_written_as_those_around_it(project: MakeProject, run: Run, case: str) -> None:
    before, after = HOOK_CASES[case]
    root = project({**FILES, HOOKS: before.encode()})
    written(root, run, *FROM)
    assert (root / HOOKS).read_bytes().decode() == after


def test_a_hook_file_that_is_not_edited(project: MakeProject, run: Run) -> None:
    flow = "repos: [{repo: meta, hooks: [{id: identity}]}]\n"
    root = project({**FILES, HOOKS: flow})
    done = written(root, run, *FROM)
    assert "is written in a way that is not edited; add\n  - repo: https" in done.stderr
    assert (root / HOOKS).read_text("utf-8") == flow
    broken = project({**FILES, HOOKS: "repos: [\n"})
    done = run("init", "--yes", cwd=broken)
    assert done.code == 2
    assert f"error: {HOOKS} is left alone: it is not YAML" in done.stderr
    assert (broken / "package.json").read_text("utf-8") == GUARDED


def test_other_managers_of_hooks_are_left_their_work(project: MakeProject, run: Run) -> None:
    root = project({**FILES, ".husky/pre-commit": "npm test\n"})
    done = written(root, run, *FROM)
    assert "git hooks are run by .husky here" in done.stderr
    assert not (root / HOOKS).exists()


def test_without_an_address_nothing_is_guessed(project: MakeProject, run: Run) -> None:
    root = project({**FILES, ".github/workflows/test.yml": "on: push\njobs: {}\n"})
    done = written(root, run)
    assert yaml.safe_load((root / HOOKS).read_bytes())["repos"][0]["repo"] == "local"
    assert "it is not known where CI can take configguard from" in done.stderr
    assert not (root / WORKFLOW).exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--source", "https://user:secret@example.org/x"),
        ("--source", "x; reboot"),
        ("--source", "--upload-pack=x"),
        ("--source", SOURCE, "--rev", "main\n- evil"),
        ("--rev", "v1"),
        ("--only", "limit"),
    ],
)
def test_wrong_options(project: MakeProject, run: Run, options: tuple[str, ...]) -> None:
    root = project(FILES)
    before = listing(root)
    done = run("init", "--yes", *options, cwd=root)
    assert done.code == 2
    assert listing(root) == before
    assert "Traceback" not in done.stderr


def test_only_some_parts(project: MakeProject, run: Run) -> None:
    root = project(FILES)
    written(root, run, "--only", "limits")
    assert set(listing(root)) - set(FILES) == {LIMITS, "node_modules/vitest/package.json"}


# --- CI ---


def test_ci_of_others_is_told_what_to_add(project: MakeProject, run: Run) -> None:
    for file, told in (
        (".gitlab-ci.yml", ".gitlab-ci.yml is not edited; add `pip install"),
        ("azure-pipelines.yml", "azure-pipelines.yml is not edited; add `pip install"),
    ):
        root = project({**FILES, file: "{}\n"})
        done = written(root, run, *FROM)
        assert told in done.stderr
        assert (root / file).read_text("utf-8") == "{}\n"
        assert not (root / WORKFLOW).exists()


def test_a_workflow_that_names_us_is_enough(project: MakeProject, run: Run) -> None:
    own = ".github/workflows/lint.yaml"
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: configguard check .\n"
    root = project({**FILES, own: text})
    done = written(root, run, *FROM)
    assert f"configguard is run by {own} already" in done.stderr
    assert not (root / WORKFLOW).exists()


def test_steps_that_nothing_guards_are_told(project: MakeProject, run: Run) -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - name: End to end\n        run: npm run test:e2e\n"
    )
    root = project({**FILES, ".github/workflows/e2e.yml": text})
    done = written(root, run, *FROM)
    assert f'the step "End to end" runs {CONFIG} unguarded' in done.stderr
    # The script that it starts is the inner half of a guarded one by now; the step is not.
    rules = run("check", ".", "--output-format", "json", cwd=root).json()["findings"]
    told = [one["message"] for one in rules if one["rule"] == "unguarded-e2e-script"]
    assert told == [f'the step "End to end" runs {CONFIG} without `configguard run`']


# --- what must not happen ---


def test_a_broken_manifest_is_refused(project: MakeProject, run: Run) -> None:
    root = project({**FILES, "package.json": PACKAGE.replace('",\n  "s', '"\n  "s')})
    before = listing(root)
    done = run("init", "--yes", cwd=root)
    assert done.code == 2
    assert done.stdout == ""
    assert "error: package.json is not JSON: a comma or a closing bracket must stand" in done.stderr
    assert listing(root) == before
    inner = project({"web/package.json": "[]", f"web/{CONFIG}": CONFIG_TEXT})
    done = run("init", "--yes", cwd=inner)
    assert done.code == 2
    assert "error: web/package.json holds no object" in done.stderr
    assert (inner / "web/package.json").read_text("utf-8") == "[]"


def test_what_is_there_is_never_overwritten(project: MakeProject, run: Run) -> None:
    own = '{"resourceLimits": {"maxRetries": 0}}'
    root = project({**FILES, LIMITS: own})
    done = written(root, run)
    assert f"Kept: {LIMITS} is there, and is kept as it is." in done.stderr
    assert (root / LIMITS).read_text("utf-8") == own
    nearer = project({**FILES, f"tests/{LIMITS}": own, "tests/vitest.e2e.config.ts": CONFIG_TEXT})
    done = written(nearer, run)
    assert f"limits stand in tests/{LIMITS}: no file is added at the root" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="NOT TESTED: links and modes are those of POSIX")
def test_links_modes_and_pipes(project: MakeProject, run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    def refused(root: Path, *told: str) -> None:
        done = run("init", "--yes", *FROM, cwd=root)
        assert done.code == 2, done.output
        for one in told:
            assert one in done.stderr
        assert listing(outside) == {}

    root = project(FILES)
    (root / LIMITS).symlink_to(outside / "limits.json")
    refused(root, f"{LIMITS} is left alone")
    root = project(FILES)
    (root / LIMITS).symlink_to("nowhere.json")
    refused(root, "it is a link that leads nowhere")
    assert not (root / "nowhere.json").exists()
    root = project(FILES)
    os.mkfifo(root / HOOKS)
    refused(root, f"{HOOKS} is left alone: it is not a regular file")
    root = project(FILES)
    (root / ".github").symlink_to(outside)
    refused(root, f"{WORKFLOW} is left alone: it lies outside the root")
    root = project(FILES)
    (root / "package.json").chmod(0o444)
    before = listing(root)
    refused(root, "package.json was not changed: it is read-only")
    assert listing(root) == before
    root = project(FILES)
    os.link(root / "package.json", root / "twin.json")
    before = listing(root)
    refused(root, "it has several hard links")
    assert listing(root) == before
    root = project({**FILES, ".github/workflows/x.yml": "on: push\njobs: {}\n"})
    (root / ".github/workflows").chmod(0o555)
    before = listing(root)
    refused(root, f"{WORKFLOW} was not changed: its folder is read-only")
    assert listing(root) == before


def test_where_there_is_nothing_to_guard(project: MakeProject, run: Run) -> None:
    root = project({"README.md": "x"}, vitest=None)
    done = run("init", "--yes", cwd=root)
    assert done.code == 2
    assert "no config of a test runner was found" in done.stderr
    assert listing(root) == {"README.md": b"x"}


@pytest.mark.skipif(os.name == "nt", reason="NOT TESTED: pseudo-terminals are those of POSIX")
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1), ("\x04", 1)])
def test_the_question_at_a_terminal(project: MakeProject, answer: str, code: int) -> None:
    import pty

    root = project(FILES)
    before = listing(root)
    main, side = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "configguard", "init"],
        cwd=root,
        env=clean_environment(),
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(main, 65536)
    os.write(main, answer.encode())
    try:
        assert started.wait(timeout=30) == code
    finally:
        started.kill()
        os.close(main)
    assert b"Write these 3 files?" in shown
    assert (listing(root) != before) == (code == 0)
