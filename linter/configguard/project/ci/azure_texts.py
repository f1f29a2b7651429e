"""Azure's texts: `${{ parameters.x }}` when the file is read, `$(x)` when the step runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from configguard.project.ci.expressions import Opaque, Value
from configguard.project.ci.model import Variable
from configguard.project.ci.texts import (
    Filled,
    Text,
    as_written,
    between,
    filled,
    scalar_value,
)
from configguard.syntax.yaml_nodes import Mapping as Map
from configguard.syntax.yaml_nodes import Node, Scalar, Sequence

_PARAMETER = re.compile(rb"\s*(?:parameters\.([\w-]+)|parameters\['([\w-]+)'\]|(\w+))\s*")
_VARIABLE = re.compile(rb"\s*variables(?:\.([\w.-]+)|\['([\w.-]+)'\])\s*")
_MACRO = re.compile(rb"\$\(([A-Za-z_][\w.-]*)\)")
_RUNTIME = re.compile(rb"\$\[.*\]", re.DOTALL)


class Values(NamedTuple):
    """What texts may ask for: the parameters of the template, the variables so far."""

    parameters: Mapping[str, Value]
    variables: Mapping[str, Variable]

    def variable(self, name: str) -> Value | None:
        """A variable of the pipeline, whatever its case; None where the files set none."""
        for key, one in self.variables.items():
            if key.lower() == name.lower():
                word = one.value
                data = Opaque(str(word.reason)) if word.text is None else word.text
                return Value(data, one.origin)
        return None


def azure_text(scalar: Scalar, values: Values) -> Text:
    """A scalar with what the files tell filled in; the rest are holes."""
    text = as_written(scalar)
    if _RUNTIME.fullmatch(text.data):
        hole = (0, len(text.data), "an expression is worked out while the pipeline runs")
        return text._replace(holes=(hole,))
    if b"${{" in text.data:
        text = filled(
            text,
            (
                Filled(start, end, _template_value(inner, values))
                for start, end, inner in between(text.data, b"${{", b"}}")
            ),
        )
    if b"$(" in text.data:
        text = filled(text, _macros(text, values))
    return text


def _template_value(inner: bytes, values: Values) -> Value:
    found = _PARAMETER.fullmatch(inner)
    if found is not None:
        name = (found[1] or found[2] or found[3]).decode()
        value = values.parameters.get(name)
        if value is not None:
            made = value.text
            if isinstance(value.data, bool):
                return Value("True" if value.data else "False", value.origin)
            return (
                value if made is None or isinstance(value.data, str) else Value(made, value.origin)
            )
    variable = _VARIABLE.fullmatch(inner)
    if variable is not None:
        known = values.variable((variable[1] or variable[2]).decode())
        if known is not None:
            return known
    shown = inner.decode("utf-8", "replace").strip()[:60]
    return Value(Opaque(f"`{shown}` is not worked out here"))


def _macros(text: Text, values: Values) -> Iterator[Filled]:
    for one in _MACRO.finditer(text.data):
        if any(low < one.end() and one.start() < high for low, high, _ in text.holes):
            continue
        name = one[1].decode()
        known = values.variable(name)
        unknown = Value(Opaque(f"`$({name})` is known only when the pipeline runs"))
        yield Filled(one.start(), one.end(), known or unknown)


def filled_value(node: Node, values: Values) -> Value:
    """The value of a parameter."""
    if isinstance(node, Scalar):
        if b"$" in node.data:
            text = azure_text(node, values)
            data = Opaque(str(text.reason)) if text.known is None else text.known
            return Value(data, text.origin)
        return scalar_value(node)
    return Value(Opaque("it is no single text"), (node.span,))


def names_of(node: Node | None) -> Iterator[str]:
    """The names of the services beside a job."""
    if isinstance(node, Map):
        yield from node.entries
    elif isinstance(node, Sequence):
        yield from (one.text for one in node.items if isinstance(one, Scalar))
