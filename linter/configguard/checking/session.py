"""One check of one workspace: discovery to drafts, and the same again for edited files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from configguard.checking.check import Draft, judge_suite
from configguard.checking.finding import Notice, Problem, first_byte
from configguard.checking.wording import place_of
from configguard.limits.limits import Limits, load_limits
from configguard.limits.settings import UNSET, Loaded
from configguard.project.candidates import PLAIN, Candidate, Scope
from configguard.project.discover import discover
from configguard.project.suites import Configured, Run, Suite, Trouble, configured
from configguard.ruleset.rule import Rule
from configguard.runners.profile import REFERENCE_CPUS
from configguard.source.workspace import Workspace, folder_of


class Options(NamedTuple):
    """What the user asked for. `cpus`: the machine that numbers are judged for.

    `rules` are those that are left after the settings had their say.
    """

    rules: tuple[Rule, ...]
    limits_file: Path | None = None
    cpus: int | None = None
    skip_unknown: bool = False
    scope: Scope = PLAIN
    settings: Loaded = UNSET


class Judgement(NamedTuple):
    """Everything one pass over a workspace found."""

    configs: tuple[Configured, ...]
    drafts: tuple[Draft, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]
    limits: dict[str, Limits]
    limits_wrong: bool = False

    @property
    def suites(self) -> tuple[Suite, ...]:
        """All suites of all configs, each once."""
        return tuple(suite for config in self.configs for suite in config.suites)

    @property
    def runs(self) -> tuple[Run, ...]:
        """What starts together, in the order of the configs."""
        return tuple(config.run for config in self.configs)


class Session:
    """A workspace under check."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self.workspace = workspace
        self.options = options
        self._rules: dict[tuple[tuple[str, float], ...], tuple[Rule, ...]] = {}

    def _rules_at(self, limits: Limits) -> tuple[Rule, ...]:
        numbers = tuple(limits.numbers.items())
        if numbers not in self._rules:
            self._rules[numbers] = tuple(rule.at(dict(numbers)) for rule in self.options.rules)
        return self._rules[numbers]

    @property
    def cpus(self) -> int:
        """The CPU count that numbers are judged for."""
        return self.options.cpus or REFERENCE_CPUS

    def judge(self, paths: Sequence[str]) -> Judgement:
        """Discover, evaluate and judge."""
        if self.options.settings.settings.refused:
            return Judgement((), (), (), tuple(self._settings_problems()), {})
        found = discover(self.workspace, paths, self.options.scope)
        problems = [
            Problem(problem.message, problem.at, problem.severity, problem.file)
            for problem in found.problems
            if not (problem.unknown and self.options.skip_unknown)
        ]
        configs: list[Configured] = []
        notices = [Notice(one.message, one.at or (first_byte(one.file),)) for one in found.notices]
        for candidate in found.candidates:
            config = self._configured(candidate, problems, notices)
            if config is not None:
                configs.append(config)
        folders = {folder_of(candidate.file) for candidate in found.candidates}
        return self._judged(_alone(configs), folders, problems, notices)

    def rejudged(self, judgement: Judgement, changes: Mapping[str, bytes]) -> Judgement:
        """The same pass with other bytes in some files; only suites that read them are redone."""
        session = Session(self.workspace.with_overlay(changes), self.options)
        session._rules = self._rules
        problems: list[Problem] = []
        notices: list[Notice] = []
        configs: list[Configured] = []
        for config in judgement.configs:
            if all(suite.files.isdisjoint(changes) for suite in config.suites):
                configs.append(config)
                continue
            again = session._configured(config.candidate, problems, notices)
            if again is not None:
                configs.append(again)
        folders = {folder_of(config.candidate.file) for config in judgement.configs}
        return session._judged(configs, folders, problems, notices)

    def _configured(
        self, candidate: Candidate, problems: list[Problem], notices: list[Notice]
    ) -> Configured | None:
        made = configured(self.workspace, candidate, self.options.settings.settings)
        if isinstance(made, Trouble):
            problems.append(Problem(made.message, made.at, made.severity, candidate.file))
            return None
        if made is None:
            if candidate.named and not self.options.skip_unknown:
                message = f"{candidate.file} has no `test` key, so it is no test-runner config"
                problems.append(Problem(message, (), "error", candidate.file))
            return None
        problems += [Problem(one.message, one.at, one.severity) for one in made.troubles]
        notices += [Notice(note.message, note.at) for note in made.notes]
        for suite in made.suites:
            for profile in suite.profiles.values():
                notices += [Notice(note.message, note.at) for note in profile.notices]
        return made

    def _judged(
        self,
        configs: Sequence[Configured],
        config_folders: set[str],
        problems: list[Problem],
        notices: list[Notice],
    ) -> Judgement:
        settings = self.options.settings.settings
        limits: dict[str, Limits] = {}
        drafts: list[Draft] = []
        # A wrong limits file is told also where no config beside it can be judged.
        folders = {"", *config_folders}
        limits_wrong = False
        problems += self._settings_problems()
        for folder in sorted(folders):
            _, wrong = load_limits(self.workspace, folder, self.options.limits_file)
            problems += [Problem(one.message, (one.span,), one.severity) for one in wrong]
            limits_wrong = limits_wrong or any(one.severity == "error" for one in wrong)
        for suite in (suite for config in configs for suite in config.suites):
            folder = folder_of(suite.file)
            limits[suite.id], _ = load_limits(self.workspace, folder, self.options.limits_file)
            ignored = settings.ignored_in([suite.file])
            rules = [one for one in self._rules_at(limits[suite.id]) if one.id not in ignored]
            judged = judge_suite(suite, rules, limits[suite.id], self.cpus)
            drafts += [one for one in judged.drafts if not self._ignored_there(one)]
            notices += judged.notices
        return Judgement(
            tuple(configs),
            tuple(drafts),
            tuple(dict.fromkeys(notices)),
            tuple(dict.fromkeys(problems)),
            limits,
            limits_wrong,
        )

    def _ignored_there(self, draft: Draft) -> bool:
        """Whether a rule is ignored in the file that its finding stands in, such as a base file."""
        settings = self.options.settings.settings
        return draft.rule.id in settings.ignored_in(span.file for span in place_of(draft)[:1])

    def _settings_problems(self) -> list[Problem]:
        found = self.options.settings.problems
        return [Problem(one.message, (one.span,), one.severity) for one in found]


def _alone(configs: Sequence[Configured]) -> list[Configured]:
    """Without the configs that others run as their projects, unless the user named them."""
    projects = {
        suite.file
        for config in configs
        for suite in config.suites
        if suite.root_config is not None and suite.file != suite.root_config
    }
    return [
        config
        for config in configs
        if config.candidate.named or config.candidate.file not in projects
    ]
