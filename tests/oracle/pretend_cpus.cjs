// Preloaded with `node --require`: makes Node report globalThis.pretendCpus CPUs, or the number in
// CONFIGGUARD_CPUS. Read at every call, so that one process can change it from case to case.
'use strict'
const os = require('node:os')
const { syncBuiltinESMExports } = require('node:module')

const realCpus = os.cpus
const pretended = () => globalThis.pretendCpus ?? Number(process.env.CONFIGGUARD_CPUS)

os.availableParallelism = () => pretended() || realCpus().length
os.cpus = () => {
  const real = realCpus()
  return pretended() ? Array.from({ length: pretended() }, () => real[0]) : real
}
syncBuiltinESMExports()
