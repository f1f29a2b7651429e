"""Plugins, and imports of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from configguard.evaluate.values import UNDEFINED
from support.evaluated import Told

PLUGIN = "export const plugin = (options) => { throw new Error('only at build time'); };\n"


def test_plugins_of_imported_functions_are_not_run(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "import { plugin } from './plugin';\nimport other from 'other';\n"
            "export default { plugins: [plugin({ a: 1 }), process.env.X && other()], workers: 2 };",
            "plugin.ts": PLUGIN,
        },
        tmp_path,
    )
    assert told["workers"] == 2
    assert told["plugins"] == "unknown: plugins are not run"
    assert told.assumed == ["plugins are assumed not to change load settings"]


@pytest.mark.parametrize(
    "config",
    [
        "const own = () => { throw new Error('x'); };\nexport default { plugins: [own()] };",
        "const options = {};\nexport default { plugins: [plugin(options)] };",
        "export default { presets: [plugin()] };",
    ],
)
def test_all_else_is_run(config: str, tmp_path: Path) -> None:
    told = Told(
        {"a.config.ts": "import { plugin } from './plugin';\n" + config, "plugin.ts": PLUGIN},
        tmp_path,
    )
    assert str(told["workers"]).startswith("throws: ")


@pytest.mark.parametrize(
    ("manifest", "known"),
    [("{}", True), ('{"main": "./lib/kit.js"}', True), ('{"main": "gone.js"}', False)],
)
def test_a_folder_with_a_manifest(manifest: str, known: bool, tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.js": "const { workers } = require('./kit');\nmodule.exports = { workers };",
            "kit/package.json": manifest,
            "kit/index.js" if manifest == "{}" else "kit/lib/kit.js": "exports.workers = 3;",
        },
        tmp_path,
    )
    assert told["workers"] == 3 if known else str(told["workers"]).startswith("unknown: ")


def test_promises_waited_for_together(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "const [a, b] = await Promise.all([Promise.resolve(1), 2]);\n"
            "export default { a, b };"
        },
        tmp_path,
    )
    assert (told["a"], told["b"], told["c"]) == (1, 2, UNDEFINED)
