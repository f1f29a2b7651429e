/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  test: {
    // one at a time: the tests share a database
    fileParallelism: false,
    maxWorkers: 1,
    minWorkers: 1,
    pool: 'forks',
    poolOptions: { forks: { singleFork: true, minForks: 1, maxForks: 2 } },
    retry: process.env.CI ? 2 : 0,
    testTimeout: 30_000,
    hookTimeout: 60 * 1000,
    bail: 1,
    maxConcurrency: 5,
    sequence: { concurrent: false, hooks: 'list' },
    include: ['e2e/**/*.test.ts'],
    coverage: { provider: 'v8', reporter: ['text', "json"], thresholds: { lines: 80 } },
  },
});
