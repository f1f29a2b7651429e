"""Limits and samples to a decision: pure, so that every case can be written down as a test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from configguard.watchdog.bounds import (
    HARD,
    LEAST_AVAILABLE,
    UNSURE,
    Bound,
    RunLimits,
    amount,
    duration,
)
from configguard.watchdog.guarding import Decision, Keep, Stop, StopReason, Warn
from configguard.watchdog.sampling import Sample

NEAR = 0.8
"""The share of a limit at which a line warns."""
HYSTERESIS = 0.05
"""A warning is given again only after the figure fell so far below (a share of the limit)."""
_WHOLE = 0.95
"""Windows are rarely exactly as long as they are meant to be."""


@dataclass(frozen=True, slots=True)
class Others:
    """What else weighs on the machine.

    `memory_mb` and `cpu_cores`: of guarded runs that are older than this one.
    `largest_mb`: the largest process outside of our tree; None where it was not looked for.
    """

    memory_mb: float = 0.0
    names: str = ""
    cpu_cores: float = 0.0
    largest_mb: float | None = None
    doubtful: bool = False
    """What they take was counted as RSS: shared memory several times."""


ALONE = Others()


@dataclass(frozen=True, slots=True)
class History:
    """What of earlier samples still counts."""

    window_t: float | None = None
    window_cpu_s: float = 0.0
    cpu_over: int = 0
    cpu_over_since: float = 0.0
    sum_over: int = 0
    sum_over_since: float = 0.0
    """The same of all guarded runs together."""
    over_since: float | None = None
    sum_since: float | None = None
    warned: frozenset[str] = field(default_factory=frozenset)
    cpu_percent: float | None = None
    """Of the last whole window, for the record."""


class _Case(NamedTuple):
    """What one decision is about."""

    limits: RunLimits
    history: History
    sample: Sample
    others: Others


def judge(limits: RunLimits, samples: Iterable[Sample], others: Others = ALONE) -> Decision:
    """What the last of some samples comes to, after all before it."""
    history = History()
    decision: Decision = Keep()
    for sample in samples:
        history, decision = step(limits, history, sample, others)
    return decision


def step(
    limits: RunLimits, history: History, sample: Sample, others: Others = ALONE
) -> tuple[History, Decision]:
    """One sample more: what counts from here on, and what is to be done."""
    history = _windows(limits, history, sample, others)
    for rule in (_available, _memory, _sum, _wall, _sustained, _sustained_sum):
        found = rule(_Case(limits, history, sample, others))
        if found is not None:
            return history, found
    for name, share, text, reason in _figures(limits, history, sample, others):
        level = f"{name} over" if share > 1 else name
        if share >= NEAR and level not in history.warned:
            # Who is told that it is over need not be told that it is near.
            warned = history.warned | {name, level}
            return replace(history, warned=warned), Warn(reason, text)
    return history, Keep()


def _windows(limits: RunLimits, history: History, sample: Sample, others: Others) -> History:
    """The history with this sample in it."""
    memory = limits.memory_mb
    scanned = "scan" not in sample.lost
    over = memory is not None and scanned and sample.memory_mb > memory.value
    both = sample.memory_mb + others.memory_mb
    summed = memory is not None and scanned and others.memory_mb > 0 and both > memory.value
    gap = sample.after_gap
    history = replace(
        history,
        over_since=_since(history.over_since, sample.t, over, gap),
        sum_since=_since(history.sum_since, sample.t, summed, gap),
    )
    if gap:
        history = replace(history, window_t=None, cpu_over=0, sum_over=0)
    history = _rearmed(limits, history, sample, others)
    if not sample.window or "cpu" in sample.lost or not scanned:
        return history
    began, before = history.window_t, history.window_cpu_s
    history = replace(history, window_t=sample.t, window_cpu_s=sample.cpu_total_s)
    if began is None:
        return history
    length = sample.t - began
    if length <= 0:
        return history
    used = max(0.0, sample.cpu_total_s - before) / length
    percent = 100 * used / max(sample.usable_cpus, 0.01)
    history = replace(history, cpu_percent=percent)
    bound = limits.cpu_bound(sample.usable_cpus)
    if bound is None or began < limits.warmup_s * _WHOLE:
        return replace(history, cpu_over=0, sum_over=0)
    if percent > bound.value:
        since = began if history.cpu_over == 0 else history.cpu_over_since
        history = replace(history, cpu_over=history.cpu_over + 1, cpu_over_since=since)
    else:
        history = replace(history, cpu_over=0)
    if others.cpu_cores > 0 and _together(percent, sample, others) > bound.value:
        since = began if history.sum_over == 0 else history.sum_over_since
        return replace(history, sum_over=history.sum_over + 1, sum_over_since=since)
    return replace(history, sum_over=0)


def _together(percent: float, sample: Sample, others: Others) -> float:
    """The CPU of all guarded runs, in percent of the usable machine."""
    return percent + 100 * others.cpu_cores / max(sample.usable_cpus, 0.01)


def _since(before: float | None, now: float, over: bool, gap: bool) -> float | None:
    if not over:
        return None
    return now if before is None or gap else before


def _rearmed(limits: RunLimits, history: History, sample: Sample, others: Others) -> History:
    """Without the warnings of figures that fell well below where they were given."""
    shares = {name: share for name, share, _, _ in _figures(limits, history, sample, others)}
    kept = frozenset(
        level
        for level in history.warned
        if shares.get(level.removesuffix(" over"), 0.0)
        > (1 if level.endswith(" over") else NEAR) - HYSTERESIS
    )
    return replace(history, warned=kept) if kept != history.warned else history


def _figures(
    limits: RunLimits, history: History, sample: Sample, others: Others
) -> list[tuple[str, float, str, StopReason]]:
    """Each figure that has a limit: its name, its share of it, a line about it."""
    found: list[tuple[str, float, str, StopReason]] = []
    if limits.memory_mb is not None and "scan" not in sample.lost:
        bound = limits.memory_mb
        mb = sample.memory_mb
        if mb > 0:
            text = f"memory is {_mb(sample)}, {_of(mb, bound)}{amount(bound.value)} MB"
            found.append(("memory", mb / bound.value, _line(text, bound), "memory"))
        both = mb + others.memory_mb
        if others.memory_mb > 0:
            text = (
                f"all guarded runs together take {amount(both)} MB ({others.names}), "
                f"{_of(both, bound)}{amount(bound.value)} MB"
            )
            found.append(("sum", both / bound.value, _line(text, bound), "guarded-sum"))
    cpu = limits.cpu_bound(sample.usable_cpus)
    began = history.window_t
    if cpu is not None and history.cpu_percent is not None and began is not None:
        percent = history.cpu_percent
        if sample.t > limits.warmup_s + limits.interval_s * _WHOLE:
            text = f"CPU is {_cpu(percent, sample)}, {_of(percent, cpu)}{amount(cpu.value)} %"
            found.append(("cpu", percent / cpu.value, _line(text, cpu), "cpu"))
    if limits.wall_s is not None:
        bound = limits.wall_s
        text = f"it runs for {duration(sample.t)}, {_of(sample.t, bound)}{duration(bound.value)}"
        found.append(("wall", sample.t / bound.value, _line(text, bound), "wall"))
    return found


def _of(value: float, bound: Bound) -> str:
    return "above the limit of " if value > bound.value else "near the limit of "


def _line(text: str, bound: Bound) -> str:
    source = "the default" if bound.source == "default" else bound.source
    return f"{text} ({source})" + ("" if bound.stops else f"; only told: {bound.why}")


def _mb(sample: Sample) -> str:
    return f"{amount(sample.memory_mb)} MB ({sample.memory_kind.upper()})"


def _cpu(percent: float, sample: Sample) -> str:
    cpus = sample.usable_cpus
    count = f"{cpus:.1f}".removesuffix(".0")
    plural = "" if count == "1" else "s"
    return f"{amount(percent)} % of {count} CPU{plural} ({percent * cpus / 100:.1f} cores)"


def _available(case: _Case) -> Stop | None:
    """Too little memory left for anybody, and our tree is what takes most."""
    if case.limits.measures_only:
        return None
    if case.sample.available_mb is None or not 0 < case.sample.machine_memory_mb < float("inf"):
        return None
    least = case.sample.machine_memory_mb * LEAST_AVAILABLE / 100
    if case.sample.available_mb >= least or "scan" in case.sample.lost:
        return None
    # More than half of what is used is more than any other; else it has to be looked for.
    used = case.sample.machine_memory_mb - case.sample.available_mb
    largest = case.sample.memory_mb > used / 2 or (
        case.others.largest_mb is not None and case.sample.memory_mb > case.others.largest_mb
    )
    if not largest:
        return None
    text = (
        f"available memory is {amount(case.sample.available_mb)} MB, below "
        f"{LEAST_AVAILABLE:.0f} % of {amount(case.sample.machine_memory_mb)} MB, and this run "
        f"takes most: {_mb(case.sample)}"
    )
    return Stop("available-memory", text, urgent=True)


def _memory(case: _Case) -> Stop | None:
    bound = case.limits.memory_mb
    if bound is None or not bound.stops or case.history.over_since is None:
        return None
    # RSS counts what processes share once for each: it proves less.
    if _is_doubtful(case.sample) and case.sample.memory_mb <= bound.value * UNSURE:
        return None
    taken, most = f"memory is {_mb(case.sample)}", f"{amount(bound.value)} MB ({bound.source})"
    if case.sample.memory_mb > bound.hard:
        return Stop("memory", f"{taken}, more than {HARD:g} times the limit of {most}", urgent=True)
    lasted = case.sample.t - case.history.over_since
    if lasted >= case.limits.interval_s * _WHOLE:
        return Stop("memory", f"{taken}, above the limit of {most} for {duration(lasted)}")
    return None


def _is_doubtful(sample: Sample) -> bool:
    return sample.memory_kind == "rss" or "pss-denied" in sample.lost


def _sum(case: _Case) -> Stop | None:
    """Guarded runs together; only the younger one, which counts the others, is stopped."""
    bound = case.limits.memory_mb
    if bound is None or not bound.stops or case.history.sum_since is None:
        return None
    doubtful = case.others.doubtful or _is_doubtful(case.sample)
    both = case.sample.memory_mb + case.others.memory_mb
    lasted = case.sample.t - case.history.sum_since
    if lasted < case.limits.interval_s * _WHOLE or (doubtful and both <= bound.value * UNSURE):
        return None
    text = (
        f"memory is {_mb(case.sample)}, and with older guarded runs ({case.others.names}) "
        f"{amount(both)} MB, above the limit of {amount(bound.value)} MB ({bound.source}) for "
        f"{duration(lasted)}"
    )
    return Stop("guarded-sum", text)


def _wall(case: _Case) -> Stop | None:
    bound = case.limits.wall_s
    if bound is None or not bound.stops or case.sample.t < bound.value:
        return None
    return Stop("wall", wall_text(bound))


def wall_text(bound: Bound) -> str:
    """Why a run that takes too long is stopped."""
    return f"it runs longer than the limit of {duration(bound.value)} ({bound.source})"


def _sustained(case: _Case) -> Stop | None:
    """Too much CPU in several windows in a row."""
    bound = case.limits.cpu_bound(case.sample.usable_cpus)
    if bound is None or not bound.stops or case.history.cpu_over < case.limits.sustained:
        return None
    lasted = case.sample.t - case.history.cpu_over_since
    text = (
        f"CPU is {_cpu(case.history.cpu_percent or 0, case.sample)}, above the limit of "
        f"{amount(bound.value)} % ({bound.source}) for {duration(lasted)}"
    )
    return Stop("cpu", text)


def _sustained_sum(case: _Case) -> Stop | None:
    """The same of guarded runs together: two that take half each freeze a machine too."""
    bound = case.limits.cpu_bound(case.sample.usable_cpus)
    if bound is None or not bound.stops or case.history.sum_over < case.limits.sustained:
        return None
    percent = case.history.cpu_percent or 0
    lasted = case.sample.t - case.history.sum_over_since
    both = _cpu(_together(percent, case.sample, case.others), case.sample)
    text = (
        f"CPU is {amount(percent)} %, and with older guarded runs ({case.others.names}) {both}, "
        f"above the limit of {amount(bound.value)} % ({bound.source}) for {duration(lasted)}"
    )
    return Stop("guarded-sum", text)
