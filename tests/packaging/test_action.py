"""action.yml and the README's workflow: valid by the published schemas, and the steps run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from projects.harness import CLEAN_TEXT, GOOD, GOOD_TEXT, clean_environment, make_project

REPOSITORY = Path(__file__).resolve().parents[2]
ACTION = REPOSITORY / "action.yml"
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
"""How GitHub starts a step with `shell: bash`."""
INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")

pytestmark = [
    pytest.mark.skipif(shutil.which("bash") is None, reason="NOT TESTED: needs bash"),
    pytest.mark.xdist_group("action"),  # they share one installation
]


class Done(NamedTuple):
    """One run of the action."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]


def action() -> dict[str, Any]:
    return yaml.safe_load(ACTION.read_text("utf-8"))


def validate(schema: str, file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files, after the action's first step."""
    folder = tmp_path_factory.mktemp("runner")
    first = action()["runs"]["steps"][0]
    step(first, folder, folder, {}, {})
    return folder


def step(
    one: dict[str, Any], cwd: Path, temp: Path, inputs: dict[str, str], files: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run one step as a runner does: expressions are put into `env`, never into the script."""
    script = temp / "step.sh"
    script.write_text(one["run"], "utf-8")
    given = {
        name: INPUT.sub(lambda m: inputs[m[1]], text) for name, text in one.get("env", {}).items()
    }
    environment = clean_environment(
        {
            **given,
            **files,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(REPOSITORY),
            "RUNNER_TEMP": str(temp),
        }
    )
    done = subprocess.run(
        [*BASH, str(script)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    if not files:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def run_action(root: Path, temp: Path, **given: str) -> Done:
    """The action's second step in a workspace, with some inputs."""
    described = action()
    inputs = {name: one["default"] for name, one in described["inputs"].items()}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    summary, output = temp / "summary.md", temp / "output"
    for file in (summary, output):
        file.write_text("")
    files = {
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_WORKSPACE": str(root),
    }
    done = step(described["runs"]["steps"][1], root, temp, inputs, files)
    told = done.stdout + done.stderr
    return Done(done.returncode, told, summary.read_text("utf-8"), outputs(output))


def outputs(file: Path) -> dict[str, str]:
    """What a runner reads from GITHUB_OUTPUT."""
    found: dict[str, str] = {}
    lines = iter(file.read_text("utf-8").splitlines())
    for line in lines:
        name, mark, end = line.partition("<<")
        if mark:
            found[name] = "\n".join(iter(lambda: next(lines), end))
        else:
            name, _, found_value = line.partition("=")
            found[name] = found_value
    return found


def test_the_action_is_valid() -> None:
    validate("vendor.github-actions", ACTION)
    described = action()
    for one in [*described["inputs"].values(), *described["outputs"].values()]:
        assert one["description"]


def test_no_input_stands_in_a_script() -> None:
    """An expression in `run` would be pasted into the script as code."""
    for one in action()["runs"]["steps"]:
        assert "${{" not in one["run"]


def test_the_workflow_of_the_readme_is_valid(tmp_path: Path) -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    fences = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (workflow,) = [fence for fence in fences if "jobs:" in fence]
    file = tmp_path / "workflow.yml"
    file.write_text(workflow, "utf-8")
    validate("vendor.github-workflows", file)
    steps = [step for job in yaml.safe_load(workflow)["jobs"].values() for step in job["steps"]]
    (ours,) = [step for step in steps if "configguard@" in step.get("uses", "")]
    assert set(ours.get("with", {})) <= set(action()["inputs"])


def test_a_bad_config_fails_the_job(temp: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path / "work", {GOOD: GOOD_TEXT})
    done = run_action(root, temp)
    assert done.code == 1
    assert done.log.startswith(f"::error file={GOOD},line=6,")
    assert "<code>too-many-retries</code>" in done.summary
    sarif = root / "configguard.sarif"
    assert done.outputs == {"exit-code": "1", "sarif-file": str(sarif)}
    (found,) = json.loads(sarif.read_text("utf-8"))["runs"][0]["results"]
    assert found["ruleId"] == "too-many-retries"


def test_a_clean_project_passes(temp: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path / "work", {GOOD: CLEAN_TEXT})
    done = run_action(root, temp)
    assert (done.code, done.log) == (0, "")
    assert "All clear" in done.summary
    assert json.loads((root / "configguard.sarif").read_text())["runs"][0]["results"] == []


def test_what_inputs_switch_off(temp: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path / "work", {GOOD: GOOD_TEXT})
    done = run_action(root, temp, annotations="false", summary="false", sarif_file="")
    assert done.code == 1
    assert done.log.startswith(f"{GOOD}:6:")
    assert done.summary == ""
    assert done.outputs == {"exit-code": "1"}
    assert not (root / "configguard.sarif").exists()
    assert run_action(root, temp, ignore="too-many-retries").code == 0
    assert run_action(root, temp, select="missing-timeout", fail_on="info").code == 0


def test_wrong_inputs_are_told(temp: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path / "work", {GOOD: CLEAN_TEXT})
    for given in ({"fail_on": "never"}, {"select": "no-such-rule"}, {"paths": "no/such/file.ts"}):
        done = run_action(root, temp, **given)
        assert done.code == 2, given
        assert done.outputs["exit-code"] == "2"
        assert done.log


@pytest.mark.parametrize(
    "evil",
    [
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        '"; touch pwned; "',
        "--fix",
        "a\nb=c",
    ],
)
def test_inputs_are_data(temp: Path, tmp_path: Path, evil: str) -> None:
    root = make_project(tmp_path / "work", {GOOD: GOOD_TEXT})
    before = (root / GOOD).read_bytes()
    names = ("paths", "fail_on", "select", "ignore", "sarif_file")
    # All at once, since each is expanded whatever the others come to; then where it goes furthest.
    for given in (dict.fromkeys(names, evil), {"paths": evil}, {"sarif_file": evil}):
        done = run_action(root, temp, **given)
        assert set(done.outputs) <= {"exit-code", "sarif-file"}
        assert not list(root.rglob("pwned"))
        assert (root / GOOD).read_bytes() == before


def test_hostile_names_stay_names(temp: Path, tmp_path: Path) -> None:
    words = ["::set-output name=x::y", "new\nline::add-mask::a", "<img src=x>|`a`", "\x1b[2J%0A"]
    files = {f"{word}/vitest.e2e.config.ts": GOOD_TEXT for word in words}
    done = run_action(make_project(tmp_path / "work", files), temp)
    assert done.code == 1
    lines = done.log.splitlines()
    assert len(lines) == len(words)
    assert all(line.startswith("::error file=") for line in lines)
    assert "<img" not in done.summary
    assert "\x1b" not in done.summary + done.log
    assert done.summary.count("<tr>") == len(words) + 1
    assert os.linesep * 2 not in done.summary[done.summary.index("<table>") :].rstrip()
