"""What is known of real configs, against what Node evaluates from them.

Two sets, each optional:

  --repos DIR --manifest FILE --truth FILE
      Copies of repositories, one folder `<owner>__<name>` each, with a list of configs and the
      values that Node gave for them. No copy is part of this project. Without --truth, Node
      evaluates them here (needs npm and node).
  --npm [FILE]
      Configs inside npm packages (corpus_npm.tsv), downloaded by `npm pack` and evaluated by Node
      here.
Prints right / unknown / wrong values per runner. Ends with 1 on a wrong value or a crash.

  --repos DIR --findings [--sample N]
      What the rules say of each repository instead (corpus_findings.py); with --sample, N of the
      findings at random (one of each rule in each repository first), with their evidence, for
      reading. Ends with the noise budget: what is said about the load of repositories whose
      E2E suites are serial with at most one retry.
"""

from __future__ import annotations

import argparse
import collections
import csv
import hashlib
import json
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import corpus_findings
import corpus_fixes
import corpus_npm

from configguard.evaluate import calls, written
from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Machine, Thrown
from configguard.evaluate.values import (
    UNDEFINED,
    Arr,
    Entry,
    Func,
    Known,
    Obj,
    Unknown,
    Value,
    settled,
)
from configguard.evaluate.worlds import Environment
from configguard.source.span import Span
from configguard.source.workspace import Unreadable, Workspace
from configguard.syntax.trees import BadSyntax, Parsed, forget, parse

NPM_LIST = Path(__file__).with_name("corpus_npm.tsv")
CPUS = 8
PLATFORM = "linux"
OWN_VARIABLES = {
    "vitest": {"VITEST": "true", "TEST": "true", "NODE_ENV": "test"},
    "jest": {"NODE_ENV": "test"},
    "playwright": {},
}
LOAD_KEYS = {
    "vitest": [
        "test.testTimeout",
        "test.hookTimeout",
        "test.teardownTimeout",
        "test.retry",
        "test.bail",
        "test.maxWorkers",
        "test.minWorkers",
        "test.pool",
        "test.isolate",
        "test.fileParallelism",
        "test.maxConcurrency",
        "test.sequence.concurrent",
        "test.poolOptions.forks.singleFork",
        "test.poolOptions.forks.maxForks",
        "test.poolOptions.threads.singleThread",
        "test.poolOptions.threads.maxThreads",
    ],
    "jest": [
        "testTimeout",
        "maxWorkers",
        "maxConcurrency",
        "bail",
        "workerIdleMemoryLimit",
        "forceExit",
    ],
    "playwright": [
        "workers",
        "retries",
        "timeout",
        "fullyParallel",
        "globalTimeout",
        "maxFailures",
        "repeatEach",
        "expect.timeout",
        "use.actionTimeout",
        "use.navigationTimeout",
    ],
}
"""Where the truth has none of these, nothing may be claimed for it either."""


class Row(NamedTuple):
    """One value of one config in one environment."""

    runner: str
    repo: str
    file: str
    environment: str
    key: str
    verdict: str
    """right, unknown or wrong."""
    detail: str
    where: str
    written: bool
    """Whether the config sets it."""


class Wanted(NamedTuple):
    """What Node made of a config in one environment."""

    runner: str
    repo: str
    file: str
    environment: str
    status: str
    raw: dict[str, Any]
    unsure: tuple[str, ...]
    why: str = ""


def resolved(machine: Machine, exported: Value) -> Value:
    """The exported value as the runners take it: functions called, promises awaited."""
    value = settled(exported)
    if isinstance(value, Func):
        place = value.origin[0] if value.origin else Span("", 0, 0)
        argument = Obj({}, (place,))
        for key, given in {"mode": "test", "command": "serve"}.items():
            argument.set(key, Entry(Known(given), place))
        for flag in ("isSsrBuild", "isPreview"):
            argument.set(flag, Entry(Known(False), place))
        value = settled(calls.call_function(machine, value, [argument], place))
    return value


