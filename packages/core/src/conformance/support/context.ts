import { randomBytes } from 'node:crypto'
import type { Consumer, ConsumeOptions, EventBusAdapter, StartFrom } from '../../spi/index.ts'
import type { Subject } from '../subject.ts'
import { until } from './deadline.ts'

export interface ConsumeChoice extends Pick<ConsumeOptions, 'group' | 'handover'> {
  /** Default `'latest'`. */
  readonly startFrom?: StartFrom | undefined
}

const run = randomBytes(4).toString('hex')
let topics = 0

/** What a case works with: adapters and topics that nobody else uses, and limits of waiting. */
export class CaseContext {
  readonly subject: Subject
  /** How long anything that must happen may take. */
  readonly patienceMs: number
  /** How long something that must not happen is watched for. */
  readonly quietMs: number
  readonly #stop = new AbortController()
  readonly #created: EventBusAdapter[] = []

  constructor(subject: Subject) {
    this.subject = subject
    this.patienceMs = subject.patienceMs ?? 20_000
    this.quietMs = subject.leaseMs === undefined ? 50 : 2.5 * subject.leaseMs
  }

  /** Aborts when the case is over. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  topic(): string {
    return `conformance-${run}-${++topics}`
  }

  /** Initialised; closed when the case is over. */
  async adapter(): Promise<EventBusAdapter> {
    const adapter = await this.create()
    await adapter.initialize()
    return adapter
  }

  /** Not initialised; closed when the case is over. */
  async create(): Promise<EventBusAdapter> {
    const adapter = await this.subject.create()
    this.#created.push(adapter)
    return adapter
  }

  /** One adapter for each of `count` members: as many processes where the backend is shared, or else the same one. */
  async members(count: number): Promise<EventBusAdapter[]> {
    const first = await this.adapter()
    const others = Array.from({ length: count - 1 }, () => (this.subject.facts.shared ? this.adapter() : first))
    return [first, ...(await Promise.all(others))]
  }

  consume(adapter: EventBusAdapter, topic: string, choice: ConsumeChoice = {}): Promise<Consumer> {
    const { startFrom = 'latest', ...options } = choice
    return adapter.consume({ topics: [{ topic, startFrom }], ...options })
  }

  /** Members of one group, all of them ready. */
  async group(adapters: readonly EventBusAdapter[], topic: string, choice: ConsumeChoice = {}): Promise<Consumer[]> {
    const consumers = await Promise.all(
      adapters.map((adapter) => this.consume(adapter, topic, { group: 'g', ...choice })),
    )
    await this.ready(consumers)
    return consumers
  }

  ready(consumers: readonly Consumer[]): Promise<void> {
    const isReady = (): boolean => consumers.every(({ state }) => state.status === 'ready')
    return this.until('All consumers are ready', isReady)
  }

  until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
    return until(this.patienceMs, what, check)
  }

  stop(): void {
    this.#stop.abort()
  }

  async close(): Promise<void> {
    await Promise.all(this.#created.map((adapter) => adapter.close()))
  }
}
