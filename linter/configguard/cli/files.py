"""What `check` reads and writes besides the project: standard input, reports, baselines."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from configguard.checking.baseline import baseline_text
from configguard.checking.check import Draft
from configguard.cli.common import Place, fail
from configguard.cli.requests import CheckRequest, Request
from configguard.source.workspace import MAX_CONFIG_BYTES, Workspace, escapes
from configguard.source.written import write_named

STDIN = "-"


def refuse_what_cannot_be_together(request: Request, wanted: CheckRequest) -> None:
    """End with exit code 2 where options contradict each other."""
    if wanted.unsafe and not (wanted.fix or wanted.diff):
        fail("--unsafe-fixes does nothing alone: add --fix to write them, or --diff to see them")
    if wanted.fix and wanted.diff:
        fail("--fix writes and --diff only shows: give one of them")
    if wanted.diff and wanted.write_baseline:
        fail("--diff writes nothing: leave it out to write a baseline")
    if STDIN in request.paths and wanted.stdin_filename is None:
        fail("the path - is standard input: --stdin-filename says which file it stands for")
    if wanted.stdin_filename is None:
        return
    if request.paths != (STDIN,):
        fail("--stdin-filename takes the place of the paths: give - alone")
    if wanted.write_baseline:
        fail("a baseline is written of a whole project, not of --stdin-filename")
    if wanted.fix and wanted.output_file:
        fail("with --fix and - the fixed text goes to standard output: leave --output-file out")


def with_stdin(place: Place) -> Place:
    """The workspace with standard input in the place of the one file that is named."""
    [file] = place.paths
    if escapes(file) or not file:
        fail(f"--stdin-filename {file or '.'}: it must name a file inside the root")
    # One byte more than may be read: then it is told as too large, as a file would be.
    data = sys.stdin.buffer.read(MAX_CONFIG_BYTES + 1)
    return place._replace(workspace=Workspace(place.workspace.root, {file: data}))


def write_text_out(data: bytes) -> None:
    """Bytes to standard output as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def into_file(path: Path, check: Callable[[], tuple[int, str]]) -> int:
    """Run a check whose output goes to a file, and say on standard output what came of it."""
    written = io.BytesIO()
    captured = io.TextIOWrapper(written, encoding="utf-8", errors="backslashreplace", newline="\n")
    with redirect_stdout(captured):
        code, summary = check()
    captured.flush()
    data = written.getvalue()
    _write("--output-file", path, data)
    print(f"{summary}\nWritten to {os.fspath(path)}." if summary else f"Written to {path}.")
    return code


def save_baseline(path: Path, groups: Sequence[Sequence[Draft]]) -> None:
    """Write a baseline of these findings."""
    _write("--write-baseline", path, baseline_text(groups).encode("ascii"))


def _write(option: str, path: Path, data: bytes) -> None:
    try:
        write_named(path, data)
    except OSError as error:
        fail(f"{option} {path}: {error.strerror or error}")
