"""The style that a file is written in, as far as what is added to it must follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from configguard.source.document import Document
from configguard.syntax.trees import Parsed

if TYPE_CHECKING:
    from tree_sitter import Node

_SEPARATED = re.compile(rb"\b[0-9]{1,3}(?:_[0-9]{3})+\b")
_SHORT = re.compile(rb"\b[0-9]_[0-9]{3}\b")
_INDENTED = re.compile(rb"^(\t| +)(?=[^\s*])", re.MULTILINE)
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ENDED = re.compile(rb"([^\s{}()\[\];])\s*\n\s*[}\]]")
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_PLAIN_PROPERTY = re.compile(r"(?:[A-Za-z_$][\w$]*: (?:\{ )?)+[\w.-]+(?: \})*", re.ASCII)
_KEY = re.compile(r"[A-Za-z_$][\w$]*(?=: )", re.ASCII)


def indent_unit(document: Document) -> str:
    """One level of indentation: a tab, or the fewest spaces that a line begins with."""
    widths = [found[1] for found in _INDENTED.finditer(document.data)]
    if any(one == b"\t" for one in widths):
        return "\t"
    return " " * min((len(one) for one in widths if len(one) > 1), default=2)


def trailing_comma(document: Document) -> str:
    """What stands behind the last of several lines in braces: a comma, unless none is there."""
    if document.file.endswith(".json"):
        return ""
    ends = [found[1] for found in _ENDED.finditer(_COMMENT.sub(b"", document.data))]
    return "," if not ends or b"," in ends else ""


def number_text(parsed: Parsed, text: str) -> str:
    """A number with separators, where the file has them: `30_000`."""
    data = parsed.document.data
    if not text.isdigit() or len(text) < 4 or _SEPARATED.search(data) is None:
        return text
    used = [node for node in _numbers(parsed.root) if _SEPARATED.fullmatch(node)]
    if not used or (len(text) == 4 and not any(_SHORT.fullmatch(one) for one in used)):
        return text
    return f"{int(text):_}"


def property_text(parsed: Parsed, members: Sequence[Node], text: str) -> str:
    """A plain `key: value` with its keys quoted, where all those beside it are without need."""
    keys = [one.child_by_field_name("key") for one in members if one.type == "pair"]
    written = [parsed.text(key) for key in keys if key is not None]
    quoted = [key for key in written if key[:1] in "'\""]
    needless = [key for key in quoted if _IDENTIFIER.fullmatch(key[1:-1])]
    if not needless or len(quoted) < len(written) or not _PLAIN_PROPERTY.fullmatch(text):
        return text
    quote = needless[-1][0]
    return _KEY.sub(lambda found: f"{quote}{found[0]}{quote}", text)


def _numbers(root: Node) -> list[bytes]:
    pending, found = [root], []
    while pending:
        node = pending.pop()
        if node.type == "number" and node.text is not None:
            found.append(node.text)
        pending.extend(node.named_children)
    return found
