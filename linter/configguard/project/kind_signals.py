"""Signals of a suite's kind that are in no name of the config: settings, imports, scripts.

Which settings and packages, and how strongly they speak, is data: `project/kind-signals.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from configguard.project.kinds import FOLDERS, Signal, Spoken, kinds_in, means_e2e
from configguard.project.started import Started
from configguard.resources import table
from configguard.runners.hints import Hint
from configguard.source.braces import TooManyAlternatives, alternatives
from configguard.source.span import Origin, Span
from configguard.syntax.imports import imported
from configguard.syntax.trees import Parsed

_MOST_ALTERNATIVES = 32
_UNCLEAR = re.compile(r"!|\(\?|[+*?@]\(")
"""A pattern may leave out what it names: `!(e2e)`, `^(?!.*e2e)`."""


def signals(
    runner: str,
    parsed: Parsed,
    hints: Callable[[Sequence[str]], Iterable[Hint]],
    starts: Sequence[Started],
) -> list[Spoken]:
    """What speaks for a kind in the scripts that run the tests, in settings, in imports."""
    data = table("project/kind-signals")
    rows: dict[str, Any] = data.get(runner, {})
    names = dict.fromkeys(name for settings in rows.values() for name in settings)
    by_setting: dict[str, list[Hint]] = {}
    for hint in hints(tuple(names)):
        by_setting.setdefault(hint.setting, []).append(hint)
    found = [
        *_of_scripts(starts),
        *_of_files(rows, by_setting, parsed),
        *_of_waiting(rows, by_setting, parsed),
    ]
    place = imported(parsed, data["imports"])
    if place is not None:
        found.append(("import", "weak", place))
    return [*_of_names(rows, by_setting, parsed), *(("e2e", signal) for signal in found)]


def _of_names(
    rows: dict[str, Any], by_setting: dict[str, list[Hint]], parsed: Parsed
) -> Iterator[Spoken]:
    """A config without projects may have a name of its own."""
    for setting in rows["names"]:
        for hint in by_setting.get(setting, ()):
            for kind in kinds_in(str(hint.value or "")):
                yield kind, ("project-name", "strong", _place(hint.at, parsed))


def _of_scripts(starts: Sequence[Started]) -> Iterator[Signal]:
    """`test:e2e`, where no script of another name runs the config."""
    scripts = [one.invocation for one in starts if one.invocation.kind == "script"]
    if scripts and all(means_e2e(script.name) for script in scripts):
        for script in scripts:
            yield "script-name", "strong", script.chain[-1]


def _of_files(
    rows: dict[str, Any], by_setting: dict[str, list[Hint]], parsed: Parsed
) -> Iterator[Signal]:
    """Patterns and folders: strong where all of a setting name E2E tests, weak where some do."""
    for setting in (*rows["patterns"], *rows["folders"]):
        given = [hint for hint in by_setting.get(setting, ()) if not _leaves_out(hint)]
        means = _of_folder if setting in rows["folders"] else _of_pattern
        speaking = [hint for hint in given if isinstance(hint.value, str) and means(hint.value)]
        strength = "strong" if len(speaking) == len(given) else "weak"
        for hint in speaking:
            yield setting, strength, _place(hint.at, parsed)
    for setting, packages in rows["packages"].items():
        for hint in by_setting.get(setting, ()):
            if hint.value in packages:
                yield setting, "strong", _place(hint.at, parsed)


def _of_waiting(
    rows: dict[str, Any], by_setting: dict[str, list[Hint]], parsed: Parsed
) -> Iterator[Signal]:
    """What tests of services often have: long timeouts, something that starts before them."""
    for setting, least in rows["long"].items():
        for hint in by_setting.get(setting, ()):
            if isinstance(hint.value, int | float) and hint.value >= least:
                yield setting, "weak", _place(hint.at, parsed)
    for setting in rows["present"]:
        for hint in by_setting.get(setting, ())[:1]:
            yield setting, "weak", _place(hint.at, parsed)


def _leaves_out(hint: Hint) -> bool:
    return isinstance(hint.value, str) and hint.value.startswith("!")


def _of_pattern(text: str) -> bool:
    """Whether every alternative of a glob or regular expression names E2E tests."""
    if _UNCLEAR.search(text):
        return False
    try:
        expanded = alternatives(text, _MOST_ALTERNATIVES)
    except TooManyAlternatives:
        return False
    return all(_names_e2e(part) for one in expanded for part in _branches(one))


def _branches(text: str) -> list[str]:
    """`a|b` outside parentheses are two patterns; inside them it is not split: never all E2E."""
    return text.split("|") if "(" not in text else [text if "|" not in text else ""]


def _names_e2e(path: str) -> bool:
    folders, _, file = re.sub(r"\\|[*^$+?]", ".", path).rpartition("/")
    return means_e2e(file) or _of_folder(folders)


def _of_folder(text: str) -> bool:
    return any(segment.strip(".") in FOLDERS for segment in text.lower().split("/"))


def _place(at: Origin, parsed: Parsed) -> Span:
    return at[0] if at else Span(parsed.document.file, 0, 0)
