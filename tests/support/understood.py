"""The examples of docs/what-is-understood.md, read from the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "what-is-understood.md"
_FENCE = re.compile(r"^```(js|ts)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CLAIM = re.compile(r"^// (?:(.+?) )?→ (.+)$")
_FILE = re.compile(r"^// --- (\S+)$")


@dataclass(frozen=True)
class Example:
    """One example: its files (the first is the config), and what the page says of it."""

    line: int
    files: dict[str, str]
    claims: tuple[tuple[str, str], ...]
    """A condition in words (empty: always), and what is said then."""


def examples() -> Iterator[Example]:
    """Every example of the page, in order."""
    text = PAGE.read_text("utf-8")
    for found in _FENCE.finditer(text):
        name = "example.mts" if found[1] == "ts" else "example.mjs"
        files: dict[str, list[str]] = {name: []}
        claims: list[tuple[str, str]] = []
        for line in found[2].splitlines():
            if other := _FILE.match(line):
                name = other[1]
                files[name] = []
            elif claim := _CLAIM.match(line):
                claims.append((claim[1] or "", claim[2]))
            else:
                files[name].append(line)
        texts = {file: "\n".join(lines) + "\n" for file, lines in files.items()}
        yield Example(text.count("\n", 0, found.start()) + 1, texts, tuple(claims))
