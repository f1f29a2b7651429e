"""The evaluator against Node: constructs one by one, and random programs over what it supports.

CONFIGGUARD_ORACLE_PROGRAMS gives how many random programs are compared (default: a sample).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

import pytest

from oracle.constructs import CONSTRUCTS
from oracle.javascript import Program, compare, esbuild, node
from oracle.programs import programs
from support.understood import examples

PACKAGE = re.compile(r"from '(?!\.|node:|os')")
"""An example that imports a package: none is installed where Node evaluates it."""
REQUIRED = "CONFIGGUARD_REQUIRE_RUNNERS"

pytestmark = pytest.mark.real_runner


def needs_node() -> None:
    """Skip, loudly, where Node is missing; in CI that is a failure."""
    if node() is None:
        if os.environ.get(REQUIRED):
            pytest.fail("NODE IS NOT ON PATH: NOTHING WAS COMPARED WITH IT")
        pytest.skip("NODE IS NOT ON PATH: NOTHING WAS COMPARED WITH IT")


def test_constructs_are_as_node_evaluates_them() -> None:
    needs_node()
    programs = [one for one in CONSTRUCTS if esbuild() or not one.entry.endswith(".ts")]
    tally = compare(programs)
    print(f"\nconstructs: {tally}")
    for reason, count in tally.reasons.most_common():
        print(f"  {count:4} {reason}")
    assert not tally.wrong, "\n\n".join(tally.wrong)


def test_each_construct_is_there_once() -> None:
    names = [one.name for one in CONSTRUCTS]
    assert len(names) == len(set(names))


def test_random_programs_are_as_node_evaluates_them() -> None:
    needs_node()
    count = int(os.environ.get("CONFIGGUARD_ORACLE_PROGRAMS", "500"))
    tally = compare(programs(count))
    print(f"\nrandom programs: {tally}")
    for reason, number in tally.reasons.most_common(20):
        print(f"  {number:4} {reason}")
    assert not tally.wrong, "\n\n".join(tally.wrong[:20])
    # A grammar that throws, or is not understood, most of the time would prove nothing.
    assert tally.equal > 5 * count


def test_examples_of_the_page_are_as_node_evaluates_them() -> None:
    needs_node()
    plain = [one for one in examples() if not PACKAGE.search(str(one.files))]
    programs_of = [
        Program(f"line {one.line} of what-is-understood.md", renamed(one.files)) for one in plain
    ]
    tally = compare([one for one in programs_of if esbuild() or not one.entry.endswith(".ts")])
    print(f"\nexamples of the page: {tally}")
    assert tally.programs > 40
    assert not tally.wrong, "\n\n".join(tally.wrong)


def renamed(files: Mapping[str, str]) -> dict[str, str]:
    """The files with the ending that the harness strips types from."""
    return {name.replace(".mts", ".ts"): text for name, text in files.items()}
