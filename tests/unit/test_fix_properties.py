"""Properties of fixes over generated configs; `make fuzz` draws thousands of them.

What Node makes of a config before and after must differ in nothing but the settings that the fixes
named.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from configguard.syntax.trees import forget
from oracle.generated import JEST, PLAYWRIGHT, VITEST, Grammar, config
from oracle.processes import HERE, RunnerError, ask
from support.fix_laws import Case, lawful

COUNT = int(os.environ.get("CONFIGGUARD_FUZZ", "25"))
"""Of each runner and version; `make fuzz` sets it."""
SEED = os.environ.get("CONFIGGUARD_FUZZ_SEED")
"""A number: other configs than the ones that are always drawn."""
RUNNERS = {
    "vitest": ("vitest.e2e.config.mjs", VITEST),
    "jest": ("jest.e2e.config.mjs", JEST),
    "playwright": ("playwright.config.mjs", PLAYWRIGHT),
}
VERSIONS = [
    ("vitest", "0.34.6"),
    ("vitest", "1.0.4"),
    ("vitest", "2.1.9"),
    ("vitest", "3.2.7"),
    ("vitest", "4.1.0"),
    ("vitest", "5.0.0"),
    ("jest", "29.7.0"),
    ("jest", "30.0.0"),
    ("playwright", "1.45.0"),
    ("playwright", "1.55.0"),
]
ENVIRONMENTS: list[dict[str, str]] = [{}, {"CI": "true"}, {"OPEN_VARIABLE": "1"}]
JOIN = """\
const join = (a, b) => {
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (!a || !b || typeof a !== 'object' || typeof b !== 'object') return b === undefined ? a : b;
  const out = { ...a };
  for (const key of Object.keys(b)) out[key] = join(a[key], b[key]);
  return out;
};
export const mergeConfig = join;
export const defineConfig = (...all) => all.length > 1 ? all.reduce(join) : all[0];
"""
"""Stands for the runners' helpers: all that counts is that it treats both configs alike."""


@st.composite
def written(draw: st.DrawFn, grammar: Grammar) -> bytes:
    """A generated config, its bytes as an editor may leave them."""
    text = draw(config(grammar))
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    if draw(st.integers(0, 3)) == 0:
        text = text.replace("\n", "\r\n")
    if draw(st.integers(0, 5)) == 0:
        text = f"\ufeff{text}"
    return text.encode()


@pytest.mark.parametrize(("runner", "version"), VERSIONS)
def test_every_law_holds(runner: str, version: str, tmp_path: Path) -> None:
    file, grammar = RUNNERS[runner]
    found: dict[bytes, Case] = {}

    @settings(
        max_examples=COUNT,
        deadline=None,
        derandomize=SEED is None,
        database=None,
        suppress_health_check=list(HealthCheck),
        # A failure among thousands is read as it is drawn: the texts are short.
        phases=[Phase.generate] if COUNT > 100 else [Phase.generate, Phase.shrink],
    )
    @given(written(grammar))
    def hold(data: bytes) -> None:
        forget()
        case = lawful(file, data, **{runner: version})
        if case is not None:
            found[data] = case

    (hold if SEED is None else seed(int(SEED))(hold))()
    assert found, "nothing was fixed, so nothing was tested"
    if shutil.which("node") is None:
        pytest.skip("NOT TESTED: no node")
    for told in damaged(list(found.values()), tmp_path):
        pytest.fail(told, pytrace=False)


def damaged(cases: list[Case], folder: Path) -> Iterator[str]:
    """What Node finds changed that no fix has named."""
    for package in ("vitest/config.js", "@playwright/test/index.js"):
        path = folder / "node_modules" / package
        path.parent.mkdir(parents=True)
        path.write_text(JOIN)
        exports = '{"type": "module", "exports": {".": "./index.js", "./config": "./config.js"}}'
        (path.parent / "package.json").write_text(exports)
    asked: list[dict[str, object]] = []
    for number, case in enumerate(cases):
        for name, data in (("before", case.before), ("after", case.after)):
            path = folder / f"{number}-{name}.mjs"
            path.write_bytes(data)
            asked += [{"file": str(path), "env": env, "cpus": 8} for env in ENVIRONMENTS]
    node = ["node", "--require", str(HERE / "pretend_cpus.cjs")]
    answers = ask(node, HERE / "evaluate_many.mjs", {"esbuild": None}, asked)
    per_case = len(ENVIRONMENTS) * 2
    for number, case in enumerate(cases):
        mine = answers[number * per_case : (number + 1) * per_case]
        half = len(ENVIRONMENTS)
        for environment, before, after in zip(ENVIRONMENTS, mine[:half], mine[half:], strict=True):
            told = f"{environment}\n{case.titles}\n{case.before.decode()}\n{case.after.decode()}"
            assert not isinstance(before, RunnerError), f"{before} {told}"
            assert not isinstance(after, RunnerError), f"{after} {told}"
            if "throws" in before:
                continue
            assert "value" in after, f"Node throws after fixing: {after} {told}"
            old, new = leaves(before["value"]), leaves(after["value"])
            for path in {**old, **new}:
                if old.get(path, None) != new.get(path, None) and not named(path, case.named):
                    yield f"{path}: {old.get(path)} became {new.get(path)} in {told}"


def named(path: str, settings: set[str]) -> bool:
    """Whether a path is that of a setting which a fix named, or lies inside it."""
    return any(f".{path}.".find(f".{one}.") >= 0 for one in settings)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every plain value by its path of keys; undefined counts as not there."""
    if isinstance(value, dict) and "$object" in value:
        items = value["$object"]
    elif isinstance(value, dict) and "$array" in value:
        items = [(str(index), item) for index, item in enumerate(value["$array"])]
    else:
        return {} if value == {"$undefined": True} else {path: value}
    found: dict[str, Any] = {}
    for key, item in items:
        found.update(leaves(item, f"{path}.{key}" if path else str(key)))
    return found


def test_node_sees_what_a_damaged_config_lost(tmp_path: Path) -> None:
    """The comparison itself: a setting that goes missing is seen, a named one is not told."""
    before = b"export default { test: { retry: 3, bail: 1 } };\n"
    after = b"export default { test: { retry: 1 } };\n"
    told = list(damaged([Case("x", before, after, ("set retry: 1",))], tmp_path))
    assert len(told) == len(ENVIRONMENTS)
    assert all(line.startswith("test.bail: 1 became None") for line in told)
