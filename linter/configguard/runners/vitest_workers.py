"""How many test files vitest runs at one time: the arithmetic of each generation.

Sources: the installed packages 0.34.6, 1.6.1, 2.1.9, 3.2.7, 4.1.12, 5.1.1 (createPool,
create*Pool, resolveConfig), each checked against the measured overlap of test files.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from configguard.evaluate.cpus import (
    CPUS,
    CpuExpression,
    Operand,
    arithmetic,
    bounded,
    rounded,
    value_at,
)
from configguard.evaluate.numbers import from_text, parse_int, to_text
from configguard.evaluate.values import Cpus, Known, Unknown
from configguard.runners.profile import FactOrigin
from configguard.runners.settings import Reading, Settings
from configguard.runners.versions import matches
from configguard.source.span import Origin

_MINUS_ONE = arithmetic("-", CPUS, 1.0)
assert _MINUS_ONE is not None
DEFAULT = bounded("max", [_MINUS_ONE, 1.0])
"""What every major takes in a single run (not watching): all CPUs but one, at least one."""
_HALF = arithmetic("/", CPUS, 2.0)
assert _HALF is not None
WATCHING = bounded("max", [rounded("floor", _HALF), 1.0])
"""What every major takes while it watches (measured on 0.34.6 to 5.1.1: 4 of 8 CPUs)."""

_WORDS = {"threads": "Threads", "vmThreads": "Threads", "forks": "Forks", "vmForks": "Forks"}


class Workers(NamedTuple):
    """The most test files at one time, and the setting that decides it.

    `least`: workers that are started at once; more than `most` and vitest 1 to 3.2.3 refuses.
    """

    most: Operand
    decider: Reading | None = None
    least: Operand = 0.0
    least_decider: Reading | None = None

    @property
    def origin(self) -> FactOrigin:
        return "default" if self.decider is None else "config"

    @property
    def at(self) -> Origin:
        return () if self.decider is None else self.decider.at

    def conflicts(self, cpus: float) -> bool:
        """Whether tinypool refuses: RangeError, minThreads and maxThreads must not conflict."""
        return value_at(self.least, cpus) > value_at(self.most, cpus)


SERIAL = 1.0


def workers(settings: Settings) -> Workers | Unknown:
    """The workers of a config that runs itself, or of one project, in its version.

    Before vitest 4 the pools are made from the root config; a project only chooses its pool, and
    whether its own files run one after another.
    """
    if "workers" not in settings.worked_out:
        settings.worked_out["workers"] = _workers(settings)
    found: Workers | Unknown = settings.worked_out["workers"]
    return found


def _workers(settings: Settings) -> Workers | Unknown:
    version = settings.table.version
    blocked = _not_modelled(settings)
    if blocked is not None:
        return blocked
    if matches(version, "<1"):
        return _before_1(settings)
    if matches(version, "<4"):
        return _pools_1_to_3(settings)
    return _one_pool(settings)


def default_workers(settings: Settings) -> CpuExpression:
    """The workers where no setting gives a number. Raises Fork where CI decides if it watches."""
    watches = settings.given is not None and settings.given.watches(settings.machine.world)
    return WATCHING if watches else DEFAULT


def names(pool: str) -> dict[str, str]:
    """How the options of a pool are called under `poolOptions.<pool>`."""
    word = _WORDS.get(pool, "Threads")
    return {"single": f"single{word[:-1]}", "max": f"max{word}", "min": f"min{word}"}


def pool_of(settings: Settings) -> str | Unknown:
    """The pool that runs the test files; on 0.34 the kind of worker by its later name."""
    if matches(settings.table.version, "<1"):
        vm, vm_reading = settings.on("test.experimentalVmThreads")
        threads, reading = settings.on("test.threads")
        if settings.undefined("test.threads") is not None:
            return Unknown("what threads: undefined does was never measured", ())
        for switch, where in ((vm, vm_reading), (threads, reading)):
            if isinstance(switch, Unknown):
                return Unknown(switch.reason, where.at if where is not None else ())
        return "vmThreads" if vm else "threads" if threads else "child_process"
    reading = settings.counting("test.pool")
    if reading is None:
        return str(settings.undefined("test.pool") or settings.default("test.pool"))
    if isinstance(reading.value, Known) and isinstance(reading.value.value, str):
        return reading.value.value
    return Unknown(reading.unknown or "the pool is no plain name", reading.at)


def in_child_processes(settings: Settings) -> bool | None:
    """Whether test files run in child processes of vitest 1 to 3; None where it is unknown.

    Those get their settings as JSON: NaN and Infinity arrive as null (measured on 1.6 to 3.2).
    """
    if matches(settings.table.version, "<1") or matches(settings.table.version, ">=4"):
        return False
    pool = pool_of(settings)
    if isinstance(pool, Unknown):
        return None
    return pool in ("forks", "vmForks")


def _not_modelled(settings: Settings) -> Unknown | None:
    """Modes whose workers were never measured: better unknown than wrong."""
    for setting, what in (
        ("test.browser.enabled", "in browser mode"),
        ("test.typecheck.enabled", "beside a typecheck"),
    ):
        on, reading = settings.on(setting)
        if isinstance(on, Unknown):
            return Unknown(f"whether {setting} is on is not known: {on.reason}", on.origin)
        if on:
            assert reading is not None  # the default is off
            return Unknown(f"the workers {what} are not modelled yet", reading.at)
    globs = settings.counting("test.poolMatchGlobs")
    if globs is not None:
        return Unknown("poolMatchGlobs spreads the files over several pools", globs.at)
    return None


def _before_1(settings: Settings) -> Workers | Unknown:
    pool = pool_of(settings)
    if isinstance(pool, Unknown):
        return pool
    if pool == "child_process":
        return Workers(SERIAL, settings.written("test.threads"))
    root = settings.root
    serial = _serial(_switches(settings, pool, "test.singleThread"))
    if serial is not None:
        return serial
    most = _count(root, "test.maxThreads")
    least = _count(root, "test.minThreads")
    default = default_workers(settings)
    return _bounds(most, least, default, default)


def _pools_1_to_3(settings: Settings) -> Workers | Unknown:
    version, root = settings.table.version, settings.root
    parallel, reading = root.on("test.fileParallelism")
    if matches(version, "<1.1"):
        parallel, reading = True, None
    if isinstance(parallel, Unknown):
        return parallel
    if not parallel:
        return Workers(SERIAL, reading)
    pool = pool_of(settings)
    if isinstance(pool, Unknown):
        return pool
    if pool not in _WORDS:
        return Unknown(f"the pool {pool!r} is not modelled", ())
    options, called = f"test.poolOptions.{pool}", names(pool)
    serial = _serial(_switches(settings, pool, f"{options}.{called['single']}"))
    if serial is not None:
        return serial
    most = _count(root, f"{options}.{called['max']}") or _count(root, "test.maxWorkers")
    # vmForks reads maxForks for its minimum too, in all of 1 to 3.
    least_name = called["max"] if pool == "vmForks" else called["min"]
    least = _count(root, f"{options}.{least_name}") or _count(root, "test.minWorkers")
    # From 3.2.4 on the default is never above the maximum.
    default = default_workers(settings)
    default_least: Operand = 0.0 if matches(version, ">=3.2.4") else default
    return _bounds(most, least, default, default_least)


def _switches(
    settings: Settings, pool: str, setting: str
) -> list[tuple[bool | Unknown, Reading | None]]:
    """Where a switch may make the files of a project run one after another: here, at the root.

    A project's own counts in threads and forks only; the pools with vm read the root's.
    """
    switches = [settings.root.on(setting)]
    if settings.in_project and not pool.startswith("vm"):
        switches.append(settings.on(setting))
    return switches


def _serial(switches: list[tuple[bool | Unknown, Reading | None]]) -> Workers | Unknown | None:
    """One worker where any switch is on; None where all are off."""
    for on, reading in switches:
        if on is True:
            return Workers(SERIAL, reading)
    return next((on for on, _ in switches if isinstance(on, Unknown)), None)


def _one_pool(settings: Settings) -> Workers | Unknown:
    limit = own_limit(settings)
    # Vitest 4 takes the root's where a project has none of its own; 5 merges the configs instead.
    if limit is None and settings.in_project and matches(settings.table.version, "<5"):
        limit = own_limit(settings.root)
    if isinstance(limit, Workers) and limit.most == SERIAL:
        return limit
    pool = pool_of(settings)
    if isinstance(pool, Unknown):
        return pool
    if pool not in _WORDS:
        return Unknown(f"the pool {pool!r} is not modelled", ())
    return Workers(default_workers(settings)) if limit is None else limit


def own_limit(settings: Settings) -> Workers | Unknown | None:
    """The limit that a config of vitest 4 or 5 sets itself; None where it sets none."""
    parallel, reading = settings.on("test.fileParallelism")
    if isinstance(parallel, Unknown):
        return parallel
    if not parallel:
        return Workers(SERIAL, reading)
    return _count(settings, "test.maxWorkers")


def _bounds(
    most: Workers | Unknown | None, least: Workers | Unknown | None, top: Operand, bottom: Operand
) -> Workers | Unknown:
    for side in (most, least):
        if isinstance(side, Unknown):
            return side
    assert not isinstance(most, Unknown) and not isinstance(least, Unknown)
    return Workers(
        most.most if most is not None else top,
        most.decider if most is not None else None,
        least.most if least is not None else bottom,
        least.decider if least is not None else None,
    )


def _count(settings: Settings, setting: str) -> Workers | Unknown | None:
    """A worker count as the version reads it; None where it is not set there."""
    reading = settings.counting(setting)
    if reading is None:
        return None
    value = reading.value
    if isinstance(value, Cpus):
        expression = value.expression
        if not all(expression.at(cpus).is_integer() for cpus in range(1, 65)):
            return Unknown(f"{expression} is not always a whole number of workers", reading.at)
        return Workers(expression, reading)
    if not isinstance(value, Known):
        return Unknown(reading.unknown or f"{setting} is no number", reading.at)
    scalar = value.value
    percent_from = ">=2" if "poolOptions" in setting or "Workers" in setting else ">=99"
    if isinstance(scalar, str):
        if scalar.strip().endswith("%") and matches(settings.table.version, percent_from):
            percent = parse_int(scalar)
            if not math.isnan(percent):
                return Workers(_percentage(percent), reading)
        scalar = from_text(scalar)
    if isinstance(scalar, bool) or not isinstance(scalar, float):
        return Unknown(f"{setting} is no number", reading.at)
    return _plain_count(settings, setting, scalar, reading)


def _plain_count(
    settings: Settings, setting: str, number: float, reading: Reading
) -> Workers | Unknown | None:
    version = settings.table.version
    assert isinstance(reading.value, Known)  # its number is given
    # A text such as 'abc' is truthy where NaN is not: vitest 5 then throws.
    falsy = number == 0 or (math.isnan(number) and not isinstance(reading.value.value, str))
    if matches(version, ">=4") and falsy:
        return None
    if number.is_integer():
        return Workers(number, reading)
    written = reading.value.value
    shown = repr(written) if isinstance(written, str) else to_text(number)
    version = f"on vitest {settings.table.version}"
    return Unknown(f"what {setting} {shown} does {version} was never measured", reading.at)


def _percentage(percent: float) -> CpuExpression:
    """`clamp(round(percent / 100 * cpus), 1, cpus)`, from vitest 2 on."""
    shown = f"round({to_text(percent)}% of cpus)"

    def at(cpus: float) -> float:
        if math.isinf(cpus):
            return math.inf if percent > 0 else 1.0
        return float(max(1, min(cpus, math.floor(percent / 100 * cpus + 0.5))))

    return CpuExpression(shown, at)
