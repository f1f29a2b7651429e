"""Text surgery on one object literal: a property added, taken out, or its value replaced.

All in the file's own style: its indentation, trailing commas, newlines; comments stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.source.document import Document
from configguard.source.edits import Edit
from configguard.source.span import Span
from configguard.syntax.trees import BadSyntax, Parsed, parse

if TYPE_CHECKING:
    from tree_sitter import Node


def node_at(parsed: Parsed, span: Span, *kinds: str) -> Node | None:
    """The node of one of some kinds that stands exactly at a span."""
    node = parsed.root.descendant_for_byte_range(span.start, span.end)
    while node is not None and (node.start_byte, node.end_byte) == (span.start, span.end):
        if node.type in kinds:
            return node
        node = node.parent
    return None


def comments_in(document: Document) -> int:
    """How many comments a file has."""
    if b"//" not in document.data and b"/*" not in document.data:
        return 0
    parsed = parse(document)
    if isinstance(parsed, BadSyntax):
        return 0
    pending, count = [parsed.root], 0
    while pending:
        node = pending.pop()
        count += node.type == "comment"
        pending.extend(node.named_children)
    return count


def add_property(parsed: Parsed, literal: Node, text: str) -> Edit:
    """Add a property at the end of an object literal, after its last spread."""
    members = [child for child in literal.named_children if child.type != "comment"]
    file = parsed.document.file
    if not members:
        return _fill_empty(parsed, literal, text)
    last = members[-1]
    comma = last.next_sibling
    while comma is not None and comma.type == "comment":
        comma = comma.next_sibling
    has_comma = comma is not None and comma.type == ","
    assert comma is not None  # the closing brace at least
    end = comma.end_byte if has_comma else last.end_byte
    if literal.start_point.row == literal.end_point.row or _same_line(last, literal):
        spelled = f" {text}," if has_comma else f", {text}"
        return Edit(Span(file, end, end), spelled)
    newline = parsed.document.newline
    addition = f"{newline}{_indent(parsed, last)}{text}{',' if has_comma else ''}"
    if has_comma:
        at = _after_comments(parsed, end)
        return Edit(Span(file, at, at), addition)
    after = _after_comments(parsed, last.end_byte)
    if after == last.end_byte:
        return Edit(Span(file, end, end), f",{addition}")
    # A comment stands between the last property and the line's end: the comma goes before it.
    comment = parsed.document.text(last.end_byte, after)
    return Edit(Span(file, last.end_byte, after), f",{comment}{addition}")


def remove_property(parsed: Parsed, member: Node, keep: frozenset[str] = frozenset()) -> Edit:
    """Take a property out, and the object that held it where that becomes empty.

    `keep`: names of properties that stay although they become empty.
    """
    while True:
        literal = member.parent
        assert literal is not None  # a property stands in an object
        others = [child for child in literal.named_children if child.id != member.id]
        holder = _holding_pair(literal)
        if others or holder is None or _key(parsed, holder) in keep:
            break
        member = holder
    return _removal(parsed, member)


def _removal(parsed: Parsed, member: Node) -> Edit:
    data, file = parsed.document.data, parsed.document.file
    start, end = member.start_byte, member.end_byte
    after = member.next_sibling
    if after is not None and after.type == ",":
        end = after.end_byte
    else:
        before = member.prev_sibling
        if before is not None and before.type == ",":
            start = before.start_byte
    line_start = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", end)
    line_end = len(data) if line_end == -1 else line_end + 1
    alone = not data[line_start:start].strip()
    rest = data[end:line_end].strip()
    if alone and not rest:
        return Edit(Span(file, line_start, line_end), "")
    if alone or (after is not None and after.type == ","):
        while data[end : end + 1] in (b" ", b"\t"):
            end += 1
    return Edit(Span(file, start, end), "")


def _holding_pair(literal: Node) -> Node | None:
    """The property whose whole value an object literal is."""
    parent = literal.parent
    if parent is None or parent.type != "pair":
        return None
    holder = parent.parent
    return parent if holder is not None and holder.type == "object" else None


def _key(parsed: Parsed, pair: Node) -> str:
    key = pair.child_by_field_name("key")
    return parsed.text(key).strip("'\"") if key is not None else ""


def _fill_empty(parsed: Parsed, literal: Node, text: str) -> Edit:
    file = parsed.document.file
    inside = parsed.document.text(literal.start_byte + 1, literal.end_byte - 1)
    if not inside.strip():
        return Edit(Span(file, literal.start_byte + 1, literal.end_byte - 1), f" {text} ")
    # Only comments inside: they stay, the property follows them.
    newline = parsed.document.newline
    outer = _line_indent(parsed, literal.start_byte)
    unit = "\t" if "\t" in inside else "  "
    at = literal.start_byte + 1 + len(inside.rstrip().encode())
    ending = "" if "\n" in inside[len(inside.rstrip()) :] else newline + outer
    return Edit(Span(file, at, at), f"{newline}{outer}{unit}{text},{ending}")


def _same_line(last: Node, literal: Node) -> bool:
    """Whether the literal's properties stand on its opening line."""
    first = literal.named_children[0]
    return first.start_point.row == literal.start_point.row == last.start_point.row


def _indent(parsed: Parsed, node: Node) -> str:
    return _line_indent(parsed, node.start_byte)


def _line_indent(parsed: Parsed, offset: int) -> str:
    document = parsed.document
    line = document.line_text(document.line_index(offset))
    return line[: len(line) - len(line.lstrip())]


def _after_comments(parsed: Parsed, offset: int) -> int:
    """The end of the comments that follow on the same line."""
    data = parsed.document.data
    end = data.find(b"\n", offset)
    end = len(data) if end == -1 else end
    rest = data[offset:end].rstrip(b"\r\n \t")
    stripped = rest.lstrip()
    if stripped.startswith(b"//") or (stripped.startswith(b"/*") and stripped.endswith(b"*/")):
        return offset + len(rest)
    return offset
