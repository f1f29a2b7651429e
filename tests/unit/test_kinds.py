"""The kind of a suite from its file name, project name and folders."""

from __future__ import annotations

import pytest

from configguard.project.kinds import Kind, kind_of
from configguard.source.span import Span


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("vitest.config.ts", "unit"),
        ("vite.config.ts", "unit"),
        ("vitest.base.config.ts", "unit"),
        ("vitest.e2e.config.ts", "e2e"),
        ("vitest.config.e2e.ts", "e2e"),
        ("vitest-e2e.config.mts", "e2e"),
        ("vitest.E2E.config.ts", "e2e"),
        ("vitest.end-to-end.config.ts", "e2e"),
        ("vitest.end.config.ts", "unit"),
        ("vitest.e2eHelpers.config.ts", "unit"),
        ("vitest.integration.config.ts", "integration"),
        ("vitest_smoke.config.ts", "integration"),
        ("vitest.acceptance.config.ts", "integration"),
        ("vitest.it.config.ts", "integration"),
        ("vitest.system.config.ts", "integration"),
        ("vitest.system-tests.config.ts", "integration"),
        ("vitest.design-system.config.ts", "unit"),
        ("vitest.items.config.ts", "unit"),
        ("vitest.ct.config.ts", "component"),
        ("vitest.component.config.ts", "component"),
        ("vitest.integration.e2e.config.ts", "e2e"),
        ("vitest.component.integration.config.ts", "integration"),
        ("e2e/vitest.config.ts", "e2e"),
        ("tests/end-to-end/vitest.config.ts", "e2e"),
        ("e2e/vitest.integration.config.ts", "e2e"),
        ("apps/web-e2e/vitest.config.ts", "unit"),
        ("integration/vitest.config.ts", "unit"),
        ("packages/design-system/vitest.config.ts", "unit"),
        ("apps/integration-slack/vitest.config.ts", "unit"),
    ],
)
def test_kinds_of_files(file: str, kind: str) -> None:
    assert kind_of(file).kind == kind


@pytest.mark.parametrize(
    ("project", "kind"),
    [
        ("e2e", "e2e"),
        ("@acme/e2e", "e2e"),
        ("web: end to end", "unit"),
        ("web:end-to-end", "e2e"),
        ("integration tests", "integration"),
        ("design-system", "unit"),
        ("unit", "unit"),
        ("", "unit"),
    ],
)
def test_kinds_of_projects(project: str, kind: str) -> None:
    assert kind_of("vitest.config.ts", project).kind == kind


def test_the_evidence_is_what_speaks_for_the_kind() -> None:
    file = "e2e/vitest.integration.config.ts"
    at, name_at = Span(file, 0, 0), Span(file, 10, 15)
    assert kind_of(file, "e2e", name_at) == Kind(
        "e2e", [("project-name", "strong", name_at), ("folder", "strong", at)]
    )
    assert kind_of("vitest.config.ts") == Kind("unit", [])
