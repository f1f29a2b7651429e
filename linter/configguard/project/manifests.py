"""package.json and small YAML files of package managers: their data, and its places."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from configguard.project.json_entries import Reader
from configguard.project.problems import PathProblem
from configguard.source.document import BOM, Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import MAX_LOCK_BYTES, Trouble, Unreadable, Workspace
from configguard.syntax.trees import BadSyntax
from configguard.syntax.yaml_nodes import Mapping, Node, read_yaml

SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
_NOTHING_TO_TELL = (Trouble.MISSING, Trouble.NOT_A_FILE, Trouble.OUTSIDE)

MAX_MANIFEST_BYTES = 5_000_000
"""A package.json is written by hand; as a tree of objects this may take 100 MB."""

P = ParamSpec("P")
Answer = TypeVar("Answer")


def once_per_document(
    function: Callable[Concatenate[Document, P], Answer],
) -> Callable[Concatenate[Document, P], Answer]:
    """Keep what a function makes of a document as long as the document lives.

    A monorepo's lock file is asked once per suite, and may hold megabytes.
    """
    kept: WeakKeyDictionary[Document, dict[object, Answer]] = WeakKeyDictionary()

    @wraps(function)
    def remembered(document: Document, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        answers = kept.setdefault(document, {})
        key = (args, tuple(kwargs.items()))
        if key not in answers:
            answers[key] = function(document, *args, **kwargs)
        return answers[key]

    return remembered


def read_text(workspace: Workspace, file: str) -> Document | PathProblem | None:
    """A file of a package manager; None where there is none to be read."""
    document = workspace.read(file, MAX_LOCK_BYTES)
    if isinstance(document, Unreadable):
        if document.trouble in _NOTHING_TO_TELL:
            return None
        return PathProblem(f"{file}: {document.reason}", file)
    return document


def read_json(workspace: Workspace, file: str) -> dict[str, Any] | PathProblem | None:
    """The object in a JSON file; None where there is no such file."""
    document = read_text(workspace, file)
    return json_of(document) if isinstance(document, Document) else document


@once_per_document
def json_of(document: Document) -> dict[str, Any] | PathProblem:
    """The object that a JSON document holds."""
    import json

    if len(document.data) > MAX_MANIFEST_BYTES:
        limit = f"{MAX_MANIFEST_BYTES / 1e6:g} MB"
        return PathProblem(f"{document.file}: it is larger than {limit}", document.file)
    text = document.data.removeprefix(BOM).decode("utf-8")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        start = len(document.bom) + len(text[: error.pos].encode())
        return problem_at(document, f"it is not JSON: {error.msg}", start)
    except RecursionError:
        return problem_at(document, "it is nested too deeply to be read", 0)
    except ValueError as error:  # an integer of thousands of digits
        return problem_at(document, f"it cannot be read: {error}", 0)
    if not isinstance(value, dict):
        return problem_at(document, "it holds no JSON object", 0)
    return value


@once_per_document
def place(document: Document, *keys: str) -> Origin:
    """Where the value behind keys of a JSON document stands; its start where it has none such."""
    span = Reader(document).span(keys)
    return (Span(document.file, 0, 0) if span is None else span,)


def yaml_at(document: Document, *keys: str) -> Node | PathProblem | None:
    """What stands behind keys of a YAML document, one inside another; None where nothing does."""
    found = _yaml(document)
    for key in keys:
        if isinstance(found, PathProblem):
            return found
        found = found.merged.get(key) if isinstance(found, Mapping) else None
    return found


@once_per_document
def _yaml(document: Document) -> Node | PathProblem | None:
    stream = read_yaml(document)
    if isinstance(stream, BadSyntax):
        return problem_at(document, stream.reason, stream.span.start)
    return stream.documents[0] if stream.documents else None


def problem_at(document: Document, message: str, start: int, end: int | None = None) -> PathProblem:
    """A problem with a place in a document: `message` comes after the file and the line."""
    line = document.position(start).line
    at = (Span(document.file, start, start if end is None else end),)
    return PathProblem(f"{document.file}, line {line}: {message}", document.file, at=at)
