/** @type {import('jest').Config} */
const base = require('./base');
const os = require('os');
module.exports = async () => {
  const workers = process.argv.includes('--ci') ? 1 : Math.round(os.cpus().length * 0.75);
  return Promise.resolve({
    ...base,
    maxWorkers: workers || '100%',
    runner: 'jest-runner',
    globals: { 'ts-jest': { diagnostics: !1 } },
    reporters: ['default', ['jest-junit', { outputDirectory: `./out/${process.env.SHARD || 0}` }]],
    testTimeout: typeof jasmine !== 'undefined' ? 1 : ~-30001,
  });
};
