"""What a command line and its variables give a run, laid over what its config says.

The rows are the sections `flags` and `environment` of a runner's table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from configguard.evaluate.numbers import parse_int
from configguard.evaluate.values import UNDEFINED, Entry, Known, Obj, Unknown, Value
from configguard.evaluate.worlds import Environment, World
from configguard.resources import table
from configguard.runners.flag_parsers import camel
from configguard.runners.flags import CommandLine, Flag, command_line
from configguard.runners.profile import FactOrigin, KnownFact, SettingEntry, UnknownFact
from configguard.runners.runner import NOTHING, REFUSES, Outcome
from configguard.runners.table import shown
from configguard.runners.versions import matches
from configguard.source.span import Origin, Span, chain
from configguard.syntax.shell_words import Word

_IN_BAND = frozenset({"--runInBand", "--run-in-band", "-i"})
_MAX_WORKERS = frozenset({"--maxWorkers", "--max-workers", "-w"})
_STOPS = {"throws": REFUSES, "runs-nothing": NOTHING}


class Variable(NamedTuple):
    """An environment variable that a command is started with.

    `text` is None where it is taken out of the environment; `known` is False where nobody knows.
    """

    name: str
    text: str | None
    at: Origin
    known: bool = True


class Command(NamedTuple):
    """What a script or CI step starts a runner with: after a subcommand, if there is one.

    `mode`: the one that vitest is given (`--mode`); None: its own, which is `test`.
    """

    words: tuple[Word, ...] = ()
    variables: tuple[Variable, ...] = ()
    subcommand: str | None = "run"
    mode: str | None = None


WITHOUT = Command()
"""The config as it is written: no flag, no variable."""


class Given(NamedTuple):
    """What stands beside the config: settings by name, for the root and for each project.

    `stop`: the flag that ends the run before the config is read. `entries`: flags that do not
    plainly do what they say. `origins`: what each place of it is. `watch`: whether it stays and
    runs tests again; None: unless it runs in CI.
    """

    root: Mapping[str, Entry]
    projects: Mapping[str, Entry]
    stop: Outcome | None = None
    entries: tuple[SettingEntry, ...] = ()
    origins: Mapping[Span, FactOrigin] = MappingProxyType({})
    watch: bool | None = False

    def watches(self, world: World) -> bool:
        """Whether it watches in a world. Raises Fork where CI decides that."""
        if self.watch is not None:
            return self.watch
        ci = world.variable("CI")
        return isinstance(ci, Known) and ci.value in (UNDEFINED, "", "false")

    def over(self, value: Value, *, project: bool) -> Value:
        """A config with what is given laid over it; the config itself stays as it is."""
        for setting, entry in (self.projects if project else self.root).items():
            value = _with(value, setting.split("."), entry)
        return value


AS_WRITTEN = Given({}, {})
"""Nothing stands beside the config."""


def started_with(
    environments: tuple[Environment, ...], variables: Sequence[Variable]
) -> tuple[Environment, ...]:
    """The environments of a run whose command sets variables; one of an unknown text is open."""
    if not variables:
        return environments
    told = {variable.name: variable for variable in variables}
    known = {name: variable.text for name, variable in told.items() if variable.known}
    found: list[Environment] = []
    for environment in environments:
        kept = {name: text for name, text in environment.variables.items() if name not in told}
        found.append(replace(environment, variables={**kept, **known}))
    return tuple(found)


def given(runner: str, version: str, command: Command) -> Given:
    """What a command's flags (in their order) and variables mean to a version of a runner."""
    return _without(runner, version) if command is WITHOUT else _given(runner, version, command)


@cache
def _without(runner: str, version: str) -> Given:
    return _given(runner, version, WITHOUT)


def _given(runner: str, version: str, command: Command) -> Given:
    data = table(f"runners/facts/{runner}")
    laid = _Laid({}, {}, {})
    entries: list[SettingEntry] = []
    line = command_line(runner, version, command.words)
    stop = _refused(runner, version, line)
    # Playwright takes -x before --max-failures, wherever it stands (source of 1.50.1, 1.65.1).
    for flag in sorted(line.flags, key=lambda one: one.name == "-x"):
        listed, taken = _listed(data["flags"], flag)
        if listed is None or _counts_as_not_given(runner, listed, flag):
            continue
        row = _row(listed, version)
        if row["effect"] != "sets":
            entries.append(_entry(flag, row))
            if row["effect"] in _STOPS and stop is None:
                fact = KnownFact(_STOPS[row["effect"]], "flag", flag.at)
                stop = Outcome((), fact, f"{flag.name}: {row['reason']}")
        elif "sets" in listed and not _is_off(listed, taken):
            setting = ".".join([listed["sets"], *([listed["key"]] if "key" in listed else [])])
            value = _flag_value(listed, taken)
            stop = stop or _refused_value(runner, version, setting, flag, value)
            laid.add(setting, value, flag.at, row, "flag")
    for variable in command.variables:
        listed = next((one for one in data["environment"] if one["variable"] == variable.name), {})
        row = _row(listed, version) if listed else {}
        if row.get("effect") == "sets":
            for setting in row.get("sets", ()):
                laid.add(setting, _number(variable), variable.at, row, "environment")
            for setting, value in row.get("instead", {}).items():
                laid.add(setting, Known(value, variable.at), variable.at, row, "environment")
    watch = _watches(runner, version, command.subcommand, line.flags)
    return Given(laid.root, laid.projects, stop, tuple(entries), laid.origins, watch)


