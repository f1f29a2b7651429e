"""An entry more in the list `repos` of a YAML file, written as those around it are."""

from __future__ import annotations

import re
from typing import NamedTuple

from configguard.source.document import Document
from configguard.syntax.trees import BadSyntax
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

_LIST = "repos"
_HOOKS = "hooks"
_NUMBER = re.compile(r"[\d._+-]+([eE][\d+-]+)?|0[xob][\da-fA-F_]+", re.ASCII)


class Entry(NamedTuple):
    """A repository and the one hook of it."""

    repo: dict[str, str]
    hook: dict[str, str | bool]

    @property
    def data(self) -> dict[str, object]:
        """As YAML holds it."""
        return {**self.repo, _HOOKS: [self.hook]}


class Style(NamedTuple):
    """The columns of a list: of its dashes, of the keys behind them, and the same of `hooks`."""

    dash: int
    key: int
    hook_dash: int
    hook_key: int


USUAL = Style(2, 4, 6, 8)


def entry_lines(entry: Entry, style: Style) -> list[str]:
    """The lines of an entry in a style."""
    first, *more = entry.repo.items()
    lines = [f"{_dashed(style.dash, style.key)}{first[0]}: {_scalar(first[1])}"]
    lines += [f"{' ' * style.key}{name}: {_scalar(value)}" for name, value in more]
    lines.append(f"{' ' * style.key}{_HOOKS}:")
    start = _dashed(style.hook_dash, style.hook_key)
    for name, value in entry.hook.items():
        lines.append(f"{start}{name}: {_scalar(value)}")
        start = " " * style.hook_key
    return lines


def _dashed(dash: int, key: int) -> str:
    return f"{' ' * dash}-{' ' * (key - dash - 1)}"


def _scalar(value: str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A commit of digits alone would be a number.
    return f'"{value}"' if _NUMBER.fullmatch(value) else value


def with_entry(document: Document, entry: Entry) -> bytes | None:
    """The file with an entry more at the end of the list; None where that is not plain to do."""
    stream = read_yaml(document)
    if isinstance(stream, BadSyntax) or len(stream.documents) != 1:
        return None
    root = stream.documents[0]
    repos = root.get(_LIST) if isinstance(root, Mapping) else None
    if not isinstance(repos, Sequence):
        return None
    change = _at_the_end if repos.items else _in_place_of_none
    made = change(document, repos, entry)
    return made if made is not None and _is_meant(document, made, entry) else None


def _in_place_of_none(document: Document, repos: Sequence, entry: Entry) -> bytes | None:
    """The file in which `[]` becomes a list of one."""
    text = document.newline.join(["", *entry_lines(entry, USUAL)])
    before = document.data[: repos.span.start].rstrip(b" ")
    return before + text.encode() + document.data[repos.span.end :]


def _at_the_end(document: Document, repos: Sequence, entry: Entry) -> bytes | None:
    data, newline = document.data, document.newline
    style = _style(data, repos)
    if style is None:
        return None
    lines = entry_lines(entry, style)
    text = newline.join(["", *lines] if _are_apart(data, repos) else lines)
    at = _line_end(data, _end(data, repos.items[-1]))
    ends = data[:at].endswith(b"\n")
    added = text + newline if ends else newline + text
    return data[:at] + added.encode() + data[at:]


def _is_meant(document: Document, made: bytes, entry: Entry) -> bool:
    """Whether the file holds what it held, and the entry."""
    import yaml

    if isinstance(read_yaml(Document(document.file, made)), BadSyntax):
        return False
    try:
        before, after = yaml.safe_load(document.data), yaml.safe_load(made)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return bool(after == {**before, _LIST: [*before[_LIST], entry.data]})


def _style(data: bytes, repos: Sequence) -> Style | None:
    """How the last entry is written; None where it has no lines of its own."""
    last = repos.items[-1]
    if not isinstance(last, Mapping) or not last.pairs:
        return None
    if _is_flow(data, repos) or _is_flow(data, last):
        return None
    dash, key = _column(data, repos.span.start), _column(data, last.pairs[0][0].span.start)
    hooks = last.get(_HOOKS)
    if not isinstance(hooks, Sequence) or not hooks.items or _is_flow(data, hooks):
        return Style(dash, key, key + dash, key + key)
    first, hook_dash = hooks.items[0], _column(data, hooks.span.start)
    if not isinstance(first, Mapping) or not first.pairs or _is_flow(data, first):
        return Style(dash, key, hook_dash, hook_dash + key - dash)
    return Style(dash, key, hook_dash, _column(data, first.pairs[0][0].span.start))


def _is_flow(data: bytes, node: Node) -> bool:
    return data[node.span.start : node.span.start + 1] in (b"[", b"{")


def _column(data: bytes, at: int) -> int:
    return at - (data.rfind(b"\n", 0, at) + 1)


def _end(data: bytes, node: Node) -> int:
    """Where the last text of a node ends; the span of a block goes on to what follows it."""
    if isinstance(node, Scalar) or _is_flow(data, node):
        return node.span.end
    parts = (
        node.items if isinstance(node, Sequence) else [one for pair in node.pairs for one in pair]
    )
    return max((_end(data, one) for one in parts), default=node.span.end)


def _line_end(data: bytes, at: int) -> int:
    """Behind the line that ends at a byte or holds it."""
    if data[:at].endswith(b"\n"):
        return at
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end + 1


def _are_apart(data: bytes, repos: Sequence) -> bool:
    """Whether blank lines stand between the entries."""
    if len(repos.items) < 2:
        return False
    start, end = _end(data, repos.items[-2]), repos.items[-1].span.start
    return b"\n\n" in data[start:end].replace(b"\r", b"")
