"""CONTRACT.md sections 4 and 5: the JSON of `check` and `show`, and that spans tell the truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from projects.harness import REPOSITORY, MakeProject, Run

SCHEMA = REPOSITORY / "schema" / "report.schema.json"
INCIDENT = REPOSITORY / "tests" / "fixtures" / "incident"
LIMITS = ".test-resource-limits.json"
SPAN_KEYS = {"file", "startByte", "endByte", "line", "column", "endLine", "endColumn"}
SEVERITIES = {"error", "warning", "info"}
ENVIRONMENTS = {"local", "ci"}
KINDS = {"e2e", "integration", "component", "unit", "unknown"}
ORIGINS = {"config", "flag", "environment", "default"}
EFFECTS = {"ignored", "warns", "throws", "runs-nothing"}
SOURCES = {"installed", "lockfile", "manifest", "setting", "none"}
VITEST_FACTS = {
    "outcome",
    "workers",
    "testConcurrency",
    "retries",
    "testTimeoutMs",
    "hookTimeoutMs",
    "globalTimeoutMs",
    "maxFailures",
}
HEX_64 = re.compile(r"[0-9a-f]{64}")

WIDE = """\
// größer: 漢字 🙂
import { defineConfig, mergeConfig } from 'vitest/config';
import { base } from './größe';

