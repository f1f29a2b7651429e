"""The comments of a script or YAML file, from what its parser says is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from configguard.source.document import Document
from configguard.syntax.trees import SCRIPT_SUFFIXES, BadSyntax, parse, parse_tests

if TYPE_CHECKING:
    from tree_sitter import Node

YAML_SUFFIXES = (".yml", ".yaml")


class Comment(NamedTuple):
    """Bytes `start` to `end` of a file: a comment with its marks."""

    start: int
    end: int


def comments_in(document: Document) -> list[Comment]:
    """The comments of a file in their order; none where it has no such thing or does not parse."""
    if document.file.endswith(SCRIPT_SUFFIXES):
        return _in_script(document)
    if document.file.endswith(YAML_SUFFIXES):
        return list(_in_yaml(document))
    return []


def _in_script(document: Document) -> list[Comment]:
    parsed = parse(document, "jsx") if document.file.endswith((".tsx", ".jsx")) else None
    if parsed is None or isinstance(parsed, BadSyntax):
        parsed = parse_tests(document)
    return [] if isinstance(parsed, BadSyntax) else _in_tree(parsed.root)


def _in_tree(root: Node) -> list[Comment]:
    found: list[Comment] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "comment":
            found.append(Comment(node.start_byte, node.end_byte))
        else:
            pending.extend(reversed(node.children))
    return found


def _in_yaml(document: Document) -> Iterator[Comment]:
    """What stands between the tokens of libyaml: white space and comments, nothing else."""
    start = len(document.bom)
    text = document.data[start:].decode("utf-8")
    known = 0  # characters before it are counted in `start`
    for first, last in _gaps(text):
        at = text.find("#", first, last)
        while at != -1:
            end = min(
                (i for i in (text.find(c, at, last) for c in "\r\n") if i != -1), default=last
            )
            start += len(text[known:at].encode())
            known = at
            yield Comment(start, start + len(text[at:end].encode()))
            at = text.find("#", end, last)


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    at = 0
    try:
        for token in yaml.scan(text, Loader=loader):
            if token.start_mark.index > at:
                yield at, token.start_mark.index
            at = max(at, token.end_mark.index)
    except yaml.YAMLError:
        return
    yield at, len(text)
