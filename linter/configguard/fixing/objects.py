"""Text surgery on one object literal: a property added, taken out, or its value replaced.

All in the file's own style: its indentation, trailing commas, newlines; comments stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.fixing.style import indent_unit, property_text, trailing_comma
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
    text = property_text(parsed, members, text)
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
    start = f"{parsed.document.newline}{_indent(parsed, last)}"
    if has_comma:
        at = _after_comments(parsed, comma)
        return Edit(Span(file, at, at), f"{start}{text},")
    after = _after_comments(parsed, last)
    if _comma_first(last):
        return Edit(Span(file, after, after), f"{start}, {text}")
    # Where a comment stands between the last property and the line's end, the comma goes before it.
    comment = parsed.document.text(last.end_byte, after)
    return Edit(Span(file, last.end_byte, after), f",{comment}{start}{text}")


def _comma_first(last: Node) -> bool:
    """Whether the comma before a property begins its line."""
    comma = last.prev_sibling
    before = comma.prev_sibling if comma is not None else None
    if comma is None or before is None or comma.type != ",":
        return False
    return before.end_point.row < comma.start_point.row == last.start_point.row


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
    if not rest and data[start - 1 : start] in (b" ", b"\t"):
        start -= len(data[line_start:start]) - len(data[line_start:start].rstrip())
    elif alone or (after is not None and after.type == ","):
        while data[end : end + 1] in (b" ", b"\t"):
            end += 1
    elif data[start - 1 : start] == data[end : end + 1] == b" ":
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
    document = parsed.document
    file, low, high = document.file, literal.start_byte + 1, literal.end_byte - 1
    inside = document.text(low, high)
    comments = inside.rstrip()
    if "\n" not in inside:
        # Only a comment that ends can stand here: it stays.
        spelled = f"{comments} {text} " if comments.strip() else f" {text} "
        return Edit(Span(file, low, high), spelled)
    outer = _line_indent(parsed, literal.start_byte)
    inner = outer + indent_unit(document)
    if comments.strip() and "\n" in comments:
        first = literal.named_children[-1]
        own = document.text(first.start_byte - first.start_point.column, first.start_byte)
        inner = inner if own.strip() else own
    ending = document.text(low + len(comments.encode()), high) if comments.strip() else ""
    ending = ending if "\n" in ending else f"{document.newline}{outer}"
    addition = f"{document.newline}{inner}{text}{trailing_comma(document)}{ending}"
    return Edit(
        Span(file, low + len(comments.encode()) if comments.strip() else low, high), addition
    )


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


def _after_comments(parsed: Parsed, node: Node) -> int:
    """The end of the comments that follow on the same line."""
    after = node.next_sibling
    while after is not None and after.type == "comment":
        if after.start_point.row != node.end_point.row:
            break
        node, after = after, after.next_sibling
    text = parsed.document.data[node.start_byte : node.end_byte]
    return node.end_byte - (len(text) - len(text.rstrip(b"\r")))
