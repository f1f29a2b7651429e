"""The arguments of a runner to its flags; the parsers are compared with the real ones elsewhere."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from configguard.evaluate.values import Known, Unknown
from configguard.resources import data_folder, table
from configguard.runners.flags import CommandLine, command_line
from configguard.source.text_map import TextMap
from configguard.syntax.commands import commands_of


def read(runner: str, text: str, version: str | None = None) -> CommandLine:
    data = f"x {text}".encode()
    [command] = commands_of(data, TextMap.straight("package.json", -2, len(data))).commands
    return command_line(runner, version, command.words[1:])


def line(found: CommandLine) -> list[str]:
    """The flags, then the words, then what stands behind `--`."""
    told = []
    for flag in found.flags:
        value = flag.value
        shown = repr(value.value) if isinstance(value, Known) else "?" if value else "-"
        told.append(f"{flag.name} {shown}")
    told += [str(word.text) for word in found.words]
    return told + [f"-- {word.text}" for word in found.rest]


@pytest.mark.parametrize(
    ("runner", "text", "expected"),
    [
        ("vitest", "run --retry=2 a", ["--retry 2.0", "run", "a"]),
        ("vitest", "--retry 2 --no-file-parallelism", ["--retry 2.0", "--no-file-parallelism False"]),
        ("vitest", "--poolOptions.threads.maxThreads 3", ["--poolOptions.threads.maxThreads 3.0"]),
        ("vitest", "--maxWorkers=50% --run a", ["--maxWorkers '50%'", "--run True", "a"]),
        ("vitest", "-c e2e.ts --root 08", ["-c 'e2e.ts'", "--root '8'"]),
        ("vitest", "--retry=1 --retry=2", ["--retry ?", "--retry ?"]),
        ("vitest", "--project a --project b", ["--project 'a'", "--project 'b'"]),
        ("vitest", "run -- --retry=2", ["run", "-- --retry=2"]),
        ("vitest", "--retry=$N", ["--retry ?"]),
        ("vitest", "--retry \"$N\" x", ["--retry ?", "x"]),
        ("jest", "-w 3 a", ["-w '3'", "a"]),
        ("jest", "-w3 --maxConcurrency 2", ["-w '3'", "--maxConcurrency 2.0"]),
        ("jest", "-i --testTimeout=1e3", ["-i True", "--testTimeout 1000.0"]),
        ("jest", "--projects a b -i", ["--projects ?", "-i True"]),
        ("jest", "--projects a -i", ["--projects 'a'", "-i True"]),
        ("jest", "--bail=3 --no-cache", ["--bail False", "--no-cache False"]),
        ("jest", "--config=x --config=y", ["--config ?", "--config ?"]),
        ("playwright", "-j4 -x a", ["-j '4'", "-x True", "a"]),
        ("playwright", "-xj 4 --workers=1", ["-x True", "-j '4'", "--workers '1'"]),
        ("playwright", "--project a b --retries 2", ["--project 'a'", "--project 'b'", "--retries '2'"]),
        ("playwright", "a -- --retries=2", ["a", "-- --retries=2"]),
    ],
)  # fmt: skip
def test_flags(runner: str, text: str, expected: list[str]) -> None:
    assert line(read(runner, text)) == expected


def test_a_value_has_its_bytes_and_the_flag_its_own() -> None:
    text = "run --retry=2 --bail 1 -j4"
    found = read("vitest", text)
    flags = {flag.name: flag for flag in found.flags}
    retry, bail = flags["--retry"], flags["--bail"]
    assert [text[span.start : span.end] for span in retry.at] == ["--retry=2"]
    assert [text[span.start : span.end] for span in bail.at] == ["--bail", "1"]
    assert isinstance(retry.value, Known)
    assert [text[span.start : span.end] for span in retry.value.origin] == ["2"]
    workers = read("playwright", text).last("--workers", "-j")
    assert workers is not None
    assert isinstance(workers.value, Known)
    assert [text[span.start : span.end] for span in workers.value.origin] == ["4"]


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("run $FLAGS", True),
        ("run \"$FILE\"", True),
        ("run \"a$FILE\"", False),
        ("run src/*.ts", False),
        ("run --retry=$N", True),
        ("run \"--retry=$N\"", False),
        ("run --retry \"$N\"", False),
        ("run -- $FILES", False),
        ("run \"--$NAME=2\"", True),
    ],
)  # fmt: skip
def test_what_may_be_any_flag_is_told(text: str, is_open: bool) -> None:
    assert (read("vitest", text).open is not None) is is_open


def test_an_unknown_value_says_why() -> None:
    [flag] = read("vitest", '"--retry=$N"').flags
    assert isinstance(flag.value, Unknown)
    assert "environment variable N" in flag.value.reason


@pytest.mark.parametrize(
    ("runner", "text"),
    [("vitest", "run --unheard-of=1"), ("jest", "--unheardOf=1"), ("playwright", "--unheard-of")],
)
def test_an_unknown_flag_is_told(runner: str, text: str) -> None:
    assert [flag.name.lower().replace("-", "") for flag in read(runner, text).unknown] == [
        "unheardof"
    ]


def test_an_option_that_took_a_value_later() -> None:
    assert line(read("vitest", "--silent passed-only", "2.1.9")) == ["--silent True", "passed-only"]
    assert line(read("vitest", "--silent passed-only", "3.2.7")) == ["--silent 'passed-only'"]


def test_the_table_has_the_shape_of_its_schema() -> None:
    schema = json.loads((data_folder("schema") / "parsers.schema.json").read_bytes())
    wrong = Draft202012Validator(schema).iter_errors(table("runners/parsers"))
    assert [f"{error.json_path}: {error.message}" for error in wrong] == []
