"""`check` as text: findings with their frames, what happens, how to fix it; a summary line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from configguard.checking.finding import Finding, Fix, Notice, Problem, Report
from configguard.report.fixed import fixed_lines
from configguard.report.frames import Label, Rail, frames, location, rail_for, view
from configguard.report.statistics import count_lines
from configguard.report.style import Style
from configguard.report.text_safety import display_width, one_line, wrap
from configguard.report.told import scope_of
from configguard.source.document import Document
from configguard.source.edits import Edit, OverlappingEdits, apply_edits
from configguard.source.span import Span

Read = Callable[[str], "Document | None"]

_MESSAGE_MOST = 400
_TEXT_MOST = 2000
_MOST_NOTICES = 10
_MOST_SUITES = 3
_MOST_PREVIEW = 16
_NO_FIX = "no automatic fix"


def render_check(
    report: Report,
    read: Read,
    style: Style,
    *,
    verbose: bool = False,
    quiet: bool = False,
) -> str:
    """The whole report: findings by file and position, problems, notices, the summary."""
    if report.statistics:
        blocks = [lines] if (lines := count_lines(report.findings)) else []
    else:
        told = [one for one in report.shown if verbose or one.severity != "info"]
        first = {one.rule: one for one in reversed(told)}
        blocks = [
            _finding(one, read, style, verbose=verbose, explained=first[one.rule] is one)
            for one in told
        ]
        advice = [one for one in report.shown if one not in told]
        blocks += _short_advice(advice, read, style)
    blocks += [_problem(problem, read, style) for problem in report.problems]
    if report.notices and not quiet:
        blocks += (_full_notices if verbose else _short_notices)(report.notices, read, style)
    if report.mended and not quiet:
        blocks.append(fixed_lines(report.mended, report.effects, style))
    if not quiet or report.findings or report.problems:
        blocks.append(summary(report, style))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n" if blocks else ""


def render_concise(report: Report, read: Read, style: Style, *, quiet: bool = False) -> str:
    """`path:line:col: severity[rule] message`, a line for each finding, problem and notice."""
    style = Style(prefix=style.prefix, here=style.here)
    lines: list[str] = []
    for mended in report.mended or ():
        title = style.told(mended.title, _MESSAGE_MOST)
        lines.append(f"{style.clean(style.path(mended.file))}: fixed[{mended.rule}] {title}")
    if report.statistics:
        lines += count_lines(report.findings)
    for finding in () if report.statistics else report.shown:
        where = location(finding.at[0], read(finding.file), style)
        message = style.told(finding.message, _MESSAGE_MOST)
        scope = style.told(scope_of(finding))
        message += f" ({scope})" if scope else ""
        hidden = "suppressed " if finding.suppressed else ""
        lines.append(f"{where}: {hidden}{finding.severity}[{one_line(finding.rule)}] {message}")
    for problem in report.problems:
        where = style.clean(style.path(problem.file)) if problem.file else ""
        if problem.at:
            where = location(problem.at[0], read(problem.at[0].file), style)
        message = style.told(problem.message, _MESSAGE_MOST)
        lines.append(f"{where}: {problem.severity} {message}".removeprefix(": "))
    for notice in () if quiet else report.notices:
        where = location(notice.at[0], read(notice.at[0].file), style) if notice.at else ""
        tag = f"note[{one_line(notice.rule)}]" if notice.rule else "note"
        message = style.told(notice.message, _MESSAGE_MOST)
        lines.append(f"{where}: {tag} {message}".removeprefix(": "))
    return "".join(f"{line}\n" for line in lines)


def _finding(
    finding: Finding, read: Read, style: Style, *, verbose: bool, explained: bool
) -> list[str]:
    """One finding; `explained`: with why it matters, which is said once for each rule."""
    labels = [Label(finding.at[0], finding.label, primary=True)]
    for because in finding.because:
        labels += [Label(span, because.message) for span in because.at[:1]]
    hunks = _hunks(finding.fix, read) if finding.fix else []
    rail = rail_for(labels, read, style, max((hunk.last for hunk in hunks), default=0))
    tag = f"{finding.severity}[{style.clean(finding.rule)}]"
    if finding.suppressed is not None:
        labels += [Label(span, "it is hidden here") for span in finding.suppressed.at[:1]]
        tag = f"suppressed {tag}"
    lines = _headed(tag, finding.message, style, finding.severity)
    lines += frames(labels, read, rail, finding.severity)
    notes = _notes(finding, style, verbose=verbose, explained=explained)
    for name, text in notes[:-1]:
        lines += rail.note(name, text, last=False)
    lines += _preview(hunks, rail)
    for name, text in notes[-1:]:
        lines += rail.note(name, text, last=True)
    return lines


def _headed(tag: str, message: str, style: Style, severity: str) -> list[str]:
    """`error[rule]: message`, wrapped."""
    told = style.told(message, _MESSAGE_MOST)
    first, *rest = wrap(f"{tag}: {told}", style.width - 2)
    head = f"{style.severity(severity, first[: len(tag)])}{style.bold(first[len(tag) :])}"
    return [head, *(f"  {style.bold(line)}" for line in rest)]


def _notes(
    finding: Finding, style: Style, *, verbose: bool, explained: bool
) -> list[tuple[str, str]]:
    """What stands below the frames: name and text. The last one is what to do."""
    notes = [("", because.message) for because in finding.because if not because.at]
    notes.append(("", scope_of(finding)))
    if others := finding.also:
        named = others if verbose else others[:_MOST_SUITES]
        more = f" and {len(others) - len(named)} more" if len(others) > len(named) else ""
        notes.append(("also", f"{', '.join(named)}{more}"))
    notes.append(("why", finding.consequence if explained else ""))
    if finding.suppressed is not None:
        by = "the baseline" if finding.suppressed.by == "baseline" else "a comment"
        reason = f": {finding.suppressed.reason}" if finding.suppressed.reason else ""
        notes.append(("", f"hidden by {by}{reason}"))
    elif finding.fix is None:
        advice = [remedy for remedy in finding.remedy if not remedy.startswith(_NO_FIX)]
        notes += [("fix" if index == 0 else "", text) for index, text in enumerate(advice)]
        notes += [("", remedy) for remedy in finding.remedy if remedy not in advice]
    else:
        flag = "--fix" if finding.fix.safety == "safe" else "--fix --unsafe-fixes"
        notes.append(("fix", finding.fix.title))
        notes.append(("", f"{finding.fix.safety} fix available: {flag}"))
    return [(name, style.told(text, _TEXT_MOST)) for name, text in notes if text]


class _Hunk(NamedTuple):
    """Lines that a fix replaces: `at` and `becomes` are their numbers before and after."""

    file: str
    at: int
    becomes: int
    old: list[str]
    new: list[str]
    before: str | None
    after: str | None

    @property
    def last(self) -> int:
        """The greatest line number that the preview shows."""
        return max(self.at + len(self.old), self.becomes + len(self.new) + 1)


def _hunks(fix: Fix, read: Read) -> list[_Hunk]:
    """What a fix changes, line by line, in the order of files and lines."""
    hunks: list[_Hunk] = []
    for file in dict.fromkeys(edit.span.file for edit in fix.edits):
        document = read(file)
        if document is None:
            continue
        moved = 0
        edits = sorted(edit for edit in fix.edits if edit.span.file == file)
        for first, last, group in _touched(edits, document):
            hunk = _hunk(document, first, last, group, moved)
            if hunk is not None:
                hunks.append(hunk)
                moved += len(hunk.new) - len(hunk.old)
    return hunks


def _touched(edits: list[Edit], document: Document) -> list[tuple[int, int, list[Edit]]]:
    """Runs of lines (counted from 0, both ends included) with the edits that touch them."""
    runs: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first, last = (document.line_index(offset) for offset in edit.span[1:])
        if runs and first <= runs[-1][1] + 1:
            before = runs.pop()
            runs.append((before[0], max(last, before[1]), [*before[2], edit]))
        else:
            runs.append((first, last, [edit]))
    return runs


def _hunk(document: Document, first: int, last: int, edits: list[Edit], moved: int) -> _Hunk | None:
    """The lines that really differ; None where nothing that can be shown does."""
    starts = document.line_starts
    base = starts[first]
    chunk = document.data[base : starts[last + 1] if last + 1 < len(starts) else None]
    shifted = [
        Edit(Span(edit.span.file, edit.span.start - base, edit.span.end - base), edit.text)
        for edit in edits
    ]
    try:
        changed = apply_edits(chunk, shifted)
    except OverlappingEdits:
        return None
    old, new = _lines(chunk), _lines(changed)
    front = _agreeing(old, new)
    back = _agreeing(old[front:][::-1], new[front:][::-1])
    old, new = old[front : len(old) - back], new[front : len(new) - back]
    if not old and not new:
        return None
    at = first + front
    # Lines that are only added say nothing without their neighbours.
    end = at + len(old)
    before = document.line_text(at - 1) if not old and at > 0 else None
    after = document.line_text(end) if not old and end < len(starts) else None
    return _Hunk(document.file, at, at + moved, old, new, before, after)


def _differing(hunk: _Hunk) -> tuple[int, int]:
    """How many characters the first lines of a hunk have in common at the start, and at the end."""
    if not hunk.old or not hunk.new:
        return 0, 0
    old, new = hunk.old[0], hunk.new[0]
    front = _agreeing(old, new)
    return front, _agreeing(old[front:][::-1], new[front:][::-1])


def _agreeing(one: Sequence[object], two: Sequence[object]) -> int:
    """How many items two sequences begin with alike."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b),
        min(len(one), len(two)),
    )


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _preview(hunks: list[_Hunk], rail: Rail) -> list[str]:
    """The lines that the fix changes, before and after, as many as are worth a look."""
    style = rail.style
    lines: list[str] = []
    file = ""
    for hunk in hunks:
        if hunk.file != file:
            file = hunk.file
            shown = style.clean(style.path(file), 400)
            lines.append(rail.head(f"{shown}:{hunk.at + 1}", first=False))
        else:
            lines.append(rail.gap())
        if hunk.before is not None:
            lines.append(rail.source(hunk.becomes - 1, view(hunk.before, 0, 0, rail).text))
        # Of a changed long line the part that differs is shown.
        at, same = _differing(hunk)
        for sign, number, texts in (("-", hunk.at, hunk.old), ("+", hunk.becomes, hunk.new)):
            for index, text in enumerate(texts):
                end = min(max(at + 1, len(text) - same), at + rail.room)
                lines.append(rail.changed(number + index, sign, view(text, at, end, rail).text))
        if hunk.after is not None:
            number = hunk.becomes + len(hunk.new)
            lines.append(rail.source(number, view(hunk.after, 0, 0, rail).text))
    hidden = len(lines) - _MOST_PREVIEW
    if hidden > 1:
        lines = [*lines[:_MOST_PREVIEW], rail.gap(), rail.row(f"{hidden} more lines: see --diff")]
    return lines


