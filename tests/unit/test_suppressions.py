"""Comments that hide findings: which are read, what they reach, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from configguard.checking.suppress import Suppressions, hiding, suppressions_in
from configguard.source.document import Document

RULES = ("too-many-retries", "missing-timeout", "e2e-parallel-workers")


def read(text: str, file: str = "vitest.config.ts") -> Suppressions:
    return suppressions_in(Document(file, text.encode()), RULES)


def reached(text: str, file: str = "vitest.config.ts") -> list[tuple[str, list[int] | None]]:
    """(rule, the lines counted from 1, or None for the whole file)."""
    return [
        (one.rule, None if one.lines is None else sorted(line + 1 for line in one.lines))
        for one in read(text, file).found
    ]


def told(text: str, file: str = "vitest.config.ts") -> list[tuple[str, str]]:
    """(the text that is pointed at, the message)."""
    data = text.encode()
    problems = read(text, file).problems
    assert {problem.severity for problem in problems} <= {"warning"}
    return [(data[one.at[0].start : one.at[0].end].decode(), one.message) for one in problems]


REACHED = [
    ("const a = 1; // configguard-ignore: too-many-retries -- x", [1]),
    ("// configguard-ignore: too-many-retries -- x\nconst a = 1;", [1, 2]),
    ("// configguard-ignore: too-many-retries -- x\n// and more\n/* and more */\na;", [1, 4]),
    ("// configguard-ignore: too-many-retries -- x\n\na;", [1, 2]),
    ("const a = 1; // configguard-ignore: too-many-retries -- x\nconst b = 2;", [1]),
    ("/* configguard-ignore: too-many-retries -- x */ a;\nb;", [1]),
    ("a; /* configguard-ignore: too-many-retries -- x */ b;", [1]),
    ("a; /* configguard-ignore: too-many-retries -- x\n */\nb;", [1, 2]),
    ("/*\n * configguard-ignore: too-many-retries -- x\n */\nb;\nc;", [1, 2, 3, 4]),
    ("/** configguard-ignore: too-many-retries -- x */\nb;", [1, 2]),
    ("//configguard-ignore:too-many-retries -- x", [1, 2]),
    ("/// configguard-ignore : too-many-retries -- x", [1, 2]),
    ("\ufeff// configguard-ignore: too-many-retries -- x\r\na;\r\nb;\r\n", [1, 2]),
    ("// é\r\na; // configguard-ignore: too-many-retries -- é\r\nb;\r\n", [2]),
    ("#!/usr/bin/env node\n// configguard-ignore: too-many-retries -- x\na;", [2, 3]),
]


@pytest.mark.parametrize(("text", "lines"), REACHED)
def test_which_lines_a_comment_reaches(text: str, lines: list[int]) -> None:
    assert reached(text) == [("too-many-retries", lines)]
    assert told(text) == []


def test_several_rules_and_several_comments_on_a_line() -> None:
    text = "a; // configguard-ignore: too-many-retries, missing-timeout -- both\n"
    assert reached(text) == [("too-many-retries", [1]), ("missing-timeout", [1])]
    assert {one.reason for one in read(text).found} == {"both"}
    text = (
        "/* configguard-ignore: too-many-retries -- x */ a;"
        " /* configguard-ignore: missing-timeout -- y */\n"
    )
    assert reached(text) == [("too-many-retries", [1]), ("missing-timeout", [1])]
    text = (
        "// configguard-ignore: too-many-retries -- x\n"
        "// configguard-ignore: missing-timeout -- y\na;"
    )
    assert reached(text) == [("too-many-retries", [1, 3]), ("missing-timeout", [2, 3])]
    text = (
        "/* configguard-ignore: too-many-retries -- x\n configguard-ignore: missing-timeout -- y */"
    )
    assert reached(text) == [("too-many-retries", [1, 2, 3]), ("missing-timeout", [1, 2, 3])]


def test_the_whole_file() -> None:
    text = "a;\nb; // configguard-ignore-file: too-many-retries -- why -- not\n"
    [one] = read(text).found
    assert one.lines is None
    assert one.reason == "why -- not"
    assert text[one.at.start : one.at.end] == "too-many-retries"


def test_jsx() -> None:
    text = "const a = (\n<a>\n{/* configguard-ignore: too-many-retries -- x */}\n<b/></a>);\n"
    assert reached(text, "a.tsx") == [("too-many-retries", [3, 4])]
    text = "const a = <a> // configguard-ignore: too-many-retries -- no comment\n</a>;\n"
    assert reached(text, "a.tsx") == []
    assert reached(text, "a.jsx") == []


@pytest.mark.parametrize(
    "text",
    [
        "const a = '// configguard-ignore: too-many-retries -- x';",
        "const a = `\n// configguard-ignore: too-many-retries -- x\n`;",
        "const a = /[/]/ configguard-ignore: too-many-retries -- x/;",
        "// see configguard-ignore: too-many-retries -- x",
        "// configguard_ignore: too-many-retries -- x",
    ],
)
def test_what_is_no_such_comment(text: str) -> None:
    assert read(text) == Suppressions()


def test_what_follows_in_a_template_is_read() -> None:
    text = "const a = `${ /* configguard-ignore: too-many-retries -- x */ b}`;"
    assert reached(text) == [("too-many-retries", [1])]


def test_yaml() -> None:
    comment = "configguard-ignore: too-many-retries -- x"
    text = f"a: 1 # {comment}\nb: |\n  # {comment}\n# {comment}\nc: '# {comment}'\nd: e#{comment}\n"
    assert reached(text, "ci.yml") == [("too-many-retries", [1]), ("too-many-retries", [4, 5])]
    text = "\ufeffé: é # é\r\n## configguard-ignore-file: too-many-retries -- é\r\n"
    [one] = read(text, ".gitlab-ci.yaml").found
    data = text.encode()
    assert data[one.at.start : one.at.end] == b"too-many-retries"
    assert one.reason == "é"


@pytest.mark.parametrize("file", ["jest.config.json", "package.json", "a.toml", "README.md"])
def test_other_files_have_no_such_comments(file: str) -> None:
    assert read("// configguard-ignore: too-many-retries -- x\n{}", file) == Suppressions()


def test_a_file_that_does_not_parse_has_none() -> None:
    assert read("// configguard-ignore: too-many-retries -- x\nconst = ;") == Suppressions()


WRONG = [
    ("configguard-ignore", "configguard-ignore", "write `configguard-ignore: RULE -- reason`"),
    ("configguard-ignore too-many-retries", "configguard-ignore too-many-retries", "write"),
    ("configguard-ignore-line: x -- y", "configguard-ignore-line: x -- y", "hides nothing: write"),
    ("configguard-ignore:", "configguard-ignore:", "names no rule"),
    ("configguard-ignore: -- reason", "configguard-ignore: -- reason", "names no rule"),
    ("configguard-ignore: too-many-retries", "configguard-ignore: too-many-retries", "no reason"),
    ("configguard-ignore: too-many-retries --", "configguard-ignore: too-many-retries --", "no r"),
    ("configguard-ignore-file: too-many-retries", "configguard-ignore-file: too-many-retries",
     "gives no reason"),
    ("configguard-ignore: to-many-retries -- x", "to-many-retries",
     "no such rule: did you mean 'too-many-retries'?"),
    ("configguard-ignore: E501 -- x", "E501", "no such rule: see configguard rules"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "said"), WRONG)
@pytest.mark.parametrize("form", ["// {}\n", "/* {} */\n", "/**\r\n * {}\r\n **/\r\n"])
def test_what_is_wrong_hides_nothing_and_is_told(text: str, at: str, said: str, form: str) -> None:
    whole = f"const é = 1;\n{form.format(text)}retry;"
    assert reached(whole) == []
    [(pointed, message)] = told(whole)
    assert pointed == at
    assert message.startswith("this comment hides nothing")
    assert said in message


def test_a_wrong_rule_beside_a_right_one() -> None:
    text = "a; // configguard-ignore: too-many-retries, mising-timeout -- x"
    assert reached(text) == [("too-many-retries", [1])]
    assert [at for at, _ in told(text)] == ["mising-timeout"]


def test_not_more_is_told_than_somebody_reads() -> None:
    assert len(told("// configguard-ignore\n" * 500)) == 20


def test_the_nearest_one_is_named() -> None:
    text = (
        "// configguard-ignore-file: too-many-retries -- all\n"
        "retry; // configguard-ignore: too-many-retries -- one\nretry;\n"
    )
    document = Document("a.ts", text.encode())
    found = suppressions_in(document, RULES).found
    named = [hiding(found, "too-many-retries", document, at) for at in (60, len(text) - 3)]
    assert [one and one.reason for one in named] == ["one", "all"]
    assert hiding(found, "missing-timeout", document, 60) is None
