"""The facts of a jest suite in one world, one small function each.

Sources: the installed packages 27.5.1, 28.1.3, 29.7.0, 30.5.2 (getMaxWorkers, normalize,
testSchedulerHelper, jest-circus), each checked against the measured behaviour.
"""

from __future__ import annotations

import math
from itertools import pairwise

from configguard.evaluate.cpus import CPUS, CpuExpression, Operand, arithmetic, bounded, rounded
from configguard.evaluate.numbers import parse_int, to_text
from configguard.evaluate.values import Arr, Builtin, Cpus, EnvString, Known, Obj, Unknown
from configguard.runners import jest_setup
from configguard.runners.jest_config import JestSettings
from configguard.runners.profile import KnownFact, RangeFact, SimpleFact, UnknownFact
from configguard.runners.runner import Answer
from configguard.runners.settings import Reading, Settings

_MINUS_ONE = arithmetic("-", CPUS, 1.0)
assert _MINUS_ONE is not None
DEFAULT_WORKERS = bounded("max", [_MINUS_ONE, 1.0])
"""What every major takes in a single run (not watching): all CPUs but one, at least one."""
_HALF = arithmetic("/", CPUS, 2.0)
assert _HALF is not None
WATCHING = bounded("max", [rounded("floor", _HALF), 1.0])
"""With --watch or --watchAll (source of 27.5.1 to 30.5.2)."""
_LONGEST_TIMER = 2_147_483_647
_OWN_RUNNERS = frozenset({"jest-runner"})
_OWN_TEST_RUNNERS = frozenset({"circus", "jest-circus", "jest-circus/runner"})


def workers(settings: Settings) -> SimpleFact:
    """Most test files at one time: all projects share the workers of the root config."""
    root = settings.root
    other = _other_program(settings, "runner", _OWN_RUNNERS)
    if other is not None:
        return other
    serial, reading = root.on("detectOpenHandles")
    if reading is not None and serial is not False:
        if isinstance(serial, Unknown):
            return UnknownFact(serial.reason, "config", reading.at)
        return KnownFact(1.0, "config", reading.at)
    reading = root.counting("maxWorkers")
    if reading is None:
        watches = root.given is not None and root.given.watches(root.machine.world)
        return RangeFact(WATCHING if watches else DEFAULT_WORKERS, "default")
    if "count" not in root.worked_out:
        root.worked_out["count"] = _count(reading)
    count: Operand | Unknown = root.worked_out["count"]
    if isinstance(count, Unknown):
        return UnknownFact(count.reason, "config", reading.at)
    if isinstance(count, CpuExpression):
        return RangeFact(count, "config", reading.at)
    return KnownFact(count, "config", reading.at)


def _count(reading: Reading) -> Operand | Unknown:
    """`maxWorkers` as jest reads it: parseInt of its text, at least 1; a percentage up to 100."""
    value = reading.value
    if isinstance(value, Cpus):
        return _of_cpus(value.expression)
    scalar = value.value if isinstance(value, Known) else None
    if isinstance(scalar, bool) or not isinstance(scalar, str | float):
        return Unknown(reading.unknown or "maxWorkers is not known", reading.at)
    text = scalar if isinstance(scalar, str) else to_text(scalar)
    if isinstance(scalar, float) and math.isnan(scalar):
        return DEFAULT_WORKERS
    parsed = parse_int(text, 10)
    if isinstance(scalar, str) and text.strip().endswith("%") and 0 < parsed <= 100:
        return _percentage(parsed)
    return parsed if parsed > 0 else 1.0


def _percentage(percent: float) -> CpuExpression:
    def at(cpus: float) -> float:
        if math.isinf(cpus):
            return math.inf
        return float(max(1, math.floor(percent / 100 * cpus)))

    return CpuExpression(f"max(floor({to_text(percent)}% of cpus), 1)", at)


