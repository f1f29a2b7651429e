"""What happens when Playwright starts, and the settings that do not plainly do what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from configguard.evaluate.values import Known, Unknown
from configguard.evaluate.worlds import CpusAtLeast
from configguard.runners.playwright_checks import shape_faults
from configguard.runners.playwright_facts import MOST_CPUS
from configguard.runners.playwright_projects import Projects, dependency_fault, projects_of
from configguard.runners.playwright_workers import (
    Count,
    depends_on_cpus,
    problem_at,
    project_cap,
    root_workers,
)
from configguard.runners.profile import KnownFact, SettingEntry, UnknownFact, When
from configguard.runners.runner import REFUSES, RUNS, Outcome
from configguard.runners.settings import Reading, Settings
from configguard.runners.table import meaning, shown
from configguard.runners.versions import matches
from configguard.source.span import Origin


class Fault(NamedTuple):
    """Why nothing starts, or nothing is run, and where."""

    outcome: str
    reason: str
    at: Origin


def outcomes_of(settings: Settings) -> list[Outcome]:
    """The outcomes of a suite's run in one world: what is wrong with one project stops them all."""
    root = settings.root
    if "outcomes" not in root.worked_out:
        root.worked_out["outcomes"] = _outcomes(root)
    found: list[Outcome] = root.worked_out["outcomes"]
    return found


def _outcomes(root: Settings) -> list[Outcome]:
    projects = projects_of(root)
    fault = next(_faults(root, projects), None)
    if fault is not None:
        return [Outcome((), KnownFact(fault.outcome, "config", fault.at), fault.reason)]
    unclear = next(_unclear(root, projects), None)
    if unclear is not None:
        return [Outcome((), unclear, "")]
    listed = projects.listed if isinstance(projects, Projects) else ()
    counts = [root_workers(root), *(project_cap(project.settings) for project in listed)]
    return _by_cpus([count for count in counts if isinstance(count, Count)], root.table.version)


def _faults(root: Settings, projects: Projects | Unknown | None) -> Iterator[Fault]:
    """All that makes the runner refuse, or run nothing, whatever the machine."""
    listed = projects.listed if isinstance(projects, Projects) else ()
    if isinstance(projects, Projects) and projects.fault is not None:
        yield Fault(REFUSES, *projects.fault)
    for settings in (root, *(project.settings for project in listed)):
        for reading in readings_of(settings):
            ruled = settings.ruling(reading)
            if ruled.effect == "throws":
                yield Fault(REFUSES, ruled.reason, reading.at)
        yield from _repeated_never(settings)
    for reason, at in shape_faults(root):
        yield Fault(REFUSES, reason, at)
    for project in listed:
        cap = project_cap(project.settings)
        if isinstance(cap, Count) and cap.breaks is not None:
            yield Fault(cap.breaks, cap.reason, cap.at)
    wrong = dependency_fault(root, listed)
    if wrong is not None:
        yield Fault(REFUSES, *wrong)
    found = root_workers(root)
    if isinstance(found, Count) and found.breaks is not None:
        yield Fault(found.breaks, found.reason, found.at)
    if isinstance(projects, Projects) and not listed and projects.more is None:
        empty = root.written("projects")
        at = empty.at if empty is not None else ()
        yield Fault(REFUSES, "its list of projects is empty, so no test is found: exit 1", at)


def _repeated_never(settings: Settings) -> Iterator[Fault]:
    """Before 1.37 a repeatEach of NaN finds no tests (measured on 1.30.0; 0 is in the table)."""
    reading = settings.written("repeatEach")
    if reading is None or matches(settings.table.version, ">=1.37"):
        return
    value = reading.value.value if isinstance(reading.value, Known) else None
    if isinstance(value, float) and math.isnan(value):
        yield Fault(REFUSES, "with a repeatEach of NaN no test is found: exit 1", reading.at)


