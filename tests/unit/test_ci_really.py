"""Steps run for real: `bash -e` in the step's folder with its environment, as the runner does.

A stub runner prints its arguments, folder and environment; what was derived must equal it.
"""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from configguard.project.ci.azure import read_azure
from configguard.project.ci.files import CiFiles
from configguard.project.ci.github import read_github
from configguard.project.ci.gitlab import read_gitlab
from configguard.project.ci.model import Step
from support.ci import WORKFLOW, Reader, written

STUB = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["STUB_LOG"], "a", encoding="utf-8") as log:
    shown = {{k: v for k, v in os.environ.items() if k.startswith("E2E_")}}
    print(json.dumps([[os.path.basename(sys.argv[0]), *sys.argv[1:]], os.getcwd(), shown]), file=log)
"""

TOP = """\
on: push
env: {E2E_A: top, E2E_B: top, E2E_N: 1.10, E2E_T: yes, E2E_BOOL: True}
defaults: {run: {working-directory: web}}
jobs:
  e2e:
    runs-on: ubuntu-latest
    env: {E2E_B: job, E2E_M: "${{ matrix.n }}", E2E_EMPTY: }
    strategy: {matrix: {n: [1, 2]}}
    steps:
"""

STEPS = {
    "plain": "- run: vitest run --retry=2 'a b' \"c $E2E_B\"",
    "literal": "- run: |\n    vitest one\n\n    vitest two\n",
    "literal-strip": "- run: |-\n    vitest one \\\n      --retry=3\n",
    "literal-keep": "- run: |+\n    vitest one\n\n\n",
    "folded": "- run: >\n    vitest one\n    --retry=3\n\n    vitest two\n",
    "folded-strip": "- run: >-\n    vitest\n      one\n    two\n",
    "indented": "- run: |2\n      vitest one\n",
    "double": '- run: "vitest \\"one two\\" \\x41 \\\n    three\\nvitest four"',
    "single": "- run: 'vitest ''one two'' three\n\n    vitest'",
    "folds-plain": "- run: vitest one\n    two\n\n    three",
    "quoted-é": "- run: vitest 'é ü' \"ß\"",
    "expressions": "- run: vitest --shard=${{ matrix.n }}/${{ strategy.job-total }} ${{ env.E2E_B }}",
    "ternary": "- run: vitest ${{ matrix.n == 2 && '--workers=4' || '--workers=1' }}",
    "numbers": '- run: vitest "$E2E_N" "$E2E_T" "$E2E_BOOL" "[$E2E_EMPTY]"',
    "step-env": "- run: vitest $E2E_A\n  env: {E2E_A: 'x y', E2E_C: \"${{ matrix.n }}-c\"}",
    "folder": "- run: |\n    vitest here\n    cd e2e && vitest there\n    cd ..\n    vitest back\n  working-directory: apps",
    "folder-back": "- run: (cd e2e; vitest inside); vitest outside\n  working-directory: ./apps/",
    "assignments": "- run: E2E_X=1 E2E_Y='a b' vitest; export E2E_Z=2; vitest\n",
    "fails": "- run: |\n    vitest one\n    false\n    vitest never\n  continue-on-error: true",
    "fails-not": "- run: |\n    false\n    vitest after\n  shell: bash {0}",
    "or": "- run: false || vitest one; true && vitest two",
    "sh": "- run: vitest one $E2E_A\n  shell: sh",
    "written": "- run: echo \"E2E_W=w $E2E_B\" >> $GITHUB_ENV\n- run: vitest $E2E_W\n- run: vitest ${{ env.E2E_W }}",
    "overwritten": "- run: echo E2E_B=new >> \"$GITHUB_ENV\"\n- run: vitest $E2E_B\n- run: vitest $E2E_B\n  env: {E2E_B: own}",
    "composite": "- uses: ./actions/t\n  with: {w: 3}\n  env: {E2E_CALL: 1}\n- run: vitest last $E2E_FROM",
    "tabs": "- run: |\n    vitest\tone  two   'x\ty'\n",
    "comment": "- run: | # why\n    # vitest no\n    vitest one # two\n",
    "heredoc": "- run: |\n    cat <<'EOF'\n    vitest no\n    EOF\n    vitest one\n",
    "crlf": "- run: |\r\n    vitest one\r\n    vitest two\r\n",
}  # fmt: skip
ACTION = """\
inputs: {w: {default: 1}, r: {default: "r d"}}
runs:
  using: composite
  steps:
    - {run: 'vitest --workers=${{ inputs.w }} "${{ inputs.r }}"', shell: bash, env: {E2E_IN: a}}
    - {run: echo E2E_FROM=action >> $GITHUB_ENV, shell: bash}
