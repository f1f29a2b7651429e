"""Guarded scripts in package.json, one for the scripts that run each end-to-end suite."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from configguard.checking.finding import Problem, first_byte
from configguard.fixing.guarding import (
    MAIN,
    PLAIN,
    Script,
    script_to_guard,
    with_guarded,
    with_new,
)
from configguard.limits.json_file import JsonFault, json_value
from configguard.project.running import Ways
from configguard.project.suites import Configured, Suite
from configguard.proposing.proposal import Proposal
from configguard.source.workspace import ancestors, folder_of

_COMMANDS = {"playwright": "playwright test", "vitest": "vitest run", "jest": "jest"}
_MOST_STEPS = 5


def broken_manifest(proposal: Proposal, folder: str) -> Problem | None:
    """What is wrong with the package.json of a folder: then no script of it is known."""
    file = posixpath.join(folder, "package.json")
    document = proposal.document(file)
    content = json_value(document) if document is not None else {}
    if isinstance(content, JsonFault):
        return Problem(content.message, (content.span,), "error", file)
    if not isinstance(content, dict):
        return Problem(f"{file} holds no object", (first_byte(file),), "error", file)
    return None


def propose_scripts(proposal: Proposal, configs: Sequence[Configured], ways: Ways) -> None:
    """Guard what runs the end-to-end suites; where no script does, write one."""
    for folder in _packages(proposal, configs):
        broken = broken_manifest(proposal, folder)
        if broken is not None:
            proposal.problems.append(broken)
            return
    unrun: dict[str, list[Configured]] = {}
    wanted: dict[Script, None] = {}
    for config in configs:
        suites = _end_to_end(config)
        for suite in suites:
            script = script_to_guard(suite, ways)
            if script is not None:
                wanted[script] = None
        if suites and not any(_has_script(suite, ways) for suite in suites):
            unrun.setdefault(folder_of(config.candidate.file), []).append(config)
        elif suites and not any(script_to_guard(suite, ways) for suite in suites):
            guarded = _guarded_names(suites, ways)
            proposal.kept += [f"{name} guards {config.candidate.file} already" for name in guarded]
    for script in wanted:
        made = with_guarded(proposal.workspace, script)
        if isinstance(made, str):
            file = posixpath.join(script.folder, "package.json")
            proposal.advice.append(f'the script "{script.name}" of {file} is not guarded: {made}')
        else:
            proposal.change(made.file, made.data)
    for folder, found in unrun.items():
        _new_script(proposal, folder, found)
    proposal.advice += _steps(configs, ways)
    proposal.kept = list(dict.fromkeys(proposal.kept))


def _packages(proposal: Proposal, configs: Sequence[Configured]) -> list[str]:
    """The folders of the packages that end-to-end configs belong to."""
    found: dict[str, None] = {}
    for config in configs:
        if _end_to_end(config):
            above = ancestors(folder_of(config.candidate.file))
            files = (posixpath.join(folder, "package.json") for folder in above)
            nearest = next((file for file in files if proposal.workspace.is_file(file)), None)
            if nearest is not None:
                found[folder_of(nearest)] = None
    return list(found)


def _end_to_end(config: Configured) -> list[Suite]:
    """The end-to-end suites of a config, each once, however it is started."""
    found: dict[object, Suite] = {}
    for suite in config.suites:
        if suite.kind.kind == "e2e":
            found.setdefault(suite.key, suite)
    return list(found.values())


def _has_script(suite: Suite, ways: Ways) -> bool:
    return any(start.invocation.kind == "script" for start in ways.of(suite))


def _guarded_names(suites: Sequence[Suite], ways: Ways) -> list[str]:
    starts = [start.invocation for suite in suites for start in ways.of(suite)]
    return list(dict.fromkeys(one.title for one in starts if one.guarded and one.kind == "script"))[
        :1
    ]


def _new_script(proposal: Proposal, folder: str, configs: Sequence[Configured]) -> None:
    """A script for the end-to-end config of a folder that no script runs."""
    first = configs[0]
    file, runner = first.candidate.file, first.suites[0].runner
    only_e2e = all(suite.kind.kind == "e2e" for suite in first.suites)
    name = posixpath.basename(file)
    if len(configs) > 1 or not only_e2e or PLAIN.fullmatch(name) is None:
        listed = ", ".join(one.candidate.file for one in configs)
        told = f"no script runs {listed}: give it one, and `configguard init` guards it"
        proposal.advice.append(told)
        return
    command = _COMMANDS[runner]
    if not first.candidate.found_by_default:
        command += f" --config {name}"
    made = with_new(proposal.workspace, folder, command)
    if isinstance(made, str):
        proposal.advice.append(f"no script runs {file}, and {MAIN}:safe is not added: {made}")
    else:
        proposal.change(made.file, made.data)


def _steps(configs: Sequence[Configured], ways: Ways) -> list[str]:
    """CI steps that run end-to-end suites unguarded: configguard is not installed in their jobs."""
    titles: dict[str, str] = {}
    for config in configs:
        for suite in _end_to_end(config):
            for start in ways.of(suite):
                if start.invocation.kind == "ci" and not start.invocation.guarded:
                    titles.setdefault(start.invocation.title, config.candidate.file)
    told = [
        f"{title} runs {file} unguarded: with configguard installed in its job, put "
        "`configguard run --` before the command, or run the guarded script"
        for title, file in titles.items()
    ]
    more = [f"and {len(told) - _MOST_STEPS} steps more"] if len(told) > _MOST_STEPS else []
    return [*told[:_MOST_STEPS], *more]
