"""The changes that would mend a finding: what they set, how they are called, if they are safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Literal

from configguard.checking.check import FACT_LIMITS, Draft
from configguard.checking.wording import newest_held
from configguard.fixing.verify import Fault
from configguard.runners.spelling import Change, candidates


def safety_of(draft: Draft, also: Iterable[Draft] = ()) -> Literal["safe", "unsafe"]:
    """CONTRACT.md section 6: what is safe to apply without a person looking at it."""
    if any(safety_of(one) == "unsafe" for one in also):
        return "unsafe"
    if draft.removes:
        return "safe" if draft.wanted or draft.moves else "unsafe"
    lowers = any(fact in FACT_LIMITS for fact in draft.wanted)
    return "unsafe" if lowers and draft.severity != "error" else "safe"


def explained(draft: Draft, why: Fault) -> str:
    """Why there is no fix; and what a person can do, where it concerns other suites or files."""
    change = next(_spelled(draft), None)
    if change is None or not change.sets:
        return why.reason
    suite, entries = draft.subject.suite.id, draft.subject.entries
    at = entries[0].at[0].file if entries and entries[0].at else draft.subject.suite.file
    own = (draft.subject.suite.file, draft.subject.suite.config)
    if at not in own and at in draft.subject.suite.files:
        here = draft.subject.suite.file
        return (
            f"it stands in {at}, which others may read. "
            f"1. Set `{change}` in {here}. 2. Take it out of {at}"
        )
    if why.other is None:
        return why.reason
    return (
        f"`{change}` would change {why.other} too. 1. Move {suite} into a config file of its own. "
        f"2. Set `{change}` there. 3. Run it by a script of its own"
    )


def title_of(draft: Draft, change: Change, idle: frozenset[str]) -> str:
    stays = {**dict(change.sets), **dict(change.moves)}
    change = change._replace(sets=tuple(one for one in change.sets if one[0] not in idle))
    gone = [path for path in (*draft.removes, *change.removes) if path not in stays]
    removed = [path.removeprefix("test.") for path in gone]
    parts = [f"set {change}"] if change.sets else []
    parts += [f"remove {', '.join(dict.fromkeys(removed))}"] if removed else []
    parts += [f"write {old} as {new}" for old, new in change.moves]
    return " and ".join(parts)


def changes_for(draft: Draft) -> Iterator[Change]:
    """All ways to spell everything that is wanted, the plainest first."""
    if draft.moves:
        yield Change((), (), draft.moves)
        if not draft.wanted:
            return
        # Under its right name it may be too much: `retries: 3` becomes `retry: 1`.
        targets = {new for _, new in draft.moves}
        for change in _spelled(draft):
            if targets.issuperset(setting for setting, _ in change.sets):
                yield change._replace(moves=draft.moves)
        return
    yield from _spelled(draft)


def _spelled(draft: Draft) -> Iterator[Change]:
    suite, profile = draft.subject.suite, draft.subject.profile
    ways = [
        list(candidates(suite.runner, newest_held(draft), fact, value, profile))
        for fact, value in draft.wanted.items()
    ]
    for chosen in product(*ways):
        sets = tuple(pair for change in chosen for pair in change.sets)
        removes = tuple(path for change in chosen for path in change.removes)
        yield Change(tuple(dict.fromkeys(sets)), removes)
