"""What is wrong with a path or a file that was to be read; a value, for the caller to report."""

from __future__ import annotations

from typing import Literal, NamedTuple

from configguard.source.span import Origin

Severity = Literal["error", "warning"]


class PathProblem(NamedTuple):
    """One thing that is wrong with a path, or (as a notice) worth knowing about it.

    `message` is whole: it names the path. `unknown` marks a named file that is no test-runner
    config by its name, which `--skip-unknown` lets pass. `at` is empty where there is no text to
    point at. One broken file may be met from several suites: equal problems are to be told once.
    """

    message: str
    file: str
    severity: Severity = "error"
    unknown: bool = False
    at: Origin = ()
