"""Where hooks and CI take configguard from: never guessed, never with a password."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import pytest

from configguard import __version__
from configguard.proposing.origin import Origin, WrongOrigin, origin_given, origin_installed

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def installed(monkeypatch: pytest.MonkeyPatch, told: Any) -> Origin | None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return told if isinstance(told, str | None) else json.dumps(told)

    monkeypatch.setattr(metadata, "distribution", lambda name: Installed())
    return origin_installed()


def test_pip_tells_the_repository_and_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "url": "https://git.example.org/acme/configguard.git",
        "vcs_info": {"vcs": "git", "commit_id": COMMIT},
    }
    assert installed(monkeypatch, told) == Origin(str(told["url"]), COMMIT)


@pytest.mark.parametrize(
    "told",
    [
        None,
        "{",
        [],
        {"url": "file:///home/me/configguard", "dir_info": {"editable": True}},
        {"url": "https://me:secret@example.org/x", "vcs_info": {"commit_id": COMMIT}},
        {"url": "https://example.org/x\n- evil", "vcs_info": {"commit_id": COMMIT}},
    ],
)
def test_what_tells_none(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    assert installed(monkeypatch, told) is None


@pytest.mark.parametrize(
    ("url", "github", "requirement"),
    [
        (
            "https://github.com/acme/configguard.git",
            "acme/configguard",
            "git+https://github.com/acme/configguard.git",
        ),
        (
            "git@github.com:acme/configguard",
            "acme/configguard",
            "git+ssh://git@github.com/acme/configguard",
        ),
        ("https://github.com.example.org/a/b", None, "git+https://github.com.example.org/a/b"),
        ("/srv/git/configguard", None, "git+file:///srv/git/configguard"),
    ],
)
def test_addresses(url: str, github: str | None, requirement: str) -> None:
    origin = origin_given(url, None)
    assert origin.revision == f"v{__version__}"
    assert origin.github == github
    assert origin.requirement == f"configguard @ {requirement}@v{__version__}"


@pytest.mark.parametrize("url", ["", "-x", "x", "https://", "ext::sh -c reboot", "https://a b"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(WrongOrigin):
        origin_given(url, None)
