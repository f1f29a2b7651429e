"""The text report: frames that line up, words that wrap, and nothing that harms a terminal."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configguard.checking.finding import Because, Finding, Fix, Notice, Problem, Report, first_byte
from configguard.report.style import Style, decide_color
from configguard.report.text import render_check, render_concise
from configguard.report.text_safety import display_width
from configguard.source.document import BOM, Document
from configguard.source.edits import Edit
from configguard.source.span import Span

E2E = "vitest.e2e.config.ts"
BASE = "vitest.shared.ts"
PLAIN = Style()
SGR = re.compile(r"\x1b\[[0-9;]*m")

CONFIG = """\
import { defineConfig } from 'vitest/config';
import { RETRIES } from './vitest.shared';

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    poolOptions: { threads: { singleThread: false, maxThreads: 3 } },
    retry: RETRIES,
  },
});
"""
SHARED = "export const RETRIES = 2;\n"


def files(**texts: str | bytes) -> Callable[[str], Document | None]:
    return reading({E2E if name == "config" else BASE: text for name, text in texts.items()})


def reading(texts: dict[str, str | bytes]) -> Callable[[str], Document | None]:
    documents = {
        name: Document(name, text if isinstance(text, bytes) else text.encode())
        for name, text in texts.items()
    }
    return documents.get


def span(text: str | bytes, part: str, file: str = E2E) -> Span:
    """Where a part stands for the first time."""
    data = text if isinstance(text, bytes) else text.encode()
    start = data.index(part.encode())
    return Span(file, start, start + len(part.encode()))


def finding(at: Span, **changes: Any) -> Finding:
    made = Finding(
        "too-many-retries", "error", "it is too much", (at,), (E2E,), ("local", "ci"), "retries"
    )
    return made.having(**changes)


def rendered(
    found: Finding, read: Callable[[str], Document | None], style: Style = PLAIN, **options: Any
) -> list[str]:
    """The lines of one finding, without the summary."""
    text = render_check(Report([found], files=1, suites=1), read, style, **options)
    return text.split("\n\n")[0].splitlines()


def frame(text: str | bytes, *parts: str, label: str = "here") -> list[str]:
    """The frame around parts of one file, the first of them the primary one."""
    because = tuple(Because(f"part {part}", (span(text, part),)) for part in parts[1:])
    found = finding(span(text, parts[0]), label=label, because=because)
    lines = rendered(found, files(config=text))
    assert max(map(display_width, lines)) <= 80
    return lines[1:]


def block(text: str) -> list[str]:
    """The lines of an expected frame, written with a margin of four."""
    return [line[4:] for line in text.strip("\n").split("\n")][:-1]


# --- Whole outputs ----------------------------------------------------------------------------


def incident() -> Report:
    edit = Edit(span(CONFIG, "RETRIES,\n"), "1,\n")
    workers = finding(
        span(CONFIG, "3"),
        rule="e2e-parallel-workers",
        message=f"{E2E} runs up to 3 test files at the same time; the limit is 1",
        label="3 test files at the same time",
        because=(Because("this allows it", (span(CONFIG, "singleThread: false"),)),),
        consequence="All of these files drive the same services at once.",
        remedy=("Let the files run one after another.", "Or raise the limit."),
        environments=("ci",),
        when={"cpus": {"min": 5}},
        certainty="depends",
    )
    start = CONFIG.index("RETRIES,\n")
    retries = finding(
        Span(E2E, start, start + 7),
        message=f"{E2E} runs a failing test up to 3 times (2 retries); the limit is 1",
        label="2 retries: 3 attempts of each failing test",
        because=(Because("the value comes from here", (span(SHARED, "2", BASE),)),),
        consequence="When a service is down every test fails, and each comes back 2 more times.",
        fix=Fix("safe", "set retry: 1", (Edit(Span(E2E, start, start + 9), edit.text),)),
    )
    return Report([workers, retries], files=3, suites=4)


def test_the_incident() -> None:
    text = render_check(incident(), files(config=CONFIG, shared=SHARED), PLAIN)
    assert (
        text
        == """\
error[e2e-parallel-workers]: vitest.e2e.config.ts runs up to 3 test files at
  the same time; the limit is 1
  ╭▸ vitest.e2e.config.ts:7:64
