"""What jest's setup files make of retries and timeouts: their last call counts."""

from __future__ import annotations

from configguard.evaluate import files
from configguard.evaluate.values import UNDEFINED, Arr, Known, Unknown
from configguard.runners.jest_config import JestSettings, below
from configguard.runners.overrides import taken
from configguard.runners.profile import KnownFact, SimpleFact, UnknownFact
from configguard.runners.settings import Settings
from configguard.runners.setup_files import Given, Setup, last_call
from configguard.source.span import Origin
from configguard.source.workspace import escapes

SETUP_FILES = ("setupFiles", "setupFilesAfterEnv")
"""In the order in which they run (measured on 27.5.1 to 30.5.2: calls in both count)."""
_FALSE = (0.0, None, UNDEFINED, "", False)


def retries(settings: Settings) -> SimpleFact | None:
    """Retries by `jest.retryTimes()`; None where no setup file calls it."""
    found = _last(settings, "jest.retryTimes()", "retryTimes|RETRY_TIMES")
    if not isinstance(found, Given):
        return found
    value = found.value
    number = taken("retry-times", value, settings.table.version)
    if isinstance(number, float):
        return KnownFact(number, "config", found.at)
    return _not_plain(value, "jest.retryTimes()", found)


def test_timeout(settings: Settings) -> SimpleFact | None:
    """The timeout by `jest.setTimeout()`; None where no setup file sets one."""
    found = _last(settings, "jest.setTimeout()", "setTimeout|TEST_TIMEOUT_SYMBOL")
    if not isinstance(found, Given):
        return found
    value = found.value
    if isinstance(value, Known) and (value.value in _FALSE or value.value != value.value):
        return None  # what is falsy leaves the config's (measured: 0)
    # A negative one fires at once, as what is too large does (measured: -5, 3e9, Infinity).
    if isinstance(value, Known) and isinstance(value.value, float) and value.value < 0:
        return KnownFact(1.0, "config", found.at)
    number = taken("timeout", value, settings.table.version)
    if isinstance(number, float):
        return KnownFact(number, "config", found.at)
    return _not_plain(value, "jest.setTimeout()", found)


def _not_plain(value: object, call: str, found: Given) -> UnknownFact:
    reason = value.reason if isinstance(value, Unknown) else f"{call} is given no plain number"
    return UnknownFact(reason, "config", found.at)


def _last(settings: Settings, call: str, words: str) -> Given | UnknownFact | None:
    setups = _setups(settings)
    if isinstance(setups, UnknownFact):
        return setups
    if not setups:
        return None
    version = settings.table.version
    found, lost = last_call(settings.machine, "jest", version, setups, call, words)
    if lost:
        first = lost[0]
        reason = f"a setup file may call {call}: {first.reason}"
        return UnknownFact(reason, "config", (*setups[0].at[:1], first.place))
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    return found


def _setups(settings: Settings) -> list[Setup] | UnknownFact:
    """The setup files of a suite in their order, or why they are not known."""
    found: list[Setup] = []
    folder = settings.folder if isinstance(settings, JestSettings) else None
    for setting in SETUP_FILES:
        reading = settings.written(setting)
        if reading is None or isinstance(reading.value, Known):
            continue  # unset, null, or what jest refuses
        value = reading.value
        more = value.more if isinstance(value, Arr) else None
        why = reading.unknown or (None if more is None else more.reason)
        if why is not None or not isinstance(value, Arr):
            told = f"whether {setting} names a setup file is not known: {why or 'it is no list'}"
            return UnknownFact(told, "config", reading.at)
        for item in value.items:
            if not isinstance(item, Known) or not isinstance(item.value, str):
                reason = f"an item of {setting} is not known"
                return UnknownFact(reason, "config", item.origin or reading.at)
            found.append(_setup(settings, folder, item.value, item.origin or reading.at))
    return found


def _setup(settings: Settings, folder: str | None, name: str, at: Origin) -> Setup:
    is_path = name.startswith(("./", "../", "<rootDir>"))
    path = below(name, folder or "", folder) if is_path and folder is not None else None
    if path is None or escapes(path):
        return Setup(None, name, at)
    there = settings.machine.workspace.is_file
    file = next((one for one in files.candidates(path, "a.ts") if there(one)), None)
    return Setup(file, name, at)
