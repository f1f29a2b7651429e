"""The limits of one guarded run: each number with where it comes from, and whether it stops."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from configguard.limits.limits import Limits

BY_DEFAULT: dict[str, float] = {"maxMemoryMB": 2048, "maxCPUPercent": 70}
"""Measured and warned about where nothing is stated (CONTRACT.md section 3)."""
HARD = 1.25
"""Memory above the limit times this stops at once."""
UNSURE = 1.5
"""RSS counts shared pages once for each process: below the limit times this it only warns."""
LEAST_AVAILABLE = 5.0
"""Percent of the machine's memory; less is left for nobody."""
AUTO_CPUS = 4
"""With fewer usable CPUs one healthy worker takes more than its share."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One number. `source`: the option or the place in a file; `stops`: or only warns, `why`."""

    value: float
    source: str
    stops: bool = True
    why: str = ""

    @property
    def hard(self) -> float:
        """What stops at once."""
        return self.value * HARD


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What holds for one run; a bound that nobody set is None."""

    memory_mb: Bound | None = None
    cpu_percent: Bound | None = None
    cpu_cores: Bound | None = None
    wall_s: Bound | None = None
    concurrent: Bound | None = None
    interval_s: float = 5.0
    sustained: int = 3
    warmup_s: float = 10.0
    grace_s: float = 5.0
    enforce_cpu: Literal["auto", "always", "never"] = "auto"
    leftovers: Literal["end", "warn"] = "end"
    measures_only: bool = False
    files: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    """What the files ask for around the run: `preflight`, `services`, `logs`, `cleanup`."""

    def cpu_bound(self, usable_cpus: float) -> Bound | None:
        """The lower of the two CPU limits in percent of the usable machine, and if it stops."""
        found = [] if self.cpu_percent is None else [self.cpu_percent]
        if self.cpu_cores is not None:
            percent = 100 * self.cpu_cores.value / max(usable_cpus, 0.01)
            found.append(replace(self.cpu_cores, value=min(percent, 100.0)))
        if not found:
            return None
        bound = min(found, key=lambda one: one.value)
        if self.enforce_cpu == "never":
            return replace(bound, stops=False, why="enforceCPU is never")
        if self.enforce_cpu == "auto" and usable_cpus < AUTO_CPUS:
            why = f"with fewer than {AUTO_CPUS} usable CPUs only `enforceCPU: always` stops"
            return replace(bound, stops=False, why=why)
        return bound

    def told(self, usable_cpus: float) -> dict[str, dict[str, object]]:
        """All numbers as the journal keeps them; a CPU limit stops as far as this machine lets."""
        cpu = self.cpu_bound(usable_cpus)
        cpu_stops = cpu is not None and cpu.stops
        bounds = {
            "maxMemoryMB": self.memory_mb,
            "maxCPUPercent": self.cpu_percent,
            "maxCPUCores": self.cpu_cores,
            "maxWallSeconds": self.wall_s,
            "maxConcurrentTests": self.concurrent,
        }
        return {
            name: {
                "value": bound.value,
                "from": bound.source,
                "stops": bound.stops and (cpu_stops or "CPU" not in name),
            }
            for name, bound in bounds.items()
            if bound is not None
        }


class Options(NamedTuple):
    """What the command line says about limits."""

    max_memory: float | None = None
    max_cpu: float | None = None
    timeout: float | None = None


def run_limits(found: Sequence[Limits], options: Options) -> RunLimits:
    """The limits of a run: options first, then the lowest number of all files that count.

    `found`: the limits of each folder in question, the command's own first; how to watch is said by
    the last.
    """
    watching = {name: value for one in found for name, value in one.watching.items()}
    kill = watching.get("autoKillOnExceed")
    measures_only = kill is not None and kill.value is False
    why = ""
    if measures_only and kill is not None:
        why = f"autoKillOnExceed is false ({_place(kill.at[0].file, kill.position)})"

    def stated(name: str) -> Bound | None:
        limits = [one[name] for one in found if name in one and one[name].stated]
        if not limits:
            return None
        limit = min(limits, key=lambda one: one.value)
        return Bound(limit.value, _place(limit.at[0].file, limit.position), not measures_only, why)

    def bound(name: str, option: str, given: float | None) -> Bound | None:
        if given is not None:
            return Bound(given, option)
        if (said := stated(name)) is not None:
            return said
        if name not in BY_DEFAULT:
            return None
        return Bound(BY_DEFAULT[name], "default", False, "no limits file states it")

    def number(name: str, otherwise: float) -> float:
        said = watching.get(name)
        return float(said.value) if said is not None else otherwise

    cores = stated("maxCPUCores")
    percent = bound("maxCPUPercent", "--max-cpu", options.max_cpu)
    if percent is not None and percent.source == "default" and cores is not None:
        percent = None  # the team said it in CPUs
    if options.max_cpu is not None:
        cores = None
    enforce = watching.get("enforceCPU")
    leftovers = watching.get("leftovers")
    hooks = tuple(
        name
        for name in ("preflight", "services", "logs", "cleanup")
        if name in watching and watching[name].value
    )
    return RunLimits(
        bound("maxMemoryMB", "--max-memory", options.max_memory),
        percent,
        cores,
        bound("maxWallSeconds", "--timeout", options.timeout),
        stated("maxConcurrentTests"),
        number("intervalSeconds", 5.0),
        int(number("sustainedIntervals", 3)),
        number("warmupSeconds", 10.0),
        number("graceSeconds", 5.0),
        # Who gives --max-cpu wants it to hold here and now.
        "always" if options.max_cpu is not None else enforce.value if enforce else "auto",
        leftovers.value if leftovers else "end",
        measures_only,
        tuple(dict.fromkeys(file for one in found for file in one.source)),
        hooks,
    )


def _place(file: str, position: tuple[int, int]) -> str:
    return f"{file}:{position[0]}:{position[1]}"


_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
_MOST_SECONDS = 366 * 86_400


def seconds(text: str) -> float | None:
    """`90`, `90s`, `10m`, `1h30m` in seconds; None where it is no time above 0."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()) or len(text) > 40:
        return None
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + rest
    return total if 0 < total <= _MOST_SECONDS else None


def duration(value: float) -> str:
    """Seconds as people write them: `4.5 s`, `90 s`, `30 min`, `1 h 30 min`."""
    if value < 10:
        return f"{value:.1f}".removesuffix(".0") + " s"
    if value < 120:
        return f"{value:.0f} s"
    minutes = round(value / 60)
    if minutes < 60:
        return f"{minutes} min" if abs(value - minutes * 60) < 1 else f"{value:.0f} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def amount(value: float) -> str:
    """A number of MB or percent without digits that say nothing."""
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def as_json(limits: RunLimits, usable_cpus: float) -> Mapping[str, object]:
    """How the run is watched, for the journal."""
    return {
        "limits": limits.told(usable_cpus),
        "intervalSeconds": limits.interval_s,
        "sustainedIntervals": limits.sustained,
        "warmupSeconds": limits.warmup_s,
        "graceSeconds": limits.grace_s,
        "enforceCPU": limits.enforce_cpu,
        "leftovers": limits.leftovers,
        "files": list(limits.files),
    }
