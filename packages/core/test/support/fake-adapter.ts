import type { AdapterCapabilities, EventBusAdapter, GroupState, ReadRange, TopicGroup } from '../../src/spi/adapter.ts'
import type { Consumer, ConsumeOptions, Delivery } from '../../src/spi/consume.ts'
import type { Message, StoredMessage } from '../../src/spi/message.ts'
import { type ConsumerHost, FakeConsumer, type Faults } from './fake-consumer.ts'
import { storedCopy } from './messages.ts'

/**
 * An adapter in a few lines, for tests of what is above it: it stores bytes, lends each message to the first member of
 * each group and to everybody without one, writes down what it is asked, and fails when it is told to. It knows no
 * delays, and keeps the order of keys only as long as one member of a group is there at a time.
 */
export class FakeAdapter implements EventBusAdapter, ConsumerHost {
  readonly specVersion: 1 = 1
  readonly name: string
  readonly capabilities: AdapterCapabilities = {
    durable: false,
    shared: false,
    delays: false,
    countsRedeliveries: 'none',
  }
  readonly calls: string[] = []
  readonly faults: Faults = {}
  readonly consumers: FakeConsumer[] = []
  /** As while work moves to another member: what is given back is lent to nobody until `lendLeft`. */
  keepsBack = false
  readonly marks: Set<string> = new Set()
  readonly #topics = new Map<string, StoredMessage[]>()
  /** Given back, or published, while no member of its group was there. */
  readonly #left: { readonly group: string; readonly message: StoredMessage; readonly note?: string | undefined }[] = []

  constructor(name: string = 'fake') {
    this.name = name
  }

  async initialize(): Promise<void> {
    this.calls.push('initialize')
    this.faults.initialize?.()
  }

  async publish(messages: readonly Message[]): Promise<void> {
    this.faults.publish?.()
    for (const message of messages) this.#store(message)
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const topics = options.topics.map(({ topic }) => topic)
    this.calls.push(`consume ${topics.join('+')}`)
    this.faults.consume?.(topics[0] ?? '')
    const consumer = new FakeConsumer(options, this)
    this.consumers.push(consumer)
    for (const { topic, startFrom } of options.topics) {
      const mark = `${topic}/${options.group}`
      const isNew = options.group === undefined || !this.marks.has(mark)
      if (options.group !== undefined) this.marks.add(mark)
      if (isNew && startFrom === 'earliest') for (const message of this.stored(topic)) consumer.lend(message)
    }
    this.lendLeft()
    return consumer
  }

  async *read({
    topic,
    after = '',
    since = 0,
    until = Number.POSITIVE_INFINITY,
    limit,
  }: ReadRange): AsyncGenerator<StoredMessage> {
    const messages = this.stored(topic).filter(
      ({ position, storedAt }) => position > after && storedAt >= since && storedAt < until,
    )
    this.calls.push(`read ${topic}`)
    yield* messages.slice(0, limit)
  }

  async listTopics(): Promise<readonly string[]> {
    this.faults.listTopics?.()
    return [...this.#topics.keys()]
  }

  async listGroups(topic?: string): Promise<readonly TopicGroup[]> {
    const all = [...this.marks].map((mark) => ({ topic: mark.split('/')[0] ?? '', group: mark.split('/')[1] ?? '' }))
    return all.filter((one) => topic === undefined || one.topic === topic)
  }

  async inspect(topic: string, group: string): Promise<GroupState | undefined> {
    return this.marks.has(`${topic}/${group}`) ? { lag: 0, pending: 0, oldestPendingMs: 0 } : undefined
  }

  async deleteGroup(topic: string, group: string): Promise<void> {
    this.calls.push(`delete ${topic}/${group}`)
  }

  async ping(): Promise<void> {
    this.faults.ping?.()
  }

  async close(): Promise<void> {
    this.calls.push('close')
    for (const consumer of this.consumers) await consumer.close()
  }

  /** All that was stored in a topic. */
  stored(topic: string): readonly StoredMessage[] {
    return this.#topics.get(topic) ?? []
  }

  /** How many consumers are open. */
  get open(): number {
    return this.consumers.filter(({ isClosed }) => !isClosed).length
  }

  /** Lends what nobody was there for. */
  lendLeft(): void {
    for (const one of this.#left.splice(0)) {
      const heir = this.consumers.find(
        ({ isClosed, options }) => !isClosed && consumes(options, one.group, one.message.topic),
      )
      if (heir === undefined) this.#left.push(one)
      else heir.lend(one.message, one)
    }
  }

  gaveBack(from: FakeConsumer, { message }: Delivery, note: string | undefined): void {
    const { group } = from.options
    const heirs = this.consumers.filter((other) => !other.isClosed && this.#share(from, other))
    const heir = heirs.find((other) => other !== from) ?? heirs[0]
    if (heir !== undefined && !this.keepsBack) heir.lend(message, { note })
    else if (group !== undefined) this.#left.push({ group, message, note })
  }

  closed(consumer: FakeConsumer): void {
    this.calls.push(`close ${consumer.options.topics[0]?.topic}`)
  }

  #store(message: Message): void {
    const log = this.#topics.get(message.topic) ?? []
    this.#topics.set(message.topic, log)
    const stored = storedCopy(message, String(log.length + 1).padStart(6, '0'))
    log.push(stored)
    const served = new Set<string>()
    for (const consumer of this.consumers) {
      const { group, topics } = consumer.options
      if (consumer.isClosed || !topics.some(({ topic }) => topic === message.topic) || served.has(group ?? '')) continue
      if (group !== undefined) served.add(group)
      consumer.lend(stored)
    }
    for (const mark of this.marks) {
      const [topic, group = ''] = mark.split('/')
      if (topic === message.topic && !served.has(group)) this.#left.push({ group, message: stored })
    }
  }

  #share({ options: one }: FakeConsumer, { options: other }: FakeConsumer): boolean {
    return one.group !== undefined && one.group === other.group && one.topics[0]?.topic === other.topics[0]?.topic
  }
}

function consumes({ group, topics }: ConsumeOptions, name: string, topic: string): boolean {
  return group === name && topics.some((one) => one.topic === topic)
}
