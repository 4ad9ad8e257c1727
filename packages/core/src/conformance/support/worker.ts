import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, Delivery, EventBusAdapter } from '../../spi/index.ts'
import type { CaseContext, ConsumeChoice } from './context.ts'
import type { Journal } from './journal.ts'

const window = 16

/** A member that does what the core will do: one at a time from a window, and gives way when work is moved. */
export class Worker {
  readonly #name: string
  readonly #journal: Journal
  readonly #queue: Delivery[] = []
  readonly #stop = new AbortController()
  #consumer: Consumer | undefined
  #working: Promise<void> = Promise.resolve()
  #running: Promise<void> = Promise.resolve()

  private constructor(name: string, journal: Journal) {
    this.#name = name
    this.#journal = journal
  }

  static async start(
    context: CaseContext,
    name: string,
    journal: Journal,
    adapter: EventBusAdapter,
    topic: string,
    choice: ConsumeChoice = {},
  ): Promise<Worker> {
    const worker = new Worker(name, journal)
    const consumer = await context.consume(adapter, topic, {
      group: 'g',
      handover: (open) => worker.#handOver(open),
      ...choice,
    })
    context.signal.addEventListener('abort', () => worker.#stop.abort())
    worker.#consumer = consumer
    worker.#working = worker.#work(consumer)
    return worker
  }

  get consumer(): Consumer {
    return this.#consumer as Consumer
  }

  /** Ends what it is at, gives the rest back and leaves. Rejects with what went wrong meanwhile. */
  async leave(): Promise<void> {
    this.#stop.abort()
    await this.#working
    await this.#release(this.#queue.splice(0))
    await this.#consumer?.close()
  }

  async #work(consumer: Consumer): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      for (const delivery of await consumer.pull(window, signal)) {
        this.#journal.lent(this.#name, delivery)
        this.#queue.push(delivery)
      }
      for (
        let next = this.#queue.shift();
        next !== undefined;
        next = signal.aborted ? undefined : this.#queue.shift()
      ) {
        this.#running = this.#handle(next)
        await this.#running
      }
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    await sleep(1)
    this.#journal.handles(delivery)
    this.#journal.ends(this.#name, delivery)
    await delivery.ack()
  }

  async #handOver(open: readonly Delivery[]): Promise<void> {
    const waiting = this.#queue.filter((delivery) => open.includes(delivery))
    for (const delivery of waiting) this.#queue.splice(this.#queue.indexOf(delivery), 1)
    await Promise.all([this.#release(waiting), this.#running])
  }

  async #release(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) this.#journal.ends(this.#name, delivery)
    await Promise.all(deliveries.map((delivery) => delivery.release()))
  }
}
