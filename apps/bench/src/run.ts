import { randomUUID } from 'node:crypto'
import { cpus } from 'node:os'
import { startKafka, startRedis } from '@bus/test-brokers'
import { type Length, measure } from './conductor.ts'
import { limits } from './limits.ts'
import type { Sample } from './measurement.ts'
import type { Results, Row } from './results.ts'
import type { Assignment, Backend } from './tasks.ts'

export interface Pace {
  readonly rounds: number
  readonly seconds: number
  readonly maxEvents: number
  readonly heapEvents: number
}

/** A B A B: what disturbs the machine disturbs all alike. */
export async function run(backend: Backend, assignments: readonly Assignment[], pace: Pace): Promise<Results> {
  const at = new Date().toISOString()
  await using broker = await start(backend)
  const rows: Row[] = []
  for (const assignment of assignments) {
    const { name, task, candidates } = assignment
    const length: Length = {
      seconds: pace.seconds,
      maxEvents: task.kind === 'heap' ? pace.heapEvents : Math.max(1, Math.floor(pace.maxEvents / task.subscriptions)),
    }
    const samples = new Map<string, Sample[]>(candidates.map((candidate) => [candidate, []]))
    for (let round = 0; round < Math.min(pace.rounds, assignment.rounds ?? Infinity); round++) {
      for (const [candidate, taken] of samples) {
        process.stderr.write(`${backend}, ${name}, ${candidate}, round ${round + 1}\n`)
        const place = { address: broker.address, topic: `bench-${randomUUID().slice(0, 13)}` }
        const limit = limits[candidate]
        try {
          taken.push(
            limit === undefined
              ? await measure(backend, candidate, task, place, length)
              : await limit(task, place, pace.maxEvents),
          )
        } catch (error) {
          // A peer that fails has no figure; ours must not.
          if (candidate === 'bus') throw error
          process.stderr.write(`left out: ${error instanceof Error ? error.message : String(error)}\n`)
        }
      }
    }
    for (const [candidate, taken] of samples) if (taken.length > 0) rows.push({ task: name, candidate, samples: taken })
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}${broker.name}`
  return { backend, at, machine, rounds: pace.rounds, secondsEach: pace.seconds, rows }
}

interface Broker extends AsyncDisposable {
  readonly address: string
  readonly name: string
}

async function start(backend: Backend): Promise<Broker> {
  if (backend === 'memory') return { address: '', name: '', [Symbol.asyncDispose]: async () => {} }
  const broker = backend === 'redis' ? await startRedis() : await startKafka()
  const address = 'url' in broker ? broker.url : broker.brokers.join(',')
  const version = /[\d.]{3,}/.exec(broker.summary)?.[0]
  const name = backend === 'redis' ? 'Redis' : 'Kafka'
  return {
    address,
    name: `, ${name}${version === undefined || broker.how === 'address' ? '' : ` ${version}`} on the same machine`,
    [Symbol.asyncDispose]: () => broker.stop(),
  }
}
