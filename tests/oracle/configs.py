"""Small configs of every kind; what real vitest resolves from each must equal what we say.

Each is a folder of files; the one judged is `vitest.e2e.config.ts` or the first vitest config.
`unknown` names the facts that nothing in the files tells.
"""

from __future__ import annotations

from typing import NamedTuple


class ConfigCase(NamedTuple):
    """One config with its companions, and what may stay unknown (None: anything)."""

    name: str
    files: dict[str, str]
    unknown: frozenset[str] | None = frozenset()

    @property
    def config(self) -> str:
        """The file that is judged."""
        return next(file for file in self.files if file.startswith("vitest."))


def _case(name: str, text: str, unknown: str = "", **others: str) -> ConfigCase:
    files = {"vitest.e2e.config.ts": text}
    files |= {file.replace("__", "/").replace("_", "."): body for file, body in others.items()}
    return ConfigCase(name, files, frozenset(unknown.split()))


DEFINE = "import { defineConfig, mergeConfig } from 'vitest/config';\n"

CASES = [
    _case("bare-object", "export default { test: { retry: 1, testTimeout: 1_000 } };"),
    _case("define-config", DEFINE + "export default defineConfig({ test: { bail: 2 } });"),
    _case("nothing-set", DEFINE + "export default defineConfig({});"),
    _case(
        "number-forms",
        "export default { test: { retry: 0x2, testTimeout: 3_0e3, hookTimeout: .5e4, bail: 0b11,"
        " maxConcurrency: 0o7 } };",
    ),
    _case(
        "arithmetic", "export default { test: { testTimeout: 2 * 60 * 1000 + 1, retry: 7 % 4 } };"
    ),
    _case("unary", "export default { test: { retry: +'2', bail: ~-2, testTimeout: -(-5000) } };"),
    _case(
        "division", "export default { test: { testTimeout: 90_000 / 4, hookTimeout: 2 ** 13 } };"
    ),
    _case("infinity", "export default { test: { testTimeout: Infinity, hookTimeout: 1 / 0 } };"),
    _case("zero", "export default { test: { testTimeout: 0, hookTimeout: -1, bail: 0 } };"),
    _case("overflow", "export default { test: { testTimeout: 3e9 } };"),
    _case(
        "const",
        "const SECONDS = 1000;\nconst timeout = 20 * SECONDS;\n"
        "export default { test: { testTimeout: timeout, hookTimeout: timeout * 2 } };",
    ),
    _case(
        "let-reassigned",
        "let retry = 3;\nretry = 1;\nexport default { test: { retry } };",
    ),
    _case(
        "let-after-use",
        "let retry = 3;\nconst config = { test: { retry } };\nretry = 1;\nexport default config;",
    ),
    _case(
        "const-config",
        DEFINE + "const config = defineConfig({ test: { retry: 2 } });\nexport default config;",
    ),
    _case(
        "typed-const",
        "import type { UserConfig } from 'vitest/config';\n"
        "const config: UserConfig = { test: { retry: 1 as number } } satisfies UserConfig;\n"
        "export default config!;",
    ),
    _case(
        "spread-later-wins",
        "const base = { retry: 3, bail: 1 };\nexport default { test: { retry: 1, ...base } };",
    ),
    _case(
        "spread-overridden",
        "const base = { retry: 3, bail: 1 };\nexport default { test: { ...base, retry: 1 } };",
    ),
    _case(
        "spread-nested",
        "const a = { test: { retry: 2, bail: 3 } };\nexport default { ...a, test: { ...a.test, bail: 1 } };",
    ),
    _case(
        "spread-undefined",
        "const none = undefined;\nexport default { test: { ...none, ...null, retry: 1 } };",
    ),
    _case(
        "spread-condition",
        "export default { test: { retry: 0, ...(process.env.CI && { retry: 2 }) } };",
    ),
    _case("spread-ternary", "export default { test: { ...(process.env.CI ? { bail: 1 } : {}) } };"),
    _case("ci-truth", "export default { test: { retry: process.env.CI ? 2 : 0 } };"),
    _case("ci-text", "export default { test: { retry: process.env.CI === 'true' ? 2 : 1 } };"),
    _case(
        "ci-negated",
        "export default { test: { retry: !process.env.CI ? 1 : 3, bail: +!!process.env.CI } };",
    ),
    _case("ci-subscript", "export default { test: { retry: process.env['CI'] ? 2 : 0 } };"),
    _case(
        "ci-destructured",
        "const { CI = 'false' } = process.env;\nexport default { test: { retry: CI === 'false' ? 0 : 2 } };",
    ),
    _case("ci-in", "export default { test: { retry: 'CI' in process.env ? 2 : 1 } };"),
    _case(
        "ci-imported-env",
        "import { env } from 'node:process';\nexport default { test: { retry: env.CI ? 2 : 0 } };",
    ),
    _case(
        "ci-boolean",
        "const ci = Boolean(process.env.CI);\nexport default { test: { retry: Number(ci) + 1 } };",
    ),
    _case(
        "ci-const-chain",
        "const isCI = !!process.env.CI;\nconst retries = isCI ? 2 : 0;\nexport default { test: { retry: retries } };",
    ),
    _case(
        "nullish",
        "export default { test: { retry: process.env.NOT_SET_ANYWHERE ?? 2, bail: null ?? 1 } };",
    ),
    _case(
        "or",
        "export default { test: { retry: 0 || 2, testTimeout: Number(process.env.NOT_SET_ANYWHERE) || 7000 } };",
    ),
    _case(
        "and", "export default { test: { bail: true && 2, retry: (process.env.CI && 1) || 0 } };"
    ),
    _case(
        "parse-int",
        "export default { test: { testTimeout: parseInt('30_000', 10), hookTimeout: parseInt('0x10') } };",
    ),
    _case(
        "number-of-text",
        "export default { test: { retry: Number(''), testTimeout: Number('7e3'), hookTimeout: Number(' 8000 ') } };",
    ),
    _case(
        "node-env",
        "export default { test: { retry: process.env.NODE_ENV === 'test' && process.env.VITEST ? 1 : 5 } };",
    ),
    _case(
        "function-config",
        DEFINE
        + "export default defineConfig(({ mode, command }) => ({ test: { retry: mode === 'test' ? 1 : 3, bail: command === 'serve' ? 2 : 0 } }));",
    ),
    _case(
        "async-config",
        DEFINE + "export default defineConfig(async () => { return { test: { retry: 2 } }; });",
    ),
    _case(
        "function-returns",
        "export default (env) => { if (env.mode === 'int') { return { test: { retry: 5 } }; } return { test: { retry: 1 } }; };",
    ),
    _case("promise", "export default Promise.resolve({ test: { retry: 2 } });"),
    _case(
        "merge-config",
        DEFINE
        + "export default mergeConfig({ test: { retry: 3, bail: 1 } }, defineConfig({ test: { retry: 1 } }));",
    ),
    _case(
        "merge-skips-undefined",
        DEFINE
        + "export default mergeConfig({ test: { retry: 3 } }, { test: { retry: undefined, bail: null } });",
    ),
    _case(
        "merge-promise",
        DEFINE
        + "export default mergeConfig({ test: { retry: 1 } }, Promise.resolve({ test: { retry: 4 } }));",
    ),
    _case(
        "import-named",
        "import { RETRIES as retry } from './shared';\nexport default { test: { retry } };",
        shared_ts="const one = 1;\nexport const RETRIES = one + 1;",
    ),
    _case(
        "import-default-merged",
        DEFINE
        + "import base from './config/base';\nexport default mergeConfig(base, { test: { bail: 1 } });",
        config__base_ts="import { limits } from '../limits';\nexport default { test: { retry: limits.retry } };",
        limits_ts="export const limits = { retry: 2 } as const;",
    ),
    _case(
        "re-export",
        "export { default } from './base';",
        base_ts="export default { test: { retry: 2 } };",
    ),
    _case(
        "re-export-star",
        "import * as all from './index';\nexport default { test: { retry: all.RETRY } };",
        index_ts="export * from './deep';",
        deep_ts="export const RETRY = 2;",
    ),
    _case(
        "import-json",
        "import limits from './limits.json';\nexport default { test: { retry: limits.retry } };",
        limits_json='{"retry": 2}',
    ),
    _case(
        "enum",
        "enum Retries { None, Some = 2, More }\nexport default { test: { retry: Retries.More } };",
    ),
    _case(
        "mutated-after",
        "const config = { test: { retry: 3 } };\nconfig.test.retry = 1;\nexport default config;",
    ),
    _case(
        "mutated-alias",
        "const config = { test: { retry: 3 } };\nconst test = config.test;\ntest.retry = 1;\nexport default config;",
    ),
    _case(
        "mutated-if-ci",
        "const config = { test: { retry: 0 } };\nif (process.env.CI) {\n  config.test.retry = 2;\n}\nexport default config;",
    ),
    _case(
        "object-assign",
        "const config = { test: { retry: 3 } };\nObject.assign(config.test, { retry: 1, bail: 2 });\nexport default config;",
    ),
    _case(
        "deleted",
        "const config = { test: { retry: 3, bail: 1 } };\ndelete config.test.retry;\nexport default config;",
    ),
    _case(
        "computed-key",
        "const key = 'retry';\nexport default { test: { [key]: 2, ['ba' + 'il']: 1 } };",
    ),
    _case("getter", "export default { get test() { return { retry: 2 }; } };"),
    _case(
        "local-function",
        "function limits(retry: number, { bail } = { bail: 1 }) {\n  return { retry, bail };\n}\nexport default { test: limits(2) };",
    ),
    _case(
        "irrelevant-loop",
        "import { readdirSync } from 'node:fs';\nconst alias: Record<string, string> = {};\nfor (const name of readdirSync('.')) {\n  alias[name] = `/${name}`;\n}\nexport default { resolve: { alias }, test: { retry: 1 } };",
    ),
    _case(
        "loop-over-known",
        "let retry = 0;\nfor (const step of [1, 1]) {\n  retry += step;\n}\nexport default { test: { retry } };",
    ),
    _case(
        "switch",
        "let retry;\nswitch (process.env.CI) {\n  case 'true':\n    retry = 2;\n    break;\n  default:\n    retry = 1;\n}\nexport default { test: { retry } };",
    ),
    _case("concurrent", "export default { test: { sequence: { concurrent: true } } };"),
    _case(
        "concurrent-limit",
        "export default { test: { sequence: { concurrent: true }, maxConcurrency: 3 } };",
    ),
    _case("serial", "export default { test: { fileParallelism: false } };"),
    _case("serial-null", "export default { test: { fileParallelism: undefined } };"),
    _case("workers-two", "export default { test: { maxWorkers: 2, minWorkers: 1 } };"),
    _case("workers-percent", "export default { test: { maxWorkers: '50%', minWorkers: 1 } };"),
    _case("workers-text", "export default { test: { maxWorkers: '3', minWorkers: 1 } };"),
    _case(
        "workers-cpus",
        "import os from 'node:os';\nexport default { test: { maxWorkers: Math.max(1, Math.floor(os.cpus().length / 2)), minWorkers: 1 } };",
    ),
    _case(
        "workers-available",
        "import { availableParallelism } from 'node:os';\nexport default { test: { maxWorkers: availableParallelism() > 4 ? 4 : 1, minWorkers: 1 } };",
    ),
    _case(
        "threads-pool",
        "export default { test: { pool: 'threads', poolOptions: { threads: { maxThreads: 3, minThreads: 1 } } } };",
    ),
    _case(
        "threads-wrong-pool",
        "export default { test: { pool: 'forks', poolOptions: { threads: { singleThread: true } } } };",
    ),
    _case(
        "single-fork",
        "export default { test: { pool: 'forks', poolOptions: { forks: { singleFork: true } } } };",
    ),
    _case("flat-threads", "export default { test: { singleThread: true } };"),
    _case(
        "env-number",
        "export default { test: { retry: Number(process.env.NOT_SET_ANYWHERE ?? '2') } };",
    ),
    _case(
        "assigned-env",
        "process.env.CG_RETRY = '2';\nexport default { test: { retry: Number(process.env.CG_RETRY) } };",
    ),
    _case(
        "template", "const s = '000';\nexport default { test: { testTimeout: Number(`7${s}`) } };"
    ),
    _case(
        "optional-chain",
        "const base: any = { test: undefined };\nexport default { test: { retry: base.test?.retry ?? 2, bail: base?.none?.deep ?? 1 } };",
    ),
    _case(
        "array-methods",
        "const all = [1, 2, 3].map((n) => n + 1).filter((n) => n > 2);\nexport default { test: { retry: all[0], bail: all.length } };",
    ),
    _case(
        "throws-never",
        "if (process.env.NODE_ENV !== 'test') {\n  throw new Error('only for tests');\n}\nexport default { test: { retry: 1 } };",
    ),
]