def _refused(runner: str, version: str, line: CommandLine) -> Outcome | None:
    """Why the command line alone ends the run, as far as that is known."""
    listed = {name for one in table(f"runners/facts/{runner}")["flags"] for name in one["flags"]}
    for flag in line.unknown:
        if flag.name not in listed:
            return Outcome((), KnownFact(REFUSES, "flag", flag.at), f"{runner} has no {flag.name}")
    names = {flag.name for flag in line.flags if not _is_off({"value": "none"}, flag)}
    if runner == "jest" and names & _IN_BAND and names & _MAX_WORKERS:
        at = next(flag.at for flag in line.flags if flag.name in _IN_BAND)
        reason = "jest takes --runInBand or --maxWorkers, and refuses both"
        return Outcome((), KnownFact(REFUSES, "flag", at), reason)
    rows = table(f"runners/facts/{runner}")["flags"]
    needed = {name for one in rows if one["value"] == "needed" for name in one["flags"]}
    for flag in line.flags:
        if _lacks_value(runner, version, flag, needed):
            return Outcome((), KnownFact(REFUSES, "flag", flag.at), f"{flag.name} needs a value")
        if runner == "vitest" and flag.name.startswith("--no-"):
            plain = f"--{flag.name.removeprefix('--no-')}"
            if plain in needed:
                reason = f"{flag.name}: {plain} needs a value"
                return Outcome((), KnownFact(REFUSES, "flag", flag.at), reason)
        # To its parser that is a list, which vitest refuses (measured on 1.6.1 to 5.1.1).
        if runner == "vitest" and flag.repeated:
            reason = f"{flag.name} is given more than once"
            if matches(version, "<1"):
                return Outcome((), UnknownFact(reason, "flag", flag.at), "")
            return Outcome((), KnownFact(REFUSES, "flag", flag.at), reason)
    return None


def _lacks_value(runner: str, version: str, flag: Flag, needed: Container[str]) -> bool:
    """Whether a flag without its value ends the run.

    Measured: `--retry` and its like on vitest 0.34.6 to 5.1.1, on Playwright 1.30.0 to 1.65.1, and
    on jest 30.5.2; jest 27 to 29 goes on. A `--bail` of vitest 5 needs none (source of 5.1.1).
    """
    if flag.name not in needed:
        return False
    if runner != "vitest":
        return flag.value is None and (runner == "playwright" or matches(version, ">=30"))
    bare = isinstance(flag.value, Known) and flag.value.value is True
    row = table("runners/parsers")["vitest"]
    own = camel(flag.name.lstrip("-"))
    own = row["aliases"].get(own, own)
    plain = own in row["values"] and own not in (*row["strings"], *row["lists"])
    return bare and plain and not (own == "bail" and matches(version, ">=5"))


def _watches(
    runner: str, version: str, subcommand: str | None, flags: Iterable[Flag]
) -> bool | None:
    """Whether it watches; None where only CI decides. Measured on vitest 0.34.6 to 5.1.1."""
    named = {flag.name: flag for flag in flags}
    if runner == "jest":
        return any(_is_on(named.get(name)) for name in ("--watch", "--watchAll", "--watch-all"))
    if runner != "vitest":
        return False
    if "--no-watch" in named:
        return False
    asked = next((named[name] for name in ("--watch", "-w") if name in named), None)
    if subcommand == "run":
        return _is_on(asked) and matches(version, ">=3")
    if asked is not None:
        return _is_on(asked)
    if _is_on(named.get("--run")):
        return False
    return True if subcommand in ("watch", "dev") else None


def _is_on(flag: Flag | None) -> bool:
    if flag is None:
        return False
    value = flag.value
    return not (isinstance(value, Known) and value.value in (False, "false"))


def _listed(rows: Sequence[Mapping[str, Any]], flag: Flag) -> tuple[Mapping[str, Any] | None, Flag]:
    """The row of a flag; `--no-x` is the one of `--x`, switched off."""
    found = next((one for one in rows if flag.name in one["flags"]), None)
    found = found or next((one for one in rows if flag.is_one_of(one["flags"])), None)
    if found is None and flag.name.startswith("--no-"):
        plain = f"--{flag.name.removeprefix('--no-')}"
        found = next((o for o in rows if plain in o["flags"] and o["value"] == "optional"), None)
        flag = flag._replace(value=Known(False, flag.at))
    return found, flag


