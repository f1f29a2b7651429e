"""GitHub workflows to steps, form by form."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configguard.project.ci.files import CiFiles
from configguard.project.ci.github import read_github
from configguard.project.ci.model import Reading, Step
from configguard.source.document import Document
from configguard.source.workspace import Workspace
from support.ci import WORKFLOW, env, lines, reading, written


def github(root: Path, workflow: str, **others: str) -> Reading:
    files = {WORKFLOW: workflow}
    files.update({name.replace("__", "/").replace("_", "."): text for name, text in others.items()})
    return reading(root, read_github, files)


def one(root: Path, steps: str, job: str = "", top: str = "") -> Step:
    """The last step of a workflow of one job."""
    text = f"on: push\n{top}\njobs:\n  e2e:\n    runs-on: ubuntu-latest\n{job}\n    steps:\n{steps}"
    found = reading(root, read_github, {WORKFLOW: text})
    assert not found.problems
    return found.steps[-1]


def test_a_step_with_three_levels_of_environment(tmp_path: Path) -> None:
    found = github(
        tmp_path,
        """
        on: push
        env: {A: workflow, B: workflow, C: workflow, N: 1.10}
        jobs:
          e2e:
            runs-on: ubuntu-latest
            timeout-minutes: 30
            env: {B: job, C: job}
            steps:
              - uses: actions/checkout@v4
              - name: E2E
                run: npx vitest run --retry=2
                timeout-minutes: 10
                env: {C: step, S: "${{ secrets.S }}", E: "${{ env.B }}-x"}
        """,
    )
    (step,) = found.steps
    assert step.id == ".github/workflows/ci.yml/e2e/1"
    assert lines(step) == ["$ npx vitest run --retry=2"]
    assert (
        env(step)
        == "A=workflow@workflow B=job@job C=step@step N=1.1@workflow S=?@step E=job-x@step"
    )
    assert step.timeout is not None
    assert step.job.timeout is not None
    assert (step.timeout.minutes, step.job.timeout.minutes) == (10, 30)
    assert (step.job.platform, step.reached, step.name) == ("linux", "always", "E2E")


def test_a_flag_in_a_block_has_its_bytes(tmp_path: Path) -> None:
    text = "jobs:\n  é:\n    steps:\n      - run: |\n          cd web\n          npx vitest --retry=3\n"
    (step,) = reading(tmp_path, read_github, {WORKFLOW: text}).steps
    script = step.commands()
    assert script is not None
    span = script.commands[-1].words[-1].span
    assert text.encode()[span.start : span.end] == b"--retry=3"
    assert lines(step) == ["web$ npx vitest --retry=3"]


@pytest.mark.parametrize(
    ("top", "job", "step", "folder"),
    [
        ("", "", "", ""),
        ("", "", "working-directory: web", "web"),
        ("", "", "working-directory: ./web/", "web"),
        ("", "", "working-directory: '${{ github.workspace }}/web'", "web"),
        ("", "", "working-directory: '${{ github.workspace }}'", ""),
        ("defaults: {run: {working-directory: a}}", "", "", "a"),
        ("defaults: {run: {working-directory: a}}", "defaults: {run: {working-directory: b}}", "", "b"),
        # A job's `run` replaces the workflow's as a whole.
        ("defaults: {run: {working-directory: a}}", "defaults: {run: {shell: bash}}", "", ""),
        ("defaults: {run: {working-directory: a}}", "", "working-directory: c", "c"),
        ("", "", "working-directory: ../x", "it lies outside of the checkout"),
        ("", "", "working-directory: /tmp", "it lies outside of the checkout"),
        ("", "", "working-directory: '${{ secrets.X }}'", "`secrets.X` is known only when the workflow runs"),
        ("env: {D: web}", "", "working-directory: '${{ env.D }}'", "web"),
    ],
)  # fmt: skip
def test_the_folder(tmp_path: Path, top: str, job: str, step: str, folder: str) -> None:
    found = one(tmp_path, f"      - run: x\n        {step}", f"    {job}", top)
    assert (found.folder.path if found.folder.path is not None else found.folder.reason) == folder


@pytest.mark.parametrize(
    ("checkout", "folder", "expected"),
    [
        ("{path: app}", "app/web", "web"),
        ("{path: app}", "other", "the repository is checked out in 'app', not there"),
        ("{repository: a/b, path: b}", "b/x", "another repository may be checked out there"),
        ("{repository: a/b, path: b}", "web", "web"),
        ("{repository: a/b}", "", "another repository may be checked out there"),
        ("{repository: '${{ github.repository }}'}", "web", "web"),
        ("{path: '${{ secrets.X }}'}", "web", "web"),
        ("{ref: main}", "web", "web"),
    ],
)
def test_the_folder_after_a_checkout(
    tmp_path: Path, checkout: str, folder: str, expected: str
) -> None:
    steps = f"""\
      - uses: actions/checkout@v4
        with: {checkout}
      - run: x
        working-directory: "{folder}"
