"""Where the package's data lies: rules, schemas and tables of facts; nothing else knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

_PACKAGE = Path(__file__).resolve().parent
_PREPARED = "prepared.json"


class MissingResources(RuntimeError):
    """The installation is incomplete: a data file of the package cannot be found."""


def data_folder(name: str) -> Path:
    """The folder `rules` or `schema`: inside the wheel, else in the checkout two folders up.

    Raises MissingResources when neither exists, which means a broken installation.
    """
    installed = _PACKAGE / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent.parent
    # Only a real checkout of this project counts: any folder may hold a `rules` folder.
    if (checkout / "linter" / "configguard" / "resources.py").is_file():
        candidate = checkout / name
        if candidate.is_dir():
            return candidate
    raise MissingResources(
        f"configguard's own {name!r} folder is missing beside {_PACKAGE}: reinstall configguard"
    )


@cache
def table(name: str) -> dict[str, Any]:
    """A table of the package, such as `evaluate/known_calls` or `runners/facts/vitest`.

    Raises MissingResources.
    """
    return cast("dict[str, Any]", _prepared().get(name) or read_yaml(_PACKAGE / f"{name}.yaml"))


def rule_tables(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """The data of every rule by its id: the built-in ones, or those of a folder.

    Raises MissingResources.
    """
    prepared = _prepared().get("rules") if folder is None else None
    if prepared is not None:
        return cast("dict[str, dict[str, Any]]", prepared)
    files = sorted((folder or data_folder("rules")).glob("*/rule.yaml"))
    return {file.parent.name: read_yaml(file) for file in files}


def prepare() -> dict[str, Any]:
    """All tables and rules in one form; the build writes it into the wheel as JSON.

    Reading YAML at every start would cost more than the linting itself.
    """
    names = [path.relative_to(_PACKAGE).with_suffix("") for path in _PACKAGE.rglob("*.yaml")]
    tables = {
        name.as_posix(): read_yaml(_PACKAGE / f"{name}.yaml")
        for name in sorted(names)
        if name.parts[0] != "rules"
    }
    return {**tables, "rules": rule_tables()}


@cache
def _prepared() -> dict[str, Any]:
    import json

    # A checkout has none, so that an edited table counts at once.
    path = _PACKAGE / _PREPARED
    return cast("dict[str, Any]", json.loads(path.read_bytes())) if path.is_file() else {}


@cache
def read_yaml(path: Path) -> dict[str, Any]:
    """One YAML file of the package's own. Raises MissingResources."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return cast("dict[str, Any]", yaml.load(path.read_bytes(), Loader=loader))  # noqa: S506 - a safe loader, the fast one
    except OSError as error:
        raise MissingResources(f"configguard's own {path.name} is missing: reinstall it") from error
