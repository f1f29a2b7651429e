"""Bad input: a clear message, the right exit code, and the good config's findings all the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from projects.harness import (
    CLEAN_TEXT,
    GOOD,
    GOOD_RULE,
    GOOD_TEXT,
    MakeProject,
    Result,
    Run,
    listing,
    raw_dangers,
)

BAD = "bad/vitest.config.ts"
LIMITS = ".test-resource-limits.json"
JSON = ("--output-format", "json")


def checked(run: Run, root: Path, *options: str) -> Result:
    """`check` as JSON, whose report holds the good config's finding."""
    result = run("check", root, *JSON, *options)
    assert result.rules_of(GOOD) == [GOOD_RULE], result.output
    return result


def problems(result: Result, severity: str = "error") -> list[str]:
    found = result.json()["problems"]
    return [one["message"] for one in found if one["severity"] == severity]


def no_override() -> tuple[str, ...]:
    """A command prefix under which file modes bind also the superuser; skips where there is none.

    Loudly: these tests are part of what is promised.
    """
    if os.geteuid() != 0:
        return ()
    tool = shutil.which("setpriv")
    prefix = (
        tool or "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-all",
        "--",
    )
    if tool is None or subprocess.run([*prefix, "true"], check=False).returncode != 0:
        pytest.skip("NOT TESTED: the tests run as root and setpriv cannot take its rights away")
    return prefix


# --- The config itself ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("export default {{{;\n", "syntax error"),
        ("export default { test: { retry: } };\n", "syntax error"),
        ("export default { test: { retry: 3 }\n", "syntax error"),
        ("export default { test: {} };\n\0", "syntax error"),
        (b"export default { test: {} }; // \xff\xfe\n", "utf-8"),
        ("export default { test: {} };\n".encode("utf-16"), "utf-8"),
        (b"// caf\xe9\nexport default {};\n", "utf-8"),
        (b"/*" + b" " * 5_000_000 + b"*/ export default {};\n", "mb"),
    ],
    ids=["brackets", "no-value", "unclosed", "nul", "bytes", "utf-16", "latin-1", "5MB"],
)
def test_a_config_that_cannot_be_read_or_parsed(
    project: MakeProject, run: Run, content: str | bytes, said: str
) -> None:
    root = project({BAD: content, GOOD: GOOD_TEXT})
    result = checked(run, root)
    assert result.code == 2
    assert len(problems(result)) == 1
    assert BAD in problems(result)[0]
    assert said in problems(result)[0].lower()
    text = run("check", root)
    assert text.code == 2
    assert BAD in text.stdout
    assert GOOD_RULE in text.stdout


def test_a_syntax_error_is_shown_where_it_stands(project: MakeProject, run: Run) -> None:
    root = project({BAD: "export default {\n  test: { retry: },\n};\n"})
    (problem,) = run("check", root, *JSON).json()["problems"]
    assert problem["at"][0]["file"] == BAD
    assert problem["at"][0]["line"] == 2


@pytest.mark.parametrize("content", ["", "\n", "// nothing yet\n", "\ufeff"])
def test_an_empty_config_refuses_to_start(project: MakeProject, run: Run, content: str) -> None:
    root = project({BAD: content, GOOD: CLEAN_TEXT, "package.json": '{"type": "module"}'})
    result = run("check", root, *JSON)
    assert result.rules_of(BAD) == ["invalid-setting"]
    assert problems(result) == []
    assert result.code == 1
    suites = run("show", root, *JSON).json()["suites"]
    (suite,) = [one for one in suites if one["id"] == BAD]
    for environment in ("local", "ci"):
        outcome = suite["environments"][environment]["outcome"]
        assert (outcome["state"], outcome["value"]) == ("known", "refuses-to-start")


def test_an_empty_config_in_a_commonjs_package_runs(project: MakeProject, run: Run) -> None:
    """Measured on all versions: `module.exports` is an object there without being assigned."""
    root = project({BAD: "", GOOD: CLEAN_TEXT})
    (suite,) = [one for one in run("show", root, *JSON).json()["suites"] if one["id"] == BAD]
    assert suite["environments"]["local"]["outcome"]["value"] == "runs"


def test_an_unreadable_config(project: MakeProject, run: Run) -> None:
    prefix = no_override()
    root = project({BAD: CLEAN_TEXT, GOOD: GOOD_TEXT})
    (root / BAD).chmod(0)
    result = run("check", root, *JSON, prefix=prefix)
    assert result.code == 2
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert [BAD in one and "denied" in one for one in problems(result)] == [True]


def test_an_unreadable_folder(project: MakeProject, run: Run) -> None:
    prefix = no_override()
    root = project({BAD: CLEAN_TEXT, GOOD: GOOD_TEXT})
    (root / "bad").chmod(0)
    try:
        result = run("check", root, *JSON, prefix=prefix)
        named = run("check", root / BAD, root / GOOD, *JSON, prefix=prefix)
    finally:
        (root / "bad").chmod(0o755)
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert "bad" in result.told("problems")
    assert named.code == 2
    assert named.rules_of(GOOD) == [GOOD_RULE]


