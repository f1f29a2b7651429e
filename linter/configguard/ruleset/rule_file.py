"""A rule file of a user: read, held against the format, every fault told at its place.

Rules of the package are held against it by the tests, so that no check pays for it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from configguard.limits.shape import Misfit, Path, misfits, unknown_keys
from configguard.resources import data_folder
from configguard.ruleset.rule import Rule, rule_from
from configguard.ruleset.vocabulary import wrong_words
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.syntax.trees import BadSyntax
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml


class RuleFault(NamedTuple):
    """What is wrong in a rule file, and where."""

    message: str
    span: Span


def read_rule(document: Document, folder: str) -> Rule | list[RuleFault]:
    """The rule that a file holds, or all that is wrong with it.

    `folder`: the name of the folder that it lies in, which is the rule's id.
    """
    stream = read_yaml(document)
    if isinstance(stream, BadSyntax):
        return [RuleFault(f"this is no YAML that is understood: {stream.reason}", stream.span)]
    start = Span(document.file, 0, 0)
    if len(stream.documents) != 1:
        return [RuleFault("a rule file holds one YAML document", start)]
    root = stream.documents[0]
    repeated = _repeated(root)
    if repeated is not None:
        return [RuleFault(f"the key {repeated.text!r} stands here twice", repeated.span)]
    import yaml

    try:
        data = yaml.safe_load(document.data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [RuleFault(f"this is no YAML that is understood: {_first_line(error)}", start)]
    found = faults_in(data, folder)
    if found:
        return [RuleFault(one.message, _place(root, one.path)) for one in found]
    return rule_from(data)


def faults_in(data: Any, folder: str) -> list[Misfit]:
    """What is wrong with the data of a rule file, each with its path."""
    words = {one.path: one for one in unknown_keys(data, _schema())}
    words.update({one.path: one for one in (wrong_words(data) if isinstance(data, dict) else ())})
    # Of what holds a wrong word the schema could only say that less exactly.
    shape = [
        one
        for one in misfits(data, _schema(), "a mapping")
        if not any(path[: len(one.path)] == one.path for path in words)
    ]
    if not shape and data["id"] != folder:
        message = f"the rule's id is {data['id']!r}, its folder {folder!r}: they must be the same"
        words["id",] = Misfit(("id",), message)
    return sorted((*words.values(), *shape), key=lambda one: [str(step) for step in one.path])


@cache
def _schema() -> dict[str, Any]:
    path = data_folder("schema") / "rule.schema.json"
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _repeated(node: Node) -> Scalar | None:
    """The first key that stands twice in one mapping."""
    if isinstance(node, Mapping):
        found = node.repeated
        inner: list[Node] = [value for _, value in node.pairs]
    else:
        found, inner = None, list(node.items) if isinstance(node, Sequence) else []
    return found or next((one for child in inner if (one := _repeated(child))), None)


def _place(root: Node, path: Path) -> Span:
    """Where a path leads: to a value, or to the key where the value has several lines."""
    node, span = root, root.span
    for step in path:
        if isinstance(node, Mapping) and (entry := node.merged.entries.get(str(step))):
            key, node = entry
            span = key.span if isinstance(node, Mapping | Sequence) else node.span
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            span = node.span
        else:
            break
    return span
