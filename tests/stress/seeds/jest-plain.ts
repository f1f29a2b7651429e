import type { Config } from 'jest';
import { pathsToModuleNameMapper } from 'ts-jest';
import nextJest from 'next/jest.js';

const createJestConfig = nextJest({ dir: './' });
const config: Config = {
  preset: 'ts-jest/presets/default-esm',
  maxWorkers: process.env.CI ? '50%' : 1,
  maxConcurrency: 3,
  testTimeout: 30 * 1000,
  bail: true,
  setupFilesAfterEnv: ['<rootDir>/jest.setup.ts'],
  projects: ['<rootDir>/packages/*', { displayName: 'e2e', testMatch: ['**/*.e2e.ts'], testTimeout: 5 }],
  transform: { '^.+\\.tsx?$': ['ts-jest', { useESM: true }] },
  moduleNameMapper: pathsToModuleNameMapper({}, { prefix: '<rootDir>/' }),
  workerIdleMemoryLimit: '512MB',
};
export default createJestConfig(config);