# Values that no one should write, and explicit undefined and null: each as measured.
ODD = {
    "retry-fraction": "retry: 1.5",
    "retry-text": "retry: '2'",
    "retry-undefined": "retry: undefined, bail: 1",
    "timeout-text": "testTimeout: '200', hookTimeout: '300'",
    "timeout-fraction": "testTimeout: 0.5",
    "bail-odd": "bail: -1",
    "bail-fraction": "bail: 1.5",
    "bail-none": "bail: Infinity",
    "parallelism-zero": "fileParallelism: 0",
    "parallelism-null": "fileParallelism: null",
    "parallelism-text": "fileParallelism: 'false'",
    "pool-undefined": "pool: undefined, poolOptions: { threads: { singleThread: true } }",
    "workers-all": "maxWorkers: '200%', minWorkers: 1",
    "workers-few": "maxWorkers: '3%', minWorkers: 1",
    "sequence-null": "sequence: undefined",
    "sequence-true": "sequence: true",
    "sequence-zero": "sequence: 0",
    "sequence-text": "sequence: 'concurrent', retry: 1",
    "workspace-undefined": "workspace: undefined, retry: 1",
    "inspect-parallel": "inspect: true",
    "inspect-serial": "inspect: true, fileParallelism: false, singleThread: true",
    "inspect-one-worker": "inspect: true, maxWorkers: 1, minWorkers: 1",
}
CASES += [_case(name, f"export default {{ test: {{ {text} }} }};") for name, text in ODD.items()]
CASES += [
    _case("empty", ""),
    _case("only-a-comment", "// nothing yet"),
    _case("no-default-export", "export const test = { retry: 1 };"),
    _case("exports-null", "export default null;"),
    _case("test-text", "export default { test: 'text' };"),
    _case("test-true", "export default { test: true };"),
    _case("test-null", "export default { test: null };"),
    _case("exports-array", "export default [];"),
    _case("exports-nothing-called", "export default () => undefined;"),
    _case("common-in-module", "module.exports = { test: { retry: 2 } };"),
    ConfigCase("empty-common", {"vitest.e2e.config.cts": ""}),
    ConfigCase("common", {"vitest.e2e.config.cts": "module.exports = { test: { retry: 2 } };"}),
]

