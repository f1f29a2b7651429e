"""What must hold of every fix, asked of what fixing made of one config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from configguard.checking.session import Judgement
from configguard.fixing.apply import fix_all
from configguard.fixing.diff import edits_between
from configguard.runners.profile import fact_json
from configguard.source.document import Document
from configguard.source.edits import Edit, apply_edits
from configguard.source.span import Span
from configguard.syntax.trees import Parsed, parse
from support.fixing import installed, judged

MAY_CHANGE = {
    "e2e-parallel-workers": {"workers"},
    "e2e-concurrent-tests": {"testConcurrency"},
    "too-many-retries": {"retries"},
    "missing-timeout": {"testTimeoutMs", "hookTimeoutMs"},
    "unbounded-timeout": {"testTimeoutMs", "hookTimeoutMs"},
    "timeout-too-short": {"testTimeoutMs", "hookTimeoutMs"},
}
"""Of other rules anything that their setting decides: the settings are looked at instead."""
TIED = {
    "jest": {"testTimeoutMs", "hookTimeoutMs"},
    "playwright": {"testTimeoutMs", "hookTimeoutMs"},
}
_PART = re.compile(r"(set|remove|write) ")
_SET = re.compile(r"([\w.]+): ([^,]+)")


class Case(NamedTuple):
    """A config before and after fixing, and what the fixes said that they do."""

    file: str
    before: bytes
    after: bytes
    titles: tuple[str, ...]

    @property
    def named(self) -> set[str]:
        """The settings that the fixes named."""
        found: set[str] = set()
        for title in self.titles:
            for part in re.split(r" and (?=set |remove |write )", title):
                verb, _, rest = part.partition(" ")
                if verb == "set":
                    found.update(name for name, _ in _SET.findall(rest))
                elif verb == "remove":
                    found.update(rest.split(", "))
                elif verb == "write":
                    found.update(rest.split(" as "))
        return found


def lawful(file: str, before: bytes, *, unsafe: bool = True, **version: str) -> Case | None:
    """The config fixed, and every law asserted; None where nothing was to be fixed."""
    packages = installed(**version)
    session, judgement = judged({**packages, file: before}, [file])
    fixed = fix_all(session, judgement, unsafe=unsafe)
    assert fixed.changes.keys() <= {file}, "another file would be changed"
    if not fixed.changes:
        assert not fixed.mended
        return None
    after = fixed.changes[file]
    assert isinstance(parse(Document(file, after)), Parsed), "it does not parse"

    again, fresh = judged({**packages, file: after}, [file])
    assert _keys(fresh) == _keys(fixed.judgement), "judged anew it is another"
    assert len(_keys(fresh)) < len(_keys(judgement)) or _started_not(judgement)
    for one in fixed.mended:
        for suite in one.suites:
            left = [key for key in _keys(fresh) if key[:2] == (one.rule, suite)]
            was = [key for key in _keys(judgement) if key[:2] == (one.rule, suite)]
            assert len(left) < len(was) or _started_not(judgement), f"{one} did not help"
    _facts_kept(judgement, fresh, {one.rule for one in fixed.mended})

    twice = fix_all(again, fresh, unsafe=unsafe)
    assert not twice.changes, "fixing again changes something"

    forth, back = edits_between(file, before, after), edits_between(file, after, before)
    assert apply_edits(before, forth) == after
    assert apply_edits(after, back) == before
    assert apply_edits(after, _inverse(before, forth)) == before
    _each_needed(packages, file, before, forth, fresh)
    return Case(file, before, after, tuple(one.title for one in fixed.mended))


def _keys(judgement: Judgement) -> set[tuple[str, str, str]]:
    return {draft.key for draft in judgement.drafts}


def _started_not(judgement: Judgement) -> bool:
    """Whether some suite refused to start: then mending it brings more to light."""
    return any(fact.get("value") != "runs" for fact in _facts(judgement, "outcome"))


def _facts(judgement: Judgement, name: str) -> Iterator[dict[str, Any]]:
    for suite in judgement.suites:
        for profile in suite.profiles.values():
            yield fact_json(profile.facts[name])


def _told(judgement: Judgement) -> Mapping[tuple[str, str, str], dict[str, Any]]:
    return {
        (suite.id, environment, name): _bare(fact_json(fact))
        for suite in judgement.suites
        for environment, profile in suite.profiles.items()
        for name, fact in profile.facts.items()
    }


def _bare(fact: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in fact.items() if key not in ("at", "origin", "cases")}
    if "cases" in fact:
        shown["cases"] = [(case["when"], _bare(case["fact"])) for case in fact["cases"]]
    return shown


def _facts_kept(old: Judgement, new: Judgement, rules: set[str]) -> None:
    """Facts that no rule concerned speaks of are what they were."""
    if not rules <= MAY_CHANGE.keys():
        return
    allowed = {fact for rule in rules for fact in MAY_CHANGE[rule]}
    before, after = _told(old), _told(new)
    assert before.keys() == after.keys()
    changed = {
        key[2]
        for key in before
        # Fewer workers may also let a suite start that did not on every machine.
        if before[key] != after[key] and (key[2] != "outcome" or after[key]["value"] != "runs")
    }
    assert changed <= allowed, f"{changed - allowed} changed too"


def _inverse(before: bytes, edits: tuple[Edit, ...]) -> list[Edit]:
    """The edits of the result that give back what there was."""
    found, moved = [], 0
    for edit in edits:
        file, start, end = edit.span
        length = len(edit.text.encode())
        old = before[start:end].decode()
        found.append(Edit(Span(file, start + moved, start + moved + length), old))
        moved += length - (end - start)
    return found


def _each_needed(
    packages: Mapping[str, str],
    file: str,
    before: bytes,
    edits: tuple[Edit, ...],
    wanted: Judgement,
) -> None:
    """Without any one of the edits the result is another: none is idle.

    What is only taken out was dead already.
    """
    for edit in edits if len(edits) > 1 else ():
        if not edit.text.strip():
            continue
        data = apply_edits(before, [one for one in edits if one is not edit])
        if not isinstance(parse(Document(file, data)), Parsed):
            continue
        _, without = judged({**packages, file: data}, [file])
        same = _keys(without) == _keys(wanted) and _told(without) == _told(wanted)
        assert not same, f"{edit.text!r} is not needed"
