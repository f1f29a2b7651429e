"""The tool's own settings: `configguard.toml`, or `[tool.configguard]` in pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from configguard.source.document import Document
from configguard.source.path_globs import matches_any
from configguard.source.span import Span
from configguard.source.workspace import (
    MAX_CONFIG_BYTES,
    Trouble,
    Unreadable,
    Workspace,
    read_regular_file,
)

FILE = "configguard.toml"
SHARED_FILE = "pyproject.toml"
"""It counts where there is no `configguard.toml` beside it."""

Grade = Literal["error", "warning", "info", "off"]
StatedKind = Literal["e2e", "integration", "component", "unit"]


class SettingsProblem(NamedTuple):
    """What is wrong with a settings file, and where."""

    severity: Literal["error", "warning"]
    message: str
    span: Span


class SuiteKind(NamedTuple):
    """The kind of tests in the files that a glob means, and where that is written."""

    glob: str
    kind: StatedKind
    at: Span


class Settings(NamedTuple):
    """What a project asks of the tool. Globs are relative to the root; rules exist.

    `select` is None where all rules are meant. `refused`: this version is not to check the project.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    severity: tuple[tuple[str, Grade], ...] = ()
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    exclude: tuple[str, ...] = ()
    suite_kinds: tuple[SuiteKind, ...] = ()
    refused: bool = False
    rule_paths: tuple[str, ...] = ()

    def ignored_in(self, files: Iterable[str]) -> frozenset[str]:
        """The rules that are not judged in any of some files."""
        asked = tuple(files) if self.per_file_ignores else ()
        found = (
            rules
            for glob, rules in self.per_file_ignores
            if any(matches_any((glob,), file) for file in asked)
        )
        return frozenset().union(*found)

    def kind_of(self, file: str) -> SuiteKind | None:
        """The kind that is stated for a file; of several globs the last one counts."""
        meant = (one for one in reversed(self.suite_kinds) if matches_any((one.glob,), file))
        return next(meant, None)


MoreRules = Callable[[Sequence[str]], Collection[str]]
"""The ids of the rules in the folders that `rule-paths` names."""


def no_more_rules(folders: Sequence[str]) -> Collection[str]:
    """None, whatever the folders."""
    del folders
    return ()


class Loaded(NamedTuple):
    """Settings, and what is wrong with their file."""

    settings: Settings
    problems: tuple[SettingsProblem, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether something in them does not count that was meant to."""
        return any(problem.severity == "error" for problem in self.problems)


UNSET = Loaded(Settings())


def load_settings(
    workspace: Workspace,
    known_rules: Collection[str],
    explicit: Path | None = None,
    more_rules: MoreRules = no_more_rules,
) -> Loaded:
    """The settings at the root, and what is wrong with them; one wrong part spoils no other.

    `explicit` is the user's own file and replaces the root's.
    """
    if explicit is not None:
        return _explicit(workspace, explicit, known_rules, more_rules)
    own = _at_root(workspace, FILE)
    shared = _at_root(workspace, SHARED_FILE)
    if isinstance(shared, Document) and b"configguard" not in shared.data:
        shared = None  # most of these are not about us: they are not even parsed
    if own is None:
        return UNSET if shared is None else _read(shared, known_rules, more_rules)
    loaded = _read(own, known_rules, more_rules)
    if isinstance(shared, Document) and (span := _section_in(shared)) is not None:
        message = f"[tool.configguard] does not count beside {FILE}: take one of them out"
        problem = SettingsProblem("warning", message, span)
        loaded = loaded._replace(problems=(*loaded.problems, problem))
    return loaded


def _at_root(workspace: Workspace, file: str) -> Document | Unreadable | None:
    """A settings file; None where there is none."""
    document = workspace.read(file)
    if isinstance(document, Document):
        return document
    if document.trouble is Trouble.NOT_A_FILE and file == SHARED_FILE:
        return None
    # A link that leads nowhere is no missing file: somebody meant settings to hold.
    gone = document.trouble is Trouble.MISSING and not (workspace.root / file).is_symlink()
    return None if gone else document


def _explicit(
    workspace: Workspace, path: Path, known_rules: Collection[str], more_rules: MoreRules
) -> Loaded:
    name = workspace.name_of(path)
    data = read_regular_file(path, name, MAX_CONFIG_BYTES)
    if isinstance(data, Unreadable):
        return _read(data, known_rules, more_rules)
    # The bytes go through an overlay, as the workspace knows which bytes are text.
    document = Workspace(Path(), {name: data}).read(name)
    return _read(document, known_rules, more_rules, section_required=True)


def _section_in(document: Document) -> Span | None:
    """Where a pyproject.toml has settings of this tool; None where it has none."""
    from configguard.limits.settings_reading import section_of

    return section_of(document)


def _read(
    document: Document | Unreadable,
    known_rules: Collection[str],
    more_rules: MoreRules,
    *,
    section_required: bool = False,
) -> Loaded:
    if isinstance(document, Unreadable):
        message = f"cannot read the settings file {document.file}: {document.reason}"
        return Loaded(Settings(), (SettingsProblem("error", message, Span(document.file, 0, 0)),))
    from configguard.limits.settings_reading import read_settings

    return read_settings(document, known_rules, more_rules, section_required=section_required)
