"""Shell scripts to commands: words, environment, folder, how each is reached, and places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.text_map import Piece, TextMap, joined
from configguard.syntax.commands import Command, Script, commands_of
from configguard.syntax.json_strings import json_text
from configguard.syntax.shell_state import Assignment
from configguard.syntax.shell_words import Word, known_word

LIMITED = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def script(text: str, **options: bool) -> Script:
    data = text.encode()
    return commands_of(data, TextMap.straight("package.json", 0, len(data)), **options)


def shown(word: Word | None) -> str:
    """A word as the tests below write it: unknown is `?` behind what is known of it."""
    if word is None:
        return "-"
    if word.text is not None:
        return word.text
    return word.start + {"one": "?", "alike": "?…", "any": "??"}[word.fields]


def line(command: Command) -> str:
    """A command on one line: how it is reached, its folder, its environment, its words."""
    whens = {"always": "", "if-already-set": "~", "on-windows": "^"}
    settings = [f"{one.name}{whens[one.when]}={shown(one.value)}" for one in command.assignments]
    mark = {"always": "", "after-success": "&&", "maybe": "?"}[command.reached]
    folder = "[??]" if command.folder.path is None else f"[{command.folder.path}]"
    where = folder if command.folder.path != "" else ""
    beside = "&" if command.beside else ""
    words = [shown(word) for word in command.words]
    aims = [f"{one.operator}{shown(one.target)}" for one in command.redirects]
    doubt = ["!"] if command.doubts else []
    parts = [mark + beside, where, *doubt, *settings, "|".join(words), *aims]
    return " ".join(part for part in parts if part)


CASES = [
    # words
    ("vitest run --retry=2", ["vitest|run|--retry=2"]),
    ("x 'it'\\''s' \"a\\\"b\" a\\ b '' \"\" \"\\q\"", ["x|it's|a\"b|a b|||\\q"]),
    ("x a\\\n b", ["x|a|b"]),
    ("x # vitest", ["x"]),
    ("x a#b '#c'", ["x|a#b|#c"]),
    ("x --grep=@smoke -g '@a|@b' --filter=!./p -j4 4", ["x|--grep=@smoke|-g|@a|@b|--filter=!./p|-j4|4"]),
    ("x = y } { == z", ["x|=|y|}|{|==|z"]),
    ("x src/*.ts 'src/*.ts' --a=src/*", ["x|src/?…|src/*.ts|--a=src/*"]),
    ("x a{b,c} {} {a} {1..3}", ["x|a?…|{}|{a}|?…"]),
    ("x ~/a b~", ["x|?|b~"]),
    ("x $'a' $\"b\" $((1+2))", ["x|?|?|??"]),
    ("x %A% ^", ["x|%A%|^"]),
    # variables
    ("x $A \"$A\" --b=$A \"--b=$A\"", ["x|??|?|--b=??|--b=?"]),
    ("A=1; x $A ${A} ${A:-2} ${A#1}", ["A~=1 x|1|1|1|??"]),
    ("F='--a  --b=c'; x $F \"$F\" -$F", ["F~=--a  --b=c x|--a|--b=c|--a  --b=c|---a|--b=c"]),
    ("F=; x $F \"$F\" a$F", ["F~= x||a"]),
    ("F=*.ts; x $F \"$F\"", ["F~=*.ts x|??|*.ts"]),
    ("A=$B; x --c=$A", ["A~=? x|--c=??"]),
    ("A=a-$B; x \"$A\"", ["A~=a-? x|a-?"]),
    ("A=x; A+=y; z $A", ["A~=x? z|??"]),
    ("A=1\nB=2 C=3\nx $C", ["A~=1 B~=2 C~=3 x|3"]),
    ("A=(1 2); x ${A[@]}", ["A~=? x|??"]),
    ("x \"$@\" $# $1", ["x|??|??|??"]),
    # environment
    ("A=1 B='x y' cmd", ["A=1 B=x y cmd"]),
    ("A=1 cmd; cmd2", ["A=1 cmd", "cmd2"]),
    ("A=1 B=$A cmd", ["A=1 B=? cmd"]),
    ("export A=b C; cmd", ["A=b cmd"]),
    ("A=1; export A; cmd; A=2; cmd", ["A=1 cmd", "A=2 cmd"]),
    ("declare -x A=1; readonly B=2; cmd", ["A=? B~=2 cmd"]),
    ("unset A; cmd", ["A=- cmd"]),
    ("set A=b&& cmd", ["&& A^=b cmd"]),
    ("set A=b && SET \"C=d\" && cmd", ["&& A^=b  C^=d cmd"]),
    ("set A=%B%&& cmd $A", ["&& A^=? cmd|??"]),
    ("set A=b& cmd", ["A^=b cmd"]),
    (". ./env.sh && cmd", [".|./env.sh", "&& ! cmd"]),
    ("export $(cat .env) && cmd", ["cat|.env", "&& ! cmd"]),
    # how a command is reached
    ("a && b || c; d", ["a", "&& b", "? c", "d"]),
    ("a | b && c", ["& a", "& b", "&& c"]),
    ("a && b | c", ["a", "&&& b", "&&& c"]),
    ("a & b", ["& a", "b"]),
    ("a && b & c", ["& a", "&&& b", "c"]),
    ("! a && b", ["a", "? b"]),
    ("a || exit 1; b", ["a", "&& b"]),
    ("a && exit 0; b", ["a", "? b"]),
    ("exit 0; b", []),
    ("a; exec b; c", ["a", "exec|b"]),
    ("true || a; false && b; c", ["c"]),
    ("[ -n \"$CI\" ] && a; b", ["? a", "b"]),
    ("command -v a && b", ["command|-v|a", "? b"]),
    ("set -e; a; b && c", ["a", "&& b", "&& c"]),
    ("set -euo pipefail\na\nb", ["a", "&& b"]),
    ("if a; then b; elif c; then d; else e; fi; f", ["a", "? b", "? c", "? d", "? e", "f"]),
    ("if a; then exit 1; fi; b", ["a", "? b"]),
    ("for i in 1 2; do a $i; done; b $i", ["? i~=? a|??", "i~=? b|??"]),
    ("while ! a; do b; done; c", ["a", "? b", "c"]),
    ("case $A in x) a;; *) b;; esac; c", ["? a", "? b", "c"]),
    ("f() { a \"$1\"; }; f x; b", ["a|?", "b"]),
    ("die() { exit 1; }; a || die; b", ["a", "&& b"]),
    ("f() { f; a; }; f", ["f", "a"]),
    ("x || { y; exit 1; }; b", ["x", "? y", "&& b"]),
    ("a \"$(b --c)\" `d`", ["b|--c", "d", "a|?|??"]),
    # folder
    ("cd e2e && a", ["&& [e2e] a"]),
    ("cd e2e; a; cd ..; b; cd /tmp; c", ["[e2e] a", "b", "[/tmp] c"]),
    ("(cd e2e && a) && b", ["&& [e2e] a", "&& b"]),
    ("cd a || exit 1; b", ["&& [a] b"]),
    ("a && cd e2e; b", ["a", "[??] b"]),
    ("set -e; a; cd e2e; b", ["a", "&& [e2e] b"]),
    ("cd \"$A\" && b; cd; c", ["&& [??] b", "[??] c"]),
    ("cd ../x && b", ["&& [../x] b"]),
    # redirects, here-documents
    ("a > out 2>&1 --b <in c", ["a|--b|c >out 2>&1 <in"]),
    ("a && b > out", ["a", "&& b >out"]),
    ("a b=c >> $GITHUB_ENV", ["a|b=c >>?"]),
    ("cat <<EOF | grep t && a > y\nvitest\nEOF\nb", ["& cat <<?", "& grep|t", "&& a >y", "b"]),
    # broken: what stands before the broken line
    ("a \"b", []),
    ("a \\\n b\nc (d\ne", ["a|b"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_commands(text: str, expected: list[str]) -> None:
    assert [line(command) for command in script(text).commands] == expected


def test_a_shell_with_errexit() -> None:
    told = [line(command) for command in script("a\nb || c\nd", errexit=True).commands]
    assert told == ["a", "&& b", "? c", "&& d"]


def test_a_broken_script_is_told_with_its_place() -> None:
    bad = script('ok\nvitest "unclosed').bad
    assert bad is not None
    assert bad.span.start == 10
    assert "unclosed" in bad.reason


@pytest.mark.parametrize(
    "text", ["a;" * 5000, "(" * 3000, "a" * 70_000, "a\0b", "f() { g; g; }; g() { h; h; }; " + "f;" * 3000],
    ids=["commands", "nesting", "bytes", "control", "calls"],
)  # fmt: skip
def test_a_script_over_a_bound_is_told(text: str) -> None:
    assert script(text).bad is not None


def test_holes_are_unknown_and_keep_the_places() -> None:
    text = b"a --x=${{ matrix.x }} '${{ y }}' ${{ z }} b"
    holes = [(6, 21, "matrix.x"), (23, 31, "y"), (33, 41, "z")]
    found = commands_of(text, TextMap.straight("ci.yml", 100, len(text)), holes=holes)
    [command] = found.commands
    assert line(command) == "a|--x=??|?|??|b"
    assert [word.reason for word in command.words] == [None, "matrix.x", "y", "z", None]
    assert command.words[-1].span == ("ci.yml", 142, 143)


def test_a_flag_has_its_bytes_in_package_json() -> None:
    manifest = '{"scripts": {"e": "cross-env A=\\"é\\" vitest\\u0020--retry=\\"2\\" -t \'\\ud83d\\ude00\'"}}'
    data = manifest.encode()
    document = Document("package.json", data)
    start = data.index(b'"cross')
    text, at = json_text(document, start, data.rindex(b'"') + 1)
    [command] = commands_of(text, at).commands
    written = [data[word.span.start : word.span.end].decode() for word in command.words]
    assert written == [
        "cross-env",
        'A=\\"é\\"',
        "vitest",
        '--retry=\\"2\\"',
        "-t",
        "'\\ud83d\\ude00'",
    ]
    assert [word.text for word in command.words] == ["cross-env", "A=é", "vitest", "--retry=2", "-t", "\U0001f600"]  # fmt: skip
    value = command.words[3].after(len("--retry="))
    assert (value.text, data[value.span.start : value.span.end]) == ("2", b'2\\"')


def test_a_variable_leads_to_its_value() -> None:
    text = "F=--retry=2; vitest $F"
    [command] = script(text).commands
    places = [text[span.start : span.end] for span in command.words[1].origin]
    assert places == ["$F", "--retry=2"]


def test_the_environment_is_handed_on_and_put_in() -> None:
    value = known_word("4", (Span("ci.yml", 7, 8),), TextMap.straight("ci.yml", 7, 1))
    text = b"vitest --retry=$N; N=5 vitest --retry=$N"
    given = {"N": Assignment("N", value, value.origin)}
    at = TextMap.straight("ci.yml", 50, len(text))
    first, second = commands_of(text, at, variables=given).commands
    assert [word.text for word in first.words] == ["vitest", "--retry=4"]
    assert first.words[1].origin[1:] == (("ci.yml", 7, 8),)
    assert first.assignments == (given["N"],)
    assert second.words[1].text == "--retry=4"
    assert [str(one.value and one.value.text) for one in second.assignments] == ["5"]


def test_joined_texts_keep_their_places() -> None:
    one = TextMap("f", [Piece(0, 2, 10, 12), Piece(2, 3, 12, 14, True)])
    data, at = joined("f", [(b"ab\n", one), (b"cd", TextMap.straight("f", 30, 2))], 10)
    assert data == b"ab\ncd"
    assert at.span(1, 3) == ("f", 11, 14)
    assert at.span(2, 5) == ("f", 12, 32)
    assert at.part(2, 4).span(0, 2) == ("f", 12, 31)


@LIMITED
@given(st.text(), st.booleans())
def test_json_texts_are_those_of_json(text: str, ascii_only: bool) -> None:
    encoded = json.dumps(text, ensure_ascii=ascii_only)
    try:
        data = encoded.encode()
    except UnicodeEncodeError:
        return
    found, at = json_text(Document("f", data), 0, len(data))
    assert found.decode() == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert at.span(0, len(found)) == ("f", 1, len(data) - 1)
    for index in range(len(found)):
        span = at.span(index, index + 1)
        assert 1 <= span.start < span.end <= len(data) - 1


PIECES = st.sampled_from(
    ["a", "vitest", " ", " ", "\n", ";", "&&", "||", "|", "&", "(", ")", "{", "}", "'", '"', "\\", "$A",
     "${A:-b}", "$(", "`", "A=1", "export A=2", "cd x", "if", "then", "fi", "for i in", "do", "done", "<<E",
     "E", ">", "f()", "exit", "set -e", "set A=b", "é", "*", "~", "#", "$", "--x=y", "[", "]", "!", "case"]
)  # fmt: skip


@settings(LIMITED, max_examples=1_500)
@given(st.lists(PIECES, max_size=25))
def test_nothing_raises_and_places_lie_inside(pieces: list[str]) -> None:
    text = "".join(pieces)
    size = len(text.encode())
    found = script(text)
    spans = [found.bad.span] if found.bad else []
    for command in found.commands:
        spans.append(command.span)
        for word in command.words:
            spans += word.origin
            assert (word.text is None) == (word.reason is not None)
            assert word.text is None or word.text == word.start
        for one in command.assignments:
            spans += one.origin
    assert all(0 <= span.start <= span.end <= size for span in spans)
