"""A member more in an object of a JSON file, written as those around it are."""

from __future__ import annotations

import json
import re

from configguard.limits.json_file import JsonFault, Place, json_value, places
from configguard.source.document import Document

_BREAK = re.compile(rb"\r\n|\n")


def with_member(
    document: Document, section: str, key: str, value: str, after: str | None = None
) -> bytes | str:
    """The file with a text more in an object of its outermost one; or why that cannot be.

    It stands behind the member `after`, else at the end. The object is made where there is none.
    """
    content = json_value(document)
    if isinstance(content, JsonFault):
        return content.message
    if not isinstance(content, dict):
        return f"{document.file} holds no object"
    held = content.get(section, {})
    if not isinstance(held, dict):
        return f"{section} in {document.file} is no object"
    top, _ = places(document)
    start, end, text = _written(document, top, section, key, value, after)
    data = document.data[:start] + text + document.data[end:]
    made = json_value(Document(document.file, data))
    if made != {**content, section: {**held, key: value}}:
        return f"what {document.file} would become is not what was meant"
    return data


def _written(
    document: Document, top: Place, section: str, key: str, value: str, after: str | None
) -> tuple[int, int, bytes]:
    """The bytes that are replaced, and by what."""
    data = document.data
    pair = (json.dumps(key).encode(), json.dumps(value).encode())
    if section not in top.inside:
        outer = _gap(data, top) if top.keys else document.newline.encode() + b"  "
        made = _alone(pair, _colon(data, top), outer)
        whole = (json.dumps(section).encode(), made)
        if top.keys:
            return _behind(data, top, None, whole)
        return (*top.span[1:], b"{" + outer + b": ".join(whole) + document.newline.encode() + b"}")
    place = top.inside[section]
    if place.keys:
        return _behind(data, place, after, pair)
    made = _alone(pair, _colon(data, top, section), _gap(data, top, section))
    return place.span.start, place.span.end, made


def _behind(
    data: bytes, place: Place, after: str | None, pair: tuple[bytes, bytes]
) -> tuple[int, int, bytes]:
    """A pair behind a member of an object, else behind its last one."""
    last = max(place.keys, key=lambda name: place.keys[name].start)
    anchor = after if after in place.keys else last
    at = place.inside[anchor].span.end
    gap, colon = _gap(data, place, anchor), _colon(data, place, anchor)
    return at, at, b"," + gap + pair[0] + colon + pair[1]


def _alone(pair: tuple[bytes, bytes], colon: bytes, outer: bytes) -> bytes:
    """An object of one pair as the value of a key of the outermost object.

    `outer`: the line break and indentation of that key, which is one step; or one line.
    """
    found = _BREAK.match(outer)
    if found is None:
        return b"{" + pair[0] + colon + pair[1] + b"}"
    return b"{" + outer + outer[found.end() :] + pair[0] + colon + pair[1] + outer + b"}"


def _gap(data: bytes, place: Place, name: str | None = None) -> bytes:
    """What stands between a comma and the key behind it: one line break at most."""
    first = min(place.keys, key=lambda one: place.keys[one].start)
    if name is None:
        name = max(place.keys, key=lambda one: place.keys[one].start)
    start = place.keys[name].start
    blank = data[len(data[:start].rstrip()) : start]
    broken = list(_BREAK.finditer(blank))
    if broken:
        return blank[broken[-1].start() :]
    # The first of a line stands at the brace; the others behind `, `.
    return b" " if name == first and _colon(data, place, name) != b":" else blank


def _colon(data: bytes, place: Place, name: str | None = None) -> bytes:
    """What stands between a key and its value."""
    if not place.keys:
        return b": "
    name = next(iter(place.keys)) if name is None else name
    return data[place.keys[name].end : place.inside[name].span.start]
