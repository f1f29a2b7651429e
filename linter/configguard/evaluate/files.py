"""Files behind specifiers: which one is meant, how it is loaded, what JSON holds."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from configguard.evaluate import expressions, numbers
from configguard.evaluate.machine import Machine
from configguard.evaluate.values import (
    Arr,
    Entry,
    Known,
    Obj,
    Unknown,
    Value,
)
from configguard.source.workspace import (
    Unreadable,
    Workspace,
    ancestors,
    escapes,
    folder_of,
    join,
)
from configguard.syntax.trees import Parsed, children

if TYPE_CHECKING:
    from tree_sitter import Node

# What esbuild and rolldown, which load the configs, try for `./base`, in order (measured: neither
# finds `base.mts`). In a TypeScript file `./base.js` may mean the TypeScript file beside it.
_TRIED = ("", ".tsx", ".ts", ".jsx", ".js", ".json")
_TYPESCRIPT_OF = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}


def json_value(parsed: Parsed, node: Node) -> Value:
    """The value of a JSON node, with the place of everything in it."""
    span = parsed.span(node)
    match node.type:
        case "object":
            made = Obj({}, (span,), sites=(span,))
            for pair in children(node):
                key, value = expressions.field(pair, "key"), expressions.field(pair, "value")
                inner = json_value(parsed, value)
                where = Entry(inner, parsed.span(value), parsed.span(key), parsed.span(pair))
                made.set(_json_text(parsed, key), where)
            return made
        case "array":
            return Arr([json_value(parsed, child) for child in children(node)], (span,))
        case "string":
            return Known(_json_text(parsed, node), (span,))
        case "number":
            return Known(numbers.from_text(parsed.text(node)), (span,))
        case "true" | "false":
            return Known(node.type == "true", (span,))
        case "null":
            return Known(None, (span,))
        case _:
            return Unknown("it is no JSON value", (span,))


def plain_json(parsed: Parsed, node: Node) -> Any:
    """A JSON node as plain data; None for all that is no JSON value."""
    match node.type:
        case "object":
            pairs = [pair for pair in children(node) if pair.type == "pair"]
            return {
                _json_text(parsed, expressions.field(pair, "key")): plain_json(
                    parsed, expressions.field(pair, "value")
                )
                for pair in pairs
            }
        case "array":
            return [plain_json(parsed, child) for child in children(node)]
        case "string":
            return _json_text(parsed, node)
        case "number":
            return numbers.from_text(parsed.text(node))
        case _:
            return node.type == "true" if node.type in ("true", "false") else None


def _json_text(parsed: Parsed, node: Node) -> str:
    import json

    try:
        return str(json.loads(parsed.text(node)))
    except ValueError:
        return parsed.text(node).strip('"')


def is_relative(specifier: str) -> bool:
    """Whether a specifier names a file beside the importing one."""
    return specifier in (".", "..") or specifier.startswith(("./", "../"))


_resolved: WeakKeyDictionary[Workspace, dict[tuple[str, bool], str | None]] = WeakKeyDictionary()


def resolve_specifier(machine: Machine, importer: str, specifier: str) -> str | None:
    """The file that a relative specifier names; None where there is none inside the root."""
    base = join(folder_of(importer), specifier)
    if escapes(base):
        return None
    known = _resolved.setdefault(machine.workspace, {})
    key = (base, _is_typescript(importer))
    if key not in known:
        known[key] = _resolve(machine.workspace, base, importer)
    return known[key]


def _resolve(workspace: Workspace, base: str, importer: str) -> str | None:
    possible = candidates(base, importer)
    main = _main_of(workspace, base)
    if main is not None:
        inside = candidates(join(base, main), importer) if isinstance(main, str) else []
        possible = [file for file in possible if not file.startswith(f"{base}/")]
        possible += [file for file in inside if not escapes(file)]
    return next((file for file in possible if workspace.is_file(file)), None)


def _is_typescript(file: str) -> bool:
    return file.endswith((".ts", ".mts", ".cts"))


def _main_of(workspace: Workspace, folder: str) -> object:
    """What package.json names as the folder's own file; None where it names none."""
    document = workspace.read(posixpath.join(folder, "package.json"))
    if isinstance(document, Unreadable):
        return None
    content = _manifest_in(document.data)
    return None if content is None else content.get("main") or content.get("module")


def candidates(base: str, importer: str) -> list[str]:
    """The files that a path without (or with) its ending may mean, in order."""
    stem, suffix = posixpath.splitext(base)
    possible = [base + ending for ending in _TRIED]
    if _is_typescript(importer):
        possible += [stem + ending for ending in _TYPESCRIPT_OF.get(suffix, ())]
    return possible + [posixpath.join(base, f"index{ending}") for ending in _TRIED[1:]]


def is_es_module(workspace: Workspace, file: str) -> bool:
    """Whether a config file is loaded as an ES module: by its ending, else by package.json."""
    if file.endswith((".mts", ".mjs")):
        return True
    if file.endswith((".cts", ".cjs")):
        return False
    for folder in ancestors(folder_of(file)):
        document = workspace.read(posixpath.join(folder, "package.json"))
        if not isinstance(document, Unreadable):
            return (_manifest_in(document.data) or {}).get("type") == "module"
    return False


def _manifest_in(manifest: bytes) -> dict[str, Any] | None:
    import json

    try:
        content = json.loads(manifest)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
