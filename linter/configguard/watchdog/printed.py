"""What a person is told of a run: one line while it goes on, a short report at its end."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from configguard.report.text_safety import fit, inert, one_line, wrap
from configguard.watchdog.bounds import duration
from configguard.watchdog.processes import shortened

WIDTH = 100
_MOST_TEXT = 600
_MOST_LEFT = 3
_MOST_LINES = 15
_QUIET = ("signal", "leftovers")
"""What the user did himself, and what is told in lines of its own."""


class Look(NamedTuple):
    """How lines look."""

    color: bool = False
    unicode: bool = True
    width: int = WIDTH

    def paint(self, code: str, text: str) -> str:
        """Text in an SGR style."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def clean(self, text: str, most: int = _MOST_TEXT) -> str:
        """Any text as one harmless line that this terminal can print."""
        return one_line(text, most, ascii_only=not self.unicode)


def line(look: Look, text: str, tone: str = "1;33") -> str:
    """One line while the command runs, or before it does: `configguard: …`."""
    name = look.paint(tone, "configguard:")
    return inert(f"{name} {look.clean(text)}\n")


def end_report(result: Mapping[str, Any], look: Look) -> str:
    """What is told at the end; nothing where all went well. At most 15 lines."""
    head: list[str] = []
    table: list[str] = []
    tail: list[str] = []
    reason = result["reason"]
    if reason is not None and reason not in _QUIET:
        head = _headed(f"stopped after {duration(result['seconds'])}: {result['text']}", look)
        table = _table(result, look)
        tail = _behind_it(result, look)
    elif not result["wasStarted"]:
        head = _headed(result["text"] or "the command was not started", look)
    tail += _remains(result, look)
    if reason is not None and reason not in _QUIET and result.get("journal"):
        journal = look.clean(_seen_from_here(str(result["journal"])))
        tail.append(f"  {look.paint('2', 'journal')} {journal}")
    last = last_line(result)
    if last:
        tail.append(look.paint("1", look.clean(last)))
    room = _MOST_LINES - len(head) - len(tail)
    lines = [*head, *table[: max(room, 2)], *tail]
    return inert("".join(f"{one}\n" for one in lines))


def _seen_from_here(path: str) -> str:
    """A path below the current folder without what leads to that."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return path


def last_line(result: Mapping[str, Any]) -> str:
    """The line that scripts read: what ended the run, where it was not the command itself."""
    reason, number = result["reason"], result["signal"]
    if reason == "leftovers":
        return "configguard: failed reason=leftovers"
    if reason is not None:
        return f"configguard: stopped reason={reason} seconds={result['seconds']:g}"
    if not result["wasStarted"]:
        code = result["exitCode"]
        why = {126: "not-executable", 127: "not-found"}.get(code, "fault")
        return f"configguard: not started reason={why}"
    if number is not None:
        return f"configguard: ended signal={signal_name(number)}"
    return ""


def signal_name(number: int) -> str:
    """`SIGKILL`, or the number of one without a name here."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _headed(text: str, look: Look, tone: str = "1;31") -> list[str]:
    first, *rest = wrap(look.clean(f"configguard: {text}"), look.width - 2)
    name = "configguard:"
    return [
        look.paint(tone, name) + look.paint("1", first.removeprefix(name)),
        *(f"  {look.paint('1', one)}" for one in rest[:2]),
    ]


def _behind_it(result: Mapping[str, Any], look: Look) -> list[str]:
    """What no process can be named for, and the config that makes it so."""
    lines: list[str] = []
    short = result["shortLivedCpuSeconds"]
    if short >= 1:
        lines.append(f"  and {short:.1f} CPU s of processes too short-lived to be seen")
    for finding in result["gate"].get("findings", ())[:1]:
        told = look.clean(str(finding["told"]), 300)
        advice = f"{told}; {look.clean(str(finding['advice']))}"
        lines += [f"  {one}" for one in wrap(advice, look.width - 2)[:2]]
    return lines


def _table(result: Mapping[str, Any], look: Look) -> list[str]:
    rows = result["top"]["both"]
    if not rows:
        return []
    kinds = {row["memoryKind"] for row in rows}
    kind = f"MB {next(iter(kinds)).upper()}" if len(kinds) == 1 else "MB"
    roles = [look.clean(str(row["role"]), 20) for row in rows]
    wide = max(len(role) for role in roles)
    head = f"  {kind:>9}  {'CPU s':>7}  {'pid':>7}  {'role':<{wide}}  command"
    lines = [look.paint("2", head)]
    for row, role in zip(rows, roles, strict=True):
        mb = f"{row['memoryMB']:.0f}" + (f" {row['memoryKind']}" if len(kinds) > 1 else "")
        figures = f"  {mb:>9}  {row['cpuSeconds']:>7.1f}  {row['pid']:>7}"
        start = f"{figures}  {role:<{wide}}  "
        room = max(look.width - len(start), 20)
        ellipsis = "…" if look.unicode else "..."
        command = shortened(look.clean(str(row["command"])), room, ellipsis)
        lines.append(start + fit(command, room, ascii_only=not look.unicode))
    return lines


def _remains(result: Mapping[str, Any], look: Look) -> list[str]:
    """What outlived the command."""
    lines: list[str] = []
    kept = {row["pid"] for row in result["kept"]}
    ended = [row for row in result["leftovers"] if row["pid"] not in kept]
    stopped = result["reason"] not in (None, "leftovers")
    for rows, what in (
        ([] if stopped else ended, "outlived the command and {} ended"),
        (result["kept"], "outlived the command and {} left running"),
        (result["survivors"], "could not be ended and still {}"),
    ):
        if not rows:
            continue
        plural = len(rows) > 1
        verb = ("run" if plural else "runs") if "still" in what else "were" if plural else "was"
        named = ", ".join(
            f"{row['pid']} {shortened(str(row['command']), 60)}" for row in rows[:_MOST_LEFT]
        )
        more = f" and {len(rows) - _MOST_LEFT} more" if len(rows) > _MOST_LEFT else ""
        count = f"{len(rows)} process{'es' if plural else ''}"
        lines += _headed(f"{count} {what.format(verb)}: {named}{more}", look, "1;33")
    return lines


def not_started(look: Look, reason: str, text: str) -> str:
    """That the command was not started, why and what to do; then the line for scripts."""
    lines = _headed(f"not started: {text}", look)
    lines.append(look.paint("1", f"configguard: not started reason={reason}"))
    return inert("".join(f"{one}\n" for one in lines))


def say(text: str) -> None:
    """Write to stderr, whatever mode the command left the terminal in; a closed one is no fault."""
    try:
        if os.isatty(2):
            # In raw mode a line feed alone does not return to the line's start.
            text = "\r" + text.replace("\n", "\r\n")
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError:
        pass
