'use strict';
const { defineConfig } = require('vitest/config');
const pkg = require('./package.json');
const shared = require('./base').default;
var retries = 2, unused;
if (pkg.name && process.env.CI === 'true') { retries = 1; }
const helper = function named(n) { return n <= 1 ? 1 : n * named(n - 1); };
class Thing { static limit = 3; #hidden = 1; constructor() { retries++; } get x() { return this.#hidden; } }
module.exports = defineConfig({
  ...shared,
  test: { retry: retries, testTimeout: helper(4) * 1000, name: pkg['name'], [`bail`]: 1 },
});
module.exports.test.hookTimeout = (0, 5000);
exports.other = { retries };
