"""`check` as text: findings with their frames, what happens, how to fix it; a summary line."""

from __future__ import annotations

from collections.abc import Callable

from configguard.checking.finding import Finding, Notice, Problem, Report
from configguard.report.frames import Label, frames
from configguard.report.style import Style
from configguard.report.text_safety import one_line, wrap
from configguard.ruleset.messages import condition_words
from configguard.source.document import Document
from configguard.source.edits import apply_edits

Read = Callable[[str], "Document | None"]


def render_check(
    report: Report,
    read: Read,
    style: Style,
    *,
    verbose: bool = False,
    quiet: bool = False,
    fixed: int = 0,
) -> str:
    """The whole report."""
    blocks = [_finding(finding, read, style) for finding in report.findings]
    blocks += [_problem(problem, read, style) for problem in report.problems]
    if report.notices and not quiet:
        blocks.append(_notices(report.notices, read, style, verbose=verbose))
    if not quiet or report.findings or report.problems:
        blocks.append(summary(report, style, fixed))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n" if blocks else ""


def render_concise(report: Report, read: Read) -> str:
    """One line for each finding and problem: `path:line:col: severity[rule] message`."""
    lines: list[str] = []
    for finding in report.findings:
        where = _where(finding.at[0].file, finding.at[0].start, read)
        message = one_line(finding.message, 400)
        lines.append(f"{where}: {finding.severity}[{finding.rule}] {message}")
    for problem in report.problems:
        file = problem.file or ""
        where = _where(problem.at[0].file, problem.at[0].start, read) if problem.at else file
        shown = f"{one_line(where)}: " if where else ""
        lines.append(f"{shown}{problem.severity} {one_line(problem.message, 400)}")
    return "".join(f"{line}\n" for line in lines)


def _where(file: str, start: int, read: Read) -> str:
    document = read(file)
    if document is None:
        return one_line(file)
    position = document.position(start)
    return f"{one_line(file)}:{position.line}:{position.column}"


def _finding(finding: Finding, read: Read, style: Style) -> list[str]:
    tag = f"{finding.severity}[{finding.rule}]"
    lines = _hanging(tag, one_line(finding.message, 400), style, finding.severity)
    labels = [Label(finding.at[0], finding.label, primary=True)]
    for because in finding.because:
        labels += [Label(span, because.message) for span in because.at[:1]]
    lines += frames(labels, read, style, finding.severity)
    scope = _scope(finding)
    if scope:
        lines += _paragraph("only", scope, style)
    if finding.consequence:
        lines += _paragraph("why", finding.consequence, style)
    if finding.fix is not None:
        flag = "--fix" if finding.fix.safety == "safe" else "--fix --unsafe-fixes"
        lines += _paragraph("fix", f"{finding.fix.title} ({flag})", style)
        lines += _preview(finding, read, style)
    else:
        for remedy in finding.remedy:
            lines += _paragraph("fix", remedy, style)
    return lines


def _hanging(tag: str, message: str, style: Style, severity: str) -> list[str]:
    first, *rest = wrap(f"{tag}: {message}", style.width - 2)
    painted = style.severity(severity, tag)
    head = f"{painted}{style.bold(first[len(tag) :])}" if first.startswith(tag) else first
    return [head, *(f"  {style.bold(line)}" for line in rest)]


def _paragraph(name: str, text: str, style: Style) -> list[str]:
    """`   = why: …`, wrapped with a hanging indent."""
    lead = f"  = {name}: "
    safe = one_line(text, 2000)
    first, *rest = wrap(safe, style.width - len(lead))
    shown = f"  {style.dim('=')} {style.bold(f'{name}:')} "
    return [f"{shown}{first}", *(" " * len(lead) + line for line in rest)]


def _scope(finding: Finding) -> str:
    """Where and when it holds, if not always."""
    parts: list[str] = []
    if finding.environments == ("ci",):
        parts.append("in CI")
    elif finding.environments == ("local",):
        parts.append("outside CI")
    condition = condition_words(finding.when or {}).strip()
    return ", ".join([*parts, *([condition] if condition else [])])


def _preview(finding: Finding, read: Read, style: Style) -> list[str]:
    """The lines that the fix changes, before and after."""
    from difflib import SequenceMatcher

    assert finding.fix is not None
    lines: list[str] = []
    for file in dict.fromkeys(edit.span.file for edit in finding.fix.edits):
        document = read(file)
        if document is None:
            continue
        edits = [edit for edit in finding.fix.edits if edit.span.file == file]
        old = document.data.decode("utf-8", "replace").splitlines()
        new = apply_edits(document.data, edits).decode("utf-8", "replace").splitlines()
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                continue
            removed = [(index + 1, "-", old[index]) for index in range(i1, i2)]
            added = [(i1 + 1, "+", new[index]) for index in range(j1, j2)]
            for number, sign, text in [*removed, *added]:
                shown = one_line(text.replace("\t", "    "), style.width - 12)
                paint = style.removed if sign == "-" else style.added
                lines.append(f"    {style.dim(f'{number:>4}')} {paint(f'{sign} {shown}')}")
    return lines


def _problem(problem: Problem, read: Read, style: Style) -> list[str]:
    severity = "error" if problem.severity == "error" else "warning"
    lines = _hanging(f"{problem.severity}", one_line(problem.message, 400), style, severity)
    if problem.at and (problem.at[0].end > 0 or problem.at[0].start > 0):
        lines += frames([Label(problem.at[0], "", primary=True)], read, style, severity)
    return lines


def _notices(notices: list[Notice], read: Read, style: Style, *, verbose: bool) -> list[str]:
    lines: list[str] = []
    for notice in notices if verbose else notices[:5]:
        where = _where(notice.at[0].file, notice.at[0].start, read) if notice.at else ""
        told = one_line(notice.message, 400) + (f" ({where})" if where else "")
        lines += _hanging("note", told, style, "note")
    hidden = len(notices) - len(notices[:5])
    if hidden and not verbose:
        lines.append(f"  and {hidden} more: --verbose shows them")
    return lines


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def summary(report: Report, style: Style, fixed: int) -> list[str]:
    """The last line: what was found in how many configs, and what can be fixed."""
    done = f"Fixed {_count(fixed, 'finding')}. " if fixed else ""
    if not report.files and not report.problems:
        return [f"{done}No test-runner configs found."]
    counts = [
        _count(number, word) if word != "info" else f"{number} info"
        for word in ("error", "warning", "info")
        if (number := sum(finding.severity == word for finding in report.findings))
    ]
    where = f"in {_count(report.files, 'config')}"
    broken = sum(problem.severity == "error" for problem in report.problems)
    unread = f"; {_count(broken, 'input')} could not be used" if broken else ""
    if not counts:
        told = f"{done}No findings {where}{unread}."
        return [style.bold(told) if broken else style.added(told)]
    fixes = [finding.fix for finding in report.findings if finding.fix is not None]
    safe = sum(fix.safety == "safe" for fix in fixes)
    unsafe = len(fixes) - safe
    tail = [f"{safe} can be fixed with --fix"] if safe else []
    tail += [f"{unsafe} with --fix --unsafe-fixes"] if unsafe else []
    ending = f" ({', '.join(tail)})" if tail else ""
    return [style.bold(f"{done}Found {', '.join(counts)} {where}{ending}{unread}.")]