"""
    found = one(tmp_path, steps).folder
    assert (found.path if found.path is not None else found.reason) == expected


@pytest.mark.parametrize(
    ("job", "step", "shell", "errexit", "reason"),
    [
        ("", "", "bash", True, None),
        ("container: node:22", "", "sh", True, None),
        ("", "shell: bash", "bash", True, None),
        ("", "shell: sh", "sh", True, None),
        ("", "shell: bash -l {0}", "bash -l {0}", False, None),
        ("", "shell: bash -leo pipefail {0}", "bash -leo pipefail {0}", True, None),
        ("", "shell: /bin/bash -o errexit {0}", "/bin/bash -o errexit {0}", True, None),
        ("defaults: {run: {shell: sh}}", "", "sh", True, None),
        ("", "shell: pwsh", "pwsh", True, "the script is for pwsh, which is not read"),
        ("", "shell: python", "python", True, "the script is for python, which is not read"),
        ("", "shell: cmd", "cmd", True, "the script is for cmd, which is not read"),
        ("", "shell: '${{ secrets.X }}'", "${{ secrets.X }}", True, "which shell reads the script is not known"),
    ],
)  # fmt: skip
def test_the_shell(
    tmp_path: Path, job: str, step: str, shell: str, errexit: bool, reason: str | None
) -> None:
    found = one(tmp_path, f"      - run: x\n        {step}", f"    {job}").shell
    assert (found.name, found.errexit, found.reason) == (shell, errexit, reason)


@pytest.mark.parametrize(
    ("runs_on", "platform", "reason"),
    [
        ("ubuntu-24.04-arm", "linux", None),
        ("[self-hosted, linux]", "linux", None),
        ("{group: big, labels: ubuntu-22.04-xl}", "linux", None),
        ("macos-15", "darwin", None),
        ("windows-latest", "win32", "the script is for pwsh, which is not read"),
        ("self-hosted", None, None),
        ("'${{ vars.RUNNER }}'", None, None),
    ],
)
def test_the_platform(
    tmp_path: Path, runs_on: str, platform: str | None, reason: str | None
) -> None:
    text = f"jobs: {{a: {{runs-on: {runs_on}, steps: [{{run: x}}]}}}}"
    (step,) = reading(tmp_path, read_github, {WORKFLOW: text}).steps
    assert (step.job.platform, step.shell.reason) == (platform, reason)


@pytest.mark.parametrize(
    ("written_if", "reached"),
    [
        ("true", "always"),
        ("always()", "always"),
        ("success()", "always"),
        ("'!cancelled()'", "always"),
        ("success() || failure()", "always"),
        ("failure()", "maybe"),
        ("cancelled()", "maybe"),
        ("github.ref == 'refs/heads/main'", "maybe"),
        ("${{ github.event_name == 'push' }}", "maybe"),
        ("${{ false }} || x", "maybe"),
        ("always() && secrets.X", "maybe"),
        ("runner.os == 'Linux'", "always"),
        ("false", None),
        ("${{ false }}", None),
        ("runner.os == 'Windows'", None),
        ("false && github.ref", None),
    ],
)
def test_conditions(tmp_path: Path, written_if: str, reached: str | None) -> None:
    text = f"""
    jobs:
      a:
        runs-on: ubuntu-latest
        steps:
          - run: x
            if: {written_if}
      b:
        if: {written_if if "runner" not in written_if else "true"}
        runs-on: ubuntu-latest
        steps: [run: y]
    """
    steps = github(tmp_path, text).steps
    assert [step.reached for step in steps if step.job.id == "a"] == [reached] * (
        reached is not None
    )
    if "runner" not in written_if:
        of_b = [step.reached for step in steps if step.job.id == "b"]
        assert of_b == [reached] * (reached is not None)


def cases(root: Path, matrix: str) -> dict[str, list[str]]:
    """The commands of a matrix' step and the cases in which it runs so."""
    text = f"""
    jobs:
      a:
        runs-on: ubuntu-latest
        strategy:
          max-parallel: 1
          matrix: {matrix}
        steps:
          - run: t ${{{{ matrix.a }}}} ${{{{ matrix.b }}}} ${{{{ matrix.c }}}}
    """
    steps = github(root, text).steps
    return {
        lines(step)[0].removeprefix("$ "): [
            " ".join(f"{k}={v}" for k, v in one) for one in step.cases
        ]
        for step in steps
    }


