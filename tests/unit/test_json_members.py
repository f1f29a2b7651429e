"""A member more in a JSON file: the file keeps its style, and nothing else changes."""

from __future__ import annotations

import json

import pytest

from configguard.fixing.json_members import with_member
from configguard.source.document import Document

CASES = {
    "lines": (
        '{\n  "n": 1,\n  "scripts": {\n    "a": "b",\n    "c": "d"\n  }\n}\n',
        '{\n  "n": 1,\n  "scripts": {\n    "a": "b",\n    "new": "x y",\n    "c": "d"\n  }\n}\n',
    ),
    "tabs, CRLF, a number that JavaScript writes, no newline at the end": (
        '{\r\n\t"scripts": {\r\n\t\t"a": "b"\r\n\t},\r\n\t"z": 1.5E+3\r\n}',
        '{\r\n\t"scripts": {\r\n\t\t"a": "b",\r\n\t\t"new": "x y"\r\n\t},\r\n\t"z": 1.5E+3\r\n}',
    ),
    "a blank line between members": (
        '{\n  "scripts": {\n    "z": "",\n\n    "a": "b"\n  }\n}\n',
        '{\n  "scripts": {\n    "z": "",\n\n    "a": "b",\n    "new": "x y"\n  }\n}\n',
    ),
    "minified": ('{"scripts":{"a":"b"}}', '{"scripts":{"a":"b","new":"x y"}}'),
    "one line": ('{ "scripts": { "a": "b" } }', '{ "scripts": { "a": "b", "new": "x y" } }'),
    "an empty object": (
        '{\n    "scripts": {},\n    "z": 1\n}\n',
        '{\n    "scripts": {\n        "new": "x y"\n    },\n    "z": 1\n}\n',
    ),
    "no object": (
        '\ufeff{\n  "name": "x"\n}\n',
        '\ufeff{\n  "name": "x",\n  "scripts": {\n    "new": "x y"\n  }\n}\n',
    ),
    "nothing": ("{}\n", '{\n  "scripts": {\n    "new": "x y"\n  }\n}\n'),
    "the key twice: the last one counts": (
        '{"scripts": {"q": "r"}, "scripts": {"a": "b"}}',
        '{"scripts": {"q": "r"}, "scripts": {"a": "b", "new": "x y"}}',
    ),
    "braces and quotes in texts": (
        '{\n  "scripts": {\n    "a": "echo \\"}\\" ü"\n  }\n}\n',
        '{\n  "scripts": {\n    "a": "echo \\"}\\" ü",\n    "new": "x y"\n  }\n}\n',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_member_more(case: str) -> None:
    before, wanted = CASES[case]
    made = with_member(Document("package.json", before.encode()), "scripts", "new", "x y", "a")
    assert isinstance(made, bytes), made
    assert made.decode() == wanted
    assert json.loads(made.decode("utf-8-sig"))["scripts"]["new"] == "x y"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1]", "holds no object"),
        ('{"scripts": []}', "scripts in package.json is no object"),
        ('{"scripts": {},}', "no comma may stand before the closing }"),
    ],
)
def test_what_cannot_have_one(text: str, reason: str) -> None:
    made = with_member(Document("package.json", text.encode()), "scripts", "new", "x")
    assert isinstance(made, str)
    assert reason in made
