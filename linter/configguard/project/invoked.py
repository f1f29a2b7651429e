"""A config as scripts and CI steps run it: suites of their own where what they do differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from configguard.project.evaluated import Evaluated
from configguard.project.invocations import Invocation
from configguard.project.started import Started
from configguard.project.suite import Configured, Run, Suite
from configguard.runners.given import Command
from configguard.runners.profile import Note, Profile, same_fact

_T = TypeVar("_T")
_CI = "ci"


def invoked(
    written: Configured,
    evaluated: Evaluated,
    starts: Sequence[Started],
    again: Callable[..., Evaluated],
) -> Configured:
    """The config with its suites and runs as invocations have them.

    `evaluated`: the config as it is written; `again` evaluates it for a command of its own.
    """
    same: dict[str, list[Invocation]] = {}
    reached: set[str] = set()
    suites: list[Suite] = []
    runs: list[Run] = []
    notes: list[Note] = []
    for start in starts:
        doubt = start.doubt or (
            _wildcards(start, evaluated) or start.missing([suite.key for suite in written.suites])
        )
        started = _evaluated(evaluated, start.command, again)
        mode = start.command.mode
        if doubt is None and not (evaluated.loads_in(mode) and started.loads_in(mode)):
            told = f"what --mode {mode} of {start.invocation.title} makes of projects"
            doubt = Note(
                f"{told}, or of vitest before 1.0, is not known", start.invocation.chain[:1]
            )
        if doubt is not None:
            notes.append(doubt)
            continue
        made: list[Suite] = []
        for suite in written.suites:
            if not start.runs(suite.key):
                continue
            reached.add(suite.id)
            differs = _as_started(suite, started, start.invocation)
            if differs is None:
                same.setdefault(suite.id, []).append(start.invocation)
                continue
            twin = next((one for one in suites if _is_twin(one, differs)), None)
            if twin is not None:
                same.setdefault(twin.id, []).append(start.invocation)
            made.append(twin or differs)
        suites += [one for one in made if one not in suites]
        run = _run(written, started, start, made)
        if run is not None:
            runs.append(run)
    by_default = written.candidate.found_by_default
    as_written = tuple(
        suite._replace(
            same_as=tuple(same.get(suite.id, ())),
            judged=by_default or suite.id not in reached or suite.id in same,
        )
        for suite in written.suites
    )
    own = tuple(suite._replace(same_as=tuple(same.get(suite.id, ()))) for suite in suites)
    return written._replace(
        suites=(*as_written, *own),
        runs=(*written.runs, *runs),
        notes=(*written.notes, *dict.fromkeys(notes)),
    )


def run_of(
    identifier: str, suites: Sequence[Suite], evaluated: Evaluated, ids: Sequence[str] = ()
) -> Run:
    """What of a config starts together; `ids`: how the suites are called there."""
    e2e = [suite.key for suite in suites if suite.kind.kind == "e2e"]
    return Run(
        identifier,
        tuple(ids) or tuple(suite.id for suite in suites),
        evaluated.together([suite.key for suite in suites]),
        evaluated.together(e2e),
    )


def _evaluated(
    evaluated: Evaluated, command: Command, again: Callable[..., Evaluated]
) -> Evaluated:
    rereads = command.variables or command.mode is not None
    return again(command) if rereads else evaluated.under(command)


def _as_started(suite: Suite, own: Evaluated, invocation: Invocation) -> Suite | None:
    """A suite as an invocation runs it; None where that changes nothing."""
    profiles = of_environment(_with_calls(own.profiles(suite.key), suite.profiles), invocation)
    written = of_environment(suite.profiles, invocation)
    if profiles.keys() == written.keys() and all(
        _same(profile, written[name]) for name, profile in profiles.items()
    ):
        return None
    if invocation.doubts:
        told = f"what runs before {invocation.title} is assumed to set no variable that counts"
        note = Note(told, invocation.doubts[:1])
        profiles = {
            name: profile._replace(assumptions=(*profile.assumptions, note))
            for name, profile in profiles.items()
        }
    return suite._replace(
        id=f"{suite.id}@{invocation.id}",
        profiles=profiles,
        invocation=invocation,
        changed=_changed(profiles, written),
    )


def _with_calls(profiles: dict[str, Profile], written: dict[str, Profile]) -> dict[str, Profile]:
    """Profiles with what the suite's test files override: that holds however it is started."""
    calls = {
        name: tuple(entry for entry in profile.settings if entry.scope is not None)
        for name, profile in written.items()
    }
    return {
        name: profile._replace(settings=(*profile.settings, *calls.get(name, ())))
        for name, profile in profiles.items()
    }


def _changed(profiles: dict[str, Profile], written: dict[str, Profile]) -> frozenset[str]:
    """The facts that differ, in any environment."""
    return frozenset(
        name
        for environment, profile in profiles.items()
        for name, fact in profile.facts.items()
        if environment not in written
        or name not in written[environment].facts
        or not same_fact(fact, written[environment].facts[name])
    )


def _wildcards(start: Started, evaluated: Evaluated) -> Note | None:
    """`--project 'web*'`: a pattern since Playwright 1.42 (its source), a plain name before."""
    places = [at for name, at in zip(start.projects, start.chosen_at, strict=True) if "*" in name]
    if start.invocation.runner != "playwright" or not places or evaluated.are_all(">=1.42"):
        return None
    title = start.invocation.title
    return Note(f"Playwright before 1.42 takes the project of {title} as a plain name", places[0])


def _is_twin(one: Suite, other: Suite) -> bool:
    """Whether another invocation runs a suite in the same way."""
    alike = one.key == other.key and other.profiles.keys() <= one.profiles.keys()
    return alike and all(_same(p, one.profiles[name]) for name, p in other.profiles.items())


def _run(written: Configured, own: Evaluated, start: Started, made: Sequence[Suite]) -> Run | None:
    """What starts together where that is not what the config as written starts."""
    suites = [suite for suite in written.suites if start.runs(suite.key)]
    names = {suite.key: suite.id for suite in (*suites, *made)}
    ids = [names[suite.key] for suite in suites]
    config = written.candidate.file
    run = run_of(f"{config}@{start.invocation.id}", suites, own, ids)
    run = run._replace(
        workers=of_environment(run.workers, start.invocation),
        e2e_workers=of_environment(run.e2e_workers, start.invocation),
    )
    before = written.runs[0]
    alike = run.suites == before.suites and all(
        same_fact(fact, before.workers[name])
        and same_fact(run.e2e_workers[name], before.e2e_workers[name])
        for name, fact in run.workers.items()
    )
    return None if alike or not suites else run


def of_environment(found: dict[str, _T], invocation: Invocation) -> dict[str, _T]:
    """A CI step has only the environment `ci`, a script both if it does not ask for CI itself."""
    only = True if invocation.kind == "ci" else invocation.in_ci
    return {name: one for name, one in found.items() if only in (None, name == _CI)}


def _same(one: Profile, other: Profile) -> bool:
    """Whether nothing that is known of a suite differs, wherever it comes from."""
    return (
        one.facts.keys() == other.facts.keys()
        and all(same_fact(fact, other.facts[name]) for name, fact in one.facts.items())
        and [(e.setting, e.effect, e.reason) for e in one.settings]
        == [(e.setting, e.effect, e.reason) for e in other.settings]
    )
