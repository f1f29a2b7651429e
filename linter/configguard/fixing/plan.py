"""A finding to a verified fix: candidates tried in order, the first that changes only what it
should is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Literal, NamedTuple

from configguard.checking.check import FACT_LIMITS, Draft
from configguard.checking.finding import Fix
from configguard.checking.session import Judgement, Session
from configguard.checking.wording import grouped, newest_held
from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine
from configguard.evaluate.values import Value
from configguard.fixing.diff import edits_between
from configguard.fixing.effects import suite_fault
from configguard.fixing.objects import comments_in
from configguard.fixing.rewrite import (
    move_setting,
    remove_setting,
    set_setting,
    stands_in,
)
from configguard.fixing.untouched import Leaves, leaves_of, untouched
from configguard.project.suites import Configured, Suite, runner_for
from configguard.runners.model import Model
from configguard.runners.profile import (
    KnownFact,
    cases_of,
)
from configguard.runners.runner import Key
from configguard.runners.spelling import Change, candidates
from configguard.source.document import Document
from configguard.source.edits import Edit, apply_edits
from configguard.source.workspace import MAX_LOCK_BYTES, Unreadable, Workspace
from configguard.syntax.trees import BadSyntax, Parsed, parse

MAX_ATTEMPTS = 40
MAX_FIX_STEPS = 60_000
"""Of evaluating one config again and again for its fixes: some 0.6 s. Real ones take hundreds of
steps, so that all that can be tried is."""


_OVER_BOUND = f"to try its fixes takes more than {MAX_FIX_STEPS} steps of evaluation"


class Planned(NamedTuple):
    """A fix and the bytes of the file it makes."""

    fix: Fix
    file: str
    data: bytes
    of_script: bool = False


class Planner:
    """Plans the fixes of one judgement; knows which of its configs an edit can reach."""

    def __init__(self, session: Session, judgement: Judgement) -> None:
        self.session = session
        self._judgement = judgement
        self._readers: dict[str, list[Configured]] = {}
        for config in judgement.configs:
            for file in frozenset[str]().union(*(suite.files for suite in config.suites)):
                self._readers.setdefault(file, []).append(config)
        self._steps = {config.candidate.file: config.steps for config in judgement.configs}
        self._taken: dict[str, int] = {}
        self._leaves: dict[tuple[str, str], frozenset[Leaves]] = {}
        self._drafts: dict[str, list[Draft]] = {}
        self._same: dict[int, dict[str, Draft]] = {}
        for draft in judgement.drafts:
            self._drafts.setdefault(draft.subject.suite.id, []).append(draft)
        for group in grouped(judgement.drafts):
            same = {draft.subject.suite.id: draft for draft in group}
            self._same.update((id(draft), same) for draft in group)

    def reading(self, file: str) -> Judgement:
        """The part of the judgement that a change of a file can change."""
        configs = tuple(self._readers.get(file, ()))
        suites = (suite for config in configs for suite in config.suites)
        drafts = [draft for suite in suites for draft in self._drafts.get(suite.id, ())]
        return Judgement(configs, tuple(drafts), (), (), {})

    def may_evaluate(self, config: str) -> bool:
        """Whether a config may be evaluated once more for its fixes; that is then counted."""
        if self.may_go_on(config):
            self._taken[config] = self._taken.get(config, 0) + self._steps.get(config, 0)
        return self.may_go_on(config)

    def may_go_on(self, config: str) -> bool:
        """Whether all that was to be evaluated for fixes was below the bound."""
        return self._taken.get(config, 0) <= MAX_FIX_STEPS

    def keeps_others(self, draft: Draft, change: Change, file: str, data: bytes) -> bool:
        """Whether all that a change is not about stays what it was, in the config of its suite."""
        suite, workspace = draft.subject.suite, self.session.workspace
        version = newest_held(draft)
        key = suite.config, version
        if key not in self._leaves:
            self._leaves[key] = leaves_of(workspace, suite, version)
        after = leaves_of(workspace.with_overlay({file: data}), suite, version)
        return untouched(self._leaves[key], after, change.settings | {*draft.removes})

    def same(self, draft: Draft) -> dict[str, Draft]:
        """The drafts of one finding, by suite: written once, it may break a rule in several."""
        return self._same[id(draft)]

    def plan(self, draft: Draft) -> Planned | str:
        """The fix of a finding, verified; or why there is none."""
        if draft.rule.fix is not None and "guard" in draft.rule.fix:
            return self._guarded(draft)
        if draft.rule.fix is None or not (draft.wanted or draft.removes or draft.moves):
            return "this rule has no automatic fix here"
        if draft.subject.over == "invocation":
            return self._lowered(draft)
        if any(one.case.fact.origin in ("flag", "environment") for one in draft.violations):
            return "it is set by a command line, not by a config"
        return _plan(self, self.session, draft)

    def _guarded(self, draft: Draft) -> Planned | str:
        from configguard.fixing.guarding import script_to_guard, with_guarded

        workspace, suite = self.session.workspace, draft.subject.suite
        script = script_to_guard(suite, self.session.ways)
        starts = [one.invocation for one in self.session.ways.of(suite)]
        named = next((one for one in starts if one.title == draft.subject.context), None)
        if named is None or named.kind == "ci":
            return "a CI step needs configguard installed in its job first"
        if script != (named.package, named.name):
            return "another script is the one to guard"
        made = with_guarded(workspace, script)
        before = workspace.read(made.file, MAX_LOCK_BYTES) if not isinstance(made, str) else made
        if isinstance(made, str) or isinstance(before, str | Unreadable):
            return str(made)
        edits = edits_between(made.file, before.data, made.data)
        title = f"add the script {made.name}, which guards it"
        return Planned(Fix("unsafe", title, edits), made.file, made.data, of_script=True)

    def _lowered(self, draft: Draft) -> Planned | str:
        from configguard.fixing.scripts import lowered

        found = lowered(self.session, self._judgement, draft)
        if isinstance(found, str):
            return found
        file, edits, data = found
        told = (f"{fact} to {value:g}" for fact, value in draft.wanted.items())
        title = f"lower {' and '.join(told)} in {draft.subject.context}"
        return Planned(Fix("unsafe", title, tuple(edits)), file, data, of_script=True)


def _plan(planner: Planner, session: Session, draft: Draft) -> Planned | str:
    suite = draft.subject.suite
    why = "no edit of this file alone would do it"
    attempts = 0
    # A project in a file of its own may be governed by a setting of the config that runs it.
    for file in dict.fromkeys((suite.file, suite.config)):
        before = session.workspace.read(file)
        if isinstance(before, Unreadable):
            return f"{file} can no longer be read: {before.reason}"
        for change in _changes(draft):
            for data in _rewritten(planner, draft, file, change):
                attempts += 1
                if attempts > MAX_ATTEMPTS:
                    return why
                if not planner.may_evaluate(suite.config):
                    return _OVER_BOUND
                fault = _fault(planner, draft, file, data)
                if fault is None and not planner.keeps_others(draft, change, file, data):
                    fault = "it would change other settings too"
                if fault is None:
                    edits = edits_between(file, before.data, data)
                    safety = _safety(draft)
                    if comments_in(before) > comments_in(_document(session, file, data)):
                        safety = "unsafe"  # a comment goes with what it stands in
                    return Planned(Fix(safety, _title(draft, change), edits), file, data)
                why = fault
    return why if planner.may_go_on(suite.config) else _OVER_BOUND


def _safety(draft: Draft) -> Literal["safe", "unsafe"]:
    """CONTRACT.md section 6: what is safe to apply without a person looking at it."""
    if draft.removes:
        return "safe" if draft.wanted or draft.moves else "unsafe"
    lowers = any(fact in FACT_LIMITS for fact in draft.wanted)
    return "unsafe" if lowers and draft.severity != "error" else "safe"


def _title(draft: Draft, change: Change) -> str:
    stays = {**dict(change.sets), **dict(change.moves)}
    gone = [path for path in (*draft.removes, *change.removes) if path not in stays]
    removed = [path.removeprefix("test.") for path in gone]
    parts = [f"set {change}"] if change.sets else []
    parts += [f"remove {', '.join(dict.fromkeys(removed))}"] if removed else []
    parts += [f"write {old} as {new}" for old, new in change.moves]
    return " and ".join(parts)


def _changes(draft: Draft) -> Iterator[Change]:
    """All ways to spell everything that is wanted, the plainest first."""
    if draft.moves:
        yield Change((), (), draft.moves)
        if not draft.wanted:
            return
    suite, profile = draft.subject.suite, draft.subject.profile
    ways = [
        list(candidates(suite.runner, newest_held(draft), fact, value, profile))
        for fact, value in draft.wanted.items()
    ]
    for chosen in product(*ways):
        sets = tuple(pair for change in chosen for pair in change.sets)
        removes = tuple(path for change in chosen for path in change.removes)
        yield Change(tuple(dict.fromkeys(sets)), removes)


def _rewritten(planner: Planner, draft: Draft, file: str, change: Change) -> Iterator[bytes]:
    """What a file may look like after a change: settings set one by one, dead ones taken out.

    A dead one that is set stays where it is first, as it may only have had a useless value.
    """
    moved = dict(change.moves)
    removes = (*change.removes, *(one for one in draft.removes if one not in moved))
    kept = tuple(setting for setting in removes if setting not in dict(change.sets))
    for dead in dict.fromkeys((kept, removes)):
        yield from _after_all(planner, draft, file, change, dead)


def _after_all(
    planner: Planner, draft: Draft, file: str, change: Change, removes: tuple[str, ...]
) -> Iterator[bytes]:
    document = planner.session.workspace.read(file)
    assert not isinstance(document, Unreadable)  # it was read a moment ago
    found = [document.data]
    for setting, value in change.sets:
        found = [
            after for data in found for after in _after(planner, draft, file, data, setting, value)
        ]
    for setting in removes:
        found = [
            after for data in found for after in _after(planner, draft, file, data, setting, None)
        ]
    for old, new in change.moves:
        found = [after for data in found for after in _after(planner, draft, file, data, old, new)]
    yield from (data for data in found if data != document.data)


def _after(
    planner: Planner,
    draft: Draft,
    file: str,
    data: bytes,
    setting: str,
    value: bool | float | str | None,
) -> Iterator[bytes]:
    if not planner.may_evaluate(draft.subject.suite.config):
        return
    changed = planner.session.workspace.with_overlay({file: data})
    parsed = _parsed(changed, file)
    config = _parsed(changed, draft.subject.suite.config)
    if parsed is None or config is None:
        return
    for edits in _edits(changed, config, parsed, draft, setting, value):
        yield apply_edits(data, edits)


def _parsed(workspace: Workspace, file: str) -> Parsed | None:
    document = workspace.read(file)
    parsed = parse(document) if not isinstance(document, Unreadable) else None
    return parsed if isinstance(parsed, Parsed) else None


def _edits(
    workspace: Workspace,
    evaluated: Parsed,
    parsed: Parsed,
    draft: Draft,
    setting: str,
    value: bool | float | str | None,
) -> list[list[Edit]]:
    """The alternative edits for one setting, in the world in which the finding was made.

    `value`: what it is given; None takes it out, a text is the setting that it is written as.
    """
    suite = draft.subject.suite
    runner = runner_for(suite.runner, suite.config, suite.around)
    named = {environment.name: environment for environment in runner.environments}
    version = newest_held(draft)
    environment = named[draft.environments[0]]
    asked = version if runner.per_version else None
    config = Config(workspace, evaluated, (environment,), runner.resolve, asked)
    model = Model(runner, config, version, suite.around)

    def question(machine: Machine, exported: Value) -> list[list[Edit]]:
        member = model.member(machine, exported, suite.key)
        if member is None:
            return []
        found: list[list[Edit]] = []
        sides = dict.fromkeys((member.settings, member.settings.root))
        # Where it is written already, it is changed in place before it is added elsewhere.
        for settings in sorted(sides, key=lambda side: not stands_in(parsed, side, setting)):
            if value is None:
                edit = remove_setting(parsed, settings, setting)
                found += [] if edit is None else [[edit]]
            elif isinstance(value, str):
                moved = move_setting(parsed, settings, setting, value)
                found += [moved] if moved else []
            else:
                found += [[edit] for edit in set_setting(parsed, settings, setting, value)]
        return found

    wanted = draft.when.assumptions
    cases = [case for case in config.ask(question) if isinstance(case.answer, list)]
    cases.sort(key=lambda case: not set(wanted) <= set(case.when))
    return cases[0].answer if cases and isinstance(cases[0].answer, list) else []


def _fault(planner: Planner, draft: Draft, file: str, data: bytes) -> str | None:
    """Why an edited file will not do; None where it changes what it should and nothing else."""
    session = planner.session
    parsed = parse(_document(session, file, data))
    if isinstance(parsed, BadSyntax):
        return "the edited file would not parse"
    before, same = planner.reading(file), planner.same(draft)
    after = session.rejudged(before, {file: data})
    now = {suite.id: _afterwards(suite, after.suites) for suite in before.suites}
    keys = {other.key for other in after.drafts}
    for suite_id, one in same.items():
        new = now.get(suite_id)
        if new is None or (one.rule.id, new.id, one.key[2]) in keys:
            return "the finding would still stand"
    known: dict[object, list[set[str]]] = {}
    for other in before.drafts:
        known.setdefault(_about(other), []).append(_topics(other))
    meant = {_place(one): one for one in same.values()}
    stopped = _refused(draft.subject.suite)
    for other in after.drafts:
        # Of several facts that broke a rule one may be left.
        is_new = not any(_topics(other) <= facts for facts in known.get(_about(other), ()))
        if is_new and not (_place(other) in meant and stopped):
            return f"it would cause another finding: {other.rule.id}"
    for suite in before.suites:
        new = now[suite.id]
        if new is None:
            return f"{suite.id} would no longer be a suite"
        # What the fix is meant to change may change in every run of the suite.
        free = meant[suite.config, suite.key].wanted if (suite.config, suite.key) in meant else {}
        fault = suite_fault(suite, new, same.get(suite.id), free)
        if fault is not None:
            return fault
    return None


def _about(draft: Draft) -> tuple[object, ...]:
    return draft.rule.id, _place(draft), draft.subject.context


def _topics(draft: Draft) -> set[str]:
    """The facts or settings that a draft is about."""
    return {*draft.topic.split(",")}


def _place(draft: Draft) -> tuple[str, Key]:
    """The suite of a draft, however it is started."""
    return draft.subject.suite.config, draft.subject.suite.key


def _afterwards(suite: Suite, suites: Iterable[Suite]) -> Suite | None:
    """What has become of a suite: one that an invocation ran may do now as it is written."""
    alike = [one for one in suites if one.config == suite.config and one.key == suite.key]
    same = next((one for one in alike if one.id == suite.id), None)
    if same is not None or suite.invocation is None:
        return same
    started = suite.invocation.id
    found = next((o for o in alike if started in [one.id for one in o.same_as]), None)
    if found is None or not suite.profiles.keys() <= found.profiles.keys():
        return None
    return found._replace(profiles={name: found.profiles[name] for name in suite.profiles})


def _document(session: Session, file: str, data: bytes) -> Document:
    document = session.workspace.with_overlay({file: data}).read(file)
    assert not isinstance(document, Unreadable)  # edits keep UTF-8 and the size
    return document


def _refused(suite: Suite) -> bool:
    """Whether the suite did not start before, in some case: then more may come to light."""
    outcomes = (profile.facts["outcome"] for profile in suite.profiles.values())
    return any(
        not (isinstance(case.fact, KnownFact) and case.fact.value == "runs")
        for outcome in outcomes
        for case in cases_of(outcome)
    )
