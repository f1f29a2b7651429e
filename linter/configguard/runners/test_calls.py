"""Calls in test and setup files that say how tests run: where they stand, and what they are given.

A compiled pattern finds the words first, so that most files are never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from configguard.evaluate.in_place import path_to
from configguard.evaluate.scopes import FUNCTIONS
from configguard.resources import table
from configguard.runners.test_names import Callee, Names
from configguard.syntax.trees import Parsed, children

if TYPE_CHECKING:
    from tree_sitter import Node

HOOKS = frozenset(("beforeAll", "beforeEach", "afterAll", "afterEach"))
_SKIPPED = frozenset(("skip", "todo", "fixme"))
_LOOPS = frozenset(("for_statement", "for_in_statement", "while_statement", "do_statement"))
_LOOPING = frozenset(("forEach", "map", "flatMap"))


class Entry(NamedTuple):
    """One kind of call in the runner's table; `number` tells them apart."""

    number: int
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """What a report calls it."""
        return str(self.data["call"])


class Site(NamedTuple):
    """One such call: which, where, and under which conditions it is made.

    `value`: what it is given; None where the call itself says it. `position`: the argument that
    holds it. `place`: file, describe, before-all, before-each, hook, test or function.
    `conditions`: (expression, path to it, the truth it must have). `doubt`: why it may not run.
    """

    entry: Entry
    parsed: Parsed
    call: Node
    path: list[Node]
    value: Node | None
    position: int
    place: str
    conditions: tuple[tuple[Node, list[Node], bool], ...]
    doubt: str | None
    extended: bool

    @property
    def start(self) -> int:
        """Where it stands in its file."""
        return self.call.end_byte


class Calls(NamedTuple):
    """The part of a runner's table that is about calls."""

    words: dict[str, Any]
    entries: tuple[Entry, ...]
    pattern: re.Pattern[bytes]


@cache
def calls_of(runner: str) -> Calls:
    """The calls that a runner's table knows, and the pattern that finds them."""
    words: dict[str, Any] = table(f"runners/calls/{runner}")
    entries = tuple(Entry(index, one) for index, one in enumerate(words["known"]))
    return Calls(words, entries, re.compile("|".join(words["find"]).encode()))


def sites_in(parsed: Parsed, calls: Calls, names: Names) -> list[Site]:
    """The calls of a file that the table knows, in the order of their places."""
    found: dict[tuple[int, int, int], Site] = {}
    for match in calls.pattern.finditer(parsed.document.data):
        start, end = match.span(match.lastindex or 0)
        path = path_to(parsed, start, end)
        for site in _sites_at(parsed, path, calls, names):
            value = -1 if site.value is None else site.value.start_byte
            found.setdefault((site.call.start_byte, site.entry.number, value), site)
    return sorted(found.values(), key=lambda site: site.start)


def _sites_at(parsed: Parsed, path: list[Node], calls: Calls, names: Names) -> Iterator[Site]:
    """What the word at the end of a path is part of."""
    token, depth = path[-1], len(path) - 1
    if token.type == "property_identifier" and path[depth - 1].type == "member_expression":
        yield from _by_member(parsed, path, calls, names)
        return
    given, key = depth, ""
    if path[depth - 1].type == "pair" and path[depth - 2].type == "object":
        given, key = depth - 2, _text(token)
    elif token.type == "shorthand_property_identifier" and path[depth - 1].type == "object":
        given, key = depth - 1, _text(token)
    while not key and given > 2 and path[given - 1].type == "binary_expression":
        given -= 1
    if given < 2 or path[given - 1].type != "arguments":
        return
    call = path[given - 2]
    if call.type != "call_expression":
        return
    position = next(
        (at for at, one in enumerate(_arguments(call)) if one.id == path[given].id), None
    )
    callee = _callee(parsed, path[: given - 1], call, names)
    if callee is None or position is None or _is_skipped(callee):
        return
    for entry in calls.entries:
        if entry.data.get("key", "") != key or not _is_called(entry, callee, calls):
            continue
        if not key and position not in entry.data.get("number", ()):
            continue
        value: Node | None = token if key else path[given]
        if key and path[depth - 1].type == "pair":
            value = path[depth - 1].child_by_field_name("value")
        site = _site(parsed, path[: given - 1], entry, value, position, callee, names)
        if site is not None:
            yield site


