"""Config files to suites: each evaluated for its version, locally and in CI."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from configguard.evaluate.values import Obj
from configguard.limits.settings import Settings
from configguard.project.ci.model import Provider
from configguard.project.ci.reading import provider_variables
from configguard.project.discover import Candidate, configs_beside, workspace_files
from configguard.project.evaluated import Evaluated
from configguard.project.invoked import invoked, run_of
from configguard.project.kind_signals import signals
from configguard.project.kinds import Kind, kind_of, playwright_kind
from configguard.project.packages import UNKNOWN_VERSION, RunnerVersion, runner_version
from configguard.project.problems import PathProblem
from configguard.project.ranges import stretches
from configguard.project.started import Started
from configguard.project.suite import Configured, Run, Suite, Trouble, Wanted, suite_id
from configguard.project.test_files import with_overrides
from configguard.project.test_key import has_tests
from configguard.resources import table
from configguard.runners.known import runner_of
from configguard.runners.profile import Note
from configguard.runners.runner import Key, Runner, Surroundings
from configguard.runners.table import boundaries
from configguard.runners.versions import matches, parse_version
from configguard.source.span import Origin, Span
from configguard.source.workspace import Unreadable, Workspace, folder_of
from configguard.syntax.trees import BadSyntax, Parsed, parse

_READ_KINDS = ("e2e", "integration")
"""The suites whose test files are read."""


def configured(
    workspace: Workspace,
    candidate: Candidate,
    settings: Settings,
    starts: Sequence[Started] = (),
    provider: Provider | None = None,
    wanted: Wanted | None = None,
) -> Configured | Trouble | None:
    """The suites of a config file; None where a vite config holds no tests.

    `starts`: the invocations that run it; `provider`: the service of the project's CI. `wanted`:
    what is to be worked out where no invocation has to be compared; None: everything.
    """
    document = workspace.read(candidate.file)
    if isinstance(document, Unreadable):
        return Trouble(f"cannot read {candidate.file}: {document.reason}", _start(candidate.file))
    parsed = parse(document)
    if isinstance(parsed, BadSyntax):
        return Trouble(f"syntax error in {candidate.file}: {parsed.reason}", (parsed.span,))
    around = surroundings(workspace, candidate)._replace(ci=_set_by(provider))
    runner = runner_for(candidate.runner, candidate.file, around)
    # A workspace file beside it makes a vite config one of vitest.
    may_be_none = candidate.needs_test_key and around.workspace_file is None
    if may_be_none and not has_tests(workspace, parsed, runner):
        return None
    installed, problems = _installed(workspace, candidate)
    versions, notes = versions_of(candidate.runner, installed)
    if (reads := _read_instead(workspace, candidate, versions)) is not None:
        name = posixpath.basename(candidate.file)
        message = f"{candidate.runner} {versions[0][1]} reads {reads} and never {name} beside it"
        return Trouble(message, _start(candidate.file), "warning")
    looked_for = (one for one in around.others if _looked_for(candidate.runner, one, versions))
    around = around._replace(others=tuple(looked_for))
    notes += installed.notes
    notes += _not_found(candidate, around.workspace_file, versions)
    wanted = None if starts else wanted
    facts = None if wanted is None else wanted.facts
    evaluated = Evaluated(workspace, parsed, runner, versions, around, wanted=facts)
    suites: list[Suite] = []
    for key in evaluated.suite_keys():
        name = suite_id(candidate.file, key)
        kind = _kind(evaluated, parsed, candidate, key, settings, starts)
        profiles = evaluated.profiles(key)
        if kind.kind in _READ_KINDS:
            tests = evaluated.tests(key)
            profiles = with_overrides(workspace, candidate.runner, versions, tests, name, profiles)
        suites.append(
            Suite(
                name,
                key.file or candidate.file,
                key,
                candidate.file,
                candidate.runner,
                versions[0][1],
                installed,
                kind,
                profiles,
                evaluated.files,
                around,
            )
        )
    troubles = tuple(
        Trouble(one.message, one.at or _start(one.file), one.severity) for one in problems
    )
    # Rules ask what starts together only of several end-to-end suites.
    several = sum(suite.kind.kind == "e2e" for suite in suites) > 1
    with_runs = wanted is None or (wanted.runs and several)
    runs = (run_of(candidate.file, suites, evaluated),) if with_runs else ()
    steps = evaluated.steps
    told = Configured(candidate, tuple(suites), runs, tuple(notes), troubles, steps)
    if starts:
        again = partial(Evaluated, workspace, parsed, runner, versions, around)
        told = invoked(told, evaluated, starts, again)
    evaluated.release()
    return told


def runner_for(name: str, config: str, around: Surroundings) -> Runner:
    """The runner that reads a config."""
    runner = runner_of(name)
    if around.ci:
        local, ci = runner.environments
        ci = replace(ci, variables={**dict(around.ci), **ci.variables})
        runner = runner._replace(environments=(local, ci))
    if config != around.workspace_file:
        return runner
    # A workspace file without a config: what it exports are the projects of an empty one.
    return runner._replace(resolve=lambda machine, exported: Obj({}))


def _set_by(provider: Provider | None) -> tuple[tuple[str, str], ...]:
    """What a service sets in every step, as far as it always has the same text."""
    if provider is None:
        return ()
    found = provider_variables(provider)
    return tuple((name, text) for name, text in found.items() if text is not None)


def surroundings(workspace: Workspace, candidate: Candidate) -> Surroundings:
    """What lies beside a config and changes what the runner makes of it."""
    if candidate.runner == "vitest":
        files = workspace_files(workspace, folder_of(candidate.file))
        return Surroundings(files[0] if files else None)
    others = configs_beside(workspace, candidate) if candidate.runner == "jest" else ()
    return Surroundings(None, others)


def _kind(
    evaluated: Evaluated,
    parsed: Parsed,
    candidate: Candidate,
    key: Key,
    settings: Settings,
    starts: Sequence[Started],
) -> Kind:
    stated = settings.kind_of(key.file or candidate.file)
    if stated is not None:
        return Kind(stated.kind, [("settings", "strong", stated.at)])
    if candidate.runner == "playwright":
        return playwright_kind(parsed)
    name = key.project if isinstance(key.project, str) else None
    named = () if name is None else evaluated.named(key)
    more = partial(
        signals,
        candidate.runner,
        parsed,
        partial(evaluated.hints, key),
        [one for one in starts if one.runs(key)],
    )
    return kind_of(key.file or candidate.file, name, named[0] if named else None, more)


def _installed(
    workspace: Workspace, candidate: Candidate
) -> tuple[RunnerVersion, list[PathProblem]]:
    """The runner's version where the config lies, by the first of its packages that tells one."""
    packages = table(f"runners/facts/{candidate.runner}").get("packages", (candidate.runner,))
    problems: list[PathProblem] = []
    notes: list[Note] = []
    for package in packages:
        found, wrong = runner_version(workspace, folder_of(candidate.file), package)
        problems += wrong
        notes += found.notes
        if found.source != "none":
            return found, problems
    unknown = UNKNOWN_VERSION._replace(notes=tuple(dict.fromkeys(notes)))
    return unknown, list(dict.fromkeys(problems))


