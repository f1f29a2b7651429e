"""Edits that make an expression worth something else: where its value is written, or in its place.

A value that comes from elsewhere in the file (`const retries = 3`, `config(3)`) is changed there
only if nothing else uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from configguard.fixing.objects import node_at
from configguard.source.edits import Edit
from configguard.source.span import Origin, Span
from configguard.syntax.trees import Parsed

if TYPE_CHECKING:
    from tree_sitter import Node

LITERALS = ("number", "true", "false", "string")
_AROUND = frozenset(
    {
        "ternary_expression",
        "parenthesized_expression",
        "binary_expression",
        "unary_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
    }
)
_ENDS = frozenset(
    {
        "export_statement",
        "expression_statement",
        "return_statement",
        "statement_block",
        "formal_parameters",
        "program",
    }
)


def value_edits(parsed: Parsed, origin: Origin, text: str) -> Iterator[Edit]:
    """Edits of one file that may make the first expression of an origin worth a text.

    The innermost come first: one branch of a condition, then all of it.
    """
    file, written, inner = parsed.document.file, origin[0], origin[-1]
    literal = node_at(parsed, inner, *LITERALS) if inner.file == file else None
    if literal is not None and inner != written and not _within(inner, written):
        yield from _behind(parsed, literal, text)
    elif literal is not None and inner != written:
        yield from _branch(parsed, literal, text)
    if written.file == file:
        yield Edit(written, text)


def _within(inner: Span, outer: Span) -> bool:
    return inner.file == outer.file and outer.start <= inner.start and inner.end <= outer.end


def _branch(parsed: Parsed, literal: Node, text: str) -> Iterator[Edit]:
    """The literal alone: the other branches of a condition keep theirs."""
    around = literal.parent
    if around is not None and around.type == "ternary_expression":
        sides = [around.child_by_field_name(name) for name in ("consequence", "alternative")]
        others = [side for side in sides if side is not None and side.id != literal.id]
        if len(others) == 1 and parsed.text(others[0]) == text:
            yield Edit(parsed.span(around), text)  # `CI ? 2 : 2` says less than `2`
    yield Edit(parsed.span(literal), text)


def _behind(parsed: Parsed, literal: Node, text: str) -> Iterator[Edit]:
    """The literal, and all that is written in its place, if it serves one expression alone."""
    if not _is_alone(parsed, literal):
        return
    yield from _branch(parsed, literal, text)
    whole = literal
    while whole.parent is not None and whole.parent.type in _AROUND:
        whole = whole.parent
    if whole.id != literal.id:
        yield Edit(parsed.span(whole), text)


def _is_alone(parsed: Parsed, literal: Node) -> bool:
    """Whether a literal is the value of a name that is read once, or an argument."""
    node, key, is_argument = literal, "", False
    while node.parent is not None and node.parent.type not in _ENDS:
        above = node.parent
        if above.type == "pair" and not key:
            named = above.child_by_field_name("key")
            key = parsed.text(named).strip("'\"") if named is not None else ""
        is_argument = is_argument or above.type == "arguments"
        name = _named_by(parsed, above, node)
        if name is not None:
            exported = above.parent is not None and _is_exported(above.parent)
            return not exported and _reads(parsed, name, key) == 1
        node = above
    return is_argument


def _named_by(parsed: Parsed, above: Node, value: Node) -> str | None:
    """The name that a declaration or an assignment gives a value."""
    fields = {"variable_declarator": "name", "assignment_expression": "left"}
    name = above.child_by_field_name(fields[above.type]) if above.type in fields else None
    if name is None or name.id == value.id or name.type != "identifier":
        return None
    return parsed.text(name)


def _is_exported(declaration: Node) -> bool:
    return declaration.parent is not None and declaration.parent.type == "export_statement"


def _reads(parsed: Parsed, name: str, key: str) -> int:
    """How often a name is read; only one key of it, where each read takes a key."""
    count, of_key, pending = 0, 0, [parsed.root]
    taken_whole = False
    while pending:
        node = pending.pop()
        pending.extend(node.named_children)
        if node.type not in ("identifier", "shorthand_property_identifier"):
            continue
        if parsed.text(node) != name or _is_written_to(node):
            continue
        count += 1
        member = node.parent
        prop = member.child_by_field_name("property") if member is not None else None
        if member is not None and member.type == "member_expression" and prop is not None:
            of_key += parsed.text(prop) == key
        else:
            taken_whole = True
    return count if taken_whole or not key else of_key


def _is_written_to(node: Node) -> bool:
    above = node.parent
    if above is None:
        return False
    field = {"variable_declarator": "name", "assignment_expression": "left"}.get(above.type)
    target = above.child_by_field_name(field) if field is not None else None
    return target is not None and target.id == node.id
