"""Configs given as texts, evaluated; their values by key path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configguard.evaluate import calls, written
from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.values import Func, Unknown, Value, settled
from configguard.evaluate.worlds import Environment
from configguard.source.document import Document
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed, parse


class Told:
    """What one config is worth on a machine; `notes` is what was assumed."""

    def __init__(
        self,
        files: Mapping[str, str],
        root: Path,
        variables: Mapping[str, str | None] | None = None,
        main: str | None = None,
    ) -> None:
        overlay = {file: text.encode() for file, text in files.items()}
        self.variables = {"CI": None, **(variables or {})}
        self.workspace = Workspace(root, overlay)
        document = self.workspace.read(main or next(iter(files)))
        assert isinstance(document, Document)
        parsed = parse(document)
        assert isinstance(parsed, Parsed), parsed
        environment = Environment("local", self.variables, "linux")
        self.config = Config(self.workspace, parsed, (environment,), _called)

    def __getitem__(self, path: str) -> Any:
        """The plain value at a path; `unknown: why`, `throws: why`, or a list of the cases."""
        return self.on(path, 8)

    def on(self, path: str, cpus: int) -> Any:
        """The same on a machine of so many CPUs."""
        found = []
        for case in self.config.ask(lambda machine, value: self.plain(machine, value, path, cpus)):
            holds = written.holds_on(case.when, self.variables, "linux", cpus)
            answer = case.answer
            if isinstance(answer, Thrown):
                answer = f"throws: {answer}"
            elif isinstance(answer, Unknown):
                answer = f"unknown: {answer.reason}"
            if holds is not False and answer not in found:
                found.append(answer)
        return found[0] if len(found) == 1 else found

    def plain(self, machine: Machine, value: Value, path: str, cpus: int) -> Any:
        try:
            return written.plain(written.at(machine, value, path, self.config.place), cpus)
        except written.NotPlain as unknown:
            return unknown.why

    @property
    def assumed(self) -> list[str]:
        """What was assumed, in words."""
        return [note.message for machine in self.config.machines for note in machine.assumptions]


def _called(machine: Machine, exported: Value) -> Value:
    value = settled(exported)
    return (
        settled(calls.call_function(machine, value, [], None)) if isinstance(value, Func) else value
    )