@pytest.mark.parametrize("opening", ["(", "[", "{a:", "!", "f(", "()=>", "`${", "a?b:"])
def test_a_config_nested_very_deeply(project: MakeProject, run: Run, opening: str) -> None:
    closing = {"(": ")", "[": "]", "{": "}", "f": ")", "`": "}`"}.get(opening[0], "")
    if opening == "()=>":
        closing = ""
    content = f"export default {{ test: {{ retry: {opening * 5000}1{closing * 5000} }} }};\n"
    root = project({BAD: content, GOOD: GOOD_TEXT})
    result = checked(run, root)
    assert result.code in (1, 2)
    assert (result.code == 2) == bool(problems(result))
    assert run("show", root).code in (0, 2)


@pytest.mark.parametrize("length", [400, 5000])
def test_numbers_too_large_for_arithmetic(project: MakeProject, run: Run, length: int) -> None:
    number = "9" * length
    root = project(
        {
            "bad/vitest.e2e.config.ts": f"export default {{ test: {{ retry: {number}, "
            f"maxWorkers: {number}n, testTimeout: 0x{number} }} }};\n",
            GOOD: GOOD_TEXT,
        }
    )
    assert checked(run, root).code in (1, 2)
    assert run("check", root).code in (1, 2)
    assert run("show", root).code in (0, 2)


# --- Imports ----------------------------------------------------------------------------------

IMPORTING = """\
import base from '{specifier}';
export default {{ test: {{ ...base.test, testTimeout: 30000, hookTimeout: -5 }} }};
"""


def importing(specifier: str) -> str:
    return IMPORTING.format(specifier=specifier)


@pytest.mark.parametrize(
    ("specifier", "others", "said"),
    [
        ("./missing", {}, "missing"),
        ("../../outside", {}, "out of the root"),
        ("../../../../../../../../../../etc/passwd", {}, "out of the root"),
        ("/etc/passwd", {}, "/etc/passwd"),
        ("./broken", {"bad/broken.ts": "export default {{{\n"}, "syntax error"),
        ("./latin", {"bad/latin.ts": b"export default {}; // \xe9\n"}, "utf-8"),
        ("./large", {"bad/large.ts": b"/*" + b" " * 5_000_000 + b"*/"}, "mb"),
        ("./a", {"bad/a.ts": "export { default } from './b';\n",
                 "bad/b.ts": "export { default } from './a';\n"}, "cyclic|itself"),
        ("./a", {"bad/a.ts": "import x from './vitest.config';\nexport default x;\n"},
         "cyclic|itself"),
        ("./vitest.config", {}, "cyclic|itself"),
    ],
    ids=["missing", "outside", "far-outside", "absolute", "syntax", "latin-1", "5MB", "cycle",
         "cycle-through-config", "itself"],
)  # fmt: skip
def test_an_import_that_cannot_be_followed_is_a_notice(
    project: MakeProject, run: Run, specifier: str, others: dict[str, str | bytes], said: str
) -> None:
    root = project({BAD: importing(specifier), GOOD: GOOD_TEXT, **others})
    result = checked(run, root)
    assert problems(result) == []
    assert result.code == 1
    told = result.told("notices")
    assert re.search(said, told.lower()), told
    places = [one["at"][0]["file"] for one in result.json()["notices"] if one["at"]]
    assert places
    assert all(place in (BAD, *others) for place in places)
    (suite,) = [s for s in run("show", root, *JSON).json()["suites"] if s["id"] == BAD]
    for facts in suite["environments"].values():
        assert facts["testTimeoutMs"]["value"] == 30000, "what stands after the spread is known"
        assert facts["retries"]["state"] == "unknown", "the import may set it"
        assert facts["retries"]["reason"]


def test_an_import_cycle_beside_the_setting_leaves_it_known(project: MakeProject, run: Run) -> None:
    files = {
        "bad/vitest.e2e.config.ts": "import { retry } from './a';\n"
        "export default { test: { retry, fileParallelism: false } };\n",
        "bad/a.ts": "import { other } from './b';\nexport const retry = 3;\nexport { other };\n",
        "bad/b.ts": "import { retry } from './a';\nexport const other = () => retry;\n",
    }
    root = project({GOOD: GOOD_TEXT, **files})
    assert GOOD_RULE in checked(run, root).rules_of("bad/vitest.e2e.config.ts")


def test_an_unreadable_import(project: MakeProject, run: Run) -> None:
    prefix = no_override()
    root = project({BAD: importing("./base"), "bad/base.ts": CLEAN_TEXT, GOOD: GOOD_TEXT})
    (root / "bad/base.ts").chmod(0)
    result = run("check", root, *JSON, prefix=prefix)
    assert result.code == 1
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert "denied" in result.told("notices")


# --- Limits files -----------------------------------------------------------------------------


