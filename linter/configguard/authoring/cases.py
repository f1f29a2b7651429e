"""A rule's README to cases: the Bad and Good examples whose files the tests run.

A `## Bad: …` or `## Good: …` section holds fenced blocks. The fence's info says which file a
block is, and what is expected of it, so that the bytes under test stay clean:

    ts vitest.e2e.config.ts vitest=3.2.7 finding=too-many-retries@6
    ts vitest.e2e.config.ts fixed            (the file after `--fix`)
    ts vitest.e2e.config.ts fixed=unsafe     (the file after `--fix --unsafe-fixes`)
    json .test-resource-limits.json
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SECTION = re.compile(r"^## (Bad|Good): (.+)$")
_FENCE = re.compile(r"^```(\w+) (\S.*)$")


class WrongCase(ValueError):
    """A README whose examples cannot be read; the message says where."""


@dataclass(slots=True)
class Case:
    """One example: its files, the findings expected in them, and the files after fixing."""

    title: str
    bad: bool
    line: int
    files: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    expected: set[tuple[str, int, str]] = field(default_factory=set)
    fixed: dict[str, str] = field(default_factory=dict)
    unsafe: bool = False


def cases_in(text: str) -> list[Case]:
    """The examples of a README. Raises WrongCase."""
    cases: list[Case] = []
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        section = _SECTION.match(line)
        if section is not None:
            cases.append(Case(section[2], section[1] == "Bad", number))
            continue
        fence = _FENCE.match(line)
        if fence is None:
            continue
        body: list[str] = []
        for _, inner in lines:
            if inner.startswith("```"):
                break
            body.append(inner)
        if not cases:
            raise WrongCase(f"line {number}: an example outside a Bad or Good section")
        _add(cases[-1], fence[2].split(), "\n".join(body) + "\n", number)
    for case in cases:
        if case.bad and not case.expected:
            raise WrongCase(f"line {case.line}: the bad example {case.title!r} expects no finding")
    return cases


def gaps(data: Mapping[str, Any], page: str) -> list[str]:
    """What a rule's folder lacks. Raises WrongCase."""
    cases = cases_in(page)
    expected = f"# {data['id']}\n\n{data['summary']}.\n"
    found = [] if page.startswith(expected) else ["the page begins with the id and the summary"]
    for heading in ("## What goes wrong", "## When to ignore it"):
        found += [] if f"\n{heading}\n" in page else [f"the page lacks {heading!r}"]
    found += [] if any(case.bad for case in cases) else ["there is no Bad example"]
    found += [] if any(not case.bad for case in cases) else ["there is no Good example"]
    if "fix" in data and not any(case.fixed for case in cases):
        found.append("there is a fix, and no example of what it makes: a block marked `fixed`")
    for case in cases:
        own = any(rule == data["id"] for _, _, rule in case.expected)
        if case.bad and not own:
            found.append(f"the bad example {case.title!r} expects no finding of {data['id']}")
    return found


def outcome(
    expected: set[tuple[str, int, str]], found: set[tuple[str, int, str]]
) -> dict[str, list[tuple[str, int, str]]]:
    """How findings differ from those expected: *missing* ones and *noisy* ones."""
    named = {"missing": sorted(expected - found), "noisy": sorted(found - expected)}
    return {name: which for name, which in named.items() if which}


def _add(case: Case, info: list[str], body: str, number: int) -> None:
    file, *attributes = info
    if posixpath.isabs(file) or "\\" in file or ".." in file.split("/") or ":" in file:
        raise WrongCase(f"line {number}: {file!r} must be a file inside the example's folder")
    if any(attribute.startswith("fixed") for attribute in attributes):
        case.fixed[file] = body
        case.unsafe = case.unsafe or "fixed=unsafe" in attributes
        return
    case.files[file] = body
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        if name == "finding" and "@" in value:
            rule, _, line = value.partition("@")
            case.expected.add((file, int(line), rule))
        elif name in ("vitest", "jest", "playwright") and value:
            case.versions[name] = value
        else:
            raise WrongCase(f"line {number}: {attribute!r} is no attribute of an example")
