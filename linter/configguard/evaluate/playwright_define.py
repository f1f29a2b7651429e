"""How Playwright's `defineConfig` joins configs: by version, as its own source does it.

Read in the packages 1.30.0 to 1.65.1 (lib/common/configLoader) and compared with what real ones
resolve. The boundaries: 1.37 takes more than one argument, 1.41 stops making an empty list of
projects, 1.55 joins projects by name instead of replacing them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from configguard.evaluate.merging import joined_sites, set_explored
from configguard.evaluate.operators import truthy
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Builtin,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.source.span import Span

if TYPE_CHECKING:
    from configguard.evaluate.machine import Machine

Version = tuple[int, ...]
VARIADIC: Version = (1, 37)
NO_EMPTY_LIST: Version = (1, 41)
BY_NAME: Version = (1, 55)


def playwright_define(machine: Machine, configs: list[Value], span: Span) -> Value:
    """`defineConfig(base, …overrides)` of the version at hand. Raises Thrown."""
    version = _parsed(machine.version)
    made = configs[0] if configs else Known(UNDEFINED, (span,))
    if version is not None and version < VARIADIC:
        if len(configs) > 1:
            text = f"Playwright {machine.version} takes only the first argument of defineConfig()"
            machine.notice(text, span)
        return made
    for over in configs[1:]:
        made = _joined(machine, made, over, version, span)
        if isinstance(made, Unknown):
            return made
    return made


def _parsed(version: str | None) -> Version | None:
    if version is None:
        return None
    return tuple(int(part) for part in version.split("-")[0].split(".")[:2] if part.isdecimal())


def _joined(
    machine: Machine, base: Value, over: Value, version: Version | None, span: Span
) -> Value:
    """`{...base, ...over}` with the parts that are joined more deeply."""
    left, right = (_spreadable(side, span) for side in (base, over))
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return left if isinstance(left, Unknown) else right
    made = _spread(machine, span, left, right)
    plain = _spread(machine, span, left, right)

    def inner(key: str) -> Entry:
        joined = _spread(machine, span, left.get(key), right.get(key))
        shown = right.entry(key) or left.entry(key)
        return Entry(joined, *((shown.expression, shown.key) if shown else (span,)))

    def projects() -> Entry | None:
        return _projects_entry(machine, left, right, plain, version, span)

    for key in ("expect", "use", "build"):
        set_explored(machine, made, key, partial(inner, key), span)
    servers = partial(_servers, left, right, span)
    set_explored(machine, made, "webServer", lambda: Entry(servers(), span), span)
    set_explored(machine, made, "projects", projects, span)
    return made


def _projects_entry(
    machine: Machine, left: Obj, right: Obj, plain: Obj, version: Version | None, span: Span
) -> Entry | None:
    """What becomes of the projects of both; `plain` is the spread of one over the other."""
    before, after = left.get("projects"), right.get("projects")
    if version is None and not _falsy(before) and "projects" in right.entries:
        why = Unknown("how projects are joined depends on Playwright's version", (span,))
        return Entry(why, span)
    current = version or BY_NAME
    if current >= NO_EMPTY_LIST and _falsy(plain.get("projects")) and _falsy(after):
        return plain.entry("projects")
    first = before if current >= BY_NAME else plain.get("projects")
    joined = _projects(machine, first, after, span)
    places = (side.entry("projects") for side in (plain, right, left))
    shown = next((entry for entry in places if entry is not None), None)
    where = (shown.expression, shown.key, shown.whole, shown.via) if shown else (span,)
    return Entry(joined, *where)


def _spreadable(side: Value, span: Span) -> Obj | Unknown:
    from configguard.evaluate.calls import throw

    match side:
        case Obj():
            return side
        case Known(value=scalar) if scalar is None or scalar is UNDEFINED:
            return throw("defineConfig() reads properties of null or undefined", span)
        case Known(value=scalar) if not isinstance(scalar, str) or not scalar:
            return Obj({}, side.origin)
        case Unknown():
            return Unknown(side.reason, (span, *side.origin))
        case Builtin():
            return Unknown(f"{side.path} is not known", (span, *side.origin))
        case _:
            return Unknown("a part of defineConfig() is no object", (span, *side.origin))


def _spread(machine: Machine, span: Span, *parts: Value) -> Obj:
    from configguard.evaluate.objects import spread

    made = Obj({}, (span,))
    for part in parts:
        spread(machine, made, part, span)
        if isinstance(part, Obj):
            made.sites = joined_sites(made, part)
    return made


def _servers(left: Obj, right: Obj, span: Span) -> Arr:
    """Those of both sides: all of them start."""
    made = Arr([], (span,))
    for side in (left, right):
        value = side.get("webServer")
        if isinstance(value, Arr):
            made.extend(value.items)
            made.more = made.more or value.more
        elif isinstance(value, Unknown):
            made.more = value
        elif not _falsy(value):
            made.extend([value])
    return made


def _projects(machine: Machine, before: Value, over: Value, span: Span) -> Value:
    """Each project with the override of its name; those that are left over come last."""
    from configguard.evaluate.calls import throw

    lists: list[Arr] = []
    for side in (before, over):
        if isinstance(side, Arr):
            lists.append(side)
        elif _falsy(side):
            lists.append(Arr([], (span,)))
        else:
            if isinstance(side, Obj | Func) or (
                isinstance(side, Known) and not isinstance(side.value, str)
            ):
                throw("defineConfig() reads one by one what is no list of projects", span)
            reason = side.reason if isinstance(side, Unknown) else "the projects are no list"
            return Unknown(reason, (span, *side.origin))
    listed, overrides = lists
    if overrides.more is not None and (listed.items or listed.more is not None):
        return Unknown(overrides.more.reason, (span, *overrides.more.origin))
    named: dict[object, Value] = {}
    for project in overrides.items:
        name = _name(project)
        if isinstance(name, Unknown):
            return Unknown(f"the name of a project is not known: {name.reason}", (span,))
        named[name] = project
    made = Arr([], (span,), listed.more or overrides.more)
    for project in listed.items:
        name = _name(project) if named else None
        if isinstance(name, Unknown):
            return Unknown(f"the name of a project is not known: {name.reason}", (span,))
        override = named.pop(name, None) if named else None
        if override is None:
            made.extend([project])
            continue
        joined = _spread(machine, span, project, override)
        sides = (project, override)

        def inner(sides: tuple[Value, Value] = sides) -> Entry:
            return Entry(_spread(machine, span, *(_part(side, "use") for side in sides)), span)

        set_explored(machine, joined, "use", inner, span)
        joined.sites = override.sites if isinstance(override, Obj) else ()
        made.extend([joined])
    made.extend(list(named.values()))
    return made


def _part(project: Value, key: str) -> Value:
    return project.get(key) if isinstance(project, Obj) else Known(UNDEFINED)


def _name(project: Value) -> object:
    """What a Map tells projects apart by; a project that is no object cannot be asked."""
    if not isinstance(project, Obj):
        return Unknown("it is no object")
    name = project.get("name")
    if isinstance(name, Known):
        return (type(name.value), name.value)
    return Unknown(name.reason if isinstance(name, Unknown) else "it is no plain text")


def _falsy(value: Value) -> bool:
    return isinstance(value, Known) and not truthy(value.value)
