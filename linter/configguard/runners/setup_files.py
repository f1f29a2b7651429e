"""Setup files: what they and all that they import call, as far as it can be followed.

A fact that such a call may change is known only where every import leads to a file of the
project, or to a package that is known to make no such call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from configguard.evaluate import files, in_place, packages
from configguard.evaluate.machine import Machine
from configguard.evaluate.scopes import walk
from configguard.evaluate.values import Unknown, Value
from configguard.resources import table
from configguard.runners.overrides import given, row_of
from configguard.runners.test_calls import Calls, calls_of, is_method, sites_in
from configguard.runners.test_names import Names
from configguard.source.span import Origin, Span, chain
from configguard.source.workspace import Unreadable, Workspace, folder_of, join
from configguard.syntax.trees import SCRIPT_SUFFIXES, Parsed, children, parse_tests

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_SETUP_FILES = 100
"""A setup file that leads to more files is not followed to its end."""
_LOADING = re.compile(rb"\b(?:require|import|export|requireActual|requireMock)\b")
_NO_CODE = (".json", ".css", ".scss", ".sass", ".less", ".svg", ".png", ".jpg", ".gif", ".d.ts")


class Setup(NamedTuple):
    """A setup file as it is named: its path below the root, or the package that it is."""

    file: str | None
    name: str
    at: Origin


class Given(NamedTuple):
    """What the last call that counts is given, and where."""

    value: Value
    at: Origin


class Lost(NamedTuple):
    """Something that may hold a call and is not read. `package`: it is somebody else's."""

    reason: str
    place: Span
    package: bool


class _Read(NamedTuple):
    """A setup file and what it imports, in the order in which they run."""

    files: tuple[Parsed, ...]
    lost: tuple[Lost, ...]


_known: WeakKeyDictionary[Workspace, dict[str, _Read]] = WeakKeyDictionary()


def last_call(
    machine: Machine, runner: str, version: str, setups: Sequence[Setup], call: str, words: str
) -> tuple[Given | Unknown | None, tuple[Lost, ...]]:
    """The last call of a name in some setup files (None: there is none), and what is not read.

    `words`: what a file with such a call has in it. Raises Fork, Thrown.
    """
    calls = calls_of(runner)
    names = Names(machine, calls.words)
    pattern = re.compile(words.encode())
    found: Given | Unknown | None = None
    lost: list[Lost] = []
    for setup in setups:
        if setup.file is None:
            if not harmless(setup.name):
                place = setup.at[-1]
                lost.append(Lost(f"{setup.name!r} is not read", place, True))
                found = None
            continue
        read = _read(machine, setup.file)
        machine.searched.update(parsed.document.file for parsed in read.files)
        if read.lost:
            lost += read.lost
            found = None
        for parsed in read.files:
            if pattern.search(parsed.document.data) is None:
                continue
            told = _last_in(machine, parsed, calls, names, version, call, pattern)
            if told is None:
                continue
            own = parsed is read.files[-1]
            found = told if own else _of_import(read, parsed, told)
            if own and isinstance(found, Given):
                # It runs after all that its file imports, whatever that does.
                lost.clear()
    return found, tuple(lost)


def _of_import(read: _Read, parsed: Parsed, told: Given | Unknown) -> Given | Unknown:
    """A call in an imported file counts where it is plain that the import runs."""
    if isinstance(told, Unknown):
        return told
    first = read.files[-1]
    here = parsed.document.file
    if any(top and _resolved(first, specifier, here) for specifier, _, top in _loads(first)):
        return told
    return Unknown(f"whether {here} runs is not followed", told.at)


def _resolved(importer: Parsed, specifier: str, file: str) -> bool:
    """Whether a relative specifier plainly names a file."""
    if not files.is_relative(specifier):
        return False
    base = join(folder_of(importer.document.file), specifier)
    return file == base or file.rsplit(".", 1)[0] == base or file in files.candidates(base, "a.ts")


