"""The YAML that programs write: read as the real parser reads it, or left to that."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from configguard.project.block_yaml import Block, Scalar, parse_block

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
KEYS = TEXTS | st.sampled_from(
    ["vitest", "@playwright/test", "packages/it's", ".", "a b", "'", "-"]
)
VALUES = TEXTS | st.sampled_from(
    ["3.2.7", "^3", ">=1 <2", "catalog:", "link:../own", "1.0(a@2)(b@3)", "a: b", "a #b", "~", "*"]
)
TREES = st.recursive(VALUES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
LINES = st.lists(
    st.sampled_from(
        [
            *("a:", "b:", "'c':", "  d: 1", "  e:", "    f: 'x'", "  - g", "h: |", "  i", "", "#j"),
            *(
                "k: >-",
                "  l: {}",
                "m: {n: 1}",
                "o: &p 1",
                "q: *p",
                "? r",
                "s: 't",
                "u: v # w",
                "x:y",
            ),
            *(
                "'it''s': \"z\"",
                "  a: b: c",
                "\ta: 1",
                "a : 1",
                '"b\\n": 1',
                "---",
                "~: 1",
                "d: ''",
            ),
        ]
    ),
    max_size=6,
)


def plain(block: Block) -> dict[str, object]:
    return {
        key: value.text if isinstance(value, Scalar) else plain(value) or None
        for key, value in block.items()
    }


def really(text: str) -> object:
    """What the real parser makes of it, all scalars as texts; an empty value as none."""

    def emptied(value: object) -> object:
        if isinstance(value, dict):
            return {key: emptied(inner) for key, inner in value.items()} or None
        return value

    return emptied(yaml.load(text, yaml.BaseLoader)) or {}


def agrees(text: str) -> None:
    block = parse_block(text)
    if block is None:
        return

    def check(mine: dict[str, object], real: object) -> None:
        assert isinstance(real, dict)
        assert set(mine) == set(real)
        for key, value in mine.items():
            if isinstance(value, dict):
                check(value, real[key])
            else:
                assert (value or "") == (real[key] or "")

    check(plain(block), really(text))


@given(st.dictionaries(KEYS, TREES, max_size=3))
def test_what_a_program_writes(tree: dict[str, object]) -> None:
    agrees(yaml.safe_dump(tree, default_flow_style=False, allow_unicode=True, width=10_000))


@given(LINES)
def test_lines_of_all_kinds(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError:
        return  # what is broken is found elsewhere
    agrees(text)


def test_places_and_what_is_left_to_the_real_parser() -> None:
    text = "    vitest:\n      specifier: 'catalog:'\n      version: 3.2.7(é@1)\n\n    other: {}\n"
    block = parse_block(text, 2)
    assert block is not None
    inner = block["vitest"]
    assert isinstance(inner, dict)
    for key, expected in (("specifier", "catalog:"), ("version", "3.2.7(é@1)")):
        value = inner[key]
        assert isinstance(value, Scalar)
        assert text[value.start : value.start + len(value.text)] == value.text == expected
    assert block["other"] == {}


@pytest.mark.parametrize(
    "text",
    [
        *("a: |\n  b", "a: >-\n  b", "- a", "a: [b]", "a: {b: 1}", "a: &x 1", "a: *x", "a:\n b: 1"),
        *("a: 1\n  b", "a: 1 # b", "# a", "a: 'b", "a: 1\na: 2", "\ta: 1", "a:\n    b: 1"),
    ],
)
def test_all_else_is_left_to_the_real_parser(text: str) -> None:
    assert parse_block(text) is None
