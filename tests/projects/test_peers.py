"""The cases on which configguard is compared with others: all found, none false."""

from __future__ import annotations

import re
import subprocess
import sys

from projects.harness import REPOSITORY, clean_environment


def test_every_mistake_is_found_and_no_other() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/peers.py", "--ours", "--why"],
        cwd=REPOSITORY,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^configguard +14 +0 +0$", done.stdout, re.MULTILINE), done.stdout
