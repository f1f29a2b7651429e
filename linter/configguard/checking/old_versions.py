"""Where no version was found: what holds in old versions alone is a notice, not many findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from configguard.checking.check import Draft, Hit, Ruling, drafted
from configguard.checking.finding import Notice
from configguard.project.suites import versions_of
from configguard.runners.profile import When
from configguard.runners.versions import matches


def parted(draft: Draft, ruling: Ruling) -> tuple[Draft | None, Draft | None]:
    """What of a finding the newest version has too, and what only older ones have."""
    suite = draft.subject.suite
    if suite.installed.source != "none":
        return draft, None
    newest = versions_of(suite.runner, suite.installed)[0][-1][1]
    now = tuple(hit for hit in draft.hits if _holds(hit, newest))
    if len(now) == len(draft.hits):
        return draft, None
    return (drafted(draft.rule, now, ruling), None) if now else (None, draft)


def notices_of_old(drafts: Iterable[Draft]) -> Iterator[Notice]:
    """One notice for each config: which rules would speak, before which version."""
    of_config: dict[str, list[Draft]] = {}
    for draft in drafts:
        of_config.setdefault(draft.subject.suite.config, []).append(draft)
    for config, found in of_config.items():
        runner = found[0].subject.suite.runner
        topics: dict[str, dict[str, None]] = {}
        for draft in found:
            topics.setdefault(draft.rule.id, {})[draft.topic.replace("test.", "")] = None
        listed = " and ".join(f"{rule} ({', '.join(about)})" for rule, about in topics.items())
        told = f"no version of {runner} was found; "
        told += f"before {runner} {_bound(found)} there would be {listed}"
        yield Notice(f"{config}: {told}", found[0].subject.profile.anchor)


def _holds(hit: Hit, version: str) -> bool:
    """Whether a version has what breaks the rule."""
    return any(one.versions is None or matches(version, one.versions) for one in _whens(hit))


def _whens(hit: Hit) -> Iterator[When]:
    subject, violations = hit
    if subject.entries:
        yield from (entry.when for entry in subject.entries)
    else:
        yield from (when for violation in violations for when in violation.whens)


def _bound(drafts: Sequence[Draft]) -> str:
    """The first version in which none of them holds any more."""
    suite = drafts[0].subject.suite
    whens = [when.versions or "" for draft in drafts for hit in draft.hits for when in _whens(hit)]
    found = versions_of(suite.runner, suite.installed)[0]
    last = max(
        at for at, (_, version) in enumerate(found) if any(matches(version, one) for one in whens)
    )
    return found[last + 1][0].split()[0].removeprefix(">=")
