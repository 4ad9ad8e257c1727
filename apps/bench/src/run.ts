import { randomUUID } from 'node:crypto'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Broker, startBroker } from './broker.ts'
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
  /** When there is no more time for more than one round of each task, in milliseconds of `performance.now()`. */
  readonly until: number
}

/** Once may be bad luck; each time costs as long as one waits for it. */
const failuresAllowed = 2

/** A B A B: what disturbs the machine disturbs all alike. `save` is given all that there is after each assignment. */
export async function run(
  backend: Backend,
  assignments: readonly Assignment[],
  pace: Pace,
  save: (results: Results) => Promise<void>,
): Promise<Results> {
  const [at, from, busy] = [new Date().toISOString(), performance.now(), await busyShare()]
  await using broker = await startBroker(backend)
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}${broker.name}`
  const rows: Row[] = []
  const failures: string[] = []
  const soFar = (): Results => {
    const minutes = (performance.now() - from) / 60_000
    return { backend, at, machine, busy, rounds: pace.rounds, secondsEach: pace.seconds, minutes, rows, failures }
  }
  for (const assignment of assignments) {
    const startedAt = performance.now()
    rows.push(...(await takeTurns(backend, broker, assignment, pace, failures)))
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    process.stderr.write(`${backend}, ${assignment.name}: ${seconds} s\n`)
    await save(soFar())
  }
  return soFar()
}

async function takeTurns(
  backend: Backend,
  broker: Broker,
  { name, task, candidates, rounds = Infinity }: Assignment,
  pace: Pace,
  failures: string[],
): Promise<Row[]> {
  const length: Length = {
    seconds: pace.seconds,
    maxEvents: task.kind === 'heap' ? pace.heapEvents : Math.max(1, Math.floor(pace.maxEvents / task.subscriptions)),
  }
  const turns = candidates.map((candidate) => ({ candidate, samples: [] as Sample[], failed: 0 }))
  for (let round = 0; round < Math.min(pace.rounds, rounds); round++) {
    if (round > 0 && performance.now() > pace.until) {
      process.stderr.write(`${backend}, ${name}: ${round} rounds only, since the time is up\n`)
      break
    }
    for (const turn of turns) {
      if (turn.failed >= failuresAllowed) continue
      const { candidate } = turn
      const place = { address: broker.address, topic: `bench-${randomUUID().slice(0, 13)}` }
      const limit = limits[candidate]
      try {
        turn.samples.push(
          limit === undefined
            ? await measure(backend, candidate, task, place, length)
            : await limit(task, place, pace.maxEvents),
        )
      } catch (error) {
        turn.failed++
        const problem = error instanceof Error ? error.message : String(error)
        process.stderr.write(`left out: ${problem}\n`)
        failures.push(`${backend}, ${name}, ${candidate}: ${problem.split('\n', 1).join('')}`)
      } finally {
        await broker.forget(place.topic)
      }
    }
  }
  return turns
    .filter(({ samples }) => samples.length > 0)
    .map(({ candidate, samples }) => ({ task: name, candidate, samples }))
}

/** Of all processors, while nothing is measured. */
async function busyShare(): Promise<number> {
  const look = (): { idle: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times)
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
    return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((one) => Object.values(one))) }
  }
  const before = look()
  await sleep(3_000)
  const after = look()
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all)
}