export default mergeConfig(base, defineConfig({
\ttest: { /* 漢字🙂 */ retry: 7, pool: 'threads',
\t\tpoolOptions: { threads: { maxThreads: /* 🙂 */ 3 } },
\t\tname: 'ende', maxWorker: 4,
\t},
}));
"""
WIDE_BASE = """\
/* ü */ const SECONDS = 45_000; // é
export const base = { test: { /* é */ testTimeout: SECONDS, bail: process.env.BAIL ? 1 : 2 } };
"""
OPEN = """\
const workers = process.env.E2E ? 2 : '50%';
export default ({ mode }) => ({
  test: { retry: process.env.CI ? 2 : 0, maxWorkers: workers, hookTimeout: Infinity, bail: mode },
});
"""
EVERYTHING: dict[str, str | bytes] = {
    "wide/vitest.e2e.config.ts": WIDE,
    "wide/größe.ts": WIDE_BASE,
    "crlf/vitest.e2e.config.ts": b"\xef\xbb\xbf" + WIDE.replace("\n", "\r\n").encode(),
    "crlf/größe.ts": b"\xef\xbb\xbf" + WIDE_BASE.replace("\n", "\r\n").encode(),
    "bom/vitest.e2e.config.ts": b"\xef\xbb\xbfexport default { test: { retry: 5 } };",
    "open/vitest.e2e.config.ts": OPEN,
    "unit/vitest.config.ts": "export default {};\n",
    "empty/vitest.config.ts": "",
    "lost/vitest.config.ts": "import x from './no';\nexport default { test: { ...x } };\n",
    "integration/vitest.integration.config.ts": "export default { test: { retry: 4 } };\n",
    "broken/vitest.config.ts": "// 漢字\nexport default { test: { /* 🙂 */ retry: } };\n",
    "latin/vitest.config.ts": b"// \xe9\n",
    "wrong/vitest.e2e.config.ts": "export default { test: { retry: 2 } };\n",
    "wrong/" + LIMITS: '{"überflüssig": 1, "resourceLimits": {"maxRetries": "🙂", "maxRetrys": 1}}',
    "stated/vitest.e2e.config.ts": "export default { test: { retry: 2, maxWorkers: 3 } };\n",
    "stated/" + LIMITS: '{"timeouts": {}, "resourceLimits": {"maxConcurrentTests": 2}}',
    "old/vitest.e2e.config.ts": "export default { test: { poolOptions: { forks: { maxForks: 2 }}}}",
    "old/node_modules/vitest/package.json": '{"name": "vitest", "version": "4.1.0"}',
    "range/vitest.e2e.config.ts": "export default { test: { minWorkers: 3, retry: 2 } };\n",
    "range/package.json": '{"devDependencies": {"größe": "1", "vitest": ">=1.0.0 <5"}}',
}


@pytest.fixture
def everything(project: MakeProject) -> Path:
    """A project with every shape in it; `range` is not covered by an installed vitest."""
    root = project(EVERYTHING, vitest=None)
    for folder in ("wide", "crlf", "bom", "open", "unit", "stated"):
        target = root / folder / "node_modules" / "vitest"
        target.mkdir(parents=True)
        (target / "package.json").write_text('{"name": "vitest", "version": "3.2.7"}')
    return root


def report_of(run: Run, command: str, root: Path, *options: str) -> Any:
    return run(command, root, "--output-format", "json", *options).json()


# --- Shapes -----------------------------------------------------------------------------------


def has(found: Any, keys: dict[str, Any]) -> None:
    """Every key is there, of its type (more keys may be)."""
    assert isinstance(found, dict), found
    for key, kind in keys.items():
        assert key in found, (key, found)
        value = found[key]
        assert isinstance(value, kind), (key, value)
        assert not (isinstance(value, bool) and bool not in _types(kind)), (key, value)


def _types(kind: Any) -> tuple[Any, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


NONE = type(None)


def assert_spans(at: Any) -> None:
    assert isinstance(at, list)
    for span in at:
        assert set(span) >= SPAN_KEYS, span
        assert isinstance(span["file"], str)
        assert not span["file"].startswith("/")
        assert ".." not in span["file"].split("/")
        for key in SPAN_KEYS - {"file"}:
            assert type(span[key]) is int, span
        assert 0 <= span["startByte"] <= span["endByte"]
        assert (span["line"], span["column"]) <= (span["endLine"], span["endColumn"])
        assert min(span["line"], span["column"]) >= 1


def assert_when(when: Any) -> None:
    assert isinstance(when, dict)
    assert set(when) <= {"env", "version", "mode", "platform", "cpus", "opaque"}, when
    for state in when.get("env", {}).values():
        assert state in ("set", "unset") or set(state) == {"equals"}, when
    for bound in when.get("cpus", {}).values():
        assert type(bound) is int
        assert bound >= 1
    for text in (when[key] for key in ("version", "mode", "platform", "opaque") if key in when):
        assert isinstance(text, str)
        assert text


def assert_fact(fact: Any, cpus: int | None, *, case: bool = False) -> None:
    has(fact, {"state": str, "at": list})
    assert_spans(fact["at"])
    if not case or "origin" in fact:
        assert fact["origin"] in ORIGINS, fact
    match fact["state"]:
        case "known":
            has(fact, {"value": (int, float, str, bool)})
        case "range":
            has(fact, {"min": (int, float), "max": (int, float, NONE), "expression": str})
            assert "cpus" in fact["expression"]
            assert fact["max"] is None or fact["min"] <= fact["max"]
            assert ("effective" in fact) == (cpus is not None), fact
        case "one-of":
            has(fact, {"cases": list})
            assert len(fact["cases"]) >= 2, fact
            for one in fact["cases"]:
                assert_when(one["when"])
                assert one["when"], "a case without a condition"
                assert one["fact"]["state"] != "one-of", "cases are flat"
                assert_fact(one["fact"], cpus, case=True)
        case "unknown":
            has(fact, {"reason": str})
            assert fact["reason"]
            assert "value" not in fact
        case _:
            raise AssertionError(fact)
    if "effective" in fact:
        assert type(fact["effective"]) is int
        assert cpus is not None


def assert_head(report: Any) -> None:
    assert report["schemaVersion"] == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", report["configguard"])
    assert report["root"] == "."


def assert_messages(report: Any) -> None:
    has(report, {"notices": list, "problems": list})
    for notice in report["notices"]:
        has(notice, {"rule": (str, NONE), "message": str, "at": list})
        assert_spans(notice["at"])
    for problem in report["problems"]:
        has(problem, {"severity": str, "message": str, "at": list})
        assert problem["severity"] in ("error", "warning")
        assert_spans(problem["at"])
        assert problem["at"], "a problem with a file stands at its first byte at least"


def test_check_has_the_shape_of_the_contract(everything: Path, run: Run) -> None:
    report = report_of(run, "check", everything)
    assert_head(report)
    assert_messages(report)
    assert report["problems"]
    assert report["notices"]
    known = {rule["id"] for rule in run("rules", "--output-format", "json").json()["rules"]}
    for finding in report["findings"]:
        has(
            finding,
            {
                "rule": str,
                "severity": str,
                "certainty": str,
                "when": (dict, NONE),
                "environments": list,
                "suites": list,
                "message": str,
                "at": list,
                "because": list,
                "fix": (dict, NONE),
                "suppressed": (dict, str, NONE),
                "fingerprint": str,
            },
        )
        assert finding["rule"] in known
        assert finding["severity"] in SEVERITIES
        assert finding["certainty"] in ("sure", "depends")
        assert (finding["when"] is not None) or finding["certainty"] == "sure"
        if finding["when"] is not None:
            assert_when(finding["when"])
        assert finding["environments"]
        assert set(finding["environments"]) <= ENVIRONMENTS
        assert finding["suites"]
        assert finding["message"]
        assert finding["at"]
        assert_spans(finding["at"])
        for because in finding["because"]:
            has(because, {"message": str, "at": list})
            assert_spans(because["at"])
        if finding["fix"] is not None:
            has(finding["fix"], {"safety": str, "title": str, "edits": list})
            assert finding["fix"]["safety"] in ("safe", "unsafe")
            assert finding["fix"]["edits"]
            for edit in finding["fix"]["edits"]:
                has(edit, {"file": str, "startByte": int, "endByte": int, "text": str})
                assert 0 <= edit["startByte"] <= edit["endByte"]
        assert HEX_64.fullmatch(finding["fingerprint"])
    prints = [finding["fingerprint"] for finding in report["findings"]]
    assert len(set(prints)) == len(prints)


def test_the_summary_counts_what_the_report_holds(everything: Path, run: Run) -> None:
    report = report_of(run, "check", everything)
    summary, findings = report["summary"], report["findings"]
    for severity in SEVERITIES:
        assert summary[severity] == sum(one["severity"] == severity for one in findings)
    assert summary["notices"] == len(report["notices"])
    fixes = [one["fix"] for one in findings if one["fix"] is not None]
    assert summary["fixable"] == sum(fix["safety"] == "safe" for fix in fixes)
    configs = {name for name in EVERYTHING if re.search(r"vitest\.\S*config\.ts$", name)}
    judged = configs - {"broken/vitest.config.ts", "latin/vitest.config.ts"}
    assert summary["files"] == summary["suites"] == len(judged)
    shown = {suite["id"] for suite in report_of(run, "show", everything)["suites"]}
    assert shown == judged
    assert {name for one in findings for name in one["suites"]} <= judged


@pytest.mark.parametrize("cpus", [None, 1, 2, 8])
def test_show_has_the_shape_of_the_contract(everything: Path, run: Run, cpus: int | None) -> None:
    options = () if cpus is None else ("--cpus", str(cpus))
    report = report_of(run, "show", everything, *options)
    assert_head(report)
    assert_messages(report)
    for suite in report["suites"]:
        has(
            suite,
            {
                "id": str,
                "file": str,
                "project": (str, int, NONE),
                "rootConfig": (str, NONE),
                "invocation": (dict, NONE),
                "sameAs": list,
                "runner": dict,
                "kind": str,
                "kindBecause": list,
                "environments": dict,
                "settings": list,
            },
        )
        assert suite["id"] == suite["file"], "a config as written"
        assert suite["runner"]["name"] == "vitest"
        assert suite["runner"]["source"] in SOURCES
        assert suite["kind"] in KINDS
        for because in suite["kindBecause"]:
            has(because, {"signal": str, "strength": str, "at": list})
            assert because["strength"] in ("strong", "weak")
            assert_spans(because["at"])
        assert set(suite["environments"]) == ENVIRONMENTS
        for facts in suite["environments"].values():
            assert set(facts) >= VITEST_FACTS
            for name, fact in facts.items():
                assert_fact(fact, cpus)
                assert_value(name, fact)
        for entry in suite["settings"]:
            has(entry, {"setting": str, "effect": str, "environments": list, "at": list})
            assert {"value", "reason", "would", "when"} <= set(entry)
            assert entry["effect"] in EFFECTS
            assert entry["environments"]
            assert set(entry["environments"]) <= ENVIRONMENTS
            if entry["when"] is not None:
                assert entry["when"]
                assert_when(entry["when"])
            assert_spans(entry["at"])
    for one in report["runs"]:
        has(one, {"id": str, "suites": list, "environments": dict})
        assert set(one["suites"]) <= {suite["id"] for suite in report["suites"]}
        for facts in one["environments"].values():
            assert set(facts) >= {"workers", "e2eWorkers"}
            assert_fact(facts["workers"], cpus)
            assert_fact(facts["e2eWorkers"], cpus)
    together = sorted(name for one in report["runs"] for name in one["suites"])
    assert together == sorted(suite["id"] for suite in report["suites"])


def assert_value(name: str, fact: Any) -> None:
    """A known value is of the kind that the contract's table of facts gives it."""
    cases = fact["cases"] if fact["state"] == "one-of" else [{"fact": fact}]
    for value in (one["fact"]["value"] for one in cases if one["fact"]["state"] == "known"):
        match name:
            case "outcome":
                assert value in ("runs", "runs-nothing-and-passes", "refuses-to-start")
            case "workers" | "testConcurrency":
                assert type(value) is int
                assert value >= 1
            case "retries" | "repeats":
                assert value == "unlimited" or (type(value) is int and value >= 0)
            case "maxFailures":
                assert value == "none" or (type(value) is int and value >= 1)
            case "globalTimeoutMs":
                assert value == "none"
            case "testTimeoutMs" | "hookTimeoutMs":
                assert value == "none" or (type(value) in (int, float) and value > 0)


