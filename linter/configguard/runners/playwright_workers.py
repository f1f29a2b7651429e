"""How many test files Playwright runs at one time: the root's workers, capped by the project's.

Sources: configLoader of 1.30.0, common/config of 1.40.1, 1.50.1, common/index of 1.65.1
(resolveWorkers from 1.52 on), runner/dispatcher; each value checked against real runs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from configguard.evaluate.cpus import CpuExpression, Operand, bounded
from configguard.evaluate.numbers import parse_int
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import UNDEFINED, Cpus, EnvString, Known, Obj, Unknown
from configguard.runners.profile import FactOrigin
from configguard.runners.runner import NOTHING, REFUSES
from configguard.runners.settings import Reading, Settings
from configguard.runners.versions import matches
from configguard.source.span import Origin

WORKERS = "workers"
PROJECT_CAPS = ">=1.52"
AT_LEAST_ONE = ">=1.60"
NO_PERCENT = ">=1.62"
_CONVERTED = {"valueOf", "toString"}
"""With one of these an object may count as a number; without, it is NaN (measured with {})."""


class Count(NamedTuple):
    """A number of workers, or why there is none.

    `breaks`: the outcome where no number comes of it; None with a `reason`: it never ends.
    """

    most: Operand | None
    reading: Reading | None = None
    breaks: str | None = None
    reason: str = ""

    @property
    def origin(self) -> FactOrigin:
        return "default" if self.reading is None else "config"

    @property
    def at(self) -> Origin:
        return () if self.reading is None else self.reading.at


def workers_of(settings: Settings) -> Count | Unknown:
    """The most test files of a suite at one time."""
    whole = root_workers(settings.root)
    cap = project_cap(settings)
    if isinstance(cap, Unknown):
        return cap
    if cap is None or cap.most is None:
        return whole
    if cap.most == 1.0 and (isinstance(whole, Unknown) or whole.most is not None):
        return cap  # fewer than one there is not
    if isinstance(whole, Unknown) or whole.most is None:
        return whole
    if not isinstance(whole.most, CpuExpression) and not isinstance(cap.most, CpuExpression):
        return whole if whole.most <= cap.most else cap
    return Count(bounded("min", [whole.most, cap.most]), cap.reading)


def root_workers(root: Settings) -> Count | Unknown:
    """The workers of a whole run, all projects together."""
    reading = root.written(WORKERS)
    if reading is None:
        return Count(percentage(50.0))
    return _count(reading, root.table.version)


def project_cap(settings: Settings) -> Count | Unknown | None:
    """The most workers that a project of a config may have; None where nothing caps it."""
    if not settings.in_project or not matches(settings.table.version, PROJECT_CAPS):
        return None
    reading = settings.written(WORKERS)
    if reading is None:
        return None
    if isinstance(reading.value, Known):
        scalar = reading.value.value
        # What is falsy caps nothing, save 0 and '', which are refused.
        if not truthy(scalar) and scalar != 0 and scalar != "":
            return None
    found = _count(reading, settings.table.version)
    if isinstance(found, Unknown) or found.breaks == REFUSES:
        return found
    return None if found.most is None else found


def percentage(percent: float) -> CpuExpression:
    """`max(1, floor(cpus * (percent / 100)))`, as the runner's floating point has it."""
    share = percent / 100

    def at(cpus: float) -> float:
        if math.isinf(cpus):
            return math.inf if share > 0 else 1.0
        return float(max(1, math.floor(cpus * share)))

    return CpuExpression(f"max(floor(cpus * {share:g}), 1)", at)


def _count(reading: Reading, version: str) -> Count | Unknown:
    """What a written value is worth. An undefined one never comes here."""
    value = reading.value
    if isinstance(value, Cpus):
        return _of_expression(reading, value.expression, version)
    if isinstance(value, EnvString):
        reason = f"Playwright refuses to start unless {value.name} is a percentage such as 50%"
        return Unknown(reason, reading.at)
    if isinstance(value, Obj) and value.more is None and not _CONVERTED & value.entries.keys():
        return _of_number(reading, math.nan, version)
    if not isinstance(value, Known):
        return Unknown(reading.unknown or "workers is no number", reading.at)
    scalar = value.value
    assert scalar is not UNDEFINED
    if isinstance(scalar, str):
        return _of_text(reading, scalar, version)
    if scalar is True:
        return Count(1.0, reading)
    if scalar is None or scalar is False:
        if matches(version, AT_LEAST_ONE):
            reason = "from Playwright 1.60 on less than one worker is an error"
            return Count(None, reading, REFUSES, reason)
        return Count(None, reading, NOTHING, "without a worker no test is run, and it passes")
    if not isinstance(scalar, float):
        return Unknown("workers is no number", reading.at)
    return _of_number(reading, scalar, version)


def _of_number(reading: Reading, number: float, version: str) -> Count:
    if math.isnan(number):
        reason = "a number of workers that is NaN runs no test, and passes"
        return Count(None, reading, NOTHING, reason)
    if number <= 0:
        return Count(None, reading, REFUSES, "workers must be a positive number")
    if math.isinf(number):
        # Measured on 1.30.0 to 1.65.1: it goes on making room for workers, and never ends.
        return Count(None, reading, None, "with endlessly many workers the run never starts a test")
    if number < 1:
        if matches(version, AT_LEAST_ONE):
            reason = "from Playwright 1.60 on less than one worker is an error"
            return Count(None, reading, REFUSES, reason)
        return Count(1.0, reading)
    return Count(number, reading)


def _of_text(reading: Reading, text: str, version: str) -> Count:
    if not text.endswith("%"):
        reason = "workers must be a number or a percentage: this text is neither"
        return Count(None, reading, REFUSES, reason)
    percent = parse_int(text)
    if matches(version, NO_PERCENT) and not percent >= 1:
        reason = "from Playwright 1.62 on workers must be at least 1%"
        return Count(None, reading, REFUSES, reason)
    if math.isnan(percent):
        reason = f"{text!r} is no number of workers: no test is run, and it passes"
        return Count(None, reading, NOTHING, reason)
    return Count(percentage(percent), reading)


def _of_expression(reading: Reading, expression: CpuExpression, version: str) -> Count:
    """A number that follows from the CPUs; `problem_at` tells where there are too few."""
    if expression.minimum < 1 and not matches(version, AT_LEAST_ONE):
        return Count(bounded("max", [expression, 1.0]), reading)
    return Count(expression, reading)


def depends_on_cpus(count: Count) -> bool:
    """Whether the run may start on one machine and not on another: `problem_at` tells."""
    return count.reading is not None and isinstance(count.reading.value, Cpus)


def problem_at(count: Count, version: str, cpus: float) -> str | None:
    """Why the run does not start on a machine of so many CPUs; None where it does."""
    written = count.reading.value if count.reading is not None else None
    if not isinstance(written, Cpus):
        return None
    number = written.expression.at(cpus)
    if number <= 0:
        return "workers must be a positive number: on a machine of few CPUs it is not"
    if number < 1 and matches(version, AT_LEAST_ONE):
        return "from Playwright 1.60 on less than one worker is an error"
    return None
