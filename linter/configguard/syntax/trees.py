"""Bytes to a Tree-sitter tree for TypeScript/JavaScript, JSON and TOML; syntax errors as values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tree_sitter import Language, Node, Parser

from configguard.source.document import Document
from configguard.source.span import Span

if TYPE_CHECKING:
    from tree_sitter import Tree

SCRIPT_SUFFIXES = (".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".tsx", ".jsx")

_BRIEF = 400
_KEPT = 256
"""Trees kept at a time: shared files are asked for again and again, most configs never."""

_PLUS = re.compile(rb"([0-9][eE])\+(?=[0-9])")

_cache: dict[tuple[str, bytes, str], Parsed | BadSyntax] = {}


class BadSyntax(NamedTuple):
    """The first place that does not parse."""

    span: Span
    reason: str


class Parsed(NamedTuple):
    """A document and its tree."""

    document: Document
    tree: Tree

    @property
    def root(self) -> Node:
        return self.tree.root_node

    def span(self, node: Node) -> Span:
        """Where a node of this tree stands."""
        return Span(self.document.file, node.start_byte, node.end_byte)

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.document.text(node.start_byte, node.end_byte)

    def brief(self, node: Node) -> str:
        """The beginning of a node's text on one line, to name it by."""
        end = min(node.end_byte, node.start_byte + _BRIEF)
        text = " ".join(self.document.text(node.start_byte, end).split())
        return text if end == node.end_byte else f"{text}…"


@cache
def _parser(grammar: str) -> Parser:
    if grammar == "json":
        import tree_sitter_json

        return Parser(Language(tree_sitter_json.language()))
    if grammar == "toml":
        import tree_sitter_toml

        return Parser(Language(tree_sitter_toml.language()))
    import tree_sitter_typescript

    if grammar == "jsx":
        return Parser(Language(tree_sitter_typescript.language_tsx()))
    # One grammar reads all configs: of 606 real ones none used JSX, and `<T>x` casts need it.
    return Parser(Language(tree_sitter_typescript.language_typescript()))


def parse(document: Document, grammar: str | None = None) -> Parsed | BadSyntax:
    """The tree of a document (each text once), or the first syntax error in it."""
    if grammar is None:
        grammar = "json" if document.file.endswith((".json", ".jsonc")) else "script"
    # The text itself is the key: a fix under verification is read anew at each step.
    key = (document.file, document.data, grammar)
    found = _cache.get(key)
    if found is not None:
        _cache[key] = _cache.pop(key)  # what is used stays
        return found
    data = document.data
    if grammar == "json" and b"+" in data:
        # The grammar does not know `1e+3`. A zero has the same length and the same meaning.
        data = _PLUS.sub(rb"\g<1>0", data)
    tree = _parser(grammar).parse(data)
    result: Parsed | BadSyntax = Parsed(document, tree)
    if tree.root_node.has_error:
        error, reason = first_error(document, tree.root_node)
        result = BadSyntax(Span(document.file, error.start_byte, error.end_byte), reason)
    while len(_cache) >= _KEPT:
        del _cache[next(iter(_cache))]
    _cache[key] = result
    return result


def parse_tests(document: Document) -> Parsed | BadSyntax:
    """The tree of a test or setup file, which may hold JSX."""
    found = parse(document)
    if isinstance(found, BadSyntax) and document.file.endswith((".tsx", ".jsx", ".js")):
        again = parse(document, "jsx")
        return found if isinstance(again, BadSyntax) else again
    return found


def forget() -> None:
    """Drop all trees (tests and long-running processes)."""
    _cache.clear()


def first_error(document: Document, root: Node) -> tuple[Node, str]:
    """The first place of a tree that did not parse, and what is wrong there."""
    error = next(_errors(root), root)
    return error, _reason(document, error)


def _errors(root: Node) -> Iterator[Node]:
    """The innermost places that did not parse, in order; iterative, as input may be deep."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing or (
            node.is_error and not any(child.has_error for child in node.children)
        ):
            yield node
        elif node.has_error:
            pending.extend(reversed(node.children))


def _reason(document: Document, error: Node) -> str:
    if error.is_missing:
        return f"{error.type!r} is missing here"
    text = document.text(error.start_byte, min(error.end_byte, error.start_byte + 30)).split("\n")
    shown = text[0].strip()
    return f"unexpected {shown!r}" if shown else "the syntax is broken here"


def children(node: Node) -> list[Node]:
    """The named children of a node without comments."""
    return [child for child in node.named_children if child.type != "comment"]
