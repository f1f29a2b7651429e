"""A comment that hides nothing to a fix: the rule is taken out of it, or the comment itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from configguard.checking.check import Draft
from configguard.checking.session import Judgement, Session
from configguard.source.document import Document
from configguard.source.edits import Edit, apply_edits
from configguard.source.span import Span
from configguard.source.workspace import MAX_LOCK_BYTES
from configguard.syntax.comments import Comment, comments_in

_ALONE = re.compile(r"(?://+|/\*+|#+)!?\s*configguard-ignore(?:-file)?\s*:\s*[^\s,]+\s+--[^\n]*")


def without_rule(
    session: Session, judgement: Judgement, drafts: Sequence[Draft]
) -> tuple[str, Edit, bytes] | str:
    """The file, the edit, and what it makes of the file; or why there is none."""
    at = drafts[0].subject.anchor[0]
    document = session.workspace.read(at.file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return f"{at.file} can no longer be read"
    found = (one for one in comments_in(document) if one.start <= at.start and at.end <= one.end)
    comment = next(found, None)
    edit = None if comment is None else _edit(document, comment, at)
    if edit is None:
        return "the comment says more than that: take it out by hand"
    data = apply_edits(document.data, (edit,))
    _, after = session.after(judgement, {at.file: data})
    # Nothing but what was told of this rule in this comment may go, and nothing may come.
    gone = Counter(one.key for one in judgement.drafts)
    gone.subtract(one.key for one in after.drafts)
    if +gone != Counter(one.key for one in drafts) or -gone:
        return "it would change what is found"
    return at.file, edit, data


def _edit(document: Document, comment: Comment, at: Span) -> Edit | None:
    before = document.text(comment.start, at.start)
    rest = document.text(at.end, comment.end)
    names = before.rpartition(":")[2]
    others = rest.partition("--")[0].strip(" \t,")
    if others:
        between = len(rest) - len(rest.lstrip(" \t,"))
        return Edit(at._replace(end=at.end + between), "")
    if names.strip(" \t,"):
        kept = before.rstrip(" \t,")
        return Edit(at._replace(start=comment.start + len(kept.encode())), "")
    if _ALONE.fullmatch(document.text(*comment)) is None:
        return None
    return Edit(_with_its_line(document, comment), "")


def _with_its_line(document: Document, comment: Comment) -> Span:
    """A comment with the line that it has for itself, or with the space before it."""
    data, start, end = document.data, comment.start, comment.end
    line = max(data.rfind(b"\n", 0, start) + 1, len(document.bom))
    below = data.find(b"\n", end)
    below = len(data) if below == -1 else below + 1
    if not data[line:start].strip() and not data[end:below].strip():
        return Span(document.file, line, below)
    if not data[end:below].strip():
        start -= len(data[line:start]) - len(data[line:start].rstrip(b" \t"))
    elif data[end : end + 1] == b" ":
        end += 1
    return Span(document.file, start, end)
