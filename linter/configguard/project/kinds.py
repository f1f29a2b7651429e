"""A config's path and project name to the kind of its tests, with the evidence."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from configguard.project.names import segments, split_extension
from configguard.source.span import Span
from configguard.syntax.imports import imported
from configguard.syntax.trees import Parsed

KindName = Literal["e2e", "integration", "component", "unit", "unknown"]
Signal = tuple[str, str, Span]
"""What speaks for the kind (`file-name`, `folder`, `project-name`, `script-name`, `import`,
`runner`, `settings`, or a setting of the config), how strongly, and where."""

_END_TO_END = ("end", "to", "end")
_WORDS: dict[str, KindName] = {
    "e2e": "e2e",
    "integration": "integration",
    "smoke": "integration",
    "acceptance": "integration",
    "it": "integration",
    "system": "integration",
    "component": "component",
    "ct": "component",
}
_COMPONENT_TESTING = ("@playwright/experimental-ct-*",)
_NO_SIGNAL = frozenset({"vitest", "vite", "jest", "config", "base"})
Spoken = tuple[KindName, Signal]
"""A signal and the kind that it speaks for."""
_GRAVEST_FIRST: tuple[KindName, ...] = ("e2e", "integration", "component")
FOLDERS = frozenset({"e2e", "end-to-end"})


class Kind(NamedTuple):
    """What kind of tests a suite holds, and why; no signal at all means unit tests."""

    kind: KindName
    because: list[Signal]


def kind_of(
    file: str,
    project_name: str | None = None,
    name_at: Span | None = None,
    more: Callable[[], Sequence[Spoken]] = tuple,
) -> Kind:
    """The kind of a suite. Where signals differ, the one with more load wins: E2E, integration.

    `more`: the signals that are not in the names, asked for where these do not tell of E2E tests.
    Weak signals alone leave it unknown.
    """
    folder, name = posixpath.split(file)
    whole = Span(file, 0, 0)
    found: list[Spoken] = []
    signal = ("file-name", "strong", whole)
    found += [(kind, signal) for kind in kinds_in(split_extension(name)[0])]
    if project_name is not None:
        signal = ("project-name", "strong", name_at or whole)
        found += [(kind, signal) for kind in kinds_in(project_name)]
    # Folders are named after what they belong to: `design-system`, `apps/integration-slack`.
    if FOLDERS.intersection(folder.lower().split("/")):
        found.append(("e2e", ("folder", "strong", whole)))
    if all(kind != "e2e" for kind, _ in found):
        found += more()
    for kind in _GRAVEST_FIRST:
        because = [signal for spoken_for, signal in found if spoken_for == kind]
        if any(strength == "strong" for _, strength, _ in because):
            return Kind(kind, list(dict.fromkeys(because)))
    weak = list(dict.fromkeys(signal for _, signal in found))
    return Kind("unknown" if weak else "unit", weak)


def playwright_kind(parsed: Parsed) -> Kind:
    """The kind of Playwright's suites: end-to-end, save those of component testing."""
    file = parsed.document.file
    whole = Span(file, 0, 0)
    if "component" in kinds_in(split_extension(posixpath.basename(file))[0]):
        return Kind("component", [("file-name", "strong", whole)])
    if (place := imported(parsed, _COMPONENT_TESTING)) is not None:
        return Kind("component", [("import", "strong", place)])
    return Kind("e2e", [("runner", "strong", whole)])


def means_e2e(name: str) -> bool:
    """Whether one of the words of a name stands for end-to-end tests."""
    return "e2e" in kinds_in(name)


def kinds_in(name: str) -> list[KindName]:
    """The kinds that the words of a file or project name stand for."""
    kinds: list[KindName] = []
    for separator in "/: ,@()[]":
        name = name.replace(separator, ".")
    for part in name.split("."):
        words = [word for word in segments(part) if word not in _NO_SIGNAL]
        if _holds(words, _END_TO_END):
            kinds.append("e2e")
        for index, word in enumerate(words):
            # `system-tests` are tests of the system, `design-system` is a library.
            if word in _WORDS and not (word == "system" and index > 0):
                kinds.append(_WORDS[word])
    return kinds


def _holds(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(tuple(words[at : at + size]) == phrase for at in range(len(words) - size + 1))
