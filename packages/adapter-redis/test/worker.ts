import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, Delivery, EventBusAdapter } from '@bus/core/spi'

export interface WorkerOptions {
  readonly adapter: EventBusAdapter
  readonly topic: string
  readonly group: string
  readonly prefetch?: number
  readonly concurrency?: number
  /** It is in this worker's hands. */
  readonly lent?: (delivery: Delivery) => void
  readonly handle: (delivery: Delivery) => Promise<void>
}

/** What the core does with a consumer, in short: a window, a lane for each key, and hand-over. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #lanes = new Map<string, Delivery[]>()
  readonly #running = new Map<Delivery, Promise<void>>()
  #ready: Delivery[] = []
  #open = 0
  #consumer!: Consumer
  #loop!: Promise<void>
  #wake: (() => void) | undefined

  private constructor(options: WorkerOptions) {
    this.#options = options
  }

  static async start(options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(options)
    worker.#consumer = await options.adapter.consume({
      topics: [{ topic: options.topic, startFrom: 'earliest' }],
      group: options.group,
      handover: (open, signal) => worker.#handOver(open, signal),
    })
    worker.#loop = worker.#pull()
    return worker
  }

  /** Starts nothing more, waits for what runs, gives back the rest. */
  async leave(): Promise<void> {
    this.#stop.abort()
    this.#wake?.()
    await this.#loop
    this.#ready = []
    this.#lanes.clear()
    await Promise.all(this.#running.values())
    await this.#consumer.close()
  }

  async #pull(): Promise<void> {
    const { prefetch = 64 } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      if (this.#open >= prefetch) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      try {
        const deliveries = await this.#consumer.pull(prefetch - this.#open, signal)
        this.#open += deliveries.length
        for (const delivery of deliveries) {
          this.#options.lent?.(delivery)
          this.#admit(delivery)
        }
        this.#startReady()
      } catch {
        await sleep(20)
      }
    }
  }

  #admit(delivery: Delivery): void {
    const { key } = delivery.message
    if (key === undefined) return void this.#ready.push(delivery)
    const lane = this.#lanes.get(key)
    if (lane !== undefined) return void lane.push(delivery)
    this.#lanes.set(key, [])
    this.#ready.push(delivery)
  }

  #startReady(): void {
    while (
      this.#running.size < (this.#options.concurrency ?? 8) &&
      this.#ready.length > 0 &&
      !this.#stop.signal.aborted
    ) {
      const delivery = this.#ready.shift() as Delivery
      this.#running.set(delivery, this.#run(delivery))
    }
  }

  async #run(delivery: Delivery): Promise<void> {
    await this.#options.handle(delivery)
    void delivery.ack()
    this.#running.delete(delivery)
    this.#done(delivery)
    this.#startReady()
  }

  #done({ message: { key } }: Delivery): void {
    this.#open--
    this.#wake?.()
    if (key === undefined) return
    const next = this.#lanes.get(key)?.shift()
    if (next === undefined) this.#lanes.delete(key)
    else this.#ready.push(next)
  }

  async #handOver(open: readonly Delivery[], signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const going = new Set(open)
    for (const lane of this.#lanes.values()) {
      for (const delivery of lane.splice(0)) {
        if (!going.has(delivery)) lane.push(delivery)
        else {
          this.#open--
          void delivery.release()
        }
      }
    }
    for (const delivery of this.#ready.filter((one) => going.has(one))) {
      this.#ready.splice(this.#ready.indexOf(delivery), 1)
      this.#done(delivery)
      void delivery.release()
    }
    this.#wake?.()
    while (!signal.aborted && [...going].some((delivery) => this.#running.has(delivery))) await sleep(1)
  }
}
