"""One command, through the wrappers and scripts that it goes through, to the runners it starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from configguard.project.arguments import hooks_run
from configguard.project.interest import file_of_interest, names_a_runner, words_of_interest
from configguard.project.manager_commands import (
    named_script,
    package_command,
    yarn_workspace,
    yarn_workspaces,
)
from configguard.project.nx import nx
from configguard.project.scripts import (
    ManagerInUse,
    Package,
    ScriptText,
    manager_of,
    nearest_package,
)
from configguard.project.several_commands import (
    patterns,
    servers,
    shells,
    tasks,
    wireit,
)
from configguard.project.ways import Start, Way, after, as_whole, inside, joined
from configguard.project.windows_words import is_path_of_a_runner, on_any_platform
from configguard.project.wrappers import (
    NotFollowed,
    Unwrapped,
    command_name,
    is_wrapper,
    of_file,
    of_runner,
    unwrap,
)
from configguard.resources import table
from configguard.source.document import Document
from configguard.source.span import Origin, Span, chain
from configguard.source.text_map import Piece, TextMap
from configguard.source.workspace import Workspace, escapes, join
from configguard.syntax.commands import Command, Script, commands_of
from configguard.syntax.shell_words import Word, unknown_word
from configguard.syntax.trees import BadSyntax

MAX_DEPTH = 10
MAX_COMMANDS = 500
"""Commands that one script leads to; a real one leads to a few dozen."""
MAX_OF_PACKAGE = 5_000
"""The same for all scripts of a package.json."""

_PLACE = "__configguard_argument_{}__"
_PLACED = re.compile(r"__configguard_argument_(\d+)__")


_Handler = Callable[["Follower", Unwrapped, Way], None]
_HANDLERS: dict[str, _Handler] = {
    "package-command": package_command,
    "script": named_script,
    "script-or-command": named_script,
    "yarn-workspace": yarn_workspace,
    "yarn-workspaces": yarn_workspaces,
    "shells": shells,
    "script-patterns": patterns,
    "servers": servers,
    "wireit": wireit,
    "tasks": tasks,
    "nx-run": nx,
    "nx-many": nx,
    "nx-target": nx,
}


class Follower:
    """Follows commands of one workspace; `bad` and `left` gather what went wrong on the way."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.bad: list[BadSyntax] = []
        self.left: list[NotFollowed] = []
        self.starts: list[Start] = []
        self._words: Sequence[Word] = ()
        self._steps = 0
        self._of_package = 0
        self._folder = ""
        self._parsed: dict[tuple[Span, int], Script] = {}

    def of_script(self, package: Package, name: str) -> list[Start]:
        """What a script starts when its package manager runs it."""
        self._begin(package.folder)
        manager = manager_of(self.workspace, package.folder)
        self.script(package, name, (), Way(), manager)
        return self.starts

    def of_command(self, command: Command, way: Way, group: str = "") -> list[Start]:
        """What one command starts; those of one group share a bound."""
        self._begin(group)
        self.command(command, way)
        return self.starts

    def _begin(self, folder: str) -> None:
        """Begin with another script; those of one package.json share a bound."""
        self._of_package = self._of_package + self._steps if folder == self._folder else 0
        self.starts, self._steps, self._folder = [], 0, folder

    # --- texts ---

    def script(
        self,
        package: Package,
        name: str,
        arguments: Sequence[Word],
        way: Way,
        manager: ManagerInUse,
    ) -> None:
        """Run a script of package.json, with what runs before and after it."""
        place = (package.folder, name)
        text = package.scripts.get(name)
        if text is None or place in way.stack or len(way.stack) >= MAX_DEPTH:
            return
        way = way.into(package.folder)._replace(stack=(*way.stack, place), bins=package.folder)
        hooks = hooks_run(manager)
        for prefix in ("pre", "", "post"):
            script = package.scripts.get(prefix + name)
            if script is None or (prefix and hooks is False):
                continue
            given = () if prefix else arguments
            self.text(script, given, way if not prefix or hooks else way.at_least("maybe"))
            if hooks or not prefix:
                way = way.at_least("after-success")

    def text(self, script: ScriptText, arguments: Sequence[Word], way: Way) -> None:
        """Run the text of a script with arguments behind it, as if they were written there."""
        if not arguments and not _leads_on().search(script.text):
            return
        key = (script.span, len(arguments))
        parsed = self._parsed.get(key)
        if parsed is None:
            places = "".join(f" {_PLACE.format(index)}" for index in range(len(arguments)))
            data = places.encode()
            size = len(script.text)
            end = script.at.span(size, size).end
            piece = Piece(size, size + len(data), end, end, True)
            at = TextMap(script.at.file, [*script.at.pieces, piece], end)
            parsed = self._parsed[key] = commands_of(script.text + data, at)
        if parsed.bad is not None and any(name in script.text for name in _runner_names()):
            bad = parsed.bad
            inside = Span(
                bad.span.file,
                min(bad.span.start, script.span.end),
                min(bad.span.end, script.span.end),
            )
            self.bad.append(bad._replace(span=inside))
        for command in parsed.commands:
            words = [one for word in command.words for one in _put_in(word, arguments)]
            words = [on_any_platform(word) for word in words]
            self.command(command._replace(words=tuple(words)), way)

    def shell(self, words: Sequence[Word], way: Way) -> None:
        """Run words, joined by blanks, as a script of their own."""
        data = bytearray()
        pieces: list[Piece] = []
        held: list[Word] = []
        if not words:
            return
        file = words[0].span.file
        for word in words:
            text = b" " if data else b""
            if word.text is None or word.span.file != file:
                held.append(word)
                text += _PLACE.format(len(held) - 1).encode()
                span = word.span if word.span.file == file else words[0].span
                made = [Piece(0, len(text), span.start, span.end, True)]
            else:
                blank = Piece(0, len(text), word.span.start, word.span.start, True)
                size = len(text)
                made = [blank] + [
                    one._replace(start=one.start + size, end=one.end + size)
                    for one in word.at.pieces
                ]
                text += word.text.encode("utf-8", "replace")
            at = len(data)
            pieces += (one._replace(start=one.start + at, end=one.end + at) for one in made)
            data += text
        parsed = commands_of(
            bytes(data), TextMap(file, pieces, words[0].span.start if words else 0)
        )
        if parsed.bad is not None and any(name in data for name in _runner_names()):
            self.bad.append(parsed.bad)
        for command in parsed.commands:
            filled = [one for word in command.words for one in _put_in(word, held)]
            self.command(command._replace(words=tuple(filled)), way)

    def file(self, word: Word, way: Way) -> None:
        """Run a shell script that is a file of the repository; its arguments are unknown in it."""
        folder = way.folder.path
        if word.text is None or folder is None or len(way.stack) >= MAX_DEPTH:
            return
        file = posixpath.normpath(posixpath.join(folder, word.text))
        if escapes(file) or not self.workspace.is_file(file) or ("", file) in way.stack:
            return
        document = self.workspace.read(file)
        if not isinstance(document, Document):
            return
        errexit = document.data.startswith(b"#!") and b" -e" in document.data.split(b"\n", 1)[0]
        at = TextMap.straight(file, 0, len(document.data))
        parsed = commands_of(document.data, at, errexit=errexit)
        if parsed.bad is not None and any(name in document.data for name in _runner_names()):
            self.bad.append(parsed.bad)
        way = way._replace(stack=(*way.stack, ("", file)))
        for command in parsed.commands:
            self.command(command, way)

    # --- commands ---

    def command(self, command: Command, way: Way) -> None:
        """Follow a command that stands in a script reached by `way`."""
        self._steps += 1
        over = max(self._steps - MAX_COMMANDS, self._of_package + self._steps - MAX_OF_PACKAGE)
        if over > 0:
            if over == 1:
                self.left.append(NotFollowed("it leads to too many commands", (command.span,)))
            return
        in_ci = _in_ci(command, way)
        if not command.words or in_ci == "never":
            return
        way = way.at_least(command.reached)._replace(
            in_ci=in_ci,
            folder=joined(way.folder, command.folder),
            assignments=after(way.assignments, command.assignments),
            beside=way.beside or command.beside,
            chain=chain((_extent(command),), way.chain),
            doubts=chain(way.doubts, command.doubts),
        )
        self._input(command)
        self.words(command.words, way)

    def _input(self, command: Command) -> None:
        """Tell of a shell that reads what it runs from its input: `bash <<EOF`."""
        given = [one.target for one in command.redirects if one.operator in ("<<", "<<<", "<")]
        found = unwrap(command.words) if given and command.words[0].text else None
        if not isinstance(found, Unwrapped) or found.then != "shell-file":
            return
        reads_it = found.script is None and not found.words
        if reads_it and words_of_interest(self.workspace, given):
            reason = "what a shell reads from its input is not followed"
            self.left.append(NotFollowed(reason, given[0].origin))

    def words(self, words: Sequence[Word], way: Way) -> None:
        """Follow a command line."""
        before, self._words = self._words, [self._settled(word, way) for word in words]
        try:
            self._line(self._words, way)
        finally:
            self._words = before

    def _line(self, words: Sequence[Word], way: Way) -> None:
        if not words:
            return
        if words[0].text is None:
            self.leave(str(words[0].reason), words[0].origin)
            return
        runner = of_runner(words)
        if runner is not None:
            found_in = way if words[0].text == command_name(words[0]) else _of_path(words[0], way)
            self.starts.append(Start(runner[0], tuple(words[runner[1] :]), found_in))
            return
        found = unwrap(words)
        if isinstance(found, NotFollowed):
            self.leave(found.reason, found.at)
        elif found is not None:
            self._unwrapped(found, way)
        elif words[0].text.endswith((".sh", ".bash")):
            self.file(words[0], way)
        elif is_path_of_a_runner(self.workspace, words[0]):
            self.leave("it is the path of a command on Windows alone", words[0].origin)
        elif not is_wrapper(words[0]) and names_a_runner(words):
            name = posixpath.basename(words[0].text)
            self.leave(f"what {name} starts is not followed", words[0].origin)

    def _settled(self, word: Word, way: Way) -> Word:
        """A pattern as it stands where no file of its folder fits: `run-s test:*`."""
        literal, folder = word.literal, way.folder.path
        if literal is None or folder is None or "/" in literal:
            return word
        names = [entry.name for entry in self.workspace.entries(folder)]
        names += [posixpath.basename(file) for file in self.workspace.overlay]
        if any(fnmatchcase(name, literal) for name in names):
            return word
        return as_whole(word, literal)

    def _unwrapped(self, found: Unwrapped, way: Way) -> None:
        assignments = way.assignments
        if found.lost is not None:
            assignments = tuple(
                one._replace(value=unknown_word(found.lost, one.origin)) for one in assignments
            )
        way = way._replace(
            assignments=after(assignments, found.sets),
            doubts=chain(way.doubts, found.doubts),
            guarded=way.guarded or found.guards,
        )
        if found.folder is not None:
            way = way._replace(folder=inside(way.folder.entered(found.folder)))
        match found.then:
            case "command":
                self.words(found.words, way)
            case "shell":
                self.shell(found.words, way)
            case "shell-file":
                if found.script is not None:
                    self.shell([found.script], way)
                elif found.words:
                    self.file(found.words[0], way)
            case "node" if found.tasks:
                self._run_by_node(found, way)
            case "node":
                runner = of_file(found.words[0]) if found.words else None
                if runner is not None:
                    found_in = _of_path(found.words[0], way)
                    self.starts.append(Start(runner, found.words[1:], found_in))
                elif found.words and names_a_runner(found.words):
                    self.leave(
                        f"what {found.words[0].start} starts is not followed", found.words[0].origin
                    )
            case "nothing":
                reason, files = found.row.get("leaves"), found.row.get("named-in")
                if reason is None:
                    return
                if files is None:
                    self.leave(reason, found.command[0].origin)
                elif file_of_interest(self.workspace, way.folder.path, files):
                    self.left.append(NotFollowed(reason, found.command[0].origin))
            case then:
                _HANDLERS[then](self, found, way)

    def _run_by_node(self, found: Unwrapped, way: Way) -> None:
        """`node --run x`: a script of the nearest package.json, without those around it."""
        name = found.tasks[-1]
        if name.text is None or way.folder.path is None:
            self.leave(name.reason or str(way.folder.reason), name.origin)
            return
        package = nearest_package(self.workspace, way.folder.path)
        if package is not None:
            self.script(package, name.text, found.words, way, ManagerInUse("yarn-berry", None))

    def leave(self, reason: str, at: Origin) -> None:
        """Keep why the command in question is not followed, if it looks as if it ran tests."""
        if words_of_interest(self.workspace, self._words):
            self.left.append(NotFollowed(reason, at))


