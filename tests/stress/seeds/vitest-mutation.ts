import { readdirSync, existsSync } from 'node:fs';
import path from 'path';

const alias: Record<string, string> = {};
for (const folder of readdirSync('packages')) {
  alias[folder] = path.resolve(__dirname, 'packages', folder);
}
let workers = 4;
for (let i = 0; i < 3; i++) workers += i;
while (workers > 2) { workers--; if (workers === 3) continue; }
do { workers ||= 1; } while (false);
const config: any = { test: { retry: 3, pool: 'threads' } };
config.test.retry = 1;
config['test'].testTimeout = 2 ** 14;
config.test.poolOptions ??= { threads: { singleThread: true } };
delete config.test.pool;
const test = config.test;
test.hookTimeout = 10 * 1000;
Object.assign(config.test, { bail: 2 }, workers > 1 ? { maxConcurrency: 2 } : null);
Object.defineProperty(config, 'root', { value: '.' });
config.test.include?.push?.('x');
try { existsSync('x') && (config.test.retry = 0); } catch { config.test.retry = 9; } finally { void 0; }
function tune(target: typeof config, { retry = 1, ...rest }: { retry?: number } = {}) {
  target.test.retry = retry;
  return { ...target, ...rest };
}
label: for (const x in config) { if (x) break label; }
process.env.EXTRA = '1';
process.on('exit', () => { workers = 0; });
export default tune(config, { retry: Number(process.env.EXTRA) });
