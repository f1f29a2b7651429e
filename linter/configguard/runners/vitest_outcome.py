"""What happens when vitest starts, by CPU count, and the settings that do not plainly work."""

from __future__ import annotations

import math
from collections.abc import Sequence

from configguard.evaluate.cpus import CpuExpression, value_at
from configguard.evaluate.numbers import from_text
from configguard.evaluate.values import Known, Unknown
from configguard.evaluate.worlds import CpusAtLeast
from configguard.runners.profile import (
    KnownFact,
    SettingEntry,
    UnknownFact,
    When,
)
from configguard.runners.runner import NOTHING, REFUSES, RUNS, Outcome
from configguard.runners.settings import Reading, Settings
from configguard.runners.table import meaning, shown
from configguard.runners.versions import matches
from configguard.runners.vitest_runs import different_workers, group_of, suites_of
from configguard.runners.vitest_workers import Workers, in_child_processes, pool_of, workers

MOST_CPUS = 256
"""Machines up to this size are looked at one by one."""


def outcomes_of(settings: Settings) -> list[Outcome]:
    """The outcomes in one world, by CPU count; one item where CPUs do not matter."""
    open_ = _open_company(settings)
    if open_ is not None:
        return [Outcome((), UnknownFact(open_.reason, "config", open_.origin), "")]
    if len(suites_of(settings)) == 1 or not all(
        _refusal(settings, cpus) for cpus in machines(settings)
    ):
        odd = _odd_setting(settings)
        if odd is not None:
            return [odd]
    found = workers(settings)
    if isinstance(found, Unknown):
        return [Outcome((), UnknownFact(found.reason, "config", found.origin), "")]
    threads = pool_of(settings) in ("threads", "vmThreads")
    version = settings.table.version
    hangs = matches(version, "<1") or (threads and matches(version, ">=3.2.4 <4"))
    if found.most == 0 and not found.conflicts(2) and hangs:
        # Measured on 0.34.6 and 3.2.7: it neither runs a test nor ends.
        return [Outcome((), UnknownFact("with no worker the run hangs", "config", found.at), "")]
    inspected = _inspected(settings, found)
    if inspected is not None:
        return inspected
    return _by_cpus(settings, found)


def _odd_setting(settings: Settings) -> Outcome | None:
    """What a setting's own value makes of the suite, whatever the workers; None: it runs."""
    unclear: UnknownFact | None = None
    for reading in readings_of(settings):
        ruled = settings.ruling(reading)
        if ruled.effect == "throws":
            return Outcome((), KnownFact(REFUSES, "config", reading.at), ruled.reason)
        if ruled.effect == "runs-nothing":
            return Outcome((), KnownFact(NOTHING, "config", reading.at), ruled.reason)
        if ruled.effect is None and unclear is None:
            unclear = UnknownFact(ruled.reason, "config", reading.at)
    if unclear is not None:
        return Outcome((), unclear, "")
    retry = settings.counting("test.retry")
    odd = retry is not None and (
        _is_no_number(settings, retry) or (_is_nan(retry) and in_child_processes(settings) is False)
    )
    if retry is not None and odd:
        reason = "a retry that is no number runs no test body and passes"
        return Outcome((), KnownFact(NOTHING, "config", retry.at), reason)
    return None


def _open_company(settings: Settings) -> Unknown | None:
    """Why it is not known whether the suites that run with this one let it start."""
    if settings.company is not None and settings.company.more is not None:
        return settings.company.more
    suites = suites_of(settings)
    for other in suites if len(suites) > 1 else ():
        for found in (workers(other), group_of(other)):
            if isinstance(found, Unknown):
                return found
        if not _plain_workers(other):
            return Unknown("what such a number of workers does in a project was never measured")
    return None


def _plain_workers(settings: Settings) -> bool:
    found = workers(settings)
    return isinstance(found, Workers) and value_at(found.most, 2) >= 1


def _is_nan(reading: Reading) -> bool:
    value = reading.value.value if isinstance(reading.value, Known) else None
    return isinstance(value, float) and math.isnan(value)


