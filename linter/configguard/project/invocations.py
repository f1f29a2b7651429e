"""Scripts of package.json (and, for others, any command) to the test runners they start.

`invocations(workspace, folders)` follows every script of the package.json files in some folders;
`invocations_of(workspace, command, folder)` follows one command, such as a step of a workflow. What
cannot be followed gives no invocation, and is told in `Followed.left`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from configguard.project.following import Follower
from configguard.project.manifests import problem_at, read_text, yaml_at
from configguard.project.problems import PathProblem
from configguard.project.scripts import package_at
from configguard.project.ways import Start, Way
from configguard.project.wrappers import NotFollowed
from configguard.resources import table
from configguard.runners.flags import CommandLine, command_line
from configguard.source.document import Document
from configguard.source.span import Origin
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace
from configguard.syntax.commands import Command
from configguard.syntax.shell_state import Assignment, Folder, Reached
from configguard.syntax.shell_words import Word
from configguard.syntax.trees import BadSyntax


class Invocation(NamedTuple):
    """One start of a runner.

    `name` is the script's (or given by the caller), `package` the folder of its package.json.
    `argv` is what stands behind the runner's name, and `line` what the runner reads from it (as its
    newest version does); `subcommand` is the first word, where it is one. `assignments`: what is
    set in its environment, in order (the last of a name counts). `folder`: where it runs, from the
    root. `chain`: the commands through which it is reached, its own first. `doubts`: what may have
    changed the environment and is not followed. `in_ci`: only where CI is set, or not. `bins`: the
    package whose commands it finds first, if that is not where it runs.
    `unnamed`: how messages call a step that has no name.
    """

    id: str
    kind: Literal["script", "ci"]
    name: str
    package: str
    runner: str
    argv: tuple[Word, ...]
    line: CommandLine
    subcommand: str | None
    assignments: tuple[Assignment, ...]
    folder: Folder
    chain: Origin
    reached: Reached
    beside: bool
    guarded: bool
    doubts: Origin
    in_ci: bool | None = None
    bins: str | None = None
    unnamed: str = ""

    @property
    def job(self) -> str | None:
        """The job of a CI step."""
        return None

    @property
    def unread(self) -> tuple[object, ...]:
        """All of it but the `line`, which follows from its words."""
        return tuple(value for value in self if value is not self.line)

    @property
    def title(self) -> str:
        """How messages call it."""
        if self.unnamed:
            return self.unnamed
        if self.kind == "ci":
            return f'the step "{self.name}"'
        where = f" of {self.package}" if self.package else ""
        return f'the script "{self.name}"{where}'


class Followed(NamedTuple):
    """The invocations, what is wrong with the files on the way, and what was not followed."""

    invocations: tuple[Invocation, ...]
    problems: tuple[PathProblem, ...]
    left: tuple[NotFollowed, ...]


def invocations(workspace: Workspace, folders: Iterable[str]) -> Followed:
    """What the scripts of the package.json files in `folders` start, in the order of the files."""
    follower = Follower(workspace)
    found: list[Invocation] = []
    problems: list[PathProblem] = []
    for folder in folders:
        broken = _broken_workspace(workspace, folder)
        problems += [broken] if broken is not None else []
        package = package_at(workspace, folder)
        if package is None:
            continue
        if package.problem is not None:
            problems.append(package.problem)
        for name in package.scripts:
            starts = follower.of_script(package, name)
            prefix = f"script:{folder or '.'}:{name}"
            found += invocations_for("script", name, folder, prefix, starts)
    problems += [problem_of(workspace, bad) for bad in follower.bad]
    return Followed(
        tuple(found),
        tuple(dict.fromkeys(problems)),
        tuple(dict.fromkeys(follower.left)),
    )


def _broken_workspace(workspace: Workspace, folder: str) -> PathProblem | None:
    """What is wrong with a pnpm-workspace.yaml: without it no package of it is known."""
    file = posixpath.join(folder, "pnpm-workspace.yaml")
    document = read_text(workspace, file) if workspace.is_file(file) else None
    found = yaml_at(document) if isinstance(document, Document) else document
    return found if isinstance(found, PathProblem) else None


def invocations_of(
    workspace: Workspace,
    command: Command,
    folder: str,
    *,
    identifier: str,
    name: str,
    assignments: Sequence[Assignment] = (),
) -> Followed:
    """What one command of a CI service starts; `folder` is where its script runs.

    `assignments` are the environment that the step gives it.
    """
    follower = Follower(workspace)
    way = Way(Folder(folder), tuple(assignments))
    starts = follower.of_command(command, way)
    return Followed(
        tuple(invocations_for("ci", name, folder, identifier, starts)),
        tuple(dict.fromkeys(problem_of(workspace, bad) for bad in follower.bad)),
        tuple(dict.fromkeys(follower.left)),
    )


def invocations_for(
    kind: Literal["script", "ci"], name: str, package: str, prefix: str, starts: Sequence[Start]
) -> list[Invocation]:
    """The invocations among what is started, numbered in their order."""
    found: list[Invocation] = []
    for start in starts:
        row = table("project/commands")["runners"][start.runner]
        line = command_line(start.runner, None, start.argv)
        first = line.words[0].text if line.words else None
        subcommand = first if first in row.get("subcommands", ()) else None
        runs = row.get("runs-tests")
        if runs is not None and subcommand is not None and subcommand not in runs:
            continue
        if start.runner == "playwright" and subcommand is None:
            continue  # without a subcommand it prints its help
        prints = (*row.get("prints", ()), *(row.get("prints-alone", ()) if not subcommand else ()))
        if line.last(*prints) is not None:
            continue
        way = start.way
        number = len(found) + 1
        found.append(
            Invocation(
                prefix if number == 1 else f"{prefix}#{number}",
                kind,
                name,
                package,
                start.runner,
                start.argv,
                line,
                subcommand,
                way.assignments,
                way.folder,
                way.chain,
                way.reached,
                way.beside,
                way.guarded,
                way.doubts,
                way.in_ci,
                way.bins,
            )
        )
    return found


def problem_of(workspace: Workspace, bad: BadSyntax) -> PathProblem:
    """What is to be said of a script that cannot be read."""
    message = f"this script cannot be read: {bad.reason}"
    document = workspace.read(bad.span.file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return PathProblem(f"{bad.span.file}: {message}", bad.span.file, "warning", at=(bad.span,))
    problem = problem_at(document, message, bad.span.start, bad.span.end)
    return problem._replace(severity="warning")