def _unclear(root: Settings, projects: Projects | Unknown | None) -> Iterator[UnknownFact]:
    """All that may make the runner refuse, for what is known here."""
    listed = projects.listed if isinstance(projects, Projects) else ()
    for settings in (root, *(project.settings for project in listed)):
        for reading in readings_of(settings):
            row = settings.table.rows[reading.setting]
            ruled = settings.ruling(reading)
            # Of a key that sets no fact, an unknown value is taken to be of the right type.
            if ruled.effect is None and "would" in row.entry:
                yield UnknownFact(ruled.reason, "config", reading.at)
    for project in listed:
        cap = project_cap(project.settings)
        if isinstance(cap, Unknown):
            yield UnknownFact(cap.reason, "config", cap.origin)
    found = root_workers(root)
    if isinstance(found, Unknown):
        yield UnknownFact(found.reason, "config", found.origin)
    elif found.most is None:
        yield UnknownFact(found.reason, "config", found.at)


def _by_cpus(counts: Sequence[Count], version: str) -> list[Outcome]:
    """The outcomes by the number of CPUs, where a count of workers follows from it."""
    stretches: list[tuple[int, tuple[str, Origin] | None]] = []
    last = MOST_CPUS if any(map(depends_on_cpus, counts)) else 1
    for cpus in range(1, last + 1):
        problems = ((problem_at(count, version, cpus), count.at) for count in counts)
        found = next(((reason, at) for reason, at in problems if reason is not None), None)
        if not stretches or stretches[-1][1] != found:
            stretches.append((cpus, found))
    outcomes: list[Outcome] = []
    for index, (first, problem) in enumerate(stretches):
        when: list[tuple[CpusAtLeast, bool]] = []
        if first > 1:
            when.append((CpusAtLeast(first), True))
        if index + 1 < len(stretches):
            when.append((CpusAtLeast(stretches[index + 1][0]), False))
        reason, at = problem or ("", ())
        fact = KnownFact(RUNS if problem is None else REFUSES, "config" if at else "default", at)
        outcomes.append(Outcome(tuple(when), fact, reason))
    return outcomes


def readings_of(settings: Settings) -> list[Reading]:
    """The settings that are written in a project, or in the root itself."""
    return list(settings.readings)


def entries_of(settings: Settings) -> list[SettingEntry]:
    """The settings of a suite that are ignored, warn, throw, or run nothing."""
    entries = list(_own_entries(settings))
    if settings.in_project:
        own = {reading.setting for reading in readings_of(settings)}
        # What a project overrides is neither; what stops the run stops it all the same.
        entries += [
            entry
            for entry in _own_entries(settings.root)
            if entry.setting not in own or entry.effect == "throws"
        ]
    return entries


def _own_entries(settings: Settings) -> list[SettingEntry]:
    if "entries" not in settings.worked_out:  # each project has those of the root beside its own
        settings.worked_out["entries"] = _entries(settings)
    found: list[SettingEntry] = settings.worked_out["entries"]
    return found


def _entries(settings: Settings) -> list[SettingEntry]:
    entries: list[SettingEntry] = []
    for reading in readings_of(settings):
        ruled = settings.ruling(reading)
        if ruled.effect not in (None, "sets"):
            entries.append(_entry(settings, reading, str(ruled.effect), ruled.reason))
    told = {entry.at for entry in entries}
    count = project_cap(settings) if settings.in_project else root_workers(settings)
    if not isinstance(count, Count) or count.reading is None or count.at in told:
        return entries
    if count.breaks is not None:
        effect = "throws" if count.breaks == REFUSES else "runs-nothing"
        return [*entries, _entry(settings, count.reading, effect, count.reason)]
    if count.most is None:
        return entries
    for outcome in _by_cpus([count], settings.table.version):
        if isinstance(outcome.fact, KnownFact) and outcome.fact.value != RUNS:
            entry = _entry(settings, count.reading, "throws", outcome.reason)
            entries.append(entry._replace(when=When(outcome.when)))
    return entries


def _entry(settings: Settings, reading: Reading, effect: str, reason: str) -> SettingEntry:
    row = settings.table.rows[reading.setting]
    lowers, means, idle = meaning(row, reading.value)
    return SettingEntry(
        reading.setting,
        shown(reading.value),
        effect,
        reason,
        row.entry.get("would"),
        reading.at,
        lowers=lowers,
        means=means,
        idle=idle,
        via=reading.via,
    )