def _last_in(
    machine: Machine,
    parsed: Parsed,
    calls: Calls,
    names: Names,
    version: str,
    call: str,
    pattern: re.Pattern[bytes],
) -> Given | Unknown | None:
    """The last call in one file; Unknown where its words stand in a way that is not followed."""
    sites = [site for site in sites_in(parsed, calls, names) if site.entry.name == call]
    found: Given | Unknown | None = None
    for site in sites:
        place = parsed.span(site.call)
        if site.place in ("before-all", "before-each", "hook", "test"):
            if row_of(site, version).of(site) is None:
                continue
            found = Unknown(f"{call} is called in a hook", (place,))
        elif site.place != "file" or site.doubt is not None:
            found = Unknown(f"whether {call} is called here is not followed", (place,))
        else:
            value = given(machine, site)
            if value is not None:
                at = parsed.span(site.value) if site.value is not None else place
                found = Given(value, chain((at,), value.origin))
    covered = [(site.call.start_byte, site.call.end_byte) for site in sites]
    for match in pattern.finditer(parsed.document.data):
        start, end = match.span()
        if any(first <= start and end <= last for first, last in covered):
            continue
        path = in_place.path_to(parsed, start, end)
        if path[-1].type == "comment" or _is_other(parsed, path, calls, names, call):
            continue
        reason = f"{parsed.text(path[-1])} stands here in a way that is not followed"
        return Unknown(reason, (parsed.span(path[-1]),))
    return found


def _is_other(parsed: Parsed, path: list[Node], calls: Calls, names: Names, call: str) -> bool:
    """Whether a word plainly belongs to something else: text, a timer, other settings."""
    token, around = path[-1], path[-2] if len(path) > 1 else None
    method = next(one.data["method"] for one in calls.entries if one.name == call)
    word = str(method[-1])
    if word not in parsed.text(token):
        return False  # jest's own symbol of it
    if token.type == "string_fragment":
        return around is None or len(path) < 3 or path[-3].type != "subscript_expression"
    if around is None or around.type != "member_expression":
        # A bare `setTimeout(…)` is the timer, unless `jest` is taken apart in this file.
        bare = token.type == "identifier" and word == "setTimeout"
        return bare and not re.search(
            rb"\}\s*=\s*jest\b|\bsetTimeout\s*[,}][^;]*=\s*jest\b", parsed.document.data
        )
    holder = around.child_by_field_name("object")
    if holder is not None and parsed.text(holder) in ("window", "global", "globalThis", "self"):
        return word == "setTimeout"
    for depth in range(len(path) - 2, 0, -1):
        node = path[depth]
        if node.type == "call_expression":
            function = node.child_by_field_name("function")
            callee = None if function is None else names.callee(parsed, path[:depth], function)
            if callee is None or not is_method(callee, method):
                return False
            return "of" in next(one.data for one in calls.entries if one.name == call) and (
                _is_plain_object(node)
            )
    return False


def _is_plain_object(call: Node) -> bool:
    """Whether a call is handed one object literal, in which all keys are plain."""
    arguments = call.child_by_field_name("arguments")
    given_ = [] if arguments is None else children(arguments)
    return (
        len(given_) == 1
        and given_[0].type == "object"
        and all(
            one.type in ("pair", "shorthand_property_identifier")
            and (one.type != "pair" or _key_type(one) != "computed_property_name")
            for one in children(given_[0])
        )
    )


def _key_type(pair: Node) -> str:
    key = pair.child_by_field_name("key")
    return "" if key is None else key.type


def harmless(specifier: str) -> bool:
    """Whether a package is known to change no timeouts and no retries when it is imported."""
    data = table("runners/calls/harmless")
    if specifier.startswith("node:"):
        return True
    parts = specifier.split("/")
    name = "/".join(parts[: 2 if specifier.startswith("@") else 1])
    return name in data["packages"] or name in data["node"]