def compared(workspace: Workspace, wanted: Wanted) -> Iterator[Row]:
    """Every value of a config, as we say and as Node says."""
    ci = {"CI": "true" if wanted.environment == "ci" else None}
    variables = {**OWN_VARIABLES[wanted.runner], **ci}
    environment = Environment(wanted.environment, variables, PLATFORM)
    document = workspace.read(wanted.file)
    parsed = document if isinstance(document, Unreadable) else parse(document)
    if not isinstance(parsed, Parsed):
        reason = parsed.reason if isinstance(parsed, Unreadable | BadSyntax) else ""
        yield _row(wanted, "(file)", "unknown", reason, "", is_written=bool(wanted.raw))
        return
    config = Config(workspace, parsed, (environment,), resolved)
    if wanted.status == "failed":
        yield _failing(config, wanted, variables)
        return
    keys = [key for key in wanted.raw if not _unsure(key, wanted)]
    absent = [
        key
        for key in LOAD_KEYS[wanted.runner]
        if key not in wanted.raw and not _unsure(key, wanted)
    ]
    for key in (*keys, *absent):
        yield _judged(config, wanted, key, variables)


def _unsure(key: str, wanted: Wanted) -> bool:
    return any(
        key == one or (one.endswith(".") and (one == "." or key.startswith(one)))
        for one in wanted.unsure
    )


def _judged(config: Config, wanted: Wanted, key: str, variables: dict[str, str | None]) -> Row:
    path = re.sub(r"^jest\.|^workspace\b\.?", "", key)
    if wanted.file.endswith("package.json"):
        path = f"jest.{path}"
    cases = config.ask(lambda machine, value: _plain(machine, value, path, config.place))
    expected = wanted.raw.get(key, {"$": "undefined"})
    verdicts: list[tuple[str, str, str]] = []
    for case in cases:
        holds = written.holds_on(case.when, variables, PLATFORM, CPUS)
        if holds is False:
            continue
        verdict = _verdict(case.answer, expected, key)
        if holds is None and verdict[0] != "right":
            opened = "; ".join(str(atom) for atom, _ in case.when)
            verdict = ("unknown", f"open condition: {opened[:150]}", verdict[2])
        verdicts.append(verdict)
    order = ["wrong", "unknown", "right"]
    worst = min(verdicts or [("wrong", "no world", "")], key=lambda one: order.index(one[0]))
    return _row(wanted, key, *worst, is_written=key in wanted.raw)


def _failing(config: Config, wanted: Wanted, variables: dict[str, str | None]) -> Row:
    """Node throws, or finds that nothing is exported: one row for the whole config."""
    cases = [
        case
        for case in config.ask(lambda machine, value: value)
        if written.holds_on(case.when, variables, PLATFORM, CPUS) is not False
    ]
    if all(_is_nothing(case.answer) for case in cases):
        return _row(wanted, "(whole)", "right", "", "", is_written=False)
    for case in cases:
        if isinstance(case.answer, Unknown):
            where = _shown(case.answer.origin)
            return _row(wanted, "(whole)", "unknown", case.answer.reason, where, is_written=False)
    return _row(
        wanted, "(whole)", "wrong", f"Node throws, we do not: {wanted.why}", "", is_written=False
    )


def _is_nothing(answer: Value | Thrown) -> bool:
    return isinstance(answer, Thrown) or (isinstance(answer, Known) and answer.value is UNDEFINED)


def _plain(machine: Machine, value: Value, path: str, place: Span) -> Any:
    found = written.at(machine, value, path, place)
    if isinstance(found, Obj | Arr):
        return {"$": "object"}, found
    try:
        return written.plain(found, CPUS), found
    except written.NotPlain as unknown:
        return unknown.why


