"""What a CI service runs: jobs, their steps, and for each step its script and surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from configguard.project.ci.texts import Text
from configguard.project.problems import PathProblem
from configguard.source.span import Origin, Span
from configguard.syntax.commands import Script, commands_of
from configguard.syntax.shell_state import Assignment, Folder
from configguard.syntax.shell_words import Word, known_word

Provider = Literal["github", "gitlab", "azure"]
Level = Literal["provider", "image", "workflow", "job", "action", "step", "written"]
"""Where a variable is set; `written`: an earlier step wrote it for the later ones."""
Platform = Literal["linux", "win32", "darwin"]
Reached = Literal["always", "maybe", "never"]

Case = tuple[tuple[str, str], ...]
"""One combination of a matrix: names and texts, those known only later left out."""


class Variable(NamedTuple):
    """An environment variable that a CI file sets; `value.text` is None where it is unknown."""

    name: str
    value: Word
    level: Level
    origin: Origin


class Timeout(NamedTuple):
    """After how many minutes the service stops a job or step; None: not known, and why."""

    minutes: float | None
    reason: str | None
    origin: Origin


class Shell(NamedTuple):
    """What reads a step's script. `reason`: why its words are not known; None for bash and sh."""

    name: str
    errexit: bool = True
    reason: str | None = None


class Job(NamedTuple):
    """One job of a CI file.

    `reached` "never": its condition is false; it has no steps then.
    `called_from`: the places that call the workflow it stands in, innermost first. `services`:
    names of what runs beside it. `platform` None: nothing in the file tells.
    """

    provider: Provider
    file: str
    id: str
    span: Span
    reached: Reached
    timeout: Timeout | None
    platform: Platform | None
    container: bool
    services: tuple[str, ...]
    called_from: Origin = ()

    @property
    def title(self) -> str:
        """How messages call it. A job of Azure without a name is counted, from 0, by its id."""
        stage, _, own = self.id.rpartition(".")
        if self.provider != "azure" or not own.isdigit():
            return f'the job "{self.id}"'
        which = f" ({int(own) + 1})" if own != "0" else ""
        return f"the unnamed job{which}" + (f' of the stage "{stage}"' if stage else "")


class Step(NamedTuple):
    """One step of a job as it runs in some `cases` of the job's matrix.

    `position`: its place in the job, from 0; of a step in an action of the repository, "2.0".
    `script` is None where the step runs none. `folder` is seen from the root of the repository.
    `environment`: what CI files set, innermost level only; the service's own variables are in
    `provider_variables`. `doubts`: what may have changed the environment without being followed.
    """

    job: Job
    position: str
    name: str | None
    span: Span
    script: Text | None
    shell: Shell
    environment: Mapping[str, Variable]
    folder: Folder
    reached: Reached
    timeout: Timeout | None
    doubts: Origin
    cases: tuple[Case, ...] = ()

    @property
    def id(self) -> str:
        """The step's place: `file/job/index`, as the ids of suites name it."""
        return f"{self.job.file}/{self.job.id}/{self.position}"

    @property
    def counted(self) -> str:
        """How messages call it without its name, counted from 1 as people do."""
        place = ".".join(str(int(part) + 1) for part in self.position.split("."))
        return f"step {place} of {self.job.title}"

    @property
    def likeness(self) -> tuple[object, ...]:
        """What is equal in cases that differ in nothing that matters."""
        script, values = self.script, [one.value for one in self.environment.values()]
        return (
            *(one for one in self[:-1] if not isinstance(one, (dict, Text))),
            script and (script.data, script.holes),
            tuple(self.environment),
            tuple((one.text, one.reason) for one in values),
        )

    def commands(self) -> Script | None:
        """The commands of its script, with the environment and the folder that they run in.

        None where it has none. Where `shell.reason` is set their words are not known.
        """
        if self.script is None or self.shell.reason is not None:
            return None
        given = {
            name: Assignment(name, one.value, one.origin) for name, one in self.environment.items()
        }
        return commands_of(
            self.script.data,
            self.script.at,
            errexit=self.shell.errexit,
            holes=self.script.holes,
            variables=given,
        )


class Reading(NamedTuple):
    """All that the CI files of a project run, and what is wrong with them."""

    jobs: tuple[Job, ...]
    steps: tuple[Step, ...]
    problems: tuple[PathProblem, ...]


def variable_of(name: str, text: Text, level: Level) -> Variable:
    """A variable with the text that a file gives it."""
    return Variable(name, text.word(), level, text.origin)


def fixed_word(text: str, origin: Origin) -> Word:
    """A known text that stands nowhere as such: it maps to its origin as a whole."""
    from configguard.source.text_map import Piece, TextMap

    span = origin[0]
    piece = Piece(0, len(text.encode()), span.start, span.end, True)
    return known_word(text, origin, TextMap(span.file, [piece], span.start))