def _is_no_number(settings: Settings, reading: Reading) -> bool:
    """A text such as 'abc' as retry: before vitest 4 no attempt is made (measured)."""
    value = reading.value.value if isinstance(reading.value, Known) else None
    text = isinstance(value, str) and math.isnan(from_text(value))
    return text and matches(settings.table.version, "<4")


_SERIAL_SWITCHES = (
    "test.fileParallelism",
    "test.threads",
    "test.singleThread",
    "test.poolOptions.threads.singleThread",
    "test.poolOptions.forks.singleFork",
)


def _inspected(settings: Settings, found: Workers) -> list[Outcome] | None:
    """The outcomes where `inspect` is on: vitest refuses it while test files run in parallel.

    Before vitest 4 only a switch counts (`maxWorkers: 1` does not), from 4 on one worker does.
    """
    for setting in ("test.inspect", "test.inspectBrk"):
        on, reading = settings.on(setting)
        if reading is None or on is False:
            continue
        if isinstance(on, Unknown):
            return [Outcome((), UnknownFact(on.reason, "config", reading.at), "")]
        if settings.company is not None:
            unknown = UnknownFact(f"what {setting} does to projects was never measured")
            return [Outcome((), unknown, "")]
        reason = f"{setting} is on while test files run in parallel, which vitest refuses"
        refused = KnownFact(REFUSES, "config", reading.at)
        if matches(settings.table.version, "<4"):
            decider = found.decider.setting if found.decider is not None else ""
            if found.most == 1 and decider in _SERIAL_SWITCHES:
                continue
            return [Outcome((), refused, reason)]
        if found.most == 1.0:
            continue
        unset = found.decider is None and matches(settings.table.version, "<5")
        if not isinstance(found.most, CpuExpression) or unset:
            return [Outcome((), refused, reason)]
        first = found.most.first_reaching(lambda count: count > 1)
        if first is None:
            continue
        below, above = ((CpusAtLeast(first), False),), ((CpusAtLeast(first), True),)
        return [
            Outcome(below, KnownFact(RUNS, found.origin, found.at), ""),
            Outcome(above, refused, reason),
        ]
    return None


def _by_cpus(settings: Settings, found: Workers) -> list[Outcome]:
    stretches: list[tuple[int, str, str]] = []
    for cpus in machines(settings):
        outcome, reason = outcome_at(settings, found, cpus)
        if not stretches or stretches[-1][1] != outcome:
            stretches.append((cpus, outcome, reason))
    results: list[Outcome] = []
    for index, (first, outcome, reason) in enumerate(stretches):
        when: list[tuple[CpusAtLeast, bool]] = []
        if first > 1:
            when.append((CpusAtLeast(first), True))
        if index + 1 < len(stretches):
            when.append((CpusAtLeast(stretches[index + 1][0]), False))
        decider = found.decider or found.least_decider
        at = decider.at if decider is not None and outcome != RUNS else ()
        fact = KnownFact(outcome, "config" if at else "default", at)
        results.append(Outcome(tuple(when), fact, reason))
    return results


def machines(settings: Settings) -> range:
    """The CPU counts to look at one by one; one alone where all machines are alike."""
    counts = [workers(suite) for suite in suites_of(settings)]
    known = [one for one in counts if isinstance(one, Workers)]
    sides = [side for one in known for side in (one.most, one.least)]
    if not any(isinstance(side, CpuExpression) for side in sides) or (
        len(counts) == 1 and all(map(_runs_everywhere, known))
    ):
        return range(1, 2)
    return range(1, MOST_CPUS + 1)


def _runs_everywhere(found: Workers) -> bool:
    # Both sides never fall as the CPUs grow, so the ends tell that they cannot meet between.
    fewest = value_at(found.most, 1)
    apart = found.least is found.most or value_at(found.least, MOST_CPUS) <= fewest
    return apart and fewest >= 1


def outcome_at(settings: Settings, found: Workers, cpus: int) -> tuple[str, str]:
    """The outcome on a machine of so many CPUs, and why where it does not run."""
    refused = _refusal(settings, cpus)
    return (REFUSES, refused) if refused is not None else _alone_at(settings, found, cpus)


