"""CI files read as YAML: what is wrong with one is a problem, and hides nothing else."""

from __future__ import annotations

from configguard.project.problems import PathProblem
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import Trouble, Unreadable, Workspace, join
from configguard.syntax.trees import BadSyntax
from configguard.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, Stream, read_yaml

MAX_STEPS = 5_000
"""Jobs and steps of all CI files, each counted for each job of a matrix; of 82 repositories the
largest had 2,293."""

AZURE_FOLDERS = ("", ".azure-pipelines", ".azure", ".azuredevops", "build", "ci")
"""Where Azure's pipelines lie by custom; the service takes any path."""

_SILENT = (Trouble.MISSING, Trouble.NOT_A_FILE)


class CiFiles:
    """The CI files of a workspace, each read once, with the problems met so far."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.problems: dict[PathProblem, None] = {}
        self._count = 0
        self._read: dict[str, Stream | None] = {}

    def stream(self, file: str) -> Stream | None:
        """The nodes of a file; None where it is none, or broken (which is then a problem)."""
        if file not in self._read:
            self._read[file] = self._stream(file)
        return self._read[file]

    def mapping(self, file: str) -> Mapping | None:
        """The mapping that a file holds."""
        stream = self.stream(file)
        if stream is None or not stream.documents:
            return None
        root = stream.documents[0]
        if len(stream.documents) > 1:
            self.wrong(stream.documents[1], "a second document is not read")
        return self.expect(root, "the file")

    def expect(self, node: Node | None, what: str) -> Mapping | None:
        """A node as mapping; another one is a problem, none or null is not."""
        if node is None or isinstance(node, Mapping):
            return self._once(node)
        if isinstance(node, Scalar) and node.is_null:
            return None
        self.wrong(node, f"{what} is no mapping")
        return None

    def listed(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """The items of a sequence; another node is a problem, none or null is not."""
        if isinstance(node, Sequence):
            return node.items
        if node is not None and not (isinstance(node, Scalar) and node.is_null):
            self.wrong(node, f"{what} is no list")
        return ()

    def wrong(self, node: Node | Span, message: str) -> None:
        """Keep a problem with a place."""
        span = node if isinstance(node, Span) else node.span
        document = self.workspace.read(span.file)
        line = document.position(span.start).line if isinstance(document, Document) else 1
        text = f"{span.file}, line {line}: {message}"
        self.problems[PathProblem(text, span.file, "warning", at=(span,))] = None

    def counted(self, more: int, at: Span) -> bool:
        """Count jobs and steps; false where there are too many of them."""
        self._count += more
        if self._count - more <= MAX_STEPS < self._count:
            self.wrong(at, f"more than {MAX_STEPS} jobs and steps are not followed")
        return self._count <= MAX_STEPS

    def names(self, folder: str, endings: tuple[str, ...]) -> list[str]:
        """The files of a folder whose names end so."""
        entries = self.workspace.entries(folder)
        found = [join(folder, one.name) for one in entries if one.name.endswith(endings)]
        return [file for file in found if self.workspace.is_file(file)]

    def _stream(self, file: str) -> Stream | None:
        document = self.workspace.read(file)
        if isinstance(document, Unreadable):
            if document.trouble not in _SILENT:
                self.problems[PathProblem(f"{file}: {document.reason}", file)] = None
            return None
        found = read_yaml(document)
        if isinstance(found, BadSyntax):
            line = document.position(found.span.start).line
            text = f"{file}, line {line}: {found.reason}"
            self.problems[PathProblem(text, file, at=(found.span,))] = None
            return None
        return found

    def _once(self, node: Mapping | None) -> Mapping | None:
        if node is not None and node.repeated is not None:
            self.wrong(node.repeated, f"`{node.repeated.text}` stands here twice; the last counts")
        return node
