"""The suites of one vitest config together: their workers, and what ends the run at its start.

Sources: createPool of 0.34.6, 1.6.1, 2.1.9, 3.2.7 (each pool has its own workers, side by side;
from 3.2 on one group of `sequence.groupOrder` runs after another), groupSpecs of 4.1.12 and 5.1.1
(one pool); each checked against the measured overlap of test files.
"""

from __future__ import annotations

from collections.abc import Sequence

from configguard.evaluate.cpus import Operand, arithmetic, bounded, value_at
from configguard.evaluate.values import Known, Unknown
from configguard.runners.profile import FactOrigin
from configguard.runners.settings import Settings
from configguard.runners.versions import matches
from configguard.runners.vitest_workers import Workers, own_limit, pool_of, workers
from configguard.source.span import Origin, chain


def suites_of(settings: Settings) -> Sequence[Settings]:
    """The suites that run together with one, itself among them."""
    return (settings,) if settings.company is None else settings.company.suites


def group_of(settings: Settings) -> float | Unknown:
    """`sequence.groupOrder`: groups run one after another, from vitest 3.2 on."""
    reading = settings.counting("test.sequence.groupOrder")
    if reading is None:
        return 0.0
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        return reading.value.value
    return Unknown(reading.unknown or "sequence.groupOrder is no number", reading.at)


class Total:
    """Most test files at one time over some suites of a run, and what decides it."""

    def __init__(self, most: Operand, origin: FactOrigin, at: Origin) -> None:
        self.most = most
        self.origin = origin
        self.at = at


def total(suites: Sequence[Settings]) -> Total | Unknown:
    """The workers of several suites that one config runs together."""
    version = suites[0].table.version
    # Group of the order, then pool, then the suites in it.
    grouped: dict[float, dict[str, list[Workers]]] = {}
    for settings in suites:
        found = workers(settings)
        order = group_of(settings)
        pool = pool_of(settings) if matches(version, "<4") else "one"
        for one in (found, order, pool):
            if isinstance(one, Unknown):
                return one
        assert isinstance(found, Workers) and isinstance(order, float) and isinstance(pool, str)
        grouped.setdefault(order, {}).setdefault(pool, []).append(found)
    sums: list[Operand] = []
    deciders: list[Workers] = []
    for pools in grouped.values():
        sums.append(_sum([_greatest([one.most for one in pool]) for pool in pools.values()]))
        deciders += [one for pool in pools.values() for one in pool if one.decider is not None]
    at = chain(*(one.at for one in deciders))
    return Total(_greatest(sums), "config" if deciders else "default", at)


def _greatest(operands: Sequence[Operand]) -> Operand:
    kept: dict[str, Operand] = {str(operand): operand for operand in operands}
    numbers = [operand for operand in kept.values() if isinstance(operand, float)]
    rest: list[Operand] = [one for one in kept.values() if not isinstance(one, float)]
    if not rest:
        return max(numbers)
    most = max(numbers, default=0.0)
    # A number that every other side reaches on any machine adds nothing to the text.
    if numbers and any(value_at(one, 1) < most for one in rest):
        rest.append(most)
    return rest[0] if len(rest) == 1 else bounded("max", rest)


def _sum(operands: Sequence[Operand]) -> Operand:
    if all(isinstance(operand, float) for operand in operands):
        return sum(operand for operand in operands if isinstance(operand, float))
    same = {str(operand) for operand in operands}
    if len(same) == 1 and len(operands) > 1:
        doubled = arithmetic("*", float(len(operands)), operands[0])
        assert doubled is not None  # a positive number times a growing one
        return doubled
    made = operands[0]
    for operand in operands[1:]:
        added = arithmetic("+", made, operand)
        assert added is not None
        made = added
    return made


def different_workers(suites: Sequence[Settings], cpus: int) -> tuple[Settings, Settings] | None:
    """Two suites of one group that vitest 4 and 5 refuse: their numbers of workers differ.

    A suite of one isolated worker in the first group is exempt: such run last (measured).
    """
    version = suites[0].table.version
    if matches(version, "<4") or len(suites) < 2:
        return None
    first: dict[float, tuple[Settings, float]] = {}
    for settings in suites:
        found, order = workers(settings), group_of(settings)
        if isinstance(found, Unknown) or isinstance(order, Unknown):
            continue
        most = value_at(found.most, cpus)
        if order == 0 and _isolated(settings) is True and _own_workers(settings, cpus) == 1:
            continue
        before = first.setdefault(order, (settings, most))
        if before[1] != most:
            return before[0], settings
    return None


def _own_workers(settings: Settings, cpus: int) -> float | None:
    """`maxWorkers` of the project's resolved config: unset stays unset in vitest 4 only."""
    if matches(settings.table.version, ">=5"):
        found = workers(settings)
        return None if isinstance(found, Unknown) else value_at(found.most, cpus)
    own = own_limit(settings)
    return value_at(own.most, cpus) if isinstance(own, Workers) else None


def _isolated(settings: Settings) -> bool | Unknown:
    """Whether each test file has a worker of its own; the pools with vm have other means."""
    pool = pool_of(settings)
    if isinstance(pool, Unknown):
        return pool
    return False if pool.startswith("vm") else settings.on("test.isolate")[0]