def test_a_matrix_is_expanded(tmp_path: Path) -> None:
    found = cases(tmp_path, "{a: [1, 2], b: [x, y], exclude: [{a: 1, b: y}, {a: 2, b: X}]}")
    assert found == {"t 1 x": ["a=1 b=x"], "t 2 y": ["a=2 b=y"]}


def test_what_a_matrix_includes(tmp_path: Path) -> None:
    """The example of GitHub's page: what is added to which combination."""
    matrix = "{a: [apple, pear], b: [cat, dog], include: [{c: green}, {c: pink, b: cat}, {a: apple, d: round}, {a: banana}, {a: banana, b: cat}]}"
    assert cases(tmp_path, matrix) == {
        "t apple cat pink": ["a=apple b=cat c=pink d=round"],
        "t apple dog green": ["a=apple b=dog c=green d=round"],
        "t pear cat pink": ["a=pear b=cat c=pink"],
        "t pear dog green": ["a=pear b=dog c=green"],
        "t banana": ["a=banana"],
        "t banana cat": ["a=banana b=cat"],
    }


def test_cases_that_do_not_differ_are_one_step(tmp_path: Path) -> None:
    assert cases(tmp_path, "{node: [18, 20]}") == {"t": ["node=18", "node=20"]}


def test_matrices_that_are_not_known(tmp_path: Path) -> None:
    assert cases(tmp_path, "${{ fromJSON(needs.a.outputs.m) }}") == {"t ? ? ?": [""]}
    assert cases(tmp_path, "{a: '${{ fromJSON(needs.a.outputs.m) }}', b: [1]}") == {
        "t ? 1": ["b=1"]
    }
    assert cases(tmp_path, "${{ fromJSON('{\"a\":[1,2]}') }}") == {"t 1": ["a=1"], "t 2": ["a=2"]}
    many = ", ".join(map(str, range(17)))
    assert cases(tmp_path, f"{{a: [{many}], b: [{many}]}}") == {"t ? ? ?": [""]}


def test_a_matrix_with_includes_that_are_not_known(tmp_path: Path) -> None:
    found = cases(tmp_path, "{a: [1], include: '${{ fromJSON(needs.a.outputs.m) }}'}")
    assert list(found) == ["t 1 ? ?", "t ? ? ?"]


