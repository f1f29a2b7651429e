"""Config files to suites: each evaluated for its version, locally and in CI."""

from __future__ import annotations

from typing import Literal, NamedTuple

from configguard.evaluate.configs import Config
from configguard.evaluate.worlds import Environment
from configguard.project.discover import Candidate, workspace_files
from configguard.project.kinds import Kind, kind_of
from configguard.project.packages import RunnerVersion, runner_version
from configguard.project.ranges import stretches
from configguard.resources import table
from configguard.runners import vitest
from configguard.runners.profile import Note, Profile, merged
from configguard.runners.table import boundaries
from configguard.runners.versions import matches, parse_version
from configguard.source.span import Origin, Span
from configguard.source.workspace import Unreadable, Workspace, folder_of
from configguard.syntax.trees import BadSyntax, Parsed, parse


class Trouble(NamedTuple):
    """A config that cannot be judged, or a source of facts that cannot be read."""

    message: str
    at: Origin
    severity: Literal["error", "warning"] = "error"


class Suite(NamedTuple):
    """One config as it runs: CONTRACT.md section 4. `profiles` by environment name.

    `files`: all files its evaluation read; `version`: the one that is judged, or the first.
    """

    id: str
    file: str
    runner: str
    version: str
    installed: RunnerVersion
    kind: Kind
    profiles: dict[str, Profile]
    files: frozenset[str]
    notes: tuple[Note, ...]
    troubles: tuple[Trouble, ...]


def suite_of(workspace: Workspace, candidate: Candidate) -> Suite | Trouble | None:
    """The suite of a config file; None where a vite config holds no tests."""
    document = workspace.read(candidate.file)
    if isinstance(document, Unreadable):
        return Trouble(f"cannot read {candidate.file}: {document.reason}", _start(candidate.file))
    parsed = parse(document)
    if isinstance(parsed, BadSyntax):
        return Trouble(f"syntax error in {candidate.file}: {parsed.reason}", (parsed.span,))
    if candidate.needs_test_key and not _has_tests(workspace, parsed):
        return None
    found = runner_version(workspace, folder_of(candidate.file), candidate.runner)
    installed, problems = found
    versions, notes = versions_of(candidate.runner, installed)
    around = vitest.Surroundings(_first(workspace_files(workspace, folder_of(candidate.file))))
    profiles: dict[str, Profile] = {}
    files: set[str] = {candidate.file}
    for environment in vitest.ENVIRONMENTS:
        config = Config(workspace, parsed, environment, vitest.resolve)
        profiles[environment.name] = _profile(config, versions, around)
        files.update(file for machine in config.machines for file in machine.modules)
        if environment is vitest.LOCAL and not config.depends_on_environment:
            # Nothing that was read differs in CI.
            profiles[vitest.CI.name] = profiles[environment.name]
            break
    troubles = tuple(
        Trouble(one.message, one.at or _start(one.file), one.severity) for one in problems
    )
    return Suite(
        candidate.file,
        candidate.file,
        candidate.runner,
        versions[0][1],
        installed,
        kind_of(candidate.file),
        profiles,
        frozenset(files),
        tuple(notes),
        troubles,
    )


def versions_of(runner: str, installed: RunnerVersion) -> tuple[list[tuple[str, str]], list[Note]]:
    """(range text, representative version) of every stretch to evaluate, and what to say of it."""
    data = table(f"runners/facts/{runner}")
    at = installed.at
    if installed.version is not None:
        version, newest = installed.version, str(data["newest"])
        if matches(version, data["supported"]):
            return [("", version)], []
        low = (parse_version(version) or (0, 0, 0)) < (parse_version(boundaries(runner)[0]) or ())
        nearest = boundaries(runner)[0] if low else newest
        message = f"{runner} {version} is not in the facts tables; judged as {nearest}"
        return [("", nearest)], [Note(message, at)]
    found = stretches(installed.range, boundaries(runner), str(data["newest"]), runner)
    if len(found) == 1:
        return [("", found[0].version)], []
    return [(stretch.versions, stretch.version) for stretch in found], []


def _profile(
    config: Config, versions: list[tuple[str, str]], around: vitest.Surroundings
) -> Profile:
    found = [(text, vitest.Model(config, version, around).profile()) for text, version in versions]
    return merged(found)


def _has_tests(workspace: Workspace, parsed: Parsed) -> bool:
    """Whether a vite config has a `test` key in any environment; unknown counts as no."""
    environment: Environment = vitest.LOCAL
    config = Config(workspace, parsed, environment, vitest.resolve)
    return any(case.answer is True for case in config.ask(vitest.is_suite))


def _first(files: list[str]) -> str | None:
    return files[0] if files else None


def _start(file: str) -> Origin:
    return (Span(file, 0, 0),)
