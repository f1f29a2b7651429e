"""A shell script to the commands it runs: their words, environment, folder, and how reached.

It is read as a POSIX shell runs it (what npm, CI services and the other package managers use),
with `set A=b` of cmd.exe beside it. `commands_of` is the entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from configguard.source.document import Document
from configguard.source.span import Span, chain
from configguard.source.text_map import TextMap
from configguard.syntax.shell_simple import (
    Command,
    Redirect,
    assigned,
    declared,
    simple_command,
    substitutions,
    unset,
    windows_set,
)
from configguard.syntax.shell_state import Assignment, Ends, Folder, State, merged
from configguard.syntax.shell_statements import Part, Pipeline, Statement, statements
from configguard.syntax.shell_words import Source, Word, unknown_word
from configguard.syntax.trees import BadSyntax, first_error

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

__all__ = ["Assignment", "Command", "Folder", "Redirect", "Script", "Word", "commands_of"]

MAX_SCRIPT_BYTES = 64_000
MAX_STEPS = 4_000
"""Words and commands, those of called functions each time: the longest real script has fewer."""
MAX_NESTING = 40


class Script(NamedTuple):
    """The commands of a script, as far as it can be read; `bad` is where that ends, and why."""

    commands: tuple[Command, ...]
    bad: BadSyntax | None = None


def commands_of(
    text: bytes,
    at: TextMap,
    *,
    errexit: bool = False,
    holes: Sequence[tuple[int, int, str]] = (),
    variables: Mapping[str, Assignment] | None = None,
) -> Script:
    """The commands of a script's text (UTF-8); `at` says where it stands in its file.

    `errexit`: the shell was started with -e, as CI services do. `holes`: stretches (start, end,
    reason) that something unknown replaces before the shell reads the text. `variables`: its
    environment, as far as it is set already. Never raises.
    """
    reason = _refused(text)
    if reason is not None:
        return Script((), BadSyntax(at.span(0, len(text)), reason))
    data = bytearray(text)
    for start, end, _ in holes:
        data[start:end] = b"_" * (end - start)
    source = Source(bytes(data), at, tuple(holes))
    root = _parser().parse(source.text).root_node
    nodes, bad = root.children, None
    if root.has_error:
        error, why = first_error(Document(at.file, source.text), root)
        bad = BadSyntax(at.span(error.start_byte, error.end_byte), why)
        # A shell reads line by line: what ends before the broken line has run by then.
        line = _line_start(source.text, error.start_byte)
        nodes = [node for node in nodes if node.end_byte <= line and not node.has_error]
    walk = _Walk(source)
    try:
        walk.sequence(nodes, State(variables=variables or {}, errexit=errexit), 0)
    except _OverBound as over:
        bad = bad or BadSyntax(over.span, str(over))
    return Script(tuple(walk.commands), bad)


def _refused(text: bytes) -> str | None:
    if len(text) > MAX_SCRIPT_BYTES:
        return f"the script is larger than {MAX_SCRIPT_BYTES // 1000} kB"
    if b"\0" in text or b"\r" in text:
        return "a control character stands in the script"
    return None


def _line_start(text: bytes, at: int) -> int:
    """Where the line of an offset begins, with the lines that a backslash joins to it."""
    while True:
        at = text.rfind(b"\n", 0, at)
        if at == -1 or text[at - 1 : at] != b"\\":
            return at + 1


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


class _OverBound(Exception):
    """The script holds more than is followed."""

    def __init__(self, span: Span, reason: str) -> None:
        super().__init__(reason)
        self.span = span


_ASKING = {"test", "[", "which", "type", "hash", "grep"}
"""Their failure is an answer, no fault."""
_ASKS_FOR_CI = re.compile(
    r"(?:\[\[?|test)\s+(?P<not>!\s+)?(?:(?P<test>-n|-z)\s+)?\"?\$(?:CI|\{CI(?::?-)?\})\"?"
    r"(?:\s*(?P<compared>==?|!=)\s*[\"']?true[\"']?)?(?:\s*\]\]?)?"
)
"""CI services that set CI set it to `true`."""
_SOURCING = {".", "source", "eval", "read", "mapfile", "readarray", "getopts"}
"""They set variables in a way that is not followed."""


class _Walk:
    """One script, command by command, in the order in which the shell comes to them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.commands: list[Command] = []
        self._steps = 0

    def sequence(self, nodes: Sequence[Node], state: State | None, depth: int) -> Ends:
        """Run sibling nodes one after another."""
        ends, exits = Ends(state, None), False
        for statement in statements(nodes):
            if state is None:
                break
            if statement.background and not self._is_set(statement):
                self._statement(statement, state, depth, beside=True)
                ends = Ends(state, None)
            else:
                ends = self._statement(statement, state, depth, beside=False)
                exits = exits or ends.exits or ends.stops_at_failure
                state = ends.following(state.level)
        return ends._replace(exits=exits) if state is not None else Ends(None, None, exits=True)

    def _is_set(self, statement: Statement) -> bool:
        """Whether it is `set A=b`, behind which `&` joins commands of cmd.exe."""
        node = statement.pipelines[0].parts[0].node
        return len(statement.pipelines) == 1 and self._name(node).lower() == "set"

    def _statement(self, statement: Statement, state: State, depth: int, beside: bool) -> Ends:
        ends = Ends(state, None)
        for pipeline in statement.pipelines:
            match pipeline.operator:
                case "&&":
                    if ends.success is None:
                        continue
                    start = ends.success.at_least("maybe" if ends.asks else "after-success")
                    new = self._pipeline(pipeline, start, depth, beside)
                    spared = merged(ends.failure, ends.spared, new.spared)
                    asks, exits = ends.asks or new.asks, ends.exits or new.exits
                    ends = Ends(new.success, new.failure, spared, asks, exits)
                case "||":
                    failed = merged(ends.failure, ends.spared)
                    if failed is None:
                        continue
                    new = self._pipeline(pipeline, failed.at_least("maybe"), depth, beside)
                    success, exits = merged(ends.success, new.success), ends.exits or new.exits
                    ends = Ends(success, new.failure, new.spared, exits=exits)
                case _:
                    ends = self._pipeline(pipeline, state, depth, beside)
        return ends

    def _pipeline(self, pipeline: Pipeline, state: State, depth: int, beside: bool) -> Ends:
        if len(pipeline.parts) == 1:
            ends = self._part(pipeline.parts[0], state, depth, beside)
        else:
            for part in pipeline.parts:
                # Each runs in a shell of its own: nothing it sets comes back.
                self._part(part, state, depth, beside=True)
            ends = Ends(state, state)
        if pipeline.negated:
            failed = merged(ends.failure, ends.spared)
            return Ends(failed, None, ends.success, True, ends.exits)
        return ends

    def _part(self, part: Part, state: State, depth: int, beside: bool) -> Ends:
        node = part.node
        self._step(node)
        if depth > MAX_NESTING:
            reason = f"the script is nested deeper than {MAX_NESTING} levels"
            raise _OverBound(self.source.span(node), reason)
        for redirect in part.redirects:
            self._inside(redirect, state, depth)
        first = len(self.commands)
        ends = self._run(part, state, depth)
        if beside:
            self.commands[first:] = [one._replace(beside=True) for one in self.commands[first:]]
        return ends

    def _run(self, part: Part, state: State, depth: int) -> Ends:
        node = part.node
        match node.type:
            case "command":
                return self._command(part, state, depth)
            case "variable_assignment" | "variable_assignments":
                self._inside(node, state, depth)
                after = assigned(self.source, node, state)
                # A bare assignment fails only with the `$(…)` in it.
                return Ends(after, after if any(substitutions(node)) else None)
            case "declaration_command":
                self._inside(node, state, depth)
                return Ends(declared(self.source, node, state), None)
            case "unset_command":
                return Ends(unset(self.source, node, state), None)
            case "subshell":
                self.sequence(node.children, state, depth + 1)
                return Ends(state, state)
            case "compound_statement" | "do_group":
                return self.sequence(node.children, state, depth + 1)
            case "test_command":
                self._inside(node, state, depth)
                return Ends(state, state, asks=True)
            case "if_statement":
                return self._if(node.children, state, depth)
            case "case_statement":
                return self._case(node, state, depth)
            case "function_definition":
                name = node.child_by_field_name("name")
                functions = {**state.functions, self._text(name): node} if name else {}
                return Ends(state._replace(functions=functions), None)
        return self._loop(node, state, depth)

    def _command(self, part: Part, state: State, depth: int) -> Ends:
        self._inside(part.node, state, depth)
        found, state = simple_command(self.source, part, state)
        name = found.name
        self._step(part.node, len(found.words) + len(found.assignments))
        if name is None or not found.words:
            if found.words:
                self.commands.append(found)
            return Ends(state, state)
        if name in state.functions:
            return self._called(state.functions[name], state, depth)
        match name:
            case "cd" | "pushd":
                return Ends(self._entered(found, state), state._replace(strayed=True))
            case "popd":
                folder = Folder(None, "popd is not followed", (found.span,))
                return Ends(state._replace(folder=folder), state)
            case "set" | "SET" | "Set":
                return Ends(self._set(part.node, found, state), None)
            case "true" | ":" | "shift":
                return Ends(state, None)
            case "false":
                return Ends(None, state)
            case "exit" | "return" | "break" | "continue":
                return Ends(None, None, exits=True)
        self.commands.append(found)
        if name == "exec" and len(found.words) > 1:
            return Ends(None, None, exits=True)
        if name in _SOURCING:
            state = state._replace(doubts=chain(state.doubts, (found.span,)))
        return Ends(state, state, asks=name in _ASKING or _looks_up(found))

    def _entered(self, found: Command, state: State) -> State:
        """The state after `cd x`."""
        targets = [word for word in found.words[1:] if word.text not in ("-P", "-L", "--")]
        if len(targets) != 1 or targets[0].fields != "one":
            reason = "it is the home folder" if not targets else "`cd` with several words"
            return state._replace(folder=Folder(None, reason, (found.span,)))
        return state._replace(folder=state.folder.entered(targets[0]))

    def _set(self, node: Node, found: Command, state: State) -> State:
        """The state after `set -e`, or `set A=b` of cmd.exe."""
        for index, word in enumerate(found.words[1:], 1):
            text = word.text or ""
            named = found.words[index + 1].text if index + 1 < len(found.words) else None
            if text[:1] in ("-", "+") and ("e" in text or ("o" in text and named == "errexit")):
                state = state._replace(errexit=text[0] == "-")
        return windows_set(self.source, node, state)

    def _called(self, function: Node, state: State, depth: int) -> Ends:
        """A function of the script is called: its body runs here."""
        body = function.child_by_field_name("body")
        if body is None:
            return Ends(state, state)
        # What its name meant before is gone inside: a function that calls itself ends there.
        functions = {name: one for name, one in state.functions.items() if one != function}
        ends = self.sequence([body], state._replace(functions=functions), depth + 1)
        after = merged(ends.success, ends.failure, ends.spared)
        if after is None and "exit" in self._text(body):
            return Ends(None, None, exits=True)
        after = after or state
        after = after._replace(functions={**state.functions, **after.functions})
        return Ends(after, after)

    def _if(self, nodes: Sequence[Node], state: State, depth: int) -> Ends:
        """`if a; then b; elif c; then d; else e; fi`, or what follows `elif`."""
        asked: list[Node] = []
        body: list[Node] = []
        others: list[Node] = []
        target = asked
        for node in nodes:
            if node.type == "then":
                target = body
            elif node.type in ("elif_clause", "else_clause"):
                others.append(node)
            elif node.type not in ("if", "elif", "fi"):
                target.append(node)
        ends = self.sequence(asked, state, depth + 1)
        in_ci = None if "CI" in state.variables else self._asks_for_ci(asked)
        holds, rest = ends.success, merged(ends.failure, ends.spared)
        if in_ci is not None and state.in_ci is None:
            holds = holds and holds._replace(in_ci=in_ci)
            rest = rest and rest._replace(in_ci=not in_ci)
        results = self._body(body, holds, depth)
        if others and others[0].type == "elif_clause":
            if rest is not None:
                inner = [*others[0].children, *others[1:]]
                rest = rest.at_least("maybe")
                results.append(self._if(inner, rest, depth + 1).following("maybe"))
        elif others:
            results += self._body(others[0].children[1:], rest, depth)
        elif rest is not None:
            results.append(rest)
        return _rejoined(state, [one and one._replace(in_ci=state.in_ci) for one in results])

    def _asks_for_ci(self, asked: Sequence[Node]) -> bool | None:
        """Whether a condition holds exactly where CI is set; False: exactly where it is not."""
        if not asked:
            return None
        text = self.source.text[asked[0].start_byte : asked[-1].end_byte]
        found = _ASKS_FOR_CI.fullmatch(text.decode("utf-8", "replace").strip(" ;\n\t"))
        if found is None or (found["test"] and found["compared"]):
            return None
        turned = [found["test"] == "-z", found["compared"] == "!=", bool(found["not"])]
        return turned.count(True) % 2 == 0

    def _case(self, node: Node, state: State, depth: int) -> Ends:
        """Each branch of a `case` may run, or none."""
        self._inside(node, state, depth, below="case_item")
        results: list[State | None] = [state]
        for item in node.children:
            if item.type == "case_item":
                closing = next(
                    (index for index, one in enumerate(item.children) if one.type == ")"), -1
                )
                results += self._body(item.children[closing + 1 :], state, depth)
        return _rejoined(state, results)

    def _body(self, nodes: Sequence[Node], state: State | None, depth: int) -> list[State | None]:
        """Run what a condition decides about; nothing where it is never reached."""
        if state is None:
            return []
        return [self.sequence(nodes, state.at_least("maybe"), depth + 1).following("maybe")]

    def _loop(self, node: Node, state: State, depth: int) -> Ends:
        """A loop: what it sets may be set already, or never."""
        variable = node.child_by_field_name("variable")
        named = [variable] if variable is not None else []
        for one in [*named, *_assigned_in(node)]:
            origin = (self.source.span(one),)
            name = self._text(one)
            word = unknown_word("a loop of the script sets it", origin)
            known = state.variables.get(name)
            when = known.when if known is not None else "if-already-set"
            state = state.with_variable(Assignment(name, word, origin, when))
            self._step(node)
        asked = [one for one in node.named_children if one.type != "do_group"]
        within: State | None = state
        if node.type == "while_statement":
            ends = self.sequence(asked, state, depth + 1)
            within = merged(ends.success, ends.failure, ends.spared)
        else:
            for one in asked:
                self._inside(one, state, depth)
        body = [one for one in node.children if one.type in ("do_group", "compound_statement")]
        results = [state, within or state, *self._body(body, within, depth)]
        return _rejoined(state, results)

    def _inside(self, node: Node, state: State, depth: int, below: str = "") -> None:
        """Run what stands in `$(…)` inside a node, each in a shell of its own."""
        for child in node.children if below else (node,):
            if child.type != below:
                for one in substitutions(child):
                    self.sequence(one.children, state, depth + 1)

    def _step(self, node: Node, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise _OverBound(self.source.span(node), "the script is too long to be followed")

    def _name(self, node: Node) -> str:
        name = node.child_by_field_name("name") if node.type == "command" else None
        return self._text(name) if name is not None else ""

    def _text(self, node: Node) -> str:
        return self.source.text[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _rejoined(before: State, results: Sequence[State | None]) -> Ends:
    """Where branches meet again: as surely as before, if none of them ends the script."""
    after = merged(*results)
    if after is None:
        return Ends(None, None, exits=True)
    level = before.level if None not in results else "maybe"
    after = after._replace(level=level)
    return Ends(after, after, exits=None in results)


def _looks_up(found: Command) -> bool:
    """Whether it is `command -v x`: an answer, no run."""
    return found.name == "command" and len(found.words) > 1 and found.words[1].start[:1] == "-"


def _assigned_in(node: Node) -> Iterator[Node]:
    """The names of all variables that are assigned somewhere inside a node."""
    pending = [node]
    while pending:
        one = pending.pop()
        name = one.child_by_field_name("name") if one.type == "variable_assignment" else None
        if name is not None:
            yield name
        pending.extend(one.children)
