// usage: node --require pretend_cpus.cjs resolve_many.mjs <request.json> <answers.jsonl>
// In:  {"vitest": folder of the vitest package, "cli": options the CLI adds by itself,
//       "cases": [{"folder", "config", "env", "cpus"}]}
// Out: one JSON line per case, written as soon as it is known: the process may die at any case.
import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [requestFile, answersFile] = process.argv.slice(2)
const request = JSON.parse(readFileSync(requestFile, 'utf8'))

const KEYS = [
  'pool', 'poolOptions', 'poolMatchGlobs', 'threads', 'singleThread', 'maxThreads', 'minThreads',
  'experimentalVmThreads', 'maxWorkers', 'minWorkers', 'fileParallelism', 'isolate',
  'maxConcurrency', 'retry', 'repeats', 'bail', 'testTimeout', 'hookTimeout', 'teardownTimeout',
  'sequence', 'browser', 'typecheck', 'globalSetup', 'setupFiles', 'include', 'exclude',
  'environment', 'name', 'root', 'watch', 'passWithNoTests', 'allowOnly',
]
const INNER_KEYS = {
  sequence: ['concurrent', 'groupOrder', 'shuffle', 'hooks', 'setupFiles'],
  browser: ['enabled', 'headless', 'fileParallelism', 'isolate', 'name'],
  typecheck: ['enabled'],
}

// JSON has no NaN and no functions; an undefined setting is left out, as if it were not there.
function encode(value) {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? '-0' : String(value) }
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'function') return { $function: value.name }
  if (typeof value === 'symbol') return { $symbol: String(value) }
  if (value instanceof RegExp) return { $regexp: String(value) }
  if (Array.isArray(value)) return value.map(item => encode(item) ?? null)
  if (value !== null && typeof value === 'object') return encodeKeys(value, Object.keys(value))
  return value
}

function encodeKeys(object, keys) {
  const known = keys.filter(key => object[key] !== undefined)
  return Object.fromEntries(known.map(key => [key, encode(object[key])]))
}

function loadRelevant(config) {
  const inner = Object.keys(INNER_KEYS).filter(key => config[key])
  return {
    ...encodeKeys(config, KEYS.filter(key => !(key in INNER_KEYS))),
    ...Object.fromEntries(inner.map(key => [key, encodeKeys(config[key], INNER_KEYS[key])])),
  }
}

// A project with the file it comes from: null where it stands in the root config, or has none.
function told(project) {
  const file = (project.vite ?? project.server)?.config?.configFile ?? null
  return { ...loadRelevant(project.config), $path: encode(project.path), $file: file }
}

// What vitest prints belongs to the case being resolved.
let logs = []
for (const level of ['log', 'info', 'warn', 'error', 'debug'])
  console[level] = (...parts) => logs.push(parts.map(String).join(' '))
for (const stream of [process.stdout, process.stderr])
  stream.write = (text) => { logs.push(String(text)); return true }

// An error outside the awaited call ends the real run: here it ends the case.
let fail = () => {}
process.on('uncaughtException', error => fail(error))
process.on('unhandledRejection', error => fail(error))
const reallyExit = process.exit.bind(process)
process.exit = (code) => {
  throw Object.assign(new Error(`process.exit(${code ?? ''})`), { name: 'ProcessExit' })
}

function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
}

const baseEnv = { ...process.env, VITEST: 'true', TEST: 'true', NODE_ENV: 'test' }
const entry = path.join(request.vitest, 'dist', 'node.js')
const { createVitest } = await import(pathToFileURL(entry).href)

async function resolveCase({ folder, config, env, cpus }) {
  logs = []
  setEnvironment({ ...baseEnv, ...env })
  globalThis.pretendCpus = cpus
  process.chdir(folder)
  const answer = {}
  let vitest
  try {
    const failed = new Promise((_, reject) => { fail = reject })
    const options = { config, run: true, watch: false, ...request.cli }
    vitest = await Promise.race([createVitest('test', options), failed])
    answer.values = loadRelevant(vitest.config)
    answer.projects = (vitest.projects ?? []).map(told)
    answer.configFile = (vitest.vite ?? vitest.server)?.config?.configFile ?? null
  } catch (error) {
    answer.error = { name: String(error?.name ?? typeof error), message: String(error?.message ?? error) }
  }
  fail = () => {}
  const patience = new Promise(done => setTimeout(done, 2000).unref())
  await Promise.race([vitest?.close?.(), patience]).catch(() => {})
  return { ...answer, logs }
}

for (const oneCase of request.cases)
  appendFileSync(answersFile, `${JSON.stringify(await resolveCase(oneCase))}\n`)
reallyExit(0)
