"""JSON reports in the shapes of CONTRACT.md sections 4 and 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from configguard import __version__
from configguard.checking.finding import Finding, Notice, Problem, Report
from configguard.project.invocations import Invocation
from configguard.project.suites import Run, Suite
from configguard.report.text_safety import json_text
from configguard.runners.profile import (
    Fact,
    Note,
    Profile,
    SettingEntry,
    fact_json,
    when_json,
)
from configguard.source.document import Document
from configguard.source.span import Origin, Span

Read = Callable[[str], "Document | None"]


def check_json(report: Report, read: Read) -> str:
    """`check --output-format json`."""
    shown = {
        **_head(),
        "findings": [_finding(finding, read) for finding in report.shown],
        "notices": [_notice(notice, read) for notice in report.notices],
        "problems": [_problem(problem, read) for problem in report.problems],
        "summary": _summary(report),
    }
    if report.mended is not None:
        shown["fixed"] = _fixed(report)
    return json_text(shown)


def show_json(
    suites: Iterable[Suite],
    runs: Iterable[Run],
    notices: Iterable[Notice],
    problems: Iterable[Problem],
    read: Read,
    cpus: int | None,
) -> str:
    """`show --output-format json`."""
    shown = {
        **_head(),
        "suites": [_suite(suite, read, cpus) for suite in suites],
        "runs": [_run(run, read, cpus) for run in runs],
        "notices": [_notice(notice, read) for notice in notices],
        "problems": [_problem(problem, read) for problem in problems],
    }
    return json_text(shown)


def rules_json(rules: Iterable[dict[str, Any]]) -> str:
    """`rules --output-format json`."""
    return json_text({**_head(with_root=False), "rules": list(rules)})


def _head(*, with_root: bool = True) -> dict[str, Any]:
    head: dict[str, Any] = {"schemaVersion": 1, "configguard": __version__}
    return {**head, "root": "."} if with_root else head


def span_json(span: Span, read: Read) -> dict[str, Any]:
    """A span with lines and columns; those are 1 where its file cannot be read."""
    document = read(span.file)
    place = {"line": 1, "column": 1, "endLine": 1, "endColumn": 1}
    if document is not None:
        start, end = document.position(span.start), document.position(span.end)
        place = {
            "line": start.line,
            "column": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        }
    return {"file": span.file, "startByte": span.start, "endByte": span.end, **place}


def _at(at: Origin, read: Read) -> list[dict[str, Any]]:
    return [span_json(span, read) for span in at]


def _finding(finding: Finding, read: Read) -> dict[str, Any]:
    fix = None
    if finding.fix is not None:
        edits = [
            {
                "file": edit.span.file,
                "startByte": edit.span.start,
                "endByte": edit.span.end,
                "text": edit.text,
            }
            for edit in finding.fix.edits
        ]
        fix = {"safety": finding.fix.safety, "title": finding.fix.title, "edits": edits}
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "when": finding.when,
        "environments": list(finding.environments),
        "suites": list(finding.suites),
        "message": finding.message,
        "consequence": finding.consequence,
        "remedy": list(finding.remedy),
        "at": _at(finding.at, read),
        "because": [
            {"message": because.message, "at": _at(because.at, read)} for because in finding.because
        ],
        "fix": fix,
        "suppressed": _suppressed(finding, read),
        "fingerprint": finding.fingerprint,
    }


def _suppressed(finding: Finding, read: Read) -> dict[str, Any] | None:
    if finding.suppressed is None:
        return None
    by, reason, at = finding.suppressed.by, finding.suppressed.reason, finding.suppressed.at
    return {"by": by, "reason": reason, "at": _at(at, read)}


def _notice(notice: Notice, read: Read) -> dict[str, Any]:
    return {"rule": notice.rule, "message": notice.message, "at": _at(notice.at, read)}


def _problem(problem: Problem, read: Read) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "message": problem.message,
        "at": _at(problem.at, read),
    }


def _fixed(report: Report) -> dict[str, Any]:
    """What --fix wrote. A fact's old place is gone, and its new one stands in the suite."""
    return {
        "fixes": [
            {
                "rule": one.rule,
                "file": one.file,
                "title": one.title,
                "safety": one.safety,
                "suites": one.suites,
            }
            for one in report.mended or ()
        ],
        "effects": [
            {
                "suite": effect.suite,
                "message": effect.message,
                "facts": [
                    {
                        "environment": environment,
                        "fact": name,
                        "before": _value(before),
                        "after": _value(after),
                    }
                    for environment, name, before, after in effect.facts
                ],
            }
            for effect in report.effects
        ],
    }


def _value(fact: Fact | None) -> dict[str, Any] | None:
    return None if fact is None else _nowhere(fact_json(fact))


def _nowhere(fact: dict[str, Any]) -> dict[str, Any]:
    """A fact's JSON without its places, in its cases too."""
    shown = {**fact, "at": []}
    if "cases" in fact:
        shown["cases"] = [{**case, "fact": _nowhere(case["fact"])} for case in fact["cases"]]
    return shown


