"""GitLab pipelines to jobs and scripts, form by form."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configguard.project.ci.gitlab import read_gitlab
from configguard.project.ci.model import Reading
from support.ci import env, lines, reading

FILE = ".gitlab-ci.yml"


def gitlab(root: Path, text: str, **others: str) -> Reading:
    files = {FILE: text, **{f"{name}.yml": one for name, one in others.items()}}
    return reading(root, read_gitlab, files)


def test_a_job_with_defaults_variables_and_what_runs_before(tmp_path: Path) -> None:
    found = gitlab(
        tmp_path,
        """
        default:
          before_script: [cd web]
          timeout: 1h 30m
          image: node:22
        variables: {A: global, B: global, W: "4"}
        stages: [test]
        .hidden: {script: never}
        e2e:
          variables: {B: job}
          services: [postgres, {name: redis}]
          script:
            - npx playwright test --workers=$W
            - |
              echo done
              npx vitest --retry=2
        """,
    )
    (step,) = found.steps
    assert step.id == ".gitlab-ci.yml/e2e/0"
    assert lines(step) == [
        "web$ npx playwright test --workers=4",
        "web$ echo done",
        "web$ npx vitest --retry=2",
    ]
    assert env(step) == "A=global@workflow B=job@job W=4@workflow"
    assert step.job.timeout is not None
    assert (step.job.timeout.minutes, step.job.services) == (90, ("postgres", "redis"))
    assert (step.job.platform, step.job.container, step.shell.errexit) == ("linux", True, True)


def test_a_flag_has_its_bytes(tmp_path: Path) -> None:
    text = "é:\n  before_script:\n    - a\n  script:\n    - npx vitest --retry=3\n"
    (step,) = gitlab(tmp_path, text).steps
    script = step.commands()
    assert script is not None
    span = script.commands[-1].words[-1].span
    assert text.encode()[span.start : span.end] == b"--retry=3"


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("extends: .base\n  script: b", ["$ a", "$ b"]),
        ("extends: [.base, .other]\n  script: c", ["$ o", "$ c"]),
        ("extends: .base\n  before_script: []\n  script: c", ["$ c"]),
        (
            "before_script: [!reference [.base, before_script], x]\n  script: y",
            ["$ a", "$ x", "$ y"],
        ),
        ("script: [!reference [.nested, script]]", ["$ n", "$ a"]),
        ("<<: *base\n  script: z", ["$ a", "$ z"]),
        ("script: [[p, [q]], r]", ["$ p", "$ q", "$ r"]),
        ("script: 'one $[[ inputs.x ]]'", ["$ one ?"]),
        ("script: 'cd a && one'", ["a$ one"]),
        ("script: 'false; never'", []),
    ],
)
def test_scripts(tmp_path: Path, job: str, expected: list[str]) -> None:
    base = (
        ".base: &base\n  before_script: [a]\n.other:\n  before_script: [o]\n"
        ".nested:\n  script: [n, !reference [.base, before_script]]\n"
    )
    (step,) = gitlab(tmp_path, f"{base}j:\n  {job}\n").steps
    assert lines(step) == expected


def test_extended_variables_are_merged(tmp_path: Path) -> None:
    text = """
    .a: {variables: {A: a, B: a}}
    .b: {extends: .a, variables: {B: b, C: b}, timeout: 10 minutes}
    j: {extends: .b, variables: {C: j}, script: x}
    """
    (step,) = gitlab(tmp_path, text).steps
    assert env(step) == "A=a@job B=b@job C=j@job"
    assert step.job.timeout is not None
    assert step.job.timeout.minutes == 10


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("{A: {value: x, description: y}}", "A=x@job"),
        ("{A: 'x $B'}", "A=?@job"),
        ("{A: {value: 'x $B', expand: false}}", "A=x $B@job"),
        ("{A: 01}", "A=01@job"),
        ("{A: [1]}", "A=?@job"),
        ("{A: '$[[ inputs.x ]]'}", "A=?@job"),
        ("{A: {description: only}}", ""),
    ],
)
def test_variables(tmp_path: Path, variables: str, expected: str) -> None:
    (step,) = gitlab(tmp_path, f"j: {{script: x, variables: {variables}}}").steps
    assert env(step) == expected


@pytest.mark.parametrize(
    ("inherit", "expected", "commands"),
    [
        ("{variables: false}", "", ["$ d", "$ x"]),
        ("{variables: [A]}", "A=1@workflow", ["$ d", "$ x"]),
        ("{default: false}", "A=1@workflow B=2@workflow", ["$ x"]),
        ("{default: [timeout]}", "A=1@workflow B=2@workflow", ["$ x"]),
    ],
)
def test_what_a_job_inherits(
    tmp_path: Path, inherit: str, expected: str, commands: list[str]
) -> None:
    text = f"default: {{before_script: d}}\nvariables: {{A: 1, B: 2}}\nj: {{script: x, inherit: {inherit}}}"
    (step,) = gitlab(tmp_path, text).steps
    assert (env(step), lines(step)) == (expected, commands)


@pytest.mark.parametrize(
    ("parallel", "expected"),
    [
        ("2", ["$ t 1/2 ?", "$ t 2/2 ?"]),
        ("{matrix: [{W: [a, b]}]}", ["$ t ? a", "$ t ? b"]),
        ("{matrix: [{W: a, X: [1, 2]}, {W: [c]}]}", ["$ t ? a", "$ t ? a", "$ t ? c"]),
        ("many", ["$ t ? ?"]),
        ("{matrix: [{W: [a], X: $V}]}", ["$ t ? a"]),
    ],
)
def test_parallel_jobs(tmp_path: Path, parallel: str, expected: list[str]) -> None:
    text = f"j: {{parallel: {parallel}, script: 't $CI_NODE_INDEX/$CI_NODE_TOTAL $W'}}"
    assert [line for step in gitlab(tmp_path, text).steps for line in lines(step)] == expected


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ("", "always"),
        ("when: always", "always"),
        ("when: manual", "maybe"),
        ("when: on_failure", "maybe"),
        ("only: [main]", "maybe"),
        ("rules: [{if: $X}]", "maybe"),
        ("rules: [{when: never}]", None),
        ("when: never", None),
    ],
)
def test_when_a_job_runs(tmp_path: Path, said: str, reached: str | None) -> None:
    steps = gitlab(tmp_path, f"j:\n  script: x\n  {said}\n").steps
    assert [step.reached for step in steps] == ([reached] if reached else [])


@pytest.mark.parametrize(
    ("timeout", "minutes"),
    [
        ("30 minutes", 30),
        ("1h", 60),
        ("2 hours and 5m", 125),
        ("90s", 1.5),
        ("1d", 1440),
        ("soon", None),
    ],
)
def test_timeouts(tmp_path: Path, timeout: str, minutes: float | None) -> None:
    (job,) = gitlab(tmp_path, f"j: {{script: x, timeout: {timeout}}}").jobs
    assert job.timeout is not None
    assert job.timeout.minutes == minutes
    assert (job.timeout.reason is None) == (minutes is not None)


def test_includes_of_the_repository(tmp_path: Path) -> None:
    found = gitlab(
        tmp_path,
        """
        include:
          - local: /jobs.yml
          - more.yml
        variables: {A: main}
        own: {script: o}
        shared: {variables: {B: main}}
        """,
        jobs="spec: {inputs: {x: {}}}\n---\nvariables: {A: included, C: c}\nshared: {script: s, variables: {B: included}}\n",
        more="third: {script: t, before_script: ['cd x']}\n",
    )
    assert {step.job.id: lines(step) for step in found.steps} == {
        "shared": ["$ s"],
        "third": ["x$ t"],
        "own": ["$ o"],
    }
    assert env(found.steps[0]) == "A=main@workflow C=c@workflow B=main@job"
    assert all(step.doubts == () for step in found.steps)


def test_includes_from_elsewhere_are_doubts(tmp_path: Path) -> None:
    text = "include: [{template: x}, {remote: 'https://a/b.yml'}, missing.yml, ../out.yml]\nj: {script: x}\nk: {extends: .there, script: y}\n"
    found = gitlab(tmp_path, text)
    assert [(step.job.id, len(step.doubts)) for step in found.steps] == [("j", 4)]
    assert not found.problems


def test_scripts_of_two_files_do_not_mix(tmp_path: Path) -> None:
    text = "include: base.yml\nj: {extends: .base, script: x}\n"
    (step,) = gitlab(tmp_path, text, base=".base: {before_script: ['cd web']}\n").steps
    assert lines(step) == ["?$ x"]
    (step,) = gitlab(tmp_path, text, base=".base: {before_script: [echo]}\n").steps
    assert lines(step) == ["$ x"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("j: [", "line 1: it is not YAML"),
        ("[a]", "line 1: the file is no mapping"),
        ("j: {extends: .nowhere, script: x}", "line 1: the job `j` extends what is not there"),
        ("j: {script: {a: b}}", "line 1: the script of the job `j` is not followed"),
        ("j: {script: [!reference [a, b]]}", "line 1: the script of the job `j` is not followed"),
        (".a: {extends: .a}\nj: {extends: .a, script: x}", "the job `j` extends what is not there"),
        (".a: {s: [!reference [.a, s]]}\nj: {script: !reference [.a, s]}", "is not followed"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    found = gitlab(tmp_path, text)
    assert any(said in problem.message for problem in found.problems)


PARTS = st.sampled_from(
    ["script: x", "script: [a, [b]]", "extends: .b", "extends: [.b, j]", "variables: [1]", "when: {}",
     "before_script: !reference [.b, script]", "parallel: {matrix: [1, {A: {}}]}", "parallel: 99999",
     "timeout: []", "rules: [1]", "inherit: 1", "services: {}", "script: !reference [j]", "include: j",
     "variables: {A: {value: []}}", "script: !x [a]", "image: ~", "<<: {script: [q]}"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(PARTS, max_size=4), min_size=1, max_size=3), st.lists(PARTS, max_size=2))
def test_nothing_raises(
    tmp_path_factory: pytest.TempPathFactory, jobs: list[list[str]], top: list[str]
) -> None:
    names = ["j", ".b", "default"]
    text = "".join(f"{part}\n" for part in top)
    for name, parts in zip(names, jobs, strict=False):
        text += f"{name}:\n" + "".join(f"  {part}\n" for part in parts)
    for step in gitlab(tmp_path_factory.mktemp("any"), text).steps:
        step.commands()
