import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Consumer, ConsumeOptions, EventBusAdapter, StartFrom } from '../../spi/index.ts'
import type { PrivateBackend, Subject } from '../subject.ts'
import { until } from './deadline.ts'

export interface ConsumeChoice extends Pick<ConsumeOptions, 'group' | 'handover'> {
  /** Default `'latest'`. */
  readonly startFrom?: StartFrom | undefined
}

/** Puts something around an adapter. */
export type Around = (adapter: EventBusAdapter) => EventBusAdapter

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
  readonly #breaking: Around
  /** With what each of them was made from. */
  readonly #created = new Map<EventBusAdapter, EventBusAdapter>()
  #backend: PrivateBackend | undefined

  /** `breaking` makes a mutant of every adapter, above whatever faults the case puts into it. */
  constructor(subject: Subject, breaking: Around = (adapter) => adapter) {
    this.subject = subject
    this.#breaking = breaking
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
  async adapter(around?: Around): Promise<EventBusAdapter> {
    const adapter = await this.create(around)
    await adapter.initialize()
    return adapter
  }

  /** Not initialised; closed when the case is over. */
  async create(around: Around = (adapter) => adapter): Promise<EventBusAdapter> {
    return this.#adopt(await this.subject.create(), around)
  }

  /** One of this case's adapters once more, with faults in it. */
  around(adapter: EventBusAdapter, around: Around): EventBusAdapter {
    return this.#breaking(around(this.#created.get(adapter) ?? adapter))
  }

  /** A server that only this case uses. */
  async backend(): Promise<PrivateBackend> {
    assert.ok(this.subject.privateBackend, 'A subject whose facts say `remote` offers a privateBackend().')
    return (this.#backend ??= await this.subject.privateBackend())
  }

  /** Initialised, on the server that only this case uses. */
  async private(): Promise<EventBusAdapter> {
    const adapter = this.#adopt((await this.backend()).create())
    await adapter.initialize()
    return adapter
  }

  #adopt(adapter: EventBusAdapter, around: Around = (one) => one): EventBusAdapter {
    const broken = this.#breaking(around(adapter))
    this.#created.set(broken, adapter)
    return broken
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

  /** What a broken adapter did not close. */
  async closeUnbroken(): Promise<void> {
    this.#backend?.restore()
    await Promise.all([...this.#created.values()].map((adapter) => adapter.close()))
    await this.#backend?.release()
  }

  async close(): Promise<void> {
    this.#backend?.restore()
    try {
      await Promise.all([...this.#created.keys()].map((adapter) => adapter.close()))
    } finally {
      await this.#backend?.release()
    }
  }
}
