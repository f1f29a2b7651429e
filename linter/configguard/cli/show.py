"""`configguard show`: the effective settings of each suite."""

from __future__ import annotations

import sys

from configguard.checking.session import Options, Session
from configguard.cli.common import (
    collect_rarely,
    one_of,
    place_of,
    reader,
    scope_of,
    settings_of,
    style_for,
)
from configguard.cli.patience import patience
from configguard.cli.requests import Request
from configguard.report.text_safety import inert


def run_show(request: Request, output_format: str) -> int:
    """Print what suites do, and give the exit code."""
    one_of("--output-format", output_format, ("text", "json"))
    place = place_of(request)
    style = style_for(request.color, place.workspace.root)
    settings = settings_of(request, place.workspace)
    scope = scope_of(request, settings.settings)
    options = Options((), request.limits, request.cpus, scope=scope, settings=settings)
    collect_rarely()
    session = Session(place.workspace, options)
    with patience(place.workspace.root):
        judgement = session.judge(place.paths)
    read = reader(place.workspace, request)
    if output_format == "json":
        from configguard.report.formats import show_json

        found = judgement
        text = show_json(
            found.suites, found.runs, found.notices, found.problems, read, request.cpus
        )
    else:
        from configguard.report.show import render_show

        notices = () if request.quiet else (*judgement.notices, *place.notices)
        text = render_show(
            judgement.configs, notices, judgement.problems, read, style, request.cpus
        )
    sys.stdout.write(text if output_format == "json" else inert(text))
    return 2 if any(problem.severity == "error" for problem in judgement.problems) else 0
