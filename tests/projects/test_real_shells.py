"""What is read of a shell script is what a real shell runs: words, environment, folder, order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from configguard.source.text_map import TextMap
from configguard.syntax.commands import Command, commands_of
from configguard.syntax.shell_words import Word
from unit.test_commands import CASES

NAMES = ["a", "b", "c", "d", "e", "g", "x", "y", "z", "cmd", "cmd2", "vitest", "ok"]
SHOWN = ("A", "B", "C", "F")
SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]
STUB = f"""#!{sys.executable} -S
import json, os, sys
told = {{"words": [os.path.basename(sys.argv[0]), *sys.argv[1:]], "cwd": os.getcwd(),
    "env": {{name: os.environ[name] for name in {SHOWN!r} if name in os.environ}}}}
with open(os.environ["TOLD"], "a") as file:
    file.write(json.dumps(told) + "\\n")
sys.exit(int(os.environ.get("FAILS") == told["words"][0]))
"""


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stubs")
    for name in NAMES:
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    return folder


def run(shell: str, text: str, folder: Path, stubs: Path, **variables: str) -> list[dict[str, Any]]:
    """The commands that a shell really runs, in their order."""
    for name in ("e2e", "a", "../x", "inherited"):
        (folder / name).mkdir(exist_ok=True)
    for name in ("env.sh", "in", ".env"):
        (folder / name).write_text("")
    log = folder / "told"
    log.write_text("")
    fixed = {"PATH": f"{stubs}:/usr/bin:/bin", "TOLD": str(log), "GITHUB_ENV": "out"}
    environment = {**fixed, **variables}
    command = [shell, "-c", text]
    subprocess.run(command, cwd=folder, env=environment, timeout=30, capture_output=True)
    return [json.loads(line) for line in log.read_text().splitlines()]


def fits(word: Word, text: str) -> bool:
    return word.text == text if word.text is not None else text.startswith(word.start)


def words_fit(words: list[Word], texts: list[str]) -> bool:
    """Whether arguments can be those of the words that are known of them."""
    if not words:
        return not texts
    first, rest = words[0], words[1:]
    if first.fields == "one":
        return bool(texts) and fits(first, texts[0]) and words_fit(rest, texts[1:])
    return any(
        words_fit(rest, texts[count:])
        for count in range(len(texts) + 1)
        if first.fields == "any" or all(fits(first, text) for text in texts[:count])
    )


def agrees(command: Command, real: dict[str, Any], folder: Path, inherited: set[str]) -> bool:
    """Whether a command that is read can be one that was run."""
    if not words_fit(list(command.words), real["words"]):
        return False
    path = command.folder.path
    if path is not None and os.path.realpath(folder / path) != real["cwd"]:
        return False
    known: dict[str, Word | None] = {}
    for one in command.assignments:
        if one.when == "always" or (one.when == "if-already-set" and one.name in inherited):
            known[one.name] = one.value
    for name in SHOWN:
        if name not in known:
            wanted = {"inherited"} if name in inherited else {None}
            if real["env"].get(name) not in wanted:
                return False
        elif (value := known[name]) is None:
            if name in real["env"]:
                return False
        elif value.text is not None and real["env"].get(name) != value.text:
            return False
    return True


BASH_ONLY = ("(1 2)", "pipefail", "A+=", "declare")
WINDOWS = "SET"
ENDLESS = ("f() { f;", "while")
"""Called without end, or run by a name that a stub cannot have."""
TEXTS = [
    (shell, text)
    for text, _ in CASES
    for shell in SHELLS
    if not any(one in text for one in (*ENDLESS, WINDOWS))
    and (shell == "bash" or not any(one in text for one in BASH_ONLY))
]


@pytest.mark.parametrize(("shell", "text"), TEXTS)
def test_a_real_shell_runs_what_is_read(shell: str, text: str, stubs: Path, tmp_path: Path) -> None:
    folder = Path(os.path.realpath(tmp_path)) / "project"
    folder.mkdir()
    script = commands_of(text.encode(), TextMap.straight("f", 0, len(text.encode())))
    ours = [
        one._replace(words=one.words[1:]) if one.name == "exec" else one
        for one in script.commands
        if one.name in (*NAMES, "exec", None)
    ]
    for inherited in ((), SHOWN):
        for fails in ("", "a"):
            variables = {**dict.fromkeys(inherited, "inherited"), "FAILS": fails}
            real = run(shell, text, folder, stubs, **variables)
            left = list(ours)
            for one in real:
                match = next((c for c in left if agrees(c, one, folder, set(inherited))), None)
                assert match is not None, f"not read: {one} (fails={fails!r}, {inherited})"
                if match.reached != "maybe":
                    left.remove(match)
            if script.bad is None:
                wanted = ("always",) if fails else ("always", "after-success")
                missing = [c for c in left if c.reached in wanted and "cat" not in c.words]
                assert not missing, f"never run (fails={fails!r})"
