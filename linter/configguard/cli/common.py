"""What `check` and `show` share: the workspace for the paths given, reading, and styles."""

from __future__ import annotations

import gc
import os
import posixpath
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn, cast

from configguard.checking.finding import Notice, Problem
from configguard.cli.requests import Request
from configguard.limits.limits import FILE as LIMITS_FILE
from configguard.limits.settings import FILE as SETTINGS_FILE
from configguard.limits.settings import Loaded, Settings, load_settings
from configguard.project.candidates import Scope
from configguard.project.root import find_root
from configguard.report.style import Style, decide_color
from configguard.ruleset.rule import Rule, builtin_rules
from configguard.source.document import Document
from configguard.source.workspace import (
    MAX_CONFIG_BYTES,
    MAX_LOCK_BYTES,
    Unreadable,
    Workspace,
    join,
)
from configguard.source.workspace import read_regular_file as read_outside

USAGE = 2


class Place(NamedTuple):
    """The workspace to look at and the paths in it, relative to its root."""

    workspace: Workspace
    paths: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def collect_rarely() -> None:
    """Let the garbage collector run seldom: 12 % of the time of a check were its passes over what
    stays (measured on 2,000 configs); memory stays the same."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def fail(message: str) -> NoReturn:
    """Say what is wrong with the options and end with exit code 2."""
    from configguard.report.text_safety import inert, one_line

    print(inert(f"configguard: {one_line(message, 500)}"), file=sys.stderr)
    raise SystemExit(USAGE)


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that an option does not have, with the nearest that it has."""
    if value not in allowed:
        fail(f"{option} {value!r} is not one of {', '.join(allowed)}{suggestion(value, allowed)}")


def suggestion(value: str, known: tuple[str, ...]) -> str:
    """`: did you mean 'x'?` where a known name is near."""
    from difflib import get_close_matches

    near = get_close_matches(value, known, 1)
    return f": did you mean {near[0]!r}?" if near else ""


def place_of(request: Request) -> Place:
    """The root for the paths given, and the paths below it."""
    if request.root is not None and not os.path.isdir(request.root):
        fail(f"--root {request.root}: there is no such folder")
    for option, file in (("--limits", request.limits), ("--settings", request.settings)):
        if file is not None:
            _refuse_unreadable(option, file)
    root = find_root(_start(Path(request.paths[0])), request.root)
    workspace = Workspace(root)
    relative = tuple(_relative(workspace.root, path) for path in request.paths)
    return Place(workspace, relative, _above(workspace.root, request))


def _refuse_unreadable(option: str, file: Path) -> None:
    """End where a named file is not there: what it would have said is no guess of ours."""
    data = read_outside(file, str(file), MAX_CONFIG_BYTES)
    if isinstance(data, Unreadable):
        fail(f"{option} {file}: {data.reason}")


class Known(NamedTuple):
    """All rules that there are, the settings of the project, what is wrong with own rules.

    `homes`: the folders of a team's own rules, each in the workspace that has it.
    """

    rules: dict[str, Rule]
    settings: Loaded
    problems: list[Problem]
    files: list[Path]
    homes: dict[str, tuple[Workspace, str]]

    @property
    def has_own(self) -> bool:
        """Whether rules are not those of the package alone."""
        return len(self.rules) > len(builtin_rules())


def known_of(request: Request, workspace: Workspace, folders: Sequence[Path] = ()) -> Known:
    """The settings of the project, or of the file that was named, and all rules.

    `folders`: those that options name. Without one and without `rule-paths` nothing is read.
    """
    rules = dict(builtin_rules())
    problems: list[Problem] = []
    files: list[Path] = []
    homes: dict[str, tuple[Workspace, str]] = {}

    def add(inside: Workspace, folder: str, name: str) -> None:
        from configguard.ruleset.own_rules import own_rules

        found = own_rules(inside, folder, name, rules)
        rules.update(found.rules)
        homes.update({rule: (inside, join(folder, rule)) for rule in found.rules})
        problems.extend(Problem(fault.message, (fault.span,)) for fault in found.faults)
        if inside is not workspace:
            files.extend(inside.root / entry.name / "rule.yaml" for entry in inside.entries(""))

    for path in folders:
        if not os.path.isdir(path):
            fail(f"--rule-path {path}: there is no such folder")
        add(Workspace(path), "", workspace.name_of(path))

    def of_settings(named: Sequence[str]) -> dict[str, Rule]:
        for folder in dict.fromkeys(posixpath.normpath(one) for one in named):
            add(workspace, folder, folder)
        return rules

    settings = load_settings(workspace, builtin_rules() | rules, request.settings, of_settings)
    return Known(rules, settings, problems, files, homes)


