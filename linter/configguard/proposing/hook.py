"""The entry in `.pre-commit-config.yaml`."""

from __future__ import annotations

from configguard.checking.finding import Problem
from configguard.proposing.hook_entry import USUAL, Entry, entry_lines, with_entry
from configguard.proposing.origin import Origin
from configguard.proposing.proposal import Proposal
from configguard.syntax.trees import BadSyntax
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

FILE = ".pre-commit-config.yaml"
HOOKS = ("configguard", "configguard-fix")
_OTHER_MANAGERS = (".husky", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml")


def propose_hook(proposal: Proposal, origin: Origin | None) -> None:
    """Add the hook, unless it is there."""
    document = proposal.document(FILE)
    if document is None:
        _new_file(proposal, origin)
        return
    stream = read_yaml(document)
    if isinstance(stream, BadSyntax):
        message = f"{FILE} is left alone: {stream.reason}"
        proposal.problems.append(Problem(message, (stream.span,), "error", FILE))
    elif any(_is_ours(node) for root in stream.documents for node in _all(root)):
        proposal.kept.append(f"{FILE} has the hook already")
    else:
        entry = _entry(origin)
        made = with_entry(document, entry)
        if made is not None:
            proposal.change(FILE, made)
            return
        text = "\n".join(entry_lines(entry, USUAL))
        proposal.advice.append(f"{FILE} is written in a way that is not edited; add\n{text}")


def _new_file(proposal: Proposal, origin: Origin | None) -> None:
    names = proposal.workspace.names("")
    other = next((name for name in _OTHER_MANAGERS if name in names), None)
    if other is not None:
        told = f"git hooks are run by {other} here: let its pre-commit run `configguard check`"
        proposal.advice.append(told)
        return
    lines = ["repos:", *entry_lines(_entry(origin), USUAL)]
    proposal.change(FILE, ("\n".join(lines) + "\n").encode())
    proposal.advice.append("`pre-commit install` makes git run the hooks, once in each clone")


def _entry(origin: Origin | None) -> Entry:
    """From the repository of configguard; where that is not known, the installed command."""
    if origin is not None:
        return Entry({"repo": origin.url, "rev": origin.revision}, {"id": "configguard"})
    own: dict[str, str | bool] = {
        "id": "configguard",
        "name": "configguard",
        "entry": "configguard check",
        "language": "system",
        "pass_filenames": False,
    }
    return Entry({"repo": "local"}, own)


def _is_ours(node: Node) -> bool:
    named = isinstance(node, Scalar) and node.text
    return bool(named) and (named in HOOKS or str(named).startswith("configguard "))


def _all(node: Node) -> list[Node]:
    found = [node]
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            found += [*_all(key), *_all(value)]
    elif isinstance(node, Sequence):
        for item in node.items:
            found += _all(item)
    return found
