"""The facts of a vitest config in one world, one small function each."""

from __future__ import annotations

import math
from collections.abc import Callable

from configguard.evaluate.cpus import CpuExpression, Operand
from configguard.evaluate.values import (
    Known,
    Obj,
    Unknown,
)
from configguard.runners.profile import (
    KnownFact,
    RangeFact,
    SimpleFact,
    UnknownFact,
)
from configguard.runners.settings import Reading, Settings
from configguard.runners.versions import matches
from configguard.runners.vitest_outcome import MOST_CPUS, RUNS, outcome_at
from configguard.runners.vitest_workers import workers

_LONGEST_TIMER = 2_147_483_647

Answer = Callable[[Settings], SimpleFact | None]


def _workers(settings: Settings) -> SimpleFact:
    found = workers(settings)
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    running = [
        cpus for cpus in range(1, MOST_CPUS + 1) if outcome_at(settings, found, cpus)[0] == RUNS
    ]
    if not running:
        return UnknownFact("it does not run with this number of workers", "config", found.at)
    if not isinstance(found.most, CpuExpression):
        return KnownFact(found.most, found.origin, found.at)
    last = math.inf if running[-1] == MOST_CPUS else float(running[-1])
    return RangeFact(found.most, found.origin, found.at, float(running[0]), last)


def _number_fact(
    settings: Settings, setting: str, read: Callable[[float], Operand | str | None]
) -> SimpleFact:
    """A fact that is one number of the config: as `read` takes it; None is not measured."""
    reading = settings.counting(setting)
    if reading is None:
        default = settings.default(setting)
        assert isinstance(default, int | float), f"{setting} has no default"
        taken = read(float(default))
        assert taken is not None and not isinstance(taken, CpuExpression)
        return KnownFact(taken, "default")
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        taken = read(reading.value.value)
        if taken is not None and not isinstance(taken, CpuExpression):
            return KnownFact(taken, "config", reading.at)
    return _not_plain(reading)


def _not_plain(reading: Reading) -> UnknownFact:
    reason = reading.unknown
    if reason is None and isinstance(reading.value, Known):
        reason = f"what {reading.setting} does with this value was never measured"
    return UnknownFact(reason or f"{reading.setting} is no plain number", "config", reading.at)


def _retries(settings: Settings) -> SimpleFact:
    if isinstance(settings.default("test.retry"), int) and matches(settings.table.version, "<1"):
        return KnownFact(0.0, "default")
    reading = settings.counting("test.retry")
    if reading is not None and isinstance(reading.value, Obj):
        if matches(settings.table.version, "<4.1"):
            return KnownFact(0.0, "config", reading.at)
        return _count_of_object(settings, reading)
    return _number_fact(settings, "test.retry", _attempts)


def _attempts(number: float) -> float | str | None:
    if math.isinf(number) and number > 0:
        return "unlimited"
    if math.isnan(number):
        return None
    return float(max(0, math.floor(number)))


def _count_of_object(settings: Settings, reading: Reading) -> SimpleFact:
    count = settings.written("test.retry.count")
    if count is None:
        return KnownFact(0.0, "config", reading.at)
    if isinstance(count.value, Known) and isinstance(count.value.value, float):
        taken = _attempts(count.value.value)
        if taken is not None:
            return KnownFact(taken, "config", count.at)
    return _not_plain(count)


def _retry_delay(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<4.1"):
        return None
    reading = settings.written("test.retry.delay")
    if reading is None:
        return KnownFact(0.0, "default")
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        return KnownFact(reading.value.value, "config", reading.at)
    return _not_plain(reading)


def _repeats(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<5"):
        return None
    return _number_fact(
        settings, "test.repeats", lambda n: n if n >= 0 and n.is_integer() else None
    )


def _timeout(number: float) -> float | str | None:
    """Zero, less, and Infinity set no timer; too large a number overflows it to 1 ms."""
    if number <= 0 or math.isinf(number):
        return "none"
    if math.isnan(number):
        return None
    return 1.0 if number > _LONGEST_TIMER else number


def _timeout_fact(setting: str) -> Answer:
    def answer(settings: Settings) -> SimpleFact:
        if settings.counting(setting) is None:
            on, reading = settings.on("test.browser.enabled")
            longer = settings.table.rows[setting].row.get("browser-default")
            if isinstance(on, Unknown):
                at = reading.at if reading is not None else ()
                return UnknownFact(f"it depends on browser mode: {on.reason}", "default", at)
            if on and longer is not None:
                return KnownFact(float(longer), "default")
        return _number_fact(settings, setting, _timeout)

    return answer


def _bail(settings: Settings) -> SimpleFact:
    if matches(settings.table.version, "<1"):
        return KnownFact("none", "default")

    def read(number: float) -> float | str | None:
        if number == 0:
            return "none"
        return number if number >= 1 and number.is_integer() else None

    return _number_fact(settings, "test.bail", read)


def _test_concurrency(settings: Settings) -> SimpleFact:
    concurrent, reading = settings.on("test.sequence.concurrent")
    if isinstance(concurrent, Unknown):
        at = reading.at if reading is not None else ()
        return UnknownFact(concurrent.reason, "config", at)
    if not concurrent:
        if reading is None:
            return KnownFact(1.0, "default")
        return KnownFact(1.0, "config", reading.at)
    limit = _number_fact(settings, "test.maxConcurrency", _concurrency)
    if isinstance(limit, KnownFact) and limit.origin == "default":
        assert reading is not None  # the default is off
        return KnownFact(limit.value, "config", reading.at)
    return limit


def _concurrency(number: float) -> float | None:
    if number == 0:
        return 5.0
    return number if number >= 1 and number.is_integer() else None


FACTS: dict[str, Answer] = {
    "workers": _workers,
    "testConcurrency": _test_concurrency,
    "retries": _retries,
    "retryDelayMs": _retry_delay,
    "repeats": _repeats,
    "testTimeoutMs": _timeout_fact("test.testTimeout"),
    "hookTimeoutMs": _timeout_fact("test.hookTimeout"),
    "globalTimeoutMs": lambda settings: KnownFact("none", "default"),
    "maxFailures": _bail,
}
