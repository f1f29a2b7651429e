import { defineWorkspace, defineConfig, defineProject } from 'vitest/config';

const names = ['unit', 'e2e', `integration`] as const;
export const workspace = defineWorkspace(['packages/*', './base.ts', { test: { name: 'inline' } }]);
export default defineConfig({
  test: {
    retry: 1,
    projects: [
      'packages/*',
      { extends: true, test: { name: 'unit', include: ['unit/**'], fileParallelism: true } },
      { extends: './base.ts', test: { name: { label: 'e2e', color: 'red' }, maxWorkers: 1, retry: 5 } },
      defineProject({ test: { pool: 'vmThreads', isolate: false } }),
      ...names.map((name, index) => ({ test: { name, testTimeout: (index + 1) * 1000 } })),
      ...names.filter((name) => name !== 'e2e').flatMap((name) => [{ test: { name } }]),
      ...Object.entries({ a: 1, b: 2 }).map(([name, retry]) => ({ test: { name, retry } })),
    ],
    poolMatchGlobs: [['**/slow/**', 'forks']],
    environment: 'node',
    browser: { enabled: true, provider: 'playwright', instances: [{ browser: 'chromium' }] },
  },
});