def _read(machine: Machine, file: str) -> _Read:
    memory = _known.setdefault(machine.workspace, {})
    if file not in memory:
        done: dict[str, Parsed] = {}
        lost: list[Lost] = []
        _follow(machine, file, Span(file, 0, 0), done, lost, set())
        memory[file] = _Read(tuple(done.values()), tuple(lost))
    return memory[file]


def _follow(
    machine: Machine,
    file: str,
    place: Span,
    done: dict[str, Parsed],
    lost: list[Lost],
    seen: set[str],
) -> None:
    """Add a file behind all that it imports. Recursive no deeper than the bound on files."""
    if file in seen or file.endswith(_NO_CODE):
        return
    if len(seen) >= MAX_SETUP_FILES:
        lost.append(Lost(f"more than {MAX_SETUP_FILES} files are imported", place, False))
        return
    seen.add(file)
    document = machine.workspace.read(file)
    if isinstance(document, Unreadable):
        lost.append(Lost(f"{file} cannot be read: {document.reason}", place, False))
        return
    if not file.endswith(SCRIPT_SUFFIXES):
        lost.append(Lost(f"{file} is no script that is read", place, False))
        return
    parsed = parse_tests(document)
    if not isinstance(parsed, Parsed):
        lost.append(Lost(f"{file} has a syntax error", parsed.span, False))
        return
    for specifier, node, _ in _loads(parsed):
        at = parsed.span(node)
        target = _target(machine, file, specifier)
        if target is not None:
            _follow(machine, target, at, done, lost, seen)
        elif not specifier:
            lost.append(Lost("what is imported here is not known", at, False))
        elif files.is_relative(specifier):
            if not specifier.endswith(_NO_CODE):
                lost.append(Lost(f"the import {specifier!r} is missing", at, False))
        elif not harmless(specifier):
            lost.append(Lost(f"the package {specifier!r} is not read", at, True))
    done[file] = parsed


def _target(machine: Machine, importer: str, specifier: str) -> str | None:
    if files.is_relative(specifier):
        return files.resolve_specifier(machine, importer, specifier)
    if not specifier or specifier.startswith(("/", "node:")):
        return None
    if specifier.startswith("#"):
        return packages.internal_file(machine, importer, specifier)
    return packages.own_file(machine, importer, specifier, required=False)


def _loads(parsed: Parsed) -> Iterator[tuple[str, Node, bool]]:
    """(specifier, place, whether it surely runs) of what a file loads; '' is not known."""
    for node in children(parsed.root):
        if node.type in ("import_statement", "export_statement"):
            specifier = in_place.specifier_of(node)
            types_only = any(child.type == "type" for child in node.children)
            if specifier is not None and not types_only:
                yield specifier, node, True
            clause = next((one for one in children(node) if "require_clause" in one.type), None)
            if clause is not None:
                yield in_place.specifier_of(clause) or "", node, True
    if _LOADING.search(parsed.document.data) is None:
        return
    top = {
        statement.id: statement
        for statement in children(parsed.root)
        if statement.type in ("expression_statement", "lexical_declaration", "variable_declaration")
    }
    for node in walk(parsed.root):
        if node.type != "call_expression":
            continue
        function = node.child_by_field_name("function")
        if function is None or not _is_loading(parsed, function):
            continue
        arguments = node.child_by_field_name("arguments")
        given_ = [] if arguments is None else children(arguments)
        plain = bool(given_) and given_[0].type in ("string", "template_string")
        text = parsed.text(given_[0])[1:-1] if plain else ""
        if "${" in text:
            text = ""
        path = in_place.path_to(parsed, node.start_byte, node.start_byte)
        surely = (
            len(path) > 1
            and path[1].id in top
            and not any(one.type.endswith(("function", "method_definition")) for one in path)
        )
        yield text, node, surely


def _is_loading(parsed: Parsed, function: Node) -> bool:
    if function.type == "import":
        return True
    if function.type == "identifier":
        return parsed.text(function) == "require"
    if function.type == "member_expression":
        word = parsed.text(function.child_by_field_name("property") or function)
        return word in ("requireActual", "requireMock", "importActual", "importMock")
    return False
