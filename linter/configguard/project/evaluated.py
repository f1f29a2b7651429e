"""One config in every environment and version: its suites, their profiles, and their run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Budget
from configguard.evaluate.worlds import Environment
from configguard.runners.model import Model
from configguard.runners.profile import Fact, Profile, by_version, merged
from configguard.runners.runner import Key, Runner, Surroundings
from configguard.source.span import Origin
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed


class Evaluated:
    """One config in every environment and version."""

    def __init__(
        self,
        workspace: Workspace,
        parsed: Parsed,
        runner: Runner,
        versions: Sequence[tuple[str, str]],
        around: Surroundings,
    ) -> None:
        self._runner = runner
        budget = Budget()

        def config(environment: Environment, version: str | None = None) -> Config:
            return Config(workspace, parsed, environment, runner.resolve, version, budget)

        self._models = {
            environment.name: _models(partial(config, environment), runner, versions, around)
            for environment in runner.environments
        }
        local = runner.environments[0].name
        # Where nothing that was read differs in CI, CI is not evaluated a second time.
        self._local_keys = self._keys(local)
        self._local = {key: self._profile(local, key) for key in self._local_keys}

    def suite_keys(self) -> list[Key]:
        """All suites, in any environment."""
        if self._same_in_ci:
            return self._local_keys
        ci = self._runner.environments[1].name
        return list(dict.fromkeys((*self._local_keys, *self._keys(ci))))

    def profiles(self, key: Key) -> dict[str, Profile]:
        """The profiles of one suite by environment."""
        local, ci = (environment.name for environment in self._runner.environments)
        found = {local: self._local.get(key)}
        found[ci] = found[local] if self._same_in_ci else self._profile(ci, key)
        return {name: profile for name, profile in found.items() if profile is not None}

    def together(self, keys: Sequence[Key]) -> dict[str, Fact]:
        """Most test files at one time over some suites, by environment."""
        local, ci = (environment.name for environment in self._runner.environments)
        found = {local: self._together(local, keys)}
        found[ci] = found[local] if self._same_in_ci else self._together(ci, keys)
        return {name: fact for name, fact in found.items() if fact is not None}

    def named(self, key: Key) -> Origin:
        """Where the name of a project is written."""
        origins = (model.named(key) for models in self._models.values() for _, model in models)
        return next((origin for origin in origins if origin), ())

    @property
    def files(self) -> frozenset[str]:
        """All files that evaluation has read so far."""
        machines = (
            machine
            for models in self._models.values()
            for _, model in models
            for machine in model.config.machines
        )
        return frozenset(file for machine in machines for file in machine.modules)

    @property
    def _same_in_ci(self) -> bool:
        local = self._models[self._runner.environments[0].name]
        return not any(model.config.depends_on_environment for _, model in local)

    def _keys(self, environment: str) -> list[Key]:
        models = self._models[environment]
        return list(dict.fromkeys(key for _, model in models for key in model.suite_keys()))

    def _profile(self, environment: str, key: Key) -> Profile | None:
        models = self._models[environment]
        found = [(text, model.profile(key)) for text, model in models]
        there = [(text, profile) for text, profile in found if profile is not None]
        return merged(there) if there else None

    def _together(self, environment: str, keys: Sequence[Key]) -> Fact | None:
        models = self._models[environment]
        found = [(text, model.together(keys)) for text, model in models]
        there = [(text, fact) for text, fact in found if fact is not None]
        return by_version(there) if there else None


def _models(
    config: Callable[..., Config],
    runner: Runner,
    versions: Sequence[tuple[str, str]],
    around: Surroundings,
) -> list[tuple[str, Model]]:
    """(range text, model) of each version; they share one evaluation where it does not differ."""
    shared = None if runner.per_version else config()
    return [
        (text, Model(runner, shared or config(version), version, around))
        for text, version in versions
    ]