7 │     poolOptions: { threads: { singleThread: false, maxThreads: 3 } },
  │                                                                ━
  │                                                3 test files at the same time
  │                               ─────────────────── this allows it
  ├╴only in CI on machines with 5 or more CPUs
  ├╴why:  All of these files drive the same services at once.
  ├╴fix:  Let the files run one after another.
  ╰╴Or raise the limit.

error[too-many-retries]: vitest.e2e.config.ts runs a failing test up to 3
  times (2 retries); the limit is 1
  ╭▸ vitest.e2e.config.ts:8:12
8 │     retry: RETRIES,
  │            ━━━━━━━ 2 retries: 3 attempts of each failing test
  ├▸ vitest.shared.ts:1:24
1 │ export const RETRIES = 2;
  │                        ─ the value comes from here
  ├╴why:  When a service is down every test fails, and each comes back 2 more
  │       times.
  ├╴fix:  set retry: 1
  ├▸ vitest.e2e.config.ts:8
8 -     retry: RETRIES,
8 +     retry: 1,
  ╰╴safe fix available: --fix

2 errors in 3 configs (4 suites): 1 can be fixed with --fix
"""
    )


def test_the_incident_in_ascii() -> None:
    style = Style(unicode=False)
    text = render_check(incident(), files(config=CONFIG, shared=SHARED), style)
    assert text.isascii()
    assert (
        """\
  --> vitest.e2e.config.ts:8:12
8 |     retry: RETRIES,
  |            ^^^^^^^ 2 retries: 3 attempts of each failing test
  ::: vitest.shared.ts:1:24
1 | export const RETRIES = 2;
  |                        - the value comes from here
  = why:  When a service is down every test fails, and each comes back 2 more
  |       times.
  = fix:  set retry: 1
