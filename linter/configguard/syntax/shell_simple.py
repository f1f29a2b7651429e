"""One simple command or assignment of a shell script: its words, and what it changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from configguard.source.span import Origin, Span, chain
from configguard.syntax.shell_state import Assignment, Folder, Reached, State, When
from configguard.syntax.shell_statements import Part
from configguard.syntax.shell_words import (
    Source,
    Stretch,
    Word,
    expansions,
    known_word,
    read_words,
    unknown_word,
)

if TYPE_CHECKING:
    from tree_sitter import Node


class Redirect(NamedTuple):
    """Where input or output of a command goes, such as `>> $GITHUB_ENV`."""

    operator: str
    target: Word


class Command(NamedTuple):
    """One command that a script may run.

    `words`: its name first. `assignments`: what the script sets in its environment, in order.
    `reached`: on every run; if what stands before succeeds; only under some other condition.
    `beside`: it runs while others do, in a pipe or in the background. `doubts`: what may have
    changed its environment in a way that is not followed, such as `. ./env.sh`. `in_ci`: it runs
    only where CI is set, or only where it is not.
    """

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    reached: Reached
    beside: bool
    folder: Folder
    redirects: tuple[Redirect, ...]
    doubts: Origin
    span: Span
    in_ci: bool | None = None

    @property
    def name(self) -> str | None:
        """The command's own name; None where it is not known."""
        return self.words[0].text if self.words else None


_WINDOWS_SET = re.compile(r"([\"]?)([A-Za-z_]\w*)=(.*)", re.DOTALL)
_TARGET = re.compile(rb"\d*(?:&>>|&>|>>|>\||>&|<&|<>|<<<|>|<)[ \t]*")


def simple_command(source: Source, part: Part, state: State) -> tuple[Command, State]:
    """A command as it stands in the script, and the state without it.

    The grammar takes `A=1` on a line of its own for a part of the command on the next one: such
    assignments are in the state.
    """
    own: list[Assignment] = []
    nodes: list[Node] = []
    redirects = list(part.redirects)
    for child in part.node.children:
        if child.type == "variable_assignment" and not nodes:
            own.append(assignment(source, child, state))
            if _ends_line(source.text, child.end_byte):
                for one in own:
                    state = state.with_variable(_kept(one, state))
                own = []
        elif child.type in ("file_redirect", "herestring_redirect"):
            redirects.append(child)
        elif child.type != "comment":
            nodes.append(child)
    words, aims = _words(source, nodes, redirects, state)
    set_ones = {one.name for one in own}
    before = (one for one in state.variables.values() if one.name not in set_ones)
    span = source.at.span(part.node.start_byte, part.node.end_byte)
    command = Command(
        tuple(words),
        (*before, *own),
        state.level,
        False,
        state.folder,
        tuple(aims),
        state.doubts,
        span,
        state.in_ci,
    )
    return command, state


def assignment(source: Source, node: Node, state: State, when: When = "always") -> Assignment:
    """What `A=b` makes of a variable."""
    name = node.child_by_field_name("name")
    text = _text(source, name) if name is not None else ""
    origin = (source.span(node),)
    value = node.child_by_field_name("value")
    if not text.isidentifier() or (value is not None and value.type == "array"):
        name_only = text.partition("[")[0]
        return Assignment(name_only, unknown_word("it is an array of the shell", origin), origin)
    word = _value(source, node, value, state)
    if any(child.type == "+=" for child in node.children):
        before = state.value(text)
        start = before.start if before is not None else ""
        word = unknown_word("some shells read `A+=b` and others do not", origin, start=start)
    return Assignment(text, word, chain(origin, word.origin), when)


def assigned(source: Source, node: Node, state: State) -> State:
    """The state after a statement of assignments alone."""
    for one in _assignments(node):
        state = state.with_variable(_kept(assignment(source, one, state), state))
    return state


def declared(source: Source, node: Node, state: State) -> State:
    """The state after `export A=b`, `export A`, `declare -x A`, `local A=b`, `readonly A=b`."""
    keyword = node.children[0].type
    options = [_text(source, one) for one in node.children if one.type == "word"]
    exports = keyword == "export" or (
        keyword in ("declare", "typeset")
        and any(one.startswith("-") and "x" in one for one in options)
    )
    takes_away = any(one.startswith(("-n", "+x", "-f", "-p")) for one in options)
    for child in node.named_children:
        if child.type == "variable_assignment":
            found = assignment(source, child, state)
            if keyword in ("declare", "typeset", "local"):
                reason = f"some shells know `{keyword}` and others do not"
                found = found._replace(value=unknown_word(reason, found.origin))
            state = state.with_variable(found if exports else _kept(found, state))
        elif child.type in ("variable_name", "word") and exports:
            known = state.variables.get(_text(source, child))
            if known is not None and known.when == "if-already-set":
                state = state.with_variable(known._replace(when="always"))
        elif child.type not in ("variable_name", "word", "comment"):
            state = state._replace(doubts=chain(state.doubts, (source.span(child),)))
    if takes_away:
        state = state._replace(doubts=chain(state.doubts, (source.span(node),)))
    return state


def unset(source: Source, node: Node, state: State) -> State:
    """The state after `unset A`."""
    for child in node.named_children:
        name = _text(source, child)
        if name.isidentifier():
            state = state.with_variable(Assignment(name, None, (source.span(node),)))
    return state


