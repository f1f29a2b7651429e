"""package.json (and other JSON of package managers) to objects, version ranges and their places."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from configguard.project.problems import PathProblem
from configguard.source.document import BOM, Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import MAX_LOCK_BYTES, Trouble, Unreadable, Workspace

_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
_PEERS = "peerDependencies"
_NOTHING_TO_TELL = (Trouble.MISSING, Trouble.NOT_A_FILE, Trouble.OUTSIDE)

MAX_MANIFEST_BYTES = 5_000_000
"""A package.json is written by hand; as a tree of objects this may take 100 MB."""
_NEAR = 400
"""Between `"node_modules/vitest": {` and its version stand a name and perhaps a licence."""

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


class Declared(NamedTuple):
    """The range that a package.json gives for a package; `is_peer`: it does not install it."""

    range: str
    at: Origin
    is_peer: bool


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


def declared(workspace: Workspace, folder: str, package: str) -> Declared | PathProblem | None:
    """What the package.json of one folder says of a package, what installs it first."""
    file = f"{folder}/package.json" if folder else "package.json"
    manifest = read_json(workspace, file)
    if manifest is None or isinstance(manifest, PathProblem):
        return manifest
    for section in (*_SECTIONS, _PEERS):
        listed = manifest.get(section)
        text = listed.get(package) if isinstance(listed, dict) else None
        if isinstance(text, str):
            document = workspace.read(file, MAX_LOCK_BYTES)
            at = value_at(document, (section, package), text)
            return Declared(text, at, section == _PEERS)
    return None


def value_at(document: Document | Unreadable, keys: tuple[str, ...], value: str) -> Origin:
    """Where a string value stands in JSON, best effort: after its keys, one after another."""
    if isinstance(document, Document):
        return _value_in(document, keys, value)
    return (Span(document.file, 0, 0),)


@once_per_document
def _value_in(document: Document, keys: tuple[str, ...], value: str) -> Origin:
    at = 0
    for key in keys:
        found = document.data.find(_quoted(key) + b":", at)
        if found == -1:
            return (Span(document.file, 0, 0),)
        at = found + len(_quoted(key))
    text = _quoted(value)
    start = document.data.find(text, at)
    # Farther away it is somebody else's value.
    if start == -1 or start - at > _NEAR:
        return (Span(document.file, 0, 0),)
    return (Span(document.file, start, start + len(text)),)


def problem_at(document: Document, message: str, start: int, end: int | None = None) -> PathProblem:
    """A problem with a place in a document: `message` comes after the file and the line."""
    line = document.position(start).line
    at = (Span(document.file, start, start if end is None else end),)
    return PathProblem(f"{document.file}, line {line}: {message}", document.file, at=at)


def _quoted(text: str) -> bytes:
    import json

    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")