"""
        in text
    )


def test_colour_changes_nothing_but_colour() -> None:
    read = files(config=CONFIG, shared=SHARED)
    colored = render_check(incident(), read, Style(color=True))
    assert SGR.sub("", colored) == render_check(incident(), read, PLAIN)
    assert "\x1b[1;31merror[too-many-retries]\x1b[0m" in colored
    assert "\x1b[1;31m━━━━━━━\x1b[0m" in colored
    assert "\x1b" not in render_check(incident(), read, PLAIN)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(width: int, unicode: bool) -> None:
    style = Style(width=width, unicode=unicode)
    text = render_check(incident(), files(config=CONFIG, shared=SHARED), style)
    assert max(map(display_width, text.splitlines())) <= width


# --- Frames -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\tretry:\t3,\n", "    retry:  ━"),
        ("retry: 3,\r\nx\r\n", "retry: ━"),
        (BOM + b"retry: 3\n", "retry: ━"),
        ("'日本語', 3\n", "'日本語', ━".replace("'日本語',", " " * 9)),
        ("'e\u0301', 3\n", "     ━"),
        ("'🙂', 3\n", "      ━"),
        ("'\u202e', 3\n", " " * 12 + "━"),
        ("'\x1b[31m', 3\n", " " * 14 + "━"),
    ],
    ids=["tabs", "crlf", "bom", "wide", "combining", "emoji", "bidi", "escape"],
)
def test_marks_stand_below_what_they_mark(text: str | bytes, expected: str) -> None:
    position = (text if isinstance(text, bytes) else text.encode()).rindex(b"3")
    found = finding(Span(E2E, position, position + 1))
    _, _, source, marks = rendered(found, files(config=text))
    column = display_width(source[: source.rindex("3")])
    assert marks == "  │ " + " " * (column - 4) + "━"
    assert column - 4 == display_width(expected) - 1
    assert not SGR.search(source)
    assert "\r" not in source


def test_a_bom_is_no_column() -> None:
    assert frame(BOM + b"retry: 3\n", "retry")[0] == "  ╭▸ vitest.e2e.config.ts:1:1"


def test_a_span_without_width_gets_one_caret() -> None:
    found = finding(Span(E2E, 4, 4), label="a comma is missing")
    assert rendered(found, files(config="a: 1\n"))[2:] == [
        "1 │ a: 1",
        "  │     ━ a comma is missing",
    ]


@pytest.mark.parametrize("text", ["a: 1", "a: 1\n", "a: 1\r\n", ""])
def test_a_span_at_or_after_the_end(text: str) -> None:
    for at in (len(text), len(text) + 99):
        lines = rendered(finding(Span(E2E, at, at), label="the file ends"), files(config=text))
        assert lines[-1].endswith("━ the file ends")


def test_a_span_of_several_lines_shows_where_it_begins_and_ends() -> None:
    text = CONFIG.replace("\n", "\r\n")
    assert frame(text, text[text.index("test: {") : text.index("},\r\n});") + 1]) == block("""
      ╭▸ vitest.e2e.config.ts:5:3
    5 │   test: {
      │   ━━━━━━━ here
      ┆
    9 │   },
      │   ━ to here
    """)


def test_a_span_that_takes_the_newline_with_it_is_one_line() -> None:
    assert frame("a: 1\n\nb: 2\n", "a: 1\n\n") == block("""
      ╭▸ vitest.e2e.config.ts:1:1
    1 │ a: 1
      │ ━━━━ here
    """)


def test_lines_in_one_file_are_one_frame() -> None:
    assert frame("a\nb\nc\nd\ne\nf\ng\n", "c", "a", "g") == block("""
      ╭▸ vitest.e2e.config.ts:3:1
    1 │ a
      │ ─ part a
    2 │ b
    3 │ c
      │ ━ here
      ┆
    7 │ g
      │ ─ part g
    """)


def test_several_marks_in_one_line() -> None:
    assert frame("retry: RETRIES, pool: 'forks', x\n", "RETRIES", "'forks'", "x") == block("""
      ╭▸ vitest.e2e.config.ts:1:8
    1 │ retry: RETRIES, pool: 'forks', x
      │        ━━━━━━━        ───────  ─ part x
      │        │              ╰╴part 'forks'
      │        ╰╴here
    """)


def test_marks_that_overlap_have_rows_of_their_own() -> None:
    assert frame("retry: RETRIES,\n", "RETRIES", "retry: RETRIES") == block("""
      ╭▸ vitest.e2e.config.ts:1:8
    1 │ retry: RETRIES,
      │        ━━━━━━━ here
      │ ────────────── part retry: RETRIES
    """)


def test_a_long_label_wraps_beside_its_mark_or_below_it() -> None:
    label = "this is a label of many words, so many that they do not fit into one line of text"
    assert frame("    retry: 3\n", "3", label=label) == block("""
      ╭▸ vitest.e2e.config.ts:1:12
    1 │     retry: 3
      │            ━ this is a label of many words, so many that they do not fit
      │              into one line of text
    """)
    assert frame(f"{' ' * 60}retry: 3\n", "3", label=label) == block("""
      ╭▸ vitest.e2e.config.ts:1:68
    1 │                                                             retry: 3
      │                                                                    ━
      │                                       this is a label of many words, so many
      │                                       that they do not fit into one line of
      │                                       text
    """)


def test_a_long_line_is_cut_around_the_mark() -> None:
    text = f"a = [{'0, ' * 3300}NEEDLE, {'1, ' * 30}];\n"
    head, source, marks = frame(text, "NEEDLE")
    assert head.endswith(f":1:{text.index('NEEDLE') + 1}")
    assert source.startswith("1 │ …")
    assert source.endswith("…")
    assert display_width(source) <= 80
    assert source.index("NEEDLE") == marks.index("━━━━━━")


def test_marks_far_apart_in_a_long_line_are_all_shown() -> None:
    text = f"FIRST {'x ' * 5000}SECOND {'日' * 3000} THIRD\n"
    lines = frame(text, "FIRST", "SECOND", "THIRD")
    for name in ("FIRST", "SECOND", "THIRD"):
        (index,) = (i for i, line in enumerate(lines) if line.startswith("1 │") and name in line)
        source, marks = lines[index], lines[index + 1]
        mark = "━" if name == "FIRST" else "─"
        assert display_width(source[: source.index(name)]) == marks.index(mark)


def test_a_mark_longer_than_the_line_ends_at_its_edge() -> None:
    _, source, marks, label = frame("x" * 10_000, "x" * 10_000)
    assert source.endswith("…")
    assert display_width(source) == display_width(marks) == 80
    assert label.endswith("here")


def test_a_file_that_cannot_be_read_is_named_with_what_is_said_of_it() -> None:
    lines = rendered(finding(Span("gone.ts", 3, 4), label="the value"), files())
    assert lines[1:] == ["  ╭▸ gone.ts", "  │ the value"]


def test_a_long_path_stays_in_one_piece() -> None:
    name = "packages/" * 12 + "vitest.config.ts"
    lines = rendered(finding(Span(name, 0, 1)), reading({name: "x"}))
    assert f"  ╭▸ {name}:1:1" in lines, "a terminal can only click what is not cut"


def test_a_file_name_cannot_reorder_or_forge_lines() -> None:
    name = "a\u202egnp\n\x1b[2Jerror[x]: forged.ts"
    text = "\n".join(rendered(finding(Span(name, 0, 1)), reading({name: "x"})))
    assert r"a\u{202e}gnp\u{a}\u{1b}[2Jerror[x]: forged.ts:1:1" in text


# --- What stands below ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"env": {"E2E": "set"}}, "only when E2E is set"),
        ({"env": {"E2E": {"equals": "1"}}}, "only when E2E is '1'"),
        ({"version": ">=4"}, "only in versions >=4"),
        ({"platform": "win32"}, "only on win32"),
        ({"mode": "int"}, "only when the mode is 'int'"),
        ({"cpus": {"min": 5}}, "only on machines with 5 or more CPUs"),
        ({"cpus": {"max": 1}}, "only on machines with 1 or fewer CPUs"),
        ({"cpus": {"min": 2, "max": 4}}, "only on machines with 2 to 4 CPUs"),
        ({"opaque": "isSlow()"}, "only when isSlow()"),
        (
            {"env": {"A": "unset"}, "version": "<2"},
            "only when A is unset in versions <2",
        ),
    ],
)
def test_when_it_holds(when: dict[str, Any], words: str) -> None:
    found = finding(Span(E2E, 0, 1), certainty="depends", when=when)
    assert rendered(found, files(config="x\n"))[-1] == f"  ╰╴{words}"


@pytest.mark.parametrize(
    ("environments", "words"), [(("ci",), "only in CI"), (("local",), "only locally")]
)
def test_where_it_holds(environments: tuple[str, ...], words: str) -> None:
    found = finding(Span(E2E, 0, 1), environments=environments)
    assert rendered(found, files(config="x\n"))[-1] == f"  ╰╴{words}"


def test_the_other_suites_are_named() -> None:
    found = finding(Span(E2E, 0, 1), suites=tuple("abcdef"), also=tuple("bcdef"))
    read = files(config="x\n")
    assert rendered(found, read)[-1] == "  ╰╴also: b, c, d and 2 more"
    assert rendered(found, read, verbose=True)[-1] == "  ╰╴also: b, c, d, e, f"


def test_why_is_said_once_for_each_rule() -> None:
    one, other = (
        finding(Span(E2E, at, at + 1), consequence="it hurts", rule=rule)
        for at, rule in ((0, "a-rule"), (2, "b-rule"))
    )
    again = finding(Span(E2E, 4, 5), consequence="it hurts again", rule="a-rule")
    report = Report([one, other, again])
    told = render_check(report, files(config="x\ny\nz\n"), PLAIN)
    assert [line for line in told.splitlines() if "why:" in line] == [
        "  ╰╴why:  it hurts",
        "  ╰╴why:  it hurts",
    ]
    assert told.index("b-rule") < told.rindex("why:") < told.rindex("a-rule")


def preview(text: str | bytes, *edits: Edit) -> list[str]:
    found = finding(Span(E2E, 0, 1), fix=Fix("unsafe", "set it", edits))
    lines = rendered(found, files(config=text))
    assert max(map(display_width, lines)) <= 80
    assert lines[-1] == f"{lines[-1].split('╰')[0]}╰╴unsafe fix available: --fix --unsafe-fixes"
    start = next(index for index, line in enumerate(lines) if "├╴fix:  set it" in line)
    return lines[start + 1 : -1]


def test_added_lines_stand_among_their_neighbours() -> None:
    text = BOM + b"{\r\n  a: 1,\r\n}\r\n"
    at = text.index(b"}")
    assert preview(text, Edit(Span(E2E, at, at), "\tb: 2,\r\n")) == block("""
      ├▸ vitest.e2e.config.ts:3
    2 │   a: 1,
    3 +     b: 2,
    4 │ }
    """)


def test_edits_far_apart_have_a_gap_between_them() -> None:
    edits = [Edit(span("a\nb\nc\nd\n", part), text) for part, text in (("a\n", ""), ("d", "D"))]
    assert preview("a\nb\nc\nd\n", *edits) == block("""
      ├▸ vitest.e2e.config.ts:1
    1 - a
      ┆
    4 - d
    3 + D
    """)


def test_a_change_in_a_long_line_is_shown_where_it_is() -> None:
    text = f"{'x' * 5000} retry: 3 {'y' * 5000}\n"
    _, old, new = preview(text, Edit(span(text, "3"), "1"))
    assert "retry: 3" in old
    assert "retry: 1" in new


def test_a_fix_of_many_lines_is_cut_short() -> None:
    text = "".join(f"line {index}\n" for index in range(40))
    lines = preview(text, Edit(Span(E2E, 0, len(text)), ""))
    assert lines[-1].endswith("25 more lines: see --diff")


# --- Problems, notices, the summary -----------------------------------------------------------


def test_a_problem_shows_its_place() -> None:
    at = span(CONFIG, "poolOptions")
    report = Report(problems=[Problem("a syntax error", (at,))], files=1, suites=1)
    assert (
        render_check(report, files(config=CONFIG), PLAIN)
        == """\