def test_the_job_s_number_in_the_matrix(tmp_path: Path) -> None:
    text = """
    jobs:
      a:
        strategy: {matrix: {shard: [1, 2]}}
        steps:
          - run: t --shard=${{ matrix.shard }}/${{ strategy.job-total }}
    """
    assert [lines(step) for step in github(tmp_path, text).steps] == [
        ["$ t --shard=1/2"],
        ["$ t --shard=2/2"],
    ]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- run: echo A=b >> $GITHUB_ENV", "A=b@written"),
        ('- run: echo "A=b c" >> "$GITHUB_ENV"', "A=b c@written"),
        ('- run: |\n    echo "A=1" >> $GITHUB_ENV\n    echo "B=2" >> ${GITHUB_ENV}', "A=1@written B=2@written"),
        ('- run: echo "A=$(date)" >> $GITHUB_ENV', "A=?@written"),
        ('- run: echo "A=$B" >> $GITHUB_ENV\n  env: {B: x}', "A=x@written"),
        ('- run: echo "A=${{ github.sha }}" >> $GITHUB_ENV', "A=?@written"),
        ('- run: if [ -n "$X" ]; then echo "A=b" >> $GITHUB_ENV; fi', "A=?@written"),
        ("- run: echo A=b >> $GITHUB_ENV\n  if: github.ref == 'x'", "A=?@written"),
        ("- run: echo A=b | tee -a $GITHUB_ENV", "A=?@written"),
        ("- run: |\n    cat <<EOF >> $GITHUB_ENV\n    A=b\n    EOF", "A=?@written"),
        ("- run: 'echo \"A=b\" >> $env:GITHUB_ENV'\n  shell: pwsh", "A=?@written"),
        ("- run: echo NODE_OPTIONS=x >> $GITHUB_ENV", ""),
        ("- run: echo A=b >> $GITHUB_OUTPUT", ""),
        ("- uses: pnpm/action-setup@v4", "PNPM_HOME=?@written"),
        ("- uses: actions/setup-node@v4", ""),
    ],
)  # fmt: skip
def test_what_a_step_writes_for_later_ones(tmp_path: Path, steps: str, expected: str) -> None:
    indented = "\n".join(f"      {line}" for line in steps.split("\n"))
    assert env(one(tmp_path, f"{indented}\n      - run: x")) == expected


def test_actions_that_may_set_any_variable_are_doubts(tmp_path: Path) -> None:
    step = one(
        tmp_path,
        "      - uses: some/action@v1\n      - run: t ${{ env.A }} ${{ env.B }}",
        top="env: {B: x}",
    )
    assert len(step.doubts) == 1
    assert lines(step) == ["$ t ? x"]
    quiet = one(tmp_path, "      - uses: actions/cache@v4\n      - run: t '${{ env.A }}'")
    assert (quiet.doubts, lines(quiet)) == ((), ["$ t "])


def test_a_command_in_another_action(tmp_path: Path) -> None:
    steps = """\
      - uses: nick-fields/retry@v3
        timeout-minutes: 5
        with: {command: "npx playwright test --workers=4", max_attempts: 3}
"""
    step = one(tmp_path, steps)
    assert lines(step) == ["$ npx playwright test --workers=4"]
    assert not step.shell.errexit


def test_a_composite_action_of_the_repository(tmp_path: Path) -> None:
    found = github(
        tmp_path,
        """
        jobs:
          a:
            runs-on: ubuntu-latest
            defaults: {run: {working-directory: elsewhere, shell: pwsh}}
            steps:
              - run: first
                shell: bash
              - uses: ./.github/actions/test
                with: {Retries: 3}
                env: {A: caller}
              - run: last ${{ env.B }}
                shell: bash
        """,
        **{
            ".github__actions__test__action_yml": """
            inputs:
              retries: {default: "1"}
              workers: {default: "${{ github.sha }}"}
              reporter: {default: line}
            runs:
              using: composite
              steps:
                - run: t --retry=${{ inputs.retries }} -w ${{ inputs.workers }} ${{ inputs.reporter }}
                  shell: bash
                  env: {C: action}
                - run: echo B=b >> $GITHUB_ENV
                  shell: bash
                - uses: ./.github/actions/test
            """
        },
    )
    assert [step.id.rpartition("/")[2] for step in found.steps] == ["0", "1.0", "1.1", "2"]
    assert lines(found.steps[1]) == ["$ t --retry=3 -w ? line"]
    assert env(found.steps[1]) == "A=caller@step C=action@step"
    assert lines(found.steps[3]) == ["elsewhere$ last b"]
    assert found.steps[1].span.file == ".github/actions/test/action.yml"


