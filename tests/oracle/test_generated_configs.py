"""Random configs: what `show` says of each equals what the real runner resolves.

CI compares the first configs for each version, always the same; `make oracle` many more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from oracle import generated, real_jest, real_playwright, test_jest_configs, test_playwright_configs
from oracle.configs import ConfigCase
from oracle.jest_configs import JestCase
from oracle.playwright_configs import PlaywrightCase
from oracle.real_vitest import VERSIONS
from oracle.test_resolved_configs import compare

CONFIGS = int(os.environ.get("CONFIGGUARD_ORACLE_GENERATED", "40"))
pytestmark = pytest.mark.real_runner


@pytest.mark.parametrize("runner", VERSIONS, indirect=True)
def test_vitest(runner: str, tmp_path: Path) -> None:
    texts = generated.configs(generated.VITEST, CONFIGS)
    cases = [
        ConfigCase(f"generated-{number}", {"vitest.e2e.config.mjs": text}, None)
        for number, text in enumerate(texts)
    ]
    with quoted(texts):
        compare(runner, cases, 8, tmp_path)


@pytest.mark.parametrize("jest", real_jest.VERSIONS, indirect=True)
def test_jest(jest: str, tmp_path: Path) -> None:
    texts = generated.configs(generated.JEST, CONFIGS)
    cases = [
        JestCase(f"generated-{number}", {"package.json": "{}", "jest.config.mjs": text}, None, None)
        for number, text in enumerate(texts)
    ]
    with quoted(texts):
        test_jest_configs.hold(jest, cases, 8, tmp_path)


@pytest.mark.parametrize("playwright", real_playwright.VERSIONS, indirect=True)
def test_playwright(playwright: str, tmp_path: Path) -> None:
    texts = generated.configs(generated.PLAYWRIGHT, CONFIGS)
    cases = [
        PlaywrightCase(f"generated-{number}", {"playwright.config.ts": text}, None)
        for number, text in enumerate(texts)
    ]
    with quoted(texts):
        test_playwright_configs.hold(playwright, cases, 8, tmp_path)


@contextmanager
def quoted(texts: Sequence[str]) -> Iterator[None]:
    """Add the configs that a failure names to its message."""
    try:
        yield
    except AssertionError as error:
        told = str(error)
        named = [
            f"--- generated-{number}\n{text}"
            for number, text in enumerate(texts)
            if f"generated-{number} " in told
        ]
        raise AssertionError("\n".join([told, *named])) from None