def _verdict(answer: Any, expected: Any, key: str) -> tuple[str, str, str]:
    if isinstance(answer, Unknown):
        return "unknown", answer.reason, _shown(answer.origin)
    if isinstance(answer, Thrown):
        return "wrong", f"we say it throws: {answer}", ""
    said, value = answer
    if isinstance(expected, list) or (isinstance(expected, dict) and "$" not in expected):
        try:
            said = written.plain(value, CPUS)
        except written.NotPlain as unknown:
            return "unknown", unknown.why.reason, _shown(unknown.why.origin)
    expected = _spelled(expected)
    if expected == said and isinstance(expected, bool) == isinstance(said, bool):
        return "right", "", ""
    where = _shown(value.origin)
    return "wrong", f"{key}: we say {said!r}, Node says {expected!r}", where


def _spelled(expected: Any) -> Any:
    if isinstance(expected, dict) and "$" in expected:
        return UNDEFINED if expected["$"] == "undefined" else {"$": "object"}
    return expected


def _shown(origin: tuple[Span, ...]) -> str:
    return " ".join(f"{span.file}@{span.start}" for span in origin[-2:])


def _row(
    wanted: Wanted, key: str, verdict: str, detail: str, where: str, *, is_written: bool
) -> Row:
    return Row(
        wanted.runner,
        wanted.repo,
        wanted.file,
        wanted.environment,
        key,
        verdict,
        detail,
        where,
        is_written,
    )


def of_repositories(
    repos: Path, manifest: Path, truth: Path, left: collections.Counter[str]
) -> Iterator[tuple[Workspace, Wanted]]:
    """The configs of a manifest whose bytes are those that Node saw."""
    with manifest.open(encoding="utf-8") as opened:
        listed = {
            (row["repo"], row["path"]): row
            for row in csv.DictReader(opened, delimiter="\t")
            if row["role"] == "config"
        }
    workspaces: dict[str, Workspace] = {}
    with truth.open(encoding="utf-8") as opened:
        for line in opened:
            told = json.loads(line)
            row = listed[told["repo"], told["path"]]
            folder = repos / told["repo"].replace("/", "__")
            file = folder / told["path"]
            if not file.is_file():
                left["missing"] += 1
                continue
            if hashlib.sha256(file.read_bytes()).hexdigest() != row["sha256"]:
                left["other bytes"] += 1
                continue
            if told["repo"] not in workspaces:
                forget()
                workspaces = {told["repo"]: Workspace(folder)}
            if "Cannot read properties" in told.get("why", "") and told.get("stubbedModules"):
                left["a stubbed package made Node throw"] += 1
                continue
            unsure = (
                *told.get("taint", {}),
                *told.get("uncertain", {}),
                *told.get("machineDependent", ()),
            )
            wanted = Wanted(
                told["runner"],
                told["repo"],
                told["path"],
                told["env"],
                told["status"],
                told["raw"],
                unsure,
            )
            yield workspaces[told["repo"]], wanted


def of_node(
    configs: Iterator[corpus_npm.Found], only: str, cache: Path, left: collections.Counter[str]
) -> Iterator[tuple[Workspace, Wanted]]:
    """What Node makes of configs here."""
    chosen = [config for config in configs if only in f"{config.name}/{config.file}"]
    workspace: Workspace | None = None
    for told in corpus_npm.evaluated(chosen, OWN_VARIABLES, cache):
        config = told.config
        if told.status == "unreadable":
            left["Node does not read it"] += 1
            continue
        if told.status == "stubbed" or "module is not defined" in told.why:
            left["Node throws beside a stubbed package, or for `module` in an ES module"] += 1
            continue
        if workspace is None or str(workspace.root) != str(config.root.resolve()):
            forget()
            workspace = Workspace(config.root)
        raw, unsure = corpus_npm.written(told.value, LOAD_KEYS[config.runner])
        yield (
            workspace,
            Wanted(
                config.runner,
                config.name,
                config.file,
                told.environment,
                told.status,
                raw,
                tuple(unsure),
                told.why,
            ),
        )