def _short_advice(findings: list[Finding], read: Read, style: Style) -> list[list[str]]:
    """What is only advice, a line each: `--verbose` and `explain` say more."""
    lines: list[str] = []
    for finding in findings:
        where = location(finding.at[0], read(finding.file), style)
        tag = f"info[{style.clean(finding.rule)}]"
        told = style.told(f"{finding.message} ({where})", _MESSAGE_MOST)
        first, *rest = wrap(f"{tag}: {told}", style.width - 2)
        lines.append(f"{style.severity('info', first[: len(tag)])}{first[len(tag) :]}")
        lines += [f"  {line}" for line in rest]
    return [lines] if lines else []


def _problem(problem: Problem, read: Read, style: Style) -> list[str]:
    lines = _headed(problem.severity, problem.message, style, problem.severity)
    at = problem.at or ((Span(problem.file, 0, 0),) if problem.file else ())
    labels = [Label(span, "", primary=True) for span in at[:1]]
    return lines + frames(labels, read, rail_for(labels, read, style), problem.severity)


def _full_notices(notices: list[Notice], read: Read, style: Style) -> list[list[str]]:
    """Every notice with its frame."""
    blocks: list[list[str]] = []
    for notice in notices:
        tag = f"note[{style.clean(notice.rule)}]" if notice.rule else "note"
        labels = [Label(span, "", primary=True) for span in notice.at[:1]]
        rail = rail_for(labels, read, style)
        blocks.append(
            [*_headed(tag, notice.message, style, "note"), *frames(labels, read, rail, "note")]
        )
    return blocks


