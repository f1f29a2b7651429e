"""The facts of a vitest config in one world, one small function each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from configguard.evaluate.cpus import CpuExpression
from configguard.evaluate.numbers import from_text
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
from configguard.runners.runner import RUNS, Answer
from configguard.runners.settings import Reading, Settings
from configguard.runners.versions import matches
from configguard.runners.vitest_outcome import machines, outcome_at
from configguard.runners.vitest_runs import Total, total
from configguard.runners.vitest_setup import from_setup
from configguard.runners.vitest_workers import Workers, in_child_processes, workers

_LONGEST_TIMER = 2_147_483_647


def _workers(settings: Settings) -> SimpleFact:
    found = workers(settings)
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    return _running(settings, Total(found.most, found.origin, found.at))


def together_fact(suites: Sequence[Settings]) -> SimpleFact:
    """Most test files at one time over several suites that one config runs."""
    company = suites[0].company
    if company is not None and company.more is not None:
        reason = f"there may be more projects: {company.more.reason}"
        return UnknownFact(reason, "config", company.more.origin)
    found = total(suites)
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    return _running(suites[0], found)


def _running(settings: Settings, found: Total) -> SimpleFact:
    """A number of workers on the machines on which the run starts at all."""
    own = workers(settings)
    assert isinstance(own, Workers)  # an unknown one was answered before
    looked_at = machines(settings)
    running = [cpus for cpus in looked_at if outcome_at(settings, own, cpus)[0] == RUNS]
    if not running:
        return UnknownFact("it does not run with this number of workers", "config", found.at)
    if not isinstance(found.most, CpuExpression):
        return KnownFact(found.most, found.origin, found.at)
    last = math.inf if running[-1] == looked_at[-1] else float(running[-1])
    return RangeFact(found.most, found.origin, found.at, float(running[0]), last)


def _number_fact(
    settings: Settings, setting: str, read: Callable[[float], float | str | None]
) -> SimpleFact:
    """A fact that is one number of the config: as `read` takes it; None is not measured."""
    reading = settings.counting(setting)
    if reading is None:
        told = settings.undefined(setting)
        if isinstance(told, str):
            return UnknownFact(f"what {setting}: undefined does was never measured", "config", ())
        default = settings.default(setting) if told is None else told
        assert isinstance(default, int | float), f"{setting} has no default"
        taken = read(float(default))
        assert taken is not None
        return KnownFact(taken, "default" if told is None else "config")
    if isinstance(reading.value, Known) and isinstance(reading.value.value, float):
        taken = read(reading.value.value)
        if taken is not None:
            return KnownFact(taken, "config", reading.at)
    return _not_plain(reading)


def _not_plain(reading: Reading) -> UnknownFact:
    reason = reading.unknown
    if reason is None and isinstance(reading.value, Known):
        reason = f"what {reading.setting} does with this value was never measured"
    return UnknownFact(reason or f"{reading.setting} is no plain number", "config", reading.at)


def _retries(settings: Settings) -> SimpleFact:
    version = settings.table.version
    # In a project of 0.34 it counts; at the root the command line's own default beats it.
    alone = matches(version, "<1") and not settings.in_project
    if alone and not settings.is_given("test.retry"):
        return KnownFact(0.0, "default")
    written = settings.written("test.retry")
    if written is None:
        return KnownFact(0.0, "default")
    if isinstance(written.value, Obj):
        if matches(version, "<4.1"):
            return KnownFact(0.0, "config", written.at)
        return _count_of_object(settings, written)
    if not isinstance(written.value, Known):
        return _not_plain(written)
    number = _as_retry(settings, written.value.value)
    if number is None:
        return _not_plain(written)
    plain = written.value.value
    if isinstance(plain, float) and plain > 0 and math.isfinite(plain) and not plain.is_integer():
        message = "a retry that is no whole number makes a failing test pass (measured)"
        settings.machine.notice(message, written.at[0])
    return KnownFact(number, "config", written.at)


def _as_retry(settings: Settings, written: object) -> float | str | None:
    """How often a failing test is run again, for a scalar `retry`; None: never measured.

    Measured on 1.6.1, 2.1.9, 3.2.7, 4.1.12, 5.1.1: texts and true count as numbers before 4, and
    not at all from 4.1 on; a fraction counts as the whole number below it.
    """
    version = settings.table.version
    if isinstance(written, str | bool):
        if matches(version, ">=4.1"):
            return 0.0 if written is not False else None
        if not matches(version, "<4") or written is False:
            return None
        written = from_text(written) if isinstance(written, str) else 1.0
    if written is None and matches(version, "<4"):
        return 0.0
    if not isinstance(written, float):
        return None
    if math.isnan(written) or math.isinf(written):
        forked = in_child_processes(settings)
        if forked is None:
            return None
        if forked or math.isnan(written):
            return 0.0
    return _attempts(written)


def _attempts(number: float) -> float | str:
    if math.isinf(number) and number > 0:
        return "unlimited"
    if math.isnan(number) or number <= 0:
        return 0.0
    return float(math.floor(number))


def _count_of_object(settings: Settings, reading: Reading) -> SimpleFact:
    count = settings.written("test.retry.count")
    if count is None:
        return KnownFact(0.0, "config", reading.at)
    number = count.value.value if isinstance(count.value, Known) else None
    if isinstance(number, float) and not math.isnan(number):
        return KnownFact(_attempts(number), "config", count.at)
    return _not_plain(count)


def _retry_delay(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<4.1"):
        return None
    reading = settings.written("test.retry.delay")
    if reading is None:
        return KnownFact(0.0, "default")
    delay = reading.value.value if isinstance(reading.value, Known) else None
    if isinstance(delay, float) and math.isfinite(delay):
        return KnownFact(delay, "config", reading.at)
    return _not_plain(reading)


def _repeats(settings: Settings) -> SimpleFact | None:
    if matches(settings.table.version, "<5"):
        return None
    return _number_fact(settings, "test.repeats", _repetitions)


def _repetitions(number: float) -> float | None:
    """Extra runs of every test: whole ones; less than none is none, and nothing is run."""
    if math.isnan(number) or number <= 0:
        return 0.0
    return None if math.isinf(number) else float(math.floor(number))


def _timeout(number: float) -> float | str:
    """Zero, less, and Infinity set no timer; too large a number and NaN make it fire at once."""
    if number <= 0 or math.isinf(number):
        return "none"
    if math.isnan(number):
        return 1.0
    return 1.0 if number > _LONGEST_TIMER else number


def _timeout_fact(setting: str) -> Answer:
    def answer(settings: Settings) -> SimpleFact:
        written = settings.written(setting)
        if written is not None and isinstance(written.value, Known):
            odd = _odd_timeout(settings, written.value.value)
            if odd is not None:
                return KnownFact(odd, "config", written.at)
        if settings.counting(setting) is None and settings.undefined(setting) is None:
            on, reading = settings.on("test.browser.enabled")
            longer = settings.table.rows[setting].row.get("browser-default")
            if isinstance(on, Unknown) and longer is not None:
                at = reading.at if reading is not None else ()
                return UnknownFact(f"it depends on browser mode: {on.reason}", "default", at)
            if on is True and longer is not None:
                return KnownFact(float(longer), "default")
        return _number_fact(settings, setting, _timeout)

    return answer


def _odd_timeout(settings: Settings, written: object) -> float | str | None:
    """Timeouts that are no plain number, as measured; None for plain ones and unmeasured ones.

    null sets no timer before vitest 2 and is the default from then on; a text counts as its number;
    NaN sets no timer in the child processes of vitest 1 to 3, where it arrives as null.
    """
    if written is None and matches(settings.table.version, "<2"):
        return "none"
    if isinstance(written, str):
        number = from_text(written)
        return None if math.isnan(number) else _timeout(number)
    if isinstance(written, float) and math.isnan(written) and in_child_processes(settings):
        return "none"
    return None


def _bail(settings: Settings) -> SimpleFact:
    alone = matches(settings.table.version, "<1") and not settings.in_project
    if alone and not settings.is_given("test.bail"):
        return KnownFact("none", "default")
    reading = settings.counting("test.bail")
    if reading is not None and isinstance(reading.value, Known):
        written = reading.value.value
        if isinstance(written, str) and not math.isnan(from_text(written)):
            return KnownFact(_failures(from_text(written)), "config", reading.at)
    return _number_fact(settings, "test.bail", _failures)


def _failures(number: float) -> float | str:
    """After how many failures the run stops: any number but 0, NaN and Infinity (measured)."""
    if number == 0 or math.isnan(number) or math.isinf(number):
        return "none"
    return float(max(1, math.ceil(number)))


def _test_concurrency(settings: Settings) -> SimpleFact:
    concurrent, reading = settings.on("test.sequence.concurrent")
    if isinstance(concurrent, Unknown):
        at = reading.at if reading is not None else ()
        return UnknownFact(concurrent.reason, "config", at)
    if not concurrent:
        if reading is None:
            return KnownFact(1.0, "default")
        return KnownFact(1.0, "config", reading.at)
    limit = _number_fact(settings, "test.maxConcurrency", _concurrency(settings))
    if isinstance(limit, KnownFact) and limit.origin == "default":
        assert reading is not None  # the default is off
        return KnownFact(limit.value, "config", reading.at)
    return limit


def _concurrency(settings: Settings) -> Callable[[float], float | None]:
    """Tests at one time for a maxConcurrency; None where it hangs, or was never measured."""

    def read(number: float) -> float | None:
        if number == 0:
            return 5.0
        if number < 1 or math.isnan(number) or math.isinf(number):
            return None
        if number.is_integer():
            return number
        return float(math.ceil(number)) if matches(settings.table.version, ">=2") else None

    return read


def _unless_set_up(answer: Answer, *keys: str) -> Answer:
    """A fact of the config, which a setup file may beat by `vi.setConfig()`."""

    def told(settings: Settings) -> SimpleFact | None:
        fact = answer(settings)
        if fact is None:
            return None
        for key in keys:
            found = from_setup(settings, key)
            serial = key == "maxConcurrency" and isinstance(fact, KnownFact) and fact.value == 1
            if found is not None and not serial:
                return found
        return fact

    return told


FACTS: dict[str, Answer] = {
    "workers": _workers,
    "testConcurrency": _unless_set_up(_test_concurrency, "sequence.concurrent", "maxConcurrency"),
    "retries": _unless_set_up(_retries, "retry"),
    "retryDelayMs": _retry_delay,
    "repeats": _unless_set_up(_repeats, "repeats"),
    "testTimeoutMs": _unless_set_up(_timeout_fact("test.testTimeout"), "testTimeout"),
    "hookTimeoutMs": _unless_set_up(_timeout_fact("test.hookTimeout"), "hookTimeout"),
    "globalTimeoutMs": lambda settings: KnownFact("none", "default"),
    "maxFailures": _bail,
}
