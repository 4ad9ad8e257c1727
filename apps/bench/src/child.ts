import { setTimeout as sleep } from 'node:timers/promises'
import { candidates } from './candidates/index.ts'
import {
  type Candidate,
  type CandidateFactory,
  inWindows,
  keyOf,
  now,
  type Payload,
  payloadOf,
  type Place,
  type Task,
} from './measurement.ts'
import type { Layers } from './layers.ts'
import { Profiler } from './profiler.ts'
import { percentile } from './statistics.ts'

/** What the conductor may ask of a process; each answer is a plain value. */
class Player {
  #task!: Task
  #candidate!: Candidate
  #payload: Payload = {}
  #handled = 0
  #lastAt = 0
  #wanted = Infinity
  #reached: (at: number) => void = () => {}
  #latencies: number[] = []
  readonly #profiler = new Profiler()

  async open(suite: string, name: string, task: Task, place: Place): Promise<void> {
    const factory: CandidateFactory | undefined = candidates[suite]?.[name]
    if (factory === undefined) throw new Error(`There is no candidate "${name}" for ${suite}.`)
    this.#task = task
    this.#payload = payloadOf(task.payloadBytes)
    this.#candidate = await factory(task, place)
  }

  async consume(): Promise<void> {
    const { handlerMs, kind } = this.#task
    const latencies = this.#latencies
    const handle =
      kind === 'latency'
        ? ({ at }: Payload): void => void latencies.push(now() - (at ?? 0))
        : handlerMs === 0
          ? (): void => {}
          : (): Promise<void> => sleep(handlerMs)
    if (this.#candidate.consume === undefined) throw new Error('This candidate cannot consume.')
    await this.#candidate.consume(handle, (count) => {
      this.#handled += count
      this.#lastAt = now()
      if (this.#handled >= this.#wanted) this.#reached(this.#lastAt)
    })
  }

  /** Resolves with the time when `total` were done since the start. */
  expect(total: number): Promise<number> {
    if (this.#handled >= total) return Promise.resolve(this.#lastAt)
    this.#wanted = total
    return new Promise((resolve) => (this.#reached = resolve))
  }

  handled(): { count: number; at: number } {
    return { count: this.#handled, at: this.#lastAt }
  }

  async acknowledged(): Promise<number> {
    if (this.#candidate.acknowledged === undefined) return 0
    await this.#candidate.acknowledged()
    return now()
  }

  async publish(count: number): Promise<{ from: number; to: number }> {
    const { window, keys } = this.#task
    const from = now()
    if (window > 1 && this.#candidate.publishMany) await this.#candidate.publishMany(count)
    else await inWindows(count, window, (index) => this.#candidate.publish(this.#payload, keyOf(index, keys)))
    return { from, to: now() }
  }

  /** `count` events at `rate` a second, each when it is due, whatever became of the one before. */
  async pace(rate: number, count: number): Promise<{ from: number; to: number }> {
    const from = now()
    const pending: Promise<unknown>[] = []
    while (pending.length < count) {
      const due = Math.min(count, Math.ceil(((now() - from) / 1000) * rate))
      while (pending.length < due) {
        const key = keyOf(pending.length, this.#task.keys)
        pending.push(this.#candidate.publish({ ...this.#payload, at: now() }, key))
      }
      await sleep(1)
    }
    await Promise.all(pending)
    return { from, to: now() }
  }

  /** Of what was handled since the last time. */
  latencies(): { p50: number; p95: number; p99: number } | undefined {
    const values = this.#latencies.splice(0)
    if (values.length === 0) return undefined
    return { p50: percentile(values, 50), p95: percentile(values, 95), p99: percentile(values, 99) }
  }

  startProfile(): Promise<void> {
    return this.#profiler.start()
  }

  stopProfile(): Promise<Layers> {
    return this.#profiler.stop()
  }

  cpu(): number {
    const { user, system } = process.cpuUsage()
    return user + system
  }

  /** In bytes, of what is still reachable. */
  async heap(): Promise<number> {
    for (let round = 0; round < 4; round++) {
      globalThis.gc?.()
      await sleep(50)
    }
    return process.memoryUsage().heapUsed
  }

  close(): Promise<void> {
    return this.#candidate.close()
  }
}

export type Command = keyof Player
export type Answer<C extends Command> = Awaited<ReturnType<Player[C]>>
export type Arguments<C extends Command> = Parameters<Player[C]>

const player = new Player()
process.on('message', ({ id, command, args }: { id: number; command: Command; args: unknown[] }) => {
  const call = player[command] as (...args: unknown[]) => unknown
  void Promise.resolve()
    .then(() => call.apply(player, args))
    .then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.stack : String(error) }),
    )
})
// Whoever asked is gone: nobody else would end this process.
process.on('disconnect', () => process.exit())
