"""`.gitlab-ci.yml` to jobs and their scripts: includes, defaults, `extends`, matrices.

Facts: GitLab's page on CI/CD YAML syntax; the runner's bash writer (errexit and pipefail are set).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from configguard.project.ci.files import CiFiles
from configguard.project.ci.gitlab_merging import (
    Entry,
    Group,
    Listed,
    Resolver,
    Tree,
    as_tree,
    merged,
)
from configguard.project.ci.gitlab_parts import (
    one_script,
    script_lines,
    service_names,
    timeout_of,
    with_holes,
)
from configguard.project.ci.model import (
    Case,
    Job,
    Level,
    Reached,
    Shell,
    Step,
    Variable,
    fixed_word,
    variable_of,
)
from configguard.source.span import Origin, Span, chain
from configguard.source.workspace import escapes, join
from configguard.syntax.shell_words import unknown_word
from configguard.syntax.yaml_nodes import Scalar

FILE = ".gitlab-ci.yml"
MAX_INCLUDES = 150
"""GitLab follows no more."""
MAX_VARIABLES = 300
MAX_CASES = 200
"""GitLab refuses a matrix of more jobs."""

_GLOBAL = {
    "default", "include", "stages", "variables", "workflow", "image", "services", "cache", "types",
    "before_script", "after_script", "spec",
}  # fmt: skip


class _Case(NamedTuple):
    """One job of `parallel`: the variables it has, and how it is told."""

    variables: Mapping[str, Variable]
    case: Case
    sure: bool = True


def read_gitlab(files: CiFiles) -> tuple[list[Job], list[Step]]:
    """The jobs and scripts of a project's GitLab pipeline."""
    tree, elsewhere = _loaded(files)
    if tree is None:
        return [], []
    jobs: list[Job] = []
    steps: list[Step] = []
    resolver = Resolver(tree)
    defaults = {
        name: Entry(entry.key, resolver.references(entry.value))
        for name, entry in tree.items.items()
        if name in _GLOBAL
    }
    top = Group(defaults, tree.span)
    for name, entry in tree.items.items():
        if name.startswith(".") or name in _GLOBAL or not isinstance(entry.value, Group):
            continue
        whole, missing = resolver.job(name)
        if missing is not None:
            if not elsewhere:
                files.wrong(missing, f"the job `{name}` extends what is not there")
            continue
        if whole.get("script") is not None and files.counted(1, whole.span):
            made = _Job(files, top, name, entry.key, whole, elsewhere)
            jobs.append(made.job)
            steps += made.steps()
    return jobs, steps


def _loaded(files: CiFiles) -> tuple[Group | None, Origin]:
    """The main file over those it includes; where it includes what is not in the repository."""
    elsewhere: list[Span] = []
    seen: set[str] = set()

    def load(file: str) -> Group | None:
        if file in seen or len(seen) >= MAX_INCLUDES:
            return None
        seen.add(file)
        stream = files.stream(file)
        documents = stream.documents if stream is not None else ()
        # `spec:` of inputs stands in a document of its own before the pipeline.
        root = as_tree(documents[-1]) if documents else None
        if root is not None and not isinstance(root, Group):
            files.wrong(root.span, "the file is no mapping")
            return None
        if root is None:
            return None
        below: Group = Group({}, root.span)
        for target, span in _included(root):
            inner = None
            if target is not None and not escapes(target):
                inner = load(target)
            if inner is None:
                elsewhere.append(span)
            else:
                below = merged(below, inner)
        return merged(below, root)

    if files.workspace.is_file(FILE):
        return load(FILE), tuple(elsewhere)
    return None, ()


def _included(root: Group) -> Iterator[tuple[str | None, Span]]:
    """What a file includes: files of the repository, None for others."""
    node = root.get("include")
    items = () if node is None else _items(node)
    for item in items:
        local = item.get("local") if isinstance(item, Group) else item
        text = local.text if isinstance(local, Scalar) else None
        if text is None or "://" in text or any(mark in text for mark in "*$"):
            yield None, item.span
        else:
            yield join("", text.lstrip("/")), item.span


