"""Whether a vite config is one of vitest: it has a `test` key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from configguard.evaluate.configs import Config
from configguard.runners.runner import Runner
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed, children

if TYPE_CHECKING:
    from tree_sitter import Node

_WRAPPERS = ("parenthesized_expression", "as_expression", "satisfies_expression")
_PACKAGES = ("vite", "vitest/config")
_KEYS = ("property_identifier", "string")


def has_tests(workspace: Workspace, parsed: Parsed, runner: Runner) -> bool:
    """Whether a vite config has a `test` key in any environment; unknown counts as no."""
    if _plainly_without_tests(parsed):
        return False
    config = Config(workspace, parsed, runner.environments[:1], runner.resolve)
    return any(case.answer is True for case in config.ask(runner.is_suite))


def _plainly_without_tests(parsed: Parsed) -> bool:
    """Whether the default export is an object that is written out, without a `test` key.

    Most vite configs of a monorepo are such, and what they call (plugins that are packages of the
    same workspace) is slow to follow and cannot add a key.
    """
    for statement in parsed.root.named_children:
        if statement.type == "export_statement":
            value = statement.child_by_field_name("value")
            if value is not None:
                written = _object(parsed, value)
                return written is not None and all(
                    child.type == "pair" and _is_other_key(parsed, child)
                    for child in children(written)
                )
    return False


def _object(parsed: Parsed, value: Node) -> Node | None:
    """The object in `{…}`, `({…})`, `{…} satisfies X` or `defineConfig({…})`."""
    while value.type in _WRAPPERS:
        value = children(value)[0]
    if value.type == "call_expression":
        function = value.child_by_field_name("function")
        arguments = value.child_by_field_name("arguments")
        named = function is not None and parsed.text(function) == "defineConfig"
        named = named and _is_vites(parsed)
        given = children(arguments) if named and arguments is not None else []
        return _object(parsed, given[0]) if len(given) == 1 else None
    return value if value.type == "object" else None


def _is_vites(parsed: Parsed) -> bool:
    """Whether `defineConfig` is that of vite or vitest: one of the project's own may add keys."""
    for statement in parsed.root.named_children:
        source = statement.child_by_field_name("source")
        if statement.type == "import_statement" and source is not None:
            names = re.findall(r"[\w$]+", parsed.text(statement)[: -len(parsed.text(source))])
            if "defineConfig" in names:
                return parsed.text(source)[1:-1] in _PACKAGES and "as" not in names
    return False


def _is_other_key(parsed: Parsed, pair: Node) -> bool:
    key = pair.child_by_field_name("key")
    if key is None or key.type not in _KEYS:
        return False
    text = parsed.text(key)
    return "test" not in text and "\\" not in text
