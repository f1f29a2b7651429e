"""What is read of a command line is what the runner's own parser makes of it, in each version."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from configguard.evaluate.values import Known
from configguard.resources import table
from configguard.runners.flag_parsers import number_of
from configguard.runners.flags import CommandLine, command_line
from configguard.source.span import Span
from configguard.source.text_map import TextMap
from configguard.syntax.shell_words import known_word
from oracle.install import CACHE

pytestmark = pytest.mark.real_runner

READER = Path(__file__).parent / "real_parsers.mjs"
INSTALLED = [
    ("vitest", "vitest-1.6", "1.6.1"),
    ("vitest", "vitest-2.1", "2.1.9"),
    ("vitest", "vitest-3.2", "3.2.7"),
    ("vitest", "vitest-4.1", "4.1.12"),
    ("vitest", "vitest-5.1", "5.1.1"),
    ("jest", "jest-27", "27.5.1"),
    ("jest", "jest-28", "28.1.3"),
    ("jest", "jest-29", "29.7.0"),
    ("jest", "jest-30", "30.5.2"),
    ("playwright", "playwright-1.30", "1.30.0"),
    ("playwright", "playwright-1.40", "1.40.1"),
    ("playwright", "playwright-1.50", "1.50.1"),
    ("playwright", "playwright-1.65", "1.65.1"),
]
PIECES = {
    "vitest": [
        "--retry=2", "--retry", "--no-file-parallelism", "--fileParallelism=false",
        "--file-parallelism", "--poolOptions.threads.maxThreads", "--maxWorkers=50%",
        "--max-workers", "-t", "-tfoo", "--config", "-c", "-r", "--root=e2e", "--run", "--watch",
        "-w", "-u", "--update", "--silent", "--isolate", "--no-isolate", "--bail=1", "--bail",
        "--sequence.concurrent", "--project", "--exclude", "--reporter=dot", "--no-color",
        "--unheard-of", "--unheard-of=x", "--testTimeout=1e3", "--hookTimeout", "--dir=", "---x",
        "--inspect", "--mode", "--globals", "--coverage.enabled", "--passWithNoTests",
    ],
    "jest": [
        "-w", "-w3", "-w=3", "--maxWorkers=50%", "--max-workers", "--runInBand", "-i",
        "--run-in-band", "--testTimeout=1e3", "--testTimeout", "--test-timeout", "--config",
        "-c", "--projects", "--projects=a", "--bail", "--bail=3", "-b", "--detectOpenHandles",
        "--no-cache", "--cache=false", "--ci", "--retries=2", "--testMatch", "--reporters=x",
        "-t", "-tfoo", "-ob", "--coverage", "--maxConcurrency", "--maxConcurrency=0x10",
        "--outputFile='a b'", "--testNamePattern=\"x\"", "--roots", "--env", "--watchAll",
        "--rootDir", "--ci=false", "--verbose", "--forceExit",
    ],
    "playwright": [
        "-j", "-j4", "--workers", "--workers=50%", "--retries=2", "--retries", "-x", "-xj4",
        "--timeout=0", "--project", "--project=a", "--grep", "-g", "-gv", "--grep-invert",
        "--config", "-c", "-cx", "--headed", "--debug", "--list", "--max-failures", "--shard=1/2",
        "--reporter=line", "--fully-parallel", "-u", "--global-timeout", "--repeat-each=3",
        "--quiet", "--output=", "--unheard-of", "--update-snapshots", "--only-changed",
        "--forbid-only", "--retries=", "--workers=-1",
    ],
}  # fmt: skip
WORDS = [
    "a.test.ts",
    "3",
    "true",
    "false",
    "-1",
    "",
    "--",
    "e2e/x",
    "1e3",
    "0x10",
    "08",
    "-",
    "50%",
]


ALWAYS = {"color", "deps", "testEnvironment", "env", "help", "version"}
"""Options that stand there by default, or under a second name."""
LISTS = {
    "vitest": {"project", "exclude", "reporter"},
    "jest": {"projects", "roots", "testMatch", "reporters"},
    "playwright": {"project"},
}
CHANGED = {
    "bail",
    "debug",
    "updateSnapshots",
    "silent",
    "inspect",
    "coverage",
    "coverage.enabled",
    "retry",
}
"""These values are changed after the parser."""


def lists(runner: str) -> list[list[str]]:
    chosen = random.Random(runner)
    made = [[piece, word, "z"] for piece in PIECES[runner] for word in WORDS]
    for _ in range(400):
        few = [chosen.random() < 0.6 for _ in range(chosen.randint(1, 6))]
        made += [[chosen.choice(PIECES[runner] if flag else WORDS) for flag in few]]
    return made


def ours(runner: str, version: str, arguments: list[str]) -> CommandLine:
    span = Span("f", 0, 0)
    words = [known_word(text, (span,), TextMap("f", [])) for text in arguments]
    return command_line(runner, version, words)


def own_name(runner: str, written: str) -> str:
    """An option's own name, as the real parser keeps its value."""
    aliases = {
        str(one): str(name) for one, name in table("runners/parsers")[runner]["aliases"].items()
    }
    name = written.lstrip("-")
    name = name.removeprefix("no-")
    name = aliases.get(name, {"gv": "grep-invert"}.get(name, name))
    first, *rest = name.split("-")
    made = first + "".join(part[:1].upper() + part[1:] for part in rest)
    return aliases.get(made, made)


