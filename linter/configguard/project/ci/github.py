"""GitHub workflows to the jobs they run: triggers, matrices, calls of other workflows.

How the runner does each thing: actions/runner (Sdk/WorkflowParser, Runner.Worker), 2026-08.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from configguard.project.ci.expressions import (
    BadExpression,
    Contexts,
    Opaque,
    Value,
)
from configguard.project.ci.files import CiFiles
from configguard.project.ci.github_parts import condition, least, read_environment, timeout_of
from configguard.project.ci.github_steps import Surroundings, read_steps
from configguard.project.ci.matrix import Combination, combinations
from configguard.project.ci.model import (
    Job,
    Platform,
    Reached,
    Step,
    Variable,
)
from configguard.project.ci.texts import github_value
from configguard.source.span import Origin
from configguard.source.workspace import escapes, join
from configguard.syntax.yaml_nodes import Mapping as Map
from configguard.syntax.yaml_nodes import Node, Scalar, Sequence

FOLDER = ".github/workflows"
MAX_CALLS = 10
"""Workflows that call each other are followed so deep, as GitHub does."""

_BY_HAND = "workflow_dispatch"
_BY_CALL = "workflow_call"


class _Called(NamedTuple):
    """How a workflow comes to run: what calls it, and what `inputs.x` is then."""

    reached: Reached
    called_from: Origin
    inputs: Callable[[str], Value]


def read_github(files: CiFiles) -> tuple[list[Job], list[Step]]:
    """The jobs and steps of all workflows of a project."""
    reader = _Reader(files)
    later = []
    for file in files.names(FOLDER, (".yml", ".yaml")):
        root = files.mapping(file)
        if root is None:
            continue
        triggers = _triggers(root)
        if list(triggers) == [_BY_CALL]:
            later.append((file, root))
        else:
            reader.workflow(file, root, _Called("always", (), _inputs_at_start(triggers)))
    for file, root in later:
        if file not in reader.called:
            reader.workflow(file, root, _Called("maybe", (), _given_elsewhere))
    return reader.jobs, reader.steps


def _triggers(root: Map) -> dict[str, Node | None]:
    """What starts a workflow, and what is said of each."""
    node = root.get("on")
    if isinstance(node, Scalar):
        return {node.text: None}
    if isinstance(node, Sequence):
        return {item.text: None for item in node.items if isinstance(item, Scalar)}
    if isinstance(node, Map):
        return {name: value for name, (_, value) in node.entries.items()}
    return {}


def _given_elsewhere(name: str) -> Value:
    return Value(Opaque(f"whoever calls the workflow gives `inputs.{name}`"))


def _inputs_at_start(triggers: Mapping[str, Node | None]) -> Callable[[str], Value]:
    """What `inputs.x` is in a workflow that an event starts."""
    if _BY_HAND not in triggers:
        return lambda name: Value(None)

    def by_hand(name: str) -> Value:
        return Value(Opaque(f"whoever starts the workflow gives `inputs.{name}`"))

    return by_hand


class _Reader:
    """All workflows under way: what was found, and which files were called."""

    def __init__(self, files: CiFiles) -> None:
        self.files = files
        self.jobs: list[Job] = []
        self.steps: list[Step] = []
        self.called: set[str] = set()
        self.chain: list[str] = []

    def workflow(self, file: str, root: Map, called: _Called) -> None:
        """Read all jobs of one workflow, as it runs in one way."""
        contexts: dict[str, Value | Callable[[str], Value]] = {
            "inputs": called.inputs,
            "github": _only_there("github"),
            "vars": _only_there("vars"),
            "secrets": _only_there("secrets"),
        }
        env = read_environment(self.files, root.get("env"), contexts, "workflow")
        jobs = self.files.expect(root.get("jobs"), "`jobs`")
        for name, (key, node) in (jobs.entries if jobs else {}).items():
            job = self.files.expect(node, f"the job `{name}`")
            if job is None:
                continue
            try:
                self._job(file, root, key, job, called, contexts, env)
            except BadExpression as bad:
                self.files.wrong(job, f"the job `{name}` has an expression that is wrong: {bad}")

    def _job(
        self,
        file: str,
        root: Map,
        key: Scalar,
        node: Map,
        called: _Called,
        contexts: Contexts,
        env: dict[str, Variable] | None,
    ) -> None:
        name = key.text
        contexts = {**contexts, "needs": _only_there("needs")}
        reached = least(called.reached, condition(node.get("if"), contexts))
        strategy = self.files.expect(node.get("strategy"), f"`strategy` of the job `{name}`")
        found = combinations(strategy.get("matrix") if strategy else None, contexts)
        seen: dict[tuple[object, ...], int] = {}
        for index, one in enumerate(found):
            inner: Contexts = {
                **contexts,
                "matrix": one.value,
                "strategy": _strategy(found, index),
            }
            how = called._replace(reached=reached if one.sure else least(reached, "maybe"))
            if not self.files.counted(1, node.span):
                return
            if node.get("uses") is not None:
                self._call(node, how, inner)
                continue
            job = self._described(file, key, node, how, inner)
            if job not in self.jobs:
                self.jobs.append(job)
            if how.reached == "never":
                continue
            surroundings = self._surroundings(root, node, job, inner, env)
            steps = self.files.listed(node.get("steps"), f"`steps` of the job `{name}`")
            for step in read_steps(self.files, steps, surroundings):
                self._keep(step, one, seen)

    def _keep(self, step: Step, one: Combination, seen: dict[tuple[object, ...], int]) -> None:
        """Keep a step; where it is the same in several cases of a matrix, once."""
        key = step.likeness
        place = seen.get(key)
        if place is None:
            seen[key] = len(self.steps)
            self.steps.append(step._replace(cases=(one.case,)))
        else:
            known = self.steps[place]
            self.steps[place] = known._replace(cases=(*known.cases, one.case))

    def _described(
        self, file: str, key: Scalar, node: Map, how: _Called, contexts: Contexts
    ) -> Job:
        name = key.text
        services = self.files.expect(node.get("services"), f"`services` of the job `{name}`")
        runs_on = node.get("runs-on")
        return Job(
            provider="github",
            file=file,
            id=name,
            span=key.span,
            reached=how.reached,
            timeout=timeout_of(node.get("timeout-minutes"), contexts),
            platform=_platform(github_value(runs_on, contexts)) if runs_on else None,
            container=node.get("container") is not None,
            services=tuple(services.entries) if services else (),
            called_from=how.called_from,
        )

    def _surroundings(
        self,
        root: Map,
        node: Map,
        job: Job,
        contexts: Contexts,
        env: dict[str, Variable] | None,
    ) -> Surroundings:
        own = read_environment(self.files, node.get("env"), contexts, "job")
        container = node.get("container")
        image: dict[str, Variable] | None = {}
        if isinstance(container, Map):
            image = read_environment(self.files, container.get("env"), contexts, "image")
        doubts = tuple(
            one.span for one, known in ((root, env), (node, own), (node, image)) if known is None
        )
        # A job's `defaults.run` replaces the workflow's as a whole (JobExtension.cs).
        defaults = None
        for level in (root, node):
            outer = self.files.expect(level.get("defaults"), "`defaults`")
            inner = self.files.expect(outer.get("run") if outer else None, "`defaults.run`")
            defaults = inner or defaults
        return Surroundings(
            job=job,
            contexts=contexts,
            image=image or {},
            shared={**(env or {}), **(own or {})},
            doubts=doubts,
            defaults=defaults,
            reached=job.reached,
        )

    def _call(self, node: Map, how: _Called, contexts: Contexts) -> None:
        """Read the workflow of the repository that a job calls; others are not here."""
        target = node.get("uses")
        if not isinstance(target, Scalar) or not target.text.startswith("./"):
            return
        file = join("", target.text)
        self.called.add(file)
        if how.reached == "never":
            return
        root = None if escapes(file) else self.files.mapping(file)
        if root is None or len(self.chain) >= MAX_CALLS or file in self.chain:
            self.files.wrong(target, f"the workflow {target.text!r} cannot be read here")
            return
        given = self.files.expect(node.get("with"), "`with`")
        wanted = _triggers(root).get(_BY_CALL)
        declared = wanted.get("inputs") if isinstance(wanted, Map) else None
        values = {
            name.lower(): github_value(value, contexts)
            for name, (_, value) in (given.entries if given else {}).items()
        }
        inputs = _inputs_of_call(declared, values)
        self.chain.append(file)
        self.workflow(file, root, _Called(how.reached, (target.span, *how.called_from), inputs))
        self.chain.pop()


def _inputs_of_call(declared: Node | None, given: dict[str, Value]) -> Callable[[str], Value]:
    """What `inputs.x` is in a called workflow: what is given, else its default, else its type's."""
    empty = {"boolean": False, "number": 0.0}

    def found(name: str) -> Value:
        if name.lower() in given:
            return given[name.lower()]
        entries = declared.entries.items() if isinstance(declared, Map) else ()
        node = next((one for key, (_, one) in entries if key.lower() == name.lower()), None)
        if not isinstance(node, Map):
            return Value(None)
        default, kind = node.get("default"), node.get("type")
        if default is not None:
            return github_value(default, {})
        return Value(empty.get(kind.text if isinstance(kind, Scalar) else "", ""), (node.span,))

    return found


def _only_there(context: str) -> Callable[[str], Value]:
    def unknown(name: str) -> Value:
        return Value(Opaque(f"`{context}.{name}` is known only when the workflow runs"))

    return unknown


def _strategy(found: list[Combination], index: int) -> Callable[[str], Value]:
    """What `strategy.x` is in one job of a matrix."""
    if any(one.more is not None or not one.sure for one in found):
        return _only_there("strategy")
    known = {"job-total": float(len(found)), "job-index": float(index)}

    def value(name: str) -> Value:
        return Value(known[name]) if name in known else _only_there("strategy")(name)

    return value


def _platform(value: Value) -> Platform | None:
    """The platform behind `runs-on`, by the names that its labels bear."""
    data = value.data
    if isinstance(data, dict):
        inner = data.get("labels")
        return None if inner is None else _platform(inner)
    labels = [one.text for one in data] if isinstance(data, list) else [value.text]
    names: tuple[tuple[str, Platform], ...] = (
        ("ubuntu", "linux"),
        ("linux", "linux"),
        ("windows", "win32"),
        ("macos", "darwin"),
    )
    for label in labels:
        for part, platform in names:
            if label is not None and part in label.lower():
                return platform
    return None
