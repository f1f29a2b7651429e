"""The CI files of a project to the runners they start: `ci_invocations(workspace)` is the entry.

Each found start says by which steps it comes about; a step tells its job, with the timeouts of
both, its environment, its folder and the cases of its matrix. What the service itself sets is in
`provider_variables`. A suite's environment `ci` under an invocation is: those, then
`Invocation.assignments` (the step's own among them). `reached` "maybe": a condition decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from configguard.project.ci.files import AZURE_FOLDERS, CiFiles
from configguard.project.ci.model import Job, Provider, Reading, Step
from configguard.project.following import Follower
from configguard.project.interest import of_interest
from configguard.project.invocations import Invocation, invocations_for, problem_of
from configguard.project.problems import PathProblem
from configguard.project.ways import Start, Way
from configguard.project.wrappers import NotFollowed
from configguard.resources import table
from configguard.source.workspace import Workspace
from configguard.syntax.trees import BadSyntax


class CiInvocation(NamedTuple):
    """A start of a runner, and the steps (cases of a matrix, callers) that bring it about."""

    invocation: Invocation
    steps: tuple[Step, ...]


class CiFollowed(NamedTuple):
    """What the CI files start, all their jobs, what is wrong in them, what was not followed."""

    invocations: tuple[CiInvocation, ...]
    jobs: tuple[Job, ...]
    problems: tuple[PathProblem, ...]
    left: tuple[NotFollowed, ...]


def read_ci(workspace: Workspace) -> Reading:
    """The jobs and steps of all CI files of a project."""
    files = CiFiles(workspace)
    jobs: list[Job] = []
    steps: list[Step] = []
    if any(entry.name == "workflows" for entry in workspace.entries(".github")):
        from configguard.project.ci.github import read_github

        _add(jobs, steps, read_github(files))
    if workspace.is_file(".gitlab-ci.yml"):
        from configguard.project.ci.gitlab import read_gitlab

        _add(jobs, steps, read_gitlab(files))
    entries = (entry for folder in AZURE_FOLDERS for entry in workspace.entries(folder))
    if any("azure-pipeline" in entry.name for entry in entries):
        from configguard.project.ci.azure import read_azure

        _add(jobs, steps, read_azure(files))
    return Reading(tuple(jobs), tuple(steps), tuple(files.problems))


def starts_commands(file: str) -> bool:
    """Whether a file is, by its name and place, one whose commands are followed."""
    folder, _, name = file.rpartition("/")
    if name == "package.json" or file == ".gitlab-ci.yml":
        return True
    is_yaml = name.endswith((".yml", ".yaml"))
    in_azure = folder in AZURE_FOLDERS and "azure-pipeline" in name
    return is_yaml and (folder == ".github/workflows" or in_azure)


def _add(jobs: list[Job], steps: list[Step], found: tuple[list[Job], list[Step]]) -> None:
    jobs += found[0]
    steps += found[1]


def ci_invocations(workspace: Workspace) -> CiFollowed:
    """What the CI files of a project start."""
    reading = read_ci(workspace)
    follower = Follower(workspace)
    left: dict[NotFollowed, None] = {}
    bad: dict[BadSyntax, None] = {}
    found: dict[str, dict[tuple[object, ...], tuple[Start, list[Step]]]] = {}
    for step in reading.steps:
        for start in _starts(follower, step, left, bad):
            known = found.setdefault(step.id, {})
            known.setdefault(_key(start), (start, []))[1].append(step)
    made: list[CiInvocation] = []
    for identifier, starts in found.items():
        made += _numbered(identifier, list(starts.values()))
    problems = [*reading.problems, *(problem_of(workspace, one) for one in (*bad, *follower.bad))]
    return CiFollowed(
        tuple(made),
        reading.jobs,
        tuple(dict.fromkeys(problems)),
        tuple(dict.fromkeys((*left, *follower.left))),
    )


def _numbered(identifier: str, starts: list[tuple[Start, list[Step]]]) -> Iterator[CiInvocation]:
    number = 0
    for start, steps in starts:
        step = steps[0]
        name = step.name or f"{step.job.id}/{step.position}"
        folder = step.folder.path or ""
        for one in invocations_for("ci", name, folder, f"ci:{identifier}", [start]):
            number += 1
            named = one if number == 1 else one._replace(id=f"{one.id}#{number}")
            if step.name is None:
                named = named._replace(unnamed=step.counted)
            yield CiInvocation(named, tuple(steps))


def _starts(
    follower: Follower,
    step: Step,
    left: dict[NotFollowed, None],
    bad: dict[BadSyntax, None],
) -> Iterator[Start]:
    if step.script is None:
        return
    script = step.commands()
    if script is None:
        if of_interest(step.script.data):
            left[NotFollowed(str(step.shell.reason), step.script.origin)] = None
        return
    if script.bad is not None and of_interest(step.script.data):
        bad[script.bad] = None
    way = Way(folder=step.folder, doubts=step.doubts)
    if step.reached != "always":
        way = way.at_least("maybe")
    for command in script.commands:
        yield from follower.of_command(command, way, step.id)


def _key(start: Start) -> tuple[object, ...]:
    """What makes two starts of one step different for whoever judges them."""
    way = start.way
    values = (
        (one.name, one.when, one.value and (one.value.text, one.value.reason))
        for one in way.assignments
    )
    return (
        start.runner,
        tuple((word.text, word.reason) for word in start.argv),
        tuple(values),
        way.folder.path,
        way.chain,
        way.beside,
        way.guarded,
    )


def provider_of(found: CiFollowed) -> Provider | None:
    """The one service that runs the project; None where there is none, or there are several."""
    providers = {job.provider for job in found.jobs}
    return providers.pop() if len(providers) == 1 else None


def provider_variables(provider: Provider) -> Mapping[str, str | None]:
    """What a service sets in every step where files set nothing; None: only it knows to what."""
    found = table("project/ci/services")[provider]
    known = {name: row["value"] for name, row in found["variables"].items()}
    return {**dict.fromkeys(found["set"]["names"]), **known}
