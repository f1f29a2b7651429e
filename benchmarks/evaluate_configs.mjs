// What Node makes of configs: esbuild bundles each with the project's own files, packages that
// are not installed are stubs, and the exported value is printed as JSON.
//
//   node evaluate_configs.mjs MODULES < [{"file": …, "root": …, "environment": {…}}, …]
//
// One line of JSON for each config; MODULES is a folder where esbuild and the runners are
// installed. A stub leaves a mark wherever it came in, so that no value behind it is taken for
// known. Each config runs in a process that may read, but not write and not start others.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { builtinModules, createRequire, syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const MODULES = process.argv[2];
const require = createRequire(join(MODULES, 'package.json'));
const REAL = ['vite', 'vitest/config', 'vitest/node', '@playwright/test', 'deepmerge', 'std-env',
  'dotenv'];
const DENIED = new Set(['child_process', 'http', 'https', 'http2', 'net', 'dgram', 'tls', 'cluster',
  'worker_threads']);
const BUILTIN = new Set(builtinModules);

// --- stubs ---

const MARK = '$stub';

function stub(name) {
  const target = function () {};
  const handler = {
    get(_, key) {
      if (key === MARK) return name;
      if (key === 'then' || key === Symbol.iterator || key === 'toJSON') return undefined;
      if (key === Symbol.toPrimitive) return () => `<${name}>`;
      if (key === '__esModule') return true;
      return typeof key === 'symbol' ? undefined : stub(`${name}.${key}`);
    },
    apply: () => stub(`${name}()`),
    construct: () => stub(`new ${name}`),
    // esbuild copies what a package exports into an object of the same prototype.
    getPrototypeOf: () => new Proxy({}, { get: (_, key) => handler.get(_, key) }),
    ownKeys: () => ['prototype', MARK],
    getOwnPropertyDescriptor: (real, key) =>
      key === MARK
        ? { value: name, enumerable: true, configurable: true }
        : Reflect.getOwnPropertyDescriptor(real, key),
    has: () => true,
  };
  return new Proxy(target, handler);
}

function isStub(value) {
  return Boolean(value) && Object.getOwnPropertyDescriptor(value, MARK) !== undefined;
}

const jest = {
  defineConfig: (config) => config,
  mergeConfig: (base, over) => require('deepmerge').all([base, over]),
};

// --- bundling ---

const scanned = new Map();

/** The packages below a root, by name. */
function workspaces(root) {
  if (scanned.has(root)) return scanned.get(root);
  const found = new Map();
  scanned.set(root, found);
  const visit = (folder, depth) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.git')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < 6) visit(path, depth + 1);
      if (entry.name !== 'package.json') continue;
      try {
        const manifest = JSON.parse(readFileSync(path, 'utf8'));
        if (manifest.name && !found.has(manifest.name)) found.set(manifest.name, folder);
      } catch {}
    }
  };
  visit(root, 0);
  return found;
}

const ENDINGS = ['', '.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.json', '/index.ts',
  '/index.js'];

