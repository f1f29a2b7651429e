"""Invocations to the configs that they run, and what each gives its runner besides."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from configguard.evaluate.values import Known
from configguard.project.candidates import Referred
from configguard.project.discover import config_in
from configguard.project.invocations import Invocation
from configguard.project.packages import runner_version
from configguard.project.versions_in_use import other_version
from configguard.project.wrappers import NotFollowed
from configguard.resources import table
from configguard.runners.flags import CommandLine, Flag
from configguard.runners.given import Command, Variable
from configguard.runners.profile import Note
from configguard.runners.runner import Key
from configguard.runners.versions import matches
from configguard.source.span import Origin
from configguard.source.workspace import (
    Unreadable,
    Workspace,
    ancestors,
    escapes,
    join,
)
from configguard.syntax.shell_words import Word

_CONFIG = ("--config", "-c")
_ROOT = {"vitest": ("--root", "-r"), "jest": ("--rootDir",), "playwright": ()}
_PROJECTS = {
    "vitest": ("--project", "-p"),
    "jest": ("--selectProjects",),
    "playwright": ("--project",),
}


class Started(NamedTuple):
    """One invocation of a config. `projects`: the names that it chooses; empty: all of them.

    `chosen_at`: where each of them stands. `doubt`: why it is not known what else it is given.
    """

    invocation: Invocation
    config: str
    command: Command
    projects: tuple[str, ...] = ()
    doubt: Note | None = None
    chosen_at: tuple[Origin, ...] = ()

    def runs(self, key: Key) -> bool:
        """Whether it runs a project."""
        return not self.projects or any(self._means(name, key) for name in self.projects)

    def missing(self, keys: Sequence[Key]) -> Note | None:
        """A project that it chooses and nothing has, so that no test is run.

        Measured: one of several is enough for Playwright (1.30.0 to 1.65.1), vitest (1.6.1 to
        5.1.1) and jest (27.5.1 to 30.5.2) run the others.
        """
        absent = [
            (name, at)
            for name, at in zip(self.projects, self.chosen_at, strict=True)
            if not any(self._means(name, key) for key in keys)
        ]
        runner = self.invocation.runner
        if not absent or (runner != "playwright" and len(absent) < len(self.projects)):
            return None
        name, at = absent[0]
        told = f"{self.invocation.title} chooses the project {name}, and none that is known of"
        return Note(f"{told} {self.config} is called so: unless one is, {runner} runs no test", at)

    def _means(self, name: str, key: Key) -> bool:
        """Whether a name chooses a project; but for jest's, case does not count (measured)."""
        own = str(key.project)
        if key.project is None or self.invocation.runner == "jest":
            return key.project == name
        pattern = ".*".join(map(re.escape, name.split("*")))
        return re.fullmatch(pattern, own, re.IGNORECASE | re.DOTALL) is not None


class Startings(NamedTuple):
    """All invocations by the config that they run; configs that only they name; what is open."""

    by_config: dict[str, list[Started]]
    referred: tuple[Referred, ...] = ()
    notes: tuple[Note, ...] = ()


NONE = Startings({})


def startings(
    workspace: Workspace,
    invocations: Iterable[Invocation],
    without_ci: Container[str] = (),
    left: Iterable[NotFollowed] = (),
    elsewhere: Container[str] = (),
) -> Startings:
    """What invocations run, as far as that is known.

    `without_ci`: the ids of steps whose service does not set CI. `left`: what was not followed.
    `elsewhere`: the ids of steps that run on Windows or macOS alone.
    """
    by_config: dict[str, list[Started]] = {}
    referred: dict[Referred, None] = {}
    notes = [Note(f"not followed, though it may run tests: {one.reason}", one.at) for one in left]
    for invocation in invocations:
        if invocation.id in without_ci:
            invocation = invocation._replace(in_ci=None)
        if invocation.kind == "ci" and invocation.in_ci is False:
            continue
        line = invocation.line
        found = _config_of(workspace, invocation, line)
        if isinstance(found, Note):
            notes.append(found)
        elif found is not None:
            config, is_named = found
            if is_named:
                referred[Referred(config, invocation.runner)] = None
            started = _started(workspace, invocation, config, line)
            if invocation.id in without_ci:
                started = _with_open_ci(started)
            if invocation.id in elsewhere and started.doubt is None:
                started = started._replace(doubt=_platform(workspace, invocation, config))
            by_config.setdefault(config, []).append(started)
    return Startings(by_config, tuple(referred), tuple(dict.fromkeys(notes)))


