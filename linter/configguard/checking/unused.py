"""Comments that hide findings as subjects of rules: what each of them hides in a whole project."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from configguard.checking.check import Ruling
from configguard.checking.finding import Notice, Problem
from configguard.checking.hidden import Comments, Hidden, sources_of
from configguard.checking.subjects import Subject, never_starts
from configguard.checking.suppress import Suppression
from configguard.project.suite import Suite
from configguard.runners.profile import Fact, KnownFact
from configguard.source.workspace import Workspace


def suppression_subjects(
    workspace: Workspace,
    comments: Comments,
    ruling_of: Mapping[str, tuple[Suite, Ruling]],
    hidden: Sequence[Hidden],
    undecided: Collection[str | None],
) -> Iterator[tuple[Ruling, list[Subject]]]:
    """The comments in all files that judged suites come from, each in every environment.

    `ruling_of`: each judged suite and what decides for it. A comment about the rule over comments
    itself is none of them.
    """
    readers: dict[str, list[tuple[Suite, Ruling]]] = {}
    for suite, ruling in ruling_of.values():
        for file in sorted(sources_of(suite)):
            readers.setdefault(file, []).append((suite, ruling))
    for file, reading in readers.items():
        for comment in comments.of(workspace, file).found:
            rule = reading[0][1].every.get(comment.rule or "")
            if rule is not None and "suppression" in rule.over:
                continue
            hides = len({(one.draft.key[2], one.draft.violations[0].case.fact.at[:1])
                         for one in hidden if one.comment == comment})  # fmt: skip
            decidable = comment.rule not in undecided and all(
                _decides(comment, suite, ruling) for suite, ruling in reading
            )
            yield reading[0][1], list(_subjects(comment, reading, hides, decidable))


def undecided_rules(
    notices: Sequence[Notice], problems: Sequence[Problem], every: Collection[str]
) -> Collection[str | None]:
    """The rules that could not decide somewhere: all, where a part of the input is not read."""
    if any(problem.severity == "error" for problem in problems):
        return every
    return {notice.rule for notice in notices}


def _decides(comment: Suppression, suite: Suite, ruling: Ruling) -> bool:
    """Whether the rule of a comment was judged about a suite, and could be."""
    asked = any(rule.id == comment.rule for rule in ruling.rules)
    idle = any(never_starts(profile) for profile in suite.profiles.values())
    return asked and not idle and suite.kind.kind != "unknown"


def _subjects(
    comment: Suppression, reading: Sequence[tuple[Suite, Ruling]], hides: int, decidable: bool
) -> Iterator[Subject]:
    suite = reading[0][0]
    facts: dict[str, Fact] = {
        "rule": KnownFact(comment.rule),
        "scope": KnownFact("file" if comment.lines is None else "line"),
        "hides": KnownFact(float(hides)),
        "decidable": KnownFact(decidable),
        "reasoned": KnownFact(True),  # without a reason it is none
    }
    ids = tuple(dict.fromkeys(one.id for one, _ in reading))
    for environment, profile in suite.profiles.items():
        yield Subject(
            "suppression",
            comment.rule,
            suite,
            environment,
            profile,
            facts,
            anchor=(comment.at,),
            with_suites=ids,
        )