def flat(values: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{prefix}{key}."))
        else:
            found[prefix + key] = value
    return found


def same(mine: object, real: object) -> bool:
    """Whether two values are equal; a number of a word is compared as a number."""
    if isinstance(mine, bool) or isinstance(real, bool):
        return mine is real
    if isinstance(mine, str) and isinstance(real, str):
        return mine == real
    if isinstance(mine, list) and isinstance(real, list):
        return len(mine) == len(real) and all(map(same, mine, real))
    if real is None:  # NaN in JSON
        return mine != mine
    if isinstance(mine, str):
        return number_of(mine) == real
    return isinstance(mine, float) and mine == real


@pytest.mark.parametrize(("runner", "folder", "version"), INSTALLED)
def test_a_command_line_is_read_as_the_runner_reads_it(
    runner: str, folder: str, version: str
) -> None:
    given = lists(runner)
    done = subprocess.run(
        ["node", str(READER), runner, str(CACHE / folder)],
        input=json.dumps(given), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    answers = json.loads(done.stdout)
    compared = 0
    row = table("runners/parsers")[runner]
    listed = {
        str(name) for kind in ("booleans", "values", "optional") for name in row.get(kind, ())
    }
    for arguments, real in zip(given, answers, strict=True):
        mine = ours(runner, version, arguments)
        if "error" in real:
            if "unknown option" in real["error"]:
                # The table holds the options of all versions.
                assert mine.unknown or real["error"].split("'")[1][2:] in listed, arguments
            continue
        compared += 1
        values = flat(real["values"])
        names = [own_name(runner, flag.name) for flag in mine.flags]
        for name, flag in zip(names, mine.flags, strict=True):
            value = flag.value
            where = f"{arguments}: {flag.name} {value} {values}"
            if name in LISTS[runner]:
                texts = [f.value for n, f in zip(names, mine.flags, strict=True) if n == name]
                known = [one.value for one in texts if isinstance(one, Known)]
                real_list = values.get(name, [])
                real_list = real_list if isinstance(real_list, list) else [real_list]
                assert runner == "jest" or same(
                    known, [real_list] if not isinstance(real_list, list) else real_list
                ), where
            elif name in CHANGED:
                assert name in values, where
            elif value is None:
                if names.count(name) == 1:
                    assert values.get(name) in (None, "", True, []), where
            elif isinstance(value, Known):
                last = [f for n, f in zip(names, mine.flags, strict=True) if n == name][-1] is flag
                wanted = values.get(name)
                if isinstance(wanted, list) and len(wanted) == 1:
                    wanted = wanted[0]
                if last:
                    assert name in values, where
                    assert same(value.value, wanted), where
            else:
                assert names.count(name) > 1 or isinstance(values.get(name), list), where
        words = [word.text for word in (*mine.words, *mine.rest)]
        assert same(words, [*real["words"], *real["rest"]]), f"{arguments}: {words} {real}"
        taken = {name for name in values if len(name) > 1 and "-" not in name}
        assert taken <= {*names, *ALWAYS}, f"{arguments}: {values}"
    assert compared > 300
