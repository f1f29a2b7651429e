"""Globs of settings: what they stand for, seen from the root."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from configguard.source.path_globs import BadGlob, check_glob, matches_any, patterns_of


@pytest.mark.parametrize(
    ("glob", "path", "meant"),
    [
        ("jest-e2e.json", "jest-e2e.json", True),
        ("jest-e2e.json", "pkg/jest-e2e.json", False),
        ("./jest-e2e.json", "jest-e2e.json", True),
        ("**/jest-e2e.json", "jest-e2e.json", True),
        ("**/jest-e2e.json", "a/b/jest-e2e.json", True),
        ("tests/slow", "tests/slow/a/vitest.config.ts", True),
        ("tests/slow/", "tests/slow/vitest.config.ts", True),
        ("tests/slow/**", "tests/slow/a/vitest.config.ts", True),
        ("tests/*", "tests/a/vitest.config.ts", True),
        ("tests/*.ts", "tests/a/vitest.config.ts", False),
        ("*/vitest.config.ts", "a/vitest.config.ts", True),
        ("*/vitest.config.ts", "a/b/vitest.config.ts", False),
        ("a/**/vitest.config.ts", "a/vitest.config.ts", True),
        ("*.config.{ts,mts}", "vitest.config.mts", True),
        ("{a,b/{c,d}}/x.ts", "b/d/x.ts", True),
        ("{a,b}/x.ts", "c/x.ts", False),
        ("vitest.?.ts", "vitest.a.ts", True),
        ("[ab].ts", "b.ts", True),
        ("A.ts", "a.ts", False),
        ("#a.ts", "#a.ts", True),
        ("a b.ts", "a b.ts", True),
    ],
)
def test_what_a_glob_means(glob: str, path: str, meant: bool) -> None:
    check_glob(glob)
    assert matches_any([glob], path) is meant


@pytest.mark.parametrize(
    "glob", ["", "!a", "/", "/a", "\\a", "..", "../a", "a/../b", "{1..500}.ts", "a" * 9 + "{,}" * 9]
)
def test_a_glob_that_means_nothing(glob: str) -> None:
    with pytest.raises(BadGlob):
        check_glob(glob)


NAMES = st.text("ab.", min_size=1, max_size=7)
PARTS = st.text("ab.*?", min_size=1, max_size=8) | st.sampled_from(["**", "[ab]*b*", "[!a]*"])


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=4))
@settings(max_examples=1000)
def test_patterns_match_what_those_of_pathspec_match(parts: list[str], names: list[str]) -> None:
    line, path = "/" + "/".join(parts), "/".join(names)
    try:
        ours = patterns_of(line)
    except BadGlob:
        return
    plain = [one for one in GitIgnoreSpec.from_lines([line]).patterns if one.include is not None]
    for asked in (path, path + "/"):
        wanted = [pattern.match_file(asked) is not None for pattern in plain]
        assert [pattern.match_file(asked) is not None for pattern in ours] == wanted


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 40 + "*b", "a" * 250),
        ("a" + "*" * 5 + "b", "a" * 250),
        ("*?a*?a*?a*?a*?a*?a*?b", "a" * 250),
        ("**/a/**/b", "a/" * 2000 + "c"),
        ("a/**/a/**/b", "a/" * 2000 + "c"),
        ("*a*a*a*/**/*a*a*a*b", "aaaa/" * 800),
    ],
)
def test_no_name_makes_a_pattern_slow(line: str, path: str) -> None:
    """Each would take minutes, or years, if all ways to match were tried."""
    assert [pattern.match_file(path) for pattern in patterns_of(line)] == [None]


@pytest.mark.parametrize("line", ["**/a/**/b/**/c", "a/**/b/**/c/**/d", "a**b**c**d"])
def test_patterns_with_many_double_stars_are_refused(line: str) -> None:
    with pytest.raises(BadGlob):
        patterns_of(line)


@pytest.mark.parametrize("line", ["", "  ", "# no"])
def test_a_line_without_a_pattern(line: str) -> None:
    assert patterns_of(line) == ()
