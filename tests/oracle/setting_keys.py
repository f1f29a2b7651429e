"""Which settings each installed runner knows, place by place, told by the runner's own package.

vitest and Playwright by their published type definitions, jest by the example that it checks
configs against. `python tests/oracle/setting_keys.py` writes linter/configguard/runners/keys/ anew.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from oracle import install, real_jest, real_playwright, real_vitest
from oracle.processes import HERE

SCRIPT = HERE / "setting_keys.cjs"
KEYS = HERE.parents[1] / "linter" / "configguard" / "runners" / "keys"
REAL: dict[str, Any] = {"vitest": real_vitest, "jest": real_jest, "playwright": real_playwright}
TIME_LIMIT_S = 300.0
HEAD = """\
# The settings that {runner} knows, by place and stretch of versions.
#
# Written by `python tests/oracle/setting_keys.py` from the packages of the versions under
# `measured`; a test asks them again. A key that one of them lists is never called unknown; one is
# only suggested where the measured versions around the one in use know it.
"""


def asked(runner: str, version: str) -> dict[str, list[str]]:
    """The keys of one installed version, by place. Raises CalledProcessError."""
    folder = install.CACHE / REAL[runner].runner_name(version)
    typescript = install.CACHE / real_jest.runner_name(real_jest.VERSIONS[-1])
    done = subprocess.run(
        ["node", str(SCRIPT), runner, str(folder), str(typescript)],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def stretches(known: list[bool]) -> Iterator[tuple[int, int]]:
    """First and last of each run of versions that know a key."""
    first: int | None = None
    for index, knows in enumerate([*known, False]):
        if knows and first is None:
            first = index
        elif not knows and first is not None:
            yield first, index - 1
            first = None


def grouped(
    versions: tuple[str, ...], found: list[dict[str, list[str]]]
) -> dict[str, list[dict[str, Any]]]:
    """The keys of all versions as the table has them."""
    places: dict[str, list[dict[str, Any]]] = {}
    for place in dict.fromkeys(place for one in found for place in one):
        groups: dict[tuple[int, int], list[str]] = {}
        for key in sorted({key for one in found for key in one.get(place, ())}):
            for stretch in stretches([key in one.get(place, ()) for one in found]):
                groups.setdefault(stretch, []).append(key)
        places[place] = [
            {"versions": [versions[first], versions[last]], "keys": keys}
            for (first, last), keys in sorted(groups.items())
        ]
    return places


def text_of(runner: str, versions: tuple[str, ...], places: dict[str, Any]) -> str:
    """A table as YAML, kept narrow."""
    lines = [HEAD.format(runner=runner), f"runner: {runner}"]
    lines += [f"measured: [{', '.join(map(_quoted, versions))}]", "places:"]
    for place, groups in places.items():
        lines.append(f"  {_quoted(place)}:")
        for group in groups:
            lines.append(f"    - versions: [{', '.join(map(_quoted, group['versions']))}]")
            keys = ", ".join(
                key if key.isidentifier() and key not in ("on", "off", "null") else _quoted(key)
                for key in group["keys"]
            )
            lines += textwrap.wrap(
                f"keys: [{keys}]", 98, initial_indent=" " * 6, subsequent_indent=" " * 8
            )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return f'"{text}"'


def main() -> None:
    """Write the tables anew."""
    for runner, real in REAL.items():
        with ThreadPoolExecutor(install.AT_ONCE) as pool:
            found = list(pool.map(lambda version: asked(runner, version), real.VERSIONS))  # noqa: B023 - used before the loop goes on
        path = KEYS / f"{runner}.yaml"
        path.write_text(text_of(runner, real.VERSIONS, grouped(real.VERSIONS, found)), "utf-8")


if __name__ == "__main__":
    main()