/** A package of the repository itself: its sources, since nothing is built. */
function ownPackage(packages, specifier) {
  const name = specifier.split('/').slice(0, specifier[0] === '@' ? 2 : 1).join('/');
  const folder = packages.get(name);
  if (folder === undefined) return undefined;
  const sub = specifier.slice(name.length + 1);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const targets = [];
  const collect = (value) => {
    if (typeof value === 'string') targets.push(value);
    else if (value && typeof value === 'object') Object.values(value).forEach(collect);
  };
  const exported = manifest.exports;
  if (exported && typeof exported === 'object' && !Array.isArray(exported)) {
    collect(exported[sub ? `./${sub}` : '.'] ?? (sub ? undefined : exported));
  } else collect(exported);
  if (!sub) collect([manifest.module, manifest.main, manifest.source, manifest.types]);
  const stem = (path) => path.replace(/\.d\.[mc]?ts$/, '').replace(/\.[mc]?[jt]s$/, '');
  const tried = targets.flatMap((path) => [
    path, stem(path).replace(/^(\.\/)?(dist|build|lib)(\/(esm|cjs|types|src))*\//, './src/'),
  ]);
  tried.push(sub || 'src/index', sub ? `src/${sub}` : 'index');
  for (const path of tried) {
    for (const ending of ENDINGS) {
      const file = join(folder, path + ending);
      if (existsSync(file) && statSync(file).isFile() && !/\.d\.[mc]?ts$/.test(file)) return file;
    }
  }
  return undefined;
}

function plugin(root, stubbed) {
  const packages = workspaces(root);
  return {
    name: 'corpus',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.kind === 'entry-point' || args.pluginData?.asked) return undefined;
        const bare = args.path.replace(/^node:/, '');
        if (/^[./]/.test(args.path)) {
          const found = await build.resolve(args.path, {
            kind: args.kind, resolveDir: args.resolveDir, importer: args.importer,
            pluginData: { asked: true },
          });
          if (!found.errors.length) return found;
          stubbed.add(args.path);
          return { path: args.path, namespace: 'stub' };
        }
        if (BUILTIN.has(bare) && !DENIED.has(bare)) return { path: args.path, external: true };
        if (REAL.includes(args.path) || args.path === 'jest') return { path: args.path, namespace: 'real' };
        const own = ownPackage(packages, args.path);
        if (own !== undefined) return { path: own };
        const mapped = await build.resolve(args.path, {
          kind: args.kind, resolveDir: args.resolveDir, importer: args.importer,
          pluginData: { asked: true },
        });
        if (!mapped.errors.length && !mapped.external) return mapped;
        stubbed.add(args.path);
        return { path: args.path, namespace: 'stub' };
      });
      build.onLoad({ filter: /.*/, namespace: 'stub' }, (args) => ({
        contents: `module.exports = globalThis.__corpus.stub(${JSON.stringify(args.path)});`,
      }));
      build.onLoad({ filter: /.*/, namespace: 'real' }, (args) => ({
        contents: `module.exports = globalThis.__corpus.real[${JSON.stringify(args.path)}];`,
      }));
      build.onLoad({ filter: /\.[mc]?[jt]sx?$/ }, (args) => {
        const url = JSON.stringify(pathToFileURL(args.path).href);
        const text = readFileSync(args.path, 'utf8');
        const own = (name, value) => (whole) =>
          new RegExp(`(const|let|var) +${name}`).test(text) ? whole : JSON.stringify(value);
        const contents = text
          .replace(/import\.meta\.url/g, url)
          .replace(/import\.meta\.dirname/g, JSON.stringify(dirname(args.path)))
          .replace(/import\.meta\.filename/g, JSON.stringify(args.path))
          .replace(/\b__dirname\b/g, own('__dirname', dirname(args.path)))
          .replace(/\b__filename\b/g, own('__filename', args.path));
        const ending = extname(args.path);
        const loader = ending.endsWith('tsx') || ending.endsWith('x') ? 'tsx'
          : ending.includes('ts') ? 'ts' : 'js';
        return { contents, loader };
      });
      build.onLoad({ filter: /\.(css|svg|scss|vue)$/ }, () => ({ contents: '' }));
    },
  };
}

// --- values ---

function plain(value, depth = 0, seen = new Set()) {
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $: String(value) };
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (typeof value === 'function') {
    return { $: isStub(value) ? 'stub' : 'function' };
  }
  if (typeof value !== 'object') return { $: typeof value };
  if (value instanceof RegExp || value instanceof Date || value instanceof Map) return { $: 'other' };
  if (depth > 9 || seen.has(value)) return { $: 'deep' };
  const inner = new Set(seen).add(value);
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1, inner));
  return Object.fromEntries(
    Object.keys(value).map((key) => [key, key === MARK ? true : plain(value[key], depth + 1, inner)]),
  );
}

