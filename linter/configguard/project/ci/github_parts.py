"""Parts that GitHub's workflows and actions share: `env:`, `if:`, `timeout-minutes:`."""

from __future__ import annotations

import math
import re

from configguard.project.ci.expressions import Contexts, Opaque, evaluate, to_number
from configguard.project.ci.files import CiFiles
from configguard.project.ci.model import Level, Reached, Timeout, Variable, variable_of
from configguard.project.ci.texts import expressions_in, github_text, github_value
from configguard.syntax.yaml_nodes import Node, Scalar

MAX_VARIABLES = 300
"""Variables of one `env:`; of 82 repositories no step had more than 49 in all."""

_ORDER: tuple[Reached, ...] = ("always", "maybe", "never")
_STATUS = re.compile(r"\b(always|failure|cancelled|success)\s*\(\s*\)", re.IGNORECASE)


def least(*reached: Reached) -> Reached:
    """The least sure of several."""
    return max(reached, key=_ORDER.index)


def read_environment(
    files: CiFiles, node: Node | None, contexts: Contexts, level: Level
) -> dict[str, Variable] | None:
    """The variables of an `env:`; None where which they are is not known."""
    if isinstance(node, Scalar) and not node.is_null:
        return None
    mapping = files.expect(node, "`env`")
    if mapping is not None and len(mapping.pairs) > MAX_VARIABLES:
        files.wrong(mapping, f"more than {MAX_VARIABLES} variables are not followed")
        return None
    found = {}
    for name, (key, value) in (mapping.entries if mapping else {}).items():
        if expressions_in(key.data):
            return None
        if isinstance(value, Scalar):
            text = github_text(value, contexts)
            found[name] = variable_of(name, text, level)
        else:
            files.wrong(value, f"`env.{name}` is no text")
    return found


def condition(node: Node | None, contexts: Contexts) -> Reached:
    """Whether an `if:` lets a job or step run where all before it went well.

    Raises BadExpression.
    """
    if not isinstance(node, Scalar) or not node.text.strip() or node.is_null:
        return "always"
    text = node.text.strip()
    found = expressions_in(text.encode())
    if found and (len(found) > 1 or len(found[0][2]) + 5 != len(text.encode())):
        return "maybe"  # the text around an expression counts as true; nobody means that
    if found:
        text = found[0][2].decode("utf-8", "replace")
    asked = {name.lower() for name in _STATUS.findall(text)}
    well = _STATUS.sub(lambda one: str(one[1].lower() in ("always", "success")).lower(), text)
    truth = evaluate(well, contexts).truth
    if truth is None or (not truth and asked & {"failure", "cancelled"}):
        return "maybe"
    return "always" if truth else "never"


def timeout_of(node: Node | None, contexts: Contexts) -> Timeout | None:
    """What a `timeout-minutes` says. Raises BadExpression."""
    if node is None:
        return None
    value = github_value(node, contexts)
    if isinstance(value.data, Opaque):
        return Timeout(None, value.data.reason, value.origin)
    number = to_number(value.data)
    if math.isnan(number) or value.data is None:
        return Timeout(None, "it is no number", value.origin)
    return Timeout(number, None, value.origin)
