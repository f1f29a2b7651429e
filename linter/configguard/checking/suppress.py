"""Comments that hide findings: read from a file's comment nodes, and what they reach.

`configguard-ignore: RULE[, RULE] -- reason` reaches its own line; where it has the line for
itself, also the next one that is no comment. `configguard-ignore-file: …` reaches the whole file.
What counts is where a finding stands first. One that is not understood hides nothing, and is told:
without a reason nobody can later say whether it is still right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from configguard.checking.finding import Problem, Suppressed
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.syntax.comments import Comment, comments_in

MARK = b"configguard-ignore"

_DIRECTIVE = re.compile(r"configguard-ignore(?P<file>-file)?\s*:(?P<rest>.*)", re.DOTALL)
_REASON = re.compile(r"(?:^|\s)--(?:\s|$)")
_BEFORE = re.compile(r"\s*(?://+|/\*+|#+|\*+(?!/))?!?\s*")
_AFTER = re.compile(r"[\s*]*\*/$|\s+$")
_NAME = re.compile(r"[^\s,]+")
_MOST_TOLD = 20


class Suppression(NamedTuple):
    """One rule that a comment hides. `lines` (from 0) is None where the whole file is meant."""

    rule: str
    at: Span
    reason: str
    lines: frozenset[int] | None

    def reaches(self, rule: str, line: int) -> bool:
        """Whether a finding of a rule on a line of the same file is hidden."""
        return self.rule == rule and (self.lines is None or line in self.lines)

    @property
    def said(self) -> Suppressed:
        """What a hidden finding says of it."""
        return Suppressed(
            "file-comment" if self.lines is None else "comment", self.reason, (self.at,)
        )


class Suppressions(NamedTuple):
    """All that the comments of one file hide, and what is wrong with them."""

    found: tuple[Suppression, ...] = ()
    problems: tuple[Problem, ...] = ()


NONE = Suppressions()


def suppressions_in(document: Document, known_rules: Collection[str]) -> Suppressions:
    """What the comments of a file hide."""
    if MARK not in document.data:
        return NONE
    comments = comments_in(document)
    lines = _Lines(document, comments)
    found: list[Suppression] = []
    problems: list[Problem] = []
    for comment in comments:
        for start, text in _directives(document, comment):
            one = _read(document, start, text, known_rules)
            reached = None if one.whole_file else lines.reached(comment)
            found += [Suppression(rule, at, one.reason, reached) for rule, at in one.rules]
            problems += [Problem(message, (at,), "warning") for message, at in one.wrong]
    return Suppressions(tuple(found), tuple(problems[:_MOST_TOLD]))


def hiding(
    found: Iterable[Suppression], rule: str, document: Document, start: int
) -> Suppression | None:
    """The suppression that hides a finding of a rule at a byte; the nearest one is named."""
    line = document.line_index(start)
    reaching = [one for one in found if one.reaches(rule, line)]
    return min(reaching, key=lambda one: one.lines is None, default=None)


class _Read(NamedTuple):
    whole_file: bool
    reason: str
    rules: list[tuple[str, Span]]
    wrong: list[tuple[str, Span]]


def _directives(document: Document, comment: Comment) -> Iterator[tuple[int, str]]:
    """The lines of a comment that are about suppressions, each with the byte it begins at."""
    start = comment.start
    for line in document.text(*comment).split("\n"):
        before = _BEFORE.match(line)
        assert before is not None  # it matches nothing, too
        text = _AFTER.sub("", line[before.end() :])
        if text.startswith(MARK.decode()):
            yield start + len(before[0].encode()), text
        start += len(line.encode()) + 1


def _read(document: Document, start: int, text: str, known_rules: Collection[str]) -> _Read:
    def span(first: int, last: int) -> Span:
        at = start + len(text[:first].encode())
        return Span(document.file, at, at + len(text[first:last].encode()))

    whole = span(0, len(text))
    directive = _DIRECTIVE.match(text)
    if directive is None:
        form = "`configguard-ignore: RULE -- reason` or `configguard-ignore-file: RULE -- reason`"
        return _Read(False, "", [], [(f"this comment hides nothing: write {form}", whole)])
    at, rest = directive.start("rest"), directive["rest"]
    dashes = _REASON.search(rest)
    reason = rest[dashes.end() :].strip() if dashes else ""
    names = [
        (name[0], span(at + name.start(), at + name.end()))
        for name in _NAME.finditer(rest[: dashes.start()] if dashes else rest)
    ]
    whole_file = directive["file"] is not None
    if not names:
        message = "this comment hides nothing, as it names no rule: write RULE -- reason"
        return _Read(whole_file, "", [], [(message, whole)])
    unknown = [(name, place) for name, place in names if name not in known_rules]
    wrong = [(_no_such_rule(name, known_rules), place) for name, place in unknown]
    if not reason:
        message = "this comment hides nothing, as it gives no reason: write `-- ` and why after it"
        # Of words that are no rules, one sentence is enough: the dashes were forgotten.
        return _Read(whole_file, "", [], [*(wrong if len(names) == 1 else []), (message, whole)])
    return _Read(whole_file, reason, [one for one in names if one not in unknown], wrong)


def _no_such_rule(name: str, known_rules: Collection[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name[:100], known_rules, 1)
    meant = f"did you mean {near[0]!r}?" if near else "see configguard rules"
    return f"this comment hides nothing by {name[:60]!r}, as there is no such rule: {meant}"


class _Lines:
    """Which lines of a file hold more than comments."""

    def __init__(self, document: Document, comments: list[Comment]) -> None:
        self._document = document
        self._comments: dict[int, list[Comment]] = {}
        for comment in comments:
            for line in self._of(comment):
                self._comments.setdefault(line, []).append(comment)

    def reached(self, comment: Comment) -> frozenset[int]:
        """The lines on which a comment hides findings."""
        own = self._of(comment)
        if any(self._has_code(line) for line in (own[0], own[-1])):
            return frozenset(own)
        below = own[-1] + 1
        while below in self._comments and not self._has_code(below):
            below += 1
        return frozenset((*own, below))

    def _of(self, comment: Comment) -> range:
        line_index = self._document.line_index
        return range(line_index(comment.start), line_index(comment.end) + 1)

    def _has_code(self, line: int) -> bool:
        starts = self._document.line_starts
        at = starts[line] + (len(self._document.bom) if line == 0 else 0)
        end = starts[line + 1] if line + 1 < len(starts) else len(self._document.data)
        left = b""
        for comment in self._comments.get(line, ()):
            left += self._document.data[at : max(at, comment.start)]
            at = max(at, min(comment.end, end))
        left += self._document.data[at:end]
        # In JSX a comment stands in braces.
        return left.strip() not in (b"", b"{}")