def test_every_state_of_a_fact_is_met(everything: Path, run: Run) -> None:
    """Else the tests above would hold for want of examples."""
    suites = report_of(run, "show", everything)["suites"]
    facts = [f for s in suites for e in s["environments"].values() for f in e.values()]
    assert {fact["state"] for fact in facts} == {"known", "range", "one-of", "unknown"}
    assert {fact["origin"] for fact in facts} >= {"config", "default"}
    assert {suite["runner"]["source"] for suite in suites} >= {"installed", "manifest", "none"}
    assert {suite["kind"] for suite in suites} >= {"e2e", "integration", "unit"}
    assert any(suite["settings"] for suite in suites)
    found = report_of(run, "check", everything)["findings"]
    assert {one["certainty"] for one in found} == {"sure", "depends"}
    assert {one["fix"]["safety"] for one in found if one["fix"]} == {"safe", "unsafe"}


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("options", [(), ("--cpus", "4")])
def test_the_schema_describes_the_output(
    everything: Path, run: Run, command: str, options: tuple[str, ...]
) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"NOT TESTED: {SCHEMA} does not exist yet")
    from jsonschema import Draft202012Validator

    schema = json.loads(SCHEMA.read_bytes())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for root in (everything, INCIDENT):
        report = report_of(run, command, root, *options)
        errors = [
            f"{list(one.absolute_path)}: {one.message}" for one in validator.iter_errors(report)
        ]
        assert errors == []
    assert not validator.is_valid({**report, "schemaVersion": 2})
    assert not validator.is_valid({**report, "problems": [{"severity": "fatal"}]})
    assert not validator.is_valid({})


