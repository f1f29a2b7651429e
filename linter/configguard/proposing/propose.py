"""All parts of a proposal, for one project."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Collection
from pathlib import Path

from configguard.checking.session import Judgement, Session
from configguard.proposing.hook import propose_hook
from configguard.proposing.limits_file import propose_limits
from configguard.proposing.origin import Origin
from configguard.proposing.pipeline import propose_pipeline
from configguard.proposing.proposal import CannotRead, Proposal
from configguard.proposing.scripts import broken_manifest, propose_scripts

PARTS = ("limits", "scripts", "pre-commit", "ci")


def proposed(
    session: Session, judgement: Judgement, parts: Collection[str], origin: Origin | None
) -> Proposal:
    """What would put the project under guard."""
    proposal = Proposal(session.workspace)
    proposal.problems += judgement.problems
    try:
        broken = broken_manifest(proposal, "")
    except CannotRead as fault:
        proposal.refuse(fault)
        return proposal
    if broken is not None:
        proposal.problems.append(broken)
        return proposal
    sources = {source for limits in judgement.limits.values() for source in limits.source}
    steps: dict[str, Callable[[], None]] = {
        "limits": lambda: propose_limits(proposal, origin, sources),
        "scripts": lambda: propose_scripts(proposal, judgement.configs, session.ways),
        "pre-commit": lambda: propose_hook(proposal, origin),
        "ci": lambda: propose_pipeline(proposal, origin),
    }
    above = _repository_above(session.workspace.root)
    for part in PARTS:
        if part not in parts:
            continue
        if part in ("pre-commit", "ci") and above is not None:
            told = f"git and CI look for the {part} file at the top of the repository, {above}"
            proposal.advice.append(f"{told}: run `configguard init` there for it")
            continue
        try:
            steps[part]()
        except CannotRead as fault:
            proposal.refuse(fault)
    return proposal


def _repository_above(root: Path) -> str | None:
    """How the top of the git repository is reached, where the root lies below it."""
    if os.path.lexists(root / ".git"):
        return None
    for depth, above in enumerate(root.parents, 1):
        if os.path.lexists(above / ".git"):
            return posixpath.join(*[".."] * depth)
    return None
