"""Globs of the tool's settings, relative to the root: whether a path is among those meant.

They read as an anchored line of a `.gitignore`: `tests/slow` stands for that folder and all in it,
`**/vitest.config.ts` for every such file; braces name alternatives. (`globs` expands the patterns
of runners, which differ.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_ALTERNATIVES = 100
"""A glob whose braces stand for more globs is refused."""


class BadGlob(ValueError):
    """Why a glob stands for nothing; the message goes on after the glob's name."""


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
    return any(_compiled(glob).match_file(asked) for glob in globs)


@cache
def _compiled(glob: str) -> GitIgnoreSpec:
    # About 10 ms: paid only by projects whose settings hold globs.
    from pathspec import GitIgnoreSpec

    anchored = ["/" + one.removeprefix("./") for one in _without_braces(glob)]
    try:
        spec = GitIgnoreSpec.from_lines(anchored)
    except ValueError:
        raise BadGlob("is no pattern") from None
    if not any(pattern.include for pattern in spec.patterns):
        raise BadGlob("is no pattern")
    return spec


def _without_braces(glob: str) -> list[str]:
    if "{" not in glob:
        return [glob]
    import bracex

    try:
        return list(bracex.expand(glob, limit=MAX_ALTERNATIVES, keep_escapes=True))
    except bracex.ExpansionLimitException:
        raise BadGlob(f"stands for more than {MAX_ALTERNATIVES} alternatives") from None
