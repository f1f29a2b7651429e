"""CI files of a test, and what is read from them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

from configguard.project.ci.files import CiFiles
from configguard.project.ci.model import Job, Reading, Step
from configguard.source.workspace import Workspace
from configguard.syntax.shell_words import Word

Reader = Callable[[CiFiles], tuple[list[Job], list[Step]]]
WORKFLOW = ".github/workflows/ci.yml"


def written(root: Path, files: Mapping[str, str]) -> Workspace:
    """A workspace with these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text), encoding="utf-8", newline="")
    return Workspace(root)


def reading(root: Path, reader: Reader, files: Mapping[str, str]) -> Reading:
    """What a reader finds in these files."""
    found = CiFiles(written(root, files))
    jobs, steps = reader(found)
    return Reading(tuple(jobs), tuple(steps), tuple(found.problems))


def shown(word: Word | None) -> str:
    """A word's text; one that is not known as its start and `?`."""
    if word is None:
        return "unset"
    return word.text if word.text is not None else f"{word.start}?"


def lines(step: Step) -> list[str]:
    """The commands of a step, a line each: `folder$ words`."""
    script = step.commands()
    if script is None:
        return [f"! {step.shell.reason}"]
    made = []
    for one in script.commands:
        base, inner = step.folder.path, one.folder.path
        where = "?" if base is None or inner is None else "/".join(filter(None, (base, inner)))
        made.append(f"{where}$ {' '.join(shown(word) for word in one.words)}")
    if script.bad is not None:
        made.append(f"! {script.bad.reason}")
    return made


def env(step: Step) -> str:
    """The variables of a step: `A=b@level`."""
    found = step.environment.values()
    return " ".join(f"{one.name}={shown(one.value)}@{one.level}" for one in found)
