"""Settings files: what holds, where it stands, and what is said about wrong ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from configguard import __version__
from configguard.limits.settings import (
    FILE,
    SHARED_FILE,
    Loaded,
    Settings,
    SettingsProblem,
    load_settings,
)
from configguard.resources import data_folder
from configguard.source.workspace import Workspace

RULES = ("too-many-retries", "missing-timeout", "e2e-parallel-workers")
SCHEMA: dict[str, Any] = json.loads(
    (data_folder("schema") / "configguard.schema.json").read_bytes()
)
FULL = """\
select = ["too-many-retries", "missing-timeout"]
ignore = ["missing-timeout"]
exclude = ["vendor/**"]
required-version = ">=0.1 <1"

[severity]
too-many-retries = "info"

[per-file-ignores]
"tests/slow/**" = ["missing-timeout"]

[suite-kinds]
"tests/slow/vitest.config.ts" = "e2e"
"""


def load(root: Path, text: str | bytes, file: str = FILE) -> Loaded:
    (root / file).write_bytes(text.encode() if isinstance(text, str) else text)
    return load_settings(Workspace(root), RULES)


def told(loaded: Loaded) -> list[str]:
    return [problem.message for problem in loaded.problems]


def quoted(root: Path, problem: SettingsProblem) -> str:
    return (root / problem.span.file).read_bytes()[problem.span.start : problem.span.end].decode()


def in_pyproject(text: str) -> str:
    """The same settings below [tool.configguard]."""
    lines = [f"[tool.configguard.{line[1:]}" if line[:1] == "[" else line for line in
             text.splitlines(keepends=True)]  # fmt: skip
    return '[project]\nname = "x"\n\n[tool.configguard]\n' + "".join(lines)


# --- What holds -------------------------------------------------------------------------------


def test_without_a_file_nothing_is_asked_and_no_toml_is_loaded(tmp_path: Path) -> None:
    (tmp_path / SHARED_FILE).write_text("[project]\nname = [\n")
    code = (
        "import sys; from pathlib import Path;"
        "from configguard.limits.settings import load_settings, Settings;"
        "from configguard.source.workspace import Workspace;"
        "found = load_settings(Workspace(Path()), ());"
        "assert found == (Settings(), ()), found;"
        "print([one for one in ('tomllib', 'jsonschema', 'pathspec') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("file", [FILE, SHARED_FILE])
def test_everything_that_a_file_may_say(tmp_path: Path, file: str) -> None:
    text = FULL if file == FILE else in_pyproject(FULL)
    found, problems = load(tmp_path, text, file)
    assert problems == ()
    assert found.select == {"too-many-retries", "missing-timeout"}
    assert found.ignore == {"missing-timeout"}
    assert found.severity == (("too-many-retries", "info"),)
    assert found.exclude == ("vendor/**",)
    assert found.ignored_in(["tests/slow/a/jest.config.js"]) == {"missing-timeout"}
    assert found.ignored_in(["tests/fast/jest.config.js"]) == frozenset()
    assert found.kind_of("a/tests/slow/vitest.config.ts") is None
    kind = found.kind_of("tests/slow/vitest.config.ts")
    assert kind is not None
    assert kind.kind == "e2e"
    assert kind.at.file == file
    written = text.encode()[kind.at.start : kind.at.end].decode()
    assert written == '"tests/slow/vitest.config.ts"'


def test_the_examples_of_the_schema_are_valid(tmp_path: Path) -> None:
    [example] = SCHEMA["examples"]
    Draft202012Validator(SCHEMA).validate(example)
    lines = [f"{key} = {json.dumps(value)}" for key, value in example.items()
             if not isinstance(value, dict) and key != "rule-paths"]  # fmt: skip
    for key, value in example.items():
        if isinstance(value, dict):
            lines += [f"[{key}]", *(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())]
    (tmp_path / FILE).write_text("\n".join(lines))
    known = (*RULES, "environment-drift")
    assert load_settings(Workspace(tmp_path), known).problems == ()


def test_the_last_glob_that_means_a_file_says_its_kind(tmp_path: Path) -> None:
    text = '[suite-kinds]\n"**" = "unit"\n"a/**" = "e2e"\n"a/b/**" = "integration"\n'
    found, _ = load(tmp_path, text)
    kinds = [found.kind_of(file) for file in ("x.ts", "a/x.ts", "a/b/x.ts")]
    assert [kind and kind.kind for kind in kinds] == ["unit", "e2e", "integration"]


def test_rules_of_all_globs_that_mean_a_file_are_ignored(tmp_path: Path) -> None:
    text = '[per-file-ignores]\n"**" = ["missing-timeout"]\n"a.ts" = ["too-many-retries"]\n'
    found, _ = load(tmp_path, text)
    assert found.ignored_in(["a.ts"]) == {"missing-timeout", "too-many-retries"}
    assert found.ignored_in(["b.ts"]) == {"missing-timeout"}
    assert found.ignored_in(["b.ts", "a.ts"]) == {"missing-timeout", "too-many-retries"}
    assert found.ignored_in([]) == frozenset()


def test_the_own_file_wins_and_the_other_is_told(tmp_path: Path) -> None:
    (tmp_path / SHARED_FILE).write_text(in_pyproject('ignore = ["missing-timeout"]\n'))
    found, problems = load(tmp_path, 'ignore = ["too-many-retries"]\n')
    assert found.ignore == {"too-many-retries"}
    [problem] = problems
    assert problem.severity == "warning"
    assert quoted(tmp_path, problem) == "configguard"
    assert problem.span.file == SHARED_FILE
    (tmp_path / SHARED_FILE).write_text('[project]\ndependencies = ["configguard"]\n')
    assert load_settings(Workspace(tmp_path), RULES).problems == ()


def test_a_pyproject_of_others_is_not_ours_to_judge(tmp_path: Path) -> None:
    for text in ("not toml at all", "[tool.other]\nx = 1\n", b"\xef\xbb\xbf[project]\n"):
        assert load(tmp_path, text, SHARED_FILE) == (Settings(), ())
    (tmp_path / SHARED_FILE).unlink()
    (tmp_path / SHARED_FILE).mkdir()
    assert load_settings(Workspace(tmp_path), RULES) == (Settings(), ())


def test_the_users_own_file_replaces_those_of_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / FILE).write_text("nonsense")
    for name, text in ((FILE, FULL), ("mine.toml", FULL), (SHARED_FILE, in_pyproject(FULL))):
        mine = tmp_path / name
        mine.write_text(text)
        found, problems = load_settings(Workspace(root), RULES, mine)
        assert problems == ()
        assert found.ignore == {"missing-timeout"}
        assert found.suite_kinds[0].at.file == f"../{mine.name}"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.toml", None, "there is no such file"),
        (SHARED_FILE, "[project]\n", "has no [tool.configguard]"),
        ("mine.toml", "x", "is not TOML"),
        ("mine.toml", b"\xff", "it is not UTF-8"),
    ],
)
def test_a_file_of_the_users_own_that_gives_nothing(
    tmp_path: Path, name: str, text: str | bytes | None, said: str
) -> None:
    if text is not None:
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    loaded = load_settings(Workspace(tmp_path), RULES, tmp_path / name)
    assert loaded.wrong
    assert said in told(loaded)[0]
    assert loaded.problems[0].span.file == name


# --- What is wrong ----------------------------------------------------------------------------

WRONG = [
    ("selct = []", "selct", "unknown key 'selct' at the top level: did you mean 'select'?"),
    ("per_file_ignores = {}", "per_file_ignores", "did you mean 'per-file-ignores'?"),
    ('select = "all"', '"all"', 'select must be a list, not the text "all"'),
    ("select = [1]", "1", "select[0] must be a text, not 1"),
    ('ignore = ["to-many-retries"]', '"to-many-retries"', "did you mean 'too-many-retries'?"),
    ('ignore = ["E501"]', '"E501"', 'there is no rule "E501": see configguard rules'),
    ('ignore = [""]', '""', 'there is no rule ""'),
    ("severity = []", "[]", "severity must be a table, not an empty list"),
    ('severity.missing-timeout = "fatal"', '"fatal"',
     'missing-timeout must be one of "error", "warning", "info", "off", not the text "fatal"'),
    ('severity.mising-timeout = "info"', "mising-timeout", "did you mean 'missing-timeout'?"),
    ('[per-file-ignores]\n"a" = "missing-timeout"', '"missing-timeout"', "a must be a list"),
    ('[per-file-ignores]\n"a" = ["x-y"]', '"x-y"', 'there is no rule "x-y"'),
    ('[per-file-ignores]\n"/a" = []', '"/a"', "must be relative to the root"),
    ('exclude = "a"', '"a"', "exclude must be a list"),
    ('exclude = ["b", "!a"]', '"!a"', '"!a" in exclude takes nothing out'),
    ('exclude = ["../a"]', '"../a"', "must be relative to the root"),
    ('exclude = [""]', '""', '"" in exclude is no pattern'),
    ("exclude = [[]]", "[]", "exclude[0] must be a text, not an empty list"),
    ('suite-kinds."a.ts" = "end-to-end"', '"end-to-end"',
     'a.ts must be one of "e2e", "integration", "component", "unit"'),
    ('suite-kinds."!a" = "e2e"', '"!a"', "takes nothing out"),
    ("suite-kinds = 1979-05-27", "1979-05-27", 'must be a table, not "1979-05-27"'),
    ('rule-paths = ["../rules"]', '"../rules"', "must be a folder inside the root"),
    ("required-version = 1", "1", "required-version must be a text, not 1"),
    ('required-version = ""', '""', "must be a range of versions"),
    ('required-version = "newest"', '"newest"', "such as >=0.1 <1, not the text"),
    ('required-version = ">=9"', '">=9"', f"requires configguard >=9, and this is {__version__}"),
]  # fmt: skip


@pytest.mark.parametrize("file", [FILE, SHARED_FILE])
@pytest.mark.parametrize(("text", "at", "said"), WRONG)
def test_what_is_wrong_is_pointed_at(
    tmp_path: Path, file: str, text: str, at: str, said: str
) -> None:
    whole = text if file == FILE else in_pyproject(text)
    loaded = load(tmp_path, whole, file)
    problem = next(one for one in loaded.problems if said in one.message)
    assert problem.severity == "error"
    assert problem.span.file == file
    assert quoted(tmp_path, problem) == at
    assert len(loaded.problems) == 1, told(loaded)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("select = [\n", 1, "is not TOML"),
        ("a = 1\nb = \nc = 1\n", 2, "is not TOML: Invalid value"),
        ("# ä\nselect ['x']\n", 2, "is not TOML"),
        ("a = 1\r\na = 2\r\n", 2, "is not TOML"),
        ("x = " + "[" * 50_000, 1, "is nested too deeply"),
        ("x = " + "9" * 5_000, 1, "is not TOML"),
        (b"a = 1\n\xff\n", 1, "it is not UTF-8"),
        (b"#" * 2_000_000, 1, "it is larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, text: str | bytes, line: int, said: str
) -> None:
    loaded = load(tmp_path, text)
    assert loaded.settings == Settings()
    [problem] = loaded.problems
    assert problem.severity == "error"
    assert said in problem.message
    assert FILE in problem.message
    data = (tmp_path / FILE).read_bytes()
    assert data.count(b"\n", 0, problem.span.start) + 1 == line


def test_a_link_is_followed_inside_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "out.toml").write_text('ignore = ["missing-timeout"]\n')
    (root / FILE).symlink_to(tmp_path / "out.toml")
    outside = load_settings(Workspace(root), RULES)
    assert outside.settings == Settings()
    assert told(outside) == [f"cannot read the settings file {FILE}: it lies outside the root"]
    (root / FILE).unlink()
    (root / FILE).symlink_to("nowhere.toml")
    assert "there is no such file" in told(load_settings(Workspace(root), RULES))[0]
    (root / FILE).unlink()
    (root / "real.toml").write_text('ignore = ["missing-timeout"]\n')
    (root / FILE).symlink_to("real.toml")
    assert load_settings(Workspace(root), RULES).settings.ignore == {"missing-timeout"}


def test_one_wrong_part_spoils_no_other(tmp_path: Path) -> None:
    text = """\
