"""One config in every environment and version: its suites, their profiles, and their run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial

from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Budget, Machine
from configguard.evaluate.values import Unknown, Value
from configguard.runners.given import WITHOUT, Command, given, started_with
from configguard.runners.hints import Hint
from configguard.runners.model import Model
from configguard.runners.profile import Fact, Profile, by_version, merged
from configguard.runners.runner import Key, Runner, Surroundings
from configguard.runners.test_patterns import TestFiles
from configguard.runners.versions import matches
from configguard.source.span import Origin
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed


class Evaluated:
    """One config in every environment and version; `wanted`: the facts to work out, None: all."""

    def __init__(
        self,
        workspace: Workspace,
        parsed: Parsed,
        runner: Runner,
        versions: Sequence[tuple[str, str]],
        around: Surroundings,
        command: Command = WITHOUT,
        wanted: frozenset[str] | None = None,
    ) -> None:
        self._environments = tuple(environment.name for environment in runner.environments)
        environments = started_with(runner.environments, command.variables)
        resolve = runner.resolve
        if command.mode is not None and runner.in_mode is not None:
            resolve = partial(_in_mode, runner.in_mode, command.mode)
        config = partial(Config, workspace, parsed, environments, resolve)
        self._models = _models(config, runner, versions, around, command, wanted)

    def under(self, command: Command) -> Evaluated:
        """The same config as a command that sets no variable runs it: its file is not run again."""
        made = copy(self)
        made._models = [(text, model.under(command)) for text, model in self._models]
        return made

    def loads_in(self, mode: str | None) -> bool:
        """Whether it is known how the config is read under `--mode X`.

        Never measured: vitest before 1.0, and in what mode the configs of projects are read.
        """
        if mode is None:
            return True
        alone = all(key.project is None for key in self.suite_keys())
        return alone and self.are_all(">=1")

    def are_all(self, range_text: str) -> bool:
        """Whether every version that is judged is in a range."""
        return all(matches(model.version, range_text) for _, model in self._models)

    def suite_keys(self) -> list[Key]:
        """All suites, in any environment."""
        keys = (
            key
            for environment in self._environments
            for _, model in self._models
            for key in model.suite_keys(environment)
        )
        return list(dict.fromkeys(keys))

    def profiles(self, key: Key) -> dict[str, Profile]:
        """The profiles of one suite by environment: those in which it exists in any world."""
        same = all(model.same_everywhere(key) for _, model in self._models)
        found: dict[str, Profile] = {}
        for environment in self._environments:
            if same and found:
                found[environment] = next(iter(found.values()))
            elif (profile := self._profile(environment, key)) is not None:
                found[environment] = profile
        return found

    def tests(self, key: Key) -> TestFiles | Unknown | None:
        """Which files are the tests of one suite."""
        _, model = self._models[0]
        answers = (model.tests(key, environment) for environment in self._environments)
        found = [answer for answer in answers if answer is not None]
        unknown = next((one for one in found if isinstance(one, Unknown)), None)
        if unknown is None and any(answer != found[0] for answer in found[1:]):
            return Unknown("it depends on whether it runs in CI")
        return unknown or (found[0] if found else None)

    def hints(self, key: Key, names: Sequence[str]) -> list[Hint]:
        """What some settings of one suite say in one of the environments, or in both."""
        _, model = self._models[0]
        found = (model.hints(key, names, environment) for environment in self._environments)
        return list(dict.fromkeys(hint for hints in found for hint in hints))

    def together(self, keys: Sequence[Key]) -> dict[str, Fact]:
        """Most test files at one time over some suites, by environment."""
        found = {name: self._together(name, keys) for name in self._environments}
        return {name: fact for name, fact in found.items() if fact is not None}

    def named(self, key: Key) -> Origin:
        """Where the name of a project is written."""
        origins = (model.named(key) for _, model in self._models)
        return next((origin for origin in origins if origin), ())

    def release(self) -> None:
        """Let go of what was evaluated; nothing can be asked any more.

        Scopes, functions and settings lead in circles to each other: without this the garbage
        collector has to find them, which took a twentieth of the time of a check.
        """
        for _, model in self._models:
            model.release()

    @property
    def steps(self) -> int:
        """The steps that evaluation has taken so far."""
        return self._models[0][1].config.steps

    @property
    def files(self) -> frozenset[str]:
        """All files that evaluation has read so far."""
        machines = [machine for _, model in self._models for machine in model.config.machines]
        ran = {file for machine in machines for file in machine.modules}
        return frozenset(ran.union(*(machine.searched for machine in machines)))

    def _profile(self, environment: str, key: Key) -> Profile | None:
        found = [(text, model.profile(key, environment)) for text, model in self._models]
        there = [(text, profile) for text, profile in found if profile is not None]
        return merged(there) if there else None

    def _together(self, environment: str, keys: Sequence[Key]) -> Fact | None:
        found = [(text, model.together(tuple(keys), environment)) for text, model in self._models]
        there = [(text, fact) for text, fact in found if fact is not None]
        return by_version(there) if there else None


def _in_mode(
    in_mode: Callable[[Machine, Value, str], Value], mode: str, machine: Machine, exported: Value
) -> Value:
    return in_mode(machine, exported, mode)


def _models(
    config: Callable[..., Config],
    runner: Runner,
    versions: Sequence[tuple[str, str]],
    around: Surroundings,
    command: Command,
    wanted: frozenset[str] | None,
) -> list[tuple[str, Model]]:
    """(range text, model) of each version; they share one evaluation where it does not differ."""
    budget = Budget()
    shared = None if runner.per_version else config(budget=budget)
    return [
        (
            text,
            Model(
                runner,
                shared or config(version=version, budget=budget),
                version,
                around,
                given(runner.name, version, command),
                wanted,
            ),
        )
        for text, version in versions
    ]
