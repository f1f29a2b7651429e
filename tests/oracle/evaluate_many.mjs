// usage: node --require pretend_cpus.cjs evaluate_many.mjs <request.json> <answers.jsonl>
// In:  {"esbuild": folder of the esbuild package, or null,
//       "cases": [{"file", "env", "cpus"}]}; a .ts file has its types stripped first
// Out: one JSON line per case: {"value"} (see encode) or {"throws"}; written as soon as known.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [requestFile, answersFile] = process.argv.slice(2)
const request = JSON.parse(readFileSync(requestFile, 'utf8'))
const require = createRequire(import.meta.url)
const esbuild = request.esbuild ? require(request.esbuild) : null
const reallyExit = process.exit.bind(process)
const kept = { ...process.env }

// What JSON cannot say is an object with one `$…` key; an array of pairs keeps the order of keys.
function encode(value, around = []) {
  if (around.includes(value)) return { $cycle: true }
  if (value === undefined) return { $undefined: true }
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : { $number: String(value) }
  if (typeof value === 'function') return { $function: true }
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (Array.isArray(value))
    return { $array: Array.from(value, (item, index) => (index in value ? encode(item, [...around, value]) : { $hole: true })) }
  if (value instanceof Promise) return { $promise: true }
  if (typeof value !== 'object') return { $other: typeof value }
  const tag = Object.prototype.toString.call(value)
  if (tag !== '[object Object]' && tag !== '[object Module]') return { $other: tag }
  return { $object: Object.keys(value).map(key => [key, encode(value[key], [...around, value])]) }
}

function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name]
  Object.assign(process.env, kept, env)
}

// An error outside the awaited call ends the case that it belongs to.
let fail = () => {}
process.on('uncaughtException', error => fail(error))
process.on('unhandledRejection', error => fail(error))
process.exit = (code) => {
  throw new Error(`process.exit(${code ?? ''})`)
}
for (const level of ['log', 'info', 'warn', 'error', 'debug']) console[level] = () => {}

function stripped(file) {
  if (!file.endsWith('.ts')) return file
  const out = file.replace(/\.ts$/, '.stripped.mjs')
  const { code } = esbuild.transformSync(readFileSync(file, 'utf8'), { loader: 'ts', target: 'esnext', tsconfigRaw: '{"compilerOptions":{"verbatimModuleSyntax":false}}' })
  writeFileSync(out, code)
  return out
}

const rest = () => new Promise(done => setTimeout(() => setImmediate(done), 2))

async function evaluate({ file, env, cpus }) {
  setEnvironment(env)
  globalThis.pretendCpus = cpus
  process.chdir(path.dirname(file))
  const failed = new Promise((_, reject) => { fail = reject })
  const load = async () => {
    const target = stripped(file)
    let value
    if (target.endsWith('.cjs')) {
      for (const key of Object.keys(require.cache))
        if (key.startsWith(path.dirname(file))) delete require.cache[key]
      value = require(target)
    } else {
      value = (await import(pathToFileURL(target).href)).default
    }
    value = await value
    if (typeof value === 'function' && !/^class\b/.test(String(value)))
      value = await value({ mode: 'test', command: 'serve', isSsrBuild: false, isPreview: false })
    return encode(value)
  }
  try {
    const value = await Promise.race([load(), failed])
    // What it left running ends, or fails, as part of this case.
    await Promise.race([rest(), failed])
    return { value }
  } catch (error) {
    return { throws: String(error?.stack ? error : error?.message ?? error) }
  } finally {
    fail = () => {}
    await rest()
  }
}

for (const oneCase of request.cases) {
  const answer = await evaluate(oneCase)
  appendFileSync(answersFile, `${JSON.stringify(answer)}\n`)
}
reallyExit(0)