"""

Call = tuple[list[str], str, dict[str, str]]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash runs the steps")
@pytest.mark.parametrize("form", STEPS)
def test_a_step_runs_as_derived(tmp_path: Path, form: str) -> None:
    root = tmp_path.resolve() / "repo"
    steps = "\n".join(f"      {line}" for line in STEPS[form].split("\n"))
    workspace = written(root, {WORKFLOW: "", "actions/t/action.yml": ACTION})
    (root / WORKFLOW).write_bytes((TOP + steps + "\n").encode())
    for folder in ("web/e2e", "apps/e2e"):
        (root / folder).mkdir(parents=True)
    files = CiFiles(workspace)
    found = read_github(files)[1]
    assert not files.problems
    for case in ("1", "2"):
        job = [step for step in found if any(dict(one)["n"] == case for one in step.cases)]
        expected = [call for step in job for call in derived(step, root)]
        assert really(job, tmp_path, root) == expected
        assert expected


GITLAB = """\
default: {before_script: [cd web]}
variables: {E2E_A: top, E2E_B: top, E2E_V: {value: "a $b", expand: false}}
.base: {script: [vitest base, "vitest 'a b'"]}
e2e:
  variables: {E2E_B: job}
  parallel: {matrix: [{E2E_M: [1, 2]}]}
  script:
    - vitest "$E2E_A" $E2E_M
    - |
      cd e2e
      vitest block $E2E_B
    - [vitest nested, !reference [.base, script]]
    - E2E_X=1 vitest
    - >-
      vitest
      folded "$E2E_V"
    - false
    - vitest never
"""
AZURE = """\
variables: {e2e_a: top, "e2e.b": 2}
steps:
  - script: |
      false
      vitest $(e2e_a) "$E2E_B"
    env: {E2E_OWN: "$(e2e.b)-x"}
  - bash: cd e2e && vitest there
    workingDirectory: $(Build.SourcesDirectory)/web
  - task: Npm@1
    inputs: {command: custom, customCommand: --version}
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash runs the steps")
@pytest.mark.parametrize(
    ("file", "text", "reader"),
    [(".gitlab-ci.yml", GITLAB, read_gitlab), ("azure-pipelines.yml", AZURE, read_azure)],
)
def test_scripts_of_other_services_run_as_derived(
    tmp_path: Path, file: str, text: str, reader: Reader
) -> None:
    root = tmp_path.resolve() / "repo"
    files = CiFiles(written(root, {file: text}))
    (root / "web/e2e").mkdir(parents=True)
    steps = [step for step in reader(files)[1] if step.script and b"npm" not in step.script.data]
    assert not files.problems
    for step in steps:
        expected = derived(step, root)
        assert expected
        assert really([step], tmp_path, root) == expected
        assert not any("never" in argv for argv, _, _ in expected)


def derived(step: Step, root: Path) -> list[Call]:
    """The calls of the stub that a step makes, as derived; all must be known."""
    script = step.commands()
    assert script is not None
    assert script.bad is None
    calls: list[Call] = []
    for one in script.commands:
        if one.name != "vitest":
            continue
        words = [word.text for word in one.words]
        texts = [text for text in words if text is not None]
        assert len(texts) == len(words)
        assert step.folder.path is not None
        assert one.folder.path is not None
        folder = posixpath.normpath(posixpath.join(str(root), step.folder.path, one.folder.path))
        own: dict[str, str] = {}
        for variable in one.assignments:
            if variable.when == "always" and variable.value is not None:
                assert variable.value.text is not None
                own[variable.name] = variable.value.text
        calls.append((texts, folder, own))
    return calls


def really(steps: list[Step], scratch: Path, root: Path) -> list[Call]:
    """What the stub tells of a job's steps; the runner's part is as ScriptHandler.cs has it."""
    stub = scratch / "bin" / "vitest"
    stub.parent.mkdir(exist_ok=True)
    stub.write_text(STUB, encoding="utf-8")
    stub.chmod(0o755)
    log, env_file = scratch / "log", scratch / "env"
    log.write_text("", encoding="utf-8")
    exported: dict[str, str] = {}
    for step in steps:
        env_file.write_text("", encoding="utf-8")
        assert step.script is not None
        assert step.script.known is not None
        assert step.folder.path is not None
        (scratch / "script.sh").write_bytes(step.script.data)
        given = {one.name: str(one.value.text) for one in step.environment.values()}
        for name, text in exported.items():
            assert given.get(name) in (text, "own")
        arguments = ["-e"] if step.shell.errexit else []
        subprocess.run(
            [step.shell.name.split()[0], *arguments, str(scratch / "script.sh")],
            cwd=root / step.folder.path,
            env={
                "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
                "STUB_LOG": str(log),
                "GITHUB_ENV": str(env_file),
                **given,
            },
            timeout=60,
            check=False,
        )
        for line in env_file.read_text(encoding="utf-8").splitlines():
            name, _, text = line.partition("=")
            exported[name] = text
    told: list[Any] = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [(argv, folder, environment) for argv, folder, environment in told]


def test_the_environment_is_what_the_file_says(tmp_path: Path) -> None:
    """The other tests hand the derived environment on: here it is compared with what is written."""
    workspace = written(tmp_path, {WORKFLOW: TOP + "      - run: vitest\n"})
    first, second = read_github(CiFiles(workspace))[1]
    assert {one.name: one.value.text for one in first.environment.values()} == {
        "E2E_A": "top",
        "E2E_B": "job",
        "E2E_N": "1.1",
        "E2E_T": "yes",
        "E2E_BOOL": "true",
        "E2E_M": "1",
        "E2E_EMPTY": "",
    }
    assert second.environment["E2E_M"].value.text == "2"
