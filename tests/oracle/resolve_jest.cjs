// usage: node --require pretend_cpus.cjs resolve_jest.cjs <request.json> <answers.jsonl>
// In:  {"modules": node_modules of the runner, "root": folder above all cases,
//       "cases": [{"folder", "config", "env", "cpus"}]}
//      config: a file below the folder, or null for what jest finds there by itself.
// Out: one JSON line per case, written as soon as it is known: the process may die at any case.
// A case's modules are loaded once: each case and environment needs files of its own.
'use strict'
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')

const [requestFile, answersFile] = process.argv.slice(2)
const request = JSON.parse(readFileSync(requestFile, 'utf8'))
const { readConfigs } = require(path.join(request.modules, 'jest-config'))

const GLOBAL_KEYS = [
  'maxWorkers', 'maxConcurrency', 'testTimeout', 'bail', 'forceExit', 'detectOpenHandles',
  'openHandlesTimeout', 'workerIdleMemoryLimit', 'workerThreads', 'workerGracefulExitTimeout',
  'randomize', 'runInBand', 'rootDir', 'shard',
]
const PROJECT_KEYS = [
  'displayName', 'rootDir', 'testTimeout', 'slowTestThreshold', 'openHandlesTimeout',
  'detectOpenHandles', 'setupFiles', 'setupFilesAfterEnv', 'testMatch', 'testRegex', 'testRunner',
]

// JSON has no NaN and no functions; an undefined setting is left out, as if it were not there.
function encode(value) {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { $number: Object.is(value, -0) ? '-0' : String(value) }
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

// What jest prints belongs to the case being resolved.
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

const baseEnv = { ...process.env, NODE_ENV: 'test' }

async function resolveCase({ folder, config, env, cpus }) {
  logs = []
  setEnvironment({ ...baseEnv, ...env })
  globalThis.pretendCpus = cpus
  process.chdir(folder)
  const answer = {}
  try {
    const failed = new Promise((_, reject) => { fail = reject })
    const argv = { _: [], $0: 'jest', ...(config === null ? {} : { config }) }
    const found = await Promise.race([readConfigs(argv, [process.cwd()]), failed])
    answer.values = encodeKeys(found.globalConfig, GLOBAL_KEYS)
    answer.projects = found.configs.map(project => encodeKeys(project, PROJECT_KEYS))
  } catch (error) {
    answer.error = { name: String(error?.name || typeof error), message: String(error?.message ?? error) }
  }
  fail = () => {}
  return { ...answer, logs }
}

async function main() {
  // ts-node takes the folder in which it is first needed for its project: it is that of all cases.
  setEnvironment(baseEnv)
  process.chdir(request.root)
  writeFileSync('warm-up.config.ts', 'export default {}')
  if (!existsSync('package.json')) writeFileSync('package.json', '{}')
  await readConfigs({ _: [], $0: 'jest', config: 'warm-up.config.ts' }, [process.cwd()])
  for (const oneCase of request.cases)
    appendFileSync(answersFile, `${JSON.stringify(await resolveCase(oneCase))}\n`)
  reallyExit(0)
}
main().catch((error) => {
  appendFileSync(2, String(error?.stack ?? error))
  reallyExit(1)
})
