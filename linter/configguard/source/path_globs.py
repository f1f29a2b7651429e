"""Patterns as in a `.gitignore`, and the globs of the tool's settings that are made of them.

A glob is relative to the root and reads as an anchored line of a `.gitignore`: `tests/slow` stands
for that folder and all in it, `**/vitest.config.ts` for every such file; braces name alternatives.
(`globs` expands the patterns of runners, which differ.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from configguard.source.braces import TooManyAlternatives, alternatives

if TYPE_CHECKING:
    from pathspec.pattern import Pattern, RegexPattern

MAX_ALTERNATIVES = 100
"""A glob whose braces stand for more globs is refused."""
MAX_DEEP = 2
"""A pattern with more `**` is refused: each multiplies the work by the length of a path."""

_STAR = "[^/]*"


class BadGlob(ValueError):
    """Why a glob stands for nothing; the message goes on after the glob's name."""


class TooDeep(BadGlob):
    """It is a pattern, and one that could take too long."""


def check_glob(glob: str) -> None:
    """Raise BadGlob where a glob can match nothing below the root, or is none."""
    if glob.startswith("!"):
        raise BadGlob("takes nothing out: `!` has no meaning here")
    if glob.startswith(("/", "\\")):
        raise BadGlob("must be relative to the root: it begins without a slash")
    if ".." in glob.split("/"):
        raise BadGlob("must be relative to the root, without `..`")
    _compiled(glob)


def matches_any(globs: Sequence[str], path: str, *, is_folder: bool = False) -> bool:
    """Whether any of the globs means a path, or a folder that it lies in."""
    asked = f"{path}/" if is_folder else path
    return any(
        pattern.match_file(asked) is not None for glob in globs for pattern in _compiled(glob)
    )


@lru_cache(maxsize=4_096)
def patterns_of(line: str) -> tuple[Pattern, ...]:
    """The patterns of one line of a `.gitignore`; none for a comment. Raises BadGlob."""
    # About 10 ms: paid only where there are patterns.
    from pathspec import GitIgnoreSpec
    from pathspec.pattern import RegexPattern

    if line.strip().removesuffix("/**").count("**") > MAX_DEEP:
        raise TooDeep(f"has more than {MAX_DEEP} `**`")
    try:
        patterns = GitIgnoreSpec.from_lines([line]).patterns
        found = [one for one in patterns if one.include is not None]
        return tuple(
            _in_linear_time(one) if isinstance(one, RegexPattern) else one for one in found
        )
    except ValueError:
        raise BadGlob("is no pattern") from None


def _in_linear_time(pattern: RegexPattern) -> Pattern:
    """A pattern that no name makes slow: `*a*a*a*b` took 11 s for a name of 250 letters.

    What stands between two `*` of a name has a fixed length, so that its first place is as good as
    any other: none of the others is tried.
    """
    assert pattern.regex is not None  # as it includes or excludes something
    first, *rest = pattern.regex.pattern.split(_STAR)
    if len(rest) < 2:
        return pattern
    written = first
    for part in rest[:-1]:
        if not part:
            continue  # several `*` in a row are one
        within_a_name = not re.search(r"[/(]", part.replace("[^/]", ""))
        written += f"(?>{_STAR}?{part})" if within_a_name else _STAR + part
    written += _STAR + rest[-1]
    return type(pattern)(re.compile(written), pattern.include)


@cache
def _compiled(glob: str) -> tuple[Pattern, ...]:
    anchored = ["/" + one.removeprefix("./") for one in _without_braces(glob)]
    found = [pattern for line in anchored for pattern in patterns_of(line)]
    if not found:
        raise BadGlob("is no pattern")
    return tuple(found)


def _without_braces(glob: str) -> list[str]:
    try:
        return alternatives(glob, MAX_ALTERNATIVES, keep_escapes=True)
    except TooManyAlternatives as reason:
        raise BadGlob(f"has {reason}") from None
