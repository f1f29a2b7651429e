"""YAML to nodes with their bytes, against PyYAML; hostile files end in words."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from configguard.source.document import Document
from configguard.syntax.trees import BadSyntax
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, Stream, read_yaml

EXAMPLES = 300

HAND_WRITTEN = [
    "a: b\n",
    "\ufeffa: ü b\nc: [ä, 'ö''s', \"\\u00e9\\n\"]\n",
    "run: |\n  one\n  two\n\n",
    "run: |-\n  one\n\n   two\n",
    "run: |+\n  one\n\n\nx: 1\n",
    "run: >\n  one\n  two\n\n  three\n    more\n  four\n",
    "run: >-\n\n  one\n  two\n",
    "run: >+\n  one\n\n",
    "run: |2\n    one\n  two\n",
    "a:\n  - run: |1-\n      one\n     two\n",
    "run: | # why\n  npm test\n",
    "run: !!str |\n  npm test\n",
    "run: &x |\n  npm test\nagain: *x\n",
    "run: &x # why\n  npm test\n",
    "run: npm test\n  -- --workers=2\n",
    "run: 'npm ''test''\n\n  --x'\n",
    'run: "npm \\\n    test \\t\\x41\\\n  b"\n',
    'run: "a  \n\n\n  b\\ \n  c"\n',
    "run: |\r\n  one\r\n  two\r\n",
    "run: >\r\n  one\r\n  two\r\n\r\n  three\r\n",
    "run: 'a\r\n  b'\r\n",
    "- - a\n  - b\n- c: {d: e, f: [g]}\n",
    "{a: 1, 'b': 2, \"c\": 3}\n",
    "---\na\n---\nb\n...\n",
    "a: ~\nb:\nc: ''\n",
    "? a\n: b\n",
    "a: |\n\n  x\n   \n  y\n",
    "a: |\n  x\n  \ty\n",
    "a: |\n  x",
    "a: >\n  x",
    "a: |\n",
    "a: >\n  \n\n",
    "base: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}\nd:\n  <<: [*b, {z: 4, x: 5}]\n  w: 6\n",
    "",
    "# nothing\n",
]  # fmt: skip


def of(text: str) -> Stream:
    found = read_yaml(Document("ci.yml", text.encode()))
    assert isinstance(found, Stream), found
    return found


def refused(text: str) -> BadSyntax:
    found = read_yaml(Document("ci.yml", text.encode()))
    assert isinstance(found, BadSyntax)
    return found


def plain(node: Node) -> Any:
    """What PyYAML's BaseLoader makes of a node, merge keys followed."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {plain(key): plain(value) for key, value in node.merged.pairs}


def scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    below = (
        node.items if isinstance(node, Sequence) else [one for pair in node.pairs for one in pair]
    )
    return [found for item in below for found in scalars(item)]


class Merging(yaml.SafeLoader):
    """All scalars as texts, `<<` as merge key."""


Merging.yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}


def check_places(text: str) -> int:
    """Every piece that is not a whole covers its own text; returns how many scalars have one."""
    data = text.encode()
    exact = 0
    for document in of(text).documents:
        for scalar in scalars(document):
            assert scalar.at.length == len(scalar.data)
            for piece in scalar.at.pieces:
                assert 0 <= piece.file_start <= piece.file_end <= len(data)
                if not piece.whole:
                    made = data[piece.file_start : piece.file_end]
                    assert made == scalar.data[piece.start : piece.end]
            pieces = scalar.at.pieces
            coarse = [tuple(piece[2:]) for piece in pieces] == [(*scalar.span[1:], True)]
            exact += not coarse or not scalar.text.strip(" \n")  # blocks of blanks are coarse
    return exact


@pytest.mark.parametrize("text", HAND_WRITTEN)
def test_is_what_pyyaml_reads(text: str) -> None:
    expected = list(yaml.load_all(text, Loader=Merging))
    found = [plain(document) for document in of(text).documents]
    assert [one for one in expected if one is not None] == [
        one for one, whole in zip(found, expected, strict=False) if whole is not None
    ]


