"""docs/running-e2e-tests.md is done, from its first command to its last, in a project by npm.

Its files belong together: they are written where the first of them stands. A line
`$ command   # exits N` must end so; without a remark it must end with 0.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from projects.harness import clean_environment
from projects.npm_projects import made_by_npm

PAGE = Path(__file__).resolve().parents[2] / "docs" / "running-e2e-tests.md"
_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"\$ (.+?)(?:\s+#(?: exits (\d+))?.*)?$")
TOKEN = "e2e-token-of-the-test"


class Step(NamedTuple):
    """A file of the page, or a command and how it must end."""

    file: str | None
    text: str
    exits: int = 0


def steps() -> Iterator[Step]:
    """What the page says, in its order."""
    for language, name, body in _FENCE.findall(PAGE.read_text("utf-8")):
        if name:
            yield Step(name, body)
            continue
        assert language == "console", f"a block that nothing runs: {body}"
        for line in body.splitlines():
            found = _COMMAND.fullmatch(line)
            assert found is not None, line
            yield Step(None, found[1], int(found[2] or 0))


class Api:
    """A small service: who may ask, one note, and what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.busy = 1
        self.url = ""


@contextmanager
def serving() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.asked.append(self.path)
            status = 200
            if self.headers["authorization"] != f"Bearer {TOKEN}":
                status = 403
            elif self.path.startswith("/notes") and api.busy:
                api.busy, status = api.busy - 1, 429
            self.send_response(status)
            self.send_header("retry-after", "0")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *about: object) -> None:
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.real_runner
@pytest.mark.skipif(os.name == "nt", reason="NOT TESTED: the page's commands are those of a shell")
def test_every_command_of_the_page(tmp_path: Path) -> None:
    root = made_by_npm(tmp_path)
    ran: dict[str, str] = {}
    written = False
    with serving() as api:
        environment = clean_environment(
            {
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                "XDG_RUNTIME_DIR": str(tmp_path),
                "TMPDIR": str(tmp_path),
                "API_URL": api.url,
                "TEST_TOKEN": TOKEN,
            }
        )
        for step in steps():
            if step.file is not None:
                if not written:
                    write_files(root)
                written = True
                continue
            before, was_busy = len(api.asked), api.busy
            done = subprocess.run(
                ["bash", "-c", step.text],
                cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=300, check=False,
            )  # fmt: skip
            told = f"$ {step.text}\n{done.stdout}{done.stderr}"
            assert done.returncode == step.exits, told
            ran[step.text] = told
            asked = api.asked[before:]
            if step.text.startswith("TEST_TOKEN=wrong"):
                assert asked == ["/me"], told
                assert "/me answered 403: no test was started" in told
            elif written and "test:e2e" in step.text:
                assert asked == ["/me", "/notes/1", *["/notes/1"] * was_busy], told
                assert "1 passed" in told
    assert "maxWallSeconds 1 (--timeout) stops" in ran["configguard runs show last"]
    secrets = [path for path in root.rglob("*") if path.is_file() and holds(path, TOKEN.encode())]
    assert secrets == []


def write_files(root: Path) -> None:
    """Put the files of the page into the project, in the place of what npm's had for e2e."""
    shutil.rmtree(root / "e2e")
    for step in steps():
        if step.file is not None:
            path = root / step.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, "utf-8")


def holds(path: Path, secret: bytes) -> bool:
    return "node_modules" not in path.parts and secret in path.read_bytes()


def test_the_workflow_is_one(tmp_path: Path) -> None:
    [text] = [step.text for step in steps() if (step.file or "").endswith(".yml")]
    file = tmp_path / "e2e.yml"
    file.write_text(text, "utf-8")
    assert yaml.safe_load(text)["jobs"]["e2e"]["timeout-minutes"] == 45
    command = [
        Path(sys.executable).parent / "check-jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        file,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_page_has_what_was_asked_for() -> None:
    commands = [step.text for step in steps() if step.file is None]
    assert len(commands) >= 20
    text = PAGE.read_text("utf-8")
    for topic in ("maxMemoryMB", "Back off", "Timeouts", "Mocked auth", "breaker", "sweep"):
        assert topic in text