@cache
def _leads_on() -> re.Pattern[bytes]:
    """What stands in every script that starts a runner, or something that may start one.

    Most scripts of a repository do neither, and need not be parsed.
    """
    data = table("project/commands")
    names = {name for row in data["runners"].values() for name in row["commands"]}
    for row in data["wrappers"]:
        if row.get("then") not in ("command", "node", "shell"):
            names |= set(row["names"])
        elif row.get("then") == "node":
            names |= set(row.get("tasks", ()))  # `node --run x`
    return re.compile(b"|".join(re.escape(str(name).encode()) for name in sorted(names)))


def _of_path(word: Word, way: Way) -> Way:
    """The way to a command that is named with its path: `../../node_modules/.bin/vitest`."""
    above = str(word.text).partition("node_modules/")[0]
    return way._replace(bins=join(way.folder.path or "", above or "."))


def _runner_names() -> Iterator[bytes]:
    return (str(name).encode() for name in table("project/commands")["runners"])


def _put_in(word: Word, arguments: Sequence[Word]) -> list[Word]:
    """The argument that a word stands for, or the word itself."""
    if not arguments or "__configguard_argument_" not in word.start:
        return [word]
    found = _PLACED.fullmatch(word.text or "")
    if found is not None and int(found[1]) < len(arguments):
        return [arguments[int(found[1])]]
    return [unknown_word("an argument of the script ends inside this word", word.origin)]


def _in_ci(command: Command, way: Way) -> bool | Literal["never"] | None:
    """Whether a command runs only in CI, or only outside, by what its script asks for."""
    if command.in_ci is None:
        return way.in_ci
    given = next((one for one in reversed(way.assignments) if one.name == "CI"), None)
    if given is None:
        return command.in_ci if way.in_ci in (None, command.in_ci) else "never"
    if given.value is not None and given.value.text is None:
        return way.in_ci
    is_set = given.value is not None and bool(given.value.text)
    return way.in_ci if is_set == command.in_ci else "never"


def _extent(command: Command) -> Span:
    """The words of a command, without what the shell reads around them."""
    spans = [word.span for word in command.words if word.span.file == command.span.file]
    inside = [one for one in spans if command.span.start <= one.start <= command.span.end]
    if not inside:
        return command.span
    return Span(command.span.file, inside[0].start, max(one.end for one in inside))
