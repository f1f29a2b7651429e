import os, { availableParallelism, cpus as cores } from 'node:os';
import { mergeConfig, defineConfig, type UserConfig } from 'vitest/config';
import base, { LIMITS, timeouts as t } from './base';
import * as everything from './base';
import { isCI } from 'std-env';

const half = Math.max(1, Math.floor(availableParallelism() / 2));
const quarter = Math.ceil(os.cpus().length / 4) || 1;
enum Level { Low, High = 4, Top = High * 2 }
const common = { retry: LIMITS.retry ?? 1, ...t, ...(isCI && { bail: 1 }) } as const;

export default mergeConfig(
  base,
  mergeConfig(
    { test: { maxWorkers: isCI ? half : quarter, retry: Level.High } } satisfies UserConfig,
    defineConfig({ test: { ...common, ...everything.extra, testTimeout: t['testTimeout'] + 1e3 } }),
  ),
);
