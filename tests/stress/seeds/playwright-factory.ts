import { defineConfig } from '@playwright/test';
import { factory } from './base';

const args = process.argv.slice(2);
const shards = [1, 2, 3].map((n) => ({ name: `s${n}`, grep: new RegExp(`@s${n}`), retries: n % 2 }));
const pick = <T,>(test: boolean, yes: T, no: T): T => (test ? yes : no);
export default defineConfig(
  factory({ workers: '50%', retries: 1 } as any, { projects: shards }) as any,
  pick(args.length > 0, { workers: 2, use: undefined }, { fullyParallel: true }) as any,
  process.env.AZURE && process.env.AZURE !== '0' ? { workers: 20 } : {},
);