def _counts_as_not_given(runner: str, listed: Mapping[str, Any], flag: Flag) -> bool:
    """Whether Playwright takes `--retries=` for none.

    Measured on 1.50.1 and 1.65.1, source of 1.30.0 to 1.65.1; its --workers is refused (1.50.1).
    """
    empty = isinstance(flag.value, Known) and flag.value.value == ""
    return runner == "playwright" and empty and listed.get("reads") == "whole"


def _is_off(listed: Mapping[str, Any], flag: Flag) -> bool:
    """Whether a switch that sets something when it is on is given as off."""
    off = isinstance(flag.value, Known) and flag.value.value in (False, "false")
    return off and listed["value"] == "none" and listed.get("to") is not False


def _refused_value(
    runner: str, version: str, setting: str, flag: Flag, value: Value
) -> Outcome | None:
    """From 1.45 on Playwright refuses --workers with a word (measured on 1.50.1, 1.65.1)."""
    number = value.value if isinstance(value, Known) else None
    if runner != "playwright" or setting != "workers" or matches(version, "<1.45"):
        return None
    if not isinstance(number, float) or not math.isnan(number):
        return None
    reason = f"{flag.name} is neither a number nor a percentage"
    return Outcome((), KnownFact(REFUSES, "flag", flag.at), reason)


class _Laid(NamedTuple):
    """What is collected for the root and for projects, and where it came from."""

    root: dict[str, Entry]
    projects: dict[str, Entry]
    origins: dict[Span, FactOrigin]

    def add(
        self, setting: str, value: Value, at: Origin, row: Mapping[str, Any], origin: FactOrigin
    ) -> None:
        entry = Entry(value, at[0])
        self.root[setting] = entry
        self.origins[at[0]] = origin
        if row.get("reaches") == "projects":
            self.projects[setting] = entry


def _number(variable: Variable) -> Value:
    """A variable that is read by parseInt."""
    number = math.nan if variable.text is None else parse_int(variable.text)
    if math.isnan(number):
        return Unknown(f"the value of {variable.name} is no number that is known", variable.at)
    return Known(number, variable.at)


def _row(listed: Mapping[str, Any], version: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in listed["rows"] if matches(version, r["versions"]))
    return found


def _entry(flag: Flag, row: Mapping[str, Any]) -> SettingEntry:
    value = None if flag.value is None else shown(flag.value)
    return SettingEntry(flag.name, value, row["effect"], row["reason"], None, flag.at)


def _flag_value(listed: Mapping[str, Any], flag: Flag) -> Value:
    """The value that a setting has by a flag: `to` where the flag has none of its own."""
    value = flag.value
    if value is None or (isinstance(value, Known) and value.value is True):
        to = listed.get("to")
        if to is None:
            return Unknown(f"{flag.name} has no value", flag.at)
        return Known(float(to) if isinstance(to, int) and not isinstance(to, bool) else to, flag.at)
    if not isinstance(value, Known):
        return value
    read = _READ[listed.get("reads", "as-parsed")](value.value)
    if listed.get("reads") == "whole" and isinstance(read, float) and read < 0:
        # A config with it may be refused, the flag is not (measured on Playwright: --retries=-1).
        return Unknown(f"what {flag.name} does with less than 0 is not worked out", flag.at)
    return Known(read, chain(flag.at, value.origin))


def _as_parsed(value: Any) -> Any:
    return value


def _whole(value: Any) -> Any:
    """`parseInt(value, 10)`."""
    return parse_int(value) if isinstance(value, str) else value


def _whole_or_percentage(value: Any) -> Any:
    return value if isinstance(value, str) and value.endswith("%") else _whole(value)


def _at_least_one_or_percentage(value: Any) -> Any:
    """jest's parseWorkers: what is no positive number counts as 1."""
    number = _whole_or_percentage(value)
    if isinstance(number, str):
        return number
    return number if isinstance(number, float) and number > 0 else 1.0


_READ: dict[str, Callable[[Any], Any]] = {
    "as-parsed": _as_parsed,
    "whole": _whole,
    "whole-or-percentage": _whole_or_percentage,
    "at-least-one-or-percentage": _at_least_one_or_percentage,
}
"""How a runner reads the text of a flag, by the table's word for it."""


def _with(value: Value, keys: list[str], entry: Entry) -> Value:
    """A copy of an object with one more property at a path; what is no object stays."""
    if isinstance(value, Unknown):
        value = Obj({}, value.origin, value)
    if not isinstance(value, Obj):
        return value
    made = Obj(dict(value.entries), value.origin, value.more, value.sites, kind=value.kind)
    first, *rest = keys
    if not rest:
        made.set(first, entry)
        return made
    inner = value.entry(first)
    below = inner.value if inner is not None and isinstance(inner.value, Obj | Unknown) else None
    if below is None:
        below = Obj({}, entry.value.origin, value.more if inner is None else None)
    place = entry.expression
    holder = inner.holding(below) if inner is not None else Entry(below, place)
    made.set(first, holder.holding(_with(below, rest, entry)))
    return made
