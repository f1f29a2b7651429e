"""What vitest's setup files make of the config by `vi.setConfig()`: they run before each file."""

from __future__ import annotations

import posixpath

from configguard.evaluate import files
from configguard.evaluate.values import Arr, Known, Unknown, Value
from configguard.runners.overrides import taken
from configguard.runners.profile import KnownFact, SimpleFact, UnknownFact
from configguard.runners.settings import Settings
from configguard.runners.setup_files import Given, Setup, last_call
from configguard.source.span import Origin
from configguard.source.workspace import escapes, folder_of, join

_WORDS = "setConfig|resetConfig"


def from_setup(settings: Settings, key: str) -> SimpleFact | None:
    """A fact as setup files set it (`retry`, `testTimeout`, …); None where they do not.

    Measured on 0.34.6 to 5.1.1: at their top it counts for all tests, in hooks it does nothing.
    """
    setups = _setups(settings)
    if not setups:
        return None
    call = f"vi.setConfig({{{key}}})"
    version = settings.table.version
    found, lost = last_call(settings.machine, "vitest", version, setups, call, _WORDS)
    for one in lost:
        settings.machine.assume(f"{one.reason}: it is assumed to call no vi.setConfig()", one.place)
    if found is None:
        return None
    if isinstance(found, Unknown):
        return UnknownFact(found.reason, "config", found.origin)
    return _fact(found, key, version)


def _fact(found: Given, key: str, version: str) -> SimpleFact:
    reads = "timeout" if key.endswith("Timeout") else "retry" if key == "retry" else "count"
    if key == "sequence.concurrent" or key == "maxConcurrency":
        reason = "a setup file sets how many tests of a file run at one time"
        return UnknownFact(reason, "config", found.at)
    number = taken(reads, found.value, version)
    if isinstance(number, float):
        return KnownFact(number, "config", found.at)
    value: Value = found.value
    if key.endswith("Timeout") and isinstance(value, Known) and value.value == 0.0:
        return KnownFact("none", "config", found.at)  # measured on 0.34.6 to 5.1.1
    reason = value.reason if isinstance(value, Unknown) else "it is no plain number"
    return UnknownFact(f"vi.setConfig() sets it: {reason}", "config", found.at)


def _setups(settings: Settings) -> list[Setup]:
    """The setup files that are found; what is not known of them is an assumption."""
    reading = settings.written("test.setupFiles")
    if reading is None or reading.entry is None:
        return []
    value = reading.value
    items: list[Value] = value.items if isinstance(value, Arr) else [value]
    found: list[Setup] = []
    for item in items:
        at = item.origin or reading.at
        if isinstance(item, Known) and isinstance(item.value, str):
            found.append(_setup(settings, item.value, at))
        else:
            place = at[0] if at else reading.at[0]
            settings.machine.assume(
                "a setup file that is not known is assumed to call no vi.setConfig()", place
            )
    return found


def _setup(settings: Settings, name: str, at: Origin) -> Setup:
    workspace = settings.machine.workspace
    plain = name.removeprefix("<rootDir>/")
    if not plain.startswith("/"):
        folder: str | None = folder_of(at[-1].file)
        while folder is not None:
            path = join(folder, plain)
            if not escapes(path):
                there = (one for one in files.candidates(path, "a.ts") if workspace.is_file(one))
                file = next(there, None)
                if file is not None:
                    return Setup(file, name, at)
            if not folder or workspace.is_file(posixpath.join(folder, "package.json")):
                break
            folder = folder_of(folder)
    return Setup(None, name, at)