error: a syntax error
  ╭▸ vitest.e2e.config.ts:7:5
7 │     poolOptions: { threads: { singleThread: false, maxThreads: 3 } },
  │     ━━━━━━━━━━━

No findings in 1 config (1 suite); 1 input could not be used.
"""
    )


def test_a_problem_with_a_whole_file_shows_no_source() -> None:
    report = Report(problems=[Problem("it is odd", (first_byte(E2E),), "warning")], files=1)
    text = render_check(report, files(config=CONFIG), PLAIN)
    assert text.startswith("warning: it is odd\n  ╭▸ vitest.e2e.config.ts:1:1\n\nAll clear")


def test_notices_are_one_line_each() -> None:
    place = (span(CONFIG, "RETRIES"),)
    notices = [Notice("short", place), Notice("long " * 40, place), Notice("short", place)]
    report = Report(notices=notices, files=1, suites=2)
    read = files(config=CONFIG)
    text = render_check(report, read, PLAIN)
    first, *middle, more, _, last = text.splitlines()
    assert first == "note: short (vitest.e2e.config.ts:2:10)"
    assert more == "  and 1 more: --verbose shows it"
    assert last == "All clear: 1 config, 2 suites, no findings, 3 notes."
    assert " ".join(middle).count("long") == 40, "a note is wrapped, never cut"
    assert max(map(len, middle)) <= 80
    full = render_check(report, read, PLAIN, verbose=True)
    assert full.count("╭▸ vitest.e2e.config.ts:2:10") == 3
    assert "…" not in full
    assert render_check(report, read, PLAIN, quiet=True) == ""


def test_what_a_rule_could_not_decide_is_not_all_clear() -> None:
    report = Report(
        notices=[Notice("retries are open", rule="too-many-retries")], files=1, suites=1
    )
    last = render_check(report, files(), PLAIN).splitlines()[-1]
    assert last == "No findings in 1 config (1 suite), but 1 question could not be decided."


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (Report(), "No test-runner configs found."),
        (Report(files=3, suites=4), "All clear: 3 configs, 4 suites, no findings."),
        (Report(files=1, suites=1), "All clear: 1 config, 1 suite, no findings."),
        (
            Report(problems=[Problem("x"), Problem("y")]),
            "No config could be judged; 2 inputs could not be used.",
        ),
    ],
)
def test_the_summary_without_findings(report: Report, line: str) -> None:
    assert render_check(report, files(), PLAIN).splitlines()[-1] == line


def test_the_summary_counts() -> None:
    safe, unsafe = (Fix(safety, "t", ()) for safety in ("safe", "unsafe"))  # type: ignore[arg-type]
    here = finding(Span(E2E, 0, 1))
    findings = [
        here.having(fix=safe),
        here.having(fix=unsafe),
        here.having(severity="warning"),
        here.having(severity="info", fix=safe),
    ]
    text = render_check(Report(findings, files=3, suites=4), files(), PLAIN)
    assert text.split("\n\n")[-1].replace("\n", " ").strip() == (
        "2 errors, 1 warning, 1 info in 3 configs (4 suites): "
        "2 can be fixed with --fix, 1 more with --fix --unsafe-fixes"
    )


def test_findings_are_told_in_the_order_of_the_report() -> None:
    read = reading({"a.ts": "x\ny\n", "b.ts": "x\n"})
    places = [Span("b.ts", 0, 1), Span("a.ts", 2, 3), Span("a.ts", 0, 1)]
    report = Report([finding(place) for place in places], files=2, suites=2)
    heads = re.findall(r"╭▸ (\S+)", render_check(report, read, PLAIN))
    assert heads == ["b.ts:1:1", "a.ts:2:1", "a.ts:1:1"]


def test_concise() -> None:
    report = incident()
    report.problems = [Problem("no\nway", (span(CONFIG, "test"),)), Problem("odd", file="x.ts")]
    assert render_concise(report, files(config=CONFIG, shared=SHARED), Style()) == (
        f"{E2E}:7:64: error[e2e-parallel-workers] {E2E} runs up to 3 test files at the same "
        "time; the limit is 1 (only in CI on machines with 5 or more CPUs)\n"
        f"{E2E}:8:12: error[too-many-retries] {E2E} runs a failing test up to 3 times "
        "(2 retries); the limit is 1\n"
        f"{E2E}:1:10: error no\\u{{a}}way\n"
        "x.ts: error odd\n"
    ).replace(f"{E2E}:1:10", position_of("test"))


def position_of(part: str) -> str:
    place = Document(E2E, CONFIG.encode()).position(span(CONFIG, part).start)
    return f"{E2E}:{place.line}:{place.column}"


# --- Colour -----------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("mode", "terminal", "environ", "color"),
    [
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
        ("auto", False, {}, False),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "0"}, False),
        ("auto", True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", True, {"WT_SESSION": "x"}, True),
    ],
)
def test_decide_color(mode: Any, terminal: bool, environ: dict[str, str], color: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    assert decide_color(mode, stream, environ) is color


# --- Any input --------------------------------------------------------------------------------


def dangers(text: str) -> list[str]:
    """Characters of a text that steer a terminal, hide, or reorder what is read."""
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return [character for character in text if unicodedata.category(character) in hidden]


def unpadded(text: str) -> list[str]:
    """The lines without blanks at their ends: within colour they are not taken off."""
    return [line.rstrip() for line in text.splitlines()]


TEXT = st.text(st.characters(exclude_categories=()), max_size=120)
SOURCE = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("\t\r\n 日e\u0301x"), max_size=400
)


@st.composite
def anything(draw: st.DrawFn) -> tuple[Report, Callable[[str], Document | None]]:
    """A report of hostile texts about hostile files, with spans that may lie anywhere."""
    names = [draw(TEXT), "a.ts"]
    sources = {name: draw(SOURCE).encode() for name in names}

    def place() -> Span:
        name = draw(st.sampled_from([*names, "missing"]))
        start = draw(st.integers(0, 500))
        return Span(name, start, start + draw(st.integers(0, 300)))

    def inside() -> Span:
        end = len(sources["a.ts"])
        start = draw(st.integers(0, end))
        return Span("a.ts", start, draw(st.integers(start, end)))

    because = [Because(draw(TEXT), (place(),)) for _ in range(draw(st.integers(0, 3)))]
    texts = draw(st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
    made = finding(
        place(),
        message=draw(TEXT),
        label=draw(TEXT),
        because=(*because, Because(draw(TEXT))),
        consequence=draw(TEXT),
        remedy=(draw(TEXT),),
        suites=(draw(TEXT), draw(TEXT)),
        when={"opaque": draw(TEXT), "env": {draw(TEXT): {"equals": draw(TEXT)}}},
        fix=draw(st.none() | st.just(Fix("safe", draw(TEXT), (Edit(inside(), texts),)))),
    )
    report = Report([made], [Notice(draw(TEXT), (place(),))], [Problem(draw(TEXT), (place(),))], 1)
    return report, reading(dict(sources))


@settings(max_examples=150, deadline=None)
@given(anything(), st.booleans(), st.booleans(), st.integers(40, 100))
def test_nothing_harmful_comes_out_of_anything(
    given_: tuple[Report, Callable[[str], Document | None]],
    unicode: bool,
    verbose: bool,
    width: int,
) -> None:
    report, read = given_
    style = Style(unicode=unicode, width=width)
    text = render_check(report, read, style, verbose=verbose)
    assert dangers(text.replace("\n", "")) == []
    assert dangers(render_concise(report, read, Style()).replace("\n", "")) == []
    assert len(render_concise(report, read, Style()).splitlines()) == 3
    assert text.isascii() or unicode
    heads = ("╭▸", "├▸", "-->", ":::", "│ ┆")
    for line in text.splitlines():
        if not line.lstrip().startswith(heads):
            assert display_width(line) <= width, line
    colored = render_check(report, read, style._replace(color=True), verbose=verbose)
    assert unpadded(SGR.sub("", colored)) == unpadded(text)
