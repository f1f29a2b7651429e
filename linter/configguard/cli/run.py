"""`configguard run`: limits, gate, slots, then the command under the guard."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from configguard.cli.run_request import NOT_STARTED, Refused, RunRequest, help_text, run_request
from configguard.watchdog.guarding import RUN_ID, GuardSettings, Outcome
from configguard.watchdog.printed import Look, end_report, line, not_started, say
from configguard.watchdog.registry import (
    Entry,
    NoRegistry,
    Registry,
    is_ancestor,
    new_id,
    state_folder,
)

if TYPE_CHECKING:
    from configguard.limits.limits import Limits
    from configguard.source.workspace import Workspace
    from configguard.watchdog.bounds import Options, RunLimits
    from configguard.watchdog.journal import Journal
    from configguard.watchdog.slots import Slots
    from configguard.watchdog.watcher import RunWatcher

_DIM, _RED = "2", "1;31"


class Place(NamedTuple):
    """Where the command runs: the workspace, and its folder in it ('' is the root)."""

    workspace: Workspace
    folder: str
    cwd: str


class Gate(NamedTuple):
    """What the gate found, in plain values. `folders`: where the suites lie that will run.

    `workers`: most test files at one time; None where it is not known.
    """

    findings: tuple[Mapping[str, Any], ...] = ()
    note: str | None = None
    workers: int | None = None
    folders: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {"findings": list(self.findings), "note": self.note, "workers": self.workers}


def run_guarded(arguments: list[str]) -> int:
    """Guard the command behind `--`; the exit code."""
    look = Look()
    try:
        request = run_request(arguments)
        if request is None:
            sys.stdout.write(help_text())
            return 0
        look = look_of(request.color)
        return _run(request, look)
    except Refused as refused:
        say(not_started(look, refused.reason, str(refused)))
    except KeyboardInterrupt:
        return 130
    except Exception as fault:
        if "CONFIGGUARD_DEBUG" in os.environ:
            raise
        text = f"a fault of configguard's own: {fault!r}; CONFIGGUARD_DEBUG=1 shows where"
        say(not_started(look, "fault", text))
    return NOT_STARTED


def _run(request: RunRequest, look: Look) -> int:
    from configguard.watchdog.bounds import run_limits

    options = _options(request)
    outer = _outer_run()
    if outer is not None:
        say(line(look, f"already guarded, the limits of that run hold: {outer.told}", _DIM))
        _become(request.command, look)
    place = _place(request)
    found = [_limits(request, place, place.folder, look)]
    gate = Gate()
    if request.gate:
        from configguard.cli.gating import through_gate

        gate = through_gate(request, place, look)
        found += [
            _limits(request, place, folder, look)
            for folder in gate.folders
            if folder != place.folder and request.limits is None
        ]
    limits = run_limits(found, options)
    for text in _remarks(request, limits):
        say(line(look, text))
    return _guarded(request, place, limits, gate, look)


def _guarded(request: RunRequest, place: Place, limits: RunLimits, gate: Gate, look: Look) -> int:
    from configguard.watchdog.guard import guard
    from configguard.watchdog.record import About
    from configguard.watchdog.watcher import RunWatcher, older_than

    run_id, started = new_id(os.getpid()), time.time()
    registry = _registry(limits, look)
    slots = None if registry is None else _slots(request, limits, gate, registry, look)
    journal = _journal(place, run_id, look)
    about = About(
        run_id,
        request.command,
        place.cwd,
        str(place.workspace.root),
        limits,
        started,
        gate.told(),
        slots.numbers if slots is not None else (),
        fail_on_leftovers=request.fail_on_leftovers,
    )
    entry = None
    if registry is not None:
        name = os.path.basename(request.command[0])
        entry = Entry(run_id, os.getpid(), place.cwd, name, started, about.slots)
        with contextlib.suppress(OSError):
            registry.write(entry)
    beside = registry is not None and entry is not None and bool(older_than(entry, registry))
    monitor_log = _monitor_log(request, look)
    watcher = RunWatcher(
        about, look, journal=journal, registry=registry, entry=entry, monitor_log=monitor_log
    )
    memory = limits.memory_mb
    settings = GuardSettings(
        run_id,
        interval_s=limits.interval_s,
        grace_s=limits.grace_s,
        wall_s=limits.wall_s.value if limits.wall_s is not None and limits.wall_s.stops else None,
        # Beside others memory counts from early on.
        memory_mb=None if memory is None else memory.value / (4 if beside else 1),
        hard_memory_mb=None if memory is None or not memory.stops else memory.hard,
        end_leftovers=limits.leftovers == "end",
        require_monitoring=request.require_monitoring,
    )
    try:
        outcome = guard(request.command, settings, watcher)
    except OSError as error:
        raise Refused("fault", f"the guard could not start: {error.strerror or error}") from error
    finally:
        if registry is not None:
            registry.remove(run_id)
        if slots is not None:
            slots.release()
    return _ended(outcome, watcher, journal, look)


def _ended(outcome: Outcome, watcher: RunWatcher, journal: Journal | None, look: Look) -> int:
    """Tell how it ended, from what the keeper wrote; the exit code."""
    code = watcher.exit_code(outcome)
    if journal is None:
        # The keeper told it where there is no journal.
        if not outcome.recorded:
            say(end_report(watcher.result(outcome), look))
        return code
    from configguard.watchdog.journal import keep_last, kept

    if outcome.recorded:
        result = kept(journal.folder).result
    else:
        # The keeper was killed, and its memory with it: the samples are what is left.
        result = watcher.result(outcome) | {"journal": str(journal.folder)}
        journal.result(result)
    if result is not None:
        say(end_report(result, look))
    journal.close()
    keep_last(journal.folder.parent)
    return code


def _outer_run() -> Entry | None:
    """The guarded run that we are part of: live in the registry, and our ancestor."""
    run_id = os.environ.get(RUN_ID)
    if not run_id:
        return None
    try:
        entry = Registry(state_folder()).get(run_id)
    except NoRegistry:
        return None
    return entry if entry is not None and is_ancestor(entry.pid) else None


def _become(command: tuple[str, ...], look: Look) -> NoReturn:
    """Run the command in our place."""
    sys.stdout.flush()
    if os.name == "nt":
        import subprocess

        raise SystemExit(subprocess.call(command))  # noqa: S603 - the user's own command
    import signal

    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores them, and a child would too
    try:
        os.execvp(command[0], command)  # noqa: S606 - the user's own command
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        text = f"cannot start {command[0]}: {error.strerror}"
        say(not_started(look, "not-found" if missing else "not-executable", text))
        raise SystemExit(127 if missing else 126) from error


def _place(request: RunRequest) -> Place:
    from configguard.project.root import find_root
    from configguard.source.workspace import Workspace

    try:
        cwd = os.path.realpath(Path.cwd())
    except OSError as error:
        raise Refused("fault", f"the current folder cannot be used: {error.strerror}") from error
    if request.root is not None and not os.path.isdir(request.root):
        raise Refused("usage", f"--root {request.root}: there is no such folder")
    root = find_root(Path(cwd), request.root)
    workspace = Workspace(root)
    if not Path(cwd).is_relative_to(workspace.root):
        raise Refused("usage", f"--root {request.root}: the current folder does not lie in it")
    folder = Path(cwd).relative_to(workspace.root).as_posix()
    return Place(workspace, "" if folder == "." else folder, cwd)


def _limits(request: RunRequest, place: Place, folder: str, look: Look) -> Limits:
    """The limits of a folder. Wrong ones are no limits: nothing is started then."""
    from configguard.limits.limits import load_limits
    from configguard.source.workspace import MAX_CONFIG_BYTES, Unreadable, read_regular_file

    if request.limits is not None:
        data = read_regular_file(request.limits, str(request.limits), MAX_CONFIG_BYTES)
        if isinstance(data, Unreadable):
            raise Refused("limits", f"--limits {request.limits}: {data.reason}")
    limits, problems = load_limits(place.workspace, folder, request.limits)
    wrong = [one for one in problems if one.severity == "error"]
    for problem in problems:
        where = _where(place.workspace, problem.span.file, problem.span.start, request.limits)
        say(line(look, f"{where}: {problem.severity}: {problem.message}"))
    if wrong:
        advice = "correct it, or give another one with --limits"
        raise Refused("limits", f"the limits file {wrong[0].span.file} is wrong: {advice}")
    return limits


def _where(workspace: Workspace, file: str, offset: int, named: Path | None) -> str:
    from configguard.source.document import Document
    from configguard.source.workspace import MAX_CONFIG_BYTES, Unreadable, read_regular_file

    found: Document | Unreadable = workspace.read(file)
    if named is not None:
        data = read_regular_file(named, file, MAX_CONFIG_BYTES)
        found = data if isinstance(data, Unreadable) else Document(file, data)
    if isinstance(found, Unreadable):
        return file
    row, column = found.position(offset)
    return f"{file}:{row}:{column}"


def _options(request: RunRequest) -> Options:
    from configguard.watchdog.bounds import Options, seconds

    def number(option: str, text: str | None, most: float) -> float | None:
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = 0
        if not 0 < value <= most:
            bounds = f"above 0 and at most {most:,.0f}"
            raise Refused("usage", f"{option} must be a number {bounds}, not {text!r}")
        return value

    def time_of(option: str, text: str | None) -> float | None:
        value = None if text is None else seconds(text)
        if text is not None and value is None:
            raise Refused(
                "usage",
                f"{option} must be a time of at most 366 days such as 90s or 10m, not {text!r}",
            )
        return value

    time_of("--wait", request.wait)
    return Options(
        number("--max-memory", request.max_memory, 1e9),
        number("--max-cpu", request.max_cpu, 100),
        time_of("--timeout", request.timeout),
    )


def _remarks(request: RunRequest, limits: RunLimits) -> list[str]:
    """What is asked for and does not hold here, or not yet."""
    from configguard.watchdog.bounds import amount
    from configguard.watchdog.guard import weaker_here

    found: list[str] = []
    weaker = weaker_here()
    if weaker is not None:
        found.append(weaker)
    if limits.hooks and request.hooks:
        asked = ", ".join(limits.hooks)
        found.append(
            f"the limits file asks for {asked}: this version does not do that yet "
            "(--no-hooks: not told)"
        )
    memory = limits.memory_mb
    if memory is not None and memory.stops and hasattr(os, "sysconf"):
        with contextlib.suppress(OSError, ValueError):
            machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1_048_576
            if memory.value > machine > 0:
                found.append(
                    f"the memory limit of {amount(memory.value)} MB ({memory.source}) is above "
                    f"the {amount(machine)} MB of this machine: only low available memory stops"
                )
    return found


def _registry(limits: RunLimits, look: Look) -> Registry | None:
    try:
        return Registry(state_folder())
    except NoRegistry as error:
        if limits.concurrent is not None and limits.concurrent.stops:
            raise Refused("slot", f"maxConcurrentTests cannot be enforced: {error}") from error
        say(line(look, f"other guarded runs are not known here: {error}"))
        return None


def _slots(
    request: RunRequest, limits: RunLimits, gate: Gate, registry: Registry, look: Look
) -> Slots | None:
    """The slots of `maxConcurrentTests` that this run takes; None where nobody states it."""
    bound = limits.concurrent
    if bound is None or not bound.stops:
        return None
    from configguard.watchdog.bounds import duration, seconds
    from configguard.watchdog.slots import take

    total = int(bound.value)
    wanted = min(total, gate.workers or total)
    wait = seconds(request.wait or "") or 0.0

    def holders() -> str:
        held = [one.told for one in registry.live() if one.slots]
        return "; ".join(held[:3]) or "another guarded run"

    def told() -> None:
        text = f"waiting up to {duration(wait)} for {wanted} of {total} slots: held by {holders()}"
        say(line(look, text, _DIM))

    try:
        slots = take(registry.folder.parent, wanted, total, wait, told if wait else None)
    except OSError as error:
        raise Refused("slot", f"the slots cannot be used: {error.strerror or error}") from error
    if slots is None:
        advice = "give more time with --wait" if wait else "wait for one with --wait 10m"
        raise Refused(
            "slot",
            f"{wanted} of {total} slots (maxConcurrentTests, {bound.source}) are not free: held by "
            f"{holders()}; {advice}",
        )
    return slots


def _journal(place: Place, run_id: str, look: Look) -> Journal | None:
    from configguard.watchdog.journal import Journal, NoJournal, make_folder, runs_folder

    root = place.workspace.root
    folder = runs_folder(root, os.environ)
    try:
        make_folder(folder, root)
        return Journal(folder / run_id)
    except NoJournal as error:
        say(line(look, f"nothing of this run is recorded: {error}"))
        return None


def _monitor_log(request: RunRequest, look: Look) -> int | None:
    if request.monitor_log is None:
        return None
    try:
        return os.open(request.monitor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError as error:
        say(line(look, f"--monitor-log {request.monitor_log}: {error.strerror or error}"))
        return None


def look_of(color: str) -> Look:
    """How lines on stderr look, by the option and the environment."""
    if color not in ("auto", "always", "never"):
        raise Refused("usage", f"--color {color!r} is not one of auto, always, never")
    environ = os.environ
    stream = sys.stderr  # None where it came closed
    terminal = stream is not None and stream.isatty()
    forced = environ.get("FORCE_COLOR") not in (None, "", "0")
    colored = color == "always" or (
        color == "auto"
        and not environ.get("NO_COLOR")
        and (forced or (terminal and environ.get("TERM") != "dumb" and sys.platform != "win32"))
    )
    width = 100
    if terminal:
        with contextlib.suppress(OSError):
            width = max(60, min(140, os.get_terminal_size(2).columns))
    encoding = (stream.encoding if stream is not None else None) or "ascii"
    return Look(colored, "utf" in encoding.lower(), width)
