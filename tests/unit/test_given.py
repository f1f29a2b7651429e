"""What flags and variables make of a config, as scripts give them; each case was run for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import run

FILES = {
    "playwright.config.ts": "export default { retries: 1, workers: 4,"
    " projects: [{ name: 'other' }, { name: 'x' }] };",
    "vitest.config.mjs": "export default { test: { pool: 'threads',"
    " poolOptions: { threads: { singleThread: true } } } };",
    "jest.config.js": "module.exports = { maxWorkers: 4 };",
    "more.config.ts": "import base from './base.js';\nexport default { ...base };",
    "base.ts": "export default { projects: [{ name: 'y', workers: 9 },"
    " { name: 'x', dependencies: ['y'] }] };",
}
VERSIONS = {"@playwright/test": "1.50.0", "vitest": "3.2.4", "jest": "29.7.0"}


def told(tmp_path: Path, command: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The local facts of the suites that a script runs in a way of its own, and the notices."""
    manifest = {"devDependencies": VERSIONS, "scripts": {"it": command}}
    for name, text in {**FILES, "package.json": json.dumps(manifest)}.items():
        (tmp_path / name).write_text(text, "utf-8")
    shown = run("show", ".", "--root", ".", "--cpus", "8", "--output-format", "json", cwd=tmp_path)
    found = json.loads(shown.stdout)
    own = [one["environments"]["local"] for one in found["suites"] if one["invocation"]]
    facts = [
        {
            name: fact.get("effective", fact.get("value", fact["state"]))
            for name, fact in one.items()
        }
        for one in own
    ]
    return facts, [notice["message"] for notice in found["notices"]]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("playwright test -x --max-failures=3", {"maxFailures": 1}),
        ("playwright test --retries=-1", {"retries": "unknown", "outcome": "unknown"}),
        ("playwright test --workers=abc", {"outcome": "refuses-to-start"}),
        ("playwright test --global-timeout=1000", {"globalTimeoutMs": 1000}),
        ("vitest run --no-poolOptions.threads.singleThread", {"workers": 7}),
        ("vitest run --no-retry", {"outcome": "refuses-to-start"}),
        ("vitest run --retry=1 --retry=2", {"outcome": "refuses-to-start"}),
        ("vitest run --workers=2", {"outcome": "refuses-to-start"}),
        ("vitest run --retry", {"outcome": "refuses-to-start"}),
        ("vitest run --max-workers --retry=1", {"outcome": "refuses-to-start"}),
        ("vitest run --retry=2.5", {"retries": 2}),
        ("playwright test --retries", {"outcome": "refuses-to-start"}),
        ("playwright test --retries=2.5 --project=X", {"retries": 2}),
        ("playwright test --retries= --timeout= -j 2", {"retries": 1, "testTimeoutMs": 30000}),
        ("vitest run --pool=forks --pool-options.forks.maxForks=3", {"workers": 3}),
        ("vitest run --retry=%RETRY% --bail=2", {"retries": "unknown", "maxFailures": 2}),
        ("jest -i -w 3", {"outcome": "refuses-to-start"}),
        ("jest -w 3 --retries=2", {"workers": 3, "retries": 0}),
    ],
)
def test_a_command_line(command: str, expected: dict[str, Any], tmp_path: Path) -> None:
    facts, _ = told(tmp_path, command)
    assert facts
    for suite in facts:
        assert {name: suite[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("command", "workers"),
    [
        ("vitest --pool forks", 4),
        ("vitest --pool forks --no-watch", 7),
        ("vitest --pool forks --run", 7),
        ("vitest watch --pool forks", 4),
    ],
)
def test_watching_takes_half_of_the_cpus(command: str, workers: int, tmp_path: Path) -> None:
    (facts,), _ = told(tmp_path, command)
    assert facts["workers"] == workers


@pytest.mark.parametrize("command", ["jest --runInBand=false", "PWDEBUG=0 playwright test"])
def test_a_switch_that_is_off_changes_nothing(command: str, tmp_path: Path) -> None:
    assert told(tmp_path, command) == ([], [])


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("vitest run --mode $MODE", "what the script"),
        ('vitest run --mode="$MODE"', "the mode that"),
        ("vitest run --project zzz", "chooses the project zzz"),
        ("jest --selectProjects zzz", "chooses the project zzz"),
        ("playwright test --project other --project zzz", "chooses the project zzz"),
        ("playwright test --ui", "gives playwright --ui"),
        ("jest --projects a", "gives jest --projects"),
        ("jest --select-projects zzz", "chooses the project zzz"),
        ("jest --list-tests", "gives jest --list-tests"),
        ("PWDEBUG=1 playwright test", "sets PWDEBUG for playwright"),
        ("npx -y vitest@1 run", "names a version of vitest itself"),
        ("pnpm dlx playwright test --retries=3", "names a version of playwright itself"),
        ("npm i --no-save vitest@1.6.0 && vitest run --retry=3", "installs a version of vitest"),
        ("pnpm add -D 'jest@28' && pnpm jest -w 3", "installs a version of jest"),
        ("playwright test -c more.config.ts --project=x", "which projects run with those"),
        ("cd nothere && vitest run", "which is not there"),
        ("vitest run -c none.config.mjs", "which is not there"),
        ("vitest run $ARGS", "what the script"),
        ('sh -c "vitest run $ARGS"', "not followed, though it may run tests"),
    ],
)
def test_what_is_not_worked_out_is_told(command: str, why: str, tmp_path: Path) -> None:
    facts, notices = told(tmp_path, command)
    assert not facts
    assert any(why in notice for notice in notices), notices


