"""Code frames: lines of source with what matters in them underlined and named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from configguard.report.style import Style
from configguard.report.text_safety import ShownLine, display_width, source_line, wrap
from configguard.source.document import Document
from configguard.source.span import Position, Span

Read = Callable[[str], "Document | None"]
Row = list[tuple[int, str, str]]
"""Pieces of one row of marks: the column each begins at, its text, and its text in colour."""

_PATH_MOST = 400
_LABEL_MOST = 400
_NARROWEST = 24
"""Columns beside a mark below which its text is better off on a line of its own."""


class Label(NamedTuple):
    """A place and what to say of it. The primary one is drawn in the finding's colour."""

    span: Span
    text: str
    primary: bool = False


class Mark(NamedTuple):
    """The part of a label that lies in one line: characters `start` to `end` (exclusive)."""

    start: int
    end: int
    text: str
    primary: bool


class Rail(NamedTuple):
    """The line numbers and the bar at the left that hold one finding's lines together."""

    style: Style
    gutter: int

    @property
    def room(self) -> int:
        """Columns to the right of the bar."""
        return self.style.width - self.gutter - 3

    def head(self, where: str, *, first: bool) -> str:
        """The line that names a file. It is never cut, for a cut path cannot be clicked."""
        arrow = self.style.glyph("╭▸", "-->") if first else self.style.glyph("├▸", ":::")
        return f"{' ' * self.gutter} {self.style.dim(arrow)} {where}"

    def source(self, line: int, shown: str) -> str:
        """A line of source after its number (`line` counts from 0)."""
        bar = self.style.glyph("│", "|")
        return f"{self.style.dim(f'{line + 1:>{self.gutter}} {bar}')} {shown}".rstrip()

    def changed(self, line: int, sign: str, shown: str) -> str:
        """A line of source that a fix takes away (`-`) or adds (`+`)."""
        paint = self.style.added if sign == "+" else self.style.removed
        number = self.style.dim(f"{line + 1:>{self.gutter}}")
        return f"{number} {paint(f'{sign} {shown}'.rstrip())}"

    def row(self, text: str = "") -> str:
        """A line without a number."""
        return f"{' ' * self.gutter} {self.style.dim(self.style.glyph('│', '|'))} {text}".rstrip()

    def gap(self) -> str:
        """Stands for lines that are left out."""
        return f"{' ' * self.gutter} {self.style.dim(self.style.glyph('┆', ':'))}"

    def note(self, name: str, text: str, *, last: bool) -> list[str]:
        """`├╴why: …`: a remark below the frames, wrapped with a hanging indent."""
        fork = self.style.glyph("╰╴" if last else "├╴", "= ")
        lead = f"{name}: ".ljust(6) if name else ""
        first, *rest = wrap(text, self.room + 1 - len(fork) - len(lead))
        head = f"{' ' * self.gutter} {self.style.dim(fork)}{self.style.bold(lead)}{first}"
        indent = " " * (len(fork) + len(lead) - 2)
        if last:
            return [head, *(f"{' ' * (self.gutter + 3)}{indent}{line}" for line in rest)]
        return [head, *(self.row(f"{indent}{line}") for line in rest)]


def location(span: Span, document: Document | None, style: Style) -> str:
    """`path:line:column` in one piece, so that terminals make it clickable."""
    file = style.clean(style.path(span.file), _PATH_MOST)
    if document is None:
        return file
    position = _position(document, span.start)
    return f"{file}:{position.line}:{position.column}"


def _linked(span: Span, document: Document | None, style: Style) -> str:
    where = location(span, document, style)
    if style.links is None or document is None:
        return where
    return style.links.link(span.file, _position(document, span.start).line, where)


def rail_for(labels: Iterable[Label], read: Read, style: Style, last_line: int = 0) -> Rail:
    """A rail wide enough for every line number that the labels (and `last_line`) need."""
    longest = last_line
    for label in labels:
        document = read(label.span.file)
        if document is not None:
            longest = max(longest, _position(document, label.span.end).line)
    return Rail(style, len(str(longest)))


