"""What leaves the program: harmless, on one line, and as wide as it says it is."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configguard.report.text_safety import (
    cut,
    display_width,
    fit,
    html_text,
    inert,
    one_line,
    source_line,
    uri_path,
    workflow_property,
    workflow_value,
    wrap,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
"""Any code points: surrogates, controls and unassigned ones too."""


def dangers(text: str) -> list[str]:
    """Characters of a text that steer a terminal, hide, or reorder what is read."""
    return [
        f"U+{ord(character):04X}"
        for character in text
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 'text' \\n", "plain 'text' \\n"),
        ("grün 日本語 🙂", "grün 日本語 🙂"),
        ("\x1b[31mred", r"\u{1b}[31mred"),
        ("\x9b2J\x7f", r"\u{9b}2J\u{7f}"),
        ("a\nb\r\tc", r"a\u{a}b\u{d}\u{9}c"),
        ("gnp.\u202etxt\u2066", r"gnp.\u{202e}txt\u{2066}"),
        ("a\u200bb\u2028c\ufeffd\u00ad", r"a\u{200b}b\u{2028}c\u{feff}d\u{ad}"),
        ("\u3164\u115f\U000e0041", r"\u{3164}\u{115f}\u{e0041}"),
        ("❤\ufe0f 👩\u200d🚒", r"❤\u{fe0f} 👩\u{200d}🚒"),
        ("\udcff\ue000\U0010ffff", r"\u{dcff}\u{e000}\u{10ffff}"),
        ("", ""),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_mark_without_its_letter_is_shown_as_a_code() -> None:
    assert one_line("\u0301a") == r"\u{301}a"
    assert one_line("e\u0301") == "e\u0301"


def test_a_tower_of_marks_is_pulled_down() -> None:
    shown = one_line("a" + "\u0301" * 50, 2000)
    assert shown.count("\u0301") <= 3
    assert r"\u{301}" in shown


def test_too_long_is_cut_with_an_ellipsis() -> None:
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == "x" * 199 + "…"
    assert one_line("x" * 201, ascii_only=True) == "x" * 197 + "..."


def test_a_code_is_never_cut_in_the_middle() -> None:
    assert one_line("abc\u202e\u202e", 12) == r"abc\u{202e}…"


def test_ascii_only() -> None:
    assert one_line("grün 🙂", ascii_only=True) == r"gr\u{fc}n \u{1f642}"


@given(ANY_TEXT, st.integers(10, 60))
def test_one_line_is_harmless_and_capped(text: str, most: int) -> None:
    for ascii_only in (False, True):
        shown = one_line(text, most, ascii_only=ascii_only)
        assert dangers(shown) == []
        assert len(shown) <= most
        assert shown.isascii() or not ascii_only


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("日本語", 6),
        ("ｱ", 1),
        ("\uff21", 2),
        ("e\u0301", 1),
        ("🙂", 2),
        ("\u1100\u1161\u11a8", 2),
        ("กำ\u0e34", 2),
    ],
)
def test_display_width(text: str, width: int) -> None:
    assert display_width(text) == width


def test_a_source_line_says_where_each_character_stands() -> None:
    line = source_line("\ta\tж日\u202e!")
    assert line.text == "    a   ж日\\u{202e}!"
    assert line.columns == [0, 4, 5, 8, 9, 11, 19, 20]


def test_the_tab_width_is_free() -> None:
    assert source_line("a\tb", 8).text == "a       b"


@given(ANY_TEXT)
def test_a_source_line_is_harmless_and_its_columns_are_true(text: str) -> None:
    line = source_line(text)
    assert dangers(line.text) == []
    assert len(line.pieces) == len(text)
    assert line.columns == [
        display_width("".join(line.pieces[:index])) for index in range(len(text) + 1)
    ]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("", 10, [""]),
        ("abcdefghij kl", 4, ["abcd", "efgh", "ij", "kl"]),
        ("日本語の設定", 5, ["日本", "語の", "設定"]),
        ("a  b", 10, ["a  b"]),
        ("日", 0, ["日"]),
    ],
)
def test_wrap(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


@given(ANY_TEXT, st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    clean = one_line(text, 2000)
    lines = wrap(clean, width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == clean.replace(" ", "")


@given(ANY_TEXT, st.integers(3, 40))
def test_cut_and_fit(text: str, width: int) -> None:
    clean = one_line(text, 2000)
    assert clean.startswith(cut(clean, width))
    assert display_width(fit(clean, width)) <= width
    assert fit(clean, 2000) == clean


def test_unicodedata_is_not_loaded_for_ascii() -> None:
    script = (
        "import sys\n"
        "from configguard.report.text_safety import one_line, source_line, wrap\n"
        "one_line('a\\x1b'), source_line('\\ta'), wrap('a b', 2)\n"
        "assert 'unicodedata' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("printed", "harmless"),
    [
        ("a::b\nc ## d", "a::b\nc ## d"),
        ("::error::x", r"\u{3a}:error::x"),
        ("a\n \t::add-mask::x\n", "a\n \t\\u{3a}:add-mask::x\n"),
        ("x ##vso[task]", r"x \u{23}#vso[task]"),
        ("##[error]y", r"\u{23}#[error]y"),
        ("##teamcity[z]", r"\u{23}#teamcity[z]"),
        ("###[q]", r"#\u{23}#[q]"),
    ],
)
def test_no_log_finds_a_command(printed: str, harmless: str) -> None:
    assert inert(printed) == harmless
    assert inert(harmless) == harmless


@given(ANY_TEXT)
def test_a_workflow_command_gives_the_text_back(text: str) -> None:
    """GitHub's runner takes the codes apart in this order."""
    value, name = workflow_value(text), workflow_property(text)
    assert "\n" not in value + name
    assert "\r" not in value + name
    assert not {":", ","} & set(name)
    name = name.replace("%3A", ":").replace("%2C", ",")
    for told in (value, name):
        assert told.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") == text


@given(st.binary(max_size=40))
def test_a_path_in_a_uri_gives_its_bytes_back(path: bytes) -> None:
    uri = uri_path(os.fsdecode(path))
    assert uri.isascii()
    assert not set(uri) & set(" #?%:[]\\\n") - {"%"}
    assert unquote_to_bytes(uri) == path


def test_html_has_no_tags_of_a_name() -> None:
    assert html_text('<a href="x">&\'') == "&lt;a href=&quot;x&quot;&gt;&amp;&#x27;"