# What once gave a wrong claim: each must be right now, or unknown.
RETRY = "export default { test: { retry } };"
HARD = {
    "optional-call-short": "export default { test: { retry: process.env.NO_X?.split('/').length ?? 3 } };",
    "optional-chain-short": "const b: any = { a: 1 };\nexport default { test: { retry: b?.none?.deep.er ?? 3 } };",
    "optional-function": "const f: any = undefined;\nexport default { test: { retry: f?.() ?? 3 } };",
    "missing-member": "export default { test: { retry: ('abc' as any).nope ? 3 : 1, bail: 'abc'[7] ? 3 : 1 } };",
    "missing-index": "export default { test: { retry: ([1] as any)[-1] ? 3 : 1 } };",
    "effect-in-condition": f"let retry = 1;\nfunction setup() {{ retry = 3; return true; }}\nif (setup()) {{\n  console.log('x');\n}}\n{RETRY}",
    "loop-over-outer": f"let retry = 0;\nfor (retry of [1, 3]) {{}}\n{RETRY}",
    "loop-calls": f"let retry = 0;\nconst bump = () => {{ retry++; }};\nwhile (retry < 3) bump();\n{RETRY}",
    "class-changes": f"let retry = 1;\nclass A {{ go() {{ retry = 3; }} }}\nnew A().go();\n{RETRY}",
    "iife": f"let retry = 1;\n!(function () {{ retry = 3; }})();\n{RETRY}",
    "merged-before-change": DEFINE
    + "const base = { test: { retry: 1 } };\nconst m = mergeConfig(base, { test: { bail: 1 } });\nbase.test.retry = 3;\nexport default m;",
    "passed-to-function": "const t = { retry: 1 };\nconst x = t.retry;\nfunction change(c: any) { c.retry = 3; }\nchange(t);\nexport default { test: { retry: x } };",
    "computed-env": "const k = ['C', 'I'].join('');\nprocess.env[k] = 'x';\nexport default { test: { retry: process.env.CI === 'x' ? 3 : 1 } };",
    "key-order": "const o: any = { b: 1, a: 2 };\no.b = 3;\nexport default { test: { retry: (Object.values(o) as any)[0] } };",
    "number-of-nothing": "export default { test: { retry: Number.isInteger('5' as any) ? 3 : 1, bail: 1 ** NaN ? 2 : 1 } };",
    "var-in-block": f"var retry = 1;\nif (process.env.VITEST) {{ var retry = 3; }}\n{RETRY}",
    "try-throws": f"let retry = 1;\ntry {{ (null as any).x; }} catch {{ retry = 3; }}\n{RETRY}",
    "same-condition-twice": "import { existsSync } from 'node:fs';\nexport default { test: { retry: ['/', '/nope'].filter((f) => existsSync(f)).length } };",
}
CASES += [_case(name, text, "retries maxFailures") for name, text in HARD.items()]
CASES += [
    _case(
        "side-import",
        "import './env';\nexport default { test: { retry: Number(process.env.CG_SIDE ?? 1) } };",
        "retries",
        env_ts="process.env.CG_SIDE = '3';",
    ),
    _case(
        "side-import-changes",
        "import { config } from './shared';\nimport './mut';\nexport default config;",
        "retries",
        shared_ts="export const config = { test: { retry: 1 } };",
        mut_ts="import { config } from './shared';\nconfig.test.retry = 3;",
    ),
    _case(
        "imported-counter",
        "import { next } from './n';\nconst a = next();\nconst retry = next();\nexport default { test: { retry, bail: a } };",
        "retries maxFailures",
        n_ts="let n = 0;\nexport const next = () => ++n;",
    ),
    _case(
        "live-binding",
        "import { n, bump } from './n';\nbump();\nexport default { test: { retry: n } };",
        "retries",
        n_ts="export let n = 1;\nexport function bump() { n = 3; }",
    ),
    _case(
        "json-named",
        "import { retry } from './l.json';\nexport default { test: { retry } };",
        l_json='{"retry": 2}',
    ),
    _case("class-as-config", "export default class {}"),
    _case("named-class-as-config", "abstract class Config {}\nexport default Config;"),
]
