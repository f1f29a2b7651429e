"""The facts of a Playwright suite in one world, one small function each."""

from __future__ import annotations

import math
from collections.abc import Callable

from configguard.evaluate.cpus import CpuExpression
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import Builtin, Cpus, EnvString, Known, Unknown
from configguard.runners.playwright_workers import problem_at, workers_of
from configguard.runners.profile import KnownFact, RangeFact, SimpleFact, UnknownFact
from configguard.runners.runner import Answer
from configguard.runners.settings import Reading, Settings
from configguard.runners.versions import matches
from configguard.source.span import Origin

_LONGEST_TIMER = 2_147_483_647
MOST_CPUS = 256
"""Machines up to this size are looked at one by one."""

Read = Callable[[float, str], "float | str | None"]
"""What a number of the config is worth in a version; None where that was never measured."""


def effective(settings: Settings, setting: str) -> Reading | None:
    """A setting of a project, else of the root; an undefined one is not set."""
    own = settings.written(setting)
    if own is not None or not settings.in_project:
        return own
    return settings.root.written(setting)


def unset_at(settings: Settings, setting: str) -> Origin:
    """Where a setting is written as undefined: that is where its default comes in."""
    for side in dict.fromkeys((settings, settings.root)):
        entry = side.undefined_entry(setting)
        if entry is not None:
            return (entry.expression,)
    return ()


def _workers(settings: Settings) -> SimpleFact:
    found = workers_of(settings)
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    if found.most is None:
        return UnknownFact("it does not run with this number of workers", "config", found.at)
    if not isinstance(found.most, CpuExpression):
        return KnownFact(found.most, found.origin, found.at)
    version = settings.table.version
    first = next(
        (cpus for cpus in range(1, MOST_CPUS + 1) if problem_at(found, version, cpus) is None), None
    )
    if first is None:
        return UnknownFact("it does not run with this number of workers", "config", found.at)
    at = found.at if found.reading is not None else unset_at(settings.root, "workers")
    return RangeFact(found.most, found.origin, at, float(first))


def _number(setting: str, read: Read, *, root: bool = False) -> Answer:
    """A fact that is one number; `root`: only the root's counts."""

    def answer(settings: Settings) -> SimpleFact:
        side = settings.root if root else settings
        return _read(side, effective(side, setting), setting, read)

    return answer


def _read(settings: Settings, reading: Reading | None, setting: str, read: Read) -> SimpleFact:
    version = settings.table.version
    if reading is None:
        default = settings.default(setting)
        assert isinstance(default, int | float), f"{setting} has no default"
        taken = read(float(default), version)
        assert taken is not None
        return KnownFact(taken, "default", unset_at(settings, setting))
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        taken = read(reading.value.value, version)
        if taken is not None:
            return KnownFact(taken, "config", reading.at)
    return _not_plain(reading)


def _not_plain(reading: Reading) -> UnknownFact:
    reason = reading.unknown
    if reason is None and isinstance(reading.value, EnvString):
        reason = f"{reading.setting} is a text, which Playwright refuses"
    if reason is None and isinstance(reading.value, Known):
        reason = f"what {reading.setting} does with this value was never measured"
    return UnknownFact(reason or f"{reading.setting} is no plain number", "config", reading.at)


def _retries(number: float, version: str) -> float | str:
    """Measured on 1.30.0 to 1.65.1: 1.5 gives 3 attempts, NaN 1, Infinity no end."""
    del version
    if math.isinf(number) and number > 0:
        return "unlimited"
    return 0.0 if math.isnan(number) else float(max(0, math.ceil(number)))


def _repeats(number: float, version: str) -> float | None:
    """Measured on 1.40.1 to 1.65.1: 0 and NaN run once, 1.5 runs twice."""
    del version
    if math.isnan(number):
        return 0.0
    return None if math.isinf(number) else float(max(0, math.ceil(number) - 1))


