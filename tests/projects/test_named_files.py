"""Files that the user names which carry commands: workflows, pipelines, package.json."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import run

FILES = {
    "package.json": """\
{
  "scripts": {"e2e": "vitest run -c vitest.e2e.config.ts", "build": "tsc"},
  "devDependencies": {"vitest": "4.1.12"}
}
""",
    "vitest.config.ts": "export default { test: { retry: Infinity } };\n",
    "vitest.e2e.config.ts": """\
export default {
  test: { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 },
};
""",
    "quiet/package.json": '{"scripts": {"build": "tsc"}}',
    "notes.yml": "run: npm run e2e\n",
    ".github/workflows/ci.yml": """\
jobs:
  e2e:
    runs-on: ubuntu-latest
    steps:
      - run: npm run e2e -- --retry=5
""",
    ".github/workflows/lint.yml": """\
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: npm run build
""",
    ".gitlab-ci.yml": "e2e:\n  script:\n    - npm run e2e -- --retry=6\n",
    "azure-pipelines.yml": "steps:\n  - script: npm run e2e -- --retry=7\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def concise(project: Path, *names: str) -> tuple[int, str]:
    result = run("check", *names, "--output-format", "concise", "--quiet", cwd=project)
    return result.code, result.stdout


@pytest.mark.parametrize(
    ("file", "place", "retries"),
    [
        (".github/workflows/ci.yml", ":5:29", 5),
        (".gitlab-ci.yml", ":3:22", 6),
        ("azure-pipelines.yml", ":2:28", 7),
    ],
)
def test_a_named_pipeline_judges_what_it_runs_and_nothing_else(
    file: str, place: str, retries: int, project: Path
) -> None:
    _, told = concise(project, file)
    (raised,) = (line for line in told.splitlines() if " info[" not in line)
    assert raised.startswith(f"{file}{place}: warning[override-raises-load] ")
    assert f"with {retries} retries where its config says 0 retries" in raised
    assert "vitest.config.ts" not in told


def test_a_named_manifest_judges_what_its_scripts_run(project: Path) -> None:
    text = FILES["vitest.e2e.config.ts"].replace("test: {", "test: { retry: 4,")
    (project / "vitest.e2e.config.ts").write_text(text, "utf-8")
    code, told = concise(project, "package.json")
    assert code == 1
    places = [line.partition(" ")[0] for line in told.splitlines()]
    assert "vitest.e2e.config.ts:2:18:" in places
    assert not [place for place in places if place.startswith("vitest.config.ts")]


def test_a_config_that_is_named_too_is_judged_whole(project: Path) -> None:
    _, told = concise(project, ".github/workflows/ci.yml", "vitest.config.ts")
    assert "vitest.config.ts:1:33: error[too-many-retries]" in told
    assert ".github/workflows/ci.yml:5:29: " in told


@pytest.mark.parametrize("file", ["quiet/package.json", ".github/workflows/lint.yml"])
def test_one_that_runs_no_tests_is_a_note(file: str, project: Path) -> None:
    result = run("check", file, cwd=project)
    assert result.code == 0
    assert f"note: {file}: it runs no config of a test runner" in result.stdout


def test_any_other_file_is_still_refused(project: Path) -> None:
    code, told = concise(project, "notes.yml")
    assert code == 2
    assert "notes.yml: it is no test-runner config by its name" in told