def _summary(report: Report) -> dict[str, Any]:
    counted = {
        severity: sum(finding.severity == severity for finding in report.findings)
        for severity in ("error", "warning", "info")
    }
    safe = [finding.fix for finding in report.findings if finding.fix is not None]
    return {
        "files": report.files,
        "suites": report.suites,
        **counted,
        "notices": len(report.notices),
        "fixable": sum(fix.safety == "safe" for fix in safe),
        "suppressed": len(report.suppressed),
        **_rules(report),
    }


def _rules(report: Report) -> dict[str, Any]:
    """With `--statistics`: the counts of each rule."""
    if not report.statistics:
        return {}
    from configguard.report.statistics import counts

    rules: dict[str, dict[str, int]] = {}
    for one in counts(report.findings):
        nothing = {"error": 0, "warning": 0, "info": 0, "fixable": 0}
        rule = rules.setdefault(one.rule, nothing)
        rule[one.severity] = one.findings
        rule["fixable"] += one.fixable
    return {"rules": rules}


def _suite(suite: Suite, read: Read, cpus: int | None) -> dict[str, Any]:
    installed = suite.installed
    return {
        "id": suite.id,
        "file": suite.file,
        "project": suite.project,
        "rootConfig": suite.root_config,
        "invocation": None if suite.invocation is None else _invocation(suite.invocation, read),
        "sameAs": [_invocation(one, read) for one in suite.same_as],
        "runner": {
            "name": suite.runner,
            "version": installed.version or installed.range,
            "source": installed.source,
            "at": _at(installed.at, read),
        },
        "kind": suite.kind.kind,
        "kindBecause": [
            {"signal": signal, "strength": strength, "at": _at((span,), read)}
            for signal, strength, span in suite.kind.because
        ],
        "environments": {
            name: _environment(profile, read, cpus) for name, profile in suite.profiles.items()
        },
        "settings": _settings(suite, read),
        "assumptions": [_note(note, read) for note in _assumptions(suite)],
    }


def _invocation(invocation: Invocation, read: Read) -> dict[str, Any]:
    return {
        "kind": invocation.kind,
        "name": invocation.name,
        "argv": [word.text for word in invocation.argv],
        "job": invocation.job,
        "at": _at(invocation.chain, read),
    }


def _environment(profile: Profile, read: Read, cpus: int | None) -> dict[str, Any]:
    return {name: _placed(fact_json(fact, cpus), read) for name, fact in profile.facts.items()}


def _placed(fact: dict[str, Any], read: Read) -> dict[str, Any]:
    """A fact's JSON with its spans resolved, in its cases too."""
    shown = {**fact, "at": _at(fact["at"], read)}
    if "cases" in fact:
        shown["cases"] = [
            {"when": case["when"], "fact": _placed(case["fact"], read)} for case in fact["cases"]
        ]
    return shown


def _run(run: Run, read: Read, cpus: int | None) -> dict[str, Any]:
    environments = {
        name: {
            "workers": _placed(fact_json(workers, cpus), read),
            "e2eWorkers": _placed(fact_json(run.e2e_workers[name], cpus), read),
        }
        for name, workers in run.workers.items()
    }
    return {"id": run.id, "suites": list(run.suites), "environments": environments}


def settings_of(suite: Suite) -> list[SettingEntry]:
    """The settings that do not plainly do what they say, with the environments they stand in."""
    found: dict[tuple[Any, ...], list[str]] = {}
    entries: dict[tuple[Any, ...], SettingEntry] = {}
    for environment, profile in suite.profiles.items():
        for entry in profile.settings:
            key = (entry.setting, entry.effect, entry.at[:1], entry.when, str(entry.value))
            found.setdefault(key, []).append(environment)
            entries.setdefault(key, entry)
    return [entry._replace(environments=tuple(found[key])) for key, entry in entries.items()]


def _settings(suite: Suite, read: Read) -> list[dict[str, Any]]:
    return [
        {
            "setting": entry.setting,
            "value": entry.value,
            "effect": entry.effect,
            "reason": entry.reason,
            "would": entry.would,
            "environments": list(entry.environments),
            "when": None if entry.when.always else when_json(entry.when),
            "at": _at(entry.at, read),
            **_scope(entry, read),
        }
        for entry in settings_of(suite)
    ]


def _scope(entry: SettingEntry, read: Read) -> dict[str, Any]:
    """For a call in a test file: which tests it holds for, and where it stands again."""
    if entry.scope is None:
        return {}
    return {"scope": entry.scope, "elsewhere": _at(entry.elsewhere, read)}


def _assumptions(suite: Suite) -> list[Note]:
    notes = (note for profile in suite.profiles.values() for note in profile.assumptions)
    return list(dict.fromkeys(notes))


def _note(note: Note, read: Read) -> dict[str, Any]:
    return {"message": note.message, "at": _at(note.at, read)}