def report(rows: list[Row], left: collections.Counter[str], *, verbose: bool) -> None:
    """Print the table, the share, the reasons."""
    for title, chosen in (
        ("values that are written", [row for row in rows if row.written]),
        ("load settings that are not written", [row for row in rows if not row.written]),
    ):
        print(f"\n{title}")
        print(
            f"  {'runner':<12}{'right':>8}{'unknown':>9}{'wrong':>7}   share, each repository alike"
        )
        for runner in (*LOAD_KEYS, "all"):
            mine = [row for row in chosen if runner in (row.runner, "all")]
            count = collections.Counter(row.verdict for row in mine)
            print(
                f"  {runner:<12}{count['right']:>8}{count['unknown']:>9}{count['wrong']:>7}"
                f"   {share(mine):.2%}"
            )
    reasons = collections.Counter(
        re.sub(r"'[^']*'", "'…'", row.detail) for row in rows if row.verdict == "unknown"
    )
    if reasons:
        print("\nwhy values are unknown")
    for reason, count in reasons.most_common(40):
        print(f"  {count:>6}  {reason}")
    for reason, count in left.items():
        print(f"\nleft out, {reason}: {count} (config and environment)")
    for row in rows:
        if row.verdict == "wrong" or (verbose and row.verdict == "unknown"):
            print(
                f"{row.verdict}: {row.repo}/{row.file} [{row.environment}] {row.key}: {row.detail}"
                f" ({row.where})"
            )


def share(rows: list[Row]) -> float:
    """The determined share, each repository weighing the same."""
    by_repo: dict[str, list[bool]] = collections.defaultdict(list)
    for row in rows:
        by_repo[row.repo].append(row.verdict == "right")
    if not by_repo:
        return 1.0
    return sum(sum(known) / len(known) for known in by_repo.values()) / len(by_repo)


def main() -> int:
    """Evaluate, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repos", type=Path)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--npm", type=Path, nargs="?", const=NPM_LIST)
    parser.add_argument("--cache", type=Path, default=Path(".cache/corpus"))
    parser.add_argument("--only", default="", help="only configs whose repository/path has this")
    parser.add_argument("--verbose", action="store_true", help="list each unknown value")
    parser.add_argument("--findings", action="store_true", help="list what the rules find")
    parser.add_argument("--fix", action="store_true", help="apply all fixes to copies")
    parser.add_argument("--sample", type=int, help="only so many findings, with their evidence")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    given = parser.parse_args()
    if given.fix:
        if given.repos is None:
            parser.error("--fix needs --repos")
        return corpus_fixes.report(
            given.repos, given.only, given.cache, OWN_VARIABLES, verbose=given.verbose
        )
    if given.findings:
        if given.repos is None:
            parser.error("--findings needs --repos")
        return corpus_findings.report(given.repos, given.only, given.sample, given.seed)
    left: collections.Counter[str] = collections.Counter()
    if given.repos is not None and given.manifest is None:
        parser.error("--repos needs --manifest")
    configs: list[Iterator[tuple[Workspace, Wanted]]] = []
    if given.truth is not None:
        configs.append(of_repositories(given.repos, given.manifest, given.truth, left))
    elif given.repos is not None:
        found = corpus_npm.in_repositories(given.repos, given.manifest, left)
        configs.append(of_node(found, given.only, given.cache, left))
    if given.npm is not None:
        found = corpus_npm.in_packages(given.npm, given.cache, left)
        configs.append(of_node(found, given.only, given.cache, left))
    rows: list[Row] = []
    crashes = 0
    for source in configs:
        for workspace, wanted in source:
            if given.only not in f"{wanted.repo}/{wanted.file}":
                continue
            try:
                rows += compared(workspace, wanted)
            except Exception:
                crashes += 1
                print(f"crash: {wanted.repo}/{wanted.file} [{wanted.environment}]")
                traceback.print_exc()
    report(rows, left, verbose=given.verbose)
    print(f"\ncrashes: {crashes}")
    return 1 if crashes or any(row.verdict == "wrong" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