def settings_of(request: Request, workspace: Workspace) -> Loaded:
    """The settings of the project, or of the file that was named."""
    return known_of(request, workspace).settings


def scope_of(request: Request, settings: Settings) -> Scope:
    """What discovery passes over."""
    return Scope(settings.exclude, request.gitignore)


def _above(root: Path, request: Request) -> tuple[Notice, ...]:
    """A notice where the root was guessed and what a project is judged by lies above it."""
    if request.root is not None or os.path.exists(root / ".git"):
        return ()
    for folder in root.parents:
        for name in ("package.json", LIMITS_FILE, SETTINGS_FILE):
            if os.path.isfile(folder / name):
                depth = len(root.parts) - len(folder.parts)
                where = "/".join([".."] * depth)
                message = (
                    f"the {name} in {where} above is not looked at, as this is no git repository: "
                    "give --root to judge by it"
                )
                return (Notice(message),)
    return ()


def _start(path: Path) -> Path:
    """Where the search for the root starts: the first path, there or not, never through a link."""
    path = Path(os.path.abspath(path))
    while path != path.parent and (os.path.islink(path) or not os.path.exists(path)):
        path = path.parent
    return path


def _relative(root: Path, path: str) -> str:
    """A path of the command line relative to the root, with `/`; links in it are kept."""
    absolute = Path(os.path.realpath(Path(path).parent), Path(path).name)
    if Path(path).name in ("", ".", ".."):
        absolute = Path(os.path.realpath(path))
    relative = os.path.relpath(absolute, root).replace(os.sep, "/")
    return "" if relative == "." else relative


def reader(
    workspace: Workspace, request: Request, *further: Path | None
) -> Callable[[str], Document | None]:
    """Reads what reports quote: files of the workspace, and those that options named."""
    options = (request.limits, request.settings, *further)
    named = {workspace.name_of(path): path for path in options if path is not None}

    def read(file: str) -> Document | None:
        if file in named:
            data = read_outside(named[file], file, MAX_LOCK_BYTES)
            return None if isinstance(data, Unreadable) else Document(file, data)
        document = workspace.read(file, MAX_LOCK_BYTES)
        return None if isinstance(document, Unreadable) else document

    return read


def style_for(color: str, root: Path) -> Style:
    """Colour, glyphs and width for what is printed to standard output, and the way to the root."""
    one_of("--color", color, ("auto", "always", "never"))
    stream = sys.stdout
    encoding = (stream.encoding or "ascii").lower()
    width = 80
    if stream.isatty():
        width = max(60, min(120, os.get_terminal_size(stream.fileno()).columns))
    mode = cast("Literal['auto', 'always', 'never']", color)
    colored = decide_color(mode, stream, os.environ)
    links = None
    if mode != "never" and (stream.isatty() or "FORCE_HYPERLINK" in os.environ):
        from configguard.report.hyperlinks import links_for

        links = links_for(stream, os.environ, root)
    return Style(colored, "utf" in encoding, width, *ways_to(root), links)


def ways_to(root: Path) -> tuple[str, str]:
    """The way from the current folder to the root, and back where it lies inside the root.

    Empty where there is none (another drive).
    """
    try:
        current = os.path.realpath(Path.cwd())
        prefix = os.path.relpath(root, current).replace(os.sep, "/")
        here = os.path.relpath(current, root).replace(os.sep, "/")
    except (OSError, ValueError):
        return "", ""
    inside = here != "." and here.split("/")[0] != ".."
    return "" if prefix == "." else prefix, here if inside else ""
