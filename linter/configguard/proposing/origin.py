"""Where hooks and CI steps can take configguard from: a git repository and a revision of it.

The name on PyPI belongs to another project (docs/decisions/0002): an address is never guessed.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from configguard import __version__

_ADDRESS = re.compile(r"(https://|ssh://|file://|git@|/)[A-Za-z0-9][\w.~:/@%+-]*", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w./+-]*", re.ASCII)
_GITHUB = re.compile(r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?")


class WrongOrigin(ValueError):
    """An address or revision that cannot be written into files."""


class Origin(NamedTuple):
    """A git repository that holds configguard, and a revision."""

    url: str
    revision: str

    @property
    def github(self) -> str | None:
        """Its `owner/name` on GitHub."""
        found = _GITHUB.fullmatch(self.url)
        return found[1] if found else None

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        url = self.url
        if url.startswith("git@"):
            url = "ssh://" + url.replace(":", "/", 1)
        scheme = "git+file://" if url.startswith("/") else "git+"
        return f"configguard @ {scheme}{url}@{self.revision}"

    def raw(self, file: str) -> str | None:
        """The address of one of its files, where the service is known."""
        name = self.github
        return name and f"https://raw.githubusercontent.com/{name}/{self.revision}/{file}"


def origin_given(url: str, revision: str | None) -> Origin:
    """The origin that the user names; the tag of this version where no revision is. Raises
    WrongOrigin."""
    if _ADDRESS.fullmatch(url) is None:
        raise WrongOrigin(f"{url}: give the address of a git repository, such as https://…")
    if re.match(r"\w+://[^/]*:[^/]*@", url):
        raise WrongOrigin("the address holds a password: leave it out")
    revision = revision or f"v{__version__}"
    if _REVISION.fullmatch(revision) is None:
        raise WrongOrigin(f"{revision}: give a tag or a commit")
    return Origin(url, revision)


def origin_installed() -> Origin | None:
    """The repository that this configguard was installed from, as pip wrote it down."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = json.loads(distribution("configguard").read_text("direct_url.json") or "{}")
        commit = told["vcs_info"]["commit_id"]
        return origin_given(str(told["url"]), str(commit))
    except (PackageNotFoundError, ValueError, KeyError, TypeError, OSError):
        return None