@pytest.mark.parametrize("text", HAND_WRITTEN)
def test_each_byte_of_a_text_has_its_place(text: str) -> None:
    found = sum(len(scalars(document)) for document in of(text).documents)
    assert check_places(text) == found


WORDS = st.text(st.sampled_from("ab é'\"\\:#-?{}[]&*!|>%@,~0\n\t"), max_size=30)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    VALUES,
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from([None, True, False]),
    st.sampled_from([10, 30, 80]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_pyyaml_writes_is_read_with_its_places(
    value: Any, style: Any, flow: bool | None, width: int, newline: str, unicode: bool
) -> None:
    text = yaml.dump(
        value,
        default_style=style,
        default_flow_style=flow,
        width=width,
        line_break=newline,
        allow_unicode=unicode,
    )
    expected = list(yaml.load_all(text, Loader=yaml.BaseLoader))
    stream = of(text)
    assert [plain(document) for document in stream.documents] == expected
    assert check_places(text) == sum(len(scalars(document)) for document in stream.documents)


LINES = st.lists(
    st.builds(
        lambda indent, body: " " * indent + body,
        st.integers(0, 8),
        st.sampled_from(
            ["", "x", "a: b", "- c", "- run: |", "k: >-", "d: 'e", "f'", '"g', 'h"', "# i", "é: |+",
             "&a j: *a", "<<: *a", "k: &b [", "]", "{l: m}", "? n", "---", "o: |2", "\tp", "q: \\"]
        ),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
@example(["a: |", "     ", "  x"], "\n")
def test_whatever_it_holds_it_is_read_or_refused_as_by_pyyaml(
    lines: list[str], newline: str
) -> None:
    text = newline.join(lines)
    found = read_yaml(Document("ci.yml", text.encode()))
    try:
        expected = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        if "duplicate anchor" in str(error):  # YAML allows it: the last before an alias counts
            return
        assert isinstance(found, BadSyntax)
        assert 0 <= found.span.start <= len(text.encode())
        return
    if isinstance(found, Stream):
        assert len(found.documents) == len([one for one in expected if one is not None])
        check_places(text)
    else:
        assert "stands inside of what it stands for" in found.reason


def test_a_word_in_a_block_has_its_bytes() -> None:
    text = "steps:\n  - run: |\n      cd é\n      npm test -- --workers=4\n"
    (document,) = of(text).documents
    assert isinstance(document, Mapping)
    script = scalars(document)[2]
    start = script.data.index(b"--workers")
    span = script.at.span(start, start + len(b"--workers=4"))
    assert text.encode()[span.start : span.end] == b"--workers=4"


def test_what_is_broken_has_its_place() -> None:
    broken = refused("é: [a\nb: c\n")
    assert "é: [a\nb: c\n".encode()[broken.span.start :].startswith(b"b:") or broken.span.start > 0
    assert "it is not YAML" in broken.reason


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "more than 50000 values" in refused("\n".join(lines)).reason


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5_000,
        "{a: " * 5_000,
        "- " * 5_000 + "x",
        "".join(" " * depth + "a:\n" for depth in range(500)),
        "? " * 5_000,
    ],
)
def test_what_is_nested_without_end_is_refused(text: str) -> None:
    assert refused(text).reason


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [*x]",
        "a: *nothing",
        "a: \x01",
        "a: b: c",
        "a: 'b",
        "\ta: b",
        "%YAML 9.9\n---\na",
    ],
)
def test_what_is_no_yaml_is_refused(text: str) -> None:
    assert refused(text).reason


@pytest.mark.parametrize(
    "text",
    [
        "a: '" + " " * 900_000 + "'",
        'a: "' + " \n" * 400_000 + '"',
        "a: |\n" + "  x\n" * 200_000 + "".join(" " * n + "y\n" for n in range(2, 600)),
        "a: >\n" + "  x\n" * 200_000,
        'a: "' + "\\n" * 400_000 + '"',
        "&" * 900_000,
        "a: " + "x " * 400_000,
    ],
)
def test_large_texts_keep_their_places(text: str) -> None:
    found = read_yaml(Document("ci.yml", text.encode()))
    if isinstance(found, Stream):
        assert check_places(text) == sum(len(scalars(one)) for one in found.documents)
    else:
        assert text.startswith("&")
