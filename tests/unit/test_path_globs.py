"""Globs of settings: what they stand for, seen from the root."""

from __future__ import annotations

import pytest

from configguard.source.path_globs import BadGlob, check_glob, matches_any


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
