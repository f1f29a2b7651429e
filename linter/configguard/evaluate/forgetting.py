"""Code that is not followed: what it may change is unknown from then on.

`lasting`: it may run at any moment from now on (a callback, a generator, an async function that
nobody waits for), so what it may change stays unknown whatever is assigned to it later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate import known_calls
from configguard.evaluate.completions import Completion, Unsure
from configguard.evaluate.machine import NODES_PER_STEP, Machine, Thrown
from configguard.evaluate.readings import reading
from configguard.evaluate.scopes import (
    MUTATORS,
    Cell,
    Scope,
    own_names,
    walk_own,
)
from configguard.evaluate.values import (
    Arr,
    Builtin,
    Choice,
    Entry,
    Func,
    Obj,
    Promised,
    Unknown,
    Value,
)
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = ("for_statement", "for_in_statement", "while_statement", "do_statement")
_WRAPPERS = (
    "member_expression",
    "subscript_expression",
    "non_null_expression",
    "parenthesized_expression",
    "as_expression",
    "satisfies_expression",
)
_FUNCTIONS = ("arrow_function", "function_expression", "function_declaration", "method_definition")


def forget_changes(
    machine: Machine, node: Node, scope: Scope, what: str, *, lasting: bool = False
) -> Completion:
    """A piece of code that is not followed: whatever it may change is unknown from here on."""
    why = Unknown(f"{what} may change it", (scope.parsed.span(node),))
    machine.unsure += 1  # it may throw as well
    _Forgetter(machine, why, lasting).code(node, scope)
    returns, jumps = leaves([node])
    if returns or jumps:
        unknown = Unknown(f"{what} may return here", why.origin)
        return Unsure(why, unknown if returns else None)
    return None


def leaves(nodes: list[Node]) -> tuple[bool, bool]:
    """Whether statements may return from their function, and whether they may jump out."""
    returns = jumps = False
    for node in nodes:
        for found in walk_own(node):
            if found.type == "return_statement":
                returns = True
            elif found.type in ("break_statement", "continue_statement"):
                jumps = jumps or not _stays_inside(found, node)
    return returns, jumps


def _stays_inside(jump: Node, top: Node) -> bool:
    """Whether a jump stays inside of a statement."""
    stops = (*_LOOPS, "switch_statement") if jump.type == "break_statement" else _LOOPS
    label = children(jump)[0].text if children(jump) else None
    node: Node | None = jump
    while node is not None:
        if label is None and node.type in stops:
            return True
        if node.type == "labeled_statement" and children(node)[0].text == label:
            return True
        if node.id == top.id:
            return False
        node = node.parent
    return False


def forget_function(machine: Machine, function: Func, what: str) -> None:
    """A function that runs some time, or not, unfollowed."""
    span = function.parsed.span(function.node)
    why = Unknown(f"{what} may change it", (span,))
    _Forgetter(machine, why, lasting=True).function(function)


def forget_handed(
    machine: Machine, node: Node, arguments: list[Value], receiver: Value | None, scope: Scope
) -> None:
    """A call that is not followed: it may run each function that it is handed, at any time.

    What else it is handed is left alone (docs/what-is-understood.md says so), but for calls that
    say in their name that they change it.
    """
    span = scope.parsed.span(node)
    function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    text = "" if function is None else scope.parsed.text(function)
    name = text.rpartition(".")[2]
    why = Unknown(f"{text[:60]}() may change it", (span,))
    forgetter = _Forgetter(machine, why, lasting=True)
    for argument in arguments:
        forgetter.functions_in(argument)
    if name in _CHANGING and arguments:
        clobber_deeply(machine, arguments[0], why)
    if isinstance(receiver, Obj | Arr | Func):
        forgetter.functions_in(receiver)
    for argument in arguments:
        if isinstance(argument, Builtin) and argument.path == "process.env":
            machine.forget_variables(f"{text}()", span)


_CHANGING = MUTATORS | {
    *("assign", "merge", "mergeWith", "extend", "defaults", "defaultsDeep", "defineProperty"),
    *("defineProperties", "setPrototypeOf", "setWith", "unset", "update", "mutate"),
}


def clobber_deeply(machine: Machine, value: Value, why: Unknown, *, lasting: bool = False) -> None:
    """Nothing is known any more of a structure, nor of those inside it."""
    _Forgetter(machine, why, lasting).value(value)


def forget_everything(machine: Machine, node: Node, scope: Scope, what: str) -> None:
    """Code that nobody can read runs here."""
    why = Unknown(f"{what} may change it", (scope.parsed.span(node),))
    _Forgetter(machine, why, lasting=True).everything(scope)


def clobber_handed(machine: Machine, value: Obj | Arr, why: Unknown) -> None:
    """A structure that unfollowed code is given and changes; what functions it holds may run."""
    machine.writes(value.born)
    machine.unsure += 1
    _Forgetter(machine, why, lasting=True).functions_in(value)
    value.clobber(why)


class _Forgetter:
    """One act of forgetting: each function, name and structure once."""

    def __init__(self, machine: Machine, why: Unknown, lasting: bool) -> None:
        self.machine = machine
        self.why = why
        self.lasting = lasting
        self._seen: set[int] = set()

    def code(self, node: Node, scope: Scope, own: frozenset[str] = frozenset()) -> None:
        """All that a piece of code may change; `own` names are its own."""
        self.machine.step(node.descendant_count // NODES_PER_STEP)
        read = reading(scope.parsed, node)
        for name in read.written:
            if name not in own:
                self._name(name, scope)
        mentioned = [name for name in read.mentioned if name not in own]
        if any(name in own or name in read.declared for name in read.written):
            # What it binds itself may stand for anything that it mentions.
            for name in mentioned:
                self._reached(name, scope)
        for call in read.calls:
            self._call(call, scope, own)
        if read.may_run_code:
            for name in mentioned:
                cell = scope.find(name)
                if cell is not None:
                    self.functions_in(*_held_by(cell))
        if read.uses_this:
            cell = scope.find("this")
            if cell is not None:
                for value in _held_by(cell):
                    self.value(value)

    def everything(self, scope: Scope) -> None:
        """Any name that can be seen from here may be changed."""
        holder: Scope | None = scope
        while holder is not None:
            for name in list(holder.cells):
                self._name(name, holder)
            holder = holder.parent
        self._variables()

    def function(self, function: Func) -> None:
        """All that a function's body may change."""
        if id(function.node) in self._seen:
            return
        self._seen.add(id(function.node))
        self._keep = [*getattr(self, "_keep", []), function]
        self.code(function.node, function.scope, own_names(function.node))

    def functions_in(self, *values: Value) -> None:
        """Every function that can be reached from values may run."""
        pending = list(values)
        seen = set[int]()
        while pending:
            value = pending.pop()
            if id(value) in seen or len(seen) > 2_000:
                continue
            seen.add(id(value))
            match value:
                case Func(kind=None):
                    self.function(value)
                case Func(kind=kind) if kind is not None:
                    for one in (*kind.methods.values(), *kind.getters.values()):
                        self.function(one)
                    pending.append(kind.statics)
                case Obj() | Arr() | Promised():
                    pending += _parts(value)
                    if isinstance(value, Obj) and value.kind is not None:
                        pending += [*value.kind.methods.values(), *value.kind.getters.values()]

    def value(self, value: Value) -> None:
        """Nothing is known any more of a structure, nor of those inside it."""
        pending, seen = [value], set[int]()
        while pending:
            one = pending.pop()
            if isinstance(one, Func) and one.kind is not None:
                pending.append(one.kind.statics)
            if id(one) in seen or not isinstance(one, Obj | Arr):
                continue
            seen.add(id(one))
            pending += _parts(one)
            if one.frozen:
                continue
            self.machine.writes(one.born)
            one.clobber(self.why)
            one.lasting = one.lasting or self.lasting

    def _name(self, name: str, scope: Scope) -> None:
        """A name may be bound to something else, and what it held be changed."""
        cell = scope.find(name)
        if cell is None:
            if name in ("process", "env", "global", "globalThis"):
                self._variables()
            return
        for value in _held_by(cell):
            self.value(value)
            if isinstance(value, Builtin) and value.path.startswith("process"):
                self._variables()
        if not cell.constant or cell.source is None:
            self.machine.writes(cell.born)
            cell.source = self.why
            cell.lasting = cell.lasting or self.lasting

    def _reached(self, name: str, scope: Scope) -> None:
        cell = scope.find(name)
        if cell is not None:
            for value in _held_by(cell):
                self.value(value)

    def _variables(self) -> None:
        what = self.why.reason.removesuffix(" may change it")
        self.machine.forget_variables(what, self.why.origin[0])
        self.machine.lasting_variables = self.machine.lasting_variables or self.lasting

    def _call(self, call: Node, scope: Scope, own: frozenset[str]) -> None:
        self.machine.step(call.descendant_count // NODES_PER_STEP)
        function = call.child_by_field_name("function")
        if function is not None and known_calls.harmless(scope.parsed.text(function)):
            return
        if function is not None and function.type in ("member_expression", "subscript_expression"):
            holder = function.child_by_field_name("object")
            if holder is not None:
                self._root(holder, scope, own)
        arguments = call.child_by_field_name("arguments")
        for argument in [] if arguments is None else children(arguments):
            if argument.type == "spread_element":
                argument = children(argument)[0]
            if argument.type not in _FUNCTIONS:
                for found in walk_own(argument):
                    if found.type in ("identifier", "shorthand_property_identifier"):
                        self._root(found, scope, own)

    def _root(self, node: Node, scope: Scope, own: frozenset[str]) -> None:
        """The object that an expression names may be changed, and all that it leads to."""
        while node.type in _WRAPPERS:
            inner = node.child_by_field_name("object") or next(iter(children(node)), None)
            if inner is None:
                return
            node = inner
        if node.type not in ("identifier", "shorthand_property_identifier"):
            return
        name = scope.parsed.text(node)
        if name in own:
            return
        if scope.find(name) is None and name in ("process", "globalThis", "global"):
            self._variables()
        self._reached(name, scope)


def _held_by(cell: Cell) -> list[Value]:
    source = cell.source
    if callable(source):
        try:
            source = source()  # an imported name
        except Thrown:
            return []
    if source is None:
        return []
    return [case.answer for case in source.cases] if isinstance(source, Choice) else [source]


def _parts(value: Value) -> list[Value]:
    match value:
        case Arr(items=items):
            return items
        case Promised(value=inner):
            return [inner]
        case Obj():
            found: list[Value] = []
            for held in value.entries.values():
                entries = (
                    [case.answer for case in held.cases] if isinstance(held, Choice) else [held]
                )
                for entry in entries:
                    found += _of_entry(entry)
            return found
        case _:
            return []


def _of_entry(entry: Entry | None) -> list[Value]:
    if entry is None or callable(entry.source):
        return []
    source = entry.source
    return [case.answer for case in source.cases] if isinstance(source, Choice) else [source]
