"""The arithmetic or parsing behind a timeout, in the words of the config."""

from __future__ import annotations

import re
from collections.abc import Iterator

from configguard.checking.check import Draft
from configguard.checking.finding import Because
from configguard.runners.derived import DERIVED, fact_of
from configguard.runners.profile import KnownFact, number
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, Workspace

WAITS = {
    "testTimeoutMs": "a test",
    "hookTimeoutMs": "a hook",
    "globalTimeoutMs": "the whole run",
    "expectTimeoutMs": "an assertion",
    "actionTimeoutMs": "an action",
    "navigationTimeoutMs": "a navigation",
}
"""What waits no longer than a timeout says."""
_WORD = re.compile(r"[\w$.]+|'[^']*'|\"[^\"]*\"")
_QUOTED = 80
"""Longer expressions are not quoted."""


def calculations(draft: Draft, workspace: Workspace) -> Iterator[Because]:
    """What gave each number that a finding is about: the expression, and its worth."""
    for violation in draft.violations:
        fact = violation.case.fact
        if violation.fact not in DERIVED or not isinstance(fact, KnownFact) or not fact.at:
            continue
        if fact_of(violation.fact) not in WAITS:
            continue
        texts = ((span, _text(workspace, span)) for span in fact.at)
        span, text = next(
            ((span, text) for span, text in texts if not _WORD.fullmatch(text)),
            (fact.at[0], _text(workspace, fact.at[0])),
        )
        quoted = f"`{text}`" if len(text) <= _QUOTED else "this"
        why = ""
        if "parseInt" in text:
            why = ": parseInt reads digits up to the first other sign, such as a `_`"
        yield Because(f"{quoted} is {number(fact.value)}{why}", (span,))


def _text(workspace: Workspace, span: Span) -> str:
    document = workspace.read(span.file)
    if isinstance(document, Unreadable):
        return ""
    return document.data[span.start : span.end].decode("utf-8", "replace")