def _words(invocation: Invocation) -> tuple[Word, ...]:
    return invocation.argv if invocation.subcommand is None else invocation.argv[1:]


def _started(
    workspace: Workspace, invocation: Invocation, config: str, line: CommandLine
) -> Started:
    projects: list[str] = []
    places: list[Origin] = []
    doubt: Note | None = None
    if line.open is not None:
        why = f"what {invocation.title} gives {invocation.runner} is not known"
        doubt = Note(f"{why}: {line.open.reason}", line.open.at)
    for flag in _of(line, _PROJECTS[invocation.runner]):
        text = _text(flag)
        if text is None or text.startswith("!"):
            doubt = Note(f"which projects {invocation.title} chooses is not known", flag.at)
        else:
            projects.append(text)
            places.append(flag.at)
    if projects and invocation.runner == "playwright" and line.last("--no-deps") is None:
        texts = _texts(workspace, config)
        if any(b"dependencies" in text for text in texts):
            told = f"which projects run with those that {invocation.title} chooses"
            doubt = doubt or Note(f"{told} is not worked out", invocation.chain[:1])
    mode = _of(line, ("--mode",))[-1:] if invocation.runner == "vitest" else []
    named = _text(mode[0]) if mode else None
    bare = bool(mode) and isinstance(mode[0].value, Known)  # without a value it ends the run
    if mode and named is None and not bare and not mode[0].repeated:
        told = f"the mode that {invocation.title} gives vitest is not known"
        doubt = doubt or Note(told, mode[0].at)
    doubt = doubt or _not_followed(invocation, line) or other_version(workspace, invocation, config)
    asked = named if named != "test" else None
    command = Command(_words(invocation), _variables(invocation), invocation.subcommand, asked)
    return Started(invocation, config, command, tuple(projects), doubt, tuple(places))


def _platform(workspace: Workspace, invocation: Invocation, config: str) -> Note | None:
    """That a config asks for its platform: facts in CI are those of Linux."""
    if not any(b"platform" in text for text in _texts(workspace, config)):
        return None
    told = f"{invocation.title} does not run on Linux, and {config} asks for the platform"
    return Note(f"{told}: what it does there is not worked out", invocation.chain[:1])


_RELATIVE = re.compile(rb"""["'](\.{1,2}/[^"'\n]+)["']""")
_ENDINGS = ("", ".ts", ".js", ".mts", ".mjs", ".cts", ".cjs", "/index.ts", "/index.js")
_MAX_TEXTS = 40


def _texts(workspace: Workspace, config: str) -> list[bytes]:
    """A config's text, and those of the files whose relative names stand in them."""
    texts: list[bytes] = []
    files = [config]
    for file in files:
        document = workspace.read(file)
        if isinstance(document, Unreadable):
            continue
        texts.append(document.data)
        for found in _RELATIVE.findall(document.data):
            named = join(posixpath.dirname(file), found.decode("utf-8", "replace"))
            for ending in _ENDINGS:
                other = named.removesuffix(".js") + ending if ending == ".ts" else named + ending
                inside = other not in files and len(files) < _MAX_TEXTS and not escapes(other)
                if inside and workspace.is_file(other):
                    files.append(other)
    return texts


def _with_open_ci(started: Started) -> Started:
    """The same where nothing is known of CI, unless the step sets it."""
    variables = started.command.variables
    if any(one.name == "CI" for one in variables):
        return started
    unknown = Variable("CI", None, started.invocation.chain[:1], known=False)
    command = started.command._replace(variables=(*variables, unknown))
    return started._replace(command=command)