def _failures(number: float, version: str) -> float | str | None:
    if number == 0 or math.isnan(number) or math.isinf(number):
        return "none"
    if number.is_integer() or matches(version, ">=1.40"):
        return float(max(1, math.ceil(number)))
    return None


def _timeout(nan_never_fires: str) -> Read:
    """0 sets no timer; what Node's timer cannot hold, Infinity too, fires at once."""

    def read(number: float, version: str) -> float | str:
        if math.isnan(number):
            return "none" if matches(version, nan_never_fires) else 1.0
        if number <= 0:
            return "none"
        return 1.0 if number > _LONGEST_TIMER else number

    return read


def _waiting(number: float, version: str) -> float | str | None:
    """Timeouts of the browser's side: 0, NaN and Infinity are bounded by the test's alone."""
    del version
    if number == 0 or math.isnan(number) or (math.isinf(number) and number > 0):
        return "none"
    return number if 0 < number <= _LONGEST_TIMER else None


def _action(number: float, version: str) -> float | str | None:
    """`actionTimeout || 0`; other odd values would need a browser to measure."""
    del version
    if number == 0 or math.isnan(number):
        return "none"
    return number if 0 < number <= _LONGEST_TIMER else None


def _expect_timeout(settings: Settings) -> SimpleFact:
    """The `expect` of a project replaces the root's whole, so that its default comes back."""
    own = settings.written("expect")
    side = settings if own is not None or not settings.in_project else settings.root
    return _read(side, side.written("expect.timeout"), "expect.timeout", _waiting)


def _navigation_timeout(settings: Settings) -> SimpleFact:
    reading = effective(settings, "use.navigationTimeout")
    if matches(settings.table.version, ">=1.31"):
        return _read(settings, reading, "use.navigationTimeout", _action)
    # On 1.30 what is not set (or falsy) falls back to the actions' timeout.
    value = reading.value if reading is not None else None
    if reading is None or (isinstance(value, Known) and not truthy(value.value)):
        return _read(settings, effective(settings, "use.actionTimeout"), _ACTION, _action)
    return _read(settings, reading, "use.navigationTimeout", _action)


def _fully_parallel(settings: Settings) -> SimpleFact:
    reading = effective(settings, "fullyParallel")
    if reading is None:
        return KnownFact(bool(settings.default("fullyParallel")), "default")
    value = reading.value
    if isinstance(value, Unknown | Builtin):
        return UnknownFact(reading.unknown or "it is not known", "config", reading.at)
    if isinstance(value, Known):
        return KnownFact(truthy(value.value), "config", reading.at)
    on = not isinstance(value, Cpus) or value.expression.minimum > 0
    return KnownFact(on, "config", reading.at)


def _retry_strategy(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<1.62"):
        return None
    reading = settings.root.written("retryStrategy")
    if reading is None:
        return KnownFact(str(settings.default("retryStrategy")), "default")
    value = reading.value.value if isinstance(reading.value, Known) else None
    if value in ("immediate", "isolated"):
        return KnownFact(str(value), "config", reading.at)
    return _not_plain(reading)


_ACTION = "use.actionTimeout"
_test_timeout = _number("timeout", _timeout(">=1.43"))

FACTS: dict[str, Answer] = {
    "workers": _workers,
    "testConcurrency": lambda settings: KnownFact(1.0, "default"),
    "fullyParallel": _fully_parallel,
    "retries": _number("retries", _retries),
    "retryStrategy": _retry_strategy,
    "repeats": _number("repeatEach", _repeats),
    "testTimeoutMs": _test_timeout,
    "hookTimeoutMs": _test_timeout,
    "globalTimeoutMs": _number("globalTimeout", _timeout(">=1.31"), root=True),
    "expectTimeoutMs": _expect_timeout,
    "actionTimeoutMs": _number(_ACTION, _action),
    "navigationTimeoutMs": _navigation_timeout,
    "maxFailures": _number("maxFailures", _failures, root=True),
}
