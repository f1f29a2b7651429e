"""What a fix adds, changes or takes out is written as the file is; nothing else moves."""

from __future__ import annotations

import difflib

import pytest

from support.fixing import fixed, installed

VITEST = "vitest.e2e.config.ts"
JEST = "jest-e2e.json"


def after(text: str, *, file: str = VITEST, **versions: str) -> str:
    """The file after all fixes, the unsafe ones too."""
    packages = installed(**{"vitest": "3.2.7", "jest": "29.7.0", **versions})
    done = fixed({**packages, file: text}, file, unsafe=True)
    assert file in done.changes, "nothing was fixed"
    return done.changes[file].decode()


ADDED = ["fileParallelism: false", "testTimeout: 30000", "hookTimeout: 30000"]
LINES = {
    "tabs": ("export default {\n\ttest: {\n\t\tbail: 1,\n", "\t},\n};\n", "\t\t{},\n"),
    "four spaces": (
        "export default {\n    test: {\n        bail: 1,\n",
        "    },\n};\n",
        "        {},\n",
    ),
    "a comment behind the comma": (
        "export default {\n  test: {\n    bail: 1, /* a */ // b\n",
        "  },\n};\n",
        "    {},\n",
    ),
    "comments after the last": (
        "export default {\n  test: {\n    bail: 1,\n",
        "    // retry: 3,\n  },\n};\n",
        "    {},\n",
    ),
    "several properties a line": (
        "export default {\n  test: {\n    bail: 1, isolate: true,\n",
        "  },\n};\n",
        "    {},\n",
    ),
    "crlf": (
        "export default {\r\n  test: {\r\n    bail: 1,\r\n",
        "  },\r\n};\r\n",
        "    {},\r\n",
    ),
    "no final newline": ("export default {\n  test: {\n    bail: 1,\n", "  },\n};", "    {},\n"),
    "a mark at the start": (
        "\ufeffexport default {\n  test: {\n    bail: 1,\n",
        "  },\n};\n",
        "    {},\n",
    ),
    "only comments": (
        "export default {\n    test: {\n        // none\n",
        "    },\n};\n",
        "        {},\n",
    ),
    "empty lines": ("export default {\n  test: {\n", "  },\n};\n", "    {},\n"),
    "as and satisfies": (
        "const config = {\n  test: {\n    bail: 1,\n",
        "  } satisfies object,\n} as const;\nexport default config;\n",
        "    {},\n",
    ),
    "after a spread": (
        "const base = { retry: 1 };\nexport default {\n  test: {\n    bail: 1,\n    ...base,\n",
        "  },\n};\n",
        "    {},\n",
    ),
}


@pytest.mark.parametrize("style", LINES)
def test_lines_are_added_and_none_is_touched(style: str) -> None:
    start, end, form = LINES[style]
    lines = "".join(form.replace("{}", one) for one in ADDED)
    assert after(start + end) == start + lines + end


@pytest.mark.parametrize(
    ("start", "end", "form"),
    [
        ("export default { test: { bail: 1", " } };\n", ", {}"),
        ("export default { test: { bail: 1,", " } };\n", " {},"),
        ("export default {test:{bail:1", "}}", ", {}"),
        ("export default { test: { /* none */", " } }\n", " {},"),  # nothing to be separated from
        ("export default {\n  test: {\n    bail: 1", "\n  }\n}\n", ",\n    {}"),
        ("export default {\n  test: {\n      bail: 1\n    , css: true", "\n  }\n}\n", "\n    , {}"),
        ("export default {\n  test: { bail: 1,\n    css: true", " },\n};\n", ",\n    {}"),
    ],
    ids=["line", "comma", "tight", "comment", "no comma", "comma first", "last beside brace"],
)
def test_pieces_are_added(start: str, end: str, form: str) -> None:
    pieces = "".join(form.replace("{}", one) for one in ADDED)
    if "/*" in start:
        pieces = pieces.removesuffix(",")
    assert after(start + end) == start + pieces + end


def test_the_comma_goes_before_a_comment_that_ends_the_line() -> None:
    text = "export default {\n  test: {\n    bail: 1 /* a */ // b\n  }\n}\n"
    added = ",\n    ".join(ADDED)
    wanted = f"export default {{\n  test: {{\n    bail: 1, /* a */ // b\n    {added}\n  }}\n}}\n"
    assert after(text) == wanted


def test_what_is_empty_is_filled_on_its_line() -> None:
    added = ", ".join(ADDED)
    assert after("export default {}") == f"export default {{ test: {{ {added} }} }}"
    assert after("export default { test: {} };") == f"export default {{ test: {{ {added} }} }};"


