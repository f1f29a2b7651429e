"""The steps of a GitHub job, one after another, with those of the repository's own actions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from configguard.project.ci.expressions import Contexts, Opaque, Value
from configguard.project.ci.files import CiFiles
from configguard.project.ci.github_parts import condition, least, read_environment, timeout_of
from configguard.project.ci.model import Job, Reached, Shell, Step, Variable
from configguard.project.ci.texts import Text, github_text
from configguard.project.ci.written import written
from configguard.resources import table
from configguard.source.span import Origin, Span, chain
from configguard.source.workspace import escapes, join
from configguard.syntax.shell_state import Folder
from configguard.syntax.shell_words import unknown_word
from configguard.syntax.yaml_nodes import Mapping as Map
from configguard.syntax.yaml_nodes import Node, Scalar

MAX_ACTIONS = 10
"""Actions that use each other are followed so deep, as GitHub does."""

MAX_SHELL = 200
"""Characters of a `shell:`."""

_WORKSPACE = re.compile(r"\$\{\{\s*github\.workspace\s*\}\}(?:/|$)")
_ERREXIT = re.compile(r"(?:^|\s)(?:-[a-zA-Z]*e[a-zA-Z]*|-o\s+errexit)(?=\s|$)")


@dataclass
class Surroundings:
    """What holds around the next step of a job: it changes from step to step.

    `image`: variables of the container; `shared`: those of workflow, job, and what steps wrote.
    `overrides`: those of the steps that use the action under way. `prefix`: its place in the job.
    """

    job: Job
    contexts: Contexts
    image: Mapping[str, Variable]
    shared: dict[str, Variable]
    doubts: Origin
    defaults: Map | None
    overrides: Mapping[str, Variable] = field(default_factory=dict)
    reached: Reached = "always"
    prefix: str = ""
    actions: tuple[str, ...] = ()
    foreign: dict[str, Span] = field(default_factory=dict)
    own: str = ""

    def environment(self, step: Mapping[str, Variable]) -> dict[str, Variable]:
        """All variables that CI files set for a step."""
        return {**self.image, **self.shared, **self.overrides, **step}

    def inner(self, step: Mapping[str, Variable]) -> Contexts:
        """What the expressions of a step may ask."""
        known = {**self.shared, **self.overrides, **step}

        def variable(name: str) -> Value:
            found = known.get(name)
            if found is None:
                if self.doubts:
                    return Value(Opaque(f"an action before may set `env.{name}`"))
                return Value(None)
            word = found.value
            text = Opaque(str(word.reason)) if word.text is None else word.text
            return Value(text, found.origin)

        runner = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}

        def machine(name: str) -> Value:
            if name.lower() == "os" and self.job.platform is not None:
                return Value(runner[self.job.platform])
            return Value(Opaque(f"`runner.{name}` is known only when the workflow runs"))

        return {**self.contexts, "env": variable, "runner": machine}


def read_steps(files: CiFiles, nodes: tuple[Node, ...], around: Surroundings) -> Iterator[Step]:
    """The steps that run scripts, in order. Raises BadExpression."""
    if not files.counted(len(nodes), around.job.span):
        return
    for index, node in enumerate(nodes):
        step = files.expect(node, "a step")
        if step is None:
            continue
        own = read_environment(files, step.get("env"), around.inner({}), "step")
        if own is None:
            around.doubts = chain(around.doubts, (step.span,))
        place = f"{around.prefix}{index}"
        contexts = around.inner(own or {})
        reached = least(around.reached, condition(step.get("if"), contexts))
        if reached == "never":
            continue
        if step.get("run") is not None:
            made = _run(files, step, around, own or {}, place, reached)
            if made is not None:
                yield made
                _remember(around, made)
        elif isinstance(uses := step.get("uses"), Scalar):
            yield from _use(files, step, uses, around, own or {}, place, reached)


def _remember(around: Surroundings, step: Step) -> None:
    left = written(step)
    for one in left.variables:
        around.shared[one.name] = one
    around.doubts = chain(around.doubts, left.doubts)


def _run(
    files: CiFiles,
    node: Map,
    around: Surroundings,
    own: Mapping[str, Variable],
    place: str,
    reached: Reached,
) -> Step | None:
    script = node.get("run")
    if not isinstance(script, Scalar):
        files.wrong(script or node, "`run` is no text")
        return None
    contexts = around.inner(own)
    text = github_text(script, contexts)
    shell = node.get("shell") or _default(around, "shell")
    folder = node.get("working-directory") or _default(around, "working-directory")
    return _step(
        node,
        around,
        own,
        place,
        reached,
        script=text,
        shell=_shell(shell, around.job, contexts),
        folder=_folder(folder, around, contexts),
    )


def _step(
    node: Map,
    around: Surroundings,
    own: Mapping[str, Variable],
    place: str,
    reached: Reached,
    *,
    script: Text,
    shell: Shell,
    folder: Folder,
) -> Step:
    name = node.get("name")
    return Step(
        job=around.job,
        position=place,
        name=name.text if isinstance(name, Scalar) else None,
        span=node.span,
        script=script,
        shell=shell,
        environment=around.environment(own),
        folder=folder,
        reached=reached,
        timeout=timeout_of(node.get("timeout-minutes"), around.inner(own)),
        doubts=around.doubts,
    )


def _default(around: Surroundings, name: str) -> Node | None:
    """What `defaults.run` says; in an action it counts nothing (ScriptHandler.cs)."""
    return around.defaults.get(name) if around.defaults and not around.actions else None


def _shell(node: Node | None, job: Job, contexts: Contexts) -> Shell:
    """What reads a script: bash or sh is followed."""
    if not isinstance(node, Scalar):
        if job.platform == "win32":
            return Shell("pwsh", True, "the script is for pwsh, which is not read")
        return Shell("sh" if job.container else "bash")
    text = github_text(node, contexts).known
    if text is None or len(text) > MAX_SHELL:
        return Shell(node.text[:MAX_SHELL], True, "which shell reads the script is not known")
    command, _, arguments = text.partition(" ")
    name = posixpath.basename(command).lower()
    if name not in ("bash", "sh", "dash"):
        return Shell(text, True, f"the script is for {name}, which is not read")
    plain = not arguments.strip()
    return Shell(text, plain or _ERREXIT.search(arguments) is not None)


def _folder(node: Node | None, around: Surroundings, contexts: Contexts) -> Folder:
    """The folder of a step, seen from the root of the repository."""
    if not isinstance(node, Scalar) or node.is_null:
        return _in_checkout("", around, ())
    if _WORKSPACE.match(node.text):
        elsewhere = contexts["github"]
        assert callable(elsewhere)
        contexts = {
            **contexts,
            "github": lambda name: Value(".") if name == "workspace" else elsewhere(name),
        }
    text = github_text(node, contexts)
    if text.known is None:
        return Folder(None, text.reason, text.origin)
    return _in_checkout(text.known, around, text.origin)


def _in_checkout(path: str, around: Surroundings, origin: Origin) -> Folder:
    """A folder of the job's workspace as one of the repository, by where that was checked out."""
    folder = posixpath.normpath(path) if path else ""
    folder = "" if folder == "." else folder
    if escapes(folder or "."):
        return Folder(None, "it lies outside of the checkout", origin)
    for foreign, span in around.foreign.items():
        if folder == foreign or folder.startswith(f"{foreign}/") or not foreign:
            return Folder(None, "another repository may be checked out there", (*origin, span))
    own = around.own
    if own and folder != own and not folder.startswith(f"{own}/"):
        return Folder(None, f"the repository is checked out in {own!r}, not there", origin)
    return Folder(folder[len(own) :].lstrip("/"), None, origin)


