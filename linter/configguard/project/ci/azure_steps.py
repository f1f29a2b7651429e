"""The steps of Azure Pipelines: the script of a task, what reads it, and where it runs."""

from __future__ import annotations

import re

from configguard.project.ci.azure_texts import Values, azure_text
from configguard.project.ci.model import Job, Platform, Shell, Timeout
from configguard.project.ci.texts import Text
from configguard.source.text_map import Piece, TextMap
from configguard.source.workspace import escapes, join
from configguard.syntax.shell_state import Folder
from configguard.syntax.yaml_nodes import Mapping as Map
from configguard.syntax.yaml_nodes import Node, Scalar

_ROOT = re.compile(r"^\$\((?:System\.DefaultWorkingDirectory|Build\.SourcesDirectory)\)(?:/|$)")
_PLATFORMS: tuple[tuple[str, Platform], ...] = (
    ("ubuntu", "linux"),
    ("linux", "linux"),
    ("windows", "win32"),
    ("vs2", "win32"),
    ("macos", "darwin"),
)


def script_of(node: Map, job: Job, values: Values) -> tuple[Text, Shell, Node | None] | None:
    """The script of a step, what reads it, and where it runs."""
    plain = Shell("bash", errexit=False)  # neither task passes -e (their sources)
    batch = Shell("cmd", False, "the script is for cmd, which is not read")
    on_windows = job.platform == "win32"
    for key, shell in (("script", batch if on_windows else plain), ("bash", plain)):
        text = node.get(key)
        if isinstance(text, Scalar):
            return azure_text(text, values), shell, node.get("workingDirectory")
    for key in ("pwsh", "powershell"):
        text = node.get(key)
        if isinstance(text, Scalar):
            reason = f"the script is for {key}, which is not read"
            return azure_text(text, values), Shell(key, False, reason), node.get("workingDirectory")
    task, inputs = node.get("task"), node.get("inputs")
    name = task.text.partition("@")[0].lower() if isinstance(task, Scalar) else ""
    if not isinstance(inputs, Map):
        return None
    given = {key.lower(): value for key, (_, value) in inputs.entries.items()}
    folder = given.get("workingdirectory") or given.get("workingdir") or given.get("cwd")
    script = given.get("script")
    if name in ("bash", "cmdline") and isinstance(script, Scalar):
        shell = batch if on_windows and name == "cmdline" else plain
        return azure_text(script, values), shell, folder
    custom = given.get("customcommand")
    if name == "npm" and isinstance(custom, Scalar):
        return _behind("npm ", azure_text(custom, values)), plain, folder
    return None


def _behind(name: str, text: Text) -> Text:
    """A text behind the name of the command that a task runs with it."""
    size = len(name)
    span = text.at.span(0, 0)
    pieces = (one._replace(start=one.start + size, end=one.end + size) for one in text.at.pieces)
    at = TextMap(text.at.file, [Piece(0, size, span.start, span.start, True), *pieces])
    holes = tuple((low + size, high + size, why) for low, high, why in text.holes)
    return Text(name.encode() + text.data, at, holes, text.origin)


def folder_of_step(node: Node | None, checkouts: int, job: Job, values: Values) -> Folder:
    """The folder of a step, seen from the root of the repository."""
    if checkouts > 1:
        reason = "several repositories are checked out, each in a folder of its own"
        return Folder(None, reason, (job.span,))
    if not isinstance(node, Scalar):
        return Folder()
    cut = _ROOT.match(node.text)
    text = azure_text(node, values)
    if cut is not None:
        text = text.part(len(cut[0].encode()), len(text.data))
    if text.known is None:
        return Folder(None, text.reason, text.origin)
    path = join("", text.known)
    if escapes(path):
        return Folder(None, "it lies outside of the checkout", text.origin)
    return Folder("" if path == "." else path, None, text.origin)


def timeout_of(node: Node | None, values: Values) -> Timeout | None:
    """What a `timeoutInMinutes` says."""
    if not isinstance(node, Scalar):
        return None
    text = azure_text(node, values)
    if text.known is None:
        return Timeout(None, text.reason, text.origin)
    if not re.fullmatch(r"\d{1,9}(?:\.\d+)?", text.known):
        return Timeout(None, "it is no number", text.origin)
    return Timeout(float(text.known), None, text.origin)


def platform_of(pool: Node | None, values: Values) -> Platform | None:
    """The platform of a pool's image."""
    image = pool.get("vmImage") if isinstance(pool, Map) else None
    text = azure_text(image, values).known if isinstance(image, Scalar) else None
    for part, platform in _PLATFORMS:
        if text is not None and part in text.lower():
            return platform
    return None


def environment_name(name: str) -> str:
    """The environment variable that a pipeline variable becomes."""
    return re.sub(r"[. ]", "_", name).upper()
