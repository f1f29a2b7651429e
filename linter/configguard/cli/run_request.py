"""`configguard run` read without typer, as what stands behind `--` must arrive untouched.

Wrong options are exit 125 there, not 2: the command was not started.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

NOT_STARTED = 125


class RunRequest(NamedTuple):
    """What `configguard run` is asked for."""

    command: tuple[str, ...]
    limits: Path | None = None
    max_memory: str | None = None
    max_cpu: str | None = None
    timeout: str | None = None
    wait: str | None = None
    root: Path | None = None
    settings: Path | None = None
    monitor_log: Path | None = None
    gate: bool = True
    hooks: bool = True
    fail_on_leftovers: bool = False
    require_monitoring: bool = False
    allow_host: tuple[str, ...] = ()
    allow_env: tuple[str, ...] = ()
    color: str = "auto"


class Refused(Exception):
    """The command is not started: a word for scripts, and what is wrong and what to do."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Option(NamedTuple):
    """One option: the field that it sets, what it takes (`""`: nothing), its help."""

    name: str
    field: str
    takes: str
    help: str


OPTIONS = (
    Option("--limits", "limits", "FILE", "A limits file in the place of the project's."),
    Option("--max-memory", "max_memory", "MB", "Most memory of all its processes."),
    Option("--max-cpu", "max_cpu", "PERCENT", "Most CPU, of all usable CPUs together."),
    Option("--timeout", "timeout", "TIME", "Longest time, such as 90s or 30m."),
    Option("--wait", "wait", "TIME", "Wait so long for slots of maxConcurrentTests."),
    Option("--no-gate", "gate", "", "Start it whatever its config does."),
    Option("--no-hooks", "hooks", "", "Without preflight, services, logs and cleanup of the file."),
    Option("--allow-host", "allow_host", "HOST", "Another host that hooks may ask; repeatable."),
    Option("--allow-env", "allow_env", "NAME", "A variable that hooks may send; repeatable."),
    Option("--fail-on-leftovers", "fail_on_leftovers", "", "Exit 1 if processes outlive a pass."),
    Option("--require-monitoring", "require_monitoring", "", "Stop if nothing can be measured."),
    Option("--monitor-log", "monitor_log", "FILE", "Add a line of text for each interval."),
    Option("--settings", "settings", "FILE", "A configguard.toml for the gate."),
    Option("--root", "root", "FOLDER", "The project's root folder."),
    Option("--color", "color", "WHEN", "auto, always or never."),
)
_BY_NAME = {option.name: option for option in OPTIONS}
_PATHS = {"FILE", "FOLDER"}
_LISTS = {"allow_host", "allow_env"}
_OFF = {"gate", "hooks"}
_HELP = ("--help", "-h")


def help_text() -> str:
    """What `configguard run --help` prints."""
    lines = [
        "Usage: configguard run [OPTIONS] -- COMMAND...",
        "",
        "  Run a command under limits, and leave nothing of it behind.",
        "",
        "  Exits as the command does. 124: a limit stopped it. 125: it was not started, or could",
        "  not be guarded. 126, 127: not executable, not found.",
        "",
        "Options:",
    ]
    rows = [(f"{option.name} {option.takes}".rstrip(), option.help) for option in OPTIONS]
    rows.append(("-h, --help", "Show this message and exit."))
    lines += [f"  {name:<24}  {text}" for name, text in rows]
    return "\n".join(lines) + "\n"


def run_request(arguments: list[str]) -> RunRequest | None:
    """The request of the arguments behind `run`; None where help is asked for.

    Raises Refused.
    """
    at = arguments.index("--") if "--" in arguments else len(arguments)
    command = tuple(arguments[at + 1 :])
    values: dict[str, Any] = {}
    rest = iter(arguments[:at])
    for argument in rest:
        name, equals, text = argument.partition("=")
        if argument in _HELP:
            return None
        option = _BY_NAME.get(name)
        if option is None or (equals and not option.takes):
            raise Refused("usage", _unknown(argument))
        field = option.field
        if not option.takes:
            values[field] = field not in _OFF
            continue
        given = text if equals else next(rest, None)
        if given is None or (not equals and given.startswith("--")):
            raise Refused("usage", f"{name} needs a value: {name} {option.takes}")
        if field in _LISTS:
            values[field] = (*values.get(field, ()), given)
        else:
            values[field] = Path(given) if option.takes in _PATHS else given
    if not command:
        advice = "configguard run [OPTIONS] -- COMMAND"
        raise Refused("usage", f"there is no command behind --: {advice}")
    if not command[0]:
        raise Refused("usage", "the command behind -- has an empty name")
    return RunRequest(command, **values)


def _unknown(argument: str) -> str:
    from difflib import get_close_matches

    if not argument.startswith("-"):
        return f"put -- before the command: configguard run [OPTIONS] -- {argument} …"
    name = argument.partition("=")[0]
    near = get_close_matches(name, _BY_NAME, 1)
    advice = f": did you mean {near[0]}?" if near else "; see configguard run --help"
    return f"there is no option {name}{advice}"