def limits(section: str, name: str, value: str) -> str:
    return f'{{"{section}": {{"{name}": {value}}}}}\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (limits("resourceLimits", "maxConcurrentTests", '"1"'), "maxConcurrentTests"),
        (limits("resourceLimits", "maxConcurrentTests", "0"), "maxConcurrentTests"),
        (limits("resourceLimits", "maxConcurrentTests", "1.5"), "maxConcurrentTests"),
        (limits("resourceLimits", "maxConcurrentTests", "true"), "maxConcurrentTests"),
        (limits("resourceLimits", "maxConcurrentTests", "null"), "maxConcurrentTests"),
        (limits("resourceLimits", "maxConcurrentTests", "[1]"), "maxConcurrentTests"),
        (limits("resourceLimits", "maxConcurrentTests", "1e999"), "maxConcurrentTests"),
        (limits("resourceLimits", "maxMemoryMB", "1e999"), "maxMemoryMB"),
        (limits("resourceLimits", "maxRetries", "-1"), "maxRetries"),
        (limits("resourceLimits", "maxMemoryMB", "0"), "maxMemoryMB"),
        (limits("resourceLimits", "maxWallSeconds", "-1"), "maxWallSeconds"),
        (limits("resourceLimits", "maxCPUPercent", "101"), "maxCPUPercent"),
        (limits("resourceLimits", "maxCPUPercent", "0"), "maxCPUPercent"),
        (limits("resourceLimits", "maxCPUPercent", '"70%"'), "maxCPUPercent"),
        (limits("resourceLimits", "maxMemoryMB", "NaN"), "NaN"),
        (limits("resourceLimits", "maxMemoryMB", "Infinity"), "Infinity"),
        (limits("timeouts", "testMs", "0"), "testMs"),
        (limits("timeouts", "testMs", "2147483648"), "testMs"),
        (limits("monitoring", "enforceCPU", '"sometimes"'), "enforceCPU"),
        ('{"resourceLimits": []}\n', "resourceLimits"),
        ("", "empty"),
        (" \n", "empty"),
        ("\ufeff", "empty"),
        ("not json\n", "JSON"),
        ("{\n", "JSON"),
        ("{} {}\n", "JSON"),
        ("// none\n{}\n", "JSON"),
        ('{"resourceLimits": {"maxRetries": 01}}\n', "JSON"),
        ('{"resourceLimits": {"maxRetries": 1,}}\n', "JSON"),
        ("{'resourceLimits': {}}\n", "JSON"),
        ("[]\n", "object"),
        ("null\n", "object"),
        ("1\n", "object"),
        ("[" * 100_000 + "]" * 100_000, LIMITS),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, LIMITS),
        (b"{} \xff\n", "UTF-8"),
        (b" " * 5_000_000 + b"{}", "MB"),
    ],
)  # fmt: skip
def test_a_wrong_limits_file(
    project: MakeProject, run: Run, content: str | bytes, said: str
) -> None:
    root = project({LIMITS: content, GOOD: GOOD_TEXT})
    result = checked(run, root)
    assert result.code == 2
    assert said in "\n".join(problems(result)), problems(result)
    assert run("show", root).code == 2
    # The same as the user's own file, from outside the root.
    mine = root.parent / "mine.json"
    mine.write_bytes((root / LIMITS).read_bytes())
    (root / LIMITS).unlink()
    named = run("check", root, *JSON, "--limits", str(mine))
    assert named.code == 2
    if named.stdout:
        assert problems(named)
    else:  # one that cannot be read ends it at once
        assert "mine.json" in named.stderr and said in named.stderr


@pytest.mark.parametrize(
    ("content", "valid"),
    [
        ("{}", True),
        (limits("resourceLimits", "maxConcurrentTests", "2.0"), True),
        (limits("resourceLimits", "maxCPUPercent", "100"), True),
        (limits("resourceLimits", "maxRetries", "0"), True),
        (limits("resourceLimits", "maxRetries", "1" + "0" * 400), None),
        (limits("resourceLimits", "maxConcurrentTests", "1" + "0" * 5000), None),
        ("\ufeff{}\n", None),
    ],
)
def test_limits_at_the_edge(
    project: MakeProject, run: Run, content: str, valid: bool | None
) -> None:
    root = project({LIMITS: content, "sub/" + LIMITS: content, "sub/" + GOOD: GOOD_TEXT})
    result = run("check", root, *JSON)
    if valid is not None:
        assert problems(result) == []
        assert "sub/" + GOOD in json.dumps(result.json()["findings"])
    assert run("check", root).code == result.code
    assert run("check", root, "--diff").code in (0, 1, 2)


def test_one_wrong_number_spoils_no_other(project: MakeProject, run: Run) -> None:
    content = '{"resourceLimits": {"maxConcurrentTests": "x", "maxRetries": 5}}'
    root = project({LIMITS: content, GOOD: GOOD_TEXT})
    result = run("check", root, *JSON)
    assert result.code == 2
    assert result.rules_of(GOOD) == [], "3 retries are within the 5 that the file states"


