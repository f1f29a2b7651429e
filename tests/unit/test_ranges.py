"""npm ranges to versions: understanding, matching, and one version for every stretch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semantic_version import NpmSpec, Version

from configguard.project.ranges import parse_range, representatives, satisfies, stretches
from configguard.runners.versions import matches, parse_version

BOUNDARIES = (
    *("0.34.0", "1.0.0", "1.1.0", "1.3.0", "2.0.0"),
    *("3.0.0", "3.2.0", "3.2.4", "4.0.0", "4.1.0", "5.0.0"),
)
NEWEST = "5.1.1"
ALL = list(BOUNDARIES)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("^3.1.0", "^3.1.0"),
        ("", "*"),
        (" * ", "*"),
        (">= 1.2  < 3", ">=1.2 <3"),
        ("^v3.1.0", "^3.1.0"),
        ("~> 3.1", "~3.1"),
        ("workspace:^3.1.0", "^3.1.0"),
        ("npm:vitest@^3", "^3"),
        ("npm:vitest", "*"),
        ("npm:@scope/other@^3", None),
        ("npm:other@^3", None),
        ("workspace:*", None),
        ("workspace:^", None),
        ("catalog:", None),
        ("catalog:tests", None),
        ("latest", None),
        ("next", None),
        ("file:../vitest", None),
        ("git+https://example.com/vitest.git#main", None),
        ("vitest-dev/vitest#main", None),
        ("1" * 5000, None),
        ("=>1", None),
        ("\x1b[31m", None),
    ],
)
def test_what_is_understood(text: str, plain: str | None) -> None:
    assert parse_range(text) == plain


@pytest.mark.parametrize(
    ("version", "text", "met"),
    [
        ("3.9.0", "^3.1.0", True),
        ("3.0.9", "^3.1.0", False),
        ("0.34.6", "^0.34", True),
        ("0.35.0", "^0.34", False),
        ("3.1.9", "~3.1", True),
        ("3.2.0", "~3.1", False),
        ("2.1.0", "2.x", True),
        ("2.3.9", "1.2.3 - 2.3", True),
        ("4.0.0", "^1 || ^4", True),
        ("3.0.0", "^1 || ^4", False),
        ("5.0.0-beta.3", "^5.0.0-beta.1", True),
        ("5.0.0-beta.3", ">=4", False),
        ("5.0.0-beta.3", "<=4", False),
        ("5.0.0", "5.0.0-beta.3", False),
        ("5.0.0-beta.3", "=5.0.0-beta.3", True),
        ("v3.2.7", "3.2.7", True),
        ("3.2.7", "latest", False),
        ("nonsense", "*", False),
    ],
)
def test_satisfies_as_npm_would(version: str, text: str, met: bool) -> None:
    assert satisfies(version, text) is met


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (None, ALL),
        ("*", ALL),
        ("catalog:", ALL),
        (">5 <3", ALL),
        ("^3.1.0", ["3.1.0", "3.2.0", "3.2.4"]),
        ("3.2.7", ["3.2.7"]),
        ("~3.2.5", ["3.2.5"]),
        ("3.x", ["3.0.0", "3.2.0", "3.2.4"]),
        (">3.2.4 <4.1", ["3.2.5", "4.0.0"]),
        (">1", ["2.0.0", "3.0.0", "3.2.0", "3.2.4", "4.0.0", "4.1.0", "5.0.0"]),
        ("1 || ^4.0.7", ["1.0.0", "1.1.0", "1.3.0", "4.0.7", "4.1.0"]),
        ("<1.1", ["0.34.0", "1.0.0"]),
        ("^0.33.0", ["0.33.0"]),
        ("^6.1", ["6.1.0"]),
        ("latest", [NEWEST]),
        ("5.0.0-beta.3", ["5.0.0-beta.3"]),
        ("^5.0.0-beta.3", ["5.0.0"]),
    ],
)
def test_one_version_for_every_stretch(text: str | None, versions: list[str]) -> None:
    assert representatives(text, BOUNDARIES, NEWEST) == versions


def test_stretches_name_what_they_stand_for() -> None:
    assert [found.versions for found in stretches("^3.1.0", BOUNDARIES, NEWEST)] == [
        ">=3 <3.2",
        ">=3.2 <3.2.4",
        ">=3.2.4 <4",
    ]
    assert [found.versions for found in stretches("^5", BOUNDARIES, NEWEST)] == [">=5"]
    assert [found.versions for found in stretches("0.1.0", BOUNDARIES, NEWEST)] == ["<0.34"]


NUMBERS = st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 9))
VERSIONS = NUMBERS.map(lambda version: ".".join(map(str, version)))
RANGES = st.lists(
    st.tuples(st.sampled_from(["^", "~", ">=", "<", ">", "<=", "", ">= "]), VERSIONS), min_size=1
).map(lambda parts: " || ".join(operator + version for operator, version in parts))


@given(RANGES, VERSIONS)
def test_a_version_in_a_range_has_its_stretch(text: str, version: str) -> None:
    """Whatever version of a range is installed, its stretch was looked at, from its low end."""
    if not satisfies(version, text):
        return
    parsed = parse_version(version)
    assert parsed is not None
    found = stretches(text, BOUNDARIES, NEWEST)
    for stretch in found:
        assert matches(stretch.version, stretch.versions)
    mine = [stretch for stretch in found if matches(version, stretch.versions)]
    # Below the first boundary nothing is known; that stretch counts only if it is the only one.
    assert mine or parsed < (0, 34, 0)
    for stretch in mine if parsed >= (0, 34, 0) else []:
        assert (parse_version(stretch.version) or ()) <= parsed
        assert satisfies(stretch.version, text)


def test_a_range_that_npm_spec_dies_of_says_nothing() -> None:
    assert stretches("1 - !", ("1.0.0", "2.0.0"), "2.1.0") == stretches(
        None, ("1.0.0", "2.0.0"), "2.1.0"
    )


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert representatives(text, BOUNDARIES, NEWEST)


NUMBERS = st.integers(0, 3)
EXACT = st.builds("{}.{}.{}".format, NUMBERS, NUMBERS, NUMBERS)


@given(EXACT, st.sampled_from(["", "^", "~"]), EXACT)
def test_the_short_way_says_what_the_library_says(version: str, sign: str, low: str) -> None:
    text = f"{sign}{low}"
    assert parse_range(text) == text
    assert satisfies(version, text) is NpmSpec(text).match(Version(version))