def frames(labels: Sequence[Label], read: Read, rail: Rail, severity: str) -> list[str]:
    """The lines of one frame per file, the first label's file first."""
    lines: list[str] = []
    for file in dict.fromkeys(label.span.file for label in labels):
        here = [label for label in dict.fromkeys(labels) if label.span.file == file]
        document = read(file)
        lines.append(rail.head(_linked(here[0].span, document, rail.style), first=not lines))
        if document is not None:
            lines += _body(document, here, rail, severity)
            continue
        for text in filter(None, (label.text for label in here)):
            lines += map(rail.row, wrap(rail.style.told(text, _LABEL_MOST), rail.room))
    return lines


def _body(document: Document, labels: list[Label], rail: Rail, severity: str) -> Iterator[str]:
    """The lines of one file that have marks, in order; a gap where lines are left out."""
    rows: dict[int, list[Mark]] = {}
    for label in labels:
        for line, mark in _marks(label, document):
            rows.setdefault(line, []).append(mark)
    before: int | None = None
    for line, marks in sorted(rows.items()):
        if before is not None and line == before + 2:
            text = document.line_text(before + 1)
            yield rail.source(before + 1, view(text, 0, 0, rail).text)
        elif before is not None and line > before + 2:
            yield rail.gap()
        yield from _labelled(document.line_text(line), line, marks, rail, severity)
        before = line


def _position(document: Document, offset: int) -> Position:
    return document.position(max(0, min(offset, len(document.data))))


def _marks(label: Label, document: Document) -> Iterator[tuple[int, Mark]]:
    """A label's mark; of a primary one of several lines one at its first and one at its last."""
    span = label.span
    if not (span.start or span.end or label.text):
        return  # a file as a whole: its first character is no news
    start, end = _position(document, span.start), _position(document, span.end)
    first, last = start.line - 1, end.line - 1
    begin, stop = start.column - 1, end.column - 1
    while last > first and not document.line_text(last)[:stop].strip():
        last -= 1
        stop = len(document.line_text(last))
    if last <= first:
        yield first, Mark(begin, stop, label.text, label.primary)
        return
    yield first, Mark(begin, len(document.line_text(first)), label.text, label.primary)
    if not label.primary:
        return  # it only leads to the primary one: where it begins is enough
    text = document.line_text(last)
    indent = len(text) - len(text.lstrip())
    yield last, Mark(min(indent, stop), stop, "to here", label.primary)


class View(NamedTuple):
    """The part of a long line that is shown, and where its characters stand in it."""

    text: str
    line: ShownLine
    skipped: int
    shift: int
    end: int

    def column(self, character: int) -> int:
        """The display column of a character of the line, clipped to what is shown."""
        index = max(0, min(character - self.skipped, len(self.line.pieces)))
        return max(0, min(self.line.columns[index] - self.shift, self.end))


def view(text: str, first: int, last: int, rail: Rail) -> View:
    """The part of a line around characters `first` to `last` that fits beside the rail."""
    room = max(rail.room, 8)
    # A minified line has a million characters: only those that may be shown are looked at.
    skipped = 0 if first < 4 * room else first - room
    line = source_line(text[skipped : last + 4 * room], ascii_only=not rail.style.unicode)
    dots = rail.style.glyph("…", "...")
    more = last + 4 * room < len(text)
    if not skipped and not more and line.width <= room:
        return View(line.text, line, 0, 0, room)
    low = line.columns[min(first - skipped, len(line.pieces))]
    high = line.columns[min(last - skipped, len(line.pieces))]
    left = 0
    if skipped or max(high, low + 1) > room - len(dots):
        context = min(room // 3, max(4, room - (high - low) - 2 * len(dots)))
        left = low - context if more else min(low - context, line.width - room + len(dots))
    begin = next((i for i, column in enumerate(line.columns) if column >= left), 0)
    lead = dots if begin or skipped else ""
    shift = line.columns[begin] - len(lead)
    fits = room if not more and line.width - shift <= room else room - len(dots)
    stop = begin
    while stop < len(line.pieces) and line.columns[stop + 1] - shift <= fits:
        stop += 1
    tail = dots if more or stop < len(line.pieces) else ""
    return View(f"{lead}{''.join(line.pieces[begin:stop])}{tail}", line, skipped, shift, room)


def _labelled(text: str, line: int, marks: list[Mark], rail: Rail, severity: str) -> Iterator[str]:
    """One line of source with its marks below it, once for each part of it that is shown."""
    for group in _groups(text, marks, rail):
        shown = view(text, group[0].start, max(mark.end for mark in group), rail)
        yield rail.source(line, shown.text)
        places = [_place(mark, shown, rail) for mark in group]
        rows = _side_by_side(places, rail, severity)
        if rows is None:
            ordered = sorted(places, key=lambda place: (not place.primary, place.start))
            rows = [row for place in ordered for row in _alone(place, rail, severity)]
        for row in rows:
            yield rail.row(_drawn(row))


def _groups(text: str, marks: list[Mark], rail: Rail) -> list[list[Mark]]:
    """Marks that fit into one view of their line together, from left to right."""
    groups: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.end)):
        if groups and _fits(text, groups[-1][0].start, mark.end, rail):
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return groups


