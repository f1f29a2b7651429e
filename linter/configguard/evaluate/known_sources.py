"""Functions of packages that known_calls.yaml describes by a few lines of JavaScript."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from configguard.evaluate.scopes import Scope
from configguard.evaluate.values import Func
from configguard.resources import table
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.syntax.trees import Parsed, children, parse

if TYPE_CHECKING:
    from tree_sitter import Node


class _Described(Parsed):
    """A description; all that happens in it happens where the package is imported."""

    place: Span

    def span(self, node: Node) -> Span:
        del node
        return self.place


def described(path: str, span: Span) -> Func | None:
    """The function of a package, standing at the place of its import; None where none is told."""
    source = table("evaluate/known_calls")["sources"].get(path)
    if source is None:
        return None
    parsed = _parsed(source)
    here = _Described(parsed.document, parsed.tree)
    here.place = span
    function = children(children(parsed.root)[0])[0]
    return Func(function, Scope(here, None), here, (span,))


@cache
def _parsed(source: str) -> Parsed:
    parsed = parse(Document("known_calls.ts", source.encode()))
    assert isinstance(parsed, Parsed), "a description in known_calls.yaml does not parse"
    return parsed