def _by_member(parsed: Parsed, path: list[Node], calls: Calls, names: Names) -> Iterator[Site]:
    """A method such as `jest.retryTimes(2)`, or a member such as `test.concurrent`."""
    depth = len(path) - 2
    word = _text(path[-1])
    first = depth
    while first > 0 and path[first - 1].type == "call_expression":
        function = path[first - 1].child_by_field_name("function")
        if function is None or function.id != path[first].id:
            break
        first -= 1
        break
    method = path[first] if path[first].type == "call_expression" else None
    outer = depth
    while outer > 0 and path[outer - 1].type in ("member_expression", "call_expression"):
        holder = path[outer - 1].child_by_field_name("object")
        holder = holder or path[outer - 1].child_by_field_name("function")
        if holder is None or holder.id != path[outer].id:
            break
        outer -= 1
    for entry in calls.entries:
        data = entry.data
        if "method" in data and data["method"][-1] == word and method is not None:
            callee = _callee(parsed, path[: first + 1], method, names)
            if callee is not None and is_method(callee, data["method"]):
                site = _of_method(parsed, path[: first + 1], entry, method, callee, names)
                if site is not None:
                    yield site
        elif data.get("member") == word and path[outer].type == "call_expression":
            callee = _callee(parsed, path[: outer + 1], path[outer], names)
            if callee is None or word not in callee.members or _is_skipped(callee):
                continue
            if _is_called(entry, callee, calls):
                site = _site(parsed, path[: outer + 1], entry, None, 0, callee, names)
                if site is not None:
                    yield site


def is_method(callee: Callee, method: list[str]) -> bool:
    """Whether a call is that of a method; those of `jest` give `jest` again, and can be chained."""
    if callee.root.name == "jest" == method[0]:
        return list(callee.members[-1:]) == method[1:]
    return [callee.root.name, *callee.members] == method


def _of_method(
    parsed: Parsed, path: list[Node], entry: Entry, call: Node, callee: Callee, names: Names
) -> Site | None:
    position = int(entry.data.get("argument", 0))
    given = _arguments(call)
    value = given[position] if position < len(given) else None
    key = entry.data.get("of")
    if key is not None:
        value = _property(value, str(key))
        if value is None:
            return None
    return _site(parsed, path, entry, value, position, callee, names)


def _property(node: Node | None, key: str) -> Node | None:
    """The value that a literal object has for a dotted key."""
    for part in key.split("."):
        if node is None or node.type != "object":
            return None
        found: Node | None = None
        for one in children(node):
            if one.type == "pair" and _text(one.child_by_field_name("key")).strip("'\"") == part:
                found = one.child_by_field_name("value")
            elif one.type == "shorthand_property_identifier" and _text(one) == part:
                found = one
        node = found
    return node


def _site(
    parsed: Parsed,
    path: list[Node],
    entry: Entry,
    value: Node | None,
    position: int,
    callee: Callee,
    names: Names,
) -> Site | None:
    """A call with the place and the conditions that the nodes around it give; None: skipped."""
    place = "file"
    doubt: str | None = None
    conditions: list[tuple[Node, list[Node], bool]] = []
    for depth in range(1, len(path)):
        around, node = path[depth - 1], path[depth]
        if node.type in FUNCTIONS:
            inner = _place_of(parsed, path[: depth + 1], names)
            if inner is None:
                return None
            if inner in ("loop", "function"):
                doubt = "the loop runs" if inner == "loop" else "its function is called"
                if inner == "function" and place in ("file", "describe"):
                    place = _handed_to(parsed, path[: depth + 1], names) or "function"
            elif inner:
                place = inner
        elif around.type in _LOOPS:
            doubt = "the loop runs"
        elif around.type in ("catch_clause", "switch_case", "switch_default"):
            doubt = "this part of the code runs"
        condition = _condition(around, node)
        if condition is not None:
            conditions.append((condition[0], path[:depth], condition[1]))
    return Site(
        entry,
        parsed,
        path[-1],
        path,
        value,
        position,
        place,
        tuple(conditions),
        doubt,
        callee.root.extended,
    )


