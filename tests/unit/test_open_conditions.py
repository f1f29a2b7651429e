"""Open conditions split a question only where its answer depends on them."""

from __future__ import annotations

from pathlib import Path

from configguard.evaluate.worlds import EnvSet
from support.evaluated import Told

MANY = "\n".join(f"const v{n} = process.env.V{n} ? {n} : 0;" for n in range(12))


def worlds(told: Told, path: str) -> set[str]:
    """The variables that a value depends on."""
    from configguard.evaluate import written

    cases = told.config.ask(
        lambda machine, value: written.at(machine, value, path, told.config.place)
    )
    return {atom.name for case in cases for atom, _ in case.when if isinstance(atom, EnvSet)}


def test_what_nobody_reads_splits_nothing(tmp_path: Path) -> None:
    # The assignment makes the file one whose values depend on when they are read.
    told = Told(
        {
            "a.config.ts": f"process.env.TZ = 'UTC';\n{MANY}\n"
            "export default { workers: 1, other: [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9],"
            " retries: v11 };"
        },
        tmp_path,
    )
    assert told["workers"] == 1
    assert worlds(told, "workers") == set()
    assert worlds(told, "retries") == {"V11"}


def test_a_condition_is_asked_as_things_stood(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "let mode = 'a';\nconst before = process.env.X ? mode : 'none';\n"
            "mode = 'b';\nexport default { before, after: process.env.X ? mode : 'none' };"
        },
        tmp_path,
        {"X": "1"},
    )
    assert (told["before"], told["after"]) == ("a", "b")
    open_told = Told(
        {
            "a.config.ts": "let mode = 'a';\nconst before = process.env.X ? mode : 'none';\n"
            "mode = 'b';\nexport default { before, after: process.env.X ? mode : 'none' };"
        },
        tmp_path,
    )
    cases = open_told.config.ask(
        lambda machine, value: (
            open_told.plain(machine, value, "before", 8),
            open_told.plain(machine, value, "after", 8),
        )
    )
    assert [case.answer for case in cases] == [("none", "none"), ("a", "b")]


def test_an_expression_with_effects_is_run_in_its_place(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "let count = 0;\n"
            "function next() { count += 1; return process.env.X ? count : 0; }\n"
            "const first = next();\nconst second = next();\n"
            "export default { first, second, count };"
        },
        tmp_path,
    )
    cases = told.config.ask(
        lambda machine, value: [
            told.plain(machine, value, key, 8) for key in ("first", "second", "count")
        ]
    )
    assert [case.answer for case in cases] == [[0, 0, 2], [1, 2, 2]]