def test_a_reusable_workflow_of_the_repository(tmp_path: Path) -> None:
    found = github(
        tmp_path,
        """
        on: push
        env: {A: not-handed-on}
        jobs:
          smoke:
            uses: ./.github/workflows/e2e.yml
            with: {retries: 2}
          full:
            strategy: {matrix: {w: [1, 4]}}
            uses: ./.github/workflows/e2e.yml
            with: {retries: 0, workers: "${{ matrix.w }}"}
          never:
            if: false
            uses: ./.github/workflows/e2e.yml
          remote:
            uses: org/repo/.github/workflows/x.yml@main
        """,
        **{
            ".github__workflows__e2e_yml": """
            on:
              workflow_call:
                inputs:
                  retries: {type: number}
                  workers: {type: string, default: "8"}
                  headed: {type: boolean}
            jobs:
              test:
                runs-on: ubuntu-latest
                timeout-minutes: ${{ inputs.retries }}
                steps:
                  - run: t ${{ inputs.retries }} ${{ inputs.workers }} ${{ inputs.headed && '--headed' || '' }}
            """
        },
    )
    assert [lines(step) for step in found.steps] == [["$ t 2 8"], ["$ t 0 1"], ["$ t 0 4"]]
    assert {step.id for step in found.steps} == {".github/workflows/e2e.yml/test/0"}
    assert all(len(step.job.called_from) == 1 for step in found.steps)
    assert all(env(step) == "" for step in found.steps)
    assert [step.job.timeout and step.job.timeout.minutes for step in found.steps] == [2, 0, 0]


def test_inputs_of_workflows_that_nobody_here_calls(tmp_path: Path) -> None:
    text = "on: {{{0}: {{inputs: {{w: {{default: 1}}}}}}}}\njobs: {{a: {{steps: [{{run: 't ${{{{ inputs.w }}}}'}}]}}}}"
    for trigger, expected in (("workflow_call", "$ t ?"), ("workflow_dispatch", "$ t ?")):
        (step,) = reading(tmp_path, read_github, {WORKFLOW: text.format(trigger)}).steps
        assert lines(step) == [expected]


def test_jobs_carry_their_timeout_and_services(tmp_path: Path) -> None:
    found = github(
        tmp_path,
        """
        jobs:
          a: {steps: [{run: x}]}
          b: {timeout-minutes: "${{ vars.T }}", services: {db: {image: postgres}}, steps: [{run: x}]}
          c: {timeout-minutes: "15", container: {image: node, env: {I: image}}, env: {I: job, J: x}, steps: [{run: x}]}
          d: {timeout-minutes: soon, steps: [{run: x}]}
        """,
    )
    timeouts = [job.timeout and job.timeout[:2] for job in found.jobs]
    unknown = "`vars.T` is known only when the workflow runs"
    assert timeouts == [None, (None, unknown), (15.0, None), (None, "it is no number")]
    assert [job.services for job in found.jobs] == [(), ("db",), (), ()]
    assert env(found.steps[2]) == "I=job@job J=x@job"


def test_aliases_are_followed(tmp_path: Path) -> None:
    text = """
    x: &env {A: b}
    jobs:
      a: {env: *env, steps: [&s {run: t}, *s]}
    """
    assert [env(step) for step in github(tmp_path, text).steps] == ["A=b@job", "A=b@job"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs: [", "line 1: it is not YAML"),
        ("jobs: [a]", "line 1: `jobs` is no mapping"),
        ("a\n", "line 1: the file is no mapping"),
        ("jobs:\n  a: b\n", "line 2: the job `a` is no mapping"),
        ("jobs:\n  a:\n    steps: {}\n", "line 3: `steps` of the job `a` is no list"),
        ("jobs:\n  a:\n    steps: [{run: '${{ 1 + }}'}]", "line 3: the job `a` has an expression"),
        ("jobs:\n  a: {steps: [{run: x, run: y}]}", "line 2: `run` stands here twice"),
        ("jobs:\n  a: {uses: ./../x.yml}", "line 2: the workflow './../x.yml' cannot be read"),
        ("jobs:\n  a: {uses: ./.github/workflows/ci.yml}", "line 2: the workflow"),
        ("---\njobs: {}\n---\n{}\n", "line 4: a second document is not read"),
    ],
)
def test_what_is_wrong_is_told_and_hides_nothing(tmp_path: Path, text: str, said: str) -> None:
    other = "jobs: {a: {steps: [{run: x}]}}"
    found = reading(tmp_path, read_github, {WORKFLOW: text, ".github/workflows/z.yml": other})
    assert any(f"{WORKFLOW}, {said}" in problem.message for problem in found.problems)
    assert [step.job.file for step in found.steps][-1] == ".github/workflows/z.yml"


