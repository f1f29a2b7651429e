"""Configs and packages as TypeScript and esbuild compile them to CommonJS."""

from __future__ import annotations

from pathlib import Path

from support.evaluated import Told

COMPILED = (
    '"use strict";\n'
    'Object.defineProperty(exports, "__esModule", { value: true });\n'
    "exports.base = void 0;\n"
    'var kit_1 = require("./kit");\n'
    'Object.defineProperty(exports, "kit",'
    " { enumerable: true, get: function () { return kit_1.kit; } });\n"
    "exports.base = { testTimeout: 5 };\n"
)


def test_an_es_module_that_was_compiled(tmp_path: Path) -> None:
    told = Told(
        {
            "jest.config.js": "const { base, kit } = require('./base');\n"
            "module.exports = { ...base, ...kit };",
            "base.js": COMPILED,
            "kit.js": "exports.kit = { maxWorkers: 2 };",
        },
        tmp_path,
    )
    assert told[""] == {"testTimeout": 5, "maxWorkers": 2}


def test_its_default_is_the_config(tmp_path: Path) -> None:
    told = Told(
        {"jest.config.js": COMPILED + "exports.default = { bail: 1 };\n", "kit.js": ""}, tmp_path
    )
    assert told[""] == {"bail": 1}


def test_what_is_not_enumerable_is_not_guessed(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "const base = { retries: 1 };\n"
            "Object.defineProperty(base, 'workers', { value: 3 });\nexport default { ...base };"
        },
        tmp_path,
    )
    assert str(told["workers"]).startswith("unknown: ")


def test_a_property_defined_in_full(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "const base = { workers: 1 };\nObject.defineProperty(base, 'workers',"
            " { value: 3, enumerable: true, writable: true, configurable: true });\n"
            "export default { ...base };"
        },
        tmp_path,
    )
    assert told["workers"] == 3


def test_a_frozen_object_is_not_redefined(tmp_path: Path) -> None:
    told = Told(
        {
            "a.config.ts": "const base = Object.freeze({ workers: 1 });\n"
            "try { Object.defineProperty(base, 'workers', { value: 3, enumerable: true,"
            " writable: true, configurable: true }); } catch {}\nexport default { ...base };"
        },
        tmp_path,
    )
    assert told["workers"] == 1 or str(told["workers"]).startswith("unknown: ")
