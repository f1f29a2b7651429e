"""Limits files: what holds, where it stands, and what is said about wrong ones."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from configguard.limits.json_file import places
from configguard.limits.limits import FILE, Limit, LimitProblem, Limits, load_limits
from configguard.limits.shape import surely_fits, unknown_keys
from configguard.resources import data_folder
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import Workspace

INCIDENT = (
    '{"resourceLimits": {"maxConcurrentTests": 1, "maxMemoryMB": 2048, "maxCPUPercent": 70}, '
    '"monitoring": {"autoKillOnExceed": true}}'
)
FULL = """\
{"resourceLimits": {"maxConcurrentTests": 1, "maxMemoryMB": 2048, "maxCPUPercent": 70, "maxRetries": 1, "maxWallSeconds": 1800},
 "timeouts": {"testMs": 30000, "hookMs": 30000, "globalMs": 1800000},
 "monitoring": {"autoKillOnExceed": true, "intervalSeconds": 5, "sustainedIntervals": 3, "warmupSeconds": 10, "graceSeconds": 5, "enforceCPU": "auto", "leftovers": "end",
   "services": [{"name": "chroma", "url": "http://localhost:8000/api/v2/heartbeat", "expectStatus": 200}],
   "logs": [{"path": "chroma.log", "contains": " 403", "maxPerSecond": 10, "forSeconds": 3}]},
 "preflight": [{"name": "auth", "url": "http://localhost:3000/me", "headers": {"Authorization": "Bearer ${TEST_TOKEN}"}, "expectStatus": 200}],
 "cleanup": [["docker", "compose", "down"]]}
