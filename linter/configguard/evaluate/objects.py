"""Object literals: keys, accessors, spreads; the order in which keys are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configguard.evaluate import (
    calls,
    expressions,
    operators,
    plugins,
)
from configguard.evaluate import numbers as js
from configguard.evaluate.machine import ENTRIES_PER_STEP, Machine
from configguard.evaluate.scopes import Scope
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Choice,
    Entry,
    EnvString,
    Func,
    Held,
    Known,
    Obj,
    PlatformName,
    Unknown,
    Value,
)
from configguard.source.span import Span, chain
from configguard.syntax.trees import children

if TYPE_CHECKING:
    from tree_sitter import Node


def property_name(machine: Machine, node: Node, scope: Scope) -> str | Unknown:
    """The name of a property as an object literal, member or pattern writes it."""
    match node.type:
        case "property_identifier" | "shorthand_property_identifier" | "identifier":
            return scope.parsed.text(node)
        case "string":
            return expressions.string_value(machine, node, scope)
        case "number":
            value = js.literal(scope.parsed.text(node))
            return js.to_text(value) if value is not None else Unknown("a BigInt key")
        case "computed_property_name":
            return operators.to_text(expressions.evaluate(machine, children(node)[0], scope))
        case _:
            return Unknown(f"a {node.type.replace('_', ' ')} as a key is not evaluated")


def literal(machine: Machine, node: Node, scope: Scope) -> Value:
    span = scope.parsed.span(node)
    made = Obj({}, (span,), sites=(span,))
    for child in children(node):
        if child.type == "spread_element":
            where = scope.parsed.span(child)
            spread(machine, made, expressions.evaluate(machine, children(child)[0], scope), where)
            continue
        key_node = child.child_by_field_name("key") or child.child_by_field_name("name") or child
        name = property_name(machine, key_node, scope)
        if isinstance(name, Unknown):
            value = child.child_by_field_name("value")
            if value is not None:
                expressions.evaluate(machine, value, scope)
            made.clobber(Unknown(f"a computed key may be this one: {name.reason}", (span,)))
            continue
        if (
            name == "__proto__"
            and child.type == "pair"
            and key_node.type != "computed_property_name"
        ):
            expressions.evaluate(machine, expressions.field(child, "value"), scope)
            made.more = Unknown("its prototype is not evaluated", (span,))
            continue
        whole, key = scope.parsed.span(child), scope.parsed.span(key_node)
        _set_property(machine, made, name, child, scope, (key, whole))
    return made


def _set_property(
    machine: Machine, made: Obj, name: str, node: Node, scope: Scope, places: tuple[Span, Span]
) -> None:
    """One property of an object literal that is no spread."""
    key, whole = places
    span = whole
    if node.type == "pair":
        value = expressions.field(node, "value")
        where = scope.parsed.span(value)
        if plugins.is_left_out(name, value, scope):
            machine.assume(plugins.ASSUMED, key)
            made.set(name, Entry(Unknown("plugins are not run", (where,)), where, key, whole))
            return
        made.set(name, Entry(expressions.later(machine, value, scope), where, key, whole))
    elif node.type == "method_definition":
        function = Func(node, scope, scope.parsed, (span,))
        words = {child.type for child in node.children}
        before = made.entry(name)
        if "get" in words:
            read = lambda: calls.call_function(machine, function, [], span, this=made)  # noqa: E731
            made.entries[name] = _accessor(read, before, (span, key, whole))
        elif "set" in words:
            made.entries[name] = _accessor(before, function, (span, key, whole))
        else:
            made.set(name, Entry(function, span, key, whole))
    else:
        made.set(name, Entry(expressions.later(machine, node, scope), span, key, whole))


def _accessor(
    read: Held | Entry | None, write: Func | Entry | None, places: tuple[Span, Span, Span]
) -> Entry:
    """A property that is read and written by functions; the other one stays from before."""
    if not callable(read):
        plain = lambda: Known(UNDEFINED)  # noqa: E731
        read = read.source if read is not None and callable(read.source) else plain
    if not isinstance(write, Func):
        write = write.setter if write is not None else None
    made = Entry(read, *places)
    made.setter = write
    return made


def spread(
    machine: Machine,
    target: Obj,
    value: Value,
    span: Span,
    without: frozenset[str] = frozenset(),
) -> None:
    """`...value` inside an object literal: later keys win."""
    match value:
        case Obj():
            if value.more is not None:
                # Whatever it holds beyond what is known may replace what stands before it.
                target.clobber(value.more)
            machine.step(len(value.entries) // ENTRIES_PER_STEP)
            for key in ordered(value.entries):
                if key not in without:
                    _copy_entry(machine, target, value, key, span)
        case Unknown():
            target.clobber(Unknown(value.reason, chain((span,), value.origin)))
        case Builtin(path="process.env"):
            target.clobber(Unknown("the whole environment is spread into it", (span,)))
        case Builtin():
            target.clobber(Unknown(f"{value.path} is not evaluated", (span,)))
        case Arr(items=items, more=more):
            if more is not None:
                target.clobber(Unknown("an array is spread into an object", (span,)))
            for index, item in enumerate(items):
                target.set(str(index), Entry(item, (item.origin or (span,))[0], via=(span,)))
        case EnvString() | PlatformName():
            target.clobber(Unknown("a text is spread into an object", (span,)))
        case Func(kind=kind) if kind is not None:
            spread(machine, target, kind.statics, span, without)
        case _:
            # Spreading null, undefined, a number, a boolean, a function, or a promise adds nothing.
            if isinstance(value, Known) and isinstance(value.value, str) and value.value:
                target.clobber(Unknown("a text is spread into an object", (span,)))


def ordered(entries: dict[str, Entry | Choice[Entry | None]]) -> list[str]:
    """Keys as JavaScript lists them: whole numbers in order, then the others as added."""
    numeric = [key for key in entries if is_index(key)]
    if not numeric:
        return list(entries)
    return sorted(numeric, key=int) + [key for key in entries if not is_index(key)]


def is_index(key: str) -> bool:
    """Whether a key counts as a whole number, which come first."""
    return key.isascii() and key.isdecimal() and str(int(key)) == key and int(key) < 2**32 - 1


def _copy_entry(machine: Machine, target: Obj, value: Obj, key: str, span: Span) -> None:
    held = value.entries[key]
    if isinstance(held, Choice):
        below = target.entries.get(key)

        def chosen() -> Entry | None:
            entry = value_of(held)
            if entry is not None:
                return entry.through(span)
            return value_of(below) if below is not None else None

        joined = machine.explored(chosen, lambda why: Entry(why, span))
        if joined is not None:
            target.set(key, joined)
        return
    if held.is_getter:
        read = machine.explored(lambda: held.value, lambda why: why)
        target.set(key, Entry(read, held.expression, held.key, held.whole, (*held.via, span)))
        return
    target.set(key, held.through(span))


def value_of(entry: Entry | Choice[Entry | None]) -> Entry | None:
    """An entry in this world."""
    return entry.now() if isinstance(entry, Choice) else entry