select = 3
ignore = ["no-such-rule", "missing-timeout", 7]
exclude = ["!x", "vendor"]
nonsense = true
[severity]
missing-timeout = "loud"
too-many-retries = "info"
[suite-kinds]
"a" = "slow"
"b" = "e2e"
"""
    found, problems = load(tmp_path, text)
    assert len(problems) == 7
    assert [one.span.start for one in problems] == sorted(one.span.start for one in problems)
    assert found.select is None
    assert found.ignore == {"missing-timeout"}
    assert found.exclude == ("vendor",)
    assert found.severity == (("too-many-retries", "info"),)
    assert [one.glob for one in found.suite_kinds] == ["b"]


def test_what_a_newer_version_understands_is_not_judged(tmp_path: Path) -> None:
    found, problems = load(tmp_path, 'required-version = ">=9"\nfrom-the-future = true\n')
    assert found == Settings(refused=True)
    assert len(problems) == 1


@pytest.mark.parametrize("wanted", [">=0.1", ">=0.1 <1", "0.x", "^0.1", f"=={__version__}", "*"])
def test_a_version_that_is_wanted(tmp_path: Path, wanted: str) -> None:
    assert load(tmp_path, f'required-version = "{wanted}"\n') == (Settings(), ())


TOML = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.text(max_size=6) | st.just("missing-timeout"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from(RULES), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), TOML, max_size=4))
@settings(max_examples=300, deadline=None)
def test_what_the_schema_refuses_is_told(tmp_path_factory: Any, value: dict[str, Any]) -> None:
    root = tmp_path_factory.mktemp("settings")
    (root / FILE).write_text("".join(f"{key} = {_toml(item)}\n" for key, item in value.items()))
    loaded = load_settings(Workspace(root), RULES)
    relaxed = json.loads(json.dumps(SCHEMA).replace('"uniqueItems": true', '"uniqueItems": false'))
    if not Draft202012Validator(relaxed).is_valid(value):
        assert loaded.wrong, value
    for problem in loaded.problems:
        assert 0 <= problem.span.start <= problem.span.end <= (root / FILE).stat().st_size


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'
