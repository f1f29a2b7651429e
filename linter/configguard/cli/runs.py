"""`configguard runs` and `configguard sweep`: what was recorded, and what was left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configguard.cli.common import fail, one_of, suggestion
from configguard.cli.run import look_of
from configguard.project.root import find_root
from configguard.report.text_safety import inert, json_text, one_line
from configguard.watchdog.bounds import amount, duration
from configguard.watchdog.journal import Kept, kept_runs, runs_folder, samples_of
from configguard.watchdog.printed import Look, end_report, last_line, signal_name

_FORMATS = ("text", "json")


def run_runs_list(root: Path | None, output_format: str) -> int:
    """Print the recorded runs, the newest first."""
    one_of("--output-format", output_format, _FORMATS)
    folder = _folder(root)
    found = kept_runs(folder)
    if output_format == "json":
        runs = [_in_short(run) for run in found]
        sys.stdout.write(json_text({"schemaVersion": 1, "folder": str(folder), "runs": runs}))
        return 0
    if not found:
        print(inert(f"No runs are recorded in {one_line(str(folder), 300)}."))
        return 0
    rows = [["ID", "STARTED", "TOOK", "EXIT", "ENDED", "MEMORY", "COMMAND"]]
    rows += [_row_of(run) for run in found]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print(inert("  ".join([*cells, row[6]]).rstrip()))
    return 0


def run_runs_show(run_id: str, root: Path | None, output_format: str) -> int:
    """Print what is known of one run."""
    one_of("--output-format", output_format, _FORMATS)
    folder = _folder(root)
    found = kept_runs(folder)
    known = {run.id: run for run in found}
    matching = [run for run in found if run.id == run_id] or [
        run for run in found if run.id.startswith(run_id) or run_id == "last"
    ][: None if run_id != "last" else 1]
    if not matching:
        near = suggestion(run_id, tuple(known))
        fail(f"there is no recorded run {run_id}{near or '; see configguard runs list'}")
    if len(matching) > 1:
        fail(f"{run_id} may be {len(matching)} runs: give more of the id")
    run = matching[0]
    samples, torn = samples_of(run.folder)
    if output_format == "json":
        value = {
            "schemaVersion": 1,
            "id": run.id,
            "live": run.live,
            "result": run.result,
            "samples": samples,
            "tornLines": torn,
        }
        sys.stdout.write(json_text(value))
        return 0
    sys.stdout.write(inert(_told(run, samples, torn)))
    return 0


def run_sweep(*, dry_run: bool) -> int:
    """End what dead runs left behind; 1 where something could not be ended."""
    from configguard.watchdog.sweep import end, left_behind

    found = left_behind()
    if not found:
        print("Nothing is left of earlier guarded runs.")
        return 0
    for left in found:
        print(inert(f"{left.pid}  {left.role}  {left.command}  (run {left.run_id})"))
    if dry_run:
        print(f"{_processes(len(found))} would be ended.")
        return 0
    rest = end(found)
    print(f"{_processes(len(found) - len(rest))} ended.")
    for left in rest:
        print(inert(f"could not be ended: {left.pid}  {left.command}"), file=sys.stderr)
    return 1 if rest else 0


def _processes(count: int) -> str:
    return f"{count} process{'' if count == 1 else 'es'}"


def _folder(root: Path | None) -> Path:
    if root is not None and not os.path.isdir(root):
        fail(f"--root {root}: there is no such folder")
    return runs_folder(find_root(Path.cwd(), root), os.environ)


def _in_short(run: Kept) -> dict[str, Any]:
    result = run.result or {}
    return {
        "id": run.id,
        "live": run.live,
        "started": result.get("started"),
        "seconds": result.get("seconds"),
        "exitCode": result.get("exitCode"),
        "reason": result.get("reason"),
        "signal": result.get("signal"),
        "wasStarted": result.get("wasStarted"),
        "command": result.get("command"),
    }


_NOT_OURS = (AttributeError, KeyError, TypeError, ValueError)
"""What reading a result of another shape raises: it lies in a checkout, and may be anybody's."""


