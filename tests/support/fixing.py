"""Projects given as texts, fixed in memory: nothing lies on the disk."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from configguard.checking.session import Judgement, Options, Session
from configguard.fixing.apply import fix_all
from configguard.fixing.idle import Fixed
from configguard.ruleset.rule import builtin_rules
from configguard.source.workspace import Workspace

RULES = builtin_rules()
EMPTY = Path(tempfile.gettempdir()) / "configguard-no-such-folder"


def installed(**versions: str) -> dict[str, str]:
    """The packages of runners in node_modules: `vitest="3.2.7"`."""
    names = {"playwright": "@playwright/test"}
    return {
        f"node_modules/{names.get(name, name)}/package.json": json.dumps(
            {"name": names.get(name, name), "version": version}
        )
        for name, version in versions.items()
    }


def session_of(files: Mapping[str, str | bytes], *, cpus: int = 8) -> Session:
    """A check of files that are only held in memory."""
    overlay = {
        name: text.encode() if isinstance(text, str) else text for name, text in files.items()
    }
    rules = tuple(RULES.values())
    options = Options(rules, cpus=cpus, all_facts=True, every=RULES)
    return Session(Workspace(EMPTY, overlay), options)


def judged(
    files: Mapping[str, str | bytes], paths: Sequence[str], *, cpus: int = 8
) -> tuple[Session, Judgement]:
    """The files judged, the configs at these paths."""
    session = session_of(files, cpus=cpus)
    return session, session.judge(paths)


def fixed(files: Mapping[str, str | bytes], *paths: str, unsafe: bool = False) -> Fixed:
    """What fixing makes of the configs at these paths."""
    session, judgement = judged(files, paths)
    return fix_all(session, judgement, unsafe=unsafe)