def _fits(text: str, start: int, end: int, rail: Rail) -> bool:
    room = rail.room - 8
    return end - start <= room and source_line(text[start:end]).width <= room


def _place(mark: Mark, shown: View, rail: Rail) -> Mark:
    """A mark in display columns, at least one of them, its text made clean."""
    start = min(shown.column(mark.start), max(rail.room - 1, 0))
    end = max(shown.column(mark.end), start + 1)
    return Mark(start, end, rail.style.told(mark.text, _LABEL_MOST), mark.primary)


def _side_by_side(places: list[Mark], rail: Rail, severity: str) -> list[Row] | None:
    """Several marks in one row, their texts hanging below; None where there is no room for it."""
    *others, last = places
    apart = all(one.end < two.start for one, two in pairwise(places))
    hanging = all(place.start + 2 + display_width(place.text) <= rail.room for place in others)
    if not others or not apart or not hanging:
        return None
    if last.end + 1 + display_width(last.text) > rail.room:
        return None
    rows = [[_underline(place, rail, severity) for place in places]]
    rows[0].append((last.end + 1, last.text, _paint(last, last.text, rail, severity)))
    bar, hook = rail.style.glyph("│", "|"), rail.style.glyph("╰╴", "`-")
    while others:
        place = others.pop()
        if place.text:
            row = [(one.start, bar, _paint(one, bar, rail, severity)) for one in others if one.text]
            told = f"{hook}{place.text}"
            rows.append([*row, (place.start, told, _paint(place, told, rail, severity))])
    return rows


def _alone(place: Mark, rail: Rail, severity: str) -> list[Row]:
    """One mark with its text: beside it, or below it where there is more room."""
    line = _underline(place, rail, severity)
    if not place.text:
        return [[line]]
    width = display_width(place.text)
    beside = rail.room - place.end - 1
    if beside >= min(width, _NARROWEST):
        indent = place.end + 1
    else:
        indent = max(0, min(place.start, rail.room - min(width, rail.room // 2)))
    rows: list[Row] = [
        [(indent, part, _paint(place, part, rail, severity))]
        for part in wrap(place.text, rail.room - indent)
    ]
    if indent > place.end:
        return [[line, *rows[0]], *rows[1:]]
    return [[line], *rows]


def _underline(place: Mark, rail: Rail, severity: str) -> tuple[int, str, str]:
    mark = rail.style.glyph("━", "^") if place.primary else rail.style.glyph("─", "-")
    drawn = mark * (place.end - place.start)
    return place.start, drawn, _paint(place, drawn, rail, severity)


def _paint(place: Mark, text: str, rail: Rail, severity: str) -> str:
    style = rail.style
    return style.severity(severity, text) if place.primary else style.secondary(text)


def _drawn(row: Row) -> str:
    """A row's pieces at their columns."""
    drawn: list[str] = []
    at = 0
    for column, text, painted in row:
        drawn.append(" " * (column - at) + painted)
        at = column + display_width(text)
    return "".join(drawn)
