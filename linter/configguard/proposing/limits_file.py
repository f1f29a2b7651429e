"""The limits file, where the project has none."""

from __future__ import annotations

from collections.abc import Iterable

from configguard.limits.limits import FILE
from configguard.proposing.origin import Origin
from configguard.proposing.proposal import Proposal

SCHEMA = "resource-limits.schema.json"
_TEXT = """\
{
  "$schema": "%s",
  "resourceLimits": {
    "maxConcurrentTests": 1,
    "maxMemoryMB": 2048,
    "maxCPUPercent": 70,
    "maxRetries": 1,
    "maxWallSeconds": 1800
  },
  "timeouts": {
    "testMs": 30000,
    "hookMs": 30000,
    "globalMs": 1800000
  },
  "monitoring": {
    "autoKillOnExceed": true
  }
}
"""


def propose_limits(proposal: Proposal, origin: Origin | None, sources: Iterable[str]) -> None:
    """Add the file with the numbers of the incident. `sources`: the limits files that count now."""
    there = sorted(set(sources))
    if proposal.document(FILE) is not None:
        proposal.kept.append(f"{FILE} is there, and is kept as it is")
    elif there:
        # A number of the root's file may not lie below one of a nearer file.
        proposal.kept.append(f"limits stand in {', '.join(there)}: no file is added at the root")
    else:
        address = origin.raw(f"schema/{SCHEMA}") if origin is not None else None
        address = address or f"https://configguard.invalid/{SCHEMA}"
        proposal.change(FILE, (_TEXT % address).encode())