def test_output_is_the_same_each_time(everything: Path, run: Run) -> None:
    for command in ("check", "show"):
        outputs = {
            run(command, everything, "--output-format", "json", env={"PYTHONHASHSEED": seed}).stdout
            for seed in ("1", "2", "3")
        }
        assert len(outputs) == 1


# --- Spans ------------------------------------------------------------------------------------


def spans_in(value: Any) -> Iterator[Any]:
    """Every span anywhere in a report."""
    if isinstance(value, dict):
        if set(value) >= SPAN_KEYS:
            yield value
        for inner in value.values():
            yield from spans_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from spans_in(inner)


def place(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte offset: 1-based, in code points, a BOM counts as none."""
    before = data[:offset].decode("utf-8").removeprefix("\ufeff")
    lines = before.split("\n")
    return len(lines), len(lines[-1]) + 1


@pytest.mark.parametrize("command", ["check", "show"])
def test_spans_agree_with_the_files(everything: Path, run: Run, command: str) -> None:
    report = report_of(run, command, everything)
    seen = 0
    for span in spans_in(report):
        data = (everything / span["file"]).read_bytes()
        assert span["endByte"] <= len(data), span
        if span["file"] == "latin/vitest.config.ts":
            assert (span["startByte"], span["line"], span["column"]) == (0, 1, 1)
            continue
        data[span["startByte"] : span["endByte"]].decode("utf-8")
        assert (span["line"], span["column"]) == place(data, span["startByte"]), span
        assert (span["endLine"], span["endColumn"]) == place(data, span["endByte"]), span
        seen += 1
    assert seen > 20
    beyond_ascii = [
        span
        for span in spans_in(report)
        if not (everything / span["file"]).read_bytes()[: span["startByte"]].isascii()
    ]
    assert beyond_ascii, "no span tells bytes from characters"


@pytest.mark.parametrize("command", ["check", "show"])
def test_spans_agree_with_the_incident(run: Run, command: str) -> None:
    for span in spans_in(report_of(run, command, INCIDENT, "--root", str(INCIDENT))):
        data = (INCIDENT / span["file"]).read_bytes()
        assert (span["line"], span["column"]) == place(data, span["startByte"])
        assert (span["endLine"], span["endColumn"]) == place(data, span["endByte"])


def covered(root: Path, span: Any) -> str:
    data: bytes = (root / span["file"]).read_bytes()
    start, end = int(span["startByte"]), int(span["endByte"])
    return data[start:end].decode()


@pytest.mark.parametrize("folder", ["wide", "crlf"])
def test_the_spans_of_a_fact_go_from_the_setting_to_the_literal(
    everything: Path, run: Run, folder: str
) -> None:
    (suite,) = report_of(run, "show", everything / folder)["suites"]
    facts = suite["environments"]["local"]
    own, base = f"{folder}/vitest.e2e.config.ts", f"{folder}/größe.ts"
    expected = {
        "retries": [(own, "7")],
        "workers": [(own, "3")],
        "testTimeoutMs": [(base, "SECONDS"), (base, "45_000")],
    }
    for name, places in expected.items():
        at = facts[name]["at"]
        assert (at[0]["file"], covered(everything, at[0])) == places[0], name
        assert (at[-1]["file"], covered(everything, at[-1])) == places[-1], name
    assert (facts["retries"]["value"], facts["workers"]["value"]) == (7, 3)
    assert facts["testTimeoutMs"]["value"] == 45000
    assert "BAIL" in json.dumps(facts["maxFailures"]["cases"])
    assert facts["maxFailures"]["cases"][0]["when"] == {"env": {"BAIL": "unset"}}, "unset first"
    assert [one["fact"]["value"] for one in facts["maxFailures"]["cases"]] == [2, 1]


def test_the_version_stands_where_the_report_says(everything: Path, run: Run) -> None:
    for suite in report_of(run, "show", everything)["suites"]:
        if suite["runner"]["source"] in ("installed", "manifest"):
            (span,) = suite["runner"].get("at", [None])
            assert suite["runner"]["version"] in covered(everything, span)


@pytest.mark.parametrize("folder", ["wide", "crlf", "bom"])
def test_the_primary_span_of_a_finding_is_the_setting(
    everything: Path, run: Run, folder: str
) -> None:
    findings = report_of(run, "check", everything / folder)["findings"]
    texts = {one["rule"]: covered(everything, one["at"][0]) for one in findings}
    assert texts["too-many-retries"] == ("5" if folder == "bom" else "7")
    if folder != "bom":
        assert texts["e2e-parallel-workers"] == "3"


def test_problems_point_at_what_is_wrong(everything: Path, run: Run) -> None:
    problems = report_of(run, "check", everything)["problems"]
    texts = {
        (one["at"][0]["file"], covered(everything, one["at"][0]))
        for one in problems
        if not one["at"][0]["file"].startswith("latin/")
    }
    limits = "wrong/" + LIMITS
    assert (limits, '"🙂"') in texts
    assert (limits, '"maxRetrys"') in texts
    assert (limits, '"überflüssig"') in texts


def apply(root: Path, edits: Any) -> dict[str, bytes]:
    """What the edits of a fix make of their files; byte offsets are those of the file as it is."""
    changed: dict[str, bytes] = {}
    for file in {edit["file"] for edit in edits}:
        data = (root / file).read_bytes()
        mine = [edit for edit in edits if edit["file"] == file]
        for edit in sorted(mine, key=lambda one: -one["startByte"]):
            data = data[: edit["startByte"]] + edit["text"].encode() + data[edit["endByte"] :]
        changed[file] = data
    return changed


def test_the_edits_of_a_fix_do_what_fix_does(everything: Path, run: Run) -> None:
    findings = report_of(run, "check", everything)["findings"]
    fixable = [one for one in findings if one["fix"] and len(one["suites"]) == 1]
    assert len(fixable) >= 5
    for finding in fixable:
        changed = apply(everything, finding["fix"]["edits"])
        before = {file: (everything / file).read_bytes() for file in changed}
        assert changed != before, finding
        (suite,) = finding["suites"]
        assert list(changed) == [suite], "fixes stand in the suite's own file"
        only = ("--select", finding["rule"])
        try:
            for file, data in changed.items():
                (everything / file).write_bytes(data)
            left = report_of(run, "check", everything / suite, *only)["findings"]
            assert finding["fingerprint"] not in [one["fingerprint"] for one in left]
        finally:
            for file, data in before.items():
                (everything / file).write_bytes(data)


def test_fingerprints_are_stable_under_line_moves(everything: Path, run: Run) -> None:
    def prints() -> list[tuple[str, str]]:
        findings = report_of(run, "check", everything)["findings"]
        return sorted((one["rule"], one["fingerprint"]) for one in findings)

    before = prints()
    for name in ("wide/vitest.e2e.config.ts", "open/vitest.e2e.config.ts"):
        path = everything / name
        path.write_text("// moved\n\n\n" + path.read_text())
    assert prints() == before


def test_files_are_relative_to_the_root_wherever_it_is_called(everything: Path, run: Run) -> None:
    whole = report_of(run, "check", everything)
    inside = run("check", "..", "--output-format", "json", cwd=everything / "unit").json()
    assert inside == whole
