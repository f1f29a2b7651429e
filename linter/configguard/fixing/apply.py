"""All fixes of a check: planned round by round on an overlay; nothing is written here."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from configguard.checking.check import Draft
from configguard.checking.finding import Mended
from configguard.checking.session import Judgement, Session
from configguard.checking.wording import grouped
from configguard.fixing.idle import Fixed, without_idle
from configguard.fixing.outcome import effects_of
from configguard.fixing.plan import Planned, Planner
from configguard.fixing.writing import refusal, unwritable

MAX_ROUNDS = 10


class DoNotConverge(Exception):
    """Fixes keep causing each other; nothing is written."""


def fix_all(
    session: Session,
    judgement: Judgement,
    *,
    unsafe: bool,
    only: str | None = None,
    writes: bool = False,
) -> Fixed:
    """Plan every fix that may be applied, each verified on top of those before it.

    `only`: the one file that may be changed. `writes`: leave out files that cannot be written, so
    that no fix is verified beside one that will not be there.
    Raises DoNotConverge after too many rounds.
    """
    refused: dict[str, str] = {}
    while True:
        final, fixed = _Fixing(unsafe, only, refused).all_rounds(session, judgement)
        fixed = without_idle(session.workspace, final, fixed)
        faults = _faults(session, judgement, fixed.changes) if writes else {}
        if not faults:
            effects = effects_of(judgement, fixed.judgement, session.cpus)
            problems = tuple(refusal(file, fault) for file, fault in sorted(refused.items()))
            return fixed._replace(effects=effects, problems=problems)
        refused.update(faults)


def _faults(session: Session, judgement: Judgement, changes: dict[str, bytes]) -> dict[str, str]:
    """Why some of the changed files may not be written."""
    workspace = session.workspace
    names: dict[Path | None, set[str]] = {}
    for file in frozenset(changes).union(*(suite.files for suite in judgement.suites)):
        names.setdefault(workspace.path(file), set()).add(file)
    faults: dict[str, str] = {}
    for file, data in changes.items():
        others = names[workspace.path(file)] - {file}
        fault = unwritable(workspace, file)
        if fault is None and any(changes.get(other) != data for other in others):
            fault = f"it is the same file as {min(others)}, which would change too"
        if fault is not None:
            faults[file] = fault
    return faults


class _Fixing:
    """One way through all rounds."""

    def __init__(self, unsafe: bool, only: str | None, refused: Container[str]) -> None:
        self._unsafe = unsafe
        self._only = only
        self._refused = refused
        self._hopeless: dict[tuple[str, str, str], frozenset[str] | None] = {}

    def all_rounds(self, session: Session, judgement: Judgement) -> tuple[Session, Fixed]:
        """In each round what is found at its start is fixed; what that brings to light, in the
        next. Also the session that knows what scripts start then."""
        changes: dict[str, bytes] = {}
        mended: list[Mended] = []
        for _ in range(MAX_ROUNDS):
            left = {draft.key for draft in judgement.drafts}
            before = len(mended)
            self._hopeless.clear()
            # Of each file one fix at a time: the next is planned on what that made of it.
            while chosen := self._batch(session, judgement, left):
                new = {planned.file: planned.data for _, planned in chosen}
                changes.update(new)
                mended += [_mended(drafts, planned) for drafts, planned in chosen]
                left.difference_update(draft.key for drafts, _ in chosen for draft in drafts)
                session, judgement = session.after(judgement, new)
                self._forget(new)
            if len(mended) == before:
                return session, Fixed(changes, tuple(mended), judgement)
        raise DoNotConverge

    def _batch(
        self, session: Session, judgement: Judgement, left: Container[tuple[str, str, str]]
    ) -> list[tuple[list[Draft], Planned]]:
        """The first fix of each file; or one of a script, as what it starts may depend on any."""
        chosen: dict[str, tuple[list[Draft], Planned]] = {}
        planner = Planner(session, judgement)
        for drafts in sorted(grouped(judgement.drafts), key=_settings_first):
            draft = drafts[0]
            own = {draft.subject.suite.file, draft.subject.suite.config}
            if draft.key not in left or draft.key in self._hopeless or own & chosen.keys():
                continue
            of_script = draft.subject.over == "invocation"
            # Those of scripts are all unsafe, and to plan one the whole project is judged.
            if of_script and (chosen or not self._unsafe):
                continue
            found = planner.plan(draft)
            if not isinstance(found, Planned) or not self._may(found):
                self._hopeless[draft.key] = None if of_script else draft.subject.suite.files | own
                continue
            if of_script:
                return [(drafts, found)]
            chosen.setdefault(found.file, (drafts, found))
        return list(chosen.values())

    def _may(self, found: Planned) -> bool:
        allowed = self._unsafe or found.fix.safety == "safe"
        return allowed and self._only in (None, found.file) and found.file not in self._refused

    def _forget(self, changed: dict[str, bytes]) -> None:
        """What could not be fixed may be, after a change of a file that decides it.

        Scripts wait for the next round: each of them costs a judgement of the whole project.
        """
        self._hopeless = {
            key: files
            for key, files in self._hopeless.items()
            if files is None or files.isdisjoint(changed)
        }


def _settings_first(drafts: list[Draft]) -> bool:
    """What was meant is put right before a limit is added: then less is left to add."""
    return drafts[0].subject.over != "setting"


def _mended(drafts: list[Draft], planned: Planned) -> Mended:
    suites = tuple(dict.fromkeys(draft.subject.suite.id for draft in drafts))
    fix = planned.fix
    return Mended(drafts[0].rule.id, planned.file, fix.title, fix.safety, suites)
