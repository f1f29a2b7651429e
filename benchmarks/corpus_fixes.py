"""All fixes of real repositories, on copies: what is fixed, what explained, what damaged.

A config is damaged if it does not parse any more, if Node throws where it did not, or if Node
evaluates a setting to something else that no fix has named.
"""

from __future__ import annotations

import collections
import os
import re
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import corpus_npm

from configguard.checking.session import Judgement, Options, Session
from configguard.checking.wording import grouped
from configguard.fixing.apply import DoNotConverge, fix_all
from configguard.fixing.idle import Fixed
from configguard.fixing.plan import Planned, Planner
from configguard.ruleset.rule import builtin_rules
from configguard.source.workspace import Workspace
from configguard.syntax.trees import forget

LEFT_OUT = shutil.ignore_patterns(".git", ".next", ".nx", ".turbo", "coverage")
_SET = re.compile(r"([\w.]+): [^,]+")


class Told(NamedTuple):
    """One repository: its counts, and what went wrong in words."""

    repo: str
    fixed: int
    explained: tuple[str, ...]
    """The rule and the reason of each finding that could be fixed and was not."""
    configs: int
    """How many of the changed configs Node could compare."""
    damaged: tuple[str, ...]


def report(
    repos: Path, only: str, cache: Path, variables: dict[str, dict[str, str]], *, verbose: bool
) -> int:
    """Fix copies of all repositories and print what became of them; 1 where one is damaged."""
    found: list[Told] = []
    for folder in sorted(path for path in repos.iterdir() if path.is_dir()):
        if only not in folder.name:
            continue
        forget()
        with tempfile.TemporaryDirectory(prefix="configguard-fixes-", dir=repos.parent) as scratch:
            copy = Path(scratch) / folder.name
            shutil.copytree(folder, copy, symlinks=True, ignore=LEFT_OUT)
            try:
                told = _tried(folder.name, copy, cache, variables)
            except Exception:
                told = Told(folder.name, 0, (), 0, (f"crash\n{traceback.format_exc()}",))
        found.append(told)
        if verbose:
            print(f"{told.repo}: {told.fixed} fixed, {len(told.explained)} left", flush=True)
        for one in told.damaged:
            print(f"damaged: {told.repo}: {one}", flush=True)
        for one in told.explained if verbose else ():
            print(f"explained: {told.repo}: {one}", flush=True)
    reasons = collections.Counter(
        re.sub(r"\S*[./@#]\S*", "…", one) for told in found for one in told.explained
    )
    print("\nwhy findings that have a fix were not fixed")
    for reason, count in reasons.most_common(30):
        print(f"  {count:>6}  {reason}")
    fixed, left = sum(one.fixed for one in found), sum(len(one.explained) for one in found)
    damaged = sum(len(one.damaged) for one in found)
    share = fixed / (fixed + left) if fixed + left else 1
    print(
        f"\nrepositories: {len(found)}, fixed: {fixed}, explained: {left} ({share:.1%} fixed),"
        f" configs compared by Node: {sum(one.configs for one in found)}, damaged: {damaged}"
    )
    return 1 if damaged else 0


def _tried(repo: str, root: Path, cache: Path, variables: dict[str, dict[str, str]]) -> Told:
    rules = builtin_rules()
    session = Session(Workspace(root), Options(tuple(rules.values()), every=rules))
    judgement = session.judge([""])
    try:
        fixed = fix_all(session, judgement, unsafe=True)
    except DoNotConverge:
        return Told(repo, 0, (), 0, ("the fixes do not settle",))
    configs = [
        corpus_npm.Found(config.candidate.runner, repo, root, config.candidate.file)
        for config in judgement.configs
        if any(suite.files & fixed.changes.keys() for suite in config.suites)
    ]
    before = list(corpus_npm.evaluated(configs, variables, cache))
    for file, data in fixed.changes.items():
        real = Path(os.path.realpath(root / file))
        assert real.is_relative_to(os.path.realpath(root)), f"{file} lies outside the copy"
        real.write_bytes(data)
    after = list(corpus_npm.evaluated(configs, variables, cache))
    again = Session(Workspace(root), session.options)
    fresh = again.judge([""])
    explained = tuple(_explained(again, fresh))
    damaged = [f"{one.message}" for one in fresh.problems if one not in judgement.problems]
    if {one.key for one in fresh.drafts} != {one.key for one in fixed.judgement.drafts}:
        damaged.append("judged from the disk other findings are left")
    twice = fix_all(again, fresh, unsafe=True)
    if twice.changes:
        damaged.append(f"fixing again changes {', '.join(twice.changes)}")
    compared = 0
    for old, new in zip(before, after, strict=True):
        if old.status == "done":
            compared += 1
            damaged += _differences(old, new, _named(fixed, judgement, old.config.file))
    return Told(repo, len(fixed.mended), explained, compared, tuple(damaged))


def _explained(session: Session, judgement: Judgement) -> Iterator[str]:
    planner = Planner(session, judgement)
    for drafts in grouped(judgement.drafts):
        draft = drafts[0]
        if draft.rule.fix is None or not (draft.wanted or draft.removes or draft.moves):
            continue
        planned = planner.plan(draft)
        why = "a fix is left over" if isinstance(planned, Planned) else planned
        yield f"[{draft.rule.id}] {why} ({draft.subject.suite.id})"


def _named(fixed: Fixed, judgement: Judgement, config: str) -> set[str]:
    """The settings that fixes of the files of a config named."""
    files = {file for suite in judgement.suites if suite.config == config for file in suite.files}
    named: set[str] = set()
    for one in fixed.mended:
        if one.file not in files:
            continue
        for part in re.split(r" and (?=set |remove |write )", one.title):
            verb, _, rest = part.partition(" ")
            if verb == "set":
                named.update(_SET.findall(rest))
            elif verb == "remove":
                named.update(rest.split(", "))
            else:
                named.update(rest.split(" as "))
    return named


def _differences(
    old: corpus_npm.Evaluated, new: corpus_npm.Evaluated, named: set[str]
) -> Iterator[str]:
    where = f"{old.config.file} [{old.environment}]"
    if new.status != "done":
        yield f"{where}: Node now ends with {new.status}: {new.why}"
        return
    was, now = dict(_leaves(old.value, "")), dict(_leaves(new.value, ""))
    for path in {**was, **now}:
        plain = re.sub(r"\[\d+\]", "", path)
        if was.get(path) != now.get(path) and not any(f".{one}." in f".{plain}." for one in named):
            yield f"{where}: {path} was {was.get(path)!r} and is {now.get(path)!r}"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and "$" not in value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value
