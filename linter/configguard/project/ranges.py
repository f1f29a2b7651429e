"""npm version ranges to the versions that are to be looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from configguard.runners.versions import parse_version

if TYPE_CHECKING:
    from semantic_version import NpmSpec
    from semantic_version import Version as NpmVersion

_MAX_LENGTH = 256
"""node-semver reads no longer range either."""
_TAG_OF_NEWEST = "latest"
_NUMBER = r"(0|[1-9]\d{0,8})"
_SIMPLE = re.compile(rf"([\^~]?){_NUMBER}\.{_NUMBER}\.{_NUMBER}")


class Stretch(NamedTuple):
    """A version that stands for all those between two boundaries, and those as comparators."""

    version: str
    versions: str


def satisfies(version: str, range_text: str) -> bool:
    """Whether npm would take a version for a range; never for what is no range."""
    understood = parse_range(range_text)
    return understood is not None and _matches(version, understood)


@cache
def parse_range(text: str, package: str = "vitest") -> str | None:
    """The plain npm range that a manifest's entry stands for; None where it tells no version.

    `workspace:^3.1` and `npm:vitest@^3.1` are `^3.1`; nothing and `*` are `*`. A tag, a catalog, a
    link, a URL, `workspace:*` or another package under this name tell nothing here.
    """
    text = text.strip()
    if len(text) > _MAX_LENGTH:
        return None
    if text.startswith("npm:"):
        name, _, text = text.removeprefix("npm:").rpartition("@")
        if not name:
            name, text = text, "*"
        if name != package:
            return None
    elif text.startswith("workspace:"):
        text = text.removeprefix("workspace:")
        if text in ("", "*", "^", "~"):
            return None  # the version of a package of this repository
    plain = _as_npm_spec_reads_it(text) or "*"
    is_range = _SIMPLE.fullmatch(plain) is not None or _spec(plain) is not None
    return plain if is_range else None


def representatives(
    range_text: str | None, boundaries: Sequence[str], newest: str, package: str = "vitest"
) -> list[str]:
    """One version for every stretch between boundaries that a range touches, in order."""
    return [found.version for found in stretches(range_text, boundaries, newest, package)]


def stretches(
    range_text: str | None, boundaries: Sequence[str], newest: str, package: str = "vitest"
) -> list[Stretch]:
    """The stretches of versions that a range touches, each with its lowest version in the range.

    All of them where the range is None or not understood; `latest` is the newest known version. A
    range wholly below the first boundary gives its lowest version. The last stretch has no end.
    """
    edges = sorted(boundaries, key=lambda text: parse_version(text) or (0, 0, 0))
    if range_text is not None and range_text.strip() == _TAG_OF_NEWEST:
        return [_stretch(newest, edges)]
    plain = None if range_text is None else parse_range(range_text, package)
    if plain is None:
        return [_stretch(edge, edges) for edge in edges]
    lowest: dict[str | None, Stretch] = {}
    for version in _candidates(plain, edges):
        edge = _edge_below(version, edges)
        if edge not in lowest and _matches(version, plain):
            lowest[edge] = _stretch(version, edges)
    inside = [lowest[edge] for edge in edges if edge in lowest]
    # A range that no version meets (`>5 <3`) is a slip; it says as much as none.
    return inside or list(lowest.values()) or [_stretch(edge, edges) for edge in edges]


def _candidates(plain: str, edges: Sequence[str]) -> list[str]:
    """Versions among which is the lowest of every stretch: the boundaries, the versions that the
    range names, and what follows these. Releases first, as facts are about releases."""
    releases = {version for edge in edges if (version := parse_version(edge)) is not None}
    prereleases: set[str] = set()
    for number, prerelease in re.findall(
        r"(\d+(?:\.\d+){0,2})(?:\.[xX*])*(-[0-9A-Za-z.-]+)?", plain
    ):
        version = parse_version(number)
        if version is None:
            continue
        major, minor, patch = version
        releases |= {version, (major, minor, patch + 1), (major, minor + 1, 0), (major + 1, 0, 0)}
        if prerelease:
            prereleases.add(number + prerelease)
    return [".".join(map(str, version)) for version in sorted(releases)] + sorted(prereleases)


def _edge_below(version: str, edges: Sequence[str]) -> str | None:
    parsed = parse_version(version) or (0, 0, 0)
    below = [edge for edge in edges if (parse_version(edge) or (0, 0, 0)) <= parsed]
    return below[-1] if below else None


def _stretch(version: str, edges: Sequence[str]) -> Stretch:
    edge = _edge_below(version, edges)
    after = edges[0] if edge is None else next(iter(edges[edges.index(edge) + 1 :]), None)
    comparators = [f">={_short(edge)}"] if edge is not None else []
    comparators += [f"<{_short(after)}"] if after is not None else []
    return Stretch(version, " ".join(comparators))


def _short(version: str) -> str:
    """`4.0.0` as `4` and `3.2.0` as `3.2`, as the facts tables write it."""
    parts = list(parse_version(version) or ())
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return ".".join(map(str, parts))


@cache
def _matches(version: str, plain: str) -> bool:
    simple = _simply_matches(version, plain)
    if simple is not None:
        return simple
    spec, exact = _spec(plain), _exact(version)
    if spec is None or exact is None:
        return False
    only = _exact(plain.removeprefix("="))
    if only is not None and only.prerelease:
        return bool(only == exact)  # NpmSpec also takes 5.0.0 for `5.0.0-beta.3`
    if exact.prerelease and f"{exact.truncate()}-" not in plain:
        return False  # and 3.0.0-beta.2 for `<=2`
    return bool(spec.match(exact))


def _simply_matches(version: str, plain: str) -> bool | None:
    """The same for a release and `^1.2.3`, `~1.2.3` or `1.2.3`: most are of this form."""
    asked, given = _SIMPLE.fullmatch(plain), _SIMPLE.fullmatch(version)
    if asked is None or given is None or given[1]:
        return None
    low, found = (tuple(int(one[part]) for part in (2, 3, 4)) for one in (asked, given))
    if asked[1] == "":
        return found == low
    # `^0.2.3` stays below 0.3, `^0.0.3` below 0.0.4.
    kept = 2 if asked[1] == "~" else next((at + 1 for at, part in enumerate(low) if part), 3)
    return found >= low and found[:kept] == low[:kept]


def _exact(version: str) -> NpmVersion | None:
    from semantic_version import Version as NpmVersion

    try:
        return NpmVersion(version.strip().removeprefix("v"))
    except ValueError:
        return None


@cache
def _spec(plain: str) -> NpmSpec | None:
    # 25 ms, which only a manifest without a lock file costs.
    from semantic_version import NpmSpec

    try:
        return NpmSpec(plain)
    except (ValueError, AttributeError):  # the latter for `1 - !`, where it matches nothing
        return None


def _as_npm_spec_reads_it(text: str) -> str:
    """A range without what npm allows and NpmSpec does not: `>= 1.2`, `^v1.2`, `~> 1.2`."""
    text = re.sub(r"~>", "~", text)
    text = re.sub(r"([<>=^~]=?)\s+(?=[\dvxX*])", r"\1", text)
    text = re.sub(r"(?<![\w.+-])([<>=^~]*)v(?=\d)", r"\1", text)
    return " ".join(text.split())
