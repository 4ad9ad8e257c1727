import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, ConsumeOptions, Delivery } from '@bus/core/spi'
import type { KafkaAdapter } from '../src/index.ts'

/** What happened to the events of one test, over all workers. */
export class Journal {
  readonly started: {
    readonly id: string
    readonly key: string | undefined
    readonly worker: string
    readonly note: string | undefined
  }[] = []
  readonly finished: Set<string> = new Set()
  readonly running: Map<string, number> = new Map()
  /** Two of one key at once. */
  overlaps = 0

  get duplicates(): readonly string[] {
    const seen = new Set<string>()
    return this.started.filter(({ id }) => seen.size === seen.add(id).size).map(({ id }) => id)
  }

  keyOrder(key: string): readonly string[] {
    return this.started.filter((entry) => entry.key === key).map(({ id }) => id)
  }
}

/** A member as small as it can be: keys one at a time, `concurrency` at once, gives back what it has not begun. */
export class Worker {
  readonly name: string
  consumer: Consumer | undefined
  handovers = 0
  readonly #journal: Journal
  readonly #handle: (delivery: Delivery) => Promise<void>
  readonly #concurrency: number
  readonly #stop = new AbortController()
  readonly #running = new Set<Delivery>()
  #queue: Delivery[] = []
  #pulling: Promise<void> | undefined

  constructor(name: string, journal: Journal, handle: (delivery: Delivery) => Promise<void>, concurrency = 8) {
    this.name = name
    this.#journal = journal
    this.#handle = handle
    this.#concurrency = concurrency
  }

  async start(adapter: KafkaAdapter, options: Omit<ConsumeOptions, 'handover'>): Promise<this> {
    this.consumer = await adapter.consume({ ...options, handover: (open, signal) => this.#handOver(open, signal) })
    this.#pulling = this.#pull(this.consumer)
    return this
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#giveBack(this.#queue)
    while (this.#running.size > 0) await sleep(5)
    await this.#pulling
    await this.#giveBack(this.#queue)
    await this.consumer?.close()
  }

  async #handOver(open: readonly Delivery[], signal: AbortSignal): Promise<void> {
    this.handovers++
    await this.#giveBack(open.filter((delivery) => !this.#running.has(delivery)))
    while (!signal.aborted && open.some((delivery) => this.#running.has(delivery))) await sleep(5)
  }

  async #giveBack(deliveries: readonly Delivery[]): Promise<void> {
    this.#queue = this.#queue.filter((delivery) => !deliveries.includes(delivery))
    await Promise.all(deliveries.map((delivery) => delivery.release(`back from ${this.name}`)))
  }

  async #pull(consumer: Consumer): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const room = 4 * this.#concurrency - this.#queue.length - this.#running.size
      if (room <= 0) await sleep(2)
      else {
        const more = await consumer.pull(room, this.#stop.signal)
        // Closed, as after a test that failed: asking again at once would let nothing else of this process run.
        if (more.length === 0) return
        this.#queue.push(...more)
      }
      this.#pump()
    }
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return
    const busy = new Set([...this.#running].map(({ message }) => message.key))
    for (const delivery of [...this.#queue]) {
      const { key } = delivery.message
      if (this.#running.size >= this.#concurrency) return
      if (key !== undefined && busy.has(key)) continue
      busy.add(key)
      this.#queue.splice(this.#queue.indexOf(delivery), 1)
      this.#running.add(delivery)
      void this.#run(delivery)
    }
  }

  async #run(delivery: Delivery): Promise<void> {
    const { key, body } = delivery.message
    const id = Buffer.from(body).toString()
    const { running, started, finished } = this.#journal
    started.push({ id, key, worker: this.name, note: delivery.note })
    if (key !== undefined) {
      const others = running.get(key) ?? 0
      if (others > 0) this.#journal.overlaps++
      running.set(key, others + 1)
    }
    await this.#handle(delivery)
    if (key !== undefined) running.set(key, (running.get(key) ?? 1) - 1)
    finished.add(id)
    this.#running.delete(delivery)
    await delivery.ack()
    this.#pump()
  }
}

export async function until(what: string, check: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await sleep(10)
  }
}

let topics = 0
const run = `${process.pid}-${Date.now().toString(36)}`

export function freshTopic(): string {
  return `kafka-${run}-${++topics}`
}
