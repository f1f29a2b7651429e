"""A sample of the hostile inputs of `make stress`: nothing raises, places and JSON are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from stress.examine import examine
from stress.mutate import project

CHUNKS, EACH = 10, 40
THOROUGH_EVERY = 5


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_hostile_input_is_taken_as_it_is(chunk: int, tmp_path: Path) -> None:
    faults = {}
    for number in range(chunk * EACH, (chunk + 1) * EACH):
        fault = examine(project(number), tmp_path, thorough=number % THOROUGH_EVERY == 0)
        # How long it took is for `make stress`: this machine may be busy.
        if fault is not None and fault.kind != "slow":
            faults[number] = fault
    assert faults == {}


def test_the_examination_sees_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge that raises, and places outside of files, are told."""
    from stress import examine as examination

    plain = project(0)._replace(config="vitest.config.ts")
    plain.files["vitest.config.ts"] = b"export default { test: { retry: 9 } };"
    assert examine(plain, tmp_path) is None
    monkeypatch.setattr(examination, "check_json", lambda report, read: '{"x": NaN}')
    told = examine(plain, tmp_path)
    assert told is not None
    assert "not strict JSON" in told.detail
    outside = '[{"file": "vitest.config.ts", "startByte": 3, "endByte": 4000}]'
    monkeypatch.setattr(examination, "check_json", lambda report, read: outside)
    told = examine(plain, tmp_path)
    assert told is not None
    assert told.kind == "place"
