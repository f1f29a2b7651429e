"""Patterns of files and folders; the expected paths are what fast-glob and tinyglobby gave."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configguard.source import globs
from configguard.source.globs import FAST_GLOB, TINYGLOBBY, Found, NotExpanded, Style, expand
from configguard.source.workspace import Workspace

FILES = """
packages/a/vitest.config.ts
packages/a/vite.config.ts
packages/a/src/x.ts
packages/a/deep/vitest.config.ts
packages/a/deep/e2e/vitest.config.mts
packages/a/node_modules/z/vitest.config.ts
packages/b/vitest.config.ts
packages/c-x/vitest.e2e.config.ts
packages/.hid/vitest.config.ts
packages/README.md
packages/vite.config.ts.timestamp-1-a.mjs
apps/web/vite.config.js
vitest.config.ts
"""
BOTH = {
    "packages/*": ".hid/ README.md a/ b/ c-x/",
    "./packages/*": ".hid/ README.md a/ b/ c-x/",
    "packages//*": ".hid/ README.md a/ b/ c-x/",
    "packages/*/vitest.config.ts": ".hid/vitest.config.ts a/vitest.config.ts b/vitest.config.ts",
    "packages/**/vitest.config.ts": ".hid/vitest.config.ts a/deep/vitest.config.ts"
    " a/vitest.config.ts b/vitest.config.ts",
    "packages/{a,b}": "a/ b/",
    "packages/{a..c}": "a/ b/",
    "packages/{a,b/src}": "a/",
    "packages/[ab]": "a/ b/",
    "packages/[^a]": "b/",
    "packages/!(a)": ".hid/ README.md b/ c-x/",
    "packages/@(a|b)": "a/ b/",
    "packages/(a|b)": "a/ b/",
    "packages/?": "a/ b/",
    "packages/.*": ".hid/",
    "packages/a*": "a/",
    "packages/*-*": "c-x/",
    "packages/**/deep": "a/deep/",
    "packages/a/**/e2e": "a/deep/e2e/",
    "packages/a": "a/",
    "packages/nothing": "",
    "packages/a/**/*": "a/deep/ a/deep/e2e/ a/deep/e2e/vitest.config.mts a/deep/vitest.config.ts"
    " a/src/ a/src/x.ts a/vite.config.ts a/vitest.config.ts",
    "packages/* !packages/b": ".hid/ README.md a/ c-x/",
    "packages/* !packages/b/": ".hid/ README.md a/ c-x/",
    "!./packages/b packages/*": ".hid/ README.md a/ c-x/",
    "packages/* !**/b": ".hid/ README.md a/ c-x/",
    "packages/* !b": ".hid/ README.md a/ b/ c-x/",
    "packages/* !packages/a/**": ".hid/ README.md b/ c-x/",
    "packages/**/vitest.config.* !packages/a": ".hid/vitest.config.ts b/vitest.config.ts",
    "packages/**/vitest.config.* !**/deep/**": ".hid/vitest.config.ts a/vitest.config.ts"
    " b/vitest.config.ts",
    "!packages/b": "",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("globs")
    for file in FILES.split():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return Workspace(root)


def said(workspace: Workspace, patterns: str, style: Style, folder: str = "") -> list[str]:
    found = expand(workspace, folder, patterns.split(), style)
    return [one.path + "/" * one.is_folder for one in found]


@pytest.mark.parametrize("style", [FAST_GLOB, TINYGLOBBY])
@pytest.mark.parametrize(("patterns", "expected"), BOTH.items())
def test_both_libraries(workspace: Workspace, patterns: str, expected: str, style: Style) -> None:
    wanted = sorted(f"packages/{path}" for path in expected.split())
    assert sorted(said(workspace, patterns, style)) == wanted


def test_a_slash_at_the_end_means_folders_only_to_fast_glob(workspace: Workspace) -> None:
    assert "packages/README.md" not in said(workspace, "packages/*/", FAST_GLOB)
    assert "packages/README.md" in said(workspace, "packages/*/", TINYGLOBBY)


def test_two_stars_at_the_end_mean_the_folder_itself_to_tinyglobby(workspace: Workspace) -> None:
    below = said(workspace, "packages/c-x/**", FAST_GLOB)
    assert below == ["packages/c-x/vitest.e2e.config.ts"]
    assert said(workspace, "packages/c-x/**", TINYGLOBBY) == ["packages/c-x/", *below]
    assert "/" not in said(workspace, "**", TINYGLOBBY)


def test_a_pattern_is_seen_from_its_folder(workspace: Workspace) -> None:
    assert said(workspace, "*/vite.config.js", TINYGLOBBY, "apps") == ["apps/web/vite.config.js"]
    assert said(workspace, "../packages/[ab]", TINYGLOBBY, "apps") == ["packages/a/", "packages/b/"]


def test_names_with_a_dot_are_left_out_where_the_style_says_so(workspace: Workspace) -> None:
    assert said(workspace, "packages/*", Style(dot=False))[0] == "packages/README.md"
    deep = said(workspace, "packages/**/vitest.config.ts", Style(dot=False))
    assert "packages/.hid/vitest.config.ts" not in deep
    assert "packages/a/deep/vitest.config.ts" in deep


@pytest.mark.parametrize(
    "pattern",
    [
        *("../*", "apps/../../*", "/packages/*", "packages/*/../b", "packages/\\*", "packages/***"),
        *("packages/{a}", "packages/{a,}", "packages/*/.", "packages/'a'", "packages/a?(/deep)"),
        *("packages/a**", "packages/(a)", "packages/{1..1000}/*", "*a*a*a*a*a", "packages/+(a|b)"),
        *("packages/@(a|!(b))", "**/**/**/**/**/x"),
    ],
)
def test_what_is_read_differently_is_not_guessed(workspace: Workspace, pattern: str) -> None:
    with pytest.raises(NotExpanded):
        expand(workspace, "", [pattern], TINYGLOBBY)


def test_a_symbolic_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "e2e").mkdir(parents=True)
    root = tmp_path / "root"
    (root / "packages").mkdir(parents=True)
    (root / "packages" / "linked").symlink_to(outside, target_is_directory=True)
    assert expand(Workspace(root), "", ["packages/other*"], TINYGLOBBY) == ()
    for pattern in ("packages/*", "packages/**/x", "packages/linked/*", "packages/linked"):
        with pytest.raises(NotExpanded, match=r"symbolic link|out of the root"):
            expand(Workspace(root), "", [pattern], TINYGLOBBY)


def test_the_number_of_folders_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        (tmp_path / f"p{number}").mkdir()
    monkeypatch.setattr(globs, "MAX_FOLDERS", 5)
    with pytest.raises(NotExpanded, match="more than 5 folders"):
        expand(Workspace(tmp_path), "", ["**/x"], TINYGLOBBY)
    assert len(expand(Workspace(tmp_path), "", ["*"], TINYGLOBBY)) == 6


@given(st.lists(st.text(alphabet="ab*?!{},./()|[]-", max_size=12), max_size=3))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_out_of_the_root_and_no_other_error(
    workspace: Workspace, patterns: list[str]
) -> None:
    try:
        found = expand(workspace, "packages", patterns, TINYGLOBBY)
    except NotExpanded:
        return
    for one in found:
        assert isinstance(one, Found)
        assert not one.path.startswith("..") and "node_modules" not in one.path
        assert (workspace.root / one.path).is_dir() == one.is_folder
