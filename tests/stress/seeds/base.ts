import type { ViteUserConfig } from 'vitest/config';
export const LIMITS = Object.freeze({ retry: 2, workers: 1 });
export const timeouts = { testTimeout: 20_000, hookTimeout: 0x7530 };
export const extra = Object.fromEntries([['bail', 1], ['maxConcurrency', 2]]);
export function factory(overrides: Partial<ViteUserConfig> = {}, ...more: object[]) {
  return { ...shared, ...overrides, test: { ...shared.test, ...overrides?.test, ...more[0] } };
}
const shared: ViteUserConfig = { test: { retry: LIMITS.retry, pool: 'threads', ...timeouts } };
export { shared as renamed };
export * from './more';
export * as more from './more.js';
export default shared;