def _of_cpus(expression: CpuExpression) -> CpuExpression | Unknown:
    """A number that depends on the CPUs; 0 counts as unset, so the default jumps in there."""

    def counted(number: float, cpus: float) -> float:
        if math.isinf(number) or math.isinf(cpus):
            return number
        if number == 0 or math.isnan(number):
            return DEFAULT_WORKERS.at(cpus)
        return float(max(1, math.trunc(number)))

    def at(cpus: float) -> float:
        return counted(expression.at(cpus), cpus)

    values = [expression.at(cpus) for cpus in range(1, 257)]
    counts = [counted(value, cpus) for cpus, value in enumerate(values, 1)]
    if any(later < earlier for earlier, later in pairwise(counts)):
        return Unknown(f"jest takes {expression} for unset where it is 0", ())
    if counts == values:
        return expression
    whole = all(value.is_integer() for value in values)
    inner = str(expression) if whole else f"trunc({expression})"
    if all(count == max(1, math.trunc(value)) for count, value in zip(counts, values, strict=True)):
        return CpuExpression(f"max({inner}, 1)", at)
    return CpuExpression(f"{inner}, or {DEFAULT_WORKERS} where that is 0", at)


def retries(settings: Settings) -> SimpleFact:
    """Re-runs of a failing test: only code can ask for them, in setup and test files."""
    other = _open(settings) or _other_program(settings, "testRunner", _OWN_TEST_RUNNERS)
    if other is not None:
        return other
    told = jest_setup.retries(settings)
    return KnownFact(0.0, "default") if told is None else told


def _open(settings: Settings) -> UnknownFact | None:
    """Why nothing is known of what each project sets for itself."""
    why = settings.open if isinstance(settings, JestSettings) else None
    return None if why is None else UnknownFact(why.reason, "config", why.origin)


def test_timeout(settings: Settings) -> SimpleFact:
    """The limit of one test, and of one hook: of the root config, or what a setup file sets."""
    other = _open(settings) or _other_program(settings, "testRunner", _OWN_TEST_RUNNERS)
    if other is not None:
        return other
    told = jest_setup.test_timeout(settings)
    if told is not None:
        return told
    default = float(str(settings.root.default("testTimeout")))
    reading = settings.root.counting("testTimeout")
    if reading is None:
        return KnownFact(default, "default")
    number = reading.value.value if isinstance(reading.value, Known) else None
    if isinstance(number, bool) or not isinstance(number, float):
        return UnknownFact(reading.unknown or "testTimeout is no number", "config", reading.at)
    if math.isnan(number):
        return KnownFact(default, "default")
    return KnownFact(1.0 if number > _LONGEST_TIMER else number, "config", reading.at)


def max_failures(settings: Settings) -> SimpleFact:
    """After how many failed tests the run stops (measured: 2.5 is 3, NaN and Infinity never)."""
    root = settings.root
    reading = root.written("bail")
    if reading is None:
        return KnownFact("none", "default")
    value = reading.value.value if isinstance(reading.value, Known) else UnknownFact
    if isinstance(value, bool):
        return KnownFact(1.0 if value else "none", "config", reading.at)
    if value is None or (isinstance(value, float) and value < 0):
        reason = "with this bail the run ends after its first test file, whatever its result"
        return UnknownFact(reason, "config", reading.at)
    if not isinstance(value, float):
        return UnknownFact(reading.unknown or "bail is no number", "config", reading.at)
    if value == 0 or math.isnan(value) or math.isinf(value):
        return KnownFact("none", "config", reading.at)
    return KnownFact(float(math.ceil(value)), "config", reading.at)


def _other_program(settings: Settings, setting: str, own: frozenset[str]) -> UnknownFact | None:
    """Why nothing is known where another program runs the files, or the tests in them."""
    reading = settings.written(setting)
    if reading is None:
        return None
    value = reading.value
    if isinstance(value, Known) and (value.value in own or not value.value):
        return None
    if reading.entry is None and isinstance(value, Unknown):
        place = reading.at[0] if reading.at else None
        if place is not None:
            settings.machine.assume(f"what is unknown here is assumed to set no {setting}", place)
        return None
    unclear = isinstance(value, Unknown | Builtin | EnvString | Obj | Arr)
    what = f"{setting} is not known" if unclear else f"{setting} is {value.value!r}"  # type: ignore[union-attr]
    return UnknownFact(f"{what}, and what it does is not evaluated", "config", reading.at)


FACTS: dict[str, Answer] = {
    "workers": workers,
    "testConcurrency": lambda settings: KnownFact(1.0, "default"),
    "retries": retries,
    "testTimeoutMs": test_timeout,
    "hookTimeoutMs": test_timeout,
    "globalTimeoutMs": lambda settings: KnownFact("none", "default"),
    "maxFailures": max_failures,
}
