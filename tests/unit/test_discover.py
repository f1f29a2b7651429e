"""Paths to configs, on real folders: names, ignore rules, symlinks, hostile names."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from configguard.project.candidates import Candidate, Referred, Scope
from configguard.project.discover import (
    configs_beside,
    discover,
    normalised,
    workspace_files,
)
from configguard.project.names import config_name, named_config
from configguard.project.root import find_root
from configguard.resources import table
from configguard.source.workspace import Workspace

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX file names and permissions")


def write(root: Path, *files: str, text: str = "export default {}\n") -> None:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(root: Path, *paths: str) -> list[str]:
    return [candidate.file for candidate in discover(Workspace(root), paths or ("",)).candidates]


@pytest.mark.parametrize(
    ("name", "base", "by_default"),
    [
        ("vitest.config.ts", "vitest", True),
        ("vitest.config.cjs", "vitest", True),
        ("vitest.e2e.config.ts", "vitest", False),
        ("vitest.config.e2e.ts", "vitest", False),
        ("vitest-e2e.config.mts", "vitest", False),
        ("e2e.vitest.config.ts", "vitest", False),
        ("vite.config.mjs", "vite", True),
        ("vitest.workspace.ts", "workspace", True),
        ("vitest.projects.json", "workspace", True),
        ("vite.e2e.config.ts", "vite", False),
        ("jest.config.js", "jest", True),
        ("jest.config.cts", "jest", True),
        ("jest.config.json", "jest", True),
        ("jest-e2e.json", "jest", False),
        ("jest.e2e.config.js", "jest", False),
        ("jest.config.e2e.ts", "jest", False),
        ("jest.integration.json", "jest", False),
        ("jest-unit.config.js", "jest", False),
        ("playwright.config.ts", "playwright", True),
        ("playwright.config.cjs", "playwright", True),
        ("playwright.ct.config.ts", "playwright", False),
        ("playwright-ct.config.ts", "playwright", False),
        ("playwright.service.config.ts", "playwright", False),
        ("playwright.e2e.config.mts", "playwright", False),
        ("playwright.config.ci.ts", "playwright", False),
    ],
)
def test_names_that_are_configs(name: str, base: str, by_default: bool) -> None:
    config = config_name(name)
    assert config is not None
    assert (config.base, config.found_by_default) == (base, by_default)


@pytest.mark.parametrize(
    "name",
    [
        "vitest.config.d.ts",
        "vitest.config.d.mts",
        "vitest.config.json",
        "vitest.config.ts.bak",
        "vite.config.ts.timestamp-1700000000000-0a1b2c.mjs",
        "vitest.config.test.ts",
        "vitest.setup.ts",
        "vitest.workspace.tsx",
        "vitest.e2e.workspace.ts",
        "vite-base-config.ts",
        "create-vitest-config.ts",
        "svitest.config.ts",
        "jest.setup.ts",
        "jest.preset.js",
        "jest-preset.json",
        "jest-puppeteer.config.js",
        "jest.config.d.ts",
        "jest.config.test.js",
        "jest-results.json",
        "tsconfig.jest.json",
        "package.json",
        "playwright.setup.ts",
        "playwright-report.html",
        "playwright.config.test.ts",
    ],
)
def test_names_that_are_none(name: str) -> None:
    assert config_name(name) is None


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("e2e.vitest.ts", "vitest"),
        ("vitest.shared.mts", "vitest"),
        ("vite-base-config.ts", "vite"),
        ("vitest.config.test.ts", "vitest"),
        ("vitest.setup.ts", None),
        ("vitest.workspace.ts", "workspace"),
        ("invite.ts", None),
        ("vitest.config.d.ts", None),
        ("README.md", None),
    ],
)
def test_a_named_file_is_taken_at_its_word(name: str, base: str | None) -> None:
    config = named_config(name)
    assert (config.base if config is not None else None) == base


def test_the_order_is_by_folder_and_vitest_before_vite(tmp_path: Path) -> None:
    write(tmp_path, "b/vite.config.ts", "a/x/vitest.config.ts", "a/vite.e2e.config.ts")
    write(tmp_path, "a/vitest.z.config.ts", "vite.config.ts")
    assert found(tmp_path) == [
        "vite.config.ts",
        "a/vitest.z.config.ts",
        "a/vite.e2e.config.ts",
        "a/x/vitest.config.ts",
        "b/vite.config.ts",
    ]


def test_a_vite_config_needs_a_test_key_and_hides_behind_a_vitest_config(tmp_path: Path) -> None:
    write(tmp_path, "a/vite.config.ts", "b/vite.config.ts", "b/vitest.config.ts")
    assert discover(Workspace(tmp_path), [""]).candidates == (
        Candidate("a/vite.config.ts", "vitest", True, True, False),
        Candidate("b/vitest.config.ts", "vitest", True, False, False),
    )
    [named] = discover(Workspace(tmp_path), ["b/vite.config.ts"]).candidates
    assert named == Candidate("b/vite.config.ts", "vitest", False, True, True)


def test_of_several_extensions_only_the_first_is_read_and_the_others_noticed(
    tmp_path: Path,
) -> None:
    write(tmp_path, "vitest.config.js", "vitest.config.mts", "vitest.config.cjs")
    result = discover(Workspace(tmp_path), [""])
    assert [candidate.file for candidate in result.candidates] == ["vitest.config.mts"]
    assert [notice.message for notice in result.notices] == [
        "vitest reads vitest.config.mts and never vitest.config.cjs beside it",
        "vitest reads vitest.config.mts and never vitest.config.js beside it",
    ]
    named = discover(Workspace(tmp_path), ["vitest.config.js"])
    assert [candidate.found_by_default for candidate in named.candidates] == [False]
    assert [notice.file for notice in named.notices] == ["vitest.config.js"]


def test_a_file_reached_twice_is_one_candidate_and_stays_named(tmp_path: Path) -> None:
    write(tmp_path, "a/vitest.config.ts")
    for paths in (["a", "", "a/vitest.config.ts"], ["a/vitest.config.ts", "a"]):
        [candidate] = discover(Workspace(tmp_path), paths).candidates
        assert candidate.named


def test_folders_that_are_never_walked(tmp_path: Path) -> None:
    for folder in ("node_modules/x", ".git", ".hg", ".svn", ".venv/lib", "a/node_modules"):
        write(tmp_path, f"{folder}/vitest.config.ts")
    assert found(tmp_path) == []
    assert found(tmp_path, "node_modules/x/vitest.config.ts") == ["node_modules/x/vitest.config.ts"]


PACKAGE_IGNORES = "!vitest-keep.gen.config.ts\nlocal/**\n!local/vitest.config.ts\n"


def test_ignore_files_at_every_level_with_negation(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="# builds\r\nout/\r\n*.gen.config.ts\r\n/only-here\r\n!\r\n")
    write(tmp_path, "pkg/.gitignore", text=PACKAGE_IGNORES)
    for folder in ("out", "pkg/out", "only-here", "pkg/only-here", "pkg/local", "pkg/local/deep"):
        write(tmp_path, f"{folder}/vitest.config.ts")
    write(tmp_path, "vite.gen.config.ts", "pkg/vite.gen.config.ts")
    write(tmp_path, "pkg/vitest-keep.gen.config.ts", "local/vitest.config.ts")
    assert found(tmp_path) == [
        "local/vitest.config.ts",
        "pkg/vitest-keep.gen.config.ts",
        "pkg/local/vitest.config.ts",
        "pkg/only-here/vitest.config.ts",
    ]


def test_a_walk_from_below_obeys_the_ignore_files_above(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="pkg/sub/dist\n")
    write(tmp_path, "pkg/.gitignore", text="*.local.config.ts\n")
    write(tmp_path, "pkg/sub/dist/vitest.config.ts", "pkg/sub/vitest.local.config.ts")
    write(tmp_path, "pkg/sub/vitest.config.ts")
    assert found(tmp_path, "pkg/sub") == ["pkg/sub/vitest.config.ts"]


def test_what_the_user_names_is_checked_though_ignored(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="dist\n")
    write(tmp_path, "dist/vitest.config.ts", "dist/deep/vitest.config.ts")
    assert found(tmp_path) == []
    assert found(tmp_path, "dist/vitest.config.ts") == ["dist/vitest.config.ts"]
    assert found(tmp_path, "dist") == ["dist/vitest.config.ts", "dist/deep/vitest.config.ts"]
    assert found(tmp_path, "dist/deep") == ["dist/deep/vitest.config.ts"]


def test_an_ignore_file_that_is_not_utf8_is_told_and_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "vitest.config.ts")
    (tmp_path / ".gitignore").write_bytes(b"vitest.config.ts\n\xff\n")
    result = discover(Workspace(tmp_path), [""])
    assert [candidate.file for candidate in result.candidates] == ["vitest.config.ts"]
    [problem] = result.problems
    assert problem.severity == "warning"
    assert problem.message.startswith(".gitignore: its patterns do not count: it is not UTF-8")


def test_an_ignore_pattern_that_could_take_too_long_is_told_and_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a/.gitignore", text="x/**/y/**/z/**/vitest.config.ts\nb\n")
    write(tmp_path, "a/x/y/z/vitest.config.ts", "a/b/vitest.config.ts")
    result = discover(Workspace(tmp_path), [""])
    assert [candidate.file for candidate in result.candidates] == ["a/x/y/z/vitest.config.ts"]
    [problem] = result.problems
    assert problem.severity == "warning"
    assert problem.message.startswith("a/.gitignore: the pattern 'x/**/y/**/z/**/vitest.config.ts'")


PATTERNS = """
# what real ones hold
node_modules
dist/
/build
*.tmp.config.ts
**/gen
a/**/z
foo/*
!foo/vitest.config.ts
deep/**
!deep/vitest.config.ts
!keep/
keep/inner
e2e*/
x?z
[ab]c
\\!bang
trailing\\ space
"""


FOLDERS = (
    *("dist", "build", "sub/build", "gen", "a/gen", "a/b/z", "a/z", "foo", "foo/x", "deep"),
    *("deep/down", "keep", "keep/inner", "e2e-x", "x/e2e", "xyz", "ac", "bc", "cc", "!bang"),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge here")
def test_git_itself_ignores_the_same(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text=PATTERNS)
    write(tmp_path, "sub/.gitignore", text="!build\n/dist\n*.config.mts\n")
    for folder in [*FOLDERS, *(f"sub/{folder}" for folder in FOLDERS)]:
        for name in ("vitest.config.ts", "vitest.a.tmp.config.ts", "vitest.e2e.config.mts"):
            write(tmp_path, f"{folder}/{name}")
    git = ["git", "-C", str(tmp_path), "-c", "core.excludesFile="]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = [*git, "ls-files", "-z", "--others", "--exclude-standard", "*.config.*"]
    kept = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    assert set(found(tmp_path)) == set(filter(None, kept.split("\0")))


@posix_only
def test_symlinks_are_followed_to_files_inside_only(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(outside, "vitest.config.ts")
    write(root, "real/vitest.config.ts")
    (root / "loop").symlink_to(root)
    (root / "folder").symlink_to(outside)
    (root / "vitest.out.config.ts").symlink_to(outside / "vitest.config.ts")
    (root / "vitest.in.config.ts").symlink_to("real/vitest.config.ts")
    (root / "vitest.gone.config.ts").symlink_to("nowhere")
    (root / "vitest.self.config.ts").symlink_to("vitest.self.config.ts")
    # The runner would follow the link, so reading it is the check's problem, not silence.
    assert found(root) == ["vitest.in.config.ts", "vitest.out.config.ts", "real/vitest.config.ts"]
    problems = discover(Workspace(root), ["vitest.out.config.ts", "folder"]).problems
    assert [problem.message for problem in problems] == [
        "vitest.out.config.ts: it lies outside the root",
        "folder: it lies outside the root",
    ]
    assert discover(Workspace(root), ["vitest.self.config.ts"]).problems


def test_paths_that_are_no_config(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "vitest.config.ts")
    paths = ["gone.ts", "README.md", "../x.ts", "vitest.config.ts/below", "vitest.config.ts"]
    result = discover(Workspace(tmp_path), paths)
    assert [(problem.message, problem.unknown) for problem in result.problems] == [
        ("gone.ts: there is no such file or folder", False),
        ("README.md: it is no test-runner config by its name", True),
        ("../x.ts: it lies outside the root", False),
        ("vitest.config.ts/below: there is no such file or folder", False),
    ]
    assert {problem.severity for problem in result.problems} == {"error"}
    assert [candidate.file for candidate in result.candidates] == ["vitest.config.ts"]


@posix_only
def test_a_pipe_with_the_name_of_a_config_is_told_and_a_folder_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "vitest.config.ts")
    (tmp_path / "vitest.e2e.config.ts").mkdir()
    result = discover(Workspace(tmp_path), ["", "vitest.config.ts"])
    assert [candidate.file for candidate in result.candidates] == ["vitest.config.ts"]
    [problem] = result.problems
    assert problem.message == "vitest.config.ts: it is neither a regular file nor a folder"


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_the_system_does_not_let_us_list(tmp_path: Path) -> None:
    write(tmp_path, "a/vitest.config.ts", "secret/vitest.config.ts")
    (tmp_path / "secret").chmod(0)
    try:
        check_unlistable(tmp_path)
    finally:
        (tmp_path / "secret").chmod(0o700)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a/vitest.config.ts", "secret/vitest.config.ts")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    check_unlistable(tmp_path)


def check_unlistable(root: Path) -> None:
    result = discover(Workspace(root), [""])
    assert [candidate.file for candidate in result.candidates] == ["a/vitest.config.ts"]
    [problem] = result.problems
    assert problem.message == "secret: the folder cannot be listed: Permission denied"
    assert problem.severity == "error"
    [problem] = discover(Workspace(root), ["secret"]).problems
    assert problem.severity == "error"


@posix_only
def test_hostile_names_stay_what_they_are(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path)
    folders = [b"new\nline", b"esc\x1b[31m", b"\xff\xfe", b"back\\slash", "bidi\u202e".encode()]
    for folder in folders:
        Path(os.fsdecode(os.path.join(raw, folder))).mkdir()
        Path(os.fsdecode(os.path.join(raw, folder, b"vitest.config.ts"))).touch()
    write(tmp_path, ".gitignore", text="dist\n")
    files = [os.fsdecode(folder) + "/vitest.config.ts" for folder in folders]
    assert set(found(tmp_path)) == set(files)
    assert found(tmp_path, *files) == files
    assert discover(Workspace(tmp_path), ["a\0b"]).problems
    assert discover(Workspace(tmp_path), ["x" * 5000]).problems


def test_separators_are_translated_on_windows_alone() -> None:
    assert normalised("a\\b\\vitest.config.ts", "\\") == "a/b/vitest.config.ts"
    assert normalised("a\\b", "/") == "a\\b"
    assert [normalised(path) for path in ("", ".", "./a//b/", "a/../b")] == ["", "", "a/b", "b"]


def test_text_that_is_not_on_disk_can_be_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"vitest.config.ts": b"export default {}"})
    [candidate] = discover(workspace, ["vitest.config.ts"]).candidates
    assert candidate == Candidate("vitest.config.ts", "vitest", True, False, True)


def test_workspace_files_in_the_order_vitest_looks_for_them(tmp_path: Path) -> None:
    write(tmp_path, "vitest.projects.ts", "vitest.workspace.json", "vitest.workspace.mts")
    write(tmp_path, "vitest.workspace.d.ts", "pkg/vitest.workspace.ts")
    assert workspace_files(Workspace(tmp_path), "") == [
        "vitest.workspace.mts",
        "vitest.workspace.json",
        "vitest.projects.ts",
    ]


def test_the_root_is_the_repository_else_the_workspace_else_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "mono/repo/pkg/sub/vitest.config.ts")
    config = tmp_path / "mono/repo/pkg/sub/vitest.config.ts"
    assert find_root(config, None) == config.parent
    assert find_root(tmp_path / "mono/repo/pkg/gone.ts", None) == tmp_path / "mono/repo/pkg"
    write(tmp_path, "mono/package.json", text='{"workspaces": ["*"]}')
    write(tmp_path, "mono/repo/pkg/package.json", text='{"name": "workspaces"}')
    assert find_root(config, None) == tmp_path / "mono"
    write(tmp_path, "mono/repo/pnpm-workspace.yaml")
    assert find_root(config, None) == tmp_path / "mono/repo"
    write(tmp_path, "mono/repo/pnpm-workspace.yaml")
    (tmp_path / "mono/.git").write_text("gitdir: elsewhere\n")
    assert find_root(config, None) == tmp_path / "mono"
    assert find_root(config, tmp_path / "mono/repo/..") == tmp_path / "mono"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '["workspaces"]', '"workspaces"'])
def test_a_broken_manifest_marks_no_root(tmp_path: Path, text: str) -> None:
    write(tmp_path, "package.json", text=text)
    write(tmp_path, "a/vitest.config.ts")
    assert find_root(tmp_path / "a", None) == tmp_path / "a"


def test_a_manifest_is_a_config_of_jest_where_it_holds_settings(tmp_path: Path) -> None:
    write(tmp_path, "a/package.json", text='{"jest": {"maxWorkers": 1}}')
    write(tmp_path, "b/package.json", text='{"devDependencies": {"jest": "30.5.2"}}')
    write(tmp_path, "c/package.json", text='{"jest": "./jest.js"}')
    write(tmp_path, "d/package.json", text='{"jest": {')
    assert found(tmp_path) == ["a/package.json"]
    named = discover(Workspace(tmp_path), ["b/package.json"])
    assert not named.candidates
    assert [problem.unknown for problem in named.problems] == [True]


def test_the_first_of_jests_configs_is_judged_and_knows_the_others(tmp_path: Path) -> None:
    write(tmp_path, "jest.config.json", "jest.config.js", "jest.e2e.config.js")
    write(tmp_path, "package.json", text='{"jest": {}}')
    search = discover(Workspace(tmp_path), [""])
    by_default = {one.file: one.found_by_default for one in search.candidates}
    assert by_default == {"jest.config.js": True, "jest.e2e.config.js": False}
    first = next(one for one in search.candidates if one.found_by_default)
    assert configs_beside(Workspace(tmp_path), first) == ("jest.config.json", "package.json")


def test_what_the_checkout_alone_ignores_weighs_less_than_an_ignore_file(tmp_path: Path) -> None:
    write(tmp_path, ".git/info/exclude", text="mine/\nvitest.e2e.config.ts\n")
    write(tmp_path, "pkg/.gitignore", text="!vitest.e2e.config.ts\n")
    write(tmp_path, "mine/vitest.config.ts", "vitest.e2e.config.ts", "pkg/vitest.e2e.config.ts")
    assert found(tmp_path) == ["pkg/vitest.e2e.config.ts"]
    assert found(tmp_path, "mine") == ["mine/vitest.config.ts"]


def test_a_git_that_is_a_file_has_no_rules_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "vitest.config.ts")
    (tmp_path / ".git").write_text("gitdir: ../elsewhere\n")
    result = discover(Workspace(tmp_path), [""])
    assert [candidate.file for candidate in result.candidates] == ["vitest.config.ts"]
    assert result.problems == ()


def within(root: Path, scope: Scope, *paths: str) -> list[str]:
    search = discover(Workspace(root), paths or ("",), scope)
    return [candidate.file for candidate in search.candidates]


def test_what_git_ignores_is_looked_at_on_demand(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", ".git/info/exclude", text="dist\n")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/.gitignore").write_bytes(b"*.config.ts\n\xff")
    write(tmp_path, "dist/vitest.config.ts", "pkg/vitest.config.ts", "node_modules/vite.config.ts")
    search = discover(Workspace(tmp_path), [""], Scope(gitignore=False))
    files = [candidate.file for candidate in search.candidates]
    assert files == ["dist/vitest.config.ts", "pkg/vitest.config.ts"]
    assert search.problems == (), "files that do not count are not read"


@pytest.mark.parametrize(
    ("exclude", "kept"),
    [
        (["vendor"], ["vitest.config.ts", "a/b/vitest.e2e.config.ts", "a/vendor/vitest.config.ts"]),
        (["vendor/**"], ["vitest.config.ts", "a/b/vitest.e2e.config.ts",
                         "a/vendor/vitest.config.ts"]),
        (["**/vendor"], ["vitest.config.ts", "a/b/vitest.e2e.config.ts"]),
        (["vitest.config.ts"], ["a/b/vitest.e2e.config.ts", "a/vendor/vitest.config.ts",
                                "vendor/vitest.config.ts"]),
        (["**/vitest.config.{js,ts}"], ["a/b/vitest.e2e.config.ts"]),
        (["a/*/vitest.*.ts", "vendor/"], ["vitest.config.ts"]),
        (["**"], []),
    ],
)  # fmt: skip
def test_excluded_globs_are_relative_to_the_root(
    tmp_path: Path, exclude: list[str], kept: list[str]
) -> None:
    write(tmp_path, "vendor/vitest.config.ts", "a/vendor/vitest.config.ts", "vitest.config.ts")
    write(tmp_path, "a/b/vitest.e2e.config.ts")
    scope = Scope(exclude=tuple(exclude))
    assert sorted(within(tmp_path, scope)) == sorted(kept)
    assert within(tmp_path, scope._replace(gitignore=False)) == within(tmp_path, scope)


def test_what_the_user_names_is_checked_though_excluded(tmp_path: Path) -> None:
    write(tmp_path, "vendor/a/vitest.config.ts", "vendor/a/b/vitest.config.ts")
    scope = Scope(exclude=("vendor",))
    both = ["vendor/a/vitest.config.ts", "vendor/a/b/vitest.config.ts"]
    assert within(tmp_path, scope) == []
    assert within(tmp_path, scope, "vendor") == both
    assert within(tmp_path, scope, "vendor/a") == both
    assert within(tmp_path, scope, "vendor/a/vitest.config.ts") == both[:1]
    assert within(tmp_path, Scope(exclude=("vendor/a/b",)), "vendor") == both[:1]


def test_an_excluded_config_is_still_the_one_that_is_read(tmp_path: Path) -> None:
    write(tmp_path, "vitest.config.ts", "vitest.config.js", "vite.config.ts")
    result = discover(Workspace(tmp_path), [""], Scope(exclude=("vitest.config.ts",)))
    assert result.candidates == ()
    assert [notice.file for notice in result.notices] == ["vitest.config.js"]


def test_a_referred_file_is_a_config_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, "pkg/e2e.ts", "pkg/other.ts", "pkg/dist/e2e.ts", "pkg/vite.e2e.config.ts")
    write(tmp_path, "pkg/jest.config.js", "x/e2e.ts")
    write(tmp_path, ".gitignore", text="dist\n")
    scope = Scope(
        referred=(
            Referred("pkg/e2e.ts", "playwright"),
            Referred("pkg/dist/e2e.ts", "vitest"),
            Referred("pkg/vite.e2e.config.ts", "vitest"),
            Referred("pkg/jest.config.js", "vitest"),
            Referred("pkg/gone.ts", "jest"),
            Referred("../out.ts", "jest"),
            Referred("node_modules/x/e2e.ts", "jest"),
        )
    )
    result = discover(Workspace(tmp_path), [""], scope)
    assert result.problems == ()
    assert {candidate.file: candidate for candidate in result.candidates} == {
        "pkg/e2e.ts": Candidate("pkg/e2e.ts", "playwright", False, False, False, True),
        # vitest takes it also without a `test` key, as it is told to
        "pkg/vite.e2e.config.ts": Candidate(
            "pkg/vite.e2e.config.ts", "vitest", False, False, False, True
        ),
        # jest finds it by itself
        "pkg/jest.config.js": Candidate("pkg/jest.config.js", "jest", True, False, False),
    }
    assert within(tmp_path, scope, "x") == []
    [named] = discover(Workspace(tmp_path), ["pkg/e2e.ts"], scope).candidates
    assert named == Candidate("pkg/e2e.ts", "playwright", False, False, True, True)
    assert [one.unknown for one in discover(Workspace(tmp_path), ["pkg/other.ts"]).problems] == [
        True
    ]


def test_names_are_tried_in_the_order_of_the_facts_tables() -> None:
    for runner in ("vitest", "jest", "playwright"):
        rows = table(f"runners/facts/{runner}")["config-names"]
        for row in rows:
            listed = [name for name in row["names"] if name != "package.json"]
            ranks = [found.rank for name in listed if (found := config_name(name)) is not None]
            assert len(ranks) == len(listed)
            assert ranks == sorted(ranks), (runner, row["versions"])
            assert all(one.found_by_default for one in map(config_name, listed) if one is not None)


WORKSPACE = "vitest.workspace.ts"


def test_a_workspace_file_is_a_config_where_vitest_finds_no_other(tmp_path: Path) -> None:
    write(tmp_path, WORKSPACE, "vitest.projects.js", "a/vitest.config.ts")
    assert found(tmp_path) == [WORKSPACE, "a/vitest.config.ts"]
    [named] = discover(Workspace(tmp_path), [WORKSPACE]).candidates
    assert named == Candidate(WORKSPACE, "vitest", True, False, True)


@pytest.mark.parametrize("config", ["vitest.config.cjs", "vite.config.ts"])
def test_a_workspace_file_beside_or_below_a_config_is_none(tmp_path: Path, config: str) -> None:
    write(tmp_path, config, WORKSPACE, f"a/b/{WORKSPACE}")
    assert found(tmp_path) == [config]
    for file in (WORKSPACE, f"a/b/{WORKSPACE}"):
        result = discover(Workspace(tmp_path), [file])
        assert result.candidates == ()
        [problem] = result.problems
        assert problem.unknown
        assert config in problem.message


def test_a_workspace_file_below_another_is_read_from_its_own_folder(tmp_path: Path) -> None:
    write(tmp_path, WORKSPACE, f"a/{WORKSPACE}", "vitest.e2e.config.ts", "jest.config.js")
    assert sorted(found(tmp_path)) == [
        f"a/{WORKSPACE}",
        "jest.config.js",
        "vitest.e2e.config.ts",
        WORKSPACE,
    ]


def test_a_manifest_may_name_the_config_of_jest(tmp_path: Path) -> None:
    write(tmp_path, "a/package.json", text='{"jest": "./cfg/my.json"}')
    write(tmp_path, "b/package.json", text='{"jest": "../../outside.json"}')
    write(tmp_path, "c/package.json", text='{"jest": "gone.json"}')
    write(tmp_path, "d/package.json", text='{"jest": "dist/jest.json"}')
    write(tmp_path, "e/package.json", text='{"jest": "jest.config.json"}')
    write(tmp_path, "a/cfg/my.json", "d/dist/jest.json", "e/jest.config.json", text="{}")
    write(tmp_path, "f/package.json", text='{"jest": "x.json"}')
    write(tmp_path, "f/.gitignore", text="x.json")
    write(tmp_path, "f/x.json", text="{}")
    write(tmp_path, ".gitignore", text="dist\n")
    assert discover(Workspace(tmp_path), [""]).candidates == (
        Candidate("e/jest.config.json", "jest", True, False, False),
        Candidate("a/cfg/my.json", "jest", False, False, False, True),
    )


def test_a_broken_manifest_with_settings_of_jest_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a/package.json", text='{\n  "jest": {"maxWorkers": 1,}\n}')
    write(tmp_path, "b/package.json", text='{"devDependencies": {"jest": "1"},}')
    write(tmp_path, "c/jest.config.js")
    result = discover(Workspace(tmp_path), [""])
    assert [candidate.file for candidate in result.candidates] == ["c/jest.config.js"]
    [problem] = result.problems
    assert (problem.file, problem.severity) == ("a/package.json", "error")
    assert "a/package.json, line 2: it is not JSON" in problem.message


def test_what_older_versions_do_not_look_for_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a/jest.config.mts", "a/jest.config.cts", "a/jest.config.json")
    write(tmp_path, "b/playwright.config.mts", "b/playwright.config.mjs", "b/playwright.config.cjs")
    write(tmp_path, "c/jest.config.js", "c/jest.config.mts")
    result = discover(Workspace(tmp_path), [""])
    assert [candidate.file for candidate in result.candidates if candidate.found_by_default] == [
        "a/jest.config.json",
        "a/jest.config.mts",
        "b/playwright.config.mjs",
        "b/playwright.config.mts",
        "c/jest.config.js",
    ]
    assert [notice.file for notice in result.notices] == [
        "a/jest.config.cts",
        "b/playwright.config.cjs",
        "c/jest.config.mts",
    ]
