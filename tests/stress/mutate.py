"""Deterministic hostile projects: seeds with nodes swapped, nested, spliced, and bytes broken."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import tree_sitter_json
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

SEEDS = Path(__file__).resolve().parent / "seeds"
CONFIG_NAMES = (
    "vitest.config.ts",
    "vitest.e2e.config.ts",
    "vite.config.mts",
    "vitest.config.cjs",
    "jest.config.ts",
    "jest.config.js",
    "jest.config.json",
    "playwright.config.ts",
    "vitest.workspace.ts",
    "vitest.workspace.json",
)
"""What the first file of a project may be called: its name says which runner reads it."""
COMPANIONS = {
    "base.ts": "base.ts",
    "more.ts": "base.ts",
    "data.json": "data.json",
    "package.json": "package.json",
    "package-lock.json": "package-lock.json",
    "pnpm-lock.yaml": "pnpm-lock.yaml",
    "yarn.lock": "yarn.lock",
    "bun.lock": "bun.lock",
    ".test-resource-limits.json": "limits.json",
    "tsconfig.json": "tsconfig.json",
    "configguard.toml": "configguard.toml",
}
"""Other files of a project, each by the seed it is made from."""
INSTALLED = {
    "vitest": ("0.34.6", "1.6.1", "2.1.9", "3.2.4", "4.1.0", "5.1.0", "9.0.0", "latest"),
    "jest": ("27.5.1", "28.1.3", "29.7.0", "30.0.0", "1.0.0"),
    "@playwright/test": ("1.30.0", "1.40.1", "1.52.0", "1.65.0", "0.9.0"),
}
"""The versions of the runners that are installed."""
WRAPPERS = (
    "({})",
    "[{}]",
    "{{ a: {} }}",
    "!{}",
    "-({})",
    "await ({})",
    "...{}",
    "{} as const",
    "<any>{}",
    "{}!",
    "`${{{}}}`",
    "({} ? {} : {})",
    "({} ?? {})",
    "({} || {} && {})",
    "({}, {})",
    "(() => {})()",
    "(async () => {{ return {}; }})()",
    "((x) => [x, x])({})",
    "((...x) => ({{ ...x[0], ...x[0] }}))({})",
    "(function f() {{ return f() || {}; }})()",
    "[{}, {}].map((x) => x)",
    "[1, 2, 3].flatMap((i) => [i, {}])",
    "[{}].concat([{}])",
    "Object.assign({{}}, {}, {})",
    "Object.entries({})",
    "structuredClone({})",
    "mergeConfig({}, {})",
    "defineConfig({})",
    "{{ ...{}, ...({}) }}",
    "({}).a",
    "({})?.[0]",
    "Number({})",
    "new Thing({})",
    "process.env[{}]",
    "JSON.parse(JSON.stringify({}))",
    "import({})",
    "require({})",
    "(process.env.{} === 'x')",
    "typeof {}",
    "[...{}, ...{}]",
    "({} + {})",
    "String({}).repeat(1e9)",
    "Array.from({{ length: {} }})",
    "'x'.padEnd({})",
)
LITERALS = (
    "1e999",
    "-0",
    "0xfffffffffffffffffffffff",
    "1n",
    "10n ** 100000n",
    "09",
    ".5.5",
    "1_000_",
    "0b",
    "'\\u{110000}'",
    "'\\ud800'",
    "'\\x4'",
    "'\\\r\n'",
    '"\\u0000"',
    "`${}`",
    "''",
    "'50%'",
    "'-1%'",
    "'1e400%'",
    "'NaN'",
    "' 0x10 '",
    "'" + "9" * 400 + "'",
    "9" * 400,
    "NaN",
    "Infinity",
    "undefined",
    "null",
    "this",
    "super.x",
    "arguments[0]",
    "new.target",
    "import.meta",
    "/(/",
    "/a/gg",
    "[,]",
    "[,,1]",
    "{}",
    "() => {}",
    "async function*(){}",
    "class { static x = 1 }",
    "<div/>",
    "'../../../../etc/passwd'",
    "'./base'",
    "'/dev/zero'",
    "'file:///etc/passwd'",
    "'a\\0b'",
    "Symbol()",
    "new Proxy({}, {})",
    "process.env",
    "process",
    "globalThis",
    "eval('1')",
    "[]['constructor']",
    "Math",
    "os.cpus().length ** 2",
    "1 / (os.cpus().length - 4)",
    "parseInt('1'.repeat(9), 37)",
)
NAMES = (
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "then",
    "default",
    "undefined",
    "arguments",
    "eval",
    "async",
    "await",
    "yield",
    "let",
    "of",
    "exports",
    "module",
    "require",
    "process",
    "length",
    "test",
    "retry",
    "\\u0061b",
    "é",
    "\U00020000",
    "a" * 3000,
)
TEXTS = (
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\ud7ff",
    "\U0010ffff",
    "e\u0301" * 20,
    "😀",
    "\r",
    "\x85",
    "\v",
    "\t\t",
    "//",
    "/*",
    "*/",
    "<!--",
    "`",
    "${",
    "'",
    '"',
    "\\",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "...",
    "=>",
    "?.",
    "#!x\n",
    "<<<<<<< HEAD\n",
    "&a [*a, *a]",
    "!!python/object:os.system ",
)
BYTES = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xff\xfe", b"\x00\x00")
_EXPRESSIONS = (
    "expression",
    "identifier",
    "object",
    "array",
    "function",
    "string",
    "number",
    "true",
    "false",
    "null",
    "undefined",
    "regex",
)


class Piece(NamedTuple):
    """A node of a text: where it stands and what it may be exchanged with."""

    start: int
    end: int
    kind: str


class Project(NamedTuple):
    """One hostile input: files by name; `config` is the one that is checked."""

    config: str
    files: dict[str, bytes]


@cache
def _parser(grammar: str) -> Parser:
    if grammar == "json":
        return Parser(Language(tree_sitter_json.language()))
    return Parser(Language(tree_sitter_typescript.language_typescript()))


def seed_texts() -> dict[str, bytes]:
    """All seeds by their file names."""
    return {path.name: path.read_bytes() for path in sorted(SEEDS.iterdir())}


_SEEDS = seed_texts()
_SCRIPTS = tuple(name for name in _SEEDS if name.endswith(".ts"))


def pieces(text: bytes, *, json: bool) -> list[Piece]:
    """The nodes of a text, by kind."""
    found: list[Piece] = []
    pending = [_parser("json" if json else "script").parse(text).root_node]
    while pending:
        node = pending.pop()
        kind = _kind(node)
        if kind and node.end_byte > node.start_byte:
            found.append(Piece(node.start_byte, node.end_byte, kind))
        pending.extend(node.named_children)
    return found


def _kind(node: Node) -> str:
    name = node.type
    if name in ("property_identifier", "type_identifier", "pair", "comment", "spread_element"):
        return name
    if name.endswith(("_statement", "_declaration")):
        return "statement"
    if any(part in name for part in _EXPRESSIONS):
        return "expression"
    return "other" if node.parent is not None else ""


@cache
def _pool() -> dict[str, list[bytes]]:
    """What a node of each kind may be exchanged with, from all seeds."""
    pool: dict[str, list[bytes]] = defaultdict(list)
    for name, text in _SEEDS.items():
        if name.endswith((".ts", ".json")):
            for piece in pieces(text, json=name.endswith(".json")):
                if piece.end - piece.start < 2_000:
                    pool[piece.kind].append(text[piece.start : piece.end])
    return pool


@cache
def _seed_pieces(name: str) -> list[Piece]:
    return pieces(_SEEDS[name], json=name.endswith(".json"))


def project(number: int, base: int = 0) -> Project:
    """The hostile project of a number; the same for ever."""
    random = Random(f"{base}/{number}")
    config = random.choice(CONFIG_NAMES)
    seed = "data.json" if config.endswith(".json") else random.choice(_SCRIPTS)
    files = {config: mutated(random, seed)}
    if random.random() < 0.85:
        # Without a version every version is considered: right, but slow.
        for package, versions in INSTALLED.items():
            version = random.choice(versions)
            manifest = f'{{"name": "{package}", "version": "{version}"}}'
            files[f"node_modules/{package}/package.json"] = manifest.encode()
    for name, source in COMPANIONS.items():
        if random.random() < 0.25:
            files[name] = mutated(random, source) if random.random() < 0.5 else _SEEDS[source]
    return Project(config, files)


def mutated(random: Random, seed: str) -> bytes:
    """A seed with some mutations; most results are still of the grammar."""
    text = _SEEDS[seed]
    if not seed.endswith((".ts", ".json")):
        return _broken(random, text)
    json = seed.endswith(".json")
    wanted = random.random() < 0.9
    for _ in range(6 if wanted else 1):
        made = _edited(random, text, _seed_pieces(seed))
        if random.random() < 0.3 and len(made) < 20_000:
            made = _edited(random, made, pieces(made, json=json))
        if random.random() < 0.1:
            made = _broken(random, made)
        if not wanted or not _parser("json" if json else "script").parse(made).root_node.has_error:
            break
    return made


def _edited(random: Random, text: bytes, nodes: list[Piece]) -> bytes:
    """Exchange, delete, double, wrap or move some nodes that do not overlap."""
    if not nodes:
        return text
    chosen: list[tuple[int, int, bytes]] = []
    for piece in random.sample(nodes, min(len(nodes), random.choice((1, 1, 2, 3, 5)))):
        if all(piece.end <= start or piece.start >= end for start, end, _ in chosen):
            chosen.append((piece.start, piece.end, _instead(random, text, piece, nodes)))
    for start, end, new in sorted(chosen, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _instead(random: Random, text: bytes, piece: Piece, nodes: list[Piece]) -> bytes:
    old = text[piece.start : piece.end]
    action = random.random()
    if action < 0.3:
        return random.choice(_pool()[piece.kind] or [b""])
    if action < 0.36:
        other = random.choice(nodes)  # any node, whatever its kind
        return text[other.start : other.end]
    if action < 0.42:
        return b""
    if action < 0.48:
        between = b"\n" if piece.kind == "statement" else b", "
        return between.join([old] * random.choice((2, 3, 50)))
    if action < 0.6:
        return random.choice(LITERALS).encode("utf-8", "surrogatepass")
    if action < 0.68:
        return random.choice(NAMES).encode()
    return _wrapped(random, old)


def _wrapped(random: Random, old: bytes) -> bytes:
    """A node nested in other syntax: a few times in different ones, or deep in the same."""
    deep = random.random() < 0.1
    wrapper = random.choice(WRAPPERS)
    shown = old.decode("utf-8", "replace")
    for _ in range(random.choice((30, 150, 1_500)) if deep else random.choice((1, 1, 2, 4))):
        if len(shown) > 40_000:
            break
        if not deep:
            wrapper = random.choice(WRAPPERS)
        holes = wrapper.replace("{{", "").replace("}}", "").count("{}")
        inside = [shown, *("x" for _ in range(holes - 1))] if deep else [shown] * holes
        shown = wrapper.format(*inside)
    return shown.encode()


def _broken(random: Random, text: bytes) -> bytes:
    """Bytes cut, moved, doubled or put in, without regard to syntax."""
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((1, 1, 5, 40, 400)))
        match random.randrange(8):
            case 0:
                text = text[:at]
            case 1:
                text = text[:at] + text[end:]
            case 2:
                text = text[:end] + text[at:end] * random.choice((1, 2, 30)) + text[end:]
            case 3:
                to = random.randrange(len(text) + 1)
                text = text[:at] + text[to : to + end - at] + text[end:]
            case 4:
                text = text[:at] + random.choice(BYTES) + text[at:]
            case 5:
                text = text[:at] + random.randbytes(random.choice((1, 3, 20))) + text[end:]
            case 6:
                repeated = random.choice(TEXTS) * random.choice((1, 1, 2, 300))
                text = text[:at] + repeated.encode("utf-8", "replace") + text[at:]
            case _:
                lines = text.split(b"\n")
                random.shuffle(lines)
                text = b"\n".join(lines)
    return text
