"""The parts of a GitLab job: its script as one text, its timeout, its services."""

from __future__ import annotations

import re
from collections.abc import Iterator

from configguard.project.ci.gitlab_merging import Group, Listed, Tree
from configguard.project.ci.model import Timeout
from configguard.project.ci.texts import Hole, Text, as_written, between
from configguard.source.span import chain
from configguard.source.text_map import Piece, TextMap
from configguard.syntax.shell_state import Folder
from configguard.syntax.yaml_nodes import Scalar

MAX_DURATION = 100
"""Characters of a timeout."""

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*(?:,|and)?\s*")
_UNITS = {
    "s": 1 / 60, "sec": 1 / 60, "secs": 1 / 60, "second": 1 / 60, "seconds": 1 / 60,
    "m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1,
    "h": 60, "hr": 60, "hrs": 60, "hour": 60, "hours": 60,
    "d": 1440, "day": 1440, "days": 1440, "w": 10080, "week": 10080, "weeks": 10080,
}  # fmt: skip


def with_holes(scalar: Scalar) -> Text:
    """A text with its `$[[ inputs.x ]]`, which whoever includes the file gives."""
    text = as_written(scalar)
    holes: list[Hole] = [
        (start, end, "whoever includes the file gives its inputs")
        for start, end, _ in between(text.data, b"$[[", b"]]")
    ]
    return text._replace(holes=tuple(holes))


def script_lines(node: Tree | None) -> list[Text] | None:
    """The lines of a script; lists in it are laid out flat. None where one is not known."""
    if node is None:
        return []
    if isinstance(node, Scalar):
        return [with_holes(node)]
    if not isinstance(node, Listed) or (node.tag is not None and node.tag != "!reference"):
        return None
    found: list[Text] = []
    for item in node.items:
        below = script_lines(item)
        if below is None:
            return None
        found += below
    return found


def one_script(before: list[Text], script: list[Text]) -> tuple[Text | None, Folder]:
    """All lines as one script, as far as they stand in one file; the folder it starts in."""
    folder = Folder()
    if not script:
        return None, folder
    file = script[-1].at.file
    lines = [*before, *script]
    if any(line.at.file != file for line in lines):
        # A map is of one file: what other files run before may only change the folder.
        others = [line for line in lines if line.at.file != file]
        if any(re.search(rb"\b(cd|pushd)\b", line.data) for line in others):
            folder = Folder(None, "a script of another file changes it before", others[0].origin)
        lines = [line for line in lines if line.at.file == file]
    data = bytearray()
    pieces: list[Piece] = []
    holes: list[Hole] = []
    for line in lines:
        shift = len(data)
        pieces += (
            one._replace(start=one.start + shift, end=one.end + shift) for one in line.at.pieces
        )
        holes += ((low + shift, high + shift, why) for low, high, why in line.holes)
        data += line.data
        if not data.endswith(b"\n"):
            end = line.at.span(len(line.data), len(line.data)).end
            pieces.append(Piece(len(data), len(data) + 1, end, end, True))
            data += b"\n"
    origin = chain(*(line.origin for line in lines))
    at = TextMap(file, pieces, origin[0].start)
    return Text(bytes(data), at, tuple(holes), origin), folder


def timeout_of(node: Tree | None) -> Timeout | None:
    """`timeout: 1h 30m` in minutes."""
    if not isinstance(node, Scalar):
        return None
    rest, minutes = node.text.strip().lower(), 0.0
    while rest:
        if len(rest) > MAX_DURATION:
            return Timeout(None, "it is no duration that is understood", (node.span,))
        found = _AMOUNT.match(rest)
        if found is None or found[2] not in _UNITS:
            return Timeout(None, "it is no duration that is understood", (node.span,))
        minutes += float(found[1]) * _UNITS[found[2]]
        rest = rest[found.end() :]
    return Timeout(minutes, None, (node.span,))


def service_names(services: Tree | None) -> Iterator[str]:
    """The names of the services beside a job."""
    for item in services.items if isinstance(services, Listed) else ():
        name = item.get("name") if isinstance(item, Group) else item
        if isinstance(name, Scalar):
            yield name.text