def _short_notices(notices: list[Notice], read: Read, style: Style) -> list[list[str]]:
    """Each thing to say once, with its place where there is room for it."""
    lines: list[str] = []
    told: dict[str, Notice] = {}
    for notice in notices:
        told.setdefault(notice.message, notice)
    for notice in list(told.values())[:_MOST_NOTICES]:
        message = style.told(notice.message, _MESSAGE_MOST)
        room = style.width - len("note: ")
        line, *rest = wrap(message, room)
        where = location(notice.at[0], read(notice.at[0].file), style) if notice.at else ""
        if where and display_width(f"{message} ({where})") <= room:
            line = f"{message} {style.dim(f'({where})')}"
        lines += [f"{style.bold('note:')} {line}", *(f"      {more}" for more in rest)]
    hidden = len(notices) - min(len(told), _MOST_NOTICES)
    if hidden:
        lines.append(f"  and {hidden} more: --verbose shows {'it' if hidden == 1 else 'them'}")
    return [lines]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def summary(report: Report, style: Style) -> list[str]:
    """The last line: what was found in how many configs, and what can be fixed."""
    broken = sum(problem.severity == "error" for problem in report.problems)
    unread = f"; {_count(broken, 'input')} could not be used" if broken else ""
    hidden = f"; {len(report.suppressed)} suppressed" if report.suppressed else ""
    undecided = sum(notice.rule is not None for notice in report.notices)
    counts = [
        _count(number, word) if word != "info" else f"{number} info"
        for word in ("error", "warning", "info")
        if (number := sum(finding.severity == word for finding in report.findings))
    ]
    configs, suites = _count(report.files, "config"), _count(report.suites, "suite")
    if counts:
        undone = f"; {_count(undecided, 'question')} could not be decided" if undecided else ""
        told = (
            f"{', '.join(counts)} in {configs} ({suites}){_fixable(report)}{hidden}{undone}{unread}"
        )
    elif not report.files and broken:
        told = f"No config could be judged; {_count(broken, 'input')} could not be used."
    elif not report.files:
        told = "No test-runner configs found."
    elif undecided:
        what = _count(undecided, "question")
        told = (
            f"No findings in {configs} ({suites}), but {what} could not be decided{hidden}{unread}."
        )
    elif broken or hidden:
        told = f"No findings in {configs} ({suites}){hidden}{unread}."
    else:
        notes = f", {_count(len(report.notices), 'note')}" if report.notices else ""
        told = f"All clear: {configs}, {suites}, no findings{notes}."
    done = f"Fixed {_count(len(report.mended), 'finding')}. " if report.mended else ""
    clear = not counts and not broken and not undecided and not hidden and report.files
    paint = style.added if clear else style.bold
    lines = [paint(line) for line in wrap(f"{done}{told}", style.width)]
    machine = f"on {_count(report.cpus, 'CPU')}"
    if any(machine in finding.message for finding in report.shown):
        lines += wrap(f"Numbers {machine}: --cpus N judges for another machine.", style.width)
    return lines


def _fixable(report: Report) -> str:
    fixes = [finding.fix.safety for finding in report.findings if finding.fix is not None]
    safe, unsafe = fixes.count("safe"), fixes.count("unsafe")
    tail = [f"{safe} can be fixed with --fix"] if safe else []
    if unsafe:
        tail.append(f"{unsafe} {'more' if safe else 'can be fixed'} with --fix --unsafe-fixes")
    return f": {', '.join(tail)}" if tail else ""