def windows_set(source: Source, node: Node, state: State) -> State:
    """The state after `set A=b` of cmd.exe, which takes all up to the `&&`, blanks too."""
    start, end = node.start_byte + 3, node.end_byte
    while source.text[end : end + 1] in (b" ", b"\t"):
        end += 1
    while source.text[start : start + 1] in (b" ", b"\t"):
        start += 1
    found = _WINDOWS_SET.fullmatch(source.text[start:end].decode("utf-8", "replace"))
    if found is None:
        return state
    value = found[3]
    begin = start + len((found[1] + found[2] + "=").encode())
    if found[1] and '"' in value:
        value = value[: value.rindex('"')]
    origin = (source.at.span(start, end),)
    at = source.at.part(begin, begin + len(value.encode()))
    if "%" in value or "^" in value or "!" in value:
        word = unknown_word("it holds a variable of cmd.exe", origin)
    else:
        word = known_word(value, origin, at)
    known = state.variables.get(found[2])
    if known is not None and known.when != "on-windows":
        word = unknown_word("it differs between Windows and others", origin)
        return state.with_variable(Assignment(found[2], word, origin))
    return state.with_variable(Assignment(found[2], word, origin, "on-windows"))


def substitutions(node: Node) -> Iterator[Node]:
    """The outermost `$(…)`, `` `…` `` and `<(…)` inside a node."""
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type in ("command_substitution", "process_substitution"):
            yield one
        else:
            pending.extend(reversed(one.children))


def _words(
    source: Source, nodes: list[Node], redirects: list[Node], state: State
) -> tuple[list[Word], list[Redirect]]:
    """The command's words without its redirects; the grammar takes words behind one into it."""
    variables = {name: word for name in state.variables if (word := state.value(name)) is not None}
    aims: list[Redirect] = []
    skipped: list[tuple[int, int]] = []
    whole = list(nodes)
    extra: list[Word] = []
    for node in redirects:
        if node.type == "heredoc_redirect":
            if any(child.type not in _HEREDOC for child in node.children):
                reason = "a word stands behind a here-document"
                extra.append(unknown_word(reason, (source.span(node),), "any"))
            aims.append(Redirect("<<", unknown_word("a here-document", (source.span(node),))))
            continue
        found = _TARGET.match(source.text, node.start_byte, node.end_byte)
        begin = found.end() if found else node.start_byte
        end = _word_end(source.text, begin, node)
        target = Stretch(begin, end, tuple(expansions(node)))
        aim = read_words(source, target, variables, splits=False)
        operator = (found[0] if found else b"").strip().decode()
        if aim:
            aims.append(Redirect(operator, aim[0]))
        skipped.append((node.start_byte, max(end, node.start_byte + 1)))
        whole.append(node)
    if not nodes:
        return extra, aims
    start = nodes[0].start_byte
    end = max(node.end_byte for node in whole)
    inner = tuple(one for node in whole for one in expansions(node))
    words = read_words(source, Stretch(start, end, inner, tuple(skipped)), variables)
    return [*words, *extra], aims


_HEREDOC = {
    "<<", "<<-", "heredoc_start", "heredoc_body", "heredoc_end", "file_redirect", "pipeline",
    "list", "command", "redirected_statement", "&&", "||", "|", "|&", ";", "file_descriptor",
}  # fmt: skip


def _word_end(text: bytes, begin: int, node: Node) -> int:
    """Where the word that begins at an offset ends, inside a redirect."""
    inner = {one.start_byte: one.end_byte for one in expansions(node)}
    at, quote = begin, b""
    while at < node.end_byte:
        byte = text[at : at + 1]
        if at in inner and quote != b"'":
            at = inner[at]
            continue
        if byte == b"\\" and quote != b"'":
            at += 2
            continue
        if byte == quote:
            quote = b""
        elif not quote and byte in (b"'", b'"'):
            quote = byte
        elif not quote and byte in (b" ", b"\t", b"\n"):
            break
        at += 1
    return min(at, node.end_byte)


def _value(source: Source, node: Node, value: Node | None, state: State) -> Word:
    end = node.end_byte
    if value is None:
        return known_word("", (source.at.span(end, end),), source.at.part(end, end))
    variables = {name: word for name in state.variables if (word := state.value(name)) is not None}
    span = Stretch(value.start_byte, value.end_byte, tuple(expansions(value)))
    found = read_words(source, span, variables, splits=False)
    if found:
        return found[0]
    return known_word("", (source.span(value),), source.at.part(end, end))


def _kept(one: Assignment, state: State) -> Assignment:
    """An assignment without `export`: it counts in the environment where the variable is there."""
    known = state.variables.get(one.name)
    exported = known is not None and known.when == "always" and known.value is not None
    return one if exported else one._replace(when="if-already-set")


def _assignments(node: Node) -> list[Node]:
    if node.type == "variable_assignment":
        return [node]
    return [child for child in node.children if child.type == "variable_assignment"]


def _ends_line(text: bytes, end: int) -> bool:
    """Whether a line ends right behind an offset."""
    while text[end : end + 1] in (b" ", b"\t"):
        end += 1
    return text[end : end + 1] == b"\n"


def _text(source: Source, node: Node) -> str:
    return source.text[node.start_byte : node.end_byte].decode("utf-8", "replace")
