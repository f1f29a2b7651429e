"""Non-overlapping replacements of bytes, applied together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from configguard.source.span import Span


class Edit(NamedTuple):
    """Replace the bytes of `span` with `text` (UTF-8)."""

    span: Span
    text: str


class OverlappingEdits(ValueError):
    """Two edits touch the same bytes, so their result would depend on their order."""


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes after all edits of one file.

    Raises OverlappingEdits; equal edits count once. Several insertions at one offset keep the
    order in which they were given.
    """
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.span.start, edit.span.end)):
        if edit.span.start < at:
            raise OverlappingEdits(f"two edits overlap at byte {edit.span.start}")
        pieces.append(data[at : edit.span.start])
        pieces.append(edit.text.encode())
        at = edit.span.end
    pieces.append(data[at:])
    return b"".join(pieces)
