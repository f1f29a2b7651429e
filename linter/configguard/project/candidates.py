"""What discovery is asked for and what it finds, as values."""

from __future__ import annotations

from typing import NamedTuple

from configguard.project.problems import PathProblem


class Candidate(NamedTuple):
    """A file that is a config by its name.

    `found_by_default`: the runner finds it by itself. `needs_test_key`: it is a suite only if it
    has a `test` key. `named`: the user named this very file. `referred`: an invocation hands it to
    the runner.
    """

    file: str
    runner: str
    found_by_default: bool
    needs_test_key: bool
    named: bool
    referred: bool = False


class Referred(NamedTuple):
    """A config file that an invocation hands to a runner, whatever its name: `--config FILE`."""

    file: str
    runner: str


class Scope(NamedTuple):
    """What discovery passes over below the folders it is given, and what it takes besides.

    `exclude`: globs relative to the root. `gitignore`: whether what git ignores is passed over.
    A referred file counts where a walk comes by, or where the user names it; one that is not
    there is not told here.
    """

    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    referred: tuple[Referred, ...] = ()


PLAIN = Scope()


class Discovery(NamedTuple):
    """The configs, each once, in the order of the arguments and then of their paths.

    `notices`: configs that are never read, because of another one beside them. `packages`: the
    folders that a walk came by and that have a package.json.
    """

    candidates: tuple[Candidate, ...]
    problems: tuple[PathProblem, ...]
    notices: tuple[PathProblem, ...] = ()
    packages: tuple[str, ...] = ()
