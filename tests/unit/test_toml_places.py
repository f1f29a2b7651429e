"""Keys and values of TOML to the text that they were read from."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from configguard.source.document import Document
from configguard.source.span import Span
from configguard.syntax.toml_places import KeyPath, Places

TEXT = """\
# every form of a key
select = ["a", 'b'] # two
plain."quoted é".'literal' = 1
inline = {one = 1, "tw\\u006f".three = [1, {deep = true}]}

[tool.configguard]
exclude = [
  "x", # why
  "y",
]
[tool.configguard."per-file-ignores"]
"tests/**" = ["r"]
'a.b' = []

[[list]]
name = "first"
[[list]]
name = "second"
[list.below]
name = "third"
"""


def paths(value: Any, path: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    inner = [one for key, item in items for one in paths(item, (*path, key))]
    return [(path, value), *inner] if path else inner


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["", "bom"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_every_key_and_value_is_found(newline: str, bom: bytes) -> None:
    data = bom + TEXT.replace("\n", newline).encode()
    document = Document("configguard.toml", data)
    places = Places(document)
    checked = 0
    for path, value in paths(tomllib.loads(TEXT)):
        key, text = places.key(path), places.value(path)
        assert (key.file, text.file) == ("configguard.toml", "configguard.toml")
        written = document.text(text.start, text.end)
        if isinstance(value, str | int | bool):
            assert tomllib.loads(f"x = {written}") == {"x": value}, path
            checked += 1
        if isinstance(path[-1], str):
            named = document.text(key.start, key.end)
            assert tomllib.loads(f"{named} = 1") == {path[-1]: 1}, path
            checked += 1
    assert checked > 30


def test_what_has_no_place_of_its_own_is_the_nearest_around_it() -> None:
    places = Places(Document("x.toml", b"a = {b = 1}\n"))
    assert places.value(("a", "b", "c")) == Span("x.toml", 9, 10)
    assert places.key(("a", "none")) == Span("x.toml", 0, 1)
    assert places.key(("none",)) == Span("x.toml", 0, 0)


@pytest.mark.parametrize("text", ["a = ", "[", "= 1\n", "a = [1, 2", '"a', "\0", "a.b.c\n"])
def test_a_text_that_is_no_toml_has_no_places(text: str) -> None:
    places = Places(Document("x.toml", text.encode()))
    assert places.value(("a",)).file == "x.toml"


def test_places_are_bounded() -> None:
    many = "x = [" + "1," * 100_000 + "]\n"
    deep = ".".join("a" * 30_000) + " = 1\n" + "b = " + "[" * 300 + "]" * 300 + "\n"
    places = Places(Document("x.toml", (many + deep + "c = 1\n").encode()))
    assert places.value(("x", 99_999)) == Span("x.toml", 4, len(many) - 1)
    assert places.key(("c",)) == Span("x.toml", 0, 0)
    small = Places(Document("x.toml", (deep + "c = 1\n").encode()))
    assert small.key(("a",) * 60).file == "x.toml"
    assert small.value(("c",)) == Span("x.toml", len(deep) + 4, len(deep) + 5)
