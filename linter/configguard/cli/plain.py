"""`configguard check` with plain options, read without typer.

typer and what it brings cost every start more than linting does. What is not plain here (help,
a wrong option, a missing value, another command) is left to typer, which is the command line's
one description; a test holds the two equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from configguard.cli.requests import CheckRequest, Request

_SWITCHES = {
    "--fix": "fix",
    "--unsafe-fixes": "unsafe",
    "--diff": "diff",
    "--exit-zero": "exit_zero",
    "--skip-unknown": "skip_unknown",
    "--show-suppressed": "show_suppressed",
    "--statistics": "statistics",
    "--no-gitignore": "gitignore",
    "--quiet": "quiet",
    "-q": "quiet",
    "--verbose": "verbose",
    "-v": "verbose",
}
_TEXTS = {
    "--output-format": "output_format",
    "--fail-on": "fail_on",
    "--color": "color",
    "--stdin-filename": "stdin_filename",
}
_PATHS = {
    "--root": "root",
    "--limits": "limits",
    "--settings": "settings",
    "--baseline": "baseline",
    "--write-baseline": "write_baseline",
    "--output-file": "output_file",
}


def plain_check(arguments: list[str]) -> tuple[Request, CheckRequest] | None:
    """The request of a plain `check` command line; None where typer is to read it."""
    if not arguments or arguments[0] != "check":
        return None
    values: dict[str, Any] = {}
    paths: list[str] = []
    rest = iter(arguments[1:])
    for argument in rest:
        if argument in _SWITCHES:
            values[_SWITCHES[argument]] = argument != "--no-gitignore"
        elif argument in _TEXTS or argument in _PATHS:
            value = next(rest, None)
            if value is None or value.startswith("-"):
                return None
            if argument in _PATHS:
                values[_PATHS[argument]] = Path(value)
            else:
                values[_TEXTS[argument]] = value
        elif (argument.startswith("-") and argument != "-") or not argument:
            return None
        else:
            paths.append(argument)
    shared = {name: value for name, value in values.items() if name in Request._fields}
    own = {name: value for name, value in values.items() if name in CheckRequest._fields}
    return Request(paths=tuple(paths) or (".",), **shared), CheckRequest(**own)
