"""One settings file: TOML, validated, to settings and pointed messages.

Apart from `settings`, as most projects have no such file: they pay for none of these imports.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any

import semantic_version

from configguard import __version__
from configguard.limits.settings import (
    SHARED_FILE,
    Grade,
    Loaded,
    MoreRules,
    Settings,
    SettingsProblem,
    SuiteKind,
    no_more_rules,
)
from configguard.limits.shape import misfits, said, shown, unknown_keys
from configguard.resources import data_folder
from configguard.source.document import Document
from configguard.source.path_globs import BadGlob, check_glob
from configguard.source.span import Span
from configguard.source.workspace import escapes
from configguard.syntax.toml_places import KeyPath, Places

SECTION = ("tool", "configguard")
_LEFT_OUT = frozenset({"pattern", "minLength", "propertyNames", "uniqueItems", "examples"})
_MOST_WORK = 20_000_000
"""tomllib's time grows with the square of the parts of a key: 8,000 of them took 1.2 s."""
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def section_of(document: Document) -> Span | None:
    """Where a pyproject.toml has settings of this tool; None where it has none."""
    value = _parsed(document)
    if isinstance(value, SettingsProblem) or _section(value) is None:
        return None
    return Places(document).key(SECTION)


def read_settings(
    document: Document,
    known_rules: Collection[str],
    more_rules: MoreRules = no_more_rules,
    *,
    section_required: bool = False,
) -> Loaded:
    """The settings in a document, and what is wrong with it."""
    value = _parsed(document)
    if isinstance(value, SettingsProblem):
        return Loaded(Settings(), (value,))
    if not document.file.replace("\\", "/").endswith(SHARED_FILE):
        return _Reading(document, (), value, known_rules, more_rules).loaded()
    section = _section(value)
    if section is not None:
        return _Reading(document, SECTION, section, known_rules, more_rules).loaded()
    if not section_required:
        return Loaded(Settings())
    message = f"{document.file} has no [tool.configguard]"
    problem = SettingsProblem("error", message, Span(document.file, 0, 0))
    return Loaded(Settings(), (problem,))


def _section(value: dict[str, Any]) -> Any:
    tool = value.get("tool")
    return tool.get("configguard") if isinstance(tool, dict) else None


def _parsed(document: Document) -> dict[str, Any] | SettingsProblem:
    text = document.data[len(document.bom) :].decode()
    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MOST_WORK:
        message = f"{document.file} has keys of too many parts to be read"
        return SettingsProblem("error", message, Span(document.file, 0, 0))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, at = _fault(str(error), text)
    except (RecursionError, ValueError) as error:  # an integer of thousands of digits
        too_deep = isinstance(error, RecursionError)
        reason, at = "it is nested too deeply" if too_deep else str(error), 0
    start = len(document.bom) + len(text[:at].encode())
    span = Span(document.file, start, start)
    return SettingsProblem("error", f"{document.file} is not TOML: {reason}", span)


def _fault(message: str, text: str) -> tuple[str, int]:
    """What tomllib says, and the index in the text that it says it of."""
    place = _PLACE.search(message)
    if place is None:
        return message, 0
    reason = message[: place.start()]
    if place[1] is None:
        return f"{reason}, at its end", len(text.rstrip())
    lines = text.split("\n")
    line, column = int(place[1]) - 1, int(place[2]) - 1
    return reason, sum(len(one) + 1 for one in lines[:line]) + column


@cache
def _schema() -> dict[str, Any]:
    path = data_folder("schema") / "configguard.schema.json"
    schema: dict[str, Any] = _types_only(json.loads(path.read_bytes()))
    # Unknown keys are told apart, each with what was probably meant.
    del schema["additionalProperties"]
    return schema


