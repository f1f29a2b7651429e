"""Configs that would run for ever, or fill the memory: each ends with unknown and the bound."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.command import run

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