"""  # noqa: E501 - as CONTRACT.md section 3 prints it
SCHEMA: dict[str, Any] = json.loads(
    (data_folder("schema") / "resource-limits.schema.json").read_bytes()
)


def limits(**numbers: Any) -> str:
    return json.dumps({"resourceLimits": numbers})


def load(root: Path, text: str | bytes, folder: str = "") -> tuple[Limits, list[LimitProblem]]:
    data = text.encode() if isinstance(text, str) else text
    (root / FILE).write_bytes(data)
    return load_limits(Workspace(root), folder)


def quoted(root: Path, span: Span) -> str:
    return (root / span.file).read_bytes()[span.start : span.end].decode()


# --- What holds -------------------------------------------------------------------------------


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    found, problems = load_limits(Workspace(tmp_path), "packages/a")
    defaults = {name: found[name] for name in ("maxConcurrentTests", "maxRetries", "testMs")}
    assert defaults == {
        "maxConcurrentTests": Limit(1),
        "maxRetries": Limit(1),
        "testMs": Limit(30_000),
    }
    assert (found["hookMs"].value, found["globalMs"].value) == (30_000, 1_800_000)
    assert not found["maxRetries"].stated
    assert "maxMemoryMB" not in found
    assert (found.source, problems) == ((), [])


def test_a_name_without_a_number_is_a_key_error(tmp_path: Path) -> None:
    found, _ = load_limits(Workspace(tmp_path), "")
    with pytest.raises(KeyError):
        found["maxMemoryMB"]


def test_the_incident_is_valid_as_it_stands(tmp_path: Path) -> None:
    found, problems = load(tmp_path, INCIDENT)
    assert problems == []
    assert found["maxMemoryMB"].value == 2048
    assert quoted(tmp_path, found["maxCPUPercent"].at[0]) == "70"
    assert found["maxCPUPercent"].stated
    assert not found["maxRetries"].stated
    assert found.source == (FILE,)


def test_the_contracts_own_file_is_valid(tmp_path: Path) -> None:
    found, problems = load(tmp_path, FULL)
    assert problems == []
    assert found["maxWallSeconds"].value == 1800


def test_a_bom_and_crlf_change_no_place(tmp_path: Path) -> None:
    found, problems = load(tmp_path, "\ufeff" + INCIDENT.replace(", ", ",\r\n"))
    assert problems == []
    assert quoted(tmp_path, found["maxMemoryMB"].at[0]) == "2048"


@pytest.mark.parametrize(("written", "read"), [("2.0", 2), ("2E0", 2), ("1.5E+1", 15)])
def test_whole_numbers_however_they_are_written(tmp_path: Path, written: str, read: int) -> None:
    found, problems = load(tmp_path, f'{{"resourceLimits": {{"maxRetries": {written}}}}}')
    assert problems == []
    assert repr(found["maxRetries"].value) == repr(read)


# --- Files along the way ----------------------------------------------------------------------


def nested(root: Path, outer: str, inner: str) -> tuple[Limits, list[LimitProblem]]:
    (root / "a/b").mkdir(parents=True)
    (root / "a" / FILE).write_text(inner)
    (root / FILE).write_text(outer)
    return load_limits(Workspace(root), "a/b")


def test_nearer_numbers_win_one_by_one(tmp_path: Path) -> None:
    found, problems = nested(
        tmp_path, limits(maxRetries=2, maxMemoryMB=1000), limits(maxRetries=0, maxCPUPercent=50)
    )
    assert problems == []
    assert [found[name].value for name in ("maxRetries", "maxMemoryMB", "maxCPUPercent")] == [
        0,
        1000,
        50,
    ]
    assert found["maxRetries"].at[0].file == f"a/{FILE}"
    assert found.source == (FILE, f"a/{FILE}")


def test_a_nearer_number_above_the_roots_is_a_problem_and_does_not_hold(tmp_path: Path) -> None:
    found, (problem,) = nested(tmp_path, limits(maxRetries=1), limits(maxRetries=3))
    assert problem.severity == "error"
    for part in ("maxRetries is 3", f"a/{FILE}:1:35", f"root's 1 at {FILE}:1:35", "only lower"):
        assert part in problem.message
    assert (problem.span.file, quoted(tmp_path, problem.span)) == (f"a/{FILE}", "3")
    assert found["maxRetries"].value == 1


def test_a_nearer_longer_timeout_is_no_problem(tmp_path: Path) -> None:
    found, problems = nested(tmp_path, '{"timeouts":{"testMs":1}}', '{"timeouts":{"testMs":2}}')
    assert (found["testMs"].value, problems) == (2, [])


def test_an_invalid_number_of_the_root_bounds_nothing(tmp_path: Path) -> None:
    found, (problem,) = nested(tmp_path, limits(maxRetries=-1), limits(maxRetries=3))
    assert problem.span.file == FILE
    assert found["maxRetries"].value == 3


def test_each_file_is_read_once_also_under_edits(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(limits(maxRetries="x"))
    workspace = Workspace(tmp_path)
    first, problems = load_limits(workspace, "a")
    problems.clear()
    assert load_limits(workspace, "a")[0] is first
    assert len(load_limits(workspace, "a")[1]) == 1, "a caller's list is its own"
    edited = workspace.with_overlay({FILE: limits(maxRetries=0).encode()})
    assert load_limits(edited, "a")[0]["maxRetries"].value == 0


def test_nothing_is_kept_alive(tmp_path: Path) -> None:
    from configguard.limits import limits as module

    gc.collect()
    before = len(module._readings), len(module._loaded)
    load(tmp_path, INCIDENT)
    gc.collect()
    assert (len(module._readings), len(module._loaded)) <= before


# --- The user's own file ----------------------------------------------------------------------


def test_an_explicit_file_replaces_all_others(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / FILE).write_text(limits(maxRetries=7, maxMemoryMB=5))
    own = tmp_path / "mine.json"
    own.write_text(limits(maxRetries=3))
    found, problems = load_limits(Workspace(root), "a", own)
    assert problems == []
    assert found["maxRetries"].at[0].file == "../mine.json"
    assert "maxMemoryMB" not in found
    assert found.source == ("../mine.json",)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"\xff", "UTF-8"), (b"", "empty"), (b" " * 5_000_000, "MB")],
)
def test_an_explicit_file_that_cannot_be_used(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    own = tmp_path / "mine.json"
    if content is not None:
        own.write_bytes(content)
    _, (problem,) = load_limits(Workspace(tmp_path), "", own)
    assert (problem.severity, problem.span) == ("error", Span("mine.json", 0, 0))
    assert said in problem.message


# --- Wrong files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (limits(maxConcurrentTests="3"), '"3"',
         'maxConcurrentTests must be a whole number of at least 1, not the text "3"'),
        (limits(maxConcurrentTests=0), "0",
         "maxConcurrentTests must be a whole number of at least 1, not 0"),
        (limits(maxConcurrentTests=1.5), "1.5", "whole number of at least 1, not 1.5"),
        (limits(maxConcurrentTests=True), "true", "whole number of at least 1, not true"),
        (limits(maxConcurrentTests=None), "null", "not null"),
        (limits(maxConcurrentTests=[1]), "[1]", "not a list"),
        (limits(maxRetries=-1), "-1", "maxRetries must be a whole number of at least 0, not -1"),
        (limits(maxCPUPercent=150), "150",
         "maxCPUPercent must be a number above 0 and at most 100, not 150"),
        (limits(maxMemoryMB=float("nan")), "NaN", "maxMemoryMB must be a number above 0, not NaN"),
        (limits(maxMemoryMB=float("-inf")), "-Infinity", "not -Infinity"),
        ('{"resourceLimits": {"maxMemoryMB": 1e999}}', "1e999", "not Infinity"),
        ('{"resourceLimits": {"maxRetries": ' + "9" * 5000 + "}}", "9" * 5000, "not Infinity"),
        ('{"timeouts": {"testMs": 2147483648}}', "2147483648", "at most 2147483647"),
        ('{"monitoring": {"enforceCPU": "x"}}', '"x"', 'one of "auto", "always", "never"'),
        ('{"monitoring": {"autoKillOnExceed": "yes"}}', '"yes"', "must be true or false"),
        ('{"preflight": [{"name": "a"}]}', '{"name": "a"}', "preflight[0] lacks the key 'url'"),
        ('{"preflight": [{"name": "a", "url": "file:///"}]}', '"file:///"', "preflight[0].url"),
        ('{"cleanup": [[]]}', "[]", "cleanup[0]"),
        ('{"resourceLimits": []}', "[]", "resourceLimits must be an object"),
        ("[1]", "[1]", "must hold an object"),
        ("", "", "is empty"),
        ("\ufeff \n", "", "is empty"),
        ('{"a": /* why */ 1}', "/*", "JSON has no comments"),
        ("{\n  // why\n}", "//", "JSON has no comments"),
        ('{"a": [1, ]}', ",", "no comma may stand before the closing ]"),
        ('{"a": 1,\n}', ",", "no comma may stand before the closing }"),
        ("{'a': 1}", "'", "double quotes"),
        ("{a: 1}", "a", "a key in double quotes must stand here, not a"),
        ('{"a" 1}', "1", "a colon must stand here"),
        ('{"a": 1 "b": 2}', '"b"', "a comma or a closing bracket must stand here"),
        ('{"é": tru}', "tru", "a value must stand here, not tru"),
        ('{"a": "x\ny"}', "\n", "line break"),
        ('{"a": "x', '"x', "no closing quote"),
        ('{"a": 1', "", "it ends before"),
        ("{} {}", "{", "nothing may follow"),
    ],
)  # fmt: skip
def test_a_wrong_file(tmp_path: Path, text: str, place: str, message: str) -> None:
    _, (problem,) = load(tmp_path, text)
    assert problem.severity == "error"
    assert message in problem.message
    assert len(problem.message) < 300
    assert quoted(tmp_path, problem.span).startswith(place[:1])
    if "is not JSON" not in problem.message:
        assert quoted(tmp_path, problem.span) == place


@pytest.mark.parametrize(
    ("data", "said"),
    [(INCIDENT.encode("utf-16"), "UTF-8"), (b" " * 5_000_000, "MB"), (b"[" * 99_999, "JSON")],
)
def test_bytes_that_are_no_limits_file(tmp_path: Path, data: bytes, said: str) -> None:
    found, (problem,) = load(tmp_path, data)
    assert (problem.severity, problem.span.start) == ("error", 0)
    assert said in problem.message
    assert found["maxRetries"] == Limit(1)


def test_one_wrong_value_spoils_no_other(tmp_path: Path) -> None:
    found, problems = load(tmp_path, limits(maxRetries="x", maxMemoryMB=5))
    assert len(problems) == 1
    assert found["maxMemoryMB"].value == 5
    assert not found["maxRetries"].stated


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (limits(maxRetry=1), '"maxRetry"',
         "unknown key 'maxRetry' in resourceLimits: did you mean 'maxRetries'?"),
        (limits(max_cpu_percent=1), '"max_cpu_percent"', "did you mean 'maxCPUPercent'?"),
        (limits(zzz=1), '"zzz"', "unknown key 'zzz' in resourceLimits: it has no effect"),
        ('{"resourceLimit": {}}', '"resourceLimit"', "did you mean 'resourceLimits'?"),
        ('{"monitoring": {"maxRetries": 1}}', '"maxRetries"',
         "maxRetries stands in monitoring, where it has no effect: it belongs in resourceLimits"),
        ('{"maxRetries": 1}', '"maxRetries"', "stands at the top level"),
        ('{"resourceLimits": {"timeouts": {}}}', '"timeouts"', "it belongs at the top level"),
        ('{"timeouts": {"maxRetry": 1}}', '"maxRetry"',
         "did you mean 'maxRetries' in resourceLimits?"),
        ('{"monitoring": {"logs": [{"path": "a", "contain": "x"}]}}', '"contain"',
         "unknown key 'contain' in monitoring.logs[0]: did you mean 'contains'?"),
        ('{"timeouts": {"testMs": 1}, "timeouts": {"testMs": 2}}', '"timeouts"',
         '"timeouts" stands here again and this one counts: take out that of line 1'),
        ('{"\\u0061\\ud800": 1}', '"\\u0061\\ud800"', r"unknown key"),
    ],
)  # fmt: skip
def test_a_warning(tmp_path: Path, text: str, place: str, message: str) -> None:
    _, (problem,) = load(tmp_path, text)
    assert problem.severity == "warning"
    assert message in problem.message
    assert quoted(tmp_path, problem.span) == place
    problem.message.encode()


def test_of_a_key_given_twice_the_last_counts_with_its_place(tmp_path: Path) -> None:
    text = '{"timeouts": {"testMs": 1, "hookMs": 2}, "timeouts": {"testMs": 3}}'
    found, _ = load(tmp_path, text)
    assert quoted(tmp_path, found["testMs"].at[0]) == "3"
    assert not found["hookMs"].stated


def test_headers_and_schema_are_no_unknown_keys() -> None:
    endpoint = {"name": "a", "url": "http://localhost", "headers": {"X-Any": "1"}}
    assert unknown_keys({"$schema": "x", "preflight": [endpoint]}, SCHEMA) == []


def test_very_many_faults_are_told_briefly(tmp_path: Path) -> None:
    text = json.dumps({f"k{number}": 1 for number in range(50_000)})
    _, problems = load(tmp_path, text)
    assert len(problems) == 20
    assert "49980 more" in problems[-1].message


# --- Hostile places ---------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="POSIX file types")
@pytest.mark.parametrize(
    "sort",
    ["outside", "dangling", "loop", "pipe", "folder"],
)
def test_what_is_no_plain_file_is_an_error_never_silence(tmp_path: Path, sort: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "real.json").write_text(INCIDENT)
    path = root / FILE
    match sort:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to({"outside": "../real.json", "dangling": "gone", "loop": FILE}[sort])
    _, (problem,) = load_limits(Workspace(root), "")
    assert problem.severity == "error"
    assert FILE in problem.message


# --- The quick look ---------------------------------------------------------------------------

NUMBERS = st.one_of(st.integers(-3, 5), st.sampled_from([0.0, 1.0, 1.5, 70, 101, 2**31, 1e300]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(["", "auto", "http://a"]))
JSONS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "name", "url"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def section(name: str) -> st.SearchStrategy[Any]:
    keys = st.sampled_from([*SCHEMA["properties"][name]["properties"], "other"])
    return st.dictionaries(keys, JSONS, max_size=3)


FILES = st.fixed_dictionaries(
    {},
    optional={
        **{name: section(name) for name in ("resourceLimits", "timeouts", "monitoring")},
        **dict.fromkeys(("preflight", "cleanup", "other"), JSONS),
    },
)
WORDS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["number", "integer", "string", "boolean", ["array", "null"]]),
    "minimum": NUMBERS,
    "exclusiveMinimum": NUMBERS,
    "maximum": NUMBERS,
    "exclusiveMaximum": NUMBERS,
    "const": JSONS,
    "enum": st.lists(JSONS, min_size=1, max_size=3),
    "minItems": st.integers(0, 2),
    "maxItems": st.integers(0, 2),
    "minLength": st.integers(0, 2),
    "pattern": st.sampled_from(["^a", "^https?://"]),
    "required": st.lists(st.sampled_from(["a", "b"]), unique=True),
    "uniqueItems": st.booleans(),
}
SCHEMAS = st.recursive(
    st.one_of(st.booleans(), st.fixed_dictionaries({}, optional=WORDS)),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            **WORDS,
            "items": inner,
            "additionalProperties": inner,
            "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
            "not": inner,
            "$ref": st.just("#/$defs/x"),
        },
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(FILES)
def test_the_quick_look_agrees_with_jsonschema_on_limits_files(value: Any) -> None:
    # For this schema it is even exact, so that jsonschema is imported for wrong files only.
    assert surely_fits(value, SCHEMA) == Draft202012Validator(SCHEMA).is_valid(value)


@settings(max_examples=500, deadline=None)
@given(SCHEMAS, JSONS)
def test_what_surely_fits_is_valid(schema: Any, value: Any) -> None:
    if isinstance(schema, dict):
        schema = {**schema, "$defs": {"x": {"type": ["number", "object"]}}}
        if surely_fits(value, schema):
            assert Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("value", "schema", "sure"),
    [
        (True, {"type": "integer"}, False),
        (True, {"enum": [1]}, False),
        (1, {"const": 1.0}, True),
        (1.0, {"type": "integer"}, True),
        (float("inf"), {"type": "number"}, False),
        (1, {"multipleOf": 1}, False),
        (1, {"$ref": "https://example.com/x"}, False),
        (1, {"$defs": {"x": {"$ref": "#/$defs/x"}}, "$ref": "#/$defs/x"}, False),
        ("b", {"pattern": "("}, False),
    ],
)
def test_the_quick_look(value: Any, schema: dict[str, Any], sure: bool) -> None:
    assert surely_fits(value, schema) is sure


def test_a_valid_file_costs_no_jsonschema(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(FULL)
    program = (
        "import sys; from pathlib import Path\n"
        "from configguard.limits.limits import load_limits\n"
        "from configguard.source.workspace import Workspace\n"
        "limits, problems = load_limits(Workspace(Path(sys.argv[1])), '')\n"
        "assert limits['maxRetries'].stated and not problems\n"
        "print(sorted({'jsonschema', 'difflib', 'dataclasses', 'tree_sitter'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@settings(max_examples=200, deadline=None)
@given(JSONS, st.sampled_from([None, 1]), st.booleans())
def test_every_value_has_its_place(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps({"é\n": value}, indent=indent, ensure_ascii=ascii_only)
    document = Document("x.json", b"\xef\xbb\xbf" + text.encode())
    where, problems = places(document)
    assert problems == []

    def check(inner: Any, path: tuple[str | int, ...]) -> None:
        span = where.at(path)
        assert json.loads(document.text(span.start, span.end)) == inner
        steps: Any = enumerate(inner) if isinstance(inner, list) else ()
        for step, below in inner.items() if isinstance(inner, dict) else steps:
            check(below, (*path, step))

    check({"é\n": value}, ())


def test_how_to_watch_is_read_with_its_places_and_wrong_values_are_left_out(
    tmp_path: Path,
) -> None:
    text = """{
  "monitoring": {"autoKillOnExceed": false,
    "intervalSeconds": "5", "leftovers": "warn"},
  "cleanup": [["true"]]
}
"""
    (tmp_path / FILE).write_text(text)
    limits, problems = load_limits(Workspace(tmp_path), "")
    assert {name: one.value for name, one in limits.watching.items()} == {
        "autoKillOnExceed": False,
        "leftovers": "warn",
        "cleanup": [["true"]],
    }
    assert limits.watching["autoKillOnExceed"].position == (2, 38)
    assert [one.severity for one in problems] == ["error"]
    assert "intervalSeconds must be a number" in problems[0].message


def test_a_nearer_file_says_how_to_watch(tmp_path: Path) -> None:
    (tmp_path / "e2e").mkdir()
    (tmp_path / FILE).write_text('{"monitoring": {"graceSeconds": 3, "warmupSeconds": 1}}')
    (tmp_path / "e2e" / FILE).write_text('{"monitoring": {"graceSeconds": 4}}')
    limits, problems = load_limits(Workspace(tmp_path), "e2e")
    assert problems == []
    watching = {name: one.value for name, one in limits.watching.items()}
    assert watching == {"graceSeconds": 4, "warmupSeconds": 1}


def test_a_number_knows_its_line_and_column(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"resourceLimits":\n {"maxCPUCores": 2.5}}')
    limits, problems = load_limits(Workspace(tmp_path), "")
    assert problems == []
    assert limits["maxCPUCores"].value == 2.5
    assert limits["maxCPUCores"].position == (2, 18)
