"""Large JSON read entry by entry: it says what `json` says, and holds its bounds."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configguard.project import json_entries
from configguard.project.json_entries import NotJson, Reader
from configguard.source.document import Document

NAMES = frozenset(("packages", "workspaces"))
TEXTS = st.text(max_size=6) | st.sampled_from(["a//b", "/*", "*/", ",}", '"', "\\", "é", "😀"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(
    st.sampled_from([*sorted(NAMES), "other"]) | TEXTS,
    VALUES | st.dictionaries(TEXTS, VALUES, max_size=4),
    max_size=4,
)


def reader(text: str, *, lenient: bool = False) -> Reader:
    return Reader(Document("lock.json", text.encode("utf-8", "surrogatepass")), lenient=lenient)


def contents(found: Reader) -> dict[str, dict[str, object]]:
    return {
        name: {key: found.value(at) for key, at in places.items()}
        for name, places in found.sections(NAMES).items()
    }


def expected(value: dict[str, object]) -> dict[str, object]:
    return {name: value[name] for name in value if name in NAMES and isinstance(value[name], dict)}


@given(OBJECTS, st.sampled_from([None, 0, 2]), st.booleans(), st.booleans())
def test_it_reads_what_json_reads(
    value: dict[str, object], indent: int | None, ascii_only: bool, lenient: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert contents(reader(text, lenient=lenient)) == expected(value)


@given(OBJECTS, st.data())
def test_a_damaged_text_is_refused_as_json_refuses_it(
    value: dict[str, object], data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=False)
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 2))
    damaged = (
        text[:at] + data.draw(st.sampled_from(["", ",", "}", '"', "x", ":"])) + text[at + cut :]
    )
    try:
        whole = json.loads(damaged)
    except json.JSONDecodeError:
        whole = None
    if isinstance(whole, dict):
        assert contents(reader(damaged)) == expected(whole)
        return
    with pytest.raises(NotJson) as refused:
        contents(reader(damaged))
    assert 0 <= refused.value.offset <= len(damaged.encode())


@given(OBJECTS)
def test_comments_and_trailing_commas_pass_where_they_may(value: dict[str, object]) -> None:
    plain = json.dumps(value, indent=1, ensure_ascii=False)
    # Before a line break never inside a string.
    noisy = re.sub(
        r"([^\[{\s])\n(\s*[}\]])", r"\1, // one, }" + "\n" + r"/* two " + "\n" + r" */\2", plain
    )
    assert contents(reader(noisy, lenient=True)) == expected(value)
    if noisy != plain:
        with pytest.raises(NotJson):
            contents(reader(noisy))


def test_the_last_of_two_equal_keys_counts() -> None:
    text = '{"packages": {"a": 1, "b": 2, "b": 3}, "packages": {"b": 4}}'
    assert contents(reader(text)) == {"packages": {"b": 4}}
    assert contents(reader('{"packages": {"a": 1}, "packages": []}')) == {}


def test_a_place_is_that_of_the_value_not_of_a_like_text_before() -> None:
    text = '{"packages": {"é": {"note": "\\"version\\": \\"1\\"", "version": "2"}}}'
    found = reader(text)
    at = found.sections(NAMES)["packages"]["é"]
    span = found.span(("version",), at)
    assert span is not None
    assert text.encode()[span.start : span.end] == b'"2"'
    assert found.span(("packages", "é", "version")) == span
    assert found.span(("version", "x"), at) is None
    assert found.span(("missing",), at) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"packages": {"a": [' + "1," * 3_000_000 + "1]}}", "an entry is larger than 4 MB"),
        ('{"packages": {"a": ' + "[" * 200_000, "nested too deeply"),
        ('{"packages": {' + ",".join(f'"{n}":1' for n in range(400_001)) + "}}", "400,000 entries"),
    ],
    ids=["large", "deep", "many"],
)
def test_what_would_fill_the_memory_is_refused_by_its_bound(text: str, said: str) -> None:
    with pytest.raises(NotJson, match=said):
        reader(text).sections(NAMES)


def test_a_number_at_the_end_of_a_cut_is_read_whole() -> None:
    size = json_entries._SIZES[0]
    for length in range(size - 3, size + 4):
        text = '{"packages": {"a": [' + " " * (length - 5) + '12345], "b": 678901}}'
        assert contents(reader(text)) == {"packages": {"a": [12345], "b": 678901}}
