"""The CI step: a small workflow of its own on GitHub, words for other services."""

from __future__ import annotations

import posixpath

from configguard.proposing.origin import Origin
from configguard.proposing.proposal import Proposal
from configguard.source.document import Document

FILE = ".github/workflows/configguard.yml"
_FOLDER = ".github/workflows"
_WORKFLOW = """\
name: configguard
on: [push, pull_request]
permissions:
  contents: read
jobs:
  configguard:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v5
{steps}"""
_OTHERS = {
    ".gitlab-ci.yml": "a job that writes `configguard check . --output-format gitlab` to an "
    "artifact `reports: codequality`",
    "azure-pipelines.yml": "a step that runs `configguard check .`",
}
_HOW = "`configguard init --source URL`, with the git repository that holds it"


def propose_pipeline(proposal: Proposal, origin: Origin | None) -> None:
    """Add a workflow of its own, which touches no other; elsewhere say what to add."""
    if _names_us(proposal, [FILE, *_workflows(proposal)], "is run by"):
        return
    if _is_on_github(proposal):
        if proposal.document(FILE) is not None:
            proposal.kept.append(f"{FILE} is there, and is kept as it is")
        elif origin is None or not origin.url.startswith("https://"):
            proposal.advice.append(
                "no CI step is proposed, as it is not known where CI can take configguard from: "
                + _HOW
            )
        else:
            proposal.change(FILE, _WORKFLOW.format(steps=_steps(origin)).encode())
        return
    for file, what in _OTHERS.items():
        if proposal.workspace.is_file(file):
            if not _names_us(proposal, [file], "is run by"):
                install = f'`pip install "{origin.requirement}"`, then ' if origin else ""
                proposal.advice.append(f"{file} is not edited; add {install}{what}")
            return
    proposal.advice.append(
        "no CI file was found: let CI run `configguard check .`, whose exit code fails the job"
    )


def _steps(origin: Origin) -> str:
    name = origin.github
    if name is not None:
        return f"      - uses: {name}@{origin.revision}\n"
    return (
        f'      - run: pipx install "{origin.requirement}"\n'
        "      - run: configguard check . --output-format github\n"
    )


def _workflows(proposal: Proposal) -> list[str]:
    return [
        posixpath.join(_FOLDER, name)
        for name in sorted(proposal.workspace.names(_FOLDER))
        if name.endswith((".yml", ".yaml"))
    ]


def _names_us(proposal: Proposal, files: list[str], how: str) -> bool:
    """Whether a CI file has something to do with configguard already."""
    for file in files:
        found = proposal.workspace.read(file)
        if isinstance(found, Document) and b"configguard" in found.data:
            proposal.kept.append(f"configguard {how} {file} already")
            return True
    return False


def _is_on_github(proposal: Proposal) -> bool:
    """Whether workflows are there; or, where no other service is, something else of GitHub."""
    if _workflows(proposal):
        return True
    if any(proposal.workspace.is_file(file) for file in _OTHERS):
        return False
    if ".github" in proposal.workspace.names(""):
        return True
    config = proposal.workspace.read(".git/config")
    return isinstance(config, Document) and b"github.com" in config.data