def versions_of(runner: str, installed: RunnerVersion) -> tuple[list[tuple[str, str]], list[Note]]:
    """(range text, representative version) of every stretch to evaluate, and what to say of it."""
    data = table(f"runners/facts/{runner}")
    if installed.version is not None:
        return _known_to_the_tables(runner, installed.version, installed.at)
    found = stretches(installed.range, boundaries(runner), str(data["newest"]), runner)
    if not any(matches(stretch.version, data["supported"]) for stretch in found):
        return _known_to_the_tables(runner, found[0].version, installed.at)
    if len(found) == 1:
        return [("", found[0].version)], []
    return [(stretch.versions, stretch.version) for stretch in found], []


def _known_to_the_tables(
    runner: str, version: str, at: Origin
) -> tuple[list[tuple[str, str]], list[Note]]:
    """A version as it is; one outside the tables by the nearest that they know, and told."""
    data = table(f"runners/facts/{runner}")
    if matches(version, data["supported"]):
        return [("", version)], []
    oldest = boundaries(runner)[0]
    low = (parse_version(version) or (0, 0, 0)) < (parse_version(oldest) or ())
    nearest = oldest if low else str(data["newest"])
    message = f"{runner} {version} is not in the facts tables; judged as {nearest}"
    return [("", nearest)], [Note(message, at)]


def _not_found(
    candidate: Candidate, workspace_file: str | None, versions: Sequence[tuple[str, str]]
) -> list[Note]:
    """What lies there and is not looked for by any version that is judged."""
    runner = f"{candidate.runner} {versions[0][1]}"
    notes: list[Note] = []
    if workspace_file is not None and not _looked_for(candidate.runner, workspace_file, versions):
        message = f"{runner} does not read {workspace_file}: the projects in it are not run"
        notes.append(Note(message, _start(workspace_file)))
    elif candidate.found_by_default and not _looked_for(candidate.runner, candidate.file, versions):
        name = posixpath.basename(candidate.file)
        message = (
            f"{runner} does not find {name} by itself: without --config it runs with its defaults"
        )
        notes.append(Note(message, _start(candidate.file)))
    return notes


def _read_instead(
    workspace: Workspace, candidate: Candidate, versions: Sequence[tuple[str, str]]
) -> str | None:
    """The config beside this one that all versions in question read instead of it."""
    if not candidate.found_by_default or candidate.named or candidate.runner == "vitest":
        return None  # vitest looks for the same names in all versions
    folder, own = posixpath.split(candidate.file)
    there = {own, *configs_beside(workspace, candidate)}
    reads = own
    for _, version in versions if len(there) > 1 else ():
        names = next(
            row["names"]
            for row in table(f"runners/facts/{candidate.runner}")["config-names"]
            if matches(version, row["versions"])
        )
        reads = next((name for name in names if name in there), own)
        if reads == own:
            return None
    return None if reads == own else posixpath.join(folder, reads)


def _looked_for(runner: str, file: str, versions: Sequence[tuple[str, str]]) -> bool:
    name = posixpath.basename(file)
    return any(
        matches(version, row["versions"]) and name in row["names"]
        for _, version in versions
        for row in table(f"runners/facts/{runner}")["config-names"]
    )


def _start(file: str) -> Origin:
    return (Span(file, 0, 0),)


__all__ = [
    "Configured",
    "Run",
    "Suite",
    "Trouble",
    "Wanted",
    "configured",
    "suite_id",
    "versions_of",
]
