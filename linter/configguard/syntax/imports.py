"""Which packages a file imports or requires, by its text alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from configguard.source.span import Span
from configguard.syntax.trees import Parsed

if TYPE_CHECKING:
    from tree_sitter import Node


def imported(parsed: Parsed, packages: Iterable[str]) -> Span | None:
    """Where one of the packages, or a file in it, is imported first; `x-*` is any of that name."""
    data = parsed.document.data
    wanted = [name for name in packages if name.rstrip("*").encode() in data]
    pending = [parsed.root] if wanted else []
    while pending:
        node = pending.pop()
        if node.type == "string" and _is_imported(parsed, node):
            specifier = parsed.text(node)[1:-1]
            if any(_means(name, specifier) for name in wanted):
                return parsed.span(node)
        pending += reversed(node.children)
    return None


def _means(name: str, specifier: str) -> bool:
    if name.endswith("*"):
        return specifier.startswith(name[:-1])
    return specifier == name or specifier.startswith(f"{name}/")


def _is_imported(parsed: Parsed, string: Node) -> bool:
    above = string.parent
    if above is None or above.type in ("import_statement", "export_statement"):
        return above is not None
    call = above.parent if above.type == "arguments" else None
    function = call.child_by_field_name("function") if call is not None else None
    return function is not None and parsed.text(function) in ("require", "import")
