// Reads lists of arguments with the parser of an installed runner: `node real_parsers.mjs RUNNER
// FOLDER`, a JSON array of lists on standard input, a JSON array of answers on standard output.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const runner = process.argv[2];
const folder = path.resolve(process.argv[3]);
const lists = JSON.parse(fs.readFileSync(0, 'utf8'));
const require = createRequire(path.join(folder, 'x.js'));
const modules = path.join(folder, 'node_modules');

async function vitest() {
  const dist = path.join(modules, 'vitest/dist');
  const file = ['chunks', 'vendor']
    .map((name) => path.join(dist, name))
    .filter(fs.existsSync)
    .flatMap((name) => fs.readdirSync(name).map((entry) => path.join(name, entry)))
    .find((name) => /[\\/]cac\./.test(name));
  const found = Object.values(await import(pathToFileURL(file).href));
  const create = found.find((one) => typeof one === 'function' && /\bcac\(/.test(`${one}`));
  return (list) => {
    const { args, options } = create().parse(['node', 'vitest', ...list], { run: false });
    const { '--': rest, ...values } = options;
    return { values, words: args, rest };
  };
}

async function jest() {
  const at = ['build/run.js', 'build/cli/index.js', 'build/index.js']
    .map((name) => path.join(modules, 'jest-cli', name))
    .find((name) => fs.existsSync(name) && require(name).buildArgv);
  const { buildArgv } = require(at);
  return async (list) => {
    const { _: words, $0: own, ...values } = await buildArgv(list);
    return { values, words, rest: [] };
  };
}

async function playwright() {
  const names = ['playwright/lib/program.js', 'playwright/lib/cli.js', '@playwright/test/cli.js'];
  process.argv = ['node', 'playwright', '--version'];
  const written = process.stdout.write;
  process.stdout.write = () => true;
  try {
    require(path.join(modules, names.find((name) => fs.existsSync(path.join(modules, name)))));
  } catch {
    // 1.30 and 1.40 read the arguments at once, and then leave.
  }
  process.stdout.write = written;
  const { program } = require(path.join(modules, 'playwright-core/lib/utilsBundle.js'));
  const test = program.commands.find((one) => one.name() === 'test');
  program.exitOverride();
  test.exitOverride();
  const quiet = { writeErr: () => {}, writeOut: () => {} };
  program.configureOutput(quiet);
  test.configureOutput(quiet);
  let seen;
  return async (list) => {
    test._optionValues = {};
    test._optionValueSources = {};
    test.action((words, values) => { seen = { values: { ...values }, words, rest: [] }; });
    await program.parseAsync(['node', 'playwright', 'test', ...list]);
    return seen;
  };
}

// What the arguments are refused for is printed before the process is left.
const exit = process.exit;
process.exit = () => { throw new Error('refused'); };
console.log = console.error = console.warn = () => {};

const read = await { vitest, jest, playwright }[runner]();
const answers = [];
for (const list of lists) {
  try {
    answers.push(await read(list));
  } catch (error) {
    answers.push({ error: String(error.message) });
  }
}
process.stdout.write(`${JSON.stringify(answers)}\n`, () => exit(0));
