"""A finding to a verified fix: candidates tried in order, the first that changes only what it
should is taken."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from configguard.checking.check import Draft
from configguard.checking.finding import Fix
from configguard.checking.session import Judgement, Session
from configguard.checking.wording import grouped, newest_held
from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine
from configguard.evaluate.values import Value
from configguard.fixing.changes import changes_for, explained, safety_of, title_of
from configguard.fixing.diff import edits_between
from configguard.fixing.objects import comments_in
from configguard.fixing.rewrite import (
    move_setting,
    remove_setting,
    set_setting,
    stands_in,
)
from configguard.fixing.untouched import Leaves, leaves_of, serves_many_keys, untouched
from configguard.fixing.values import value_edits
from configguard.fixing.verify import OTHERS, Fault, Passed, document_of, verified
from configguard.project.suites import Configured, runner_for
from configguard.runners.model import Model
from configguard.runners.spelling import Change, literal
from configguard.source.edits import Edit, apply_edits
from configguard.source.workspace import MAX_LOCK_BYTES, Unreadable, Workspace
from configguard.syntax.trees import Parsed, parse

if TYPE_CHECKING:
    from configguard.fixing.guarding import Script

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


class _Rewriting(NamedTuple):
    """What a file may become. `idle`: the settings that were so already."""

    data: bytes
    idle: frozenset[str] = frozenset()


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
        self._guards: dict[Script, Planned | str] = {}
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
        before = workspace.read(file)
        parsed = None if isinstance(before, Unreadable) else parse(before)
        if isinstance(parsed, Parsed):
            edits = edits_between(file, parsed.document.data, data)
            if serves_many_keys(parsed, edits):
                return False
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
        if draft.subject.over == "suppression":
            return self._uncommented(draft)
        if draft.rule.fix is None or not (draft.wanted or draft.removes or draft.moves):
            return "this rule has no automatic fix here"
        if draft.subject.over == "invocation":
            return self._lowered(draft)
        if any(one.case.fact.origin in ("flag", "environment") for one in draft.violations):
            return "it is set by a command line, not by a config"
        return _plan(self, self.session, draft)

    def _uncommented(self, draft: Draft) -> Planned | str:
        from configguard.fixing.comments import without_rule

        found = without_rule(self.session, self._judgement, list(self.same(draft).values()))
        if isinstance(found, str):
            return found
        file, edit, data = found
        title = f"take {draft.subject.name} out of the comment"
        return Planned(Fix("unsafe", title, (edit,)), file, data)

    def _guarded(self, draft: Draft) -> Planned | str:
        from configguard.fixing.guarding import script_to_guard

        suite, anchor = draft.subject.suite, draft.subject.anchor
        script = script_to_guard(suite, self.session.ways)
        # What several scripts lead to is one finding, at the command that all of them start.
        starts = [one.invocation for one in self.session.ways.of(suite)]
        here = [one for one in starts if one.chain[:1] == anchor and one.kind == "script"]
        if not here:
            return "a CI step needs configguard installed in its job first"
        if script is None or script not in [(one.package, one.name) for one in here]:
            return "another script is the one to guard"
        # One script may run the suites of a whole repository.
        if script not in self._guards:
            self._guards[script] = self._guard_of(script)
        return self._guards[script]

    def _guard_of(self, script: Script) -> Planned | str:
        from configguard.fixing.guarding import with_guarded

        workspace = self.session.workspace
        made = with_guarded(workspace, script)
        before = workspace.read(made.file, MAX_LOCK_BYTES) if not isinstance(made, str) else made
        if isinstance(made, str) or isinstance(before, str | Unreadable):
            return str(made)
        edits = edits_between(made.file, before.data, made.data)
        title = f"add the script {made.name}, which guards {script.name}"
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
    why = Fault("no edit of this file alone would do it")
    attempts = 0
    # A project in a file of its own may be governed by a setting of the config that runs it.
    own = tuple(dict.fromkeys((suite.file, suite.config)))
    for file in (*own, *_brought_by(draft, own)):
        before = session.workspace.read(file)
        if isinstance(before, Unreadable):
            return f"{file} can no longer be read: {before.reason}"
        for change in changes_for(draft):
            for data, idle in _rewritten(planner, draft, file, change, add=file in own):
                attempts += 1
                if attempts > MAX_ATTEMPTS:
                    return explained(draft, why)
                if not planner.may_evaluate(suite.config):
                    return _OVER_BOUND
                found = verified(planner, draft, file, data)
                kept = isinstance(found, Fault) or planner.keeps_others(draft, change, file, data)
                if not kept:
                    found = Fault("it would change other settings too", OTHERS)
                if isinstance(found, Passed):
                    edits = edits_between(file, before.data, data)
                    safety = safety_of(draft, found.also)
                    if comments_in(before) > comments_in(document_of(session, file, data)):
                        safety = "unsafe"  # a comment goes with what it stands in
                    if file not in own:
                        safety = "unsafe"  # others may read it that are not known here
                    return Planned(Fix(safety, title_of(draft, change, idle), edits), file, data)
                why = max(why, found, key=lambda fault: fault.weight)
    for file in _brought_by(draft, own):
        called = _in_call(planner, draft, file)
        if called is not None:
            return called
    return explained(draft, why) if planner.may_go_on(suite.config) else _OVER_BOUND


def _in_call(planner: Planner, draft: Draft, file: str) -> Planned | None:
    """The fix of a value that a setup file sets by a call: jest's retryTimes has no setting."""
    workspace, suite = planner.session.workspace, draft.subject.suite
    before, parsed = workspace.read(file), _parsed(workspace, file)
    if parsed is None or isinstance(before, Unreadable):
        return None
    ways: list[list[Edit]] = []
    for one in draft.violations:
        origin = tuple(span for span in one.case.fact.at if span.file == file)
        if one.name in draft.wanted and origin:
            text = literal(draft.wanted[one.name])
            ways.append(list(value_edits(parsed, origin, text)))
    for edits in product(*ways) if ways else ():
        data = apply_edits(before.data, edits)
        if not planner.may_evaluate(suite.config):
            return None
        if isinstance(verified(planner, draft, file, data), Passed):
            shared = {config.candidate.file for config in planner.reading(file).configs}
            safety = safety_of(draft) if len(shared) == 1 else "unsafe"
            told = " and ".join(f"{fact} to {value:g}" for fact, value in draft.wanted.items())
            return Planned(Fix(safety, f"lower {told} in {file}", edits), file, data)
    return None


