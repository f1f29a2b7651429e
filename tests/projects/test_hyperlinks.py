"""Links stand only where a terminal is known to have them, and lead to the file."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from configguard.report.hyperlinks import links_for
from projects.harness import GOOD_TEXT, make_project, raw_dangers, run_configguard

LINK = re.compile("\x1b\\]8;;(.*?)\x1b\\\\(.*?)\x1b\\]8;;\x1b\\\\")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "linked"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "5000"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "x"}, False),
        ({"TERM_PROGRAM": "WezTerm"}, True),
        ({"TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/x"}, False),
        ({"TERM_PROGRAM": "WezTerm", "SSH_CONNECTION": "1"}, False),
        ({"TERM_PROGRAM": "WezTerm", "CI": "true"}, False),
        ({"TERM_PROGRAM": "WezTerm", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM_PROGRAM": "vscode"}, False),
        ({"WT_SESSION": "x"}, True),
        ({"KONSOLE_VERSION": "220401"}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_which_terminals_have_links(environ: dict[str, str], linked: bool) -> None:
    root = Path("/a b")
    assert (links_for(Terminal(), environ, root) is not None) == linked
    assert links_for(io.StringIO(), environ, root) is None, "no terminal"
    assert links_for(io.StringIO(), {**environ, "FORCE_HYPERLINK": "1"}, root) is not None


def test_a_link_leads_to_the_file(tmp_path: Path) -> None:
    name = "a b#\x1b]8;;c/vitest.e2e.config.ts"
    root = make_project(tmp_path / "pro ject", {name: GOOD_TEXT})
    plain = run_configguard("check", root).stdout
    assert "\x1b" not in plain
    linked = run_configguard("check", root, env={"FORCE_HYPERLINK": "1"}).stdout
    assert LINK.sub(r"\2", linked) == plain, "all else is the same"
    targets = [urlsplit(target) for target, _ in LINK.findall(linked)]
    assert {os.fsdecode(unquote_to_bytes(one.path)) for one in targets} == {str(root / name)}
    assert {one.scheme for one in targets} == {"file"}
    assert raw_dangers(LINK.sub(r"\2", linked)) == []
    off = run_configguard("check", root, "--color", "never", env={"FORCE_HYPERLINK": "1"})
    assert off.stdout == plain