async function exported(job) {
  const real = {};
  for (const name of job.uses) {
    try {
      real[name] = require(name);
    } catch {
      real[name] = { ...(await import(pathToFileURL(require.resolve(name)).href)) };
    }
  }
  real.jest = Object.assign(Object.create(Object.getPrototypeOf(stub('jest'))), jest);
  globalThis.__corpus = { stub, real };
  const cpus = Array.from({ length: 8 }, () => ({ model: '', speed: 0, times: {} }));
  os.cpus = () => cpus;
  os.availableParallelism = () => cpus.length;
  syncBuiltinESMExports();
  console.log = console.info = console.warn = console.error = () => {};
  const code = `data:text/javascript;base64,${Buffer.from(job.code).toString('base64')}`;
  let value = (await import(code)).default;
  value = await value;
  if (value?.__esModule && !isStub(value) && 'default' in value) value = await value.default;
  if (typeof value === 'function' && !isStub(value)) {
    value = await value({ mode: 'test', command: 'serve', isSsrBuild: false, isPreview: false });
  }
  return plain(value);
}

async function one() {
  const job = JSON.parse(readFileSync(0, 'utf8'));
  const write = process.stdout.write.bind(process.stdout);
  process.exit = (code) => { throw new Error(`process.exit(${code})`); };
  let told;
  try {
    told = { status: 'done', value: await exported(job) };
  } catch (error) {
    told = { status: 'failed', why: String(error?.message ?? error).slice(0, 300) };
  }
  write(`\n${JSON.stringify(told)}\n`, () => process.reallyExit(0));
}

// --- all configs ---

async function bundled(job, stubbed) {
  const built = await require('esbuild').build({
    entryPoints: [job.file], bundle: true, write: false, format: 'esm', platform: 'node',
    logLevel: 'silent', absWorkingDir: dirname(job.file), plugins: [plugin(job.root, stubbed)],
    banner: { js: "import { createRequire as $from } from 'node:module';"
      + `const $own = $from(${JSON.stringify(pathToFileURL(job.file).href)});`
      + 'const require = (name) => { try { return $own(name); }'
      + ' catch { return globalThis.__corpus.stub(name); } };'
      + 'require.resolve = (name) => { try { return $own.resolve(name); } catch { return name; } };',
    },
  });
  return built.outputFiles[0].text;
}

function run(data, job) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const permission = major > 23 || (major === 23 && minor >= 5) ? '--permission'
    : '--experimental-permission';
  const done = spawnSync(
    process.execPath,
    ['--no-warnings', permission, '--allow-fs-read=*', '--allow-addons', SELF, MODULES, 'one'],
    { cwd: dirname(job.file), env: { PATH: process.env.PATH, ...job.environment },
      input: JSON.stringify(data), encoding: 'utf8', timeout: 20_000, maxBuffer: 1e8 },
  );
  const last = (done.stdout ?? '').trim().split('\n').at(-1);
  try {
    return JSON.parse(last);
  } catch {
    return { status: 'failed', why: `no answer: ${done.stderr?.slice(0, 300) || done.error}` };
  }
}

async function all() {
  for (const job of JSON.parse(readFileSync(0, 'utf8'))) {
    const stubbed = new Set();
    const started = Date.now();
    let told;
    try {
      if (/\.json$/.test(job.file)) {
        told = { status: 'done', value: plain(JSON.parse(readFileSync(job.file, 'utf8'))) };
      } else {
        const code = await bundled(job, stubbed);
        const uses = REAL.filter((name) => code.includes(`real[${JSON.stringify(name)}]`));
        told = run({ code, uses }, job);
      }
    } catch (error) {
      told = { status: 'unreadable', why: String(error?.message ?? error).slice(0, 300) };
    }
    const seconds = (Date.now() - started) / 1000;
    console.log(JSON.stringify({ ...told, stubbed: [...stubbed], seconds }));
  }
}

await (process.argv[3] === 'one' ? one() : all());
