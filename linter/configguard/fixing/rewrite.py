"""One setting changed in a suite's own file: the edits that would do it, the smallest first."""

from __future__ import annotations

from collections.abc import Iterator

from configguard.evaluate.values import Entry, Obj, Value
from configguard.fixing.objects import add_property, node_at, remove_property
from configguard.fixing.style import number_text
from configguard.fixing.values import value_edits
from configguard.runners.settings import Settings
from configguard.runners.spelling import literal
from configguard.source.edits import Edit
from configguard.source.span import Span
from configguard.syntax.trees import Parsed

_NAMES = ("identifier", "member_expression", "call_expression")


def set_setting(
    parsed: Parsed, settings: Settings, setting: str, value: bool | float, *, add: bool = True
) -> Iterator[Edit]:
    """Edits of a file that may give a setting a value: first where it stands already.

    `add`: also write it where it does not stand.
    """
    file, text = parsed.document.file, number_text(parsed, literal(value))
    reading = settings.written(setting)
    if reading is not None and reading.entry is not None:
        for edit in value_edits(parsed, reading.at, text):
            yield _spelled(parsed, edit, setting)
    unset = settings.undefined_entry(setting)
    if unset is not None and unset.expression.file == file:
        # `CI ? 1 : undefined` becomes `1`, if that changes nothing where it was set.
        yield _spelled(parsed, Edit(unset.expression, text), setting)
        branch = unset.value.origin[-1] if unset.value.origin else unset.expression
        if branch.file == file and node_at(parsed, branch, "undefined") is not None:
            yield Edit(branch, text)
    if add:
        yield from _added(parsed, settings, setting, text)


def stands_in(parsed: Parsed, settings: Settings, setting: str) -> bool:
    """Whether a setting is written in this file, as a value or as undefined."""
    reading = settings.written(setting)
    entry = reading.entry if reading is not None else settings.undefined_entry(setting)
    return entry is not None and entry.expression.file == parsed.document.file


def remove_setting(parsed: Parsed, settings: Settings, setting: str) -> Edit | None:
    """The edit that takes a setting out; None where it does not stand in the suite's own file."""
    reading = settings.written(setting)
    if reading is None or reading.entry is None:
        return None
    whole = reading.entry.whole
    if whole.file != parsed.document.file:
        return None
    member = node_at(parsed, whole, "pair", "shorthand_property_identifier", "method_definition")
    return None if member is None else remove_property(parsed, member, frozenset({"test"}))


def move_setting(parsed: Parsed, settings: Settings, old: str, new: str) -> list[Edit]:
    """The edits that give a setting another name, or another place in the file; none: not here."""
    reading, taken = settings.written(old), settings.written(new)
    entry = reading.entry if reading is not None else None
    if entry is None or entry.whole.file != parsed.document.file:
        return []
    if taken is not None and taken.entry is not None:
        return []
    member = node_at(parsed, entry.whole, "pair", "shorthand_property_identifier")
    if member is None:
        return []
    place, _, name = new.rpartition(".")
    if old.rpartition(".")[0] == place:
        if member.type != "pair":
            return [Edit(entry.whole, f"{name}: {parsed.text(member)}")]
        key = member.child_by_field_name("key")
        assert key is not None  # a pair has one
        quote = parsed.text(key)[:1] if key.type == "string" else ""
        at = Span(parsed.document.file, key.start_byte, key.end_byte)
        return [Edit(at, f"{quote}{name}{quote}")]
    value = member.child_by_field_name("value") or member
    added = next(_added(parsed, settings, new, parsed.text(value)), None)
    removed = remove_property(parsed, member, frozenset({"test"}))
    if added is None or not (
        added.span.end <= removed.span.start or removed.span.end <= added.span.start
    ):
        return []
    return [added, removed]


def _spelled(parsed: Parsed, edit: Edit, setting: str) -> Edit:
    """An edit of a value; of a property that is a name alone, the name stays its key."""
    if node_at(parsed, edit.span, "shorthand_property_identifier") is None:
        return edit
    return Edit(edit.span, f"{setting.split('.')[-1]}: {edit.text}")


def _added(parsed: Parsed, settings: Settings, setting: str, text: str) -> Iterator[Edit]:
    """A property added to the innermost object of the file that can hold it."""
    file, keys = parsed.document.file, setting.split(".")
    if file.endswith(".json"):
        keys = [f'"{key}"' for key in keys]
    objects: list[Value] = [settings.value]
    for key in setting.split(".")[:-1]:
        holder = objects[-1]
        entry = holder.entry(key) if isinstance(holder, Obj) else None
        if entry is None:
            break
        objects.append(entry.value)
    for depth in range(len(objects) - 1, -1, -1):
        holder = objects[depth]
        if not isinstance(holder, Obj):
            continue
        rest = keys[depth:]
        entry = holder.entry(rest[0].strip('"')) if len(rest) > 1 else None
        if entry is not None and entry.expression.file == file:
            name = node_at(parsed, entry.expression, *_NAMES)
            if name is not None:
                # `test: common.test` becomes `test: { ...common.test, retry: 1 }`.
                inner = f"{{ ...{parsed.text(name)}, {_nested(rest[1:], text)} }}"
                yield Edit(entry.expression, inner)
        for site in reversed(holder.sites):
            node = node_at(parsed, site, "object") if site.file == file else None
            if node is not None:
                spread = None if entry is None else _spread_name(parsed, entry)
                if spread is not None:
                    # After `...base` goes `test: { ...base.test, retry: 1 }`.
                    inner = f"{{ ...{spread}.{rest[0]}, {_nested(rest[1:], text)} }}"
                    yield add_property(parsed, node, f"{rest[0]}: {inner}")
                yield add_property(parsed, node, _nested(rest, text))
                break


def _spread_name(parsed: Parsed, entry: Entry) -> str | None:
    """The name that is spread in this file and brings a property with it."""
    via = entry.via[-1] if entry.via else None
    if via is None or via.file != parsed.document.file:
        return None
    spread = node_at(parsed, via, "spread_element")
    name = spread.named_children[0] if spread is not None and spread.named_children else None
    return parsed.text(name) if name is not None and name.type in _NAMES[:2] else None


def _nested(keys: list[str], text: str) -> str:
    """`test: { retry: 1 }` for the keys test, retry."""
    for key in reversed(keys):
        text = f"{key}: {text}" if key == keys[-1] else f"{key}: {{ {text} }}"
    return text
