"""Random programs over the JavaScript that the evaluator supports.

Hypothesis draws a seed for each; from it a small writer makes statements that define, change and
read names, in any order of effects. Most programs run; some throw, as configs do.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from oracle.javascript import Program

KEYS = "abcde"
NUMBERS = ["0", "1", "2", "3", "7", "10", "-1", "0.5", "1_000", "35e3", "0x10", "NaN", "1.5"]
TEXTS = ["''", "'a'", "'b'", "'12'", "'0'", "'x-y'", "'true'", '"q"', "'50%'", "' 3 '"]
COMPARED = [*TEXTS, "'7'", "'true'", "'bar'"]
SCALARS = ["null", "undefined", "true", "false"]


def programs(count: int) -> list[Program]:
    """So many programs, always the same."""
    found: list[Program] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(min_value=0, max_value=2**62))
    def collect(seed: int) -> None:
        text = written(seed)
        name = f"program {len(found)} (seed {seed})"
        common = common_of(text) if seed % 5 == 1 else None
        found.append(Program(name, {"a.mjs": text} if common is None else {"a.cjs": common}))

    collect()
    return found


def common_of(text: str) -> str | None:
    """The program as CommonJS, which is not strict; None where it cannot be."""
    if "await null; " in text or "export {" in text or "import " in text:
        return None
    return text.replace("export default", "module.exports =")


def written(seed: int) -> str:
    """The program that belongs to a seed."""
    return Writer(random.Random(seed)).program()


class Writer:
    """Writes one program; keeps the names that are defined, by what they hold."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0
        self.names: dict[str, list[str]] = {kind: [] for kind in ("num", "str", "bool")}
        self.names |= {"obj": [], "arr": [], "fn": [], "any": []}
        self.lets: list[tuple[str, str]] = []
        self.depth = 0
        self.in_async = True
        self.loops = 0

    def program(self) -> str:
        """A whole module."""
        lines = ["import os from 'node:os';"] if self.rng.random() < 0.1 else []
        self.cpus = bool(lines)
        self.files = self.rng.random() < 0.3
        if self.files:
            lines.append("import { existsSync, readFileSync, readdirSync } from 'node:fs';")
        lines += [self.statement() for _ in range(self.rng.randint(2, 8))]
        shown = [
            name
            for kind in ("num", "str", "bool", "obj", "arr", "any")
            for name in self.names[kind]
        ]
        self.rng.shuffle(shown)
        parts = [f"{name}" for name in shown[:6]]
        parts += [f"k{i}: {self.expression('any', 2)}" for i in range(self.rng.randint(1, 3))]
        whole = f"{{ {', '.join(parts)} }}"
        export = self.rng.random()
        if export < 0.8:
            lines.append(f"export default {whole};")
        elif export < 0.9:
            lines.append(f"export default ({{ mode }}) => ({{ mode, inner: {whole} }});")
        else:
            lines.append(
                f"const exported = {whole};\n{self.statement()}\nexport {{ exported as default }};"
            )
        return "\n".join(lines) + "\n"

    def fresh(self, kind: str) -> str:
        """A new name, not yet defined."""
        self.count += 1
        return f"{kind[0]}{self.count}"

    def pick(self, *ways: Callable[[], str]) -> str:
        """One of several ways."""
        return self.rng.choice(ways)()

    def name(self, kind: str) -> str | None:
        """A name that holds a kind of value."""
        return self.rng.choice(self.names[kind]) if self.names[kind] else None

    # --- expressions

    def expression(self, kind: str, depth: int) -> str:
        """An expression that gives (mostly) a kind of value."""
        if kind == "any":
            kind = self.rng.choice(["num", "num", "str", "bool", "obj", "arr", "scalar"])
        if kind == "scalar":
            return self.rng.choice(SCALARS)
        name = self.name(kind)
        roll = self.rng.random()
        if name is not None and roll < 0.3:
            return name
        if roll < 0.36 and self.names["any"]:
            return self.rng.choice(self.names["any"])
        if depth <= 0:
            return self.plain(kind)
        if roll < 0.5:
            return self.conditional(kind, depth)
        made: str = getattr(self, kind)(depth - 1)
        return made

    def plain(self, kind: str) -> str:
        """The simplest expression of a kind."""
        match kind:
            case "num":
                return self.rng.choice(NUMBERS)
            case "str":
                return self.rng.choice(TEXTS)
            case "bool":
                return self.rng.choice(["true", "false"])
            case "arr":
                return self.rng.choice(["[]", "[1]", "[1, 2, 3]", "['a', 'b']", "[[1], 2]"])
            case _:
                return self.rng.choice(["{}", "{ a: 1 }", "{ b: 2, a: { c: 3 } }", "{ c: [1] }"])

    def conditional(self, kind: str, depth: int) -> str:
        """An expression that a condition decides."""
        one, two = self.expression(kind, depth - 1), self.expression(kind, depth - 1)
        return self.pick(
            lambda: f"({self.bool(depth - 1)} ? {one} : {two})",
            lambda: f"({self.expression('any', depth - 1)} || {two})",
            lambda: f"({self.expression('any', depth - 1)} ?? {two})",
            lambda: f"({self.expression('bool', depth - 1)} && {two})",
            lambda: f"(() => {{ if ({self.bool(depth - 1)}) return {one}; return {two}; }})()",
        )

    def env(self) -> str:
        """A variable of the environment."""
        return self.rng.choice(
            ["process.env.CI", "process.env.FOO", "process.env.BAR", "process.env['CI']"]
        )

    def member(self, depth: int) -> str:
        """A property of an object or item of an array, safely or not."""
        dot = self.rng.choice(["?.", "?.", "."])
        holder = self.expression(self.rng.choice(["obj", "arr"]), depth)
        key = self.rng.choice(KEYS)
        return self.pick(
            lambda: f"({holder}){dot}{key}",
            lambda: f"({holder})['{key}']",
            lambda: f"({holder})[{self.rng.randint(0, 3)}]",
            lambda: f"({holder}){dot}{key}?.{self.rng.choice(KEYS)}",
        )

    def call(self, depth: int) -> str | None:
        """A call of a function of the program."""
        name = self.name("fn")
        if name is None:
            return None
        given = [self.expression("any", depth - 1) for _ in range(self.rng.randint(0, 3))]
        if self.rng.random() < 0.15:
            given.append(f"...{self.expression('arr', depth - 1)}")
        return f"{name}({', '.join(given)})"

    def num(self, depth: int) -> str:
        """A number."""
        a, b = self.expression("num", depth), self.expression("num", depth)
        text = self.expression("str", depth)
        return self.pick(
            lambda: (
                f"({a} {self.rng.choice(['+', '-', '*', '/', '%', '**', '|', '&', '<<', '>>', '>>>'])} {b})".replace(
                    "(-1 **", "(2 **"
                )
            ),
            lambda: f"Math.{self.rng.choice(['max', 'min'])}({a}, {b})",
            lambda: f"Math.{self.rng.choice(['floor', 'ceil', 'round', 'trunc', 'abs'])}({a})",
            lambda: f"Number({self.expression('any', depth)})",
            lambda: f"parseInt({text}{self.rng.choice(['', ', 10'])})",
            lambda: f"parseFloat({text})",
            lambda: f"+{text}",
            lambda: f"Number({self.env()} ?? {text})",
            lambda: f"parseInt({self.env()} || {text}, 10)",
            lambda: f"({self.expression('arr', depth)}).length",
            lambda: f"({self.expression('arr', depth)}).reduce((s, x) => s + x, {a})",
            lambda: f"({self.expression('arr', depth)}).indexOf({b})",
            lambda: f"({text}).length",
            lambda: self.member(depth),
            lambda: self.call(depth) or a,
            lambda: self.step() or b,
            lambda: f"Math.max(1, os.cpus().length - {b})" if self.cpus else a,
            lambda: f"-({a})",
            lambda: f"~{a}",
        )

    def step(self) -> str | None:
        """A name that is counted up or changed inside of an expression."""
        lets = [name for name, kind in self.lets if kind == "num"]
        if not lets:
            return None
        name = self.rng.choice(lets)
        return self.rng.choice([f"{name}++", f"--{name}", f"({name} += 2)", f"({name} = 5)"])

    def str(self, depth: int) -> str:
        """A text."""
        a, b = self.expression("str", depth), self.expression("any", depth)
        return self.pick(
            lambda: f"`x${{{a}}}-${{{self.expression('num', depth)}}}`",
            lambda: f"({a} + {self.expression('num', depth)})",
            lambda: f"String({b})",
            lambda: (
                f"String({a}).{self.rng.choice(['trim()', 'toUpperCase()', 'slice(1)', 'slice(-2)', 'at(0)', 'charAt(1)', 'repeat(2)'])}"
            ),
            lambda: f"String({a}).replace('a', 'z')",
            lambda: f"({self.expression('arr', depth)}).join({self.rng.choice(TEXTS)})",
            lambda: f"({self.env()} ?? {a})",
            lambda: f"typeof {b}",
            lambda: f"({self.expression('num', depth)}).toFixed(1)",
        )

    def bool(self, depth: int) -> str:
        """A truth."""
        if depth <= 0:
            return self.rng.choice([self.env(), f"!{self.env()}", "true", "false"])
        a, b = self.expression("any", depth - 1), self.expression("any", depth - 1)
        n, m = self.expression("num", depth - 1), self.expression("num", depth - 1)
        return self.pick(
            lambda: f"({n} {self.rng.choice(['<', '<=', '>', '>='])} {m})",
            lambda: f"({a} {self.rng.choice(['===', '!==', '==', '!='])} {b})",
            lambda: f"!{a}" if a[0] not in "-+~" else f"!({a})",
            lambda: f"Boolean({a})",
            lambda: f"!!{self.env()}",
            lambda: f"({self.env()} === {self.rng.choice(COMPARED)})",
            lambda: f"({self.expression('arr', depth - 1)}).includes({b})",
            lambda: f"({self.expression('arr', depth - 1)}).some(x => x > 1)",
            lambda: f"({self.expression('arr', depth - 1)}).every(x => x)",
            lambda: f"('{self.rng.choice(KEYS)}' in ({self.expression('obj', depth - 1)}))",
            lambda: (
                f"String({self.expression('str', depth - 1)}).{self.rng.choice(['includes', 'startsWith', 'endsWith'])}('a')"
            ),
            lambda: f"Array.isArray({a})",
            lambda: f"Number.isInteger({a})",
        )

    def obj(self, depth: int) -> str:
        """An object."""
        one, two = self.expression("obj", depth), self.expression("obj", depth)
        return self.pick(
            lambda: self.literal(depth),
            lambda: self.literal(depth),
            lambda: f"{{ ...{one}, {self.property(depth)} }}",
            lambda: f"{{ {self.property(depth)}, ...({self.bool(depth)} ? {one} : {two}) }}",
            lambda: f"{{ {self.property(depth)}, ...({self.bool(depth)} && {one}) }}",
            lambda: f"Object.assign({{}}, {one}, {two})",
            lambda: f"Object.fromEntries(Object.entries({one}).map(([k, v]) => [k + '1', v]))",
            lambda: f"structuredClone({self.literal(0)})",
            lambda: f"Object.freeze({one})" if self.rng.random() < 0.2 else one,
            lambda: self.member(depth),
        )

    def literal(self, depth: int) -> str:
        """An object literal."""
        return f"{{ {', '.join(self.property(depth) for _ in range(self.rng.randint(0, 4)))} }}"

    def property(self, depth: int) -> str:
        """One property of a literal."""
        key = self.rng.choice(KEYS)
        value = self.expression("any", depth - 1)
        return self.pick(
            lambda: f"{key}: {value}",
            lambda: f"{key}: {value}",
            lambda: f"[{self.expression('str', depth - 1)}]: {value}",
            lambda: f"get {key}() {{ return {value}; }}",
            lambda: f"{key}() {{ return {value}; }}",
            lambda: f"{self.rng.randint(0, 3)}: {value}",
        )

    def arr(self, depth: int) -> str:
        """An array."""
        one, two = self.expression("arr", depth), self.expression("arr", depth)
        item = self.expression("any", depth)
        return self.pick(
            lambda: (
                f"[{', '.join(self.expression('any', depth - 1) for _ in range(self.rng.randint(0, 4)))}]"
            ),
            lambda: f"[...{one}, {item}]",
            lambda: f"[{item}, ...({self.bool(depth)} ? {one} : [])]",
            lambda: (
                f"({one}).map((x, i) => {self.rng.choice(['x', 'i', '[x]', 'x + i', '({ x })', 'x?.a'])})"
            ),
            lambda: (
                f"({one}).filter({self.rng.choice(['Boolean', 'x => x', '(x, i) => i > 0', 'x => x !== 1'])})"
            ),
            lambda: f"({one}).flatMap(x => {self.rng.choice(['[x, x]', 'x', '[]'])})",
            lambda: f"({one}).concat({two}, {item})",
            lambda: f"({one}).slice({self.rng.randint(-2, 2)})",
            lambda: (
                f"Object.{self.rng.choice(['keys', 'values', 'entries'])}({self.expression('obj', depth)})"
            ),
            lambda: f"({one}).flat()",
            lambda: (
                f"[...{one}].{self.rng.choice(['sort()', 'reverse()', 'sort((a, b) => a - b)', 'fill(0, 1)', 'splice(1, 1)'])}"
            ),
            lambda: f"String({self.expression('str', depth)}).split('-')",
        )

    # --- statements

    def statement(self) -> str:
        """One statement; it may define names for those that follow."""
        self.depth += 1
        simple = [
            self.definition,
            self.definition,
            self.assignment,
            self.assignment,
            self.change,
            self.change,
        ]
        nested = [
            *(
                self.branch,
                self.branch,
                self.loop,
                self.function,
                self.function,
                self.destructuring,
            ),
            *(self.attempt, self.choice, self.block, self.klass, self.asynchronous, self.odd),
            *(self.untimed, self.untimed, self.from_files, self.labelled, self.accessor),
        ]
        made = self.rng.choice(simple if self.depth > 3 else simple + nested)()
        self.depth -= 1
        return made

    def definition(self) -> str:
        """`const` or `let`."""
        kind = self.rng.choice(["num", "num", "str", "bool", "obj", "obj", "arr", "any"])
        value = self.expression(kind, 2)
        name = self.fresh(kind)
        self.names[kind].append(name)
        if self.rng.random() < 0.5:
            return f"const {name} = {value};"
        self.lets.append((name, kind))
        return (
            f"{self.rng.choice(['let', 'let', 'var'])} {name} = {value};"
            if self.depth < 2
            else f"let {name} = {value};"
        )

    def assignment(self) -> str:
        """A name is bound anew."""
        if not self.lets:
            return self.definition()
        name, kind = self.rng.choice(self.lets)
        value = self.expression(kind, 2)
        operator = self.rng.choice(
            ["=", "=", "??=", "||=", "&&="] + (["+=", "-=", "*="] if kind == "num" else [])
        )
        guard = f"if ({self.bool(2)}) " if self.rng.random() < 0.3 else ""
        return f"{guard}{name} {operator} {value};"

    def change(self) -> str:
        """An object or array is changed."""
        kind = self.rng.choice(["obj", "arr"])
        name = self.name(kind)
        if name is None:
            return self.definition()
        value = self.expression("any", 2)
        key = self.rng.choice(KEYS)
        if kind == "obj":
            return self.pick(
                lambda: f"{name}.{key} = {value};",
                lambda: f"{name}[{self.expression('str', 1)}] = {value};",
                lambda: f"delete {name}.{key};",
                lambda: f"Object.assign({name}, {self.expression('obj', 2)});",
                lambda: f"{name}.{key} ??= {value};",
                lambda: f"{name}.{key} += {value};",
                lambda: f"if ({self.bool(2)}) {name}.{key} = {value};",
                lambda: f"if ({name}?.{key}) {name}.{key}.{self.rng.choice(KEYS)} = {value};",
            )
        return self.pick(
            lambda: f"{name}.push({value});",
            lambda: f"{name}.pop();",
            lambda: f"{name}.unshift({value});",
            lambda: f"{name}[{self.rng.randint(0, 2)}] = {value};",
            lambda: f"{name}.length = {self.rng.randint(0, 2)};",
            lambda: f"{name}.forEach((x, i) => {{ if (i < 1) {name}[i] = {value}; }});",
            lambda: f"{name}.splice(0, 1, {value});",
        )

    def inside(self, count: int) -> str:
        """Statements of a block; the names that it defines end with it."""
        kept = {kind: list(names) for kind, names in self.names.items()}
        lets = list(self.lets)
        body = " ".join(self.statement() for _ in range(count))
        self.names, self.lets = kept, lets
        return body

    def branch(self) -> str:
        """`if`."""
        made = f"if ({self.bool(2)}) {{ {self.inside(self.rng.randint(1, 2))} }}"
        if self.rng.random() < 0.5:
            made += f" else {{ {self.inside(1)} }}"
        return made

    def loop(self) -> str:
        """A loop that ends."""
        name = self.fresh("any")
        self.loops += 1
        kept = {kind: list(names) for kind, names in self.names.items()}
        self.names["any"] = [*self.names["any"], name]
        jump = self.rng.choice(
            ["", "", f"if ({self.bool(1)}) continue; ", f"if ({name} === 2) break; "]
        )
        body = self.inside(1)
        self.names = kept
        return self.pick(
            lambda: (
                f"for (const {name} of [...{self.expression('arr', 2)}].slice(0, 4)) {{ {jump}{body} }}"
            ),
            lambda: f"for (const {name} in {self.expression('obj', 2)}) {{ {jump}{body} }}",
            lambda: (
                f"for (let {name} = 0; {name} < {self.rng.randint(1, 4)}; {name}++) {{ {jump}{body} }}"
            ),
            lambda: (
                f"let {name} = 0; while ({name} < {self.rng.randint(1, 3)}) {{ {name}++; {body} }}"
            ),
        )

    def function(self) -> str:
        """A function: declared or an arrow, with defaults and rest, that may change outer names."""
        name = self.fresh("fn")
        kept = {kind: list(names) for kind, names in self.names.items()}
        lets = list(self.lets)
        one, two = self.fresh("any"), self.fresh("any")
        self.names["any"] = [*self.names["any"], one, two]
        if self.rng.random() < 0.7:
            self.names["fn"] = []  # no recursion
        depth, self.depth = self.depth, max(self.depth, 2)
        body = self.inside(self.rng.randint(0, 2))
        result = self.expression("any", 2)
        self.depth = depth
        self.names, self.lets = kept, lets
        parameters = self.rng.choice(
            [
                *(
                    f"{one}, {two}",
                    f"{one} = {self.plain('num')}, ...{two}",
                    f"{{ a: {one}, ...{two} }} = {{}}",
                ),
                f"[{one}, {two} = 4] = []",
                f"{one}, {two} = {one}",
            ]
        )
        self.names["fn"].append(name)
        return self.pick(
            lambda: f"function {name}({parameters}) {{ {body} return {result}; }}",
            lambda: f"const {name} = ({parameters}) => {{ {body} return {result}; }};",
            lambda: f"const {name} = function ({parameters}) {{ {body} return {result}; }};",
        )

    def destructuring(self) -> str:
        """Names taken from an object or array, in a declaration or an assignment."""
        one, two, three = (self.fresh("any") for _ in range(3))
        source = self.expression("obj", 2)
        items = self.expression("arr", 2)
        made = self.pick(
            lambda: f"const {{ a: {one}, b: {two} = {self.plain('num')}, ...{three} }} = {source};",
            lambda: (
                f"const {{ a: {{ c: {one} }} = {{}}, ['b']: {two}, e: {three} = {self.expression('any', 1)} }} = {source};"
            ),
            lambda: f"const [{one}, {two} = {self.plain('str')}, ...{three}] = {items};",
            lambda: (
                f"let {one}, {two}, {three}; ({{ a: {one}, b: {two} = 1, c: {three} }} = {source});"
            ),
            lambda: f"let {one}, {two}, {three}; [{one}, [{two}] = [], {three}] = {items};",
        )
        self.names["any"] += [one, two, three]
        return made

    def attempt(self) -> str:
        """`try`."""
        thrower = self.rng.choice(
            ["", "null.x; ", "undefined.y.z; ", f"if ({self.bool(1)}) throw 1; "]
        )
        made = f"try {{ {self.inside(1)} {thrower}{self.inside(1)} }} catch {{ {self.inside(1)} }}"
        if self.rng.random() < 0.3:
            made += f" finally {{ {self.inside(1)} }}"
        return made

    def choice(self) -> str:
        """`switch`."""
        subject = self.expression(self.rng.choice(["num", "str"]), 2)
        cases = "".join(
            f"case {self.expression(self.rng.choice(['num', 'str']), 0)}: {self.inside(1)} {self.rng.choice(['break;', ''])} "
            for _ in range(self.rng.randint(1, 3))
        )
        default = f"default: {self.inside(1)}" if self.rng.random() < 0.6 else ""
        return f"switch ({subject}) {{ {cases}{default} }}"

    def block(self) -> str:
        """A block of its own."""
        return f"{{ {self.inside(2)} }}"

    def klass(self) -> str:
        """A class, and what is read from it."""
        name, made = self.fresh("Class"), self.fresh("obj")
        value = self.expression("any", 2)
        text = (
            f"class {name} {{ static s = {value}; a = {self.plain('num')}; constructor(x) {{ this.b = x; }}"
            f" get c() {{ return this.a; }} d() {{ return this.b; }} }}\n"
            f"const {made} = new {name}({self.expression('any', 1)});"
        )
        self.names["obj"].append(made)
        reading = self.fresh("any")
        self.names["any"].append(reading)
        return f"{text} const {reading} = [{name}.s, {made}.c, {made}.d()];"

    def asynchronous(self) -> str:
        """An async function that is awaited, where that is allowed."""
        if self.depth > 1:
            return self.definition()
        name, value = self.fresh("fn"), self.fresh("any")
        depth, self.depth = self.depth, 3
        body = self.inside(1)
        self.depth = depth
        text = f"async function {name}(x) {{ {body} await null; {self.inside(0)} return [x, {self.expression('any', 1)}]; }}"
        self.names["any"].append(value)
        return f"{text}\nconst {value} = await {name}({self.expression('any', 1)});"

    def untimed(self) -> str:
        """Code that runs at a time that the program does not tell, or bit by bit."""
        name = self.fresh("fn")
        depth, self.depth = self.depth, 3
        body, more = self.inside(1), self.inside(1)
        self.depth = depth
        made = self.pick(
            lambda: f"setTimeout(() => {{ {body} }}, 0);",
            lambda: f"queueMicrotask(() => {{ {body} }});",
            lambda: f"Promise.resolve(1).then(() => {{ {body} }});",
            lambda: f"async function {name}() {{ {body} await null; {more} }} {name}();",
            lambda: f"const {name} = async () => {{ {body} }}; {name}();",
            lambda: (
                f"function* {name}() {{ {body} yield 1; {more} }} for (const x of {name}()) {{ {self.inside(1)} }}"
            ),
            lambda: (
                f"function* {name}() {{ {body} yield 1; }} const {name}Run = {name}(); {more} {name}Run.next();"
            ),
            lambda: f"[1, 2].sort((a, b) => {{ {body} return a - b; }});",
            lambda: f"'ab'.replace(/a/, () => {{ {body} return 'c'; }});",
            lambda: f"new Map([[1, 2]]).forEach(() => {{ {body} }});",
            lambda: (
                f"const {name} = {{ run() {{ {body} }} }}; [1].map(Reflect.get({name}, 'run'));"
            ),
        )
        return f"{{ {made} }}"

    def from_files(self) -> str:
        """What depends on the files of the machine."""
        if not self.files:
            return self.definition()
        name = self.fresh("any")
        depth, self.depth = self.depth, 3
        body, more = self.inside(1), self.inside(1)
        self.depth = depth
        return self.pick(
            lambda: f"if (existsSync('/no/such/file')) {{ {body} }} else {{ {more} }}",
            lambda: f"for (const {name} of readdirSync('.')) {{ {body} }}",
            lambda: (
                f"try {{ {body} readFileSync('/no/such/file'); {more} }} catch {{ {self.inside(1)} }}"
            ),
            lambda: f"while (existsSync('/no/such/file')) {{ {body} break; }}",
            lambda: f"switch (existsSync('/')) {{ case true: {body} break; default: {more} }}",
            lambda: f"readdirSync('.').forEach(() => {{ {body} }});",
            lambda: f"if (readdirSync('.').length < 0) {{ {body} }}",
        )

    def labelled(self) -> str:
        """Loops in loops, with jumps out of both."""
        one, two = self.fresh("any"), self.fresh("any")
        jump = self.rng.choice(["continue outer;", "break outer;", "break;", "continue;"])
        body = self.inside(1)
        return (
            f"outer: for (let {one} = 0; {one} < 2; {one}++) {{ let {two} = 0; do {{ {two}++;"
            f" if ({two} === {self.rng.randint(1, 3)}) {jump} {body} }} while ({two} < 2); }}"
        )

    def accessor(self) -> str:
        """An object whose parts are functions that change something."""
        name = self.fresh("any")
        depth, self.depth = self.depth, 3
        body = self.inside(1)
        self.depth = depth
        value = self.expression("any", 1)
        made = (
            f"const {name} = {{ n: {value}, get a() {{ {body} return this.n; }}, set a(v) {{ this.n = v; }},"
            f" m(x) {{ {self.inside(1)} this.b = x; return this; }} }};"
        )
        self.names["any"].append(name)
        return f"{made} {self.rng.choice([f'{name}.m({value});', f'{name}.a = {value};', f'{name}.a;', ''])}"

    def odd(self) -> str:
        """What configs do not often do."""
        name = self.fresh("any")
        made = self.pick(
            lambda: (
                f"const {name} = missing{self.count} ?? 1;"
                if self.rng.random() < 0.1
                else f"const {name} = typeof missing{self.count};"
            ),
            lambda: (
                f"process.env.FOO = {self.expression('any', 1)}; const {name} = process.env.FOO;"
            ),
            lambda: f"delete process.env.BAR; const {name} = process.env.BAR;",
            lambda: f"const {name} = (({self.expression('any', 1)}), {self.expression('any', 1)});",
            lambda: f"const {name} = ((...xs) => xs.length)(...{self.expression('arr', 1)});",
            lambda: (
                f"const {name} = {{ n: 1, get twice() {{ return this.n * 2; }}, set twice(v) {{ this.n = v; }} }}; {name}.twice = {self.expression('num', 1)};"
            ),
        )
        self.names["any"].append(name)
        return made
