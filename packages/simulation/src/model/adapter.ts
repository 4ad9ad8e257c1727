import {
  type AdapterCapabilities,
  ClosedError,
  type Consumer,
  type ConsumeOptions,
  type EventBusAdapter,
  type GroupState,
  type TopicGroup,
  type Message,
  PublishError,
  type PublishFailure,
  type StoredMessage,
} from '@bus/core/spi'
import { isCopy } from '../oracle/facts.ts'
import type { Link } from './link.ts'

interface Sending {
  readonly messages: readonly Message[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What one process knows of the backend. */
export class SimulatedAdapter implements EventBusAdapter {
  readonly specVersion = 1 as const
  readonly name: string = 'simulated'
  readonly capabilities: AdapterCapabilities
  readonly unsettled?: () => number
  readonly #link: Link
  readonly #outbox: Sending[] = []
  #sending = false
  #closed = false

  constructor(link: Link) {
    const { broker, plan } = link.scene
    const { delays, local } = plan.world
    this.#link = link
    this.capabilities = { durable: !local, shared: !local, delays, countsRedeliveries: 'each' }
    if (local) this.unsettled = () => broker.unsettled
  }

  async initialize(): Promise<void> {
    await this.#link.request('consume', () => {}).answer
  }

  /** In order: one call after the other takes effect. */
  publish(messages: readonly Message[]): Promise<void> {
    if (this.#closed) return Promise.reject(new ClosedError('The simulated adapter'))
    this.#link.scene.oracle.publishes(messages)
    return new Promise((resolve, reject) => {
      this.#outbox.push({ messages, resolve, reject })
      if (!this.#sending) this.#sendNext()
    })
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const { scene } = this.#link
    const subscription = this.#link.subscriptionOf(options.topics[0]?.topic ?? '', options.group)
    // A failed call leaves no member behind: an adapter cleans up after itself.
    if (this.#link.fate('consume') !== 'works') {
      await (this.#link.dice.chance(0.3) ? this.#link.delay(8_000) : this.#link.request('other', () => {}).answer)
      throw this.#link.failure()
    }
    let member: Consumer | undefined
    const { answer } = this.#link.request(
      'other',
      () => (member = scene.broker.consume(subscription, this.#link, options)),
    )
    await answer.catch(async (error: unknown) => {
      await member?.close().catch(() => {})
      throw error
    })
    return member as Consumer
  }

  async *read(): AsyncGenerator<StoredMessage> {}

  async listTopics(): Promise<readonly string[]> {
    return (await this.#link.request('other', () => this.#link.scene.broker.topics).answer) ?? []
  }

  async listGroups(topic?: string): Promise<readonly TopicGroup[]> {
    const { broker } = this.#link.scene
    const names = (await this.#link.request('other', () => [...broker.groups.keys()]).answer) ?? []
    return names.flatMap((name) => {
      const [group = '', of = ''] = name.split('@')
      return topic === undefined || topic === of ? [{ topic: of, group }] : []
    })
  }

  async inspect(topic: string, group: string): Promise<GroupState | undefined> {
    const { broker } = this.#link.scene
    return this.#link.request('other', () => broker.groups.get(`${group}@${topic}`)?.state).answer
  }

  async deleteGroup(): Promise<void> {}

  async ping(): Promise<void> {
    await this.#link.request('other', () => {}).answer
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const member of this.#link.scene.broker.membersOf(this.#link)) await member.close()
  }

  #sendNext(): void {
    const sending = this.#outbox.shift()
    this.#sending = sending !== undefined
    if (sending === undefined) return
    this.#link.later(() => {
      const failures = this.#store(sending.messages)
      this.#sendNext()
      const topic = sending.messages[0]?.topic ?? ''
      this.#link.later(() => {
        if (failures.length === 0) sending.resolve()
        else sending.reject(new PublishError(topic, failures))
      })
    })
  }

  #store(messages: readonly Message[]): PublishFailure[] {
    const link = this.#link
    const { scene } = link
    const failures: PublishFailure[] = []
    messages.forEach((message, index) => {
      const fate = link.fate(isCopy(message) ? 'copy' : 'publish')
      if (fate !== 'lost') scene.broker.append(message)
      if (fate !== 'works') failures.push({ index, stored: fate === 'lost' ? 'no' : 'unknown', cause: link.failure() })
    })
    return failures
  }
}
