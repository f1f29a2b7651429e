"""GitHub's expressions: what actions/runner makes of them, and what only it knows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configguard.project.ci.expressions import (
    BadExpression,
    Contexts,
    Opaque,
    Value,
    evaluate,
    of_plain,
)
from configguard.project.ci.texts import github_text, github_value
from configguard.source.document import Document
from configguard.syntax.yaml_nodes import Scalar, Stream, read_yaml

CONTEXTS: Contexts = {
    "matrix": of_plain(
        {"os": "ubuntu-latest", "n": 4, "on": True, "deep": {"a": [1, "b"]}, "node-version": "20"}
    ),
    "env": lambda name: Value({"A": "x"}.get(name)),
    "secrets": lambda name: Value(Opaque(f"`secrets.{name}` is known only to GitHub")),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'it''s'", "it's"),
        ("1", 1.0),
        ("0x1F", 31.0),
        ("-1.5e1", -15.0),
        ("true", True),
        ("null", None),
        ("matrix.os", "ubuntu-latest"),
        ("matrix.OS", "ubuntu-latest"),
        ("Matrix['node-version']", "20"),
        ("matrix.node-version", "20"),
        ("matrix.deep.a[1]", "b"),
        ("matrix.missing", None),
        ("matrix.os.x", None),
        ("matrix.deep.a[7]", None),
        ("env.A", "x"),
        ("env['A']", "x"),
        ("env.B", None),
        ("matrix.n == 4", True),
        ("matrix.n == '4'", True),
        ("matrix.n != 4", False),
        ("'ABC' == 'abc'", True),
        ("null == 0", True),
        ("null == ''", True),
        ("'' == 0", True),
        ("true == 1", True),
        ("'x' == 0", False),
        ("matrix.deep == matrix.deep", True),
        ("1 < 2 && 'b' > 'A'", True),
        ("2 <= 1 || 2 >= 2", True),
        ("matrix.on && '--x' || '--y'", "--x"),
        ("!matrix.on && '--x' || '--y'", "--y"),
        ("matrix.missing || 'fallback'", "fallback"),
        ("!(1 == 1)", False),
        ("!!''", False),
        ("contains('Hello', 'ELL')", True),
        ("contains(fromJSON('[\"a\", 2]'), '2')", True),
        ("startsWith(matrix.os, 'UBUNTU')", True),
        ("endsWith(matrix.os, 'x')", False),
        ("format('{0}-{1}{{}}', matrix.os, matrix.n)", "ubuntu-latest-4{}"),
        ("join(matrix.deep.a, '+')", "1+b"),
        ("false && secrets.X", False),
        ("true || secrets.X", True),
    ],
)
def test_known(text: str, expected: object) -> None:
    assert evaluate(text, CONTEXTS).data == expected


@pytest.mark.parametrize(
    "text",
    [
        "secrets.X",
        "secrets.X || 'a'",
        "secrets.X && 'a'",
        "secrets.X == 'a'",
        "!secrets.X",
        "github.sha",
        "github.event.inputs['a'].b",
        "matrix[github.sha]",
        "needs.a.outputs.b",
        "hashFiles('**')",
        "format('{0}', secrets.X)",
        "format('{7}')",
        "fromJSON('{')",
        "fromJSON(secrets.X).a",
        "env",
        "matrix.*",
        "'" + "x" * 5_000 + "'",
    ],
)
def test_known_only_to_the_service(text: str) -> None:
    found = evaluate(text, CONTEXTS).data
    assert isinstance(found, Opaque)
    assert found.reason


@pytest.mark.parametrize("text", ["", "a b", "1 +", "'x", "(1", "a.", "a[1", "==", "(" * 100, "#"])
def test_no_expression(text: str) -> None:
    with pytest.raises(BadExpression):
        evaluate(text, CONTEXTS)


def scalar(text: str) -> Scalar:
    found = read_yaml(Document("ci.yml", text.encode()))
    assert isinstance(found, Stream)
    (node,) = found.documents
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a ${{ matrix.n }}/${{ matrix.os }}", "a 4/ubuntu-latest"),
        ("${{ format('}}{0}', 1) }}", "}1"),
        ("${{ matrix.on }}${{ matrix.missing }}", "true"),
        ("${{ matrix.deep }}", "Object"),
        ("1.10", "1.1"),
        ("0x10", "16"),
        ("010", "10"),
        ("1e20", "1E+20"),
        ("True", "true"),
        ("yes", "yes"),
        ("~", ""),
        ("'1.10'", "1.10"),
        ("!!str 1.10", "1.10"),
        ("${{ unfinished", "${{ unfinished"),
    ],
)
def test_texts_are_filled_in(text: str, expected: str) -> None:
    assert github_text(scalar(text), CONTEXTS).known == expected


def test_what_is_not_known_is_a_hole_with_its_reason_and_place() -> None:
    text = "run ${{ matrix.n }} ${{ secrets.X }} end"
    found = github_text(scalar(text), CONTEXTS)
    ((start, end, reason),) = found.holes
    assert (found.known, found.start) == (None, "run 4 ")
    assert "secrets.X" in reason
    span = found.at.span(start, end)
    assert text[span.start : span.end] == "${{ secrets.X }}"
    last = found.at.span(len(found.data) - 3, len(found.data))
    assert text[last.start : last.end] == "end"
    word = found.word()
    assert (word.text, word.start) == (None, "run 4 ")


def test_a_whole_expression_keeps_its_type() -> None:
    assert github_value(scalar("${{ matrix.n }}"), CONTEXTS).data == 4.0
    assert github_value(scalar("'${{ matrix.n }}'"), CONTEXTS).data == 4.0
    assert github_value(scalar("x${{ matrix.n }}"), CONTEXTS).data == "x4"


TOKENS = [
    *(
        [
            "matrix",
            ".",
            "os",
            "n",
            "[",
            "]",
            "(",
            ")",
            "'1'",
            "'a'",
            "1",
            "-2",
            "&&",
            "||",
            "==",
            "!=",
            "<",
            ">=",
            "!",
            ",",
        ]
    ),
    *(
        [
            "format",
            "fromJSON",
            "contains",
            "env",
            "A",
            "*",
            "secrets",
            "true",
            "null",
            "join",
            "'{0}'",
            "'[1]'",
            ".5",
        ]
    ),
]


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(TOKENS),
        max_size=14,
    )
)
def test_nothing_else_is_raised(tokens: list[str]) -> None:
    try:
        found = evaluate(" ".join(tokens), CONTEXTS)
    except BadExpression:
        return
    assert isinstance(found, Value)
    assert found.truth in (True, False, None)
