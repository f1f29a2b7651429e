"""Code frames: lines of source with what matters in them underlined and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from configguard.report.style import Style
from configguard.report.text_safety import (
    cut,
    display_width,
    one_line,
    source_line,
    wrap,
)
from configguard.source.document import Document
from configguard.source.span import Span

Read = Callable[[str], "Document | None"]


class Label(NamedTuple):
    """A place and what to say of it. The primary one is drawn in the finding's colour."""

    span: Span
    text: str
    primary: bool = False


def frames(labels: Sequence[Label], read: Read, style: Style, severity: str) -> list[str]:
    """The lines of one frame per file, the primary label's file first."""
    files = list(dict.fromkeys(label.span.file for label in labels))
    documents = {file: read(file) for file in files}
    rows = {
        file: _rows([label for label in labels if label.span.file == file], document)
        for file, document in documents.items()
        if document is not None
    }
    numbers = [line for found in rows.values() for line in found]
    gutter = len(str(max(numbers, default=0) + 1))
    lines: list[str] = []
    for index, file in enumerate(files):
        document = documents[file]
        first = next(label for label in labels if label.span.file == file)
        lines.append(_head(first.span, document, index, gutter, style))
        if document is not None:
            lines += _body(document, rows[file], gutter, style, severity)
    return lines


def _head(span: Span, document: Document | None, index: int, gutter: int, style: Style) -> str:
    arrow = style.glyph("╭▸", "-->") if index == 0 else style.glyph("├▸", "-->")
    where = one_line(span.file)
    if document is not None:
        position = document.position(span.start)
        where = f"{where}:{position.line}:{position.column}"
    return f"{' ' * gutter} {style.dim(arrow)} {where}"


def _rows(labels: list[Label], document: Document) -> dict[int, list[Label]]:
    """The labels of each line; a label of several lines stands at its first."""
    rows: dict[int, list[Label]] = {}
    for label in labels:
        rows.setdefault(document.line_index(label.span.start), []).append(label)
    return dict(sorted(rows.items()))


def _body(
    document: Document, rows: dict[int, list[Label]], gutter: int, style: Style, severity: str
) -> list[str]:
    lines: list[str] = []
    before: int | None = None
    for line, labels in rows.items():
        if before is not None and line > before + 2:
            lines.append(style.dim(f"{' ' * gutter} {style.glyph('┆', ':')}"))
        elif before is not None and line == before + 2:
            lines.append(_source(document, before + 1, gutter, style, 0)[0])
        lines += _labelled(document, line, labels, gutter, style, severity)
        before = line
    return lines


def _bar(style: Style) -> str:
    return style.dim(style.glyph("│", "|"))


def _source(
    document: Document, line: int, gutter: int, style: Style, offset: int
) -> tuple[str, list[int]]:
    """A numbered line of source, cut to the width from a display column on; and its columns."""
    whole = source_line(document.line_text(line))
    shown, columns = whole.text, whole.columns
    room = style.width - gutter - 3
    if offset:
        skipped = 0
        while skipped < len(shown) and display_width(shown[:skipped]) < offset:
            skipped += 1
        shown = "…" + shown[skipped + 1 :]
    if display_width(shown) > room:
        shown = cut(shown, room - 1) + "…"
    number = style.dim(f"{line + 1:>{gutter}}")
    return f"{number} {_bar(style)} {shown}".rstrip(), columns


def _labelled(
    document: Document,
    line: int,
    labels: list[Label],
    gutter: int,
    style: Style,
    severity: str,
) -> list[str]:
    places = [(*_columns(document, line, label.span), label) for label in labels]
    room = style.width - gutter - 3
    last = max(end for _, end, _ in places)
    first = min(start for start, _, _ in places)
    offset = max(0, first - room // 3) if min(last, first + 30) > room else 0
    source, _ = _source(document, line, gutter, style, offset)
    lines = [source]
    blank = f"{' ' * gutter} {_bar(style)} "
    ordered = sorted(places, key=lambda place: (not place[2].primary, place[0]))
    for start, end, label in ordered:
        start, end = start - offset, max(end - offset, start - offset + 1)
        if start >= room:
            continue
        end = min(end, room)
        mark = style.glyph("━", "^") if label.primary else style.glyph("─", "-")
        drawn = mark * (end - start)
        painted = style.severity(severity, drawn) if label.primary else style.dim(drawn)
        text = one_line(label.text)
        if not text:
            lines.append(f"{blank}{' ' * start}{painted}")
        elif end + 1 + display_width(text) <= room:
            shown = style.severity(severity, text) if label.primary else text
            lines.append(f"{blank}{' ' * start}{painted} {shown}")
        else:
            lines.append(f"{blank}{' ' * start}{painted}")
            indent = min(start, max(0, room - min(display_width(text), 40)))
            for part in wrap(text, room - indent):
                shown = style.severity(severity, part) if label.primary else part
                lines.append(f"{blank}{' ' * indent}{shown}")
    return lines


def _columns(document: Document, line: int, span: Span) -> tuple[int, int]:
    """The display columns at which a span begins and ends within its first line."""
    start = document.position(span.start)
    end = document.position(span.end)
    columns = source_line(document.line_text(line)).columns
    begin = columns[min(start.column - 1, len(columns) - 1)]
    if end.line != start.line:
        return begin, columns[-1]
    return begin, columns[min(end.column - 1, len(columns) - 1)]