@pytest.mark.parametrize(
    ("content", "written", "meant"),
    [
        (limits("resourceLimits", "maxConcurentTests", "1"), "maxConcurentTests",
         "maxConcurrentTests"),
        (limits("resourceLimits", "maxMemoryMb", "1"), "maxMemoryMb", "maxMemoryMB"),
        ('{"resourceLimit": {}}', "resourceLimit", "resourceLimits"),
        (limits("timeouts", "testMS", "1"), "testMS", "testMs"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_a_warning_with_a_suggestion(
    project: MakeProject, run: Run, content: str, written: str, meant: str
) -> None:
    root = project({LIMITS: content, GOOD: CLEAN_TEXT})
    result = run("check", root, *JSON)
    assert result.code == 0
    assert problems(result) == []
    (warning,) = problems(result, "warning")
    assert f"{written!r}" in warning
    assert f"{meant!r}" in warning
    assert run("check", root, "--fail-on", "info").code == 0, "no exit code"
    assert meant in run("check", root).stdout


def test_a_nearer_limit_may_only_lower(project: MakeProject, run: Run) -> None:
    files = {
        LIMITS: limits("resourceLimits", "maxRetries", "1"),
        "good/" + LIMITS: limits("resourceLimits", "maxRetries", "9"),
        GOOD: GOOD_TEXT,
    }
    result = checked(run, project(files))  # and so the finding against the root's 1 stands
    assert result.code == 2
    (problem,) = result.json()["problems"]
    assert "maxRetries" in problem["message"]
    assert "9" in problem["message"]
    assert LIMITS in problem["message"]
    assert problem["at"][0]["file"] == "good/" + LIMITS
    lower = {**files, "good/" + LIMITS: limits("resourceLimits", "maxRetries", "0")}
    assert problems(checked(run, project(lower))) == []


def test_a_wrong_limits_file_is_told_though_no_config_can_be_judged(
    project: MakeProject, run: Run
) -> None:
    root = project({BAD: "export default {{{\n", LIMITS: "[]\n"})
    told = "\n".join(problems(run("check", root, *JSON)))
    assert BAD in told
    assert LIMITS in told, "what is wrong with one file never hides the others"


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_named_limits_file_that_is_missing(project: MakeProject, run: Run, command: str) -> None:
    root = project({GOOD: CLEAN_TEXT})
    result = run(command, root, "--limits", root / "none.json")
    assert result.code == 2
    assert "none.json" in result.output


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_named_limits_file_is_looked_at_even_without_a_config(
    project: MakeProject, run: Run, command: str
) -> None:
    root = project({"mine.json": "[]\n"})
    for name in ("none.json", "mine.json"):
        result = run(command, root, "--limits", root / name)
        assert result.code == 2, name
        assert name in result.output


# --- Settings files ---------------------------------------------------------------------------

SETTINGS = "configguard.toml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nonsense", "is not TOML"),
        ("selekt = []\n", "did you mean 'select'"),
        ('ignore = ["to-many-retries"]\n', "did you mean 'too-many-retries'"),
        ("exclude = [1]\n", "must be a text"),
        ('exclude = ["*' + "a*" * 500 + '", "/x"]\n', "begins without a slash"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("a." * 3_000 + "b = 1\n", "unknown key 'a'"),
        ("a." * 300_000 + "b = 1\n", "too many parts"),
        ("severity.missing-timeout" + ".a" * 3_000 + " = 1\n", "nested too deeply"),
        (b"ignore = [] # \xff\n", "UTF-8"),
        (b"#" * 5_000_000, "MB"),
        ("\0", "is not TOML"),
        ("select = ['\u202e\x1b']\n", "TOML"),
        ('ignore = ["\\u001b[31m\\u202e"]\n', "there is no rule"),
        ('[suite-kinds]\n"\\u0000" = "\\u001b"\n', "must be one of"),
    ],
)
def test_wrong_settings(project: MakeProject, run: Run, content: str | bytes, said: str) -> None:
    root = project({SETTINGS: content, GOOD: GOOD_TEXT})
    result = checked(run, root)
    assert result.code == 2
    assert said in "\n".join(problems(result)), problems(result)
    assert run("show", root).code == 2
    text = run("check", root, "--fix")
    assert raw_dangers(text.output) == []
    assert (root / GOOD).read_text() == GOOD_TEXT, "nothing is fixed by settings that are wrong"
    # The same as the user's own file, from outside the root.
    mine = root.parent / "mine.toml"
    mine.write_bytes((root / SETTINGS).read_bytes())
    (root / SETTINGS).unlink()
    named = run("check", root, *JSON, "--settings", str(mine))
    assert named.code == 2
    assert said in ("\n".join(problems(named)) if named.stdout else named.stderr)


def test_unreadable_settings(project: MakeProject, run: Run) -> None:
    prefix = no_override()
    root = project({SETTINGS: "ignore = []\n", GOOD: GOOD_TEXT})
    (root / SETTINGS).chmod(0)
    result = run("check", root, *JSON, prefix=prefix)
    assert result.code == 2
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert [SETTINGS in one and "denied" in one for one in problems(result)] == [True]


def test_settings_that_are_a_pipe_or_lead_out(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    os.mkfifo(root / SETTINGS)
    assert "not a regular file" in problems(checked(run, root))[0]
    (root / SETTINGS).unlink()
    (root.parent / "out.toml").write_text('ignore = ["too-many-retries"]\n')
    (root / SETTINGS).symlink_to(root.parent / "out.toml")
    assert "outside the root" in problems(checked(run, root))[0]


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_named_settings_file_that_is_missing(
    project: MakeProject, run: Run, command: str
) -> None:
    for files in ({GOOD: CLEAN_TEXT}, {}):
        result = run(command, project(files), "--settings", "none.toml")
        assert result.code == 2
        assert "none.toml" in result.output


def test_globs_of_settings_meet_hostile_names(project: MakeProject, run: Run) -> None:
    settings = 'exclude = ["' + "*a" * 60 + '*b"]\n[suite-kinds]\n"' + "*a" * 60 + '*b" = "e2e"\n'
    long = "a" * 200 + "/vitest.config.ts"
    files = {SETTINGS: settings, GOOD: GOOD_TEXT, long: CLEAN_TEXT}
    if os.name != "nt":
        files["new\nline/vitest.e2e.config.ts"] = GOOD_TEXT
    result = checked(run, project(files))
    assert problems(result) == []
    assert result.code == 1


# --- Options ----------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("to-many-retries", "too-many-retries"),
        ("missing-timeout,e2e-paralel-workers", "e2e-parallel-workers"),
        ("TOO-MANY-RETRIES", None),
        ("no-such-thing", None),
    ],
)
def test_an_unknown_rule(
    project: MakeProject, run: Run, option: str, given: str, meant: str | None
) -> None:
    root = project({GOOD: GOOD_TEXT})
    result = run("check", root, option, given)
    assert result.code == 2
    assert option in result.stderr
    assert given.split(",")[-1] in result.stderr
    if meant is not None:
        assert meant in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("option", "value", "meant"),
    [
        ("--output-format", "jsno", "json"),
        ("--output-format", "JSON", "json"),
        ("--fail-on", "warn", "warning"),
        ("--fail-on", "errors", "error"),
        ("--color", "allways", "always"),
    ],
)
def test_a_wrong_choice_names_the_right_ones(
    project: MakeProject, run: Run, option: str, value: str, meant: str
) -> None:
    root = project({GOOD: GOOD_TEXT})
    result = run("check", root, option, value)
    assert result.code == 2
    assert option in result.stderr
    assert value in result.stderr
    assert meant in result.stderr


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "99999999999999999999"])
@pytest.mark.parametrize("command", ["check", "show"])
def test_a_wrong_cpu_count(project: MakeProject, run: Run, command: str, value: str) -> None:
    result = run(command, project({GOOD: GOOD_TEXT}), "--cpus", value)
    assert result.code == 2
    assert "--cpus" in result.stderr


