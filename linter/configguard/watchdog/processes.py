"""Processes as reports name them: what they took since the start, their role, no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from configguard.report.text_safety import one_line
from configguard.resources import table
from configguard.watchdog.sampling import ProcessSample, Sample

TOP = 5
_MOST_REMEMBERED = 4000
_LONGEST_COMMAND = 400


@dataclass(slots=True)
class Taken:
    """What one process took while it lived: the peak of its memory, all its CPU time."""

    process: ProcessSample
    memory_mb: float
    memory_kind: str

    @property
    def cpu_s(self) -> float:
        return self.process.cpu_s


class Ledger:
    """Every process that was seen; of very many, those that took most."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, float], Taken] = {}
        self._total_cpu_s = 0.0

    def add(self, sample: Sample) -> None:
        """Book one sample."""
        self._total_cpu_s = max(self._total_cpu_s, sample.cpu_total_s)
        for process in sample.processes:
            known = self._taken.get(process.identity)
            if known is None:
                self._taken[process.identity] = Taken(
                    process, process.memory_mb, process.memory_kind
                )
                continue
            known.process = process
            # A later figure may be of another kind: PSS after RSS is the truer one.
            truer = known.memory_kind == "rss" != process.memory_kind
            if process.memory_mb > known.memory_mb or truer:
                known.memory_mb, known.memory_kind = process.memory_mb, process.memory_kind
        if len(self._taken) > _MOST_REMEMBERED:
            kept = sorted(self._taken.items(), key=lambda one: _weight(one[1]), reverse=True)
            self._taken = dict(kept[: _MOST_REMEMBERED // 2])

    @property
    def short_lived_cpu_s(self) -> float:
        """CPU time of what was born and died between two looks; no process can be named for it."""
        return max(0.0, self._total_cpu_s - sum(one.cpu_s for one in self._taken.values()))

    def top(self, by: str) -> list[dict[str, Any]]:
        """Those that took most, by `memory`, `cpu`, or `both` shares, as the journal keeps them."""
        all_mb = sum(one.memory_mb for one in self._taken.values()) or 1.0
        all_s = self._total_cpu_s or 1.0
        keys = {
            "memory": lambda one: one.memory_mb,
            "cpu": lambda one: one.cpu_s,
            "both": lambda one: max(one.memory_mb / all_mb, one.cpu_s / all_s),
        }
        found = sorted(self._taken.values(), key=keys[by], reverse=True)[:TOP]
        return [told(one.process, one.memory_mb, one.memory_kind) for one in found]


def _weight(one: Taken) -> float:
    return one.memory_mb / 100 + one.cpu_s


def told(
    process: ProcessSample, memory_mb: float | None = None, kind: str | None = None
) -> dict[str, Any]:
    """A process as the journal keeps it."""
    return {
        "pid": process.pid,
        "role": role_of(process.name, process.command),
        "memoryMB": round(process.memory_mb if memory_mb is None else memory_mb, 1),
        "memoryKind": kind or process.memory_kind,
        "cpuSeconds": round(process.cpu_s, 2),
        "command": shown_command(process.command or (process.name,)),
    }


def role_of(name: str, command: Sequence[str]) -> str:
    """What a process does: vitest worker, browser, or its name."""
    line = " ".join(command)[:2000]
    for role, pattern in _roles():
        if pattern.search(line):
            return role
    return one_line(name, 20) or "?"


@cache
def _roles() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = table("watchdog/roles")["roles"]
    return tuple((row["role"], re.compile(row["pattern"])) for row in rows)


def shown_command(command: Sequence[str], most: int = _LONGEST_COMMAND) -> str:
    """A command line without secrets, on one line, shortened from the middle."""
    return shortened(one_line(" ".join(masked(command)), 4 * most), most)


def shortened(text: str, most: int, ellipsis: str = "…") -> str:
    """A text with its middle left out: how it begins and how it ends tell most."""
    if len(text) <= most:
        return text
    room = max(most - len(ellipsis), 2)
    head = (room + 1) // 2
    return f"{text[:head]}{ellipsis}{text[len(text) - (room - head) :]}"


_HUSHED = (
    r"(?:token|secret|passw(?:or)?d|passphrase|pass(?![a-z])|api[-_]?key|access[-_]?key|private[-_]?key|auth"
    r"|authorization|credentials?|cookie|session(?:[-_]?id)?|bearer|signature|jwt|pat|pwd)"
)


_PASSWORD_IN_P = re.compile(r"(?:^|/)(?:mysql\w*|mariadb[\w-]*|sshpass)$")
"""Commands whose `-p` has the password right behind it."""


class _Secrets(NamedTuple):
    """`--token=…` and `TOKEN: …`; flags whose value comes next; secrets inside of words."""

    named: re.Pattern[str]
    flag: re.Pattern[str]
    user: re.Pattern[str]
    inside: tuple[tuple[re.Pattern[str], str], ...]


@cache
def _secrets() -> _Secrets:
    """Compiled when they are asked for: most runs end well and name no process."""
    inside = (
        (r"(?i)(://[^/\s:@]*:)[^/\s@]+(@)", r"\1***\2"),
        (r"(?i)^(--?user(?:name)?=[^:\s]+:)\S+", r"\1***"),
        (r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]+", r"\1***"),
        (rf"(?i)([\w-]*{_HUSHED}[\w-]*[\"']\s*:\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,}}]+)", r"\1***"),
        (rf"(?i)(\b[\w-]*{_HUSHED}[\w-]*:\s+)[^\"'\n]+", r"\1***"),
        (
            rf"(?i)([?&;]?\b[\w-]*{_HUSHED}[\w-]*=)(?:\"[^\"]*\"|'[^']*'|[^&\s;\"']+)",
            r"\1***",
        ),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|npm_|sk-|AKIA)[\w-]{8,}", "***"),
        (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?", "***"),
    )
    return _Secrets(
        re.compile(rf"(?i)^(-{{0,2}}[\w.:-]*{_HUSHED}[\w.-]*)([=:])(.+)$", re.DOTALL),
        re.compile(rf"(?i)^--?(?:[\w.-]*{_HUSHED}|key)$"),
        re.compile(r"^(?:-u|--user(?:name)?)$"),
        tuple((re.compile(pattern), masking) for pattern, masking in inside),
    )


def masked(command: Iterable[str]) -> list[str]:
    """Words of a command line with `***` in the place of what looks like a secret."""
    found: list[str] = []
    secrets = _secrets()
    before, takes_p = "", False
    for word in command:
        if secrets.flag.match(before) and not word.startswith("-"):
            found.append("***")
            before = ""
            continue
        shown = word
        is_script = re.fullmatch(r"-\w*c", before) is not None
        named = None if is_script else secrets.named.match(word)
        if named is not None:
            shown = f"{named[1]}{named[2]}***"
        elif takes_p and re.match(r"-p.", word):
            shown = "-p***"
        elif secrets.user.match(before) and ":" in word:
            shown = f"{word.partition(':')[0]}:***"
        for pattern, masking in secrets.inside:
            shown = pattern.sub(masking, shown)
        found.append(shown)
        takes_p = takes_p or _PASSWORD_IN_P.search(word) is not None
        before = word
    return found