def _condition(around: Node, node: Node) -> tuple[Node, bool] | None:
    """The condition under which a part of a statement or expression runs."""
    if around.type in ("if_statement", "ternary_expression"):
        condition = around.child_by_field_name("condition")
        if condition is None or condition.id == node.id:
            return None
        consequence = around.child_by_field_name("consequence")
        return condition, consequence is not None and consequence.id == node.id
    if around.type == "binary_expression":
        left, right = around.child_by_field_name("left"), around.child_by_field_name("right")
        operator = around.child_by_field_name("operator")
        if left is None or right is None or operator is None or right.id != node.id:
            return None
        if operator.type in ("&&", "||"):
            return left, operator.type == "&&"
    return None


def _place_of(parsed: Parsed, path: list[Node], names: Names) -> str | None:
    """What a function is for: '' where it runs where it stands; None where it never runs."""
    if len(path) < 3 or path[-2].type != "arguments" or path[-3].type != "call_expression":
        if len(path) > 2 and path[-2].type == "parenthesized_expression":
            called = path[-3].child_by_field_name("function")
            if called is not None and called.id == path[-2].id:
                return ""
        return "function"
    call = path[-3]
    callee = _callee(parsed, path[:-2], call, names)
    if callee is None:
        function = call.child_by_field_name("function")
        name = _text(function.child_by_field_name("property")) if function is not None else ""
        return "loop" if name in _LOOPING else "function"
    first = callee.members[0] if callee.members else ""
    if _is_skipped(callee):
        return None
    name = first if callee.root.name == "test" and first in HOOKS else callee.root.name
    if name in HOOKS:
        return {"beforeAll": "before-all", "beforeEach": "before-each"}.get(name, "hook")
    if name == "describe" or (name == "test" and first == "describe"):
        return "describe"
    if name == "test" and first not in ("extend", "use"):
        return "test"
    return "function"


def _handed_to(parsed: Parsed, path: list[Node], names: Names) -> str | None:
    """The test or hook that is handed what some function makes of the one at the path's end."""
    while len(path) > 4 and path[-2].type == "arguments":
        path = path[:-2]
        if path[-2].type != "arguments":
            break
        inner = _place_of(parsed, path, names)
        if inner not in ("function", "loop", "describe", "", None):
            return inner
    return None


def _callee(parsed: Parsed, path: list[Node], call: Node, names: Names) -> Callee | None:
    function = call.child_by_field_name("function")
    return None if function is None else names.callee(parsed, path, function)


def _is_called(entry: Entry, callee: Callee, calls: Calls) -> bool:
    """Whether a call is one of those that an entry is about, whatever members it goes through."""
    if "of-call" not in entry.data:
        return False
    wanted = entry.data["of-call"]
    name = callee.root.name
    if name == "test" and callee.members[:1] == ("describe",):
        name = "describe"
    if name == "test" and callee.members[:1] and callee.members[0] in HOOKS:
        name = callee.members[0]
    if name == "test" and callee.members[:1] and callee.members[0] in calls.words["no-tests"]:
        return False
    return name in wanted


def _is_skipped(callee: Callee) -> bool:
    return not _SKIPPED.isdisjoint(callee.members)


def _arguments(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    return [] if arguments is None or arguments.type != "arguments" else children(arguments)


def _text(node: Node | None) -> str:
    return "" if node is None else (node.text or b"").decode()