# --- Paths ------------------------------------------------------------------------------------


def test_no_config_is_fine_and_said(project: MakeProject, run: Run) -> None:
    root = project({"readme.md": "# Nothing to test\n"})
    result = run("check", root)
    assert result.code == 0
    assert "no test-runner configs" in result.stdout.lower()
    assert run("check", root, *JSON).json()["summary"]["files"] == 0


@pytest.mark.parametrize("name", ["gone", "gone/vitest.config.ts", "good/vitest.config.mts"])
def test_a_path_that_does_not_exist(project: MakeProject, run: Run, name: str) -> None:
    root = project({GOOD: GOOD_TEXT})
    result = run("check", root / GOOD, root / name, *JSON)
    assert result.code == 2
    assert result.rules_of(GOOD) == [GOOD_RULE]
    (problem,) = problems(result)
    assert name in problem
    again = run("check", root / GOOD, root / name, "--skip-unknown")
    assert again.code == 2, "--skip-unknown is about files that are no configs"


@pytest.mark.parametrize("name", ["src/index.ts", "vitest.setup.ts", "vitest.md"])
def test_a_named_file_that_is_no_config(project: MakeProject, run: Run, name: str) -> None:
    root = project({GOOD: GOOD_TEXT, name: "{}\n"})
    result = run("check", root / name, root / GOOD, *JSON)
    assert result.code == 2
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert name in "\n".join(problems(result))
    skipped = run("check", root / name, root / GOOD, *JSON, "--skip-unknown")
    assert skipped.code == 1
    assert problems(skipped) == []
    alone = run("check", root / name, "--skip-unknown")
    assert alone.code == 0


def test_a_vite_config_without_tests(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT, "app/vite.config.ts": "export default { base: '/' };\n"})
    walked = checked(run, root)
    assert walked.code == 1
    assert problems(walked) == []
    named = run("check", root / "app/vite.config.ts", root / GOOD, *JSON)
    assert named.code == 2
    assert named.rules_of(GOOD) == [GOOD_RULE]
    skipped = run("check", root / "app/vite.config.ts", root / GOOD, "--skip-unknown")
    assert skipped.code == 1


def test_a_path_outside_the_root(project: MakeProject, run: Run) -> None:
    root, other = project({GOOD: GOOD_TEXT}), project({"vitest.e2e.config.ts": GOOD_TEXT})
    for outside in (other, other / "vitest.e2e.config.ts", Path("/etc"), Path("/")):
        result = run("check", root / GOOD, outside, *JSON)
        assert result.code == 2, outside
        assert result.rules_of(GOOD) == [GOOD_RULE]
        assert "outside the root" in "\n".join(problems(result))
        assert len(result.json()["findings"]) == 1
    result = run("check", other, "--root", root, *JSON)
    assert result.code == 2
    assert result.json()["findings"] == []


