"""What a runner's model has to supply: how its configs are read, and which facts follow.

`vitest.RUNNER` is one. `model.Model` asks it, in each world and version, for the suites that a
config runs (its members) and for one fact of a member at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from configguard.evaluate.machine import Machine
from configguard.evaluate.values import Unknown, Value
from configguard.evaluate.worlds import Assumptions, Environment
from configguard.runners.profile import SettingEntry, SimpleFact
from configguard.runners.settings import Reading, Settings, Situate
from configguard.runners.table import Table
from configguard.runners.test_patterns import TestFiles
from configguard.source.span import Origin, Span

if TYPE_CHECKING:
    from configguard.runners.given import Given

RUNS, NOTHING, REFUSES = "runs", "runs-nothing-and-passes", "refuses-to-start"
"""The values of the fact `outcome`."""

Answer = Callable[[Settings], "SimpleFact | None"]
"""One fact of a suite; None where this version does not have it. May raise Fork and Thrown."""


class Surroundings(NamedTuple):
    """What lies beside the config.

    `workspace_file`: a `vitest.workspace.*` that vitest would read. `others`: the further configs
    that the runner would find by itself in this folder, in its order. `ci`: the variables that the
    service of the project's CI always sets.
    """

    workspace_file: str | None = None
    others: tuple[str, ...] = ()
    ci: tuple[tuple[str, str], ...] = ()


class View(NamedTuple):
    """One config in one world and version, as members are worked out from it.

    `value` is what `Runner.resolve` made of the export; `place` stands for the whole file;
    `given` is what the command line lays over it.
    """

    machine: Machine
    value: Value
    table: Table
    around: Surroundings
    place: Span
    given: Given | None = None

    def settings(self, value: Value, situation: Situate, root: Settings | None = None) -> Settings:
        """The settings of an object of this config; `root` where it is that of a project."""
        return Settings(self.machine, value, self.table, situation, root, self.given)


class Key(NamedTuple):
    """What tells the suites of one config apart, in every world and version.

    `project`: its name, its index where it has none, None for the config itself. `file`: the
    config file of a project that has one of its own.
    """

    project: str | int | None = None
    file: str | None = None


class Member(NamedTuple):
    """One suite that a config runs in one world.

    `named`: where its name is written. `unknown`: why nothing about it can be known.
    """

    key: Key
    settings: Settings
    named: Origin = ()
    unknown: Unknown | None = None


class Members(NamedTuple):
    """The suites that a config runs in one world. `more`: why there may be others."""

    suites: tuple[Member, ...]
    more: Unknown | None = None


class Outcome(NamedTuple):
    """What happens at start under a condition on CPUs, and why where it does not run."""

    when: Assumptions
    fact: SimpleFact
    reason: str


class Runner(NamedTuple):
    """A runner, as the rest of the program knows it.

    `environments`: local, then ci. `resolve` turns an export into the object that is read (raises
    Thrown where the runner refuses it). `members` may raise Thrown too. `holder`: the key under
    which settings stand (`test` in vitest). `root_holds`: what a project does not set would best
    be set in the root. `per_version`: whether evaluation itself depends on the version, so that
    `machine.version` has to be set. `in_mode`: `resolve` for `--mode X`. `tests`: which files are
    the tests of a suite, by its settings and its config file. `together`: most test files at one
    time over several members of one run.
    """

    name: str
    environments: tuple[Environment, Environment]
    resolve: Callable[[Machine, Value], Value]
    members: Callable[[View], Members]
    facts: Mapping[str, Answer]
    outcomes: Callable[[Settings], Sequence[Outcome]]
    readings: Callable[[Settings], Sequence[Reading]]
    entries: Callable[[Settings], Sequence[SettingEntry]]
    names: Callable[[Settings], dict[str, str]]
    together: Callable[[Sequence[Member]], SimpleFact]
    assume: Callable[[Machine, Value], None] = lambda machine, value: None
    is_suite: Callable[[Machine, Value], bool | None] = lambda machine, value: True
    holder: str | None = None
    root_holds: bool = False
    per_version: bool = False
    in_mode: Callable[[Machine, Value, str], Value] | None = None
    tests: Callable[[Settings, str], TestFiles | Unknown] | None = None
