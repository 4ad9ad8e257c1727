import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startKafka, startRedis } from '@bus/test-brokers'
import type { Measurement, Task } from './measurement.ts'
import { type Row, table } from './report.ts'
import { suites } from './suites.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
})
const chosen = positionals.length > 0 ? positionals : Object.keys(suites)
const rounds = Number(values.rounds)
const rows: Row[] = []

for (const name of chosen) {
  const suite = suites[name]
  if (suite === undefined)
    throw new Error(`There is no suite "${name}". Choose among ${Object.keys(suites).join(', ')}.`)
  const backend = await start(name)
  try {
    for (const [what, settings] of Object.entries(suite.tasks)) {
      const runs = new Map<string, Measurement[]>(Object.keys(suite.candidates).map((candidate) => [candidate, []]))
      // A B A B: what disturbs the machine disturbs all alike.
      for (let round = 0; round < rounds; round++) {
        for (const [candidate, measurements] of runs) {
          measurements.push(await measure(name, candidate, { ...settings, address: backend.address }))
        }
      }
      rows.push(...[...runs].map(([candidate, measurements]) => ({ suite: name, what, candidate, measurements })))
    }
  } finally {
    await backend.stop()
  }
}

console.log(table(rows))
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`)

async function start(name: string): Promise<{ readonly address: string; stop(): Promise<void> }> {
  if (name === 'redis') {
    const redis = await startRedis()
    return { address: redis.url, stop: () => redis.stop() }
  }
  if (name === 'kafka') {
    const kafka = await startKafka()
    return { address: kafka.brokers.join(','), stop: () => kafka.stop() }
  }
  return { address: '', stop: async () => {} }
}

/** In a process of its own: no candidate warms up, or slows down, the code of another. */
function measure(suite: string, candidate: string, task: Task): Promise<Measurement> {
  const file = new URL('child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@bus/source', file, suite, candidate, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as Measurement)
      else reject(new Error(`${suite}, ${candidate}: ended with ${code}`))
    })
  })
}
