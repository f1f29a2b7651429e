"""Configs that would run for ever, or fill the memory: each ends with unknown and the bound."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Result, run

OPEN = "+".join(f"(process.env.A{number} ? 1 : 0)" for number in range(20))
CONFIGS = {
    "nested parentheses": ("", "(" * 10_000 + "1" + ")" * 10_000, "deeper than"),
    "a long sum": ("", "+".join(["1"] * 5_000), "deeper than"),
    "endless recursion": (
        "function f(n) { return f(n + 1) + f(n + 2); }",
        "f(0)",
        "steps|open conditions",
    ),
    "slow recursion": (
        "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2); }",
        "f(30)",
        "steps|open conditions",
    ),
    "an endless loop": ("let i = 0; while (true) { i++; }", "i", "may change it"),
    "a doubled array": ("let a = [1];" + "a = a.concat(a);" * 40, "a.length", "items"),
    "a doubled text": ("let a = 'x';" + "a = a + a;" * 60, "a.length", "characters"),
    "many open variables": ("", OPEN, "open conditions"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bound_is_unknown_with_its_name(name: str, tmp_path: Path) -> None:
    before, retry, said = CONFIGS[name]
    text = f"{before}\nexport default {{ test: {{ retry: {retry}, bail: 1 }} }};\n"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.7"}}', "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path, timeout=30)
    assert result.code == 0, result.stderr
    facts = json.loads(result.stdout)["suites"][0]["environments"]["local"]
    assert facts["retries"]["state"] == "unknown"
    assert re.search(said, facts["retries"]["reason"])
    assert facts["testTimeoutMs"]["value"] == 5000, "what needs no bound is still known"


def test_a_doubled_spread_stays_small(tmp_path: Path) -> None:
    doubled = "".join(
        f"const a{n} = {{ ...a{n - 1}, ...a{n - 1}, k{n}: {{ ...a{n - 1} }} }};\n"
        for n in range(1, 40)
    )
    text = f"const a0 = {{ x: 1 }};\n{doubled}export default {{ test: {{ ...a39, retry: 1 }} }};\n"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path, timeout=30)
    facts = json.loads(result.stdout)["suites"][0]["environments"]["local"]
    assert facts["hookTimeoutMs"]["value"] == 10_000


def test_what_is_given_up_is_forgotten_in_the_world_around(tmp_path: Path) -> None:
    """Too many open conditions inside a question that may itself be asked in several worlds."""
    text = (
        "require('');\n"
        "module.exports = async () => {\n"
        "  s = process.a('') ? [] : {\n"
        "    ...(function f() { return f() || a; })(),\n"
        "    ...((function f() { return f() || h; })()),\n"
        "  }.d(h * 5);\n"
        "  ({ s: [''['', { y: `` }]] });\n"
        "};\n"
    )
    (tmp_path / "vitest.config.cjs").write_text(text, "utf-8")
    result = run("show", ".", "--root", ".", cwd=tmp_path, timeout=30)
    assert result.code == 0, result.stderr


def test_all_worlds_together_are_bounded(tmp_path: Path) -> None:
    """Each of 32 worlds alone is below the bound of one."""
    slow = "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\nlet a = 0;\n"
    worlds = "".join(f"if (process.env.{name}) a += f(14);\n" for name in "ABCDE")
    text = f"{slow}{worlds}export default {{ test: {{ retry: a, bail: f(14) }} }};\n"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.7"}}', "utf-8")
    result = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path, timeout=30)
    assert result.code == 0, result.stderr
    assert re.search("more than [0-9]+ steps in all cases that it depends on", result.stdout)


def test_a_config_that_is_slow_is_not_evaluated_again_and_again_for_its_fix(
    tmp_path: Path,
) -> None:
    slow = "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n"
    (tmp_path / "vitest.e2e.config.ts").write_text(
        slow + "export default { test: { retry: 9, bail: f(15) + f(15) + f(15) } };\n", "utf-8"
    )
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.7"}}', "utf-8")
    result = run("check", ".", "--root", ".", "--output-format", "json", cwd=tmp_path, timeout=30)
    found = {one["rule"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["too-many-retries"]["fix"] is None
    assert re.search("to try its fixes takes more than [0-9]+ steps", result.stdout)


N = 10_000
GRAPH = 5_000
STEPS = "more than [0-9]+ steps"
OVER = f"{STEPS}|open conditions"
DEEP = "deeper than [0-9]+ levels"
SHAPES: dict[str, tuple[Callable[[], tuple[str, str]], str]] = {
    "unary": (lambda: ("", "- " * N + "1"), DEEP),
    "templates": (lambda: ("", "`${" * N + "1" + "}`" * N), DEEP),
    "a sum": (lambda: ("", "+".join(["1"] * N)), DEEP),
    "members": (lambda: ("const a = {};", "a" + ".b" * N), DEEP),
    "non-null": (lambda: ("", "1" + "!" * N), DEEP),
    "functions": (lambda: ("", "(() => " * N + "1" + ")()" * N), f"{STEPS}|{DEEP}"),
    "calls": (lambda: ("const f = (x) => x;", "f(" * N + "1" + ")" * N), f"{STEPS}|{DEEP}"),
    "ors": (lambda: ("import x from 'x';", " || ".join(["x.y"] * N)), f"{OVER}|{DEEP}"),
    "blocks": (lambda: ("{" * N + "}" * N, "1"), f"nested too deeply|{STEPS}"),
    "ifs": (lambda: ("if (process.env.A) " * N + ";", "1"), f"nested too deeply|{STEPS}"),
    "ternaries": (lambda: ("", _each("process.env.A{} ? {} : ") + "2"), OVER),
    "else-ifs": (
        lambda: ("let a = 0;" + _each("if (process.env.A{}) a = {}; else ") + ";", "a"),
        OVER,
    ),
    "writes": (lambda: ("let a = 0;" + _each("if (process.env.A{}) a += {};"), "a"), OVER),
    "spreads": (
        lambda: (
            "const a0 = { x: 1 };"
            + "".join(
                f"const a{n} = {{ ...a{n - 1}, ...a{n - 1}, k{n}: 1 }};" for n in range(1, 3000)
            ),
            "a2999.x",
        ),
        STEPS,
    ),
    "merges": (
        lambda: (
            "import { mergeConfig } from 'vitest/config';let a = { test: { x: [1] } };"
            + "a = mergeConfig(a, a);" * 60,
            "a.test.x.length",
        ),
        "more than [0-9]+ items",
    ),
    "texts": (lambda: ("let a = 'x';" + "a = `${a}${a}`;" * 60, "a.length"), "more than [0-9]+ ch"),
    "a split": (
        lambda: (f"const t = '{'x,' * 50_000}';", "t.split(',').map(() => t.split(',')).length"),
        "more than [0-9]+ items",
    ),
    "replaced": (
        lambda: (f"const t = '{'x' * 90_000}';", "t.replaceAll('', t).length"),
        "replaceAll|more than",
    ),
    "one line": (lambda: ("", "[" + "1," * 400_000 + "].length"), STEPS),
    "keys": (lambda: ("", "({" + "".join(f"k{n}:1," for n in range(99_000)) + "}).k5"), STEPS),
    "statements": (lambda: ("a=1;\n" * 180_000, "1"), STEPS),
}


def _each(text: str) -> str:
    return "".join(text.format(number, number) for number in range(N))


def _shown(place: Path) -> Result:
    return run("show", ".", "--root", ".", "--output-format", "json", cwd=place, timeout=60)


@pytest.mark.parametrize("name", SHAPES)
def test_any_shape_ends_with_the_bound_in_words(name: str, tmp_path: Path) -> None:
    made, said = SHAPES[name]
    before, retry = made()
    text = f"{before}\nexport default {{ test: {{ retry: {retry}, bail: 1 }} }};\n"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    (tmp_path / "package.json").write_text('{"devDependencies": {"vitest": "3.2.7"}}', "utf-8")
    result = _shown(tmp_path)
    assert result.code == 0, result.stderr
    retries = json.loads(result.stdout)["suites"][0]["environments"]["local"]["retries"]
    assert re.search(said, json.dumps(retries)), retries


GRAPHS = {
    "a chain": lambda n: f"import a from './m{n + 1}'; export default a;",
    "a cycle": lambda n: f"import a from './m{(n + 1) % GRAPH}'; export default a;",
    "stars": lambda n: f"export * from './m{n + 1}'; export * from './m{n + 2}';",
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_large_graph_of_files_is_left_at_a_bound(name: str, tmp_path: Path) -> None:
    for number in range(GRAPH):
        (tmp_path / f"m{number}.ts").write_text(GRAPHS[name](number), "utf-8")
    text = "import a, * as b from './m0'; export default { test: { retry: a, bail: b.a } };"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    result = _shown(tmp_path)
    assert result.code == 0, result.stderr
    assert re.search("more than 200 files are imported", result.stdout)


def test_a_config_that_imports_thousands_of_files(tmp_path: Path) -> None:
    for number in range(GRAPH):
        (tmp_path / f"m{number}.ts").write_text("export default 1;", "utf-8")
    imports = "".join(f"import a{number} from './m{number}';" for number in range(GRAPH))
    names = ", ".join(f"a{number}" for number in range(GRAPH))
    text = f"{imports}export default {{ test: {{ retry: Math.max({names}) }} }};"
    (tmp_path / "vitest.config.ts").write_text(text, "utf-8")
    result = _shown(tmp_path)
    assert result.code == 0, result.stderr
    assert re.search("more than 200 files are imported", result.stdout)


LAUGHS = "    a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"    {chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(12)
)
DATA = {
    "a large config": ("vitest.config.ts", lambda: "//" + "x" * 20_000_000, "larger than 1 MB"),
    "a deep package.json": ("package.json", lambda: '{"a":' * N + "1" + "}" * N, "too deeply"),
    "a deep lock": ("package-lock.json", lambda: '{"a":' + "[" * N + "]" * N + "}", "too deeply"),
    "aliases": ("pnpm-lock.yaml", lambda: _pnpm(LAUGHS), "it uses YAML aliases"),
    "deep YAML": (
        "pnpm-lock.yaml",
        lambda: _pnpm("    a: " + "[" * 100_000 + "]" * 100_000 + "\n"),
        "deeper than 50 levels|maximum nesting depth",  # the latter by newer versions of libyaml
    ),
    "compact YAML": ("pnpm-lock.yaml", lambda: _pnpm("    a:\n      " + "- " * N + "x\n"), DEEP),
    "large YAML": (
        "pnpm-lock.yaml",
        lambda: _pnpm("".join(f"    package-{n}: {{version: 1.0.0}}\n" for n in range(100_000))),
        "larger than 1 MB",
    ),
}


def _pnpm(more: str) -> str:
    wanted = "    devDependencies:\n      vitest: {specifier: '*', version: 3.2.7}\n"
    return f"lockfileVersion: '9.0'\nimporters:\n  .:\n{more}{wanted}"


@pytest.mark.parametrize("name", DATA)
def test_data_over_a_bound_is_a_problem_in_words(name: str, tmp_path: Path) -> None:
    file, made, said = DATA[name]
    (tmp_path / "vitest.config.ts").write_text("export default { test: {} };\n", "utf-8")
    (tmp_path / file).write_text(made(), "utf-8")
    result = _shown(tmp_path)
    assert result.code == 2, result.stderr
    problems = json.loads(result.stdout)["problems"]
    assert any(re.search(said, one["message"]) for one in problems), problems
