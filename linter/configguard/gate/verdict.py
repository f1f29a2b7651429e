"""Errors about the load of the suites that a command runs: they keep it from starting."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from configguard.checking.check import Draft
from configguard.checking.session import Judgement, Options, Session
from configguard.gate.command import Resolved, resolve
from configguard.project.suite import Suite
from configguard.ruleset.judge import machine_for
from configguard.ruleset.rule import Rule
from configguard.runners.profile import Fact, KnownFact, RangeFact, cases_of
from configguard.source.workspace import Unreadable, Workspace, folder_of

LOAD = "load"
"""The tag of the rules that the gate asks."""
_MAX_FILES = 60


class GateVerdict(NamedTuple):
    """`judgement` has the drafts about what the command runs, and only those.

    `note`: why the command, or some of it, could not be judged. `workers`: most test files at one
    time on this machine; None where that is not known. `folders`: where the suites lie.
    """

    session: Session | None = None
    judgement: Judgement | None = None
    note: str | None = None
    workers: int | None = None
    folders: tuple[str, ...] = ()


def load_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those about load."""
    return tuple(rule for rule in rules if LOAD in rule.data.get("tags", ()))


def judge_command(
    workspace: Workspace,
    argv: Sequence[str],
    folder: str,
    environ: Mapping[str, str],
    options: Options,
) -> GateVerdict:
    """Judge what a command would run. The values of its environment are taken as they are."""
    resolved = resolve(workspace, argv, folder, environ)
    if not resolved.starts.by_config:
        return GateVerdict(note=_unknown(resolved))
    session, judgement, suites = _judged(resolved, options)
    named = _variables(session.workspace, suites, environ)
    if named:
        resolved = resolve(workspace, argv, folder, environ, named)
        session, judgement, suites = _judged(resolved, options)
    environment = "ci" if environ.get("CI") else "local"
    ids = {suite.id for suite in suites}
    drafts = tuple(one for one in judgement.drafts if _is_about(one, ids, environment))
    note = None
    if not suites:
        reasons = [one.message for one in judgement.problems if one.severity == "error"]
        reasons += [*(one.message for one in judgement.notices), *resolved.left]
        configs = ", ".join(sorted(resolved.starts.by_config))
        note = f"{configs} could not be judged" + (f": {reasons[0]}" if reasons else "")
    elif resolved.left:
        note = f"not all that the command starts is known: {resolved.left[0]}"
    workers = None if note is not None else _workers(judgement, resolved, environment, session.cpus)
    folders = tuple(dict.fromkeys(folder_of(suite.file) for suite in suites))
    return GateVerdict(session, judgement._replace(drafts=drafts), note, workers, folders)


def _unknown(resolved: Resolved) -> str:
    if resolved.left:
        return f"what the command runs is not known: {resolved.left[0]}"
    if resolved.invocations:
        runner = resolved.invocations[0].runner
        return f"the command starts {runner} without a config that is known: it was not judged"
    return "no test runner is known to be started by the command: its config was not judged"


def _judged(resolved: Resolved, options: Options) -> tuple[Session, Judgement, list[Suite]]:
    options = options._replace(commands=resolved.invocations, skip_unknown=True)
    session = Session(resolved.workspace, options)
    judgement = session.judge(sorted(resolved.starts.by_config))
    mine = {one.id for one in resolved.invocations}
    suites = [
        suite
        for suite in judgement.suites
        if any(one.id in mine for one in (suite.invocation, *suite.same_as) if one is not None)
    ]
    return session, judgement, suites


def _variables(
    workspace: Workspace, suites: Sequence[Suite], environ: Mapping[str, str]
) -> list[str]:
    """The variables of the environment whose names stand in what the configs read."""
    words: set[str] = set()
    files = sorted({file for suite in suites for file in suite.files})
    for file in files[:_MAX_FILES]:
        document = workspace.read(file)
        if not isinstance(document, Unreadable):
            words.update(re.findall(r"[A-Za-z_]\w+", document.data.decode("utf-8", "replace")))
    return sorted(name for name in environ if name in words and name != "CI")


def _is_about(draft: Draft, suites: set[str], environment: str) -> bool:
    return any(
        subject.environment == environment and not suites.isdisjoint(subject.about)
        for subject, _ in draft.hits
    )


def _workers(judgement: Judgement, resolved: Resolved, environment: str, cpus: int) -> int | None:
    """Most test files at one time, over all that the command starts."""
    most = 0
    for config in judgement.configs:
        file = config.candidate.file
        for started in resolved.starts.by_config.get(file, ()):
            own = f"{file}@{started.invocation.id}"
            run = next((one for one in config.runs if one.id == own), None)
            run = run or next(iter(config.runs), None)
            fact = None if run is None else run.workers.get(environment)
            number = None if fact is None else _number(fact, cpus)
            if number is None:
                return None
            most = most + number if started.invocation.beside else max(most, number)
    return most or None


def _number(fact: Fact, cpus: int) -> int | None:
    found: list[float] = []
    for case in cases_of(fact):
        one = case.fact
        if isinstance(one, RangeFact):
            found.append(float(one.expression.at(machine_for(one, cpus))))
        elif isinstance(one, KnownFact) and isinstance(one.value, float | int):
            found.append(float(one.value))
        else:
            return None
    most = max(found, default=math.inf)
    return math.ceil(most) if math.isfinite(most) else None
