"""CI files that are made to harm: each ends, and says what it did not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from configguard.project.ci.reading import ci_invocations
from configguard.source.workspace import Workspace
from support.ci import WORKFLOW

MANY = 900_000
GITLAB, AZURE = ".gitlab-ci.yml", "azure-pipelines.yml"
STEP = "jobs: {a: {steps: [%s, {run: npx vitest}]}}"
DIGITS = ", ".join(map(str, range(16)))

FILES = {
    "nul-in-uses": {WORKFLOW: STEP % r'{uses: "./a\0b"}'},
    "nul-in-folder": {WORKFLOW: STEP % r'{run: x, working-directory: "a\0b"}'},
    "nul-in-job": {WORKFLOW: r'jobs: {"a\0": {steps: [{run: npx vitest}]}}'},
    "long-uses": {WORKFLOW: STEP % f"{{uses: ./{'a' * MANY}}}"},
    "long-shell": {WORKFLOW: STEP % f"{{run: x, shell: 'bash -{'e' * MANY}!'}}"},
    "long-if": {WORKFLOW: STEP % f"{{run: x, if: '{'always ' * 100_000}'}}"},
    "open-expressions": {WORKFLOW: STEP % f"{{run: '{'${{ ' * 200_000}'}}"},
    "many-expressions": {WORKFLOW: STEP % f"{{run: '{'${{ a }} ' * 90_000}'}}"},
    "long-name-written": {WORKFLOW: STEP % f"{{run: '{'a' * MANY} GITHUB_ENV'}}"},
    "long-other-shell": {WORKFLOW: STEP % f"{{shell: pwsh, run: '{'npm ' * 200_000}'}}"},
    "large-matrix": {
        WORKFLOW: f"jobs: {{a: {{strategy: {{matrix: {{a: [{DIGITS}], b: [{DIGITS}]}}}}, steps: ["
        + "{run: 'npx vitest ${{ matrix.a }} ${{ matrix.b }}'}," * 60
        + "]}}"
    },
    "many-variables": {
        WORKFLOW: f"env: {{{', '.join(f'K{n}: v' for n in range(5_000))}}}\n"
        + STEP % ", ".join(["{run: npx vitest}"] * 2_000)
    },
    "actions-that-multiply": {
        WORKFLOW: STEP % "{uses: ./a0}",
        **{
            f"a{n}/action.yml": "runs: {using: composite, steps: ["
            + f"{{uses: ./a{n + 1}}}, " * 10
            + "]}"
            for n in range(9)
        },
    },
    "gitlab-inputs": {GITLAB: f"a: {{script: '{'$[[ ' * 170_000}'}}"},
    "gitlab-timeout": {GITLAB: f"a: {{script: npx vitest, timeout: '{'1s' * 400_000}'}}"},
    "gitlab-extends": {
        GITLAB: ".j0: {script: npx vitest}\n"
        + "".join(f".j{n}: {{extends: [{f'.j{n - 1}, ' * 10}]}}\n" for n in range(1, 11))
        + "j: {extends: .j10}\n"
    },
    "gitlab-references": {
        GITLAB: ".j0: {script: [npx vitest]}\n"
        + "".join(
            f".j{n}: {{script: [{f'!reference [.j{n - 1}, script], ' * 20}]}}\n"
            for n in range(1, 11)
        )
        + "j: {script: !reference [.j10, script]}\n"
    },
    "gitlab-matrix": {
        GITLAB: "j: {script: npx vitest, parallel: {matrix: [{"
        + ", ".join(f"A{n}: [1, 2, 3, 4]" for n in range(30))
        + "}]}}"
    },
    "azure-expressions": {AZURE: f"steps: [{{script: '{'${{ ' * 200_000}'}}]"},
    "azure-macros": {AZURE: f"steps: [{{script: '{'$(a) ' * 180_000}'}}]"},
    "azure-nul": {AZURE: r'steps: [{template: "\0"}, {script: npx vitest}]'},
    "azure-matrix": {
        AZURE: "jobs: [{job: a, strategy: {matrix: {"
        + ", ".join(f"m{n}: {{v: {n}}}" for n in range(256))
        + "}}, steps: ["
        + "{script: npx vitest $(v)}," * 60
        + "]}]"
    },
}


@pytest.mark.parametrize("name", FILES)
def test_it_ends(tmp_path: Path, name: str) -> None:
    for file, text in FILES[name].items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    found = ci_invocations(Workspace(tmp_path))
    assert found.jobs
    assert len(found.invocations) <= 5_000
    if name in ("large-matrix", "azure-matrix", "many-variables", "actions-that-multiply"):
        assert any("are not followed" in problem.message for problem in found.problems)