def _row_of(run: Kept) -> list[str]:
    try:
        return _row(run)
    except _NOT_OURS:
        return [run.id, "", "", "", "its result is not ours", "", ""]


def _row(run: Kept) -> list[str]:
    result = run.result
    if result is None:
        ended = "running" if run.live else "no result: it was killed"
        return [run.id, "", "", "", ended, "", ""]
    peak = result.get("peaks", {}).get("memory")
    memory = f"{amount(float(peak['mb']))} MB" if isinstance(peak, dict) else ""
    seconds = result.get("seconds")
    return [
        run.id,
        _clean(result.get("started"), 30),
        duration(float(seconds)) if isinstance(seconds, int | float) else "",
        _clean(result.get("exitCode"), 8),
        _clean(result.get("reason") or _own_end(result), 24),
        memory,
        _clean(result.get("command"), 60),
    ]


def _own_end(result: Mapping[str, Any]) -> str:
    """How a command ended that no limit stopped."""
    if not result.get("wasStarted", True):
        return "not started"
    number = result.get("signal")
    return "by itself" if number is None else signal_name(int(number))


def _clean(value: object, most: int) -> str:
    return "" if value is None else one_line(str(value), most)


def _told(run: Kept, samples: list[dict[str, Any]], torn: int) -> str:
    lines: list[str] = []
    result = run.result
    look = look_of("auto")._replace(color=False)
    if result is None:
        state = (
            "it runs" if run.live else "it has no result: configguard and its keeper were killed"
        )
        lines.append(f"{run.id}: {state}")
    else:
        try:
            lines += _facts(result, look)
        except _NOT_OURS:
            lines.append(f"{run.id}: its result is not one of ours")
    if samples:
        count = f"{len(samples)} sample{'' if len(samples) == 1 else 's'}"
        lines.append(f"{count}; the last of them:")
        lines += [_sample(one) for one in samples[-12:]]
    if torn:
        lines.append(f"{torn} line{'' if torn == 1 else 's'} of samples.jsonl torn")
    return "".join(f"{line}\n" for line in lines)


def _facts(result: dict[str, Any], look: Look) -> list[str]:
    """The figures of a run, and the report that was printed at its end."""
    seconds = float(result.get("seconds") or 0)
    lines = [
        f"{_clean(result.get('command'), 300)}",
        f"  in {_clean(result.get('cwd'), 300)}",
        f"  started {_clean(result.get('started'), 30)}, took {duration(seconds)}, "
        f"exit code {_clean(result.get('exitCode'), 8)}",
    ]
    for name, limit in result.get("watching", {}).get("limits", {}).items():
        how = "stops" if limit.get("stops") else "is told only"
        if name == "maxConcurrentTests":
            how = "holds its start back" if limit.get("stops") else "is told only"
        lines.append(
            f"  {_clean(name, 40)} {limit.get('value'):g} ({_clean(limit.get('from'), 200)}) {how}"
        )
    peaks = result.get("peaks", {})
    if "memory" in peaks:
        peak = peaks["memory"]
        kind = _clean(peak["kind"], 10).upper()
        lines.append(f"  most memory {peak['mb']:.0f} MB {kind} at {peak['t']:.1f} s")
    if "cpu" in peaks:
        lines.append(f"  most CPU {peaks['cpu']['percent']:.0f} % at {peaks['cpu']['t']:.1f} s")
    report = end_report({**result, "journal": None}, look)
    return [*lines, *(line for line in report.splitlines() if line != last_line(result))]


def _sample(one: dict[str, Any]) -> str:
    cpu, memory = one.get("cpuPercent"), one.get("memoryMB")
    percent = "-" if not isinstance(cpu, int | float) else f"{cpu:.0f} %"
    mb = "-" if not isinstance(memory, int | float) else f"{memory:.0f} MB"
    return f"  {one['t']:>9.1f} s  CPU {percent:>6}  memory {mb:>9}  {_clean(one.get('state'), 8)}"
