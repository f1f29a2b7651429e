"""What must hold for every input: no exception, places inside their files, strict JSON."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from configguard.checking.session import Options, Session
from configguard.cli.check import report_of
from configguard.cli.common import reader
from configguard.cli.requests import Request
from configguard.limits.settings import load_settings
from configguard.project.candidates import Scope
from configguard.report.formats import check_json, show_json
from configguard.report.show import render_show
from configguard.report.style import Style
from configguard.report.text import render_check
from configguard.ruleset.rule import builtin_rules
from configguard.source.workspace import MAX_LOCK_BYTES, Unreadable, Workspace
from configguard.syntax import trees
from stress.mutate import Project

MOST_SECONDS = 2.0
"""CPU time that any input may take."""
_STYLE = Style(color=False, unicode=True, width=80)


class Fault(NamedTuple):
    """What is wrong with how an input was taken; `kind` tells the same faults from others."""

    kind: str
    detail: str


def examine(project: Project, root: Path, *, thorough: bool = True) -> Fault | None:
    """Check one project in this process; None where everything holds.

    `thorough` also plans the fixes, as `check` does.
    """
    before = time.process_time()
    trees.forget()
    try:
        fault = _examined(project, root, thorough)
    except Exception as error:
        fault = Fault(_where(error), f"{type(error).__name__}: {str(error)[:300]}")
    used = time.process_time() - before
    if fault is None and used > MOST_SECONDS:
        return Fault("slow", f"{used:.1f} s of CPU time")
    return fault


def _where(error: BaseException) -> str:
    """The exception and the line of ours that raised it."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "configguard" in file:
            last = f"{Path(file).name}:{trace.tb_frame.f_code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {last}"


def _examined(project: Project, root: Path, thorough: bool) -> Fault | None:
    workspace = Workspace(root, project.files)
    settings = load_settings(workspace, builtin_rules())
    scope = Scope(settings.settings.exclude)
    options = Options(tuple(builtin_rules().values()), scope=scope, settings=settings)
    session = Session(workspace, options)
    judgement = session.judge([project.config])
    report = report_of(session, judgement, plan_fixes=thorough)
    read = reader(workspace, Request())
    suites, notices, problems = judgement.suites, judgement.notices, judgement.problems
    shown = [
        check_json(report, read),
        show_json(suites, judgement.runs, notices, problems, read, None),
    ]
    for text in shown:
        loaded = json.loads(text, parse_constant=_refuse)
        for place in _places(loaded):
            wrong = _wrong_place(place, workspace)
            if wrong:
                return Fault("place", f"{wrong}: {place}")
    if thorough:
        texts = [
            render_check(report, read, _STYLE, verbose=True, quiet=False),
            render_show(judgement.configs, notices, problems, read, _STYLE, None),
        ]
        for text in texts:
            text.encode("utf-8")
            if not all(one.isprintable() or one == "\n" for one in text):
                return Fault("unsafe text", repr(text)[:300])
    return None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not strict JSON")


def _places(value: Any) -> Iterator[dict[str, Any]]:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if "file" in one and "startByte" in one:
                yield one
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)


def _wrong_place(place: dict[str, Any], workspace: Workspace) -> str:
    document = workspace.read(place["file"], MAX_LOCK_BYTES)
    if isinstance(document, Unreadable):
        # A place in a file that cannot be read can only stand for the whole of it.
        return (
            "" if place["startByte"] == place["endByte"] == 0 else "a place in an unreadable file"
        )
    start, end = place["startByte"], place["endByte"]
    if not 0 <= start <= end <= len(document.data):
        return "a place outside its file"
    try:
        document.data[start:end].decode("utf-8")
    except UnicodeDecodeError:
        return "a place that cuts a character"
    return ""


def empty_root() -> tempfile.TemporaryDirectory[str]:
    """A folder without files: all of a project's files are in the overlay."""
    return tempfile.TemporaryDirectory(prefix="configguard-stress-")
