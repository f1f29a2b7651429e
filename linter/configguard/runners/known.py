"""The runners that are known, by name. A new one is one module and one line here."""

from __future__ import annotations

from functools import cache

from configguard.runners.runner import Runner

KNOWN = {"jest": "jest", "playwright": "playwright", "vitest": "vitest"}
"""Runner -> the module that holds its RUNNER."""


@cache
def runner_of(name: str) -> Runner:
    """The runner of a name; its model is imported only when a config of it is judged."""
    from importlib import import_module

    found = import_module(f"configguard.runners.{KNOWN[name]}").RUNNER
    assert isinstance(found, Runner)
    return found