def _brought_by(draft: Draft, own: tuple[str, ...]) -> Iterator[str]:
    """The further files of the project in which the values stand that are wrong."""
    facts = [one.case.fact.at for one in draft.violations if one.name in draft.wanted]
    spans = [at[-1] for at in (*facts, *(entry.at for entry in draft.subject.entries)) if at]
    for file in dict.fromkeys(span.file for span in spans):
        installed = "node_modules" in file.split("/")
        if file not in own and file in draft.subject.suite.files and not installed:
            yield file


def _rewritten(
    planner: Planner, draft: Draft, file: str, change: Change, *, add: bool
) -> Iterator[_Rewriting]:
    """What a file may look like after a change: settings set one by one, dead ones taken out.

    A dead one that is set stays where it is first, as it may only have had a useless value.
    """
    moved = dict(change.moves)
    removes = (*change.removes, *(one for one in draft.removes if one not in moved))
    kept = tuple(setting for setting in removes if setting not in dict(change.sets))
    # One that a shared base brings may stay there, where it then asks for what is so anyway.
    ways = (
        (kept, removes, ()) if change.sets and file == draft.subject.suite.file else (kept, removes)
    )
    for dead in dict.fromkeys(ways):
        yield from _after_all(planner, draft, file, change, dead, add=add)


def _after_all(
    planner: Planner,
    draft: Draft,
    file: str,
    change: Change,
    removes: tuple[str, ...],
    *,
    add: bool,
) -> Iterator[_Rewriting]:
    document = planner.session.workspace.read(file)
    assert not isinstance(document, Unreadable)  # it was read a moment ago
    found = [_Rewriting(document.data)]
    steps: list[tuple[str, bool | float | str | None]] = [
        *change.moves,
        *change.sets,
        *((dead, None) for dead in removes),
    ]
    for setting, value in steps:
        found = [
            after
            for one in found
            for after in _after(planner, draft, file, one, setting, value, add=add)
        ]
    yield from (one for one in found if one.data != document.data)


def _after(
    planner: Planner,
    draft: Draft,
    file: str,
    one: _Rewriting,
    setting: str,
    value: bool | float | str | None,
    *,
    add: bool,
) -> Iterator[_Rewriting]:
    if not planner.may_evaluate(draft.subject.suite.config):
        return
    changed = planner.session.workspace.with_overlay({file: one.data})
    parsed = _parsed(changed, file)
    config = _parsed(changed, draft.subject.suite.config)
    if parsed is None or config is None:
        return
    for edits in _edits(changed, config, parsed, draft, setting, value, add=add):
        after = apply_edits(one.data, edits)
        idle = one.idle | {setting} if after == one.data else one.idle
        yield _Rewriting(after, idle)


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
    *,
    add: bool,
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
                edits = set_setting(parsed, settings, setting, value, add=add)
                found += [[edit] for edit in edits]
        return found

    wanted = draft.when.assumptions
    cases = [case for case in config.ask(question) if isinstance(case.answer, list)]
    cases.sort(key=lambda case: not set(wanted) <= set(case.when))
    return cases[0].answer if cases and isinstance(cases[0].answer, list) else []