def test_the_root_of_a_path_that_does_not_exist(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    result = run("check", root / "gone", root / GOOD, *JSON, cwd=root.parent)
    assert result.code == 2
    assert result.rules_of(GOOD) == [GOOD_RULE], "the first path decides the root, there or not"
    assert len(problems(result)) == 1


def test_the_same_config_named_in_many_ways_counts_once(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    names = [GOOD, f"./{GOOD}", "good", "good/../good/", str(root / GOOD), "."]
    report = run("check", *names, *JSON, cwd=root).json()
    assert report["summary"]["files"] == 1
    assert len(report["findings"]) == 1


# --- Things that are no plain files -----------------------------------------------------------


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", "pnpm-lock.yaml"])
def test_a_version_source_that_is_a_named_pipe(project: MakeProject, run: Run, name: str) -> None:
    root = project({GOOD: GOOD_TEXT}, vitest=None)
    os.mkfifo(root / "good" / name)
    result = run("check", root, *JSON)  # the harness ends a run that hangs
    assert GOOD_RULE in result.rules_of(GOOD)


def test_a_limits_file_that_is_a_named_pipe(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    os.mkfifo(root / "good" / LIMITS)
    result = checked(run, root)
    assert result.code == 2
    assert LIMITS in "\n".join(problems(result))


@pytest.mark.parametrize("walk", [True, False])
def test_a_config_that_is_a_named_pipe(project: MakeProject, run: Run, walk: bool) -> None:
    root = project({GOOD: GOOD_TEXT, "bad/x": ""})
    os.mkfifo(root / BAD)
    paths = [root] if walk else [root / GOOD, root / BAD]
    result = run("check", *paths, *JSON)
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert BAD in "\n".join(problems(result)), "vitest would read it: silence says it is fine"
    assert result.code == 2


@pytest.mark.parametrize("name", ["pipe.ts", "pipe.json"])
def test_an_imported_named_pipe_never_hangs(project: MakeProject, run: Run, name: str) -> None:
    root = project({BAD: importing(f"./{name}"), GOOD: GOOD_TEXT})
    os.mkfifo(root / "bad" / name)
    assert checked(run, root).code == 1


def test_a_limits_file_of_ones_own_that_is_a_pipe(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    os.mkfifo(root / "pipe.json")
    result = run("check", root, "--limits", root / "pipe.json")
    assert result.code == 2
    assert "pipe.json" in result.stderr


def test_symlink_loops(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    (root / "loop").mkdir()
    (root / "loop/vitest.config.ts").symlink_to("vitest.config.ts")
    (root / "loop/again").symlink_to(root, target_is_directory=True)
    (root / "loop/gone.ts").symlink_to("nowhere")
    assert checked(run, root).code == 1
    named = run("check", root / GOOD, root / "loop/vitest.config.ts", *JSON)
    assert named.code == 2
    assert named.rules_of(GOOD) == [GOOD_RULE]
    assert "loop/vitest.config.ts" in "\n".join(problems(named))


def test_a_dangling_symlink(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    (root / "vitest.config.ts").symlink_to("nowhere.ts")
    assert checked(run, root).code in (1, 2)
    named = run("check", root / GOOD, root / "vitest.config.ts", *JSON)
    assert named.code == 2
    assert named.rules_of(GOOD) == [GOOD_RULE]


def test_a_symlinked_config_inside_the_root_is_judged(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT, "real/settings.ts": GOOD_TEXT})
    (root / "app").mkdir()
    (root / "app/vitest.e2e.config.ts").symlink_to("../real/settings.ts")
    assert checked(run, root).rules_of("app/vitest.e2e.config.ts") == [GOOD_RULE]


@pytest.mark.parametrize("walk", [True, False])
def test_a_symlinked_config_that_leads_out_of_the_root(
    project: MakeProject, run: Run, walk: bool
) -> None:
    root = project({GOOD: GOOD_TEXT})
    outside = root.parent / "outside.ts"
    outside.write_text(GOOD_TEXT)
    (root / "bad").mkdir()
    (root / BAD).symlink_to(outside)
    result = checked(run, root) if walk else run("check", root / BAD, root / GOOD, *JSON)
    assert result.rules_of(GOOD) == [GOOD_RULE]
    assert len(result.json()["findings"]) == 1
    assert BAD in "\n".join(problems(result)), "vitest would run it: silence says it is fine"
    assert result.code == 2


def test_a_folder_with_the_name_of_a_config(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT, "vitest.config.ts/inner.ts": "1;\n"})
    result = checked(run, root)
    assert [one for one in result.json()["findings"] if GOOD not in one["suites"]] == []
    assert run("check", root / "vitest.config.ts").code in (0, 2)


def test_an_import_of_a_folder(project: MakeProject, run: Run) -> None:
    root = project({BAD: importing("./base.ts"), "bad/base.ts/x": "", GOOD: GOOD_TEXT})
    result = checked(run, root)
    assert result.code == 1
    assert result.told("notices")


# --- Hostile names and values -----------------------------------------------------------------

ESCAPES = "\x1b[31m\x1b]0;owned\x07\x9b2J\r\x7f"
BIDI = "\u202egnp\u2066.\u200f\u061c"
ZERO_WIDTH = "a\u200bb\u2028c\ufeffd"
FORMS = [
    ("--output-format", "text"),
    ("--output-format", "concise"),
    ("--output-format", "json"),
    ("--output-format", "sarif"),
    ("--output-format", "github", "--verbose"),
    ("--output-format", "gitlab"),
    ("--output-format", "junit"),
    ("--output-format", "markdown"),
    ("--diff",),
    ("--output-format", "text", "--verbose", "--color", "never"),
]


def assert_harmless(run: Run, root: Path, *paths: str | bytes | Path) -> None:
    outputs = [run("check", *(paths or (root,)), *form) for form in FORMS]
    outputs += [run("show", *(paths or (root,)), *form) for form in FORMS[:3:2]]
    for result in outputs:
        assert raw_dangers(result.stdout) == []
        assert raw_dangers(result.stderr) == []


@pytest.mark.parametrize(
    "folder",
    [
        ESCAPES,
        BIDI,
        ZERO_WIDTH,
        "new\nline: error[too-many-retries] forged",
        os.fsdecode(b"latin-\xe9\xff"),
        "quo'te\"back\\slash",
        "wide-漢字-🙂",
    ],
)
def test_hostile_file_names(project: MakeProject, run: Run, folder: str) -> None:
    name = f"{folder}/vitest.e2e.config.ts"
    broken = f"{folder}/sub/vitest.config.ts"
    root = project({name: GOOD_TEXT, broken: "export default {{{;\n", GOOD: GOOD_TEXT})
    assert_harmless(run, root)
    assert_harmless(run, root, os.fsencode(root / name), os.fsencode(root / "no" / folder))
    result = checked(run, root)
    assert result.code == 2
    findings = result.json()["findings"]
    assert sorted(one["suites"][0] for one in findings) == sorted([name, GOOD])
    assert len(problems(result)) == 1
    lines = run("check", root, "--output-format", "concise").stdout.splitlines()
    assert len(lines) == 3, "one line for each finding and problem, whatever the names"
    assert run("check", root, "--fix").code == 2
    assert b"retry: 3" not in Path(root / name).read_bytes()


HOSTILE_CONFIGS = {
    "value": "export default { test: { retry: '%s' } };",
    "pool": "export default { test: { pool: '%s', maxWorkers: '%s' } };",
    "key": "export default { test: { '%s': 3, retry: 3 } };",
    "name": "export default { test: { name: '%s', retry: 3 } };",
    "import": "import base from './%s';\nexport default { test: { ...base, retry: 3 } };",
    "package": "import base from '%s';\nexport default base({ test: { retry: 3 } });",
    "variable": "export default { test: { retry: process.env['%s'] ? 3 : 4 } };",
    "compared": "export default { test: { retry: process.env.A === '%s' ? 3 : 4 } };",
    "comment": "export default { test: { retry: 3 /* %s */ } };",
    "same line": "export default { test: { name: '%s', retry: 3, x: '%s' } };",
    "syntax": "export default { test: { '%s' '%s' } };",
    "thrown": "throw new Error('%s');",
    "called": "export default { test: { retry: globalThis['%s']('%s') } };",
    "condition": "export default { test: { retry: foo('%s') ? 3 : 4 } };",
    "identifier": "export default { test: { retry: a.b['%s'] } };",
    "platform": "export default { test: { retry: process.platform === '%s' ? 3 : 4 } };",
    "mode": "export default ({ mode }) => ({ test: { retry: mode === '%s' ? 3 : 4 } });",
    "argument": "export default { test: { retry: Number('%s'), maxWorkers: parseInt('%s') } };",
}


@pytest.mark.parametrize("text", [ESCAPES, BIDI, ZERO_WIDTH], ids=["escapes", "bidi", "invisible"])
def test_hostile_values_in_configs(project: MakeProject, run: Run, text: str) -> None:
    files = {
        f"c{index}/vitest.e2e.config.ts": config.replace("%s", text) + "\n"
        for index, config in enumerate(HOSTILE_CONFIGS.values())
    }
    root = project({**files, GOOD: GOOD_TEXT})
    checked(run, root)
    assert_harmless(run, root)


@pytest.mark.parametrize("text", [ESCAPES, BIDI, ZERO_WIDTH], ids=["escapes", "bidi", "invisible"])
def test_hostile_values_in_other_files(project: MakeProject, run: Run, text: str) -> None:
    quoted = json.dumps(text)
    root = project(
        {
            GOOD: GOOD_TEXT,
            "a/vitest.e2e.config.ts": GOOD_TEXT,
            "a/node_modules/vitest/package.json": json.dumps({"version": f"3.2.7{text}"}),
            "b/vitest.e2e.config.ts": GOOD_TEXT,
            "b/package.json": json.dumps({"devDependencies": {"vitest": f"^3.2.7 {text}"}}),
            "b/node_modules/vitest/package.json": text,
            "c/vitest.e2e.config.ts": GOOD_TEXT,
            "c/" + LIMITS: f'{{{quoted}: 1, "resourceLimits": {{"maxRetries": {quoted}}}}}',
            "d/vitest.e2e.config.ts": GOOD_TEXT,
            "d/" + LIMITS: f"{{ {text}",
        }
    )
    checked(run, root)
    assert_harmless(run, root)


@pytest.mark.parametrize("text", [ESCAPES, BIDI, ZERO_WIDTH], ids=["escapes", "bidi", "invisible"])
@pytest.mark.parametrize(
    "option",
    ["--select", "--ignore", "--fail-on", "--output-format", "--color", "--root", "--limits",
     "--cpus", "--unknown"],
)  # fmt: skip
def test_hostile_option_values(project: MakeProject, run: Run, option: str, text: str) -> None:
    result = run("check", project({GOOD: GOOD_TEXT}), option, text)
    assert result.code == 2
    assert raw_dangers(result.stderr) == []
    assert raw_dangers(result.stdout) == []


# --- Files that --fix must not harm -----------------------------------------------------------


def test_a_read_only_file_is_not_replaced(project: MakeProject, run: Run) -> None:
    prefix = no_override()
    root = project({BAD.replace("config", "e2e.config"): GOOD_TEXT, GOOD: GOOD_TEXT})
    locked = root / BAD.replace("config", "e2e.config")
    locked.chmod(0o444)
    result = run("check", root, "--fix", *JSON, prefix=prefix)
    assert locked.read_text() == GOOD_TEXT
    assert stat.S_IMODE(locked.stat().st_mode) == 0o444
    assert result.code == 2
    assert locked.name in "\n".join(problems(result))
    assert "retry: 3" not in (root / GOOD).read_text(), "the others are written"


def test_a_read_only_folder(project: MakeProject, run: Run) -> None:
    prefix = no_override()
    locked = "locked/vitest.e2e.config.ts"
    root = project({locked: GOOD_TEXT, GOOD: GOOD_TEXT})
    (root / "locked").chmod(0o555)
    try:
        result = run("check", root, "--fix", *JSON, prefix=prefix)
    finally:
        (root / "locked").chmod(0o755)
    assert (root / locked).read_text() == GOOD_TEXT
    assert result.code == 2
    assert locked in "\n".join(problems(result))
    assert "retry: 3" not in (root / GOOD).read_text()
    assert sorted(path.name for path in (root / "locked").iterdir()) == ["vitest.e2e.config.ts"]


def test_a_hard_linked_file_is_refused(project: MakeProject, run: Run) -> None:
    linked = "linked/vitest.e2e.config.ts"
    root = project({linked: GOOD_TEXT, GOOD: GOOD_TEXT})
    other = root.parent / "elsewhere.ts"
    os.link(root / linked, other)
    result = run("check", root, "--fix", *JSON)
    assert result.code == 2
    assert linked in "\n".join(problems(result))
    assert "hard link" in "\n".join(problems(result))
    assert (root / linked).read_text() == other.read_text() == GOOD_TEXT
    assert other.stat().st_nlink == 2
    assert "retry: 3" not in (root / GOOD).read_text()
    assert result.rules_of(linked) == [GOOD_RULE], "what was not fixed is still reported"


def test_a_symlinked_config_stays_a_symlink(project: MakeProject, run: Run) -> None:
    root = project({"real/settings.ts": GOOD_TEXT, "app/x": ""})
    link = root / "app/vitest.e2e.config.ts"
    link.symlink_to("../real/settings.ts")
    assert run("check", root, "--fix").code in (0, 2)
    assert link.is_symlink()
    assert stat.S_ISREG((root / "real/settings.ts").stat().st_mode)


def test_fix_keeps_the_mode_and_leaves_no_other_file(project: MakeProject, run: Run) -> None:
    root = project({GOOD: GOOD_TEXT})
    (root / GOOD).chmod(0o640)
    before = set(listing(root))
    assert run("check", root, "--fix").code == 0
    assert stat.S_IMODE((root / GOOD).stat().st_mode) == 0o640
    assert set(listing(root)) == before


STYLED = """\
import { defineConfig } from 'vitest/config'; // größer

export default defineConfig({
\ttest: {
\t\tpool: 'threads', // 漢字
\t\tpoolOptions: { threads: { maxThreads: 3 } },
\t\tretry: 3, // 🙂
\t},
});
"""


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["no-bom", "bom"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("final", [True, False], ids=["final-newline", "no-final-newline"])
def test_fix_keeps_bom_newlines_and_tabs(
    project: MakeProject, run: Run, bom: bytes, newline: str, final: bool
) -> None:
    text = STYLED if final else STYLED.rstrip("\n")
    root = project({GOOD: bom + text.replace("\n", newline).encode()})
    assert run("check", root, "--fix", "--fail-on", "info").code == 0
    after = (root / GOOD).read_bytes()
    assert after.startswith(bom + b"import")
    assert after.count(b"\xef\xbb\xbf") == len(bom) // 3
    assert after.count(b"\r") == (after.count(b"\n") if newline == "\r\n" else 0)
    assert after.endswith(b"\n") is final
    lines = after.removeprefix(bom).decode().replace("\r\n", "\n").split("\n")
    assert len(lines) > len(text.split("\n")), "settings were added"
    assert not any(line.startswith(" ") for line in lines)
    for comment in ("// größer", "// 漢字", "// 🙂"):
        assert sum(comment in line for line in lines) == 1
    assert run("check", root, "--diff").stdout == "", "fixing again changes nothing"
