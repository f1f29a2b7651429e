"""What the command line asks for, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    """The options that `check` and `show` share."""

    paths: tuple[str, ...] = (".",)
    root: Path | None = None
    limits: Path | None = None
    cpus: int | None = None
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    skip_unknown: bool = False
    gitignore: bool = True
    settings: Path | None = None


class CheckRequest(NamedTuple):
    """The options of `check` alone. `select` and `ignore` are None where they are not given.

    `stdin_filename`: the file that standard input stands for.
    """

    fix: bool = False
    unsafe: bool = False
    diff: bool = False
    output_format: str = "text"
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    fail_on: str = "error"
    exit_zero: bool = False
    show_suppressed: bool = False
    statistics: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    output_file: Path | None = None
    stdin_filename: str | None = None
    extend_select: tuple[str, ...] = ()
    rule_paths: tuple[Path, ...] = ()
