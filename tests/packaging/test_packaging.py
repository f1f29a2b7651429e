"""What a user installs: a wheel whose data is all there, and the ways to start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from configguard.resources import prepare

REPOSITORY = Path(__file__).resolve().parents[2]
QUIET = ["--quiet", "--disable-pip-version-check"]

pytestmark = pytest.mark.xdist_group("packaging")  # they share one build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", str(folder), str(REPOSITORY)])
    return folder


@pytest.fixture(scope="session")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh virtual environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    (wheel,) = built.glob("*.whl")
    run([str(interpreter), "-m", "pip", "install", *QUIET, str(wheel)])
    return interpreter


def run(command: list[str], cwd: Path | None = None) -> str:
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_and_its_data(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "configguard/py.typed",
        "configguard/prepared.json",
        "configguard/schema/rule.schema.json",
        "configguard/schema/report.schema.json",
        "configguard/schema/configguard.schema.json",
        "configguard/rules/ignored-setting/rule.yaml",
        "configguard/rules/ignored-setting/README.md",
        "configguard/runners/facts/vitest.yaml",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(("tests", "linter"))]
    prepared = json.loads(zipfile.ZipFile(wheel).read("configguard/prepared.json"))
    assert prepared == json.loads(json.dumps(prepare()))


def test_the_sdist_builds_by_itself(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "linter/configguard/cli/main.py", "rules", "schema"} & names
    unwanted = {"node_modules", ".cache", ".venv"}
    assert not [name for name in names if unwanted.intersection(name.split("/"))]


def test_an_installed_configguard_works(python: Path) -> None:
    project = REPOSITORY / "tests" / "fixtures" / "incident"
    script = python.with_name("configguard.exe" if os.name == "nt" else "configguard")
    for command in ([str(script)], [str(python), "-m", "configguard"]):
        assert run([*command, "--version"]).startswith("configguard ")
        done = subprocess.run(
            [*command, "check", ".", "--root", "."],
            cwd=project,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 1
        assert "e2e-parallel-workers" in done.stdout
        assert run([*command, "explain", "too-many-retries"]).startswith("# too-many-retries")
