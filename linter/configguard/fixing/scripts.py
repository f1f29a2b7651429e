"""A finding about a script or CI step to a verified fix: the number of its flag is lowered.

What scripts start is found again with the edited file; each config that is started in another way
is judged anew.
"""

from __future__ import annotations

import re

from configguard.checking.check import Draft
from configguard.checking.session import Judgement, Session
from configguard.project.suites import Suite
from configguard.runners.profile import KnownFact, cases_of, number, same_fact
from configguard.source.document import Document
from configguard.source.edits import Edit, apply_edits
from configguard.source.span import Origin, Span
from configguard.source.workspace import MAX_LOCK_BYTES

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?%?")
_VARIABLE = re.compile(r"\$\w+|\$\{\w+\}|\$\{\{[^{}]*\}\}")
"""What a flag may be given in place of a number; that use of it alone is replaced."""


def lowered(
    session: Session, judgement: Judgement, draft: Draft
) -> tuple[str, list[Edit], bytes] | str:
    """The file, its edits, and what they make of it; or why there are none."""
    # A variable may serve other commands too: its use in the flag is replaced, if that will do.
    used = _lowered(session, judgement, draft, in_flag=True)
    return used if not isinstance(used, str) else _lowered(session, judgement, draft, in_flag=False)


def _lowered(
    session: Session, judgement: Judgement, draft: Draft, *, in_flag: bool
) -> tuple[str, list[Edit], bytes] | str:
    found: dict[Span, float] = {}
    for violation in draft.violations:
        at = violation.case.fact.at
        if violation.name in draft.wanted and at:
            place = _in_flag(session, at) if in_flag else at[-1]
            found[place] = draft.wanted[violation.name]
    if not found:
        return "the command gives no number that could be lowered"
    files = {span.file for span in found}
    if len(files) != 1 or len(found) != len(draft.wanted):
        return "its flags do not stand in one place"
    file = files.pop()
    document = session.workspace.read(file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return f"{file} can no longer be read"
    edits: list[Edit] = []
    for span, wanted in sorted(found.items()):
        text = document.text(span.start, span.end)
        if _NUMBER.fullmatch(text) is None and _VARIABLE.fullmatch(text) is None:
            return "its flag is given neither a plain number nor a variable"
        edits.append(Edit(span, str(number(wanted))))
    data = apply_edits(document.data, edits)
    fault = _fault(session, judgement, draft, file, data)
    return fault if fault is not None else (file, edits, data)


def _in_flag(session: Session, at: Origin) -> Span:
    """What the flag itself is given: a variable, or the number."""
    for span in reversed(at):
        document = session.workspace.read(span.file, MAX_LOCK_BYTES)
        if not isinstance(document, Document):
            continue
        if _VARIABLE.fullmatch(document.text(span.start, span.end)) is not None:
            return span
    return at[-1]


def _fault(
    session: Session, judgement: Judgement, draft: Draft, file: str, data: bytes
) -> str | None:
    """Why an edited script will not do; None where it changes what it should and nothing else."""
    before, after = session.around(judgement, {file: data})
    known = {_about(one) for one in before.drafts}
    same = _same_findings(before, draft)
    if _same_findings(after, draft) >= same:
        return "the finding would still stand"
    for one in after.drafts:
        # What the finding was told in place of may be left, with a smaller number.
        if _about(one) not in known and one.rule.id not in draft.rule.defeats:
            return f"it would cause another finding: {one.rule.id}"
    now = {suite.id: suite for suite in after.suites}
    meant = draft.subject.suite.invocation
    for suite in before.suites:
        new = now.get(suite.id)
        own = None not in (meant, suite.invocation) and suite.invocation == meant
        if new is None and not own:
            return f"{suite.title} would no longer be run"
        fault = _suite_fault(suite, new, draft.wanted if own else {}) if new is not None else None
        if fault is not None:
            return fault
    return None


def _same_findings(judgement: Judgement, draft: Draft) -> int:
    """How many findings are the same but for the command of the script that they are about."""
    about = draft.rule.id, draft.subject.context, draft.topic
    return sum((o.rule.id, o.subject.context, o.topic) == about for o in judgement.drafts)


def _about(draft: Draft) -> tuple[object, ...]:
    """The rule and the suite, however that is started: a script may become one that changes
    nothing."""
    return draft.rule.id, draft.subject.suite.config, draft.subject.suite.key


def _suite_fault(old: Suite, new: Suite, wanted: dict[str, float]) -> str | None:
    for environment, profile in old.profiles.items():
        before = profile.facts
        after = new.profiles[environment].facts if environment in new.profiles else {}
        for name in {**before, **after}:
            now = after.get(name)
            if name in wanted and now is not None:
                cases = [case.fact for case in cases_of(now)]
                if any(not isinstance(c, KnownFact) or c.value != wanted[name] for c in cases):
                    return f"{name} would not be {wanted[name]:g}"
            elif name not in before or now is None or not same_fact(before[name], now):
                return f"in {new.title} {name} would change ({environment})"
    return None