class _Job:
    """One job with all it inherits."""

    def __init__(
        self,
        files: CiFiles,
        tree: Group,
        name: str,
        key: Span,
        whole: Group,
        elsewhere: Origin,
    ) -> None:
        self.files = files
        self.tree = tree
        self.name = name
        self.whole = whole
        self.elsewhere = elsewhere
        default = tree.get("default")
        self.default = default if isinstance(default, Group) else None
        image = self._inherited("image")
        services = self._inherited("services")
        self.job = Job(
            provider="gitlab",
            file=FILE,
            id=name,
            span=key,
            reached=self._reached(),
            timeout=timeout_of(self._inherited("timeout")),
            platform="linux" if image is not None else None,
            container=image is not None,
            services=tuple(service_names(services)),
        )

    def _inherits(self, what: str, name: str) -> bool:
        """Whether the job takes a default or a global variable over (`inherit:`)."""
        inherit = self.whole.get("inherit")
        node = inherit.get(what) if isinstance(inherit, Group) else None
        if isinstance(node, Scalar):
            return node.text.lower() != "false"
        if isinstance(node, Listed):
            return any(isinstance(one, Scalar) and one.text == name for one in node.items)
        return True

    def _inherited(self, name: str) -> Tree | None:
        own = self.whole.get(name)
        if own is not None:
            return own
        if not self._inherits("default", name):
            return None
        found = self.default.get(name) if self.default is not None else None
        outer = self.tree.get(name) if name in _GLOBAL else None
        return found if found is not None else outer

    def _reached(self) -> Reached:
        when = self.whole.get("when")
        text = when.text if isinstance(when, Scalar) else "on_success"
        if text == "never":
            return "never"
        rules = self.whole.get("rules")
        limited = any(self.whole.get(one) is not None for one in ("rules", "only", "except"))
        if isinstance(rules, Listed) and rules.items:
            decided = [one.get("when") for one in rules.items if isinstance(one, Group)]
            texts = [one.text if isinstance(one, Scalar) else "" for one in decided]
            if len(texts) == len(rules.items) and all(one == "never" for one in texts):
                return "never"
        return "maybe" if limited or text not in ("on_success", "always") else "always"

    def steps(self) -> Iterator[Step]:
        """The job's script, with what runs before it in the same shell, for each case."""
        if self.job.reached == "never":
            return
        before = script_lines(self._inherited("before_script"))
        script = script_lines(self.whole.get("script"))
        if script is None:
            self.files.wrong(
                self.whole.span, f"the script of the job `{self.name}` is not followed"
            )
            return
        doubts = () if before is not None else (self.whole.span,)
        text, folder = one_script(before or [], script)
        if text is None:
            return
        seen: dict[tuple[object, ...], Step] = {}
        for one in self._cases():
            environment = {**self._variables(), **one.variables}
            key = tuple((v.name, v.value.text, v.value.reason) for v in environment.values())
            known = seen.get(key)
            cases = (*known.cases, one.case) if known else (one.case,)
            seen[key] = Step(
                job=self.job,
                position="0",
                name=self.name,
                span=self.whole.span,
                script=text,
                shell=Shell("sh" if self.job.container else "bash"),
                environment=environment,
                folder=folder,
                reached=self.job.reached if one.sure else "maybe",
                timeout=None,
                doubts=chain(doubts, self._doubts()),
                cases=cases,
            )
        yield from seen.values()

    def _doubts(self) -> Origin:
        """Rules that may set variables, and files that are not here."""
        rules = self.whole.get("rules")
        items = rules.items if isinstance(rules, Listed) else ()
        setting = [one for one in items if isinstance(one, Group) and one.get("variables")]
        tables = (self.tree.get("variables"), self.whole.get("variables"))
        large = [one for one in tables if isinstance(one, Group) and len(one.items) > MAX_VARIABLES]
        return (*(one.span for one in (*setting, *large)), *self.elsewhere)

    def _variables(self) -> dict[str, Variable]:
        found: dict[str, Variable] = {}
        levels: tuple[tuple[Tree | None, Level], ...] = (
            (self.tree.get("variables"), "workflow"),
            (self.whole.get("variables"), "job"),
        )
        for node, level in levels:
            for name, entry in (node.items if isinstance(node, Group) else {}).items():
                if len(found) > MAX_VARIABLES:
                    break  # a doubt
                if level == "job" or self._inherits("variables", name):
                    made = _variable(name, entry, level)
                    if made is not None:
                        found[name] = made
        return found

    def _cases(self) -> list[_Case]:
        """The jobs that `parallel` makes of this one."""
        node = self.whole.get("parallel")
        if isinstance(node, Scalar):
            text = node.text
            total = int(text) if text.isdigit() and len(text) < 4 else 0
            if not 1 <= total <= MAX_CASES:
                return [_Case({}, (), sure=False)]
            return [_numbered(index, total, node) for index in range(1, total + 1)]
        matrix = node.get("matrix") if isinstance(node, Group) else None
        if matrix is None:
            return [_Case({}, ())]
        found: list[_Case] = []
        for item in matrix.items if isinstance(matrix, Listed) else ():
            entries = item.items if isinstance(item, Group) else {}
            vectors = [
                [(name, one) for one in _items(entry.value)] for name, entry in entries.items()
            ]
            for combined in itertools.islice(itertools.product(*vectors), MAX_CASES + 1):
                variables = {
                    name: made
                    for name, one in combined
                    if (made := _variable(name, Entry(one.span, one), "job")) is not None
                }
                texts = ((name, one.value.text) for name, one in variables.items())
                found.append(_Case(variables, tuple((n, t) for n, t in texts if t is not None)))
        if not found or len(found) > MAX_CASES:
            return [_Case({}, (), sure=False)]
        return found


def _items(node: Tree) -> tuple[Tree, ...]:
    return node.items if isinstance(node, Listed) else (node,)


def _numbered(index: int, total: int, node: Scalar) -> _Case:
    origin = (node.span,)
    variables = {
        name: Variable(name, fixed_word(str(number), origin), "job", origin)
        for name, number in (("CI_NODE_INDEX", index), ("CI_NODE_TOTAL", total))
    }
    return _Case(variables, (("CI_NODE_INDEX", str(index)),))


def _variable(name: str, entry: Entry, level: Level) -> Variable | None:
    """A variable with its value; GitLab puts other variables in where it holds a `$`."""
    node = entry.value
    expands = True
    if isinstance(node, Group):
        wanted, said = node.get("value"), node.get("expand")
        expands = not (isinstance(said, Scalar) and said.text.lower() == "false")
        if not isinstance(wanted, Scalar):
            return None
        node = wanted
    if not isinstance(node, Scalar):
        word = unknown_word("its value is no text", (node.span,))
        return Variable(name, word, level, (node.span,))
    text = with_holes(node)
    if text.known is not None and expands and "$" in text.known:
        word = unknown_word("GitLab puts other variables in", text.origin)
        return Variable(name, word, level, text.origin)
    return variable_of(name, text, level)
