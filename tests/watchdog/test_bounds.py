"""Which number holds for a run, where it comes from, and whether it stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configguard.limits.limits import FILE, load_limits
from configguard.source.workspace import Workspace
from configguard.watchdog.bounds import (
    Bound,
    Options,
    RunLimits,
    duration,
    run_limits,
    seconds,
)


def limits(root: Path, value: dict[str, Any] | None, options: Options = Options()) -> RunLimits:  # noqa: B008 - a tuple
    if value is not None:
        (root / FILE).write_text(json.dumps(value))
    found, problems = load_limits(Workspace(root), "")
    assert problems == []
    return run_limits([found], options)


def test_without_a_file_the_incidents_numbers_only_warn(tmp_path: Path) -> None:
    found = limits(tmp_path, None)
    assert found.memory_mb == Bound(2048, "default", False, "no limits file states it")
    assert found.cpu_percent == Bound(70, "default", False, "no limits file states it")
    assert (found.wall_s, found.concurrent) == (None, None)
    assert (found.interval_s, found.sustained, found.warmup_s, found.grace_s) == (5, 3, 10, 5)


def test_a_files_numbers_stop_and_say_where_they_stand(tmp_path: Path) -> None:
    found = limits(tmp_path, {"resourceLimits": {"maxMemoryMB": 100}})
    assert found.memory_mb == Bound(100, f"{FILE}:1:36")
    assert found.cpu_percent is not None
    assert not found.cpu_percent.stops
    assert found.files == (FILE,)


def test_auto_kill_off_only_measures(tmp_path: Path) -> None:
    value = {"resourceLimits": {"maxMemoryMB": 100}, "monitoring": {"autoKillOnExceed": False}}
    found = limits(tmp_path, value)
    assert found.measures_only
    assert found.memory_mb is not None
    assert not found.memory_mb.stops
    assert found.memory_mb.why == f"autoKillOnExceed is false ({FILE}:1:77)"


def test_an_option_counts_before_the_file_and_always_stops(tmp_path: Path) -> None:
    value = {
        "resourceLimits": {"maxMemoryMB": 100, "maxCPUCores": 1, "maxWallSeconds": 5},
        "monitoring": {"autoKillOnExceed": False},
    }
    found = limits(tmp_path, value, Options(300, 50, 60))
    assert found.memory_mb == Bound(300, "--max-memory")
    assert found.cpu_percent == Bound(50, "--max-cpu")
    assert found.wall_s == Bound(60, "--timeout")
    assert found.cpu_cores is None
    assert found.enforce_cpu == "always"


def test_the_lowest_number_of_all_folders_in_question_holds(tmp_path: Path) -> None:
    (tmp_path / "e2e").mkdir()
    (tmp_path / FILE).write_text('{"resourceLimits": {"maxMemoryMB": 500}}')
    (tmp_path / "e2e" / FILE).write_text(
        '{"resourceLimits": {"maxMemoryMB": 200}, "monitoring": {"graceSeconds": 9}}'
    )
    workspace = Workspace(tmp_path)
    found = run_limits([load_limits(workspace, "")[0], load_limits(workspace, "e2e")[0]], Options())
    assert found.memory_mb == Bound(200, f"e2e/{FILE}:1:36")
    assert found.files == (FILE, f"e2e/{FILE}")
    assert found.grace_s == 9


def test_what_the_files_ask_for_around_the_run_is_known(tmp_path: Path) -> None:
    value = {"cleanup": [["true"]], "preflight": [], "monitoring": {"logs": [{"path": "x.log"}]}}
    assert limits(tmp_path, value).hooks == ("logs", "cleanup")


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90s", 90), ("1.5m", 90), ("10m", 600), ("1h30m", 5400), ("1h1m1s", 3661),
     ("0", None), ("", None), ("-5", None), ("5x", None), ("m", None), ("1e9", None),
     ("9999999h", None), ("nan", None), ("inf", None)],
)  # fmt: skip
def test_durations_of_the_command_line(text: str, value: float | None) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5 s"), (5, "5 s"), (90, "90 s"), (1800, "30 min"), (5400, "1 h 30 min"),
     (7200, "2 h"), (185, "185 s")],
)  # fmt: skip
def test_durations_as_people_write_them(value: float, text: str) -> None:
    assert duration(value) == text
