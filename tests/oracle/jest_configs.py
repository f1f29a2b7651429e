"""Small jest configs of every kind; what real jest resolves from each must equal what we say.

Each is a folder of files. `config` is the file that is handed to `--config`; without one, jest is
started in the folder and finds what it finds. `unknown` names facts that nothing in the files
tells.
"""

from __future__ import annotations

from typing import NamedTuple


class JestCase(NamedTuple):
    """A folder of files, the config in question, and what may stay unknown (None: anything)."""

    name: str
    files: dict[str, str]
    config: str | None = None
    unknown: frozenset[str] | None = frozenset()


def _case(name: str, text: str, unknown: str = "", /, **others: str) -> JestCase:
    """A `jest.config.js` with companions: `a__b_js` is the file a/b.js."""
    return _files(name, {"jest.config.js": text, **_named(others)}, unknown)


def _files(
    name: str, files: dict[str, str], unknown: str = "", config: str | None = None
) -> JestCase:
    return JestCase(name, {"package.json": "{}", **files}, config, frozenset(unknown.split()))


def _named(others: dict[str, str]) -> dict[str, str]:
    return {".".join(file.replace("__", "/").rsplit("_", 1)): text for file, text in others.items()}


_WORKERS = {
    "number": "3", "fraction": "3.9", "half": "0.5", "zero": "0", "negative": "-1", "nan": "NaN",
    "infinite": "Infinity", "large": "1e21", "text": "'4'", "text-zero": "'0'", "empty": "''",
    "auto": "'auto'", "words": "'4 cores'", "hex": "'0x4'", "percent": "'50%'",
    "percent-fraction": "'33.9%'", "percent-spaced": "' 50 % '", "percent-zero": "'0%'",
    "percent-small": "'0.5%'", "percent-minus": "'-50%'", "percent-all": "'100%'",
    "percent-above": "'150%'", "null": "null", "undefined": "undefined", "true": "true",
    "object": "{}", "list": "[2]", "template": "`${1 + 1}`", "cpus": "require('os').cpus().length",
    "cpus-half": "require('os').cpus().length / 2",
    "cpus-less": "Math.max(1, require('os').cpus().length - 2)",
    "available": "Math.floor(require('node:os').availableParallelism() * 0.75)",
}  # fmt: skip
_TIMEOUTS = {
    "number": "30_000", "zero": "0", "negative": "-1", "nan": "NaN", "infinite": "Infinity",
    "long": "3e9", "longest": "2147483647", "null": "null", "undefined": "undefined",
    "text": "'30000'", "small": "0.5", "arithmetic": "2 * 60 * 1000",
}  # fmt: skip
_BAILS = {
    "true": "true", "false": "false", "number": "3", "zero": "0", "fraction": "2.5", "nan": "NaN",
    "infinite": "Infinity", "undefined": "undefined", "text": "'2'", "list": "[]",
}  # fmt: skip

