"""CI files to the runners they start, through the scripts of package.json."""

from __future__ import annotations

from pathlib import Path

import pytest

from configguard.project.ci.reading import CiFollowed, ci_invocations, provider_variables
from configguard.source.workspace import Workspace
from support.ci import WORKFLOW, shown, written

PACKAGE = '{"scripts": {"e2e": "E2E=1 playwright test", "all": "npm run e2e -- --retries=1 && vitest run"}}'


def followed(root: Path, **files: str) -> CiFollowed:
    named = {"workflow": WORKFLOW, "package": "web/package.json", "gitlab": ".gitlab-ci.yml"}
    named["azure"] = "azure-pipelines.yml"
    return ci_invocations(written(root, {named[name]: text for name, text in files.items()}))


def told(found: CiFollowed) -> list[str]:
    made = []
    for one in found.invocations:
        start = one.invocation
        words = " ".join(shown(word) for word in start.argv)
        made.append(f"{start.id}: {start.folder.path}$ {start.runner} {words} x{len(one.steps)}")
    return made


def test_scripts_are_followed_in_the_folder_of_the_step(tmp_path: Path) -> None:
    found = followed(
        tmp_path,
        package=PACKAGE,
        workflow="""
        jobs:
          a:
            timeout-minutes: 20
            env: {CI: "1", X: job}
            strategy: {matrix: {w: [1, 4], node: [20, 22]}}
            steps:
              - name: Tests
                working-directory: web
                env: {W: "${{ matrix.w }}"}
                run: |
                  npm run e2e -- --workers=$W
                  npm run all
        """,
    )
    step = "ci:.github/workflows/ci.yml/a/0"
    assert sorted(told(found)) == sorted(
        [
            f"{step}: web$ playwright test --workers=1 x1",
            f"{step}#2: web$ playwright test --retries=1 x1",
            f"{step}#3: web$ vitest run x1",
            f"{step}#4: web$ playwright test --workers=4 x1",
            f"{step}#5: web$ playwright test --retries=1 x1",
            f"{step}#6: web$ vitest run x1",
        ]
    )
    first = found.invocations[0]
    assert {one.name: shown(one.value) for one in first.invocation.assignments} == {
        "CI": "1",
        "X": "job",
        "W": "1",
        "E2E": "1",
    }
    assert (first.invocation.kind, first.invocation.name) == ("ci", "Tests")
    assert first.steps[0].job.timeout is not None
    assert first.steps[0].job.timeout.minutes == 20
    assert first.steps[0].cases == (
        (("w", "1"), ("node", "20")),
        (("w", "1"), ("node", "22")),
    )


def test_equal_starts_of_several_callers_are_one(tmp_path: Path) -> None:
    written(
        tmp_path,
        {".github/workflows/e2e.yml": "on: workflow_call\njobs: {t: {steps: [{run: npx vitest}]}}"},
    )
    found = followed(
        tmp_path,
        workflow="jobs: {a: {uses: ./.github/workflows/e2e.yml}, b: {uses: ./.github/workflows/e2e.yml}}",
    )
    assert told(found) == ["ci:.github/workflows/e2e.yml/t/0: $ vitest  x2"]


def test_all_services_side_by_side(tmp_path: Path) -> None:
    found = followed(
        tmp_path,
        workflow="jobs: {a: {steps: [{run: npx vitest --retry=1}]}}",
        gitlab="a: {script: npx vitest --retry=2}",
        azure="steps: [{script: npx vitest --retry=3}]",
    )
    assert told(found) == [
        "ci:.github/workflows/ci.yml/a/0: $ vitest --retry=1 x1",
        "ci:.gitlab-ci.yml/a/0: $ vitest --retry=2 x1",
        "ci:azure-pipelines.yml/0/0: $ vitest --retry=3 x1",
    ]
    assert [job.provider for job in found.jobs] == ["github", "gitlab", "azure"]


def test_what_is_not_followed_is_told(tmp_path: Path) -> None:
    found = followed(
        tmp_path,
        workflow="""
        jobs:
          a:
            steps:
              - {run: npx vitest, shell: pwsh}
              - {run: Write-Host x, shell: pwsh}
              - run: "npx vitest $("
              - run: npx vitest --retry=1
                if: github.ref == 'x'
        """,
    )
    assert [one.reason for one in found.left] == ["the script is for pwsh, which is not read"]
    (problem,) = found.problems
    assert problem.message.startswith(f"{WORKFLOW}, line 7: this script cannot be read")
    assert problem.severity == "warning"
    assert [one.invocation.reached for one in found.invocations] == ["maybe"]


def test_a_broken_workflow_hides_nothing(tmp_path: Path) -> None:
    written(tmp_path, {".github/workflows/broken.yml": "jobs:\n  - ["})
    found = followed(tmp_path, workflow="jobs: {a: {steps: [{run: npx vitest}]}}")
    (problem,) = found.problems
    assert (problem.file, problem.severity) == (".github/workflows/broken.yml", "error")
    assert len(found.invocations) == 1


def test_steps_with_unknown_folders_stay_unknown(tmp_path: Path) -> None:
    text = "jobs: {a: {steps: [{run: npx vitest, working-directory: '${{ inputs.x }}y'}, {run: cd ../.. && npx vitest}]}}"
    found = followed(tmp_path, workflow=f"on: workflow_dispatch\n{text}")
    assert [one.invocation.folder.path for one in found.invocations] == [None, None]
    assert all(one.invocation.folder.reason for one in found.invocations)


def test_a_project_without_ci_files_has_nothing(tmp_path: Path) -> None:
    assert ci_invocations(Workspace(tmp_path)) == CiFollowed((), (), (), ())


@pytest.mark.parametrize(
    ("provider", "known", "unknown", "unset"),
    [
        ("github", {"CI": "true", "GITHUB_ACTIONS": "true"}, "GITHUB_SHA", "GITLAB_CI"),
        ("gitlab", {"CI": "true", "GITLAB_CI": "true"}, "CI_JOB_ID", "GITHUB_ACTIONS"),
        ("azure", {"TF_BUILD": "True"}, "BUILD_BUILDID", "CI"),
    ],
)
def test_what_the_services_set(
    provider: str, known: dict[str, str], unknown: str, unset: str
) -> None:
    found = provider_variables(provider)  # type: ignore[arg-type]  # one of the three
    assert {name: text for name, text in found.items() if text is not None}.items() >= known.items()
    assert found[unknown] is None
    assert unset not in found
