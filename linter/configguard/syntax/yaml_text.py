"""YAML of a checkout to plain data: what would grow or nest without end is refused first."""

from __future__ import annotations

from typing import Any

MAX_CHARACTERS = 1_000_000
MAX_NESTING = 50


def load_yaml(text: str) -> Any:
    """The plain data of a YAML text.

    Raises yaml.YAMLError where it is none, ValueError where it is over a bound. Aliases are
    refused: a few lines of them can stand for gigabytes, and package managers write none. Deep
    nesting ends the process inside the C loader (measured), so its events are counted first.
    """
    import yaml

    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"it is larger than {MAX_CHARACTERS / 1e6:g} MB")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it uses YAML aliases")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_NESTING:
                raise ValueError(f"it is nested deeper than {MAX_NESTING} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.load(text, loader)  # noqa: S506 - both are safe
