import { defineConfig, devices, type PlaywrightTestConfig } from '@playwright/test';
import dotenv from 'dotenv';
dotenv.config({ path: '.env.test', quiet: true });

const baseURL = process.env.BASE_URL || `http://localhost:${process.env.PORT ?? 3000}`;
export default defineConfig<PlaywrightTestConfig>({
  testDir: './e2e',
  timeout: parseInt(process.env.PW_TIMEOUT || '30_000', 10),
  globalTimeout: process.env.CI ? 60 * 60 * 1000 : undefined,
  expect: { timeout: 5e3, toHaveScreenshot: { maxDiffPixels: 10 } },
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: process.env.CI ? 2 : 0,
  workers: process.env.CI ? 1 : undefined,
  maxFailures: process.env.CI === 'true' ? 10 : 0,
  repeatEach: 1,
  reporter: [['html', { open: 'never' }], ['list']],
  use: { baseURL, trace: 'on-first-retry', actionTimeout: 0 },
  projects: [
    { name: 'setup', testMatch: /.*\.setup\.ts/u },
    { name: 'chromium', use: { ...devices['Desktop Chrome'] }, dependencies: ['setup'], retries: 3 },
    { name: 'mobile', use: { ...devices['iPhone 13'] }, fullyParallel: false, workers: 1, timeout: 1e5 },
  ],
  webServer: { command: 'npm run start', url: baseURL, reuseExistingServer: !process.env.CI, timeout: 120 * 1000 },
});