def _use(
    files: CiFiles,
    node: Map,
    uses: Scalar,
    around: Surroundings,
    own: Mapping[str, Variable],
    place: str,
    reached: Reached,
) -> Iterator[Step]:
    """A step that uses an action: one of the repository is read, some others are known."""
    name = uses.text
    given = files.expect(node.get("with"), "`with`")
    if name.startswith("./"):
        yield from _own_action(files, node, uses, given, around, own, place, reached)
        return
    if name.startswith("docker://"):
        return
    known = _actions().get(name.partition("@")[0].lower())
    if name.partition("@")[0].lower() == "actions/checkout":
        _checked_out(node, given, around)
    if known is None:
        if not _exports_nothing(name, given):
            around.doubts = chain(around.doubts, (node.span,))
        return
    command = given.get(known["runs"]) if "runs" in known and given else None
    if given is not None and isinstance(command, Scalar):
        shell = given.get("shell")
        made = _shell(shell, around.job, around.inner(own))._replace(errexit=False)
        yield _step(
            node,
            around,
            own,
            place,
            reached,
            script=github_text(command, around.inner(own)),
            shell=made,
            folder=_in_checkout("", around, ()),
        )
    if "if-given" in known and (given is None or given.get(known["if-given"]) is None):
        return
    for exported in known["exports"]:
        origin = (node.span,)
        word = unknown_word(f"the action {name.partition('@')[0]} sets it", origin)
        around.shared[exported] = Variable(exported, word, "written", origin)