def _refusal(settings: Settings, cpus: int) -> str | None:
    """Why the run that a suite belongs to does not start; None where it does, or it is alone."""
    company = settings.company
    if company is None:
        return None
    if cpus not in company.refusals:
        company.refusals[cpus] = _refusal_of(company.suites, cpus)
    return company.refusals[cpus]


def _refusal_of(suites: Sequence[Settings], cpus: int) -> str | None:
    if different_workers(suites, cpus):
        reason = "projects have different maxWorkers and the same sequence.groupOrder"
        return f"{reason}, and vitest ends with an error"
    for suite in suites:
        sequence = suite.written("test.sequence")
        if sequence is not None and suite.ruling(sequence).effect == "throws":
            return suite.ruling(sequence).reason
        found = workers(suite)
        outcome = None if isinstance(found, Unknown) else _alone_at(suite, found, cpus)
        if outcome is not None and outcome[0] == REFUSES:
            return outcome[1]
    return None


def _alone_at(settings: Settings, found: Workers, cpus: int) -> tuple[str, str]:
    """The outcome of one suite by itself."""
    version = settings.table.version
    most = value_at(found.most, cpus)
    # A stretch has one reason: that of its smallest machine, so it names no count of its own.
    if matches(version, "<4") and found.conflicts(cpus):
        if found.least_decider is not None:
            least = f"{found.least_decider.setting.split('.')[-1]} is"
        else:
            least = "the least number of workers, by default one less than the CPUs, is"
        top = found.most if isinstance(found.most, CpuExpression) else f"{most:g}"
        return REFUSES, f"{least} above the maximum of {top}, and vitest ends with a RangeError"
    if most >= 1:
        return RUNS, ""
    if matches(version, ">=4") or most == 0:
        return NOTHING, f"a maximum of {most:g} workers runs no test file and passes"
    return REFUSES, f"a maximum of {most:g} workers ends the run: RangeError"


def readings_of(settings: Settings) -> list[Reading]:
    """The settings that are written, as they are read."""
    return list(settings.readings)


def entries_of(settings: Settings) -> list[SettingEntry]:
    """The settings that are ignored, warn, throw, or run nothing."""
    entries: list[SettingEntry] = []
    for reading in readings_of(settings):
        ruled = settings.ruling(reading)
        if ruled.effect in (None, "sets") or _counts_above(settings, reading):
            continue
        if ruled.effect == "ignored" and settings.counts_elsewhere(reading):
            continue
        entries.append(_entry(settings, reading, str(ruled.effect), ruled.reason, ruled.removes))
    found = workers(settings)
    if isinstance(found, Unknown):
        return entries
    decider = found.decider or found.least_decider
    if decider is None:
        return entries
    for when, fact, reason in _by_cpus(settings, found):
        if isinstance(fact, KnownFact) and fact.value != RUNS:
            effect = "throws" if fact.value == REFUSES else "runs-nothing"
            entry = _entry(settings, decider, effect, reason, None)
            entries.append(entry._replace(when=When(when)))
    return entries


def _counts_above(settings: Settings, reading: Reading) -> bool:
    """Whether a project only inherits it from the root config, where it has its effect."""
    root = settings.root.written(reading.setting) if settings.in_project else None
    if root is None or root.entry is None or reading.entry is None:
        return False
    inherited = root.entry.expression == reading.entry.expression
    return inherited and settings.root.ruling(root).effect == "sets"


def _entry(
    settings: Settings, reading: Reading, effect: str, reason: str, removes: str | None
) -> SettingEntry:
    row = settings.table.rows[reading.setting]
    lowers, means, idle = meaning(row, reading.value)
    value = shown(reading.value)
    would = row.entry.get("would")
    return SettingEntry(
        reading.setting,
        value,
        effect,
        reason,
        would,
        reading.at,
        lowers=lowers,
        means=means,
        idle=idle,
        removes=removes,
        via=reading.via,
    )
