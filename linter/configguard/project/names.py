"""File names to the test-runner configs they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from configguard.resources import table

EXTENSIONS = (".ts", ".mts", ".cts", ".js", ".mjs", ".cjs")
"""In the order in which vitest 0.34 to 5 tries them."""
WORKSPACE = "workspace"
"""The base of `vitest.workspace.*`: a config only where vitest finds no other (before vitest 4)."""
WORKSPACE_NAMES = tuple(
    stem + extension
    for stem in ("vitest.workspace", "vitest.projects")
    for extension in (*EXTENSIONS, ".json")
)
"""In the order in which vitest 0.34 to 3 tries them."""


class _Family(NamedTuple):
    """How the configs of one runner are called: `base.config.extension`, in the order tried."""

    runner: str
    bases: tuple[str, ...]
    extensions: tuple[str, ...]


MANIFEST = "package.json"
"""It is a config of jest where it has a `jest` key."""
_JEST_EXTENSIONS = (".js", ".ts", ".mjs", ".mts", ".cjs", ".cts", ".json")
_FAMILIES = (
    _Family("vitest", ("vitest", "vite"), EXTENSIONS),
    _Family("jest", ("jest",), _JEST_EXTENSIONS),
    # As 1.34 and later try them; up to 1.33 only .ts, .js and .mjs are found.
    _Family("playwright", ("playwright",), (".ts", ".js", ".mts", ".mjs", ".cts", ".cjs")),
)
_MARKS = ("vite", "jest", "playwright")
"""One of them is in the name of every config: a test that most of all files fail."""
_TESTS = frozenset({"test", "spec", "bench", "stories"})
_LAST = 100
"""The rank after all names that are configs by themselves."""
_NO_CONFIG = _TESTS | {"setup", "teardown", "workspace", "projects"}
_SUITES = frozenset({
    "e2e", "end", "to", "integration", "int", "it", "unit", "smoke", "acceptance", "system",
    "functional", "component", "api", "base", "common", "shared", "ci", "local", "node", "browser",
    "slow", "fast", "config",
})  # fmt: skip
"""What `jest-e2e.json` is called after; `jest-puppeteer.config.js` is a config of that package."""


class ConfigName(NamedTuple):
    """What a file name says: whose config it is, and whether the runner looks for that name.

    `rank` orders the names that one runner looks for in one folder: the least is read.
    """

    runner: str
    base: str
    found_by_default: bool
    rank: int


def config_name(name: str) -> ConfigName | None:
    """The config that a file found on the way stands for; None for every other file.

    Strict, since many files that *mention* vitest are none: `vitest.setup.ts`, `vite-plugin.ts`,
    `create-vitest-config.ts`, `vitest.config.test.ts`.
    """
    for mark in _MARKS:
        if mark in name:
            break
    else:
        return None
    if name in WORKSPACE_NAMES:
        return ConfigName("vitest", WORKSPACE, True, _LAST + WORKSPACE_NAMES.index(name))
    stem, extension = split_extension(name)
    if "jest" in segments(stem):
        return _of_segments(stem, extension) if _is_jest_config(stem, extension) else None
    parts = stem.split(".")
    # vite writes `vite.config.ts.timestamp-1700000000-a1b2c3.mjs` while it loads a config.
    if not extension or parts[-1] in _TESTS or any(part.startswith("timestamp-") for part in parts):
        return None
    if not any(part == "config" or part.startswith(("config-", "config_")) for part in parts):
        return None
    return _of_segments(stem, extension)


def named_config(name: str) -> ConfigName | None:
    """The config that a file named by the user stands for: `e2e.vitest.ts` is one too."""
    strict = config_name(name)
    if strict is not None:
        return strict
    stem, extension = split_extension(name)
    if "jest" in segments(stem) and not _may_be_jest(stem):
        return None
    if not extension or _NO_CONFIG.intersection(segments(stem)):
        # Save the one form that is a config only if the user says so.
        plain = stem.startswith(("vitest.config.", "vite.config."))
        return _of_segments(stem, extension) if extension and plain else None
    return _of_segments(stem, extension)


def referred_config(runner: str) -> ConfigName:
    """What a file of any name is that an invocation hands to a runner as its config."""
    return ConfigName(runner, runner, False, 0)


def manifest_config() -> ConfigName:
    """What a package.json with a `jest` key is: the last that jest looks for."""
    return ConfigName("jest", "jest", True, len(_JEST_EXTENSIONS))


def configs_among(names: Iterable[str]) -> dict[str, ConfigName]:
    """The configs among some file names."""
    found = ((name, config_name(name)) for name in names)
    return {name: config for name, config in found if config is not None}


def read_by_default(configs: dict[str, ConfigName]) -> dict[str, tuple[str, ...]]:
    """The configs of a folder that a version of each runner finds by itself: mostly one.

    jest before 30 does not look for `.mts`, for example, and reads the next.
    """
    listed: dict[str, list[str]] = {}
    for name in sorted(configs, key=lambda name: configs[name].rank):
        if configs[name].found_by_default:
            listed.setdefault(configs[name].runner, []).append(name)
    return {
        runner: tuple(names) if len(names) == 1 else _first_ones(runner, names)
        for runner, names in listed.items()
    }


def _first_ones(runner: str, names: list[str]) -> tuple[str, ...]:
    rows = table(f"runners/facts/{runner}")["config-names"]
    first = {next((name for name in names if name in row["names"]), None) for row in rows}
    return tuple(name for name in names if name in first)


def _is_jest_config(stem: str, extension: str) -> bool:
    """`jest.config`, `jest.e2e.config`, `jest-unit.config`, and as JSON also `jest-e2e`."""
    words = segments(stem)
    if not extension or not _may_be_jest(stem) or _NO_CONFIG.intersection(words):
        return False
    if any(part == "config" or part.startswith(("config-", "config_")) for part in stem.split(".")):
        return extension != ".json" or words[0] == "jest"
    return extension == ".json" and words[0] == "jest" and len(words) > 1 and _names_suite(stem)


def _may_be_jest(stem: str) -> bool:
    """Whether a name with `jest` in it is not that of a preset, or of another tool's config."""
    if {"preset", "tsconfig", "babel"}.intersection(segments(stem)):
        return False
    return all(not part.startswith("jest-") or _names_suite(part) for part in stem.split("."))


def _names_suite(part: str) -> bool:
    return _SUITES.issuperset(word for word in segments(part) if word != "jest")


def _of_segments(stem: str, extension: str) -> ConfigName | None:
    words = segments(stem)
    for runner, bases, extensions in _FAMILIES:
        base = next((base for base in bases if base in words), None)
        if base is not None and extension in extensions:
            rank = bases.index(base) * len(extensions) + extensions.index(extension)
            return ConfigName(runner, base, stem == f"{base}.config", rank)
    return None


def split_extension(name: str) -> tuple[str, str]:
    """`vitest.config` and `.ts`; the extension is empty where no runner loads such a file."""
    for extension in _JEST_EXTENSIONS:
        if name.endswith(extension):
            stem = name[: -len(extension)]
            return (name, "") if stem.endswith(".d") else (stem, extension)
    return name, ""


def segments(stem: str) -> list[str]:
    """The words of a name: what stands between `.`, `_` and `-`, in lower case."""
    return [word for word in stem.lower().replace("_", ".").replace("-", ".").split(".") if word]