CASES = [
    *(_case(f"workers-{key}", f"module.exports = {{ maxWorkers: {value} }};")
      for key, value in _WORKERS.items()),
    *(_case(f"timeout-{key}", f"module.exports = {{ testTimeout: {value} }};")
      for key, value in _TIMEOUTS.items()),
    *(_case(f"bail-{key}", f"module.exports = {{ bail: {value} }};")
      for key, value in _BAILS.items()),
    _case("bail-negative", "module.exports = { bail: -1 };", "maxFailures"),
    _case("bail-null", "module.exports = { bail: null };", "maxFailures"),
    # -- how a config is exported ---------------------------------------------------------------
    _case("empty-file", ""),
    _case("empty-object", "module.exports = {};"),
    _case("exports", "exports.maxWorkers = 2;\nexports.testTimeout = 7000;"),
    _case("const-config", "const config = { bail: 2 };\nconfig.maxWorkers = 3;\nmodule.exports = config;"),
    _case("function", "module.exports = () => ({ maxWorkers: 2 });"),
    _case("async-function", "module.exports = async () => {\n  return { maxWorkers: 2, bail: true };\n};"),
    _case("function-of-function", "module.exports = () => () => ({ maxWorkers: 2 });"),
    _case("promise", "module.exports = Promise.resolve({ maxWorkers: 2 });"),
    _case("default-key", "module.exports = { default: { maxWorkers: 2 } };"),
    _case("interop", "exports.__esModule = true;\nexports.default = { maxWorkers: 2 };"),
    _case("a-number", "module.exports = 5;"),
    _case("null", "module.exports = null;"),
    _case("an-array", "module.exports = [{ maxWorkers: 2 }];"),
    _case("throws", "throw new Error('no');\nmodule.exports = { maxWorkers: 2 };"),
    _files("esm", {"package.json": '{"type": "module"}', "jest.config.js": "import os from 'node:os';\nexport default { maxWorkers: os.cpus().length };"}),
    _files("mjs", {"jest.config.mjs": "const maxWorkers = 2;\nexport default { maxWorkers };"}),
    _files("mjs-function", {"jest.config.mjs": "export default async function config() { return { maxWorkers: 2 }; }"}),
    _files("cjs", {"jest.config.cjs": "module.exports = { maxWorkers: 2 };"}),
    _files("common-in-esm", {"package.json": '{"type": "module"}', "jest.config.js": "module.exports = { maxWorkers: 2 };"}),
    _files("typescript", {"jest.config.ts": "import type { Config } from '@jest/types';\nimport os from 'os';\nconst config: Config.InitialOptions = { maxWorkers: os.cpus().length, testTimeout: 8_000 };\nexport default config;"}),
    _files("typescript-async", {"jest.config.ts": "export default async () => ({ maxWorkers: 2 as number, bail: 1 });"}),
    _files("typescript-equals", {"jest.config.ts": "const bail: number = 1;\nexport = { bail };"}),
    _files("typescript-common", {"jest.config.ts": "module.exports = { maxWorkers: 2 };"}),
    _files("typescript-named", {"jest.config.ts": "export const maxWorkers = 2;"}),
    _files("typescript-in-esm", {"package.json": '{"type": "module"}', "jest.config.ts": "export default { maxWorkers: 2 };"}),
    _files("typescript-import", {"jest.config.ts": "import { base } from './base';\nexport default { ...base, bail: 3 };", "base.ts": "export const base = { maxWorkers: 3, bail: 1 };"}),
    _files("typescript-enum", {"jest.config.ts": "enum Seconds { Short = 10, Long = 60 }\nexport default { testTimeout: Seconds.Long * 1000 };"}),
    # -- JSON -----------------------------------------------------------------------------------
    _files("json", {"jest.config.json": '{ "maxWorkers": 2, "testTimeout": 9000, "bail": true }'}),
    _files("json-comments", {"jest.config.json": '// one\n{ /* two */ "maxWorkers": "25%" // three\n}'}),
    _files("manifest", {"package.json": '{ "name": "x", "jest": { "maxWorkers": 2, "testTimeout": 1e4 } }'}),
    _files("manifest-empty", {"package.json": '{ "name": "x", "jest": {} }'}),
    _files("nest", {"jest-e2e.json": '{ "moduleFileExtensions": ["js", "json", "ts"], "rootDir": ".", "testEnvironment": "node", "testRegex": ".e2e-spec.ts$" }'}, "", "jest-e2e.json"),
    _files("json-wrong-type", {"jest.config.json": '{ "testTimeout": "30000" }'}),
    # -- JavaScript -----------------------------------------------------------------------------
    _case("spread", "const base = { maxWorkers: 4, bail: 1 };\nmodule.exports = { ...base, maxWorkers: 1 };"),
    _case("spread-after", "const base = { maxWorkers: 4, bail: 1 };\nmodule.exports = { maxWorkers: 1, ...base };"),
    _case("spread-condition", "module.exports = { ...(process.env.CI && { bail: 2, maxWorkers: 2 }) };"),
    _case("require", "const base = require('./base');\nmodule.exports = { ...base, testTimeout: base.testTimeout * 2 };", base_js="module.exports = { testTimeout: 6000, maxWorkers: '50%' };"),
    _case("require-json", "module.exports = { ...require('./base.json'), bail: 1 };", base_json='{ "maxWorkers": 3 }'),
    _case("object-assign", "module.exports = Object.assign({}, { maxWorkers: 3 }, process.env.CI ? { bail: 1 } : null);"),
    _case("ci-ternary", "module.exports = { maxWorkers: process.env.CI ? 1 : '50%', testTimeout: process.env.CI ? 60000 : 10000 };"),
    _case("ci-text", "const isCI = process.env.CI === 'true';\nmodule.exports = { bail: isCI, maxWorkers: isCI ? 2 : 4 };"),
    _case("ci-undefined-workers", "module.exports = { maxWorkers: process.env.CI ? 2 : undefined };"),
    _case("ci-undefined-timeout", "module.exports = { testTimeout: process.env.CI ? 20000 : undefined };"),
    _case("node-env", "module.exports = { bail: process.env.NODE_ENV === 'test' ? 2 : 1 };"),
    _case("worker-id", "module.exports = { maxWorkers: process.env.MAX ? Number(process.env.MAX) : 2 };"),
    _case("open-number", "module.exports = { maxWorkers: parseInt(process.env.MAX || '3', 10) };"),
    _case("if-else", "const config = { testEnvironment: 'node' };\nif (process.env.CI) {\n  config.maxWorkers = 1;\n} else {\n  config.maxWorkers = 6;\n}\nmodule.exports = config;"),
    _case("next-like", "const wrap = ({ dir }) => (config) => async () => ({ ...(typeof config === 'function' ? await config() : config), rootDir: dir });\nmodule.exports = wrap({ dir: '.' })({ maxWorkers: 2, testTimeout: 20000 });"),
    _case("next-like-function", "const create = () => (given) => async () => ({ ...(await given()), bail: 1 });\nmodule.exports = create()(async () => ({ maxWorkers: 2 }));"),
    _case("os-arithmetic", "const { cpus } = require('os');\nmodule.exports = { maxWorkers: Math.max(Math.floor(cpus().length / 4), 1) };"),
    # -- presets --------------------------------------------------------------------------------
    _case("preset-js", "module.exports = { preset: './base.js', bail: 1 };", base_js="module.exports = { testTimeout: 7000, maxWorkers: '3', bail: 4 };"),
    _case("preset-without-ending", "module.exports = { preset: './base' };", base_js="module.exports = { testTimeout: 7000 };"),
    _case("preset-json", "module.exports = { preset: './base.json' };", base_json='{ "testTimeout": 7000, "maxWorkers": 2, "preset": "./other.json" }', other_json='{ "bail": 7 }'),
    _case("preset-function", "module.exports = { preset: './base.js' };", base_js="module.exports = () => ({ testTimeout: 7000 });"),
    _case("preset-erased", "module.exports = { preset: './base.js', testTimeout: undefined };", base_js="module.exports = { testTimeout: 7000 };"),
    _case("preset-negative", "module.exports = { preset: './base.js' };", base_js="module.exports = { testTimeout: -7 };"),
    _case("preset-setup", "module.exports = { preset: './base.js', setupFilesAfterEnv: [] };", "retries testTimeoutMs hookTimeoutMs", base_js="module.exports = { setupFilesAfterEnv: ['./setup.js'] };", setup_js=""),
    _case("preset-unchecked", "module.exports = { preset: './base.js' };", base_js="module.exports = { bogus: 1, verbose: 'yes' };"),
    _case("preset-root-dir", "module.exports = { rootDir: 'sub', preset: './base' };", sub__base_js="module.exports = { testTimeout: 9000 };"),
    _case("preset-esm", "module.exports = { preset: './base' };", base_mjs="export default { testTimeout: 9000 };"),
    _case("preset-of-ci", "module.exports = { preset: './base.js' };", base_js="module.exports = { maxWorkers: process.env.CI ? 1 : 3 };"),
    _files("preset-package", {"jest.config.js": "module.exports = { preset: 'our-preset', bail: 2 };", "node_modules/our-preset/jest-preset.json": '{ "testTimeout": 11000, "bail": 9 }'}),
    # -- what does nothing, and what jest refuses -------------------------------------------------
    _case("no-settings", "module.exports = { runInBand: true, retries: 2, retry: 1, retryTimes: 3, workers: 1, timeout: 3, hookTimeout: 4 };"),
    _case("newer-settings", "module.exports = { workerThreads: true, workerIdleMemoryLimit: '512MB', randomize: true, openHandlesTimeout: 5, workerGracefulExitTimeout: 3, waitForUnhandledRejections: true };"),
    _case("open-handles", "module.exports = { detectOpenHandles: true, maxWorkers: 4 };"),
    _case("concurrency", "module.exports = { maxConcurrency: 1 };"),
    _case("concurrency-text", "module.exports = { maxConcurrency: '3' };"),
    _case("wrong-boolean", "module.exports = { verbose: 'yes' };"),
    _case("wrong-list", "module.exports = { roots: '<rootDir>' };"),
    _case("wrong-inside", "module.exports = { haste: { enableSymlinks: 'x' } };"),
    _case("unknown-inside", "module.exports = { haste: { nothing: 'x' }, maxWorkers: 2 };"),
    _case("match-text", "module.exports = { testMatch: '**/*.test.js' };"),
    _case("match-and-regex", "module.exports = { testMatch: ['**/a.js'], testRegex: 'b' };"),
    _case("endings-without-js", "module.exports = { moduleFileExtensions: ['ts', 'tsx'] };"),
    _case("name-without-color", "module.exports = { displayName: { name: 'x' } };"),
    _case("named", "module.exports = { displayName: { name: 'x', color: 'blue' }, bail: 1 };"),
    _case("setup", "module.exports = { setupFilesAfterEnv: ['<rootDir>/setup.js'], maxWorkers: 2 };", "retries testTimeoutMs hookTimeoutMs", setup_js="jest.retryTimes(2);"),
    _case("no-setup", "module.exports = { setupFiles: [], setupFilesAfterEnv: [], maxWorkers: 2 };"),
    _files("several", {"jest.config.js": "module.exports = { maxWorkers: 3 };", "jest.config.json": '{ "maxWorkers": 4 }', "package.json": '{ "jest": { "maxWorkers": 2 } }'}),
    _files("several-chosen", {"jest.config.js": "module.exports = { maxWorkers: 3 };", "jest.e2e.config.js": "module.exports = { maxWorkers: 4 };"}, "", "jest.e2e.config.js"),
    # -- projects -------------------------------------------------------------------------------
    _case("projects-inline", "module.exports = { maxWorkers: 2, testTimeout: 8000, projects: [{ displayName: 'a' }, { displayName: 'b' }] };"),
    _case("projects-empty", "module.exports = { maxWorkers: 2, projects: [] };"),
    _case("projects-unnamed", "module.exports = { bail: 1, projects: [{ testMatch: ['**/a.js'] }, { testMatch: ['**/b.js'] }] };"),
    _case("projects-misplaced", "module.exports = { projects: [{ displayName: 'a', maxWorkers: 1, testTimeout: 9000, bail: 1, maxConcurrency: 1, workerThreads: true, workerIdleMemoryLimit: 0.5 }, { displayName: 'b' }] };"),
    _case("projects-null-workers", "module.exports = { projects: [{ displayName: 'a', maxWorkers: null }] };"),
    _case("projects-timeout-text", "module.exports = { projects: [{ displayName: 'a', testTimeout: '9000' }] };"),
    _case("projects-wrong-type", "module.exports = { projects: [{ displayName: 'a', roots: 'x' }] };"),
    _case("projects-setup", "module.exports = { setupFiles: ['./setup.js'], projects: [{ displayName: 'a' }, { displayName: 'b', setupFiles: ['<rootDir>/setup.js'] }] };", "retries testTimeoutMs hookTimeoutMs", setup_js=""),
    _case("projects-preset", "module.exports = { projects: [{ displayName: 'a', preset: './base.js' }] };", base_js="module.exports = { maxWorkers: 1, testTimeout: 9000 };"),
    _case("projects-from-preset", "module.exports = { preset: './base.js', maxWorkers: 2 };", base_js="module.exports = { projects: [{ displayName: 'a' }, { displayName: 'b' }] };"),
    _files("projects-folders", {"jest.config.js": "module.exports = { maxWorkers: 2, projects: ['<rootDir>/a', './b'] };", "a/jest.config.js": "module.exports = { maxWorkers: 5, displayName: 'one' };", "b/package.json": '{ "jest": { "displayName": "two", "testTimeout": 4 } }'}),
    _files("projects-files", {"jest.config.js": "module.exports = { testTimeout: 8000, projects: ['<rootDir>/jest.unit.config.js', '<rootDir>/jest.e2e.config.js'] };", "jest.unit.config.js": "module.exports = { displayName: 'unit' };", "jest.e2e.config.js": "module.exports = async () => ({ displayName: 'e2e', maxWorkers: 1 });"}),
    _files("projects-pattern", {"jest.config.js": "module.exports = { maxWorkers: 3, projects: ['<rootDir>/packages/*'] };", "packages/a/jest.config.js": "module.exports = {};", "packages/b/package.json": "{}", "packages/notes.md": ""}),
    _files("projects-file-pattern", {"jest.config.js": "module.exports = { projects: ['<rootDir>/packages/*/jest.config.{js,json}'] };", "packages/a/jest.config.js": "module.exports = {};", "packages/b/jest.config.json": '{ "displayName": "b" }', "packages/c/other.js": ""}),
    _files("projects-itself", {"jest.config.js": "module.exports = { maxWorkers: 2, displayName: 'all', projects: ['<rootDir>', '<rootDir>/a'] };", "a/jest.config.js": "module.exports = { displayName: 'a', testTimeout: 3 };"}),
    _files("projects-twice", {"jest.config.js": "module.exports = { projects: ['<rootDir>/a', '<rootDir>/a/jest.config.js'] };", "a/jest.config.js": "module.exports = {};"}),
    _files("projects-upwards", {"jest.config.js": "module.exports = { projects: ['<rootDir>/a/b'] };", "a/b/x.js": "", "a/package.json": "{}"}),
    _files("projects-several", {"jest.config.js": "module.exports = { projects: ['<rootDir>/a'] };", "a/jest.config.js": "module.exports = {};", "a/jest.config.json": "{}"}),
    _files("projects-same-name", {"jest.config.js": "module.exports = { projects: [{ displayName: 'a' }, { displayName: 'a', testMatch: ['**/b.js'] }] };"}),
    _files("projects-nested", {"jest.config.js": "module.exports = { projects: ['<rootDir>/a'] };", "a/jest.config.js": "module.exports = { projects: ['<rootDir>/b'], displayName: 'a' };", "a/b/jest.config.js": "module.exports = {};"}),
    _files("projects-in-ci", {"jest.config.js": "module.exports = { projects: [{ displayName: 'a' }, ...(process.env.CI ? [{ displayName: 'b' }] : [])] };"}),
    _files("projects-map", {"jest.config.js": "const names = ['a', 'b'];\nmodule.exports = { maxWorkers: 2, projects: names.map((name) => ({ displayName: name, rootDir: '<rootDir>' })) };"}),
]  # fmt: skip
