import { defineConfig, configDefaults } from 'vitest/config';
import { loadEnv } from 'vite';

const number = (text: string | undefined, fallback = 0) =>
  Number.isNaN(Number(text)) ? fallback : parseInt(text!, 10);

export default defineConfig(async ({ mode, command }) => {
  const env = loadEnv(mode, process.cwd(), '');
  const isInt = mode === 'int' || command !== 'serve';
  const { RETRIES = '2', ['WORK' + 'ERS']: workers, ...others } = process.env;
  if (isInt) {
    return { test: { testTimeout: 100_000, exclude: [...configDefaults.exclude, '**/int/**'] } };
  } else if (env.DEBUG) {
    throw new Error(`no ${mode}`);
  }
  switch (process.platform) {
    case 'win32':
      return { test: { maxWorkers: 1 } };
    case 'darwin': {
      break;
    }
    default:
      others.X;
  }
  return {
    test: {
      retry: number(RETRIES, 1),
      maxWorkers: workers ? +workers : '50%',
      get bail() { return 3; },
    },
  };
});