def test_a_retry_by_a_flag_that_is_no_whole_number_is_told(tmp_path: Path) -> None:
    _, notices = told(tmp_path, "vitest run --retry=2.5")
    assert [one for one in notices if "makes a failing test pass" in one]


def test_a_config_is_read_in_the_mode_of_the_command(tmp_path: Path) -> None:
    """Measured on vitest 1.6.1 to 5.1.1: the mode is handed on, NODE_ENV stays `test`."""
    files = {
        "vitest.config.mjs": "export default ({ mode }) => ({ test: {"
        " retry: mode === 'int' ? 2 : 1, bail: process.env.NODE_ENV === 'test' ? 3 : 4 } });",
        "package.json": json.dumps(
            {"devDependencies": VERSIONS, "scripts": {"it": "vitest run --mode int"}}
        ),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    suites = json.loads(shown.stdout)["suites"]
    local = {one["id"]: one["environments"]["local"] for one in suites}
    facts = {name: (one["retries"], one["maxFailures"]) for name, one in local.items()}
    assert {name: tuple(fact["value"] for fact in both) for name, both in facts.items()} == {
        "vitest.config.mjs": (1, 3),
        "vitest.config.mjs@script:.:it": (2, 3),
    }


@pytest.mark.parametrize(
    ("command", "local", "ci"),
    [
        ('if [ -n "$CI" ]; then vitest run --retry=2; else vitest run --retry=3; fi', [3], [2]),
        ("if [[ $CI != true ]]; then vitest run --retry=4; fi", [4], []),
        ('if test -z "${CI:-}"; then vitest run --retry=5; fi; vitest run --retry=6', [5, 6], [6]),
        ('CI=1; if [ "$CI" ]; then vitest run --retry=7; fi', [7], [7]),
        ('if [ "$CI" = 1 ]; then vitest run --retry=8; fi', [8], [8]),
    ],
)
def test_a_branch_that_asks_for_ci_runs_there_alone(
    command: str, local: list[int], ci: list[int], tmp_path: Path
) -> None:
    files = {
        "package.json": json.dumps({"devDependencies": VERSIONS, "scripts": {"it": command}}),
        "vitest.config.mjs": "export default {};",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    own = [one["environments"] for one in json.loads(shown.stdout)["suites"] if one["invocation"]]
    found = {
        name: [one[name]["retries"]["value"] for one in own if name in one]
        for name in ("local", "ci")
    }
    assert found == {"local": local, "ci": ci}


def test_azure_sets_no_ci(tmp_path: Path) -> None:
    files = {
        "azure-pipelines.yml": "steps:\n  - script: npx vitest run --retry=2\n",
        "package.json": json.dumps({"devDependencies": VERSIONS}),
        "vitest.config.mjs": "export default { test: { bail: process.env.CI ? 1 : 0 } };",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    (suite,) = [one for one in json.loads(shown.stdout)["suites"] if one["invocation"]]
    assert list(suite["environments"]) == ["ci"]
    facts = suite["environments"]["ci"]
    assert (facts["retries"]["value"], facts["maxFailures"]["state"]) == (2, "one-of")


@pytest.mark.parametrize(
    ("command", "same"),
    [
        ("vitest run --root old", False),
        ("vitest run -c old/vitest.config.mjs", False),
        ("cd old && vitest run", False),
        ("cd old && ../node_modules/.bin/vitest run", False),
        ("cd old && npx vitest run", True),
        ("cd old && node_modules/.bin/vitest run", True),
        ("npm --prefix old test", True),
    ],
)
def test_a_runner_of_another_package_is_told(command: str, same: bool, tmp_path: Path) -> None:
    """Measured with vitest 3.2.7 in a folder with 1.6.1, by npm 10.9: `cd` keeps the PATH."""
    (tmp_path / "old").mkdir()
    for folder, version in (("", "3.2.4"), ("old", "1.6.1")):
        manifest = {"devDependencies": {"vitest": version}, "scripts": {"test": "vitest run"}}
        manifest["scripts"] |= {} if folder else {"it": command}
        (tmp_path / folder / "package.json").write_text(json.dumps(manifest), "utf-8")
    (tmp_path / "old" / "vitest.config.mjs").write_text("export default { test: {} };", "utf-8")
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    found = json.loads(shown.stdout)
    [suite] = found["suites"]
    assert ("it" in [one["name"] for one in suite["sameAs"]]) is same
    told = [one["message"] for one in found["notices"]]
    assert any("starts vitest 3.2.4, and" in one for one in told) is not same


@pytest.mark.parametrize(("runs_on", "told"), [("windows-latest", True), ("ubuntu-latest", False)])
def test_a_step_on_another_platform_than_linux(runs_on: str, told: bool, tmp_path: Path) -> None:
    workflow = f"on: push\njobs:\n  a:\n    runs-on: {runs_on}\n    steps:\n"
    files = {
        ".github/workflows/a.yml": f"{workflow}      - {{run: npx vitest run, shell: bash}}\n",
        "package.json": json.dumps({"devDependencies": VERSIONS}),
        "vitest.config.mjs": "export default { test: {"
        " retry: process.platform === 'win32' ? 3 : 1 } };",
    }
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    shown = run("show", ".", "--root", ".", "--output-format", "json", cwd=tmp_path)
    found = json.loads(shown.stdout)
    assert bool(found["notices"]) is told
    assert bool(found["suites"][0]["sameAs"]) is not told