def _types_only(schema: Any) -> Any:
    """A schema without what it demands of texts: they are looked at for what they mean.

    A rule that is listed twice is no mistake either.
    """
    if isinstance(schema, list):
        return [_types_only(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {word: _types_only(part) for word, part in schema.items() if word not in _LEFT_OUT}


class _Reading:
    """One validation: what can be used, and the problems so far."""

    def __init__(
        self,
        document: Document,
        section: KeyPath,
        value: Any,
        known_rules: Collection[str],
        more_rules: MoreRules,
    ) -> None:
        self._document = document
        self._section = section
        self._value = value
        self._known_rules = known_rules
        self._more_rules = more_rules
        self._problems: list[SettingsProblem] = []
        self._wrong: set[KeyPath] = set()

    def loaded(self) -> Loaded:
        """The settings that can be used, and all problems in their order."""
        if not isinstance(self._value, dict):
            self._tell((), f"[tool.configguard] must be a table, not {said(self._value)}")
            return Loaded(Settings(), tuple(self._problems))
        if self._refused():
            # What else is wrong may be right for the version that is wanted.
            return Loaded(Settings(refused=True), tuple(self._problems))
        self._validate()
        rule_paths = self._rule_paths()
        if rule_paths:
            self._known_rules = {*self._known_rules, *self._more_rules(rule_paths)}
        settings = Settings(
            self._rules("select") if isinstance(self._value.get("select"), list) else None,
            self._rules("ignore"),
            tuple(self._severities()),
            tuple(
                (glob, self._rules("per-file-ignores", glob))
                for glob in self._globs("per-file-ignores")
            ),
            tuple(self._excluded()),
            tuple(self._suite_kinds()),
            rule_paths=rule_paths,
        )
        self._problems.sort(key=lambda problem: problem.span.start)
        return Loaded(settings, tuple(self._problems))

    @cached_property
    def _places(self) -> Places:
        return Places(self._document)

    def _tell(self, path: KeyPath, message: str, *, key: bool = False) -> None:
        whole = (*self._section, *path)
        span = self._places.key(whole) if key else self._places.value(whole)
        self._problems.append(SettingsProblem("error", message, span))

    def _refused(self) -> bool:
        """Whether the project does not want to be checked by this version."""
        wanted = self._value.get("required-version")
        if not isinstance(wanted, str):
            return False
        version = semantic_version.Version.coerce(__version__)
        kinds = (semantic_version.NpmSpec, semantic_version.SimpleSpec)
        for kind in kinds if wanted.strip() else ():  # npm takes an empty text for any version
            try:
                matched = kind(wanted).match(version)
            except ValueError:
                continue
            if not matched:
                message = f"this project requires configguard {wanted}, and this is {__version__}"
                self._tell(("required-version",), message)
            return not matched
        example = "such as >=0.1 <1"
        message = f"required-version must be a range of versions {example}, not {said(wanted)}"
        self._tell(("required-version",), message)
        return False

    def _validate(self) -> None:
        for wrong in misfits(self._value, _schema(), "a table"):
            self._wrong.add(wrong.path)
            self._tell(wrong.path, wrong.message)
        for unknown in unknown_keys(self._value, _schema()):
            self._tell(unknown.path, unknown.message, key=True)

    def _items(self, *path: str) -> Iterator[tuple[KeyPath, Any]]:
        """The items of a list or a table, with their paths, as far as they have the right type."""
        value: Any = self._value
        for length, key in enumerate(path, 1):
            value = {} if path[:length] in self._wrong else value.get(key, {})
        items: Iterable[tuple[str | int, Any]]
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return (((*path, step), item) for step, item in items if (*path, step) not in self._wrong)

    def _rules(self, *path: str) -> frozenset[str]:
        """The rules in a list of names."""
        return frozenset(name for at, name in self._items(*path) if self._is_rule(at, name))

    def _is_rule(self, path: KeyPath, name: str, *, key: bool = False) -> bool:
        if name in self._known_rules:
            return True
        near = get_close_matches(name[:100], self._known_rules, 1)
        meant = f"did you mean {near[0]!r}?" if near else "see configguard rules"
        self._tell(path, f"there is no rule {shown(name)}: {meant}", key=key)
        return False

    def _severities(self) -> Iterator[tuple[str, Grade]]:
        for path, grade in self._items("severity"):
            rule = str(path[-1])
            if self._is_rule(path, rule, key=True):
                yield rule, grade

    def _globs(self, section: str) -> Iterator[str]:
        """The keys of a table that are globs."""
        for path, _ in self._items(section):
            if self._is_glob(path, str(path[-1]), key=True):
                yield str(path[-1])

    def _is_glob(self, path: KeyPath, glob: str, *, key: bool = False) -> bool:
        try:
            check_glob(glob)
        except BadGlob as reason:
            self._tell(path, f"{shown(glob)} in {path[0]} {reason}", key=key)
            return False
        return True

    def _excluded(self) -> Iterator[str]:
        return (glob for path, glob in self._items("exclude") if self._is_glob(path, glob))

    def _suite_kinds(self) -> Iterator[SuiteKind]:
        for glob in self._globs("suite-kinds"):
            at = self._places.key((*self._section, "suite-kinds", glob))
            yield SuiteKind(glob, self._value["suite-kinds"][glob], at)

    def _rule_paths(self) -> tuple[str, ...]:
        """The folders of rules of the project's own, which lie inside the root."""
        found: list[str] = []
        for path, folder in self._items("rule-paths"):
            if escapes(folder) or not folder:
                self._tell(path, f"{shown(folder)} in rule-paths must be a folder inside the root")
            else:
                found.append(folder)
        return tuple(found)
