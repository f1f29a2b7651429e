"""`check --output-format junit`: a test suite for each suite that was judged.

A finding that makes the exit code 1 is a failed test, a graver problem an error, a question that
could not be decided a skipped test. What is less grave than --fail-on passes, with its text.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from configguard.checking.finding import Finding, Notice, Problem, Report, at_least
from configguard.report.context import Context
from configguard.report.text_safety import one_line, xml_text
from configguard.report.told import MESSAGE_MOST, place_of, problem_text, told
from configguard.source.span import Origin

_LONGEST_NAME = 4096
_INPUT = "unusable-input"


def junit(report: Report, context: Context) -> str:
    """The whole report as XML."""
    written = _Written(context)
    for suite in report.judged:
        written.suite(suite)
    for finding in report.findings:
        written.finding(finding)
    for problem in report.problems:
        written.problem(problem)
    for notice in report.notices:
        if notice.rule is not None:
            written.undecided(notice, notice.rule)
    return written.text()


class _Written:
    """The test suites by name, in the order they are first named."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.suites: dict[str, ET.Element] = {}
        self.cases: dict[tuple[str, str], int] = {}

    def suite(self, name: str) -> ET.Element:
        """The test suite of a name."""
        if name not in self.suites:
            self.suites[name] = ET.Element("testsuite", name=one_line(name, _LONGEST_NAME))
        return self.suites[name]

    def finding(self, finding: Finding) -> None:
        """A test of the finding's first suite."""
        case = self._case(finding.suites[0], finding.rule, finding.at)
        lines = [f"{self._where(finding.at)}: {finding.severity}", *told(finding)]
        if at_least(finding.severity, self.context.fail_on):
            _outcome(
                case, "failure", one_line(finding.message, MESSAGE_MOST), lines, finding.severity
            )
        else:
            ET.SubElement(case, "system-out").text = "\n".join(lines)

    def problem(self, problem: Problem) -> None:
        """A test of the file that could not be used."""
        file = place_of(problem) or "."
        case = self._case(file, _INPUT, problem.at)
        text = problem_text(problem)
        if problem.severity == "error":
            _outcome(case, "error", text, [self._where(problem.at), text], _INPUT)
        else:
            ET.SubElement(case, "system-out").text = text

    def undecided(self, notice: Notice, rule: str) -> None:
        """A skipped test of the file in question."""
        file = notice.at[0].file if notice.at else "."
        case = self._case(file, rule, notice.at)
        ET.SubElement(case, "skipped", message=one_line(notice.message, 400))

    def text(self) -> str:
        """The document, with its counts."""
        top = ET.Element("testsuites", name="configguard")
        for name, suite in self.suites.items():
            if not len(suite):
                self._case(name, "configguard", ())
            suite.attrib |= _counts(suite)
            top.append(suite)
        top.attrib |= _counts(top)
        ET.indent(top)
        # ASCII: what the output's encoding is does not matter.
        written: bytes = ET.tostring(top, "us-ascii", xml_declaration=True)
        return xml_text(f"{written.decode('ascii')}\n")

    def _case(self, suite: str, name: str, at: Origin) -> ET.Element:
        """A test with a name of its own in its suite: by that CI systems tell tests apart."""
        nth = self.cases[suite, name] = self.cases.get((suite, name), 0) + 1
        shown = one_line(name) if nth == 1 else f"{one_line(name)} ({nth})"
        parent = self.suite(suite)
        case = ET.SubElement(parent, "testcase", name=shown, classname=parent.attrib["name"])
        if at:
            case.attrib["file"] = self.context.shown(at[0].file)
        return case

    def _where(self, at: Origin) -> str:
        if not at:
            return ""
        region = self.context.region(at[0])
        file = self.context.shown(at[0].file)
        return file if region is None else f"{file}:{region.start.line}:{region.start.column}"


def _outcome(case: ET.Element, tag: str, message: str, lines: list[str], kind: str) -> None:
    outcome = ET.SubElement(case, tag, message=message, type=kind)
    outcome.text = "\n".join(line for line in lines if line)


def _counts(element: ET.Element) -> dict[str, str]:
    names = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    return {name: str(sum(1 for _ in element.iter(tag))) for name, tag in names.items()}
