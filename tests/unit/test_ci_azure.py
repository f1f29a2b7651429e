"""Azure pipelines to jobs and steps, form by form."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configguard.project.ci.azure import read_azure
from configguard.project.ci.model import Reading
from support.ci import env, lines, reading

FILE = "azure-pipelines.yml"


def azure(root: Path, text: str, **others: str) -> Reading:
    files = {FILE: text, **{f"{name.replace('__', '/')}.yml": one for name, one in others.items()}}
    return reading(root, read_azure, files)


def test_steps_alone(tmp_path: Path) -> None:
    found = azure(
        tmp_path,
        """
        pool: {vmImage: ubuntu-latest}
        variables: {workers: 4, My.Name: x}
        steps:
          - checkout: self
          - script: npx playwright test --workers=$(workers)
            displayName: E2E
            workingDirectory: $(System.DefaultWorkingDirectory)/web
            env: {A: "$(workers)-$(Build.BuildId)", B: b}
            timeoutInMinutes: 15
        """,
    )
    (step,) = found.steps
    assert step.id == "azure-pipelines.yml/0/1"
    assert lines(step) == ["web$ npx playwright test --workers=4"]
    assert env(step) == "WORKERS=4@workflow MY_NAME=x@workflow A=4-?@step B=b@step"
    assert step.timeout is not None
    assert (step.timeout.minutes, step.name, step.job.platform) == (15, "E2E", "linux")
    assert not step.shell.errexit


def test_stages_and_jobs(tmp_path: Path) -> None:
    found = azure(
        tmp_path,
        """
        variables: [{name: A, value: top}, {group: secrets}]
        stages:
          - stage: Test
            variables: {A: stage, B: stage}
            jobs:
              - job: E2E
                timeoutInMinutes: 30
                variables: {B: job}
                services: {db: postgres}
                steps: [{bash: t $A $B}]
              - deployment: D
                strategy: {runOnce: {deploy: {steps: [{script: d}]}}}
          - stage: Off
            condition: false
            jobs: [{job: x, steps: [{script: never}]}]
        """,
    )
    assert [(step.job.id, lines(step)) for step in found.steps] == [
        ("Test.E2E", ["$ t stage job"]),
        ("Test.D", ["$ d"]),
    ]
    job = found.jobs[0]
    assert job.timeout is not None
    assert (job.timeout.minutes, job.services) == (30, ("db",))
    assert len(found.steps[0].doubts) == 1


@pytest.mark.parametrize(
    ("step", "image", "expected"),
    [
        ("script: a", "ubuntu-22.04", ["$ a"]),
        ("script: a", "windows-latest", ["! the script is for cmd, which is not read"]),
        ("bash: a", "windows-latest", ["$ a"]),
        ("pwsh: a", "ubuntu-22.04", ["! the script is for pwsh, which is not read"]),
        ("powershell: a", "windows-latest", ["! the script is for powershell, which is not read"]),
        ("task: Bash@3\n  inputs: {targetType: inline, script: a}", "ubuntu-22.04", ["$ a"]),
        ("task: CmdLine@2\n  inputs: {script: a, workingDirectory: w}", "ubuntu-22.04", ["w$ a"]),
        (
            "task: CmdLine@2\n  inputs: {script: a}",
            "windows-2022",
            ["! the script is for cmd, which is not read"],
        ),
        (
            "task: Npm@1\n  inputs: {command: custom, customCommand: run e2e, workingDir: w}",
            "",
            ["w$ npm run e2e"],
        ),
        ("bash: a\n  workingDirectory: ../x", "", ["?$ a"]),
        ("bash: a\n  workingDirectory: $(other)", "", ["?$ a"]),
        ("bash: |\n    false\n    after", "", ["$ after"]),
        ("bash: a $(pwd) $(Build.X)", "", ["$ a ? ?"]),
        ("bash: a ${{ parameters.p }} ${{ variables.v }}", "", ["$ a ? ?"]),
    ],
)
def test_scripts(tmp_path: Path, step: str, image: str, expected: list[str]) -> None:
    text = f"pool: {{vmImage: '{image}'}}\nsteps:\n- {step}\n"
    (found,) = azure(tmp_path, text).steps
    assert lines(found) == expected


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ("condition: succeeded()", "always"),
        ("condition: always()", "always"),
        ("condition: eq(variables.x, 1)", "maybe"),
        ("condition: false", None),
        ("enabled: false", None),
    ],
)
def test_conditions(tmp_path: Path, said: str, reached: str | None) -> None:
    steps = azure(tmp_path, f"steps:\n- bash: a\n  {said}\n").steps
    assert [step.reached for step in steps] == ([reached] if reached else [])


def test_a_matrix(tmp_path: Path) -> None:
    found = azure(
        tmp_path,
        """
        jobs:
          - job: a
            strategy: {matrix: {linux: {image: ubuntu-latest, w: 1}, mac: {image: macos-14, w: 2}, same: {image: macos-14, w: 2}}}
            pool: {vmImage: $(image)}
            steps: [{bash: t $(w)}]
        """,
    )
    assert [(step.job.platform, lines(step), step.cases) for step in found.steps] == [
        ("linux", ["$ t 1"], ((("job", "linux"),),)),
        ("darwin", ["$ t 2"], ((("job", "mac"),), (("job", "same"),))),
    ]


def test_templates_of_the_repository(tmp_path: Path) -> None:
    found = azure(
        tmp_path,
        """
        parameters: [{name: top, default: 7}, {name: open}]
        jobs:
          - template: ci/job.yml
            parameters: {workers: "${{ parameters.top }}", other: "${{ parameters.open }}"}
        """,
        ci__job="""
        parameters: {workers: 1, other: 2, flag: true}
        jobs:
          - job: t
            variables: {W: "${{ parameters.workers }}"}
            steps:
              - template: steps.yml
                parameters: {w: "${{ parameters.workers }}"}
              - template: x.yml@elsewhere
              - bash: last ${{ parameters.other }} ${{ parameters.flag }} $W
        """,
        ci__steps="""
        parameters: [{name: w, type: number}]
        steps:
          - bash: t --workers=${{ parameters.w }}
          - ${{ if eq(parameters.w, 1) }}:
            - bash: perhaps
          - ${{ each one in parameters.all }}:
            - bash: each ${{ one }}
        """,
    )
    assert [(lines(step), step.reached) for step in found.steps] == [
        (["$ t --workers=7"], "always"),
        (["$ perhaps"], "maybe"),
        (["$ each ?"], "maybe"),
        (["$ last ? True 7"], "always"),
    ]
    assert len(found.steps[-1].doubts) == 1
    assert found.steps[0].span.file == "ci/steps.yml"


def test_variables_that_steps_set_are_not_known_later(tmp_path: Path) -> None:
    text = """
    variables: {a: 1}
    steps:
      - bash: t $(a)
      - bash: "echo '##vso[task.setvariable variable=a]2'"
      - bash: t $(a) $A
    """
    found = azure(tmp_path, text).steps
    assert [lines(step) for step in (found[0], found[2])] == [["$ t 1"], ["$ t ? ?"]]


def test_several_checkouts_move_the_folder(tmp_path: Path) -> None:
    text = "steps: [{checkout: self}, {checkout: other}, {bash: a}]"
    (step,) = azure(tmp_path, text).steps
    assert lines(step) == ["?$ a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps: [", "line 1: it is not YAML"),
        ("steps: {a: b}", "line 1: the list is no list"),
        ("steps: [{template: ../x.yml}]", "line 1: the template '../x.yml' cannot be read"),
        ("steps: [{template: azure-pipelines.yml}]", "line 1: the template"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem.message for problem in azure(tmp_path, text).problems)


PARTS = st.sampled_from(
    ["script: x $(a)", "bash: [1]", "template: azure-pipelines.yml", "template: [1]", "steps: [{bash: x}, 1]",
     "jobs: [{job: [1]}, 2]", "stages: [{stage: ~}]", "variables: [1, {name: a}]", "variables: {a: [1]}",
     "parameters: [{name: x, default: [1]}, 2]", "strategy: {matrix: {a: 1, b: {c: [1]}}}", "pool: x",
     "'${{ if x }}': [{bash: y}]", "'${{ each a in b }}': 1", "extends: {template: azure-pipelines.yml}",
     "env: 1", "task: Npm@1", "inputs: {customCommand: 1}", "condition: []", "timeoutInMinutes: $(x)"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PARTS, max_size=4), st.lists(st.lists(PARTS, max_size=3), max_size=3))
def test_nothing_raises(
    tmp_path_factory: pytest.TempPathFactory, top: list[str], steps: list[list[str]]
) -> None:
    text = "".join(f"{part}\n" for part in top) + "steps:\n"
    text += "".join("  - {" + ", ".join(parts) + "}\n" for parts in steps)
    for step in azure(tmp_path_factory.mktemp("any"), text).steps:
        step.commands()