def test_nothing_outside_of_the_root_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    action = "runs: {using: composite, steps: [{run: leaked, shell: bash}]}"
    written(outside, {"action.yml": action, "w.yml": "jobs: {a: {steps: [{run: leaked}]}}"})
    root = tmp_path / "root"
    written(
        root,
        {
            WORKFLOW: "jobs: {a: {steps: [{uses: ./../outside}, {uses: ./link}, {uses: ./.github/x}]}}"
        },
    )
    (root / "link").symlink_to(outside)
    (root / ".github/workflows/w.yml").symlink_to(outside / "w.yml")
    files = CiFiles(Workspace(root))
    assert read_github(files)[1] == []
    assert all("outside the root" in problem.message for problem in files.problems)


def test_calls_that_multiply_are_bounded(tmp_path: Path) -> None:
    call = "on: workflow_call\njobs:\n" + "".join(
        f"  j{n}: {{uses: ./.github/workflows/w{{0}}.yml}}\n" for n in range(10)
    )
    files = {f".github/workflows/w{n}.yml": call.replace("{0}", str(n + 1)) for n in range(9)}
    files[WORKFLOW] = call.replace("workflow_call", "push").replace("{0}", "0")
    found = reading(tmp_path, read_github, files)
    assert any("more than 5000 jobs and steps" in one.message for one in found.problems)


PARTS = st.sampled_from(
    ["run: npx vitest", "uses: ./a", "uses: actions/checkout@v4", "env: {A: 1}", "env: [1]", "if: x",
     "if: ${{ false }}", "with: {path: x}", "timeout-minutes: ~", "shell: {}", "run: [x]", "run: ~",
     "run: 'echo A=b >> $GITHUB_ENV'", "working-directory: ${{ matrix.x }}", "name: []", "a: *x",
     "run: '${{ matrix['", "strategy: {matrix: {a: [1, {b: c}], include: [{a: 1}, 2]}}", "steps: []",
     "defaults: {run: 1}", "container: {env: x}", "services: []", "runs-on: [[], {}]", "jobs: {}"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(job=st.lists(PARTS, max_size=4), steps=st.lists(st.lists(PARTS, max_size=3), max_size=4))
def test_nothing_raises_and_places_lie_inside(
    tmp_path_factory: pytest.TempPathFactory, job: list[str], steps: list[list[str]]
) -> None:
    text = "jobs:\n  é:\n" + "".join(f"    {part}\n" for part in job) + "    steps:\n"
    text += "".join("      - {" + ", ".join(parts) + "}\n" for parts in steps)
    root = tmp_path_factory.mktemp("any")
    action = "runs: {using: composite, steps: [{run: x, shell: bash}]}"
    found = reading(root, read_github, {WORKFLOW: text, "a/action.yml": action})
    for step in found.steps:
        script = step.commands()
        for command in script.commands if script else ():
            document = Workspace(root).read(command.span.file)
            assert isinstance(document, Document)
            for word in command.words:
                for span in word.origin:
                    assert 0 <= span.start <= span.end <= len(document.data)


def test_files_beyond_the_bounds_are_told(tmp_path: Path) -> None:
    big = "jobs: {a: {steps: [{run: x}]}}\n" + "#" * 20_000_000
    deep = "jobs: " + "[" * 10_000
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    files = {WORKFLOW: big, ".github/workflows/d.yml": deep, ".github/workflows/l.yml": laughs}
    messages = [one.message for one in reading(tmp_path, read_github, files).problems]
    assert messages[0] == f"{WORKFLOW}: it is larger than 1 MB"
    assert "nested deeper than" in messages[1] or "not YAML" in messages[1]
    assert "more than 50000 values" in messages[2]
