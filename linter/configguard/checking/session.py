"""One check of one workspace: discovery to drafts, and the same again for edited files."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from configguard.checking.baseline import Baseline, Entry
from configguard.checking.check import Draft, Ruling, judge_subjects
from configguard.checking.contexts import contexts_of
from configguard.checking.finding import Notice, Problem, first_byte
from configguard.checking.hidden import (
    Comments,
    Hidden,
    in_baseline,
    without_hidden,
    without_known,
)
from configguard.checking.old_versions import notices_of_old, parted
from configguard.checking.subjects import Subject, subjects_of
from configguard.checking.suppress import Suppression
from configguard.checking.unused import suppression_subjects, undecided_rules
from configguard.checking.wording import place_of
from configguard.limits.limits import Limits, load_limits
from configguard.limits.settings import UNSET, Loaded
from configguard.project.candidates import PLAIN, Candidate, Discovery, Scope
from configguard.project.ci.model import Provider
from configguard.project.ci.reading import ci_invocations, provider_of, starts_commands
from configguard.project.discover import Listings, discover, normalised
from configguard.project.invocations import Invocation, invocations
from configguard.project.problems import PathProblem
from configguard.project.running import Ways
from configguard.project.started import NONE, Started, startings
from configguard.project.suites import Configured, Run, Suite, Trouble, Wanted, configured
from configguard.ruleset.rule import Judged, Rule, judged
from configguard.runners.profile import REFERENCE_CPUS
from configguard.source.path_globs import matches_any
from configguard.source.text_map import placeless
from configguard.source.workspace import Workspace, ancestors, folder_of


class Options(NamedTuple):
    """What the user asked for. `cpus`: the machine that numbers are judged for.

    `rules` are those that are left after the settings had their say, `every` all that exist.
    `all_facts`: also those that no rule asks about, as a fix needs them (it may change none of
    them) and as `show` tells them. `commands`: what is started besides scripts and CI steps.
    """

    rules: tuple[Rule, ...]
    limits_file: Path | None = None
    cpus: int | None = None
    skip_unknown: bool = False
    scope: Scope = PLAIN
    settings: Loaded = UNSET
    all_facts: bool = True
    every: Mapping[str, Rule] = MappingProxyType({})
    baseline: Baseline | None = None
    commands: tuple[Invocation, ...] = ()


class Judgement(NamedTuple):
    """Everything one pass over a workspace found."""

    configs: tuple[Configured, ...]
    drafts: tuple[Draft, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]
    limits: dict[str, Limits]
    limits_wrong: bool = False
    hidden: tuple[Hidden, ...] = ()
    stale: tuple[Entry, ...] = ()
    whole: bool = False
    worse: tuple[tuple[Draft, Entry], ...] = ()

    def known(self) -> Judgement:
        """The same with all that is told in the baseline."""
        hidden = (*self.hidden, *in_baseline(self.drafts))
        return self._replace(drafts=(), hidden=hidden, stale=())

    def certain(self, rules: Iterable[Rule]) -> frozenset[str]:
        """Of some rules those that could decide about everything that they were asked about."""
        if any(problem.severity == "error" for problem in self.problems):
            return frozenset()
        undecided = {notice.rule for notice in self.notices}
        return frozenset(rule.id for rule in rules if rule.id not in undecided)

    def of(self, configs: Iterable[Configured]) -> Judgement:
        """The part that is about some of the configs."""
        part = tuple(configs)
        suites = {suite.id for config in part for suite in config.suites}
        drafts = tuple(draft for draft in self.drafts if draft.subject.suite.id in suites)
        return Judgement(part, drafts, (), (), {})

    @property
    def suites(self) -> tuple[Suite, ...]:
        """All suites of all configs, each once."""
        return tuple(suite for config in self.configs for suite in config.suites)

    @property
    def runs(self) -> tuple[Run, ...]:
        """What starts together, in the order of the configs."""
        return tuple(run for config in self.configs for run in config.runs)


class Session:
    """A workspace under check."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self.workspace = workspace
        self.options = options
        self._paths: tuple[str, ...] = ()
        self._starts = NONE
        self._ways = Ways({})
        self._provider: Provider | None = None
        self._start_problems: tuple[PathProblem, ...] = ()
        # Configs that only a named workflow or manifest brought up, and what of it runs them.
        self._run_by_named: dict[str, frozenset[str]] = {}
        self._rules: dict[tuple[tuple[str, float], ...], tuple[Rule, ...]] = {}
        self._comments = Comments(options.every)

    def _rules_at(self, limits: Limits) -> tuple[Rule, ...]:
        numbers = tuple(limits.numbers.items())
        if numbers not in self._rules:
            self._rules[numbers] = tuple(rule.at(dict(numbers)) for rule in self.options.rules)
        return self._rules[numbers]

    @property
    def cpus(self) -> int:
        """The CPU count that numbers are judged for."""
        return self.options.cpus or REFERENCE_CPUS

    @property
    def ways(self) -> Ways:
        """How the suites are run; known once they were judged."""
        return self._ways

    def judge(self, paths: Sequence[str]) -> Judgement:
        """Discover, evaluate and judge."""
        self._paths = tuple(paths)
        if self.options.settings.settings.refused:
            return Judgement((), (), (), tuple(self._settings_problems()), {})
        found = self._discovered(paths)
        problems = [
            Problem(problem.message, problem.at, problem.severity, problem.file)
            for problem in found.problems
            if not (problem.unknown and self.options.skip_unknown)
        ]
        problems += [
            Problem(problem.message, problem.at, problem.severity, problem.file)
            for problem in self._start_problems
        ]
        configs: list[Configured] = []
        notices = [Notice(one.message, one.at or (first_byte(one.file),)) for one in found.notices]
        notices += [Notice(note.message, note.at) for note in self._starts.notes]
        for candidate in found.candidates:
            config = self._configured(candidate, problems, notices)
            if config is not None:
                configs.append(config)
        if "" in map(normalised, paths):
            files = {candidate.file for candidate in found.candidates}
            files |= {suite.file for config in configs for suite in config.suites}
            problems += self._idle_kinds(files)
        folders = {folder_of(candidate.file) for candidate in found.candidates}
        alone = _alone(configs, self._starts.by_config)
        return self._judged(alone, folders, problems, notices, whole="" in map(normalised, paths))

    def _discovered(self, paths: Sequence[str]) -> Discovery:
        """The configs, also those that only scripts and CI steps name; and what these start."""
        scope = self.options.scope
        listed: Listings = {}
        found = discover(self.workspace, paths, scope, listed)
        above = {above for path in paths for above in ancestors(folder_of(normalised(path)))}
        folders = dict.fromkeys((*sorted(above), *found.packages))
        scripts, ci = invocations(self.workspace, folders), ci_invocations(self.workspace)
        steps = [step.invocation for step in ci.invocations]
        azure = {s.invocation.id for s in ci.invocations if s.steps[0].job.provider == "azure"}
        elsewhere = {
            one.invocation.id
            for one in ci.invocations
            if {step.job.platform for step in one.steps} <= {"win32", "darwin"}
        }
        self._starts = startings(
            self.workspace,
            [*scripts.invocations, *steps, *self.options.commands],
            azure,
            dict.fromkeys((*scripts.left, *ci.left)),
            elsewhere,
        )
        self._ways = Ways(self._starts.by_config, ci.invocations)
        self._start_problems = (*scripts.problems, *ci.problems)
        self._provider = provider_of(ci)
        known = {candidate.file for candidate in found.candidates if candidate.found_by_default}
        new = tuple(one for one in self._starts.referred if one.file not in known)
        if new:
            scope = scope._replace(referred=(*scope.referred, *new))
            found = discover(self.workspace, paths, scope, listed)
        return self._with_runs_of_named(found, paths, scope)

    def _with_runs_of_named(
        self, found: Discovery, paths: Sequence[str], scope: Scope
    ) -> Discovery:
        """Also the configs that a file runs which the user named: a workflow, a package.json."""
        named = {normalised(path) for path in paths}
        runs: dict[str, set[str]] = {}
        carriers: set[str] = set()
        for config, starts in self._starts.by_config.items():
            for started in starts:
                of_named = named.intersection(span.file for span in started.invocation.chain)
                carriers |= of_named
                if of_named:
                    runs.setdefault(config, set()).add(started.invocation.id)
        there = {candidate.file for candidate in found.candidates}
        self._run_by_named = {
            config: frozenset(ids) for config, ids in runs.items() if config not in there
        }
        further = discover(self.workspace, tuple(self._run_by_named), scope).candidates
        notices = [
            PathProblem(f"{one.file}: it runs no config of a test runner that is known", one.file)
            for one in found.problems
            if one.unknown and one.file not in carriers and starts_commands(one.file)
        ]
        return found._replace(
            candidates=(*found.candidates, *(one._replace(named=False) for one in further)),
            problems=tuple(
                one
                for one in found.problems
                if not (one.unknown and (one.file in carriers or starts_commands(one.file)))
            ),
            notices=(*found.notices, *notices),
        )

    @cached_property
    def _judged_of_rules(self) -> Judged:
        return judged(self.options.rules)

    def over(self, changes: Mapping[str, bytes]) -> Session:
        """The session with other bytes in some configs; what runs them stays."""
        session = copy(self)
        session.workspace = self.workspace.with_overlay(changes)
        return session

    def after(
        self, judgement: Judgement, changes: Mapping[str, bytes]
    ) -> tuple[Session, Judgement]:
        """The session and its judgement with other bytes in some files, scripts among them."""
        session = self.over(changes)
        read = {file for suite in judgement.suites for file in suite.files}
        # A script that is added or changed may start any suite in another way.
        if read.issuperset(changes) and not any(map(starts_commands, changes)):
            return session, self.rejudged(judgement, changes)
        return session, session.judge(self._paths)

    def around(
        self, judgement: Judgement, changes: Mapping[str, bytes]
    ) -> tuple[Judgement, Judgement]:
        """What other bytes in some files can change, commands among it: before, and after."""
        if not any(map(starts_commands, changes)):
            readers = (one for one in judgement.configs if one.reads(changes))
            part = judgement.of(readers)
            return part, self.rejudged(part, changes)
        session = self.over(changes)
        candidates = session._discovered(self._paths).candidates
        before, after = self._starts.by_config, session._starts.by_config
        moved = {
            file
            for file in before.keys() | after.keys()
            if _commands(before.get(file, ())) != _commands(after.get(file, ()))
        }
        reused = {
            config.candidate.file: config
            for config in judgement.configs
            if session._provider == self._provider
            and config.candidate.file not in moved
            and not config.reads(changes)
        }
        known = {config.candidate.file for config in judgement.configs}
        problems: list[Problem] = []
        notices: list[Notice] = []
        configs = list(reused.values())
        for candidate in candidates:
            file = candidate.file
            # What was not judged, and is started as before, is not judged now either.
            if file not in reused and file in known | moved:
                again = session._configured(candidate, problems, notices)
                configs += [again] if again is not None else []
        redone = [one for one in _alone(configs, after) if one.candidate.file not in reused]
        folders = {folder_of(one.candidate.file) for one in redone}
        return (
            judgement.of(one for one in judgement.configs if one.candidate.file not in reused),
            session._judged(redone, folders, problems, notices, whole=False),
        )

    def rejudged(self, judgement: Judgement, changes: Mapping[str, bytes]) -> Judgement:
        """The same pass with other bytes in some files; only suites that read them are redone."""
        session = self.over(changes)
        problems: list[Problem] = []
        notices: list[Notice] = []
        configs: list[Configured] = []
        for config in judgement.configs:
            if not config.reads(changes):
                configs.append(config)
                continue
            again = session._configured(config.candidate, problems, notices, again=True)
            if again is not None:
                configs.append(again)
        folders = {folder_of(config.candidate.file) for config in judgement.configs}
        return session._judged(configs, folders, problems, notices, whole=judgement.whole)

    def _configured(
        self,
        candidate: Candidate,
        problems: list[Problem],
        notices: list[Notice],
        *,
        again: bool = False,
    ) -> Configured | None:
        starts = self._starts.by_config.get(candidate.file, ())
        settings = self.options.settings.settings
        wanted = None
        if again or not self.options.all_facts:
            # Of what starts together no fix is verified by more than the rules ask.
            facts, runs = self._judged_of_rules
            wanted = Wanted(None if self.options.all_facts else facts, runs)
        made = configured(self.workspace, candidate, settings, starts, self._provider, wanted)
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
        *,
        whole: bool,
    ) -> Judgement:
        settings = self.options.settings.settings
        limits: dict[str, Limits] = {}
        ruling_of: dict[str, Ruling] = {}
        judged_suites: dict[str, tuple[Suite, Ruling]] = {}
        drafts: list[Draft] = []
        # A wrong limits file is told also where no config beside it can be judged.
        folders = {"", *config_folders}
        limits_wrong = False
        problems += self._settings_problems()
        for folder in sorted(folders):
            _, wrong = load_limits(self.workspace, folder, self.options.limits_file)
            problems += [Problem(one.message, (one.span,), one.severity) for one in wrong]
            limits_wrong = limits_wrong or any(one.severity == "error" for one in wrong)
        contexts: dict[str, list[Subject]] = {}
        for config in configs:
            contexts.update(contexts_of(config, self._ways, self.workspace, self.cpus))
        for suite in (suite for config in configs for suite in config.suites):
            folder = folder_of(suite.file)
            limits[suite.id], _ = load_limits(self.workspace, folder, self.options.limits_file)
            if not suite.judged or not self._asked_for(suite):
                continue
            ignored = settings.ignored_in([suite.file])
            rules = [one for one in self._rules_at(limits[suite.id]) if one.id not in ignored]
            ruling = Ruling(rules, self.options.every, limits[suite.id], self.cpus)
            ruling_of[suite.id] = ruling
            judged_suites[suite.id] = suite, ruling
            subjects = [*subjects_of(suite, self._ways), *contexts.get(suite.id, ())]
            judged = judge_subjects(subjects, ruling)
            drafts += judged.drafts
            notices += judged.notices
        if self.options.rules:
            read = [one for config in configs for one in config.suites if one.judged]
            problems += self._comments.problems(self.workspace, read)
        parts = [parted(one, ruling_of[one.subject.suite.id]) for one in drafts]
        now = [one for one, _ in parts if one is not None]
        past = [one for _, one in parts if one is not None]
        told, hidden = without_hidden(now, ruling_of, self._comment_hiding)
        old, hidden_in_old = without_hidden(past, ruling_of, self._comment_hiding)
        hidden += hidden_in_old
        if whole and any("suppression" in rule.over for rule in self.options.rules):
            undecided = undecided_rules(notices, problems, self.options.every)
            judging = (self.workspace, self._comments, judged_suites, hidden, undecided)
            for ruling, subjects in suppression_subjects(*judging):
                for draft in judge_subjects(subjects, ruling).drafts:
                    if self._comment_hiding(draft) is None:
                        told.append(draft)
        asked = [one for one in told if not self._ignored_there(one)]
        kept = without_known(asked, self.options.baseline)
        hidden = [one for one in hidden if not self._ignored_there(one.draft)]
        notices += notices_of_old(one for one in old if not self._ignored_there(one))
        return Judgement(
            tuple(configs),
            tuple(kept.told),
            tuple(dict.fromkeys(notices)),
            _told_once(problems),
            limits,
            limits_wrong,
            (*hidden, *kept.known),
            kept.stale,
            whole,
            kept.worse,
        )

    def _comment_hiding(self, draft: Draft) -> Suppression | None:
        return self._comments.hiding(self.workspace, draft)

    def _asked_for(self, suite: Suite) -> bool:
        """Whether the user named its config, or the file that runs it so."""
        ids = self._run_by_named.get(suite.config)
        started = (*suite.same_as, *((suite.invocation,) if suite.invocation else ()))
        return ids is None or any(one.id in ids for one in started)

    def _ignored_there(self, draft: Draft) -> bool:
        """Whether a rule is ignored in the file that its finding stands in, such as a base file."""
        settings = self.options.settings.settings
        return draft.rule.id in settings.ignored_in(span.file for span in place_of(draft)[:1])

    def _idle_kinds(self, files: Iterable[str]) -> Iterator[Problem]:
        """The globs of `suite-kinds` that mean none of the configs of the whole project."""
        known = list(files)
        for one in self.options.settings.settings.suite_kinds:
            if not any(matches_any((one.glob,), file) for file in known):
                message = f"no config is called {one.glob}: this line of suite-kinds does nothing"
                yield Problem(message, (one.at,), "warning")

    def _settings_problems(self) -> list[Problem]:
        found = self.options.settings.problems
        return [Problem(one.message, (one.span,), one.severity) for one in found]


def sources_of(suite: Suite) -> set[str]:
    """The files that findings about a suite can stand in."""
    started = [*suite.same_as, *([suite.invocation] if suite.invocation else [])]
    return {*suite.files, *(span.file for one in started for span in one.chain)}


def _commands(starts: Sequence[Started]) -> object:
    """What starts a config, wherever it stands; a command line is read from its words."""
    return [placeless((one.invocation.unread, one.projects, one.doubt)) for one in starts]


def _told_once(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Each problem once; of two of one place that begin alike, the one that says more."""
    told = list({(one.message, one.at): one for one in problems}.values())
    shorter = {
        one.message
        for one in told
        for other in told
        if other.at == one.at and other.message != one.message
        if other.message.startswith(one.message)
    }
    return tuple(one for one in told if one.message not in shorter)


def _alone(configs: Sequence[Configured], started: Container[str]) -> list[Configured]:
    """Without the configs that others run as their projects, unless the user named them, or
    something runs them alone."""
    projects = {
        suite.file
        for config in configs
        for suite in config.suites
        if suite.root_config is not None and suite.file != suite.root_config
    }
    return [
        config
        for config in configs
        if config.candidate.named
        or config.candidate.file in started
        or config.candidate.file not in projects
    ]
