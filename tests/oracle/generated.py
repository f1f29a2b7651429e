"""Random configs of a runner: settings from a pool, each spelled in one of many ways.

Hypothesis draws the values, how each is written (literal, const, ternary, helper, environment
variable …), how the object is put together (in place, spread, mutated, merged), and the form of the
export. What the config is worth is for the real runner to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Scalar = int | float | bool | str
JOIN = """\
const join = (a, b) => {
  const out = { ...a };
  for (const [key, value] of Object.entries(b)) {
    out[key] = value && typeof value === 'object' ? join(out[key] ?? {}, value) : value;
  }
  return out;
};
"""


class Grammar(NamedTuple):
    """What configs of one runner are made of.

    `pool`: values to draw for each path of keys. `define`: the import that brings `defineConfig`.
    `merge`: whether the runner has `mergeConfig`. `callable`: whether a function is a config too.
    `project_pool`: the same for a project, in `projects`.
    """

    pool: Mapping[str, Sequence[Scalar]]
    define: str
    merge: bool
    callable: bool
    project_pool: Mapping[str, Sequence[Scalar]] = MappingProxyType({})


VITEST = Grammar(
    {
        "test.retry": [0, 1, 2, 3],
        "test.bail": [0, 1, 4],
        "test.testTimeout": [0, 1, 5_000, 30_000, 120_000],
        "test.hookTimeout": [0, 10_000, 45_000],
        "test.maxConcurrency": [1, 5, 20],
        "test.sequence.concurrent": [True, False],
        "test.fileParallelism": [True, False],
        "test.maxWorkers": [1, 2, 4, "50%"],
        "test.minWorkers": [1],
        "test.pool": ["threads", "forks"],
        "test.poolOptions.threads.singleThread": [True, False],
        "test.poolOptions.forks.singleFork": [True, False],
        "test.poolOptions.threads.maxThreads": [1, 3],
        "test.poolOptions.threads.minThreads": [1],
        "test.singleThread": [True, False],
    },
    "import { defineConfig, mergeConfig } from 'vitest/config';\n",
    merge=True,
    callable=True,
)
PLAYWRIGHT = Grammar(
    {
        "workers": [1, 2, 4, "50%", "25%"],
        "retries": [0, 1, 2, 3],
        "timeout": [0, 10_000, 30_000, 90_000],
        "globalTimeout": [0, 600_000],
        "fullyParallel": [True, False],
        "maxFailures": [0, 1, 5],
        "repeatEach": [1, 2],
        "expect.timeout": [1_000, 5_000],
        "use.actionTimeout": [0, 5_000],
        "use.navigationTimeout": [0, 15_000],
    },
    "import { defineConfig } from '@playwright/test';\n",
    merge=False,
    callable=False,
    project_pool={
        "workers": [1, 2],
        "retries": [0, 1, 3],
        "timeout": [0, 20_000],
        "fullyParallel": [True, False],
        "repeatEach": [1, 3],
        "expect.timeout": [2_000],
        "use.actionTimeout": [0, 1_000],
        "globalTimeout": [60_000],
    },
)
JEST = Grammar(
    {
        "maxWorkers": [1, 2, "50%", "3"],
        "maxConcurrency": [1, 5, 10],
        "testTimeout": [0, 1_000, 30_000],
        "bail": [0, 1, 3, True],
    },
    "",
    merge=False,
    callable=True,
)


class Written(NamedTuple):
    """An expression and the statements that have to stand before it."""

    before: str
    text: str


def configs(grammar: Grammar, count: int) -> list[str]:
    """So many different config texts (ES modules in JavaScript), always the same ones."""
    found: dict[str, None] = {}

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(config(grammar))
    def draw(text: str) -> None:
        found[text] = None

    draw()
    return list(found)


@st.composite
def config(draw: st.DrawFn, grammar: Grammar) -> str:
    paths = draw(st.lists(st.sampled_from(sorted(grammar.pool)), min_size=1, max_size=5))
    names = (f"v{number}" for number in range(100))
    before: list[str] = []
    layers: list[str] = []
    # What one path of keys is given several times is overridden by the later layer.
    for path in paths:
        value = draw(st.sampled_from(grammar.pool[path]))
        written = draw(_expression(value, grammar.pool[path], next(names)))
        before.append(written.before)
        layers.append(_nested(path, written.text))
    if grammar.project_pool and draw(st.booleans()):
        layers.append(f"{{ projects: {draw(_projects(grammar.project_pool, names, before))} }}")
    body = draw(_joined(layers, before))
    return draw(_exported(grammar, "".join(before), body))


@st.composite
def _projects(
    draw: st.DrawFn,
    pool: Mapping[str, Sequence[Scalar]],
    names: Iterator[str],
    before: list[str],
) -> str:
    """One to three projects: written out, mapped, or some of them only in CI."""
    count = draw(st.integers(1, 3))
    texts: list[str] = []
    for number in range(count):
        parts = [f"{{ name: 'p{number}' }}"]
        for path in draw(st.lists(st.sampled_from(sorted(pool)), max_size=2, unique=True)):
            value = draw(st.sampled_from(pool[path]))
            written = draw(_expression(value, pool[path], next(names)))
            before.append(written.before)
            parts.append(_nested(path, written.text))
        texts.append("{ " + ", ".join(f"...{part}" for part in parts) + " }")
    listed = ", ".join(texts)
    forms = [
        f"[{listed}]",
        f"[{listed}].map((project) => ({{ ...project }}))",
        f"[{listed}].filter((project) => project.name)",
        f"[{texts[0]}, ...(process.env.CI ? [{', '.join(texts[1:])}] : [])]",
        f"[{texts[0]}].concat([{', '.join(texts[1:])}])",
    ]
    return draw(st.sampled_from(forms))


def _nested(path: str, text: str) -> str:
    for key in reversed(path.split(".")):
        text = f"{{ {key}: {text} }}"
    return text


def _literal(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)


@st.composite
def _expression(draw: st.DrawFn, value: Scalar, pool: Sequence[Scalar], name: str) -> Written:
    """One way to write a value; another one of the pool where a branch is not taken."""
    other = _literal(draw(st.sampled_from(pool)))
    text = _literal(value)
    forms = [
        Written("", text),
        Written(f"const {name} = {text};\n", name),
        Written(f"const {name} = {{ a: {{ b: {text} }} }};\n", f"{name}.a.b"),
        Written(f"const {{ {name} = {text} }} = {{}};\n", name),
        Written(f"const [, {name}] = [{other}, {text}];\n", name),
        Written(f"let {name} = {other};\n{name} = {text};\n", name),
        Written(f"const {name} = (x = {text}) => x;\n", f"{name}()"),
        Written(
            f"function {name}(on) {{\n  if (on) return {text};\n  return {other};\n}}\n",
            f"{name}(!!process.env.CI)",
        ),
        Written(
            f"const {name} = {{ ci: {text}, local: {other} }};\n",
            f"{name}[process.env.CI ? 'ci' : 'local']",
        ),
        Written("", f"process.env.CI ? {text} : {other}"),
        Written("", f"process.env.CI === 'true' ? {other} : {text}"),
        Written("", f"process.env.OPEN_VARIABLE ? {other} : {text}"),
        Written("", f"undefined ?? {text}"),
        Written("", f"(process.platform === 'nowhere' && {other}) || {text}"),
        Written("", f"[{other}, {text}].at(-1)"),
        Written("", f"Object.values({{ x: {text} }})[0]"),
        Written(
            f"let {name};\nswitch (process.env.CI) {{\n  case 'true': {name} = {text}; break;\n"
            f"  default: {name} = {other};\n}}\n",
            name,
        ),
    ]
    if isinstance(value, int) and not isinstance(value, bool):
        forms += [
            Written("", f"Number('{value}')"),
            Written("", f"parseInt('{value}_0', 10)"),
            Written("", f"{value + 7} - 7"),
            Written("", f"Math.max(0, {value})"),
            Written("", f"Math.round({value}.2)"),
            Written("", f"+`${{{value}}}`"),
            Written("", f"Number(process.env.OPEN_VARIABLE || {value})"),
            Written(f"const {name} = [1, 2, 3].map((n) => n * {value});\n", f"{name}[0]"),
            Written(f"const {name} = [{value}, 0].reduce((a, b) => a + b, 0);\n", name),
        ]
    return draw(st.sampled_from(forms))


@st.composite
def _joined(draw: st.DrawFn, layers: list[str], before: list[str]) -> str:
    """The layers as one object: joined deeply by a helper of the config, or at the top only."""
    if len(layers) == 1:
        return layers[0]
    if draw(st.booleans()):
        before.append(JOIN)
        text = layers[0]
        for layer in layers[1:]:
            text = f"join({text}, {layer})"
        return text
    before.append("".join(f"const layer{at} = {layer};\n" for at, layer in enumerate(layers)))
    form = draw(st.sampled_from(["spread", "assign", "conditional", "reduce"]))
    listed = [f"layer{at}" for at in range(len(layers))]
    if form == "spread":
        return "{ " + ", ".join(f"...{one}" for one in listed) + " }"
    if form == "assign":
        return f"Object.assign({{}}, {', '.join(listed)})"
    if form == "conditional":
        inner = [f"...(process.env.CI ? {one} : {{}})" for one in listed[1:]]
        return "{ " + ", ".join([f"...{listed[0]}", *inner]) + " }"
    return f"[{', '.join(listed)}].reduce((all, one) => ({{ ...all, ...one }}), {{}})"


@st.composite
def _exported(draw: st.DrawFn, grammar: Grammar, before: str, body: str) -> str:
    forms = [
        f"{before}export default {body};\n",
        f"{before}const config = {body};\nexport default config;\n",
        f"{before}const config = {body};\nexport {{ config as default }};\n",
    ]
    if grammar.define:
        forms.append(f"{grammar.define}{before}export default defineConfig({body});\n")
    if grammar.merge:
        forms.append(
            f"{grammar.define}{before}export default mergeConfig({body},"
            f" defineConfig({{ plugins: [] }}));\n"
        )
    if grammar.project_pool:
        # Playwright's defineConfig joins several configs, by version.
        config = f"{grammar.define}{before}const config = {body};\n"
        over = "{ retries: 1, timeout: undefined, use: { actionTimeout: 9 } }"
        added = (
            "{ projects: [{ name: 'a', retries: 3 }, { name: 'z', use: { actionTimeout: 7 } }] }"
        )
        ci = "process.env.CI ? { workers: 1 } : {}"
        forms += [
            f"{config}export default defineConfig(config, {over});\n",
            f"{config}export default defineConfig({over}, config, {ci});\n",
            f"{config}export default defineConfig(config, {added});\n",
            f"{config}export default defineConfig({added}, {over}, config);\n",
        ]
    if grammar.callable:
        forms.append(f"{before}export default () => ({body});\n")
        forms.append(f"{before}export default async () => {{\n  return {body};\n}};\n")
    return draw(st.sampled_from(forms))
