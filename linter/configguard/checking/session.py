"""One check of one workspace: discovery to drafts, and the same again for edited files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from configguard.checking.check import Draft, judge_suite
from configguard.checking.finding import Notice, Problem, first_byte
from configguard.limits.limits import Limits, load_limits
from configguard.project.discover import Candidate, discover
from configguard.project.suites import Suite, Trouble, suite_of
from configguard.ruleset.rule import Rule
from configguard.runners.profile import REFERENCE_CPUS
from configguard.source.workspace import Workspace, folder_of


class Options(NamedTuple):
    """What the user asked for. `cpus`: the machine that numbers are judged for."""

    rules: tuple[Rule, ...]
    limits_file: Path | None = None
    cpus: int | None = None
    skip_unknown: bool = False


class Judgement(NamedTuple):
    """Everything one pass over a workspace found."""

    candidates: tuple[Candidate, ...]
    suites: tuple[Suite, ...]
    drafts: tuple[Draft, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]
    limits: dict[str, Limits]
    limits_wrong: bool = False


class Session:
    """A workspace under check."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self.workspace = workspace
        self.options = options

    @property
    def cpus(self) -> int:
        """The CPU count that numbers are judged for."""
        return self.options.cpus or REFERENCE_CPUS

    def judge(self, paths: Sequence[str]) -> Judgement:
        """Discover, evaluate and judge."""
        found = discover(self.workspace, paths)
        problems = [
            Problem(problem.message, problem.at, problem.severity, problem.file)
            for problem in found.problems
            if not (problem.unknown and self.options.skip_unknown)
        ]
        suites: list[Suite] = []
        notices = [Notice(one.message, one.at or (first_byte(one.file),)) for one in found.notices]
        for candidate in found.candidates:
            suite = self._suite(candidate, problems, notices)
            if suite is not None:
                suites.append(suite)
        return self._judged(tuple(found.candidates), tuple(suites), problems, notices)

    def rejudged(self, judgement: Judgement, changes: Mapping[str, bytes]) -> Judgement:
        """The same pass with other bytes in some files; only suites that read them are redone."""
        session = Session(self.workspace.with_overlay(changes), self.options)
        problems: list[Problem] = []
        notices: list[Notice] = []
        suites: list[Suite] = []
        candidates = {candidate.file: candidate for candidate in judgement.candidates}
        for suite in judgement.suites:
            if suite.files.isdisjoint(changes):
                suites.append(suite)
                continue
            again = session._suite(candidates[suite.file], problems, notices)
            if again is not None:
                suites.append(again)
        return session._judged(judgement.candidates, tuple(suites), problems, notices)

    def _suite(
        self, candidate: Candidate, problems: list[Problem], notices: list[Notice]
    ) -> Suite | None:
        made = suite_of(self.workspace, candidate)
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
        for profile in made.profiles.values():
            notices += [Notice(note.message, note.at) for note in profile.notices]
        return made

    def _judged(
        self,
        candidates: tuple[Candidate, ...],
        suites: tuple[Suite, ...],
        problems: list[Problem],
        notices: list[Notice],
    ) -> Judgement:
        limits: dict[str, Limits] = {}
        drafts: list[Draft] = []
        # A wrong limits file is told also where no config beside it can be judged.
        folders = {"", *(folder_of(candidate.file) for candidate in candidates)}
        limits_wrong = False
        for folder in sorted(folders):
            _, wrong = load_limits(self.workspace, folder, self.options.limits_file)
            problems += [Problem(one.message, (one.span,), one.severity) for one in wrong]
            limits_wrong = limits_wrong or any(one.severity == "error" for one in wrong)
        for suite in suites:
            folder = folder_of(suite.file)
            limits[suite.id], _ = load_limits(self.workspace, folder, self.options.limits_file)
            judged = judge_suite(suite, self.options.rules, limits[suite.id], self.cpus)
            drafts += judged.drafts
            notices += judged.notices
        return Judgement(
            candidates,
            suites,
            tuple(drafts),
            tuple(dict.fromkeys(notices)),
            tuple(dict.fromkeys(problems)),
            limits,
            limits_wrong,
        )
