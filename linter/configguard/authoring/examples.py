"""The examples of a rule's page run: findings, fix, fix again, and linting changes no byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from configguard.authoring.cases import Case, WrongCase, cases_in, gaps, outcome
from configguard.checking.session import Judgement, Options, Session
from configguard.checking.wording import grouped, place_of
from configguard.resources import table
from configguard.ruleset.rule import Rule
from configguard.source.document import Document
from configguard.source.workspace import Workspace
from configguard.syntax.trees import forget

_OUTCOMES = {"missing": "expected, and not found", "noisy": "found, and not expected"}


class Tried(NamedTuple):
    """How many examples a rule has, and what is wrong: the line in its page, and what."""

    examples: int
    wrong: tuple[tuple[int, str], ...] = ()


def tried(rule: Rule, page: str, rules: Mapping[str, Rule]) -> Tried:
    """Run all examples of a rule's page, beside all rules that there are."""
    try:
        cases, lacks = cases_in(page), gaps(rule.data, page)
    except WrongCase as wrong:
        return Tried(0, ((1, str(wrong)),))
    found = [(1, lack) for lack in lacks]
    found += [
        (case.line, f"{case.title}: {one}") for case in cases for one in _of(rule, case, rules)
    ]
    return Tried(len(cases), tuple(found))


def written(folder: Path, case: Case) -> dict[str, bytes]:
    """Write the files of an example and the runners that it names; what its files hold."""
    for runner, version in case.versions.items():
        package = table(f"runners/facts/{runner}").get("packages", [runner])[0]
        manifest = folder / "node_modules" / package / "package.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"name": package, "version": version}), "utf-8")
    files = {name: text.encode() for name, text in case.files.items()}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return files


def _of(rule: Rule, case: Case, rules: Mapping[str, Rule]) -> list[str]:
    """What is wrong with one example."""
    from configguard.fixing.apply import DoNotConverge, fix_all

    forget()
    with TemporaryDirectory(prefix="configguard-example-") as folder:
        before = written(Path(folder), case)
        session = Session(Workspace(Path(folder)), Options(tuple(rules.values()), every=rules))
        judgement = session.judge([""])
        wrong = [problem.message for problem in judgement.problems]
        for name, which in outcome(case.expected, _findings(judgement, session, rule)).items():
            wrong += [f"{_OUTCOMES[name]}: {one} in {file}:{line}" for file, line, one in which]
        if wrong:
            return wrong  # what a fix of it would make says nothing
        try:
            fixed = fix_all(session, judgement, unsafe=case.unsafe)
            again = fix_all(session.over(fixed.changes), fixed.judgement, unsafe=case.unsafe)
        except DoNotConverge:
            return ["its fixes do not settle"]
        wanted = {**before, **{name: text.encode() for name, text in case.fixed.items()}}
        for name, data in {**before, **fixed.changes}.items():
            if data != wanted.get(name):
                wrong.append(f"the fix makes another {name}:\n{data.decode('utf-8', 'replace')}")
        if again.changes:
            wrong.append(f"fixing again changes {', '.join(again.changes)}")
        left = _findings(fixed.judgement, session.over(fixed.changes), rule)
        if case.fixed and any(one == rule.id for _, _, one in left):
            wrong.append("the finding is still there after its fix")
        return wrong


def _findings(judgement: Judgement, session: Session, rule: Rule) -> set[tuple[str, int, str]]:
    """(file, line, rule) of every finding, without the advice of other rules."""
    found: set[tuple[str, int, str]] = set()
    for draft in (drafts[0] for drafts in grouped(judgement.drafts)):
        place = place_of(draft)[0]
        document = session.workspace.read(place.file)
        line = document.line_index(place.start) + 1 if isinstance(document, Document) else 1
        if draft.severity != "info" or draft.rule.id == rule.id:
            found.add((place.file, line, draft.rule.id))
    return found