def _not_followed(invocation: Invocation, line: CommandLine) -> Note | None:
    """The flag or variable that changes more than is worked out."""
    for row in table(f"runners/facts/{invocation.runner}").get("not-followed", ()):
        for flag in line.flags:
            off = isinstance(flag.value, Known) and flag.value.value is False
            whole = flag._replace(name=flag.name.split(".")[0], own=flag.own.split(".")[0])
            if whole.is_one_of(row.get("flags", ())) and not off:
                told = f"{invocation.title} gives {invocation.runner} {flag.name}"
                return Note(f"{told}: {row['reason']}", flag.at)
        for variable in _variables(invocation):
            is_off = variable.known and (variable.text or "") in row.get("but-as", ("",))
            if variable.name in row.get("variables", ()) and not is_off:
                told = f"{invocation.title} sets {variable.name} for {invocation.runner}"
                return Note(f"{told}: {row['reason']}", variable.at)
    return None


def _variables(invocation: Invocation) -> tuple[Variable, ...]:
    """What is set for the runner; the last of a name counts."""
    found: dict[str, Variable] = {}
    for one in invocation.assignments:
        if one.when == "on-windows":
            continue
        text = None if one.value is None else one.value.text
        known = one.when == "always" and (one.value is None or text is not None)
        found.pop(one.name, None)
        found[one.name] = Variable(one.name, text, one.origin, known)
    return tuple(found.values())


def _config_of(
    workspace: Workspace, invocation: Invocation, line: CommandLine
) -> tuple[str, bool] | Note | None:
    """The config that is read, and whether it is named; None where the runner finds none."""
    folder = invocation.folder.path
    where = f"{invocation.title} starts {invocation.runner}"
    if folder is None:
        return Note(
            f"{where} in a folder that is not known: {invocation.folder.reason}",
            invocation.chain[:1],
        )
    if folder and not escapes(folder) and not _is_folder(workspace, folder):
        return Note(f"{where} in {folder}, which is not there", invocation.chain[:1])
    started_in = folder
    for flag in _of(line, _ROOT[invocation.runner])[-1:]:
        text = _text(flag)
        if text is None:
            return Note(f"{where} in a folder that is not known", flag.at)
        folder = join(folder, text)
    if line.last("--no-config") is not None:
        return None  # the runner's own defaults
    named = _of(line, _CONFIG)[-1:]
    if not named:
        if escapes(folder):
            return None
        found = _found_by_itself(workspace, invocation.runner, "" if folder == "." else folder)
        return None if found is None else (found, False)
    text = _text(named[0])
    if text is None or text.startswith("{"):
        return Note(f"{where} with a config that is not known", named[0].at)
    # vitest looks for it from its root, the others from where they are started.
    file = join(folder if invocation.runner == "vitest" else started_in, text)
    if escapes(file):
        return Note(f"{where} with a config outside the root, which is not read", named[0].at)
    if not workspace.is_file(file):
        inner = config_in(workspace, "" if file == "." else file, invocation.runner)
        if inner is None:
            return Note(f"{where} with {file}, which is not there", named[0].at)
        return inner, False
    return file, True


def _is_folder(workspace: Workspace, folder: str) -> bool:
    path = workspace.path(folder)
    return path is not None and path.is_dir()


def _found_by_itself(workspace: Workspace, runner: str, folder: str) -> str | None:
    """The config that a runner finds from a folder: only there, or upwards."""
    for above in ancestors(folder):
        found = config_in(workspace, above, runner)
        if found is not None:
            return found
        if not _climbs(workspace, runner, above, folder):
            return None
    return None


def _climbs(workspace: Workspace, runner: str, here: str, folder: str) -> bool:
    """Whether the runner looks on above a folder without a config.

    vitest up to 4 (measured); jest up to the nearest package.json (source of 27.5.1 to 30.5.2);
    Playwright never (source of 1.30.0 to 1.65.1).
    """
    if runner == "vitest":
        installed, _ = runner_version(workspace, folder, "vitest")
        return installed.version is not None and matches(installed.version, "<5")
    return runner == "jest" and not workspace.is_file(posixpath.join(here, "package.json"))


def _of(line: CommandLine, names: Sequence[str]) -> list[Flag]:
    return [flag for flag in line.flags if flag.is_one_of(names)]


def _text(flag: Flag) -> str | None:
    value = flag.value
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None
