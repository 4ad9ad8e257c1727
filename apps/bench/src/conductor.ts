import { setTimeout as sleep } from 'node:timers/promises'
import type { Place, Sample, Task } from './measurement.ts'
import { PlayerProcess } from './player-process.ts'

export interface Length {
  /** How long one measurement should take; the number of events follows from the speed of the candidate. */
  readonly seconds: number
  /** Never more events than these in one measurement. */
  readonly maxEvents: number
}

const warmUpMs = 300
const pollMs = 10

/** Measures one candidate once. */
export async function measure(
  suite: string,
  candidate: string,
  task: Task,
  place: Place,
  length: Length,
): Promise<Sample> {
  await using cast = new AsyncDisposableStack()
  const enter = async (): Promise<PlayerProcess> => cast.use(await PlayerProcess.open(suite, candidate, task, place))
  const publisher = await enter()
  const consumers: PlayerProcess[] = []
  if (task.kind !== 'publish') {
    while (consumers.length < task.members) consumers.push(task.processes === 1 ? publisher : await enter())
    for (const consumer of consumers) await consumer.ask('consume')
  }
  const stage = new Stage(publisher, consumers, task)
  if (task.kind === 'latency') return await latency(stage, task.rate ?? 200, length)
  if (task.kind === 'idle') return await idle(publisher, length)
  if (task.kind === 'heap') return await heap(stage, publisher, length)
  const rate = await warmUp(stage, length)
  const wanted = Math.ceil(rate * length.seconds)
  const events = task.events ?? Math.min(length.maxEvents, Math.max(wanted, 50))
  if (task.kind !== 'profile') return await stage.run(events)
  await publisher.ask('startProfile')
  const sample = await stage.run(events)
  return { ...sample, layers: await publisher.ask('stopProfile') }
}

/** Those who publish and those who handle, and how far they are. */
class Stage {
  readonly #publisher: PlayerProcess
  readonly #consumers: readonly PlayerProcess[]
  readonly #task: Task
  #total = 0

  constructor(publisher: PlayerProcess, consumers: readonly PlayerProcess[], task: Task) {
    this.#publisher = publisher
    this.#consumers = consumers
    this.#task = task
  }

  async run(
    events: number,
    publish: (publisher: PlayerProcess) => Promise<{ from: number; to: number }> = (publisher) =>
      publisher.ask('publish', events),
  ): Promise<Sample> {
    this.#total += events * this.#task.subscriptions
    const before = await this.#publisher.ask('cpu')
    const [{ from, to }, handledAt] = await Promise.all([publish(this.#publisher), this.#allHandled()])
    const acknowledgedAt = await Promise.all(this.#consumers.map((consumer) => consumer.ask('acknowledged')))
    const cpuMicros = (await this.#publisher.ask('cpu')) - before
    const sample = { events, elapsedMs: Math.max(to, handledAt, ...acknowledgedAt) - from }
    return this.#task.processes === 1 ? { ...sample, cpuMicros } : sample
  }

  latencies(): Promise<Sample['latencyMs']> {
    return (this.#consumers[0] as PlayerProcess).ask('latencies')
  }

  async #allHandled(): Promise<number> {
    const [only, ...others] = this.#consumers
    if (only === undefined) return 0
    if (others.length === 0) return only.ask('expect', this.#total)
    for (;;) {
      const all = await Promise.all(this.#consumers.map((consumer) => consumer.ask('handled')))
      if (all.reduce((sum, { count }) => sum + count, 0) >= this.#total) return Math.max(...all.map(({ at }) => at))
      await sleep(pollMs)
    }
  }
}

/**
 * Until the code is compiled and the windows are open: what comes first may wait for a connection or a group, and says
 * nothing. Tells how many events a second go through.
 */
async function warmUp(stage: Stage, { maxEvents }: Length): Promise<number> {
  let before = 0
  for (let chunk = 20; ; chunk *= 4) {
    const events = Math.min(chunk, maxEvents)
    const { elapsedMs } = await stage.run(events)
    const rate = (events / elapsedMs) * 1000
    if (events === maxEvents || (elapsedMs >= warmUpMs && rate < 2 * before)) return rate
    before = rate
  }
}

async function latency(stage: Stage, rate: number, { seconds }: Length): Promise<Sample> {
  const paced = (duration: number): Promise<Sample> => {
    const events = Math.max(1, Math.ceil(rate * duration))
    return stage.run(events, (publisher) => publisher.ask('pace', rate, events))
  }
  await paced(seconds / 2)
  await stage.latencies()
  const sample = await paced(seconds * 2)
  const latencyMs = await stage.latencies()
  return latencyMs === undefined ? sample : { ...sample, latencyMs }
}

async function idle(player: PlayerProcess, { seconds }: Length): Promise<Sample> {
  await sleep(seconds * 500)
  const [before, from] = [await player.ask('cpu'), performance.now()]
  await sleep(seconds * 2_000)
  const cpuMicros = (await player.ask('cpu')) - before
  return { events: 0, elapsedMs: performance.now() - from, cpuMicros }
}

/** A tenth of the events warms up; garbage is collected before each look. */
async function heap(stage: Stage, player: PlayerProcess, { maxEvents }: Length): Promise<Sample> {
  const chunk = Math.ceil(maxEvents / 10)
  await stage.run(chunk)
  const before = await player.ask('heap')
  let [elapsedMs, events] = [0, 0]
  while (events < maxEvents) {
    const sample = await stage.run(Math.min(chunk, maxEvents - events))
    elapsedMs += sample.elapsedMs
    events += sample.events
  }
  return { events, elapsedMs, heapGrowthMb: ((await player.ask('heap')) - before) / 2 ** 20 }
}
