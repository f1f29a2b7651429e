"""The nodes of a shell script to its statements: pipelines, joined by `&&` and `||`.

The grammar gives `|` and `&&` one precedence and hangs redirects on whole lists, so its lists
are taken apart and put together again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

_JOINING = {"list", "pipeline", "redirected_statement", "negated_command"}
_REDIRECTS = {"file_redirect", "herestring_redirect", "heredoc_redirect"}
_OPERATORS = {"&&", "||", "|", "|&", "!"}
_SEPARATORS = {";", "&", ";;", ";&", ";;&"}
_OPERANDS = {
    "command",
    "variable_assignment",
    "variable_assignments",
    "declaration_command",
    "unset_command",
    "subshell",
    "compound_statement",
    "do_group",
    "test_command",
    "if_statement",
    "while_statement",
    "for_statement",
    "c_style_for_statement",
    "case_statement",
    "function_definition",
}
_OF_HEREDOC = {*_OPERANDS, *_JOINING, *_OPERATORS, *_SEPARATORS}


class Part(NamedTuple):
    """One command of a pipeline, and where its input and output go."""

    node: Node
    redirects: list[Node]


class Pipeline(NamedTuple):
    """Commands joined by `|`; `operator` is the `&&` or `||` before it, `negated` a `!`."""

    operator: str
    parts: list[Part]
    negated: bool


class Statement(NamedTuple):
    """Pipelines that depend on each other; `background`: the shell does not wait for them."""

    pipelines: list[Pipeline]
    background: bool


def statements(nodes: Sequence[Node]) -> Iterator[Statement]:
    """The statements among sibling nodes, in order."""
    pipelines: list[Pipeline] = []
    operator, piped, negated = "", False, False
    after_operand = False
    for node in _flat(nodes):
        kind = node.type
        if kind in _REDIRECTS:
            if pipelines:
                pipelines[-1].parts[-1].redirects.append(node)
        elif kind in _SEPARATORS:
            if pipelines:
                yield Statement(pipelines, kind == "&")
            pipelines, operator, piped, negated, after_operand = [], "", False, False, False
        elif kind in ("|", "|&"):
            piped, after_operand = True, False
        elif kind == "!":
            negated = True
        elif kind in _OPERATORS:
            operator, after_operand = kind, False
        elif kind in _OPERANDS:
            if after_operand:  # a line's end
                yield Statement(pipelines, False)
                pipelines, operator = [], ""
            if piped and pipelines:
                pipelines[-1].parts.append(Part(node, []))
            else:
                pipelines.append(Pipeline(operator, [Part(node, [])], negated))
            operator, piped, negated, after_operand = "", False, False, True
    if pipelines:
        yield Statement(pipelines, False)


def _flat(nodes: Sequence[Node]) -> Iterator[Node]:
    """Operands, operators and redirects from left to right; iterative, as lists nest deep."""
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        if node.type in _JOINING:
            pending.extend(reversed(node.children))
            continue
        yield node
        if node.type == "heredoc_redirect":
            # What stands behind `<<EOF` on its line is inside this node.
            pending.extend(child for child in reversed(node.children) if child.type in _OF_HEREDOC)
