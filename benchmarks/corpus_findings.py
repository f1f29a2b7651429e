"""What the rules say of real repositories: counts, each finding, a sample to read, the noise.

Each folder below `repos` is one repository, checked as `configguard check .` in it would.
"""

from __future__ import annotations

import collections
import random
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from configguard.checking.finding import Finding
from configguard.checking.session import Judgement, Options, Session
from configguard.cli.check import report_of
from configguard.project.suite import Suite
from configguard.ruleset.rule import builtin_rules
from configguard.runners.profile import Fact, KnownFact, cases_of
from configguard.source.workspace import Workspace
from configguard.syntax.trees import forget

SERIAL = {"workers": 1.0, "testConcurrency": 1.0, "retries": 1.0}
"""The noise budget: with no more than that, no error and no warning about load."""
LOAD_RULES = ("e2e-parallel-workers", "e2e-concurrent-tests", "too-many-retries", "retry-load")


class Checked(NamedTuple):
    """One repository and what was found in it."""

    repo: str
    findings: tuple[Finding, ...]
    suites: int
    notices: int
    serial: bool


def checked(repos: Path, only: str) -> Iterator[Checked | str]:
    """Every repository, or the text of a crash in one."""
    for folder in sorted(path for path in repos.iterdir() if path.is_dir()):
        if only not in folder.name:
            continue
        forget()
        try:
            session = Session(Workspace(folder), Options(tuple(builtin_rules().values())))
            judgement = session.judge([""])
            report = report_of(session, judgement, plan_fixes=False)
        except Exception:
            yield f"crash: {folder.name}\n{traceback.format_exc()}"
            continue
        yield Checked(
            folder.name,
            tuple(report.findings),
            len(judgement.suites),
            len(report.notices),
            _is_serial(judgement),
        )


def _is_serial(judgement: Judgement) -> bool:
    """Whether there are E2E suites, and all of them surely run one test at a time."""
    e2e = [one for one in judgement.suites if one.judged and one.kind.kind == "e2e"]
    return bool(e2e) and all(_is_within(suite) for suite in e2e)


def _is_within(suite: Suite) -> bool:
    return all(
        _at_most(profile.facts[name], most)
        for profile in suite.profiles.values()
        for name, most in SERIAL.items()
    )


def _at_most(fact: Fact, most: float) -> bool:
    told = [case.fact for case in cases_of(fact)]
    return all(
        isinstance(one, KnownFact) and isinstance(one.value, float) and one.value <= most
        for one in told
    )


def report(repos: Path, only: str, sample: int | None, seed: int) -> int:
    """Print what was found; 1 on a crash, or on noise about serial suites."""
    found: list[Checked] = []
    crashes = 0
    for one in checked(repos, only):
        if isinstance(one, str):
            crashes += 1
            print(one)
        else:
            found.append(one)
            for finding in one.findings if sample is None else ():
                print(_line(one.repo, finding), flush=True)
    pairs = [(one.repo, finding) for one in found for finding in one.findings]
    _print_table(pairs, len(found))
    for repo, finding in _sample(pairs, sample or 0, seed):
        print(_line(repo, finding))
        for because in finding.because:
            at = because.at[0] if because.at else None
            print(f"    {because.message}" + (f" ({at.file}@{at.start})" if at else ""))
    noisy = [
        (one.repo, finding)
        for one in found
        if one.serial
        for finding in one.findings
        if finding.rule in LOAD_RULES and finding.severity != "info"
    ]
    serial = sum(one.serial for one in found)
    print(
        f"\nrepositories with serial E2E suites: {serial}, findings about their load: {len(noisy)}"
    )
    for repo, finding in noisy:
        print(f"  noise: {_line(repo, finding)}")
    suites, notices = sum(one.suites for one in found), sum(one.notices for one in found)
    print(f"repositories: {len(found)}, suites: {suites}, notices: {notices}, crashes: {crashes}")
    return 1 if crashes or noisy else 0


def _sample(
    pairs: Sequence[tuple[str, Finding]], number: int, seed: int
) -> list[tuple[str, Finding]]:
    """So many at random, one of each rule in each repository before a second one of any.

    A thousand alike in one monorepo would else be most of what is read.
    """
    chance = random.Random(seed)
    groups: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
    for repo, finding in pairs:
        groups.setdefault((repo, finding.rule), []).append((repo, finding))
    for group in groups.values():
        chance.shuffle(group)
    chosen: list[tuple[str, Finding]] = []
    while len(chosen) < min(number, len(pairs)):
        turn = [group.pop() for group in groups.values() if group]
        chance.shuffle(turn)
        chosen += turn
    return sorted(chosen[:number], key=lambda one: (one[0], one[1].rule))


def _print_table(pairs: Sequence[tuple[str, Finding]], repositories: int) -> None:
    print(
        f"{'rule':<26}{'error':>7}{'warning':>9}{'info':>6}{'repositories':>14} of {repositories}"
    )
    count = collections.Counter((finding.rule, finding.severity) for _, finding in pairs)
    for rule in builtin_rules():
        having = len({repo for repo, finding in pairs if finding.rule == rule})
        print(
            f"{rule:<26}{count[rule, 'error']:>7}{count[rule, 'warning']:>9}"
            f"{count[rule, 'info']:>6}{having:>14}"
        )


def _line(repo: str, finding: Finding) -> str:
    place = finding.at[0]
    more = f" (+{len(finding.suites) - 1} suites)" if len(finding.suites) > 1 else ""
    return (
        f"{repo} {place.file}@{place.start} {finding.severity}[{finding.rule}]"
        f" {'/'.join(finding.environments)} {finding.certainty}: {finding.message}{more}"
    )
