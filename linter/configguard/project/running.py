"""How the suites of a config are run: by which scripts and CI steps, guarded or not, for how long.

`Ways` holds what is known of all starts; the facts that rules ask for have their names here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from configguard.project.ci.model import Job, Step, Timeout
from configguard.project.ci.reading import CiInvocation
from configguard.project.invocations import Invocation
from configguard.project.started import Started
from configguard.project.suite import Suite
from configguard.resources import table
from configguard.runners.given import given
from configguard.runners.profile import Fact, KnownFact, UnknownFact
from configguard.source.span import Span

NO_LIMIT = "none"


class Ways:
    """All starts of a project's configs, and the steps of CI behind them."""

    def __init__(
        self, by_config: Mapping[str, Sequence[Started]], ci: Iterable[CiInvocation] = ()
    ) -> None:
        self.by_config = by_config
        self._steps = {one.invocation.id: one.steps for one in ci}
        starts = [one.invocation for found in by_config.values() for one in found]
        chains = {one.chain for one in starts if one.guarded}
        # Innermost first: what a guarded command starts is the beginning of its chain.
        self._inner_halves = {one[:end] for one in chains for end in range(1, len(one))}

    def of(self, suite: Suite) -> list[Started]:
        """What runs a suite, in whatever way."""
        return [one for one in self.by_config.get(suite.config, ()) if one.runs(suite.key)]

    def steps(self, invocation: Invocation) -> tuple[Step, ...]:
        """The CI steps that bring an invocation about."""
        return self._steps.get(invocation.id, ())

    def guarded_by_another(self, invocation: Invocation) -> bool:
        """Whether it is what another script or step runs under `configguard run`.

        A step that starts the inner half by itself is none: nothing guards it.
        """
        return invocation.chain in self._inner_halves

    def is_guarded(self, suite: Suite) -> KnownFact:
        """Whether anything runs a suite under `configguard run`."""
        return KnownFact(any(one.invocation.guarded for one in self.of(suite)), "default")

    def job_timeout(self, suite: Suite) -> Fact:
        """The longest time limit of the jobs that run a suite, in minutes."""
        found = [
            time_limit(steps) for one in self.of(suite) if (steps := self.steps(one.invocation))
        ]
        bounded = [
            one for one in found if isinstance(one, KnownFact) and isinstance(one.value, float)
        ]
        if bounded:
            return max(bounded, key=lambda one: one.value)
        unknown = next((one for one in found if isinstance(one, UnknownFact)), None)
        return unknown or KnownFact(NO_LIMIT, "default")


_WINDOWS = ("--ui", "--ui-host", "--ui-port", "--debug")
"""Flags of Playwright with which a person sits before it (its help, 1.30 to 1.65)."""


def watches(suite: Suite, start: Started) -> str:
    """Whether a start stays for a person to look at: never, always, or as the terminal decides."""
    if suite.runner == "playwright":
        return "never" if start.invocation.line.last(*_WINDOWS) is None else "always"
    watch = given(suite.runner, suite.version, start.command).watch
    return "open" if watch is None else "always" if watch else "never"


class JobOf(NamedTuple):
    """A CI job and those of its steps that run one suite."""

    job: Job
    steps: tuple[Step, ...]
    guarded: bool


def jobs_of(invocations: Sequence[Invocation], ways: Ways) -> list[JobOf]:
    """The jobs behind some invocations, each once, however many cases and callers it has."""
    found: dict[tuple[str, Span], list[tuple[Invocation, Step]]] = {}
    for one in invocations:
        for step in ways.steps(one):
            found.setdefault((step.job.file, step.job.span), []).append((one, step))
    return [
        JobOf(
            starts[0][1].job,
            tuple(step for _, step in starts),
            all(invocation.guarded for invocation, _ in starts),
        )
        for starts in found.values()
    ]


def time_limit(steps: Sequence[Step]) -> Fact:
    """After how many minutes CI ends the slowest of some steps; a default of the service, where
    the file sets none for one of them."""
    limits = [_least(step.timeout, step.job.timeout) for step in steps]
    if None in limits:
        minutes = table("project/ci/services")[steps[0].job.provider]["job-timeout"]["minutes"]
        return KnownFact(float(minutes), "default")
    told = [limit for limit in limits if limit is not None]
    unknown = next((limit for limit in told if limit.minutes is None), None)
    if unknown is not None:
        return UnknownFact(str(unknown.reason), "config", unknown.origin)
    longest = max(told, key=lambda limit: limit.minutes or 0)
    return KnownFact(float(longest.minutes or 0), "config", longest.origin)


def _least(*limits: Timeout | None) -> Timeout | None:
    """The limit that ends it first; one that is not known is a limit all the same."""
    given = [limit for limit in limits if limit is not None]
    known = [limit for limit in given if limit.minutes is not None]
    return min(known, key=lambda limit: limit.minutes or 0) if known else next(iter(given), None)