def _actions() -> dict[str, Any]:
    found: dict[str, Any] = table("project/ci/services")["github"]["actions"]
    return found


def _exports_nothing(name: str, given: Map | None) -> bool:
    """Whether it is a script that exports no variable."""
    script = given.get("script") if given else None
    return (
        name.lower().startswith("actions/github-script@")
        and isinstance(script, Scalar)
        and "exportVariable" not in script.text
        and "require" not in script.text
    )


def _checked_out(node: Map, given: Map | None, around: Surroundings) -> None:
    """Where a checkout puts this repository, or another one."""
    repository, path = (given.get("repository"), given.get("path")) if given else (None, None)
    folder = path.text if isinstance(path, Scalar) else ""
    folder = "" if posixpath.normpath(folder) == "." else posixpath.normpath(folder)
    other = isinstance(repository, Scalar) and "${{" not in repository.text
    if "${{" in folder or escapes(folder or ".") or other:
        around.foreign[folder] = node.span
    else:
        around.foreign.pop(folder, None)
        around.own = folder


def _own_action(
    files: CiFiles,
    node: Map,
    uses: Scalar,
    given: Map | None,
    around: Surroundings,
    own: Mapping[str, Variable],
    place: str,
    reached: Reached,
) -> Iterator[Step]:
    """The steps of a composite action of the repository."""
    folder = join("", uses.text)
    seen_from_root = _in_checkout(folder, around, (uses.span,)).path
    file, root = "", None
    for name in ("action.yml", "action.yaml"):
        file = join(seen_from_root or "", name)
        if root is None and seen_from_root is not None and not escapes(file):
            root = files.mapping(file)
    runs = files.expect(root.get("runs") if root else None, "`runs`")
    using = runs.get("using") if runs else None
    composite = isinstance(using, Scalar) and using.text.lower() == "composite"
    if not composite or folder in around.actions or len(around.actions) >= MAX_ACTIONS:
        around.doubts = chain(around.doubts, (node.span,))
        return
    declared = files.expect(root.get("inputs") if root else None, "`inputs`")
    inputs = _inputs(declared, given, around.inner(own))
    inside = Surroundings(
        job=around.job,
        contexts={**_without_secrets(around.contexts), "inputs": inputs},
        image=around.image,
        shared=around.shared,
        doubts=around.doubts,
        defaults=None,
        overrides={**around.overrides, **own},
        reached=reached,
        prefix=f"{place}.",
        actions=(*around.actions, folder),
        foreign=around.foreign,
        own=around.own,
    )
    steps = files.listed(runs.get("steps") if runs else None, "`runs.steps`")
    yield from read_steps(files, steps, inside)
    around.doubts, around.own = inside.doubts, inside.own


def _without_secrets(contexts: Contexts) -> Contexts:
    return {name: value for name, value in contexts.items() if name not in ("secrets", "vars")}


def _inputs(declared: Map | None, given: Map | None, contexts: Contexts) -> Callable[[str], Value]:
    """What `inputs.x` is in an action: all inputs are texts."""
    defaults = {
        name.lower(): one for name, (_, one) in (declared.entries if declared else {}).items()
    }
    passed = {name.lower(): one for name, (_, one) in (given.entries if given else {}).items()}

    def found(name: str) -> Value:
        node = passed.get(name.lower())
        if node is None:
            described = defaults.get(name.lower())
            node = described.get("default") if isinstance(described, Map) else None
        if not isinstance(node, Scalar):
            return Value("")
        text = github_text(node, contexts)
        return Value(Opaque(str(text.reason)) if text.known is None else text.known, text.origin)

    return found
