// usage: node --require pretend_cpus.cjs resolve_playwright.cjs <request.json> <answers.jsonl>
// In:  {"package": folder of the package that holds the runner,
//       "cases": [{"folder", "config", "env", "cpus"}]}   (config null: the runner looks for one)
// Out: one JSON line per case, written as soon as it is known: the process may die at any case.
//
// As a reporter (`playwright test --list --reporter=<this file>`) it writes the one line to
// CONFIGGUARD_ANSWERS: that is how ES modules are asked, which one process can load only once.
'use strict'
const fs = require('node:fs')
const path = require('node:path')

const USED = ['actionTimeout', 'navigationTimeout']

// JSON has no NaN and no functions; an undefined setting is left out, as if it were not there.
function encode(value) {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) }
  if (typeof value === 'function') return { $function: value.name }
  if (typeof value === 'symbol') return { $symbol: String(value) }
  if (Array.isArray(value)) return value.map(item => encode(item) ?? null)
  if (value instanceof RegExp) return { $regexp: String(value) }
  if (value !== null && typeof value === 'object') {
    const known = Object.keys(value).filter(key => value[key] !== undefined)
    return Object.fromEntries(known.map(key => [key, encode(value[key])]))
  }
  return value
}

// 1.30 keeps everything on one object, later versions beside the public config.
function loadRelevant(full) {
  const config = full.config ?? full
  const projects = full.projects ?? config.projects
  return encode({
    workers: config.workers,
    fullyParallel: config.fullyParallel,
    globalTimeout: config.globalTimeout,
    maxFailures: config.maxFailures,
    forbidOnly: config.forbidOnly,
    failOnFlakyTests: config.failOnFlakyTests,
    retryStrategy: full.retryStrategy,
    configFile: config.configFile,
    projects: projects.map(one => {
      const project = one.project ?? one
      return {
        name: project.name,
        retries: project.retries,
        timeout: project.timeout,
        repeatEach: project.repeatEach,
        dependencies: project.dependencies,
        teardown: project.teardown,
        workers: one.workers,
        fullyParallel: one.fullyParallel ?? one._fullyParallel ?? one._internal?.fullyParallel,
        expectTimeout: (one.expect ?? one._expect ?? one._internal?.expect)?.timeout,
        use: Object.fromEntries(USED.map(key => [key, project.use?.[key]])),
      }
    }),
  })
}

class Reporter {
  printsToStdio() { return true }
  onBegin(config) {
    const symbols = Object.getOwnPropertySymbols(config).map(symbol => config[symbol])
    const full = symbols.find(value => value?.projects && value.configDir) ?? config
    fs.writeFileSync(process.env.CONFIGGUARD_ANSWERS, JSON.stringify({ values: loadRelevant(full) }))
  }
}

// What a version's own command line does: find the config, load it, resolve it.
function loaderOf(folder) {
  const inside = file => path.join(folder, 'lib', file)
  if (fs.existsSync(inside('common/index.js'))) {
    const { configLoader } = require(inside('common/index.js'))
    return config => configLoader.loadConfigFromFile(config)
  }
  if (!fs.existsSync(inside('common/configLoader.js'))) {
    const { ConfigLoader } = require(inside('configLoader.js'))
    const { Runner } = require(inside('runner.js'))
    return config => loadBy(new ConfigLoader({}), Runner.resolveConfigFile, config)
  }
  const loader = require(inside('common/configLoader.js'))
  if (loader.loadConfig)
    return config => loader.loadConfig(loader.resolveConfigLocation(config), {})
  return config => loadBy(new loader.ConfigLoader({}), loader.resolveConfigFile, config)
}

async function loadBy(loader, find, config) {
  const file = find(path.resolve(process.cwd(), config ?? '.'))
  if (!file) {
    await loader.loadEmptyConfig(process.cwd())
    return loader.fullConfig?.() ?? loader.loadEmptyConfig(process.cwd())
  }
  return loader.loadConfigFile(file)
}

async function main([requestFile, answersFile]) {
  const request = JSON.parse(fs.readFileSync(requestFile, 'utf8'))
  // What is printed belongs to the case being resolved.
  let logs = []
  for (const level of ['log', 'info', 'warn', 'error', 'debug'])
    console[level] = (...parts) => logs.push(parts.map(String).join(' '))
  // An error outside the awaited call ends the real run: here it ends the case.
  let fail = () => {}
  process.on('uncaughtException', error => fail(error))
  process.on('unhandledRejection', error => fail(error))
  const reallyExit = process.exit.bind(process)
  process.exit = (code) => {
    throw Object.assign(new Error(`process.exit(${code ?? ''})`), { name: 'ProcessExit' })
  }
  const baseEnv = { ...process.env }
  const load = loaderOf(request.package)
  const own = new Set(Object.keys(require.cache))
  for (const { folder, config, env, cpus } of request.cases) {
    logs = []
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, baseEnv, env)
    globalThis.pretendCpus = cpus
    process.chdir(folder)
    for (const file of Object.keys(require.cache))
      if (!own.has(file) && file.startsWith(folder) && !file.includes('node_modules'))
        delete require.cache[file]
    const answer = {}
    try {
      const failed = new Promise((_, reject) => { fail = reject })
      answer.values = loadRelevant(await Promise.race([load(config ?? undefined), failed]))
    } catch (error) {
      answer.error = { name: String(error?.name ?? typeof error), message: String(error?.message ?? error) }
    }
    fail = () => {}
    fs.appendFileSync(answersFile, `${JSON.stringify({ ...answer, logs })}\n`)
  }
  reallyExit(0)
}

module.exports = Reporter
if (require.main === module) main(process.argv.slice(2))