@pytest.mark.parametrize("quote", ["'", '"'])
def test_keys_are_quoted_where_all_others_are(quote: str) -> None:
    text = "export default {\n  'test': {\n    'bail': 1,\n  },\n};\n".replace("'", quote)
    told = after(text)
    assert f"    {quote}bail{quote}: 1,\n    {quote}fileParallelism{quote}: false,\n" in told
    mixed = after("export default { test: { 'a-b': 1, bail: 1 } };")
    assert "bail: 1, fileParallelism: false" in mixed
    needed = after("export default { test: { 'a-b': 1 } };")
    assert "'a-b': 1, fileParallelism: false" in needed


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("60_000", "30_000"),
        ("1_000", "30_000"),
        ("60000", "30000"),
        ("Number('60_000')", "30000"),
        ("6_0000", "30000"),
    ],
)
def test_numbers_have_separators_where_the_file_has_them(number: str, wanted: str) -> None:
    text = f"export default {{ test: {{ teardownTimeout: {number}, testTimeout: 0 }} }};\n"
    told = after(text)
    assert f"testTimeout: {wanted}, fileParallelism: false, hookTimeout: {wanted} " in told


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{\n  "rootDir": "."\n}\n', '{\n  "rootDir": ".",\n  {},\n  {}\n}\n'),
        ('{\r\n\t"rootDir": "."\r\n}', '{\r\n\t"rootDir": ".",\r\n\t{},\r\n\t{}\r\n}'),
        ('{"rootDir": "."}\n', '{"rootDir": ".", {}, {}}\n'),
        ("{}", "{ {}, {} }"),
        ("{\n}\n", "{\n  {},\n  {}\n}\n"),
    ],
    ids=["two spaces", "tabs and crlf", "one line", "empty", "empty lines"],
)
def test_json_stays_json(text: str, wanted: str) -> None:
    for setting in ('"maxWorkers": 1', '"testTimeout": 30000'):
        wanted = wanted.replace("{}", setting, 1)
    assert after(text, file=JEST) == wanted


POOL = "poolOptions: { threads: { singleThread: true } }"
"""vitest 4 ignores it: `fileParallelism: false` takes its place."""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"    {POOL},\n    bail: 1,\n", "    bail: 1,\n"),
        (f"    {POOL}, // dead\n    bail: 1,\n", "    // dead\n    bail: 1,\n"),
        (f"    // the pool\n    {POOL},\n    bail: 1,\n", "    // the pool\n    bail: 1,\n"),
        (f"    bail: 1, {POOL}, css: true,\n", "    bail: 1, css: true,\n"),
        (f"    {POOL}, bail: 1,\n", "    bail: 1,\n"),
        (f"    bail: 1, {POOL},\n", "    bail: 1,\n"),
        (f"    bail: 1, // b\n    {POOL},\n", "    bail: 1, // b\n"),
        (
            "    bail: 1,\n    poolOptions: {\n      threads: {\n        singleThread: true,\n"
            "      },\n    },\n",
            "    bail: 1,\n",
        ),
    ],
    ids=["line", "behind", "above", "middle", "first", "last", "after a comment", "many lines"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_what_is_dead_is_taken_out(old: str, new: str, newline: str) -> None:
    start = "export default {\n  test: {\n    retry: 1,\n    testTimeout: 9000,\n"
    end = "    hookTimeout: 9000,\n{}  },\n};\n"
    text = (start + old + end.replace("{}", "")).replace("\n", newline)
    added = end.replace("{}", "    fileParallelism: false,\n")
    assert after(text, vitest="4.0.0") == (start + new + added).replace("\n", newline)


def test_only_the_lines_that_must_are_touched() -> None:
    text = (
        "// head\nimport { defineConfig } from 'vitest/config'\n\n\nexport default defineConfig({\n"
        "    test:   {\n  retry :3 , // odd\n\n      testTimeout:0,hookTimeout: 60_000,\n"
        "\t\tfileParallelism: ! true ,\n  },\n\n})\n// tail"
    )
    told = after(text)
    changes = [
        line
        for line in difflib.ndiff(text.split("\n"), told.split("\n"))
        if line.startswith(("-", "+"))
    ]
    assert changes == [
        "-   retry :3 , // odd",
        "+   retry :1 , // odd",
        "-       testTimeout:0,hookTimeout: 60_000,",
        "+       testTimeout:30_000,hookTimeout: 60_000,",
    ]
