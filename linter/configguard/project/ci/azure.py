"""`azure-pipelines.yml` to jobs and steps: stages, jobs, plain templates, matrices.

Facts: Microsoft's YAML schema reference; the tasks' sources (azure-pipelines-tasks).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from configguard.project.ci.azure_steps import (
    environment_name,
    folder_of_step,
    platform_of,
    script_of,
    timeout_of,
)
from configguard.project.ci.azure_texts import Values, azure_text, filled_value, names_of
from configguard.project.ci.expressions import Opaque, Value
from configguard.project.ci.files import AZURE_FOLDERS, CiFiles
from configguard.project.ci.github_parts import least
from configguard.project.ci.model import (
    Case,
    Job,
    Level,
    Reached,
    Step,
    Variable,
    variable_of,
)
from configguard.source.span import Origin, Span, chain
from configguard.source.workspace import escapes, folder_of, join
from configguard.syntax.shell_words import unknown_word
from configguard.syntax.yaml_nodes import Mapping as Map
from configguard.syntax.yaml_nodes import Node, Scalar

NAMES = re.compile(r"\.?azure-pipelines?[\w.-]*\.ya?ml")
MAX_TEMPLATES = 100
"""Templates are followed so often; Azure allows as many files."""
MAX_CASES = 256
MAX_VARIABLES = 300

_WRITES = re.compile(rb"task\.setvariable\s+variable=([\w.-]+)", re.IGNORECASE)
_STATUS = re.compile(r"\s*(?:succeeded|always|succeededOrFailed)\(\s*\)\s*", re.IGNORECASE)


class _Place(NamedTuple):
    """Where a node stands: its file, the parameters of its template, how it is reached."""

    file: str
    parameters: Mapping[str, Value]
    reached: Reached = "always"
    depth: int = 0


@dataclass
class _Around:
    """What holds around the next step of a job; it changes from step to step."""

    job: Job
    variables: dict[str, Variable]
    doubts: Origin = ()
    checkouts: int = 0
    index: int = 0
    case: Case = ()


def read_azure(files: CiFiles) -> tuple[list[Job], list[Step]]:
    """The jobs and steps of the pipelines of a project."""
    reader = _Reader(files)
    for folder in AZURE_FOLDERS:
        for file in files.names(folder, (".yml", ".yaml")):
            if NAMES.fullmatch(file.rpartition("/")[2]):
                root = files.mapping(file)
                if root is not None:
                    reader.pipeline(file, root)
    return reader.jobs, reader.steps


class _Reader:
    """All pipelines under way."""

    def __init__(self, files: CiFiles) -> None:
        self.files = files
        self.jobs: list[Job] = []
        self.steps: list[Step] = []
        self.templates = 0
        self._seen: dict[tuple[object, ...], int] = {}

    def pipeline(self, file: str, root: Map) -> None:
        """Read one pipeline: stages, jobs, or steps alone."""
        place = _Place(file, _defaults(root))
        variables: dict[str, Variable] = {}
        doubts = self._variables(root.get("variables"), place, "workflow", variables)
        if root.get("extends") is not None:
            extended = self.files.expect(root.get("extends"), "`extends`")
            if extended is not None:
                self._level(extended, place, variables, doubts, root.get("pool"), "")
            return
        self._level(root, place, variables, doubts, None, "")

    def _level(
        self,
        node: Map,
        place: _Place,
        variables: dict[str, Variable],
        doubts: Origin,
        pool: Node | None,
        stage: str,
    ) -> None:
        """A pipeline, a stage or a template: whatever of stages, jobs and steps it holds."""
        pool = node.get("pool") or pool
        if node.get("template") is not None:
            found = self._template(node, place)
            if found is not None:
                inner, at = found
                self._level(inner, at, variables, doubts, pool, stage)
            return
        for item, at in self._items(node.get("stages"), place):
            own = dict(variables)
            also = self._variables(item.get("variables"), at, "workflow", own)
            name = item.get("stage")
            reached = least(at.reached, _condition(item.get("condition")))
            inner_stage = name.text if isinstance(name, Scalar) else stage
            self._level(
                item, at._replace(reached=reached), own, chain(doubts, also), pool, inner_stage
            )
        for number, (item, at) in enumerate(self._items(node.get("jobs"), place)):
            if item.get("template") is not None:
                self._level(item, at, variables, doubts, pool, stage)
            else:
                self._job(item, at, variables, doubts, pool, f"{stage}.{_name(item, number)}")
        if node.get("steps") is not None and node.get("job") is None:
            self._job(node, place, variables, doubts, pool, f"{stage}.0")

    def _items(self, node: Node | None, place: _Place) -> Iterator[tuple[Map, _Place]]:
        """The items of a list; those under `${{ if … }}:` may be there."""
        for item in self.files.listed(node, "the list"):
            if not isinstance(item, Map):
                continue
            conditional = [
                (key, value)
                for key, value in item.pairs
                if isinstance(key, Scalar) and key.text.startswith("${{")
            ]
            if not conditional:
                yield item, place
                continue
            if place.depth >= MAX_TEMPLATES:
                continue
            maybe = place._replace(reached=least(place.reached, "maybe"), depth=place.depth + 1)
            for key, value in conditional:
                assert isinstance(key, Scalar)
                inner = maybe
                each = re.match(r"\$\{\{\s*each\s+(\w+)", key.text)
                if each is not None:
                    unknown = Value(Opaque(f"`{each[1]}` is different each time"))
                    inner = maybe._replace(parameters={**place.parameters, each[1]: unknown})
                yield from self._items(value, inner)

    def _template(self, node: Map, place: _Place) -> tuple[Map, _Place] | None:
        """The template that a node names, with its parameters."""
        target = node.get("template")
        if not isinstance(target, Scalar):
            return None
        text = target.text.removesuffix("@self")
        if "@" in text or "${{" in text or "$(" in text:
            return None
        base = "" if text.startswith("/") else folder_of(place.file)
        file = join(base, text.lstrip("/"))
        self.templates += 1
        if escapes(file) or place.depth >= MAX_TEMPLATES or self.templates > MAX_TEMPLATES:
            self.files.wrong(target, f"the template {text!r} cannot be read here")
            return None
        root = self.files.mapping(file)
        if root is None:
            self.files.wrong(target, f"the template {text!r} cannot be read here")
            return None
        given = node.get("parameters")
        passed = {
            name: filled_value(value, Values(place.parameters, {}))
            for name, (_, value) in (given.entries if isinstance(given, Map) else {}).items()
        }
        parameters = {**_defaults(root), **passed}
        return root, _Place(file, parameters, place.reached, place.depth + 1)

    def _variables(
        self, node: Node | None, place: _Place, level: Level, into: dict[str, Variable]
    ) -> Origin:
        """Add the variables of one level; what else may set some is returned."""
        values = Values(place.parameters, into)
        if isinstance(node, Map):
            for name, (key, value) in node.entries.items():
                if "${{" in name or len(into) > MAX_VARIABLES:
                    return (key.span,)
                self._variable(name, value, values, level, into)
            return ()
        doubts: list[Span] = []
        for item in self.files.listed(node, "`variables`"):
            name_node = item.get("name") if isinstance(item, Map) else None
            value_node = item.get("value") if isinstance(item, Map) else None
            if isinstance(item, Map) and isinstance(name_node, Scalar) and value_node is not None:
                self._variable(name_node.text, value_node, values, level, into)
                continue
            found = self._template(item, place) if isinstance(item, Map) else None
            if found is not None:
                doubts += self._variables(found[0].get("variables"), found[1], level, into)
            else:
                doubts.append(item.span)
        return tuple(doubts)

    def _variable(
        self, name: str, node: Node, values: Values, level: Level, into: dict[str, Variable]
    ) -> None:
        if isinstance(node, Scalar):
            into[name] = variable_of(name, azure_text(node, values), level)
        else:
            reason = "its value is no text"
            into[name] = Variable(name, unknown_word(reason, (node.span,)), level, (node.span,))

    def _job(
        self,
        node: Map,
        place: _Place,
        variables: dict[str, Variable],
        doubts: Origin,
        pool: Node | None,
        name: str,
    ) -> None:
        reached = least(place.reached, _condition(node.get("condition")))
        own = dict(variables)
        is_job = node.get("job") is not None or node.get("deployment") is not None
        also: Origin = ()
        if is_job:  # else its variables are known already
            also = self._variables(node.get("variables"), place, "job", own)
        steps = node.get("steps") or _deployed(node)
        for case, extra in self._cases(node.get("strategy"), place):
            if not self.files.counted(1, node.span):
                return
            known = {**own, **extra}
            values = Values(place.parameters, known)
            job = Job(
                provider="azure",
                file=place.file,
                id=name.lstrip("."),
                span=node.span,
                reached=reached,
                timeout=timeout_of(node.get("timeoutInMinutes"), values),
                platform=platform_of(node.get("pool") or pool, values),
                container=node.get("container") is not None,
                services=tuple(names_of(node.get("services"))),
            )
            if job not in self.jobs:
                self.jobs.append(job)
            if reached == "never":
                return
            around = _Around(job, known, chain(doubts, also), case=case)
            self._steps(steps, place._replace(reached=reached), around)

    def _cases(
        self, node: Node | None, place: _Place
    ) -> Iterator[tuple[Case, dict[str, Variable]]]:
        """The jobs of a `strategy: matrix`, each with its variables."""
        matrix = node.get("matrix") if isinstance(node, Map) else None
        if not isinstance(matrix, Map):
            yield (), {}
            return
        for name, (_, value) in list(matrix.entries.items())[:MAX_CASES]:
            made: dict[str, Variable] = {}
            self._variables(value if isinstance(value, Map) else None, place, "job", made)
            yield (("job", name),), made

    def _steps(self, node: Node | None, place: _Place, around: _Around) -> None:
        for item, at in self._items(node, place):
            if not self.files.counted(1, item.span):
                return
            if item.get("template") is not None:
                found = self._template(item, at)
                if found is None:
                    around.doubts = chain(around.doubts, (item.span,))
                else:
                    self._steps(found[0].get("steps"), found[1], around)
                continue
            made = self._step(item, at, around)
            around.index += 1
            if made is not None:
                self._keep(made)
                self._remember(made, around)

    def _keep(self, step: Step) -> None:
        """Keep a step; where it is the same in the case before, once."""
        place = self._seen.setdefault(step.likeness, len(self.steps))
        if place == len(self.steps):
            self.steps.append(step)
        else:
            known = self.steps[place]
            self.steps[place] = known._replace(cases=(*known.cases, *step.cases))

    def _remember(self, step: Step, around: _Around) -> None:
        """What `##vso[task.setvariable …]` sets is not known to later steps."""
        for name in _WRITES.findall(step.script.data if step.script else b""):
            text = name.decode()
            word = unknown_word("a step sets it while it runs", (step.span,))
            around.variables[text] = Variable(text, word, "written", (step.span,))

    def _step(self, node: Map, place: _Place, around: _Around) -> Step | None:
        if node.get("checkout") is not None:
            around.checkouts += 1
            return None
        enabled = node.get("enabled")
        off = isinstance(enabled, Scalar) and enabled.text.lower() == "false"
        reached = least(place.reached, _condition(node.get("condition")))
        values = Values(place.parameters, around.variables)
        found = script_of(node, around.job, values)
        if found is None or off or reached == "never":
            return None
        script, shell, directory = found
        environment = {
            (made := environment_name(name)): one._replace(name=made)
            for name, one in around.variables.items()
        }
        own = node.get("env")
        doubts = around.doubts
        if isinstance(own, Map):
            for name, (_, value) in own.entries.items():
                if isinstance(value, Scalar):
                    environment[name] = variable_of(name, azure_text(value, values), "step")
        elif own is not None:
            doubts = chain(doubts, (own.span,))
        shown = node.get("displayName") or node.get("name")
        return Step(
            job=around.job,
            position=str(around.index),
            name=shown.text if isinstance(shown, Scalar) else None,
            span=node.span,
            script=script,
            shell=shell,
            environment=environment,
            folder=folder_of_step(directory, around.checkouts, around.job, values),
            reached=reached,
            timeout=timeout_of(node.get("timeoutInMinutes"), values),
            doubts=doubts,
            cases=(around.case,),
        )


def _defaults(root: Map) -> dict[str, Value]:
    """The parameters of a file with their defaults."""
    node = root.get("parameters")
    if isinstance(node, Map):
        return {name: filled_value(one, Values({}, {})) for name, (_, one) in node.entries.items()}
    found: dict[str, Value] = {}
    for item in node.items if node is not None and not isinstance(node, Scalar) else ():
        name = item.get("name") if isinstance(item, Map) else None
        default = item.get("default") if isinstance(item, Map) else None
        if isinstance(name, Scalar):
            unknown = Value(Opaque(f"whoever runs the pipeline gives `{name.text}`"))
            found[name.text] = filled_value(default, Values({}, {})) if default else unknown
    return found


def _name(job: Map, number: int) -> str:
    name = job.get("job") or job.get("deployment")
    return name.text if isinstance(name, Scalar) and name.text else str(number)


def _deployed(node: Map) -> Node | None:
    """The steps of a deployment job that runs once."""
    found: Node | None = node.get("strategy")
    for key in ("runOnce", "deploy", "steps"):
        found = found.get(key) if isinstance(found, Map) else None
    return found


def _condition(node: Node | None) -> Reached:
    if not isinstance(node, Scalar) or node.is_null or _STATUS.fullmatch(node.text):
        return "always"
    return "never" if node.text.strip().lower() == "false" else "maybe"
